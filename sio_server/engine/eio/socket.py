"""An Engine.IO v4 session: a queue while it polls, a websocket once upgraded, no task or timer of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sio_server.engine.eio.member import Member, State
from sio_server.engine.eio.poll_queue import PollQueue, Watch, unwatched
from sio_server.engine.eio.probe import Probe
from sio_server.engine.eio.receive import ReceivingSocket, SessionHost
from sio_server.engine.eio.refused import Why
from sio_server.engine.limits import MAX_NAMESPACE_NAME
from sio_server.engine.reasons import Reason
from sio_server.engine.wire.frames import CloseCode
from sio_server.engine.wire.jsonio import dumps
from sio_server.engine.wire.packets import CLOSE, CONNECT_ERROR, NOOP, PING, Wire, encode

if TYPE_CHECKING:
    from engineio.packet import Packet as StockPacket

    from sio_server.engine.transport.connection import WebSocketConnection
    from sio_server.engine.wire.handshake import Refusal


#: Seconds of ping interval from which on a ping may be late by one of the wheel's wide buckets. Below, it must not:
#: with pings every 0.3 s the lateness adds up to more than a peer's patience.
_LONG_INTERVAL = 5.0


class EngineSocket(ReceivingSocket):
    """One session. All methods but the few async ones of the library's interface are synchronous."""

    __slots__ = (
        "_beat",
        "_due",
        "_patient",
        "_session",
        "close_when_drained",
        "closed",
        "closing",
        "connected",
        "connection",
        "left_namespaces",
        "members",
        "polls",
        "posting",
        "probe",
        "server",
        "sid",
        "timer_key",
        "upgraded",
        "upgrading",
    )

    def __init__(self, server: SessionHost, sid: str) -> None:  # stock's constructor would make a queue and a dict
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
        self.left_namespaces: frozenset[str] = frozenset()
        self._begin()
        self.timer_key = 0
        now = server.wheel.time()
        self._beat = now + server.ping_interval
        #: when a CONNECT has to be there, or the rest of a binary packet; 0: nothing is waited for
        limit = server.arrivals.timeout
        self._due = 0.0 if limit is None else now + limit
        #: whether a CONNECT that is being looked at was given more time already
        self._patient = False
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
        """The session's member of a namespace, None where it is not in it."""
        for member in self.members:
            if member.namespace == namespace:
                return member
        return None

    def forget(self, member: Member) -> None:
        """Forget a member that has left its namespace."""
        self.members = tuple(other for other in self.members if other is not member)
        self.remember(member.namespace)

    def remember(self, namespace: str) -> None:
        """A namespace was left or refused. Of many, only so many are remembered: a peer chooses the names."""
        if len(self.left_namespaces) < self.server.limits.max_namespaces and len(namespace) <= MAX_NAMESPACE_NAME:
            self.left_namespaces |= {namespace}
        if not self.members and not self.closing:
            self._in_none()

    def _in_none(self) -> None:
        """In no namespace any more, or not in the one that was asked for: the time for a CONNECT runs.

        It is never made longer, or a CONNECT that is refused now and then would keep the session for ever.
        """
        server = self.server
        if server.replaced("message") is not None:
            return
        limits = server.limits
        patience = limits.connect_timeout if limits.left_timeout is None else limits.left_timeout
        if patience is not None:
            due = server.wheel.time() + patience
            if not self._due or due < self._due:
                self._due = due
                self._arm()
        server.arrived_again(self)
        self._fit()

    def joined(self) -> None:
        """A connect handler let this client in: nothing is waited for, until it is in no namespace again."""
        if self.partial is None:
            self._due = 0.0
        self._patient = False
        self.server.arrivals.discard(self)
        self._fit()

    def welcomed(self) -> None:
        """The client was told that it is in a namespace: it may send what it likes."""
        self._fit()

    def most(self) -> int:
        """Bytes that one message may have now."""
        server = self.server
        if self._in_any() or server.replaced("message") is not None:
            return int(server.max_http_buffer_size)
        return int(min(server.max_http_buffer_size, server.limits.first_message))

    def _in_any(self) -> bool:
        return any(member.state is State.CONNECTED for member in self.members)

    def _fit(self) -> None:
        if self.connection is not None:
            self.connection.fit(self.most())

    def refused(self, why: Why, detail: str) -> Refusal | Mapping[str, Any] | None:
        """Tell the application of what this peer was refused for; returns what it wants to be answered."""
        server = self.server
        if server.on_refused is None:
            return None
        return server.tell(why, 101, "", detail, server.environ_of(self.sid), joined=self._in_any())

    # timers

    def _arm(self) -> None:
        when = self._beat if not self._due or self._beat < self._due else self._due
        self.server.wheel.at(self, when, exact=not self._answered or self.server.ping_interval < _LONG_INTERVAL)

    def on_timer(self) -> None:
        """Do what is due: send a ping, or end a session whose pong, CONNECT or attachment has not come."""
        now = self.server.wheel.time()
        server = self.server
        if self._due and now >= self._due and self._overdue(now):
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
                self.end(Reason.PING_TIMEOUT)
                return
        if not self.closing:
            self._arm()

    def _overdue(self, now: float) -> bool:
        """Whether the session has ended, since what it had to send has not come."""
        server = self.server
        if self.partial is not None:
            server.counters.attachments_refused += 1
            self.broken(Why.BINARY, "the attachments of a binary packet did not come in time")
            return True
        if self.joining and not self._patient:
            # once: its connect handler takes long, which is not the peer's doing
            self._patient = True
            self._due = now + (server.limits.connect_timeout or 0.0)
            return False
        server.counters.connect_timeouts += 1
        self.end(Reason.CONNECT_TIMEOUT, code=CloseCode.POLICY)
        return True

    def expecting_attachments(self, *, wanted: bool) -> None:
        """Start or stop the time for attachments: a binary packet has begun, or is complete."""
        limits = self.server.limits
        self._due = self.server.wheel.time() + limits.attachment_timeout if wanted else 0.0
        if wanted:
            self._arm()
        elif not self.members:
            self._in_none()

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
            self.end(Reason.SLOW, code=CloseCode.POLICY)

    async def poll(self, watch: Watch = unwatched) -> list[bytes]:
        """Wait for packets and return them as the parts of an answer to a GET, see `PollQueue.poll`."""
        return await self._polls().poll(watch)

    def _polls(self) -> PollQueue:
        if self.polls is None:
            self.polls = PollQueue(self)
        return self.polls

    # websocket

    def on_websocket_message(self, connection: WebSocketConnection, data: str | bytes) -> None:
        """Take in a message that came over the session's websocket."""
        self.receive_text(data)

    def on_websocket_control(self) -> None:
        """Count a ping or pong of the websocket, or a fragment of a few bytes."""
        self.control()

    def on_websocket_refused(self, code: CloseCode, detail: str) -> None:
        """Tell the application of a peer that broke RFC 6455, and the peer where it is in no namespace."""
        told = self.refused(Why.TOO_LARGE if code is CloseCode.TOO_BIG else Why.FRAME, detail)
        if isinstance(told, Mapping) and not self._in_any():
            self.send_wire(encode(CONNECT_ERROR, "/", told, dumps))

    def on_websocket_lost(self, connection: WebSocketConnection, reason: str) -> None:
        """End the session: its websocket is gone."""
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
        self._fit()
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
        """Note that an upgrade has failed: the session goes on polling."""
        self.server.counters.upgrades_failed += 1
        self.upgrading = False
        self.probe = None

    # end

    def end(self, reason: str, *, code: int = CloseCode.NORMAL, final: Wire = CLOSE) -> None:
        """End the session: close the transport now, run the disconnect handlers after those under way."""
        if self.closing:
            return
        server = self.server
        if reason != Reason.SLOW:
            server.dispatcher.ending(self)
        self.closing = True
        server.arrivals.discard(self)
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

    def give_way(self) -> None:
        """End a session that is in no namespace, since somebody needs its place."""
        self.server.counters.arrivals_evicted += 1
        self.refused(Why.GAVE_WAY, "no place for another session in no namespace")
        self.end(Reason.GAVE_WAY, code=CloseCode.TRY_AGAIN_LATER)

    def close_soon(self, reason: str) -> None:
        """End the session once what is queued has been fetched (a websocket: now, it is written already)."""
        self.server.dispatcher.ending(self)
        if self.polls is not None and self.polls.wires:
            self.close_when_drained = reason
        else:
            self.end(reason)

    def pending(self) -> int:
        """Bytes that were sent to this client and not taken yet, and those of a binary packet it has not finished."""
        waiting = sum(member.held_bytes for member in self.members)
        if self.partial is not None:
            waiting += sum(map(len, self.partial.parts))
        if self.connection is not None:
            return waiting + self.connection.pending()
        return waiting + (0 if self.polls is None else self.polls.size)

    def finish(self) -> None:
        """Have the server forget the session, once everybody was told that it has ended."""
        self.closed = True
        self.server.forget(self)

    # the library's interface

    async def send(self, pkt: StockPacket) -> None:
        """Send an Engine.IO packet object of the library."""
        data = pkt.encode()
        self.send_wire(Wire(b"", (bytes(data),)) if pkt.binary else Wire(data.encode()))

    async def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:  # noqa: FBT001, FBT002
        """End the session, for `reason` or as disconnected by the server."""
        self.end(reason or Reason.SERVER_DISCONNECT)

    async def check_ping_timeout(self) -> bool:
        """Whether the session lives; the wheel does the timing."""
        return not self.closing
