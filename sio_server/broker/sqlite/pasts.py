"""Reading what became of notifications. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sio_server.broker.amendments import Happened
from sio_server.broker.places import story, thread_of
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.notification import Entry

# What `_happened` takes: how it was, in the order of `rows.COLUMNS`, and what happened.
_COLUMNS: Final = (
    "place, id, 'notification', type, audience, source, publisher, body, NULL, texts, "
    "action, at, who, other, seq, thread"
)


class End(NamedTuple):
    """How a notification left the log, and the position of that."""

    happened: Happened
    seq: int
    thread: str


def end_of(connection: sqlite3.Connection, epoch: str, identity: str) -> End | None:
    """How a notification left the log; None where it is there, or nothing is known of it."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM history WHERE id = ? ORDER BY number DESC LIMIT 1",  # noqa: S608 - a constant
        (identity,),
    ).fetchone()
    if row is None or row[10] not in ("replaced", "retracted"):
        return None
    return End(_happened(epoch, row), row[14], row[15])


def of(connection: sqlite3.Connection, epoch: str, identity: str, stored: Entry | None) -> tuple[Happened, ...]:
    """See `Amendments.history`; ``stored`` is the notification, where it is there."""
    if stored is not None:
        thread = thread_of(identity, stored.body)
    else:
        row = connection.execute("SELECT thread FROM history WHERE id = ? LIMIT 1", (identity,)).fetchone()
        if row is None:
            return ()
        thread = row[0]
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM history WHERE thread = ? ORDER BY number",  # noqa: S608 - a constant
        (thread,),
    ).fetchall()
    return story([_happened(epoch, row) for row in rows], stored or _newest(connection, epoch, rows))


def _newest(connection: sqlite3.Connection, epoch: str, rows: Sequence[Sequence[Any]]) -> Entry | None:
    """The notification that stands in the place that the last of these rows tells of."""
    identity = rows[-1][13]
    row = (
        identity
        and connection.execute(
            f"SELECT {COLUMNS} FROM notification WHERE id = ?",  # noqa: S608 - a constant
            (identity,),
        ).fetchone()
    )
    return entry_of(epoch, row) if row else None


def _happened(epoch: str, row: Sequence[Any]) -> Happened:
    action, at, who, other = row[10:14]
    return Happened(row[1], action, at, who, entry_of(epoch, row[:10]), other)
