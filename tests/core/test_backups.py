"""Backups: whatever has the name of one is whole, and what is not whole is found."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import orjson
import pytest

from sio_server.broker.opening import open_copies
from sio_server.broker.sqlite import FILE_NAME
from sio_server.core.backups import MANIFEST, Backup, BackupDamaged, BackupError, check_backup, make_backup
from sio_server.errors import Error, LogError
from tests.support import keys
from tests.support.commands import line_of, script
from tests.support.disks import full_disk
from tests.support.logs import seqs_in, write_log


def silent(_: int, __: int) -> None:
    """Hear how far a copy is, and say nothing."""


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data directory with three notifications and a key."""
    directory = tmp_path / "data"
    write_log(directory)
    keys.add(directory)
    return directory


def backup(data: Path, target: Path, *, force: bool = False) -> Backup:
    """Make a backup."""
    return make_backup(data, open_copies(data), target, force=force, told=silent)


def test_backup_holds_what_belongs_to_the_directory_and_no_more(data: Path, tmp_path: Path) -> None:
    """Log, note and keys are in it, for their owner alone; locks and what else lies around are not."""
    (data / "notes of the operator").write_text("x")
    made = backup(data, tmp_path / "backup")
    assert sorted(path.name for path in made.path.iterdir()) == sorted([FILE_NAME, "head", "keys.json", MANIFEST])
    assert made.path.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in made.path.iterdir()} == {0o600}
    assert (made.log.head, made.log.notifications) == (3, 3)
    assert seqs_in(made.path) == [1, 2, 3]
    assert check_backup(made.path, open_copies(data)) == made
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "data"]


def test_backup_is_replaced_on_demand_alone(data: Path, tmp_path: Path) -> None:
    """A backup that is there stays as it is without --force, and with it until the new one is whole."""
    backup(data, tmp_path / "backup")
    write_log(data, 2)
    with pytest.raises(BackupError, match="--force"):
        backup(data, tmp_path / "backup")
    (data / FILE_NAME).rename(tmp_path / "kept")
    with pytest.raises(LogError, match="no log here"):
        backup(data, tmp_path / "backup", force=True)
    assert check_backup(tmp_path / "backup", open_copies(data)).log.head == 3
    (tmp_path / "kept").rename(data / FILE_NAME)
    assert backup(data, tmp_path / "backup", force=True).log.head == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["backup", "data"]


def test_what_is_no_backup_is_never_touched(data: Path, tmp_path: Path) -> None:
    """A file, a directory with other things, the data directory itself and a link stay, with --force too."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "photo").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "home", target_is_directory=True)
    for name in ("file", "home", "link", "data"):
        with pytest.raises(BackupError, match="give another path"):
            backup(data, tmp_path / name, force=True)
    assert (tmp_path / "home" / "photo").read_text() == (tmp_path / "file").read_text() == "x"
    (tmp_path / "empty").mkdir()
    assert backup(data, tmp_path / "empty").path.stat().st_mode & 0o777 == 0o700
    assert backup(data, tmp_path / "new" / "deep").log.head == 3


def _cut(path: Path) -> None:
    (path / FILE_NAME).write_bytes((path / FILE_NAME).read_bytes()[:-4096])


def _change_a_bit(path: Path) -> None:
    content = bytearray((path / FILE_NAME).read_bytes())
    content[-100] ^= 1
    (path / FILE_NAME).write_bytes(content)


def _directory_in_place_of_a_file(path: Path) -> None:
    (path / "head").unlink()
    (path / "head").mkdir()


def _in_manifest(**changes: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        document = orjson.loads((path / MANIFEST).read_bytes())
        (path / MANIFEST).write_bytes(orjson.dumps({**document, **changes}))

    return change


DAMAGES: dict[str, Callable[[Path], object]] = {
    "cut": _cut,
    "changed": _change_a_bit,
    "log missing": lambda path: (path / FILE_NAME).unlink(),
    "keys missing": lambda path: (path / "keys.json").unlink(),
    "keys changed": lambda path: (path / "keys.json").write_text("{}"),
    "no manifest": lambda path: (path / MANIFEST).unlink(),
    "manifest cut": lambda path: (path / MANIFEST).write_text("{"),
    "manifest of another form": _in_manifest(format=2),
    "manifest of nothing": _in_manifest(files={}),
    "manifest without numbers": _in_manifest(log=None),
    "other numbers": _in_manifest(log={"schema": 7, "head": 4, "notifications": 3}),
    "file elsewhere": _in_manifest(files={"../data/keys.json": {"bytes": 1, "sha256": "x"}}),
    "directory in place of a file": _directory_in_place_of_a_file,
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damage_is_found(data: Path, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    """A backup that is not as it was written is told as such, whatever became of it."""
    path = backup(data, tmp_path / "backup").path
    damage(path)
    with pytest.raises(BackupDamaged, match="backup"):
        check_backup(path, open_copies(data))


def test_full_disk_leaves_nothing(data: Path, tmp_path: Path) -> None:
    """Where the disk takes no more, that is said, and neither a backup nor a part of one is left."""
    write_log(data, 200, message="x" * 2000)
    with full_disk(100_000), pytest.raises(Error, match="cannot be written"):
        backup(data, tmp_path / "backup")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


def test_disk_without_room_is_told_before(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with too little left is told of before anything is written."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(BackupError, match="the copy takes"):
        backup(data, tmp_path / "backup")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data"]


KILLED = """
import signal
import sys
from pathlib import Path
from sio_server.broker.opening import open_copies
from sio_server.core.backups import make_backup

def told(done, total):
    print("copying", flush=True)
    signal.pause()

data, target = map(Path, sys.argv[1:])
make_backup(data, open_copies(data), target, force=True, told=told)
"""


async def test_killed_backup_leaves_nothing_that_looks_whole(data: Path, tmp_path: Path) -> None:
    """After kill -9 half-way the path is as before, a second one is refused until then, and the next one clears up."""
    target = tmp_path / "backup"
    await asyncio.to_thread(backup, data, target)
    before = (target / MANIFEST).read_bytes()
    await asyncio.to_thread(_more, data)
    async with script(KILLED, str(data), str(target)) as process:
        assert await line_of(process) == "copying"
        with pytest.raises(BackupError, match="another backup to this path"):
            await asyncio.to_thread(backup, data, target, force=True)
        process.send_signal(signal.SIGKILL)
        await process.wait()
    assert (target / MANIFEST).read_bytes() == before
    left = tmp_path / "backup.partial"
    assert left.is_dir()
    with pytest.raises(BackupDamaged, match="is no backup"):
        await asyncio.to_thread(check_backup, left, open_copies(data))
    again = await asyncio.to_thread(backup, data, target, force=True)
    assert again.log.head == 4
    assert not await asyncio.to_thread(left.exists)


def _more(data: Path) -> None:
    write_log(data, 1)


def test_manifest_tells_no_secret(data: Path, tmp_path: Path) -> None:
    """The file that says what is in a backup may be shown to anybody."""
    document = json.loads((backup(data, tmp_path / "backup").path / MANIFEST).read_text())
    assert set(document) == {"format", "made_at", "program", "log", "files"}
    assert set(document["log"]) == {"schema", "head", "notifications"}
