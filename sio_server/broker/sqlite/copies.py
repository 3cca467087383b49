"""Copies of an embedded log, beside the server that uses it. Blocking: for commands, not for an event loop."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from sio_server.broker.copies import CopiedLog, Copies, Told
from sio_server.broker.sqlite import faults
from sio_server.broker.sqlite.lock import take_directory
from sio_server.broker.sqlite.marker import MARKER_NAME, ORIGIN_NAME, noted_in
from sio_server.broker.sqlite.reader import open_to_read
from sio_server.broker.sqlite.rows import last_seq
from sio_server.broker.sqlite.schema import MARKED_SINCE, check_ours, read_epoch, renew_epoch
from sio_server.broker.sqlite.store import FILE_NAME
from sio_server.errors import LogDamaged, LogError

# Pages between two words on how far the copy is: 4 MiB.
_STEP: Final = 1024

# Faults that a check names before it gives up.
_MOST_FAULTS: Final = 3

_MODE: Final = 0o600

# Where SQLite makes temporary files (https://www.sqlite.org/tempfiles.html, section 5).
_TEMPORARY: Final = "SQLITE_TMPDIR"


class SqliteCopies:
    """The log in one data directory."""

    files: Sequence[str] = (FILE_NAME, MARKER_NAME)
    beside: Sequence[str] = (f"{FILE_NAME}-wal", f"{FILE_NAME}-shm", ORIGIN_NAME)

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._path = directory / FILE_NAME

    def size(self) -> int:
        """See `Copies.size`."""
        self._ensure_there()
        return _bytes_of(self._path)

    def copy(self, target: Path, told: Told) -> CopiedLog:
        """See `Copies.copy`."""
        self._ensure_there()
        # Before the log is read: it is written after each commit, so the copy must have come at least as far.
        marker = self._directory / MARKER_NAME
        note, noted = (marker.read_bytes() if marker.is_file() else b""), noted_in(self._directory)
        epoch = self._copy_pages(target / FILE_NAME, told)
        _write(target / MARKER_NAME, note)
        copied = self.inspect(target)
        if noted is not None and noted[0] == epoch and noted[1] > copied.head:
            raise LogDamaged(
                f"{self._path}: lacks {noted[1] - copied.head} notifications that were stored: nothing was copied; "
                "look at what the server says of it in its log"
            )
        return copied

    def _copy_pages(self, target: Path, told: Told) -> str:
        """Copy all pages as they are at one moment; returns the name of the log."""
        _write(target, b"")
        try:
            source = open_to_read(self._path)
        except sqlite3.Error as error:
            raise faults.of_file(str(self._path), error) from error
        with closing(source):
            try:
                # One snapshot from here to the end: SQLite would begin anew with each commit of the server. The writer
                # does not wait for it, and its write-ahead log grows by what is published meanwhile.
                source.execute("BEGIN")
                if not check_ours(source, str(self._path)):
                    raise LogError(f"{self._path}: there is nothing in this log yet")
                epoch = read_epoch(source)
            except sqlite3.Error as error:
                raise faults.of_file(str(self._path), error) from error
            try:
                with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                    copy.execute("PRAGMA synchronous = OFF")  # it is synced as a whole, below
                    source.backup(copy, pages=_STEP, progress=lambda _, left, total: told(total - left, total))
                    # a single file, which can be read where nothing can be written
                    copy.execute("PRAGMA journal_mode = DELETE")
            except sqlite3.Error as error:
                if faults.is_damage(error):
                    raise faults.of_file(str(self._path), error) from error
                raise faults.of_copy(target, error) from error
        _sync(target)
        return epoch

    def inspect(self, directory: Path) -> CopiedLog:
        """See `Copies.inspect`."""
        path = directory / FILE_NAME
        if not path.is_file():
            raise LogDamaged(f"{path}: is missing")
        try:
            with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as copy:
                version = check_ours(copy, str(path))
                if not version:
                    raise LogDamaged(f"{path}: is empty")
                wrong = [row[0] for row in copy.execute(f"PRAGMA integrity_check({_MOST_FAULTS})")]
                if wrong != ["ok"]:
                    raise LogDamaged(f"{path}: is damaged: {'; '.join(wrong)}")
                count = copy.execute("SELECT count(*) FROM notification").fetchone()[0]
                return CopiedLog(version, last_seq(copy), count)
        except sqlite3.Error as error:
            raise LogDamaged(f"{path}: is damaged: {error}") from error

    @contextmanager
    def held(self) -> Iterator[None]:
        """See `Copies.held`."""
        lock = take_directory(self._directory)
        try:
            yield
        finally:
            lock.release()

    def part(self, directory: Path) -> None:
        """See `Copies.part`.

        The next start does so by itself: a restored directory has another ``origin`` than the one that its note speaks
        of, and the start tells of it. It takes the note of older versions for none, and so these are parted here.
        """
        path = directory / FILE_NAME
        try:
            with closing(sqlite3.connect(path, isolation_level=None)) as copy:
                if check_ours(copy, str(path)) < MARKED_SINCE:
                    renew_epoch(copy)
        except sqlite3.Error as error:
            raise faults.of_copy(path, error) from error
        _sync(path)

    def reached(self) -> int | None:
        """See `Copies.reached`."""
        noted = noted_in(self._directory)
        return None if noted is None else noted[1]

    def shrink(self, told: Callable[[str], None]) -> tuple[int, int]:
        """See `Copies.shrink`."""
        self._ensure_there()
        name, before = str(self._path), _bytes_of(self._path)
        try:
            with closing(sqlite3.connect(self._path, isolation_level=None)) as connection:
                if not check_ours(connection, name):
                    raise LogError(f"{name}: there is nothing in this log yet")
                wrong = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
                if wrong != "ok":
                    raise LogDamaged(f"{name}: {wrong}: restore a backup; nothing was changed")
                told("the log is whole; writing it anew")
                with _temporary_files_in(self._directory):
                    connection.execute("VACUUM")
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except sqlite3.Error as error:
            raise faults.of_file(name, error) from error
        return before, _bytes_of(self._path)

    def _ensure_there(self) -> None:
        if not self._path.is_file():
            raise LogError(f"{self._path}: there is no log here: give --data-dir of the server")


_: type[Copies] = SqliteCopies


@contextmanager
def _temporary_files_in(directory: Path) -> Iterator[None]:
    """Have SQLite put its temporary files beside the log: the usual place is often a small disk in memory."""
    before = os.environ.get(_TEMPORARY)
    os.environ[_TEMPORARY] = str(directory)
    try:
        yield
    finally:
        os.environ.pop(_TEMPORARY)
        if before is not None:
            os.environ[_TEMPORARY] = before


def _bytes_of(path: Path) -> int:
    total = path.stat().st_size
    with suppress(FileNotFoundError):
        total += path.with_name(f"{path.name}-wal").stat().st_size
    return total


def _write(path: Path, content: bytes) -> None:
    """Make a file for its owner alone. Raises `LogError`."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise faults.of_copy(path, error) from error


def _sync(path: Path) -> None:
    try:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    except OSError as error:
        raise faults.of_copy(path, error) from error
