"""Joined writes: all that a few loop turns send to a connection leaves in one system call.

A send costs 6-8 microseconds and eight frames in it cost hardly more than one, so what several publishers send at the
same time is gathered. A write waits for two turns of the loop, in which the other sockets that are readable may publish
too; a broadcast to many waits on while entries keep coming, at most a fraction of the time that writing it takes.
Publishers who were just answered publish again a moment later: where writes follow one another, or the last one held
several broadcasts, the next one waits that moment, too. Nothing is delayed while there are pauses between broadcasts.
An application whose broadcasts come from somewhere that can tell, such as a log that is being written, says so with
`expecting`. Order per connection is the order of the calls, whether single writes or broadcasts.
"""

from __future__ import annotations

import asyncio
import math
from array import array
from typing import TYPE_CHECKING, Protocol

from sio_server.engine.limits import FLUSH_BYTES
from sio_server.engine.transport import accelerator

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sio_server.engine.transport.accelerator import SendMany

#: Seconds that a broadcast may wait for others, per recipient: a third of what a write costs; half of it for those that
#: are known to come, as the sync of a commit takes some milliseconds. And at most.
_WAIT_PER_RECIPIENT, _WAIT_FOR_KNOWN, _MAX_WAIT = 2e-6, 3.5e-6, 0.01
#: Seconds in which a publisher who was answered will have published again, if it does so at once.
_ANSWERED = 6e-4
#: Recipients from which on the C loop is worth its call.
_WORTH_IT = 4


class Recipient(Protocol):
    """A connection as the outbox writes to it."""

    transport: asyncio.Transport
    #: frames of this turn for this connection alone, each with how many broadcasts came before it
    own: list[tuple[int, bytes]] | None
    #: whether what is sent has to go through `send` or `send_among`, which look before they write
    special: bool
    #: where the send loop in C may write, or -1
    descriptor: int

    def send(self, data: bytes, count: int) -> None:
        """Write `count` frames now."""

    def send_among(self, frames: list[bytes], data: bytes, count: int) -> None:
        """Write the frames of broadcasts, joined in `data`, with the connection's own between them."""


def _send_direct(send_many: SendMany, connections: list[Recipient], data: bytes) -> None:
    descriptors = array("i", [connection.descriptor for connection in connections])
    for index, sent in send_many(descriptors, data):
        # a full socket buffer, or an error: the transport keeps the rest, or finds the error itself
        connections[index].transport.write(data[sent:] if sent > 0 else data)


class Outbox:
    """What this turn's writes are gathered in; one per server."""

    __slots__ = (
        "_bytes",
        "_company",
        "_ended",
        "_expecting",
        "_groups",
        "_handle",
        "_joined",
        "_known_until",
        "_loop",
        "_own",
        "_quiet",
        "_seen",
        "_timed",
        "_turns",
        "_until",
    )

    def __init__(self, expecting: Callable[[], bool] | None = None) -> None:
        #: the loop that runs when the first write of a turn comes
        self._loop: asyncio.AbstractEventLoop
        #: whether broadcasts are about to come that are worth the same wait as those that keep coming
        self._expecting = expecting
        #: whether the last write held several broadcasts, when it ended, and what that says of this one
        self._joined = self._company = False
        self._ended = -math.inf
        #: what the loop will call while anything is gathered, and whether that is for a time and not for turns
        self._handle: asyncio.Handle | None = None
        self._timed = False
        #: broadcasts of this turn: a frame and the list of who gets it (never changed, so equal lists are one
        #: object)
        self._groups: list[tuple[bytes, Sequence[Recipient]]] = []
        #: connections with frames of their own, in `connection.own`
        self._own: list[Recipient] = []
        self._bytes = 0
        #: turns waited, entries seen at the last look, turns since one came, and until when to wait for more
        self._turns = self._seen = self._quiet = 0
        self._until = self._known_until = 0.0

    def write(self, connection: Recipient, frame: bytes) -> None:
        """Send a frame to one connection."""
        own = connection.own
        if own is None:
            own = connection.own = []
            connection.special = True
            self._own.append(connection)
            if self._handle is None:
                self._schedule()
        own.append((len(self._groups), frame))
        self._bytes += len(frame)
        if self._bytes > FLUSH_BYTES:
            self.flush()

    def broadcast(self, frame: bytes, connections: Sequence[Recipient]) -> None:
        """Send a frame to each of the connections. The sequence must not change afterwards."""
        self._groups.append((frame, connections))
        if self._handle is None:
            self._schedule()
        elif self._timed:
            self._handle.cancel()
            self._timed = False
            self._handle = self._loop.call_soon(self._turn)
        self._bytes += len(frame)
        if self._bytes > FLUSH_BYTES:
            self.flush()

    def _schedule(self) -> None:
        self._seen = self._turns = 0
        self._until = self._known_until = 0.0
        self._loop = loop = asyncio.get_running_loop()
        self._handle = loop.call_soon(self._turn)

    def _turn(self) -> None:
        self._turns += 1
        count = len(self._groups)
        if count != self._seen:
            if not self._seen:
                now, recipients = self._loop.time(), len(self._groups[0][1])
                self._until = now + min(recipients * _WAIT_PER_RECIPIENT, _MAX_WAIT)
                self._known_until = now + min(recipients * _WAIT_FOR_KNOWN, _MAX_WAIT)
                self._company = self._joined or now < self._ended + _ANSWERED
            self._seen = count
            self._quiet = 0
        self._quiet += 1
        # a request whose handler runs in a task publishes a turn later than one that does not: look twice
        if self._turns == 1 or (self._quiet <= 2 and self._loop.time() < self._until):  # noqa: PLR2004
            self._handle = self._loop.call_soon(self._turn)
        elif not self._wait(_ANSWERED if self._company else 0.0):
            self._leave()

    def _wait(self, seconds: float) -> bool:
        """Wait for broadcasts that are known to come, else so many seconds for others; False when it is time to go."""
        now = self._loop.time()
        if not self._groups:
            return False
        if now < self._known_until and self._expecting is not None and self._expecting():
            self._handle = self._loop.call_at(self._known_until, self._leave)
        elif seconds and now < self._until:
            self._handle = self._loop.call_at(min(now + seconds, self._until), self._waited)
        else:
            return False
        self._timed = True
        return True

    def _waited(self) -> None:
        self._timed = False
        if not self._wait(0.0):
            self._leave()

    def _leave(self) -> None:
        self._timed = False
        self._handle = None
        self.flush()

    def close(self) -> None:
        """Forget what is gathered, and what the loop was to call: the next write begins anew, on whatever loop runs."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._timed = None, False
        self._groups, self._own, self._bytes = [], [], 0
        self._joined, self._ended = False, -math.inf

    def flush(self) -> None:
        """Write everything gathered so far."""
        groups, own = self._groups, self._own
        if not groups and not own:
            return
        self._groups, self._own, self._bytes = [], [], 0
        if groups:
            self._joined = len(groups) > 1
            first = groups[0][1]
            if all(connections is first for _, connections in groups):
                self._flush_shared([frame for frame, _ in groups], first)
            else:
                self._flush_mixed(groups)
        for connection in own:
            rest = connection.own
            if rest is not None:
                connection.own = None
                connection.send(b"".join([frame for _, frame in rest]), len(rest))
        if groups:
            self._ended = self._loop.time()

    @staticmethod
    def _flush_shared(frames: list[bytes], connections: Sequence[Recipient]) -> None:
        # the hot loop of the server: one join for all, one write per connection
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        count = len(frames)
        if accelerator.send_many is not None and len(connections) >= _WORTH_IT:
            direct = []
            for connection in connections:
                if connection.special or connection.descriptor < 0:
                    connection.send_among(frames, data, count)
                else:
                    direct.append(connection)
            _send_direct(accelerator.send_many, direct, data)
            return
        for connection in connections:
            if connection.special:
                connection.send_among(frames, data, count)
            else:
                connection.transport.write(data)

    @staticmethod
    def _flush_mixed(groups: list[tuple[bytes, Sequence[Recipient]]]) -> None:
        pending: dict[Recipient, list[bytes]] = {}
        for index, (frame, connections) in enumerate(groups):
            for connection in connections:
                frames = pending.get(connection)
                if frames is None:
                    frames = pending[connection] = []
                own = connection.own
                while own and own[0][0] <= index:
                    frames.append(own.pop(0)[1])
                frames.append(frame)
        for connection, frames in pending.items():
            own = connection.own
            if own is not None:
                connection.own = None
                frames.extend(frame for _, frame in own)
            connection.send(frames[0] if len(frames) == 1 else b"".join(frames), len(frames))
