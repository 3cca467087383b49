"""Marshmallow schemas of publisher keys as operators see them: what each allows and when it was used, never the key."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.schemas.loading import about


def _names(text: str) -> plain.List[str]:
    return plain.List(plain.String(), required=True, allow_none=True, metadata=about(f"{text}; null is no limit"))


def _moment(text: str) -> plain.String:
    return plain.String(required=True, allow_none=True, metadata=about(f"{text}, RFC 3339 in UTC"))


class ScopeSchema(Schema):
    """What a key allows."""

    publish = plain.Boolean(required=True)
    observe = plain.Boolean(required=True, metadata=about("Look at the whole server"))
    operate = plain.Boolean(required=True, metadata=about("Close connections and let guests in"))
    types = _names("Event types that it may publish, with `*` for any characters")
    roles = _names("Roles that an audience of it may name")
    topics = _names("Topics that an audience of it may name")
    users = plain.Boolean(required=True, metadata=about("Whether an audience of it may name single users"))
    everybody = plain.Boolean(required=True, metadata=about("Whether an audience of it may be everybody"))


class SecretSchema(Schema):
    """One text of a key; while it is rotated there are several."""

    hint = plain.String(required=True, metadata=about("How the key begins"))
    created_at = plain.String(required=True, metadata=about("RFC 3339 in UTC"))
    ends_at = _moment("When it is over; null where it is not replaced")
    last_used_at = _moment("When it was last used; null where it was not, as far as is known")


class KeySchema(Schema):
    """One key."""

    name = plain.String(required=True)
    publisher = plain.String(required=True, metadata=about("The name that its notifications bear in `publisher`"))
    kind = plain.String(
        required=True,
        validate=fields.one_of(("stored", "settings")),
        metadata=about("`stored`: made by `sio-server keys`. `settings`: of `SIO_SERVER_PUBLISH_KEYS`"),
    )
    state = plain.String(required=True, validate=fields.one_of(("active", "over")))
    scope = plain.Nested(ScopeSchema, required=True)
    rate = plain.Integer(
        required=True, allow_none=True, metadata=about("Notifications a second; null is what the settings say")
    )
    created_at = _moment("When it was made; null for one of the settings")
    expires_at = _moment("When it is over; null never")
    last_used_at = _moment("When it was last used; null where it was not, as far as is known")
    published = plain.Integer(
        required=True, metadata=about("Publishes it had accepted since the start of this process")
    )
    secrets = plain.List(
        plain.Nested(SecretSchema), required=True, metadata=about("Those that are good, the newest last")
    )


class KeysReplySchema(Schema):
    """The keys that this server knows: those of the settings, then the stored ones by name."""

    items = plain.List(plain.Nested(KeySchema), required=True)
