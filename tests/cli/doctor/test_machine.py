"""What is seen on the server's own machine: limits, directory, disk, keys, log."""

from __future__ import annotations

import os
import resource
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from sio_server.broker.sqlite import FILE_NAME
from sio_server.broker.sqlite.schema import SCHEMA_VERSION, migrate
from sio_server.cli.doctor import machine
from sio_server.cli.doctor.findings import Level
from sio_server.cli.doctor.machine import examine_machine
from sio_server.cli.surroundings import LITTLE_SPACE
from tests.support.examined import Findings
from tests.support.keys import add


def examined_here(directory: Path) -> Findings:
    """What is found on this machine."""
    return Findings(list(examine_machine(directory)))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Make a data directory with a log in it that has some pages, and a key."""
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as connection:
        migrate(connection, FILE_NAME)
        connection.execute("CREATE TABLE pages (words TEXT)")
        connection.executemany("INSERT INTO pages VALUES (?)", [("word " * 200,)] * 500)
        connection.commit()
    add(tmp_path, "reservas")
    return tmp_path


def sql(directory: Path, statement: str) -> None:
    """Change a log as no server would."""
    with closing(sqlite3.connect(directory / FILE_NAME)) as connection:
        connection.execute(statement)
        connection.commit()


def test_machine_that_is_all_right(data: Path) -> None:
    """A directory, a log, keys and a disk without a fault are told as such."""
    found = examined_here(data)
    assert (found.faults, found.warnings) == ([], [])
    assert found.of("log").text == "the log can be read whole"
    assert found.of("keys-file").text == "1 stored publisher keys"


def test_directory_that_is_not_there(tmp_path: Path) -> None:
    """A directory that is not there, and a file in its place, are told, and nothing further is looked at."""
    found = examined_here(tmp_path / "data")
    found.assert_only("directory", "there is no such directory", "--data-dir")
    (tmp_path / "data").write_text("")
    examined_here(tmp_path / "data").assert_only("directory", "is no directory", "name another")


def test_directory_without_a_log(tmp_path: Path) -> None:
    """A directory in which nothing was served yet is no fault."""
    assert examined_here(tmp_path).of("log").level is Level.SKIPPED


def test_directory_of_somebody_else(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that this user may not write to is told with its owner."""
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may everything
    examined_here(data).assert_only("directory", "cannot be written to", f"uid {data.stat().st_uid}")


def test_disk_that_is_all_but_full(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Little space is a warning."""
    used = shutil.disk_usage(data)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: used._replace(free=LITTLE_SPACE - 1))
    examined_here(data).assert_only("disk", "1023 MiB", "SIO_SERVER_RETENTION_DAYS", level=Level.WARNING)


def test_limit_of_files_that_is_low(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A low limit of open files is a warning with where to raise it."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    found = examined_here(data)
    found.assert_only("files", "1024 files open", "LimitNOFILE", level=Level.WARNING)


def test_log_that_is_damaged(data: Path) -> None:
    """A log whose pages were overwritten is told as damaged."""
    path = data / FILE_NAME
    content = bytearray(path.read_bytes())
    content[-40 * 4096 : -20 * 4096] = os.urandom(20 * 4096)
    path.write_bytes(content)
    found = examined_here(data)
    assert found.faults == ["log"]
    assert "restore a backup" in found.of("log").mend


@pytest.mark.parametrize(
    ("content", "text"), [(b"no database " * 500, "not a database"), (None, "another program")], ids=["text", "other"]
)
def test_file_that_is_no_log(tmp_path: Path, content: bytes | None, text: str) -> None:
    """A file of another kind, and a database of another program, are told."""
    if content is None:
        sql(tmp_path, "CREATE TABLE theirs (x)")
    else:
        (tmp_path / FILE_NAME).write_bytes(content)
    found = examined_here(tmp_path)
    assert len(found.faults) == 1
    assert any(text in finding.text + finding.mend for finding in found.all)


def test_log_of_another_version(data: Path) -> None:
    """A log of an older schema is a warning before it is changed, one of a newer server a fault."""
    sql(data, f"PRAGMA user_version = {SCHEMA_VERSION - 1}")
    found = examined_here(data)
    found.assert_only("schema", f"the next start makes it {SCHEMA_VERSION}", "backup", level=Level.WARNING)
    sql(data, f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    found = examined_here(data)
    assert found.faults == ["schema"]
    assert f"schema version {SCHEMA_VERSION + 1}" in found.of("schema").text
    assert "install the newer sio-server" in found.of("schema").mend


def test_log_that_takes_too_long(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log that cannot be looked through in time is told as not looked at."""
    monkeypatch.setattr(machine, "_LOOKING", -1.0)
    monkeypatch.setattr(machine, "_STEPS", 1)
    found = examined_here(data)
    assert found.of("log").level is Level.SKIPPED
    assert found.faults == []


def test_keys_that_others_may_read(data: Path) -> None:
    """A file of keys that others may read is told with the command that mends it; one that is no JSON, too."""
    (data / "keys.json").chmod(0o644)
    examined_here(data).assert_only("keys-file", "others than its owner", "chmod 600")
    (data / "keys.json").chmod(0o600)
    (data / "keys.json").write_text("{")
    examined_here(data).assert_only("keys-file", "keys.json", "make the keys anew")


def test_key_that_is_over(data: Path) -> None:
    """A key that has run out is a warning by its name."""
    add(data, "viejo", expires_at=1.0)
    examined_here(data).assert_only("keys-file", "viejo", "sio-server keys list", level=Level.WARNING)


def test_log_in_a_database_is_not_looked_for_here(data: Path) -> None:
    """Where the log is in a database, limits and keys are looked at, and what asks the database is named."""
    found = list(examine_machine(data, "postgresql://h/d"))
    assert [one.check for one in found] == ["files", "log", "keys-file"]
    assert "postgresql://h/d" in found[1].text
    assert [one.check for one in examine_machine(data / "none", "postgresql://h/d")] == ["files", "log"]
