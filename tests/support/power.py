"""A disk whose power can be cut: what a program wrote and did not sync is lost, in whole or in part.

SQLite's file calls are intercepted where SQLite offers it, in its VFS (https://sqlite.org/vfs.html), by ctypes in the
very library that Python uses. Writes still go to the real files; beside them, a copy in memory is kept of each file as
a power cut would leave it.
"""

from __future__ import annotations

import _sqlite3
import ctypes
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

OK = 0
Pointer = ctypes.c_void_p
File = ctypes.c_void_p

# The name is a pointer, not a string: the real VFS keeps it as long as the file is open.
OPEN = ctypes.CFUNCTYPE(ctypes.c_int, Pointer, Pointer, File, ctypes.c_int, Pointer)
DELETE = ctypes.CFUNCTYPE(ctypes.c_int, Pointer, ctypes.c_char_p, ctypes.c_int)
WRITE = ctypes.CFUNCTYPE(ctypes.c_int, File, Pointer, ctypes.c_int, ctypes.c_int64)
TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, File, ctypes.c_int64)
SYNC = ctypes.CFUNCTYPE(ctypes.c_int, File, ctypes.c_int)


class Methods(ctypes.Structure):
    """``sqlite3_io_methods`` of version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("close", Pointer),
        ("read", Pointer),
        ("write", WRITE),
        ("truncate", TRUNCATE),
        ("sync", SYNC),
        ("rest", Pointer * 13),
    )


class Vfs(ctypes.Structure):
    """``sqlite3_vfs`` of version 3."""

    _fields_ = (
        ("version", ctypes.c_int),
        ("file_size", ctypes.c_int),
        ("max_path", ctypes.c_int),
        ("next", Pointer),
        ("name", ctypes.c_char_p),
        ("app", Pointer),
        ("open", OPEN),
        ("delete", DELETE),
        ("rest", Pointer * 14),
    )


@dataclass
class Image:
    """One file: what is surely on the disk, and what was written since, which may be or not."""

    synced: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)
    """An offset and what was written there, or a size and None where the file was cut to it."""

    def sync(self) -> None:
        """Bring all that is pending to the disk."""
        for change in self.pending:
            apply(self.synced, *change)
        self.pending.clear()

    def after_cut(self, chance: random.Random) -> bytes:
        """Return what a power cut leaves: of what is pending, any part in any order of arrival."""
        left = bytearray(self.synced)
        for change in self.pending:
            if chance.random() < 0.5:
                apply(left, *change)
        return bytes(left)


def apply(content: bytearray, place: int, written: bytes | None) -> None:
    """Make one change to a file's content."""
    if written is None:
        del content[place:]
        return
    content.extend(bytes(max(0, place - len(content))))
    content[place : place + len(written)] = written


class Disk:
    """All files that SQLite opens while this disk is in use."""

    def __init__(self) -> None:
        self.images: dict[str, Image] = {}
        self._paths: dict[int, str] = {}
        self._lock = threading.Lock()
        self._kept: list[Any] = []  # what C holds pointers to

    def cut(self, source: Path, target: Path, seed: int) -> None:
        """Write to one directory what a power cut at this moment leaves of the files in another. Nothing else stops."""
        chance = random.Random(seed)  # noqa: S311 - the same on every run
        with self._lock:
            for path, image in self.images.items():
                if Path(path).parent == source:
                    (target / Path(path).name).write_bytes(image.after_cut(chance))

    @contextmanager
    def in_use(self) -> Iterator[Disk]:
        """Make this disk SQLite's own for all connections that are opened within."""
        library = ctypes.CDLL(_sqlite3.__file__)
        library.sqlite3_vfs_find.restype = ctypes.POINTER(Vfs)
        library.sqlite3_vfs_find.argtypes = [ctypes.c_char_p]
        library.sqlite3_vfs_register.argtypes = [ctypes.POINTER(Vfs), ctypes.c_int]
        library.sqlite3_vfs_unregister.argtypes = [ctypes.POINTER(Vfs)]
        real = library.sqlite3_vfs_find(None)
        ours = Vfs()
        ctypes.memmove(ctypes.byref(ours), real, ctypes.sizeof(Vfs))
        ours.name = b"power"
        ours.open, ours.delete = self._open(real.contents.open), self._delete(real.contents.delete)
        assert library.sqlite3_vfs_register(ctypes.byref(ours), 1) == OK
        try:
            yield self
        finally:
            library.sqlite3_vfs_unregister(ctypes.byref(ours))
            library.sqlite3_vfs_register(real, 1)

    def _open(self, real: Any) -> Any:
        def opened(vfs: int, name: int | None, file: int, flags: int, out: int) -> int:
            result: int = real(vfs, name, file, flags, out)
            if result == OK and name is not None:
                with self._lock:
                    path = ctypes.string_at(name).decode()
                    if path not in self.images:
                        self.images[path] = Image(bytearray(Path(path).read_bytes()))
                    self._paths[file] = path
                self._intercept(file)
            return result

        return OPEN(opened)

    def _delete(self, real: Any) -> Any:
        def deleted(vfs: int, name: bytes, sync_directory: int) -> int:
            result: int = real(vfs, name, sync_directory)
            with self._lock:
                self.images.pop(name.decode(), None)
            return result

        return DELETE(deleted)

    def _intercept(self, file: int) -> None:
        """Put our methods in the place of the file's own, which are the first of its members."""
        slot = ctypes.cast(file, ctypes.POINTER(ctypes.POINTER(Methods)))
        real = slot.contents.contents
        ours = Methods()
        ctypes.memmove(ctypes.byref(ours), ctypes.byref(real), ctypes.sizeof(Methods))
        ours.write, ours.truncate = self._write(real.write), self._truncate(real.truncate)
        ours.sync = self._sync(real.sync)
        self._kept.append(ours)
        slot[0] = ctypes.pointer(ours)

    def _write(self, real: Any) -> Any:
        def written(file: int, content: int, length: int, offset: int) -> int:
            result: int = real(file, content, length, offset)
            with self._lock:
                self.images[self._paths[file]].pending.append((offset, ctypes.string_at(content, length)))
            return result

        return WRITE(written)

    def _truncate(self, real: Any) -> Any:
        def truncated(file: int, size: int) -> int:
            result: int = real(file, size)
            with self._lock:
                self.images[self._paths[file]].pending.append((size, None))
            return result

        return TRUNCATE(truncated)

    def _sync(self, real: Any) -> Any:
        def synced(file: int, flags: int) -> int:
            result: int = real(file, flags)
            if result == OK:
                with self._lock:
                    self.images[self._paths[file]].sync()
            return result

        return SYNC(synced)
