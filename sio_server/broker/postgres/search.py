"""Which notifications there are: pages of the log by type, user, role, priority, time and words.

Candidates come from an index, in order; what else is wanted is looked at in each of them, up to a bound. PostgreSQL has
no way to compare texts as `Words` does that a managed host is sure to have, so that words are looked for here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sio_server.broker.inbox import MAX_PAGE
from sio_server.broker.log import View
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.people import Arriving
from sio_server.broker.postgres.rows import COLUMNS, entry_of
from sio_server.broker.postgres.views import bounds_of
from sio_server.broker.receipts import Stored, StoredPage
from sio_server.broker.wanted import CHUNK, EDGE, MAX_LOOKED_AT, MAX_READ, TOP, USUAL_PRIORITY, Wanted
from sio_server.broker.words import Words

# Bytes of notifications that one statement reads for a search by words, but for the last of them.
READ_AT_ONCE: Final = 1024 * 1024

# One notification, by its id.
FOUND: Final = f"SELECT taken, {COLUMNS} FROM notification WHERE id = $1"  # noqa: S608 - a constant


class Searching(Arriving):
    """What `Receipts` and `Trails` promise of finding notifications, on PostgreSQL."""

    async def find(self, notification_id: str) -> Stored | None:
        """See `Receipts.find`."""
        row = await self._look(lambda connection: connection.fetchrow(FOUND, notification_id))
        return None if row is None else self._stored(row)

    async def oldest(self) -> str | None:
        """See `Trails.oldest`."""
        query = "SELECT id FROM notification ORDER BY seq LIMIT 1"
        found: str | None = await self._look(lambda connection: connection.fetchval(query))
        return found

    async def search(
        self,
        *,
        types: Sequence[str] = (),
        user: str | None = None,
        role: str | None = None,
        priority: str | None = None,
        text: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int = MAX_PAGE,
        before: int | None = None,
        after: int | None = None,
    ) -> StoredPage:
        """See `Receipts.search`."""
        words = None if text is None else Words.of(text)
        wanted = Wanted(types, user, role, priority, words, since, until)
        view = None if user is None else await self.view_of(user)
        span = _Span(0 if after is None else after, TOP if before is None else before, after is None)
        rows, more = await self._fitting(*await self._named(wanted, span), view, min(limit, MAX_PAGE))
        items = tuple(map(self._stored, rows))
        return StoredPage(items, more) if span.newest_first else StoredPage(items, None, more)

    def _stored(self, row: Sequence[Any]) -> Stored:
        return Stored(entry_of(self._follower.head.epoch, row[1:]), row[0])

    async def _named(self, wanted: Wanted, span: _Span) -> tuple[Wanted, _Span]:
        """What is wanted and where, once it is looked up whether the words are a whole id: that stands for it alone."""
        identity = None if wanted.words is None else wanted.words.id
        if identity is None:
            return wanted, span
        query = "SELECT seq FROM notification WHERE id = $1"
        seq = await self._look(lambda connection: connection.fetchval(query, identity))
        if seq is None:
            return wanted, span
        return replace(wanted, words=None), _Span(max(span.above, seq - 1), min(span.below, seq + 1), span.newest_first)

    async def _fitting(
        self, wanted: Wanted, span: _Span, view: View | None, limit: int
    ) -> tuple[Sequence[Sequence[Any]], int | None]:
        """The rows of a page, and where the next one begins."""
        found: list[Sequence[Any]] = []
        looked_at = read = 0
        while True:
            # Most pages are full after a few hundred; where they are not, the rest is looked at in one go.
            most = CHUNK if wanted.words is not None or not looked_at else MAX_LOOKED_AT - looked_at
            query = _Query(wanted, view, span)
            chunk = await self._look(
                lambda connection, query=query, most=most: _chunk(connection, query, most, limit + 1)  # type: ignore[misc]
            )
            if wanted.words is None:
                found.extend(chunk.rows)
            else:  # a tenth of a second's work for one page: it must not hold the loop up
                found.extend(await asyncio.to_thread(_with_words, chunk.rows, wanted.words))
            if len(found) > limit:
                return found[:limit], found[limit - 1][1]
            looked_at, read = looked_at + chunk.looked_at, read + chunk.read
            if chunk.reached is None:
                return found, None
            if looked_at >= MAX_LOOKED_AT or read >= MAX_READ:
                return found, chunk.reached
            span = span.beyond(chunk.reached)


class _Span(NamedTuple):
    """Where and in which order is searched: the positions are exclusive."""

    above: int
    below: int
    newest_first: bool

    def beyond(self, seq: int) -> _Span:
        """What is left once all up to a position is looked at."""
        return self._replace(below=seq) if self.newest_first else self._replace(above=seq)


class _Chunk(NamedTuple):
    """What of some candidates fits; ``reached`` is where they end, None where there are no more."""

    rows: Sequence[Sequence[Any]]
    looked_at: int
    read: int
    reached: int | None


def _with_words(rows: Sequence[Sequence[Any]], words: Words) -> list[Sequence[Any]]:
    return [row for row in rows if words.are_in(row[2], row[1], row[8], row[10])]


async def _chunk(connection: Connection, query: _Query, most: int, limit: int) -> _Chunk:
    if query.takes_all:
        most = limit
    rows = await connection.fetch(query.text(most, most if query.by_words else limit), *query.values)
    looked_at, reached = rows[0][:2]
    found = [row[3:] for row in rows if row[3] is not None]
    read = sum(row[2] for row in rows if row[3] is not None)
    if query.by_words and read >= READ_AT_ONCE:
        return _Chunk(found, looked_at, read, found[-1][1])
    return _Chunk(found, looked_at, read, reached if looked_at >= most else None)


# -- the query --------------------------------------------------------------------------------------------------------

# Ids begin with their moment, so that their index is one of the time; when what was scheduled was delivered is noted
# apart. Where nothing is of that time, all positions are above the first one.
_SPAN: Final = """
span AS MATERIALIZED (SELECT coalesce(min(seq), {top}) AS first, coalesce(max(seq), 0) AS last FROM (
    (SELECT seq FROM notification WHERE id >= {low} AND id < {high} ORDER BY id LIMIT {edge})
    UNION ALL (SELECT seq FROM notification WHERE id >= {low} AND id < {high} ORDER BY id DESC LIMIT {edge})
    UNION ALL (SELECT seq FROM schedule_past WHERE seq IS NOT NULL AND at >= {since} AND at < {until}
        ORDER BY at LIMIT {edge})
    UNION ALL (SELECT seq FROM schedule_past WHERE seq IS NOT NULL AND at >= {since} AND at < {until}
        ORDER BY at DESC LIMIT {edge})
) AS ends),
"""
_IN_TIME: Final = """
coalesce((SELECT p.at >= {since} AND p.at < {until} FROM schedule_past AS p WHERE p.seq = n.seq),
    n.id >= {low} AND n.id < {high})
"""

_NOT_EXCEPTED: Final = "NOT EXISTS (SELECT 1 FROM notification_except AS x WHERE x.user_id = {user} AND x.seq = n.seq)"
_IN_ROOMS: Final = "EXISTS (SELECT 1 FROM notification_room AS r WHERE r.room = ANY({rooms}) AND r.seq = n.seq)"

# Of each source (a room, a type) the first candidates are looked up by its index: the first of all are among them.
_CANDIDATES: Final = """
SELECT DISTINCT c.seq FROM {sources} CROSS JOIN LATERAL (
    SELECT seq FROM {table} WHERE {narrow} seq > {above} AND seq < {below} ORDER BY seq {order} LIMIT {most}
) AS c ORDER BY c.seq {order} LIMIT {most}
"""
_COLUMNS: Final = ", ".join(name if name.startswith("'") else f"f.{name}" for name in COLUMNS.split(", "))
_TEXT: Final = f"""
WITH {{span}} candidate AS MATERIALIZED ({{candidates}}),
fitting AS (
    SELECT n.*, octet_length(n.body) AS size
    FROM candidate AS c CROSS JOIN LATERAL (SELECT * FROM notification WHERE seq = c.seq OFFSET 0) AS n
    WHERE {{conditions}} ORDER BY n.seq {{order}} LIMIT {{limit}}
),
measured AS (SELECT *, sum(size) OVER (ORDER BY seq {{order}}) - size AS before FROM fitting)
SELECT edge.looked_at, edge.reached, f.size, f.taken, {_COLUMNS}
FROM (SELECT count(*) AS looked_at, {{last}}(seq) AS reached FROM candidate) AS edge
LEFT JOIN measured AS f ON f.before < {{read}} ORDER BY f.seq {{order}}
"""  # noqa: S608 - constants


class _Query:
    """The statement for one chunk of a search, and the values of its parameters."""

    def __init__(self, wanted: Wanted, view: View | None, span: _Span) -> None:
        self.values: list[object] = []
        self._wanted, self._view, self._span = wanted, view, span
        self.by_words = wanted.words is not None
        self._times: dict[str, str] = {}
        self._by_room = view is not None or wanted.role is not None
        self._conditions = self._made_conditions()

    @property
    def takes_all(self) -> bool:
        """Whether each candidate fits."""
        return not self._conditions and not self.by_words

    def _put(self, value: object, cast: str) -> str:
        self.values.append(value)
        return f"${len(self.values)}::{cast}"

    def text(self, most: int, limit: int) -> str:
        """The statement, for at most so many candidates and rows."""
        order = "DESC" if self._span.newest_first else "ASC"
        put = self._put
        return _TEXT.format(
            span=_SPAN.format(**self._times, top=TOP, edge=EDGE) if self._times else "",
            candidates=self._candidates(order, put(most, "bigint")),
            conditions=" AND ".join(self._conditions) or "true",
            order=order,
            limit=put(limit, "bigint"),
            last="min" if self._span.newest_first else "max",
            read=put(READ_AT_ONCE if self.by_words else TOP, "bigint"),
        )

    def _candidates(self, order: str, most: str) -> str:
        above, below = self._put(self._span.above, "bigint"), self._put(self._span.below, "bigint")
        if self._wanted.since is not None:
            above = f"greatest({above}, (SELECT first FROM span) - 1)"  # noqa: S608 - a parameter
        if self._wanted.until is not None:
            below = f"least({below}, (SELECT last FROM span) + 1)"  # noqa: S608
        sources, table, narrow = self._sources()
        return _CANDIDATES.format(
            sources=sources, table=table, narrow=narrow, above=above, below=below, order=order, most=most
        )

    def _sources(self) -> tuple[str, str, str]:
        """Where candidates come from: what is gone through, the table of each, and the condition."""
        wanted, put = self._wanted, self._put
        if self._by_room:
            rooms, lows = bounds_of(self._view) if self._view is not None else (list(wanted.rooms), [0, 0])
            sources = f"unnest({put(rooms, 'text[]')}, {put(lows, 'bigint[]')}) AS v (room, low)"
            return sources, "notification_room", "room = v.room AND seq > v.low AND"
        if wanted.types:
            return f"unnest({put(list(wanted.types), 'text[]')}) AS t (name)", "notification", "type = t.name AND"
        if wanted.priority not in (None, USUAL_PRIORITY):
            # of the usual priority there are most, which no index makes fewer
            narrow = f"priority = {put(wanted.priority, 'text')} AND priority <> '{USUAL_PRIORITY}' AND"
            return "(SELECT 1) AS one", "notification", narrow
        return "(SELECT 1) AS one", "notification", ""

    def _made_conditions(self) -> list[str]:
        wanted, put = self._wanted, self._put
        conditions = []
        if wanted.user is not None:
            conditions.append(_NOT_EXCEPTED.format(user=put(wanted.user, "text")))
            if wanted.role is not None:
                conditions.append(_IN_ROOMS.format(rooms=put(list(wanted.rooms), "text[]")))
        if wanted.types and self._by_room:
            conditions.append(f"n.type = ANY({put(list(wanted.types), 'text[]')})")
        if wanted.priority is not None:
            conditions.append(f"n.priority = {put(wanted.priority, 'text')}")
        if wanted.timed:
            (low, high), (since, until) = wanted.ids, wanted.times
            self._times = {
                "low": put(low, "text"),
                "high": put(high, "text"),
                "since": put(since, "bigint"),
                "until": put(until, "bigint"),
            }
            conditions.append(_IN_TIME.format(**self._times))
        return conditions
