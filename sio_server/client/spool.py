"""Entries that wait in a SQLite file, so that they outlive the backend; several processes share one directory.

What `Spool.put` returned for survives a ``kill -9`` of the process: it is in the file as the system sees it. It is not
synced to the disk, which would cost milliseconds, so a machine that loses power may lose the last moments
(``synchronous=NORMAL`` of a write-ahead log: https://sqlite.org/pragma.html#pragma_synchronous).

One process at a time sends what is in the file, whoever put it there: `Spool.leads`. That is a lock of the system,
which ends with the process however it ends, so that what a dead one left is taken over, and everything goes out in the
order in which it was put. Another process may send an entry again whose reply the dead one never saw; the server knows
it by its key.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, TypeVar

from sio_server.client.entries import Entry, Failure
from sio_server.client.ledger import Lines

FILE: Final = "spool.sqlite3"
LEASE: Final = "lease.sqlite3"

# Seconds that `put` waits for another process's write, each of which takes a fraction of a millisecond.
BUSY_TIMEOUT: Final = 0.1

# Bytes of the write-ahead log after which the sender copies it into the file, so that no `put` ever has to.
WAL_BYTES: Final = 4 * 1024 * 1024

_SCHEMA_VERSION: Final = 1

# The totals are kept by the file itself: whichever process adds or takes an entry, they are right, and cost nothing to
# read.
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    type TEXT NOT NULL, subject TEXT NOT NULL, key TEXT NOT NULL, body BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS total (one INTEGER PRIMARY KEY CHECK (one = 1), entries INTEGER, bytes INTEGER);
INSERT OR IGNORE INTO total VALUES (1, 0, 0);
CREATE TRIGGER IF NOT EXISTS added AFTER INSERT ON entry BEGIN
    UPDATE total SET entries = entries + 1, bytes = bytes + length(new.body);
END;
CREATE TRIGGER IF NOT EXISTS taken AFTER DELETE ON entry BEGIN
    UPDATE total SET entries = entries - 1, bytes = bytes - length(old.body);
END;
"""
_PUT: Final = """
INSERT INTO entry (type, subject, key, body) SELECT ?1, ?2, ?3, ?4
FROM total WHERE entries < ?5 AND bytes + length(?4) <= ?6 RETURNING number
"""
_FIRST: Final = """
SELECT number, type, subject, key, body FROM entry
WHERE subject NOT IN (SELECT value FROM json_each(?)) ORDER BY number LIMIT ?
"""

T = TypeVar("T")


class Spool:
    """A `Backlog` in a directory. Its methods raise `sqlite3.Error` or OSError where the disk does not do as asked."""

    def __init__(self, directory: Path, entries: int, size: int, lines: Lines) -> None:
        self.directory = directory
        self._path = directory / FILE
        self.last = 0
        """The number of the last entry that this process put here."""
        self._limits = (entries, size)
        self._lines = lines
        # One that writes; and one that reads and checkpoints, which makes no caller wait.
        self._putting = _Connection(self._path)
        self._sending = _Connection(self._path)
        self._lease = _Connection(self.directory / LEASE)

    # -- what callers do

    def put(self, entry: Entry) -> int | None:
        """Keep an entry and return its number; None where there is no room."""
        text = (entry.type, entry.subject, entry.key)
        values = (*(_storable(word) for word in text), entry.body, *self._limits)

        def insert(database: sqlite3.Connection) -> int | None:
            # All rows, or the statement would not be over and the entry not committed.
            rows = database.execute(_PUT, values).fetchall()
            if not rows:
                return None
            self.last = int(rows[0][0])
            return self.last

        return self._with(self._putting, insert)

    def waits(self, number: int) -> bool:
        """Whether an entry of this number or a smaller one still waits."""
        query = "SELECT EXISTS (SELECT 1 FROM entry WHERE number <= ?)"
        return self._with(self._putting, lambda database: bool(database.execute(query, (number,)).fetchone()[0]))

    def __len__(self) -> int:
        """How many entries wait."""
        query = "SELECT entries FROM total"
        return self._with(self._putting, lambda database: int(database.execute(query).fetchone()[0]))

    # -- what the sender does

    def leads(self) -> bool:
        """Whether this process is the one that sends; tries to become it. Never waits."""
        with self._lease.lock:
            if self._lease.in_use:
                return True
            try:
                # An exclusive lock without a write: the file stays empty, and the lock ends with the process.
                self._lease.open(_open_lease)
            except sqlite3.DatabaseError as error:
                if _is_damage(error):
                    # Nobody can hold what is no database; the next try makes it anew.
                    self._lease.path.unlink(missing_ok=True)
                elif not _is_busy(error):
                    raise
                return False
            return True

    def has_entries(self) -> bool:
        """Whether any entry waits, asked over the sender's connection."""
        query = "SELECT EXISTS (SELECT 1 FROM entry)"
        return self._with(self._sending, lambda database: bool(database.execute(query).fetchone()[0]))

    def first(self, limit: int, size: int, held: frozenset[str]) -> list[tuple[int, Entry]]:
        """The oldest entries: at most ``limit`` of them, of ``size`` bytes together, none of these subjects."""
        asked = (json.dumps([_storable(subject) for subject in held]), limit)
        rows = self._with(self._sending, lambda database: database.execute(_FIRST, asked).fetchall())
        found: list[tuple[int, Entry]] = []
        for number, kind, subject, key, body in rows:
            size -= len(body)
            if found and size < 0:
                break
            found.append((number, Entry(kind, subject, key, body)))
        return found

    def settle(self, numbers: list[int], refused: Mapping[int, Failure]) -> None:
        """Forget entries: the server has them, or never will; why not, nothing keeps."""
        query = "DELETE FROM entry WHERE number IN (SELECT value FROM json_each(?))"
        # Over the callers' connection, whose lock they wait for: for another connection they would wait milliseconds.
        self._with(self._putting, lambda database: database.execute(query, (json.dumps(numbers),)))
        with contextlib.suppress(FileNotFoundError):
            if self._path.with_name(FILE + "-wal").stat().st_size > WAL_BYTES:
                self._with(self._sending, lambda database: database.execute("PRAGMA wal_checkpoint(PASSIVE)"))

    def close(self) -> None:
        """Close the file, and let another process send."""
        for connection in (self._putting, self._sending, self._lease):
            with connection.lock:
                connection.close()

    # -- forks, damage

    @contextlib.contextmanager
    def still(self) -> Iterator[None]:
        """Hold the file closed, so that a fork copies no connection."""
        connections = (self._putting, self._sending, self._lease)
        with contextlib.ExitStack() as stack:
            for connection in connections:
                stack.enter_context(connection.lock)
            for connection in connections:
                connection.close()
            yield

    def _with(self, connection: _Connection, use: Callable[[sqlite3.Connection], T]) -> T:
        with connection.lock:
            try:
                return use(connection.opened(_open_file))
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                inode = connection.inode
                connection.close()
            # Once more, with a new file: what is damaged costs what was in it, and nobody's request.
            self._put_aside(inode)
            return use(connection.opened(_open_file))

    def _put_aside(self, inode: int | None) -> None:
        """Rename the damaged file, unless another thread or process has done so."""
        if inode is None or _inode(self._path) != inode:
            return
        stamp = f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
        for ending in ("-wal", "-shm", ""):
            source = self._path.with_name(FILE + ending)
            with contextlib.suppress(FileNotFoundError):
                source.rename(self._path.with_name(f"damaged-{stamp}-{FILE}{ending}"))
        self._lines.say(
            "spool damaged",
            logging.ERROR,
            f"the spool {self._path} is damaged: it was put aside as damaged-{stamp}-{FILE}, and a new one was begun",
        )


class _Connection:
    """A connection that is made when it is first used, and its lock; used with the lock held."""

    def __init__(self, path: Path) -> None:
        # Reentrant, since a handler of a signal may hand over as well.
        self.lock = threading.RLock()
        self.inode: int | None = None
        self.path = path
        self._database: sqlite3.Connection | None = None

    @property
    def in_use(self) -> bool:
        return self._database is not None and _inode(self.path) == self.inode

    def opened(self, opening: Callable[[Path], sqlite3.Connection]) -> sqlite3.Connection:
        if self._database is None or _inode(self.path) != self.inode:
            return self.open(opening)
        return self._database

    def open(self, opening: Callable[[Path], sqlite3.Connection]) -> sqlite3.Connection:
        self.close()
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Names and bookings of people are in it. A file that is there is not opened: to close it would end the locks
        # that other connections of this process have on it (POSIX).
        with contextlib.suppress(FileExistsError):
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        self.inode = _inode(self.path)
        self._database = opening(self.path)
        return self._database

    def close(self) -> None:
        if self._database is not None:
            database, self._database = self._database, None
            with contextlib.suppress(sqlite3.Error):
                database.close()


def _open_file(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        _prepare(database, path)
    except BaseException:
        database.close()
        raise
    return database


def _prepare(database: sqlite3.Connection, path: Path) -> None:
    # It takes a moment's exclusive lock where the file is new, for which SQLite does not wait by itself.
    for _ in range(50):
        try:
            database.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            time.sleep(0.002)
    database.execute("PRAGMA synchronous=NORMAL")
    database.execute("PRAGMA wal_autocheckpoint=0")
    version = database.execute("PRAGMA user_version").fetchone()[0]
    if version == 0:
        database.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={_SCHEMA_VERSION}; COMMIT;")
    elif version != _SCHEMA_VERSION:
        raise sqlite3.NotSupportedError(f"the spool {path} is of another version of sio-server")


def _open_lease(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=0, isolation_level=None, check_same_thread=False)
    try:
        database.execute("BEGIN EXCLUSIVE")
    except BaseException:
        database.close()
        raise
    return database


def _is_busy(error: sqlite3.DatabaseError) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _is_damage(error: sqlite3.DatabaseError) -> bool:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    # An entry table that is gone is damage, too: somebody else's file stands in place of ours.
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB) or "no such table" in str(error)


def _inode(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _storable(word: str) -> str:
    return word.encode("utf-8", "replace").decode("utf-8")
