"""The rows of what is to be delivered later. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from sio_server.audience import Audience
from sio_server.broker.packing import pack, unpack
from sio_server.broker.places import digest
from sio_server.broker.schedule import Booked, Fate, Gist, Scheduled, SchedulePage, place_after, too_many
from sio_server.broker.sqlite.taking import end
from sio_server.broker.sqlite.writer import Step
from sio_server.errors import Refused

_COLUMNS: Final = "due, scheduled_at, by, ttl, revision, notification"
_SPENT: Final = "SELECT fingerprint, id, seq FROM idempotency WHERE publisher = ? AND key = ? AND expires_at > ?"


def _of_row(row: Sequence[Any]) -> Scheduled:
    due, scheduled_at, by, ttl, revision, packed = row
    return Scheduled(unpack(packed), due, scheduled_at, by, ttl, revision)


# -- changes ----------------------------------------------------------------------------------------------------------


def schedule(step: Step, scheduled: Scheduled, *, most: int, key_ttl: int) -> Booked:
    """See `Schedule.schedule`; ``key_ttl`` in milliseconds."""
    execute, made = step.connection.execute, scheduled.notification
    key = made.idempotency
    if key is not None:
        known = execute(_SPENT, (key.publisher, key.key, step.now)).fetchone()
        if known is not None:
            return _earlier(step.connection, scheduled, known)
    collapse_key = None if made.extras is None else made.extras.collapse_key
    place = None if collapse_key is None else digest(collapse_key, made.audience)
    replaced = None if place is None else _take_place(step, scheduled, place)
    if execute("SELECT held FROM schedule_held").fetchone()[0] >= most:
        raise too_many(most)
    execute(
        "INSERT INTO schedule (id, type, collapse_key, place, key, due, scheduled_at, by, ttl, revision, "
        "notification) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            made.id,
            made.type,
            collapse_key,
            place,
            None if key is None else key.key,
            scheduled.due,
            scheduled.scheduled_at,
            scheduled.by,
            scheduled.ttl,
            scheduled.revision,
            pack(made),
        ),
    )
    if key is not None:
        execute(
            "INSERT OR REPLACE INTO idempotency (publisher, key, fingerprint, id, seq, expires_at) "
            "VALUES (?, ?, ?, ?, 0, ?)",
            (key.publisher, key.key, key.fingerprint, made.id, step.now + key_ttl),
        )
    return Booked(made.id, scheduled.due, replaces=replaced)


def _earlier(connection: sqlite3.Connection, scheduled: Scheduled, known: tuple[bytes, str, int]) -> Booked:
    """The answer to a repeat: what the first of its key got, when it is due as far as that is known."""
    fingerprint, identity, _ = known
    key = scheduled.notification.idempotency
    if key is None or fingerprint != key.fingerprint:
        raise Refused("idempotency_mismatch")
    row = connection.execute(
        "SELECT due FROM schedule WHERE id = :id UNION ALL SELECT due FROM schedule_past WHERE id = :id",
        {"id": identity},
    ).fetchone()
    return Booked(identity, scheduled.due if row is None else row[0], duplicate=True)


def _take_place(step: Step, scheduled: Scheduled, place: bytes) -> str | None:
    """Take out the one whose place this one takes; returns its id."""
    row = step.connection.execute("SELECT id FROM schedule WHERE place = ?", (place,)).fetchone()
    if row is None:
        return None
    at, by, successor = scheduled.scheduled_at, scheduled.by, scheduled.notification.id
    end(step.connection, row[0], "replaced", at=at, now=step.now, by=by, replaced_by=successor)
    return str(row[0])


def reschedule(step: Step, scheduled: Scheduled) -> bool:
    """See `Schedule.reschedule`."""
    made = scheduled.notification
    changed = step.connection.execute(
        "UPDATE schedule SET due = ?, ttl = ?, notification = ?, revision = revision + 1 WHERE id = ? AND revision = ?",
        (scheduled.due, scheduled.ttl, pack(made), made.id, scheduled.revision),
    )
    return changed.rowcount > 0


def cancel_all(step: Step, collapse_key: str, *, by: str, at: int) -> tuple[str, ...]:
    """See `Schedule.cancel_all`."""
    rows = step.connection.execute("SELECT id FROM schedule WHERE collapse_key = ? ORDER BY id", (collapse_key,))
    named = tuple(identity for (identity,) in rows.fetchall())
    for identity in named:
        end(step.connection, identity, "cancelled", at=at, now=step.now, by=by)
    return named


# -- reading ----------------------------------------------------------------------------------------------------------


def due(connection: sqlite3.Connection, now: int, limit: int) -> tuple[list[Scheduled], int | None]:
    """At most ``limit`` of those that are due, the soonest first, and when the one after them is due."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM schedule WHERE due <= ? ORDER BY due, id LIMIT ?",  # noqa: S608 - a constant
        (now, limit),
    ).fetchall()
    next_due = connection.execute("SELECT due FROM schedule ORDER BY due LIMIT 1 OFFSET ?", (len(rows),)).fetchone()
    return [_of_row(row) for row in rows], None if next_due is None else next_due[0]


def scheduled(connection: sqlite3.Connection, identity: str) -> Scheduled | None:
    """See `Schedule.scheduled`."""
    row = connection.execute(f"SELECT {_COLUMNS} FROM schedule WHERE id = ?", (identity,)).fetchone()  # noqa: S608 - a constant
    return None if row is None else _of_row(row)


def page(
    connection: sqlite3.Connection, *, limit: int, after: str | None, event: str | None, collapse_key: str | None
) -> SchedulePage:
    """See `Schedule.schedule_page`."""
    place = place_after(after)
    wanted, values = "", []
    for column, value in (("type", event), ("collapse_key", collapse_key)):
        if value is not None:
            wanted += f" AND {column} = ?"
            values.append(value)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM schedule WHERE (due, id) > (?, ?){wanted} ORDER BY due, id LIMIT ?",  # noqa: S608 - constants
        (*place, *values, limit + 1),
    ).fetchall()
    return SchedulePage.of([_of_row(row) for row in rows], limit)


def fate(connection: sqlite3.Connection, identity: str) -> Fate | None:
    """See `Schedule.fate`."""
    row = connection.execute(
        "SELECT id, ending, scheduled_at, by, due, at, ended_by, seq, replaced_by, type, title, message, audience "
        "FROM schedule_past WHERE id = ?",
        (identity,),
    ).fetchone()
    if row is None:
        return None
    found = Fate(*row[:-4])
    event, title, message, audience = row[-4:]
    if message is None:
        return found
    return replace(found, gist=Gist(event, title, message, Audience.from_dict(orjson.loads(audience))))


def held(connection: sqlite3.Connection) -> int:
    """See `Schedule.held`."""
    return int(connection.execute("SELECT held FROM schedule_held").fetchone()[0])
