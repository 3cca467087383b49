"""Marshmallow schemas of the inbox: its queries, and what is answered. `schemas.events` has the changes of state."""

from __future__ import annotations

from typing import Final, get_args

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.broker import Action, Status
from sio_server.event_types import PRIORITIES
from sio_server.schemas.extras import MAX_KEY, ShownSchema
from sio_server.schemas.loading import about, before_field, limit_field, types_field
from sio_server.schemas.publish import ActorSchema

# Characters of a language that is asked for, as in a handshake: what is no tag says nothing.
MAX_LOCALE: Final = 64

STATUSES: Final[tuple[str, ...]] = get_args(Status)
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)


class StatedSchema(fields.Schema):
    """Whom a request is for in development, as ``/ws`` takes it; a token says so elsewhere, and these do not count."""

    user = fields.Str(metadata=about("Development only: the user"))
    role = fields.Str(metadata=about("Development only: the user's role, the same as its connections state"))
    roles = fields.Str(metadata=about("Development only: another name of `role`"))
    rol = fields.Str(metadata=about("Development only: another name of `role`"))
    topics = fields.Str(metadata=about("Development only: a topic the user follows"))


def status_field() -> fields.Str:
    """The field ``status`` of a query: which items are asked for."""
    return fields.Str(
        load_default="all",
        validate=fields.one_of(STATUSES),
        metadata=about("`all` and `unread` hold nothing archived, `archived` nothing else", default="all"),
    )


def locale_field() -> fields.Str:
    """The field ``locale`` of a query: in which language texts are asked for."""
    return fields.Str(
        load_default=None,
        validate=fields.length(0, MAX_LOCALE),
        metadata=about("Language tag of texts, `es` or `pt-BR`; else the token's `locale`, else `Accept-Language`"),
    )


class PageQuerySchema(fields.Schema):
    """Which part of an inbox is asked for."""

    status = status_field()
    types = types_field()
    limit = limit_field()
    before = before_field()


class InboxQuerySchema(PageQuerySchema, StatedSchema):
    """The query of ``GET /v1/inbox``."""

    group = fields.Str(
        load_default=None,
        validate=fields.length(1, MAX_KEY),
        metadata=about("Only what was published with this `group`"),
    )
    locale = locale_field()


class GroupsQuerySchema(StatedSchema):
    """The query of ``GET /v1/inbox/groups``."""

    status = status_field()
    limit = limit_field(text="Groups in one page")
    before = before_field()
    locale = locale_field()


# -- what is answered ---------------------------------------------------------------------------------------------


class ContentSchema(ShownSchema):
    """A notification wherever it stands."""

    id = plain.UUID(required=True, metadata=about("Identity (UUIDv7)"))
    type = plain.String(required=True)
    title = plain.String(required=True, allow_none=True)
    message = plain.String(required=True)
    data = plain.Dict(required=True)
    timestamp = plain.String(required=True, metadata=about("When it was accepted, RFC 3339 in UTC"))
    priority = plain.String(required=True, validate=fields.one_of(PRIORITIES))
    link = plain.String(required=True, allow_none=True)
    actor = plain.Nested(ActorSchema, required=True, allow_none=True, metadata=about("Who caused it"))
    expires_at = plain.String(required=True, allow_none=True)
    traceparent = plain.String(metadata=about("The trace that it belongs to, where the publisher named one"))


class EnvelopeSchema(ContentSchema):
    """A notification as its receivers get it."""

    seq = plain.Integer(required=True, metadata=about("Its place in the log"))
    cursor = plain.String(required=True)


class CountsSchema(Schema):
    """A user's counters, archived notifications left out."""

    unread = plain.Integer(required=True)
    unseen = plain.Integer(required=True)
    at_seq = plain.Integer(required=True, metadata=about("They count what came up to here; live items come on top"))


class AnsweredSchema(Schema):
    """Which of a notification's actions its reader chose, and when."""

    action = plain.String(required=True, metadata=about("Its id"))
    at = plain.String(required=True, metadata=about("RFC 3339 in UTC"))


class InboxItemSchema(EnvelopeSchema):
    """A notification as it stands in the user's inbox."""

    replayed = plain.Boolean(required=True)
    seen = plain.Boolean(required=True)
    read = plain.Boolean(required=True)
    archived = plain.Boolean(required=True)
    answered = plain.Nested(AnsweredSchema, metadata=about("What the user answered; only where that is so"))


class InboxPageSchema(Schema):
    """A page of an inbox, newest first. It can be short, even empty, with more to come."""

    items = plain.List(plain.Nested(InboxItemSchema), required=True)
    next_before = plain.Integer(
        required=True, allow_none=True, metadata=about("`before` of the next page; null after the last")
    )
    counts = plain.Nested(CountsSchema, required=True)


class GroupSchema(Schema):
    """What was published with one `group`, or one notification that was published without."""

    group = plain.String(required=True, allow_none=True)
    heading = plain.String(
        required=True, allow_none=True, metadata=about("What the catalogue says of so many, in the reader's language")
    )
    count = plain.Integer(required=True, metadata=about("How many the user has of it, 1,000 at most"))
    unread = plain.Integer(required=True, metadata=about("How many of them are unread"))
    newest = plain.Nested(InboxItemSchema, required=True)


class GroupsReplySchema(Schema):
    """A page of an inbox by groups, the newest first. It can be short, even empty, with more to come."""

    items = plain.List(plain.Nested(GroupSchema), required=True)
    next_before = plain.Integer(
        required=True, allow_none=True, metadata=about("`before` of the next page; null after the last")
    )
    counts = plain.Nested(CountsSchema, required=True)


class CountsReplySchema(Schema):
    """The counters now."""

    counts = plain.Nested(CountsSchema, required=True)


class MarkedSchema(Schema):
    """What a change of state did."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    action = plain.String(required=True, validate=fields.one_of(ACTIONS))
    ids = plain.List(plain.String(), required=True, metadata=about("Those that changed, of the ids that were given"))
    ignored = plain.List(plain.String(), required=True, metadata=about("Unknown, expired or somebody else's"))
    up_to = plain.Integer(
        required=True, allow_none=True, metadata=about("The `seq` that a change of all reached; null for ids")
    )
    counts = plain.Nested(CountsSchema, required=True)


class ActedSchema(MarkedSchema):
    """What an answer did: `ids`, `ignored`, `up_to` and `counts` are of its being read."""

    id = plain.String(required=True, metadata=about("The notification"))
    action = plain.String(required=True, metadata=about("The action that was chosen"))
    at = plain.String(required=True, metadata=about("When, RFC 3339 in UTC"))
