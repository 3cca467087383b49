"""The time of a log that many nodes share: the database's, so that no node's own clock has a say in what expires."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from sio_server.broker.postgres.database import Connection
from sio_server.clock import steady

# Seconds after which the database's clock is looked at again: two clocks part by some milliseconds in that time.
EVERY: Final = 60.0


class SharedClock:
    """Seconds of Unix time by the database's clock, going on steadily between two looks at it.

    ``now`` is another clock in its place, for tests.
    """

    def __init__(self, now: Callable[[], float] | None = None) -> None:
        self._now = now
        self._apart = time.time() - steady()
        self._looked: float | None = None

    def now(self) -> float:
        """See `Log.now`."""
        return steady() + self._apart if self._now is None else self._now()

    async def look(self, connection: Connection) -> None:
        """Set it by the database, if it is time."""
        asked = steady()
        if self._now is not None or (self._looked is not None and asked < self._looked + EVERY):
            return
        there = await connection.fetchval("SELECT extract(epoch FROM clock_timestamp())::double precision")
        answered = steady()
        self._looked = answered
        # As if the answer had been given half way between: the error is at most half of the way there and back.
        self._apart = float(there) - (asked + answered) / 2
