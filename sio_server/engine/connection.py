"""The protocol that owns the transport of a websocket: parser in, joined frames out, nothing else.

It takes the place of aiohttp's objects after the 101 (`transport.set_protocol`) and costs a few hundred
bytes.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

from sio_server.engine.accelerator import descriptor
from sio_server.engine.backlog import Backlog
from sio_server.engine.frames import (
    BINARY,
    CLOSE,
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
from sio_server.engine.limits import CLOSE_TIMEOUT
from sio_server.engine.reading import read_in_pieces

if TYPE_CHECKING:
    from sio_server.engine.eio_server import EngineServer

_MESSAGES = (TEXT, BINARY)
#: Frames of one connection that are handled in a turn of the loop: a read may bring ten thousand tiny ones, and
#: everybody else would wait for all of them.
_FRAMES_A_TURN = 128


class Receiver(Protocol):
    """Who gets what a websocket brings: a session, or an upgrade that is still being probed."""

    def on_websocket_message(self, connection: WebSocketConnection, data: str | bytes) -> None:
        """A whole message: text as str, binary as bytes."""

    def on_websocket_lost(self, connection: WebSocketConnection, reason: str) -> None:
        """The connection is of no use any more; called once."""


class WebSocketConnection(asyncio.Protocol):
    """A websocket without extensions, server side."""

    __slots__ = (
        "_backlog",
        "_closing",
        "_full",
        "_left",
        "_more",
        "_parser",
        "_reading",
        "descriptor",
        "own",
        "receiver",
        "server",
        "special",
        "timer_key",
        "transport",
    )

    def __init__(self, server: EngineServer, transport: asyncio.Transport, receiver: Receiver) -> None:
        self.server = server
        self.transport = transport
        self.receiver: Receiver | None = receiver
        #: frames of this turn for this connection alone, with how many broadcasts came before them
        self.own: list[tuple[int, bytes]] | None = None
        #: True: not to be written to directly, `send` has to look
        self.special = False
        #: where the C send loop may write, or -1
        self.descriptor = descriptor(transport)
        read_in_pieces(transport)
        self.timer_key = 0
        self._parser = FrameParser(server.max_http_buffer_size)
        self._full = False
        #: while the transport is full: what it gets when it has room; made for those who need one
        self._backlog: Backlog | None = None
        self._left = 0
        self._closing = False
        #: whether the session takes more, and whether frames that came wait for the next turn: not read in between
        self._reading = True
        self._more = False
        server.connections.add(self)

    # asyncio.Protocol

    def data_received(self, data: bytes) -> None:
        """Parse and hand on; a broken frame closes with the code that RFC 6455 names."""
        self._parser.feed(data)
        self._read_on()

    def _read_on(self) -> None:
        if self._parse():
            if not self._more and not self.transport.is_closing():
                self._more = True
                self.transport.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_on)
        elif self._more:
            self._more = False
            if self._reading and not self.transport.is_closing():
                self.transport.resume_reading()

    def _parse(self) -> bool:
        """Handle frames; returns whether there may be more for the next turn."""
        for _ in range(_FRAMES_A_TURN):
            # a client whose handlers lag is not even parsed on: a segment may hold thousands of events
            if not self._reading or (self.receiver is None and not self._closing):
                return False
            try:
                found = self._parser.next()
            except FrameError as error:
                self._fail(error.code)
                return False
            if found is None:
                return False
            opcode, payload = found
            if opcode in _MESSAGES:
                if self.receiver is not None:
                    self._message(opcode, payload)
            elif opcode == PING:
                if not self._closing:
                    self.server.outbox.write(self, frame(PONG, payload))
            elif opcode == CLOSE:
                self._peer_closes(payload)
                return False
        return True

    def _message(self, opcode: int, payload: bytes) -> None:
        receiver = self.receiver
        assert receiver is not None  # noqa: S101  for mypy; the caller looked
        if opcode == BINARY:
            receiver.on_websocket_message(self, payload)
            return
        try:
            text = payload.decode()
        except UnicodeDecodeError:
            self._fail(CloseCode.INVALID_DATA)
            return
        receiver.on_websocket_message(self, text)

    def eof_received(self) -> bool:
        """A half-closed websocket is of no use."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """The socket is gone, by whoever closed it."""
        reason = self.server.reason
        self._release(reason.TRANSPORT_CLOSE if exc is None else reason.TRANSPORT_ERROR)

    def pause_writing(self) -> None:
        """The transport's buffer is over its high-water mark: count from now on."""
        self._full = True
        self.special = True

    def resume_writing(self) -> None:
        """The peer has read: give the transport what waits until it is full again."""
        self._full = False
        backlog = self._backlog
        while backlog and not self._full:
            self.transport.write(backlog.take())  # which may call pause_writing
        if not self._full:
            self._backlog = None
            self.special = self.own is not None or self._closing

    # for the session

    def pause_reading(self) -> None:
        """Let TCP slow the peer down."""
        if self._reading and not self._closing:
            self._reading = False
            if not self._more:
                self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Undo `pause_reading`."""
        if not self._reading and not self.transport.is_closing():
            self._reading = True
            if not self._more:
                self.transport.resume_reading()
            asyncio.get_running_loop().call_soon(self._read_on)

    def send(self, data: bytes, count: int) -> None:
        """Write `count` frames now, or cut a peer that holds more than its cap."""
        if self._closing:
            return
        if not self._full:
            self.special = self.own is not None
            self.transport.write(data)
            return
        limits = self.server.limits
        backlog = self._backlog = self._backlog or Backlog()
        backlog.put(data, count)
        if (limits.send_cap is not None and self._waiting() > limits.send_cap) or (
            limits.send_packets_cap is not None and backlog.packets > limits.send_packets_cap
        ):
            self.server.counters.slow_cuts += 1
            self.abort(self.server.reason.SLOW)

    def _waiting(self) -> int:
        return self.transport.get_write_buffer_size() + (self._backlog.size if self._backlog is not None else 0)

    def pending(self) -> int:
        """Bytes that wait for the peer, those of this turn included."""
        return sum(len(piece) for _, piece in self.own or ()) + self._waiting()

    def send_among(self, frames: list[bytes], data: bytes, count: int) -> None:
        """Write the frames of this turn's broadcasts with this connection's own between them."""
        own = self.own
        if own is None:
            self.send(data, count)
            return
        self.own = None
        mixed: list[bytes] = []
        at = 0
        for index, piece in own:
            mixed.extend(frames[at:index])
            at = max(at, index)
            mixed.append(piece)
        mixed.extend(frames[at:])
        self.send(b"".join(mixed), len(mixed))

    def close(self, code: int = CloseCode.NORMAL) -> None:
        """Send what is gathered and a Close frame, then wait a moment for the peer's."""
        self.receiver = None
        if self._closing:
            return
        self.server.outbox.flush()
        self._closing = True
        self.special = True
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
        self.special = True
        self.own = None
        self.transport.abort()
        self._release(reason)

    def on_timer(self) -> None:
        """The peer did not answer our Close frame; one that still reads what came before gets more time."""
        left = self._waiting()
        if left and left != self._left:
            self._left = left
            self.server.wheel.at(self, self.server.wheel.time() + CLOSE_TIMEOUT)
        else:
            self.transport.abort()

    # inside

    def _peer_closes(self, payload: bytes) -> None:
        if not self._closing:
            self.server.outbox.flush()
            self._closing = True
            self.special = True
            self._backlog = None  # it wants nothing more
            self.transport.write(close_frame(check_close(payload)))
        self.transport.close()
        # a peer that never reads would keep a closing transport with a full buffer for ever
        self.server.wheel.at(self, self.server.wheel.time() + CLOSE_TIMEOUT)
        self._lost(self.server.reason.TRANSPORT_CLOSE)

    def _fail(self, code: CloseCode) -> None:
        if self._closing:
            self.transport.abort()
            return
        self.server.counters.websocket_errors += 1
        if code is CloseCode.TOO_BIG:
            self.server.counters.websocket_too_large += 1
        self._lost(self.server.reason.TRANSPORT_ERROR)
        self.close(code)

    def _lost(self, reason: str) -> None:
        receiver, self.receiver = self.receiver, None
        if receiver is not None:
            receiver.on_websocket_lost(self, reason)

    def _release(self, reason: str) -> None:
        self._closing = True
        self.special = True
        self.own = None
        self._backlog = None
        self.server.wheel.drop(self)
        self.server.connections.discard(self)
        self._lost(reason)
