"""Taking one out of the schedule: to append it, or to forget it. Runs in the writer's thread."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Final

import orjson

from sio_server.broker.log import Published
from sio_server.broker.schedule import MAX_GIST, MAX_PAST, Ending
from sio_server.broker.sqlite.rows import Batch, Outcome
from sio_server.errors import Refused
from sio_server.notification import Notification

# Ends that are forgotten with each that comes: more than the one, or they would never become fewer.
_PURGED: Final = 10

_ENDED: Final = (
    "INSERT OR REPLACE INTO schedule_past (id, ending, scheduled_at, by, due, at, ended_by, seq, replaced_by) "
    "SELECT id, ?, scheduled_at, by, due, ?, ?, ?, ? FROM schedule WHERE id = ?"
)
_GIST: Final = "UPDATE schedule_past SET timestamp = ?, type = ?, title = ?, message = ?, audience = ? WHERE id = ?"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One that is to be delivered as it is, ``at`` a moment (milliseconds), if its row still has this revision."""

    notification: Notification
    revision: int
    at: int


def take(connection: sqlite3.Connection, batch: Batch, delivery: Delivery) -> Outcome:
    """Take one out of the schedule and have it appended; refused where it is not there any more as it was."""
    execute, identity = connection.execute, delivery.notification.id
    row = execute(
        "SELECT by, key FROM schedule WHERE id = ? AND revision = ?",
        (identity, delivery.revision),
    ).fetchone()
    if row is None:
        return Refused("not_found")
    outcome = batch.add(delivery.notification)
    if not isinstance(outcome, Published):
        return outcome
    seq = outcome.position.seq if delivery.notification.persist else None
    execute(_ENDED, ("delivered", delivery.at, None, seq, None, identity))
    execute("DELETE FROM schedule WHERE id = ?", (identity,))
    _purge(connection)
    if row[1] is not None:
        execute(
            "UPDATE idempotency SET seq = ? WHERE publisher = ? AND key = ? AND id = ?",
            (outcome.position.seq, row[0], row[1], identity),
        )
    return outcome


def end(
    connection: sqlite3.Connection,
    identity: str,
    ending: Ending,
    *,
    at: int,
    now: int,
    by: str | None = None,
    replaced_by: str | None = None,
) -> bool:
    """Take one out of the schedule that is not delivered, and note what became of it; returns whether it was there.

    ``at`` is by the wall clock, ``now`` by the log's own; both in milliseconds.
    """
    execute = connection.execute
    row = execute("SELECT notification FROM schedule WHERE id = ?", (identity,)).fetchone()
    if row is None:
        return False
    execute(_ENDED, (ending, at, by, None, replaced_by, identity))
    said = orjson.loads(row[0])
    audience = orjson.dumps(said["audience"]).decode()
    execute(_GIST, (now, said["type"], said.get("title"), said["message"][:MAX_GIST], audience, identity))
    execute("DELETE FROM schedule WHERE id = ?", (identity,))
    _purge(connection)
    return True


def _purge(connection: sqlite3.Connection) -> None:
    """Forget the oldest ends of which no entry is in the log, beyond `MAX_PAST`."""
    connection.execute(
        "DELETE FROM schedule_past WHERE number IN (SELECT number FROM schedule_past WHERE seq IS NULL "
        "AND number <= (SELECT max(number) FROM schedule_past) - ? ORDER BY number LIMIT ?)",
        (MAX_PAST, _PURGED),
    )
