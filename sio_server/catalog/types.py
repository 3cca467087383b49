"""The catalogue of a server: the built-in event types, with those of a file of the user's own in their place.

The built-in file is ``builtin.toml`` beside this module; a file of the user's adds types or replaces them by name.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any, Final

from marshmallow import RAISE, ValidationError, validate

from sio_server import fields
from sio_server.audience import Audience
from sio_server.errors import CatalogError, ConfigError, Text
from sio_server.event_types import DATA_TYPES, MAX_TTL, PLACEHOLDER, PRIORITIES, EventType, EventTypes, check_type_name
from sio_server.files import parse_toml, read_text

BUILTIN_FILE: Final = "builtin.toml"


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


class Catalog(EventTypes):
    """The event types that a server publishes."""

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
        for placeholder in PLACEHOLDER.findall(template):
            if data.get(placeholder) not in ("id", "string", "integer"):
                raise CatalogError(f"{where}: {{{placeholder}}} must be a field of data of type id, string or integer")
        if set("{}") & set(PLACEHOLDER.sub("", template)):
            raise CatalogError(f"{where}: '{template}': write {{field}} with the name of a field of data")
