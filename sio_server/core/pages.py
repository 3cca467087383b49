"""What a view holds above a position: of the window where it reaches back, else of the log, page by page.

Whoever comes back from a position, by a cursor or by Socket.IO's own recovery, goes the way of `Pages.bring`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from sio_server.broker import Log, Stretch, View
from sio_server.core.catchup import Catchup
from sio_server.core.window import Window
from sio_server.notification import Entry

# Entries in one page: small enough to be encoded in a millisecond or two.
PAGE: Final = 200

# Bytes that are sent to one peer before it has taken any of them. What was missed is input without end to a peer that
# reads slowly, and would reach the send cap at once.
REPLAY_HIGH: Final = 256 * 1024


class Way(Protocol):
    """One client's way from a position to where the window does the rest."""

    @property
    def view(self) -> View:
        """What the client may see. It can change on the way."""

    @property
    def catchup(self) -> Catchup[Entry]:
        """How far the client has come."""

    def finish(self) -> bool:
        """Take the rest from the window if that is possible by now; says whether the way ends here, arrived or not."""

    async def take(self, stretch: Stretch) -> bool:
        """Take a page and move `catchup` on; False where the way ends here."""

    def overtake(self) -> None:
        """End here: retention has cut out something that was still to come."""


class Pages:
    """Reads what clients have missed that come back.

    ``high``: bytes of what was missed that may wait for one peer; well below the send cap.
    """

    def __init__(self, log: Log, window: Window, *, high: int = REPLAY_HIGH) -> None:
        self.high = high
        self._log = log
        self._window = window

    def rest(self, view: View, after: int) -> Sequence[Entry] | None:
        """Everything of a view above a position, in order, as the window has it; None where it does not reach back."""
        return self._window.after(after, view.seen_from, view.user or None)

    async def bring(self, way: Way) -> None:
        """Give one client page after page until its way ends. Raises `Refused` (``broker_unavailable``)."""
        while not way.finish():
            position = way.catchup.position
            stretch = await self._stretch(way.view, position)
            if stretch.floor > position:
                way.overtake()
                return
            if not await way.take(stretch):
                return

    async def _stretch(self, view: View, after: int) -> Stretch:
        rest = self.rest(view, after)
        if rest is None:
            return await self._log.stretch(view, after, PAGE)
        page = rest[:PAGE]
        covered = self._log.head().seq if len(rest) <= PAGE else page[-1].seq
        return Stretch(page, covered, self._log.floor())


def size_of(entries: Iterable[Entry]) -> int:
    """How many bytes entries have together."""
    return sum(entry.size for entry in entries)
