"""The envelope, its position in the log and the text of both on the wire. Pure: no I/O.

A `Notification` is what a publisher handed over; a `Entry` is a notification with its position. The body is
encoded once, when the notification is made: the log stores these bytes, and every connection is sent these bytes.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, Self

import orjson
import uuid_utils

from sio_server.audience import Audience
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.extras import Extras
from sio_server.texts import Texts

_CURSOR_PATTERN: Final = re.compile(r"([0-9a-f]{8,32})-(0|[1-9][0-9]{0,17})")


class Position(NamedTuple):
    """A place in one log: ``seq`` grows by one with each stored notification; ``epoch`` names the log."""

    epoch: str
    seq: int

    def cursor(self) -> str:
        """The text clients keep and hand back; opaque to them."""
        return f"{self.epoch}-{self.seq}"

    @classmethod
    def parse(cls, cursor: str) -> Position | None:
        """The position a cursor names, or None when it is none of ours."""
        match = _CURSOR_PATTERN.fullmatch(cursor)
        return cls(match[1], int(match[2])) if match else None


@dataclass(frozen=True, slots=True)
class Idempotency:
    """What makes a repeated publish the same one: the publisher, its key, and a digest of the body."""

    publisher: str
    key: str
    fingerprint: bytes


@dataclass(slots=True, kw_only=True)  # not frozen: one is made for each publish, and that takes three times as long
class PublishRequest:
    """A publish as its body says it, checked; None stands for what was left out. Never changed once made."""

    type: str
    message: str | None = None
    data: dict[str, Any] = field(default_factory=dict)
    title: str | None = None
    audience: Audience | None = None
    actor: dict[str, Any] | None = None
    link: str | None = None
    priority: str | None = None
    ttl: int | None = None
    persist: bool = True
    source: str | None = None
    traceparent: str | None = None
    idempotency_key: str | None = None
    expires_at: int | None = None
    """Milliseconds of Unix time, in place of ``ttl``."""
    extras: Extras | None = None
    """The rarer members of the body; None where it has none of them."""
    warnings: tuple[Text, ...] = ()

    def fingerprint(self) -> bytes:
        """A digest of everything that makes two bodies the same, whatever the order of their members.

        The trace is no part of it: a repeated request may belong to another one.
        """
        always = ("type", "message", "data", "title", "actor", "link", "priority", "ttl", "persist", "source")
        members = {name: getattr(self, name) for name in always}
        members["audience"] = None if self.audience is None else self.audience.as_dict()
        if self.expires_at is not None:  # without it a body has the digest that it had when there was no such member
            members["expires_at"] = self.expires_at
        if self.extras is not None:  # nor do these
            members.update(self.extras.as_dict())
        return hashlib.sha256(_dumps(members, orjson.OPT_SORT_KEYS)).digest()


class _Members(NamedTuple):
    id: str
    type: str
    message: str
    data: dict[str, Any]
    timestamp: int
    audience: Audience
    title: str | None = None
    priority: str = "normal"
    expires_at: int | None = None
    link: str | None = None
    actor: dict[str, Any] | None = None
    source: str | None = None
    publisher: str | None = None
    traceparent: str | None = None
    persist: bool = True
    idempotency: Idempotency | None = None
    extras: Extras | None = None
    locale: str = "es"
    texts: Texts | None = None
    body: bytes = b""


# What a body has always: type, message, data, timestamp, title, priority, expires_at, link, actor.
_Said = tuple[str, str, dict[str, Any], int, str | None, str, int | None, str | None, dict[str, Any] | None]


class Notification(_Members):
    """What a publisher handed over, checked; times in Unix milliseconds. ``body`` is derived: see `encode_body`.

    A tuple, as a frozen dataclass takes three times as long to make, and one is made for each publish.
    """

    __slots__ = ()

    def __new__(  # each member by name, or the type checker could not tell a misspelt one
        cls,
        *,
        id: str,  # noqa: A002 - the envelope's own name
        type: str,  # noqa: A002 - so is this
        message: str,
        data: dict[str, Any],
        timestamp: int,
        audience: Audience,
        title: str | None = None,
        priority: str = "normal",
        expires_at: int | None = None,
        link: str | None = None,
        actor: dict[str, Any] | None = None,
        source: str | None = None,
        publisher: str | None = None,
        traceparent: str | None = None,
        persist: bool = True,
        idempotency: Idempotency | None = None,
        extras: Extras | None = None,
        locale: str = "es",
        texts: Texts | None = None,
    ) -> Self:
        """Make one of its members, all but ``body``; raises `Refused` (``invalid_data``) for data that are no JSON.

        ``locale``: the language of those texts of the body that are in several; ``texts`` has the others.
        """
        said = (type, message, data, timestamp, title, priority, expires_at, link, actor)
        body = encode_body(said, traceparent, extras, locale, persist=persist)
        first = (id, type, message, data, timestamp, audience, title, priority, expires_at, link, actor)
        rest = (source, publisher, traceparent, persist, idempotency, extras, locale, texts, body)
        return tuple.__new__(cls, (*first, *rest))

    def members(self) -> dict[str, Any]:
        """The members of the envelope that have nothing to do with a place in the log."""
        found: dict[str, Any] = orjson.loads(b"{%b}" % self.body)
        return found

    def changed(self, **members: Any) -> Notification:
        """The same with other members, and the body that these make; raises as making one does."""
        given = {**self._asdict(), **members}
        del given["body"]
        return Notification(**given)


def new_id(at: int | None = None) -> str:
    """A UUIDv7 (RFC 9562 §5.7) of this moment, or of so many milliseconds of Unix time: what names a notification.

    ``seq`` is the order, not this. The moment in the id of a notification is its ``timestamp``: it is searched by it.
    """
    return str(uuid_utils.uuid7(nanoseconds=None if at is None else at * 1_000_000))


def first_id(at: int) -> str:
    """What no id of this moment or a later one is below, as text: the moment's part of a UUIDv7 (RFC 9562 §5.7)."""
    digits = f"{min(max(at, 0), _LAST_MOMENT):012x}"
    return f"{digits[:8]}-{digits[8:]}"


def moment_of(identity: str) -> int:
    """The milliseconds of Unix time in an id of ours: when it was published."""
    return int(identity[:8] + identity[9:13], 16)


# Milliseconds that fit into the 48 bits of a UUIDv7: until the year 10889.
_LAST_MOMENT: Final = 2**48 - 1


# Seconds that were written lately: formatting a moment takes four times as long as looking its second up.
_SECONDS: Final[dict[int, str]] = {}
_MAX_SECONDS: Final = 64
_MILLISECONDS: Final = tuple(f"{number:03d}Z" for number in range(1000))


def milliseconds(moment: datetime) -> int:
    """A moment as milliseconds of Unix time, rounded down."""
    return math.floor(moment.timestamp()) * 1000 + moment.microsecond // 1000


def rfc3339(moment: datetime) -> str:
    """A moment in UTC with milliseconds, as in ``2026-11-24T02:33:28.123Z``."""
    return written(milliseconds(moment))


def written(moment: int) -> str:
    """A moment of so many milliseconds of Unix time as `rfc3339` writes it."""
    seconds, rest = divmod(moment, 1000)
    prefix = _SECONDS.get(seconds)
    if prefix is None:
        if len(_SECONDS) >= _MAX_SECONDS:
            _SECONDS.clear()
        prefix = _SECONDS[seconds] = f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}."
    return prefix + _MILLISECONDS[rest]


def encode_body(said: _Said, traceparent: str | None, extras: Extras | None, locale: str, *, persist: bool) -> bytes:
    """The JSON members that follow ``id``, ``seq`` and ``cursor`` in the envelope, with neither brace.

    The audience is not among them: it would tell one person the names of others. Only what is not stored says so, with
    ``persist``: its ``seq`` is another notification's, so that nothing else tells an inbox that it will not be in it.
    A trace is there only where the publisher named one, and so is what `Extras` add.
    """
    kind, message, data, timestamp, title, priority, expires_at, link, actor = said
    members: dict[str, Any] = {
        "type": kind,
        "title": title,
        "message": message,
        "data": data,
        "timestamp": written(timestamp),
        "priority": priority,
        "link": link,
        "actor": actor,
        "expires_at": None if expires_at is None else written(expires_at),
    }
    if traceparent is not None:
        members["traceparent"] = traceparent
    if not persist:
        members["persist"] = False
    if extras is not None:
        members.update(extras.envelope(locale))
    return _dumps(members)[1:-1]


def in_place_of(body: bytes, replaces: str, thread: str) -> bytes:
    """The members of an envelope, as `encode_body` makes them, of one that took the place of another.

    ``thread`` is the id of the first of those that took each other's place.
    """
    return body + f',"replaces":"{replaces}","thread":"{thread}"'.encode()


def _dumps(members: dict[str, Any], option: int = 0) -> bytes:
    try:
        return orjson.dumps(members, option=option)
    except orjson.JSONEncodeError as error:
        # orjson reads deeper nesting than it writes; and what comes in as a Socket.IO argument can hold bytes.
        detail = Text("Not JSON, or nested too deeply.", "No es JSON, o está anidado demasiado hondo.")
        raise Refused.of_problems("invalid_data", (FieldProblem("data", detail),)) from error


Kind = Literal["notification", "updated", "removed"]


class Effect(NamedTuple):
    """What an entry does to earlier ones, for whoever keeps some of them."""

    gone: tuple[int, ...]
    """The positions of those that have left the log for it."""
    changed: Entry | None = None
    """A notification as it is from now on, where it stands."""


class Entry(NamedTuple):
    """What has a position in the log and goes out to rooms: a notification, or word of one that was changed."""

    position: Position
    kind: Kind
    event: str
    """The name of the event on the wire: the type of a notification, else ``ns:updated`` or ``ns:removed``."""
    rooms: tuple[str, ...]
    skip_rooms: tuple[str, ...]
    """The rooms whose members do not get it, whatever else they are in."""
    body: bytes
    """The envelope's JSON members after ``id``, ``seq`` and ``cursor``, with neither brace."""
    id: str
    """The notification that it is, or that it speaks of."""
    audience: Audience
    """Whom it is for in the publisher's own words, for operators."""
    source: str | None = None
    publisher: str | None = None
    """Who published it: ``key:NAME``, ``admin:USER`` and the like; None in what older versions stored."""
    persist: bool = True
    expires_at: int | None = None
    """Milliseconds of the log's own clock (`Broker.now`) after which it goes to nobody; None never expires."""
    effect: Effect | None = None
    """What it does to earlier entries, when it is announced; what is read back does not say."""
    texts: Texts | None = None
    """What is said otherwise in other languages than that of ``body``; None where nothing is."""

    @property
    def seq(self) -> int:
        """The entry's place in the log; that of the last stored one where the entry is not stored itself."""
        return self.position.seq

    @classmethod
    def of(cls, notification: Notification, position: Position, expires_at: int | None = None) -> Entry:
        """The entry of this notification at this position; ``expires_at`` as in the log, not as it is shown."""
        audience = notification.audience
        return cls(
            position,
            "notification",
            notification.type,
            audience.rooms(),
            audience.except_rooms(),
            notification.body,
            notification.id,
            audience,
            notification.source,
            notification.publisher,
            notification.persist,
            expires_at,
            None,
            notification.texts,
        )

    def in_place_of(self, replaces: str, thread: str, gone: tuple[int, ...]) -> Entry:
        """This notification in the place of another, whose id and positions these are; see `in_place_of`."""
        return self._replace(body=in_place_of(self.body, replaces, thread), effect=Effect(gone))

    @property
    def size(self) -> int:
        """Bytes of it in all languages."""
        return len(self.body) if self.texts is None else len(self.body) + self.texts.size

    def within(self, locale: str | None) -> Entry:
        """The entry as a reader of this language gets it; itself where ``body`` is that."""
        texts = self.texts
        if texts is None or locale is None or (tag := texts.variant(locale)) is None:
            return self
        return self._replace(body=texts.body_in(tag, self.body), texts=None)

    def is_for(self, rooms: Sequence[str]) -> bool:
        """Whether it goes to somebody who is in these rooms."""
        return not (self.skip_rooms and set(self.skip_rooms).intersection(rooms)) and any(
            room in self.rooms for room in rooms
        )

    def encode(self, *, replayed: bool = False) -> bytes:
        """The envelope as JSON, ready for the wire."""
        position = self.position
        head = f'{{"id":"{self.id}","seq":{position.seq},"cursor":"{position.cursor()}",'
        tail = b',"replayed":true}' if replayed else b',"replayed":false}'
        return b"".join((head.encode(), self.body, tail if self.body else tail[1:]))

    def frame(self, *, replayed: bool = False) -> bytes:
        """The entry as JSON that says itself what it is, for the wire of a protocol whose events have no names.

        A notification is its envelope, which has a ``type``. Word of a change has the name of its event as ``type``,
        and the envelope as ``notification``.
        """
        encoded = self.encode(replayed=replayed)
        if self.kind == "notification":
            return encoded
        if self.kind == "removed":
            return f'{{"type":"{self.event}",'.encode() + encoded[1:]
        position = self.position
        head = f'{{"type":"{self.event}","id":"{self.id}","seq":{position.seq},"cursor":"{position.cursor()}",'
        flag = b"true" if replayed else b"false"
        return b'%b"replayed":%b,"notification":%b}' % (head.encode(), flag, encoded)

    def record(self) -> dict[str, Any]:
        """The notification as operators see it: the envelope, whom it is for, where it is from, who published it."""
        record = self.envelope()
        del record["replayed"]
        if self.texts is not None:
            record["texts"] = self.texts.shown()
        return {**record, "audience": self.audience.as_dict(), "source": self.source, "publisher": self.publisher}

    def envelope(self, *, replayed: bool = False) -> dict[str, Any]:
        """The envelope as a dictionary."""
        decoded: dict[str, Any] = orjson.loads(self.encode(replayed=replayed))
        return decoded
