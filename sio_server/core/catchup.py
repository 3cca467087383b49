"""From a cursor to live with no gap, no repeat and no change of order. Pure: no I/O, no clock.

Two wells hold what a client missed: a window of the newest entries in memory, and the log. The way is the same for
every client: while the window does not reach back to where the client stands, take a page of the log; once it does,
take the rest from the window and go live in the same breath, so that nothing can fall between the two.

A client on its way is in no room. What is published meanwhile is in the log and so in a page to come; nothing has to be
held for it, however slow it reads. Only entries that are not stored have to be: they wait in `Catchup.hold` and
follow the replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Generic, Protocol, TypeVar

# Unstored entries that wait for one client on its way. They may be lost by their nature, and a client that is far
# behind must not hold many.
MAX_HELD: Final = 100


class Placed(Protocol):
    """What has a place in the log."""

    @property
    def seq(self) -> int:
        """The place in the log: of two entries the later one has the higher."""


P = TypeVar("P", bound=Placed)


def resume(after: int, *, head: int, floor: int) -> bool:
    """Whether a client that has everything up to ``after`` can be brought up to date without a gap.

    ``floor``: retention may have cut out something at or below it. A position above ``head`` is of the future: of a log
    that lost its end, and whatever the client has from there is not ours.
    """
    return floor <= after <= head


class Catchup(Generic[P]):
    """One client's way from its position to live."""

    def __init__(self, after: int) -> None:
        self.position = after
        """The client has everything it may see up to here."""
        self.replayed = 0
        self.live = False
        self._held: list[P] = []

    def hold(self, entry: P) -> None:
        """Keep an unstored entry for the end of the replay; the oldest give way."""
        if not self.live:
            self._held.append(entry)
            del self._held[:-MAX_HELD]

    def page(self, entries: Sequence[P], *, covered: int) -> Sequence[P]:
        """Take a page of the log; returns what to send.

        ``entries`` are all that the client may see after its position up to ``covered``, in order. A page that was
        read before the client came to stand where it does holds nothing new, and nothing of it is sent twice.
        """
        fresh = [entry for entry in entries if entry.seq > self.position]
        # A page can hold what was published while it was read: then it is whole up to its own last member.
        self.position = max(self.position, covered, fresh[-1].seq if fresh else 0)
        self.replayed += len(fresh)
        return fresh

    def finish(self, rest: Sequence[P], *, head: int) -> tuple[Sequence[P], Sequence[P]]:
        """Take the rest from the window, complete up to ``head``, and be live; returns replayed and held to send.

        The caller joins the rooms before anything else can be published.
        """
        fresh = self.page(rest, covered=head)
        self.live = True
        held, self._held = self._held, []
        return fresh, held
