"""Putting a backup back in place of what a data directory holds. Blocking: for commands.

The directory itself stays: it may be where a volume is mounted, and what is above it may belong to somebody else.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sio_server.auth import KEY_NAMES
from sio_server.broker import Copies
from sio_server.core.backups import Backup, BackupError, check_backup, copy_file
from sio_server.files import sync_directory, why

# What is on its way into the directory. Of a process that was killed it is left, and taken away by the next one.
_STAGED: Final = "restoring"

_ASIDE: Final = "before-restore-%Y%m%dT%H%M%SZ"

_DIRECTORY_MODE: Final = 0o700


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back, and where that is which it took the place of: None where there was nothing.

    ``newer``: up to how many positions further that had come, as far as is known. ``keys``: the publisher keys are
    others than before.
    """

    backup: Backup
    aside: Path | None
    newer: int
    keys: bool


def restore_backup(path: Path, data: Path, log: Copies, *, keep_keys: bool) -> Restored:
    """Check a backup and put it in place of what the data directory holds, which is kept aside within it.

    With ``keep_keys`` the publisher keys stay those of the directory. Raises `BackupError` and `LogError`, before
    anything was changed: `LogInUse` while a server runs there, `LogTooNew` for what this version cannot read.
    """
    if path.resolve() == data.resolve():
        raise BackupError(f"{path}: is the data directory itself: give the path of a backup")
    backup = check_backup(path, log)
    names = [name for name in backup.files if not (keep_keys and name in KEY_NAMES)]
    with log.held():
        reached = log.reached()
        staged = data / _STAGED
        shutil.rmtree(staged, ignore_errors=True)
        try:
            staged.mkdir(mode=_DIRECTORY_MODE)
            for name in names:
                copy_file(path / name, staged / name)
            log.part(staged)
            keys = not keep_keys and _content(data / KEY_NAMES[0]) != _content(staged / KEY_NAMES[0])
            _give_to_owner(data, staged.iterdir())
            aside = _put_aside(data, [*log.files, *log.beside, *KEY_NAMES])
            _swap(data, staged, log, names, keep_keys=keep_keys)
        except OSError as error:
            raise BackupError(f"{data}: cannot be written to: {why(error)}") from error
        finally:
            shutil.rmtree(staged, ignore_errors=True)
    newer = max(0, (reached or 0) - backup.log.head)
    return Restored(backup, aside, newer, keys)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _put_aside(data: Path, names: Iterable[str]) -> Path | None:
    """Give all that is there a second name, in a directory of its own; nothing is taken away yet."""
    there = [name for name in names if (data / name).exists()]
    if not there:
        return None
    aside = data / time.strftime(_ASIDE, time.gmtime())
    while aside.exists():
        aside = aside.with_name(aside.name + "+")
    aside.mkdir(mode=_DIRECTORY_MODE)
    for name in there:
        try:
            os.link(data / name, aside / name)
        except OSError:  # a disk without links
            copy_file(data / name, aside / name)
    _give_to_owner(data, [aside, *aside.iterdir()])
    sync_directory(aside)
    return aside


def _swap(data: Path, staged: Path, log: Copies, names: Iterable[str], *, keep_keys: bool) -> None:
    """Put the new files in the place of the old ones, in an order in which each step leaves a log that is one.

    Without its note a log counts as a restored one: whatever a power cut leaves here, no cursor of before is taken.
    Then what belongs to the old log goes, and the new one takes its place by one renaming.
    """
    main, *others = log.files
    for name in (*others, *log.beside):
        (data / name).unlink(missing_ok=True)
    sync_directory(data)
    (staged / main).replace(data / main)
    for name in set(names) - {main}:
        (staged / name).replace(data / name)
    if not keep_keys:
        for name in set(KEY_NAMES) - set(names):
            (data / name).unlink(missing_ok=True)
    sync_directory(data)


def _give_to_owner(data: Path, paths: Iterable[Path]) -> None:
    """Let the directory's owner have what root made: the server runs as that user."""
    if os.name == "posix" and os.geteuid() == 0:
        owner = data.stat()
        for path in paths:
            with suppress(OSError):
                os.chown(path, owner.st_uid, owner.st_gid)
