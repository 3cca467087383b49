"""What is remembered of users in memory, before the log is asked: first sights, and from when on tokens hold."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Container, Iterable, Sequence

from sio_server.broker.inbox import Counts
from sio_server.broker.leases import Register
from sio_server.broker.log import View
from sio_server.broker.revoked import REVOCATION_TTL, RevokedUsers
from sio_server.broker.sights import VISIT_EVERY, SeenLately, Sight
from sio_server.broker.sqlite.sights import find_again, record_sight, record_visit
from sio_server.broker.sqlite.store import Store
from sio_server.broker.sqlite.views import is_empty
from sio_server.broker.sqlite.writer import Step, Writer


class SightCache:
    """The users seen last, with the rooms that the log has of each."""

    def __init__(self, writer: Writer, register: Register, now: Callable[[], float]) -> None:
        self._writer = writer
        self._held = register.rooms_of
        self._now = now
        self._seen = SeenLately(register.rooms_of, now)

    async def arrive(self, user: str, rooms: Sequence[str]) -> tuple[View, Counts | None]:
        """See `People.arrive`."""
        view = self._seen.arrive(user, rooms)
        if view is not None:
            return view, None
        # Until the log has them, nobody may take the former rooms for the present ones.
        self.forget([user])
        now, since = self._now(), self._writer.head.seq

        def record(step: Step) -> tuple[Sight, Counts | None]:
            return _record(step, user, rooms, since, self._held(user))

        def remember(recorded: tuple[Sight, Counts | None]) -> None:
            self._seen.remember(user, recorded[0], now)
            if recorded[0].missing:
                self.held(user, self._held(user))  # who connected while that was on its way to the log

        sight, counts = await self._writer.change(record, remember)
        return sight.view, counts

    def held(self, user: str, rooms: Collection[str]) -> None:
        """A connection of this user has these rooms; between its arrival and now, another may have missed them."""
        again = self._seen.missed(user, rooms)
        if not again:
            return
        self.forget([user])
        self._writer.change_later(lambda step: find_again(step.connection, user, again), lambda _: self.forget([user]))

    def forget(self, users: Iterable[str]) -> None:
        """What the log has of these users is another thing now."""
        self._seen.forget(users)


def _record(
    step: Step, user: str, rooms: Sequence[str], since: int, held: Container[str]
) -> tuple[Sight, Counts | None]:
    record_visit(step.connection, user, step.now, VISIT_EVERY * 1000)
    sight = record_sight(step.connection, user, rooms, since=since, now=step.now, held=held)
    return sight, Counts(0, 0, step.last_seq) if is_empty(step.connection, sight.view, step.last_seq) else None


class RevocationList(RevokedUsers):
    """All revocations of the last 30 days, in the log and in memory."""

    def __init__(self, writer: Writer, now: Callable[[], float], veil: Callable[[str], str]) -> None:
        super().__init__(veil)
        self._writer = writer
        self._now = now

    async def read(self, store: Store) -> None:
        """Read those of the log."""
        oldest = self._now() - REVOCATION_TTL
        self.load(await store.read(lambda connection: _read(connection, oldest)))

    async def revoke(self, user: str, before: float, then: Callable[[], None]) -> None:
        """See `Revocations.revoke`; ``then`` is called once it is durable and known here."""
        recorded_at = self._now()
        oldest = recorded_at - REVOCATION_TTL

        def note(forgotten: Sequence[str]) -> None:
            self.forget(forgotten)
            self.note(user, before)
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
