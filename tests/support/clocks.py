"""Clocks that a test moves on, in place of waiting for the time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


class Clock:
    """A clock that stands still until it is moved: ``now`` is in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time."""
        return self.now


class AheadClock:
    """The monotonic clock, put ``ahead`` by so many seconds."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """The time."""
        return time.monotonic() + self.ahead


class Timer:
    """A call that `Timers` is to make."""

    def __init__(self, at: float, call: Callable[[], object]) -> None:
        self.at = at
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        """Let it not come."""
        self.cancelled = True


class Timers:
    """An event loop's timers, whose time passes when a test says so."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waiting: list[Timer] = []

    def time(self) -> float:
        """Seconds since the test began."""
        return self.now

    def call_later(self, delay: float, callback: Callable[..., object], *args: Any, context: object = None) -> Timer:
        """See `asyncio.loop.call_later`."""
        made = Timer(self.now + delay, lambda: callback(*args))
        self.waiting.append(made)
        return made

    def move(self, seconds: float) -> None:
        """Let so much time pass, and call what becomes due, each at its time."""
        until = self.now + seconds
        while due := [timer for timer in self.waiting if not timer.cancelled and timer.at <= until]:
            first = min(due, key=lambda timer: timer.at)
            self.waiting.remove(first)
            self.now = max(self.now, first.at)
            first.call()
        self.now = until
