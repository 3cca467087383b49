"""Marshmallow schemas of presence: what is asked, what is answered, and what is told of who comes and goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import EXCLUDE, Schema, ValidationError, validates_schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.audience import MAX_NAME_LENGTH, role_room, topic_room
from sio_server.errors import Text
from sio_server.schemas.loading import about, limit_field, load, name_field

_ONE_OF_BOTH: Final = Text("Give a role or a topic, not both.", "Indica un rol o un tema, no ambos.")


def _one_of_both(values: Mapping[str, Any]) -> None:
    if values.get("role") is not None and values.get("topic") is not None:
        raise ValidationError(_ONE_OF_BOTH, "topic")


class PresenceQuerySchema(fields.Schema):
    """The query of ``GET /v1/presence``."""

    role = name_field("Only users with this role")
    user = name_field("This user alone, also one who is not here any more")
    topic = name_field("Only users who have this topic, by their token or as they follow it")
    limit = limit_field()
    after = name_field("Only users above this name: `next_after` of the page before")

    @validates_schema(skip_on_field_errors=True)
    def asks_for_one_room(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a role and a topic at once."""
        _one_of_both(values)


def _name(text: str) -> fields.Name:
    return fields.Name(
        allow_none=True, metadata={"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH, "description": text}
    )


class WatchSchema(fields.Schema):
    """``ns:presence``: whether to be told who comes and goes, of a role or a topic alone."""

    wanted = fields.Bool(required=True)
    role = _name("Only users with this role")
    topic = _name("Only users who have this topic")

    @validates_schema(skip_on_field_errors=True)
    def asks_for_one_room(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a role and a topic at once."""
        _one_of_both(values)


_WATCH: Final = WatchSchema(unknown=EXCLUDE)


def room_of(values: Mapping[str, Any]) -> str | None:
    """The room whose users are asked for; None for all of them."""
    if values.get("role") is not None:
        return role_room(values["role"])
    return None if values.get("topic") is None else topic_room(values["topic"])


def load_watch(body: object) -> tuple[bool, str | None]:
    """Whether an ``ns:presence`` begins or ends it, and the room; raises `Refused` (``invalid_data``)."""
    values = load(_WATCH, body, "invalid_data")
    return bool(values["wanted"]), room_of(values)


# -- what is answered ---------------------------------------------------------------------------------------------


class HereSchema(Schema):
    """Whether a user is here: connected to any node."""

    user = plain.String(required=True)
    roles = plain.List(plain.String(), required=True, metadata=about("Of all connections"))
    connections = plain.Integer(required=True)
    since = plain.String(
        required=True, allow_none=True, metadata=about("When the earliest connection came; null of who is not here")
    )
    last_seen = plain.String(
        required=True,
        allow_none=True,
        metadata=about("Now of who is here, else when the last connection ended; RFC 3339 in UTC"),
    )
    here = plain.Boolean(required=True)


class HereTotalSchema(Schema):
    """How many are here of those who were asked for."""

    users = plain.Integer(required=True)
    connections = plain.Integer(required=True, metadata=about("Of those users"))


class PresenceReplySchema(Schema):
    """Who is here, by name."""

    items = plain.List(plain.Nested(HereSchema), required=True)
    next_after = plain.String(
        required=True, allow_none=True, metadata=about("`after` of the next page; null after the last")
    )
    total = plain.Nested(HereTotalSchema, required=True)


class AttendanceSchema(Schema):
    """``ns:presence``: who came and who left since the event before, for operators who watch."""

    joined = plain.List(plain.Nested(HereSchema), required=True)
    left = plain.List(plain.Nested(HereSchema), required=True)
    at = plain.String(required=True, metadata=about("Now, RFC 3339 in UTC"))
