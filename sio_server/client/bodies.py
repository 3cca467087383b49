"""What a publish says and what is answered, without the sending: the body, its options, the result and the errors.

::

    Error
    └── NotifyError            a notification that was not published, or not for certain
        ├── NotifyInvalid      it cannot be sent as it is: nothing was sent
        ├── NotifyRefused      the server said no; the same again would be refused again
        └── NotifyUnavailable  nobody said yes within the time: it may be worth trying later
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Required, TypedDict, Unpack

import orjson

from sio_server.audience import Audience
from sio_server.client.context import said_here
from sio_server.client.field_types import Id
from sio_server.errors import Error, FieldProblem
from sio_server.event_types import EventType, Priority


class NotifyError(Error):
    """A notification that was not published, or not for certain. No text of these errors holds a key or ``data``."""


class NotifyInvalid(NotifyError):
    """The notification cannot be sent as it is: nothing was sent. ``problems`` say what is wrong with which field."""

    def __init__(self, text: str, problems: tuple[FieldProblem, ...] = ()) -> None:
        self.problems = problems
        super().__init__(text)


class NotifyRefused(NotifyError):
    """The server refused: ``code`` is one of its stable codes, ``problems`` say what is wrong with which field.

    ``mend`` is what the server says of how to have it accepted, for people, where it says it.
    """

    def __init__(
        self, code: str, status: int, detail: str, problems: tuple[FieldProblem, ...] = (), mend: str | None = None
    ) -> None:
        self.mend = mend
        self.code = code
        self.status = status
        self.detail = detail
        self.problems = problems
        several = "; ".join(f"{problem.field}: {problem.detail}" for problem in problems) if len(problems) > 1 else ""
        super().__init__(f"{code}: {several or detail}")


class NotifyUnavailable(NotifyError):
    """Nobody accepted the notification in time. ``code`` is the server's, if it answered at all."""

    def __init__(self, detail: str, code: str | None = None) -> None:
        self.code = code
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class PublishResult:
    """What the server answered. ``sockets``: connections it was handed to; ``duplicate``: an earlier publish was it.

    ``due`` is when it is delivered where that is later; it has no place in the log yet then, and ``seq`` is 0.
    ``replaces`` is the id of the notification whose place it took.
    """

    id: str
    seq: int
    cursor: str
    type: str
    sockets: int
    duplicate: bool
    warnings: tuple[str, ...]
    due: datetime | None = None
    replaces: str | None = None


class Action(TypedDict, total=False):
    """Something that the reader of a notification can do about it: at most four, each with another ``id``.

    ``label`` is one text, or one for each language. ``link`` leads somewhere; ``value`` is any JSON for whoever hears
    of the answer; there is one of them, or neither.
    """

    id: Required[str]
    label: Required[str | Mapping[str, str]]
    link: str | None
    value: Any


class LocaleTexts(TypedDict, total=False):
    """The texts of a notification in one language."""

    title: str | None
    message: str | None


class PublishOptions(TypedDict, total=False):
    """What a publish can say beside type, message and data. ``ttl`` is in seconds.

    The audience is either ``audience``, or the union of ``roles``, ``users``, ``topics`` and ``everybody`` less
    ``except_users``; with none of them it is the catalogue's. Of ``deliver_at``, a moment with a zone, and
    ``deliver_in``, a time from now or seconds, there is one at most.
    """

    title: str | None
    audience: Audience | Mapping[str, Any] | None
    roles: Iterable[str] | None
    users: Iterable[Id] | None
    topics: Iterable[str] | None
    everybody: bool
    except_users: Iterable[Id] | None
    actor: Mapping[str, Any] | None
    link: str | None
    priority: Priority | None
    ttl: int | None
    persist: bool | None
    idempotency_key: str | None
    source: str | None
    traceparent: str | None
    collapse_key: str | None
    group: str | None
    actions: Iterable[Action] | None
    image: str | None
    icon: str | None
    category: str | None
    texts: Mapping[str, LocaleTexts] | None
    deliver_at: datetime | str | None
    deliver_in: timedelta | int | None


def publish_body(
    type: str | EventType,  # noqa: A002 - the word of the protocol
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> dict[str, Any]:
    """The body of a publish; what was left out is left out. Raises TypeError for arguments that cannot go together."""
    given: dict[str, Any] = {**options}
    unknown = given.keys() - OPTIONS
    if unknown:
        raise TypeError(f"publish_body() got an unexpected keyword argument '{min(unknown)}'")
    body = {
        "type": type.name if isinstance(type, EventType) else type,
        "message": message,
        "data": None if data is None else dict(data),
        **given,
        "audience": _audience(given),
    }
    for name in _PARTS.intersection(given):
        del body[name]
    body.update(turned({name: value for name, value in given.items() if name in _TURNED}))
    return {**said_here(), **{name: value for name, value in body.items() if value is not None}}


OPTIONS: Final = frozenset(PublishOptions.__annotations__)
"""What `publish_body` takes beside type, message and data."""

# The parts of an audience that may be given one by one.
_PARTS: Final = frozenset({"roles", "users", "topics", "everybody", "except_users"})


def _audience(given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The audience in the options of a publish, as JSON."""
    excepted = _names("except_users", given.get("except_users"))
    parts = {
        "roles": _names("roles", given.get("roles")),
        "users": _names("users", given.get("users")),
        "topics": _names("topics", given.get("topics")),
        "all": given.get("everybody", False),
        "except": {"users": excepted} if excepted else None,
    }
    audience: Audience | Mapping[str, Any] | None = given.get("audience")
    if any(parts.values()):
        if audience is not None:
            raise TypeError("publish_body() takes audience or roles, users, topics, everybody, except_users, not both")
        audience = {name: value for name, value in parts.items() if value}
    return audience.as_dict() if isinstance(audience, Audience) else audience


def _names(argument: str, values: Iterable[Id] | None) -> list[str]:
    if isinstance(values, str | bytes):
        # A string is an iterable of strings: "admin" would be five roles of one letter each.
        raise TypeError(f"publish_body() argument '{argument}' must be a list of names, not one string")
    return [str(value) for value in values or ()]


def _moment(value: datetime | str) -> str:
    if not isinstance(value, datetime):
        return value
    if value.tzinfo is None:
        # The server's zone is not this machine's: what it would take the time for is anybody's guess.
        raise TypeError("publish_body() argument 'deliver_at' must be a moment with a zone (tzinfo)")
    return value.isoformat()


def _seconds(value: timedelta | int) -> int:
    return math.ceil(value.total_seconds()) if isinstance(value, timedelta) else value


# Options that JSON has another word for.
_TURNED: Final[dict[str, Callable[[Any], Any]]] = {
    "actions": lambda actions: [dict(action) for action in actions],
    "texts": lambda texts: {tag: dict(inner) for tag, inner in texts.items()},
    "deliver_at": _moment,
    "deliver_in": _seconds,
}


def turned(given: Mapping[str, Any]) -> dict[str, Any]:
    """Options as JSON has them."""
    made = dict(given)
    for name, turn in _TURNED.items():
        if made.get(name) is not None:
            made[name] = turn(made[name])
    return made


def _plain(value: object) -> object:
    """What databases hand out and JSON does not know; orjson itself writes dates, UUIDs, enums and dataclasses."""
    if isinstance(value, Decimal):
        return float(value)
    # MongoDB's identifiers, recognised by name so that nobody has to install its driver.
    if type(value).__name__ == "ObjectId":
        return str(value)
    raise TypeError


def written(body: Mapping[str, Any]) -> bytes:
    """The JSON of a publish. Raises `NotifyInvalid`."""
    try:
        return orjson.dumps(body, default=_plain)
    except TypeError as error:
        reason = str(error) or type(error).__name__
        raise NotifyInvalid("the notification cannot be written as JSON: " + reason) from error
