"""The rows that tell of one user, wherever they are. Runs in the threads of `store`.

The tables with a user's name are listed here and nowhere else; a test holds the list to the schema.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import orjson

from sio_server.audience import Audience, user_room
from sio_server.broker import steps
from sio_server.broker.packing import pack, unpack
from sio_server.broker.places import digest
from sio_server.broker.sqlite import removal
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.broker.sqlite.writer import Step
from sio_server.notification import written
from sio_server.texts import Texts

# Rows that one step takes away or changes: publishers wait for no more than that.
STEP_ROWS: Final = 200

# Rows that one step of the search looks at.
STEP_LOOK: Final = 5000

# In place of the name of an administrator who is gone.
NOBODY: Final = "admin:erased"


class UserTable(NamedTuple):
    """A table with a row of its own for a user: what its rows are called, and what tells them apart beside the user."""

    kind: str
    key: tuple[str, ...] = ()


USER_TABLES: Final[Mapping[str, UserTable]] = {
    "sight": UserTable("rooms", ("room",)),
    "follow": UserTable("follows", ("room",)),
    "inbox": UserTable("inbox"),
    "inbox_state": UserTable("states", ("seq",)),
    "delivery": UserTable("deliveries", ("kind", "low")),
    "visit": UserTable("visits"),
    "answer": UserTable("answers", ("seq",)),
}
"""Tables whose column ``user`` holds the name.

Beside them ``revocation`` has one, which keeps its row by another name; ``notification_except``, whose rows go with the
audience they are of; and those of `SEARCHED` elsewhere.
"""

ROOM_TABLES: Final = ("notification_room", "amendment_room", "grouped", "room_lane", "gone")
"""Tables where the name of a user's own room may stand: all of it goes with the notifications that are of that room."""

# Where a notification names whom it is for, and whose it was: the table, its key, the column of the audience, and those
# of administrators.
SEARCHED: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "notification": ("seq", "audience", ("publisher",)),
    "amendment": ("seq", "audience", ("publisher",)),
    "history": ("number", "audience", ("publisher", "who")),
    "schedule": ("id", "notification", ("by",)),
    "schedule_past": ("number", "audience", ("by", "ended_by")),
}

Rows = list[dict[str, Any]]


# -- what there is ----------------------------------------------------------------------------------------------------


def rows_of(connection: sqlite3.Connection, table: str, user: str, after: Sequence[Any] | None) -> tuple[Rows, Any]:
    """Some rows of a user in one table as JSON has them, and after which key the next ones are; None after the last."""
    key = USER_TABLES[table].key
    names = ", ".join(key)
    beyond = "" if after is None else f"AND ({names}) > ({', '.join('?' * len(key))})"
    order = f"ORDER BY {names}" if key else ""
    cursor = connection.execute(
        f"SELECT * FROM {table} WHERE user = ? {beyond} {order} LIMIT {STEP_ROWS}",  # noqa: S608 - names of above
        (user, *(after or ())),
    )
    columns = [column[0] for column in cursor.description]
    found = [dict(zip(columns, row, strict=True)) for row in cursor]
    last = [found[-1][name] for name in key] if key and len(found) == STEP_ROWS else None
    return [_shown(row) for row in found], last


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    del row["user"]
    if "steps" in row:
        row["steps"] = [
            {**step._asdict(), "at": written(step.at), "began": written(step.began) if step.began else None}
            for step in steps.unpack(row["steps"])
        ]
    return row


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
    rows = connection.execute(
        f"SELECT {key} FROM {table} WHERE {key} > :after AND {key} <= :last AND ({' OR '.join(tests)})",  # noqa: S608
        {
            "after": after,
            "last": last,
            "admin": f"admin:{user}",
            "named": orjson.dumps(user),
            "by": orjson.dumps(f"admin:{user}"),
        },
    )
    return [row[0] for row in rows], last


def naming(connection: sqlite3.Connection, epoch: str, table: str, keys: Sequence[Any], user: str) -> dict[str, Rows]:
    """What rows say that name a user, by kind, as JSON has it; what is gone meanwhile is left out."""
    found: dict[str, Rows] = {}
    for key in keys:
        audience = audience_in(connection, table, key)
        if audience is None:
            continue
        if user in audience.users or user in audience.except_users:
            found.setdefault(_NAMED[table], []).append(_READ[table](connection, epoch, key))
        elif table == "notification":
            record = _READ[table](connection, epoch, key)
            found.setdefault("published", []).append(
                {name: record[name] for name in ("id", "seq", "type", "timestamp")}
            )
    return found


_NAMED: Final = {
    "notification": "notifications",
    "history": "history",
    "schedule": "scheduled",
    "schedule_past": "scheduled",
}


def _stored(connection: sqlite3.Connection, epoch: str, key: int) -> dict[str, Any]:
    row = connection.execute(f"SELECT {COLUMNS} FROM notification WHERE seq = ?", (key,)).fetchone()  # noqa: S608
    return entry_of(epoch, row).record()


def _former(connection: sqlite3.Connection, _: str, key: int) -> dict[str, Any]:
    row = connection.execute("SELECT id, action, at, type, audience, body, texts FROM history WHERE number = ?", (key,))
    identity, action, at, event, audience, body, texts = row.fetchone()
    before = {"type": event, "audience": orjson.loads(audience), **orjson.loads(b"{%b}" % body)}
    if texts is not None:
        before["texts"] = Texts.load(texts).shown()
    return {"id": identity, "action": action, "at": written(at), "before": before}


def _later(connection: sqlite3.Connection, _: str, key: str) -> dict[str, Any]:
    due, packed = connection.execute("SELECT due, notification FROM schedule WHERE id = ?", (key,)).fetchone()
    return {"due": written(due), **orjson.loads(packed)}


def _ended(connection: sqlite3.Connection, _: str, key: int) -> dict[str, Any]:
    row = connection.execute(
        "SELECT id, ending, at, due, type, title, message, audience FROM schedule_past WHERE number = ?", (key,)
    )
    identity, ending, at, due, event, title, message, audience = row.fetchone()
    said = {"type": event, "title": title, "message": message, "audience": orjson.loads(audience)}
    return {"id": identity, "ending": ending, "at": written(at), "due": written(due), **said}


_READ: Final[Mapping[str, Callable[[sqlite3.Connection, str, Any], dict[str, Any]]]] = {
    "notification": _stored,
    "history": _former,
    "schedule": _later,
    "schedule_past": _ended,
}


def first_key(table: str) -> Any:
    """What is below every key of a table."""
    return "" if table == "schedule" else -1


def audience_in(connection: sqlite3.Connection, table: str, key: Any) -> Audience | None:
    """Whom what a row speaks of is for, nobody where that is not kept; None where the row is gone."""
    name, column, _ = SEARCHED[table]
    row = connection.execute(f"SELECT {column} FROM {table} WHERE {name} = ?", (key,)).fetchone()  # noqa: S608 - as above
    if row is None:
        return None
    read = {} if row[0] is None else orjson.loads(row[0])
    return Audience.from_dict(read["audience"] if table == "schedule" else read)


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
        if user in audience.users or user in audience.except_users:
            left = _without(audience, user)
            if user in audience.users and left.is_empty():
                _remove(step, table, key)
                gone += 1
                continue
            _narrow(step, table, key, user=user, audience=audience, left=left)
            changed += 1
        _rename_administrator(step.connection, table, key, user)
    return gone, changed


def _without(audience: Audience, user: str) -> Audience:
    return replace(
        audience,
        users=tuple(one for one in audience.users if one != user),
        except_users=tuple(one for one in audience.except_users if one != user),
    )


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
    made = unpack(packed)._replace(audience=left)
    collapse_key = None if made.extras is None else made.extras.collapse_key
    place = None if collapse_key is None else digest(collapse_key, left)
    if place is not None and connection.execute("SELECT 1 FROM schedule WHERE place = ?", (place,)).fetchone():
        place = None  # another one is for the others already; both are delivered, and collapse then
    connection.execute("UPDATE schedule SET notification = ?, place = ? WHERE id = ?", (pack(made), place, key))


def _rename_administrator(connection: sqlite3.Connection, table: str, key: Any, user: str) -> None:
    name, _, columns = SEARCHED[table]
    for column in columns:
        connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE {name} = ? AND {column} = ?",  # noqa: S608 - as above
            (NOBODY, key, f"admin:{user}"),
        )
    if table == "schedule":
        (packed,) = connection.execute("SELECT notification FROM schedule WHERE id = ?", (key,)).fetchone()
        made = unpack(packed)
        if made.publisher == f"admin:{user}":
            again = pack(made._replace(publisher=NOBODY))
            connection.execute("UPDATE schedule SET notification = ? WHERE id = ?", (again, key))


def finish(step: Step, user: str, veil: str) -> None:
    """Take away what is left by the name: lanes of the personal room, keys of an administrator; veil a revocation."""
    execute, room = step.connection.execute, user_room(user)
    if execute("SELECT 1 FROM notification_room WHERE room = ? LIMIT 1", (room,)).fetchone() is None:
        for table in ROOM_TABLES:
            execute(f"DELETE FROM {table} WHERE room = ?", (room,))  # noqa: S608 - names of above
    execute("DELETE FROM idempotency WHERE publisher = ?", (f"admin:{user}",))
    execute(
        "INSERT INTO revocation (user, before, recorded_at) SELECT ?, before, recorded_at FROM revocation "
        "WHERE user = ? ON CONFLICT (user) DO UPDATE SET before = max(before, excluded.before), "
        "recorded_at = max(recorded_at, excluded.recorded_at)",
        (veil, user),
    )
    execute("DELETE FROM revocation WHERE user = ?", (user,))
