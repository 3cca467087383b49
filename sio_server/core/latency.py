"""How long publishes take, over the last seconds, at the cost of one addition each. Pure: no I/O, no clock.

Durations are counted in classes, each 5 % above the one before: a percentile is the upper end of the class it falls in,
so at most 5 % above the duration it stands for.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

# Seconds at the end of the first class, and how much longer each class reaches than the one before. The last one holds
# whatever took longer than 65 seconds.
FIRST: Final = 10e-6
GROWTH: Final = 1.05
CLASSES: Final = 322

# Finished periods that are looked at together: with a turn each second, 10 seconds.
PERIODS: Final = 10

_SCALE: Final = 1 / math.log(GROWTH)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds that 50, 95 and 99 % of ``count`` durations did not exceed."""

    p50: float
    p95: float
    p99: float
    count: int

    def as_dict(self) -> dict[str, Any]:
        """The percentiles as ``GET /v1/stats`` answers."""
        return {"p50": self.p50, "p95": self.p95, "p99": self.p99, "count": self.count}


class Latency:
    """Durations of the period under way and of the `PERIODS` before it. `turn` begins the next one."""

    def __init__(self) -> None:
        self._now: dict[int, int] = {}
        self._before: deque[dict[int, int]] = deque(maxlen=PERIODS)

    def add(self, seconds: float) -> None:
        """Count a duration."""
        index = class_of(seconds)
        self._now[index] = self._now.get(index, 0) + 1

    def turn(self) -> Percentiles | None:
        """Begin the next period; returns the percentiles of the one that ends, None where nothing was counted."""
        ended, self._now = self._now, {}
        self._before.append(ended)
        return _percentiles([ended])

    def recent(self) -> Percentiles | None:
        """The percentiles of all periods that are kept; None where nothing was counted."""
        return _percentiles([*self._before, self._now])


def class_of(seconds: float) -> int:
    """The number of the class that a duration falls in."""
    if seconds <= FIRST:
        return 0
    return min(math.ceil(math.log(seconds / FIRST) * _SCALE), CLASSES - 1)


def _percentiles(periods: list[dict[int, int]]) -> Percentiles | None:
    counts: dict[int, int] = {}
    for period in periods:
        for index, number in period.items():
            counts[index] = counts.get(index, 0) + number
    total = sum(counts.values())
    if not total:
        return None
    ordered = sorted(counts.items())
    p50, p95, p99 = (_at(ordered, math.ceil(total * share)) for share in (0.5, 0.95, 0.99))
    return Percentiles(p50, p95, p99, total)


def _at(ordered: list[tuple[int, int]], rank: int) -> float:
    """Milliseconds that ``rank`` durations do not exceed; ``ordered`` has a class and the number in it."""
    index, reached = 0, 0
    for index, number in ordered:  # noqa: B007 - the one it ends with is wanted
        reached += number
        if reached >= rank:
            break
    return round(FIRST * GROWTH**index * 1000, 3)
