"""The lock of a data directory: one process at a time writes into it."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import filelock

from sio_server.broker.sqlite import faults
from sio_server.errors import LogInUse

LOCK_NAME: Final = "lock"


def take_directory(directory: Path) -> filelock.BaseFileLock:
    """Make a directory where there is none, and keep others off it until the lock is released, or this process ends.

    Raises `LogInUse` where somebody has it, and `LogError` where it cannot be written to.
    """
    try:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = filelock.FileLock(directory / LOCK_NAME, timeout=0, mode=0o600)
        lock.acquire()
    except filelock.Timeout as error:
        raise LogInUse(f"{directory}: another sio-server uses this directory: stop it, or use --data-dir") from error
    except OSError as error:
        raise faults.of_directory(directory, error) from error
    return lock
