"""How long entries of some types are kept, in place of what holds for the rest."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

_MS: Final = 1000

# Of the lanes of what is kept for ever.
_FOR_EVER: Final = 2**40


class Ages:
    """Seconds by type of event, `math.inf` for ever. One for all nodes on a log, and set by any of them."""

    def __init__(self) -> None:
        self.by_type: Mapping[str, float] = {}

    def longer_than(self, seconds: float | None) -> frozenset[str]:
        """The types that are kept for longer than the rest; None keeps the rest for ever."""
        least = math.inf if seconds is None else seconds
        return frozenset(name for name, age in self.by_type.items() if age > least or age == math.inf)

    def end(self, event: str, now: int) -> int | None:
        """When an entry goes that was taken ``now``, both in milliseconds; None where nothing says so of its type."""
        age = self.by_type.get(event)
        return None if age is None or age == math.inf else now + round(age * _MS)

    def until(self, event: str, taken: int, expires_at: int | None) -> int | None:
        """After which moment an entry goes to nobody: it has expired, or retention has taken it out of the log."""
        kept_until = self.end(event, taken) if self.by_type else None
        if expires_at is None or kept_until is None:
            return expires_at or kept_until
        return min(expires_at, kept_until)

    def lanes(self, event: str) -> int:
        """Which lanes of a room are for entries of this type: those that are kept for as long share them.

        Within them the oldest go first, as among the rest, and leave no holes in the running numbers.
        """
        age = self.by_type.get(event)
        if age is None:
            return 0
        return _FOR_EVER if age == math.inf else 1 + min(round(age), _FOR_EVER - 2)
