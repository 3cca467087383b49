"""The embedded log as the core sees it: every ability of `sio_server.broker`, handed on to the module that has it."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import hmac
import sqlite3
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from pathlib import Path

from sio_server.audience import Audience
from sio_server.broker.ages import Ages
from sio_server.broker.broker import Broker
from sio_server.broker.deliveries import Deliveries
from sio_server.broker.inbox import MAX_PAGE, Action, Counts, InboxPage, Marked, Status
from sio_server.broker.leases import Leases, Register
from sio_server.broker.log import BrokerHandler, Published, Stretch, View
from sio_server.broker.people import Reached
from sio_server.broker.receipts import Carrier, Receipt, Stored, StoredPage
from sio_server.broker.signals import InboxChanged, Revoked, Signal
from sio_server.broker.spans import ACKNOWLEDGED, HANDED
from sio_server.broker.sqlite import inbox, once, receipts, search, sights, trails, views
from sio_server.broker.sqlite.amendments import Amending
from sio_server.broker.sqlite.answering import Answering
from sio_server.broker.sqlite.attending import Attending
from sio_server.broker.sqlite.describing import Describing
from sio_server.broker.sqlite.erasing import Erasing
from sio_server.broker.sqlite.following import Following
from sio_server.broker.sqlite.grouping import Grouping
from sio_server.broker.sqlite.handing import recorder
from sio_server.broker.sqlite.keeping import Keeping
from sio_server.broker.sqlite.nodes import Nodes
from sio_server.broker.sqlite.parts import MS
from sio_server.broker.sqlite.people import RevocationList, SightCache
from sio_server.broker.sqlite.scheduling import Scheduling
from sio_server.broker.sqlite.store import Store
from sio_server.broker.sqlite.upkeep import Upkeep
from sio_server.broker.sqlite.writer import Step, Writer
from sio_server.broker.trails import Trail
from sio_server.broker.upkeep import LogSize
from sio_server.broker.visits import Noted, Visits
from sio_server.broker.wanted import Wanted
from sio_server.broker.words import Words
from sio_server.clock import LogClock
from sio_server.errors import BrokerUnavailable
from sio_server.notification import Notification, Position


class SqliteBroker(Following, Attending, Erasing, Answering, Scheduling, Amending, Grouping, Describing, Keeping):
    """Every ability of `sio_server.broker` on SQLite. ``directory`` None keeps the log in memory.

    ``idempotency_ttl`` is in seconds; ``now`` gives Unix seconds and may be set at any time, ``steadily`` seconds that
    nobody can set. ``trust_clock``: at the start ``now`` is right, however far it is from the last entry. ``committed``
    is called on the loop after each commit with the seconds it took and the number of publishes in it. ``max_body`` is
    the largest body of a publish, in bytes: see `HealthCheck.room_for`.
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
        # What all nodes on this log share:
        self._nodes = Nodes()
        self._store = Store(directory, clock, trust_clock=trust_clock)
        self._ages = Ages()
        self._writer = Writer(
            self._store,
            self._nodes,
            ages=self._ages,
            idempotency_ttl=idempotency_ttl,
            now=clock.now,
            committed=committed,
        )
        self._key_ttl, self._delivering = idempotency_ttl * MS, asyncio.Lock()
        self._wall = now
        self._deliveries = Deliveries(lambda: self._writer.head.seq, recorder(self._writer), now)
        self._overlaps = views.Overlaps(self._store.cuts)
        self._visits = Visits(self._note_visits, clock.now)
        self._register = Register(now, self._visits.note)
        self._sights = SightCache(self._writer, self._register, clock.now)
        self._revocations = RevocationList(self._writer, clock.now, self._veil)
        self._upkeep = Upkeep(self._store, self._writer, self._sights, self._register, self._ages)
        self.room_for(max_body)
        # What is this node's own:
        self._handler: BrokerHandler | None = None
        self._leases = Leases(self._register)
        self._describe = None

    def beside(self) -> SqliteBroker:
        """Another node on the same log, in this process and on this loop: with its own handler, start and end.

        The first to start opens the log, the last to close lets go of it. Each hears every entry and every signal.
        """
        other = copy.copy(self)
        other._handler = None  # noqa: SLF001 - one of this class
        other._leases = Leases(self._register)  # noqa: SLF001
        other._describe = None  # noqa: SLF001
        self._nodes.shared = True
        return other

    # -- Log ------------------------------------------------------------------------------------------------------

    async def start(self, handler: BrokerHandler) -> None:
        """See `Log.start`."""
        async with self._nodes.changing:
            if not self._nodes:
                await self._open()
            self._nodes.add(handler, self._describe)
            self._handler = handler

    async def _open(self) -> None:
        try:
            await self._store.open()
            self._writer.head = Position(self._store.epoch, self._store.last_seq)
            await self._revocations.read(self._store)
        except BaseException:
            await self._shut()
            raise

    async def close(self) -> None:
        """See `Log.close`."""
        async with self._nodes.changing:
            self._leases.end()
            handler, self._handler = self._handler, None
            if handler is None:
                if not self._nodes:
                    await self._shut()
                return
            if len(self._nodes) > 1:
                with suppress(BrokerUnavailable):
                    await self._deliveries.flush()
                await self._writer.finish()
            else:
                await self._shut()
            self._nodes.remove(handler)

    async def _shut(self) -> None:
        if not self._store.closed:
            self._visits.flush()
            await self._deliveries.close()
        self._store.closed = True
        await self._writer.finish()
        await self._store.close()

    def append(self, notification: Notification, settled: Callable[[Published | Exception], None]) -> None:
        """See `Log.append`."""
        self._ensure_open()
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
        found = await self._read(
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
        if self._handler is not None:
            self._nodes.signal(signal)

    def arrived(self, connection_id: str, user: str | None, rooms: Collection[str]) -> None:
        """See `Presence.arrived`."""
        self._leases.arrived(connection_id, user, rooms)
        if user is not None:
            self._sights.held(user, rooms)

    def left(self, connection_id: str) -> None:
        """See `Presence.left`."""
        self._leases.left(connection_id)

    async def connected(self, connection_id: str) -> bool:
        """See `Presence.connected`."""
        return self._register.connected(connection_id)

    async def present(self, user: str) -> bool:
        """See `Presence.present`."""
        return self._register.present(user)

    async def size(self) -> LogSize:
        """See `Measured.size`."""
        return await self._read(self._store.size)

    # -- Sight ----------------------------------------------------------------------------------------------------

    async def sight(self, user: str, rooms: Sequence[str]) -> View:
        """See `People.sight`."""
        return (await self.arrive(user, rooms))[0]

    async def arrive(self, user: str, rooms: Sequence[str]) -> tuple[View, Counts | None]:
        """See `People.arrive`."""
        self._ensure_open()
        return await self._sights.arrive(user, rooms)

    async def view_of(self, user: str) -> View:
        """See `People.view_of`."""
        now, held = self._milliseconds(), self._register.rooms_of(user)
        return await self._read(lambda connection: sights.view_of(connection, user, now=now, held=held))

    async def reach(self, audience: Audience, *, first: int = 0) -> Reached:
        """See `People.reach`."""
        return await self._read(lambda connection: receipts.reach(connection, audience, first=first))

    def _note_visits(self, noted: Noted) -> None:
        self._writer.change_later(lambda step: sights.note_visits(step.connection, noted), lambda _: None)

    # -- Inbox ----------------------------------------------------------------------------------------------------

    async def page(
        self,
        view: View,
        *,
        status: Status = "all",
        types: Sequence[str] = (),
        group: str | None = None,
        limit: int = MAX_PAGE,
        before: int | None = None,
    ) -> InboxPage:
        """See `Inbox.page`."""
        epoch, now, limit = self._store.epoch, self._milliseconds(), min(limit, MAX_PAGE)
        return await self._read(
            lambda connection: inbox.page(
                connection,
                epoch,
                view,
                status=status,
                types=types,
                group=group,
                limit=limit,
                before=before,
                now=now,
                overlaps=self._overlaps,
            )
        )

    async def counts(self, view: View) -> Counts:
        """See `Inbox.counts`."""
        now = self._milliseconds()
        return await self._read(lambda connection: inbox.counts_at_head(connection, view, self._overlaps, now=now))

    async def mark(self, view: View, action: Action, ids: Sequence[str] | None, *, up_to: int | None = None) -> Marked:
        """See `Inbox.mark`."""
        # Whatever there is to walk for this view's counters is walked by the reading thread, and kept for the writer's.
        await self.counts(view)

        at = int(self._wall() * MS)

        def change(step: Step) -> Marked:
            if ids is None:
                return inbox.mark_all(step, view, action, up_to, self._overlaps, at=at)
            return inbox.mark(step, view, action, ids, self._overlaps, at=at)

        def tell(marked: Marked) -> None:
            self._nodes.signal(InboxChanged(view.user, action, marked.ids, marked.up_to))

        return await self._writer.change(change, tell)

    # -- Receipts -------------------------------------------------------------------------------------------------

    def handed(self, user: str, seq: int, *, after: int, by: Carrier | None = None) -> None:
        """See `Receipts.handed`."""
        self._deliveries.note(HANDED, user, seq, after, by)

    def acknowledge(self, user: str, seq: int, *, after: int, by: Carrier | None = None) -> None:
        """See `Receipts.acknowledge`."""
        self._deliveries.note(ACKNOWLEDGED, user, seq, after, by)

    async def find(self, notification_id: str) -> Stored | None:
        """See `Receipts.find`."""
        epoch = self._store.epoch
        return await self._read(lambda connection: receipts.find(connection, epoch, notification_id))

    async def search(
        self,
        *,
        types: Sequence[str] = (),
        user: str | None = None,
        role: str | None = None,
        priority: str | None = None,
        text: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int = MAX_PAGE,
        before: int | None = None,
        after: int | None = None,
    ) -> StoredPage:
        """See `Receipts.search`."""
        epoch, limit, now = self._store.epoch, min(limit, MAX_PAGE), self._milliseconds()
        held = frozenset() if user is None else self._register.rooms_of(user)
        wanted = Wanted(types, user, role, priority, None if text is None else Words.of(text), since, until)

        def find(connection: sqlite3.Connection) -> StoredPage:
            view = None if user is None else sights.view_of(connection, user, now=now, held=held)
            return search.search(connection, epoch, wanted, view, limit=limit, before=before, after=after)

        return await self._read(find)

    async def receipt(self, notification_id: str, *, limit: int = MAX_PAGE, after: str | None = None) -> Receipt | None:
        """See `Receipts.receipt`."""
        await self._deliveries.flush()
        return await self._read(
            lambda connection: receipts.receipt(connection, notification_id, limit=limit, after=after)
        )

    async def trail(self, notification_id: str, user: str) -> Trail | None:
        """See `Trails.trail`."""
        await self._deliveries.flush()
        epoch, now, held = self._store.epoch, self._milliseconds(), self._register.rooms_of(user)
        return await self._read(
            lambda connection: trails.trail(connection, epoch, notification_id, user, now=now, held=held)
        )

    async def oldest(self) -> str | None:
        """See `Trails.oldest`."""
        return await self._read(trails.oldest)

    # -- Revocations, Secrets, Retention --------------------------------------------------------------------------

    async def revoke(self, user: str, before: float) -> None:
        """See `Revocations.revoke`."""
        self._ensure_open()
        await self._revocations.revoke(user, before, lambda: self._nodes.signal(Revoked(user, before)))

    def revoked_before(self, user: str) -> float | None:
        """See `Revocations.revoked_before`."""
        return self._revocations.before(user)

    def secret(self, name: str) -> bytes:
        """See `Secrets.secret`. Derived from one key of the log with HMAC-SHA256 (RFC 2104), so that none is stored."""
        self._store.ensure_open()
        return hmac.digest(self._store.secret, name.encode(), hashlib.sha256)

    async def use_up(self, name: str, until: float) -> bool:
        """See `Once.use_up`."""
        self._ensure_open()
        return await self._writer.change(lambda step: once.use_up(step, name, int(until * MS)))


_: type[Broker] = SqliteBroker
