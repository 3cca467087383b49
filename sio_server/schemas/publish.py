"""Marshmallow schemas of publishing: of one notification, of many, and what is answered.

The OpenAPI document is made of these, so a field's description here is its documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

from marshmallow import EXCLUDE, INCLUDE, Schema, ValidationError, post_load, validates_schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.audience import MAX_NAME_LENGTH, Audience
from sio_server.catalog import MAX_TTL, check_type_name
from sio_server.errors import MAX_PROBLEMS, FieldProblem, Refused, Text
from sio_server.event_types import PRIORITIES
from sio_server.extras import Extras
from sio_server.intake import Noted
from sio_server.notification import PublishRequest
from sio_server.schemas.extras import MAX_TITLE, NAMES, ExtrasSchema, is_printable, link_field
from sio_server.schemas.loading import about, load, not_object, type_name
from sio_server.trace_context import TRACEPARENT, trace_in

# Each name is a room, and each room a row in the log.
MAX_NAMES: Final = 1000
MAX_BATCH: Final = 1000
MAX_KEY_LENGTH: Final = 255

_TRACEPARENT: Final = Text(
    "Must be a traceparent of W3C Trace Context, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
    "Debe ser un traceparent de W3C Trace Context, como 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
)


def _names(text: str) -> fields.List:
    return fields.List(
        fields.Name(metadata={"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH}),
        validate=fields.length(0, MAX_NAMES),
        metadata=about(text),
    )


class ExceptSchema(fields.Schema):
    """Who gets nothing although the audience names them."""

    users = _names("Users who get nothing")


class AudienceSchema(fields.Schema):
    """Who gets a notification: the union of what is named, less ``except``."""

    roles = _names("Everybody with one of these roles")
    users = _names("These users")
    topics = _names("Everybody who follows one of these topics")
    all = fields.Bool(metadata=about("Everybody"))
    excepted = fields.Nested(ExceptSchema, data_key="except", metadata=about("Who gets nothing all the same"))

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> Audience:
        """Turn checked values into an `Audience`."""
        return fields.audience_of(values)

    @validates_schema(skip_on_field_errors=True)
    def names_somebody(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse an audience of nobody."""
        if not any(values.get(name) for name in ("roles", "users", "topics", "all")):
            raise ValidationError(
                Text(
                    "Names nobody: give roles, users, topics or all, or leave the audience out.",
                    "No nombra a nadie: indica roles, users, topics o all, u omite la audiencia.",
                )
            )


class ActorSchema(fields.Schema):
    """Who caused what the notification tells of."""

    id = fields.Id(required=True, validate=fields.length(1, MAX_NAME_LENGTH), metadata={"type": "string"})
    name = fields.Str(validate=fields.length(1, 200))


class PublishSchema(ExtrasSchema):
    """A notification to publish. Only ``type`` is required; null counts as left out."""

    class Meta:
        """An unknown field is a warning in the reply, so the document allows it."""

        unknown = INCLUDE

    type = fields.Str(
        required=True,
        validate=type_name,
        metadata=about("Event type of the catalogue", pattern="^[a-z][a-z0-9_.-]{0,63}$"),
    )
    message = fields.Str(allow_none=True, metadata=about("Text; the catalogue's where left out"))
    data = fields.Dict(allow_none=True, metadata=about("Fields of the event; known ones are checked by the catalogue"))
    title = fields.Str(
        allow_none=True, validate=fields.length(0, MAX_TITLE), metadata=about("Short text above the message")
    )
    audience = fields.Nested(
        AudienceSchema, allow_none=True, metadata=about("Who gets it; the catalogue's audience where left out")
    )
    actor = fields.Nested(ActorSchema, allow_none=True, metadata=about("Who caused it"))
    link = link_field("Where a click leads: a path or an http(s) address")
    priority = fields.Str(
        allow_none=True, validate=fields.one_of(PRIORITIES), metadata=about("The type's where left out")
    )
    ttl = fields.Int(
        allow_none=True, validate=fields.between(1, MAX_TTL), metadata=about("Seconds until it is of no more use")
    )
    persist = fields.Bool(
        allow_none=True, metadata=about("Whether it is kept in the log; if not, only who is connected gets it")
    )
    idempotency_key = fields.Str(
        allow_none=True,
        validate=[fields.length(1, MAX_KEY_LENGTH), is_printable],
        metadata=about("The same key with the same body publishes once; also the header Idempotency-Key"),
    )
    source = fields.Str(
        allow_none=True, validate=fields.length(1, 200), metadata=about("Which part of the backend this is from")
    )
    traceparent = fields.Str(
        allow_none=True,
        validate=fields.matching(TRACEPARENT, _TRACEPARENT),
        metadata=about("The trace that it belongs to (W3C Trace Context); receivers get it"),
    )


_KNOWN: Final = frozenset(PublishSchema().fields)


@lru_cache(maxsize=256)  # bounded: whoever may publish also chooses which fields a body has
def _schema_of(names: frozenset[str]) -> PublishSchema:
    """The schema of a body with these fields. Marshmallow visits every field it knows, present or not."""
    return PublishSchema(only=names | {"type"}, unknown=EXCLUDE)


def load_publish(body: object, header_key: str | None = None) -> PublishRequest:
    """The request in a decoded JSON body; ``header_key`` is the header ``Idempotency-Key``.

    Raises `Refused`: ``invalid_data``, ``invalid_audience``.
    """
    noted: tuple[Text, ...] = ()
    if type(body) is not dict:
        if not isinstance(body, Noted):
            raise not_object("invalid_data")
        noted = body.warnings
    if header_key is None and not noted:
        plain_request = _plain(body)
        if plain_request is not None:
            return plain_request
    if header_key is not None:
        if body.get("idempotency_key") not in (None, header_key):
            raise Refused.of_problems("invalid_data", (FieldProblem("idempotency_key", _TWO_KEYS),))
        body = {**body, "idempotency_key": header_key}
    unknown = [name for name in body if name not in _KNOWN]
    values = load(_schema_of(_KNOWN.intersection(body)), body, _code_of)
    given = {name: value for name, value in values.items() if value is not None}
    warnings = tuple(_UNKNOWN_FIELD.format(name[:64]) for name in unknown)
    extras = {name: given.pop(name) for name in NAMES.intersection(given)}
    return PublishRequest(
        **given,
        extras=Extras(**{**extras, "actions": tuple(extras.get("actions", ())) or None}) if extras else None,
        warnings=(*warnings[:MAX_PROBLEMS], *noted),
    )


def in_trace(request: PublishRequest, header: str | None) -> PublishRequest:
    """Have a request that was just made belong to the trace of the header ``traceparent``, unless it names one itself.

    A header that is none is passed over: a proxy may have written it.
    """
    if request.traceparent is None:
        request.traceparent = trace_in(header)
    return request


def _code_of(problems: Sequence[FieldProblem]) -> str:
    only_audience = all(problem.field.partition(".")[0] == "audience" for problem in problems)
    return "invalid_audience" if only_audience else "invalid_data"


_PLAIN_TYPES: Final[dict[str, type]] = {"type": str, "message": str, "data": dict}


def _plain(body: dict[str, Any]) -> PublishRequest | None:
    """The request in a body of nothing but ``type``, ``message`` and ``data``, each of its type; None for any other.

    Most bodies are such, and `PublishSchema`, which says the same of them, takes twenty times as long.
    """
    for name, value in body.items():
        if type(value) is not _PLAIN_TYPES.get(name):
            return None
    kind = body.get("type")
    return PublishRequest(**body) if kind is not None and check_type_name(kind) is None else None


_TWO_KEYS = Text(
    "Differs from the header Idempotency-Key: send one of them.",
    "Difiere de la cabecera Idempotency-Key: envía solo una.",
)
_UNKNOWN_FIELD = Text("unknown field '{0}' was ignored", "se ignoró el campo desconocido '{0}'")


def load_batch(body: object) -> list[object]:
    """The items of a batch, not checked one by one yet; raises `Refused` (``invalid_data``)."""
    return load_events(body.get("notifications") if isinstance(body, dict) else body)


def load_events(items: object) -> list[object]:
    """The items of a list of them; raises as `load_batch` does."""
    if not isinstance(items, list):
        raise Refused.of_problems("invalid_data", (FieldProblem("notifications", fields.NOT_LIST),))
    if not 0 < len(items) <= MAX_BATCH:
        raise Refused.of_problems(
            "invalid_data",
            (
                FieldProblem(
                    "notifications", Text("Must hold from 1 to {0} items.", "Debe tener de 1 a {0}.").format(MAX_BATCH)
                ),
            ),
        )
    return items


# -- documents that the server sends; they are written by hand on the hot path and described here --------------------


class ExceptReplySchema(Schema):
    """Who gets nothing although the audience names them, as the server answers it."""

    users = plain.List(plain.String(), required=True)


class AudienceReplySchema(Schema):
    """Who a notification is for, as the server answers it: with every member, also those that name nobody."""

    roles = plain.List(plain.String(), required=True, metadata=about("Everybody with one of these roles"))
    users = plain.List(plain.String(), required=True, metadata=about("These users"))
    topics = plain.List(plain.String(), required=True, metadata=about("Everybody who follows one of these topics"))
    all = plain.Boolean(required=True, metadata=about("Everybody"))
    excepted = plain.Nested(
        ExceptReplySchema, required=True, data_key="except", metadata=about("Who gets nothing all the same")
    )


class RecipientsSchema(Schema):
    """How far a notification went at once."""

    sockets = plain.Integer(required=True, metadata=about("Connections of this node it was handed to"))


class AcceptedSchema(Schema):
    """The answer to an accepted publish."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    id = plain.UUID(required=True, metadata=about("Identity of the notification (UUIDv7)"))
    seq = plain.Integer(required=True, metadata=about("Its place in the log"))
    cursor = plain.String(required=True, metadata=about("The same as a client keeps it"))
    type = plain.String(required=True)
    recipients = plain.Nested(RecipientsSchema, required=True)
    duplicate = plain.Boolean(required=True, metadata=about("Whether an earlier publish with this key was it"))
    warnings = plain.List(plain.String(), required=True)
    replaces = plain.UUID(metadata=about("The notification whose place it took; only where it took one"))


class PlannedSchema(Schema):
    """The answer to an accepted publish that is delivered later."""

    status = plain.String(required=True, validate=fields.one_of(("scheduled",)))
    id = plain.UUID(required=True, metadata=about("Identity of the notification (UUIDv7), also once it is delivered"))
    type = plain.String(required=True)
    due = plain.String(required=True, metadata=about("When it is delivered, RFC 3339 in UTC"))
    duplicate = plain.Boolean(required=True, metadata=about("Whether an earlier publish with this key was it"))
    warnings = plain.List(plain.String(), required=True)
    replaces = plain.UUID(metadata=about("The scheduled one of its key and audience whose place it took"))


class FieldProblemSchema(Schema):
    """What is wrong with one field."""

    field = plain.String(required=True)
    detail = plain.String(required=True)


class ProblemSchema(Schema):
    """A problem document (RFC 9457)."""

    type = plain.String(required=True)
    title = plain.String(required=True)
    status = plain.Integer(required=True)
    code = plain.String(required=True, metadata=about("Stable; never translated"))
    detail = plain.String(required=True)
    retryable = plain.Boolean(required=True)
    retry_after = plain.Integer(metadata=about("Seconds after which it may succeed; as the header Retry-After"))
    errors = plain.List(plain.Nested(FieldProblemSchema))
    nearest = plain.String(metadata=about("The known event type whose name is nearest"))
    mend = plain.String(metadata=about("How to have it accepted: what to write, and where; for people"))
    request_id = plain.String()
    help = plain.String(metadata=about("Over HTTP: the page about this code, on the same server"))


class BatchSchema(Schema):
    """Notifications to publish in this order, each for itself."""

    notifications = plain.List(plain.Nested(PublishSchema), required=True, validate=fields.length(1, MAX_BATCH))


class BatchItemSchema(Schema):
    """What became of one item: a receipt, or ``status`` ``error`` with a problem."""

    status = plain.String(required=True, validate=fields.one_of(("ok", "scheduled", "error")))
    error = plain.Nested(ProblemSchema)

    class Meta:
        """A receipt's members come beside ``status``."""

        unknown = INCLUDE


class BatchReplySchema(Schema):
    """A result for each item, in the order of the request."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    accepted = plain.Integer(required=True)
    rejected = plain.Integer(required=True)
    results = plain.List(plain.Nested(BatchItemSchema), required=True)
