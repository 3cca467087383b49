"""What a publisher asks: which notifications there are, and how far each came. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Final

import orjson

from sio_server.audience import USER_PREFIX, Audience
from sio_server.broker import Receipt, Stored, StoredPage, UserReceipt
from sio_server.broker_sqlite.deliveries import ACKNOWLEDGED, HANDED
from sio_server.broker_sqlite.rows import COLUMNS, publication_of
from sio_server.broker_sqlite.views import CHUNK, TOP, bounds_of, view_of, walk

# Entries looked at for one page of a user's notifications of some types; as in an inbox.
MAX_LOOKED_AT: Final = 10_000


def find(connection: sqlite3.Connection, epoch: str, identity: str) -> Stored | None:
    """See `Receipts.find`."""
    row = connection.execute(
        f"SELECT timestamp, {COLUMNS} FROM notification WHERE id = ?",  # noqa: S608 - a constant
        (identity,),
    ).fetchone()
    return None if row is None else Stored(publication_of(epoch, row[1:]), row[0])


# -- search -----------------------------------------------------------------------------------------------------------


def search(
    connection: sqlite3.Connection,
    epoch: str,
    *,
    types: Sequence[str],
    user: str | None,
    limit: int,
    before: int | None,
) -> StoredPage:
    """See `Receipts.search`."""
    below = TOP if before is None else before
    if user is not None:
        found, more = _of_user(connection, user, types, limit, below)
    else:
        found = _newest(connection, types, limit + 1, below)
        more = found[limit - 1] if len(found) > limit else None
    rows = connection.execute(
        f"SELECT timestamp, {COLUMNS} FROM notification "  # noqa: S608 - a constant
        "WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq DESC",
        (orjson.dumps(found[:limit]).decode(),),
    )
    return StoredPage(tuple(Stored(publication_of(epoch, row[1:]), row[0]) for row in rows), more)


def _newest(connection: sqlite3.Connection, types: Sequence[str], limit: int, below: int) -> list[int]:
    if not types:
        rows = connection.execute(
            "SELECT seq FROM notification WHERE seq < ? ORDER BY seq DESC LIMIT ?", (below, limit)
        )
        return [seq for (seq,) in rows]
    found: list[int] = []
    for event in dict.fromkeys(types):
        rows = connection.execute(
            "SELECT seq FROM notification WHERE type = ? AND seq < ? ORDER BY seq DESC LIMIT ?", (event, below, limit)
        )
        found.extend(seq for (seq,) in rows)
    return sorted(found, reverse=True)[:limit]


def _of_user(
    connection: sqlite3.Connection, user: str, types: Sequence[str], limit: int, below: int
) -> tuple[list[int], int | None]:
    """The positions, and where the next page begins."""
    found: list[int] = []
    looked_at = 0
    with closing(walk(connection, bounds_of(view_of(connection, user)), below=below, newest_first=True)) as seqs:
        while chunk := list(islice(seqs, CHUNK)):
            fitting = _fitting(connection, user, types, chunk)
            found.extend(seq for seq in chunk if seq in fitting)
            looked_at += len(chunk)
            if len(found) > limit:
                return found, found[limit - 1]
            if looked_at >= MAX_LOOKED_AT:
                return found, chunk[-1]
    return found, None


def _fitting(connection: sqlite3.Connection, user: str, types: Sequence[str], seqs: Sequence[int]) -> set[int]:
    rows = connection.execute(
        "SELECT n.seq, n.type FROM notification AS n WHERE n.seq IN (SELECT value FROM json_each(?)) "
        "AND NOT EXISTS (SELECT 1 FROM notification_except AS x WHERE x.user = ? AND x.seq = n.seq)",
        (orjson.dumps(seqs).decode(), user),
    )
    return {seq for seq, event in rows if not types or event in types}


# -- receipts ---------------------------------------------------------------------------------------------------------

# Parameters by name: rooms, named, excepted (JSON lists), seq, handed, acknowledged.
_STANDING: Final = """
WITH targeted (user) AS MATERIALIZED (
    SELECT sight.user FROM json_each(:rooms) AS room CROSS JOIN sight ON sight.room = room.value AND sight.since < :seq
    UNION SELECT value FROM json_each(:named)
    EXCEPT SELECT value FROM json_each(:excepted)
), standing AS (
    SELECT targeted.user,
        EXISTS (SELECT 1 FROM delivery AS d WHERE d.user = targeted.user AND d.kind = :handed
            AND d.low < :seq AND d.high >= :seq) AS sent,
        EXISTS (SELECT 1 FROM delivery AS d WHERE d.user = targeted.user AND d.kind = :acknowledged
            AND d.low < :seq AND d.high >= :seq) AS acknowledged,
        coalesce((SELECT seen FROM inbox_state AS s WHERE s.user = targeted.user AND s.seq = :seq),
            inbox.seen_to >= :seq, 0) AS seen,
        coalesce((SELECT read FROM inbox_state AS s WHERE s.user = targeted.user AND s.seq = :seq),
            inbox.read_to >= :seq, 0) AS read
    FROM targeted LEFT JOIN inbox ON inbox.user = targeted.user
)
"""
_SUMS: Final = """
SELECT count(*), coalesce(sum(sent), 0), coalesce(sum(acknowledged), 0), coalesce(sum(seen), 0), coalesce(sum(read), 0)
FROM standing
"""
_USERS: Final = (
    "SELECT user, sent, acknowledged, seen, read FROM standing WHERE user > :after ORDER BY user LIMIT :limit"
)


def receipt(connection: sqlite3.Connection, identity: str, *, limit: int, after: str | None) -> Receipt | None:
    """See `Receipts.receipt`."""
    row = connection.execute("SELECT seq, audience FROM notification WHERE id = ?", (identity,)).fetchone()
    if row is None:
        return None
    seq, audience = row[0], Audience.from_dict(orjson.loads(row[1]))
    rooms = audience.rooms()
    parameters = {
        "seq": seq,
        "rooms": _json(room for room in rooms if not room.startswith(USER_PREFIX)),
        "named": _json(room.removeprefix(USER_PREFIX) for room in rooms if room.startswith(USER_PREFIX)),
        "excepted": _json(audience.except_users),
        "handed": HANDED,
        "acknowledged": ACKNOWLEDGED,
    }
    targeted, sent, acknowledged, seen, read = connection.execute(_STANDING + _SUMS, parameters).fetchone()
    page = {**parameters, "after": after or "", "limit": limit + 1}
    users = [UserReceipt(user, *map(bool, flags)) for user, *flags in connection.execute(_STANDING + _USERS, page)]
    more = users[limit - 1].user if len(users) > limit else None
    return Receipt(targeted, sent, acknowledged, seen, read, tuple(users[:limit]), more)


def _json(values: Iterator[str] | Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()
