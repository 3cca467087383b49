"""Reading an embedded log from outside its server, running or not: for the command line."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sio_server.broker_sqlite import COLUMNS, FILE_NAME, publication_of
from sio_server.broker_sqlite_schema import check_ours, read_epoch
from sio_server.errors import LogDamaged, LogError
from sio_server.notification import Publication


def read_log(directory: Path, *, after: int = 0, last: int | None = None) -> Iterator[Publication]:
    """The stored publications above ``seq`` ``after`` in order; with ``last`` only so many of the newest.

    Raises `LogError` when there is no log, and `LogDamaged` when the file is none of ours.
    """
    path = directory / FILE_NAME
    if not path.is_file():
        raise LogError(f"{path}: there is no log here: give --data-dir, or publish something first")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            if not check_ours(connection, str(path)):
                raise LogError(f"{path}: there is nothing in this log yet")
            epoch = read_epoch(connection)
            rows = connection.execute(
                f"SELECT * FROM (SELECT {COLUMNS} FROM notification WHERE seq > ? "  # noqa: S608 - a constant
                "ORDER BY seq DESC LIMIT ?) ORDER BY seq",
                (after, -1 if last is None else last),
            )
            for row in rows:
                yield publication_of(epoch, row)
    except sqlite3.DatabaseError as error:
        raise LogDamaged(f"{path}: {error}") from error
