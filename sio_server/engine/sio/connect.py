"""The CONNECT of a namespace: the connect handler, recovery, and the order of what is sent."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from socketio import exceptions

from sio_server.engine.eio.member import Member, Session, State
from sio_server.engine.eio.refused import Why
from sio_server.engine.wire import packets

if TYPE_CHECKING:
    from sio_server.engine.eio.server import EngineServer
    from sio_server.engine.eio.socket import EngineSocket
    from sio_server.engine.sio.application import Application
    from sio_server.engine.sio.codec import Codec
    from sio_server.engine.sio.membership import AsyncManager
    from sio_server.engine.sio.recovery import Recovery, Restored
    from sio_server.engine.wire.packets import Packet

#: Seconds between the CONNECT packet and what the connect handler sent.
_SETTLE = 0.004
#: Seconds by which a loop may run a timer early: one that comes so soon after another goes with it.
_TICK = 0.0005


class _Settling:
    """Members whose CONNECT packet is on its way alone. All wait equally long: one queue, one timer for its head."""

    __slots__ = ("_loop", "_queue", "_settled")

    def __init__(self, settled: Callable[[Member], None]) -> None:
        self._settled = settled
        self._queue: deque[tuple[float, Member]] = deque()
        #: where the timer runs; a server may go on in another loop
        self._loop: asyncio.AbstractEventLoop | None = None

    def add(self, member: Member) -> None:
        """Let what follows the CONNECT packet wait."""
        member.settling = True
        loop = asyncio.get_running_loop()
        due = loop.time() + _SETTLE
        self._queue.append((due, member))
        if self._loop is not loop:
            self._loop = loop
            loop.call_at(due, self._fire)

    def _fire(self) -> None:
        loop, queue = asyncio.get_running_loop(), self._queue
        self._loop = None
        now = loop.time() + _TICK
        try:
            while queue and queue[0][0] <= now:
                _, member = queue.popleft()
                if member.settling:  # it was not disconnected meanwhile
                    self._settled(member)
        finally:
            if queue and self._loop is None:
                self._loop = loop
                loop.call_at(queue[0][0], self._fire)


class Connector:
    """Lets clients into namespaces, or not."""

    def __init__(
        self, eio: EngineServer, manager: AsyncManager, codec: Codec, recovery: Recovery, application: Application
    ) -> None:
        self._eio = eio
        self._manager = manager
        self._codec = codec
        self._recovery = recovery
        self._application = application
        self._settling = _Settling(manager.spaces.settled)

    async def connect(self, socket: EngineSocket, packet: Packet) -> None:
        """Answer a CONNECT: nobody is in a room or receives anything before the handler is through."""
        if socket.closing:
            return
        try:
            await self._connect(socket, packet.namespace, packet.data)
        finally:
            self._recovery.settled(socket)

    async def _connect(self, socket: EngineSocket, namespace: str, auth: Any) -> None:
        eio = self._eio
        if not self._application.serves(namespace) or len(socket.members) >= eio.limits.max_namespaces:
            eio.counters.namespaces_refused += 1
            self._refuse(socket, namespace, self._not_served(socket, namespace))
            return
        restored = await self._recovery.ask(socket, namespace, auth)
        if socket.closing:
            return
        member = self._manager.admit(socket, namespace, None if restored is None else restored.sid)
        if member is None:
            socket.broken()  # joined already (Node closes, too)
            return
        if self._application.welcomes_first:
            self._welcome(member, restored, auth)
        refusal = await self._run_handler(member, auth)
        if member.refused and refusal is None:
            refusal = exceptions.ConnectionRefusedError().error_args
        if refusal is None:
            self._let_in(member, restored, auth)
        else:
            await self._turn_away(member, refusal)

    def _not_served(self, socket: EngineSocket, namespace: str) -> Mapping[str, Any]:
        eio = self._eio
        known = self._application.serves(namespace)
        detail = "more namespaces than one connection may join" if known else "no such namespace"
        told = eio.tell(Why.NAMESPACE, 101, namespace, detail, eio.environ_of(socket.sid))
        return told if isinstance(told, Mapping) else {"message": "Invalid namespace"}

    async def _run_handler(self, member: Member, auth: Any) -> Any:
        """None, or what the CONNECT_ERROR shall carry."""
        application = self._application
        arguments = ("connect", member.namespace, member.sid, self._eio.environs[member.socket.sid])
        try:
            if auth:
                result = await application.trigger(*arguments, auth)
            else:
                result = await self._run_without_auth(arguments)
        except exceptions.ConnectionRefusedError as error:
            return error.error_args
        except ConnectionRefusedError:
            return {"message": "Connection refused by server"}
        except Exception:
            application.logger.exception("connect handler failed")
            return {"message": "Internal server error"}
        return exceptions.ConnectionRefusedError().error_args if result is False else None

    async def _run_without_auth(self, arguments: tuple[Any, ...]) -> Any:
        # handlers from before Socket.IO 3 take no auth argument
        try:
            return await self._application.trigger(*arguments, None)
        except TypeError as error:
            try:
                return await self._application.trigger(*arguments)
            except TypeError:
                raise error from None

    def _let_in(self, member: Member, restored: Restored | None, auth: Any) -> None:
        if member.socket.closing:
            # it left while its handler ran: no CONNECT, but its disconnect handler has to run
            member.held = None
            if member.state is State.CONNECTING:
                member.state = State.CONNECTED
            return
        if member.state is State.CONNECTING:
            self._welcome(member, restored, auth)
        member.socket.joined()
        # the connect handlers have seen the environ: it is kept small from now on
        self._eio.environs.compact(member.socket.sid, ("aiohttp.request",))

    def _welcome(self, member: Member, restored: Restored | None, auth: Any) -> None:
        # nothing in here may suspend: the CONNECT, the replay and what was held follow one another
        answer: dict[str, Any] = {"sid": member.sid}
        replay: list[packets.Wire] = []
        pid = self._recovery.begin(member, restored, auth, replay)
        if pid is not None:
            answer["pid"] = pid
        member.socket.send_wire(self._codec.encode(packets.CONNECT, member.namespace, answer))
        if replay:
            member.held = [(wire, wire) for wire in replay] + (member.held or [])
        connection = member.socket.connection
        if member.held and connection is not None:
            # clients that set their listeners up on CONNECT lose what comes in the same segment
            self._eio.outbox.serve(connection)
            self._settling.add(member)
        self._manager.spaces.welcome(member)
        member.socket.welcomed()

    async def _turn_away(self, member: Member, refusal: Any) -> None:
        socket, namespace = member.socket, member.namespace
        was_in = member.state is State.CONNECTED
        self._manager.pre_disconnect(member.sid, namespace)
        await self._manager.disconnect(member.sid, namespace, ignore_queue=True)
        if was_in:
            socket.send_wire(self._codec.encode(packets.DISCONNECT, namespace, None))
        else:
            self._refuse(socket, namespace, refusal)

    def _refuse(self, socket: Session, namespace: str, refusal: Any) -> None:
        socket.remember(namespace)
        socket.send_wire(self._codec.encode(packets.CONNECT_ERROR, namespace, refusal))
