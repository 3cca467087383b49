"""What a search of the log looks for, and how much it looks at: the same with every broker. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sio_server.audience import ROOM_ALL, role_room
from sio_server.broker.words import Words
from sio_server.notification import first_id

# Above every position, and every moment.
TOP: Final = 2**62

# Above every id: they begin with hexadecimal digits.
LAST_ID: Final = "g"

# The priority of most notifications: only the others are in an index.
USUAL_PRIORITY: Final = "normal"

# Entries that are looked at together.
CHUNK: Final = 512

# Entries looked at for one page of what fits several conditions. A search for a type that is rare among a million must
# not keep others waiting: it goes on with the next page.
MAX_LOOKED_AT: Final = 10_000

# Bytes of notifications that are read for one page of a search by words: a tenth of a second's work.
MAX_READ: Final = 4 * 1024 * 1024

# Ids at either end of a span of time among which its first and last position are sought. Ids are made a little before
# positions are given, and out of order where the wall clock was set back: then more of them are out of order than that.
EDGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is searched for, as `Receipts.search` has it: all that fits each of these."""

    types: Sequence[str] = ()
    user: str | None = None
    role: str | None = None
    priority: str | None = None
    words: Words | None = None
    since: int | None = None
    until: int | None = None

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms of what everybody with the role gets; none where no role is wanted."""
        return () if self.role is None else (role_room(self.role), ROOM_ALL)

    @property
    def timed(self) -> bool:
        """Whether a time is wanted."""
        return self.since is not None or self.until is not None

    @property
    def times(self) -> tuple[int, int]:
        """The first moment that is wanted, and the first that is not any more."""
        return self.since or 0, TOP if self.until is None else self.until

    @property
    def ids(self) -> tuple[str, str]:
        """The ids between which those of the wanted time are: they begin with their moment. The last is not wanted."""
        return (
            "" if self.since is None else first_id(self.since),
            LAST_ID if self.until is None else first_id(self.until),
        )
