"""The protocol that owns the transport of a websocket: parser in, joined frames out, nothing else.

It takes the place of aiohttp's objects after the 101 (`transport.set_protocol`) and costs a few hundred
bytes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from sio_server.engine.limits import CLOSE_TIMEOUT, FIRST_MESSAGE, SMALL_FRAGMENT, TURN
from sio_server.engine.reasons import Reason
from sio_server.engine.transport.accelerator import descriptor
from sio_server.engine.transport.backlog import Backlog
from sio_server.engine.transport.reading import read_in_pieces
from sio_server.engine.wire.frames import (
    BINARY,
    CLOSE,
    CONTINUATION,
    PING,
    PONG,
    TEXT,
    CloseCode,
    FrameError,
    FrameParser,
    check_close,
    close_frame,
    frame,
)

if TYPE_CHECKING:
    from sio_server.engine.counters import Counters
    from sio_server.engine.limits import Limits
    from sio_server.engine.transport.outbox import Outbox
    from sio_server.engine.transport.wheel import Wheel

_MESSAGES = (TEXT, BINARY)


class Host(Protocol):
    """What a connection asks of the server that it belongs to; all connections share it."""

    limits: Limits
    counters: Counters
    outbox: Outbox
    #: the connections that are open, or not closed on both sides yet
    connections: set[WebSocketConnection]

    @property
    def wheel(self) -> Wheel:
        """The timers of all connections."""

    def failed(self, what: str) -> None:
        """Count and log an exception of the engine's own; called in an `except`."""


class Receiver(Protocol):
    """Who gets what a websocket brings: a session, or an upgrade that is still being probed."""

    def on_websocket_message(self, connection: WebSocketConnection, data: str | bytes) -> None:
        """A whole message: text as str, binary as bytes."""

    def on_websocket_control(self) -> None:
        """A frame that carries nothing, or next to nothing: a ping, a pong, a fragment of a few bytes."""

    def on_websocket_refused(self, code: CloseCode, detail: str) -> None:
        """The peer broke RFC 6455; `on_websocket_lost` follows."""

    def on_websocket_lost(self, connection: WebSocketConnection, reason: str) -> None:
        """The connection is of no use any more; called once."""

    def most(self) -> int:
        """How many bytes a message may have now."""


class WebSocketConnection(asyncio.Protocol):
    """A websocket without extensions, server side."""

    __slots__ = (
        "_backlog",
        "_closing",
        "_deaf",
        "_full",
        "_parser",
        "_reading",
        "_resting",
        "_waiting_before",
        "descriptor",
        "indirect",
        "own",
        "receiver",
        "server",
        "timer_key",
        "transport",
    )

    def __init__(self, server: Host, transport: asyncio.Transport, receiver: Receiver | None) -> None:
        self.server = server
        self.transport = transport
        self.receiver = receiver
        #: frames that are gathered for this connection, or for a few: see `Recipient.own`
        self.own: list[tuple[int, bytes, bool]] | None = None
        #: whether what is sent has to go through `send`: the connection has frames of its own, its
        #: transport is full, or it is closing
        self.indirect = False
        #: where the C send loop may write, or -1
        self.descriptor = descriptor(transport)
        read_in_pieces(transport)
        self.timer_key = 0
        self._parser = FrameParser(FIRST_MESSAGE if receiver is None else receiver.most())
        self._full = False
        #: while the transport is full: what it gets when it has room; made for those who need one
        self._backlog: Backlog | None = None
        #: bytes that waited for the peer when its answer to our Close frame was last looked for
        self._waiting_before = 0
        self._closing = False
        #: what the peer sends cannot be read any more, and is not: a reset would take our Close frame from it
        self._deaf = False
        self._reading = True
        #: what was received is parsed on when others have had their turn
        self._resting = False
        server.connections.add(self)

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        """Parse and hand on; a broken frame closes with the code that RFC 6455 names. Raises nothing."""
        if self._deaf:
            return
        self._parser.feed(data)
        if not self._resting:
            self._read_on()

    def _read_on(self) -> None:
        self._resting = False
        try:
            self._handle_frames()
        except FrameError as error:
            if self.receiver is not None:
                self.receiver.on_websocket_refused(error.code, str(error))
            self._fail(error.code)
        except Exception:  # noqa: BLE001  told in `failed`; asyncio would drop the socket and write a traceback for each
            self.server.failed("a frame")
            self._fail(CloseCode.INTERNAL)

    def _handle_frames(self) -> None:
        # a client whose handlers lag is not even parsed on: a segment may hold thousands of events
        turn = TURN
        while self._reading and (self.receiver is not None or self._closing):
            found = self._parser.next()
            if found is None:
                return
            opcode, payload = found
            if opcode in _MESSAGES:
                if self.receiver is not None:
                    self._message(opcode, payload)
            elif opcode == CLOSE:
                self._peer_closes(payload)
                return
            else:
                self._control(opcode, payload)
            turn -= 1
            if not turn:
                self._rest()
                return

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == PING and not self._closing:
            self.server.outbox.write(self, frame(PONG, payload))
        if self.receiver is not None and (opcode != CONTINUATION or len(payload) < SMALL_FRAGMENT):
            self.receiver.on_websocket_control()

    def _rest(self) -> None:
        """Parse on in the loop's next turn, and read nothing until then."""
        self._resting = True
        self.transport.pause_reading()
        asyncio.get_running_loop().call_soon(self._wake)

    def _wake(self) -> None:
        self._read_on()
        if self._reading and not self._resting and not self.transport.is_closing():
            self.transport.resume_reading()

    def _message(self, opcode: int, payload: bytes) -> None:
        receiver = self.receiver
        assert receiver is not None  # noqa: S101  for mypy; the caller looked
        if opcode == BINARY:
            receiver.on_websocket_message(self, payload)
            return
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            raise FrameError(CloseCode.INVALID_DATA, "text is no UTF-8") from None
        receiver.on_websocket_message(self, text)

    def eof_received(self) -> bool:
        """Have the transport closed: a half-closed websocket is of no use."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the receiver that the socket is gone, whoever closed it."""
        self._release(Reason.TRANSPORT_CLOSE if exc is None else Reason.TRANSPORT_ERROR)

    def pause_writing(self) -> None:
        """The transport's buffer is over its high-water mark: count from now on."""
        self._full = True
        self.indirect = True

    def resume_writing(self) -> None:
        """The peer has read: give the transport what waits until it is full again."""
        self._full = False
        backlog = self._backlog
        while backlog and not self._full:
            self.transport.write(backlog.pop())  # which may call pause_writing
        if not self._full:
            self._backlog = None
            self.indirect = self.own is not None or self._closing

    # for the session

    def pause_reading(self) -> None:
        """Read nothing more from the peer for now: TCP slows it down."""
        if self._reading and not self._closing:
            self._reading = False
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Read from the peer again after `pause_reading`."""
        if not self._reading and not self.transport.is_closing():
            self._reading = True
            if not self._resting:
                self._resting = True
                asyncio.get_running_loop().call_soon(self._wake)

    def fit(self, most: int) -> None:
        """From the next frame on, a message may have this many bytes."""
        self._parser.max_size = most

    def send(self, data: bytes, count: int) -> None:
        """Write `count` frames now, or cut a peer that holds more than its cap."""
        if self._closing:
            return
        if not self._full:
            self.indirect = self.own is not None
            self.transport.write(data)
            return
        limits = self.server.limits
        backlog = self._backlog = self._backlog or Backlog()
        backlog.put(data, count)
        if (limits.send_cap is not None and self._waiting() > limits.send_cap) or (
            limits.send_packets_cap is not None and backlog.packets > limits.send_packets_cap
        ):
            self.server.counters.slow_cuts += 1
            self.abort(Reason.SLOW)

    def _waiting(self) -> int:
        return self.transport.get_write_buffer_size() + (self._backlog.size if self._backlog is not None else 0)

    def pending(self) -> int:
        """Bytes that wait for the peer, what was sent to it alone in this turn included."""
        return sum(len(piece) for _, piece, shared in self.own or () if not shared) + self._waiting()

    def close(self, code: int = CloseCode.NORMAL) -> None:
        """Send what is gathered and a Close frame, then wait a moment for the peer's."""
        self.receiver = None
        if self._closing:
            return
        self.server.outbox.serve(self)
        self._closing = True
        self.indirect = True
        self.resume_reading()
        if self.transport.is_closing():
            self._release("")
            return
        if self._backlog:
            self._backlog.put(close_frame(code))
        else:
            self.transport.write(close_frame(code))
        self.server.wheel.at(self, self.server.wheel.time() + CLOSE_TIMEOUT)

    def abort(self, reason: str) -> None:
        """Drop the socket and everything buffered for it at once."""
        self._closing = True
        self.indirect = True
        self.own = None
        self.transport.abort()
        self._release(reason)

    def on_timer(self) -> None:
        """The peer did not answer our Close frame; one that still reads what came before gets more time."""
        waiting = self._waiting()
        if waiting and waiting != self._waiting_before:
            self._waiting_before = waiting
            self.server.wheel.at(self, self.server.wheel.time() + CLOSE_TIMEOUT)
        else:
            self.transport.abort()

    # inside

    def _peer_closes(self, payload: bytes) -> None:
        if not self._closing:
            self.server.outbox.serve(self)
            self._closing = True
            self.indirect = True
            self._backlog = None  # it wants nothing more
            self.transport.write(close_frame(check_close(payload)))
        self.transport.close()
        # a peer that never reads would keep a closing transport with a full buffer for ever
        self.server.wheel.at(self, self.server.wheel.time() + CLOSE_TIMEOUT)
        self._lost(Reason.TRANSPORT_CLOSE)

    def _fail(self, code: CloseCode) -> None:
        self._deaf = True
        if self._closing:
            return
        self.server.counters.websocket_errors += 1
        if code is CloseCode.TOO_BIG:
            self.server.counters.websocket_too_large += 1
        self._lost(Reason.TRANSPORT_ERROR)
        self.close(code)

    def _lost(self, reason: str) -> None:
        receiver, self.receiver = self.receiver, None
        if receiver is not None:
            receiver.on_websocket_lost(self, reason)

    def _release(self, reason: str) -> None:
        self._closing = True
        self.indirect = True
        self.own = None
        self._backlog = None
        self.server.wheel.drop(self)
        self.server.connections.discard(self)
        self._lost(reason)
