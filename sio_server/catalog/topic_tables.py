"""The tables ``[topics."tour:*"]`` of a file of event types: their schema, and how a pattern is written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from marshmallow import ValidationError
from marshmallow.fields import Field

from sio_server import fields
from sio_server.audience import MAX_NAME_LENGTH, name_of
from sio_server.catalog.topics import ANY_END
from sio_server.errors import Text
from sio_server.event_types import ANYONE, BACKEND

_WHO_FOLLOWS: Final = Text(
    'Not "anyone", "backend" or a list of roles.', 'No es "anyone", "backend" ni una lista de roles.'
)
_NO_ROLES: Final = Text("Names no role.", "No nombra ningún rol.")
NOT_A_TOPIC: Final = Text(
    "Must be the name of a topic, 1 to {0} printable characters; a * may stand at its end alone.",
    "Debe ser el nombre de un tema, de 1 a {0} caracteres imprimibles; un * solo puede ir al final.",
).format(MAX_NAME_LENGTH)


class _Follow(Field[Any]):
    """Who may follow: a word, or roles."""

    default_error_messages = fields.messages(_WHO_FOLLOWS)
    _roles = fields.List(fields.Name())

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if value in (ANYONE, BACKEND):
            return value
        if not isinstance(value, list):
            raise self.make_error("invalid")
        if not value:
            raise ValidationError(_NO_ROLES)
        return self._roles.deserialize(value)


class TopicSchema(fields.Schema):
    """Who may follow a topic, or all whose names begin so."""

    follow = _Follow(
        required=True,
        metadata={
            "description": "Every user; users with one of these roles; or only whom the backend has follow it",
            "anyOf": [
                {"type": "string", "enum": [ANYONE, BACKEND]},
                {
                    "type": "array",
                    "minItems": 1,
                    "items": {"type": ["string", "integer"], "minLength": 1, "maxLength": MAX_NAME_LENGTH},
                },
            ],
        },
    )


def topics_field() -> fields.Dict:
    """The member ``topics`` of a file."""
    return fields.Dict(
        keys=fields.Str(),
        values=fields.Nested(TopicSchema),
        metadata={
            "description": "Who may follow which topics; * at the end of a name stands for anything, and nobody may "
            "follow what is not listed",
            "x-keys": r"^[^*]{0,127}[^*\s]$|^[^*]{0,127}\*$",
        },
    )


def is_pattern(topic: str) -> bool:
    """Whether this is the name of a topic, or the beginning of names with ``*`` at its end."""
    return name_of(topic) == topic and ANY_END not in topic[:-1]
