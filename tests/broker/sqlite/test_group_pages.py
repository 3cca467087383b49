"""Marks of a large group in the embedded log leave publishers their turns, and an older log's groups are counted."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

from sio_server.broker import MARKED_AT_ONCE
from sio_server.broker.sqlite import SqliteBroker
from sio_server.broker.sqlite.migrations import MIGRATIONS
from tests.broker.contract.groups import ANA, ROOMS, grouped
from tests.support.brokers import Ear, appended, appended_at_once
from tests.support.inbox_model import Clock, notification


async def test_publishers_have_their_turns(tmp_path: Path) -> None:
    """What is published while a large group is marked is in the log before the whole of it is."""
    broker, ear = SqliteBroker(tmp_path, now=Clock()), Ear()
    await broker.start(ear)
    try:
        view = await broker.sight("ana", ROOMS)
        await appended_at_once(broker, [grouped("a") for _ in range(3 * MARKED_AT_ONCE)])
        marking = asyncio.create_task(broker.mark_group(view, "read", "a"))
        published = 0
        while len(ear.signals) < 3:
            await appended(broker, notification(ANA))
            published += len(ear.signals) in (1, 2)
        assert (len((await marking).ids), published > 0) == (3 * MARKED_AT_ONCE, True)
    finally:
        await broker.close()


def test_groups_of_an_older_log() -> None:
    """Groups that were kept without what they are counted by have it afterwards, as the rooms of their entries do."""
    number = next(number for number, step in enumerate(MIGRATIONS) if "grouped_before" in step)
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as log:
        for step in MIGRATIONS[:number]:
            log.executescript(step)
        for room, seq, expires_at, shared in (("all", 1, None, 0), ("user:ana", 2, 90, 1), ("role:a", 2, 90, 1)):
            log.execute("INSERT INTO notification_room VALUES (?, ?, ?, ?, 1, 1)", (room, seq, expires_at, shared))
            log.execute("INSERT INTO grouped VALUES (?, 'a', ?)", (room, seq))
        log.executescript(MIGRATIONS[number])
        assert log.execute("SELECT * FROM grouped ORDER BY seq, room").fetchall() == [
            ("all", "a", 1, None, 0),
            ("role:a", "a", 2, 90, 1),
            ("user:ana", "a", 2, 90, 1),
        ]
