"""Looking after one log: letting the oldest go, forgetting users, seeing whether it works. On the loop."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from sio_server.broker.ages import Ages
from sio_server.broker.leases import Register
from sio_server.broker.sights import VISIT_EVERY
from sio_server.broker.sqlite import retention
from sio_server.broker.sqlite.people import SightCache
from sio_server.broker.sqlite.sights import forget_rooms
from sio_server.broker.sqlite.store import Store
from sio_server.broker.sqlite.writer import Step, Writer
from sio_server.errors import BrokerUnavailable

# Bytes that a publish takes beside its body: it touches some dozen pages, and each is written whole.
ROOM_BESIDE: Final = 256 * 1024

# Milliseconds in a second: the log counts those, callers these.
_MS: Final = 1000


class Upkeep:
    """What is done for a log as a whole, by one of its nodes at a time."""

    def __init__(self, store: Store, writer: Writer, sights: SightCache, register: Register, ages: Ages) -> None:
        self.room = 0
        """Bytes that there must be room for."""
        self._store = store
        self._writer = writer
        self._sights = sights
        self._register = register
        self._ages = ages
        # up to where all that is left is spared, and which types those are
        self._passed, self._spared = 0, frozenset[str]()
        self._swept = ""
        self._retaining = asyncio.Lock()
        self._forgetting = asyncio.Lock()

    async def retain(self, max_age: float | None, max_count: int | None) -> int:
        """See `Retention.retain`."""
        if self._retaining.locked():
            return 0
        async with self._retaining:
            removed = await self._let_oldest_go(max_age, max_count)
            await self._let_words_go(max_age, max_count)
            for event, age in tuple(self._ages.by_type.items()):
                if age != math.inf:
                    removed += await self._let_type_go(event, self._milliseconds() - int(age * _MS))
            return removed

    async def _let_words_go(self, max_age: float | None, max_count: int | None) -> None:
        """Take out word of changes, and what was before, that is too old or too much."""
        if max_age is None and max_count is None:
            return
        older_than = None if max_age is None else self._milliseconds() - int(max_age * _MS)
        excess: retention.Words = (0, 0, 0)
        if max_count is not None:
            words, happened, ended = await self._store.read(retention.count_words)
            excess = words - max_count, happened - max_count, ended - max_count

        def remove(step: Step, _: int) -> retention.Removed:
            nonlocal excess
            done = retention.remove_words(step, older_than=older_than, excess=excess)
            words, happened, ended = (number - retention.STEP_ROWS for number in excess)
            excess = words, happened, ended
            self._store.floor = max(self._store.floor, done.floor)
            return done

        await self._repeat(remove)

    async def _let_oldest_go(self, max_age: float | None, max_count: int | None) -> int:
        """Take out what is too old or too many, of all types but those that are kept for longer."""
        if max_age is None and max_count is None:
            return 0
        older_than = None if max_age is None else self._milliseconds() - int(max_age * _MS)
        spared = self._ages.longer_than(max_age)
        if spared != self._spared:
            self._passed, self._spared = 0, spared
        excess = 0
        if max_count is not None:
            excess = await self._store.read(lambda connection: retention.count(connection, spared)) - max_count

        def remove(step: Step, removed: int) -> retention.Removed:
            done = retention.remove_oldest(
                step, older_than=older_than, excess=excess - removed, after=self._passed, spared=spared
            )
            # Still within the transaction: whoever reads afterwards and misses something finds the floor above it.
            self._store.floor = max(self._store.floor, done.floor)
            return done

        def passed(done: retention.Removed) -> None:
            if spared:
                self._passed = done.upto

        return await self._repeat(remove, passed)

    async def _let_type_go(self, event: str, older_than: int) -> int:
        """Take out what is older than types of its kind are kept."""
        removed = await self._repeat(lambda step, _: retention.remove_of_type(step, event, older_than=older_than))
        await self._repeat(
            lambda step, _: retention.remove_words(step, older_than=older_than, excess=(0, 0, 0), event=event)
        )
        return removed

    async def _repeat(
        self,
        remove: Callable[[Step, int], retention.Removed],
        then: Callable[[retention.Removed], None] = lambda _: None,
    ) -> int:
        """Call in one commit after the other, with how many went so far, until there are no more."""
        removed = 0
        while True:
            started = time.perf_counter()
            done = await self._writer.change(partial(_count_in, remove, removed))
            removed += done.count
            then(done)
            if not done.more:
                return removed
            await asyncio.sleep(time.perf_counter() - started)  # half of the writer's time is left for publishers

    async def forget(self, max_age: float) -> int:
        """See `Retention.forget`."""
        if self._forgetting.locked():
            return 0
        async with self._forgetting:
            after, before = self._swept, self._milliseconds() - int((max_age + VISIT_EVERY) * _MS)
            register = self._register

            def sweep(step: Step) -> tuple[retention.Swept, list[str]]:
                missed = forget_rooms(step.connection, now=step.now, held=register.rooms_of)
                return retention.forget_users(step, after=after, before=before, present=register.present), missed

            swept, missed = await self._writer.change(sweep)
            self._swept = swept.next_after
            self._sights.forget((*swept.forgotten, *missed))
            return len(swept.forgotten)

    async def look_at_clock(self) -> float:
        """See `Retention.look_at_clock`."""
        step = self._store.clock.look()
        await self._store.note_time()
        return step

    async def check(self) -> None:
        """See `HealthCheck.check`. After a failed write it writes: a full disk is not ready until a publish fits."""
        self._store.ensure_whole()
        if self._store.failure is not None:
            try:
                await self._writer.change(lambda step: _probe(step, self._store.make_room, self.room))
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

    def _milliseconds(self) -> int:
        return int(self._store.clock.now() * _MS)


def _count_in(remove: Callable[[Step, int], retention.Removed], removed: int, step: Step) -> retention.Removed:
    return remove(step, removed)


def _probe(step: Step, make_room: Callable[[int], None], room: int) -> None:
    # A page fits where the last publish that failed has left some; what counts is whether the next one would.
    make_room(room)
    step.connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('probed_at', ?)", (str(step.now),))
