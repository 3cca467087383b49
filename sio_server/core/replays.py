"""Bringing connections from their cursors to live, each as fast as its peer reads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from sio_server.broker import Log, Stretch, View
from sio_server.core.catchup import Catchup
from sio_server.core.hub import Connection, Hub
from sio_server.core.pages import PAGE, Pages, Way, size_of
from sio_server.core.tasks import Tasks
from sio_server.errors import Refused
from sio_server.metrics import Metrics
from sio_server.notification import Entry, Position

# Seconds a peer may take none of a replay before it is given up as slow.
REPLAY_PATIENCE: Final = 20.0

# Seconds between two looks at how much it has taken: short at first, longer for a peer that takes its time.
_FIRST_PAUSE: Final = 0.001
_LONGEST_PAUSE: Final = 0.05


class Replays:
    """The replays under way on this node."""

    def __init__(self, log: Log, hub: Hub, pages: Pages, metrics: Metrics, tasks: Tasks) -> None:
        self.pages = pages
        self._tasks = tasks
        self._log = log
        self._hub = hub
        self._metrics = metrics

    def begin(self, connection: Connection, after: int) -> None:
        """Bring a connection that has everything up to ``after`` to live, at once where the window allows it."""
        way = _Replay(self, connection, after)
        connection.catchup = way.catchup
        if not way.finish():
            self._tasks.begin(self._bring(way))

    async def _bring(self, way: _Replay) -> None:
        try:
            await self.pages.bring(way)
        except Refused as refused:
            way.connection.close(refused.kind.code)

    def hold(self, entry: Entry) -> None:
        """Keep an entry that is not stored for those who are on their way; it follows their replay."""
        for connection in self._hub:
            if connection.catchup is not None and entry.is_for(connection.rooms):
                connection.catchup.hold(entry)

    def reset(self) -> None:
        """Give up whatever any connection was to get of the log: it is another one, or lost its end.

        Everybody is live from where the log stands now, and is told so; whoever connects later with a cursor of before
        is told the same, since it leads nowhere.
        """
        for connection in self._hub:
            self.go_live(connection)

    def go_live(self, connection: Connection) -> None:
        """Let a connection be live from where the log stands, and tell its client that something may be missing."""
        head, view = self._log.head().seq, connection.view
        connection.catchup = None
        connection.stream_from = head
        # A first sight that the log has lost would hide what comes next.
        connection.view = replace(view, seen_from={room: min(first, head) for room, first in view.seen_from.items()})
        connection.link.join(connection.rooms)
        self.give_up(connection)

    def head(self) -> Position:
        """Where the log stands."""
        return self._log.head()

    def restored(self, connection: Connection, replayed: int) -> None:
        """Tell a client that everything it missed was sent."""
        self._metrics.replayed(replayed)
        self._sync(connection, recovered=True, replayed=replayed)

    def give_up(self, connection: Connection) -> None:
        """Tell a client that its cursor leads nowhere: it is live from now on, and asks for its inbox anew."""
        self._metrics.unrecovered()
        self._sync(connection, recovered=False, replayed=0)

    def _sync(self, connection: Connection, *, recovered: bool, replayed: int) -> None:
        cursor = self._log.head().cursor()
        connection.link.control("ns:sync", {"recovered": recovered, "replayed": replayed, "cursor": cursor})


class _Replay:
    """The way of one connection: everything is sent as it is read."""

    def __init__(self, replays: Replays, connection: Connection, after: int) -> None:
        self.connection = connection
        self.catchup: Catchup[Entry] = Catchup(after)
        self._replays = replays

    @property
    def view(self) -> View:
        """See `Way.view`."""
        return self.connection.view

    @property
    def _ended(self) -> bool:
        """Whether the connection has left, or is live by another way."""
        return self.connection.catchup is not self.catchup

    def finish(self) -> bool:
        """Go live if the window reaches back to where the connection stands and the rest is not too much at once."""
        if self._ended:
            return True
        connection, catchup, replays = self.connection, self.catchup, self._replays
        rest = replays.pages.rest(connection.view, catchup.position)
        if rest is None or len(rest) > PAGE or size_of(rest) > replays.pages.high:
            return False
        replayed, held = catchup.finish(rest, head=replays.head().seq)
        link = connection.link
        link.replay(replayed)
        link.join(connection.rooms)
        link.replay(held, replayed=False)
        connection.catchup = None
        replays.restored(connection, catchup.replayed)
        return True

    async def take(self, stretch: Stretch) -> bool:
        """Send a page in parts that fit below the send cap; False when the connection is no longer on its way."""
        for part in _parts(stretch.items, self._replays.pages.high):
            if self._ended:
                return False
            self.connection.link.replay(self.catchup.page(part, covered=part[-1].seq))
            if not await self._taken():
                return False
        if self._ended:
            return False
        self.catchup.page((), covered=stretch.covered)
        return True

    def overtake(self) -> None:
        """See `Way.overtake`."""
        if not self._ended:
            self._replays.go_live(self.connection)

    async def _taken(self) -> bool:
        """Wait until the peer has taken most of what was sent; False when it left or takes nothing."""
        link, high = self.connection.link, self._replays.pages.high
        least, deadline = link.pending(), time.monotonic() + REPLAY_PATIENCE
        pause = _FIRST_PAUSE
        while link.pending() > high:
            if self._ended:
                return False
            if link.pending() < least:
                least, deadline = link.pending(), time.monotonic() + REPLAY_PATIENCE
            if time.monotonic() > deadline:
                self.connection.close("slow")
                return False
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return not self._ended


def _parts(page: Sequence[Entry], most: int) -> Iterator[Sequence[Entry]]:
    """A page in runs of at most ``most`` bytes, or of one entry that is larger."""
    start, size = 0, 0
    for index, entry in enumerate(page):
        size += entry.size
        if size > most and index > start:
            yield page[start:index]
            start, size = index, entry.size
    if start < len(page):
        yield page[start:]


_: type[Way] = _Replay
