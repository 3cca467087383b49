"""The newest entries in memory, so that clients that come back all at once need not each ask the log."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from sio_server.audience import user_room
from sio_server.notification import Effect, Entry

MAX_COUNT: Final = 10_000
MAX_BYTES: Final = 16 * 1024 * 1024

# What an entry costs beside its body: the object, its entries in the index.
_OVERHEAD: Final = 600


class Window:
    """Stored entries above `floor`, without a gap, indexed by room. Bounded by number and by bytes.

    A node has one, and fills it with what it hears. ``now`` gives seconds of the log's own clock.
    """

    def __init__(
        self,
        floor: int = 0,
        *,
        now: Callable[[], float],
        max_count: int = MAX_COUNT,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._now = now
        self._max_count = max_count
        self._max_bytes = max_bytes
        self._all: deque[Entry] = deque()
        self._by_room: dict[str, deque[Entry]] = {}
        # Of some entries that are held, what is in their place: another one, or None for what has left the log. To take
        # them out themselves would be to look for them.
        self._instead: dict[int, Entry | None] = {}
        self.begin(floor)

    def begin(self, floor: int) -> None:
        """Hold nothing, and take what comes after ``floor`` from now on: the log was opened, or is another one."""
        self.floor = floor
        self._all.clear()
        self._by_room.clear()
        self._instead.clear()
        self._bytes = 0

    def __len__(self) -> int:
        return len(self._all)

    def append(self, entry: Entry) -> None:
        """Take the next stored entry, and let the oldest go that are too many."""
        self._all.append(entry)
        self._bytes += entry.size + _OVERHEAD
        for room in entry.rooms:
            members = self._by_room.get(room)
            if members is None:
                members = self._by_room[room] = deque()
            members.append(entry)
        while len(self._all) > self._max_count or self._bytes > self._max_bytes:
            self._drop_oldest()

    def heed(self, effect: Effect) -> None:
        """Let entries go that have left the log, and hold another one where one was changed."""
        for seq in effect.gone:
            if seq > self.floor:
                self._instead[seq] = None
        changed = effect.changed
        if changed is not None and changed.seq > self.floor:
            self._instead[changed.seq] = changed

    def _drop_oldest(self) -> None:
        oldest = self._all.popleft()
        self.floor = oldest.seq
        self._instead.pop(oldest.seq, None)
        self._bytes -= oldest.size + _OVERHEAD
        for room in oldest.rooms:
            members = self._by_room[room]
            members.popleft()
            if not members:
                del self._by_room[room]

    def after(self, position: int, seen_from: Mapping[str, int], user: str | None) -> Sequence[Entry] | None:
        """What one person may see above a position, in order; None where the window does not reach back so far.

        ``seen_from`` maps each room the person is in to the position above which they may see it.
        """
        if position < self.floor:
            return None
        found: dict[int, Entry] = {}
        for room, first in seen_from.items():
            start = max(position, first)
            for entry in reversed(self._by_room.get(room, ())):
                if entry.seq <= start:
                    break
                found[entry.seq] = entry
        for seq in found.keys() & self._instead.keys():
            instead = self._instead[seq]
            if instead is None:
                del found[seq]
            else:
                found[seq] = instead
        moment = self._now() * 1000
        personal = None if user is None else user_room(user)
        return [
            entry
            for _, entry in sorted(found.items())
            if (entry.expires_at is None or entry.expires_at > moment)
            and (personal is None or personal not in entry.skip_rooms)
        ]
