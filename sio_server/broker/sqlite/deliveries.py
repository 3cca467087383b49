"""How far each user's connections were handed, and how far their clients confirmed.

A connection's stream is whole from where it began, so what it got is a span of positions and not a row a notification.
Spans of one user that touch become one.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from itertools import islice
from typing import Final, Literal

from sio_server.broker.sqlite.sights import all_rooms_of
from sio_server.broker.sqlite.views import bounds_of, walk
from sio_server.broker.sqlite.writer import Step, Writer
from sio_server.errors import BrokerUnavailable

HANDED: Final = 0
ACKNOWLEDGED: Final = 1

Kind = Literal[0, 1]
_Key = tuple[str, Kind, int]  # user, kind, where the stream begins

# Seconds that what was told waits for company. A second is promised.
FLUSH_DELAY: Final = 0.5

# Spans in one step of a flush: 10,000 users who are handed a broadcast must not make publishers wait.
FLUSH_STEP: Final = 250

# Spans that wait. Beyond it the disk does not take them, and the oldest are given up: receipts then tell too little.
MAX_WAITING: Final = 100_000

# Spans of one user and kind. Each is one visit without a cursor; of those before, receipts tell too little.
MAX_SPANS: Final = 64


class Deliveries:
    """What waits to be written. All methods run on the event loop."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: dict[_Key, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flush: asyncio.Task[None] | None = None
        self._flushing = asyncio.Lock()
        self._closed = False

    def note(self, kind: Kind, user: str, seq: int, after: int) -> None:
        """Take in that ``(after, seq]`` arrived. What is above the head cannot have, whoever says so."""
        seq = min(seq, self._writer.head.seq)
        key = (user, kind, after)
        if self._closed or seq <= max(after, self._waiting.get(key, 0)):
            return
        self._waiting[key] = seq
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

    async def _write(self, spans: Mapping[_Key, int]) -> None:
        try:
            await self._writer.change(lambda step: _record(step, spans))
        except BrokerUnavailable:
            for key, seq in spans.items():
                self._waiting[key] = max(seq, self._waiting.get(key, 0))
            raise

    async def close(self) -> None:
        """Write what waits, as far as the log takes it, and nothing more."""
        self._closed = True
        if self._flush is not None:
            await asyncio.wait([self._flush])
        with suppress(BrokerUnavailable):
            await self.flush()
        if self._timer is not None:
            self._timer.cancel()
        self._waiting.clear()


def _record(step: Step, spans: Mapping[_Key, int]) -> None:
    for (user, kind, after), seq in spans.items():
        _add(step.connection, user, kind, after, seq)


def _add(connection: sqlite3.Connection, user: str, kind: Kind, low: int, high: int) -> None:
    execute = connection.execute
    # Almost always the stream that was there before has grown.
    grown = execute(
        "UPDATE delivery SET high = max(high, ?) WHERE user = ? AND kind = ? AND low = ?", (high, user, kind, low)
    ).rowcount
    spans = execute("SELECT low, high FROM delivery WHERE user = ? AND kind = ? ORDER BY low", (user, kind)).fetchall()
    if grown and spans[-1][0] == low:
        return
    if not grown:
        spans = sorted([*spans, (low, high)])
    joined = [list(spans[0])]
    for span in spans[1:]:
        if span[0] <= joined[-1][1] or _nothing_between(connection, user, joined[-1][1], span[0]):
            joined[-1][1] = max(joined[-1][1], span[1])
        else:
            joined.append(list(span))
    execute("DELETE FROM delivery WHERE user = ? AND kind = ?", (user, kind))
    connection.executemany(
        "INSERT INTO delivery (user, kind, low, high) VALUES (?, ?, ?, ?)",
        [(user, kind, *span) for span in joined[-MAX_SPANS:]],
    )


def _nothing_between(connection: sqlite3.Connection, user: str, low: int, high: int) -> bool:
    """Whether nothing in ``(low, high]`` is this user's: then two visits are as good as one."""
    bounds = bounds_of(all_rooms_of(connection, user), low)
    with closing(walk(connection, bounds, below=high + 1, newest_first=False)) as seqs:
        return next(seqs, None) is None
