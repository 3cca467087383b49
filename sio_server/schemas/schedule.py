"""Marshmallow schemas of what is delivered later: how it is asked for and changed, and what is answered."""

from __future__ import annotations

from typing import Any, Final

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.broker import MAX_GIST
from sio_server.schemas.extras import MAX_KEY, is_printable
from sio_server.schemas.inbox import ContentSchema
from sio_server.schemas.loading import about, limit_field, type_name
from sio_server.schemas.publish import AudienceReplySchema

# What names a page: a moment and an id.
_MAX_PLACE: Final = 64


def _key_field(text: str, **more: Any) -> fields.Str:
    return fields.Str(validate=[fields.length(1, MAX_KEY), is_printable], metadata=about(text), **more)


class ScheduledQuerySchema(fields.Schema):
    """The query of ``GET /v1/scheduled``."""

    limit = limit_field()
    after = fields.Str(
        load_default=None,
        validate=fields.length(1, _MAX_PLACE),
        metadata=about("Only what comes after this: `next_after` of the page before"),
    )
    event = fields.Str(load_default=None, data_key="type", validate=type_name, metadata=about("Only this event type"))
    collapse_key = _key_field("Only what has this key", load_default=None)


class CollapseKeySchema(fields.Schema):
    """The query of ``DELETE /v1/scheduled``."""

    collapse_key = _key_field("The key whose notifications are cancelled, whomever they are for", required=True)


# -- what is answered ---------------------------------------------------------------------------------------------


class ScheduledRecordSchema(ContentSchema):
    """A notification that waits, as it will be delivered."""

    audience = plain.Nested(AudienceReplySchema, required=True, metadata=about("Whom it is for"))
    source = plain.String(required=True, allow_none=True, metadata=about("Which part of the backend it is from"))
    publisher = plain.String(required=True, allow_none=True, metadata=about("Who published it"))
    persist = plain.Boolean(metadata=about("False where it is not to be kept in the log"))
    due = plain.String(required=True, metadata=about("When it is delivered, RFC 3339 in UTC"))
    scheduled_at = plain.String(required=True, metadata=about("When it was scheduled"))
    by = plain.String(required=True, metadata=about("Who scheduled it"))


_NO_RECEIPTS: Final = about("Null: nobody was to get it yet")


class WaitingReplySchema(ScheduledRecordSchema):
    """A notification that waits, where any notification was asked for."""

    status = plain.String(required=True, validate=fields.one_of(("scheduled",)))
    receipts = plain.Dict(required=True, allow_none=True, metadata=_NO_RECEIPTS)


class GistSchema(Schema):
    """What is remembered of what one said that was scheduled and not delivered; its data are not."""

    event = plain.String(required=True, data_key="type", metadata=about("Its type"))
    title = plain.String(required=True, allow_none=True)
    message = plain.String(required=True, metadata=about(f"The first {MAX_GIST} characters of it"))
    audience = plain.Nested(AudienceReplySchema, required=True, metadata=about("Whom it was for"))


class EndedReplySchema(Schema):
    """What was scheduled and is not delivered any more: what became of it, and in short what it said."""

    id = plain.UUID(required=True)
    status = plain.String(required=True, validate=fields.one_of(("cancelled", "replaced", "expired")))
    due = plain.String(required=True, metadata=about("When it was to be delivered, RFC 3339 in UTC"))
    scheduled_at = plain.String(required=True, metadata=about("When it was scheduled"))
    by = plain.String(required=True, metadata=about("Who scheduled it"))
    ended_at = plain.String(required=True, metadata=about("When it was cancelled, replaced, or found to have expired"))
    ended_by = plain.String(required=True, allow_none=True, metadata=about("Who did so; null where it expired"))
    replaced_by = plain.UUID(metadata=about("What took its place in the schedule, where something did"))
    said = plain.Nested(GistSchema, metadata=about("What it said; absent where an older version ended it"))
    receipts = plain.Dict(required=True, allow_none=True, metadata=_NO_RECEIPTS)


class ScheduledPageSchema(Schema):
    """What waits, the soonest first."""

    items = plain.List(plain.Nested(ScheduledRecordSchema), required=True)
    next_after = plain.String(
        required=True, allow_none=True, metadata=about("`after` of the next page; null after the last")
    )


class CancelledSchema(Schema):
    """A notification that will not be delivered."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    id = plain.UUID(required=True)
    cancelled = plain.Boolean(required=True)


class CancelledAllSchema(Schema):
    """How many will not be delivered."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    cancelled = plain.Integer(required=True)
