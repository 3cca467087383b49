"""One file of event types: its schema, what is wrong with it and on which line, and the types that it says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from marshmallow import RAISE, ValidationError, validate, validates_schema
from marshmallow.fields import Field

from sio_server import fields
from sio_server.audience import MAX_NAME_LENGTH, Audience
from sio_server.catalog.places import line_of
from sio_server.catalog.topic_tables import NOT_A_TOPIC, is_pattern, topics_field
from sio_server.errors import CatalogError, ConfigError, Text
from sio_server.event_types import (
    DATA_TYPES,
    MAX_TTL,
    PLACEHOLDER,
    PRIORITIES,
    TYPE_PATTERN,
    EventType,
    FollowRule,
    check_type_name,
    follow_rule,
    with_defaults,
)
from sio_server.files import parse_toml
from sio_server.translations import LOCALE_PATTERN, canonical

MAX_TEXT: Final = 500
_FIELD_PATTERN: Final = r"[A-Za-z_][A-Za-z0-9_]*"

_NOT_TEXT: Final = Text(
    "Not a text, nor texts by language: es = ..., en = ...",
    "No es un texto, ni textos por idioma: es = ..., en = ...",
)
_NO_LANGUAGE: Final = Text("Not a language tag, such as es or pt-BR.", "No es una etiqueta de idioma, como es o pt-BR.")
_NOBODY: Final = Text(
    "names nobody: set roles, users, topics or all", "no nombra a nadie: indica roles, users, topics o all"
)
_ROLE: Final = Text(
    "'{0}': a role is not filled from data: write its name", "'{0}': un rol no se rellena de data: escribe su nombre"
)
_NO_FIELD: Final = Text(
    "{{{0}}} must be a field of data of type id, string or integer",
    "{{{0}}} debe ser un campo de data de tipo id, string o integer",
)
_BRACES: Final = Text(
    "'{0}': write {{field}} with the name of a field of data",
    "'{0}': escribe {{campo}} con el nombre de un campo de data",
)
_NOTHING: Final = Text(
    'Holds neither types nor topics: write a table such as [types.excursion_cancelada] or [topics."tour:*"]; '
    "where none are meant, [types] alone.",
    'No tiene ni tipos ni temas: escribe una tabla como [types.excursion_cancelada] o [topics."tour:*"]; '
    "si no debe haber ninguno, solo [types].",
)
_NO_TEXTS: Final = Text("Holds no text.", "No tiene ningún texto.")

_NO_OTHER: Final = Text("Say what stands above several.", "Indica qué va encima de varias.")


def about(text: str, **more: Any) -> dict[str, Any]:
    """What the JSON Schema says of a member."""
    return {"description": text, **more}


class _Translated(Field[Any]):
    """A text, or texts by language."""

    default_error_messages = fields.messages(_NOT_TEXT)
    _each = fields.Str(validate=fields.length(1, MAX_TEXT))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, str):
            return self._each.deserialize(value)
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        if not value:
            raise ValidationError(_NO_TEXTS)
        wrong: dict[str, Any] = {}
        for tag, text in value.items():
            try:
                canonical(tag)
                self._each.deserialize(text)
            except ValidationError as error:
                wrong[tag] = error.messages
            except ValueError:
                wrong[tag] = [_NO_LANGUAGE]
        if wrong:
            raise ValidationError(wrong)
        return value


def _translated(text: str) -> _Translated:
    one = {"type": "string", "minLength": 1, "maxLength": MAX_TEXT}
    by_language = {
        "type": "object",
        "minProperties": 1,
        "patternProperties": {f"^{LOCALE_PATTERN}$": one},
        "additionalProperties": False,
    }
    return _Translated(metadata=about(text, anyOf=[one, by_language]))


def _names(text: str, **more: Any) -> fields.List:
    one = {"type": ["string", "integer"], "minLength": 1, "maxLength": MAX_NAME_LENGTH, **more}
    return fields.List(fields.Name(metadata=one), metadata=about(text))


class ExceptSchema(fields.Schema):
    """Who gets nothing although the audience names them."""

    users = _names("Users who get nothing; {field} is filled from data")


class AudienceSchema(fields.Schema):
    """Who gets it when a publisher names nobody: the union of what is named, less ``except``."""

    roles = _names("Everybody with one of these roles", pattern="^[^{}]*$")
    users = _names("These users; {field} is filled from data")
    topics = _names("Everybody who follows one of these topics; {field} is filled from data")
    all = fields.Bool(metadata=about("Everybody"))
    excepted = fields.Nested(ExceptSchema, data_key="except", metadata=about("Who gets nothing all the same"))


def _audience(text: str) -> fields.Nested:
    return fields.Nested(AudienceSchema, metadata=about(text))


def _priority() -> fields.Str:
    return fields.Str(
        validate=fields.one_of(PRIORITIES), metadata=about("Where a publisher gives none; normal where left out")
    )


def _ttl() -> fields.Int:
    return fields.Int(
        validate=fields.between(1, MAX_TTL), metadata=about("Seconds until it is of no more use; never where left out")
    )


# As the setting ``retention_days``.
MAX_RETENTION_DAYS: Final = 3650


def _retention_days() -> fields.Number:
    return fields.Number(
        validate=fields.between(0, MAX_RETENTION_DAYS),
        metadata=about("Days that it is kept, 0 for ever; as long as the rest where left out"),
    )


class DefaultsSchema(fields.Schema):
    """What holds for every type of the file that does not say it itself."""

    audience = _audience("Who gets a type that names nobody")
    priority = _priority()
    ttl = _ttl()
    retention_days = _retention_days()


class GroupSchema(fields.Schema):
    """What stands above several notifications of one group; {count} is how many there are."""

    one = _translated("Above one; what stands above several where left out")
    other = _translated("Above several, or none")

    @validates_schema(skip_on_field_errors=True)
    def says_something(self, values: dict[str, Any], **_: Any) -> None:
        """Refuse a heading of one alone."""
        if "other" not in values:
            raise ValidationError(_NO_OTHER, "other")


class TypeSchema(fields.Schema):
    """A type of event. Everything may be left out; a text is in the server's language, or given by language."""

    title = _translated("Short text; the name of the type where left out")
    message = _translated("Text used when a publisher sends none; {field} is filled from data; else the title")
    description = _translated("What happened, for people who write programs")
    audience = _audience("Who gets it when a publisher names nobody; administrators where left out")
    priority = _priority()
    ttl = _ttl()
    retention_days = _retention_days()
    group = fields.Nested(GroupSchema, metadata=about("What stands above several of one group in an inbox"))
    data = fields.Dict(
        keys=fields.Str(validate=fields.matching(_FIELD_PATTERN, Text("Not a name.", "No es un nombre."))),
        values=fields.Str(validate=fields.one_of(tuple(DATA_TYPES))),
        metadata=about("The known fields and the type of each; others pass", **{"x-keys": f"^{_FIELD_PATTERN}$"}),
    )


class FileSchema(fields.Schema):
    """Event types of a sio-server, added to the built-in ones or put in their place by name; and topics to follow."""

    version = fields.Int(
        validate=validate.Equal(1, error=Text("Must be 1.", "Debe ser 1.")),
        metadata=about("Of this format", enum=[1]),
    )
    defaults = fields.Nested(DefaultsSchema, metadata=about("What holds for every type that does not say it itself"))
    types = fields.Dict(
        keys=fields.Str(),
        values=fields.Nested(TypeSchema),
        metadata=about("By the names of their events", **{"x-keys": f"^{TYPE_PATTERN.pattern}$"}),
    )
    topics = topics_field()


class Problem(NamedTuple):
    """What is wrong, or may not be meant: the key it is about, as the file has it, and the mend."""

    path: tuple[str, ...]
    detail: Text

    def told(self, locale: str = "en") -> str:
        """The problem in a line, without the place."""
        detail = self.detail.within(locale)
        return f"{'.'.join(self.path)}: {detail}" if self.path else detail


@dataclass(frozen=True, slots=True)
class CatalogFile:
    """A file that is read: its types and topics as far as they are right, and what is wrong with the others."""

    name: str
    text: str
    types: Mapping[str, EventType]
    problems: tuple[Problem, ...]
    topics: Mapping[str, FollowRule] = field(default_factory=dict)

    def line_of(self, problem: Problem) -> int | None:
        """The line that a problem is on, from 1; None where no line is."""
        return line_of(self.text, problem.path)

    def check(self) -> None:
        """Raise `CatalogError` that names the file, and the key and the line of all that is wrong."""
        if self.problems:
            told = "; ".join(map(self._placed, self.problems))
            raise CatalogError(f"catalogue {self.name}: {told}")

    def _placed(self, problem: Problem) -> str:
        line = self.line_of(problem)
        return problem.told() if line is None else f"{problem.told()} (line {line})"


def read_catalog(text: str, name: str, locale: str) -> CatalogFile:
    """Read a file of this name; ``locale`` is the language of texts that name none.

    Raises `CatalogError` for what is no TOML, and for nothing else.
    """
    try:
        document = parse_toml(text, name)
    except ConfigError as error:
        raise CatalogError(f"catalogue {error}") from error
    try:
        loaded: dict[str, Any] = FileSchema(unknown=RAISE).load(document)
    except ValidationError as error:
        return CatalogFile(name, text, {}, tuple(_flatten((), _as_in_the_file(error.messages))))
    defaults = loaded.get("defaults", {})
    problems = list(_of_an_audience(("defaults", "audience"), defaults.get("audience")))
    if "types" not in loaded and "topics" not in loaded:
        problems.append(Problem((), _NOTHING))
    types: dict[str, EventType] = {}
    for key, table in loaded.get("types", {}).items():
        wrong = list(_problems(key, table))
        kind = None if wrong else _event_type(key, with_defaults(table, defaults), locale)
        if kind is not None:
            wrong = list(_of_templates(kind))
            types[key] = kind
        problems += wrong
    topics = {key: follow_rule(table["follow"]) for key, table in loaded.get("topics", {}).items()}
    problems += [Problem(("topics", key), NOT_A_TOPIC) for key in topics if not is_pattern(key)]
    return CatalogFile(name, text, types, tuple(problems), topics)


def _as_in_the_file(messages: Any) -> Any:
    """Messages by the keys of the file: marshmallow puts ``key`` or ``value`` between a dictionary and its members."""
    if not isinstance(messages, dict):
        return messages
    plain = dict(messages)
    for table in ("types", "topics"):
        if isinstance(messages.get(table), dict):
            plain[table] = {name: _member(found) for name, found in messages[table].items()}
    for found in plain["types"].values() if isinstance(plain.get("types"), dict) else ():
        if isinstance(found, dict) and isinstance(found.get("data"), dict):
            found["data"] = {name: _member(inner) for name, inner in found["data"].items()}
    return plain


def _member(found: Any) -> Any:
    return found.get("value", found.get("key")) if isinstance(found, dict) else found


def _flatten(path: tuple[str, ...], messages: Any) -> Iterator[Problem]:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            # Marshmallow files what concerns the whole object under "_schema".
            yield from _flatten(path if key == "_schema" else (*path, str(key)), inner)
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from _flatten(path, inner)
    else:
        text = messages if isinstance(messages, Text) else Text(str(messages), str(messages))
        yield Problem(path, text)


def _problems(name: str, table: Mapping[str, Any]) -> Iterator[Problem]:
    """What the schema cannot tell of a type."""
    wrong = check_type_name(name)
    if wrong is not None:
        yield Problem(("types", name), wrong)
    yield from _of_an_audience(("types", name, "audience"), table.get("audience"))


def _of_an_audience(path: tuple[str, ...], values: Mapping[str, Any] | None) -> Iterator[Problem]:
    if values is not None and fields.audience_of(values).is_empty():
        yield Problem(path, _NOBODY)


def _of_templates(kind: EventType) -> Iterator[Problem]:
    """Templates of an audience that nothing can fill."""
    path = ("types", kind.name, "audience")
    audience = kind.audience
    for role in audience.roles:
        if set("{}") & set(role):
            yield Problem((*path, "roles"), _ROLE.format(role))
    for template in (*audience.users, *audience.topics, *audience.except_users):
        for placeholder in PLACEHOLDER.findall(template):
            if kind.data.get(placeholder) not in ("id", "string", "integer"):
                yield Problem(path, _NO_FIELD.format(placeholder))
        if set("{}") & set(PLACEHOLDER.sub("", template)):
            yield Problem(path, _BRACES.format(template))


def _event_type(name: str, table: Mapping[str, Any], locale: str) -> EventType:
    audience = table.get("audience")
    stated: Audience | None = None if audience is None else fields.audience_of(audience)
    return EventType.from_dict(
        {**table, "type": name, "audience": None if stated is None else stated.as_dict()}, locale=locale
    )
