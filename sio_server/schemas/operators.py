"""Marshmallow schemas of what operators ask: notifications and receipts, who is connected, whom to disconnect."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from marshmallow import Schema, ValidationError
from marshmallow import fields as plain

from sio_server import fields
from sio_server.core.protocols import PROTOCOLS, TRANSPORTS
from sio_server.errors import Text
from sio_server.event_types import PRIORITIES
from sio_server.schemas.inbox import AnsweredSchema, EnvelopeSchema
from sio_server.schemas.loading import (
    about,
    before_field,
    limit_field,
    load,
    name_field,
    position_field,
    types_field,
)
from sio_server.schemas.publish import AudienceReplySchema
from sio_server.schemas.searching import moment_field, text_field

# Seconds that the clock of whoever asks may be ahead of ours. Further on, a slip of the finger would lock a user out.
CLOCK_LEEWAY: Final = 60.0


class HistoryQuerySchema(fields.Schema):
    """The query of ``GET /v1/notifications``."""

    types = types_field()
    user = name_field("Only what is for this user")
    role = name_field("Only what everybody with this role gets: it names the role, or is for all")
    priority = fields.Str(load_default=None, validate=fields.one_of(PRIORITIES), metadata=about("Only this priority"))
    text = text_field(
        "Only what all these words are in: anywhere in title, message or the values of `data`, also as parts of words, "
        "without case or accents, each sign for itself. Or an id, its first 8 characters or more, or a `seq`"
    )
    since = moment_field("Only what was published at this moment or later: its `timestamp`")
    until = moment_field("Only what was published before this moment: its `timestamp`")
    limit = limit_field()
    before = before_field()
    after = position_field(
        "Only what is newer than this position, the oldest first: `next_after` of the page before, or where a gap "
        "begins; with `before`, which then ends it"
    )


class ReceiptQuerySchema(fields.Schema):
    """The query of ``GET /v1/notifications/{id}`` and of its answers."""

    limit = limit_field()
    after = name_field("Only users above this name: `next_after` of the page before")


class UsersQuerySchema(fields.Schema):
    """The query of ``GET /v1/users``."""

    role = name_field("Only users with this role")
    text = text_field("Only users with this in their name, anywhere, without case or accents")
    limit = limit_field()
    after = name_field("Only users above this name: `next_after` of the page before")


class TokensBefore(plain.Field[float | None]):
    """Unix seconds, or ``"now"``, which becomes None."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float | None:
        if value == "now":
            return None
        if type(value) not in (int, float) or not 0 <= value <= time.time() + CLOCK_LEEWAY:
            raise ValidationError(_MOMENT)
        return float(value)


_MOMENT: Final = Text(
    'Must be "now" or a moment in Unix seconds that is not in the future.',
    'Debe ser "now" o un momento en segundos Unix que no sea futuro.',
)


class DisconnectSchema(fields.Schema):
    """Whose tokens are refused from now on."""

    tokens_before = TokensBefore(
        load_default=None,
        allow_none=False,
        error_messages={"null": fields.NOT_NULL},
        metadata=about(
            "Tokens issued before this moment are refused: Unix seconds, or `now`, which is what is meant without it",
            oneOf=[{"type": "number", "minimum": 0}, {"const": "now"}],
            default="now",
        ),
    )


_DISCONNECT: Final = DisconnectSchema()


def load_disconnect(body: object) -> float | None:
    """The moment, in Unix seconds, in a decoded JSON body; None is now. Raises `Refused` (``invalid_data``)."""
    moment: float | None = load(_DISCONNECT, body, "invalid_data")["tokens_before"]
    return moment


# -- what is answered ---------------------------------------------------------------------------------------------


class RecordSchema(EnvelopeSchema):
    """A notification as its publisher may see it."""

    audience = plain.Nested(AudienceReplySchema, required=True, metadata=about("Whom it is for"))
    source = plain.String(required=True, allow_none=True, metadata=about("Which part of the backend it is from"))
    publisher = plain.String(
        required=True,
        allow_none=True,
        metadata=about(
            "Who published it: `key:` and the name of a key, `key-` and 8 digits for one of the settings, `admin:` and "
            "a user, or `development`; null where that was not noted yet"
        ),
    )

    texts = plain.Dict(
        keys=plain.String(),
        values=plain.Dict(),
        metadata=about(
            "What is said otherwise in other languages, by language tag: members of this; only where anything is"
        ),
    )


class HistoryPageSchema(Schema):
    """Notifications, newest first, or with `after` oldest first. It can be short, even empty, with more to come."""

    items = plain.List(plain.Nested(RecordSchema), required=True)
    next_before = plain.Integer(
        required=True,
        allow_none=True,
        metadata=about("`before` of the next page; null after the last, and with `after`"),
    )
    next_after = plain.Integer(
        required=True,
        allow_none=True,
        metadata=about("`after` of the next page; null after the last, and without `after`"),
    )
    exact = plain.Nested(
        RecordSchema,
        required=True,
        allow_none=True,
        metadata=about(
            "What has the `seq` or the id that `q` is, wherever it stands in the log; in the first page alone"
        ),
    )


def _known_moment(text: str) -> plain.String:
    """A moment that may not be known."""
    about_it = about(f"{text}, RFC 3339 in UTC; null where it was not, or where the moment is not known any more")
    return plain.String(required=True, allow_none=True, metadata=about_it)


class UserReceiptSchema(Schema):
    """How far the notification came with one user."""

    user = plain.String(required=True)
    sent = plain.Boolean(required=True)
    acknowledged = plain.Boolean(required=True)
    seen = plain.Boolean(required=True)
    read = plain.Boolean(required=True)
    sent_at = _known_moment("When it was first handed to a connection")
    acknowledged_at = _known_moment("When a client first confirmed it")
    seen_at = _known_moment("When it was first seen")
    read_at = _known_moment("When it was read")
    answered = plain.Nested(
        AnsweredSchema, required=True, allow_none=True, metadata=about("Which action was chosen; null for none")
    )


class ReceiptsSchema(Schema):
    """How far a notification came: numbers of users, and the users themselves by name."""

    targeted = plain.Integer(required=True, metadata=about("Users it is for, as far as they are known"))
    sent = plain.Integer(required=True, metadata=about("A connection of theirs was handed it"))
    acknowledged = plain.Integer(required=True, metadata=about("A client of theirs confirmed it"))
    seen = plain.Integer(required=True)
    read = plain.Integer(required=True)
    users = plain.List(plain.Nested(UserReceiptSchema), required=True)
    next_after = plain.String(
        required=True, allow_none=True, metadata=about("`after` of the next users; null after the last")
    )


class RecordReplySchema(RecordSchema):
    """A notification with its receipts; one that has left the log as it was then."""

    status = plain.String(required=True, validate=fields.one_of(("stored", "replaced", "retracted")))
    replaced_by = plain.UUID(metadata=about("What took its place, where something did"))
    receipts = plain.Nested(
        ReceiptsSchema, required=True, allow_none=True, metadata=about("Null for one that has left the log")
    )
    answers = plain.Dict(
        keys=plain.String(),
        values=plain.Integer(),
        metadata=about(
            "How many users chose which of its actions, by the action's id, the most chosen first; while it is stored"
        ),
    )


class UserAnswerSchema(AnsweredSchema):
    """What one user answered."""

    user = plain.String(required=True)


class AnswersReplySchema(Schema):
    """What users answered to a notification."""

    answers = plain.Dict(
        keys=plain.String(),
        values=plain.Integer(),
        required=True,
        metadata=about("How many chose which of its actions, by the action's id; the most chosen first"),
    )
    items = plain.List(plain.Nested(UserAnswerSchema), required=True, metadata=about("By the users' names"))
    next_after = plain.String(
        required=True, allow_none=True, metadata=about("`after` of the next page; null after the last")
    )


class ConnectionSchema(Schema):
    """One connection."""

    id = plain.String(
        required=True, metadata=about("What `/v1/connections/{id}/disconnect` takes; good for nothing else")
    )
    protocol = plain.String(required=True, validate=fields.one_of(tuple(PROTOCOLS)))
    transport = plain.String(required=True, validate=fields.one_of(TRANSPORTS))
    since = plain.String(required=True, metadata=about("When it was made, RFC 3339 in UTC"))
    address = plain.String(required=True, metadata=about("The peer's address"))
    client = plain.String(required=True, metadata=about("Its User-Agent, at most 200 characters of it"))
    rooms = plain.List(
        plain.String(), required=True, metadata=about("What it gets: `all`, `role:…`, `user:…`, `topic:…`")
    )
    queued_bytes = plain.Integer(required=True, metadata=about("Bytes that wait for it to take them"))
    replaying = plain.Boolean(required=True, metadata=about("Whether it is still on its way from a cursor to live"))


class ConnectedUserSchema(Schema):
    """One user who is connected to this node."""

    user = plain.String(required=True)
    roles = plain.List(plain.String(), required=True)
    topics = plain.List(plain.String(), required=True)
    connections = plain.List(plain.Nested(ConnectionSchema), required=True)


class NamelessSchema(ConnectionSchema):
    """A connection that says no name: a backend that publishes, or in development anybody."""

    roles = plain.List(plain.String(), required=True)
    topics = plain.List(plain.String(), required=True)


class UsersReplySchema(Schema):
    """Who is connected to this node, by name."""

    total = plain.Integer(required=True, metadata=about("All of them, however many are in this page"))
    users = plain.List(plain.Nested(ConnectedUserSchema), required=True)
    next_after = plain.String(
        required=True, allow_none=True, metadata=about("`after` of the next page; null after the last")
    )
    nameless = plain.List(
        plain.Nested(NamelessSchema),
        required=True,
        metadata=about("The first connections without a name, `limit` at most; in the first page alone"),
    )
    nameless_total = plain.Integer(required=True, metadata=about("All of those"))


class ConnectionDisconnectedSchema(Schema):
    """Which connection was closed."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    id = plain.String(required=True)


class DisconnectedSchema(Schema):
    """Whose connections were closed."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    user = plain.String(required=True)
    disconnected = plain.Integer(required=True, metadata=about("Connections that were closed"))
    tokens_before = plain.Float(required=True, metadata=about("Unix seconds: tokens issued before are refused"))
