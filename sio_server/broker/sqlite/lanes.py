"""The lanes of a room: rows of its entries, so chosen that within a lane they expire in the order they came.

Each lane numbers its entries. Then what has expired in a lane is its beginning, and how many entries of it a user sees
is the difference of two numbers, however many there are: see `views.count`. Four notifications to role:admin:

| seq | comes at | expires at | lane | number | why |
|---|---|---|---|---|---|
| 10 | 9:00 | never | 1 | 1 | what never expires has a lane of its own |
| 11 | 9:00 | 10:00 | 2 | 1 | no lane is there for what expires |
| 12 | 9:10 | 10:10 | 2 | 2 | lane 2 ends at 10:00, before that |
| 13 | 9:20 | 9:30 | 3 | 1 | lane 2 ends at 10:10, after that |

What is kept for another time than the rest (`ages`) has lanes of its own, or taking it out would leave holes in the
running numbers of the others.

Publishers who use a few times to live fill a few lanes, one for each. Who uses another one each time soon has filled
`MAX_LANES`; what fits none of them then is in `NO_LANE` and counted one by one.
"""

from __future__ import annotations

import sqlite3
from typing import Final

# Entries that fit none of a room's lanes. They are counted one by one.
NO_LANE: Final = 0

# Lanes of a room, and as many for each time that types are kept for. A publisher whose times to live are all different
# must not make everybody's counters slow.
MAX_LANES: Final = 16

_Lane = tuple[int | None, int]  # when the last entry expires, and its running number


class Lanes:
    """The lanes of the rooms that one commit adds to."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._rooms: dict[str, dict[int, _Lane]] = {}
        self._changed: set[tuple[str, int]] = set()

    def add(self, room: str, expires_at: int | None, group: int | None = 0) -> tuple[int, int]:
        """Give the next entry of a room its lane, of those of its group (`Ages.lanes`), and its number; None: none."""
        lanes = self._of(room)
        lane = NO_LANE if group is None else _fitting(lanes, expires_at, group * MAX_LANES)
        ordinal = lanes[lane][1] + 1 if lane in lanes else 1
        lanes[lane] = (expires_at, ordinal)
        self._changed.add((room, lane))
        return lane, ordinal

    def _of(self, room: str) -> dict[int, _Lane]:
        if room not in self._rooms:
            rows = self._connection.execute("SELECT lane, expires_at, ordinal FROM room_lane WHERE room = ?", (room,))
            self._rooms[room] = {lane: (expires_at, ordinal) for lane, expires_at, ordinal in rows}
        return self._rooms[room]

    def insert(self) -> None:
        """Write where the lanes have got to."""
        self._connection.executemany(
            "INSERT INTO room_lane (room, lane, expires_at, ordinal) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (room, lane) DO UPDATE SET expires_at = excluded.expires_at, ordinal = excluded.ordinal",
            [(room, lane, *self._rooms[room][lane]) for room, lane in self._changed],
        )
        self._changed.clear()


def _fitting(lanes: dict[int, _Lane], expires_at: int | None, base: int) -> int:
    """The lane whose last entry expires latest before this one, else a new one, else none; those above ``base``."""
    best, latest, known = NO_LANE, -1, 0
    for lane, (last, _) in lanes.items():
        if not base < lane <= base + MAX_LANES:
            continue
        known += 1
        if expires_at is None or last is None:
            if expires_at is last:
                return lane
        elif latest < last <= expires_at:
            best, latest = lane, last
    if best == NO_LANE and known < MAX_LANES:
        return next(lane for lane in range(base + 1, base + MAX_LANES + 1) if lane not in lanes)
    return best
