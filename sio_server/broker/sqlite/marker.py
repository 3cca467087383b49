"""A note beside the log of how far it had got: an older copy of the log is not to be taken for its continuation.

Cursors outlive a backup. With the same epoch, one from after the backup would be good again as soon as the restored log
had grown past it, and what is there in place of what the client has would be skipped without a word.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from sio_server.clock import Noted

MARKER_NAME: Final = "head"
ORIGIN_NAME: Final = "origin"

# Bytes of the note. It never grows, so that a full disk takes it all the same.
_SIZE: Final = 128

# On Windows a line would end in two bytes otherwise.
_AS_IT_IS: Final[int] = getattr(os, "O_BINARY", 0)


def noted_in(directory: Path) -> tuple[str, int] | None:
    """The epoch and the position in a directory's note; None where there is none that can be read."""
    try:
        epoch, reached, *_ = (directory / MARKER_NAME).read_bytes()[:_SIZE].decode().split()
        return epoch, int(reached)
    except (OSError, ValueError):
        return None


class Marker:
    """The file ``head`` in the data directory: epoch, position, which directory this is, what time it was.

    Raises `OSError` when made.

    A directory that was restored as a whole holds an older note, too. What a copy cannot have is the time at which the
    file ``origin`` was made, which is never written to: whatever makes a copy makes it now.
    """

    def __init__(self, directory: Path) -> None:
        origin = os.open(directory / ORIGIN_NAME, os.O_RDONLY | os.O_CREAT, 0o600)
        try:
            found = os.fstat(origin)
        finally:
            os.close(origin)
        self._origin = f"{found.st_ino}-{found.st_ctime_ns}"
        self._file = os.open(directory / MARKER_NAME, os.O_RDWR | os.O_CREAT | _AS_IT_IS, 0o600)

    def fits(self, epoch: str, seq: int) -> bool:
        """Whether a log that has come this far can be the one that the note is about, or a later one."""
        try:
            noted, reached, origin = self._words()[:3]
            return origin == self._origin and (noted != epoch or int(reached) <= seq)
        except ValueError:
            return False

    def missing(self, epoch: str, seq: int) -> int:
        """How many positions a log lacks that this directory had once; 0 where the note is of another directory."""
        try:
            noted, reached, origin = self._words()[:3]
            if origin != self._origin:
                return 0
            return max(0, int(reached) - seq) if noted == epoch else int(reached)
        except ValueError:
            return 0

    def time(self, epoch: str) -> Noted | None:
        """What time it was at the last note about this log; None where there is none."""
        try:
            noted, _, _, own, wall = self._words()
            return Noted(float(own), float(wall)) if noted == epoch else None
        except ValueError:
            return None

    def _words(self) -> list[str]:
        os.lseek(self._file, 0, os.SEEK_SET)  # Windows reads at no place of one's choice
        return os.read(self._file, _SIZE).decode().split()

    def write(self, epoch: str, seq: int, time: Noted) -> None:
        """Note how far the log has got, once that is on the disk, and what time it is.

        Not synced: it survives a kill, and a note that the power took says too little and never too much.
        """
        note = f"{epoch} {seq} {self._origin} {time.own:.3f} {time.wall:.3f}"
        with suppress(OSError):  # the log has it
            os.lseek(self._file, 0, os.SEEK_SET)
            os.write(self._file, f"{note:<{_SIZE - 1}}\n".encode())

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)
