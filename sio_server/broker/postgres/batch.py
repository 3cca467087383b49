"""Notifications that go into one commit, as one call of the database, and what became of each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Final, NamedTuple

import orjson

from sio_server.broker.log import Former, Published
from sio_server.broker.places import digest
from sio_server.broker.postgres.database import Connection, Database
from sio_server.broker.postgres.follower import Mark, Place
from sio_server.errors import Refused
from sio_server.notification import Entry, Notification, Position

Outcome = Published | Refused
Settled = Callable[[Published | Exception], None]

_ARGUMENTS: Final = ", ".join(f"${number}" for number in range(1, 34))
_APPEND: Final = f"""
SELECT epoch, before, token_before, passed_before, now_, seqs, missed, known_of, known_ids, known_seqs,
    known_fingerprints, former_of, former_ids, former_seqs, former_threads, former_words
FROM append_batch({_ARGUMENTS})
"""  # noqa: S608 - numbers


class Due(NamedTuple):
    """What is to be taken out of the schedule as it is appended: it has to have this revision, ``at`` a moment."""

    revision: int
    at: int


class Waiting(NamedTuple):
    """One publish that waits for a commit."""

    notification: Notification
    settled: Settled
    due: Due | None = None


@dataclass(slots=True)
class Columns:
    """The arguments of ``append_batch`` that speak of notifications, filled one by one."""

    ids: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    lives: list[int | None] = field(default_factory=list)
    audiences: list[str] = field(default_factory=list)
    sources: list[str | None] = field(default_factory=list)
    publishers: list[str | None] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    priorities: list[str] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    stored: list[bool] = field(default_factory=list)
    room_of: list[int] = field(default_factory=list)
    rooms: list[str] = field(default_factory=list)
    shared: list[bool] = field(default_factory=list)
    except_of: list[int] = field(default_factory=list)
    excepted: list[str] = field(default_factory=list)
    group_of: list[int] = field(default_factory=list)
    group_rooms: list[str] = field(default_factory=list)
    group_names: list[str] = field(default_factory=list)
    key_of: list[int] = field(default_factory=list)
    key_publishers: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    fingerprints: list[bytes] = field(default_factory=list)
    place_of: list[int] = field(default_factory=list)
    places: list[bytes] = field(default_factory=list)
    place_at: list[int] = field(default_factory=list)
    due_of: list[int] = field(default_factory=list)
    due_revisions: list[int] = field(default_factory=list)
    due_at: list[int] = field(default_factory=list)

    def add(self, waiting: Waiting, place: bytes | None) -> None:
        """Add one as the next; ``place`` is that which it takes by its collapse key."""
        notification = waiting.notification
        expires_at, texts = notification.expires_at, notification.texts
        self.ids.append(notification.id)
        self.types.append(notification.type)
        # What it says itself is the wall clock's; how long it lives holds by the log's own.
        self.lives.append(None if expires_at is None else expires_at - notification.timestamp)
        self.audiences.append(orjson.dumps(notification.audience.as_dict()).decode())
        self.sources.append(notification.source)
        self.publishers.append(notification.publisher)
        self.bodies.append(notification.body)
        self.priorities.append(notification.priority)
        self.texts.append(None if texts is None else texts.dump())
        self.stored.append(notification.persist)
        number = len(self.ids)
        self._add_names(notification, number)
        if place is not None:
            self.place_of.append(number)
            self.places.append(place)
            self.place_at.append(notification.timestamp)
        if waiting.due is not None:
            self.due_of.append(number)
            self.due_revisions.append(waiting.due.revision)
            self.due_at.append(waiting.due.at)

    def _add_names(self, notification: Notification, number: int) -> None:
        audience, key, extras = notification.audience, notification.idempotency, notification.extras
        rooms = audience.rooms()
        for room in rooms:
            self.room_of.append(number)
            self.rooms.append(room)
            self.shared.append(len(rooms) > 1)
        for user in audience.except_users:
            self.except_of.append(number)
            self.excepted.append(user)
        if extras is not None and extras.group is not None:
            for room in rooms:
                self.group_of.append(number)
                self.group_rooms.append(room)
                self.group_names.append(extras.group)
        if key is not None:
            self.key_of.append(number)
            self.key_publishers.append(key.publisher)
            self.keys.append(key.key)
            self.fingerprints.append(key.fingerprint)

    def has_nul(self) -> bool:
        """Whether a text has the character U+0000."""
        return any(isinstance(value, str) and "\0" in value for column in self.arguments() for value in column)

    def arguments(self) -> tuple[Any, ...]:
        """The columns in the order in which the function takes them."""
        return tuple(getattr(self, name) for name in self.__slots__)


class Done(NamedTuple):
    """What a commit did: where the log stood before it, and where each notification stands."""

    before: Place
    mark: Mark
    now: int
    notifications: Sequence[Notification]
    outcomes: Sequence[Outcome]

    def entries(self, until: Callable[[str, int, int | None], int | None]) -> list[Entry]:
        """What is to be announced, in order."""
        found = []
        for notification, outcome in zip(self.notifications, self.outcomes, strict=True):
            if isinstance(outcome, Published) and not outcome.duplicate:
                expires_at = notification.expires_at
                life = None if expires_at is None else self.now + expires_at - notification.timestamp
                entry = Entry.of(notification, outcome.position, until(notification.type, self.now, life))
                former = outcome.former
                found.append(entry if former is None else entry.in_place_of(former.id, former.thread, former.gone))
        return found


class Batch:
    """What one commit appends: the first of those that wait, as many as may. No key and no place is in it twice."""

    def __init__(self, waiting: Sequence[Waiting], most: int) -> None:
        self.columns = Columns()
        self._taken: set[object] = set()
        fits = takewhile(self._add, waiting[:most])
        self.waiting = list(fits)

    def _add(self, one: Waiting) -> bool:
        """Take one in, unless another of this commit has its key or its place."""
        key, extras, place = one.notification.idempotency, one.notification.extras, None
        if key is not None and not self._first((key.publisher, key.key)):
            return False
        if extras is not None and extras.collapse_key is not None and one.notification.persist:
            place = digest(extras.collapse_key, one.notification.audience)
            if not self._first(place):
                return False
        self.columns.add(one, place)
        return True

    def _first(self, name: object) -> bool:
        if name in self._taken:
            return False
        self._taken.add(name)
        return True

    def wrong(self) -> list[Waiting]:
        """Those with a text that PostgreSQL cannot keep: it has no U+0000."""
        return [one for one in self.waiting if Batch([one], 1).columns.has_nul()]

    async def append(self, database: Database, node: str, token: str, *, now: int, key_ttl: int) -> Done:
        """Append all, in one transaction. Raises `BrokerUnavailable`."""

        async def call(connection: Connection) -> Done:
            return await self.call(connection, database.schema, node, token, now=now, key_ttl=key_ttl)

        return await database.write(call)

    async def call(self, connection: Connection, schema: str, node: str, token: str, *, now: int, key_ttl: int) -> Done:
        """Append all, as one statement."""
        channel = channel_of(schema)
        row = await connection.fetchrow(_APPEND, now, key_ttl, token, channel, node, *self.columns.arguments())
        return self._done(row, token)

    def _done(self, row: Sequence[Any], token: str) -> Done:
        epoch, before, token_before, passed, now, seqs, missed, known_of, *rest = row
        known, (former_of, *former) = rest[:3], rest[3:]
        notifications = [one.notification for one in self.waiting]
        outcomes: list[Outcome] = [
            Published(notification.id, Position(epoch, seq))
            for notification, seq in zip(notifications, seqs, strict=True)
        ]
        for number, identity, seq, fingerprint in zip(known_of or (), *(one or () for one in known), strict=True):
            key = notifications[number - 1].idempotency
            outcomes[number - 1] = (
                Published(identity, Position(epoch, seq or seqs[number - 1]), duplicate=True)
                if key is not None and fingerprint == key.fingerprint
                else Refused("idempotency_mismatch")
            )
        for number in missed or ():
            outcomes[number - 1] = Refused("not_found")
        for number, identity, seq, thread, word in zip(former_of or (), *(one or () for one in former), strict=True):
            taken = Former(identity, seq, thread, word)
            outcomes[number - 1] = Published(
                notifications[number - 1].id, Position(epoch, seqs[number - 1]), former=taken
            )
        place = Place(epoch, Mark(before, token_before), passed)
        return Done(place, Mark(seqs[-1], token), now, notifications, outcomes)


def channel_of(schema: str) -> str:
    """The channel of NOTIFY of one log; a name has at most 63 bytes."""
    return f"sio:{schema}"[:63]
