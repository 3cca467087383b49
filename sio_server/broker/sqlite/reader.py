"""Reading an embedded log from outside its server, running or not: for the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from sio_server.broker.sqlite import COLUMNS, FILE_NAME, entry_of
from sio_server.broker.sqlite.schema import KINDS_SINCE, PUBLISHERS_SINCE, TEXTS_SINCE, check_ours, read_epoch
from sio_server.errors import LogDamaged, LogError
from sio_server.notification import Entry

# How SQLite says that it may not make the files beside the log that it needs to read one: as the right to write in its
# directory is missing.
_NOT_WRITABLE: Final = frozenset({sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})


def read_log(directory: Path, *, after: int = 0, last: int | None = None) -> Iterator[Entry]:
    """The stored entries above ``seq`` ``after`` in order; with ``last`` only so many of the newest.

    A copy in a directory that cannot be written is read, too. Raises `LogError` when there is no log, or none that can
    be read where it is, and `LogDamaged` when the file is none of ours.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        raise LogError(f"{path}: there is no log here: give --data-dir, or publish something first")
    try:
        with closing(open_to_read(path)) as connection:
            version = check_ours(connection, str(path))
            if not version:
                raise LogError(f"{path}: there is nothing in this log yet")
            epoch = read_epoch(connection)
            columns = COLUMNS
            if version < KINDS_SINCE:
                columns = columns.replace("kind", "'notification' AS kind")
            if version < PUBLISHERS_SINCE:
                columns = columns.replace("publisher", "NULL AS publisher")
            if version < TEXTS_SINCE:
                columns = columns.replace("texts", "NULL AS texts")
            rows = connection.execute(
                f"SELECT * FROM (SELECT {columns} FROM notification WHERE seq > ? "  # noqa: S608 - a constant
                "ORDER BY seq DESC LIMIT ?) ORDER BY seq",
                (after, -1 if last is None else last),
            )
            for row in rows:
                yield entry_of(epoch, row)
    except sqlite3.DatabaseError as error:
        raise LogDamaged(f"{path}: {error}") from error


def open_to_read(path: Path, *, any_thread: bool = False) -> sqlite3.Connection:
    """A connection that only reads. Raises `LogError` where SQLite cannot read what is not in the main file yet.

    With ``any_thread`` it may be used in any thread, by one after the other.
    """
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", uri=True, check_same_thread=not any_thread)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchone()
    except sqlite3.OperationalError as error:
        connection.close()
        if (error.sqlite_errorcode & 0xFF) not in _NOT_WRITABLE:
            raise
    else:
        return connection
    waiting = path.with_name(f"{path.name}-wal")
    if waiting.exists() and waiting.stat().st_size:
        raise LogError(
            f"{path}: its newest entries are in {waiting.name}, which can be read only where files can be written: "
            f"copy {path.name} and {waiting.name} to a directory of yours, and give that as --data-dir"
        )
    # nobody writes: a server that ran would have a write-ahead log
    return sqlite3.connect(f"{address}?mode=ro&immutable=1", uri=True, check_same_thread=not any_thread)
