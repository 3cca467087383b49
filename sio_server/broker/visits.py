"""When users were last here, on its way to the log: noted as they come and as they are gone, for many at once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Final

# Seconds that what was noted waits for company.
FLUSH_DELAY: Final = 0.5

# Seconds between two steps of a flush: together they would be one commit, which publishers wait for.
FLUSH_PAUSE: Final = 0.05

# Users in one step of a flush: 10,000 who leave at once must not make publishers wait.
FLUSH_STEP: Final = 500

# Users who wait. Beyond it the disk does not take them, and the oldest are given up.
MAX_WAITING: Final = 100_000

# When users were here, in milliseconds, and who.
Noted = Sequence[tuple[int, str]]


class Visits:
    """What waits to be written. All methods run on the event loop. ``now`` gives the log's time in seconds.

    ``write`` has the log take some of it, and waits for nothing. A row is there since the user's first sight; who has
    none, or no longer, is to get none.
    """

    def __init__(self, write: Callable[[Noted], None], now: Callable[[], float]) -> None:
        self._take = write
        self._now = now
        self._waiting: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None

    def note(self, user: str) -> None:
        """A user is here at this moment."""
        self._waiting.pop(user, None)
        self._waiting[user] = int(self._now() * 1000)
        if len(self._waiting) > MAX_WAITING:
            del self._waiting[next(iter(self._waiting))]
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_DELAY, self._go_on)

    def of(self, user: str) -> int | None:
        """When a user was here, in milliseconds, as far as the log does not know it yet."""
        return self._waiting.get(user)

    def forget(self, user: str) -> None:
        """Write nothing of a user."""
        self._waiting.pop(user, None)

    def _go_on(self) -> None:
        self._timer = None
        self._write()
        if self._waiting:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_PAUSE, self._go_on)

    def flush(self) -> None:
        """Have the log take all that waits, at once."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            self._write()

    def _write(self) -> None:
        """Have the log take some of it; what it does not take now is given up."""
        some = [(self._waiting.pop(user), user) for user in list(islice(self._waiting, FLUSH_STEP))]
        self._take(some)
