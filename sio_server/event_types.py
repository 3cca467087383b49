"""Event types: whom each is for, which fields its data has, its texts by language. Pure: no I/O.

The server reads them from files and checks those (`sio_server.catalog`); a backend takes them as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal, Self

from sio_server.audience import ADMIN_ROLE, MAX_NAME_LENGTH, Audience, name_of
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.translations import NOTHING, Translations

Priority = Literal["low", "normal", "high", "critical"]
PRIORITIES: Final[tuple[Priority, ...]] = ("low", "normal", "high", "critical")

# Events of these names are Socket.IO's own: a client's handler for them would be called by a publisher's text.
RESERVED_TYPES: Final = frozenset({"connect", "connect_error", "disconnect", "disconnecting"})
TYPE_PATTERN: Final = re.compile(r"[a-z][a-z0-9_.-]{0,63}")

MAX_TTL: Final = 10 * 365 * 24 * 3600
"""Seconds. Beyond ten years a date-time leaves what clients' calendars can show."""

PLACEHOLDER: Final = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")


ANYONE: Final = "anyone"
BACKEND: Final = "backend"

FollowRule = Literal["anyone", "backend"] | tuple[str, ...]
"""Who may follow a topic: every user, users with one of these roles, or whom the backend has follow it.

What users may follow, a backend may have them follow as well.
"""


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


@lru_cache(maxsize=4096)  # the templates of a catalogue, of which each publish fills some
def _parts(template: str) -> tuple[str, ...]:
    """What stands in a template: a text, a name of a field, a text, and so on, a text at the end."""
    return tuple(PLACEHOLDER.split(template))


def _filled(parts: tuple[str, ...], data: Mapping[str, Any]) -> str:
    """The text of these parts with values in place of names, all of which are there."""
    return "".join([str(data[part]) if index % 2 else part for index, part in enumerate(parts)])


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event. ``audience`` holds templates: ``users=("{usuario_id}",)`` is filled from ``data``."""

    name: str
    title: Translations
    message: Translations
    description: Translations
    audience: Audience
    priority: str
    ttl: int | None
    data: Mapping[str, str]
    retention_days: float | None = None
    """Days that its notifications are kept in the log, 0 for ever; None as the server's setting says."""
    group: Mapping[str, Translations] | None = None
    """What stands above several of a group, ``one`` and ``other`` by how many there are, with ``{count}`` in them."""
    filled: bool = field(init=False, compare=False, default=False)
    """Whether the audience needs anything of ``data``."""

    def __post_init__(self) -> None:
        audience = self.audience
        names = (*audience.users, *audience.topics, *audience.except_users)
        object.__setattr__(self, "filled", any(map(PLACEHOLDER.search, names)))

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
                parts = _parts(template)
                absent = [name for name in parts[1::2] if not _is_id(data.get(name))]
                missing.extend(absent)
                if not absent:
                    name = name_of(_filled(parts, data))
                    if name is None:
                        field = f"data.{parts[1]}" if len(parts) > 1 else "type"
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
        parts = _parts(self.message.within(locale))
        for name in parts[1::2]:
            value = data.get(name)
            if not isinstance(value, str) and not _is_number(value):
                return self.title.within(locale)
        return _filled(parts, data)

    def heading_for(self, count: int, locale: str) -> str | None:
        """What stands above so many of a group in ``locale``; None where the file says nothing of it."""
        if self.group is None:
            return None
        found = self.group.get("one") if count == 1 else None
        return (found or self.group["other"]).within(locale).replace("{count}", str(count))

    def about(self, locale: str) -> str:
        """What the type is about, for people who write programs: its description, or its title where it has none."""
        return self.description.within(locale) or self.title.within(locale)

    def as_dict(self) -> dict[str, Any]:
        """The type as ``GET /v1/catalog`` and ``catalog export`` show it."""
        return {
            "type": self.name,
            "title": self.title.as_dict(),
            "message": self.message.as_dict(),
            "description": self.description.as_dict(),
            "audience": self.audience.as_dict(),
            "priority": self.priority,
            "ttl": self.ttl,
            "retention_days": self.retention_days,
            "data": dict(self.data),
            **({} if self.group is None else {"group": {form: one.as_dict() for form, one in self.group.items()}}),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any], *, locale: str = "es") -> Self:
        """The inverse of `as_dict`; what a file of types may leave out may be missing here, too.

        ``locale`` is the language of texts that name none. Nothing is checked that the server has checked. Raises
        AttributeError, KeyError, TypeError or ValueError for what is no type.
        """
        name = str(value["type"])
        group = value.get("group")
        title = Translations.read(value.get("title") or humanized(name), locale)
        message, description, audience = map(value.get, ("message", "description", "audience"))
        data = dict(value.get("data") or {})
        if not DATA_TYPES.keys() >= set(data.values()):
            raise ValueError(f"data: unknown kind in {sorted(map(str, data.values()))}")
        return cls(
            name=name,
            title=title,
            message=Translations.read(message, locale) if message else title,
            description=Translations.read(description, locale) if description else NOTHING,
            audience=Audience.from_dict(dict(audience)) if audience else FOR_ADMINISTRATORS,
            priority=str(value.get("priority") or "normal"),
            ttl=value.get("ttl"),
            retention_days=value.get("retention_days"),
            data=data,
            group={form: Translations.read(text, locale) for form, text in group.items()} if group else None,
        )


FOR_ADMINISTRATORS: Final = Audience.of(roles=[ADMIN_ROLE])
"""Whom a type is for that names nobody: who look after the system see everything as it is."""


def with_defaults(table: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """A type as a file has it, with what the file says of all of its types."""
    return {**defaults, **table}


def humanized(name: str) -> str:
    """The title of a type that was given none: ``pedido_listo`` is "Pedido listo"."""
    return re.sub(r"[_.-]+", " ", name).strip().capitalize()


_NOT_A_NAME: Final = Text(
    "Names a part of the audience, so it must be 1 to {0} printable characters.",
    "Nombra parte de la audiencia, así que debe tener de 1 a {0} caracteres imprimibles.",
).format(MAX_NAME_LENGTH)


def follow_rule(value: Any) -> FollowRule:
    """Who may follow a topic, as files and the catalogue's JSON have it."""
    if value == ANYONE:
        return "anyone"
    return "backend" if value == BACKEND else tuple(map(str, value))


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


class EventTypes:
    """All event types by name, in the order of the files. ``topics``: who may follow which, by patterns of names."""

    def __init__(self, types: Mapping[str, EventType], topics: Mapping[str, FollowRule] | None = None) -> None:
        self.types = dict(types)
        self.topics: dict[str, FollowRule] = dict(topics or {})

    @classmethod
    def of(cls, listed: Iterable[Mapping[str, Any]], topics: Iterable[Mapping[str, Any]] = ()) -> Self:
        """The types and topics of lists as ``GET /v1/catalog`` answers them; raises as `EventType.from_dict` does."""
        types = map(EventType.from_dict, listed)
        rules = {str(one["topic"]): follow_rule(one["follow"]) for one in topics}
        return cls({event_type.name: event_type for event_type in types}, rules)

    def as_dict(self) -> dict[str, Any]:
        """The catalogue as ``GET /v1/catalog`` answers it."""
        return {
            "types": [event_type.as_dict() for event_type in self.types.values()],
            "topics": [
                {"topic": name, "follow": rule if isinstance(rule, str) else list(rule)}
                for name, rule in self.topics.items()
            ],
        }

    def __getitem__(self, name: str) -> EventType:
        """The type of this name; raises `Refused` (``unknown_type``) with the nearest known one."""
        found = self.types.get(name)
        if found is None:
            raise self.unknown(name)
        return found

    def nearest(self, name: str) -> str | None:
        """The known type that somebody may have meant who wrote this name."""
        import difflib  # noqa: PLC0415 - for who misspelt one; a backend waits for the imports of its start

        return next(iter(difflib.get_close_matches(name, self.types, n=1)), None)

    def unknown(self, name: str) -> Refused:
        """The refusal (``unknown_type``) of a type that is not there."""
        nearest = self.nearest(name)
        detail = Text("Unknown event type '{0}'.", "Tipo de evento desconocido: '{0}'.").format(name)
        if nearest is not None:
            hint = Text("{0} Did you mean '{1}'?", "{0} ¿Quizá '{1}'?").format(detail, nearest)
        else:
            hint = Text(
                "{0} GET /v1/catalog lists the known ones.", "{0} GET /v1/catalog muestra los conocidos."
            ).format(detail)
        return Refused(
            "unknown_type",
            hint,
            problems=(FieldProblem("type", detail),),
            extra={} if nearest is None else {"nearest": nearest},
        )
