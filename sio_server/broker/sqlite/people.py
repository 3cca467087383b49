"""What is remembered of users in memory, before the log is asked: first sights, and from when on tokens hold."""

from __future__ import annotations

import sqlite3
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from sio_server.audience import user_room
from sio_server.broker.inbox import Counts
from sio_server.broker.log import View
from sio_server.broker.sqlite.store import Store
from sio_server.broker.sqlite.views import is_empty, record_sight, record_visit
from sio_server.broker.sqlite.writer import Step, Writer

# Users whose view is kept in memory, about 1 KiB each. Four times the 5,000 who are to come back at once.
MAX_VIEWS: Final = 20_000

# Seconds after which it is noted again that a user is here. Oftener would make a write of what costs none.
VISIT_EVERY: Final = 24 * 3600

# Seconds after which a revocation is forgotten. No token that was issued before it lives that long.
REVOCATION_TTL: Final = 30 * 24 * 3600


class SightCache:
    """The views of the users seen last."""

    def __init__(self, writer: Writer, now: Callable[[], float]) -> None:
        self._writer = writer
        self._now = now
        self._views: OrderedDict[str, tuple[View, float]] = OrderedDict()

    async def arrive(self, user: str, rooms: Sequence[str]) -> tuple[View, Counts | None]:
        """See `People.arrive`."""
        now, known = self._now(), self._views.get(user)
        if known is not None:
            view, noted = known
            if view.seen_from.keys() == {*rooms, user_room(user)} and now < noted + VISIT_EVERY:
                self._views.move_to_end(user)
                return view, None
        # Until the log has them, nobody may take the former rooms for the present ones.
        self._views.pop(user, None)
        since = self._writer.head.seq
        view, counts = await self._writer.change(lambda step: _record(step, user, rooms, since))
        self._views[user] = (view, now)
        if len(self._views) > MAX_VIEWS:
            self._views.popitem(last=False)
        return view, counts

    def forget(self, users: Sequence[str]) -> None:
        """The log knows these no longer."""
        for user in users:
            self._views.pop(user, None)


def _record(step: Step, user: str, rooms: Sequence[str], since: int) -> tuple[View, Counts | None]:
    record_visit(step.connection, user, step.now, VISIT_EVERY * 1000)
    view = record_sight(step.connection, user, rooms, since)
    return view, Counts(0, 0, step.last_seq) if is_empty(step.connection, view, step.last_seq) else None


class RevocationList:
    """All revocations of the last 30 days. One entry a user."""

    def __init__(self, writer: Writer, now: Callable[[], float]) -> None:
        self._writer = writer
        self._now = now
        self._before: dict[str, float] = {}

    async def load(self, store: Store) -> None:
        """Read those of the log."""
        oldest = self._now() - REVOCATION_TTL
        self._before = await store.read(lambda connection: _read(connection, oldest))

    def before(self, user: str) -> float | None:
        """See `Revocations.revoked_before`."""
        return self._before.get(user)

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
        "INSERT INTO revocation VALUES (?, ?, ?) ON CONFLICT (user) DO UPDATE SET "
        "before = max(before, excluded.before), recorded_at = max(recorded_at, excluded.recorded_at)",
        (user, before, recorded_at),
    )
    return [other for (other,) in forgotten]
