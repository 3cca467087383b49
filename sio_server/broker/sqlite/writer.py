"""The writer: publishes and other changes that wait while a commit is running go into the next one together.

The disk is asked to sync once for all of them (group commit), and what was published leaves as one batch.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, TypeVar, cast

from sio_server.broker.ages import Ages
from sio_server.broker.log import Published
from sio_server.broker.settling import settle
from sio_server.broker.sqlite.cuts import Cuts
from sio_server.broker.sqlite.nodes import Nodes
from sio_server.broker.sqlite.rows import Batch, Outcome, expiry
from sio_server.broker.sqlite.store import Store
from sio_server.broker.sqlite.taking import Delivery, take
from sio_server.errors import BrokerUnavailable, Text
from sio_server.notification import Entry, Notification, Position

# Notifications in one commit, and as many other changes. Beyond this a batch would hold the loop up for longer when it
# is announced.
MAX_BATCH: Final = 512

# Seconds that a commit waits at most while publishes come in turn after turn of the loop.
GATHER: Final = 0.001

# Publishes that wait for the disk, and as many other changes. A disk that hangs must not let callers fill the memory:
# 10,000 bodies of 64 KiB would be 640 MB, and more than a few seconds of waiting helps nobody.
MAX_WAITING: Final = 10_000

T = TypeVar("T")


@dataclass(slots=True)
class Step:
    """What a change is handed: the transaction it runs in, after the publishes that go into the same commit.

    While the disk syncs, ana publishes, bea marks all as read, and cid publishes. When the disk is done, all three go
    into the next transaction, whose last position before was 7:

    | in this order | what it does |
    |---|---|
    | publish of ana | gets seq 8 |
    | publish of cid | gets seq 9 |
    | change of bea | is called with ``Step(connection, last_seq=9, now)``: up to 9 all is read |

    Then the disk syncs once, 8 and 9 are announced, and all three are answered. What a change raises undoes that change
    alone.
    """

    connection: sqlite3.Connection
    last_seq: int
    """The last position that is given, that of the publishes of this commit included."""
    now: int
    """Milliseconds of the log's own clock."""
    epoch: str = ""
    cuts: Cuts = field(default_factory=Cuts)
    entries: list[Entry] = field(default_factory=list)
    """What changes have appended, in order: it is announced after the publishes."""

    def append(self, entry: Entry) -> None:
        """Announce an entry, whose position is the one after the last that is given."""
        self.entries.append(entry)
        self.last_seq = entry.seq


Change = Callable[[Step], Any]
_WaitingPublish = tuple[Notification, Callable[[Published | Exception], None]]
_WaitingDelivery = tuple[Delivery, Callable[[Published | Exception], None]]
_WaitingChange = tuple[Change, Callable[[Any], None]]
#: what became of each publish and of each change, whether anything was written, when, and what changes appended
_Committed = tuple[list[Outcome], list[object], bool, int, list[Entry]]


class Writer:
    """Group commit. ``now`` gives the log's time in seconds; ``committed`` hears of each commit: seconds, publishes."""

    def __init__(
        self,
        store: Store,
        nodes: Nodes,
        *,
        ages: Ages,
        idempotency_ttl: int,
        now: Callable[[], float],
        committed: Callable[[float, int], None] | None,
    ) -> None:
        self.head = Position("", 0)
        self._writing = False
        self._store = store
        self._nodes = nodes
        self._ages = ages
        self._key_ttl = idempotency_ttl * 1000
        self._now = now
        self._committed = committed
        self._publishes: list[_WaitingPublish] = []
        self._due: list[_WaitingDelivery] = []
        self._changes: list[_WaitingChange] = []
        #: not set from the first that waits until the last is answered
        self._at_rest = asyncio.Event()
        self._at_rest.set()
        #: set when the commit that is under way, or the next one, is over
        self._over = asyncio.Event()
        self._seen, self._until = 0, 0.0

    # -- on the loop ----------------------------------------------------------------------------------------------

    def append(self, notification: Notification, settled: Callable[[Published | Exception], None]) -> None:
        """See `Log.append`."""
        self._enqueue(self._publishes, (notification, settled))

    def deliver(self, delivery: Delivery, settled: Callable[[Published | Exception], None]) -> None:
        """See `Schedule.deliver`: within a commit, what is due comes after what is published."""
        self._enqueue(self._due, (delivery, settled))

    async def change(self, function: Callable[[Step], T], then: Callable[[T], None] | None = None) -> T:
        """Call within the next commit; what it raises undoes its own change alone. Durable when this returns.

        Changes that are asked for one after another are made in that order. ``then`` gets what the function returned,
        in that order, too, before this returns, and also where whoever awaits this has given up. Raises
        `BrokerUnavailable`.
        """
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        settled = partial(settle, done) if then is None else partial(_settle_after, then, done)
        self._enqueue(self._changes, cast(_WaitingChange, (function, settled)))
        return cast(T, await done)

    def change_later(self, function: Callable[[Step], T], then: Callable[[T], None]) -> None:
        """Call within the next commit, and ``then`` with the result; what the log does not take now is not done.

        Nobody waits for it, and nobody is told of a failure.
        """

        def settled(outcome: T | Exception) -> None:
            if not isinstance(outcome, Exception):
                then(outcome)

        with suppress(BrokerUnavailable):
            self._enqueue(self._changes, cast(_WaitingChange, (function, settled)))

    @property
    def writing(self) -> bool:
        """Whether publishes wait for a commit, or are in one that is under way."""
        return self._writing or bool(self._publishes or self._due)

    async def finish(self) -> None:
        """Wait until everything that waits now is answered; what others ask for meanwhile may wait still."""
        commits = 1 + -(-max(len(self._publishes), len(self._due), len(self._changes)) // MAX_BATCH)
        while commits and not self._at_rest.is_set():
            await self._over.wait()
            commits -= 1

    def _enqueue(self, waiting: list[T], entry: T) -> None:
        self._store.ensure_open()
        if len(waiting) >= MAX_WAITING:
            raise BrokerUnavailable(Text("Too many changes wait for the disk.", "Demasiados cambios esperan al disco."))
        waiting.append(entry)
        if self._at_rest.is_set():
            self._begin()

    def _begin(self) -> None:
        """Commit what waits, in a moment. No task: making one for each commit costs as much as a publish."""
        self._at_rest.clear()
        self._seen, self._until = 0, time.monotonic() + GATHER
        asyncio.get_running_loop().call_soon(self._gather)

    def _gather(self) -> None:
        """Let those in who publish at the same time: a commit of one costs twice what it adds for the next."""
        waiting = len(self._publishes)
        if self._seen < waiting < MAX_BATCH and time.monotonic() < self._until:
            self._seen = waiting
            asyncio.get_running_loop().call_soon(self._gather)
            return
        publishes, self._publishes = self._publishes[:MAX_BATCH], self._publishes[MAX_BATCH:]
        changes, self._changes = self._changes[:MAX_BATCH], self._changes[MAX_BATCH:]
        notifications = [notification for notification, _ in publishes]
        functions = [function for function, _ in changes]
        deliveries: Sequence[Delivery] = ()
        if self._due:
            due, self._due = self._due[:MAX_BATCH], self._due[MAX_BATCH:]
            deliveries = [delivery for delivery, _ in due]
            publishes = [*publishes, *((delivery.notification, settled) for delivery, settled in due)]
        self._writing = bool(publishes)
        self._store.in_writer(
            lambda connection: self._commit(connection, notifications, deliveries, functions),
            partial(self._written, publishes, changes, time.perf_counter()),
        )

    def _written(
        self,
        publishes: Sequence[_WaitingPublish],
        changes: Sequence[_WaitingChange],
        started: float,
        done: _Committed | Exception,
    ) -> None:
        """Tell everybody of a group what became of it, then go on with the next."""
        self._writing = False
        try:
            if isinstance(done, Exception):  # whatever it is, nothing was stored and every caller must hear so
                self._store.failure = done
                _settle(publishes, [self._store.unavailable(done) for _ in publishes])
                _settle(changes, [self._store.unavailable(done) for _ in changes])
            else:
                self._tell(publishes, changes, time.perf_counter() - started, done)
        finally:
            if self._publishes or self._due or self._changes:
                self._begin()
            else:
                self._at_rest.set()
            over, self._over = self._over, asyncio.Event()
            over.set()

    def _tell(
        self,
        publishes: Sequence[_WaitingPublish],
        changes: Sequence[_WaitingChange],
        seconds: float,
        done: _Committed,
    ) -> None:
        outcomes, results, wrote, now, appended = done
        self._note(results, published=wrote and bool(publishes))
        try:
            if self._committed is not None:
                self._committed(seconds, len(publishes))
        except Exception as error:  # noqa: BLE001 - a mistake of whoever listens: all of this is stored, and more waits
            asyncio.get_running_loop().call_exception_handler(
                {"message": "what hears of commits failed", "exception": error}
            )
        try:
            self._announce(publishes, outcomes, now, appended)
        finally:
            _settle(publishes, outcomes)
            _settle(changes, [self._translated(result) for result in results])

    def _note(self, results: Sequence[object], *, published: bool) -> None:
        """Keep what failed for `HealthCheck.check`; only a publish that came through says that the log works again.

        Less fits where none does.
        """
        failed = [result for result in results if isinstance(result, sqlite3.Error)]
        if failed:
            self._store.failure = failed[0]
        elif published:
            self._store.failure = None

    def _translated(self, result: object) -> object:
        return self._store.unavailable(result) if isinstance(result, sqlite3.Error) else result

    def _announce(
        self, publishes: Sequence[_WaitingPublish], outcomes: Sequence[Outcome], now: int, appended: Sequence[Entry]
    ) -> None:
        entries = []
        for (notification, _), outcome in zip(publishes, outcomes, strict=True):
            if isinstance(outcome, Published) and not outcome.duplicate:
                entry = Entry.of(notification, outcome.position, self._end(notification, now))
                former = outcome.former
                entries.append(entry if former is None else entry.in_place_of(former.id, former.thread, former.gone))
        entries.extend(appended)
        if entries:
            self.head = entries[-1].position
            self._nodes.announce(entries)

    def _end(self, notification: Notification, now: int) -> int | None:
        expires_at = None if notification.expires_at is None else expiry(notification, now)
        return self._ages.until(notification.type, now, expires_at) if self._ages.by_type else expires_at

    # -- in the writer thread -------------------------------------------------------------------------------------

    def _commit(
        self,
        connection: sqlite3.Connection,
        notifications: Sequence[Notification],
        deliveries: Sequence[Delivery],
        functions: Sequence[Change],
    ) -> _Committed:
        store, before = self._store, connection.total_changes
        store.files.ensure_in_place(connection)
        now = int(self._now() * 1000)
        connection.execute("BEGIN IMMEDIATE")
        try:
            batch = Batch(
                connection, store.epoch, store.last_seq, now, key_ttl=self._key_ttl, ages=self._ages, cuts=store.cuts
            )
            outcomes = [batch.add(notification) for notification in notifications]
            outcomes += [take(connection, batch, delivery) for delivery in deliveries]
            batch.insert()
            step = Step(connection, batch.last_seq, now, store.epoch, store.cuts)
            results = [_attempt(function, step) for function in functions]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        if step.last_seq != store.last_seq:
            store.reached(step.last_seq)
        return outcomes, results, connection.total_changes != before, now, step.entries


def _attempt(function: Change, step: Step) -> object:
    """What the change returned, or what it raised, in which case it left nothing behind."""
    execute = step.connection.execute
    last_seq, appended = step.last_seq, len(step.entries)
    execute("SAVEPOINT change")
    try:
        result: object = function(step)
    except Exception as error:
        if not step.connection.in_transaction:  # SQLite gave the whole transaction up, as it may on a full disk
            raise
        execute("ROLLBACK TO change")
        step.last_seq = last_seq
        del step.entries[appended:]
        result = error
    execute("RELEASE change")
    return result


def _settle(waiting: Sequence[tuple[object, Callable[[Any], None]]], outcomes: Sequence[object]) -> None:
    for (_, settled), outcome in zip(waiting, outcomes, strict=True):
        try:
            settled(outcome)
        except Exception as error:  # noqa: BLE001 - a mistake of one who waits must not leave the others waiting
            asyncio.get_running_loop().call_exception_handler(
                {"message": "what hears of a publish failed", "exception": error}
            )


def _settle_after(then: Callable[[T], None], done: asyncio.Future[T], outcome: T | Exception) -> None:
    try:
        if not isinstance(outcome, Exception):
            then(outcome)
    finally:
        settle(done, outcome)
