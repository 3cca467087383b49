"""What became of one notification with one user. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Container
from typing import Final

from sio_server.audience import user_room
from sio_server.broker.sights import is_kept
from sio_server.broker.sqlite.answers import answer_of
from sio_server.broker.sqlite.deliveries import ACKNOWLEDGED, HANDED
from sio_server.broker.sqlite.receipts import find
from sio_server.broker.steps import Step, first_at, moments_of, unpack
from sio_server.broker.trails import Hop, KnownRoom, Trail

# Users who are looked at for names that are alike, and how many are told of. A fiftieth of a second's work.
MAX_LOOKED_AT: Final = 100_000
MAX_ALIKE: Final = 3

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
    sent, handed = _hops(connection, user, HANDED, seq)
    acknowledged, confirmed = _hops(connection, user, ACKNOWLEDGED, seq)
    seen, read, archived, marks = connection.execute(_STATE, {"user": user, "seq": seq}).fetchone()
    seen_at, read_at = moments_of(unpack(marks), seq)
    rooms = _rooms(connection, user, now, held)
    return Trail(
        stored,
        user,
        known=any(one.followed_since is None for one in rooms.values()) or _has_visited(connection, user),
        rooms=rooms,
        sent=sent or acknowledged,
        handed=tuple(map(_hop, handed)),
        acknowledged=acknowledged,
        confirmed=tuple(map(_hop, confirmed)),
        acknowledged_at=first_at(confirmed, seq),
        seen=bool(seen),
        seen_at=seen_at if seen else None,
        read=bool(read),
        read_at=read_at if read else None,
        archived=bool(archived),
        answer=answer_of(connection, seq, user),
        last=_last(connection, user),
        alike=_alike(connection, user),
    )


def oldest(connection: sqlite3.Connection) -> str | None:
    """See `Trails.oldest`."""
    row = connection.execute("SELECT id FROM notification ORDER BY seq LIMIT 1").fetchone()
    return None if row is None else str(row[0])


def _hops(connection: sqlite3.Connection, user: str, kind: int, seq: int) -> tuple[bool, list[Step]]:
    """Whether a position came so far with a user, and the steps that say when."""
    rows = connection.execute(
        "SELECT steps FROM delivery WHERE user = ? AND kind = ? AND low < ? AND high >= ?", (user, kind, seq, seq)
    ).fetchall()
    return bool(rows), [step for (steps,) in rows for step in unpack(steps) if step.covers(seq)]


def _last(connection: sqlite3.Connection, user: str) -> Hop | None:
    rows = connection.execute("SELECT steps FROM delivery WHERE user = ? AND kind = ?", (user, HANDED))
    newest = max((step for (steps,) in rows for step in unpack(steps)), key=lambda step: step.at, default=None)
    return None if newest is None else _hop(newest)


def _hop(step: Step) -> Hop:
    return Hop(step.protocol, step.began, step.at, step.low, step.word or None)


def _rooms(connection: sqlite3.Connection, user: str, now: int, held: Container[str]) -> dict[str, KnownRoom]:
    rows = connection.execute("SELECT room, since, missing_since FROM sight WHERE user = ?", (user,))
    known = {
        room: KnownRoom(since, None if room in held else missing)
        for room, since, missing in rows
        if room != user_room(user) and (is_kept(missing, now) or room in held)
    }
    for room, since, at in connection.execute("SELECT room, seen_from, at FROM follow WHERE user = ?", (user,)):
        named = known.get(room)
        known[room] = KnownRoom(since if named is None else min(since, named.seen_from), None, at)
    return known


def _has_visited(connection: sqlite3.Connection, user: str) -> bool:
    return connection.execute("SELECT 1 FROM visit WHERE user = ?", (user,)).fetchone() is not None


def _alike(connection: sqlite3.Connection, user: str) -> tuple[str, ...]:
    asked = {"user": user, "most": MAX_LOOKED_AT, "alike": MAX_ALIKE}
    return tuple(name for (name,) in connection.execute(_ALIKE, asked))
