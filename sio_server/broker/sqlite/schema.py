"""What kind of file the embedded log is, and how an older one becomes one of today's.

The version is SQLite's ``user_version``.
"""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final

from sio_server.broker.sqlite.migrations import MIGRATIONS
from sio_server.errors import LogDamaged, LogTooNew

# "sios": marks the file as ours (SQLite file format, application id at offset 68), so that another program's
# database, given by mistake, is refused and not altered.
APPLICATION_ID: Final = 0x73696F73

SCHEMA_VERSION: Final = len(MIGRATIONS)

# The first version whose entries have a kind; before, all were notifications.
KINDS_SINCE: Final = 5

# The first version whose entries say who published them.
PUBLISHERS_SINCE: Final = 7

# The first version whose entries may be in several languages.
TEXTS_SINCE: Final = 14

# The first version that notes beside the log how far it has got (`broker.sqlite.marker`).
MARKED_SINCE: Final = 3


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


def migrate(connection: sqlite3.Connection, name: str) -> int:
    """Bring a new or older log to `SCHEMA_VERSION`, each step in a transaction of its own; raises as `check_ours`.

    Returns the version that it had.
    """
    version = check_ours(connection, name)
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; {step}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}; COMMIT"
        )
    return version


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def make_epoch(connection: sqlite3.Connection) -> None:
    """Give a new log its name: made once, kept with it, gone when the log is lost."""
    _make(connection, "epoch", secrets.token_hex(6))


def renew_epoch(connection: sqlite3.Connection) -> None:
    """Give a log another name: what clients have from the former one is no place in this one."""
    connection.execute("UPDATE meta SET value = ? WHERE name = 'epoch'", (secrets.token_hex(6),))


def read_epoch(connection: sqlite3.Connection) -> str:
    """The name of this log."""
    return _read(connection, "epoch")


def make_secret(connection: sqlite3.Connection) -> None:
    """Give a new log the key that all its keys are derived from: made once and kept with it."""
    _make(connection, "secret", secrets.token_hex(32))


def read_secret(connection: sqlite3.Connection) -> bytes:
    """The key of a log that all its other keys are derived from, 32 bytes."""
    return bytes.fromhex(_read(connection, "secret"))


def _make(connection: sqlite3.Connection, name: str, fresh: str) -> None:
    connection.execute("INSERT OR IGNORE INTO meta (name, value) VALUES (?, ?)", (name, fresh))


def _read(connection: sqlite3.Connection, name: str) -> str:
    return str(connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()[0])
