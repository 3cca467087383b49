"""The file ``keys.json`` of a data directory: read as a whole, written as a whole, by one at a time."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import filelock
import orjson

from sio_server.auth.stored_keys import StoredKey, document_of, keys_in
from sio_server.config import KEY_FILE
from sio_server.errors import ConfigError
from sio_server.files import MAX_FILE, read_file, sync_directory, why

USE_NAME: Final = "keys-used.json"

KEY_NAMES: Final = (KEY_FILE, USE_NAME)
"""The files of a data directory that speak of keys."""

_LOCK_NAME: Final = "keys.lock"

# Seconds. Whoever edits has the file for milliseconds.
_PATIENCE: Final = 10.0

# Who may do what with the file: its owner alone.
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO
_MODE: Final = 0o600

Mark = tuple[int, int, int, int] | None
"""What changes with a file, None where there is none."""


class KeyFile:
    """The keys of a data directory. Each method may wait for the disk, or for somebody else who edits."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / KEY_FILE
        self._directory = directory

    def mark(self) -> Mark:
        """What tells one state of the file from another."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size

    def read(self) -> tuple[StoredKey, ...]:
        """The keys, none where there is no file.

        Raises `ConfigError` that names the file and the mend: it cannot be read, others than its owner may read or
        write it, or it is damaged.
        """
        try:
            found = self.path.stat()
            if os.name == "posix" and found.st_mode & _OTHERS:
                raise ConfigError(
                    f"{self.path}: others than its owner may use it (mode {stat.S_IMODE(found.st_mode):04o}): "
                    f"chmod 600 {self.path}"
                )
            content = read_file(self.path)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be read: {why(error)}; it has to be the server's own") from error
        if len(content) > MAX_FILE:
            raise ConfigError(f"{self.path}: larger than {MAX_FILE // 1024**2} MiB, which no file of keys is")
        try:
            return keys_in(orjson.loads(content))
        except (ConfigError, orjson.JSONDecodeError) as error:
            raise ConfigError(f"{self.path}: {error}: restore a copy, or delete it and make the keys anew") from error

    def edit(self, change: Callable[[tuple[StoredKey, ...]], Sequence[StoredKey]]) -> None:
        """Read the keys, and write what ``change`` makes of them, while nobody else does.

        Raises `ConfigError` as `read` does, and what ``change`` raises; the file is as before then.
        """
        try:
            self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            with self._locked():
                _write(self.path, document_of(change(self.read())))
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be written: {why(error)}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        lock = filelock.FileLock(self._directory / _LOCK_NAME, timeout=_PATIENCE, mode=_MODE)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise ConfigError(f"{self.path}: somebody else is editing it: try again") from error
        try:
            with suppress(OSError):
                _give_to_owner(self._directory / _LOCK_NAME)
            yield
        finally:
            lock.release()

    # -- when they were used ------------------------------------------------------------------------------------------

    def read_use(self) -> dict[str, float]:
        """When each secret was last used, by the first 16 digits of its SHA-256; what cannot be read is nothing."""
        try:
            found = orjson.loads(read_file(self.path.with_name(USE_NAME)))
            return {str(digest): float(at) for digest, at in found.items()}
        except (OSError, ValueError, AttributeError, TypeError):
            return {}

    def write_use(self, last: dict[str, float]) -> None:
        """Keep when each secret was last used; a disk that takes it not is no reason to stop."""
        with suppress(OSError):
            _write(self.path.with_name(USE_NAME), last)


def _write(path: Path, document: Any) -> None:
    """Put a file in place of another at one stroke; after a power cut it is the one or the other."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    with suppress(FileNotFoundError):
        fresh.unlink()
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _MODE)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))
            file.flush()
            os.fsync(file.fileno())
        _give_to_owner(fresh)
        fresh.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            fresh.unlink()
        raise
    sync_directory(path.parent)


def _give_to_owner(path: Path) -> None:
    """Let the directory's owner have a file that root made: the server runs as that user."""
    if os.name == "posix" and os.geteuid() == 0:
        owner = path.parent.stat()
        os.chown(path, owner.st_uid, owner.st_gid)
