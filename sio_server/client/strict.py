"""What is wrong with a notification, told at the call: for development and tests, where a mistake should stop all.

The rules and the words are those of the server's schemas (`sio_server.schemas.publish`), whose libraries a backend does
not have; a test asks both about the same notifications. What only the server can tell, such as a key that is wrong, is
asked by `check`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import orjson

from sio_server.audience import MAX_NAME_LENGTH, name_of
from sio_server.client.bodies import NotifyInvalid
from sio_server.client.extras import problems_of_extras
from sio_server.client.rules import (
    NOT_LIST,
    NOT_OBJECT,
    NOT_STRING,
    REQUIRED,
    UNKNOWN,
    Check,
    boolean,
    json_object,
    link,
    printable,
    priority,
    text,
    trace,
    ttl,
)
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.event_types import EventType, EventTypes, check_type_name

MAX_NAMES: Final = 1000

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
    yield from problems_of_extras(body)


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
    return check_type_name(value) if isinstance(value, str) else NOT_STRING


def _unknown(name: str, types: EventTypes) -> Text:
    try:
        types[name]
    except Refused as refused:
        return Text(
            "{0} Neither this backend knows it, nor the server, as far as it was asked: `check()` asks it.",
            "{0} No lo conoce este backend, ni tampoco el servidor, si se le ha preguntado: `check()` le pregunta.",
        ).format(refused.detail)
    raise AssertionError(name)


_RULES: Final[dict[str, Check]] = {
    "message": text(0, 1 << 30),
    "data": json_object,
    "title": text(0, 200),
    "link": text(1, 2048, link),
    "priority": priority,
    "ttl": ttl,
    "persist": boolean,
    "idempotency_key": text(1, 255, printable),
    "source": text(1, 200),
    "traceparent": text(0, 1 << 30, trace),
}


def _names(path: str, values: object) -> Iterator[FieldProblem]:
    if not isinstance(values, list):
        yield FieldProblem(path, NOT_LIST)
    elif len(values) > MAX_NAMES:
        yield FieldProblem(path, Text("At most {0} names.", "Como mucho {0} nombres.").format(MAX_NAMES))
    else:
        for place, value in enumerate(values):
            if type(value) is not int and (not isinstance(value, str) or name_of(value) is None):
                yield FieldProblem(f"{path}.{place}", _NOT_NAME)


def _audience(value: object) -> Iterator[FieldProblem]:
    if not isinstance(value, dict):
        yield FieldProblem("audience", NOT_OBJECT)
        return
    found = [problem for name, inner in value.items() for problem in _audience_member(name, inner)]
    yield from found
    if not found and not any(value.get(name) for name in ("roles", "users", "topics", "all")):
        yield FieldProblem("audience", _NOBODY)


def _audience_member(name: str, value: Any) -> Iterator[FieldProblem]:
    if name in ("roles", "users", "topics"):
        yield from _names(f"audience.{name}", value)
    elif name == "all":
        if (wrong := boolean(value)) is not None:
            yield FieldProblem("audience.all", wrong)
    elif name != "except":
        yield FieldProblem(f"audience.{name}", UNKNOWN)
    elif not isinstance(value, dict):
        yield FieldProblem("audience.except", NOT_OBJECT)
    else:
        for inner, names in value.items():
            if inner == "users":
                yield from _names("audience.except.users", names)
            else:
                yield FieldProblem(f"audience.except.{inner}", UNKNOWN)


def _actor(value: object) -> Iterator[FieldProblem]:
    if not isinstance(value, dict):
        yield FieldProblem("actor", NOT_OBJECT)
        return
    rules: dict[str, Check] = {"id": _id, "name": text(1, 200)}
    if "id" not in value:
        yield FieldProblem("actor.id", REQUIRED)
    for name, inner in value.items():
        rule = rules.get(name)
        wrong = UNKNOWN if rule is None else rule(inner)
        if wrong is not None:
            yield FieldProblem(f"actor.{name}", wrong)


def _id(value: object) -> Text | None:
    if type(value) is int:
        return None
    if not isinstance(value, str):
        return Text("Not a string or whole number.", "No es texto ni un número entero.")
    return text(1, MAX_NAME_LENGTH)(value)
