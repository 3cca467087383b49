"""Backups: a data directory copied as one, checked, and put back as one. Blocking: for commands.

A backup is a directory: the log, its note, the publisher keys, and `MANIFEST`, which says what is in it. That file is
the last that is written, into a directory beside, which is renamed once all of it is on the disk: whatever has the name
of a backup is whole.
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import filelock
import orjson

from sio_server import __version__
from sio_server.auth import KEY_NAMES
from sio_server.broker import CopiedLog, Copies, Told
from sio_server.errors import Error
from sio_server.files import MAX_FILE, read_file, sync_directory, why

MANIFEST: Final = "backup.json"

# The form of `MANIFEST`. A reader of another one must not guess.
_FORMAT: Final = 1

# A copy in the making. Of a process that was killed it is left, and is taken away by the next one.
_PARTIAL: Final = ".partial"

_CHUNK: Final = 1024 * 1024
_MODE: Final = 0o600
_DIRECTORY_MODE: Final = 0o700


class BackupError(Error):
    """A backup that cannot be made, is not whole, or cannot be put back. The text names the path and the mend."""


class BackupDamaged(BackupError):
    """A directory that is no whole backup."""


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup holds, and of which moment it is. ``files`` are its files with their sizes in bytes."""

    path: Path
    made_at: str
    program: str
    log: CopiedLog
    files: dict[str, int]


# -- making -----------------------------------------------------------------------------------------------------------


def make_backup(data: Path, log: Copies, target: Path, *, force: bool, told: Told) -> Backup:
    """Copy a data directory, with its server running or not, into the new directory ``target``, and check the copy.

    With ``force`` a backup that is there is replaced, once the new one is whole. Raises `BackupError` and `LogError`;
    nothing is left then.
    """
    target = target.absolute()
    _ensure_free(target, force=force)
    needed = log.size()
    partial = target.with_name(target.name + _PARTIAL)
    with _alone(partial):
        try:
            _ensure_space(target.parent, needed, target)
            made_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
            copied = log.copy(partial, told)
            names = [*log.files, *_copy_keys(data, partial)]
            _write_manifest(partial, made_at, copied, names)
            _publish(partial, target)
        except OSError as error:
            raise BackupError(f"{target}: cannot be written: {_reason(error)}; nothing is left of it") from error
    return check_backup(target, log, pages=False)


def _ensure_free(target: Path, *, force: bool) -> None:
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir() or target.is_symlink():
        raise BackupError(f"{target}: is there, and is no directory: give another path")
    if not any(target.iterdir()):
        return
    if not (target / MANIFEST).is_file():
        raise BackupError(f"{target}: is there, and is no backup: nothing of it is touched; give another path")
    if not force:
        raise BackupError(f"{target}: there is a backup: give another path, or --force to replace it")


def _ensure_space(parent: Path, needed: int, target: Path) -> None:
    free = shutil.disk_usage(parent).free
    if free < needed:
        raise BackupError(
            f"{target}: the disk has {free // 1024**2} MiB free, and the copy takes {needed // 1024**2 + 1}: free some "
            "space, or give a path on another disk"
        )


@contextmanager
def _alone(partial: Path) -> Iterator[None]:
    """Make the directory of a copy in the making, for one process at a time, and leave nothing of it."""
    lock = filelock.FileLock(partial.with_name(partial.name + ".lock"), timeout=0, mode=_MODE)
    try:
        partial.mkdir(parents=True, exist_ok=True, mode=_DIRECTORY_MODE)
        lock.acquire()
    except filelock.Timeout as error:
        raise BackupError(f"{partial.with_suffix('')}: another backup to this path is under way") from error
    except OSError as error:
        raise BackupError(f"{partial}: cannot be made: {_reason(error)}: give another path") from error
    try:
        for left in partial.iterdir():
            left.unlink()
        yield
    finally:
        shutil.rmtree(partial, ignore_errors=True)
        with suppress(OSError):
            Path(lock.lock_file).unlink()
        lock.release()


def _copy_keys(data: Path, target: Path) -> Iterator[str]:
    for name in KEY_NAMES:
        if (data / name).is_file():
            copy_file(data / name, target / name)
            yield name


def _write_manifest(directory: Path, made_at: str, copied: CopiedLog, names: Sequence[str]) -> None:
    document = {
        "format": _FORMAT,
        "made_at": made_at,
        "program": __version__,
        "log": asdict(copied),
        "files": {
            name: {"bytes": (directory / name).stat().st_size, "sha256": _digest(directory / name)} for name in names
        },
    }
    with os.fdopen(os.open(directory / MANIFEST, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE), "wb") as file:
        file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
        file.flush()
        os.fsync(file.fileno())
    sync_directory(directory)


def _publish(partial: Path, target: Path) -> None:
    """Give a whole copy its name; a backup that has it goes once the new one is in its place."""
    replaced = target.with_name(f"{target.name}.replaced")
    there = target.is_dir() and any(target.iterdir())
    if there:
        shutil.rmtree(replaced, ignore_errors=True)
        target.rename(replaced)
    elif target.is_dir():
        target.rmdir()  # where renaming onto an empty one is an error
    partial.rename(target)
    sync_directory(target.parent)
    if there:
        shutil.rmtree(replaced, ignore_errors=True)


# -- checking ---------------------------------------------------------------------------------------------------------


def check_backup(path: Path, log: Copies, *, pages: bool = True) -> Backup:
    """Read a backup as a whole: its files are those that were written, and every page of its log is right.

    Without ``pages`` the log was looked at a moment ago. Raises `BackupDamaged`, and `LogTooNew` for one that this
    version cannot put back.
    """
    document = _manifest(path)
    try:
        told, sizes = CopiedLog(**document["log"]), {}
        for name, expected in document["files"].items():
            if Path(name).name != name:
                raise BackupDamaged(f"{path / MANIFEST}: names a file elsewhere: {name!r}")
            sizes[name] = int(expected["bytes"])
            _check_file(path / name, sizes[name], str(expected["sha256"]))
        found = Backup(path, str(document["made_at"]), str(document["program"]), told, sizes)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BackupDamaged(f"{path / MANIFEST}: is not as it was written: {error!r}") from error
    missing = set(log.files) - sizes.keys()
    if missing:
        raise BackupDamaged(f"{path / MANIFEST}: names no {', '.join(sorted(missing))}")
    if pages and (there := log.inspect(path)) != told:
        raise BackupDamaged(f"{path}: holds {there}, and was written as {told}")
    return found


def _manifest(path: Path) -> dict[str, Any]:
    manifest = path / MANIFEST
    try:
        found = orjson.loads(read_file(manifest, MAX_FILE))
    except FileNotFoundError as error:
        raise BackupDamaged(f"{path}: is no backup of sio-server: there is no {MANIFEST}") from error
    except NotADirectoryError as error:
        raise BackupDamaged(f"{path}: is no backup of sio-server, which is a directory") from error
    except (OSError, orjson.JSONDecodeError) as error:
        raise BackupDamaged(f"{manifest}: cannot be read: {error}") from error
    if not isinstance(found, dict) or found.get("format") != _FORMAT:
        raise BackupDamaged(f"{manifest}: is of a form that this version does not know: use a newer sio-server")
    return found


def _check_file(path: Path, size: int, digest: str) -> None:
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise BackupDamaged(f"{path}: is no file")
        if found.st_size != size:
            raise BackupDamaged(f"{path}: has {found.st_size} bytes, and {size} were written")
        if _digest(path) != digest:
            raise BackupDamaged(f"{path}: is not what was written (SHA-256)")
    except OSError as error:
        raise BackupDamaged(f"{path}: cannot be read: {_reason(error)}") from error


# -- files ------------------------------------------------------------------------------------------------------------


def copy_file(source: Path, target: Path) -> None:
    """Copy a file for its owner alone, onto the disk."""
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0), _MODE)
    with os.fdopen(descriptor, "wb") as written, source.open("rb") as read:
        shutil.copyfileobj(read, written, _CHUNK)
        written.flush()
        os.fsync(written.fileno())


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reason(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "the disk is full"
    if error.errno == errno.EBUSY:
        return "something is mounted there: give a path below it"
    return why(error)
