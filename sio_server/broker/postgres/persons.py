"""The rows that tell of one user, wherever they are: see `broker.persons`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import orjson

from sio_server.audience import Audience, user_room
from sio_server.broker import persons
from sio_server.broker.persons import NOBODY, SEARCHED, STEP_LOOK, STEP_ROWS, USER_TABLES, Rows
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.revocations import LOCK
from sio_server.broker.postgres.rows import COLUMNS, changed, entry_of

ROOM_TABLES: Final = ("notification_room", "amendment_room", "grouped")
"""Tables where the name of a user's own room may stand: all of it goes with the notifications that are of that room."""

# -- what there is ----------------------------------------------------------------------------------------------------


async def rows_of(connection: Connection, table: str, user: str, after: Sequence[Any] | None) -> tuple[Rows, Any]:
    """Some rows of a user in one table as JSON has them, and after which key the next ones are; None after the last."""
    key = USER_TABLES[table].key
    names = ", ".join(key)
    places = ", ".join(f"${number + 2}" for number in range(len(key)))
    beyond = "" if after is None else f"AND ({names}) > ({places})"
    order = f"ORDER BY {names}" if key else ""
    query = f"SELECT * FROM {table} WHERE user_id = $1 {beyond} {order} LIMIT {STEP_ROWS}"  # noqa: S608 - names of above
    found = [dict(row) for row in await connection.fetch(query, user, *(after or ()))]
    last = [found[-1][name] for name in key] if key and len(found) == STEP_ROWS else None
    return [persons.row_of(row, "user_id") for row in found], last


async def found_in(connection: Connection, table: str, user: str, after: Any) -> tuple[list[Any], Any]:
    """Keys of rows of a table that may name a user, and up to which key was looked; None when that was all."""
    key, audience, names = SEARCHED[table]
    held = audience if table == "schedule" else f"convert_to({audience}, 'UTF8')"
    tests = [f"{name} = $2" for name in names] + [f"position({word} IN {held}) > 0" for word in ("$3", "$4")]
    named, by = persons.words_of(user)
    row = await connection.fetchrow(
        f"WITH looked AS MATERIALIZED (SELECT * FROM {table} WHERE {key} > $1 ORDER BY {key} LIMIT {STEP_LOOK}) "  # noqa: S608 - names of above
        f"SELECT (SELECT max({key}) FROM looked), ARRAY(SELECT {key} FROM looked WHERE {' OR '.join(tests)})",
        after,
        persons.administrator(user),
        named,
        by,
    )
    return list(row[1]), row[0]


async def naming(connection: Connection, epoch: str, table: str, keys: Sequence[Any], user: str) -> dict[str, Rows]:
    """What rows say that name a user, by kind, as JSON has it; what is gone meanwhile is left out."""
    key, column, _ = SEARCHED[table]
    found: dict[str, Rows] = {}
    if table == "notification":
        query = f"SELECT {COLUMNS} FROM notification WHERE seq = ANY($1) ORDER BY seq"  # noqa: S608 - a constant
        for row in await connection.fetch(query, keys):
            entry = entry_of(epoch, row)
            persons.add_named(found, table, entry.audience, user, entry.record())
        return found
    query = f"SELECT * FROM {table} WHERE {key} = ANY($1) ORDER BY {key}"  # noqa: S608 - names of above
    for row in await connection.fetch(query, keys):
        audience = persons.audience_of(table, row[column])
        if persons.names(audience, user):
            persons.add_named(found, table, audience, user, _TOLD[table](row))
    return found


_TOLD: Final[Mapping[str, Callable[[persons.Row], dict[str, Any]]]] = {
    "history": persons.former_of,
    "schedule": persons.later_of,
    "schedule_past": lambda row: persons.ended_of({**row, **_gist(row["gist"])}),
}


def _gist(packed: bytes | None) -> dict[str, Any]:
    title, message = (None, None) if packed is None else orjson.loads(packed)
    return {"title": title, "message": message}


# -- taking it away ---------------------------------------------------------------------------------------------------


async def delete_some(connection: Connection, table: str, user: str) -> int:
    """Take away some rows of a user; returns how many, 0 where none is left."""
    query = (
        f"DELETE FROM {table} WHERE ctid = ANY(ARRAY("  # noqa: S608 - a name of above
        f"SELECT ctid FROM {table} WHERE user_id = $1 LIMIT {STEP_ROWS} FOR UPDATE))"
    )
    return changed(await connection.execute(query, user))


class _Sorted(NamedTuple):
    """The rows of one step: keys of those that go, and those that only lose a name, with whom they are for then."""

    gone: list[Any]
    narrowed: list[tuple[Any, Audience]]


async def take_out(connection: Connection, table: str, keys: Sequence[Any], user: str) -> tuple[int, int]:
    """Take a user out of rows: how many of them went, being for this user alone, and out of how many only the name.

    For what is in the log its row is locked.
    """
    key, column, names = SEARCHED[table]
    query = f"SELECT {key}, {column} FROM {table} WHERE {key} = ANY($1) ORDER BY {key} FOR UPDATE"  # noqa: S608 - as above
    rows = await connection.fetch(query, keys)
    sorted_ = _sort([(row[0], persons.audience_of(table, row[1])) for row in rows], user)
    await _remove(connection, table, sorted_.gone)
    if table == "schedule":
        await _rewrite(connection, {row[0]: row[1] for row in rows}, sorted_, user)
    else:
        await _narrow(connection, table, sorted_.narrowed, user)
    for name in names:
        await connection.execute(
            f"UPDATE {table} SET {name} = $1 WHERE {key} = ANY($2) AND {name} = $3",  # noqa: S608 - as above
            NOBODY,
            keys,
            persons.administrator(user),
        )
    return len(sorted_.gone), len(sorted_.narrowed)


def _sort(rows: Sequence[tuple[Any, Audience]], user: str) -> _Sorted:
    found = _Sorted([], [])
    for key, audience in rows:
        if persons.names(audience, user):
            left = persons.without(audience, user)
            if left is None:
                found.gone.append(key)
            else:
                found.narrowed.append((key, left))
    return found


async def _remove(connection: Connection, table: str, keys: Sequence[Any]) -> None:
    if not keys:
        return
    if table in _TAKING:
        await connection.execute(f"SELECT {_TAKING[table]}($1)", keys)
    else:
        await connection.execute(f"DELETE FROM {table} WHERE {SEARCHED[table][0]} = ANY($1)", keys)  # noqa: S608 - as above


_TAKING: Final = {"notification": "take_out", "amendment": "take_words"}


async def _narrow(connection: Connection, table: str, narrowed: Sequence[tuple[Any, Audience]], user: str) -> None:
    """Write audiences without a user's name."""
    if not narrowed:
        return
    key, column, _ = SEARCHED[table]
    keys = [one for one, _ in narrowed]
    await connection.execute(
        f"UPDATE {table} SET {column} = n.audience FROM unnest($1::bigint[], $2::text[]) AS n (key, audience) "  # noqa: S608 - as above
        f"WHERE {table}.{key} = n.key",
        keys,
        [orjson.dumps(left.as_dict()).decode() for _, left in narrowed],
    )
    if table == "notification":
        await connection.execute("DELETE FROM notification_except WHERE user_id = $1 AND seq = ANY($2)", user, keys)
    for rooms in _ROOMS.get(table, ()):
        query = f"DELETE FROM {rooms} WHERE room = $1 AND seq = ANY($2)"  # noqa: S608 - names of above
        await connection.execute(query, user_room(user), keys)


_ROOMS: Final[Mapping[str, tuple[str, ...]]] = {
    "notification": ("notification_room", "grouped"),
    "amendment": ("amendment_room",),
}


# Another one may be for the others already; both are delivered, and collapse then.
_NARROW_SCHEDULED: Final = """
UPDATE schedule SET notification = $2, audience = $3,
    place = CASE WHEN EXISTS (SELECT 1 FROM schedule WHERE place = $4) THEN NULL ELSE $4 END
WHERE id = $1
"""


async def _rewrite(connection: Connection, packed: Mapping[str, bytes], rows: _Sorted, user: str) -> None:
    """Write what is scheduled without a user's name, be it of the audience or of who scheduled it."""
    for key, left in rows.narrowed:
        again, place = persons.narrowed(packed[key], left)
        audience = orjson.dumps(left.as_dict()).decode()
        await connection.execute(_NARROW_SCHEDULED, key, again, audience, place)
    for row in await connection.fetch("SELECT id, notification FROM schedule WHERE id = ANY($1)", list(packed)):
        unnamed = persons.unnamed(row[1], user)
        if unnamed is not None:
            await connection.execute("UPDATE schedule SET notification = $2 WHERE id = $1", row[0], unnamed)


async def finish(connection: Connection, user: str, veil: str) -> None:
    """Take away what is left by the name: keys of an administrator; veil a revocation."""
    await connection.execute("DELETE FROM idempotency WHERE publisher = $1", persons.administrator(user))
    await connection.execute(LOCK)
    await connection.execute(
        "INSERT INTO revocation (user_id, before, recorded_at, number) "
        "SELECT $2, before, recorded_at, nextval('revocation_number') FROM revocation WHERE user_id = $1 "
        "ON CONFLICT (user_id) DO UPDATE SET before = greatest(revocation.before, excluded.before), "
        "recorded_at = greatest(revocation.recorded_at, excluded.recorded_at), number = excluded.number",
        user,
        veil,
    )
    await connection.execute("DELETE FROM revocation WHERE user_id = $1", user)
