"""Whatever the embedded log answered for survives a power cut: what was not synced is dropped, in whole or in part."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker.sqlite import FILE_NAME, SqliteBroker
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import notification
from tests.support.power import Disk

EVERYBODY = Audience.of(everybody=True)
PUBLISHERS = 8
ROUNDS = 30


@pytest.fixture
def disk() -> Iterator[Disk]:
    """Give the disk that all connections of this test write to."""
    with Disk().in_use() as disk:
        yield disk


@pytest.fixture
async def broker(disk: Disk, tmp_path: Path) -> AsyncIterator[SqliteBroker]:
    """Give a log on that disk."""
    assert disk.images == {}
    broker = SqliteBroker(tmp_path / "log")
    await broker.start(Ear())
    yield broker
    await broker.close()


async def stored_after_cut(disk: Disk, directory: Path, seed: int) -> list[str]:
    """Cut the power now, start on what is left, and return the ids in the log, in order."""
    directory.mkdir()  # noqa: ASYNC240 - in memory or next to it
    await asyncio.to_thread(disk.cut, directory.parent / "log", directory, seed)
    broker = SqliteBroker(directory)
    await broker.start(Ear())
    try:
        view = await broker.sight("auditor", ["all"])
        assert view.seen_from["all"] == broker.head().seq
        found = await broker.search(limit=100)
        ids: list[str] = []
        while True:
            ids.extend(stored.entry.id for stored in found.items)
            if found.next_before is None:
                return ids[::-1]
            found = await broker.search(limit=100, before=found.next_before)
    finally:
        await broker.close()


async def test_every_answered_publish_survives_a_power_cut(disk: Disk, broker: SqliteBroker, tmp_path: Path) -> None:
    """At any moment under publishing, a cut leaves all that was answered, at the positions that were answered."""
    answered: dict[int, str] = {}
    stop = False

    async def publisher() -> None:
        while not stop:
            made = notification(EVERYBODY, message="x" * 500)
            answered[(await appended(broker, made)).position.seq] = made.id

    publishers = [asyncio.create_task(publisher()) for _ in range(PUBLISHERS)]
    try:
        for seed in range(ROUNDS):
            reached = len(answered)
            while len(answered) < reached + 5 + 7 * (seed % 3):
                await asyncio.wait(publishers, timeout=0.001)
            before = dict(answered)
            left = await stored_after_cut(disk, tmp_path / f"cut {seed}", seed)
            assert {seq: left[seq - 1] for seq in before} == before
    finally:
        stop = True
        await asyncio.gather(*publishers)
    assert sorted(answered) == list(range(1, len(answered) + 1))


async def test_marks_sights_and_revocations_survive_a_power_cut(
    disk: Disk, broker: SqliteBroker, tmp_path: Path
) -> None:
    """What a user changed, who was seen first when, and whose tokens no longer hold is there after a cut."""
    view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
    await asyncio.gather(*(appended(broker, notification(EVERYBODY)) for _ in range(3)))
    first = (await broker.page(view)).items[2].entry.id
    counts = (await broker.mark(view, "read", [first])).counts
    await broker.revoke("bea", 1000.0)
    secret = broker.secret("pid")
    await asyncio.to_thread((tmp_path / "cut").mkdir)
    await asyncio.to_thread(disk.cut, tmp_path / "log", tmp_path / "cut", 1)
    again = SqliteBroker(tmp_path / "cut")
    await again.start(Ear())
    try:
        assert await again.view_of("ana") == view
        assert await again.counts(view) == counts
        assert again.revoked_before("bea") == 1000.0
        assert again.secret("pid") == secret
    finally:
        await again.close()


def test_power_cut_loses_what_was_not_synced(disk: Disk, tmp_path: Path) -> None:
    """The simulated disk does lose commits of a program that does not ask for them to be synced."""
    (tmp_path / "cut").mkdir()
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE kept (number)")
        connection.execute("PRAGMA synchronous = NORMAL")
        for number in range(20):
            connection.execute("INSERT INTO kept VALUES (?)", (number,))
        disk.cut(tmp_path, tmp_path / "cut", 1)
    with closing(sqlite3.connect(tmp_path / "cut" / FILE_NAME)) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone()[0] < 20
