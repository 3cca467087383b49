"""A backup that is put in the place of the log is another log: cursors from after it are refused for good."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sio_server.broker.sqlite import FILE_NAME, SqliteBroker
from sio_server.broker.sqlite.marker import MARKER_NAME, Marker
from sio_server.clock import Noted
from tests.support.brokers import Ear, appended, notification
from tests.support.recovering import CursorClient, recovering
from tests.support.servers import running, secured, seqs, token
from tests.support.waiting import until


async def session(directory: Path, *, publish: int = 0) -> tuple[str, int]:
    """Open a log, publish so often, close it; returns its epoch and its last position."""
    broker = SqliteBroker(directory)
    await broker.start(Ear())
    for _ in range(publish):
        await appended(broker, notification())
    head = broker.head()
    await broker.close()
    return head.epoch, head.seq


async def test_restart_keeps_the_epoch(tmp_path: Path) -> None:
    """However often a log is opened and added to, it is the same one."""
    heads = [await session(tmp_path, publish=count) for count in (3, 0, 2)]
    assert [seq for _, seq in heads] == [3, 3, 5]
    assert len({epoch for epoch, _ in heads}) == 1


def only_the_database(backup: Path, directory: Path) -> None:
    """Copy the database over the one that is there: it stays the same file."""
    shutil.copyfile(backup / FILE_NAME, directory / FILE_NAME)


def whole_directory(backup: Path, directory: Path) -> None:
    """Put the copy in the place of the directory."""
    shutil.rmtree(directory)
    shutil.copytree(backup, directory)


def without_the_note(backup: Path, directory: Path) -> None:
    """Take the database alone to another machine."""
    shutil.rmtree(directory)
    directory.mkdir()
    shutil.copyfile(backup / FILE_NAME, directory / FILE_NAME)


@pytest.mark.parametrize("restore", [only_the_database, whole_directory, without_the_note])
async def test_restored_backup_is_another_log(tmp_path: Path, restore: Callable[[Path, Path], None]) -> None:
    """Whatever of a backup is restored, the epoch is a new one, positions go on, and that once and for all."""
    directory, backup = tmp_path / "data", tmp_path / "backup"
    epoch, _ = await session(directory, publish=3)
    await asyncio.to_thread(shutil.copytree, directory, backup)
    await session(directory, publish=5)
    await asyncio.to_thread(restore, backup, directory)
    renewed, seq = await session(directory, publish=1)
    assert seq == 4
    assert renewed != epoch
    assert await session(directory, publish=1) == (renewed, 5)


async def test_log_that_was_moved_away_leaves_nothing_behind(tmp_path: Path) -> None:
    """A new log beside an old note is a new log, and stays it."""
    epoch, _ = await session(tmp_path, publish=3)
    await asyncio.to_thread(os.remove, tmp_path / FILE_NAME)
    renewed, seq = await session(tmp_path, publish=1)
    assert seq == 1
    assert renewed != epoch
    assert await session(tmp_path) == (renewed, 1)


@pytest.mark.parametrize("note", [b"", b"nonsense", b"\xff\xfe", b"a b c", b"1 2 3 4"])
async def test_note_that_says_nothing_fits_nothing(tmp_path: Path, note: bytes) -> None:
    """A note that cannot be read is as good as none."""

    def look() -> tuple[bool, bool]:
        (tmp_path / MARKER_NAME).write_bytes(note)
        marker = Marker(tmp_path)
        before = marker.fits("epoch", 3)
        marker.write("epoch", 3, Noted(5.0, 7.0))
        after = marker.fits("epoch", 3)
        assert (marker.time("epoch"), marker.time("another")) == (Noted(5.0, 7.0), None)
        marker.close()
        return before, after

    assert await asyncio.to_thread(look) == (False, True)


async def test_client_is_not_recovered_on_a_restored_log_that_has_grown(tmp_path: Path) -> None:
    """A cursor from after the backup is refused though the restored log has reached its position."""
    directory, backup = tmp_path / "data", tmp_path / "backup"
    settings = secured(broker="sqlite:", data_dir=directory)
    body = {"type": "tour_creado", "data": {"nombre": "Lima"}}
    async with running(settings) as server:
        await server.notify(body)
    await asyncio.to_thread(shutil.copytree, directory, backup)
    async with running(settings) as server, recovering("cursor", server.url, token("123", "turista"), None) as client:
        await server.notify(body)
        await until(lambda: client.notifications)
        cursor = client.cursor
    await asyncio.to_thread(whole_directory, backup, directory)
    async with running(settings) as server:
        for _ in range(3):
            await server.notify(body)
        again = CursorClient(server.url, {"token": token("123", "turista")})
        await again.connect(cursor)
        await again.leave()

    assert seqs(client.notifications) == [2]
    assert cursor.endswith("-2")
    assert again.of("ns:sync")[0]["recovered"] is False
    assert again.notifications == []
