"""How fast a `Notifier` asks a server that does not answer as it should: waits, a circuit breaker, sizes of batches.

No I/O and no clock of its own. There is one sender, so that waiting and the breaker are one thing: nothing is asked
until the wait is over, and then one entry is, which stands for all. Libraries that retry or break (tenacity, stamina,
purgatory, aiobreaker) wrap a call that many callers make, and sleep inside it, where neither `flush` nor `close`
reaches them; what would be left for them here is the one line that draws a number.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final, Literal

# Seconds. Full jitter: each wait is drawn from 0 to a ceiling, which doubles from the first figure to the second. A
# server that comes back is found within the second one, and the workers of a backend do not ask in step.
BACKOFF_FIRST: Final = 0.1
BACKOFF_MAX: Final = 5.0

# Seconds of a Retry-After that are believed. A proxy that asks for a day would silence a backend for a day.
RETRY_AFTER_MAX: Final = 300.0

# Failures in a row after which only one entry is sent at a time until one is taken.
OPEN_AFTER: Final = 3

# Entries in one request. The server takes 1,000; this is as fast, and keeps what a lost reply repeats small.
BATCH: Final = 100

# The system's own: the generator of `random` is the application's, and a fork would draw the same numbers again.
_DRAWS: Final = random.SystemRandom()

Circuit = Literal["closed", "open"]


class Pace:
    """What a sender may do next, by what became of its requests."""

    def __init__(self, draw: Callable[[float, float], float] = _DRAWS.uniform) -> None:
        self._draw = draw
        self._failures = 0
        self._size = BATCH
        self.successes = 0
        """How many requests the server took in all."""

    @property
    def circuit(self) -> Circuit:
        """``open`` while the server is held to be away."""
        return "open" if self._failures >= OPEN_AFTER else "closed"

    @property
    def size(self) -> int:
        """How many entries the next request may hold."""
        return 1 if self.circuit == "open" else self._size

    def succeeded(self) -> None:
        """A request was taken."""
        self.successes += 1
        self._failures = 0
        self._size = min(self._size * 2, BATCH)

    def failed(self, *, shrink: bool = False) -> float:
        """A request was not taken: the seconds to wait. ``shrink``: what was in it may have been the reason."""
        if shrink:
            self._size = max(self._size // 2, 1)
        ceiling = min(BACKOFF_FIRST * 2.0 ** min(self._failures, 20), BACKOFF_MAX)
        self._failures += 1
        return self._draw(0.0, ceiling)
