"""The embedded log: SQLite in a file, or in memory, behind one writer thread.

Publishes that wait while a commit is running go into the next one together (group commit): the disk is asked to sync
once for all of them, and their publications leave as one batch.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar

import filelock
import orjson

from sio_server.audience import Audience
from sio_server.broker import Broker, BrokerHandler, Published
from sio_server.broker_sqlite_schema import check_ours, make_epoch, migrate, read_epoch
from sio_server.errors import BrokerUnavailable, LogDamaged, LogError, LogInUse, Refused, Text
from sio_server.notification import Notification, Position, Publication

FILE_NAME: Final = "sio-server.db"

# Notifications in one commit. Beyond this a batch would hold the loop up for longer when it is announced.
MAX_BATCH: Final = 512

# Publishes that wait for the disk. A disk that hangs must not let callers fill the memory: 10,000 bodies of 64 KiB
# would be 640 MB, and more than a few seconds of waiting helps nobody.
MAX_WAITING: Final = 10_000

# Forgotten idempotency keys that are deleted after one commit: small steps never hold the writer up.
PURGE_STEP: Final = 200

T = TypeVar("T")
_Waiting = tuple[Notification, "asyncio.Future[Published]"]
_Outcome = Published | Refused


class SqliteBroker:
    """`Broker` and `HealthCheck` on SQLite. ``directory`` None keeps the log in memory.

    ``idempotency_ttl`` is in seconds.
    """

    def __init__(self, directory: Path | None, *, idempotency_ttl: int = 24 * 3600) -> None:
        self._directory = directory
        self._idempotency_ttl = idempotency_ttl
        self._name = ":memory:" if directory is None else str(directory / FILE_NAME)
        self._executor = ThreadPoolExecutor(1, thread_name_prefix="sio-server-log")
        self._lock: filelock.FileLock | None = None
        self._handler: BrokerHandler | None = None
        self._waiting: list[_Waiting] = []
        self._writer: asyncio.Task[None] | None = None
        self._head = Position("", 0)
        self._closed = True

    # -- Broker ---------------------------------------------------------------------------------------------------

    async def start(self, handler: BrokerHandler) -> None:
        """See `Broker.start`."""
        self._handler = handler
        try:
            self._head = await self._run(self._open)
        except BaseException:
            await self.close()
            raise
        self._closed = False

    async def close(self) -> None:
        """See `Broker.close`."""
        self._closed = True
        while (writer := self._writer) is not None:
            await asyncio.wait([writer])
        with suppress(RuntimeError):  # already shut down: closing twice is no error
            await self._run(self._shut)
        self._executor.shutdown(wait=False)

    async def publish(self, notification: Notification) -> Published:
        """See `Broker.publish`."""
        if self._closed:
            raise BrokerUnavailable(Text("The log is closed.", "El registro está cerrado."))
        if len(self._waiting) >= MAX_WAITING:
            raise BrokerUnavailable(
                Text("Too many notifications wait for the disk.", "Demasiadas notificaciones esperan al disco.")
            )
        done: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
        self._waiting.append((notification, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write(), name="sio-server-log")
        return await done

    def head(self) -> Position:
        """See `Broker.head`."""
        return self._head

    async def history(self, rooms: Sequence[str], after: Position, limit: int) -> Sequence[Publication]:
        """See `Broker.history`. A position of another epoch has no history here."""
        if after.epoch != self._head.epoch or not rooms:
            return ()
        return await self._read(lambda: _history(self._connection, self._head.epoch, rooms, after.seq, limit))

    async def check(self) -> None:
        """See `HealthCheck.check`."""
        await self._read(lambda: self._connection.execute("SELECT 1 FROM meta LIMIT 1").fetchone())

    # -- on the loop ----------------------------------------------------------------------------------------------

    async def _run(self, function: Callable[..., T], *args: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, function, *args)

    async def _read(self, function: Callable[[], T]) -> T:
        if self._closed:
            raise BrokerUnavailable(Text("The log is closed.", "El registro está cerrado."))
        try:
            return await self._run(function)
        except sqlite3.Error as error:
            raise _unavailable(error) from error

    async def _write(self) -> None:
        """Commit what waits, batch after batch, until nothing does."""
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:MAX_BATCH], self._waiting[MAX_BATCH:]
                await self._write_batch(batch)
        finally:
            self._writer = None

    async def _write_batch(self, batch: Sequence[_Waiting]) -> None:
        try:
            outcomes = await self._run(self._commit, [notification for notification, _ in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing was stored and every caller must hear so
            self._settle(batch, [_unavailable(error)] * len(batch))
            return
        try:
            self._announce(batch, outcomes)
        finally:
            self._settle(batch, outcomes)

    def _announce(self, batch: Sequence[_Waiting], outcomes: Sequence[_Outcome]) -> None:
        publications = [
            Publication.of(notification, outcome.position)
            for (notification, _), outcome in zip(batch, outcomes, strict=True)
            if isinstance(outcome, Published) and not outcome.duplicate
        ]
        if publications and self._handler is not None:
            self._head = publications[-1].position
            self._handler.on_publications(publications)

    @staticmethod
    def _settle(batch: Sequence[_Waiting], outcomes: Sequence[_Outcome]) -> None:
        for (_, done), outcome in zip(batch, outcomes, strict=True):
            if done.done():  # its caller was cancelled; the notification is published all the same
                continue
            if isinstance(outcome, Published):
                done.set_result(outcome)
            else:
                done.set_exception(outcome)

    # -- in the writer thread -------------------------------------------------------------------------------------

    def _open(self) -> Position:
        if self._directory is not None:
            self._take_directory(self._directory)
        try:
            self._connection = sqlite3.connect(self._name, isolation_level=None)
            check_ours(self._connection, self._name)  # before the first write: the next line is one
            if self._directory is not None:
                self._connection.execute("PRAGMA journal_mode = WAL")
            # FULL: a commit is on the disk when it returns. NORMAL would lose the last ones with the power.
            self._connection.execute("PRAGMA synchronous = FULL")
            migrate(self._connection, self._name)
            make_epoch(self._connection)
            epoch = read_epoch(self._connection)
            last = self._connection.execute("SELECT coalesce(max(seq), 0) FROM notification").fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise LogDamaged(f"{self._name}: {error}: restore a backup, or move the file away") from error
        self._last_seq = int(last)
        self._next_purge = 0.0
        return Position(epoch, self._last_seq)

    def _take_directory(self, directory: Path) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = filelock.FileLock(directory / "lock", timeout=0, mode=0o600)
            lock.acquire()
        except filelock.Timeout as error:
            raise LogInUse(
                f"{directory}: another sio-server uses this directory: stop it, or use --data-dir"
            ) from error
        except OSError as error:
            raise LogError(f"{directory}: {error.strerror}: use --data-dir with a directory to write to") from error
        self._lock = lock
        database = directory / FILE_NAME
        with suppress(FileExistsError, OSError):  # other users of the machine have no business in the log
            os.close(os.open(database, os.O_CREAT | os.O_EXCL, 0o600))

    def _shut(self) -> None:
        if hasattr(self, "_connection"):
            self._connection.close()
        if self._lock is not None:
            self._lock.release()

    def _commit(self, notifications: Sequence[Notification]) -> list[_Outcome]:
        now = int(time.time() * 1000)
        execute = self._connection.execute
        execute("BEGIN IMMEDIATE")
        try:
            batch = _Batch(self._connection, self._head.epoch, self._last_seq, now, self._idempotency_ttl * 1000)
            outcomes = [batch.add(notification) for notification in notifications]
            batch.insert()
            execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                execute("ROLLBACK")
            raise
        self._last_seq = batch.last_seq
        self._purge(now)
        return outcomes

    def _purge(self, now: int) -> None:
        """Delete some forgotten idempotency keys, at most once a second."""
        if time.monotonic() < self._next_purge:
            return
        self._next_purge = time.monotonic() + 1.0
        with suppress(sqlite3.Error):  # it can wait: what was published is committed already
            self._connection.execute(
                "DELETE FROM idempotency WHERE (publisher, key) IN "
                "(SELECT publisher, key FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
                (now, PURGE_STEP),
            )


class _Batch:
    """The rows of one commit."""

    def __init__(self, connection: sqlite3.Connection, epoch: str, last_seq: int, now: int, key_ttl: int) -> None:
        self.last_seq = last_seq
        self._connection = connection
        self._epoch = epoch
        self._now = now
        self._key_ttl = key_ttl
        self._notifications: list[tuple[Any, ...]] = []
        self._rooms: list[tuple[str, int]] = []
        self._keys: dict[tuple[str, str], tuple[bytes, str, int]] = {}

    def add(self, notification: Notification) -> _Outcome:
        """Give one notification its place, or find that it has one already."""
        earlier = self._earlier(notification)
        if earlier is not None:
            return earlier
        if notification.persist:
            self.last_seq += 1
            self._append(notification, self.last_seq)
        key = notification.idempotency
        if key is not None:
            self._keys[key.publisher, key.key] = (key.fingerprint, notification.id, self.last_seq)
        return Published(notification.id, Position(self._epoch, self.last_seq))

    def _earlier(self, notification: Notification) -> _Outcome | None:
        key = notification.idempotency
        if key is None:
            return None
        known = (
            self._keys.get((key.publisher, key.key))
            or self._connection.execute(
                "SELECT fingerprint, id, seq FROM idempotency WHERE publisher = ? AND key = ? AND expires_at > ?",
                (key.publisher, key.key, self._now),
            ).fetchone()
        )
        if known is None:
            return None
        fingerprint, identity, seq = known
        if fingerprint != key.fingerprint:
            return Refused("idempotency_mismatch")
        return Published(identity, Position(self._epoch, seq), duplicate=True)

    def _append(self, notification: Notification, seq: int) -> None:
        expires_at = notification.expires_at
        self._notifications.append(
            (
                seq,
                notification.id,
                notification.type,
                int(notification.timestamp.timestamp() * 1000),
                None if expires_at is None else int(expires_at.timestamp() * 1000),
                orjson.dumps(notification.audience.as_dict()).decode(),
                notification.source,
                notification.body,
            )
        )
        self._rooms.extend((room, seq) for room in notification.audience.rooms())

    def insert(self) -> None:
        """Write all rows."""
        many = self._connection.executemany
        many("INSERT INTO notification VALUES (?, ?, ?, ?, ?, ?, ?, ?)", self._notifications)
        many("INSERT INTO notification_room VALUES (?, ?)", self._rooms)
        many(
            "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?)",
            [
                (publisher, key, fingerprint, identity, seq, self._now + self._key_ttl)
                for (publisher, key), (fingerprint, identity, seq) in self._keys.items()
            ],
        )


def _history(
    connection: sqlite3.Connection, epoch: str, rooms: Sequence[str], after: int, limit: int
) -> list[Publication]:
    marks = ", ".join("?" * len(rooms))
    # The rooms go in as parameters; only their number is in the text of the query.
    query = (
        "SELECT seq, id, type, audience, source, body FROM notification WHERE seq IN "  # noqa: S608
        f"(SELECT DISTINCT seq FROM notification_room WHERE room IN ({marks}) AND seq > ? ORDER BY seq LIMIT ?) "
        "ORDER BY seq"
    )
    return [publication_of(epoch, row) for row in connection.execute(query, (*rooms, after, limit))]


def publication_of(epoch: str, row: tuple[Any, ...]) -> Publication:
    """The publication in a row of ``seq, id, type, audience, source, body``."""
    seq, identity, event, audience, source, body = row
    return Publication(
        identity, event, Position(epoch, seq), Audience.from_dict(orjson.loads(audience)), bytes(body), source
    )


def _unavailable(error: Exception) -> BrokerUnavailable:
    return BrokerUnavailable(
        Text("The log answers: {0}. Nothing was stored.", "El registro responde: {0}. No se guardó nada.").format(error)
    )


_: type[Broker] = SqliteBroker
