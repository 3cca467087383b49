"""The CONNECT of a namespace: the connect handler, recovery, and the order of what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from socketio import exceptions

from sio_server.engine.eio.refused import Why
from sio_server.engine.limits import MAX_NAMESPACE_NAME
from sio_server.engine.sio.rooms import Member, State
from sio_server.engine.wire import packets

if TYPE_CHECKING:
    from sio_server.engine.eio.socket import EngineSocket
    from sio_server.engine.sio.recovery import Restored
    from sio_server.engine.sio.server import AsyncServer
    from sio_server.engine.wire.packets import Packet

#: Seconds between the CONNECT packet and what the connect handler sent.
_SETTLE = 0.004


class Connector:
    """Lets clients into namespaces, or not."""

    def __init__(self, sio: AsyncServer) -> None:
        self._sio = sio

    async def connect(self, socket: EngineSocket, packet: Packet) -> None:
        """Answer a CONNECT: nobody is in a room or receives anything before the handler is through."""
        sio = self._sio
        namespace = packet.namespace
        if socket.closing:
            return
        try:
            await self._connect(socket, namespace, packet.data)
        finally:
            sio.recovery.settled(socket)

    async def _connect(self, socket: EngineSocket, namespace: str, auth: Any) -> None:
        sio = self._sio
        if not self._known(namespace) or len(socket.members) >= sio.eio.limits.max_namespaces:
            sio.counters.namespaces_refused += 1
            self._refuse(socket, namespace, self._not_served(socket, namespace))
            return
        restored = await sio.recovery.ask(socket, namespace, auth)
        if socket.closing:
            return
        member = sio.manager.admit(socket, namespace, None if restored is None else restored.sid)
        if member is None:
            socket.broken()  # joined already (Node closes, too)
            return
        if sio.always_connect:
            self._welcome(member, restored, auth)
        refusal = await self._run_handler(member, auth)
        if member.refused and refusal is None:
            refusal = exceptions.ConnectionRefusedError().error_args
        if refusal is None:
            self._let_in(member, restored, auth)
        else:
            await self._turn_away(member, refusal)

    def _known(self, namespace: str) -> bool:
        sio = self._sio
        return len(namespace) <= MAX_NAMESPACE_NAME and (
            namespace in sio.handlers
            or namespace in sio.namespace_handlers
            or sio.namespaces == "*"
            or namespace in sio.namespaces
        )

    def _not_served(self, socket: EngineSocket, namespace: str) -> Mapping[str, Any]:
        eio = self._sio.eio
        detail = "more namespaces than one connection may join" if self._known(namespace) else "no such namespace"
        told = eio.tell(Why.NAMESPACE, 101, namespace, detail, eio.environ_of(socket.sid))
        return told if isinstance(told, Mapping) else {"message": "Invalid namespace"}

    async def _run_handler(self, member: Member, auth: Any) -> Any:
        """None, or what the CONNECT_ERROR shall carry."""
        sio = self._sio
        arguments = ("connect", member.namespace, member.sid, sio.environ[member.socket.sid])
        try:
            if auth:
                result = await sio._trigger_event(*arguments, auth)  # noqa: SLF001
            else:
                result = await self._run_without_auth(arguments)
        except exceptions.ConnectionRefusedError as error:
            return error.error_args
        except ConnectionRefusedError:
            return {"message": "Connection refused by server"}
        except Exception:
            sio.logger.exception("connect handler failed")
            return {"message": "Internal server error"}
        return exceptions.ConnectionRefusedError().error_args if result is False else None

    async def _run_without_auth(self, arguments: tuple[Any, ...]) -> Any:
        # handlers from before Socket.IO 3 take no auth argument
        sio = self._sio
        try:
            return await sio._trigger_event(*arguments, None)  # noqa: SLF001
        except TypeError as error:
            try:
                return await sio._trigger_event(*arguments)  # noqa: SLF001
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
        self._sio.compact_environ(member.socket)

    def _welcome(self, member: Member, restored: Restored | None, auth: Any) -> None:
        # nothing in here may suspend: the CONNECT, the replay and what was held follow one another
        sio = self._sio
        answer: dict[str, Any] = {"sid": member.sid}
        replay: list[packets.Wire] = []
        pid = sio.recovery.begin(member, restored, auth, replay)
        if pid is not None:
            answer["pid"] = pid
        member.socket.send_wire(sio.encode(packets.CONNECT, member.namespace, answer))
        if replay:
            member.held = [(wire, wire) for wire in replay] + (member.held or [])
        if member.held and member.socket.connection is not None:
            # clients that set their listeners up on CONNECT lose what comes in the same segment
            member.settling = True
            sio.eio.outbox.flush()
            asyncio.get_running_loop().call_later(_SETTLE, sio.manager.settled, member)
        sio.manager.welcome(member)
        member.socket.welcomed()

    async def _turn_away(self, member: Member, refusal: Any) -> None:
        sio = self._sio
        socket, namespace = member.socket, member.namespace
        was_in = member.state is State.CONNECTED
        sio.manager.pre_disconnect(member.sid, namespace)
        await sio.manager.disconnect(member.sid, namespace, ignore_queue=True)
        if was_in:
            kind = packets.DISCONNECT
            socket.send_wire(sio.encode(kind, namespace, None))
        else:
            self._refuse(socket, namespace, refusal)

    def _refuse(self, socket: EngineSocket, namespace: str, refusal: Any) -> None:
        socket.remember(namespace)
        socket.send_wire(self._sio.encode(packets.CONNECT_ERROR, namespace, refusal))
