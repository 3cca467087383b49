"""How far each user's connections were handed, and how far their clients confirmed.

A connection's stream is whole from where it began, so what it got is a span of positions and not a row a notification.
Spans of one user that touch become one. When each came so far is kept within them (`steps`), for the newest steps.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from itertools import islice
from typing import Final, Literal

from sio_server.broker import steps
from sio_server.broker.receipts import Carrier
from sio_server.broker.sqlite.sights import all_rooms_of
from sio_server.broker.sqlite.views import bounds_of, walk
from sio_server.broker.sqlite.writer import Step, Writer
from sio_server.broker.steps import Step as Moment
from sio_server.errors import BrokerUnavailable

HANDED: Final = 0
ACKNOWLEDGED: Final = 1

Kind = Literal[0, 1]
_Key = tuple[str, Kind, int]  # user, kind, where the stream begins
_Reached = tuple[int, bytes]  # up to which seq, and the steps

_NOBODY: Final = Carrier("", 0)

# Seconds that what was told waits for company. A second is promised.
FLUSH_DELAY: Final = 0.5

# Spans in one step of a flush: 10,000 users who are handed a broadcast must not make publishers wait.
FLUSH_STEP: Final = 250

# Spans that wait. Beyond it the disk does not take them, and the oldest are given up: receipts then tell too little.
MAX_WAITING: Final = 100_000

# Spans of one user and kind. Each is one visit without a cursor; of those before, receipts tell too little.
MAX_SPANS: Final = 64


class Deliveries:
    """What waits to be written. All methods run on the event loop. ``now`` gives the time of day in Unix seconds."""

    def __init__(self, writer: Writer, now: Callable[[], float] = time.time) -> None:
        self._writer = writer
        self._now = now
        self._waiting: dict[_Key, _Reached] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._flush: asyncio.Task[None] | None = None
        self._flushing = asyncio.Lock()
        self._closed = False

    def note(self, kind: Kind, user: str, seq: int, after: int, carrier: Carrier | None) -> None:
        """Take in that ``(after, seq]`` arrived. What is above the head cannot have, whoever says so."""
        seq = min(seq, self._writer.head.seq)
        key = (user, kind, after)
        reached, known = self._waiting.get(key, (0, b""))
        protocol, since, ended = carrier or _NOBODY
        if self._closed or seq <= after or seq < reached or (seq == reached and ended is None):
            return
        step = Moment(after, seq, int(self._now() * 1000), since, protocol, ended or "").pack()
        self._waiting[key] = (seq, steps.joined(known, step, replace=kind == HANDED))
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

    async def _write(self, spans: Mapping[_Key, _Reached]) -> None:
        try:
            await self._writer.change(lambda step: _record(step, spans))
        except BrokerUnavailable:
            for key, (seq, older) in spans.items():
                reached, newer = self._waiting.get(key, (0, b""))
                self._waiting[key] = (max(seq, reached), steps.joined(older, newer))
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


def _record(step: Step, spans: Mapping[_Key, _Reached]) -> None:
    for (user, kind, after), (seq, moments) in spans.items():
        _add(step.connection, user, kind, (after, seq, moments))


def _add(connection: sqlite3.Connection, user: str, kind: Kind, span: tuple[int, int, bytes]) -> None:
    execute = connection.execute
    low, high, moments = span
    query = "SELECT low, high, steps FROM delivery WHERE user = ? AND kind = ? ORDER BY low"
    # Almost always the stream that was there before has grown: the other spans, with all their steps, are left alone.
    last = execute(f"{query} DESC LIMIT 1", (user, kind)).fetchone()
    if last is not None and last[0] == low:
        known = steps.joined(last[2], moments, replace=kind == HANDED)
        grown = (max(high, last[1]), known, user, kind, low)
        execute("UPDATE delivery SET high = ?, steps = ? WHERE user = ? AND kind = ? AND low = ?", grown)
        return
    spans = sorted([*execute(query, (user, kind)), span])
    whole = [[*spans[0][:2], [spans[0][2]]]]
    for one in spans[1:]:
        if one[0] <= whole[-1][1] or _nothing_between(connection, user, whole[-1][1], one[0]):
            whole[-1][1] = max(whole[-1][1], one[1])
            whole[-1][2].append(one[2])
        else:
            whole.append([*one[:2], [one[2]]])
    execute("DELETE FROM delivery WHERE user = ? AND kind = ?", (user, kind))
    connection.executemany(
        "INSERT INTO delivery (user, kind, low, high, steps) VALUES (?, ?, ?, ?, ?)",
        [(user, kind, first, last, steps.merged(parts)) for first, last, parts in whole[-MAX_SPANS:]],
    )


def _nothing_between(connection: sqlite3.Connection, user: str, low: int, high: int) -> bool:
    """Whether nothing in ``(low, high]`` is this user's: then two visits are as good as one."""
    bounds = bounds_of(all_rooms_of(connection, user), low)
    with closing(walk(connection, bounds, below=high + 1, newest_first=False)) as seqs:
        return next(seqs, None) is None
