"""An Engine.IO v4 session: a queue while it polls, a websocket once upgraded, no task or timer of its own."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any

from engineio.async_socket import AsyncSocket

from sio_server.engine.frames import CloseCode
from sio_server.engine.limits import INBOX_LOW, MAX_NAMESPACE_NAME
from sio_server.engine.packets import CLOSE, NOOP, PING, PacketError, Wire, from_base64
from sio_server.engine.poll_queue import PollQueue, Watch, unwatched
from sio_server.engine.probe import Probe

if TYPE_CHECKING:
    from engineio.packet import Packet as StockPacket

    from sio_server.engine.connection import WebSocketConnection
    from sio_server.engine.dispatch import Item
    from sio_server.engine.eio_server import EngineServer
    from sio_server.engine.packets import Packet
    from sio_server.engine.rooms import Member


#: Seconds of ping interval from which on a ping may be late by one of the wheel's wide buckets. Below, it must not:
#: with pings every 0.3 s the lateness adds up to more than a peer's patience.
_LONG_INTERVAL = 5.0


class EngineSocket(AsyncSocket):  # type: ignore[misc]  # the library is untyped
    """One session. All methods but the few async ones of the library's interface are synchronous."""

    __slots__ = (
        "_answered",
        "_beat",
        "_join_by",
        "_last_event",
        "_session",
        "_tokens",
        "close_when_drained",
        "closed",
        "closing",
        "connected",
        "connection",
        "inbox",
        "left",
        "members",
        "partial",
        "polls",
        "posting",
        "probe",
        "running",
        "server",
        "sid",
        "timer_key",
        "upgraded",
        "upgrading",
        "worker",
    )

    def __init__(self, server: EngineServer, sid: str) -> None:  # stock's constructor would make a queue and a dict
        self.server = server
        self.sid = sid
        self.connected = True
        self.upgrading = self.upgraded = self.closing = self.closed = False
        self.connection: WebSocketConnection | None = None
        self.probe: Probe | None = None
        #: what waits for a poll; a session that began as a websocket never has one
        self.polls: PollQueue | None = None
        self.posting = False
        self.close_when_drained: str | None = None
        self._session: dict[str, Any] | None = None
        self.members: tuple[Member, ...] = ()
        #: namespaces that were left or refused: late packets for them are no crime
        self.left: frozenset[str] = frozenset()
        #: a binary packet whose attachments have not all come
        self.partial: Packet | None = None
        #: packets that wait for their handlers
        self.inbox: deque[Item] | None = None
        self.worker: asyncio.Task[None] | None = None
        #: handlers of this client that run side by side (only where overlap is allowed)
        self.running = 0
        self._tokens = 0.0
        self._last_event = 0.0
        self.timer_key = 0
        now = server.wheel.time()
        self._answered = True
        self._beat = now + server.ping_interval
        limit = server.limits.connect_timeout
        self._join_by = 0.0 if limit is None else now + limit
        self._arm()

    # state

    @property
    def session(self) -> dict[str, Any]:
        """The application's session, by namespace."""
        if self._session is None:
            self._session = {}
        return self._session

    @session.setter
    def session(self, value: dict[str, Any]) -> None:
        self._session = value

    def member(self, namespace: str) -> Member | None:
        """This connection's member of a namespace."""
        for member in self.members:
            if member.namespace == namespace:
                return member
        return None

    def forget(self, member: Member) -> None:
        """The member has left its namespace."""
        self.members = tuple(other for other in self.members if other is not member)
        self.remember(member.namespace)

    def remember(self, namespace: str) -> None:
        """A namespace was left or refused. Of many, only so many are remembered: a peer chooses the names."""
        if len(self.left) < self.server.limits.max_namespaces and len(namespace) <= MAX_NAMESPACE_NAME:
            self.left |= {namespace}

    def joined(self) -> None:
        """A connect handler let this client in: the connect timeout is over, for good."""
        self._join_by = 0.0

    # timers

    def _arm(self) -> None:
        when = self._beat if not self._join_by or self._beat < self._join_by else self._join_by
        self.server.wheel.at(self, when, exact=not self._answered or self.server.ping_interval < _LONG_INTERVAL)

    def on_timer(self) -> None:
        """A ping is due, or a pong, or the CONNECT."""
        now = self.server.wheel.time()
        server = self.server
        if self._join_by and now >= self._join_by:
            server.counters.connect_timeouts += 1
            self.end(server.reason.CONNECT_TIMEOUT, code=CloseCode.POLICY)
            return
        if now >= self._beat:
            if self._answered:
                self._answered = False
                self._beat += server.ping_timeout  # from when the ping was due, or small delays would add up
                self.send_wire(PING)
            elif self._backlog() or not server.start_service_task:
                self._beat = now + server.ping_timeout  # its pong may wait in the socket that we do not read
            else:
                server.counters.ping_timeouts += 1
                self.end(server.reason.PING_TIMEOUT)
                return
        if not self.closing:
            self._arm()

    def expired(self) -> bool:
        """Whether the ping timeout has come; a request may be a little faster than the timer."""
        if not self._answered and self.server.wheel.time() >= self._beat:
            self.on_timer()
        return self.closing

    def _pong(self) -> None:
        self._answered = True
        self._beat = self.server.wheel.time() + self.server.ping_interval
        self._arm()

    # out

    def send_wire(self, wire: Wire) -> None:
        """Send one packet by whatever transport there is."""
        if self.connection is not None:
            self.server.outbox.write(self.connection, wire.frame)
        elif not self.closing:
            self._polls().add(wire)

    def check_held(self, size: int, count: int) -> None:
        """Cut a client for which too much is held; one packet alone is never too much."""
        limits = self.server.limits
        if count > 1 and (
            (limits.send_cap is not None and size > limits.send_cap)
            or (limits.send_packets_cap is not None and count > limits.send_packets_cap)
        ):
            self.server.counters.slow_cuts += 1
            self.polls = None
            self.end(self.server.reason.SLOW, code=CloseCode.POLICY)

    async def poll(self, watch: Watch = unwatched) -> list[bytes]:
        """The packets for a GET, see `PollQueue.poll`."""
        return await self._polls().poll(watch)

    def _polls(self) -> PollQueue:
        if self.polls is None:
            self.polls = PollQueue(self)
        return self.polls

    # in

    def receive_text(self, data: str | bytes) -> None:
        """One Engine.IO packet, from either transport. A bad one ends the session."""
        if self.closing:
            return
        if isinstance(data, bytes):
            self._message(data)
            return
        kind = data[:1]
        if kind == "4":
            self._message(data[1:])
        elif kind == "3":
            self._pong()
        elif kind == "1":
            self.end(self.server.reason.CLIENT_DISCONNECT, final=NOOP)
        elif kind == "b":
            self._base64(data)
        elif kind != "6":
            self.broken()

    def _message(self, data: str | bytes) -> None:
        if self.server.limits.events_per_second is not None and not self._within_rate():
            self.server.counters.events_flood += 1
            self.end(self.server.reason.FLOOD, code=CloseCode.POLICY)
            return
        try:
            self.server.dispatcher.message(self, data)
        except PacketError:
            self.broken()

    def _base64(self, packet: str) -> None:
        try:
            data = from_base64(packet)
        except PacketError:
            self.broken()
        else:
            self._message(data)

    def broken(self) -> None:
        """The peer sent what is no packet."""
        self.server.counters.parse_errors += 1
        self.end(self.server.reason.PARSE_ERROR)

    def _within_rate(self) -> bool:
        # a token bucket that holds two seconds' worth
        rate = self.server.limits.events_per_second or 0.0
        now = self.server.wheel.time()
        if self._last_event:
            self._tokens = min(2 * rate, self._tokens + (now - self._last_event) * rate)
        else:
            self._tokens = max(2 * rate, 1.0)
        self._last_event = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _backlog(self) -> bool:
        inbox = self.inbox
        return self.running + (len(inbox) if inbox is not None else 0) >= self.server.limits.inbox_high

    def backlog_grew(self) -> None:
        """Stop reading from a client that sends faster than its handlers go."""
        if self._backlog() and self.connection is not None:
            self.server.counters.reads_paused += 1
            self.connection.pause_reading()

    def backlog_shrank(self) -> None:
        """Read on."""
        if self.connection is not None and self.running + len(self.inbox or ()) <= INBOX_LOW:
            self.connection.resume_reading()

    async def drained(self) -> None:
        """Wait until the handlers have caught up with what this client sent."""
        while self._backlog() and not self.closing and self.worker is not None:
            await asyncio.wait([self.worker], timeout=0.05)

    # websocket

    def on_websocket_message(self, connection: WebSocketConnection, data: str | bytes) -> None:
        """A message of the upgraded transport."""
        self.receive_text(data)

    def on_websocket_lost(self, connection: WebSocketConnection, reason: str) -> None:
        """The upgraded transport is gone."""
        self.connection = None
        self.end(reason)

    def adopt(self, connection: WebSocketConnection) -> None:
        """From now on everything goes through this websocket, what is queued first."""
        polls, self.polls = self.polls, None
        self.upgrading = False
        self.upgraded = True
        self.probe = None
        connection.receiver = self
        self.connection = connection
        if polls is not None:
            polls.wake(NOOP)
            wires, polls.wires = polls.wires, []
            for wire in wires:
                self.server.outbox.write(connection, wire.frame)
        self.server.dispatcher.transport_changed(self)

    def probed(self) -> None:
        """An upgrade has begun: polls are answered with NOOP until it is through or has failed."""
        self.upgrading = True
        if self.polls is not None:
            self.polls.wake(NOOP)

    def probe_failed(self) -> None:
        """The session goes on polling."""
        self.server.counters.upgrades_failed += 1
        self.upgrading = False
        self.probe = None

    # end

    def end(self, reason: str, *, code: int = CloseCode.NORMAL, final: Wire = CLOSE) -> None:
        """End the session: close the transport now, run the disconnect handlers after those under way."""
        if self.closing:
            return
        server = self.server
        if reason != server.reason.SLOW:
            server.dispatcher.ending(self)
        self.closing = True
        server.wheel.drop(self)
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close(code)
        if self.probe is not None:
            self.probe.cancel()
        polls, self.polls = self.polls, None
        if polls is not None:
            polls.wake(final)  # a poll under way takes what is queued along
        self.partial = None
        server.dispatcher.gone(self, reason)

    def close_soon(self, reason: str) -> None:
        """End the session once what is queued has been fetched (a websocket: now, it is written already)."""
        self.server.dispatcher.ending(self)
        if self.polls is not None and self.polls.wires:
            self.close_when_drained = reason
        else:
            self.end(reason)

    def pending(self) -> int:
        """Bytes that were sent to this client and that it has not taken yet."""
        waiting = sum(member.held_bytes for member in self.members)
        if self.connection is not None:
            return waiting + self.connection.pending()
        return waiting + (0 if self.polls is None else self.polls.size)

    def finish(self) -> None:
        """Everybody was told: forget the session."""
        self.closed = True
        self.server.forget(self)

    # the library's interface

    async def send(self, pkt: StockPacket) -> None:
        """Send an Engine.IO packet object of the library."""
        data = pkt.encode()
        self.send_wire(Wire(b"", (bytes(data),)) if pkt.binary else Wire(data.encode()))

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:  # noqa: FBT001, FBT002
        """End the session."""
        self.end(reason or self.server.reason.SERVER_DISCONNECT)

    async def check_ping_timeout(self) -> bool:
        """Whether the session lives; the wheel does the timing."""
        return not self.closing
