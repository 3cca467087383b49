"""The tables of the embedded log, and how an older file becomes one of today's.

The version is SQLite's ``user_version``. A step is never changed once it was released: a new one is added.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final

from sio_server.errors import LogDamaged, LogTooNew

# "sios": marks the file as ours (SQLite file format, application id at offset 68), so that another program's
# database, given by mistake, is refused and not altered.
APPLICATION_ID: Final = 0x73696F73

MIGRATIONS: Final[tuple[str, ...]] = (
    # 1. One row a notification, one row for each room it is for: a broadcast to every tourist is one row of the latter.
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE notification (
        seq        INTEGER PRIMARY KEY,
        id         TEXT NOT NULL UNIQUE,
        type       TEXT NOT NULL,
        timestamp  INTEGER NOT NULL,   -- milliseconds of Unix time
        expires_at INTEGER,            -- the same; NULL never expires
        audience   TEXT NOT NULL,      -- JSON as in a request
        source     TEXT,
        body       BLOB NOT NULL       -- the envelope's JSON members after id, seq and cursor
    );
    CREATE TABLE notification_room (
        room TEXT NOT NULL,
        seq  INTEGER NOT NULL,
        PRIMARY KEY (room, seq)
    ) WITHOUT ROWID;
    CREATE TABLE idempotency (
        publisher   TEXT NOT NULL,
        key         TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        id          TEXT NOT NULL,
        seq         INTEGER NOT NULL,
        expires_at  INTEGER NOT NULL,  -- milliseconds of Unix time
        PRIMARY KEY (publisher, key)
    ) WITHOUT ROWID;
    CREATE INDEX idempotency_expiry ON idempotency (expires_at);
    """,
)

SCHEMA_VERSION: Final = len(MIGRATIONS)


def check_ours(connection: sqlite3.Connection, name: str) -> int:
    """The version of a log, 0 for an empty file; reads only, so that what is not ours stays as it is.

    Raises `LogDamaged` for a file that is none of ours and `LogTooNew` for a log of a newer version.
    """
    version = _pragma(connection, "user_version")
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if _pragma(connection, "application_id") != APPLICATION_ID and (version or tables):
        raise LogDamaged(f"{name}: is a database of another program: point --data-dir elsewhere")
    if version > SCHEMA_VERSION:
        raise LogTooNew(
            f"{name}: has schema version {version}, this program knows up to {SCHEMA_VERSION}: "
            "install the newer sio-server that wrote it, or point --data-dir elsewhere"
        )
    return version


def migrate(connection: sqlite3.Connection, name: str) -> None:
    """Bring a new or older log to `SCHEMA_VERSION`, each step in a transaction of its own; raises as `check_ours`."""
    version = check_ours(connection, name)
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {step}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT"
        )


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def make_epoch(connection: sqlite3.Connection) -> None:
    """Give a new log its name: made once, kept with it, gone when the log is lost."""
    connection.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('epoch', ?)", (secrets.token_hex(6),))


def read_epoch(connection: sqlite3.Connection) -> str:
    """The name of this log."""
    return str(connection.execute("SELECT value FROM meta WHERE name = 'epoch'").fetchone()[0])
