"""Files of the log that are damaged, taken away or replaced: it is said, and nothing is answered for in vain."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path

import pytest

from sio_server.audience import Audience
from sio_server.broker.sqlite import FILE_NAME, SqliteBroker
from sio_server.broker.sqlite.marker import MARKER_NAME
from sio_server.broker.sqlite.reader import read_log
from sio_server.errors import BrokerUnavailable, LogDamaged
from tests.support.brokers import Ear, appended
from tests.support.disks import full_disk
from tests.support.inbox_model import notification
from tests.support.logged import logging_to_stderr

EVERYBODY = Audience.of(everybody=True)
COUNT = 60
WAL = f"{FILE_NAME}-wal"


async def opened(directory: Path) -> SqliteBroker:
    """A log that is open."""
    broker = SqliteBroker(directory)
    await broker.start(Ear())
    return broker


async def publish(broker: SqliteBroker, count: int = COUNT) -> None:
    """Publish so often, and be told that it is stored."""
    for _ in range(count):
        await appended(broker, notification(EVERYBODY))


async def killed(directory: Path) -> Path:
    """A directory as a killed server leaves it: all that was acknowledged is in the write-ahead log."""
    broker = await opened(directory)
    await publish(broker)
    await broker.look_at_clock()
    saved = [(directory / name, (directory / name).read_bytes()) for name in (FILE_NAME, WAL, MARKER_NAME)]
    await broker.close()
    for path, data in saved:
        path.write_bytes(data)
    return directory


def overwritten(path: Path, at: int, data: bytes) -> None:
    """Damage a file."""
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


async def test_killed_server_leaves_all_that_was_acknowledged(tmp_path: Path) -> None:
    """Undamaged, the files hold everything; what the other tests do to them is what makes the difference."""
    broker = await opened(await killed(tmp_path))
    assert broker.head().seq == COUNT
    await broker.close()


@pytest.mark.parametrize(
    ("at", "data"),
    [(0, b"\0" * 32), (0, b"x"), (8, b"\xff\xff"), (16, b"\x01\x02\x03\x04"), (24, b"\0\0\0\0"), (40, b"\xff" * 8)],
    ids=["zeroed", "magic", "page size", "salt", "checksum", "first frame"],
)
async def test_damaged_write_ahead_log_is_not_begun_anew(tmp_path: Path, at: int, data: bytes) -> None:
    """What cannot be read any more is told with its number and the mend, and is there still for who can save it."""
    overwritten(await killed(tmp_path) / WAL, at, data)
    before = (tmp_path / WAL).read_bytes()
    for _ in range(2):
        with pytest.raises(LogDamaged, match=rf"sio-server\.db-wal: cannot be read, and {COUNT} notifications"):
            await opened(tmp_path)
    assert (tmp_path / WAL).read_bytes() == before
    for name in (FILE_NAME, WAL):
        (tmp_path / name).unlink()
    broker = await opened(tmp_path)
    assert broker.head().seq == 0
    await broker.close()


async def test_damaged_write_ahead_log_without_anything_in_it_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where all that was stored is in the main file, a beginning that cannot be read stops nobody."""
    broker = await opened(tmp_path)
    await publish(broker)
    await broker.close()
    (tmp_path / WAL).write_bytes(b"\0" * 4096)
    with logging_to_stderr():
        again = await opened(tmp_path)
    assert again.head().seq == COUNT
    await publish(again, 1)
    await again.close()
    shown = capsys.readouterr().err
    assert '"level": "warning"' in shown
    assert "nothing that was stored is missing" in shown


async def test_write_ahead_log_that_is_gone_at_a_start_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without it the log is empty; that it was not is a warning with the number of what is missing."""
    (await killed(tmp_path) / WAL).unlink()
    with logging_to_stderr():
        broker = await opened(tmp_path)
    await broker.close()
    shown = capsys.readouterr().err
    assert '"level": "warning"' in shown
    assert f'"missing": {COUNT}' in shown


def gone(name: str) -> Callable[[Path], None]:
    """Delete a file."""

    def delete(directory: Path) -> None:
        (directory / name).unlink()

    return delete


def moved(name: str) -> Callable[[Path], None]:
    """Give a file another name."""

    def move(directory: Path) -> None:
        (directory / name).rename(directory / "elsewhere")

    return move


def replaced(name: str) -> Callable[[Path], None]:
    """Put a copy of a file in its place."""

    def replace(directory: Path) -> None:
        shutil.copy(directory / name, directory / "copy")
        (directory / "copy").rename(directory / name)

    return replace


def directory_moved(directory: Path) -> None:
    """Give the directory another name."""
    directory.rename(directory.with_name("elsewhere"))


def directory_replaced(directory: Path) -> None:
    """Put a copy of the directory in its place."""
    directory.rename(directory.with_name("elsewhere"))
    shutil.copytree(directory.with_name("elsewhere"), directory)


def cut(directory: Path) -> None:
    """Empty the main file."""
    os.truncate(directory / FILE_NAME, 0)


def emptied(directory: Path) -> None:
    """Empty the write-ahead log."""
    os.truncate(directory / WAL, 0)


TAKEN = {
    "main file gone": gone(FILE_NAME),
    "main file moved": moved(FILE_NAME),
    "main file replaced": replaced(FILE_NAME),
    "main file emptied": cut,
    "write-ahead log gone": gone(WAL),
    "write-ahead log moved": moved(WAL),
    "write-ahead log replaced": replaced(WAL),
    "its index gone": gone(f"{FILE_NAME}-shm"),
    "its index replaced": replaced(f"{FILE_NAME}-shm"),
    "directory moved": directory_moved,
    "directory replaced": directory_replaced,
}


@pytest.mark.parametrize("take", TAKEN.values(), ids=TAKEN)
async def test_file_that_is_taken_from_a_running_server_is_noticed(
    tmp_path: Path, take: Callable[[Path], None]
) -> None:
    """No publish is acknowledged any more, and the server is not ready, until it is started again."""
    broker = await opened(tmp_path / "data")
    await publish(broker)
    await broker.check()
    await asyncio.to_thread(take, tmp_path / "data")
    for _ in range(2):
        with pytest.raises(BrokerUnavailable, match="restart the server"):
            await broker.check()
        with pytest.raises(BrokerUnavailable):
            await appended(broker, notification(EVERYBODY))
    await broker.close()


async def test_write_ahead_log_that_is_emptied_is_noticed(tmp_path: Path) -> None:
    """What was in it is gone; the next publish is refused, and so are those after it."""
    broker = await opened(tmp_path)
    await publish(broker)
    await asyncio.to_thread(emptied, tmp_path)
    for _ in range(2):
        with pytest.raises(BrokerUnavailable):
            await appended(broker, notification(EVERYBODY))
        with pytest.raises(BrokerUnavailable):
            await broker.check()
    await broker.close()


async def test_checkpoint_of_another_program_harms_nothing(tmp_path: Path) -> None:
    """An operator may bring the write-ahead log in and cut it, as a backup does."""
    broker = await opened(tmp_path)

    def checkpoint() -> None:
        with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    for _ in range(3):
        await publish(broker, 5)
        await asyncio.to_thread(checkpoint)
        assert (tmp_path / WAL).stat().st_size == 0
        await broker.check()
    await publish(broker, 5)
    await broker.close()
    assert len(await asyncio.to_thread(lambda: list(read_log(tmp_path)))) == 20


@pytest.mark.parametrize("name", [WAL, f"{FILE_NAME}-shm"])
async def test_what_was_acknowledged_is_saved(tmp_path: Path, name: str) -> None:
    """Once it is noticed, all that was acknowledged is in the main file, also for who kills the server then."""
    broker = await opened(tmp_path / "data")
    await publish(broker)
    await asyncio.to_thread(gone(name), tmp_path / "data")
    with pytest.raises(BrokerUnavailable):
        await broker.check()
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "data" / FILE_NAME, tmp_path / "copy")
    assert len(await asyncio.to_thread(lambda: list(read_log(tmp_path / "copy")))) == COUNT
    await broker.close()


async def test_log_that_has_failed_is_ready_when_a_publish_fits(tmp_path: Path) -> None:
    """Neither looks nor small changes, which fit where no publish does, make a full disk ready."""
    broker = SqliteBroker(tmp_path, max_body=1_000_000)
    await broker.start(Ear())
    await publish(broker, 5)
    await broker.check()
    # room for some pages in the write-ahead log, and for no publish of the largest size
    with full_disk((tmp_path / WAL).stat().st_size + 100_000):
        with pytest.raises(BrokerUnavailable):
            await appended(broker, notification(EVERYBODY, message="x" * 200_000))
        for number in range(10):
            with pytest.raises(BrokerUnavailable):
                await broker.check()
            with suppress(BrokerUnavailable):
                await broker.sight(f"user {number}", ["all"])
    await broker.check()
    await publish(broker, 1)
    assert not (tmp_path / "room").exists()
    await broker.close()
