"""First sights in SQLite: see `broker.sights`. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Container, Sequence
from typing import Final

import orjson

from sio_server.audience import user_room
from sio_server.broker import sights
from sio_server.broker.log import View
from sio_server.broker.sights import NOTHING, Followed, Room, Sight, oldest_kept, with_followed
from sio_server.broker.sqlite.follows import rooms_followed
from sio_server.broker.visits import Noted

# Rooms that one step forgets: some look-ups each.
STEP_ROOMS: Final = 100


def view_of(connection: sqlite3.Connection, user: str, *, now: int, held: Container[str]) -> View:
    """See `People.view_of`; ``held`` are the rooms that connections of this user have."""
    return sights.view_of(user, *_rooms_of(connection, user), now=now, held=held)


def all_rooms_of(connection: sqlite3.Connection, user: str) -> View:
    """All that the user may have seen: rooms that are missing for long are in it as long as they have a row."""
    since = dict(connection.execute("SELECT room, since FROM sight WHERE user = ?", (user,)))
    return with_followed(user, {**since, user_room(user): 0}, rooms_followed(connection, user))


def record_sight(
    connection: sqlite3.Connection, user: str, rooms: Sequence[str], *, since: int, now: int, held: Container[str]
) -> Sight:
    """A user arrives with these rooms: see `sights.decide`."""
    rows, followed = _rooms_of(connection, user)
    sight, changed, forgotten = sights.decide(user, rooms, rows, followed, since=since, now=now, held=held)
    if changed:
        connection.executemany(_CHANGE if rows else _NEW, [(user, *room) for room in changed])
    if forgotten:
        connection.executemany("DELETE FROM sight WHERE user = ? AND room = ?", [(user, room) for room in forgotten])
    return sight


def _rooms_of(connection: sqlite3.Connection, user: str) -> tuple[Sequence[Room], Followed]:
    """The rooms that arrivals of a user named, and those the user follows."""
    rows = connection.execute(_ROOMS, (user, user)).fetchall()
    followed = {room: (since, bool(backend)) for room, since, _, backend in rows if backend is not None}
    return [Room(*row[:3]) for row in rows if row[3] is None], followed or NOTHING


# Both in one query, as most who arrive follow nothing. The last column is NULL in what arrivals named.
_ROOMS: Final = (
    "SELECT room, since, missing_since, NULL FROM sight WHERE user = ? "
    "UNION ALL SELECT room, seen_from, NULL, backend FROM follow WHERE user = ?"
)


_NEW: Final = "INSERT INTO sight (user, room, since, missing_since) VALUES (?, ?, ?, ?)"
_CHANGE: Final = (
    f"{_NEW} ON CONFLICT (user, room) DO UPDATE SET since = excluded.since, missing_since = excluded.missing_since"
)


def find_again(connection: sqlite3.Connection, user: str, rooms: Sequence[str]) -> None:
    """Let rooms of a user, which a connection has, be missing no longer."""
    connection.execute(
        "UPDATE sight SET missing_since = NULL "
        "WHERE user = ? AND missing_since IS NOT NULL AND room IN (SELECT value FROM json_each(?))",
        (user, orjson.dumps(list(rooms)).decode()),
    )


def forget_rooms(connection: sqlite3.Connection, *, now: int, held: Callable[[str], Container[str]]) -> list[str]:
    """Forget rooms that are missing for so long, at most `STEP_ROOMS`; returns whose they were.

    ``held`` gives the rooms that connections of a user have: these are missing no longer.
    """
    due = connection.execute(
        "SELECT user, room FROM sight WHERE missing_since < ? ORDER BY missing_since LIMIT ?",
        (oldest_kept(now), STEP_ROOMS),
    ).fetchall()
    for user, room in due:
        if room in held(user):
            find_again(connection, user, [room])
        else:
            connection.execute("DELETE FROM sight WHERE user = ? AND room = ?", (user, room))
    return [user for user, _ in due]


def record_visit(connection: sqlite3.Connection, user: str, now: int, every: int) -> None:
    """Note that a user is here, unless that was noted less than ``every`` ago. All in milliseconds."""
    connection.execute(
        "INSERT INTO visit (user, at) VALUES (?, ?) "
        "ON CONFLICT (user) DO UPDATE SET at = excluded.at WHERE at <= excluded.at - ?",
        (user, now, every),
    )


def note_visits(connection: sqlite3.Connection, noted: Noted) -> None:
    """Note when users were here who have been here before."""
    connection.executemany("UPDATE visit SET at = ?1 WHERE user = ?2 AND at < ?1", noted)
