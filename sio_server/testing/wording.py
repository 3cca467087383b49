"""How the recorder says what it was asked for, and what was there instead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

import orjson

from sio_server.audience import Audience
from sio_server.client.bodies import written
from sio_server.client.field_types import Id

# Of each value, and of the notifications, as many as one looks at: a test may publish thousands.
MAX_VALUE: Final = 60
MAX_LISTED: Final = 20


class Shown(Protocol):
    """What is said of a notification."""

    @property
    def type(self) -> str:
        """Its event type."""

    @property
    def data(self) -> Mapping[str, Any]:
        """Its data."""

    @property
    def audience(self) -> Audience:
        """Whom it is for."""


def as_sent(value: object) -> Any:
    """A value as JSON makes it: a date is a string, a decimal a number."""
    return orjson.loads(written({"value": value}))["value"]


def differences(wanted: Mapping[str, Any], data: Mapping[str, Any]) -> list[str]:
    """How data differ from what they have to hold: ``personas is 2, not 3``."""
    found = []
    for name, value in wanted.items():
        expected = as_sent(value)
        if name not in data:
            found.append(f"{name} is missing")
        elif data[name] != expected:
            found.append(f"{name} is {shown(data[name])}, not {shown(expected)}")
    return found


def shown(value: object) -> str:
    """A value, cut where it is long."""
    text = repr(value)
    return text if len(text) <= MAX_VALUE else f"{text[: MAX_VALUE - 1]}…"


def fields_of(data: Mapping[str, Any]) -> str:
    """Fields and their values in a line."""
    return ", ".join(f"{name}={shown(value)}" for name, value in data.items())


def people(audience: Audience) -> str:
    """Whom something is for, in words."""
    parts = ["everybody"] if audience.all else []
    for word, names in (("role", audience.roles), ("user", audience.users), ("topic", audience.topics)):
        parts.extend(f"{word} {name}" for name in names)
    excepted = f" but not {', '.join(audience.except_users)}" if audience.except_users else ""
    return f"{', '.join(parts) or 'nobody'}{excepted}"


def question(
    user: Id | None,
    type: str | None,  # noqa: A002 - the word of the protocol
    roles: tuple[str, ...],
    topics: tuple[str, ...],
    wanted: Mapping[str, Any],
) -> str:
    """What was asked for: ``reserva_creada for user 'ana' with personas=3``."""
    having = [f"role {role!r}" for role in roles] + [f"topic {topic!r}" for topic in topics]
    who = "" if user is None else f"user {str(user)!r}"
    named = f"{who}{' with ' if who and having else ''}{', '.join(having)}" or "everybody"
    fields = f" with {fields_of(wanted)}" if wanted else ""
    return f"{type or 'anything'} for {named}{fields}"


def listed(notifications: Iterable[Shown], note: Callable[[Any], str] = lambda _: "") -> str:
    """Notifications, a line each, the latest of many; ``note`` says what is wrong with one."""
    every = list(notifications)
    if not every:
        return "Nothing was published."
    lines = [f"Published ({len(every)}):"]
    if len(every) > MAX_LISTED:
        lines.append(f"  … {len(every) - MAX_LISTED} more before these")
    for one in every[-MAX_LISTED:]:
        said = note(one)
        arrow = f"   ← {said}" if said else ""
        lines.append(f"  {one.type} to {people(one.audience)}: {fields_of(one.data) or 'no data'}{arrow}")
    return "\n".join(lines)
