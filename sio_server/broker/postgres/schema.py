"""How the schema of a log in PostgreSQL is made, and how an older one becomes one of today's.

A step is never changed once it was released: a new one is added. It must leave alone what an older version reads and
writes, as nodes of that version go on while a newer one starts.
"""

from __future__ import annotations

import secrets
from typing import Final

from sio_server.broker.address import quoted
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.functions import FUNCTIONS
from sio_server.broker.postgres.tables import TABLES
from sio_server.errors import LogError, LogTooNew

MIGRATIONS: Final[tuple[str, ...]] = (f"{TABLES}\n{FUNCTIONS}",)

SCHEMA_VERSION: Final = len(MIGRATIONS)

# The oldest PostgreSQL that this is tried with.
OLDEST: Final = 140000

# Names the advisory lock that nodes which start at once take in turn: "sios", as in the file of SQLite.
_LOCK: Final = 0x73696F73


async def migrate(connection: Connection, schema: str) -> None:
    """Make the tables, or bring older ones up to date, in one transaction; raises `LogError`, `LogTooNew`.

    Nodes that start together do it one after another.
    """
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCK, schema)
        version = await version_of(connection, schema)
        if not await has_schema(connection, schema):  # who may not make one may use one that was made
            await connection.execute(f"CREATE SCHEMA {quoted(schema)}")
        await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL)")
        for step in MIGRATIONS[version:]:
            await connection.execute(step)
        if version < SCHEMA_VERSION:
            await connection.execute("DELETE FROM schema_version")
            await connection.execute("INSERT INTO schema_version (version) VALUES ($1)", SCHEMA_VERSION)
        await connection.execute(
            "INSERT INTO log (epoch, secret) VALUES ($1, $2) ON CONFLICT DO NOTHING",
            new_epoch(),
            secrets.token_bytes(32),
        )


async def has_schema(connection: Connection, schema: str) -> bool:
    """Whether the schema is there, be it empty."""
    query = "SELECT EXISTS (SELECT 1 FROM pg_namespace WHERE nspname = $1)"
    return bool(await connection.fetchval(query, schema))


async def version_of(connection: Connection, schema: str) -> int:
    """Which version of the tables is there, 0 for none; raises `LogError`, `LogTooNew` for what cannot be used."""
    number = int(await connection.fetchval("SELECT current_setting('server_version_num')"))
    if number < OLDEST:
        raise LogError(f"PostgreSQL {number // 10000}: is too old: this program needs {OLDEST // 10000} or newer")
    table = f"{quoted(schema)}.schema_version"
    if await connection.fetchval("SELECT to_regclass($1)", table) is None:
        return 0
    version = int(await connection.fetchval(f"SELECT version FROM {table}") or 0)  # noqa: S608 - a quoted name
    if version > SCHEMA_VERSION:
        raise LogTooNew(
            f"schema {schema}: it was written by a newer version (schema {version}, this program knows "
            f"{SCHEMA_VERSION}): update this program"
        )
    return version


def new_epoch() -> str:
    """The name of a log, as cursors have it."""
    return secrets.token_hex(6)
