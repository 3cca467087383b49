"""Which notifications there are: pages of the log by type, user, role and priority. Runs in the threads of `store`."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import orjson

from sio_server.audience import ROOM_ALL, role_room
from sio_server.broker.receipts import Stored, StoredPage
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.broker.sqlite.sights import view_of
from sio_server.broker.sqlite.views import CHUNK, TOP, bounds_of, walk

# The priority of most notifications: only the others are in an index.
USUAL_PRIORITY: Final = "normal"

# Entries looked at for one page of what fits several conditions; as in an inbox.
MAX_LOOKED_AT: Final = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for, as `Receipts.search` has it: all that fits each of these.

    ``now`` (milliseconds) and ``held`` say which rooms are the user's, as in `sights.view_of`.
    """

    types: Sequence[str] = ()
    user: str | None = None
    role: str | None = None
    priority: str | None = None
    now: int = 0
    held: frozenset[str] = frozenset()


def search(
    connection: sqlite3.Connection, epoch: str, wanted: Wanted, *, limit: int, before: int | None, after: int | None
) -> StoredPage:
    """See `Receipts.search`."""
    newest_first = after is None
    between = (0 if after is None else after, TOP if before is None else before)
    with ExitStack() as stack:
        candidates = _candidates(connection, stack, wanted, between, newest_first=newest_first)
        found, more = _fitting(connection, candidates, wanted, limit)
    items = tuple(_stored(connection, epoch, found[:limit], newest_first=newest_first))
    return StoredPage(items, more, None) if newest_first else StoredPage(items, None, more)


def _stored(connection: sqlite3.Connection, epoch: str, seqs: Sequence[int], *, newest_first: bool) -> Iterator[Stored]:
    rows = connection.execute(
        f"SELECT timestamp, {COLUMNS} FROM notification "  # noqa: S608 - constants
        f"WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq {'DESC' if newest_first else 'ASC'}",
        (_json(seqs),),
    )
    return (Stored(entry_of(epoch, row[1:]), row[0]) for row in rows)


# -- what comes into question -----------------------------------------------------------------------------------------


def _candidates(
    connection: sqlite3.Connection, stack: ExitStack, wanted: Wanted, between: tuple[int, int], *, newest_first: bool
) -> Iterator[int]:
    """Positions in order, read only as far as they are asked for, that hold all that is wanted."""
    above, below = between
    if wanted.user is not None or wanted.role is not None:
        if wanted.user is not None:
            bounds = bounds_of(view_of(connection, wanted.user, now=wanted.now, held=wanted.held), above)
        else:
            bounds = [(room, above) for room in _rooms_of(wanted.role)]
        return stack.enter_context(closing(walk(connection, bounds, below=below, newest_first=newest_first)))
    query = "SELECT seq FROM notification WHERE {0} seq > ? AND seq < ? ORDER BY seq" + " DESC" * newest_first  # noqa: S608
    if not wanted.types:
        # of the usual priority there are most, which no index makes fewer
        rare = wanted.priority not in (None, USUAL_PRIORITY)
        narrowed = query.format(f"priority = ? AND priority <> '{USUAL_PRIORITY}' AND" if rare else "")
        rows = connection.execute(narrowed, (wanted.priority, *between) if rare else between)
        return (seq for (seq,) in stack.enter_context(closing(rows)))
    streams = [
        stack.enter_context(closing(connection.execute(query.format("type = ? AND"), (event, *between))))
        for event in dict.fromkeys(wanted.types)
    ]
    return (seq for (seq,) in heapq.merge(*streams, reverse=newest_first))


def _rooms_of(role: str | None) -> tuple[str, ...]:
    return () if role is None else (role_room(role), ROOM_ALL)


# -- and what of it fits ----------------------------------------------------------------------------------------------


def _fitting(
    connection: sqlite3.Connection, candidates: Iterator[int], wanted: Wanted, limit: int
) -> tuple[list[int], int | None]:
    """The positions, at least one more than the limit where there are, and where the next page begins."""
    query, parameters = _conditions(wanted)
    chunk_size = CHUNK if query else limit + 1
    found: list[int] = []
    looked_at = 0
    while chunk := list(islice(candidates, chunk_size)):
        fitting = set(chunk)
        if query:
            fitting = {seq for (seq,) in connection.execute(query, {**parameters, "seqs": _json(chunk)})}
        found.extend(seq for seq in chunk if seq in fitting)
        looked_at += len(chunk)
        if len(found) > limit:
            return found, found[limit - 1]
        if looked_at >= MAX_LOOKED_AT:
            return found, chunk[-1]
    return found, None


def _conditions(wanted: Wanted) -> tuple[str, dict[str, Any]]:
    """The query for those of some positions that fit, and its parameters; empty where each candidate does."""
    conditions: list[str] = []
    if wanted.user is not None:
        conditions.append("NOT EXISTS (SELECT 1 FROM notification_except AS x WHERE x.user = :user AND x.seq = n.seq)")
        if wanted.role is not None:
            conditions.append(
                "EXISTS (SELECT 1 FROM json_each(:rooms) AS room "
                "JOIN notification_room AS r ON r.room = room.value AND r.seq = n.seq)"
            )
    if wanted.types and (wanted.user is not None or wanted.role is not None):
        conditions.append("n.type IN (SELECT value FROM json_each(:types))")
    if wanted.priority is not None:
        conditions.append("n.priority = :priority")
    if not conditions:
        return "", {}
    parameters = {
        "user": wanted.user,
        "rooms": _json(_rooms_of(wanted.role)),
        "types": _json(wanted.types),
        "priority": wanted.priority,
    }
    query = "SELECT n.seq FROM json_each(:seqs) AS one CROSS JOIN notification AS n ON n.seq = one.value WHERE "
    return query + " AND ".join(conditions), parameters


def _json(values: Sequence[object]) -> str:
    return orjson.dumps(values).decode()
