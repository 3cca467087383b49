"""The files that SQLite works with: whether they are still the ones that were opened, and whether a WAL can be read.

What is written to a file that nobody finds again is lost with the process, and SQLite does not look.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from typing import Final, Literal

from sio_server.errors import LogDamaged

# The main file, the write-ahead log, and its index in shared memory.
_SUFFIXES: Final = ("", "-wal", "-shm")

# Commits of which one looks at the index, too: each look costs a system call, and without the index nothing is lost.
_LOOK_AT_ALL: Final = 16

# SQLite file format, 4.1: the header of a write-ahead log, and of each frame in it, two magic numbers, the version.
_WAL_HEADER: Final = 32
_FRAME_HEADER: Final = 24
_MAGIC: Final[dict[int, Literal["little", "big"]]] = {0x377F0682: "little", 0x377F0683: "big"}
_WAL_VERSION: Final = 3007000

_WORD: Final = 0xFFFFFFFF

_Identity = tuple[int, int]


class Files:
    """The files of one log. ``name`` is the path of its main file."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._names = tuple(name + suffix for suffix in _SUFFIXES)
        self._opened: tuple[_Identity | None, ...] | None = None
        self._main_size = self._wal_size = 0
        self._cut = self._missed = False
        self._looks = 0
        self.rescued = False

    def opened(self) -> None:
        """The log is open: these are its files. A log in memory is never told so, and has none."""
        self._opened = tuple(_identity(name) for name in self._names)
        self._main_size = os.stat(self.name).st_size  # noqa: PTH116 - a name that is kept as text, as below

    def ensure_in_place(self, writer: sqlite3.Connection | None = None) -> None:
        """Raise `OSError` when a file was moved, deleted, replaced or cut: nobody would find again what is written now.

        Costs two looks at names, before each commit. With the ``writer``, between two of its transactions, what was
        acknowledged is saved first: SQLite has the files open still, and brings it into the main one.
        """
        if self._opened is None:
            return
        wrong = self._wrong(writer)
        self._missed = wrong is not None
        if wrong is None:
            return
        if writer is not None and not self.rescued:
            self.rescued = True
            with suppress(sqlite3.Error):
                writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        raise OSError(f"{wrong}: is not the file that was opened: restart the server")

    def _wrong(self, writer: sqlite3.Connection | None) -> str | None:
        assert self._opened is not None  # noqa: S101 - for mypy; the caller looked
        self._looks += 1
        every = writer is None or self._missed or self._looks % _LOOK_AT_ALL == 0
        for name, opened in zip(self._names if every else self._names[:2], self._opened, strict=False):
            try:
                found = os.stat(name)  # noqa: PTH116 - before each commit: a Path made and parsed costs more
            except FileNotFoundError:
                return name
            if (found.st_dev, found.st_ino) != opened:
                return name
            if name is self._names[0]:
                # a log never becomes smaller: nothing vacuums it
                self._cut = self._cut or found.st_size < self._main_size
                self._main_size = found.st_size
            elif name is self._names[1] and writer is not None:
                self._cut = self._cut or (not found.st_size and self._wal_size > 0 and _lacks_entries(writer))
                self._wal_size = found.st_size
        return self.name if self._cut else None


def _lacks_entries(writer: sqlite3.Connection) -> bool:
    """Whether a write-ahead log that is empty now was not emptied by SQLite, as another program's checkpoint may."""
    try:
        writer.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
    except sqlite3.Error:
        return True  # it reads what is not there any more
    return False


def _identity(name: str) -> _Identity | None:
    try:
        found = os.stat(name)  # noqa: PTH116 - see above
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def wal_is_passed_over(name: str) -> bool:
    """Whether there is a write-ahead log that SQLite would take for an empty one, and delete, without a word.

    Look before anything opens the log: whoever closes it last deletes such a file.
    """
    try:
        with open(f"{name}-wal", "rb") as file:  # noqa: PTH123 - a name that SQLite makes, not a path of ours
            header = file.read(_WAL_HEADER)
            if not header:
                return False  # nothing was written since it was emptied
            words = _words(header)
            order = _MAGIC.get(words[0]) if len(header) == _WAL_HEADER else None
            if order is None or words[1] != _WAL_VERSION or words[6:] != _checksum(header[:24], order, (0, 0)):
                return True
            frame = file.read(_FRAME_HEADER + words[2])
    except OSError:
        return False
    if _identity(name) is None or not os.stat(name).st_size:  # noqa: PTH116 - as above
        return True
    found = _words(frame[:_FRAME_HEADER])
    if len(frame) < _FRAME_HEADER + words[2] or found[2:4] != words[4:6]:
        return True  # its first entries are none of its own
    return found[4:] != _checksum(frame[:8] + frame[_FRAME_HEADER:], order, (words[6], words[7]))


def _words(data: bytes) -> list[int]:
    return [int.from_bytes(data[at : at + 4], "big") for at in range(0, len(data), 4)]


def _checksum(data: bytes, order: Literal["little", "big"], start: tuple[int, int]) -> list[int]:
    """SQLite file format, 4.2: the checksum of a header or a frame, over its words in one order of bytes."""
    first, second = start
    for at in range(0, len(data), 8):
        first = (first + int.from_bytes(data[at : at + 4], order) + second) & _WORD
        second = (second + int.from_bytes(data[at + 4 : at + 8], order) + first) & _WORD
    return [first, second]


def refuse_to_begin_anew(name: str, lost: int) -> LogDamaged:
    """What is said where a start would make an empty log out of one that cannot be read."""
    return LogDamaged(
        f"{name}-wal: cannot be read, and {lost} notifications that were stored are in no other file: restore a backup "
        f"(all of the directory), or move {name} and {name}-wal away to begin with an empty log"
    )
