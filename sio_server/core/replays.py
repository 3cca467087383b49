"""Bringing connections from their cursors to live, each as fast as its peer reads."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Final

from sio_server.broker import Broker, Stretch, View
from sio_server.core.catchup import Catchup
from sio_server.core.hub import Connection, Hub
from sio_server.core.window import Window
from sio_server.errors import Refused
from sio_server.metrics import Metrics
from sio_server.notification import Entry

# Entries in one page of a replay: small enough to be encoded in a millisecond or two.
PAGE: Final = 200

# Bytes that a replay leaves waiting for one peer before it goes on. A replay is input without end to a peer that reads
# slowly, and would reach the send cap at once.
REPLAY_HIGH: Final = 256 * 1024

# Seconds a peer may take none of a replay before it is given up as slow.
REPLAY_PATIENCE: Final = 20.0

# Seconds between two looks at how much it has taken: short at first, longer for a peer that takes its time.
_FIRST_PAUSE: Final = 0.001
_LONGEST_PAUSE: Final = 0.05


class Replays:
    """The replays under way on this node. ``close`` ends a connection with a code.

    ``high``: bytes that a replay leaves waiting for one peer; well below the send cap.
    """

    def __init__(
        self,
        broker: Broker,
        hub: Hub,
        metrics: Metrics,
        close: Callable[[Connection, str], None],
        *,
        high: int = REPLAY_HIGH,
    ) -> None:
        self.high = high
        self._broker = broker
        self._hub = hub
        self._metrics = metrics
        self._close = close
        self._tasks: set[asyncio.Task[None]] = set()
        self.window = Window(now=broker.now)

    def start(self) -> None:
        """The log is open: what comes from now on is in the window."""
        self.window = Window(self._broker.head().seq, now=self._broker.now)

    async def stop(self) -> None:
        """End what is under way."""
        tasks = tuple(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def begin(self, connection: Connection, after: int) -> None:
        """Bring a connection that has everything up to ``after`` to live, at once where the window allows it."""
        catchup: Catchup[Entry] = Catchup(after)
        connection.catchup = catchup
        if not self._finish(connection, catchup):
            task = asyncio.create_task(self._replay(connection, catchup))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def _finish(self, connection: Connection, catchup: Catchup[Entry]) -> bool:
        """Go live if the window reaches back to where the connection stands and the rest is not too much at once."""
        view = connection.view
        rest = self.window.after(catchup.position, view.seen_from, view.user or None)
        if rest is None or len(rest) > PAGE or sum(len(item.body) for item in rest) > self.high:
            return False
        replayed, held = catchup.finish(rest, head=self._broker.head().seq)
        link = connection.link
        link.replay(replayed)
        link.join(connection.identity.rooms())
        link.replay(held, replayed=False)
        connection.catchup = None
        self._metrics.replayed(catchup.replayed)
        self.sync(connection, recovered=True, replayed=catchup.replayed)
        return True

    async def _replay(self, connection: Connection, catchup: Catchup[Entry]) -> None:
        """Send page after page, as fast as this peer reads, until the window does the rest."""
        try:
            while connection.catchup is catchup:
                stretch = await self._stretch(connection.view, catchup.position)
                if stretch.floor > catchup.position:
                    self._give_up(connection)  # retention has overtaken it
                    return
                if not await self._send(connection, catchup, stretch) or self._finish(connection, catchup):
                    return
        except Refused as refused:
            self._close(connection, refused.kind.code)

    async def _send(self, connection: Connection, catchup: Catchup[Entry], stretch: Stretch) -> bool:
        """Send a page in parts that fit below the send cap; False when the connection is no longer on its way."""
        for part in _parts(stretch.items, self.high):
            if connection.catchup is not catchup:
                return False
            connection.link.replay(catchup.page(part, covered=part[-1].seq))
            if not await self._taken(connection, catchup):
                return False
        if connection.catchup is not catchup:
            return False
        catchup.page((), covered=stretch.covered)
        return True

    async def _stretch(self, view: View, after: int) -> Stretch:
        """The next page of what a view holds: of the window where it reaches back so far, else of the log."""
        rest = self.window.after(after, view.seen_from, view.user or None)
        if rest is not None:
            page = rest[:PAGE]
            covered = self._broker.head().seq if len(rest) <= PAGE else page[-1].seq
            return Stretch(page, covered, self._broker.floor())
        return await self._broker.stretch(view, after, PAGE)

    async def _taken(self, connection: Connection, catchup: Catchup[Entry]) -> bool:
        """Wait until the peer has taken most of what was sent; False when it left or takes nothing."""
        link = connection.link
        least, deadline = link.pending(), time.monotonic() + REPLAY_PATIENCE
        pause = _FIRST_PAUSE
        while link.pending() > self.high:
            if connection.catchup is not catchup:
                return False
            if link.pending() < least:
                least, deadline = link.pending(), time.monotonic() + REPLAY_PATIENCE
            if time.monotonic() > deadline:
                self._close(connection, "slow")
                return False
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        return connection.catchup is catchup

    def _give_up(self, connection: Connection) -> None:
        connection.catchup = None
        connection.stream_from = self._broker.head().seq
        connection.link.join(connection.identity.rooms())
        self._metrics.unrecovered()
        self.sync(connection, recovered=False, replayed=0)

    def sync(self, connection: Connection, *, recovered: bool, replayed: int) -> None:
        """Tell a client that came with a cursor how it went."""
        cursor = self._broker.head().cursor()
        connection.link.control("ns:sync", {"recovered": recovered, "replayed": replayed, "cursor": cursor})

    def remember(self, batch: Sequence[Entry]) -> None:
        """Keep what was just published for those who come or are on their way."""
        for entry in batch:
            if entry.persist:
                self.window.append(entry)
                continue
            for connection in self._hub:
                if connection.catchup is not None and entry.is_for(connection.identity.rooms()):
                    connection.catchup.hold(entry)


def _parts(page: Sequence[Entry], most: int) -> Iterator[Sequence[Entry]]:
    """A page in runs of at most ``most`` bytes, or of one entry that is larger."""
    start, size = 0, 0
    for index, entry in enumerate(page):
        size += len(entry.body)
        if size > most and index > start:
            yield page[start:index]
            start, size = index, len(entry.body)
    if start < len(page):
        yield page[start:]
