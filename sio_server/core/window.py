"""The newest publications in memory, so that clients that come back all at once need not each ask the log."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sio_server.notification import Publication

MAX_COUNT: Final = 10_000
MAX_BYTES: Final = 16 * 1024 * 1024

# What a publication costs beside its body: the object, its entries in the index.
_OVERHEAD: Final = 600


class Window:
    """Stored publications above `floor`, without a gap, indexed by room. Bounded by number and by bytes.

    ``now`` gives seconds of the log's own clock.
    """

    def __init__(
        self,
        floor: int = 0,
        *,
        now: Callable[[], float],
        max_count: int = MAX_COUNT,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self.floor = floor
        self._now = now
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._all: deque[Publication] = deque()
        self._by_room: dict[str, deque[Publication]] = {}
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._all)

    def append(self, publication: Publication) -> None:
        """Take the next stored publication, and let the oldest go that are too many."""
        self._all.append(publication)
        self._bytes += len(publication.body) + _OVERHEAD
        for room in publication.audience.rooms():
            self._by_room.setdefault(room, deque()).append(publication)
        while len(self._all) > self._max_count or self._bytes > self._max_bytes:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = self._all.popleft()
        self.floor = oldest.seq
        self._bytes -= len(oldest.body) + _OVERHEAD
        for room in oldest.audience.rooms():
            members = self._by_room[room]
            members.popleft()
            if not members:
                del self._by_room[room]

    def after(self, position: int, seen_from: Mapping[str, int], user: str | None) -> Sequence[Publication] | None:
        """What one person may see above a position, in order; None where the window does not reach back so far.

        ``seen_from`` maps each room the person is in to the position above which they may see it.
        """
        if position < self.floor:
            return None
        found: dict[int, Publication] = {}
        for room, first in seen_from.items():
            start = max(position, first)
            for publication in reversed(self._by_room.get(room, ())):
                if publication.seq <= start:
                    break
                found[publication.seq] = publication
        moment = self._now() * 1000
        return [
            publication
            for _, publication in sorted(found.items())
            if (publication.expires_at is None or publication.expires_at > moment)
            and (user is None or user not in publication.audience.except_users)
        ]
