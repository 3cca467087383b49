"""Groups of an inbox: what was published with the same name, and how much of it there is.

An entry with a group has a row for each room that it is for, so that a user's own are found however many others have
the same name: a group of bookings is one for each guest. What has none costs nothing. Runs in the threads of `store`.

How many a user has of a group is counted as the whole inbox is: what lies above a watermark, less what the user is
excepted from, and as many more as have rows that say otherwise. Of the group "a", with everything up to 20 read:

| seq | group | row | unread |
|---|---|---|---|
| 10 | a | read = 0 | 1, by its row |
| 20 | a | | |
| 30 | a | read = 1 | above the watermark, and taken off by its row |
| 40 | a | | 1, being above the watermark |
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import orjson

from sio_server.broker.inbox import Status
from sio_server.broker.log import View
from sio_server.broker.sqlite.rows import GROUPED
from sio_server.broker.sqlite.views import IN_VIEW, NOT_EXCEPTED, NOT_EXPIRED, bounds_of, with_view
from sio_server.broker.states import Watermarks
from sio_server.broker.wanted import TOP

# The rows of `grouped` are `n`, so that conditions on notifications fit them. Parameters: name, two positions, now.
_MEMBERS: Final = f"""
SELECT count(*) FILTER (WHERE n.shared = 0) + count(DISTINCT CASE n.shared WHEN 1 THEN n.seq END)
FROM view CROSS JOIN grouped AS n
WHERE n.room = view.room AND n.name = ? AND n.seq > max(view.low, ?) AND n.seq <= ? AND {NOT_EXPIRED}
"""  # noqa: S608 - constants

# What of them the user is excepted from. Parameters: user, two positions, name, now.
_EXCEPTED: Final = f"""
SELECT count(*) FROM notification_except AS x WHERE x.user = ? AND x.seq > ? AND x.seq <= ? AND EXISTS (
    SELECT 1 FROM view CROSS JOIN grouped AS n
    WHERE n.room = view.room AND n.name = ? AND n.seq = x.seq AND n.seq > view.low AND {NOT_EXPIRED})
"""  # noqa: S608 - constants

# How many more of each group are in the inbox, and unread, than the watermarks say; and the newest of each status that
# a watermark alone would not name. Parameters: archived_to, read_to, archived_to, read_to, archived_to, user, now.
_DIFFERING: Final = f"""
SELECT name, sum((archived = 0) - (seq > ?)), sum((read = 0) - (seq > ?)),
    coalesce(max(CASE WHEN archived = 0 AND seq <= ? THEN seq END), 0),
    coalesce(max(CASE WHEN read = 0 AND seq <= ? THEN seq END), 0),
    coalesce(max(CASE WHEN archived = 1 AND seq > ? THEN seq END), 0)
FROM (
    SELECT s.seq, s.read, s.archived, (SELECT name FROM grouped WHERE seq = s.seq LIMIT 1) AS name
    FROM inbox_state AS s CROSS JOIN notification AS n ON n.seq = s.seq
    WHERE s.user = ? AND {NOT_EXPIRED} AND {IN_VIEW}
) WHERE name IS NOT NULL GROUP BY name
"""  # noqa: S608 - constants

# Whether there is one at or above a position that no row has in another status. Parameters: name, three positions, user
# twice, now.
_BEYOND: Final = f"""
SELECT 1 FROM view CROSS JOIN grouped AS n
WHERE n.room = view.room AND n.name = ? AND n.seq > max(view.low, ?) AND n.seq >= ? AND n.seq <= ?
    AND NOT EXISTS (SELECT 1 FROM inbox_state AS s WHERE s.user = ? AND s.seq = n.seq AND {{otherwise}})
    AND {NOT_EXCEPTED} AND {NOT_EXPIRED} LIMIT 1
"""  # noqa: S608 - constants
_OTHERWISE: Final[Mapping[Status, str]] = {
    "all": "s.archived = 1",
    "unread": "s.read = 1",
    "archived": "s.archived = 0",
}


class _Differing(NamedTuple):
    """What rows of a user add to what the watermarks say of one group: see `_DIFFERING`."""

    kept: int = 0
    unread: int = 0
    newest_kept: int = 0
    newest_unread: int = 0
    newest_archived: int = 0

    def newest(self, status: Status) -> int:
        """The newest of a status that a row alone puts there."""
        return {"all": self.newest_kept, "unread": self.newest_unread, "archived": self.newest_archived}[status]


class Tally:
    """How many a user has of each group, within one snapshot; ``now`` in milliseconds.

    Costs a step for each row of the user's, once, and one for each entry of a group above a watermark, in the index.
    """

    def __init__(self, connection: sqlite3.Connection, view: View, marks: Watermarks, now: int) -> None:
        self._connection = connection
        self._view = view
        self._marks = marks
        self._now = now
        read_to, archived_to = marks.read_to, marks.archived_to
        prefix, parameters = with_view(bounds_of(view))
        values = (archived_to, read_to, archived_to, read_to, archived_to, view.user, now)
        rows = connection.execute(prefix + _DIFFERING, (*parameters, *values))
        self._differing = {name: _Differing(*numbers) for name, *numbers in rows}

    def of(self, name: str, status: Status) -> tuple[int, int]:
        """How many of a group there are of a status, and how many of them are unread."""
        differing, read_to, archived_to = self._differing_of(name), self._marks.read_to, self._marks.archived_to
        if status == "archived":
            return self._between(name, 0, archived_to) - differing.kept, 0
        above = self._between(name, read_to, TOP)
        unread = above + differing.unread
        if status == "unread":
            return unread, unread
        kept = above if read_to == archived_to else self._between(name, archived_to, TOP)
        return kept + differing.kept, unread

    def has_newer(self, name: str, status: Status, than: int) -> bool:
        """Whether there is one of a group and status at a position or above it."""
        if self._differing_of(name).newest(status) >= than:
            return True
        low = {"all": self._marks.archived_to, "unread": self._marks.read_to, "archived": 0}[status]
        high = self._marks.archived_to if status == "archived" else TOP
        prefix, parameters = with_view(bounds_of(self._view))
        values = (name, low, than, high, self._view.user, self._view.user, self._now)
        query = prefix + _BEYOND.format(otherwise=_OTHERWISE[status])
        return self._connection.execute(query, (*parameters, *values)).fetchone() is not None

    def _between(self, name: str, low: int, high: int) -> int:
        """How many the user sees above one position and up to another, whatever rows say."""
        execute, user = self._connection.execute, self._view.user
        prefix, parameters = with_view(bounds_of(self._view))
        members = execute(prefix + _MEMBERS, (*parameters, name, low, high, self._now)).fetchone()[0]
        excepted = execute(prefix + _EXCEPTED, (*parameters, user, low, high, name, self._now)).fetchone()[0]
        return int(members - excepted)

    def _differing_of(self, name: str) -> _Differing:
        return self._differing.get(name, _NONE)


_NONE: Final = _Differing()


def names_of(connection: sqlite3.Connection, seqs: Sequence[int]) -> dict[int, str]:
    """The groups of those of these entries that have one."""
    rows = connection.execute(
        "SELECT seq, name FROM grouped WHERE seq IN (SELECT value FROM json_each(?))", (orjson.dumps(seqs).decode(),)
    )
    return dict(rows.fetchall())


def note(
    connection: sqlite3.Connection, seq: int, rooms: Sequence[str], name: str | None, expires_at: int | None
) -> None:
    """Say which group an entry that is stored already has from now on."""
    connection.execute("DELETE FROM grouped WHERE seq = ?", (seq,))
    if name is not None:
        connection.executemany(GROUPED, [(room, name, seq, expires_at, len(rooms) > 1) for room in rooms])
