"""One timer for all connections: a wheel of 50 ms buckets, of 5 ms for what has to be exact.

A timer handle per connection costs about 250 bytes and a heap operation per ping; here an entry costs one
place in a set, to add or to drop one is O(1), and the loop holds a single timer for the nearest bucket.
"""

from __future__ import annotations

import asyncio
import heapq
import logging
from collections.abc import Callable
from typing import Protocol

#: Seconds per bucket. Fires at the bucket's end: never early, late by at most this much.
RESOLUTION = 0.005
#: What need not be exact is put into every tenth bucket: fewer of them, and more pings in one turn.
_COARSE = 10

_logger = logging.getLogger("sio_server.engine")


class Timed(Protocol):
    """What the wheel can hold. `timer_key` is the wheel's own; start it with 0."""

    timer_key: int

    def on_timer(self) -> None:
        """Called once, when the time that was asked for has come."""


class Wheel:
    """Calls `on_timer` of its entries, each entry at most once at a time."""

    __slots__ = ("_buckets", "_handle", "_keys", "_loop", "time")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._buckets: dict[int, set[Timed]] = {}
        self._keys: list[int] = []
        self._handle: asyncio.TimerHandle | None = None
        self.time: Callable[[], float] = loop.time

    def __len__(self) -> int:
        return sum(map(len, self._buckets.values()))

    def at(self, entry: Timed, when: float, *, exact: bool = False) -> None:
        """Fire at loop time `when`, in place of the time this entry had before."""
        key = int(when / RESOLUTION) + 1
        if not exact:
            key += -key % _COARSE
        old = entry.timer_key
        if old == key:
            return
        if old:
            self.drop(entry)
        bucket = self._buckets.get(key)
        if bucket is None:
            bucket = self._buckets[key] = set()
            heapq.heappush(self._keys, key)
            if self._keys[0] == key:
                self._arm(key)
        bucket.add(entry)
        entry.timer_key = key

    def drop(self, entry: Timed) -> None:
        """Forget the entry; nothing happens when it is not there."""
        bucket = self._buckets.get(entry.timer_key)
        if bucket is not None:
            bucket.discard(entry)
        entry.timer_key = 0

    def close(self) -> None:
        """Forget all entries and stop the timer."""
        for bucket in self._buckets.values():
            for entry in bucket:
                entry.timer_key = 0
        self._buckets.clear()
        self._keys.clear()
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _arm(self, key: int) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle = self._loop.call_at(key * RESOLUTION, self._fire)

    def _fire(self) -> None:
        self._handle = None
        # a loop may run a timer one clock tick early: such a bucket counts as due
        current = int((self._loop.time() + 0.002) / RESOLUTION)
        while self._keys and self._keys[0] <= current:
            key = heapq.heappop(self._keys)
            for entry in self._buckets.pop(key):
                if entry.timer_key != key:
                    continue  # dropped by an entry that fired just before it
                entry.timer_key = 0
                try:
                    entry.on_timer()
                except Exception:
                    _logger.exception("timer of %r failed", entry)
        if self._keys:
            self._arm(self._keys[0])
