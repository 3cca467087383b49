"""What became of one notification with one user. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Container
from typing import Final

from sio_server.broker.sights import Room
from sio_server.broker.spans import Span
from sio_server.broker.sqlite.answers import answer_of
from sio_server.broker.sqlite.receipts import find
from sio_server.broker.states import State
from sio_server.broker.tracing import MAX_ALIKE, MAX_ALIKE_LOOKED_AT, FollowedSince, Traced, known_rooms
from sio_server.broker.trails import KnownRoom, Trail

_ALIKE: Final = """
SELECT user FROM (SELECT user FROM visit ORDER BY user LIMIT :most)
WHERE lower(ltrim(replace(user, ' ', ''), '0')) = lower(ltrim(replace(:user, ' ', ''), '0')) AND user <> :user
LIMIT :alike
"""

_STATE: Final = """
SELECT coalesce(s.seen, i.seen_to >= :seq, 0), coalesce(s.read, i.read_to >= :seq, 0),
    coalesce(s.archived, i.archived_to >= :seq, 0), coalesce(i.steps, x'')
FROM (SELECT :user AS user) AS one
LEFT JOIN inbox AS i ON i.user = one.user LEFT JOIN inbox_state AS s ON s.user = one.user AND s.seq = :seq
"""


def trail(
    connection: sqlite3.Connection, epoch: str, notification_id: str, user: str, *, now: int, held: Container[str]
) -> Trail | None:
    """See `Trails.trail`; ``now`` and ``held`` as in `sights.view_of`."""
    stored = find(connection, epoch, notification_id)
    if stored is None:
        return None
    seq = stored.entry.seq
    *state, marks = connection.execute(_STATE, {"user": user, "seq": seq}).fetchone()
    spans = connection.execute("SELECT kind, low, high, steps FROM delivery WHERE user = ? ORDER BY low", (user,))
    traced = Traced(
        stored,
        user,
        visited=_has_visited(connection, user),
        rooms=_rooms(connection, user, now, held),
        spans=[(kind, Span(*span)) for kind, *span in spans],
        state=State(*map(bool, state)),
        marks=marks,
        answer=answer_of(connection, seq, user),
        alike=_alike(connection, user),
    )
    return traced.trail()


def oldest(connection: sqlite3.Connection) -> str | None:
    """See `Trails.oldest`."""
    row = connection.execute("SELECT id FROM notification ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def _rooms(connection: sqlite3.Connection, user: str, now: int, held: Container[str]) -> dict[str, KnownRoom]:
    rooms = connection.execute("SELECT room, since, missing_since FROM sight WHERE user = ?", (user,))
    followed = connection.execute("SELECT room, seen_from, at FROM follow WHERE user = ?", (user,))
    return known_rooms(
        user, (Room(*row) for row in rooms), (FollowedSince(*row) for row in followed), now=now, held=held
    )


def _has_visited(connection: sqlite3.Connection, user: str) -> bool:
    return connection.execute("SELECT 1 FROM visit WHERE user = ?", (user,)).fetchone() is not None


def _alike(connection: sqlite3.Connection, user: str) -> tuple[str, ...]:
    asked = {"user": user, "most": MAX_ALIKE_LOOKED_AT, "alike": MAX_ALIKE}
    return tuple(name for (name,) in connection.execute(_ALIKE, asked))
