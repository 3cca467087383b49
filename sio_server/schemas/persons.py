"""Marshmallow schemas of what is kept about a person: the copy of it, and what was erased."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.schemas.loading import about
from sio_server.schemas.operators import ConnectionSchema
from sio_server.schemas.presence import HereSchema


class ExportSchema(Schema):
    """All that is kept about a user. A kind of which there is nothing is left out."""

    user = plain.String(required=True)
    at = plain.String(required=True, metadata=about("Now, RFC 3339 in UTC"))
    presence = plain.List(plain.Nested(HereSchema), required=True)
    connections = plain.List(plain.Nested(ConnectionSchema), required=True, metadata=about("To this node, now"))
    rooms = plain.List(plain.Dict(), metadata=about("What the user is in, and from which `seq` on"))
    follows = plain.List(plain.Dict(), metadata=about("Topics that the user follows"))
    inbox = plain.List(plain.Dict(), metadata=about("Up to which `seq` all is seen, read, archived; and when"))
    states = plain.List(plain.Dict(), metadata=about("Notifications whose state differs from that"))
    deliveries = plain.List(plain.Dict(), metadata=about("What was handed to connections, and confirmed; and when"))
    visits = plain.List(plain.Dict(), metadata=about("When the user was last here, in milliseconds"))
    answers = plain.List(plain.Dict(), metadata=about("What the user answered to notifications"))
    revocations = plain.List(plain.Dict(), metadata=about("From when on tokens hold, in Unix seconds"))
    notifications = plain.List(plain.Dict(), metadata=about("Those that name the user as their audience"))
    history = plain.List(plain.Dict(), metadata=about("Former versions of such notifications"))
    published = plain.List(plain.Dict(), metadata=about("What the user published as an administrator"))
    scheduled = plain.List(plain.Dict(), metadata=about("Those that are to be delivered later, or ended before"))


class ErasedSchema(Schema):
    """What was erased."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    user = plain.String(required=True)
    disconnected = plain.Integer(required=True, metadata=about("Connections of this node that were closed"))
    erased = plain.Dict(
        keys=plain.String(),
        values=plain.Integer(),
        required=True,
        metadata=about("How much of each kind; `audiences` is what the name alone was taken out of"),
    )
