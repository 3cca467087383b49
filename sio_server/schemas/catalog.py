"""Marshmallow schemas of the catalogue as ``GET /v1/catalog`` answers it."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.catalog import DATA_TYPES
from sio_server.event_types import ANYONE, BACKEND, PRIORITIES
from sio_server.schemas.loading import about
from sio_server.schemas.publish import AudienceReplySchema


def _translated(text: str) -> plain.Dict:
    return plain.Dict(
        keys=plain.String(),
        values=plain.String(),
        required=True,
        metadata=about(f"{text}; by language tag (BCP 47), such as `es` or `pt-BR`"),
    )


class EventTypeSchema(Schema):
    """What a type of notification says, and to whom, where its publisher leaves that out."""

    type = plain.String(required=True)
    title = _translated("Short text")
    message = _translated("With templates such as `{nombre}` in it")
    description = _translated("What happened; of no language where nobody wrote it")
    audience = plain.Nested(
        AudienceReplySchema, required=True, metadata=about("With templates such as `{usuario_id}` in its names")
    )
    priority = plain.String(required=True, validate=fields.one_of(PRIORITIES))
    ttl = plain.Integer(
        required=True, allow_none=True, metadata=about("Seconds until it is of no more use; null for never")
    )
    retention_days = plain.Float(
        required=True,
        allow_none=True,
        metadata=about("Days that it is kept in the log, 0 for ever; null as long as the server keeps the rest"),
    )
    data = plain.Dict(
        keys=plain.String(),
        values=plain.String(validate=fields.one_of(tuple(DATA_TYPES))),
        required=True,
        metadata=about("The fields that are checked, and what each has to be"),
    )
    group = plain.Dict(
        keys=plain.String(validate=fields.one_of(("one", "other"))),
        values=plain.Dict(keys=plain.String(), values=plain.String()),
        metadata=about("What stands above several of one group, by how many there are and by language"),
    )


class FollowableSchema(Schema):
    """Who may follow a topic."""

    topic = plain.String(required=True, metadata=about("Its name; with `*` at the end all that begin so"))
    follow = plain.Raw(
        required=True,
        metadata=about(
            "`anyone`, `backend` for those whom the backend has follow it, or roles",
            anyOf=[{"type": "string", "enum": [ANYONE, BACKEND]}, {"type": "array", "items": {"type": "string"}}],
        ),
    )


class CatalogSchema(Schema):
    """All event types, the built-in ones and those of the server's own file, and the topics that may be followed."""

    types = plain.List(plain.Nested(EventTypeSchema), required=True)
    topics = plain.List(plain.Nested(FollowableSchema), required=True)
