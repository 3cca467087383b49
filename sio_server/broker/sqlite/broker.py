"""The embedded log as the core sees it: every ability of `sio_server.broker`, handed on to the module that has it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from sio_server.audience import Audience
from sio_server.broker.broker import Broker
from sio_server.broker.inbox import MAX_PAGE, Action, Counts, InboxPage, Marked, Status
from sio_server.broker.log import BrokerHandler, Published, Stretch, View
from sio_server.broker.receipts import Receipt, Stored, StoredPage
from sio_server.broker.signals import Signal
from sio_server.broker.sqlite import inbox, receipts, retention, search, views
from sio_server.broker.sqlite.deliveries import ACKNOWLEDGED, HANDED, Deliveries
from sio_server.broker.sqlite.people import VISIT_EVERY, RevocationList, SightCache
from sio_server.broker.sqlite.presence import Register
from sio_server.broker.sqlite.store import Store
from sio_server.broker.sqlite.writer import Step, Writer
from sio_server.broker.upkeep import LogSize
from sio_server.clock import LogClock
from sio_server.errors import BrokerUnavailable
from sio_server.notification import Notification, Position

# Bytes that a publish takes beside its body: it touches some dozen pages, and each is written whole.
ROOM_BESIDE: Final = 256 * 1024

# Milliseconds in a second: the log counts those, callers these.
_MS: Final = 1000


class SqliteBroker:
    """Every ability of `sio_server.broker` on SQLite. ``directory`` None keeps the log in memory.

    ``idempotency_ttl`` is in seconds; ``now`` gives Unix seconds and may be set at any time, ``steadily`` seconds that
    nobody can set. ``trust_clock``: at the start ``now`` is right, however far it is from the last entry. ``committed``
    is called on the loop after each commit with the seconds it took and the number of publishes in it. ``max_body`` is
    the largest body of a publish, in bytes: a log that has failed works again once there is room for one.
    """

    def __init__(
        self,
        directory: Path | None,
        *,
        idempotency_ttl: int = 24 * 3600,
        max_body: int = 64 * 1024,
        now: Callable[[], float] = time.time,
        steadily: Callable[[], float] | None = None,
        trust_clock: bool = False,
        committed: Callable[[float, int], None] | None = None,
    ) -> None:
        clock = LogClock(now, steadily)
        self.now = clock.now
        """See `Log.now`."""
        self._store = Store(directory, clock, trust_clock=trust_clock)
        self.room_for(max_body)
        self._writer = Writer(self._store, idempotency_ttl=idempotency_ttl, now=clock.now, committed=committed)
        self._deliveries = Deliveries(self._writer)
        self._overlaps = views.Overlaps()
        self._sights = SightCache(self._writer, clock.now)
        self._swept = ""
        self._presence = Register()
        self._revocations = RevocationList(self._writer, clock.now)

    def room_for(self, max_body: int) -> None:
        """See `HealthCheck.room_for`."""
        self._room = max_body + ROOM_BESIDE

    # -- Broker ---------------------------------------------------------------------------------------------------

    async def start(self, handler: BrokerHandler) -> None:
        """See `Log.start`."""
        self._writer.handler = handler
        try:
            await self._store.open()
            self._writer.head = Position(self._store.epoch, self._store.last_seq)
            await self._revocations.load(self._store)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """See `Log.close`."""
        if not self._store.closed:
            await self._deliveries.close()
        self._store.closed = True
        await self._writer.finish()
        await self._store.close()

    def append(self, notification: Notification, settled: Callable[[Published | Exception], None]) -> None:
        """See `Log.append`."""
        self._writer.append(notification, settled)

    def writing(self) -> bool:
        """See `Log.writing`."""
        return self._writer.writing

    def head(self) -> Position:
        """See `Log.head`."""
        return self._writer.head

    def floor(self) -> int:
        """See `Log.floor`."""
        return self._store.floor

    async def stretch(self, view: View, after: int, limit: int) -> Stretch:
        """See `Log.stretch`."""
        epoch, now, head = self._store.epoch, self._milliseconds(), self._writer.head.seq
        found = await self._store.read(
            lambda connection: views.replay(connection, epoch, view, after=after, limit=limit, now=now)
        )
        whole = len(found) < limit
        # A commit can be read before it is announced. Whoever got it here and is live then would get it twice.
        while found and found[-1].seq > self._writer.head.seq:
            found.pop()
        covered = max(head if whole else after, found[-1].seq if found else after)
        return Stretch(found, covered, self._store.floor)

    # -- Signals, Presence ----------------------------------------------------------------------------------------

    def signal(self, signal: Signal) -> None:
        """See `Signals.signal`."""
        if self._writer.handler is not None:
            self._writer.handler.on_signal(signal)

    def arrived(self, connection_id: str, user: str | None, rooms: Sequence[str]) -> None:
        """See `Presence.arrived`."""
        self._presence.arrived(connection_id, user, rooms)

    def left(self, connection_id: str) -> None:
        """See `Presence.left`."""
        self._presence.left(connection_id)

    async def connected(self, connection_id: str) -> bool:
        """See `Presence.connected`."""
        return self._presence.connected(connection_id)

    async def present(self, user: str) -> bool:
        """See `Presence.present`."""
        return self._presence.present(user)

    async def check(self) -> None:
        """See `HealthCheck.check`. After a failed write it writes: a full disk is not ready until a publish fits."""
        self._store.ensure_whole()
        if self._store.failure is not None:
            try:
                await self._writer.change(lambda step: _probe(step, self._store.make_room, self._room))
            except OSError as error:
                raise self._store.unavailable(error) from error
            self._store.failure = None
        try:
            await self._store.read(self._store.glance)
        except BrokerUnavailable:
            if not self._store.files.rescued:
                # the writer looks for itself, and saves what it can before anybody kills this process
                await self._writer.change(lambda _: None)
            raise

    async def size(self) -> LogSize:
        """See `Measured.size`."""
        return await self._store.read(self._store.size)

    # -- Sight ----------------------------------------------------------------------------------------------------

    async def sight(self, user: str, rooms: Sequence[str]) -> View:
        """See `People.sight`."""
        return (await self._sights.arrive(user, rooms))[0]

    async def arrive(self, user: str, rooms: Sequence[str]) -> tuple[View, Counts | None]:
        """See `People.arrive`."""
        return await self._sights.arrive(user, rooms)

    async def view_of(self, user: str) -> View:
        """See `People.view_of`."""
        return await self._store.read(lambda connection: views.view_of(connection, user))

    async def reach(self, audience: Audience) -> int:
        """See `People.reach`."""
        return await self._store.read(lambda connection: receipts.reach(connection, audience))

    # -- Inbox ----------------------------------------------------------------------------------------------------

    async def page(
        self,
        view: View,
        *,
        status: Status = "all",
        types: Sequence[str] = (),
        limit: int = MAX_PAGE,
        before: int | None = None,
    ) -> InboxPage:
        """See `Inbox.page`."""
        epoch, now, limit = self._store.epoch, self._milliseconds(), min(limit, MAX_PAGE)
        return await self._store.read(
            lambda connection: inbox.page(
                connection,
                epoch,
                view,
                status=status,
                types=types,
                limit=limit,
                before=before,
                now=now,
                overlaps=self._overlaps,
            )
        )

    async def counts(self, view: View) -> Counts:
        """See `Inbox.counts`."""
        now = self._milliseconds()
        return await self._store.read(
            lambda connection: inbox.counts_at_head(connection, view, self._overlaps, now=now)
        )

    async def mark(self, view: View, action: Action, ids: Sequence[str] | None, *, up_to: int | None = None) -> Marked:
        """See `Inbox.mark`."""
        # Whatever there is to walk for this view's counters is walked by the reading thread, and kept for the writer's.
        await self.counts(view)
        if ids is None:
            return await self._writer.change(lambda step: inbox.mark_all(step, view, action, up_to, self._overlaps))
        return await self._writer.change(lambda step: inbox.mark(step, view, action, ids, self._overlaps))

    # -- Receipts -------------------------------------------------------------------------------------------------

    def handed(self, user: str, seq: int, *, after: int) -> None:
        """See `Receipts.handed`."""
        self._deliveries.note(HANDED, user, seq, after)

    def acknowledge(self, user: str, seq: int, *, after: int) -> None:
        """See `Receipts.acknowledge`."""
        self._deliveries.note(ACKNOWLEDGED, user, seq, after)

    async def find(self, notification_id: str) -> Stored | None:
        """See `Receipts.find`."""
        epoch = self._store.epoch
        return await self._store.read(lambda connection: receipts.find(connection, epoch, notification_id))

    async def search(
        self,
        *,
        types: Sequence[str] = (),
        user: str | None = None,
        role: str | None = None,
        priority: str | None = None,
        limit: int = MAX_PAGE,
        before: int | None = None,
        after: int | None = None,
    ) -> StoredPage:
        """See `Receipts.search`."""
        epoch, limit, wanted = self._store.epoch, min(limit, MAX_PAGE), search.Wanted(types, user, role, priority)
        return await self._store.read(
            lambda connection: search.search(connection, epoch, wanted, limit=limit, before=before, after=after)
        )

    async def receipt(self, notification_id: str, *, limit: int = MAX_PAGE, after: str | None = None) -> Receipt | None:
        """See `Receipts.receipt`."""
        await self._deliveries.flush()
        return await self._store.read(
            lambda connection: receipts.receipt(connection, notification_id, limit=limit, after=after)
        )

    # -- Revocations, Secrets, Retention --------------------------------------------------------------------------

    async def revoke(self, user: str, before: float) -> None:
        """See `Revocations.revoke`."""
        await self._revocations.revoke(user, before)

    def revoked_before(self, user: str) -> float | None:
        """See `Revocations.revoked_before`."""
        return self._revocations.before(user)

    def secret(self, name: str) -> bytes:
        """See `Secrets.secret`. Derived from one key of the log with HMAC-SHA256 (RFC 2104), so that none is stored."""
        self._store.ensure_open()
        return hmac.digest(self._store.secret, name.encode(), hashlib.sha256)

    async def retain(self, *, max_age: float | None = None, max_count: int | None = None) -> int:
        """See `Retention.retain`."""
        older_than = None if max_age is None else self._milliseconds() - int(max_age * _MS)
        excess = 0
        if max_count is not None:
            excess = (await self._store.read(self._store.size)).notifications - max_count
        removed = 0
        while True:
            started = time.perf_counter()
            done = await self._writer.change(self._removal(older_than, excess - removed))
            removed += done.count
            if not done.more:
                return removed
            await asyncio.sleep(time.perf_counter() - started)  # half of the writer's time is left for publishers

    async def forget(self, *, max_age: float, present: Callable[[str], bool]) -> int:
        """See `Retention.forget`."""
        after, before = self._swept, self._milliseconds() - int((max_age + VISIT_EVERY) * _MS)
        swept = await self._writer.change(
            lambda step: retention.forget_users(step, after=after, before=before, present=present)
        )
        self._swept = swept.next_after
        self._sights.forget(swept.forgotten)
        return len(swept.forgotten)

    def _removal(self, older_than: int | None, excess: int) -> Callable[[Step], retention.Removed]:
        def remove(step: Step) -> retention.Removed:
            done = retention.remove_oldest(step, older_than=older_than, excess=excess)
            # Still within the transaction: whoever reads afterwards and misses something finds the floor above it.
            self._store.floor = max(self._store.floor, done.floor)
            return done

        return remove

    def _milliseconds(self) -> int:
        return int(self.now() * _MS)

    async def look_at_clock(self) -> float:
        """See `Retention.look_at_clock`."""
        step = self._store.clock.look()
        await self._store.note_time()
        return step


def _probe(step: Step, make_room: Callable[[int], None], room: int) -> None:
    # A page fits where the last publish that failed has left some; what counts is whether the next one would.
    make_room(room)
    step.connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('probed_at', ?)", (str(step.now),))


_: type[Broker] = SqliteBroker
