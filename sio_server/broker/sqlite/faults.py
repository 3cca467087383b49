"""What SQLite and the system say when a log cannot be used, in words that name the mend."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path
from typing import Final

from sio_server.errors import BrokerUnavailable, LogDamaged, LogError, LogInUse, Text

_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FULL: Final = "free some space, or use --data-dir with a directory on another disk"
_NO_SPACE: Final = (errno.ENOSPC, errno.EDQUOT)

# What SQLite needs at the least to open a log: its index of the write-ahead log has 32 KiB, and the first pages.
_LEAST_SPACE: Final = 128 * 1024

_MENDS: Final = {
    sqlite3.SQLITE_FULL: f"the disk is full: {_FULL}",
    sqlite3.SQLITE_READONLY: "cannot be written: give this user the right to write it, or use another --data-dir",
    sqlite3.SQLITE_PERM: "cannot be written: give this user the right to write it, or use another --data-dir",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened: give this user the right to, or use another --data-dir",
    sqlite3.SQLITE_IOERR: "the disk answers with an error: look at the system's log",
}


def closed() -> BrokerUnavailable:
    """The refusal of a log that is not open."""
    return BrokerUnavailable(Text("The log is closed.", "El registro está cerrado."))


def unavailable(error: Exception) -> BrokerUnavailable:
    """The refusal for what SQLite raised: nothing was stored."""
    answer = Text("The log answers: {0}. Nothing was stored.", "El registro responde: {0}. No se guardó nada.")
    return BrokerUnavailable(answer.format(error))


def is_damage(error: Exception) -> bool:
    """Whether SQLite says that a page of the file is not what it should be."""
    return isinstance(error, sqlite3.Error) and _code(error) in _DAMAGE


def of_file(name: str, error: sqlite3.Error) -> LogError:
    """What is said where the file of this name cannot be opened as a log."""
    code = _code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return LogInUse(f"{name}: {error}: another program holds it: stop that one")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN) and _is_full(name):
        code = sqlite3.SQLITE_FULL  # SQLite has no other words for a file that cannot be made or mapped
    if code in _MENDS:
        return LogError(f"{name}: {_MENDS[code]} ({error})")
    return LogDamaged(f"{name}: {error}: restore a backup, or move the file away")


def of_directory(directory: Path, error: OSError) -> LogError:
    """What is said where a directory cannot be made or written to."""
    mend = _FULL if error.errno in _NO_SPACE else "use --data-dir with a directory to write to"
    return LogError(f"{directory}: {error.strerror}: {mend}")


def of_copy(path: Path, error: sqlite3.Error | OSError) -> LogError:
    """What is said where a copy of a log cannot be written."""
    full = error.errno in _NO_SPACE if isinstance(error, OSError) else _code(error) == sqlite3.SQLITE_FULL
    reason = "the disk is full" if full or _is_full(str(path)) else getattr(error, "strerror", None) or error
    return LogError(f"{path}: cannot be written: {reason}")


def _code(error: sqlite3.Error) -> int:
    """SQLite's primary result code; an extended one has more above the lowest byte."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _is_full(name: str) -> bool:
    """Whether the disk that a file is on has no room for what opening a log takes."""
    try:
        return shutil.disk_usage(os.path.dirname(name) or ".").free < _LEAST_SPACE  # noqa: PTH120 - a name of SQLite's
    except OSError:
        return False
