"""What a session does with what its peer sends: packets in, how many, and how fast."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from engineio.async_socket import AsyncSocket

from sio_server.engine.eio.refused import Why
from sio_server.engine.limits import INBOX_LOW
from sio_server.engine.rates import Bucket
from sio_server.engine.reasons import Reason
from sio_server.engine.transport.connection import Host, WebSocketConnection
from sio_server.engine.wire.frames import CloseCode
from sio_server.engine.wire.packets import CLOSE, NOOP, Packet, PacketError, TooManyAttachmentsError, Wire, from_base64

if TYPE_CHECKING:
    from sio_server.engine.eio.arrivals import Arrivals
    from sio_server.engine.eio.environ import Environ
    from sio_server.engine.wire.handshake import Refusal


@dataclass(frozen=True, slots=True)
class Raw:
    """An event for a handler that the application registered at the Engine.IO server itself."""

    event: str
    arguments: tuple[Any, ...]


#: What a session handles in order: a packet, an event for Engine.IO's own handlers, or the reason it ended for.
Item = Packet | Raw | str


class SessionHandler(Protocol):
    """What happens to sessions and to what they send: the side of Socket.IO."""

    def opened(self, socket: ReceivingSocket, environ: Environ) -> None:
        """A session has begun."""

    def message(self, socket: ReceivingSocket, data: str | bytes) -> None:
        """A message has come. Raises PacketError where it has to close the connection."""

    def transport_changed(self, socket: ReceivingSocket) -> None:
        """A session that polled is a websocket now."""

    def ending(self, socket: ReceivingSocket) -> None:
        """A session is about to end; what is sent to it now still goes out."""

    def gone(self, socket: ReceivingSocket, reason: str) -> None:
        """A session has ended; it is to be finished (`EngineSocket.finish`) once everybody was told."""

    def stopped(self) -> None:
        """The server has shut down."""


class SessionHost(Host, Protocol):
    """What a session asks of the server that it belongs to."""

    dispatcher: SessionHandler
    arrivals: Arrivals
    on_refused: Any
    #: seconds from a pong to the next ping, and from a ping to the end of waiting for its pong
    ping_interval: float
    ping_timeout: float
    #: whether a session ends that does not answer a ping
    start_service_task: bool
    max_http_buffer_size: int

    def replaced(self, event: str) -> Callable[..., Any] | None:
        """The handler that an application put in place of Socket.IO's own, or None."""

    def tell(
        self, why: Why, status: int, subject: str, detail: str, environ: Mapping[str, Any], *, joined: bool = False
    ) -> Refusal | Mapping[str, Any] | None:
        """Tell the application of a refusal; returns what it wants to be answered."""

    def environ_of(self, sid: str) -> Environ:
        """The environ of the request that began a session; an empty one where it is gone."""

    def arrived_again(self, socket: ReceivingSocket) -> None:
        """The session is in no namespace any more."""

    def forget(self, socket: ReceivingSocket) -> None:
        """The session has ended and everybody was told."""


class ReceivingSocket(AsyncSocket):  # type: ignore[misc]  # the library is untyped
    """The half of an Engine.IO session that receives."""

    __slots__ = ("_answered", "_controls", "_events", "_heavy", "inbox", "joining", "partial", "running", "worker")

    sid: str
    server: SessionHost
    connection: WebSocketConnection | None
    closing: bool

    def _begin(self) -> None:
        #: whether the last ping has had its pong
        self._answered = True
        #: a binary packet whose attachments have not all come
        self.partial: Packet | None = None
        #: packets that wait for their handlers
        self.inbox: deque[Item] | None = None
        self.worker: asyncio.Task[None] | None = None
        #: a large packet waits for its handler
        self._heavy = False
        #: handlers of this client that run side by side (only where overlap is allowed)
        self.running = 0
        #: CONNECT packets that wait for their handlers or are with them
        self.joining = 0
        # made for those who need them
        self._events: Bucket | None = None
        self._controls: Bucket | None = None

    # what the other half does

    def end(self, reason: str, *, code: int = CloseCode.NORMAL, final: Wire = CLOSE) -> None:
        """End the session."""
        raise NotImplementedError

    def refused(self, why: Why, detail: str) -> Refusal | Mapping[str, Any] | None:
        """Tell the application of what this peer was refused for."""
        raise NotImplementedError

    def _pong(self) -> None:
        raise NotImplementedError

    # packets

    def receive_text(self, data: str | bytes) -> None:
        """One Engine.IO packet, from either transport. A bad one ends the session; raises nothing."""
        if self.closing:
            return
        if isinstance(data, bytes):
            self._message(data)
            return
        kind = data[:1]
        if kind == "4":
            self._message(data[1:])
        elif kind == "3":
            if self._answered:
                self.control()  # nobody asked for it
            else:
                self._pong()
        elif kind == "1":
            self.end(Reason.CLIENT_DISCONNECT, final=NOOP)
        elif kind == "b":
            self._base64(data)
        elif kind == "6":
            self.control()
        else:
            self.broken(detail="unknown Engine.IO packet type")

    def _message(self, data: str | bytes) -> None:
        server = self.server
        rate = server.limits.events_per_second
        if rate is not None:
            now = server.wheel.time()
            if self._events is None:
                self._events = Bucket(rate, now)
            if not self._events.spend(rate, now):
                server.counters.events_flood += 1
                self._flood(f"more than {rate:g} events a second")
                return
        try:
            server.dispatcher.message(self, data)
        except TooManyAttachmentsError as error:
            self.broken(Why.BINARY, str(error))
        except PacketError as error:
            self.broken(detail=str(error))
        except Exception:  # noqa: BLE001  told in `failed`; a transport that raises writes a traceback for each packet
            server.failed("a packet")
            self.end(Reason.INTERNAL, code=CloseCode.INTERNAL)

    def control(self) -> None:
        """Count a packet or frame that is no message and that nobody asked for; too many a second are a flood."""
        server = self.server
        rate = server.limits.control_per_second
        if rate is None or self.closing:
            return
        now = server.wheel.time()
        if self._controls is None:
            self._controls = Bucket(rate, now)
        if not self._controls.spend(rate, now):
            server.counters.controls_flood += 1
            self._flood(f"more than {rate:g} packets a second that carry nothing")

    def _flood(self, detail: str) -> None:
        self.refused(Why.FLOOD, detail)
        self.end(Reason.FLOOD, code=CloseCode.POLICY)

    def _base64(self, packet: str) -> None:
        try:
            data = from_base64(packet)
        except PacketError as error:
            self.broken(detail=str(error))
        else:
            self._message(data)

    def broken(self, why: Why = Why.PACKET, detail: str = "no packet") -> None:
        """End the session of a peer that sent what is no packet."""
        if self.closing:
            return
        self.server.counters.parse_errors += 1
        self.refused(why, detail)
        self.end(Reason.PARSE_ERROR)

    # a client that sends faster than its handlers go

    def _backlog(self) -> bool:
        inbox = self.inbox
        waiting = self.running + (len(inbox) if inbox is not None else 0)
        return self._heavy or waiting >= self.server.limits.inbox_high

    def heavy(self) -> None:
        """A large packet waits for its handler: nothing more is read before it has been handled."""
        self._heavy = True
        self.backlog_grew()

    def backlog_grew(self) -> None:
        """Stop reading from a client that sends faster than its handlers go."""
        if self._backlog() and self.connection is not None:
            self.server.counters.reads_paused += 1
            self.connection.pause_reading()

    def backlog_shrank(self) -> None:
        """Read from the client again once few of its packets wait for their handlers."""
        waiting = self.running + len(self.inbox or ())
        if not waiting:
            self._heavy = False
        if self.connection is not None and waiting <= INBOX_LOW and not self._heavy:
            self.connection.resume_reading()

    async def drained(self) -> None:
        """Wait until the handlers have caught up with what this client sent."""
        while self._backlog() and not self.closing and self.worker is not None:
            await asyncio.wait([self.worker], timeout=0.05)
