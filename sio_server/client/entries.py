"""What a `Notifier` keeps of a notification until the server has it, and what it tells of one that never got there."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, Protocol

from sio_server.client.bodies import OPTIONS, publish_body, written
from sio_server.errors import ConfigError
from sio_server.event_types import EventType, EventTypes

# Entries that may wait: at twenty bookings a second, eight minutes without a server.
QUEUE: Final = 10_000

STRICT: Final = "SIO_SERVER_STRICT"
_YES: Final = ("1", "true", "yes", "on")
_NO: Final = ("", "0", "false", "no", "off")

Transport = Literal["http", "socketio"]

Reason = Literal["full", "closed", "invalid", "refused"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One notification as it will be sent: ``body`` is its JSON, ``subject`` what it must stay in order with."""

    type: str
    subject: str
    key: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Failure:
    """A notification that the server will not get.

    ``reason`` is ``full`` (the queue has no room: the newest is refused), ``closed`` (handed over after
    `Notifier.close`, or still waiting when it ended), ``invalid`` (cannot be written as JSON) or ``refused`` (by the
    server, whose stable code is ``code``). ``body`` is the JSON of the notification, None where there is none; it is in
    no repr.
    """

    reason: Reason
    type: str
    detail: str
    code: str | None = None
    key: str | None = None
    body: bytes | None = field(default=None, repr=False)


class Backlog(Protocol):
    """Where entries wait, in the order in which they were handed over; each has a number of its own that grows."""

    last: int
    """The number of the last entry that this process put here."""

    def put(self, entry: Entry) -> int | None:
        """Keep an entry and return its number; None where there is no room."""

    def first(self, limit: int, size: int, held: frozenset[str]) -> list[tuple[int, Entry]]:
        """The oldest entries: at most ``limit`` of them, of ``size`` bytes together, none of these subjects."""

    def settle(self, numbers: list[int], refused: Mapping[int, Failure]) -> None:
        """Forget entries: the server has them, or never will, for the reasons in ``refused``."""

    def waits(self, number: int) -> bool:
        """Whether an entry of this number or a smaller one still waits."""

    def __len__(self) -> int:
        """How many entries wait."""


def entry_of(
    catalog: EventTypes | None,
    type: str | EventType,  # noqa: A002 - the word of the protocol
    message: str | None,
    data: Mapping[str, Any] | None,
    *,
    ordering_key: str | None,
    options: Mapping[str, Any],
) -> Entry:
    """The entry of a notification.

    Raises TypeError for an option that does not exist, and `NotifyInvalid`, TypeError or ValueError for a value that
    cannot be sent.
    """
    body = publish_body(type, message, data, **options)
    # The server knows by it what it has had already, however often it is sent.
    key = body["idempotency_key"] = str(body.get("idempotency_key") or os.urandom(16).hex())
    subject = subject_of(catalog, type, data) if ordering_key is None else f"={ordering_key}"
    return Entry(str(body["type"]), subject, key, written(body))


def strict_by_default() -> bool:
    """Whether SIO_SERVER_STRICT asks for it. Raises `ConfigError` for a value that is neither yes nor no."""
    value = os.environ.get(STRICT, "").strip().lower()
    if value not in _YES + _NO:
        raise ConfigError(f"{STRICT}: must be 1 or 0")
    return value in _YES


def name_of(type: str | EventType) -> str:  # noqa: A002 - the word of the protocol
    """The name of a type that was given by name or as itself."""
    return type.name if isinstance(type, EventType) else str(type)


def check_options(options: Mapping[str, Any]) -> None:
    """Raise TypeError for an option that no publish has."""
    for name in options:
        if name not in OPTIONS:
            raise TypeError(f"notify() got an unexpected keyword argument {name!r}")


def subject_of(catalog: EventTypes | None, type: str | EventType, data: Mapping[str, Any] | None) -> str:  # noqa: A002
    """What a notification is about: the first field of its type's data that is an ``id``, with its value.

    So everything about one booking has one subject, whatever happened to the booking. Without such a field it is the
    type itself.
    """
    name = name_of(type)
    known = type if isinstance(type, EventType) else (catalog.types.get(name) if catalog is not None else None)
    if known is not None and data is not None:
        for field_name, kind in known.data.items():
            if kind == "id":
                value = data.get(field_name)
                return f"{field_name}:{value}" if value is not None else name
    return name
