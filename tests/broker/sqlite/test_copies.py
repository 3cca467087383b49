"""Copies of an embedded log: of one moment, checked, of all that was noted, and parted from what they were made of."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sio_server.broker import CopiedLog
from sio_server.broker.sqlite import FILE_NAME, SqliteBroker
from sio_server.broker.sqlite.copies import SqliteCopies
from sio_server.broker.sqlite.marker import MARKER_NAME
from sio_server.broker.sqlite.migrations import MIGRATIONS
from sio_server.broker.sqlite.schema import SCHEMA_VERSION, read_epoch
from sio_server.errors import LogDamaged, LogError, LogInUse, LogTooNew
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import notification
from tests.support.logs import EVERYBODY, seqs_in, write_log


def silent(_: int, __: int) -> None:
    """Hear how far a copy is, and say nothing."""


def copied(directory: Path, target: Path) -> CopiedLog:
    """Copy a log into a new directory."""
    target.mkdir()
    return SqliteCopies(directory).copy(target, silent)


async def test_copy_is_of_one_moment_while_the_log_is_written_to(tmp_path: Path) -> None:
    """What is published while pages are copied, and brought into the main file, is in none of them."""
    directory, target = tmp_path / "data", tmp_path / "copy"
    broker = SqliteBroker(directory)
    await broker.start(Ear())
    await asyncio.gather(*(appended(broker, notification(EVERYBODY, message="x" * 900)) for _ in range(5000)))
    loop, steps = asyncio.get_running_loop(), 0

    def publish_more(_: int, __: int) -> None:
        nonlocal steps
        steps += 1
        asyncio.run_coroutine_threadsafe(appended(broker, notification(EVERYBODY)), loop).result()

    def copy() -> CopiedLog:
        target.mkdir()
        return SqliteCopies(directory).copy(target, publish_more)

    made = await asyncio.to_thread(copy)
    assert steps > 1
    assert made == CopiedLog(SCHEMA_VERSION, 5000, 5000)
    assert broker.head().seq == 5000 + steps
    await broker.close()
    assert await asyncio.to_thread(seqs_in, target) == list(range(1, 5001))
    assert sorted(path.name for path in target.iterdir()) == sorted([FILE_NAME, MARKER_NAME])
    assert {path.stat().st_mode & 0o777 for path in target.iterdir()} == {0o600}


def test_copy_that_lacks_what_was_stored_is_refused(tmp_path: Path) -> None:
    """Where the directory's note knows of more than the log can show, no copy is made of it."""
    directory = tmp_path / "data"
    write_log(directory, 3)
    before = (directory / FILE_NAME).read_bytes()
    write_log(directory, 2)
    (directory / FILE_NAME).write_bytes(before)
    with pytest.raises(LogDamaged, match="lacks 2 notifications"):
        copied(directory, tmp_path / "copy")


def test_log_that_was_taken_for_another_is_copied(tmp_path: Path) -> None:
    """A note about another log says nothing of this one."""
    write_log(tmp_path / "data", 2)
    write_log(tmp_path / "other", 5)
    shutil.copyfile(tmp_path / "other" / MARKER_NAME, tmp_path / "data" / MARKER_NAME)
    assert copied(tmp_path / "data", tmp_path / "copy").head == 2


def test_what_is_no_log_is_not_copied(tmp_path: Path) -> None:
    """No log, an empty file, another program's database and a newer version's are told in words."""
    with pytest.raises(LogError, match="there is no log here"):
        SqliteCopies(tmp_path).size()
    (tmp_path / FILE_NAME).write_bytes(b"")
    with pytest.raises(LogError, match="nothing in this log"):
        copied(tmp_path, tmp_path / "1")
    (tmp_path / FILE_NAME).write_bytes(b"no database" * 1000)
    with pytest.raises(LogDamaged, match="restore a backup"):
        copied(tmp_path, tmp_path / "2")
    write_log(tmp_path / "new")
    with closing(sqlite3.connect(tmp_path / "new" / FILE_NAME)) as log:
        log.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(LogTooNew, match="install the newer"):
        copied(tmp_path / "new", tmp_path / "3")


def test_damaged_page_is_found(tmp_path: Path) -> None:
    """A page that was changed is found when the copy is made, and not years later."""
    directory = tmp_path / "data"
    write_log(directory, 50)
    content = bytearray((directory / FILE_NAME).read_bytes())
    with closing(sqlite3.connect(directory / FILE_NAME)) as log:
        (root,) = log.execute("SELECT rootpage FROM sqlite_master WHERE name = 'notification_room'").fetchone()
    at = (root - 1) * 4096
    content[at : at + 16] = bytes(16)
    (directory / FILE_NAME).write_bytes(content)
    with pytest.raises(LogDamaged, match=r"is damaged|malformed"):
        copied(directory, tmp_path / "copy")


@pytest.mark.parametrize("version", [1, 2, 3, SCHEMA_VERSION])
def test_copy_of_an_older_version_is_parted_from_it(tmp_path: Path, version: int) -> None:
    """A log of each version can be copied; what the start would take for the same log gets another name at once."""
    directory = tmp_path / "data"
    directory.mkdir()
    with closing(sqlite3.connect(directory / FILE_NAME, isolation_level=None)) as log:
        log.execute("PRAGMA application_id = 1936289651")
        for step in MIGRATIONS[:version]:
            log.executescript(step)
        log.execute(f"PRAGMA user_version = {version}")
        log.execute("INSERT INTO meta (name, value) VALUES ('epoch', 'abcdefabcdef')")
    assert copied(directory, tmp_path / "copy") == CopiedLog(version, 0, 0)
    SqliteCopies(tmp_path / "elsewhere").part(tmp_path / "copy")
    with closing(sqlite3.connect(tmp_path / "copy" / FILE_NAME)) as copy:
        assert (read_epoch(copy) == "abcdefabcdef") == (version >= 3)


def test_directory_in_use_is_held_by_nobody_else(tmp_path: Path) -> None:
    """While one holds a directory no other does, and afterwards the next one may."""
    log = SqliteCopies(tmp_path)
    with log.held(), pytest.raises(LogInUse), SqliteCopies(tmp_path).held():
        pass
    with log.held():
        pass


def test_shrunk_log_is_smaller_and_the_same(tmp_path: Path) -> None:
    """What retention freed is given back, and entries, epoch and position are as before."""

    async def fill() -> str:
        broker = SqliteBroker(tmp_path)
        await broker.start(Ear())
        await asyncio.gather(*(appended(broker, notification(EVERYBODY, message="x" * 3000)) for _ in range(1000)))
        await broker.retain(max_count=10)
        epoch = broker.head().epoch
        await broker.close()
        return epoch

    epoch = asyncio.run(fill())
    before, after = SqliteCopies(tmp_path).shrink(lambda _: None)
    assert before > 10 * after > 0
    assert seqs_in(tmp_path) == list(range(991, 1001))
    assert write_log(tmp_path, 1) == epoch
    assert seqs_in(tmp_path)[-1] == 1001
