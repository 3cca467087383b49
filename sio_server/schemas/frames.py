"""Marshmallow schemas of what the server says on a live connection: control events (``ns:…``), and answers to events.

The frames themselves are built where they are sent; a test holds real ones to this, and the React kit's types are made
of it. Over Socket.IO the name is the event's and the body its one argument; a frame of ``/ws`` has the name as ``type``
beside the members of the body.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from marshmallow import Schema
from marshmallow import fields as plain
from marshmallow.validate import OneOf

from sio_server import fields
from sio_server.schemas.console import WarningSchema
from sio_server.schemas.events import (
    AckSchema,
    ActSchema,
    LocaleSchema,
    MarkSchema,
    ObserveSchema,
    TokenSchema,
    TopicSchema,
)
from sio_server.schemas.inbox import ACTIONS, AnsweredSchema, CountsSchema, EnvelopeSchema
from sio_server.schemas.loading import about
from sio_server.schemas.operators import RecordSchema
from sio_server.schemas.presence import AttendanceSchema, HereTotalSchema, WatchSchema
from sio_server.schemas.publish import AcceptedSchema, ProblemSchema, PublishSchema, RecipientsSchema

# -- notifications ----------------------------------------------------------------------------------------------------


class LiveSchema(EnvelopeSchema):
    """A notification as a live connection is sent it; over Socket.IO its ``type`` is the name of the event."""

    persist = plain.Boolean(validate=OneOf((False,)), metadata=about("Only on what is not kept in the log"))
    replayed = plain.Boolean(required=True, metadata=about("Whether it comes again from the log"))


class RemovedSchema(Schema):
    """``ns:removed``: a notification was taken back, and is in the inbox no longer."""

    id = plain.UUID(required=True, metadata=about("The notification"))
    seq = plain.Integer(required=True, metadata=about("The place in the log of this word"))
    cursor = plain.String(required=True)
    replayed = plain.Boolean(required=True, metadata=about("Whether it comes again from the log"))


class UpdatedSchema(RemovedSchema):
    """``ns:updated``: a notification was changed where it stands; over Socket.IO the envelope alone is the argument."""

    notification = plain.Nested(
        LiveSchema, required=True, metadata=about("As it is now, with the `seq` and `cursor` of this word")
    )


CHANGE_EVENTS: Final[Mapping[str, tuple[type[Schema], type[Schema]]]] = {
    "ns:updated": (LiveSchema, UpdatedSchema),
    "ns:removed": (RemovedSchema, RemovedSchema),
}
"""Word of changes, which is in the log as notifications are: over Socket.IO, and as a frame of the other protocols."""


# -- control events ---------------------------------------------------------------------------------------------------


class LimitsSchema(Schema):
    """What the server takes at most."""

    max_body = plain.Integer(required=True, metadata=about("Largest body of one notification in bytes"))


class HelloSchema(Schema):
    """``ns:hello``, the first event: whom the connection is for, and where it stands."""

    user = plain.String(required=True, allow_none=True)
    roles = plain.List(plain.String(), required=True)
    topics = plain.List(plain.String(), required=True, metadata=about("Those of the token, and those followed"))
    locale = plain.String(required=True, metadata=about("The language tag in which it gets texts"))
    cursor = plain.String(required=True, metadata=about("The position that the connection starts at"))
    recovered = plain.Boolean(required=True, metadata=about("Whether all after the client's own cursor will come"))
    counts = plain.Nested(CountsSchema, metadata=about("Only where there is a user"))
    server_time = plain.String(required=True, metadata=about("Now, RFC 3339 in UTC"))
    limits = plain.Nested(LimitsSchema, required=True)
    warnings = plain.List(
        plain.Nested(WarningSchema), metadata=about("What the client should know of its token; only where there is any")
    )


class SyncSchema(Schema):
    """``ns:sync``, the end of a replay: how it went with a client that came with a cursor."""

    recovered = plain.Boolean(required=True, metadata=about("Whether nothing is missing"))
    replayed = plain.Integer(required=True, metadata=about("Notifications that came again from the log"))
    cursor = plain.String(required=True)


class StateChangeSchema(Schema):
    """``ns:state``: what the user, on whichever connection, did with the inbox, and the counters after it."""

    action = plain.String(
        required=True,
        validate=fields.one_of((*ACTIONS, "counted")),
        metadata=about("`counted`: nothing was done, and the counters are others, as something has gone"),
    )
    ids = plain.List(plain.String(), metadata=about("Those that changed; without them all did, as far as `up_to`"))
    up_to = plain.Integer(metadata=about("The `seq` that a change of all reached"))
    counts = plain.Nested(CountsSchema, required=True)


class AnsweredEventSchema(AnsweredSchema):
    """``ns:answered``: the user, on whichever connection, chose one of a notification's actions."""

    id = plain.String(required=True, metadata=about("The notification"))


class TopicsSchema(Schema):
    """``ns:topics``: what the user follows is another thing now."""

    topics = plain.List(plain.String(), required=True, metadata=about("Followed ones and those of the token, now"))


class AuthExpiringSchema(Schema):
    """``ns:auth_expiring``: the token runs out soon, and the connection with it unless a newer one comes."""

    expires_in_ms = plain.Integer(required=True)


class DrainingSchema(Schema):
    """``ns:draining``: the server is about to stop, and when this client should come back."""

    retry_in_ms = plain.Integer(required=True)


class ClosingSchema(Schema):
    """``ns:closing``, the last event: why the server ends the connection."""

    code = plain.String(required=True, metadata=about("Stable; never translated"))
    reconnect = plain.Boolean(required=True, metadata=about("Whether it is of use to come back"))
    error = plain.Nested(ProblemSchema, metadata=about("Of a connection over `/ws` that was not let in"))


class ObservedItemSchema(RecordSchema):
    """A notification as those who look on are shown it."""

    persist = plain.Boolean(validate=OneOf((False,)), metadata=about("Only on what is not kept in the log"))
    sockets = plain.Integer(required=True, metadata=about("Connections of this node it was handed to"))


class ObservedRemovalSchema(Schema):
    """Word to those who look on that a notification was taken back."""

    id = plain.UUID(required=True, metadata=about("The notification"))
    seq = plain.Integer(required=True, metadata=about("The place in the log of this word"))
    cursor = plain.String(required=True)
    sockets = plain.Integer(required=True, metadata=about("Connections of this node that were told"))


class ObservedSchema(Schema):
    """``ns:observed``: what was published, changed or taken back just now, for operators who look on.

    What was changed is an item with the id of before and a ``revision``, what took the place of another one with
    ``replaces``.
    """

    items = plain.List(plain.Nested(ObservedItemSchema), required=True)
    removed = plain.List(
        plain.Nested(ObservedRemovalSchema),
        metadata=about("Taken back, `items` of the same bundle included; only where some were"),
    )


SERVER_EVENTS: Final[Mapping[str, type[Schema]]] = {
    "ns:hello": HelloSchema,
    "ns:sync": SyncSchema,
    "ns:state": StateChangeSchema,
    "ns:answered": AnsweredEventSchema,
    "ns:topics": TopicsSchema,
    "ns:auth_expiring": AuthExpiringSchema,
    "ns:draining": DrainingSchema,
    "ns:closing": ClosingSchema,
    "ns:observed": ObservedSchema,
    "ns:presence": AttendanceSchema,
}
"""The body of each control event. ``ns:reply``, which is an answer, exists over ``/ws`` alone: see `ReplySchema`."""


# -- answers ----------------------------------------------------------------------------------------------------------


class DoneSchema(Schema):
    """The answer to an event that was taken."""

    ok = plain.Boolean(required=True, validate=OneOf((True,)))


class RenewedSchema(DoneSchema):
    """The answer to a token: until when it holds, and what it says of its user."""

    expires_at = plain.Float(required=True, allow_none=True, metadata=about("Unix seconds"))
    roles = plain.List(plain.String(), required=True)
    topics = plain.List(plain.String(), required=True)
    locale = plain.String(required=True, metadata=about("The language tag in which it gets texts from now on"))


class ObservingSchema(DoneSchema):
    """The answer to who wants to look on: what is published above this position will be shown."""

    seq = plain.Integer(required=True)
    cursor = plain.String(required=True)


class WatchingSchema(DoneSchema):
    """The answer to who wants to be told who comes and goes."""

    wanted = plain.Boolean(required=True, metadata=about("Whether it is told from now on"))
    total = plain.Nested(HereTotalSchema, required=True)


class SpeakingSchema(DoneSchema):
    """The answer to a choice of language: what comes from now on is in it, or in the nearest that there is."""

    locale = plain.String(required=True, metadata=about("The language tag in its usual spelling"))


class FollowingSchema(DoneSchema):
    """The answer to a follow, and to its end."""

    topic = plain.String(required=True)
    following = plain.Boolean(required=True, metadata=about("Whether the user follows it from now on"))
    topics = plain.List(plain.String(), required=True, metadata=about("Followed ones and those of the token, now"))


class ChangedSchema(DoneSchema):
    """The answer to a change of state."""

    action = plain.String(required=True, validate=fields.one_of(ACTIONS))
    ids = plain.List(plain.String(), required=True, metadata=about("Those that changed, of the ids that were given"))
    ignored = plain.List(plain.String(), required=True, metadata=about("Unknown, expired or somebody else's"))
    up_to = plain.Integer(
        required=True, allow_none=True, metadata=about("The `seq` that a change of all reached; null for ids")
    )
    counts = plain.Nested(CountsSchema, required=True)


class AnsweringSchema(ChangedSchema):
    """The answer to an answer: what was chosen, and what changed as it was read."""

    id = plain.String(required=True, metadata=about("The notification"))
    action = plain.String(required=True, metadata=about("The action that was chosen"))
    at = plain.String(required=True, metadata=about("When, RFC 3339 in UTC"))


class PublishedSchema(DoneSchema, AcceptedSchema):
    """The answer to a publish: as over HTTP. What is delivered later has no place in the log yet, and is `due`."""

    status = plain.String(required=True, validate=fields.one_of(("ok", "scheduled")))
    seq = plain.Integer(metadata=about("Its place in the log"))
    cursor = plain.String(metadata=about("The same as a client keeps it"))
    recipients = plain.Nested(RecipientsSchema)
    due = plain.String(metadata=about("When it is delivered, RFC 3339 in UTC"))
    replaces = plain.UUID(metadata=about("The one of its key and audience whose place it took"))


class RefusedSchema(Schema):
    """The answer to an event that was refused."""

    ok = plain.Boolean(required=True, validate=OneOf((False,)))
    status = plain.String(required=True, validate=fields.one_of(("error",)))
    error = plain.Nested(ProblemSchema, required=True)


class ReplySchema(Schema):
    """``ns:reply``, how ``/ws`` carries an answer: the answer's own members come beside these."""

    to = plain.String(required=True, allow_none=True, metadata=about("`type` of the message that it answers"))
    id = plain.Raw(required=True, allow_none=True, metadata=about("`id` of that message"))


CLIENT_EVENTS: Final[Mapping[str, tuple[type[Schema], type[Schema]]]] = {
    "ns:ack": (AckSchema, DoneSchema),
    "ns:auth": (TokenSchema, RenewedSchema),
    "ns:locale": (LocaleSchema, SpeakingSchema),
    "ns:observe": (ObserveSchema, ObservingSchema),
    "ns:follow": (TopicSchema, FollowingSchema),
    "ns:unfollow": (TopicSchema, FollowingSchema),
    "ns:presence": (WatchSchema, WatchingSchema),
    "ns:act": (ActSchema, AnsweringSchema),
    **{f"ns:{action}": (MarkSchema, ChangedSchema) for action in ACTIONS},
    "notify": (PublishSchema, PublishedSchema),
}
"""The body of each event that a client may send, and the answer to it; what is refused is answered `RefusedSchema`."""
