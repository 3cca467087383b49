"""Clocks that a test moves on, in place of waiting for the time."""

from __future__ import annotations

import time


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
