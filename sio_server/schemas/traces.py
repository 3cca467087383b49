"""Marshmallow schemas of traces: where a notification has been, and why a user got it or did not."""

from __future__ import annotations

from typing import Final, get_args

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.core.protocols import PROTOCOLS, TRANSPORTS
from sio_server.core.verdicts import SENTENCES, State
from sio_server.schemas.changes import HappenedSchema
from sio_server.schemas.inbox import AnsweredSchema
from sio_server.schemas.loading import about, limit_field, name_field
from sio_server.schemas.operators import ReceiptsSchema, RecordSchema
from sio_server.schemas.schedule import WaitingReplySchema

STEPS: Final = (
    "accepted",
    "committed",
    "announced",
    "handed",
    "first_acknowledged",
    "last_acknowledged",
    "first_answered",
    "last_answered",
)


class TraceQuerySchema(fields.Schema):
    """The query of ``GET /v1/notifications/{id}/trace``."""

    user = name_field("Whose way is asked about: why this user got it, or did not")
    limit = limit_field(text="Users in `receipts`")
    after = name_field("Only users above this name in `receipts`: `next_after` of the page before")


class TraceStepSchema(Schema):
    """One step of a notification on its way."""

    step = plain.String(
        required=True,
        validate=fields.one_of(STEPS),
        metadata=about(
            "`accepted`: its publish was read. `committed`: the log took it. `announced`: it is on the disk, and this "
            "node heard. `handed`: this node had given it to the last of its connections. `first_acknowledged`, "
            "`last_acknowledged`: clients confirmed it, where all of them are in this page of `receipts`. "
            "`first_answered`, `last_answered`: users chose one of its actions; only where some did"
        ),
    )
    at = plain.String(
        required=True,
        allow_none=True,
        metadata=about("When, RFC 3339 in UTC; null where it is not known, as of this node before its last start"),
    )
    after_ms = plain.Float(
        required=True, allow_none=True, metadata=about("Milliseconds after `accepted`; null where `at` is")
    )


class KnownRoomSchema(Schema):
    """A room that the user has."""

    room = plain.String(required=True)
    from_seq = plain.Integer(required=True, metadata=about("What is published to it above this `seq` is for the user"))
    missing_since = plain.String(
        required=True,
        allow_none=True,
        metadata=about("Since when the user's tokens do not name it any more; after a day it is forgotten"),
    )
    followed_since = plain.String(
        required=True, allow_none=True, metadata=about("Since when the user follows the topic whose room it is")
    )


class LegSchema(Schema):
    """A connection of the user, and how the notification came to it."""

    id = plain.String(required=True, allow_none=True, metadata=about("Its id; null where it is gone"))
    protocol = plain.String(required=True, allow_none=True, validate=fields.one_of(tuple(PROTOCOLS)))
    transport = plain.String(required=True, allow_none=True, validate=fields.one_of(TRANSPORTS))
    since = plain.String(required=True, allow_none=True, metadata=about("When it was made"))
    ended_at = plain.String(required=True, allow_none=True)
    ended = plain.String(
        required=True, allow_none=True, metadata=about("Why it ended, `unknown` after a crash; null while it is here")
    )
    state = plain.String(
        required=True,
        validate=fields.one_of(get_args(State)),
        metadata=about(
            "`live`: handed as it was published. `replayed`: handed on the way from a cursor to live. `replaying`: on "
            "that way, and not so far. `claimed`: it came back from a place beyond it. `before_connection`: it was "
            "made later, and asked for nothing from before. `other_rooms`: its token names none of the rooms"
        ),
    )
    handed_at = plain.String(
        required=True, allow_none=True, metadata=about("When; of a replay, when the connection began")
    )
    acknowledged_at = plain.String(required=True, allow_none=True)
    queued_bytes = plain.Integer(required=True, allow_none=True)


class UserTraceSchema(Schema):
    """How the notification came to one user, or why it did not."""

    user = plain.String(required=True)
    verdict = plain.String(
        required=True, validate=fields.one_of(tuple(SENTENCES)), metadata=about("The answer as a stable code")
    )
    text = plain.String(required=True, metadata=about("The answer as a sentence, in the language that was asked for"))
    known = plain.Boolean(required=True, metadata=about("Whether this user has ever connected, as far as is known"))
    online = plain.Boolean(required=True, metadata=about("Whether the user is connected now, to whichever node"))
    matched = plain.List(plain.String(), required=True, metadata=about("Rooms by which it is for the user"))
    excepted = plain.Boolean(required=True)
    rooms = plain.List(plain.Nested(KnownRoomSchema), required=True, metadata=about("The user's rooms, as last seen"))
    alike = plain.List(
        plain.String(),
        required=True,
        metadata=about("Known users whose names differ in case, in spaces or in zeros before them"),
    )
    tokens_before = plain.String(
        required=True, allow_none=True, metadata=about("The user's tokens of before this moment are refused")
    )
    expired = plain.Boolean(required=True)
    sent = plain.Boolean(required=True)
    sent_at = plain.String(required=True, allow_none=True)
    acknowledged = plain.Boolean(required=True)
    acknowledged_at = plain.String(required=True, allow_none=True)
    seen = plain.Boolean(required=True)
    seen_at = plain.String(required=True, allow_none=True)
    read = plain.Boolean(required=True)
    read_at = plain.String(required=True, allow_none=True)
    archived = plain.Boolean(required=True)
    answered = plain.Nested(
        AnsweredSchema, required=True, allow_none=True, metadata=about("What the user answered; null for nothing")
    )
    connections = plain.List(
        plain.Nested(LegSchema),
        required=True,
        metadata=about("Those to this node, and the last ones of before that were handed it"),
    )


class TraceSchema(Schema):
    """Where a notification has been."""

    notification = plain.Nested(RecordSchema, required=True)
    stored = plain.Boolean(
        required=True,
        metadata=about(
            "Whether it is in the log: not so with `persist: false`, and once it was replaced or taken back"
        ),
    )
    node = plain.String(required=True, metadata=about("Whose connections and steps these are"))
    sockets = plain.Integer(
        required=True,
        allow_none=True,
        metadata=about("To how many connections of this node it was handed at once; null where that is not known"),
    )
    steps = plain.List(plain.Nested(TraceStepSchema), required=True)
    receipts = plain.Nested(ReceiptsSchema, required=True, allow_none=True, metadata=about("Null where not stored"))
    user = plain.Nested(
        UserTraceSchema,
        required=True,
        allow_none=True,
        metadata=about("Null without `user`; of what was replaced or taken back, what this node knows of the user"),
    )
    history = plain.List(
        plain.Nested(HappenedSchema),
        required=True,
        metadata=about("What became of it and of those that took each other's place, oldest first"),
    )


class PlanTraceSchema(Schema):
    """What became so far of one that waits to be delivered, or that ended before it was: it has taken no step."""

    status = plain.String(required=True, validate=fields.one_of(("scheduled", "cancelled", "replaced", "expired")))
    due = plain.String(required=True, metadata=about("When it is, or was to be, delivered, RFC 3339 in UTC"))
    scheduled_at = plain.String(required=True, metadata=about("When it was scheduled"))
    by = plain.String(required=True, metadata=about("Who scheduled it"))
    notification = plain.Nested(
        WaitingReplySchema, required=True, allow_none=True, metadata=about("Null once it does not wait any more")
    )
    stored = plain.Boolean(required=True, metadata=about("False"))
    node = plain.String(required=True, metadata=about("Who answered"))
    sockets = plain.Integer(required=True, allow_none=True, metadata=about("Null: it was handed to nobody"))
    steps = plain.List(plain.Nested(TraceStepSchema), required=True, metadata=about("Empty"))
    receipts = plain.Nested(ReceiptsSchema, required=True, allow_none=True, metadata=about("Null"))
    user = plain.Nested(UserTraceSchema, required=True, allow_none=True, metadata=about("Null"))
    history = plain.List(
        plain.Nested(HappenedSchema), required=True, metadata=about("That it was scheduled, and how that ended")
    )
