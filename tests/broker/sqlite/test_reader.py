"""Reading the log of a server that runs, of one that was stopped or killed, and of something else."""

from __future__ import annotations

import asyncio
import ctypes
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from sio_server.broker.sqlite import FILE_NAME
from sio_server.broker.sqlite.reader import read_log
from sio_server.errors import LogDamaged, LogError
from sio_server.notification import Entry
from tests.support.brokers import appended, notification, started


async def log_of(directory: Path, count: int) -> list[Entry]:
    """A closed log with so many entries."""
    broker, ear = await started(directory)
    await asyncio.gather(*(appended(broker, notification(str(number))) for number in range(count)))
    await broker.close()
    return ear.heard


async def read(directory: Path, **options: int) -> list[Entry]:
    """What a reader finds, as a program of its own reads: not on the loop."""
    return await asyncio.to_thread(lambda: list(read_log(directory, **options)))


async def test_log_is_read_in_order(tmp_path: Path) -> None:
    """All entries come back in order, those above a position, or the newest of them."""
    published = await log_of(tmp_path, 20)

    assert await read(tmp_path) == published
    assert await read(tmp_path, after=15) == published[15:]
    assert await read(tmp_path, last=3) == published[-3:]
    assert await read(tmp_path, after=18, last=10) == published[18:]
    assert await read(tmp_path, after=20) == await read(tmp_path, last=0) == []


async def test_log_of_a_running_server_is_read(tmp_path: Path) -> None:
    """What was committed a moment ago is read while the server has the log open."""
    broker, ear = await started(tmp_path)
    await appended(broker, notification("one"))
    assert await read(tmp_path) == ear.heard
    await appended(broker, notification("two"))
    assert await read(tmp_path) == ear.heard
    await broker.close()


async def test_log_of_a_killed_server_is_read(tmp_path: Path) -> None:
    """Files as a killed process leaves them, with a write-ahead log not taken in yet, lose nothing."""
    broker, ear = await started(tmp_path / "log")
    await asyncio.gather(*(appended(broker, notification(str(number))) for number in range(50)))
    shutil.copytree(tmp_path / "log", tmp_path / "copy")
    await broker.close()
    assert (tmp_path / "copy" / f"{FILE_NAME}-wal").stat().st_size > 0
    assert await read(tmp_path / "copy") == ear.heard


async def test_reading_does_not_stop_the_server(tmp_path: Path) -> None:
    """A reader that stops in the middle, as a pager does, keeps no lock that a publish would wait for."""
    broker, _ = await started(tmp_path)
    for text in ("one", "two", "three"):
        await appended(broker, notification(text))
    reading, loop = read_log(tmp_path), asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread:
        first = await loop.run_in_executor(thread, next, reading)
        published = await appended(broker, notification("four"))
        rest = await loop.run_in_executor(thread, list, reading)
    await broker.close()

    assert published.position.seq == 4
    assert [one.position.seq for one in (first, *rest)][:3] == [1, 2, 3]


def test_no_log_is_told_with_its_path(tmp_path: Path) -> None:
    """A directory without a log is named with the mend, and no file appears in it."""
    with pytest.raises(LogError, match=r"sio-server\.db: there is no log here: give --data-dir"):
        list(read_log(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_database_of_another_program_is_refused(tmp_path: Path) -> None:
    """A database that is none of ours is named as such and not altered."""
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("CREATE TABLE notification (seq)")
    connection.commit()
    connection.close()
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(LogDamaged, match="another program"):
        list(read_log(tmp_path))
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_garbage_is_refused(tmp_path: Path) -> None:
    """A file that is no database is told with its path."""
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 200)
    with pytest.raises(LogDamaged, match=r"sio-server\.db"):
        list(read_log(tmp_path))


# Linux' prctl(2) and capabilities(7).
PR_CAPBSET_DROP: Final = 24
CAP_DAC_OVERRIDE: Final = 1


def _without_the_right_to_write_anywhere() -> None:
    """What keeps root from writing where the modes of a directory say that nobody may; others cannot anyway."""
    ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0)


@pytest.fixture
def copy(tmp_path: Path) -> Iterator[Path]:
    """A directory for a copy, which can be written again at the end."""
    directory = tmp_path / "copy"
    directory.mkdir()
    yield directory
    directory.chmod(0o700)


def shown_of(directory: Path) -> subprocess.CompletedProcess[str]:
    """What the command says of a log in a directory where nobody may write."""
    for file in directory.iterdir():
        file.chmod(0o400)
    directory.chmod(0o500)
    return subprocess.run(
        [sys.executable, "-m", "sio_server", "log", "--data-dir", str(directory)],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_without_the_right_to_write_anywhere,
    )


def test_copy_that_cannot_be_written_is_read(tmp_path: Path, copy: Path) -> None:
    """A backup in a directory where nothing can be written is shown as any log, and nothing is made beside it."""
    asyncio.run(log_of(tmp_path / "log", 3))
    shutil.copy(tmp_path / "log" / FILE_NAME, copy)
    done = shown_of(copy)
    assert (done.returncode, done.stderr) == (0, "")
    assert [line.split("  ")[1] for line in done.stdout.splitlines()] == ["#1", "#2", "#3"]
    assert [file.name for file in copy.iterdir()] == [FILE_NAME]


async def test_copy_that_cannot_be_read_in_place_says_what_to_do(tmp_path: Path, copy: Path) -> None:
    """Where the newest entries are in a file that cannot be read there, they are not passed over without a word."""
    broker, _ = await started(tmp_path / "log")
    await appended(broker, notification("one"))
    for name in (FILE_NAME, f"{FILE_NAME}-wal"):
        shutil.copy(tmp_path / "log" / name, copy)
    await broker.close()
    done = await asyncio.to_thread(shown_of, copy)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("sio-server: ")
    assert f"copy {FILE_NAME} and {FILE_NAME}-wal to a directory of yours" in done.stderr
