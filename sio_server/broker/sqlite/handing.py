"""Writing down what connections were handed and clients confirmed: see `spans`. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing

from sio_server.broker.deliveries import Told
from sio_server.broker.spans import Kind, Span, gaps, whole
from sio_server.broker.sqlite.sights import all_rooms_of
from sio_server.broker.sqlite.views import bounds_of, walk
from sio_server.broker.sqlite.writer import Step, Writer


def recorder(writer: Writer) -> Callable[[Told], Awaitable[None]]:
    """What `Deliveries` writes spans down with."""
    return lambda told: writer.change(lambda step: _record(step, told))


def _record(step: Step, told: Told) -> None:
    for (user, kind, _), span in told.items():
        _add(step.connection, user, kind, span)


def _add(connection: sqlite3.Connection, user: str, kind: Kind, span: Span) -> None:
    execute = connection.execute
    query = "SELECT low, high, steps FROM delivery WHERE user = ? AND kind = ? ORDER BY low"
    # Almost always the stream that was there before has grown: the other spans, with all their steps, are left alone.
    last = execute(f"{query} DESC LIMIT 1", (user, kind)).fetchone()
    if last is not None and last[0] == span.low:
        grown = Span(*last).grown(span, kind)
        changed = (grown.high, grown.steps, user, kind, grown.low)
        execute("UPDATE delivery SET high = ?, steps = ? WHERE user = ? AND kind = ? AND low = ?", changed)
        return
    spans = [*(Span(*row) for row in execute(query, (user, kind))), span]
    empty = {gap for gap in gaps(spans) if _nothing_between(connection, user, *gap)}
    execute("DELETE FROM delivery WHERE user = ? AND kind = ?", (user, kind))
    connection.executemany(
        "INSERT INTO delivery (user, kind, low, high, steps) VALUES (?, ?, ?, ?, ?)",
        [(user, kind, *one) for one in whole(spans, empty)],
    )


def _nothing_between(connection: sqlite3.Connection, user: str, low: int, high: int) -> bool:
    """Whether nothing in ``(low, high]`` is this user's: then two visits are as good as one."""
    bounds = bounds_of(all_rooms_of(connection, user), low)
    with closing(walk(connection, bounds, below=high + 1, newest_first=False)) as seqs:
        return next(seqs, None) is None
