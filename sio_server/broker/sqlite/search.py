"""Which notifications there are: pages of the log by type, user, role, priority, time and words.

Candidates come from an index, in order; what else is wanted is looked at in each of them, up to a bound. Runs in the
threads of `store`.
"""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from itertools import islice
from typing import Any, Final

import orjson

from sio_server.broker.log import View
from sio_server.broker.receipts import Stored, StoredPage
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.broker.sqlite.views import bounds_of, walk
from sio_server.broker.wanted import CHUNK, EDGE, MAX_LOOKED_AT, MAX_READ, TOP, USUAL_PRIORITY, Wanted
from sio_server.broker.words import Words

Between = tuple[int, int]  # positions, both exclusive


def search(
    connection: sqlite3.Connection,
    epoch: str,
    wanted: Wanted,
    view: View | None,
    *,
    limit: int,
    before: int | None,
    after: int | None,
) -> StoredPage:
    """See `Receipts.search`; with a user, ``view`` is of all the user's rooms."""
    newest_first = after is None
    between = (0 if after is None else after, TOP if before is None else before)
    wanted, between = _named(connection, wanted, _within(connection, wanted, between))
    with ExitStack() as stack:
        candidates = _candidates(connection, stack, wanted, view, between, newest_first=newest_first)
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


def _named(connection: sqlite3.Connection, wanted: Wanted, between: Between) -> tuple[Wanted, Between]:
    """What is wanted and where, once it is looked up whether the words are a whole id: they then stand for it alone."""
    identity = None if wanted.words is None else wanted.words.id
    row = None
    if identity is not None:
        row = connection.execute("SELECT seq FROM notification WHERE id = ?", (identity,)).fetchone()
    if row is None:
        return wanted, between
    return replace(wanted, words=None), (max(between[0], row[0] - 1), min(between[1], row[0] + 1))


def _within(connection: sqlite3.Connection, wanted: Wanted, between: Between) -> Between:
    """The positions between which everything of the wanted time is, for what `_conditions` looks at one by one.

    Ids begin with their moment, so that their index is one of the time.
    """
    if not wanted.timed:
        return between
    (low, high), (since, until) = wanted.ids, wanted.times
    asked = {"low": low, "high": high, "edge": EDGE, "since": since, "until": until}
    span = connection.execute(_SPAN, asked).fetchone()
    positions = [seq for seq in span if seq is not None]
    if not positions:
        return between[0], between[0]  # nothing is
    first, last = min(positions), max(positions)
    above = between[0] if wanted.since is None else max(between[0], first - 1)
    below = between[1] if wanted.until is None else min(between[1], last + 1)
    return above, below


_SPAN: Final = """
SELECT
    (SELECT min(seq) FROM (SELECT seq FROM notification WHERE id >= :low AND id < :high ORDER BY id LIMIT :edge)),
    (SELECT max(seq) FROM (SELECT seq FROM notification WHERE id >= :low AND id < :high ORDER BY id DESC LIMIT :edge)),
    (SELECT min(seq) FROM (SELECT seq FROM schedule_past WHERE seq IS NOT NULL AND at >= :since AND at < :until
        ORDER BY at LIMIT :edge)),
    (SELECT max(seq) FROM (SELECT seq FROM schedule_past WHERE seq IS NOT NULL AND at >= :since AND at < :until
        ORDER BY at DESC LIMIT :edge))
"""

# The id of what was scheduled has the moment at which it was, so that its delivery is noted apart.
_IN_TIME: Final = """
CASE (SELECT p.at >= :since AND p.at < :until FROM schedule_past AS p WHERE p.seq = n.seq)
    WHEN 1 THEN 1 WHEN 0 THEN 0 ELSE n.id >= :low AND n.id < :high END
"""


def _candidates(
    connection: sqlite3.Connection,
    stack: ExitStack,
    wanted: Wanted,
    view: View | None,
    between: tuple[int, int],
    *,
    newest_first: bool,
) -> Iterator[int]:
    """Positions in order, read only as far as they are asked for, that hold all that is wanted."""
    above, below = between
    if view is not None or wanted.role is not None:
        bounds = [(room, above) for room in wanted.rooms] if view is None else bounds_of(view, above)
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


# -- and what of it fits ----------------------------------------------------------------------------------------------


def _fitting(
    connection: sqlite3.Connection, candidates: Iterator[int], wanted: Wanted, limit: int
) -> tuple[list[int], int | None]:
    """The positions, at least one more than the limit where there are, and where the next page begins."""
    query, parameters = _conditions(wanted)
    chunk_size = CHUNK if query else limit + 1
    found: list[int] = []
    looked_at = read = 0
    while chunk := list(islice(candidates, chunk_size)):
        with closing(_looked_at(connection, query, parameters, chunk, wanted.words)) as rows:
            for seq, length, fits in rows:
                if fits:
                    found.append(seq)
                    if len(found) > limit:
                        return found, found[limit - 1]
                read += length
                if read >= MAX_READ:
                    return found, seq
        looked_at += len(chunk)
        if looked_at >= MAX_LOOKED_AT:
            return found, chunk[-1]
    return found, None


def _looked_at(
    connection: sqlite3.Connection, query: str, parameters: dict[str, Any], chunk: Sequence[int], words: Words | None
) -> Generator[tuple[int, int, bool], None, None]:
    """Those of some positions that fit the query, in order: how much of each was read, and whether the words are in it.

    Rows are taken one by one: between two of them other threads have their turn.
    """
    if not query:
        yield from ((seq, 0, True) for seq in chunk)
        return
    with closing(connection.execute(query, {**parameters, "seqs": _json(chunk)})) as rows:
        for seq, *found in rows:
            if words is None:
                yield seq, 0, True
            else:
                identity, body, texts = found
                yield seq, len(body), words.are_in(identity, seq, body, texts)


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
    if wanted.timed:
        conditions.append(_IN_TIME)
    if not conditions and wanted.words is None:
        return "", {}
    (low, high), (since, until) = wanted.ids, wanted.times
    parameters = {
        "user": wanted.user,
        "rooms": _json(wanted.rooms),
        "types": _json(wanted.types),
        "priority": wanted.priority,
        "low": low,
        "high": high,
        "since": since,
        "until": until,
    }
    read = "" if wanted.words is None else ", n.id, n.body, n.texts"
    query = (
        f"SELECT n.seq{read} FROM json_each(:seqs) AS one "  # noqa: S608 - constants
        "CROSS JOIN notification AS n ON n.seq = one.value"
    )
    return " AND ".join((f"{query} WHERE 1", *conditions)), parameters


def _json(values: Sequence[object]) -> str:
    return orjson.dumps(values).decode()
