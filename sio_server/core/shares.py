"""What nodes of one log tell one another of publishers' quotas, so that a rate holds for all of them together.

Each node counts what its publishers use, and tells the others twice a second, who take it out of their own buckets. So
a rate is exact to what is published within that time: a publisher that spreads a burst over three nodes at once may get
three buckets of it, and pays for them before the next.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from sio_server.broker import Broker, Spent

# Seconds for which what is used is collected before others hear of it. None of this is done while nobody publishes.
EVERY: Final = 0.5


class Shares:
    """What this node's publishers used since others heard of it last. ``name`` is this node's.

    ``debit`` takes from a publisher's bucket what it used on another node: publisher, how many, its rate.
    """

    def __init__(self, broker: Broker, name: str, debit: Callable[[str, int, int], None]) -> None:
        self._broker = broker
        self._name = name
        self._debit = debit
        self._used: dict[str, tuple[int, int]] = {}

    def note(self, publisher: str, count: int, rate: int) -> None:
        """A publisher used so many of its quota here."""
        if not self._broker.shared():
            return
        if not self._used:
            asyncio.get_running_loop().call_later(EVERY, self._tell)
        self._used[publisher] = (self._used.get(publisher, (0, 0))[0] + count, rate)

    def _tell(self) -> None:
        used, self._used = self._used, {}
        for publisher, (count, rate) in used.items():
            self._broker.signal(Spent(self._name, publisher, count, rate))

    def heard(self, spent: Spent) -> None:
        """Take what was used on another node."""
        if spent.node != self._name:
            self._debit(spent.publisher, spent.count, spent.rate)
