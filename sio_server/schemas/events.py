"""Schemas of what clients send on a live connection, and of the handshake."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from marshmallow import EXCLUDE, ValidationError, validates_schema
from marshmallow import fields as plain

from sio_server import fields, intake
from sio_server.audience import MAX_NAME_LENGTH
from sio_server.core.languages import MAX_TAG, tag_of
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.schemas.extras import MAX_KEY
from sio_server.schemas.loading import MAX_SEQ, load

# Ids in one change of state: a page holds a hundred, and ten pages are more than anybody selects by hand.
MAX_IDS: Final = 1000

# Characters of a cursor and of a locale in a handshake.
MAX_WORD: Final = 64


ReplyId = str | int | float | None


class HandshakeSchema(fields.Schema):
    """``auth`` of a Socket.IO handshake. ``role`` and ``user`` count in development only."""

    token = fields.Str(allow_none=True)
    key = fields.Str(allow_none=True, metadata={"description": "Publisher key: the connection may emit 'notify'"})
    cursor = fields.Str(allow_none=True, validate=fields.length(0, MAX_WORD))
    locale = fields.Str(allow_none=True, validate=fields.length(0, MAX_WORD))
    role = plain.Raw(allow_none=True)
    roles = plain.Raw(allow_none=True)
    rol = plain.Raw(allow_none=True)
    user = plain.Raw(allow_none=True)
    topics = plain.Raw(allow_none=True)


class AckSchema(fields.Schema):
    """``ns:ack``: everything of this client up to ``seq`` has arrived."""

    seq = fields.Int(required=True, validate=fields.between(0, MAX_SEQ))


class TokenSchema(fields.Schema):
    """``ns:auth``: a newer token of the same user."""

    token = fields.Str(required=True)


class FirstSchema(TokenSchema):
    """``ns:auth`` as the first message of a plain WebSocket whose handshake brought no token."""

    type = fields.Str(required=True, validate=fields.one_of(("ns:auth",)))
    cursor = fields.Str(allow_none=True, validate=fields.length(0, MAX_WORD))
    id = plain.Raw(allow_none=True)


@dataclass(frozen=True, slots=True)
class First:
    """The first message of a plain WebSocket: the user's token, and the cursor from which the client goes on."""

    token: str
    cursor: str | None
    id: ReplyId


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reply repeats of the message it answers; None for what cannot be repeated."""

    name: str | None
    id: ReplyId


class ObserveSchema(fields.Schema):
    """``ns:observe``: whether to be shown everything that is published."""

    on = fields.Bool(required=True)


class TopicSchema(fields.Schema):
    """``ns:follow`` and ``ns:unfollow``: the topic."""

    topic = fields.Name(
        required=True,
        metadata={"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH, "description": "Its name"},
    )


class Tag(fields.Str):
    """A language tag, which becomes its usual spelling."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        tag = tag_of(super()._deserialize(value, attr, data, **kwargs))
        if tag is None:
            raise ValidationError(_NO_TAG)
        return tag


_NO_TAG: Final = Text("Must be a language tag, such as es or en-GB.", "Debe ser un idioma, como es o en-GB.")


class LocaleSchema(fields.Schema):
    """``ns:locale``: the language in which the connection gets notifications from now on."""

    locale = Tag(
        required=True,
        metadata={"type": "string", "maxLength": MAX_TAG, "description": "A language tag (RFC 5646), `es` or `pt-BR`"},
    )


class MarkSchema(fields.Schema):
    """A change of state of these notifications, of those of a group, or of all up to one that the user has seen."""

    ids = fields.List(fields.Str(validate=fields.length(1, 64)), validate=fields.length(1, MAX_IDS))
    all = fields.Bool()
    group = fields.Str(
        validate=fields.length(1, MAX_KEY), metadata={"description": "Those that were published with this group"}
    )
    up_to = fields.Int(
        validate=fields.between(0, MAX_SEQ), metadata={"description": "With all: no further than this seq"}
    )

    @validates_schema(skip_on_field_errors=True)
    def names_something(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a change that names none of ids, a group and all, or more than one."""
        if [bool(values.get(name)) for name in ("ids", "group", "all")].count(True) != 1:
            raise ValidationError(
                Text('Give "ids", "group", or "all": true.', 'Indica "ids", "group", o bien "all": true.'),
            )


class AnswerSchema(fields.Schema):
    """The answer to a notification: which of its actions the user chose."""

    action = fields.Str(
        required=True, validate=fields.length(1, MAX_WORD), metadata={"description": "Id of one of its actions"}
    )


class ActSchema(AnswerSchema):
    """``ns:act``: the notification, and which of its actions the user chose."""

    id = fields.Str(
        required=True, validate=fields.length(1, MAX_WORD), metadata={"description": "Id of the notification"}
    )


_HANDSHAKE: Final = HandshakeSchema(unknown=EXCLUDE)
_ACK: Final = AckSchema(unknown=EXCLUDE)
_TOKEN: Final = TokenSchema(unknown=EXCLUDE)
_MARK: Final = MarkSchema(unknown=EXCLUDE)
_ANSWER: Final = AnswerSchema(unknown=EXCLUDE)
_ACT: Final = ActSchema(unknown=EXCLUDE)
_LOCALE: Final = LocaleSchema(unknown=EXCLUDE)
_TOPIC: Final = TopicSchema(unknown=EXCLUDE)
_OBSERVE: Final = ObserveSchema(unknown=EXCLUDE)
_FIRST: Final = FirstSchema(unknown=EXCLUDE)

FIRST: Final = Text(
    'A token is needed: as subprotocol ["bearer", token], or in the first message {"type":"ns:auth","token":…}.',
    'Hace falta un token: como subprotocolo ["bearer", token], o en el primer mensaje {"type":"ns:auth","token":…}.',
)
_REPLY_ID: Final = Text(
    f"Must be a number, or text of at most {MAX_WORD} characters.",
    f"Debe ser un número, o texto de {MAX_WORD} caracteres como mucho.",
)


def check_handshake(auth: object) -> Mapping[str, Any]:
    """The handshake's ``auth`` object, its members of the right kind; raises `Refused` (``invalid_request``)."""
    if auth is None:
        return {}
    if isinstance(auth, dict) and all(_is_plain(*member) for member in auth.items()):
        return auth
    try:
        auth = intake.admitted(auth, noting=False)
    except Refused as refused:
        problems = tuple(
            FieldProblem(f"auth.{problem.field}".rstrip("."), problem.detail) for problem in refused.problems
        )
        raise Refused.of_problems("invalid_request", problems) from refused
    return load(_HANDSHAKE, auth, "invalid_request", field="auth")


def _is_plain(name: object, value: object) -> bool:
    """Whether the schema would hand this member on as it is: a storm of reconnects is made of such ones."""
    return (
        isinstance(value, str)
        and value.isascii()
        and (name in ("token", "key") or (name in ("cursor", "locale") and len(value) <= MAX_WORD))
    )


def load_ack(body: object) -> int:
    """The ``seq`` of an ``ns:ack``; raises `Refused` (``invalid_data``)."""
    return int(load(_ACK, body, "invalid_data")["seq"])


def load_token(body: object) -> str:
    """The token of an ``ns:auth``; raises `Refused` (``invalid_data``)."""
    return str(load(_TOKEN, body, "invalid_data")["token"])


def load_first(text: str) -> First:
    """The first message of a plain WebSocket; raises `Refused` (``unauthorized``) for any other than a good one."""
    try:
        body = intake.decode(text.encode())
        values = load(_FIRST, body, "unauthorized")
        check_reply_id(body)
    except Refused as refused:
        if refused.problems:
            wrong = refused.problems[0]
            told = Text("{0} ({1}: {2})", "{0} ({1}: {2})").format(FIRST, wrong.field or "-", wrong.detail)
            raise Refused("unauthorized", told) from refused
        raise Refused("unauthorized", FIRST) from refused
    return First(values["token"], values.get("cursor"), _reply_id(values.get("id")))


def asked_in(body: object) -> Asked:
    """What the reply to a message says it answers."""
    if not isinstance(body, dict):
        return Asked(None, None)
    name = body.get("type")
    known = isinstance(name, str) and len(name) <= MAX_WORD and name.isprintable()
    return Asked(name if known else None, _reply_id(body.get("id")))


def check_reply_id(body: object) -> None:
    """Raise `Refused` (``invalid_data``) for a message whose ``id`` no reply can repeat."""
    given = body.get("id") if isinstance(body, dict) else None
    if given is not None and _reply_id(given) is None:
        raise Refused.of_problems("invalid_data", (FieldProblem("id", _REPLY_ID),))


def _reply_id(value: object) -> ReplyId:
    """A message's own ``id``, None for what a reply does not repeat: it would send back whatever it was sent."""
    if isinstance(value, str):
        return value if len(value) <= MAX_WORD and not intake.is_broken(value) else None
    if type(value) is int:
        return value if intake.MIN_INTEGER <= value <= intake.MAX_INTEGER else None
    return float(value) if isinstance(value, float) and math.isfinite(value) else None


def load_locale(body: object) -> str:
    """The language tag of an ``ns:locale``; raises `Refused` (``invalid_data``)."""
    return str(load(_LOCALE, body, "invalid_data")["locale"])


def load_observe(body: object) -> bool:
    """Whether an ``ns:observe`` asks to be shown everything; raises `Refused` (``invalid_data``)."""
    return bool(load(_OBSERVE, body, "invalid_data")["on"])


def load_topic(body: object) -> str:
    """The topic of an ``ns:follow`` or ``ns:unfollow``; raises `Refused` (``invalid_data``)."""
    return str(load(_TOPIC, body, "invalid_data")["topic"])


class Mark(NamedTuple):
    """A change of state: the ids of the notifications, None for all, and the ``seq`` that all reaches, None for any.

    With ``group`` it is of those of a group.
    """

    ids: Sequence[str] | None
    up_to: int | None
    group: str | None = None


def load_mark(body: object) -> Mark:
    """The change of state in a decoded body; raises `Refused` (``invalid_data``)."""
    values = load(_MARK, body, "invalid_data")
    return Mark(None if values.get("all") else values.get("ids"), values.get("up_to"), values.get("group"))


def load_answer(body: object) -> str:
    """The action in a decoded body; raises `Refused` (``invalid_data``)."""
    return str(load(_ANSWER, body, "invalid_data")["action"])


def load_act(body: object) -> tuple[str, str]:
    """The notification's id and the action of an ``ns:act``; raises `Refused` (``invalid_data``)."""
    values = load(_ACT, body, "invalid_data")
    return values["id"], values["action"]
