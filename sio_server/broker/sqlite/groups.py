"""Groups of an inbox: what was published with the same name, put together. Runs in the threads of `store`.

An entry with a group has a row for each room that it is for, so that a user's own are found however many others have
the same name: a group of bookings is one for each guest. What has none costs nothing.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final

import orjson

from sio_server.broker.groups import MAX_MEMBERS
from sio_server.broker.inbox import Action, Status
from sio_server.broker.log import View
from sio_server.broker.sqlite.views import NOT_EXCEPTED, NOT_EXPIRED, bounds_of, with_view

INSERT: Final = "INSERT INTO grouped (room, name, seq) VALUES (?, ?, ?)"

# How an entry stands, by the watermarks where it has no row of its own.
_READ: Final = "coalesce(s.read, n.seq <= w.read_to, 0)"
_ARCHIVED: Final = "coalesce(s.archived, n.seq <= w.archived_to, 0)"
_SEEN: Final = "coalesce(s.seen, n.seq <= w.seen_to, 0)"

_STATUS: Final[dict[Status, str]] = {
    "all": f"NOT {_ARCHIVED}",
    "unread": f"NOT {_ARCHIVED} AND NOT {_READ}",
    "archived": _ARCHIVED,
}

# What of a group an action changes; unread leaves the archive alone, as it does of all.
_CHANGED: Final[dict[Action, str]] = {
    "seen": f"NOT {_SEEN}",
    "read": f"NOT {_READ}",
    "unread": f"{_READ} AND NOT {_ARCHIVED}",
    "archive": f"NOT {_ARCHIVED}",
    "unarchive": _ARCHIVED,
}

# The newest members of a group that a user sees and that stand so. Parameters: the view's, group, user thrice, now.
_MEMBERS: Final = f"""
{{prefix}}, member (seq, id, read) AS (
    SELECT n.seq, n.id, {_READ}
    FROM (SELECT DISTINCT g.seq FROM view CROSS JOIN grouped AS g
        WHERE g.room = view.room AND g.name = ? AND g.seq > view.low) AS m
    CROSS JOIN notification AS n ON n.seq = m.seq
    LEFT JOIN inbox_state AS s ON s.user = ? AND s.seq = n.seq
    LEFT JOIN inbox AS w ON w.user = ?
    WHERE {NOT_EXCEPTED} AND {NOT_EXPIRED} AND {{condition}}
    ORDER BY n.seq DESC LIMIT {MAX_MEMBERS}
)
"""  # noqa: S608 - constants
_SUMS: Final = "SELECT count(*), coalesce(sum(NOT read), 0), max(seq) FROM member"
_IDS: Final = "SELECT id FROM member"


def _members(view: View, name: str, condition: str, now: int) -> tuple[str, list[object]]:
    prefix, parameters = with_view(bounds_of(view))
    query = _MEMBERS.format(prefix=prefix.rstrip(), condition=condition)
    return query, [*parameters, name, view.user, view.user, view.user, now]


def summed_up(
    connection: sqlite3.Connection, view: View, name: str, status: Status, now: int
) -> tuple[int, int, int | None]:
    """How many of a group a user has of this status, how many of them are unread, and where the newest is."""
    query, parameters = _members(view, name, _STATUS[status], now)
    count, unread, newest = connection.execute(query + _SUMS, parameters).fetchone()
    return count, unread, newest


def changed_ids(connection: sqlite3.Connection, view: View, name: str, action: Action, now: int) -> list[str]:
    """The ids of those of a group whose state an action changes, the newest first."""
    query, parameters = _members(view, name, _CHANGED[action], now)
    return [identity for (identity,) in connection.execute(query + _IDS, parameters)]


def names_of(connection: sqlite3.Connection, seqs: Sequence[int]) -> dict[int, str]:
    """The groups of those of these entries that have one."""
    rows = connection.execute(
        "SELECT seq, name FROM grouped WHERE seq IN (SELECT value FROM json_each(?))", (orjson.dumps(seqs).decode(),)
    )
    return dict(rows.fetchall())


def note(connection: sqlite3.Connection, seq: int, rooms: Sequence[str], name: str | None) -> None:
    """Say which group an entry that is stored already has from now on."""
    connection.execute("DELETE FROM grouped WHERE seq = ?", (seq,))
    if name is not None:
        connection.executemany(INSERT, [(room, name, seq) for room in rooms])
