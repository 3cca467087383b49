"""The event catalogue: which types there are, whom each is for, which fields its data has, its texts in es and en.

The built-in file is ``builtin.toml`` beside this module; a file of the user's adds types or replaces them by name.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import Any, Final

from marshmallow import RAISE, ValidationError, validate

from sio_server import fields
from sio_server.audience import MAX_NAME_LENGTH, Audience, name_of
from sio_server.errors import CatalogError, ConfigError, FieldProblem, Refused, Text
from sio_server.files import parse_toml, read_text
from sio_server.notification import PRIORITIES, RESERVED_TYPES, TYPE_PATTERN

BUILTIN_FILE: Final = "builtin.toml"
MAX_TTL: Final = 10 * 365 * 24 * 3600
"""Seconds. Beyond ten years a date-time leaves what clients' calendars can show."""

_PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


def _is_date(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        datetime.fromisoformat(value[:-1] + "Z" if value.endswith("z") else value)  # RFC 3339 §5.6: either case
    except ValueError:
        return False
    return True


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_id(value: object) -> bool:
    return (isinstance(value, str) and bool(value)) or type(value) is int


@dataclass(frozen=True, slots=True)
class DataType:
    """A type that a field of ``data`` can have: its check and what it should have been."""

    holds: Callable[[object], bool]
    expected: Text


DATA_TYPES: Final[dict[str, DataType]] = {
    "id": DataType(_is_id, Text("a string or a whole number", "un texto o un número entero")),
    "string": DataType(lambda value: isinstance(value, str), Text("a string", "un texto")),
    "integer": DataType(lambda value: type(value) is int, Text("a whole number", "un número entero")),
    "number": DataType(_is_number, Text("a number", "un número")),
    "boolean": DataType(lambda value: isinstance(value, bool), Text("true or false", "true o false")),
    "object": DataType(lambda value: isinstance(value, dict), Text("an object", "un objeto")),
    "array": DataType(lambda value: isinstance(value, list), Text("a list", "una lista")),
    "date": DataType(_is_date, Text("a date in ISO 8601", "una fecha en ISO 8601")),
}


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event. ``audience`` holds templates: ``users=("{usuario_id}",)`` is filled from ``data``."""

    name: str
    title: Text
    message: Text
    description: Text
    audience: Audience
    priority: str
    ttl: int | None
    data: Mapping[str, str]
    filled: bool = field(init=False, compare=False, default=False)
    """Whether the audience needs anything of ``data``."""

    def __post_init__(self) -> None:
        audience = self.audience
        names = (*audience.users, *audience.topics, *audience.except_users)
        object.__setattr__(self, "filled", any(map(_PLACEHOLDER.search, names)))

    def check(self, data: Mapping[str, Any]) -> None:
        """Raise `Refused` (``invalid_data``) that names each known field whose type is wrong. None passes as absent."""
        if not self.data:
            return
        problems = tuple(
            FieldProblem(f"data.{name}", Text("Must be {0}.", "Debe ser {0}.").format(DATA_TYPES[kind].expected))
            for name, kind in self.data.items()
            if data.get(name) is not None and not DATA_TYPES[kind].holds(data[name])
        )
        if problems:
            raise Refused.of_problems("invalid_data", problems)

    def audience_for(self, data: Mapping[str, Any]) -> tuple[Audience, tuple[str, ...]]:
        """The audience with its templates filled, and the names of the fields that were absent.

        Raises `Refused` (``invalid_audience``) where a field makes a name that nobody can have.
        """
        if not self.filled:
            return self.audience, ()
        missing: list[str] = []

        def fill(templates: tuple[str, ...]) -> list[str]:
            filled = []
            for template in templates:
                names = _PLACEHOLDER.findall(template)
                absent = [name for name in names if not _is_id(data.get(name))]
                missing.extend(absent)
                if not absent:
                    name = name_of(_PLACEHOLDER.sub(lambda match: str(data[match[1]]), template))
                    if name is None:
                        field = f"data.{names[0]}" if names else "type"
                        raise Refused.of_problems("invalid_audience", (FieldProblem(field, _NOT_A_NAME),))
                    filled.append(name)
            return filled

        audience = self.audience
        resolved = Audience.of(
            roles=audience.roles,
            users=fill(audience.users),
            topics=fill(audience.topics),
            everybody=audience.all,
            except_users=fill(audience.except_users),
        )
        return resolved, tuple(dict.fromkeys(missing))

    def text_for(self, data: Mapping[str, Any], locale: str) -> str:
        """The message for these data in ``locale``; the title where a field that the message names is absent."""
        template = self.message.within(locale)
        values = [data.get(name) for name in _PLACEHOLDER.findall(template)]
        if all(isinstance(value, str) or _is_number(value) for value in values):
            return _PLACEHOLDER.sub(lambda match: str(data[match[1]]), template)
        return self.title.within(locale)

    def as_dict(self) -> dict[str, Any]:
        """The type as ``GET /v1/catalog`` and ``catalog export`` show it."""
        return {
            "type": self.name,
            "title": _languages(self.title),
            "message": _languages(self.message),
            "description": _languages(self.description),
            "audience": self.audience.as_dict(),
            "priority": self.priority,
            "ttl": self.ttl,
            "data": dict(self.data),
        }


_NOT_A_NAME: Final = Text(
    "Names a part of the audience, so it must be 1 to {0} printable characters.",
    "Nombra parte de la audiencia, así que debe tener de 1 a {0} caracteres imprimibles.",
).format(MAX_NAME_LENGTH)


def _languages(text: Text) -> dict[str, str]:
    return {"es": text.es, "en": str(text)}


class _LanguagesSchema(fields.Schema):
    es = fields.Str(required=True, validate=fields.length(1, 500))
    en = fields.Str(required=True, validate=fields.length(1, 500))


class _ExceptSchema(fields.Schema):
    users = fields.List(fields.Name())


class _AudienceSchema(fields.Schema):
    roles = fields.List(fields.Name())
    users = fields.List(fields.Name())
    topics = fields.List(fields.Name())
    all = fields.Bool()
    excepted = fields.Nested(_ExceptSchema, data_key="except")


class _TypeSchema(fields.Schema):
    title = fields.Nested(_LanguagesSchema, required=True)
    message = fields.Nested(_LanguagesSchema)
    description = fields.Nested(_LanguagesSchema, required=True)
    audience = fields.Nested(_AudienceSchema, required=True)
    priority = fields.Str(load_default="normal", validate=fields.one_of(PRIORITIES))
    ttl = fields.Int(load_default=None, validate=fields.between(1, MAX_TTL))
    data = fields.Dict(
        load_default=dict,
        keys=fields.Str(validate=fields.matching(r"[A-Za-z_][A-Za-z0-9_]*", Text("Not a name.", "No es un nombre."))),
        values=fields.Str(validate=fields.one_of(tuple(DATA_TYPES))),
    )


class _FileSchema(fields.Schema):
    version = fields.Int(load_default=1, validate=validate.Equal(1, error=Text("Must be 1.", "Debe ser 1.")))
    types = fields.Dict(required=True, keys=fields.Str(), values=fields.Nested(_TypeSchema))


def check_type_name(name: str) -> Text | None:
    """What is wrong with a name of an event type, or None."""
    if not TYPE_PATTERN.fullmatch(name):
        return Text(
            "Must be 1 to 64 lower-case letters, digits, '_', '.' or '-', beginning with a letter.",
            "Deben ser de 1 a 64 minúsculas, cifras, '_', '.' o '-', empezando por una letra.",
        )
    if name in RESERVED_TYPES:
        return Text("This name is Socket.IO's own.", "Este nombre es propio de Socket.IO.")
    return None


class Catalog:
    """All event types by name, in the order of the files."""

    def __init__(self, types: Mapping[str, EventType]) -> None:
        self.types = dict(types)

    @classmethod
    def load(cls, path: Path | None = None) -> Catalog:
        """The built-in types, with those of ``path`` added or in their place.

        Raises `CatalogError` naming the file and the line (TOML) or the key (contents).
        """
        builtin = resources.files("sio_server.catalog").joinpath(BUILTIN_FILE).read_text("utf-8")
        types = _parse(builtin, BUILTIN_FILE)
        if path is not None:
            try:
                text = read_text(path)
            except ConfigError as error:
                raise CatalogError(f"catalogue {error}") from error
            types.update(_parse(text, str(path)))
        return cls(types)

    def __getitem__(self, name: str) -> EventType:
        """The type of this name; raises `Refused` (``unknown_type``) with the nearest known one."""
        found = self.types.get(name)
        if found is None:
            raise self._unknown(name)
        return found

    def _unknown(self, name: str) -> Refused:
        nearest = difflib.get_close_matches(name, self.types, n=1)
        detail = Text("Unknown event type '{0}'.", "Tipo de evento desconocido: '{0}'.").format(name)
        if nearest:
            hint = Text("{0} Did you mean '{1}'?", "{0} ¿Quizá '{1}'?").format(detail, nearest[0])
        else:
            hint = Text(
                "{0} GET /v1/catalog lists the known ones.", "{0} GET /v1/catalog muestra los conocidos."
            ).format(detail)
        return Refused(
            "unknown_type",
            hint,
            problems=(FieldProblem("type", detail),),
            extra={"nearest": nearest[0]} if nearest else None,
        )


def _parse(text: str, name: str) -> dict[str, EventType]:
    try:
        document = parse_toml(text, name)
    except ConfigError as error:
        raise CatalogError(f"catalogue {error}") from error
    try:
        loaded: dict[str, Any] = _FileSchema(unknown=RAISE).load(document)
    except ValidationError as error:
        raise _bad(name, error) from error
    return {key: _event_type(name, key, value) for key, value in loaded["types"].items()}


def _bad(name: str, error: ValidationError) -> CatalogError:
    problems = fields.problems_of(ValidationError(_as_in_the_file(error.messages)))
    return CatalogError(f"catalogue {name}: " + "; ".join(f"{p.field}: {p.detail}" for p in problems))


def _as_in_the_file(messages: Any) -> Any:
    """Messages by the keys of the file: marshmallow puts ``key`` or ``value`` between a dictionary and its members."""
    types = messages.get("types") if isinstance(messages, dict) else None
    if not isinstance(types, dict):
        return messages
    plain = {name: _member(found) for name, found in types.items()}
    for found in plain.values():
        if isinstance(found, dict) and isinstance(found.get("data"), dict):
            found["data"] = {name: _member(inner) for name, inner in found["data"].items()}
    return {**messages, "types": plain}


def _member(found: Any) -> Any:
    return found.get("value", found.get("key")) if isinstance(found, dict) else found


def _event_type(file: str, name: str, value: dict[str, Any]) -> EventType:
    wrong = check_type_name(name)
    if wrong is not None:
        raise CatalogError(f"catalogue {file}: types.{name}: {wrong}")
    audience = fields.audience_of(value["audience"])
    if audience.is_empty():
        raise CatalogError(f"catalogue {file}: types.{name}.audience: names nobody: set roles, users, topics or all")
    _check_templates(file, name, audience, value["data"])
    title = Text(value["title"]["en"], value["title"]["es"])
    message = value.get("message")
    return EventType(
        name=name,
        title=title,
        message=title if message is None else Text(message["en"], message["es"]),
        description=Text(value["description"]["en"], value["description"]["es"]),
        audience=audience,
        priority=value["priority"],
        ttl=value["ttl"],
        data=value["data"],
    )


def _check_templates(file: str, name: str, audience: Audience, data: Mapping[str, str]) -> None:
    where = f"catalogue {file}: types.{name}.audience"
    for role in audience.roles:
        if "{" in role or "}" in role:
            raise CatalogError(f"{where}.roles: '{role}': a role is not filled from data: write its name")
    for template in (*audience.users, *audience.topics, *audience.except_users):
        for placeholder in _PLACEHOLDER.findall(template):
            if data.get(placeholder) not in ("id", "string", "integer"):
                raise CatalogError(f"{where}: {{{placeholder}}} must be a field of data of type id, string or integer")
        if set("{}") & set(_PLACEHOLDER.sub("", template)):
            raise CatalogError(f"{where}: '{template}': write {{field}} with the name of a field of data")
