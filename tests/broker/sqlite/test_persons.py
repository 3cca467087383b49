"""The list of tables that name users is whole."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sio_server.broker.sqlite import persons
from sio_server.broker.sqlite.schema import migrate
from sio_server.broker.sqlite.store import FILE_NAME


def test_every_table_that_names_users_is_listed(tmp_path: Path) -> None:
    """Each column of the schema that may hold a user's name is among those that are erased, or said to stay."""
    with sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None) as log:
        migrate(log, FILE_NAME)
        tables = [name for (name,) in log.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        columns = {name: {row[1] for row in log.execute(f"PRAGMA table_info({name})")} for name in tables}
    log.close()
    assert {name for name in tables if "user" in columns[name]} == {*persons.USER_TABLES, *persons.RENAMED}
    names = {"audience", "notification", "publisher", "who", "by", "ended_by"}
    found = {name: columns[name] & names for name in tables if columns[name] & names and name != "idempotency"}
    assert found == {
        name: {*others, *([audience] if audience else [])} for name, (_, audience, others) in persons.SEARCHED.items()
    }
