"""The rows that tell of one user, wherever they are: see `broker.persons`. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson

from sio_server.audience import Audience, user_room
from sio_server.broker import persons
from sio_server.broker.persons import NOBODY, SEARCHED, STEP_LOOK, STEP_ROWS, USER_TABLES, Rows
from sio_server.broker.sqlite import removal
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.broker.sqlite.writer import Step

ROOM_TABLES: Final = ("notification_room", "amendment_room", "grouped", "room_lane", "gone")
"""Tables where the name of a user's own room may stand: all of it goes with the notifications that are of that room."""

# -- what there is ----------------------------------------------------------------------------------------------------


def rows_of(connection: sqlite3.Connection, table: str, user: str, after: Sequence[Any] | None) -> tuple[Rows, Any]:
    """Some rows of a user in one table as JSON has them, and after which key the next ones are; None after the last."""
    key = USER_TABLES[table].key
    names = ", ".join(key)
    beyond = "" if after is None else f"AND ({names}) > ({', '.join('?' * len(key))})"
    order = f"ORDER BY {names}" if key else ""
    query = f"SELECT * FROM {table} WHERE user = ? {beyond} {order} LIMIT {STEP_ROWS}"  # noqa: S608 - names of above
    found = _dicts(connection.execute(query, (user, *(after or ()))))
    last = [found[-1][name] for name in key] if key and len(found) == STEP_ROWS else None
    return [persons.row_of(row, "user") for row in found], last


def _dicts(cursor: sqlite3.Cursor) -> Rows:
    columns = [column[0] for column in cursor.description]
    return [dict(zip(columns, row, strict=True)) for row in cursor]


def found_in(connection: sqlite3.Connection, table: str, user: str, after: Any) -> tuple[list[Any], Any]:
    """Keys of rows of a table that may name a user, and up to which key was looked; None when that was all."""
    key, audience, names = SEARCHED[table]
    last = connection.execute(
        f"SELECT max({key}) FROM (SELECT {key} FROM {table} WHERE {key} > ? ORDER BY {key} LIMIT {STEP_LOOK})",  # noqa: S608 - names of above
        (after,),
    ).fetchone()[0]
    if last is None:
        return [], None
    tests = [f"{name} = :admin" for name in names]
    tests += [f"instr(CAST({audience} AS BLOB), :{word}) > 0" for word in ("named", "by")]
    named, by = persons.words_of(user)
    rows = connection.execute(
        f"SELECT {key} FROM {table} WHERE {key} > :after AND {key} <= :last AND ({' OR '.join(tests)})",  # noqa: S608
        {"after": after, "last": last, "admin": persons.administrator(user), "named": named, "by": by},
    )
    return [row[0] for row in rows], last


def naming(connection: sqlite3.Connection, epoch: str, table: str, keys: Sequence[Any], user: str) -> dict[str, Rows]:
    """What rows say that name a user, by kind, as JSON has it; what is gone meanwhile is left out."""
    found: dict[str, Rows] = {}
    for key in keys:
        audience = audience_in(connection, table, key)
        if audience is None or not (table == "notification" or persons.names(audience, user)):
            continue
        if table == "notification":
            row = connection.execute(f"SELECT {COLUMNS} FROM notification WHERE seq = ?", (key,)).fetchone()  # noqa: S608
            told = entry_of(epoch, row).record()
        else:
            query = f"SELECT * FROM {table} WHERE {SEARCHED[table][0]} = ?"  # noqa: S608 - names of above
            told = _TOLD[table](_dicts(connection.execute(query, (key,)))[0])
        persons.add_named(found, table, audience, user, told)
    return found


_TOLD: Final[Mapping[str, Callable[[persons.Row], dict[str, Any]]]] = {
    "history": persons.former_of,
    "schedule": persons.later_of,
    "schedule_past": persons.ended_of,
}


def audience_in(connection: sqlite3.Connection, table: str, key: Any) -> Audience | None:
    """Whom what a row speaks of is for, nobody where that is not kept; None where the row is gone."""
    name, column, _ = SEARCHED[table]
    row = connection.execute(f"SELECT {column} FROM {table} WHERE {name} = ?", (key,)).fetchone()  # noqa: S608 - as above
    return None if row is None else persons.audience_of(table, row[0])


# -- taking it away ---------------------------------------------------------------------------------------------------


def delete_some(step: Step, table: str, user: str) -> int:
    """Take away some rows of a user; returns how many, 0 where none is left."""
    key = ", ".join(USER_TABLES[table].key)
    some = f"AND ({key}) IN (SELECT {key} FROM {table} WHERE user = ? LIMIT {STEP_ROWS})" if key else ""  # noqa: S608
    parameters = (user, user) if key else (user,)
    return step.connection.execute(f"DELETE FROM {table} WHERE user = ? {some}", parameters).rowcount  # noqa: S608


def take_out(step: Step, table: str, keys: Sequence[Any], user: str) -> tuple[int, int]:
    """Take a user out of rows: how many of them went, being for this user alone, and out of how many only the name."""
    gone = changed = 0
    for key in keys:
        audience = audience_in(step.connection, table, key)
        if audience is None:
            continue
        if persons.names(audience, user):
            left = persons.without(audience, user)
            if left is None:
                _remove(step, table, key)
                gone += 1
                continue
            _narrow(step, table, key, user=user, audience=audience, left=left)
            changed += 1
        _rename_administrator(step.connection, table, key, user)
    return gone, changed


def _remove(step: Step, table: str, key: Any) -> None:
    execute = step.connection.execute
    if table == "notification":
        removal.remove(step, key)
        return
    if table == "amendment":
        execute("DELETE FROM amendment_room WHERE seq = ?", (key,))
    execute(f"DELETE FROM {table} WHERE {SEARCHED[table][0]} = ?", (key,))  # noqa: S608 - names of above


def _narrow(step: Step, table: str, key: Any, *, user: str, audience: Audience, left: Audience) -> None:
    """Write an audience without a user's name."""
    execute, room = step.connection.execute, user_room(user)
    name, column, _ = SEARCHED[table]
    if table == "schedule":
        _narrow_scheduled(step.connection, key, left)
        return
    execute(
        f"UPDATE {table} SET {column} = ? WHERE {name} = ?",  # noqa: S608 - as above
        (orjson.dumps(left.as_dict()).decode(), key),
    )
    is_in_room = room in audience.rooms()
    if table == "notification":
        execute("DELETE FROM notification_except WHERE user = ? AND seq = ?", (user, key))
        if is_in_room:
            removal.take_from_room(step, room, key)
    elif table == "amendment" and is_in_room:
        execute("DELETE FROM amendment_room WHERE room = ? AND seq = ?", (room, key))


def _narrow_scheduled(connection: sqlite3.Connection, key: str, left: Audience) -> None:
    (packed,) = connection.execute("SELECT notification FROM schedule WHERE id = ?", (key,)).fetchone()
    again, place = persons.narrowed(packed, left)
    if place is not None and connection.execute("SELECT 1 FROM schedule WHERE place = ?", (place,)).fetchone():
        place = None  # another one is for the others already; both are delivered, and collapse then
    connection.execute("UPDATE schedule SET notification = ?, place = ? WHERE id = ?", (again, place, key))


def _rename_administrator(connection: sqlite3.Connection, table: str, key: Any, user: str) -> None:
    name, _, columns = SEARCHED[table]
    for column in columns:
        connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE {name} = ? AND {column} = ?",  # noqa: S608 - as above
            (NOBODY, key, persons.administrator(user)),
        )
    if table == "schedule":
        (packed,) = connection.execute("SELECT notification FROM schedule WHERE id = ?", (key,)).fetchone()
        again = persons.unnamed(packed, user)
        if again is not None:
            connection.execute("UPDATE schedule SET notification = ? WHERE id = ?", (again, key))


def finish(step: Step, user: str, veil: str) -> None:
    """Take away what is left by the name: lanes of the personal room, keys of an administrator; veil a revocation."""
    execute, room = step.connection.execute, user_room(user)
    if execute("SELECT 1 FROM notification_room WHERE room = ? LIMIT 1", (room,)).fetchone() is None:
        for table in ROOM_TABLES:
            execute(f"DELETE FROM {table} WHERE room = ?", (room,))  # noqa: S608 - names of above
    execute("DELETE FROM idempotency WHERE publisher = ?", (persons.administrator(user),))
    execute(
        "INSERT INTO revocation (user, before, recorded_at) SELECT ?, before, recorded_at FROM revocation "
        "WHERE user = ? ON CONFLICT (user) DO UPDATE SET before = max(before, excluded.before), "
        "recorded_at = max(recorded_at, excluded.recorded_at)",
        (veil, user),
    )
    execute("DELETE FROM revocation WHERE user = ?", (user,))
