"""The list of tables that name users is whole, and what stands in each of them goes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import orjson

from sio_server.audience import Audience
from sio_server.broker.persons import NOBODY, SEARCHED, USER_TABLES
from sio_server.broker.sqlite import SqliteBroker
from sio_server.broker.sqlite.persons import ROOM_TABLES
from sio_server.broker.sqlite.schema import migrate
from sio_server.broker.sqlite.store import FILE_NAME
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import Clock, notification

NAME = "zoila-quispe-7f3a"

# The first keeps its row, by another name; rows of the second go with the audience they are of.
RENAMED = {"revocation", "notification_except"}


def test_every_table_that_names_users_is_listed(tmp_path: Path) -> None:
    """Each column of the schema that may hold a user's name is among those that are erased, or said to stay."""
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as log:
        migrate(log, FILE_NAME)
        tables = [name for (name,) in log.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: {row[1] for row in log.execute(f"PRAGMA table_info({name})")} for name in tables}
    assert {name for name in tables if "user" in columns[name]} == {*USER_TABLES, *RENAMED}
    rooms = {name for name in tables if "room" in columns[name] and "user" not in columns[name]}
    assert rooms == {*ROOM_TABLES}
    names = {"audience", "notification", "publisher", "who", "by", "ended_by"}
    found = {name: columns[name] & names for name in tables if columns[name] & names and name != "idempotency"}
    assert found == {
        name: {*others, *([audience] if audience else [])} for name, (_, audience, others) in SEARCHED.items()
    }


async def test_changes_and_what_ended_name_nobody(tmp_path: Path) -> None:
    """Word of changes goes with whom it was for, or loses the name; who ended something is not named either."""
    broker = SqliteBroker(tmp_path, now=Clock())
    await broker.start(Ear())
    await appended(broker, notification(Audience.of(roles=["guia"])))
    await broker.close()
    audiences = [Audience.of(users=[NAME]), Audience.of(users=[NAME, "bea"]), Audience.of(everybody=True)]
    with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as log:
        for seq, audience in enumerate(audiences, start=10):
            log.execute(
                "INSERT INTO amendment (seq, about, kind, type, timestamp, audience, publisher, body) "
                "VALUES (?, ?, 'updated', 'test', 0, ?, ?, x'')",
                (seq, str(seq), orjson.dumps(audience.as_dict()).decode(), f"admin:{NAME}"),
            )
            log.executemany(
                "INSERT INTO amendment_room (room, seq) VALUES (?, ?)", [(room, seq) for room in audience.rooms()]
            )
        log.execute(
            "INSERT INTO schedule_past (id, ending, scheduled_at, by, due, at, ended_by) "
            "VALUES ('1', 'cancelled', 0, ?, 0, 0, ?)",
            (f"admin:{NAME}", f"admin:{NAME}"),
        )
    broker = SqliteBroker(tmp_path, now=Clock())
    await broker.start(Ear())
    assert await broker.erase(NAME) == {"amendments": 1, "audiences": 1}
    await broker.close()
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as log:
        assert NAME not in "\n".join(log.iterdump())
        rooms = log.execute("SELECT seq, room FROM amendment_room ORDER BY seq").fetchall()
        assert rooms == [(11, "user:bea"), (12, "all")]
        assert log.execute("SELECT by, ended_by FROM schedule_past").fetchall() == [(NOBODY, NOBODY)]
