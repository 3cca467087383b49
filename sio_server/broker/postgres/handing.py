"""Writing down what connections were handed and clients confirmed: see `spans`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Final

from sio_server.audience import USER_PREFIX
from sio_server.broker.deliveries import Told
from sio_server.broker.postgres.database import Connection, Database, Step
from sio_server.broker.postgres.sights import lock
from sio_server.broker.spans import Gap, Kind, Span, gaps, whole

_Of = tuple[str, Kind]  # user and kind
_Spans = dict[_Of, list[Span]]

# Of some pairs of a user and a kind the newest span, and all of them.
_PAIRS: Final = "unnest($1::text[], $2::smallint[]) AS p (user_id, kind)"
_NEWEST: Final = f"""
SELECT d.* FROM {_PAIRS} CROSS JOIN LATERAL (
    SELECT user_id, kind, low, high, steps FROM delivery AS d WHERE d.user_id = p.user_id AND d.kind = p.kind
    ORDER BY d.low DESC LIMIT 1
) AS d
"""  # noqa: S608 - a constant
_ALL: Final = f"""
SELECT d.user_id, d.kind, d.low, d.high, d.steps
FROM {_PAIRS} JOIN delivery AS d ON d.user_id = p.user_id AND d.kind = p.kind
"""  # noqa: S608 - a constant

# Of some users' gaps those in which nothing is the user's; all that the user may have seen counts.
_EMPTY: Final = f"""
SELECT g.user_id, g.low, g.high FROM unnest($1::text[], $2::bigint[], $3::bigint[]) AS g (user_id, low, high)
WHERE NOT EXISTS (
    SELECT 1 FROM (
        SELECT room, since FROM sight WHERE user_id = g.user_id
        UNION ALL SELECT room, seen_from FROM follow WHERE user_id = g.user_id
        UNION ALL SELECT '{USER_PREFIX}' || g.user_id, 0
    ) AS v CROSS JOIN notification_room AS r
    WHERE r.room = v.room AND r.seq > greatest(v.since, g.low) AND r.seq <= g.high OFFSET 0
)
"""  # noqa: S608 - a constant

_WRITE: Final = """
WITH gone AS (
    DELETE FROM delivery AS d USING unnest($1::text[], $2::smallint[], $3::bigint[]) AS g (user_id, kind, low)
    WHERE d.user_id = g.user_id AND d.kind = g.kind AND d.low = g.low
)
INSERT INTO delivery (user_id, kind, low, high, steps)
SELECT * FROM unnest($4::text[], $5::smallint[], $6::bigint[], $7::bigint[], $8::bytea[])
ON CONFLICT (user_id, kind, low) DO UPDATE SET high = excluded.high, steps = excluded.steps
"""


def recorder(database: Database) -> Callable[[Told], Awaitable[None]]:
    """What `Deliveries` writes spans down with."""
    return lambda told: _record(database, told)


async def _record(database: Database, told: Told) -> None:
    new: _Spans = {}
    for (user, kind, _), span in told.items():
        new.setdefault((user, kind), []).append(span)

    async def write(step: Step) -> None:
        connection = step.connection
        await lock(connection, database.schema, list(dict.fromkeys(user for user, _ in new)))
        known = await _known(connection, _NEWEST, new)
        kept: _Spans = {}
        more: _Spans = {}
        for of, spans in new.items():
            newest = known.get(of, ())
            if len(spans) == 1 and (not newest or newest[0].low == spans[0].low):
                # Almost always the stream that was there before has grown, or is the first.
                kept[of] = [newest[0].grown(spans[0], of[1])] if newest else spans
            else:
                more[of] = spans
        gone = await _join(connection, more, kept) if more else []
        await connection.execute(_WRITE, *_columns(gone, 3), *_columns(_rows(kept), 5))

    await database.change(write)


async def _known(connection: Connection, query: str, pairs: Iterable[_Of]) -> _Spans:
    found: _Spans = {}
    for user, kind, *span in await connection.fetch(query, *_columns(pairs, 2)):
        found.setdefault((user, kind), []).append(Span(*span))
    return found


async def _join(connection: Connection, more: _Spans, kept: _Spans) -> list[tuple[str, Kind, int]]:
    """Put into ``kept`` what becomes of all spans of some; returns the rows that are none any more."""
    known = await _known(connection, _ALL, more)
    spans = {of: [*known.get(of, ()), *new] for of, new in more.items()}
    asked = {(user, *gap) for (user, _), some in spans.items() for gap in gaps(some)}
    empty: dict[str, set[Gap]] = {}
    for user, low, high in await connection.fetch(_EMPTY, *_columns(asked, 3)) if asked else ():
        empty.setdefault(user, set()).add((low, high))
    gone = []
    for of, some in spans.items():
        kept[of] = whole(some, empty.get(of[0], ()))
        lows = {span.low for span in kept[of]}
        gone += [(*of, span.low) for span in known.get(of, ()) if span.low not in lows]
    return gone


def _rows(spans: _Spans) -> list[tuple[object, ...]]:
    return [(*of, *span) for of, some in spans.items() for span in some]


def _columns(rows: Iterable[tuple[object, ...]], number: int) -> list[list[object]]:
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(number)]
