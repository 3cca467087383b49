"""How often one peer may do something."""

from __future__ import annotations


class Bucket:
    """A token bucket: it holds two seconds' worth, one token at the least, and refills steadily.

    `rate` is in tokens a second and may be another one at each call; `now` is in seconds of a monotonic clock.
    """

    __slots__ = ("_left", "_since")

    def __init__(self, rate: float, now: float) -> None:
        self._left = bucket_size(rate)
        self._since = now

    def level(self, rate: float, now: float) -> float:
        """Tokens that are there; below 0 while more than a full bucket is being paid back."""
        return min(bucket_size(rate), self._left + (now - self._since) * rate)

    def spend(self, rate: float, now: float, count: int = 1) -> bool:
        """Take tokens where there are as many, or the bucket is full; returns whether any were taken."""
        left = self.level(rate, now)
        if left < min(count, bucket_size(rate)):
            return False
        self._left = left - count
        self._since = now
        return True

    def debit(self, rate: float, now: float, count: int) -> None:
        """Take tokens that were used elsewhere, whether they are there or not: at most as many as pay back in 2 s."""
        self._left = max(self.level(rate, now) - count, -bucket_size(rate))
        self._since = now


def bucket_size(rate: float) -> float:
    """Tokens that a full bucket holds."""
    return max(2 * rate, 1.0)
