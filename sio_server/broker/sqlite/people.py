"""What is remembered of users in memory, before the log is asked: first sights, and from when on tokens hold."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from sio_server.audience import user_room
from sio_server.broker.inbox import Counts
from sio_server.broker.log import View
from sio_server.broker.sqlite.follows import Followed, with_followed
from sio_server.broker.sqlite.presence import Register
from sio_server.broker.sqlite.sights import Sight, find_again, record_sight, record_visit
from sio_server.broker.sqlite.store import Store
from sio_server.broker.sqlite.views import is_empty
from sio_server.broker.sqlite.writer import Step, Writer

# Users whose view is kept in memory, about 1 KiB each. Four times the 5,000 who are to come back at once.
MAX_VIEWS: Final = 20_000

# Seconds after which it is noted again that a user is here. Oftener would make a write of what costs none.
VISIT_EVERY: Final = 24 * 3600

# Seconds after which a revocation is forgotten. No token that was issued before it lives that long.
REVOCATION_TTL: Final = 30 * 24 * 3600


@dataclass(slots=True)
class _Known:
    # A `Sight`, and when it was noted: one object for each user, as there are many.
    view: View
    named: Mapping[str, int]
    seen_from: Mapping[str, int]
    missing: frozenset[str]
    followed: Followed
    noted: float

    def arrive(self, user: str, rooms: Sequence[str], held: Callable[[str], AbstractSet[str]]) -> View | None:
        """The view of an arrival that tells the log nothing new; ``held`` gives what connections of a user have."""
        wanted = {*rooms, user_room(user)}
        if self.named.keys() != wanted:
            if not wanted <= self.seen_from.keys():
                return None
            self.named = {room: self.seen_from[room] for room in dict.fromkeys((*rooms, user_room(user)))}
            self.view = with_followed(user, self.named, self.followed)
        if len(self.seen_from) > len(wanted) and not self.seen_from.keys() - wanted <= held(user):
            return None
        return self.view


class SightCache:
    """The users seen last, with the rooms that the log has of each."""

    def __init__(self, writer: Writer, register: Register, now: Callable[[], float]) -> None:
        self._writer = writer
        self._held = register.rooms_of
        self._now = now
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def arrive(self, user: str, rooms: Sequence[str]) -> tuple[View, Counts | None]:
        """See `People.arrive`."""
        now, known = self._now(), self._known.get(user)
        if known is not None and now < known.noted + VISIT_EVERY:
            view = known.arrive(user, rooms, self._held)
            if view is not None:
                self._known.move_to_end(user)
                return view, None
        # Until the log has them, nobody may take the former rooms for the present ones.
        self._known.pop(user, None)
        since = self._writer.head.seq

        def record(step: Step) -> tuple[Sight, Counts | None]:
            return _record(step, user, rooms, since, self._held(user))

        def remember(recorded: tuple[Sight, Counts | None]) -> None:
            self._known[user] = _Known(*recorded[0], now)
            if len(self._known) > MAX_VIEWS:
                self._known.popitem(last=False)
            if recorded[0].missing:
                self.held(user, self._held(user))  # who connected while that was on its way to the log

        sight, counts = await self._writer.change(record, remember)
        return sight.view, counts

    def held(self, user: str, rooms: Collection[str]) -> None:
        """A connection of this user has these rooms; between its arrival and now, another may have missed them."""
        known = self._known.get(user)
        if known is None or not known.missing or known.missing.isdisjoint(rooms):
            return
        again = tuple(known.missing.intersection(rooms))
        del self._known[user]
        self._writer.change_later(lambda step: find_again(step.connection, user, again), lambda _: self.forget([user]))

    def forget(self, users: Iterable[str]) -> None:
        """What the log has of these users is another thing now."""
        for user in users:
            self._known.pop(user, None)


def _record(
    step: Step, user: str, rooms: Sequence[str], since: int, held: Container[str]
) -> tuple[Sight, Counts | None]:
    record_visit(step.connection, user, step.now, VISIT_EVERY * 1000)
    sight = record_sight(step.connection, user, rooms, since=since, now=step.now, held=held)
    return sight, Counts(0, 0, step.last_seq) if is_empty(step.connection, sight.view, step.last_seq) else None


# How the name of an erased user begins in a revocation.
VEIL: Final = "erased:"


class RevocationList:
    """All revocations of the last 30 days. One entry a user.

    ``veil`` gives the name by which that of an erased user is known.
    """

    def __init__(self, writer: Writer, now: Callable[[], float], veil: Callable[[str], str]) -> None:
        self._veil = veil
        self._veiled = False
        self._writer = writer
        self._now = now
        self._before: dict[str, float] = {}

    async def load(self, store: Store) -> None:
        """Read those of the log."""
        oldest = self._now() - REVOCATION_TTL
        self._before = await store.read(lambda connection: _read(connection, oldest))
        self._veiled = any(user.startswith(VEIL) for user in self._before)

    def before(self, user: str) -> float | None:
        """See `Revocations.revoked_before`."""
        found = self._before.get(user)
        if not self._veiled:
            return found
        veiled = self._before.get(self._veil(user))
        return found if veiled is None else max(veiled, found or veiled)

    def veiled(self, user: str, veil: str) -> None:
        """A user was erased: what was revoked is known by another name in the log, and so it is here."""
        before = self.before(user)
        self._before.pop(user, None)
        if before is not None:
            self._before[veil] = before
            self._veiled = True

    async def revoke(self, user: str, before: float, then: Callable[[], None]) -> None:
        """See `Revocations.revoke`; ``then`` is called once it is durable and known here."""
        recorded_at = self._now()
        oldest = recorded_at - REVOCATION_TTL

        def note(forgotten: Sequence[str]) -> None:
            for other in forgotten:
                self._before.pop(other, None)
            self._before[user] = max(before, self._before.get(user, before))
            then()

        await self._writer.change(lambda step: _write(step.connection, user, before, recorded_at, oldest), note)


def _read(connection: sqlite3.Connection, oldest: float) -> dict[str, float]:
    return dict(connection.execute("SELECT user, before FROM revocation WHERE recorded_at >= ?", (oldest,)))


def _write(connection: sqlite3.Connection, user: str, before: float, recorded_at: float, oldest: float) -> list[str]:
    """Write one and return the users whose entries were dropped."""
    forgotten = connection.execute("SELECT user FROM revocation WHERE recorded_at < ?", (oldest,)).fetchall()
    connection.execute("DELETE FROM revocation WHERE recorded_at < ?", (oldest,))
    connection.execute(
        "INSERT INTO revocation (user, before, recorded_at) VALUES (?, ?, ?) ON CONFLICT (user) DO UPDATE SET "
        "before = max(before, excluded.before), recorded_at = max(recorded_at, excluded.recorded_at)",
        (user, before, recorded_at),
    )
    return [other for (other,) in forgotten]
