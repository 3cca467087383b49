"""Logs of older versions become today's; those of newer versions and of other programs are left alone."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sio_server.broker.sqlite import FILE_NAME, SqliteBroker, schema
from sio_server.broker.sqlite.migrations import MIGRATIONS
from sio_server.errors import LogDamaged, LogTooNew
from sio_server.notification import Position
from tests.support.brokers import Ear, appended, entries_of, notification

# A log as version 1 wrote it, with two notifications. It stays as it is for ever: files like it are out there.
VERSION_1 = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE notification (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, type TEXT NOT NULL, timestamp INTEGER NOT NULL,
    expires_at INTEGER, audience TEXT NOT NULL, source TEXT, body BLOB NOT NULL
);
CREATE TABLE notification_room (room TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (room, seq)) WITHOUT ROWID;
CREATE TABLE idempotency (
    publisher TEXT NOT NULL, key TEXT NOT NULL, fingerprint BLOB NOT NULL, id TEXT NOT NULL, seq INTEGER NOT NULL,
    expires_at INTEGER NOT NULL, PRIMARY KEY (publisher, key)
) WITHOUT ROWID;
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
INSERT INTO meta VALUES ('epoch', '00aa11bb22cc');
INSERT INTO notification VALUES
    (1, '019abc00-0000-7000-8000-000000000001', 'test', 1763950000000, 1763953600000,
     '{"roles":[],"users":[],"topics":[],"all":true,"except":{"users":[]}}', NULL,
     CAST('"type":"test","title":null,"message":"uno","data":{},"timestamp":"2025-11-24T02:06:40.000Z",'
       || '"priority":"low","link":null,"actor":null,"expires_at":"2025-11-24T03:06:40.000Z"' AS BLOB)),
    (2, '019abc00-0000-7000-8000-000000000002', 'reserva_creada', 1763950001000, NULL,
     '{"roles":["admin"],"users":["7"],"topics":[],"all":false,"except":{"users":["9"]}}', 'reservas',
     CAST('"type":"reserva_creada","title":null,"message":"dos","data":{"usuario_id":7},'
       || '"timestamp":"2025-11-24T02:06:41.000Z","priority":"high","link":null,"actor":null,"expires_at":null'
       AS BLOB));
INSERT INTO notification_room VALUES ('all', 1), ('role:admin', 2), ('user:7', 2);
INSERT INTO idempotency VALUES
    ('p', 'k', CAST('uno' AS BLOB), '019abc00-0000-7000-8000-000000000001', 1, 9000000000000);
PRAGMA application_id = 1936289651;
PRAGMA user_version = 1;
"""


def write(path: Path, script: str) -> None:
    """Make a database of a script."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(script)


def tables(connection: sqlite3.Connection) -> list[tuple[str, str, str]]:
    """Every column of every table, and every index: what the schema amounts to."""
    return connection.execute(
        "SELECT m.name, coalesce(c.name, ''), coalesce(c.type, '') FROM sqlite_master AS m "
        "LEFT JOIN pragma_table_info(m.name) AS c ORDER BY 1, 2"
    ).fetchall()


async def test_log_of_version_1_is_read_and_goes_on(tmp_path: Path) -> None:
    """A log that version 1 wrote keeps its epoch, order, notifications and keys, and takes new ones."""
    write(tmp_path / FILE_NAME, VERSION_1)
    broker, ear = SqliteBroker(tmp_path), Ear()
    await broker.start(ear)
    history = await entries_of(broker, ["all", "user:7"], Position("00aa11bb22cc", 0), 10)
    again = await appended(broker, notification("uno", key="k"))
    new = await appended(broker, notification("tres"))
    await broker.close()

    assert [one.position.cursor() for one in history] == ["00aa11bb22cc-1", "00aa11bb22cc-2"]
    assert history[1].envelope()["data"] == {"usuario_id": 7}
    assert history[1].audience.except_users == ("9",)
    assert (again.id, again.duplicate) == ("019abc00-0000-7000-8000-000000000001", True)
    assert new.position == Position("00aa11bb22cc", 3)


@pytest.mark.parametrize("version", range(schema.SCHEMA_VERSION + 1))
def test_every_older_version_becomes_todays(version: int) -> None:
    """From each version the steps lead to the same tables as in a new log, and once there nothing changes."""
    with closing(sqlite3.connect(":memory:")) as fresh, closing(sqlite3.connect(":memory:")) as old:
        schema.migrate(fresh, "fresh")
        for step in MIGRATIONS[:version]:
            old.executescript(step)
        if version:
            old.executescript(f"PRAGMA application_id = {schema.APPLICATION_ID}; PRAGMA user_version = {version}")
        schema.migrate(old, "old")
        changes = old.total_changes
        schema.migrate(old, "old")

        assert tables(old) == tables(fresh)
        assert old.execute("PRAGMA user_version").fetchone() == (schema.SCHEMA_VERSION,)
        assert old.execute("PRAGMA application_id").fetchone() == (schema.APPLICATION_ID,)
        assert old.total_changes == changes


def test_step_that_fails_leaves_the_version_before_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a step that fails half way nothing stays: the log is still one of the version before, with its contents."""
    path = tmp_path / FILE_NAME
    write(path, VERSION_1)
    monkeypatch.setattr(
        schema, "MIGRATIONS", (*MIGRATIONS, "CREATE TABLE new (x); DELETE FROM notification; SELECT nonsense")
    )
    monkeypatch.setattr(schema, "SCHEMA_VERSION", len(MIGRATIONS) + 1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection, pytest.raises(sqlite3.DatabaseError):
        schema.migrate(connection, "log")
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] < len(MIGRATIONS) + 1
        assert connection.execute("SELECT count(*) FROM notification").fetchone() == (2,)
        assert "new" not in [row[0] for row in tables(connection)]


async def refusal(directory: Path) -> Exception:
    """What a broker says that is started on a directory."""
    with pytest.raises((LogDamaged, LogTooNew)) as caught:
        await SqliteBroker(directory).start(Ear())
    return caught.value


async def test_newer_version_is_refused_and_not_altered(tmp_path: Path) -> None:
    """A log of a newer version is refused with both versions and the mend, and stays as it was, byte for byte."""
    path = tmp_path / FILE_NAME
    write(path, VERSION_1 + f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    before = path.read_bytes()
    error = await refusal(tmp_path)

    assert isinstance(error, LogTooNew)
    assert f"version {schema.SCHEMA_VERSION + 1}" in str(error)
    assert f"up to {schema.SCHEMA_VERSION}" in str(error)
    assert "--data-dir" in str(error)
    assert path.read_bytes() == before


@pytest.mark.parametrize("version", [0, 1, 77])
async def test_foreign_database_is_refused_and_not_altered(tmp_path: Path, version: int) -> None:
    """Another program's database is refused as such, whatever its version, and stays as it was, byte for byte."""
    path = tmp_path / FILE_NAME
    write(path, "CREATE TABLE songs (title); INSERT INTO songs VALUES ('x')")
    write(path, f"PRAGMA user_version = {version}")
    before = path.read_bytes()
    error = await refusal(tmp_path)

    assert isinstance(error, LogDamaged)
    assert "another program" in str(error)
    assert path.read_bytes() == before
    assert not path.with_name(f"{FILE_NAME}-wal").exists()
