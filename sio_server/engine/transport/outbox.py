"""Joined writes: what is sent to a connection within a few turns of the loop leaves in one system call.

A send costs 6-8 microseconds, and eight frames in it cost hardly more than one. So what several publishers send at
about the same time is gathered, joined once for all recipients, and written once to each.

**What it does.** `write` takes a frame for one connection, `broadcast` a frame for many. Neither writes: the outbox
does, some turns of the loop later, by itself. Order on a connection is the order of the calls, single frames and
broadcasts mixed. Above `FLUSH_BYTES` it writes at once.

**How long it waits.** Two turns, always: in these the other sockets that are readable may publish, too. A broadcast
then waits on while others keep coming, and for a time only where it is likely that another one comes:

- The application says so by `expecting`, as one can whose broadcasts come from a log that is being written.
- Publishers who were just answered publish again a moment later. So where writes follow one another, or the last one
  held several broadcasts, the next one waits `_ANSWERED` seconds.

Either wait is at most a fraction of the time that writing the broadcast takes; nothing is delayed while there are
pauses between broadcasts. The states, of which `_handle` and `_timed` tell:

| state    | `_handle`    | `_timed` | ends with                                                                     |
|----------|--------------|----------|-------------------------------------------------------------------------------|
| empty    | None         | False    | a call of `write` or `broadcast`: turning                                     |
| turning  | `call_soon`  | False    | two turns without another broadcast, or too long: waiting, or written (empty) |
| waiting  | `call_later` | True     | a broadcast: turning; the time is over: written (empty)                       |

For example: three publishers are answered at the same time. A's next broadcast comes: turning. B's comes one turn
later: two more turns. None comes in these, but the last write held several: waiting. C's comes after 0.3 ms: turning
again. Two turns later, or as the time for all of it is over, A, B and C leave in one write to each of their
recipients.

**What it does not do.** It does not choose the recipients (`Fanout` does) and does not encode. It knows no
backpressure: no call waits or fails, whatever a peer does; what a transport does not take is kept by its connection,
which cuts a peer that holds too much (`WebSocketConnection.send`). It says to nobody whether a frame was written.
Sessions that poll have queues of their own (`PollQueue`).
"""

from __future__ import annotations

import asyncio
import math
import time
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
#: Seconds after a write in which a broadcast counts as following it. A publisher who was answered just before the write
#: publishes during it, and is heard 0.5 ms after it, where its own machine is busy with what was written: at 0.6 ms it
#: was luck whether a lone publisher's broadcasts were ever joined, and 130,000 deliveries a second or 700,000.
_FOLLOWING = 2e-3
#: Turns without another broadcast after which none is waited for by turns. A request whose handler runs in a task
#: publishes a turn later than one that does not.
_QUIET_TURNS = 2
#: Recipients from which on the C loop is worth its call.
_WORTH_IT = 4


class Recipient(Protocol):
    """A connection as the outbox writes to it."""

    transport: asyncio.Transport
    #: frames that are gathered for this connection alone, each with how many broadcasts were gathered before it
    own: list[tuple[int, bytes]] | None
    #: whether what is sent has to go through `send` or `send_among`, which look before they write
    indirect: bool
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
    """What a few turns of the loop write, until it is written; one per server."""

    __slots__ = (
        "_broadcasts",
        "_bytes",
        "_counted",
        "_expecting",
        "_handle",
        "_last_ended",
        "_last_was_joined",
        "_likely",
        "_loop",
        "_owners",
        "_quiet_turns",
        "_timed",
        "_turns",
        "_wait_until",
        "_wait_until_if_expected",
        "time",
    )

    def __init__(self, expecting: Callable[[], bool] | None = None) -> None:
        #: seconds of a monotonic clock
        self.time: Callable[[], float] = time.monotonic
        #: the loop that ran when the outbox was last found empty
        self._loop: asyncio.AbstractEventLoop
        #: whether broadcasts are about to come that are worth waiting for
        self._expecting = expecting
        #: what the loop is to call while anything is gathered, and whether after a time, not in the next turn
        self._handle: asyncio.Handle | None = None
        self._timed = False
        #: the broadcasts that are gathered: a frame and the list of who gets it (never changed, so equal lists are one
        #: object)
        self._broadcasts: list[tuple[bytes, Sequence[Recipient]]] = []
        #: connections with frames of their own, in `connection.own`
        self._owners: list[Recipient] = []
        self._bytes = 0
        #: of what is gathered: turns since the first frame, turns since the last broadcast, and broadcasts at the last
        #: look
        self._turns = self._quiet_turns = self._counted = 0
        #: until when other broadcasts are waited for, and until when where the application expects some
        self._wait_until = self._wait_until_if_expected = 0.0
        #: whether another broadcast is likely to come within `_ANSWERED` seconds
        self._likely = False
        #: of the last write with a broadcast: whether it held several, and when it ended
        self._last_was_joined = False
        self._last_ended = -math.inf

    def write(self, connection: Recipient, frame: bytes) -> None:
        """Send a frame to one connection; does not wait."""
        own = connection.own
        if own is None:
            own = connection.own = []
            connection.indirect = True
            self._owners.append(connection)
            if self._handle is None:
                self._begin()
        own.append((len(self._broadcasts), frame))
        self._bytes += len(frame)
        if self._bytes > FLUSH_BYTES:
            self.flush()

    def broadcast(self, frame: bytes, connections: Sequence[Recipient]) -> None:
        """Send a frame to each of the connections; does not wait. The sequence must not change afterwards."""
        self._broadcasts.append((frame, connections))
        if self._handle is None:
            self._begin()
        elif self._timed:
            self._handle.cancel()
            self._timed = False
            self._handle = self._loop.call_soon(self._turn)
        self._bytes += len(frame)
        if self._bytes > FLUSH_BYTES:
            self.flush()

    def _begin(self) -> None:
        """Something is gathered where nothing was: empty -> turning."""
        self._counted = self._turns = 0
        self._wait_until = self._wait_until_if_expected = 0.0
        self._loop = loop = asyncio.get_running_loop()
        self._handle = loop.call_soon(self._turn)

    def _turn(self) -> None:
        """A turn has passed: turning -> turning, waiting or empty."""
        self._turns += 1
        count = len(self._broadcasts)
        if count != self._counted:
            if not self._counted:
                self._first_broadcast()
            self._counted = count
            self._quiet_turns = 0
        self._quiet_turns += 1
        if self._turns == 1 or (self._quiet_turns <= _QUIET_TURNS and self.time() < self._wait_until):
            self._handle = self._loop.call_soon(self._turn)
        elif not self._wait(_ANSWERED if self._likely else 0.0):
            self._leave()

    def _first_broadcast(self) -> None:
        """Decide how long others may be waited for, by what the first broadcast costs to write."""
        now, recipients = self.time(), len(self._broadcasts[0][1])
        self._wait_until = now + min(recipients * _WAIT_PER_RECIPIENT, _MAX_WAIT)
        self._wait_until_if_expected = now + min(recipients * _WAIT_FOR_KNOWN, _MAX_WAIT)
        self._likely = self._last_was_joined or now < self._last_ended + _FOLLOWING

    def _wait(self, seconds: float) -> bool:
        """Wait for broadcasts that are expected, else so many seconds for others; False when it is time to write."""
        if not self._broadcasts:
            return False
        now = self.time()
        if now < self._wait_until_if_expected and self._expecting is not None and self._expecting():
            self._handle = self._loop.call_later(self._wait_until_if_expected - now, self._leave)
        elif seconds and now < self._wait_until:
            self._handle = self._loop.call_later(min(seconds, self._wait_until - now), self._waited)
        else:
            return False
        self._timed = True
        return True

    def _waited(self) -> None:
        """The time for others is over: waiting -> waiting where some are expected by now, or empty."""
        self._timed = False
        if not self._wait(0.0):
            self._leave()

    def _leave(self) -> None:
        self._timed = False
        self._handle = None
        self.flush()

    def close(self) -> None:
        """Forget what is gathered and what the loop was to call; the next write begins anew, on whatever loop runs."""
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._timed = None, False
        self._broadcasts, self._owners, self._bytes = [], [], 0
        self._last_was_joined, self._last_ended = False, -math.inf

    def flush(self) -> None:
        """Write everything gathered so far, at once."""
        broadcasts, owners = self._broadcasts, self._owners
        if not broadcasts and not owners:
            return
        self._broadcasts, self._owners, self._bytes = [], [], 0
        if broadcasts:
            self._last_was_joined = len(broadcasts) > 1
            first = broadcasts[0][1]
            if all(connections is first for _, connections in broadcasts):
                self._flush_shared([frame for frame, _ in broadcasts], first)
            else:
                self._flush_mixed(broadcasts)
        for connection in owners:
            rest = connection.own
            if rest is not None:
                connection.own = None
                connection.send(b"".join([frame for _, frame in rest]), len(rest))
        if broadcasts:
            self._last_ended = self.time()

    @staticmethod
    def _flush_shared(frames: list[bytes], connections: Sequence[Recipient]) -> None:
        # the hot loop of the server: one join for all, one write per connection
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        count = len(frames)
        if accelerator.send_many is not None and len(connections) >= _WORTH_IT:
            direct = []
            for connection in connections:
                if connection.indirect or connection.descriptor < 0:
                    connection.send_among(frames, data, count)
                else:
                    direct.append(connection)
            _send_direct(accelerator.send_many, direct, data)
            return
        for connection in connections:
            if connection.indirect:
                connection.send_among(frames, data, count)
            else:
                connection.transport.write(data)

    @staticmethod
    def _flush_mixed(broadcasts: list[tuple[bytes, Sequence[Recipient]]]) -> None:
        pending: dict[Recipient, list[bytes]] = {}
        for index, (frame, connections) in enumerate(broadcasts):
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
