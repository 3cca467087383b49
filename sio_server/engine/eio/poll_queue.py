"""What waits for the polls of one session, and the one poll that waits for it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Protocol

from sio_server.engine.limits import MAX_POLL_PACKETS
from sio_server.engine.reasons import Reason
from sio_server.engine.wire.packets import CLOSE, NOOP, Wire

#: What wakes a poll that finds its packets in the queue.
_DATA = Wire(b"")
#: Polls during one upgrade that get their NOOP at once, and seconds that the others wait for it.
_FREE_NOOPS = 3
_UPGRADING_PAUSE = 0.05

Watch = Callable[[Callable[[], None] | None], None]


def unwatched(_aborted: Callable[[], None] | None) -> None:
    """Watch nothing: the way to poll where no connection can be watched for its loss."""


class PollOverlapError(Exception):
    """Two polls of one session at once."""


class Polled(Protocol):
    """A session as the queue of its packets sees it."""

    #: whether a websocket is taking its place
    upgrading: bool
    closing: bool
    #: the reason to end for, once the queue is empty; None: it goes on
    close_when_drained: str | None

    def check_held(self, size: int, count: int) -> None:
        """Cut the client when this many bytes, or this many packets, are too much to be held for it."""

    def end(self, reason: str) -> None:
        """End the session."""


class PollQueue:
    """The packets that wait for a session's next poll, and the poll that waits for packets."""

    __slots__ = ("_noops", "_socket", "_waiter", "size", "wires")

    def __init__(self, socket: Polled) -> None:
        self._socket = socket
        self.size = 0
        self._noops = 0
        self._waiter: asyncio.Future[Wire] | None = None
        self.wires: list[Wire] = []

    def add(self, wire: Wire) -> None:
        """Queue a packet, or cut a client that does not fetch them."""
        self.wires.append(wire)
        self.size += wire.size
        self._socket.check_held(self.size, len(self.wires))
        self.wake(_DATA)

    def wake(self, what: Wire) -> None:
        """Answer the poll that waits: with NOOP alone, or with what is queued (and with CLOSE behind it)."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(what)

    async def poll(self, watch: Watch = unwatched) -> list[bytes]:
        """The packets for a GET; waits until there are some. `watch(f)` has f called when it is aborted.

        Raises PollOverlapError when another GET waits already.
        """
        socket = self._socket
        if self._waiter is not None and not self._waiter.done():
            raise PollOverlapError
        if socket.upgrading:
            # at once, for the client waits for it to go on with its upgrade; unless it gave up and polls in a loop
            self._noops += 1
            if self._noops > _FREE_NOOPS:
                await asyncio.sleep(_UPGRADING_PAUSE)
            return NOOP.pieces
        self._noops = 0
        why = _DATA
        if not self.wires and socket.close_when_drained is None:
            why = await self._wait(watch)
        if why is NOOP:
            return NOOP.pieces
        found = self._take(everything=why is CLOSE or socket.closing)
        if why is CLOSE or socket.closing:
            found.extend(CLOSE.pieces)
        elif socket.close_when_drained is not None and not self.wires and len(found) < MAX_POLL_PACKETS:
            found.extend(CLOSE.pieces)
            socket.end(socket.close_when_drained)
        return found or NOOP.pieces

    async def _wait(self, watch: Watch) -> Wire:
        self._waiter = asyncio.get_running_loop().create_future()
        watch(self._aborted)
        try:
            return await self._waiter
        finally:
            watch(None)
            self._waiter = None

    def _aborted(self) -> None:
        # as Node does: the client may have gone, and the next packets must not go to a dead request
        if self._waiter is not None and not self._waiter.done():
            self._socket.end(Reason.TRANSPORT_ERROR)

    def _take(self, *, everything: bool) -> list[bytes]:
        """What is queued, as many packets as one answer may hold."""
        limit = sys.maxsize if everything else MAX_POLL_PACKETS
        found: list[bytes] = []
        taken = 0
        for wire in self.wires:
            if len(found) + len(wire.pieces) > limit:
                break
            found.extend(wire.pieces)
            taken += 1
        rest = self.wires[taken:]
        if rest and not found:  # one packet with more attachments than an answer holds
            found = rest[0].pieces[:limit]
            head = len(rest[0].pieces) - len(rest[0].attachments)
            rest[0] = Wire(b"", rest[0].attachments[limit - head :])
        self.wires = rest
        self.size = sum(wire.size for wire in rest)
        return found
