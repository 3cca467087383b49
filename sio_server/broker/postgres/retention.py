"""Letting the oldest go, by one node at a time.

What is to go is looked for without any lock. Each step then takes some out in one call, which holds the row of the log,
and so the publishers of all nodes, for some milliseconds.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from sio_server.broker.postgres import signals
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.parts import MS, Parts
from sio_server.broker.postgres.rows import changed

# Notifications that one step takes out.
STEP_ROWS: Final = 250

# Milliseconds for which it is known what a commit called itself: a node that was away for less is told for certain
# whether the log is the one that it knew. A row a commit: at a hundred commits a second half a gigabyte.
MARKS_KEPT: Final = 24 * 3600 * MS

# Up to where what is too old or too much reaches. Counting reads the index of all notifications, once a minute: some
# tenths of a second for a million.
_CUT: Final = """
SELECT greatest(
    (SELECT seq FROM notification WHERE taken < $1 ORDER BY taken DESC, seq DESC LIMIT 1),
    CASE WHEN $2::bigint IS NOT NULL THEN
        (SELECT seq FROM notification WHERE type <> ALL($3::text[]) ORDER BY seq DESC OFFSET $2 LIMIT 1) END)
"""
_DUE: Final = """
SELECT seq FROM notification WHERE seq > $1 AND seq <= $2 AND type <> ALL($3::text[]) ORDER BY seq LIMIT $4
"""
_DUE_OF_TYPE: Final = """
SELECT seq FROM (SELECT seq, taken FROM notification WHERE type = $1 ORDER BY seq LIMIT $3) AS oldest WHERE taken < $2
"""
_LET_GO: Final = "SELECT gone, floor_ FROM let_go($1, $2, $3)"


class _Words(NamedTuple):
    """A table of what speaks of notifications: its key, and which of its rows."""

    table: str
    key: str
    which: str = "true"

    @property
    def cut(self) -> str:
        """The key up to which there are more than ``$1``."""
        return f"SELECT {self.key} FROM {self.table} WHERE {self.which} ORDER BY {self.key} DESC OFFSET $1 LIMIT 1"  # noqa: S608 - constants

    def due(self, *, of_type: bool) -> str:
        """The keys of the oldest ``$3`` rows that are older than ``$1`` or not above ``$2``, of the type ``$4``."""
        narrowed = "AND type = $4" if of_type else ""
        rows = f"SELECT {self.key}, taken FROM {self.table} WHERE {self.which} {narrowed} ORDER BY {self.key} LIMIT $3"  # noqa: S608 - constants
        return f"SELECT {self.key} FROM ({rows}) AS oldest WHERE taken < $1 OR {self.key} <= $2"  # noqa: S608 - constants


_AMENDMENTS: Final = _Words("amendment", "seq")
_WORDS: Final = (_AMENDMENTS, _Words("history", "number"), _Words("schedule_past", "number", "type IS NOT NULL"))

# Idempotency keys that are over; an append that takes one of them anew is not waited for. States of notifications that
# are gone: who marks one at the moment at which it goes leaves them.
_OVER: Final = """
DELETE FROM idempotency WHERE ctid = ANY(ARRAY(
    SELECT ctid FROM idempotency WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED))
"""
_MARKS: Final = """
DELETE FROM mark WHERE seq = ANY(ARRAY(
    SELECT seq FROM (SELECT seq, taken FROM mark ORDER BY seq LIMIT $2) AS oldest
    WHERE taken < $1 AND seq < (SELECT seq FROM log)))
"""
_LEFT_OVER: Final = """
DELETE FROM {table} WHERE seq < coalesce((SELECT min(seq) FROM notification), (SELECT seq + 1 FROM log))
"""


class Retaining(Parts):
    """`Retention` on PostgreSQL, but for who is forgotten."""

    # Up to where all that is left is spared, and which types those are.
    _passed: int = 0
    _spared: frozenset[str] = frozenset()

    def keep_types(self, ages: Mapping[str, float]) -> None:
        """See `Retention.keep_types`."""
        self._ages.by_type = dict(ages)

    async def retain(self, *, max_age: float | None = None, max_count: int | None = None) -> int:
        """See `Retention.retain`."""
        self._ensure_open()

        async def let_go(connection: Connection) -> int:
            removed = await self._let_oldest_go(connection, max_age, max_count)
            await self._let_words_go(connection, max_age, max_count)
            for event, age in tuple(self._ages.by_type.items()):
                if age != math.inf:
                    removed += await self._let_type_go(connection, event, self._before(age))
            await self._tidy(connection)
            return removed

        return await self._database.alone("retention", let_go) or 0

    def _before(self, age: float | None) -> int | None:
        return None if age is None else self._milliseconds() - int(age * MS)

    async def _let_oldest_go(self, connection: Connection, max_age: float | None, max_count: int | None) -> int:
        """Take out what is too old or too many, of all types but those that are kept for longer."""
        if max_age is None and max_count is None:
            return 0
        spared = self._ages.longer_than(max_age)
        if spared != self._spared:
            self._passed, self._spared = 0, spared
        names = sorted(spared)
        cut = await connection.fetchval(_CUT, self._before(max_age), max_count, names)
        removed, after = 0, self._passed
        while cut is not None and not self._database.closed:
            due = [row[0] for row in await connection.fetch(_DUE, after, cut, names, STEP_ROWS)]
            if due:
                removed += await self._take_out(connection, due, cut=due[-1])
            after = due[-1] if len(due) == STEP_ROWS else max(after, cut)
            if spared:
                self._passed = after
            if len(due) < STEP_ROWS:
                break
        return removed

    async def _let_type_go(self, connection: Connection, event: str, older_than: int | None) -> int:
        """Take out what is older than notifications of a type are kept, and what speaks of them.

        They go as what expires does: nobody misses anything that was to be had, so the floor stays where it is.
        """
        removed = 0
        while not self._database.closed:
            rows = await connection.fetch(_DUE_OF_TYPE, event, older_than, STEP_ROWS)
            if rows:
                removed += await self._take_out(connection, [row[0] for row in rows])
            if len(rows) < STEP_ROWS:
                break
        for words in _WORDS:
            await self._take_words(connection, words, older_than, event=event)
        return removed

    async def _let_words_go(self, connection: Connection, max_age: float | None, max_count: int | None) -> None:
        """Take out word of changes, and what was before, that is too old or too much."""
        if max_age is None and max_count is None:
            return
        for words in _WORDS:
            cut = None if max_count is None else await connection.fetchval(words.cut, max_count)
            await self._take_words(connection, words, self._before(max_age), cut=cut)

    async def _take_words(
        self,
        connection: Connection,
        words: _Words,
        older_than: int | None,
        *,
        cut: int | None = None,
        event: str | None = None,
    ) -> None:
        narrowed = () if event is None else (event,)
        query = words.due(of_type=event is not None)
        while not self._database.closed:
            rows = await connection.fetch(query, older_than, cut, STEP_ROWS, *narrowed)
            due = [row[0] for row in rows]
            if due and words is _AMENDMENTS:
                await self._take_out(connection, (), due, cut=due[-1] if event is None else 0)
            elif due:
                await connection.execute(f"DELETE FROM {words.table} WHERE {words.key} = ANY($1::bigint[])", due)  # noqa: S608 - constants
            if len(due) < STEP_ROWS:
                return

    async def _take_out(
        self, connection: Connection, positions: Sequence[int], words: Sequence[int] = (), *, cut: int = 0
    ) -> int:
        started = time.perf_counter()
        gone, floor = await connection.fetchrow(_LET_GO, positions, words, cut)
        self._follower.raise_floor(floor)
        await asyncio.sleep(time.perf_counter() - started)  # half of the time is left for publishers
        return int(gone)

    async def _tidy(self, connection: Connection) -> None:
        """Forget what is known for some time alone."""
        now = self._milliseconds()
        await signals.forget(connection)
        for query, until in ((_OVER, now), (_MARKS, now - MARKS_KEPT)):
            while not self._database.closed:
                if changed(await connection.execute(query, until, STEP_ROWS)) < STEP_ROWS:
                    break
        for table in ("inbox_state", "answer"):
            await connection.execute(_LEFT_OVER.format(table=table))
