"""A backup is put back as one, what was there is kept, and no power cut on the way makes a log that lies."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sio_server.auth import KeyFile
from sio_server.broker.opening import open_copies
from sio_server.broker.sqlite import FILE_NAME
from sio_server.broker.sqlite.schema import SCHEMA_VERSION
from sio_server.core.backups import BackupDamaged, BackupError, make_backup
from sio_server.core.restoring import Restored, restore_backup
from sio_server.errors import LogInUse, LogTooNew
from tests.support import keys
from tests.support.logs import seqs_in, write_log


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with three notifications and a key, of which there is a backup, and two more since."""
    directory = tmp_path / "data"
    write_log(directory)
    keys.add(directory, "before")
    make_backup(directory, open_copies(directory), tmp_path / "backup", force=False, told=lambda _, __: None)
    write_log(directory, 2)
    keys.revoke(directory, "before")
    keys.add(directory, "since")
    return directory


def restore(data: Path, *, keep_keys: bool = False, backup: Path | None = None) -> Restored:
    """Put the backup back."""
    return restore_backup(backup or data.parent / "backup", data, open_copies(data), keep_keys=keep_keys)


def named(directory: Path) -> list[str]:
    """The names of the keys of a directory."""
    return [key.name for key in KeyFile(directory).read()]


def test_all_is_as_it_was(data: Path) -> None:
    """Log and keys are those of the backup; the log is another one from then on, and goes on where the copy ended."""
    epoch = write_log(data, 0)
    done = restore(data)
    assert (seqs_in(data), named(data)) == ([1, 2, 3], ["before"])
    assert (done.newer, done.backup.log.head, done.keys) == (2, 3, True)
    assert not restore(data).keys
    renewed = write_log(data, 1)
    assert renewed != epoch
    assert write_log(data, 1) == renewed
    assert seqs_in(data) == [1, 2, 3, 4, 5]


def test_what_was_there_is_kept(data: Path) -> None:
    """It is whole, in a directory of its own for each time, and can itself be put back."""
    first, second = restore(data).aside, restore(data).aside
    assert first is not None
    assert second is not None
    assert first.parent == second.parent == data
    assert first != second
    assert (seqs_in(first), named(first)) == ([1, 2, 3, 4, 5], ["since"])
    assert seqs_in(second) == [1, 2, 3]
    assert first.stat().st_mode & 0o777 == 0o700


def test_keys_can_stay(data: Path) -> None:
    """A key that was revoked since the backup stays so on demand."""
    restore(data, keep_keys=True)
    assert (seqs_in(data), named(data)) == ([1, 2, 3], ["since"])


def test_keys_that_the_backup_has_none_of_go(data: Path, tmp_path: Path) -> None:
    """A backup without keys is put back without keys."""
    write_log(tmp_path / "bare", 1)
    make_backup(tmp_path / "bare", open_copies(tmp_path / "bare"), tmp_path / "b", force=False, told=lambda _, __: None)
    restore(data, backup=tmp_path / "b")
    assert (seqs_in(data), named(data)) == ([1], [])


def test_new_directory_is_made(data: Path, tmp_path: Path) -> None:
    """On a new machine there is nothing to keep, and the directory is for its owner alone."""
    new = tmp_path / "deep" / "new"
    done = restore_backup(tmp_path / "backup", new, open_copies(new), keep_keys=False)
    assert (done.aside, done.newer) == (None, 0)
    assert (seqs_in(new), named(new)) == ([1, 2, 3], ["before"])
    assert new.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in new.iterdir()} == {0o600}
    assert write_log(new, 0) != write_log(data, 0)


def test_nothing_is_changed_where_it_is_refused(data: Path, tmp_path: Path) -> None:
    """A directory in use, a damaged backup, one of a newer version and the directory itself change nothing."""
    before = {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()}
    with open_copies(data).held(), pytest.raises(LogInUse, match="stop it"):
        restore(data)
    with pytest.raises(BackupError, match="data directory itself"):
        restore(data, backup=data)
    with pytest.raises(BackupDamaged):
        restore(data, backup=tmp_path / "none")
    with closing(sqlite3.connect(tmp_path / "backup" / FILE_NAME)) as copy:
        copy.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(BackupDamaged, match="SHA-256"):
        restore(data)
    assert {path.name: path.read_bytes() for path in data.iterdir() if path.is_file()} == before


def test_backup_of_a_newer_version_is_refused(data: Path, tmp_path: Path) -> None:
    """A version that cannot read a backup says so, and which one can."""
    with closing(sqlite3.connect(data / FILE_NAME)) as log:
        log.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    with pytest.raises(LogTooNew, match="newer"):
        make_backup(data, open_copies(data), tmp_path / "newer", force=False, told=lambda _, __: None)


class PowerCutError(Exception):
    """What a step of the test's own raises in place of doing its work."""


def cut_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> Callable[[], int]:
    """Let so many changes of names go through, and none after them; how many were asked for says what is returned."""
    asked = 0

    def limited(change: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            nonlocal asked
            asked += 1
            if asked > steps:
                raise PowerCutError
            return change(*arguments, **options)

        return call

    monkeypatch.setattr(Path, "unlink", limited(Path.unlink))
    monkeypatch.setattr(Path, "replace", limited(Path.replace))
    monkeypatch.setattr("sio_server.core.restoring.os.link", limited(__import__("os").link))
    return lambda: asked


@pytest.mark.parametrize("steps", range(16))
def test_power_cut_at_each_step_leaves_one_log_or_the_other(
    data: Path, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    """Whenever it ends, the log is the old or the new one, a cursor is taken by the old one alone, and again works."""
    epoch = write_log(data, 0)
    with monkeypatch.context() as context:
        asked = cut_after(context, steps)
        try:
            restore(data)
        except PowerCutError:
            assert asked() == steps + 1
        else:
            assert steps >= asked()
    found = seqs_in(data)
    assert found in ([1, 2, 3], [1, 2, 3, 4, 5])
    if found == [1, 2, 3]:
        assert write_log(data, 0) != epoch
    restore(data)
    assert (seqs_in(data), named(data)) == ([1, 2, 3], ["before"])
    assert write_log(data, 0) != epoch
