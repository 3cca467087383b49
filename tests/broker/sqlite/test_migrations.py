"""A log that an older version wrote opens, keeps all it had, and works as a new one."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import View
from sio_server.broker.sqlite import FILE_NAME, SqliteBroker, removal
from sio_server.broker.sqlite.migrations import MIGRATIONS
from sio_server.broker.sqlite.reader import read_log
from sio_server.broker.sqlite.schema import APPLICATION_ID, SCHEMA_VERSION, migrate
from sio_server.errors import LogTooNew
from sio_server.notification import Notification, Position
from tests.support.brokers import Ear, appended, entries_of
from tests.support.inbox_model import Clock, notification

# The tables of version 1 as they were released. Not read from the program: that is what this test is there to watch.
VERSION_1 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE notification (
    seq        INTEGER PRIMARY KEY,
    id         TEXT NOT NULL UNIQUE,
    type       TEXT NOT NULL,
    timestamp  INTEGER NOT NULL,
    expires_at INTEGER,
    audience   TEXT NOT NULL,
    source     TEXT,
    body       BLOB NOT NULL
);
CREATE TABLE notification_room (
    room TEXT NOT NULL,
    seq  INTEGER NOT NULL,
    PRIMARY KEY (room, seq)
) WITHOUT ROWID;
CREATE TABLE idempotency (
    publisher   TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint BLOB NOT NULL,
    id          TEXT NOT NULL,
    seq         INTEGER NOT NULL,
    expires_at  INTEGER NOT NULL,
    PRIMARY KEY (publisher, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
"""
EPOCH = "0123456789ab"

CLOCK = Clock()
OLD = [
    notification(Audience.of(everybody=True)),
    notification(Audience.of(roles=["admin", "guia"], users=["ana"], except_users=["bea", "cid"])),
    notification(Audience.of(roles=["admin"]), ttl=100),
    notification(Audience.of(roles=["admin"]), ttl=10),
    notification(Audience.of(users=["ana"], except_users=["ana"])),
    notification(Audience.of(roles=["admin"]), key="k"),
]


def write_version_1(path: Path, notifications: list[Notification]) -> None:
    """Write a log as version 1 did."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executescript(VERSION_1)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        connection.execute("INSERT INTO meta VALUES ('epoch', ?)", (EPOCH,))
        for seq, made in enumerate(notifications, start=1):
            audience = json.dumps(made.audience.as_dict())
            connection.execute(
                "INSERT INTO notification VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (seq, made.id, made.type, made.timestamp, made.expires_at, audience, made.source, made.body),
            )
            connection.executemany(
                "INSERT INTO notification_room VALUES (?, ?)", [(room, seq) for room in made.audience.rooms()]
            )
            if (key := made.idempotency) is not None:
                connection.execute(
                    "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?, ?)",
                    (key.publisher, key.key, key.fingerprint, made.id, seq, made.timestamp + 3_600_000),
                )


def schema(connection: sqlite3.Connection) -> set[tuple[str, ...]]:
    """Return what a database is made of, white space aside."""
    return {
        (kind, name, " ".join((sql or "").replace('"', "").split()))
        for kind, name, sql in connection.execute("SELECT type, name, sql FROM sqlite_master")
    }


async def test_log_of_version_1_works(tmp_path: Path) -> None:
    """A log of version 1 keeps its epoch, order, texts and keys, and has inboxes, counters and receipts from now on."""
    write_version_1(tmp_path / FILE_NAME, OLD)
    clock = Clock(CLOCK.seconds + 50)
    broker = SqliteBroker(tmp_path, now=clock)
    await broker.start(Ear())
    try:
        assert broker.head() == Position(EPOCH, 6)
        found = await entries_of(broker, ["all", "role:admin", "user:ana"], Position(EPOCH, 0), 100)
        assert [(one.id, one.body, one.audience) for one in found] == [
            (made.id, made.body, made.audience) for made in OLD
        ]
        assert (await appended(broker, notification(Audience.of(roles=["admin"]), key="k"))).id == OLD[5].id

        view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        assert [item.entry.id for item in (await broker.page(view)).items] == [OLD[1].id]
        new = notification(Audience.of(roles=["admin", "guia"], users=["ana"]))
        await appended(broker, new)
        assert (await broker.counts(view)).unread == 2
        found_receipt = await broker.receipt(new.id)
        assert found_receipt is not None
        assert [user.user for user in found_receipt.users] == ["ana"]
    finally:
        await broker.close()


async def test_old_entries_count_as_new_ones(tmp_path: Path) -> None:
    """Counters over entries of version 1 equal the pages: running numbers, expiry and exceptions were worked out."""

    def prepare() -> None:
        write_version_1(tmp_path / FILE_NAME, OLD)
        with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as connection:
            migrate(connection, FILE_NAME)
            for user in ("ana", "bea", "dan"):
                connection.executemany(
                    "INSERT INTO sight (user, room, since) VALUES (?, ?, 0)",
                    [(user, room) for room in ("all", "role:admin", "role:guia")],
                )

    await asyncio.to_thread(prepare)
    broker = SqliteBroker(tmp_path, now=Clock(CLOCK.seconds + 50))
    await broker.start(Ear())
    try:
        for user, expected in (("ana", [6, 3, 2, 1]), ("bea", [6, 3, 1]), ("dan", [6, 3, 2, 1])):
            view = await broker.view_of(user)
            page = await broker.page(view)
            assert [item.entry.position.seq for item in page.items] == expected
            assert (await broker.counts(view)).unread == len(expected)
    finally:
        await broker.close()


def test_migrated_log_has_the_tables_of_a_new_one(tmp_path: Path) -> None:
    """A log brought up from version 1 is made of the same tables and indexes as one made today."""
    write_version_1(tmp_path / "old.db", OLD)
    schemas = []
    for name in ("old.db", "new.db"):
        with closing(sqlite3.connect(tmp_path / name, isolation_level=None)) as connection:
            migrate(connection, name)
            assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            schemas.append({(kind, name) for kind, name, _ in schema(connection)})
    assert schemas[0] == schemas[1]


def test_interrupted_migration_leaves_the_old_log(tmp_path: Path) -> None:
    """A migration that fails half-way leaves version 1 as it was, to be tried again."""
    path = tmp_path / FILE_NAME
    write_version_1(path, OLD)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        before = schema(connection)
        connection.execute("CREATE TABLE delivery (in_the_way)")
        with pytest.raises(sqlite3.OperationalError):
            migrate(connection, path.name)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DROP TABLE delivery")
        assert schema(connection) == before
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        migrate(connection, path.name)
        assert connection.execute("SELECT count(*) FROM notification_room").fetchone() == (8,)


async def test_users_of_version_2_count_as_seen_today(tmp_path: Path) -> None:
    """Whoever was known before visits were noted is not forgotten for want of one, and is in the end."""
    day, age = 24 * 3600.0, 30 * 24 * 3600.0

    def prepare() -> None:
        with closing(sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)) as connection:
            for step in MIGRATIONS[:2]:
                connection.executescript(step)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("PRAGMA user_version = 2")
            connection.execute("INSERT INTO sight VALUES ('ana', 'all', 0)")
            connection.execute("INSERT INTO inbox VALUES ('bea', 0, 0, 0)")

    await asyncio.to_thread(prepare)
    clock = Clock(time.time())
    broker = SqliteBroker(tmp_path, now=clock)
    await broker.start(Ear())
    try:
        clock.seconds += age
        assert await broker.forget(max_age=age) == 0
        clock.seconds += 2 * day
        assert await broker.forget(max_age=age) == 2
    finally:
        await broker.close()


PRIORITIES = ("normal", "high", "critical", "low", "normal", "high")


def write_version_4(path: Path, notifications: list[Notification]) -> None:
    """Write a log as version 4, the released one, did: with a user who reads, sees and has a role no longer."""
    write_version_1(path, notifications)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for step in MIGRATIONS[1:4]:
            connection.executescript(step)
        connection.executescript(
            """
            PRAGMA user_version = 4;
            INSERT INTO meta VALUES ('floor', '0');
            INSERT INTO sight VALUES ('ana', 'all', 0), ('ana', 'role:admin', 1), ('bea', 'role:admin', 3);
            INSERT INTO inbox VALUES ('ana', 3, 2, 0);
            INSERT INTO inbox_state VALUES ('ana', 5, 1, 1, 0);
            INSERT INTO delivery VALUES ('ana', 0, 0, 4), ('ana', 1, 0, 2);
            INSERT INTO revocation VALUES ('cid', 5.0, 9e9);
            """
        )
        connection.executemany(
            "INSERT INTO visit VALUES (?, ?)", [(user, int(CLOCK.seconds * 1000)) for user in ("ana", "bea")]
        )


async def test_log_of_version_4_works(tmp_path: Path) -> None:
    """A log of the released version keeps all it had, is searched by priority, and forgets and counts as a new one."""
    old = [
        notification(
            Audience.of(roles=["admin", "guia"]), priority=one, data={"priority": "low", "x": '"priority":"high"'}
        )
        for one in PRIORITIES
    ]
    await asyncio.to_thread(write_version_4, tmp_path / FILE_NAME, old)
    clock = Clock()
    broker = SqliteBroker(tmp_path, now=clock)
    await broker.start(Ear())
    try:
        found = [stored.entry for stored in (await broker.search(after=0)).items]
        assert [(one.seq, one.kind, one.event, one.id, one.body) for one in found] == [
            (seq, "notification", "test", made.id, made.body) for seq, made in enumerate(old, start=1)
        ]
        for priority in ("low", "normal", "high", "critical"):
            page = await broker.search(priority=priority)
            assert [one.entry.seq for one in page.items] == [
                seq for seq in range(6, 0, -1) if PRIORITIES[seq - 1] == priority
            ]
        view = await broker.view_of("ana")
        assert dict(view.seen_from) == {"all": 0, "role:admin": 1, "user:ana": 0}
        counts = await broker.counts(view)
        assert (counts.unread, counts.unseen, counts.at_seq) == (3, 2, 6)
        receipt = await broker.receipt(old[1].id)
        assert receipt is not None
        assert (receipt.targeted, receipt.sent, receipt.acknowledged, receipt.read) == (1, 1, 1, 1)
        assert broker.revoked_before("cid") == 5.0

        assert dict((await broker.sight("ana", ["all"])).seen_from) == {"all": 0, "user:ana": 0}
        clock.seconds += 25 * 3600
        assert await broker.sight("bea", ["role:admin"]) == View("bea", {"role:admin": 3, "user:bea": 0})
        assert dict((await broker.view_of("ana")).seen_from) == {"all": 0, "user:ana": 0}
        await appended(broker, notification(Audience.of(roles=["admin"]), priority="critical"))
        assert [one.entry.seq for one in (await broker.search(priority="critical")).items] == [7, 3]
        bea = await broker.view_of("bea")
        assert (await broker.counts(bea)).unread == 4
        assert await broker._writer.change(lambda step: removal.remove(step, 5))
        assert (await broker.counts(bea)).unread == 3
        assert await broker.retain(max_count=2) == 4
        assert (await broker.counts(bea)).unread == 2
    finally:
        await broker.close()


def write_version_6(path: Path, notifications: list[Notification]) -> None:
    """Write a log as version 6 did, whose entries do not say who published them."""
    write_version_4(path, notifications)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for step in MIGRATIONS[4:6]:
            connection.executescript(step)
        connection.execute("PRAGMA user_version = 6")


async def test_log_of_version_6_says_who_published_from_now_on(tmp_path: Path) -> None:
    """Entries of version 6 have no publisher, and new ones have theirs, in pages, by id, by position and on disk."""
    await asyncio.to_thread(write_version_6, tmp_path / FILE_NAME, OLD[:2])
    broker, ear = SqliteBroker(tmp_path, now=Clock()), Ear()
    await broker.start(ear)
    try:
        made = notification(Audience.of(everybody=True), publisher="key:reservas")
        await appended(broker, made)
        assert [one.entry.publisher for one in (await broker.search(after=0)).items] == [None, None, "key:reservas"]
        found = await broker.find(made.id)
        assert found is not None
        assert found.entry.publisher == "key:reservas"
        stretch = await entries_of(broker, ["all"], Position(broker.head().epoch, 0), 100)
        assert [one.publisher for one in stretch] == [None, "key:reservas"]
    finally:
        await broker.close()
    on_disk = await asyncio.to_thread(lambda: list(read_log(tmp_path)))
    assert [one.publisher for one in on_disk] == [None, None, "key:reservas"]


@pytest.mark.parametrize("write", [write_version_1, write_version_4, write_version_6])
def test_log_of_an_older_version_is_read_as_it_is(
    write: Callable[[Path, list[Notification]], None], tmp_path: Path
) -> None:
    """A command that reads the log reads one of an older version, too, and leaves it as it is."""
    write(tmp_path / FILE_NAME, OLD)
    before = (tmp_path / FILE_NAME).read_bytes()
    found = list(read_log(tmp_path))
    assert [(one.seq, one.kind, one.id, one.body) for one in found] == [
        (seq, "notification", made.id, made.body) for seq, made in enumerate(OLD, start=1)
    ]
    assert (tmp_path / FILE_NAME).read_bytes() == before


async def test_newer_log_is_refused(tmp_path: Path) -> None:
    """A log of a newer version is not touched."""
    write_version_1(tmp_path / FILE_NAME, [])
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(LogTooNew, match=FILE_NAME):
        await SqliteBroker(tmp_path).start(Ear())
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION + 1,)
