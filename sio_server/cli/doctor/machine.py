"""What can be seen on the server's own machine: its limits, its data directory, its disk, its log."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from sio_server import descriptors
from sio_server.auth.key_file import KeyFile
from sio_server.broker.sqlite import FILE_NAME
from sio_server.broker.sqlite.reader import open_to_read
from sio_server.broker.sqlite.schema import SCHEMA_VERSION, check_ours
from sio_server.cli.doctor.findings import Finding, fault, ok, skipped, warning
from sio_server.cli.surroundings import LITTLE_SPACE
from sio_server.errors import ConfigError, LogError

# Seconds for looking through the log: some gigabytes take longer, and then that is what is told.
_LOOKING: Final = 20.0

# Steps of SQLite's machine between two looks at the clock.
_STEPS: Final = 100_000

_MIB: Final = 1024**2


def examine_machine(directory: Path, database: str | None = None, handshakes: int = 1000) -> Iterator[Finding]:
    """Look at this machine as far as a server on it is concerned; waits for the disk.

    ``database`` is where the log is, if it is not in the directory.
    """
    yield _files(handshakes)
    if database is not None:
        yield skipped("log", f"the log is in {database}, and sio-server check-config asks the database")
        if directory.is_dir():
            yield _keys(directory)
        return
    yield _directory(directory)
    if directory.is_dir():
        yield _disk(directory)
        yield _keys(directory)
        yield from _log(directory)


def _files(handshakes: int) -> Finding:
    told = descriptors.warning_of(descriptors.hard_limit(), handshakes)
    if told is not None:
        text, _, mend = told.partition(": ")
        return warning("files", f"by the limit of this user's processes, {text}", mend)
    return ok("files", "the limit of open files is high enough")


def _directory(directory: Path) -> Finding:
    where = directory.absolute()
    if not directory.exists():
        mend = "name the server's: --data-dir, or --config with its settings file"
        return fault("directory", f"{where}: there is no such directory", mend)
    if not directory.is_dir():
        return fault("directory", f"{where} is no directory", "name another, or move the file away")
    if not os.access(directory, os.W_OK | os.X_OK):
        owner = directory.stat().st_uid
        return fault("directory", f"{where} cannot be written to by this user", f"run this as its owner (uid {owner})")
    return ok("directory", f"{where} can be written to")


def _disk(directory: Path) -> Finding:
    usage = shutil.disk_usage(directory)
    text = f"{usage.free // _MIB} MiB of the disk are free"
    if usage.free < LITTLE_SPACE:
        return warning("disk", text, "make room, or keep less: SIO_SERVER_RETENTION_DAYS, SIO_SERVER_RETENTION_COUNT")
    return ok("disk", text)


def _keys(directory: Path) -> Finding:
    try:
        stored = KeyFile(directory).read()
    except ConfigError as error:
        text, _, mend = str(error).rpartition(": ")
        return fault("keys-file", text, mend)
    over = [key.name for key in stored if key.is_over(time.time())]
    if over:
        mend = "renew or revoke them: sio-server keys list"
        return warning("keys-file", f"publisher keys that are over: {', '.join(over)}", mend)
    return ok("keys-file", f"{len(stored)} stored publisher keys")


def _log(directory: Path) -> Iterator[Finding]:
    path = directory / FILE_NAME
    if not path.is_file():
        yield skipped("log", f"{path.absolute()}: no log yet; the first start begins one")
        return
    try:
        with closing(open_to_read(path)) as connection:
            version = check_ours(connection, str(path))
            yield _schema(version)
            yield _integrity(connection, path)
    except LogError as error:
        text, _, mend = str(error).rpartition(": ")
        yield fault("schema", text, mend)
    except sqlite3.Error as error:
        yield fault("log", f"{path.absolute()}: {error}", "restore a backup, or move the file away")


def _schema(version: int) -> Finding:
    if version < SCHEMA_VERSION:
        text = f"the log has schema version {version}, and the next start makes it {SCHEMA_VERSION}"
        return warning("schema", text, "make a backup before it: older servers do not open it then")
    return ok("schema", f"the log has schema version {version}, as this program")


def _integrity(connection: sqlite3.Connection, path: Path) -> Finding:
    deadline = time.monotonic() + _LOOKING
    connection.set_progress_handler(lambda: time.monotonic() > deadline, _STEPS)
    try:
        found = [str(row[0]) for row in connection.execute("PRAGMA quick_check(5)")]
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
            raise
        size = path.stat().st_size // _MIB
        return skipped("log", f"the log has {size} MiB, and looking through it takes longer than {_LOOKING:g} s")
    if found != ["ok"]:
        mend = "stop the server, keep the files, and restore a backup"
        return fault("log", f"{path.absolute()} is damaged: {found[0]}", mend)
    return ok("log", "the log can be read whole")
