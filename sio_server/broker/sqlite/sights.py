"""First sights: from which position on each user sees each room, and which rooms are missing since when.

Runs in the threads of `store`. A room that a user's arrivals name no longer is marked first, with the moment of the
first arrival without it, and forgotten once that is `ROOM_KEPT` ago:

| what happens to ana, in this order | row of ana and role:admin |
|---|---|
| arrives as admin, when the head is 7 | since 7 |
| arrives as tourist, on Monday at noon | since 7, missing since Monday noon |
| arrives as admin, on Tuesday at eleven | since 7 |
| arrives as tourist, then as admin two days later, when the head is 90 | since 90 |
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Final, NamedTuple

import orjson

from sio_server.audience import user_room
from sio_server.broker.log import View
from sio_server.broker.people import ROOM_KEPT
from sio_server.broker.sqlite.follows import NOTHING, Followed, rooms_followed, with_followed

_KEPT_MS: Final = int(ROOM_KEPT * 1000)

# Rooms that one step forgets: some look-ups each.
STEP_ROOMS: Final = 100


class Sight(NamedTuple):
    """How a user arrived: ``view`` is of the rooms that were ``named``, and of those that are ``followed``.

    ``seen_from`` has all rooms of the user that are not missing, those of other connections included.
    """

    view: View
    named: Mapping[str, int]
    seen_from: Mapping[str, int]
    missing: frozenset[str]
    followed: Followed = NOTHING


def view_of(connection: sqlite3.Connection, user: str, *, now: int, held: Container[str]) -> View:
    """See `People.view_of`; ``held`` are the rooms that connections of this user have."""
    rows = connection.execute("SELECT room, since, missing_since FROM sight WHERE user = ?", (user,))
    seen_from = {room: since for room, since, missing in rows if is_kept(missing, now) or room in held}
    seen_from[user_room(user)] = 0
    return with_followed(user, seen_from, rooms_followed(connection, user))


def all_rooms_of(connection: sqlite3.Connection, user: str) -> View:
    """All that the user may have seen: rooms that are missing for long are in it as long as they have a row."""
    since = dict(connection.execute("SELECT room, since FROM sight WHERE user = ?", (user,)))
    return with_followed(user, {**since, user_room(user): 0}, rooms_followed(connection, user))


def is_kept(missing_since: int | None, now: int) -> bool:
    """Whether a room is not forgotten that is missing since then, both in milliseconds."""
    return missing_since is None or missing_since >= now - _KEPT_MS


def record_sight(
    connection: sqlite3.Connection, user: str, rooms: Sequence[str], *, since: int, now: int, held: Container[str]
) -> Sight:
    """A user arrives with these rooms, and sees those that are new from ``since`` on; ``now`` in milliseconds.

    ``held`` are the rooms that connections of this user have: they are not missing.
    """
    personal = user_room(user)
    wanted = dict.fromkeys((room for room in rooms if room != personal), since)
    seen_from: dict[str, int] = {}
    missing: list[str] = []
    changed: list[tuple[str, str, int, int | None]] = []
    forgotten: list[tuple[str, str]] = []
    rows, followed = _rooms_of(connection, user)
    for room, known, missing_since in rows:
        kept = is_kept(missing_since, now) or room in held
        if room in wanted or room in held:
            seen_from[room] = known if kept else since
            if missing_since is not None:
                changed.append((user, room, seen_from[room], None))
        elif not kept:
            forgotten.append((user, room))
        else:
            missing.append(room)
            if missing_since is None:
                changed.append((user, room, known, now))
    for room in wanted:
        if room not in seen_from:
            seen_from[room] = since
            changed.append((user, room, since, None))
    if changed:
        connection.executemany(_CHANGE if rows else _NEW, changed)
    if forgotten:
        connection.executemany("DELETE FROM sight WHERE user = ? AND room = ?", forgotten)
    seen_from[personal] = 0
    named = {room: seen_from[room] for room in (*rooms, personal)}
    return Sight(
        with_followed(user, named, followed),
        named,
        named if len(named) == len(seen_from) else seen_from,
        frozenset(missing) if missing else _NONE,
        followed,
    )


def _rooms_of(connection: sqlite3.Connection, user: str) -> tuple[Sequence[tuple[str, int, int | None]], Followed]:
    """The rooms that arrivals of a user named, since when and missing since when; and those the user follows."""
    rows = connection.execute(_ROOMS, (user, user)).fetchall()
    followed = {room: (since, bool(backend)) for room, since, _, backend in rows if backend is not None}
    named = [row[:3] for row in rows if row[3] is None]
    return named, followed or NOTHING


# Both in one query, as most who arrive follow nothing. The last column is NULL in what arrivals named.
_ROOMS: Final = (
    "SELECT room, since, missing_since, NULL FROM sight WHERE user = ? "
    "UNION ALL SELECT room, seen_from, NULL, backend FROM follow WHERE user = ?"
)


# One for all users: each empty set that is made takes 216 bytes.
_NONE: Final[frozenset[str]] = frozenset()


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
        (now - _KEPT_MS, STEP_ROOMS),
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
