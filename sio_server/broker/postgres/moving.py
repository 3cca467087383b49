"""Moving an embedded log into PostgreSQL, whole: in one transaction, so that there is all of it or nothing.

The name of the log and its secret move along: cursors of clients lead on, and what was signed with the secret holds.
"""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from sio_server.broker.nodes import LEASE
from sio_server.broker.packing import unpack
from sio_server.broker.postgres import faults
from sio_server.broker.postgres.database import Database
from sio_server.broker.postgres.schedule import audience_of, gist_of
from sio_server.broker.postgres.schema import migrate
from sio_server.broker.sqlite.copies import SqliteCopies
from sio_server.broker.sqlite.reader import open_to_read
from sio_server.broker.sqlite.rows import floor, last_seq, last_time
from sio_server.broker.sqlite.schema import SCHEMA_VERSION, check_ours, read_epoch, read_secret
from sio_server.broker.sqlite.store import FILE_NAME
from sio_server.errors import LogError, LogInUse

# Rows that are read together, and sent on while the next are read.
CHUNK: Final = 2000

# What is told of the way: the table, how many of its rows are there, how many there are.
Told = Callable[[str, int, int], None]

Row = Sequence[Any]
Made = Callable[[Row], tuple[Any, ...]]


@dataclass(frozen=True, slots=True)
class _Table:
    """A table of the same name there: its columns here (``source``) and there, and what makes a row of a row."""

    name: str
    source: str
    columns: str
    made: Made = tuple
    where: str = ""
    order: str = ""


@dataclass(frozen=True, slots=True)
class Moved:
    """What was moved: the head of the log, and rows by table. ``already``: it had been before."""

    head: int
    rows: Mapping[str, int] = field(default_factory=dict)
    already: bool = False


def _scheduled(row: Row) -> tuple[Any, ...]:
    made = unpack(row[-1])
    return (*row, gist_of(made), audience_of(made))


def _ended(row: Row) -> tuple[Any, ...]:
    *members, title, message = row
    return (*members, None if message is None else orjson.dumps([title, message]))


def _flags(*places: int) -> Made:
    """A row whose numbers at these places are truth values there."""
    return lambda row: tuple(bool(value) if place in places else value for place, value in enumerate(row))


_ENTRY: Final = "timestamp, expires_at, audience, source, publisher, body, texts"
_ENTRY_THERE: Final = "taken, expires_at, audience, source, publisher, body, texts"
_PAST: Final = "thread, id, action, at, who, other, seq, {taken}, type, place, audience, source, publisher, body, texts"
_PLANNED: Final = "id, due, type, collapse_key, place, scheduled_at, by, ttl, revision, key, notification"
_OVER: Final = "id, ending, scheduled_at, by, due, at, ended_by, seq, replaced_by, {taken}, type, audience"

TABLES: Final = (
    _Table("notification", f"seq, id, type, priority, {_ENTRY}", f"seq, id, type, priority, {_ENTRY_THERE}"),
    _Table("notification_room", "room, seq, expires_at, shared", "room, seq, expires_at, shared", _flags(3)),
    _Table("notification_except", "user, seq", "user_id, seq"),
    _Table("grouped", "room, name, seq", "room, name, seq"),
    _Table("amendment", f"seq, about, kind, type, {_ENTRY}", f"seq, about, kind, type, {_ENTRY_THERE}"),
    _Table("amendment_room", "room, seq, expires_at", "room, seq, expires_at"),
    _Table("collapse", "digest, seq, thread", "digest, seq, thread"),
    _Table("history", _PAST.format(taken="timestamp"), _PAST.format(taken="taken"), order="number"),
    _Table("sight", "user, room, since, missing_since", "user_id, room, since, missing_since"),
    _Table("follow", "user, room, seen_from, at, backend", "user_id, room, seen_from, at, backend", _flags(4)),
    _Table("visit", "user, at", "user_id, at"),
    _Table(
        "revocation",
        "user, before, recorded_at, row_number() OVER (ORDER BY recorded_at)",
        "user_id, before, recorded_at, number",
    ),
    _Table(
        "inbox",
        "user, seen_to, read_to, archived_to, steps, noted_to",
        "user_id, seen_to, read_to, archived_to, steps, noted_to",
    ),
    _Table("inbox_state", "user, seq, seen, read, archived", "user_id, seq, seen, read, archived", _flags(2, 3, 4)),
    _Table("delivery", "user, kind, low, high, steps", "user_id, kind, low, high, steps"),
    _Table("answer", "seq, user, action, at", "seq, user_id, action, at"),
    _Table("schedule", _PLANNED, f"{_PLANNED}, gist, audience", _scheduled),
    _Table(
        "schedule_past",
        f"{_OVER.format(taken='timestamp')}, title, message",
        f"{_OVER.format(taken='taken')}, gist",
        _ended,
        order="number",
    ),
    _Table(
        "idempotency",
        "publisher, key, fingerprint, id, seq, expires_at",
        "publisher, key, fingerprint, id, seq, expires_at",
        where="publisher <> ''",
    ),
)
# Names that are good once stand among the keys of nobody here.
_ONCE: Final = _Table("once", "key, expires_at", "name, expires_at", where="publisher = ''")


async def move(directory: Path, dsn: str, told: Told) -> Moved:
    """Move the log of a data directory to an address in PostgreSQL; see `PostgresBroker`.

    Raises `LogError`: where there is no log, where its server runs, where an older version wrote it, where another log
    is at the address. A log that is there already is left as it is.
    """
    database = Database(dsn, lambda: 0.0)
    path = directory / FILE_NAME
    if not await asyncio.to_thread(path.is_file):
        raise LogError(f"{path}: there is no log here: name the data directory of the server")
    held = SqliteCopies(directory).held()
    await asyncio.to_thread(held.__enter__)
    try:
        source = await asyncio.to_thread(_open, path)
        try:
            return await _opened(source, database, told)
        finally:
            await asyncio.to_thread(source.close)
    except faults.FAULTS as error:
        raise faults.of_start(database.place, error) from error
    finally:
        await asyncio.to_thread(held.__exit__, None, None, None)


def _open(path: Path) -> sqlite3.Connection:
    # Each thread has its turn with it: what one reads is awaited before the next begins.
    source = open_to_read(path, any_thread=True)
    version = check_ours(source, str(path))
    if version != SCHEMA_VERSION:
        source.close()
        raise LogError(f"{path}: an older version wrote it: start and stop this version's server on it once")
    return source


async def _opened(source: sqlite3.Connection, database: Database, told: Told) -> Moved:
    connection = await database.connect()
    try:
        await migrate(connection, database.schema)
        return await _move(source, connection, database.schema, told)
    finally:
        await connection.close()


async def _move(source: sqlite3.Connection, connection: Any, schema: str, told: Told) -> Moved:
    epoch, secret, head, cut, last = await asyncio.to_thread(_standing, source)
    rows: dict[str, int] = {}
    async with connection.transaction():
        there, seq, used, running = await connection.fetchrow(_THERE)
        if there == epoch and seq >= head:
            return Moved(seq, already=True)
        if used:
            raise LogError(f"schema {schema}: another log is there: name an empty one, as ?schema=NAME of the address")
        if running:
            raise LogInUse(f"schema {schema}: servers run on it: stop them")
        for table in (*TABLES, _ONCE):
            rows[table.name] = await _copy(source, connection, table, told)
        await connection.execute(_SET, epoch, secret, head, last, cut, secrets.token_hex(8))
        await connection.execute("SELECT setval('revocation_number', $1)", rows["revocation"] + 1)
    return Moved(head, rows)


_THERE: Final = f"""
SELECT epoch, seq, seq > 0 OR passed > 0 OR EXISTS (SELECT 1 FROM visit) OR EXISTS (SELECT 1 FROM schedule),
    EXISTS (SELECT 1 FROM node WHERE renewed > now() - make_interval(secs => {LEASE}))
FROM log FOR UPDATE
"""  # noqa: S608 - a number
_SET: Final = """
WITH stands AS (
    UPDATE log SET epoch = $1, secret = $2, seq = $3, taken = $4, floor = $5, token = $6 RETURNING seq, token, taken
)
INSERT INTO mark (seq, token, taken) SELECT seq, token, taken FROM stands
"""


def _standing(source: sqlite3.Connection) -> tuple[str, bytes, int, int, int]:
    last = last_time(source)
    return (
        read_epoch(source),
        read_secret(source),
        last_seq(source),
        floor(source),
        0 if last is None else int(last * 1000),
    )


async def _copy(source: sqlite3.Connection, connection: Any, table: _Table, told: Told) -> int:
    where = f" WHERE {table.where}" if table.where else ""
    order = f" ORDER BY {table.order}" if table.order else ""
    total = await asyncio.to_thread(_value, source, f"SELECT count(*) FROM {_here(table)}{where}")  # noqa: S608 - constants
    told(table.name, 0, total)
    if not total:
        return 0
    query = f"SELECT {table.source} FROM {_here(table)}{where}{order}"  # noqa: S608 - constants
    cursor = await asyncio.to_thread(source.execute, query)
    columns = [name.strip() for name in table.columns.split(",")]
    await connection.copy_records_to_table(table.name, columns=columns, records=_records(cursor, table, total, told))
    return total


def _here(table: _Table) -> str:
    return "idempotency" if table is _ONCE else table.name


async def _records(cursor: sqlite3.Cursor, table: _Table, total: int, told: Told) -> AsyncIterator[tuple[Any, ...]]:
    done = 0
    while rows := await asyncio.to_thread(cursor.fetchmany, CHUNK):
        for row in rows:
            yield tuple(map(_kept, table.made(row)))
        done += len(rows)
        told(table.name, done, total)


def _kept(value: Any) -> Any:
    """A value as PostgreSQL can keep it: no text there holds NUL."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) and "\0" in value else value


def _value(source: sqlite3.Connection, query: str) -> int:
    return int(source.execute(query).fetchone()[0])
