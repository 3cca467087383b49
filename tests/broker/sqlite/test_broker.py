"""The embedded log in commits, files and threads; what every broker promises is in `test_contract`."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from sio_server.broker import Published
from sio_server.broker.sqlite import FILE_NAME, SqliteBroker
from sio_server.broker.sqlite.writer import MAX_BATCH, MAX_WAITING
from sio_server.errors import BrokerUnavailable, LogDamaged, LogError, LogInUse, Refused
from sio_server.notification import Position
from tests.support.brokers import Ear, appended, entries_of, notification, started
from tests.support.waiting import until

# Header of the write-ahead log and of each of its frames, in bytes (SQLite file format, section 4.1).
WAL_HEADER = 32
FRAME_HEADER = 24


def commits_in(wal: Path) -> int:
    """How many transactions the write-ahead log holds: the frames that say how large the database is after them."""
    content = wal.read_bytes()
    page = int.from_bytes(content[8:12], "big")
    salts = content[16:24]
    starts = range(WAL_HEADER, len(content) - FRAME_HEADER - page + 1, FRAME_HEADER + page)
    # A frame of an earlier round, not overwritten yet, has other salts.
    frames = [content[start : start + FRAME_HEADER] for start in starts]
    return sum(frame[4:8] != bytes(4) for frame in frames if frame[8:16] == salts)


async def test_concurrent_publishes_share_commits(tmp_path: Path) -> None:
    """400 publishes at once need few commits; 10 one after another need one each."""
    broker, ear = await started(tmp_path)
    wal = tmp_path / f"{FILE_NAME}-wal"
    before = commits_in(wal)
    await asyncio.gather(*(appended(broker, notification(str(number))) for number in range(400)))
    together = commits_in(wal)
    for number in range(10):
        await appended(broker, notification(str(number)))
    alone = commits_in(wal)
    await broker.close()

    assert 0 < together - before < 40
    assert alone - together == 10
    assert len(ear.batches) == alone - before


async def test_no_commit_holds_more_than_a_batch(tmp_path: Path) -> None:
    """However many wait, one announcement has at most `MAX_BATCH` entries."""
    broker, ear = await started(tmp_path)
    await asyncio.gather(*(appended(broker, notification(str(number))) for number in range(MAX_BATCH * 2 + 7)))
    await broker.close()
    assert max(map(len, ear.batches)) == MAX_BATCH
    assert sum(map(len, ear.batches)) == MAX_BATCH * 2 + 7


async def test_order_epoch_and_keys_survive_a_restart(tmp_path: Path) -> None:
    """The next process on the same directory goes on with epoch, seq, history and idempotency keys."""
    broker, _ = await started(tmp_path)
    first = await appended(broker, notification("a", key="k"))
    await broker.close()
    broker, ear = await started(tmp_path)
    head = broker.head()
    again = await appended(broker, notification("a", key="k"))
    with pytest.raises(Refused) as refused:
        await appended(broker, notification("b", key="k"))
    second = await appended(broker, notification("c"))
    history = await entries_of(broker, ["all"], Position(head.epoch, 0), 10)
    await broker.close()

    assert head == first.position
    assert (again.id, again.position, again.duplicate) == (first.id, first.position, True)
    assert refused.value.kind.code == "idempotency_mismatch"
    assert second.position == Position(head.epoch, 2)
    assert [one.position.seq for one in history] == [1, 2]
    assert [one.position.seq for one in ear.heard] == [2]


async def test_memory_has_another_epoch_each_time() -> None:
    """A log that was lost is not mistaken for the one before it."""
    epochs = set()
    for _ in range(3):
        broker, _heard = await started(None)
        epochs.add(broker.head().epoch)
        await broker.close()
    assert len(epochs) == 3


async def test_keys_are_forgotten_after_their_time(tmp_path: Path) -> None:
    """Once its time is over a key may be used for another body, and its row is deleted."""
    broker, ear = await started(tmp_path, idempotency_ttl=0)
    one = await appended(broker, notification("a", key="k"))
    two = await appended(broker, notification("b", key="k"))
    await appended(broker, notification("c", key="other"))
    await broker.close()
    broker, _ = await started(tmp_path, idempotency_ttl=0)
    await appended(broker, notification("d"))
    await broker.close()

    assert (one.duplicate, two.duplicate) == (False, False)
    assert one.id != two.id
    assert len(ear.heard) == 3
    assert _count(tmp_path, "idempotency") == 0


async def test_keys_are_kept_within_their_time(tmp_path: Path) -> None:
    """A key whose time is not over is still known after many other publishes."""
    broker, _ = await started(tmp_path, idempotency_ttl=3600)
    one = await appended(broker, notification("a", key="k"))
    for number in range(50):
        await appended(broker, notification("x", key=f"k{number}"))
    again = await appended(broker, notification("a", key="k"))
    await broker.close()
    assert (again.id, again.duplicate) == (one.id, True)
    assert _count(tmp_path, "idempotency") == 51


def _count(directory: Path, table: str) -> int:
    connection = sqlite3.connect(directory / FILE_NAME)
    try:
        return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])  # noqa: S608 - names of the test
    finally:
        connection.close()


async def test_broadcast_is_one_row(tmp_path: Path) -> None:
    """A notification for everybody is one row and one row of a room, whoever gets it."""
    broker, _ = await started(tmp_path)
    await appended(broker, notification())
    await broker.close()
    assert (_count(tmp_path, "notification"), _count(tmp_path, "notification_room")) == (1, 1)


async def test_files_are_nobody_elses(tmp_path: Path) -> None:
    """Directory, database, write-ahead log and lock are closed to other users of the machine."""
    directory = tmp_path / "log"
    broker, _ = await started(directory)
    await appended(broker, notification())
    modes = {path.name: path.stat().st_mode & 0o077 for path in directory.iterdir()}
    await broker.close()
    assert directory.stat().st_mode & 0o077 == 0
    assert modes == dict.fromkeys(modes, 0)
    assert {FILE_NAME, f"{FILE_NAME}-wal", "lock"} <= modes.keys()


async def test_second_broker_on_a_directory_is_refused(tmp_path: Path) -> None:
    """Two servers on one directory would both number: the second is refused with the mend, the first goes on."""
    broker, _ = await started(tmp_path)
    second = SqliteBroker(tmp_path)
    with pytest.raises(LogInUse, match="--data-dir"):
        await second.start(Ear())
    assert (await appended(broker, notification())).position.seq == 1
    await broker.close()
    third, _ = await started(tmp_path)
    assert third.head().seq == 1
    await third.close()


async def test_refused_log_is_let_go(tmp_path: Path) -> None:
    """A broker that could not start holds neither the lock nor the file, and publishing to it is refused."""
    (tmp_path / FILE_NAME).write_bytes(b"this is no database, but long enough to be read as one" * 20)
    broker = SqliteBroker(tmp_path)
    with pytest.raises(LogDamaged, match=r"sio-server\.db"):
        await broker.start(Ear())
    with pytest.raises(BrokerUnavailable):
        await appended(broker, notification())
    (tmp_path / FILE_NAME).unlink()
    again, _ = await started(tmp_path)
    await again.close()


async def test_directory_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    """A data directory under a file is refused with the path and the mend."""
    (tmp_path / "file").write_text("", "utf-8")
    with pytest.raises(LogError, match=r"file.*--data-dir"):
        await SqliteBroker(tmp_path / "file" / "log").start(Ear())


@contextlib.contextmanager
def full_disk(*files: Path) -> Iterator[None]:
    """Let no file of this process grow beyond the largest of these: the system then answers a write with an error."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(file.stat().st_size for file in files), before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


async def test_full_disk_stores_nothing_and_the_next_publish_works(tmp_path: Path) -> None:
    """While the disk is full every publish of the batch is refused and nothing is stored; with space it goes on."""
    broker, ear = await started(tmp_path)
    first = await appended(broker, notification("first"))
    large = [notification("x" * 40_000, key=f"k{number}") for number in range(5)]
    with full_disk(tmp_path / FILE_NAME, tmp_path / f"{FILE_NAME}-wal"):
        results = await asyncio.gather(*(appended(broker, one) for one in large), return_exceptions=True)
        head, announced = broker.head(), len(ear.heard)
    after = await appended(broker, large[0])
    await broker.check()
    history = await entries_of(broker, ["all"], Position(head.epoch, 0), 10)
    await broker.close()

    assert all(isinstance(result, BrokerUnavailable) for result in results)
    assert (head, announced) == (first.position, 1)
    assert (after.position.seq, after.duplicate) == (2, False)
    assert [one.position.seq for one in history] == [1, 2]


async def test_lock_of_another_program_is_waited_for(tmp_path: Path) -> None:
    """A program that holds the write lock for a moment, such as a backup, delays a publish and does not fail it."""
    broker, _ = await started(tmp_path)
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    publish = asyncio.create_task(appended(broker, notification()))
    health = asyncio.create_task(broker.check())
    done, _ = await asyncio.wait([publish], timeout=0.1)
    assert not done
    other.execute("COMMIT")
    other.close()
    assert (await publish).position.seq == 1
    await health
    await broker.close()


async def test_too_many_waiting_are_refused(tmp_path: Path) -> None:
    """A disk that hangs does not fill the memory: beyond `MAX_WAITING` publishes are refused, the others are done."""
    broker, _ = await started(tmp_path)
    other = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    more = MAX_BATCH + 1
    tasks = [asyncio.create_task(appended(broker, notification())) for _ in range(MAX_WAITING + more)]
    await until(lambda: any(task.done() for task in tasks), "a refusal")
    other.execute("ROLLBACK")
    other.close()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await broker.close()

    refused = [result for result in results if isinstance(result, BrokerUnavailable)]
    assert 0 < len(refused) <= more
    assert [one.position.seq for one in results if isinstance(one, Published)] == list(
        range(1, len(results) - len(refused) + 1)
    )
    assert (refused[0].retry_after, refused[0].kind.retryable) == (1, True)


async def test_publish_into_memory_waits_beside_a_query(monkeypatch: pytest.MonkeyPatch) -> None:
    """While a query uses the log in memory a publish waits for it in the thread, and the event loop goes on."""
    broker, _ = await started(None)
    reading, finish = threading.Event(), threading.Event()
    glance = broker._store.glance

    def slow(connection: sqlite3.Connection) -> None:
        reading.set()
        finish.wait()
        glance(connection)

    monkeypatch.setattr(broker._store, "glance", slow)
    query = asyncio.create_task(broker.check())
    await until(reading.is_set, "the query")
    publish = asyncio.create_task(appended(broker, notification()))
    done, _ = await asyncio.wait([publish], timeout=0.1)
    assert not done
    finish.set()
    assert (await publish).position.seq == 1
    await query
    await broker.close()


async def test_mistake_of_one_who_waits_leaves_nobody_waiting(tmp_path: Path) -> None:
    """When what hears of one publish raises, the other publishes of its commit are still told, and the log goes on."""
    broker, _ = await started(tmp_path)
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))

    def failing(_: object) -> None:
        raise ValueError

    broker.append(notification(), failing)
    assert (await appended(broker, notification())).position.seq == 2
    assert [type(one) for one in told] == [ValueError]
    await broker.close()
