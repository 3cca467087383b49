"""What has left the log, or expires at another moment, for whoever keeps sums over entries of several rooms.

Such a sum (`views.Overlaps`) is known up to a cut, by its number in the log, and what was cut since is taken off it: a
key that is used each second would make everybody begin anew each second. What was for one room is in no such sum, and
is not noted. Notes are made by the writer within its transaction; whoever reads a number that is committed finds the
note of it, and a transaction that is undone leaves one that the next of this number writes over.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Final, NamedTuple

# When what never expires does: above every moment.
NEVER: Final = 2**62

# Cuts that are remembered: a whole round of retention, or a busy minute, in less than a megabyte or two.
MAX_CUTS: Final = 4096

_NEXT: Final = (
    "INSERT INTO meta (name, value) VALUES ('removals', '1') "
    "ON CONFLICT (name) DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING value"
)


class Cut(NamedTuple):
    """An entry of several rooms that has left the log, or expires at another moment from now on.

    ``expiry`` is when it was to expire, in milliseconds of the log's own clock, and `NEVER` where it was not;
    ``becomes`` is that moment from now on, None for one that has left.
    """

    seq: int
    rooms: tuple[str, ...]
    expiry: int
    becomes: int | None = None


class Cuts:
    """The newest of them, by number."""

    def __init__(self) -> None:
        self._noted: dict[int, Sequence[Cut] | None] = {}
        self._size = 0

    def note(self, connection: sqlite3.Connection, cuts: Sequence[Cut] | None) -> None:
        """Note what a transaction cuts; None for what no sum can be mended by."""
        number = int(connection.execute(_NEXT).fetchone()[0])
        self._size += len(cuts or ()) - len(self._noted.pop(number, None) or ())
        self._noted[number] = cuts
        while self._size > MAX_CUTS:
            self._size -= len(self._noted.pop(next(iter(self._noted))) or ())

    def since(self, number: int, upto: int) -> list[Cut] | None:
        """All above one number and up to another; None where not all of them are known."""
        found: list[Cut] = []
        for one in range(number + 1, upto + 1):
            cuts = self._noted.get(one)
            if cuts is None:
                return None
            found += cuts
        return found


def last(connection: sqlite3.Connection) -> int:
    """The number of the last cut."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'removals'").fetchone()
    return 0 if row is None else int(row[0])
