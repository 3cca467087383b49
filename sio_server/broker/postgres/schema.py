"""How the schema of a log in PostgreSQL is made, and how an older one becomes one of today's.

A step is never changed once it was released: a new one is added. It must leave alone what an older version reads and
writes, as nodes of that version go on while a newer one starts.
"""

from __future__ import annotations

import secrets
from typing import Final

from sio_server.broker.postgres.database import Connection, quoted
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
    number = int(await connection.fetchval("SELECT current_setting('server_version_num')"))
    if number < OLDEST:
        raise LogError(f"PostgreSQL {number // 10000}: is too old: this program needs {OLDEST // 10000} or newer")
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock($1, hashtext($2))", _LOCK, schema)
        await connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
        await connection.execute("CREATE TABLE IF NOT EXISTS schema_version (version int NOT NULL)")
        version = await connection.fetchval("SELECT version FROM schema_version") or 0
        if version > SCHEMA_VERSION:
            raise LogTooNew(
                f"schema {schema}: it was written by a newer version (schema {version}, this program knows "
                f"{SCHEMA_VERSION}): update this program"
            )
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


def new_epoch() -> str:
    """The name of a log, as cursors have it."""
    return secrets.token_hex(6)
