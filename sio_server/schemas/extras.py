"""Marshmallow fields of what a publish may say beside the usual: `sio_server.extras`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson
from marshmallow import Schema, ValidationError, post_load, validates_schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.errors import Text
from sio_server.extras import MAX_AHEAD, Choice
from sio_server.schemas.loading import about, type_name
from sio_server.schemas.searching import Moment
from sio_server.translations import LOCALE_PATTERN, canonical

# Characters of a collapse key and of a group: they stand in the log with each notification, and are searched by.
MAX_KEY: Final = 128

# What fits on a screen beside a text; a client shows a button for each.
MAX_ACTIONS: Final = 4
MAX_LABEL: Final = 100

# Bytes of JSON. It goes to every reader and comes back in none of their answers: the id does.
MAX_VALUE: Final = 1024

# Languages of one notification: each is stored with it.
MAX_LOCALES: Final = 20

MAX_TITLE: Final = 200
MAX_ADDRESS: Final = 2048

PRINTABLE: Final = Text("Must be printable text.", "Debe ser texto imprimible.")

LINK_PATTERN: Final = r"/(?![/\\])[^\x00-\x20]*|[Hh][Tt][Tt][Pp][Ss]?://[^\x00-\x20]+"
LINK: Final = Text(
    "Must be a path beginning with '/', or an http or https address.",
    "Debe ser una ruta que empiece por '/', o una dirección http o https.",
)
# Only https: an image is fetched without a click, and by whatever page the inbox is in.
_IMAGE_PATTERN: Final = r"[Hh][Tt][Tt][Pp][Ss]://[^\x00-\x20]+"
_IMAGE: Final = Text("Must be an https address.", "Debe ser una dirección https.")
_ICON: Final = Text(
    "Must be a name of small letters, digits, '_' and '-', or an https address.",
    "Debe ser un nombre de letras minúsculas, cifras, '_' y '-', o una dirección https.",
)
_ID: Final = Text(
    "Must be 1 to 64 small letters, digits, '_' or '-'.",
    "Debe tener de 1 a 64 letras minúsculas, cifras, '_' o '-'.",
)
_NO_LABEL: Final = Text(
    f"Must be text of 1 to {MAX_LABEL} characters, or an object of such texts by language.",
    f"Debe ser un texto de 1 a {MAX_LABEL} caracteres, o un objeto de tales textos por idioma.",
)
_NO_TAG: Final = Text("'{0}' is no language tag, such as es or en-GB.", "'{0}' no es un idioma, como es o en-GB.")
_SAME_TAG: Final = Text("'{0}' is named twice.", "'{0}' aparece dos veces.")
_NO_TEXTS: Final = Text(
    f"Must be an object of 1 to {MAX_LOCALES} languages, each with a title, a message or both.",
    f"Debe ser un objeto de 1 a {MAX_LOCALES} idiomas, cada uno con title, message o ambos.",
)
_BOTH: Final = Text("Give link or value, not both.", "Indica link o value, no ambos.")
_LARGE: Final = Text(f"Larger than {MAX_VALUE} bytes as JSON.", f"Ocupa más de {MAX_VALUE} bytes como JSON.")
_SAME_ID: Final = Text("Two actions have the id '{0}'.", "Dos acciones tienen el id '{0}'.")
_TWO_TIMES: Final = Text("Give deliver_at or deliver_in, not both.", "Indica deliver_at o deliver_in, no ambos.")


def is_printable(value: str) -> bool:
    """A check of marshmallow's: raises `ValidationError` for text that no screen shows."""
    if not value.isprintable():
        raise ValidationError(PRINTABLE)
    return True


def key_field(text: str) -> fields.Str:
    """A name that a publisher makes up."""
    return fields.Str(allow_none=True, validate=[fields.length(1, MAX_KEY), is_printable], metadata=about(text))


def link_field(text: str) -> fields.Str:
    """Where a click leads."""
    return fields.Str(
        allow_none=True,
        # Only these: a "javascript:" link would run in the page of whoever clicks it.
        validate=[fields.length(1, MAX_ADDRESS), fields.matching(LINK_PATTERN, LINK)],
        metadata=about(text),
    )


def _by_tag(value: Mapping[Any, Any]) -> dict[str, Any]:
    """An object by language tags in their usual spelling; raises `ValidationError`."""
    found: dict[str, Any] = {}
    for tag, inner in value.items():
        try:
            name = canonical(tag)
        except ValueError:
            raise ValidationError(_NO_TAG.format(str(tag)[:64])) from None
        if name in found:
            raise ValidationError(_SAME_TAG.format(name))
        found[name] = inner
    return found


class Label(plain.Field[str | Mapping[str, str]]):
    """A text, or an object of texts by language tag."""

    default_error_messages = fields.messages(_NO_LABEL)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str | Mapping[str, str]:
        if isinstance(value, dict) and 0 < len(value) <= MAX_LOCALES:
            texts = _by_tag(value)
            if all(map(_is_label, texts.values())):
                return texts
        elif _is_label(value):
            return str(value)
        raise self.make_error("invalid")


def _is_label(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_LABEL and bool(value.strip())


class ActionSchema(fields.Schema):
    """Something that a reader can do about a notification: a link to follow, or an answer that is told."""

    id = fields.Str(
        required=True, validate=fields.matching(r"[a-z0-9_-]{1,64}", _ID), metadata=about("What an answer names")
    )
    label = Label(
        required=True,
        metadata=about(
            "Text of the button, or one for each language",
            oneOf=[{"type": "string"}, {"type": "object", "additionalProperties": {"type": "string"}}],
        ),
    )
    link = link_field("Where a click leads: a path or an http(s) address")
    value = plain.Raw(allow_none=True, metadata=about("Any JSON, for whoever hears of the answer"))

    @validates_schema(skip_on_field_errors=True)
    def leads_somewhere(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a link with a value, and a value that is too large."""
        value = values.get("value")
        if value is None:
            return
        if values.get("link") is not None:
            raise ValidationError(_BOTH)
        try:
            size = len(orjson.dumps(value))
        except orjson.JSONEncodeError:
            size = MAX_VALUE + 1
        if size > MAX_VALUE:
            raise ValidationError(_LARGE, "value")

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> Choice:
        """Turn checked values into a `Choice`."""
        return Choice(**values)


def _differ(choices: list[Choice]) -> bool:
    """A check of marshmallow's: raises `ValidationError` where an answer could mean two of the actions."""
    seen: set[str] = set()
    for choice in choices:
        if choice.id in seen:
            raise ValidationError(_SAME_ID.format(choice.id))
        seen.add(choice.id)
    return True


class TextSchema(fields.Schema):
    """A notification's texts in one language."""

    title = fields.Str(allow_none=True, validate=fields.length(0, MAX_TITLE))
    message = fields.Str(allow_none=True)


_TEXT: Final = TextSchema()


class Texts(plain.Field[Mapping[str, Mapping[str, str]]]):
    """Texts by language tag."""

    default_error_messages = fields.messages(_NO_TEXTS)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Mapping[str, Mapping[str, str]]:
        if not isinstance(value, dict) or not 0 < len(value) <= MAX_LOCALES:
            raise self.make_error("invalid")
        texts: dict[str, Mapping[str, str]] = {}
        wrong: dict[str, Any] = {}
        for tag, given in _by_tag(value).items():
            try:
                inner = _TEXT.load(given)
            except ValidationError as error:
                wrong[tag] = error.messages
                continue
            texts[tag] = {name: text for name, text in inner.items() if text is not None}
            if not texts[tag]:
                wrong[tag] = [_NO_TEXTS]
        if wrong:
            raise ValidationError(wrong)
        return texts


class ExtrasSchema(fields.Schema):
    """What a publish may say beside the usual; null counts as left out."""

    collapse_key = key_field("The newest of this key and the same audience takes the place of the one before")
    group = key_field("What an inbox puts together under one heading")
    actions = fields.List(
        fields.Nested(ActionSchema),
        allow_none=True,
        validate=[fields.length(1, MAX_ACTIONS), _differ],
        metadata=about("What its reader can do about it"),
    )
    image = fields.Str(
        allow_none=True,
        validate=[fields.length(1, MAX_ADDRESS), fields.matching(_IMAGE_PATTERN, _IMAGE)],
        metadata=about("The https address of a picture"),
    )
    icon = fields.Str(
        allow_none=True,
        validate=[
            fields.length(1, MAX_ADDRESS),
            fields.matching(rf"[a-z0-9][a-z0-9_-]{{0,63}}|{_IMAGE_PATTERN}", _ICON),
        ],
        metadata=about("The name of an icon that the client has, or the https address of one"),
    )
    category = fields.Str(
        allow_none=True,
        validate=type_name,
        metadata=about("What kind of notification it is to its reader", pattern="^[a-z][a-z0-9_.-]{0,63}$"),
    )
    texts = Texts(
        allow_none=True,
        metadata=about(
            "Title and message by language; each reader gets them in the language of the connection",
            type="object",
            propertyNames={"pattern": f"^{LOCALE_PATTERN}$"},
            additionalProperties={
                "type": "object",
                "properties": {"title": {"type": "string"}, "message": {"type": "string"}},
            },
        ),
    )
    deliver_at = Moment(
        allow_none=True,
        metadata=about("When it is delivered, RFC 3339 with a zone; at once where left out", type="string"),
    )
    deliver_in = fields.Int(
        allow_none=True,
        validate=fields.between(1, MAX_AHEAD),
        metadata=about("Seconds from now after which it is delivered; in place of `deliver_at`"),
    )

    @validates_schema(skip_on_field_errors=True)
    def is_due_once(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse two moments of delivery."""
        if values.get("deliver_at") is not None and values.get("deliver_in") is not None:
            raise ValidationError(_TWO_TIMES, "deliver_at")


NAMES: Final = frozenset(ExtrasSchema().fields)


# -- as it is sent ------------------------------------------------------------------------------------------------


class ActionReplySchema(Schema):
    """Something that the reader can do about a notification."""

    id = plain.String(required=True, metadata=about("What an answer names"))
    label = plain.String(required=True, metadata=about("In the reader's language"))
    link = plain.String(metadata=about("Where it leads, where it is a link"))
    value = plain.Raw(metadata=about("What the publisher put there"))


class ShownSchema(Schema):
    """The members of the envelope that are there only where they have something to say."""

    collapse_key = plain.String(metadata=about("The newest of this key and audience takes the place of the one before"))
    group = plain.String(metadata=about("What an inbox puts together under one heading"))
    actions = plain.List(plain.Nested(ActionReplySchema), metadata=about("What its reader can do about it"))
    image = plain.String(metadata=about("The https address of a picture"))
    icon = plain.String(metadata=about("The name of an icon, or the https address of one"))
    category = plain.String(metadata=about("What kind of notification it is to its reader"))
    revision = plain.Integer(metadata=about("How often it was changed since it was published"))
    updated_at = plain.String(metadata=about("When it was changed last, RFC 3339 in UTC"))
    replaces = plain.String(metadata=about("Id of the notification whose place it took"))
    thread = plain.String(metadata=about("Id of the first of those that took each other's place"))
