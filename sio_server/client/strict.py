"""What is wrong with a notification, told at the call: for development and tests, where a mistake should stop all.

The rules and the words are those of the server's schemas (`sio_server.schemas.publish`), whose libraries a backend does
not have; a test asks both about the same notifications. What only the server can tell, such as a key that is wrong, is
asked by `check`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import orjson

from sio_server.audience import MAX_NAME_LENGTH, name_of
from sio_server.client.bodies import NotifyInvalid
from sio_server.client.context import TRACEPARENT
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.event_types import MAX_TTL, PRIORITIES, EventType, EventTypes, check_type_name

MAX_NAMES: Final = 1000

_LINK: Final = re.compile(r"/(?![/\\])[^\x00-\x20]*|[Hh][Tt][Tt][Pp][Ss]?://[^\x00-\x20]+")

_Check = Callable[[Any], Text | None]

_NOT_STRING: Final = Text("Not a string: put it in quotes.", "No es texto: ponlo entre comillas.")
_NOT_OBJECT: Final = Text("Not an object.", "No es un objeto.")
_LENGTH: Final = Text("Length must be from {0} to {1}.", "La longitud debe estar entre {0} y {1}.")
_UNKNOWN: Final = Text("Unknown field.", "Campo desconocido.")
_NOBODY: Final = Text(
    "Names nobody: give roles, users, topics or all, or leave the audience out.",
    "No nombra a nadie: indica roles, users, topics o all, u omite la audiencia.",
)
_NOT_NAME: Final = Text(
    f"Must be printable text of 1 to {MAX_NAME_LENGTH} characters, with no space at either end.",
    f"Debe ser texto imprimible de 1 a {MAX_NAME_LENGTH} caracteres, sin espacios en los extremos.",
)


def check_strictly(content: bytes, kind: EventType | None, types: EventTypes, locale: str | None) -> None:
    """Raise `NotifyInvalid` for what the server would refuse or warn of; ``content`` is what it would be sent."""
    body = orjson.loads(content)
    problems = tuple(_problems(body, kind, types))
    if problems:
        told = "; ".join(f"{each.field}: {each.detail.within(locale or 'en')}" for each in problems)
        raise NotifyInvalid(f"{body['type']}: {told}", problems)


def _problems(body: Mapping[str, Any], kind: EventType | None, types: EventTypes) -> Iterator[FieldProblem]:
    wrong = _type_name(body["type"])
    if wrong is None and kind is None:
        wrong = _unknown(body["type"], types)
    if wrong is not None:
        yield FieldProblem("type", wrong)
    yield from problems_of_members(body)
    data = body.get("data")
    if kind is not None and (data is None or isinstance(data, dict)):
        yield from _of_the_type(kind, data or {}, named=body.get("audience") is not None)


def problems_of_members(body: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """What is wrong with the members of a body, whatever its type is."""
    for member, rule in _RULES.items():
        value = body.get(member)
        if value is not None and (wrong := rule(value)) is not None:
            yield FieldProblem(member, wrong)
    for member, nested in (("audience", _audience), ("actor", _actor)):
        value = body.get(member)
        if value is not None:
            yield from nested(value)


def _of_the_type(kind: EventType, data: Mapping[str, Any], *, named: bool) -> Iterator[FieldProblem]:
    """What the type itself has against the data; ``named``: whether the publisher says whom it is for."""
    try:
        kind.check(data)
        missing = () if named else kind.audience_for(data)[1]
    except Refused as refused:
        yield from refused.problems
        return
    for name in missing:
        yield FieldProblem(f"data.{name}", _MISSING)


_MISSING: Final = Text(
    "Missing: it says who gets the notification. Give it, or an audience of your own.",
    "Falta: dice quién recibe la notificación. Indícalo, o indica una audiencia.",
)


def _type_name(value: object) -> Text | None:
    return check_type_name(value) if isinstance(value, str) else _NOT_STRING


def _unknown(name: str, types: EventTypes) -> Text:
    try:
        types[name]
    except Refused as refused:
        return Text(
            "{0} Neither this backend knows it, nor the server, as far as it was asked: `check()` asks it.",
            "{0} No lo conoce este backend, ni tampoco el servidor, si se le ha preguntado: `check()` le pregunta.",
        ).format(refused.detail)
    raise AssertionError(name)


def _text(least: int, most: int, *further: _Check) -> _Check:
    def rule(value: Any) -> Text | None:
        if not isinstance(value, str):
            return _NOT_STRING
        if not least <= len(value) <= most:
            return Text("Length must be from {0} to {1}.", "La longitud debe estar entre {0} y {1}.").format(
                least, most
            )
        return next((wrong for check_further in further if (wrong := check_further(value)) is not None), None)

    return rule


def _link(value: str) -> Text | None:
    if _LINK.fullmatch(value):
        return None
    return Text(
        "Must be a path beginning with '/', or an http or https address.",
        "Debe ser una ruta que empiece por '/', o una dirección http o https.",
    )


def _trace(value: str) -> Text | None:
    if TRACEPARENT.fullmatch(value):
        return None
    return Text(
        "Must be a traceparent of W3C Trace Context, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
        "Debe ser un traceparent de W3C Trace Context, como 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
    )


def _printable(value: str) -> Text | None:
    return None if value.isprintable() else Text("Must be printable text.", "Debe ser texto imprimible.")


def _priority(value: object) -> Text | None:
    words = ", ".join(PRIORITIES)
    if not isinstance(value, str):
        return _NOT_STRING
    return None if value in PRIORITIES else Text("Must be one of: {0}.", "Debe ser uno de: {0}.").format(words)


def _ttl(value: object) -> Text | None:
    if type(value) is not int:
        return Text("Not a whole number.", "No es un número entero.")
    return (
        None
        if 1 <= value <= MAX_TTL
        else Text("Must be from {0} to {1}.", "Debe estar entre {0} y {1}.").format(1, MAX_TTL)
    )


def _bool(value: object) -> Text | None:
    return None if isinstance(value, bool) else Text("Not true or false.", "No es true ni false.")


def _object(value: object) -> Text | None:
    return None if isinstance(value, dict) else _NOT_OBJECT


_RULES: Final[dict[str, _Check]] = {
    "message": _text(0, 1 << 30),
    "data": _object,
    "title": _text(0, 200),
    "link": _text(1, 2048, _link),
    "priority": _priority,
    "ttl": _ttl,
    "persist": _bool,
    "idempotency_key": _text(1, 255, _printable),
    "source": _text(1, 200),
    "traceparent": _text(0, 1 << 30, _trace),
}


def _names(path: str, values: object) -> Iterator[FieldProblem]:
    if not isinstance(values, list):
        yield FieldProblem(path, Text("Not a list.", "No es una lista."))
    elif len(values) > MAX_NAMES:
        yield FieldProblem(path, Text("At most {0} names.", "Como mucho {0} nombres.").format(MAX_NAMES))
    else:
        for place, value in enumerate(values):
            if type(value) is not int and (not isinstance(value, str) or name_of(value) is None):
                yield FieldProblem(f"{path}.{place}", _NOT_NAME)


def _audience(value: object) -> Iterator[FieldProblem]:
    if not isinstance(value, dict):
        yield FieldProblem("audience", _NOT_OBJECT)
        return
    found = [problem for name, inner in value.items() for problem in _audience_member(name, inner)]
    yield from found
    if not found and not any(value.get(name) for name in ("roles", "users", "topics", "all")):
        yield FieldProblem("audience", _NOBODY)


def _audience_member(name: str, value: Any) -> Iterator[FieldProblem]:
    if name in ("roles", "users", "topics"):
        yield from _names(f"audience.{name}", value)
    elif name == "all":
        if (wrong := _bool(value)) is not None:
            yield FieldProblem("audience.all", wrong)
    elif name != "except":
        yield FieldProblem(f"audience.{name}", _UNKNOWN)
    elif not isinstance(value, dict):
        yield FieldProblem("audience.except", _NOT_OBJECT)
    else:
        for inner, names in value.items():
            if inner == "users":
                yield from _names("audience.except.users", names)
            else:
                yield FieldProblem(f"audience.except.{inner}", _UNKNOWN)


def _actor(value: object) -> Iterator[FieldProblem]:
    if not isinstance(value, dict):
        yield FieldProblem("actor", _NOT_OBJECT)
        return
    rules: dict[str, _Check] = {"id": _id, "name": _text(1, 200)}
    if "id" not in value:
        yield FieldProblem("actor.id", Text("Required.", "Obligatorio."))
    for name, inner in value.items():
        rule = rules.get(name)
        wrong = _UNKNOWN if rule is None else rule(inner)
        if wrong is not None:
            yield FieldProblem(f"actor.{name}", wrong)


def _id(value: object) -> Text | None:
    if type(value) is int:
        return None
    if not isinstance(value, str):
        return Text("Not a string or whole number.", "No es texto ni un número entero.")
    return _text(1, MAX_NAME_LENGTH)(value)
