"""Joined writes: what is sent to a connection within a few turns of the loop leaves in one system call.

A send costs 6-8 microseconds, and eight frames in it cost hardly more than one. So what several publishers send at
about the same time is gathered, joined once for all recipients, and written once to each.

**What it does.** `write` takes a frame for one connection, `broadcast` a frame for many. Neither writes: the outbox
does, some turns of the loop later, by itself. Order on a connection is the order of the calls, single frames and
broadcasts mixed. Above `FLUSH_BYTES` it writes at once.

**How long a broadcast waits for others.** Two turns, always: in these the other sockets that are readable may publish,
too. It then waits on while others keep coming, and for a time only where it is likely that another one comes:

- The application says so by `expecting`, as one can whose broadcasts come from a log that is being written.
- Publishers who were just answered publish again a moment later. So where writes follow one another, or the last one
  held several broadcasts, the next one waits `_ANSWERED` seconds.

Either wait is at most a fraction of the time that writing the broadcast takes; nothing is delayed while there are
pauses between broadcasts. Then it is written, to many of them in slices of `SLICE` seconds, one in a turn of the loop:
what comes meanwhile from other sockets is served between two slices. The states, of which `_handle`, `_timed` and
`_sending` tell:

| state    | `_handle`    | `_timed` | ends with                                                                       |
|----------|--------------|----------|---------------------------------------------------------------------------------|
| empty    | None         | False    | a call of `broadcast`: turning                                                  |
| turning  | `call_soon`  | False    | two turns without another broadcast, or too long: waiting, or sending           |
| waiting  | `call_later` | True     | a broadcast: turning; the time is over: sending                                 |
| sending  | `call_soon`  | False    | everybody is written to: turning where broadcasts came meanwhile, or empty    |

For example: three publishers are answered at the same time. A's next broadcast comes: turning. B's comes one turn
later: two more turns. None comes in these, but the last write held several: waiting. C's comes after 0.3 ms: turning
again. Two turns later, or as the time for all of it is over, A, B and C leave in one write to each of their
recipients.

**Single frames** and broadcasts to a few wait for no broadcast: two turns later they leave, in any state. Their
connection is written to before its turn then: whatever it is still to get of broadcasts goes with them, in its place,
and the broadcast leaves it out (`serve`). So nobody waits for what others get.

**What it does not do.** It does not choose the recipients (`Fanout` does) and does not encode. It knows no
backpressure: no call waits or fails, whatever a peer does; what a transport does not take is kept by its connection,
which cuts a peer that holds too much (`WebSocketConnection.send`). It says to nobody whether a frame was written.
Sessions that poll have queues of their own (`PollQueue`).
"""

from __future__ import annotations

import asyncio
import math
import time
from typing import TYPE_CHECKING

from sio_server.engine.limits import FLUSH_BYTES
from sio_server.engine.transport.gathered import Gathered
from sio_server.engine.transport.sending import Sending

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sio_server.engine.transport.gathered import Piece, Recipient

#: Seconds of the loop's time that writing takes in one turn. A publish needs some five turns from its request to its
#: own recipient, and waits for a slice in each: at 2 ms it was there after 16 ms, at 1 ms after 9, and a turn costs 30
#: microseconds besides.
SLICE = 0.001
#: Recipients up to which a broadcast is as many single frames: it gains nothing by waiting for others.
_FEW = 4
#: Single frames between two looks at the clock.
_AT_ONCE = 64
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


class Outbox:
    """What a few turns of the loop write, until it is written; one per server."""

    __slots__ = (
        "_ahead",
        "_busy",
        "_bytes",
        "_counted",
        "_expecting",
        "_gathered",
        "_handle",
        "_last_ended",
        "_last_was_joined",
        "_likely",
        "_loop",
        "_own_bytes",
        "_owners",
        "_quiet_turns",
        "_recipients",
        "_sending",
        "_serving",
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
        #: what the loop is to call while broadcasts are gathered or written, and whether after a time, not in the next
        #: turn
        self._handle: asyncio.Handle | None = None
        self._timed = False
        #: the broadcasts that are gathered, and those that are being written
        self._gathered = Gathered(0)
        self._sending: Sending | None = None
        #: who was written to before its turn: the number of the first broadcast that it may still have to get
        self._ahead: dict[Recipient, int] = {}
        #: connections with frames of their own, in `connection.own`, and what the loop is to call while there are any
        self._owners: list[Recipient] = []
        self._serving: asyncio.Handle | None = None
        #: bytes that are gathered, of broadcasts and of single frames
        self._bytes = self._own_bytes = 0
        #: writing right now: whatever the application does in the middle of it is gathered
        self._busy = False
        #: of what is gathered: turns since the first frame, turns since the last broadcast, and broadcasts at the last
        #: look
        self._turns = self._quiet_turns = self._counted = 0
        #: recipients of the first broadcast; until when others are waited for, and until when where some are expected
        self._recipients = 0
        self._wait_until = self._wait_until_if_expected = 0.0
        #: whether another broadcast is likely to come within `_ANSWERED` seconds
        self._likely = False
        #: of the last write with a broadcast: whether it held several, and when it ended
        self._last_was_joined = False
        self._last_ended = -math.inf

    def write(self, connection: Recipient, frame: bytes, *, shared: bool = False) -> None:
        """Send a frame to one connection, or to one of a few that get the same one (`shared`); does not wait."""
        own = connection.own
        if own is None:
            own = connection.own = []
            connection.indirect = True
            self._owners.append(connection)
            if self._serving is None:
                self._serving = asyncio.get_running_loop().call_soon(self._serve_soon)
        own.append((self._gathered.end, frame, shared))
        self._own_bytes += len(frame)
        if self._own_bytes > FLUSH_BYTES and not self._busy:
            self._serve_owners(math.inf)

    def broadcast(self, frame: bytes, connections: Sequence[Recipient]) -> None:
        """Send a frame to each of the connections; does not wait. The sequence must not change afterwards."""
        if len(connections) <= _FEW:
            for connection in connections:
                self.write(connection, frame, shared=True)
            return
        if not self._gathered:
            self._recipients = len(connections)
        self._gathered.add(frame, connections)
        self._bytes += len(frame)
        if self._busy:
            return
        if self._handle is None:
            self._begin()
        elif self._timed:
            self._handle.cancel()
            self._timed = False
            self._handle = self._loop.call_soon(self._turn)
        if self._bytes > FLUSH_BYTES:
            self._press()

    def serve(self, connection: Recipient) -> None:
        """Write to one connection now whatever was sent to it so far."""
        self._write(connection, () if self._sending is None else self._sending.take(connection))

    def close(self) -> None:
        """Forget what is gathered and what the loop was to call; the next write begins anew, on whatever loop runs."""
        self._halt()
        if self._serving is not None:
            self._serving.cancel()
        self._serving = self._sending = None
        self._gathered, self._owners, self._ahead = Gathered(self._gathered.end), [], {}
        self._bytes = self._own_bytes = 0
        self._last_was_joined, self._last_ended = False, -math.inf

    # when broadcasts leave

    def _begin(self) -> None:
        """Something is gathered where nothing was: empty or sending -> turning."""
        self._counted = self._turns = 0
        self._wait_until = self._wait_until_if_expected = 0.0
        self._loop = loop = asyncio.get_running_loop()
        self._handle = loop.call_soon(self._turn)

    def _turn(self) -> None:
        """A turn has passed: turning -> turning, waiting or sending."""
        self._turns += 1
        count = len(self._gathered)
        if count != self._counted:
            if not self._counted:
                self._first_broadcast()
            self._counted = count
            self._quiet_turns = 0
        self._quiet_turns += 1
        if self._turns == 1 or (self._quiet_turns <= _QUIET_TURNS and self.time() < self._wait_until):
            self._handle = self._loop.call_soon(self._turn)
        elif not self._wait(_ANSWERED if self._likely else 0.0):
            self._start()

    def _first_broadcast(self) -> None:
        """Decide how long others may be waited for, by what the first broadcast costs to write."""
        now = self.time()
        self._wait_until = now + min(self._recipients * _WAIT_PER_RECIPIENT, _MAX_WAIT)
        self._wait_until_if_expected = now + min(self._recipients * _WAIT_FOR_KNOWN, _MAX_WAIT)
        self._likely = self._last_was_joined or now < self._last_ended + _FOLLOWING

    def _wait(self, seconds: float) -> bool:
        """Wait for broadcasts that are expected, else so many seconds for others; False when it is time to write."""
        now = self.time()
        if now < self._wait_until_if_expected and self._expecting is not None and self._expecting():
            self._handle = self._loop.call_later(self._wait_until_if_expected - now, self._start)
        elif seconds and now < self._wait_until:
            self._handle = self._loop.call_later(min(seconds, self._wait_until - now), self._waited)
        else:
            return False
        self._timed = True
        return True

    def _waited(self) -> None:
        """The time for others is over: waiting -> waiting where some are expected by now, or sending."""
        self._timed = False
        if not self._wait(0.0):
            self._start()

    def _press(self) -> None:
        """More is gathered than may wait: publishers are held up until what is being written is through."""
        self._halt()
        if self._sending is not None:
            self._go_on(math.inf)
            self._halt()
        self._start()

    def _halt(self) -> None:
        if self._handle is not None:
            self._handle.cancel()
        self._handle, self._timed = None, False

    def _start(self) -> None:
        """Write what is gathered: turning or waiting -> sending, or empty where it was soon done."""
        self._handle, self._timed = None, False
        gathered, ahead = self._gathered, self._ahead
        self._gathered, self._ahead, self._bytes = Gathered(gathered.end), {}, 0
        self._last_was_joined = len(gathered) > 1
        self._sending = Sending(gathered.groups(ahead), self._write)
        self._go_on(SLICE)

    def _slice(self) -> None:
        self._go_on(SLICE)

    def _go_on(self, seconds: float) -> None:
        """Write for so long: sending -> sending, empty, or turning."""
        sending, done = self._sending, False
        assert sending is not None  # noqa: S101  for mypy; nothing else calls this
        self._handle = None
        self._busy = True
        try:
            done = sending.go_on(self.time() + seconds, self.time)
        finally:
            self._busy = False
            if not done:
                self._handle = self._loop.call_soon(self._slice)
        if done:
            self._sending = None
            self._last_ended = self.time()
            if self._gathered:
                self._begin()

    # single frames

    def _serve_soon(self) -> None:
        """One turn more: others may have something for the same connections."""
        self._serving = asyncio.get_running_loop().call_soon(self._serve_some)

    def _serve_some(self) -> None:
        self._serve_owners(SLICE)

    def _serve_owners(self, seconds: float) -> None:
        """Write to those with frames of their own, for so long; to who is left in the next turn."""
        if self._serving is not None:
            self._serving.cancel()
            self._serving = None
        owners, self._owners = self._owners, []
        until = self.time() + seconds
        for number, connection in enumerate(owners, 1):
            if connection.own is not None:
                self.serve(connection)
            if not number % _AT_ONCE and number < len(owners) and self.time() >= until:
                self._owners = owners[number:] + self._owners
                if self._serving is None:
                    self._serving = asyncio.get_running_loop().call_soon(self._serve_some)
                return
        self._own_bytes = 0

    def _write(self, connection: Recipient, pieces: Sequence[Piece]) -> None:
        """Write to a connection now: these pieces, what is gathered for it, and its own frames in their places."""
        own, connection.own = connection.own or (), None
        gathered = self._gathered
        if gathered and (more := gathered.pieces_for(connection, self._ahead.get(connection, 0))):
            self._ahead[connection] = gathered.end
            pieces = (*pieces, *more)
        frames = []
        at = 0
        for number, frame in pieces:
            while at < len(own) and own[at][0] <= number:
                frames.append(own[at][1])
                at += 1
            frames.append(frame)
        frames.extend(frame for _, frame, _ in own[at:])
        if frames:
            connection.send(frames[0] if len(frames) == 1 else b"".join(frames), len(frames))
