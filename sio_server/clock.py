"""Time that nobody can set: what is deleted, forgotten or held for so long is measured by it, not by the wall clock.

A wall clock is set: a machine without a battery boots in 1970, a server of the network tells another year, a machine
that was asleep comes to. Whatever cannot be undone must not be done on its word alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Seconds by which the wall clock and the steady one may part between two looks, a minute, and it is no step: a clock
# that is slewed to the right time runs at most some thousandths too fast.
STEP: Final = 2.0

# Seconds between two runs of a server that are counted at once, whatever the wall clock says. Should it be wrong,
# things last a day less than they should.
AT_ONCE: Final = 24 * 3600.0

# Seconds that the wall clock has to go on steadily before more than that is counted, and the longest time between two
# runs that is believed then. Whoever has entries of 1970 has a clock that was wrong, and they are not fifty years old.
LASTING: Final = 3600.0
BELIEVED: Final = 365 * 24 * 3600.0


def steady() -> float:
    """Seconds since the machine was started, which nobody can set; while it was asleep too where the system tells."""
    return time.monotonic() if _CLOCK is None else time.clock_gettime(_CLOCK)


# Linux' CLOCK_MONOTONIC stands still while a machine is asleep. Windows has one such clock, and no name for it.
_CLOCK: Final[int | None] = getattr(time, "CLOCK_BOOTTIME", getattr(time, "CLOCK_MONOTONIC", None))


class StepWatch:
    """Says by how much the wall clock was set between two looks. Both clocks give seconds."""

    def __init__(
        self, wall: Callable[[], float] = time.time, steadily: Callable[[], float] = steady, *, least: float = STEP
    ) -> None:
        self._wall = wall
        self._steady = steadily
        self._least = least
        self._apart = wall() - steadily()

    def look(self) -> float:
        """Seconds forward (or back, below 0) since the last look; 0 when it was not set."""
        apart = self._wall() - self._steady()
        step = apart - self._apart
        self._apart = apart  # also when it is small: a clock may be slewed for weeks
        return step if abs(step) >= self._least else 0.0


@dataclass(frozen=True, slots=True)
class Noted:
    """What was known at one moment of an earlier run: the log's own time, and the latest that the wall clock had said.

    Both in seconds. Where the wall clock is behind that, it was wrong one time or the other, and which is not known.
    """

    own: float
    wall: float


class LogClock:
    """A log's own time: it begins as the wall clock's and goes on steadily, whatever becomes of that one.

    Between two runs nothing is steady. A day of what the wall clock says has passed is counted at once; the rest once
    it has gone on steadily for `LASTING`, if it is less than `BELIEVED`; all of it at once with ``trusted``.
    """

    def __init__(self, wall: Callable[[], float] = time.time, steadily: Callable[[], float] | None = None) -> None:
        self._wall = wall
        # a wall clock of a test's own passes steadily
        self._steady = steadily or (steady if wall is time.time else wall)
        self._apart = wall() - self._steady()
        self._steps = StepWatch(wall, self._steady)
        self.waiting = 0.0
        """Seconds that have passed between two runs if the wall clock is right, and are not counted yet."""
        self._since = self._latest = 0.0

    def now(self) -> float:
        """Seconds: of Unix time, as long as the wall clock was right at the beginning of the log and never set."""
        return self._apart + self._steady()

    def begin(self, noted: Noted | None, *, trusted: bool = False) -> float:
        """Go on from what was noted last; None: a new log. Returns by how much the wall clock is ahead of that."""
        wall, steadily = self._wall(), self._steady()
        if noted is None:
            self._apart = wall - steadily
            return 0.0
        self._latest = noted.wall
        ahead = wall - noted.wall
        passed = max(0.0, ahead)
        counted = passed if trusted else min(passed, AT_ONCE)
        self._apart = noted.own + counted - steadily
        self.waiting, self._since = passed - counted, steadily
        return ahead

    def look(self) -> float:
        """See whether the wall clock was set, and whether more is to be counted; each minute. As `StepWatch.look`."""
        step = self._steps.look()
        if step:
            # what it said of the time between two runs is another number now, and has to last anew
            self.waiting = max(0.0, self.waiting + step) if self.waiting else 0.0
            self._since = self._steady()
        if self._steady() - self._since >= LASTING:
            if self.will_count:
                self._apart += self.waiting
                self.waiting = 0.0
            if self._latest - self._wall() > BELIEVED:
                self._latest = 0.0  # what said that was wrong, or times between runs would not be counted for years
        return step

    @property
    def will_count(self) -> bool:
        """Whether what is waiting is counted once it has lasted."""
        return 0 < self.waiting <= BELIEVED

    def noted(self) -> Noted:
        """What to write down for the next run."""
        return Noted(self.now(), max(self._latest, self._wall()))
