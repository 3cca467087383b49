"""Marshmallow schemas of changing what was published, and of what became of it."""

from __future__ import annotations

import re
from typing import Final, get_args

from marshmallow import INCLUDE, RAISE, Schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.broker.amendments import Deed
from sio_server.broker.schedule import Ending
from sio_server.core.changes import Change
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.schemas.inbox import MAX_LOCALE
from sio_server.schemas.loading import about, load
from sio_server.schemas.operators import RecordSchema
from sio_server.schemas.publish import PublishSchema
from sio_server.schemas.schedule import GistSchema

_REVISION: Final = re.compile(r'"?([0-9]{1,9})"?', re.ASCII)

# What is of use for one that is not delivered yet alone.
WHEN: Final = ("deliver_at", "deliver_in")

# What can be other; the rest is what a notification is: for whom, of which type, from whom.
CHANGEABLE: Final = (
    "title",
    "message",
    "data",
    "link",
    "priority",
    "ttl",
    "actions",
    "texts",
    "image",
    "icon",
    "category",
    "group",
    *WHEN,
)


class AmendSchema(PublishSchema):
    """What is to be other in a notification; null takes a member out."""

    class Meta:
        """What cannot be changed is an error that names it."""

        unknown = RAISE
        exclude = tuple(name for name in PublishSchema().fields if name not in CHANGEABLE)

    revision = fields.Int(
        validate=fields.between(0, 2**31 - 1),
        metadata=about("How often it was changed, as you know it: refused where another change came first"),
    )


_AMEND: Final = AmendSchema()


def load_change(body: object, if_match: str | None = None) -> Change:
    """The change in a decoded JSON body; ``if_match`` is the header ``If-Match``, ``*`` for any revision.

    Raises `Refused` (``invalid_data``).
    """
    given = dict(load(_AMEND, body, "invalid_data"))
    revision = given.pop("revision", None)
    if if_match is not None and if_match.strip() != "*":
        stated = _REVISION.fullmatch(if_match)
        if stated is None or revision not in (None, int(stated[1])):
            raise Refused.of_problems("invalid_data", (FieldProblem("If-Match", _IF_MATCH),))
        revision = int(stated[1])
    if given.get("actions") is not None:
        given["actions"] = tuple(given["actions"])
    if not given:
        raise Refused.of_problems("invalid_data", (FieldProblem("", _NOTHING),))
    return Change(given, revision)


class ChangedSchema(Schema):
    """The answer to a change; where the notification is ``scheduled``, with what it is by now."""

    class Meta:
        """The members of one that is scheduled come beside these."""

        unknown = INCLUDE

    status = plain.String(required=True, validate=fields.one_of(("ok", "scheduled")))
    id = plain.UUID(required=True)
    revision = plain.Integer(required=True, metadata=about("How often it was changed by now"))
    seq = plain.Integer(metadata=about("The place in the log of the word of this change"))
    cursor = plain.String(metadata=about("The same as a client keeps it"))
    updated_at = plain.String(metadata=about("When, RFC 3339 in UTC"))
    due = plain.String(metadata=about("When it is delivered, RFC 3339 in UTC, where it is scheduled"))


class RetractedSchema(Schema):
    """The answer to a retraction: ``removed``, or ``cancelled`` where it was scheduled."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    id = plain.UUID(required=True)
    seq = plain.Integer(metadata=about("The place in the log of the word of it"))
    cursor = plain.String(metadata=about("The same as a client keeps it"))
    removed = plain.Boolean(metadata=about("It has left the log"))
    cancelled = plain.Boolean(metadata=about("It was scheduled, and is delivered to nobody"))


class HappenedSchema(Schema):
    """Something that happened to a notification."""

    id = plain.UUID(required=True, metadata=about("The notification that it happened to"))
    action = plain.String(
        required=True, validate=fields.one_of(tuple(dict.fromkeys((*get_args(Deed), "scheduled", *get_args(Ending)))))
    )
    at = plain.String(required=True, metadata=about("When, RFC 3339 in UTC"))
    by = plain.String(required=True, allow_none=True, metadata=about("Who did it, as `publisher` has them"))
    replaced_by = plain.UUID(required=True, allow_none=True, metadata=about("What took its place, where it is that"))
    said = plain.Nested(
        GistSchema, metadata=about("What one said that was scheduled and not delivered, where it ended that way")
    )


class HistoryItemSchema(HappenedSchema):
    """Something that happened to a notification, and what it was before."""

    before = plain.Nested(RecordSchema, required=True, allow_none=True, metadata=about("Null where it was published"))


class HappenedQuerySchema(fields.Schema):
    """In which language one wants to read what was before."""

    locale = fields.Str(
        load_default=None,
        validate=fields.length(0, MAX_LOCALE),
        metadata=about("Language tag of what was before; without it the server's, with what was said in `texts`"),
    )


class HistoryReplySchema(Schema):
    """What happened to a notification and those that took each other's place, oldest first."""

    items = plain.List(plain.Nested(HistoryItemSchema), required=True)


_NOTHING: Final = Text("Says nothing that is to be other.", "No dice nada que deba cambiar.")
_IF_MATCH: Final = Text(
    "Must be the revision as you know it, a whole number, and the one of the body.",
    "Debe ser la revisión que conoces, un número entero, y la misma del cuerpo.",
)
