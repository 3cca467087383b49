"""The drop-in for `socketio.AsyncServer(async_mode='aiohttp')`."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import socketio
from socketio import exceptions
from socketio.packet import Packet as StockPacket

from sio_server.engine.counters import Counters
from sio_server.engine.eio.environ import Environ
from sio_server.engine.eio.member import State
from sio_server.engine.eio.polling import PollingHandler
from sio_server.engine.eio.server import CheckHandshake, EngineServer
from sio_server.engine.limits import (
    CONNECT_TIMEOUT,
    MAX_ATTACHMENT_BYTES,
    MAX_ATTACHMENTS,
    SEND_CAP,
    SEND_PACKETS_CAP,
    Limits,
)
from sio_server.engine.reasons import Reason
from sio_server.engine.sio.admin import Instrumented
from sio_server.engine.sio.application import Application
from sio_server.engine.sio.calls import CallDisconnectedError, Waiter
from sio_server.engine.sio.codec import Codec
from sio_server.engine.sio.dispatch import Dispatcher, FailedAck
from sio_server.engine.sio.fanout import Fanout
from sio_server.engine.sio.membership import AsyncManager, adopt
from sio_server.engine.sio.recovery import Recovery
from sio_server.engine.wire import packets
from sio_server.engine.wire.jsonio import Loads
from sio_server.engine.wire.packets import Wire

if TYPE_CHECKING:
    from engineio.packet import Packet as StockEnginePacket

    from sio_server.engine.sio.recovery_log import RecoveryLog


def _refuse_impossible(async_mode: str, *, compression: bool) -> None:
    if compression:
        message = "permessage-deflate is not supported: compression must be False"
        raise ValueError(message)
    if async_mode != "aiohttp":
        message = "the engine runs on aiohttp only"
        raise ValueError(message)


# Rooms that are sooner looked through than made a set of; most clients have three.
_FEW_ROOMS: Final = 16


class AsyncServer(socketio.AsyncServer):  # type: ignore[misc]  # the library is untyped
    """python-socketio's AsyncServer on aiohttp: the same interface, correct, hardened and fast.

    All options of `socketio.AsyncServer` and `engineio.AsyncServer` hold. Beyond them, times in seconds,
    sizes in bytes:

    :param client_manager: an asyncio manager of the library. With one on a message queue (`AsyncRedisManager`)
        `emit`, `call`, rooms and `disconnect` reach the clients of all processes, stock servers' among them.
        `broadcast`, `close`, `disconnect(close=True)`, the `nowait` methods and recovery are this process's own.
    :param connect_timeout: a connection that joined no namespace for this long is closed; None: never.
    :param send_cap: bytes held for a client that does not read before it is cut (`slow`); None: no limit.
    :param send_packets_cap: the same in packets.
    :param max_attachments: binary attachments of one incoming packet.
    :param max_attachment_bytes: their size together.
    :param events_per_second: packets a client may send on average (twice as many in a burst); None: no limit.
    :param ordered_events: events of one client are handled one after the other. False: side by side.
    :param connection_state_recovery: None, a RecoveryLog, or a mapping of `max_disconnection_duration`,
        `max_events`, `max_bytes` for the log in memory, `clients` (`asking`: `recovery: true` in the auth;
        or `all`) and `identity`, a function of (environ, auth) that says whom the client is taken for.
    :param trusted_proxies: addresses or networks whose `X-Forwarded-*` headers are believed.
    :param check_handshake: a function of (environ, peer address) that returns None or a `Refusal`.
    :param on_refused: told of each refusal of the engine as a `RefusedPeer`; it may say what is answered, see
        `OnRefused`.
    :param failed_ack: a function of (sid, Why or None) that says what is acknowledged for an event that no handler got
        for that reason, or (None) whose handler failed; without it nothing is, as in stock.
    :param ipv6_prefix: bits of an IPv6 address that count as one peer.
    :param limits: a `Limits` in place of the single limits above; it has some more.
    :param expecting: whether broadcasts are about to come, say since a log is being written: those of this moment then
        wait for them, at most half of the time that writing them takes, to leave in the same writes.
    :param compression: must be False; permessage-deflate costs 80 KB per connection and is not offered.

    Raises ValueError for an option that makes no sense.
    """

    reason = Reason
    eio: EngineServer
    manager_initialized: bool
    manager: AsyncManager

    def __init__(
        self,
        client_manager: Any = None,
        logger: Any = False,  # noqa: FBT002  the library's signature
        json: Any = None,
        async_handlers: bool = True,  # noqa: FBT001, FBT002
        namespaces: Any = None,
        *,
        connect_timeout: float | None = CONNECT_TIMEOUT,
        send_cap: int | None = SEND_CAP,
        send_packets_cap: int | None = SEND_PACKETS_CAP,
        max_attachments: int = MAX_ATTACHMENTS,
        max_attachment_bytes: int = MAX_ATTACHMENT_BYTES,
        events_per_second: float | None = None,
        ordered_events: bool = True,
        connection_state_recovery: Mapping[str, Any] | RecoveryLog | None = None,
        trusted_proxies: Iterable[str] | str | None = None,
        check_handshake: CheckHandshake | None = None,
        expecting: Callable[[], bool] | None = None,
        compression: bool = False,
        limits: Limits | None = None,
        **options: Any,
    ) -> None:
        _refuse_impossible(options.get("async_mode", "aiohttp"), compression=compression)
        sends = connect_timeout, send_cap, send_packets_cap
        limits = limits or Limits(*sends, max_attachments, max_attachment_bytes, events_per_second)
        self._engine_options: dict[str, Any] = {
            "limits": limits,
            "trusted_proxies": trusted_proxies,
            "check_handshake": check_handshake,
            "expecting": expecting,
        }
        failed_ack: FailedAck | None = options.pop("failed_ack", None)
        super().__init__(
            client_manager=AsyncManager() if client_manager is None else adopt(client_manager),
            logger=logger,
            json=None
            if options.get("serializer", "default") == "default"
            else json,  # stock would change all servers of the process
            async_handlers=async_handlers,
            namespaces=namespaces,
            **options,
        )
        self.environ = self.eio.environs
        self._codec = Codec(json, self.packet_class)
        self._assemble(connection_state_recovery, ordered=ordered_events, failed_ack=failed_ack)

    def _assemble(
        self, recovery: Mapping[str, Any] | RecoveryLog | None, *, ordered: bool, failed_ack: FailedAck | None
    ) -> None:
        """Make the parts and give each the few others that it uses."""
        eio, manager, codec = self.eio, self.manager, self._codec
        restores = Recovery(recovery, manager.spaces, eio.environs, eio.counters, possible=not codec.foreign)
        self._fanout = Fanout(manager.spaces, eio.outbox, codec, restores)
        manager.bind(eio, codec, restores, self._fanout)
        self.application = Application(self)
        dispatcher = Dispatcher(eio, manager, codec, restores, self.application, ordered=ordered, failed_ack=failed_ack)
        eio.bind(dispatcher, PollingHandler(eio).handle)

    def _engineio_server_class(self) -> Callable[..., EngineServer]:
        return functools.partial(EngineServer, **self._engine_options)

    @property
    def counters(self) -> Counters:
        """How often each limit was reached."""
        return self.eio.counters

    @property
    def loads(self) -> Loads:
        """What reads the JSON of packets that come in; an application may put another function in its place."""
        return self._codec.loads

    @loads.setter
    def loads(self, loads: Loads) -> None:
        self._codec.loads = loads

    # packets

    async def _send_packet(self, eio_sid: str, pkt: StockPacket) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None:
            socket.send_wire(self._codec.wire(pkt))

    async def _send_eio_packet(self, eio_sid: str, eio_pkt: StockEnginePacket) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None:
            await socket.send(eio_pkt)

    # events out

    def broadcast(
        self,
        event: str,
        payload: Any,
        *,
        rooms: Iterable[Any] | None = None,
        skip_rooms: Iterable[Any] = (),
        skip_sids: Iterable[str] = (),
        namespace: str = "/",
        offset: str | None = None,
        volatile: bool = False,
    ) -> int:
        """Send an event without suspending; returns the number of recipients.

        :param payload: the argument; `bytes` are JSON already and sent as is, a tuple is several arguments. A function
            gives such bytes for each language that clients `speak`, and for "": those who speak none. Equal ones are
            sent as one. It goes with an offset.
        :param rooms: room names and sids; who is in several gets one copy. None: everybody in the namespace.
        :param skip_rooms: who is in any of these is left out.
        :param offset: the recovery offset of this event where the application keeps the log itself.
        :param volatile: not to be recovered.
        """
        return self._fanout.broadcast(
            event,
            payload,
            rooms=rooms,
            skip_rooms=skip_rooms,
            skip_sids=skip_sids,
            namespace=namespace,
            offset=offset,
            volatile=volatile,
        )

    async def call(
        self,
        event: str,
        data: Any = None,
        to: str | None = None,
        sid: str | None = None,
        namespace: str | None = None,
        timeout: float = 60,  # noqa: ASYNC109  the library's signature
        ignore_queue: bool = False,  # noqa: FBT001, FBT002
    ) -> Any:
        """Send an event to one client and return its answer.

        Raises the library's TimeoutError in time, and CallDisconnectedError (a kind of it) as soon as the
        client left.
        """
        target = to or sid
        if target is None:
            message = "Cannot use call() to broadcast."
            raise ValueError(message)
        if not self.async_handlers:
            message = "Cannot use call() when async_handlers is False."
            raise RuntimeError(message)
        waiter = Waiter(self.counters)
        try:
            await self.emit(
                event, data=data, room=target, namespace=namespace, callback=waiter, ignore_queue=ignore_queue
            )
            if not self.manager.waits_for(target, waiter):
                self.counters.call_abandoned += 1
                raise CallDisconnectedError
            async with asyncio.timeout(timeout):
                values = await waiter.future
        except TimeoutError:
            raise exceptions.TimeoutError from None
        finally:
            self.manager.forget_callback(waiter, [target])
        return values if len(values) > 1 else values[0] if values else None

    # rooms and members, without suspending

    def rooms_nowait(self, sid: str, rooms: Collection[Any], namespace: str = "/") -> None:
        """Put a client of this process into just these rooms. Raises ValueError for an unknown client."""
        member = self.manager.member(sid, namespace)
        joined = () if member is None else tuple(member.rooms or ())
        wanted, known = (rooms, joined) if len(rooms) <= _FEW_ROOMS else (frozenset(rooms), frozenset(joined))
        for room in joined:
            if room not in wanted:
                self.manager.basic_leave_room(sid, namespace, room)
        for room in rooms:
            if room not in known:
                self.manager.basic_enter_room(sid, namespace, room)

    def speak(self, sid: str, language: str, namespace: str = "/") -> None:
        """Let a client have what is broadcast in several languages in this one, from now on; an unknown one has none.

        The engine compares languages with one another and reads nothing in them.
        """
        member = self.manager.member(sid, namespace)
        if member is not None:
            self.manager.spaces[namespace].speak(member, language)

    def deliver(self, sid: str, wire: Wire, marked: Wire | None = None, namespace: str = "/") -> None:
        """Send a packet that was encoded before to one client; nothing happens for an unknown one.

        :param wire: made by `event_wire`.
        :param marked: the same event made by `with_offset`, for a client that takes recovery offsets.
        """
        member = self.manager.member(sid, namespace)
        if member is not None:
            member.deliver(wire, marked)

    def is_recovering(self, sid: str, namespace: str = "/") -> bool:
        """Whether the client takes recovery offsets."""
        member = self.manager.member(sid, namespace)
        return member is not None and member.pid is not None

    def limit_events(self, rate: float | None) -> None:
        """Let a client send so many packets a second from now on, whenever it came; None is no limit."""
        self.eio.limits = dataclasses.replace(self.eio.limits, events_per_second=rate)

    def limit_arrivals(self, most: int) -> None:
        """Let so many sessions be in no namespace from now on, and as many TLS handshakes be under way."""
        limits = dataclasses.replace(self.eio.limits, max_arriving=most)
        self.eio.limits = self.eio.arrivals.limits = self.eio.securing.limits = limits

    def allow_messages(self, size: int) -> None:
        """Let a message have this many bytes from now on, where fewer were allowed."""
        self.eio.max_http_buffer_size = max(self.eio.max_http_buffer_size, size)

    def trust(self, proxies: Iterable[str] | str | None) -> None:
        """Believe the `X-Forwarded-*` headers of these addresses and networks from now on, and of no others."""
        self.eio.proxies.trust(proxies)

    def pending(self, sid: str, namespace: str = "/") -> int:
        """Bytes sent to a client that it has not taken yet; 0 for an unknown one."""
        member = self.manager.member(sid, namespace)
        return 0 if member is None else member.socket.pending()

    def close(self, sid: str, reason: str, namespace: str = "/") -> None:
        """End a client's transport after what was sent to it; a JavaScript client comes back by itself.

        The disconnect handlers get `reason`. Nothing happens for an unknown client.
        """
        member = self.manager.member(sid, namespace)
        if member is not None:
            member.socket.close_soon(reason)

    async def disconnect(
        self,
        sid: str,
        namespace: str | None = None,
        ignore_queue: bool = False,  # noqa: FBT001, FBT002  the library's signature
        *,
        close: bool = False,
    ) -> None:
        """Disconnect a client from a namespace; with `close` its transport too (JavaScript then reconnects).

        A client whose connect handler still runs is refused when that is through.
        """
        namespace = namespace or "/"
        member = self.manager.member(sid, namespace)
        if member is not None and member.state is State.CONNECTING:
            member.refused = True
            return
        if ignore_queue:
            delete_it = self.manager.is_connected(sid, namespace)
        else:
            delete_it = await self.manager.can_disconnect(sid, namespace)
        if not delete_it or member is None or member.state is not State.CONNECTED:
            return
        self.logger.info("Disconnecting %s [%s]", sid, namespace)
        socket = member.socket
        if member.settling:
            self.manager.spaces.settled(member)
        self.manager.pre_disconnect(sid, namespace=namespace)
        socket.send_wire(self._codec.encode(packets.DISCONNECT, namespace, None))
        if close:
            socket.close_soon(self.reason.SERVER_DISCONNECT)
        try:
            await self._trigger_event("disconnect", namespace, sid, self.reason.SERVER_DISCONNECT)
        finally:
            await self.manager.disconnect(sid, namespace=namespace, ignore_queue=True)

    # sessions of the engine

    async def _handle_eio_connect(self, eio_sid: str, environ: Environ) -> None:
        self.eio.environs[eio_sid] = environ
        self.application.session_opened()

    async def _handle_eio_message(self, eio_sid: str, data: str | bytes) -> None:
        self.eio.sockets[eio_sid].receive_text(data if isinstance(data, bytes) else "4" + data)

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        socket = self.eio.sockets.get(eio_sid)
        if socket is not None:
            socket.end(reason)

    def instrument(self, *args: Any, **kwargs: Any) -> Instrumented:
        """Instrument the server for the Socket.IO Admin UI; the arguments are the library's."""
        watched = self.application.watched = Instrumented(self, *args, **kwargs)
        return watched
