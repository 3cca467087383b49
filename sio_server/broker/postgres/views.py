"""What a user may see of the log: the entries of some rooms, merged.

A view goes into a query as two arrays, ``rooms`` and ``lows``: of each room everything above its low is seen.
"""

from __future__ import annotations

from typing import Final

from sio_server.audience import user_room
from sio_server.broker.log import View
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.rows import COLUMNS, WORD_COLUMNS, entry_of
from sio_server.notification import Entry

# Parameters: rooms, lows, most, now, user. Of each room the first are looked up by its index; the first of all rooms
# are among them. Who is excepted is looked for in each, as nobody is in most.
_SEQS: Final = """
SELECT DISTINCT r.seq FROM unnest($1::text[], $2::bigint[]) AS v (room, low)
CROSS JOIN LATERAL (
    SELECT seq FROM {table} AS r WHERE r.room = v.room AND r.seq > v.low
        AND (r.expires_at IS NULL OR r.expires_at > $4) {but}
    ORDER BY r.seq LIMIT $3
) AS r ORDER BY r.seq LIMIT $3
"""
_NOT_EXCEPTED: Final = "AND NOT EXISTS (SELECT 1 FROM notification_except AS x WHERE x.user_id = $5 AND x.seq = r.seq)"
_ENTRIES: Final = (
    f"SELECT {COLUMNS} FROM notification WHERE seq IN ("  # noqa: S608 - constants
    + _SEQS.format(table="notification_room", but=_NOT_EXCEPTED)
    + ") ORDER BY seq"
)
_WORDS: Final = (
    f"SELECT {WORD_COLUMNS} FROM amendment WHERE seq IN ("  # noqa: S608 - constants
    + _SEQS.format(table="amendment_room", but="")
    + ") ORDER BY seq"
)


def bounds_of(view: View, above: int = 0) -> tuple[list[str], list[int]]:
    """The rooms of a view with their lowest positions (exclusive), nothing up to ``above``."""
    return list(view.seen_from), [max(since, above) for since in view.seen_from.values()]


async def replay(
    connection: Connection, epoch: str, view: View, *, after: int, limit: int, now: int
) -> tuple[list[Entry], int]:
    """The items of `Log.stretch`, and its floor; empty where the log has another epoch by now."""
    named, floor, words = await connection.fetchrow(
        "SELECT epoch, floor, EXISTS (SELECT 1 FROM amendment WHERE seq > $1) FROM log", after
    )
    if named != epoch:
        return [], floor
    bounds = bounds_of(view, after)
    rows = await connection.fetch(_ENTRIES, *bounds, limit, now, view.user)
    found = [entry_of(epoch, row) for row in rows]
    if words:
        personal = user_room(view.user)
        told = (entry_of(epoch, row) for row in await connection.fetch(_WORDS, *bounds, limit, now))
        found.extend(entry for entry in told if personal not in entry.skip_rooms)
        found.sort(key=lambda entry: entry.seq)
    return found[:limit], floor
