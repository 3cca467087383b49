"""What connections were handed and clients confirmed, until a log has written it down: see `spans`."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from itertools import islice
from typing import Final

from sio_server.broker import steps
from sio_server.broker.receipts import Carrier
from sio_server.broker.spans import Kind, Span
from sio_server.broker.steps import Step
from sio_server.errors import BrokerUnavailable

Key = tuple[str, Kind, int]  # user, kind, where the stream begins
Told = Mapping[Key, Span]

_NOBODY: Final = Carrier("", 0)

# Seconds that what was told waits for company. A second is promised.
FLUSH_DELAY: Final = 0.5

# Spans in one step of a flush: 10,000 users who are handed a broadcast must not make others wait.
FLUSH_STEP: Final = 250

# Spans that wait. Beyond it the disk does not take them, and the oldest are given up: receipts then tell too little.
MAX_WAITING: Final = 100_000


class Deliveries:
    """What waits to be written. All methods run on the event loop.

    ``head`` gives the last position that was announced, ``now`` the time of day in Unix seconds. ``record`` writes some
    spans down, or raises `BrokerUnavailable`.
    """

    def __init__(
        self,
        head: Callable[[], int],
        record: Callable[[Told], Awaitable[None]],
        now: Callable[[], float] = time.time,
    ) -> None:
        self._head = head
        self._record = record
        self._now = now
        self._waiting: dict[Key, Span] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flush: asyncio.Task[None] | None = None
        self._flushing = asyncio.Lock()
        self._closed = False

    def note(self, kind: Kind, user: str, seq: int, after: int, carrier: Carrier | None) -> None:
        """Take in that ``(after, seq]`` arrived. What is above the head cannot have, whoever says so."""
        seq = min(seq, self._head())
        key = (user, kind, after)
        known = self._waiting.get(key)
        reached = 0 if known is None else known.high
        protocol, since, ended = carrier or _NOBODY
        if self._closed or seq <= after or seq < reached or (seq == reached and ended is None):
            return
        span = Span(after, seq, Step(after, seq, int(self._now() * 1000), since, protocol, ended or "").pack())
        self._waiting[key] = span if known is None else known.grown(span, kind)
        if len(self._waiting) > MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_DELAY, self._start)

    def _start(self) -> None:
        self._timer = None
        self._flush = asyncio.create_task(self._flush_later(), name="sio-server-deliveries")

    async def _flush_later(self) -> None:
        try:
            await self.flush()
        except BrokerUnavailable:  # the readiness check tells of it; what waits is tried again
            if self._waiting and self._timer is None:
                self._timer = asyncio.get_running_loop().call_later(FLUSH_DELAY, self._start)

    async def flush(self) -> None:
        """Write what waits. Raises `BrokerUnavailable`, and then keeps it."""
        async with self._flushing:  # what another call is writing is written, too, when this returns
            while self._waiting:
                await self._write({key: self._waiting.pop(key) for key in list(islice(self._waiting, FLUSH_STEP))})

    async def _write(self, told: Told) -> None:
        try:
            await self._record(told)
        except BrokerUnavailable:
            for key, span in told.items():
                newer = self._waiting.get(key)
                self._waiting[key] = span if newer is None else _both(span, newer)
            raise

    def forget(self, user: str) -> None:
        """Write nothing of a user that was not written yet."""
        for key in [key for key in self._waiting if key[0] == user]:
            del self._waiting[key]

    def clear(self) -> None:
        """Write nothing of what was not written yet."""
        self._waiting.clear()

    async def close(self) -> None:
        """Write what waits, as far as the log takes it, and nothing more."""
        self._closed = True
        if self._flush is not None:
            await asyncio.wait([self._flush])
        with suppress(BrokerUnavailable):
            await self.flush()
        if self._timer is not None:
            self._timer.cancel()
        self.clear()


def _both(older: Span, newer: Span) -> Span:
    return Span(older.low, max(older.high, newer.high), steps.joined(older.steps, newer.steps))
