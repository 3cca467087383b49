"""How often one peer may do something."""

from __future__ import annotations


class Bucket:
    """A token bucket that holds two seconds' worth, and one token at the least. `rate` is per second."""

    __slots__ = ("_left", "_since")

    def __init__(self, rate: float, now: float) -> None:
        self._left = max(2 * rate, 1.0)
        self._since = now

    def spend(self, rate: float, now: float) -> bool:
        """Whether one more is within the rate of this moment; `now` is in seconds of a monotonic clock."""
        self._left = min(max(2 * rate, 1.0), self._left + (now - self._since) * rate)
        self._since = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
