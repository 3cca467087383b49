"""The database file, its connections, and the threads that use them.

A log in a file has two: the writer's and one that only reads (SQLite's WAL lets both work at once), so that a long page
never delays a commit. A log in memory has one connection and one thread, which its commits need not wait for.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

import filelock

from sio_server.broker.sqlite import faults
from sio_server.broker.sqlite.cuts import Cuts
from sio_server.broker.sqlite.files import Files, refuse_to_begin_anew, wal_is_passed_over
from sio_server.broker.sqlite.lock import take_directory
from sio_server.broker.sqlite.marker import Marker
from sio_server.broker.sqlite.reads import Reads
from sio_server.broker.sqlite.rows import floor, last_seq, last_time
from sio_server.broker.sqlite.schema import (
    MARKED_SINCE,
    check_ours,
    make_epoch,
    make_secret,
    migrate,
    read_epoch,
    read_secret,
    renew_epoch,
)
from sio_server.broker.upkeep import LogSize
from sio_server.clock import AT_ONCE, LogClock, Noted
from sio_server.errors import BrokerUnavailable, LogDamaged, LogError
from sio_server.logs import get_logger

FILE_NAME: Final = "sio-server.db"

# The first with MATERIALIZED, which keeps a view's rooms from being worked out for each row.
OLDEST_SQLITE: Final = (3, 35)

# Up to this size a log is checked page by page when it is opened: some tens of milliseconds. A larger one would keep
# the server from starting for seconds; its damage shows when the page is read.
QUICK_CHECK_BYTES: Final = 32 * 1024 * 1024

# Pages kept in memory by each connection, in KiB; SQLite's default of 2 MiB reads a busy inbox from the disk again.
CACHE_KIB: Final = 16 * 1024

# The write-ahead log is cut back to this after a checkpoint; one long read may let it grow.
WAL_LIMIT_BYTES: Final = 64 * 1024 * 1024

# Seconds that the wall clock may be behind at a start, as clocks are set right by little, and no word is said of it.
_BEHIND: Final = 60.0

T = TypeVar("T")

logger = get_logger("log")


class Store:
    """The connections. ``directory`` None keeps the log in memory. Opened once, closed once.

    ``clock`` is the log's own; ``trust_clock``: the wall clock is right, however far it is from the last entry.
    """

    def __init__(self, directory: Path | None, clock: LogClock, *, trust_clock: bool = False) -> None:
        self.name = ":memory:" if directory is None else str(directory / FILE_NAME)
        self.epoch = ""
        self.secret = b""
        self.last_seq = 0
        self.floor = 0
        self.closed = True
        self.failure: Exception | None = None
        """What the last write failed with; None after one that did not."""
        self.clock = clock
        self.cuts = Cuts()
        self._trust_clock = trust_clock
        self._directory = directory
        self.files = Files(self.name)
        self._damage: Exception | None = None
        self._marker: Marker | None = None
        self._lock: filelock.BaseFileLock | None = None
        self._connections: list[sqlite3.Connection] = []
        #: who uses the only connection of a log in memory; held in a thread, never while the loop waits
        self._in_use = threading.Lock()
        self._write_thread = ThreadPoolExecutor(1, thread_name_prefix="sio-server-log")
        self._read_thread = (
            self._write_thread
            if directory is None
            else ThreadPoolExecutor(1, thread_name_prefix="sio-server-log-reader")
        )
        self._reads = Reads(self._read_thread)

    # -- on the loop ----------------------------------------------------------------------------------------------

    async def open(self) -> None:
        """Open or make the log. Raises `LogError`."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._write_thread, self._open)
        if self._read_thread is not self._write_thread:
            await loop.run_in_executor(self._read_thread, self._open_reader)
        self.closed = False

    async def close(self) -> None:
        """Let go of the file and the threads. Closing twice is no error."""
        self.closed = True
        with suppress(RuntimeError):  # the threads were shut down already
            await self._reads.finish()
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(self._read_thread, lambda: None)  # whatever else it is at comes to its end
            await loop.run_in_executor(self._write_thread, self._shut)
        self._read_thread.shutdown(wait=False)
        self._write_thread.shutdown(wait=False)

    async def note_time(self) -> None:
        """Write down what time it is, for the next start."""
        if self._marker is not None:
            with suppress(RuntimeError):  # the threads were shut down already
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._write_thread, lambda: self.reached(self.last_seq))

    def in_writer(self, function: Callable[[sqlite3.Connection], T], done: Callable[[T | Exception], None]) -> None:
        """Call with the writing connection, in its thread; ``done`` is called on the loop with the result or the error.

        A log in memory waits for no disk, and the way to a thread and back costs more than its commit: unless a query
        is running in the thread, both calls are made here.
        """
        if self._directory is None and self._in_use.acquire(blocking=False):
            outcome: T | Exception
            try:
                outcome = function(self._connections[0])
            except Exception as error:  # noqa: BLE001 - it is handed over
                outcome = error
            finally:
                self._in_use.release()
            done(outcome)
            return
        try:
            running: asyncio.Future[T] = asyncio.get_running_loop().run_in_executor(
                self._write_thread, self._exclusively, function
            )
        except RuntimeError as error:  # the system gives no thread
            done(error)
            return
        running.add_done_callback(partial(_hand_over, done))

    async def read(self, function: Callable[[sqlite3.Connection], T]) -> T:
        """Call within one read transaction: all its queries see the same moment. Raises `BrokerUnavailable`."""
        self.ensure_open()
        try:
            return await self._reads.call(partial(self._in_snapshot, function))
        except (sqlite3.Error, OSError) as error:
            raise self.unavailable(error) from error

    def ensure_open(self) -> None:
        """Raise `BrokerUnavailable` before `open` and after `close`."""
        if self.closed:
            raise faults.closed()

    def unavailable(self, error: Exception) -> BrokerUnavailable:
        """The refusal for what SQLite raised. A damaged file is remembered: `check` fails from now on."""
        if faults.is_damage(error):
            self._damage = error
        return faults.unavailable(error)

    def ensure_whole(self) -> None:
        """Raise `BrokerUnavailable` when a damaged page was met since the start."""
        if self._damage is not None:
            raise self.unavailable(self._damage)

    # -- in the threads -------------------------------------------------------------------------------------------

    def glance(self, connection: sqlite3.Connection) -> None:
        """Read a page of the file, which must be where it was."""
        connection.execute("SELECT 1 FROM meta LIMIT 1").fetchone()
        self.files.ensure_in_place()

    def make_room(self, size: int) -> None:
        """Raise `OSError` where the disk has no room for so many bytes."""
        if self._directory is None:
            return
        path = self._directory / "room"
        try:
            with path.open("wb") as file:
                file.write(bytes(size))
        finally:
            path.unlink(missing_ok=True)

    def size(self, connection: sqlite3.Connection) -> LogSize:
        """See `Measured.size`."""
        pages, page_size = _pragma(connection, "page_count"), _pragma(connection, "page_size")
        wal = 0
        if self._directory is not None:
            with suppress(FileNotFoundError):
                wal = os.stat(f"{self.name}-wal").st_size  # noqa: PTH116 - a name that SQLite makes, not a path of ours
        count = connection.execute("SELECT count(*) FROM notification").fetchone()[0]
        return LogSize(pages * page_size + wal, count)

    def _exclusively(self, function: Callable[[sqlite3.Connection], T]) -> T:
        with self._in_use:
            return function(self._connections[0])

    def _in_snapshot(self, function: Callable[[sqlite3.Connection], T]) -> T:
        if self._directory is None:
            with self._in_use:
                return _read_only(self._connections[0], function)
        return _read_only(self._connections[-1], function)

    def _open(self) -> None:
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            raise LogError(f"SQLite {sqlite3.sqlite_version}: is too old: this program needs 3.35 or newer")
        if self._directory is not None:
            self._take_directory(self._directory)
        try:
            self._refuse_to_begin_anew()
            connection = self._connect()
            check_ours(connection, self.name)  # before the first write: the next line is one
            if self._directory is not None:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute(f"PRAGMA journal_size_limit = {WAL_LIMIT_BYTES}")
            # FULL: a commit is on the disk when it returns. NORMAL would lose the last ones with the power.
            connection.execute("PRAGMA synchronous = FULL")
            _check_pages(connection, self.name)
            version = migrate(connection, self.name)
            self._read_start(connection, marked=version >= MARKED_SINCE)
        except sqlite3.Error as error:
            raise faults.of_file(self.name, error) from error
        if self._directory is not None:
            self.files.opened()

    def _refuse_to_begin_anew(self) -> None:
        """Raise `LogDamaged` where what was stored is in a write-ahead log that SQLite would delete."""
        if self._marker is None or not wal_is_passed_over(self.name):
            return
        # immutable: nothing is written or deleted, and what is not in the main file is not looked at
        with closing(sqlite3.connect(f"{Path(self.name).resolve().as_uri()}?immutable=1", uri=True)) as connection:
            version = check_ours(connection, self.name)
            epoch, reached = (read_epoch(connection), last_seq(connection)) if version else ("", 0)
        if missing := self._marker.missing(epoch, reached):
            raise refuse_to_begin_anew(self.name, missing)
        logger.warning("the write-ahead log cannot be read; nothing that was stored is missing", path=self.name)

    def _read_start(self, connection: sqlite3.Connection, *, marked: bool) -> None:
        make_epoch(connection)
        make_secret(connection)
        self.last_seq = last_seq(connection)
        self.epoch = read_epoch(connection)
        if self._marker is not None:
            self._begin_clock(self._marker.time(self.epoch), last_time(connection))
            missing = self._marker.missing(self.epoch, self.last_seq)
            if marked and not self._marker.fits(self.epoch, self.last_seq):
                renew_epoch(connection)
                self.epoch = read_epoch(connection)
                text = "a backup was restored: cursors from before are refused"
                logger.warning(text, path=self.name, missing=missing)
            elif missing:
                logger.warning(
                    "this is not the log that the directory held last: was a file taken away?",
                    path=self.name,
                    missing=missing,
                )
        self.secret = read_secret(connection)
        self.floor = floor(connection)
        self.reached(self.last_seq)

    def reached(self, seq: int) -> None:
        """The log has positions up to this one, on the disk."""
        self.last_seq = seq
        if self._marker is not None:
            self._marker.write(self.epoch, seq, self.clock.noted())

    def _begin_clock(self, noted: Noted | None, last: float | None) -> None:
        """Set the log's clock going from its last entry, and tell where the wall clock is far from that."""
        if noted is None and last is not None:
            noted = Noted(last, last)
        ahead = self.clock.begin(noted, trusted=self._trust_clock)
        if ahead <= -_BEHIND:
            logger.warning("the clock is behind the last time that was noted here", seconds=round(-ahead))
        elif self.clock.waiting:
            logger.warning(
                "the clock is far ahead of the last time that was noted here: a day of it is counted for what is to go "
                "by age, the rest is not yet; --trust-clock says that it is right",
                days=round(ahead / AT_ONCE, 1),
                rest="in an hour" if self.clock.will_count else "never",
            )

    def _open_reader(self) -> None:
        try:
            self._connect().execute("PRAGMA query_only = ON")
        except sqlite3.Error as error:
            raise faults.of_file(self.name, error) from error

    def _connect(self) -> sqlite3.Connection:
        # Each connection is used in one thread alone; only closing happens in another, after that one has come to rest.
        connection = sqlite3.connect(self.name, isolation_level=None, check_same_thread=False)
        self._connections.append(connection)
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        return connection

    def _take_directory(self, directory: Path) -> None:
        self._lock = take_directory(directory)
        try:
            self._marker = Marker(directory)
        except OSError as error:
            raise faults.of_directory(directory, error) from error
        database = directory / FILE_NAME
        with suppress(OSError):  # other users of the machine have no business in the log
            os.close(os.open(database, os.O_CREAT | os.O_EXCL, 0o600))

    def _shut(self) -> None:
        for connection in reversed(self._connections):
            connection.close()
        self._connections.clear()
        if self._marker is not None:
            self._marker.close()
            self._marker = None
        if self._lock is not None:
            self._lock.release()


def _hand_over(done: Callable[[T | Exception], None], ended: asyncio.Future[T]) -> None:
    error = ended.exception()
    done(error if isinstance(error, Exception) else ended.result())


def _read_only(connection: sqlite3.Connection, function: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN")
    try:
        return function(connection)
    finally:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")  # nothing was written


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])


def _check_pages(connection: sqlite3.Connection, name: str) -> None:
    if _pragma(connection, "page_count") * _pragma(connection, "page_size") > QUICK_CHECK_BYTES:
        return
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        raise LogDamaged(f"{name}: {found}: restore a backup, or move the file away")
