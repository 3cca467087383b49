"""From packets to handlers: in order per client, with a task per client only while there is work.

A slow handler holds up its own client alone. Acknowledgements do not wait in the line: a handler may itself
be waiting for one.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sio_server.engine.eio.member import Member, State
from sio_server.engine.eio.receive import Item, Raw
from sio_server.engine.eio.refused import Why
from sio_server.engine.limits import HEAVY
from sio_server.engine.reasons import Reason
from sio_server.engine.sio.connect import Connector
from sio_server.engine.wire import packets
from sio_server.engine.wire.packets import Packet, PacketError, TooManyAttachmentsError

if TYPE_CHECKING:
    from sio_server.engine.eio.environ import Environ
    from sio_server.engine.eio.server import EngineServer
    from sio_server.engine.eio.socket import EngineSocket
    from sio_server.engine.sio.application import Application
    from sio_server.engine.sio.codec import Codec
    from sio_server.engine.sio.membership import AsyncManager
    from sio_server.engine.sio.recovery import Recovery

#: What is acknowledged for an event of this sid that failed: for which reason it reached no handler, or (None) where
#: its handler raised.
FailedAck = Callable[[str, Why | None], Any]


class Dispatcher:
    """What happens to each packet that comes in.

    :param ordered: whether events of one client are handled one after the other.
    :param failed_ack: see `FailedAck`; None: nothing is acknowledged then.
    """

    def __init__(
        self,
        eio: EngineServer,
        manager: AsyncManager,
        codec: Codec,
        recovery: Recovery,
        application: Application,
        *,
        ordered: bool,
        failed_ack: FailedAck | None,
    ) -> None:
        self._eio = eio
        self._manager = manager
        self._codec = codec
        self._recovery = recovery
        self._application = application
        self._ordered = ordered
        self._failed_ack = failed_ack
        self._connector = Connector(eio, manager, codec, recovery, application)
        self._tasks: set[asyncio.Task[None]] = set()

    # an application on Engine.IO alone

    def opened(self, socket: EngineSocket, environ: Environ) -> None:
        """A new session: nobody waits for a CONNECT where Socket.IO is not spoken."""
        self._application.session_opened()
        eio = self._eio
        if eio.replaced("message") is not None:
            socket.joined()
        if eio.replaced("connect") is not None:
            self._enqueue(socket, Raw("connect", (socket.sid, environ)))

    async def _raw(self, socket: EngineSocket, item: Raw) -> None:
        handler = self._eio.replaced(item.event)
        if handler is None:
            return
        result = handler(*item.arguments)
        if inspect.isawaitable(result):
            result = await result
        if item.event == "connect" and result is not None and result is not True:
            socket.end(Reason.SERVER_DISCONNECT)

    # packets in

    def message(self, socket: EngineSocket, data: str | bytes) -> None:
        """One Engine.IO message. Raises PacketError when it has to close the connection."""
        if self._eio.replaced("message") is not None:
            self._enqueue(socket, Raw("message", (socket.sid, data)))
            return
        packet = self._decode(socket, data)
        if packet is None:
            return
        if packet.kind == packets.CONNECT:
            socket.joining += 1
        elif socket.member(packet.namespace) is not None:
            if packet.kind in (packets.ACK, packets.BINARY_ACK):
                self._ack(socket, packet)
                return
        else:
            self._may_be_sent(socket, packet)
        self._enqueue(socket, packet)
        if len(data) > HEAVY:
            socket.heavy()

    def _may_be_sent(self, socket: EngineSocket, packet: Packet) -> None:
        if not self._may_be_late(socket, packet):
            message = "packet for a namespace that was not joined"
            raise PacketError(message)

    @staticmethod
    def _may_be_late(socket: EngineSocket, packet: Packet) -> bool:
        # a packet may cross our DISCONNECT, or follow a CONNECT that still waits in the line
        return packet.namespace in socket.left_namespaces or any(
            isinstance(item, Packet) and item.kind == packets.CONNECT and item.namespace == packet.namespace
            for item in socket.inbox or ()
        )

    def _decode(self, socket: EngineSocket, data: str | bytes) -> Packet | None:
        limits = self._eio.limits
        try:
            if self._codec.foreign:
                return self._codec.decode_foreign(data)
            partial = socket.partial
            if partial is not None:
                if isinstance(data, str):
                    message = "text between attachments"
                    raise PacketError(message)
                return self._attach(socket, partial, data)
            if isinstance(data, bytes):
                message = "attachment without a packet"
                raise PacketError(message)
            packet = packets.decode(data, self._codec.loads, limits.max_attachments)
        except TooManyAttachmentsError:
            self._eio.counters.attachments_refused += 1
            raise
        if packet.kind in (packets.BINARY_EVENT, packets.BINARY_ACK):
            if socket.member(packet.namespace) is None:
                self._may_be_sent(socket, packet)
            if not limits.binary:
                self._refuse_binary(socket, packet)
            if packet.attachments:
                socket.partial = packet
                socket.expecting_attachments(wanted=True)
                return None
            packet.data = packets.rebuild(packet.data, packet.parts)
        return packet

    def _refuse_binary(self, socket: EngineSocket, packet: Packet) -> None:
        self._eio.counters.attachments_refused += 1
        packet.refused = True
        packet.data = packet.data[:1]
        if packet.id is None or packet.kind == packets.BINARY_ACK:
            socket.refused(Why.BINARY, "a binary packet where none is taken")

    def _attach(self, socket: EngineSocket, packet: Packet, data: bytes) -> Packet | None:
        packet.size += len(data)
        if packet.size > self._eio.limits.max_attachment_bytes:
            message = f"attachments above {self._eio.limits.max_attachment_bytes} bytes"
            raise TooManyAttachmentsError(message)
        packet.parts.append(b"" if packet.refused else data)
        if len(packet.parts) < packet.attachments:
            return None
        socket.partial = None
        socket.expecting_attachments(wanted=False)
        if not packet.refused:
            packet.data = packets.rebuild(packet.data, packet.parts)
        packet.parts = []
        return packet

    def _ack(self, socket: EngineSocket, packet: Packet) -> None:
        member = socket.member(packet.namespace)
        if member is None or packet.id is None or packet.refused:
            return
        callback = self._manager.take_callback(member.sid, packet.id)
        if callback is None:
            self._eio.counters.ack_unknown += 1
            return
        try:
            result = callback(*packet.data)
        except Exception:
            self._application.logger.exception("callback of an acknowledgement failed")
            return
        if inspect.isawaitable(result):
            self._spawn(self._logged(result))

    # the line of one client

    def _enqueue(self, socket: EngineSocket, item: Item) -> None:
        if socket.inbox is None:
            socket.inbox = deque()
        socket.inbox.append(item)
        if socket.worker is None:
            socket.worker = asyncio.get_running_loop().create_task(self._work(socket))
        else:
            socket.backlog_grew()

    async def _work(self, socket: EngineSocket) -> None:
        inbox = socket.inbox
        assert inbox is not None  # noqa: S101  for mypy
        try:
            while inbox:
                item = inbox.popleft()
                try:
                    if isinstance(item, str):
                        await self._leave_all(socket, item)
                    elif isinstance(item, Raw):
                        await self._raw(socket, item)
                    else:
                        await self._handle(socket, item)
                except Exception:
                    self._application.logger.exception("handler failed")
                socket.backlog_shrank()
        finally:
            socket.worker = None
            socket.inbox = None
            if inbox:  # cancelled from outside: what waits goes on in a new task
                for item in inbox:
                    self._enqueue(socket, item)

    async def _handle(self, socket: EngineSocket, packet: Packet) -> None:
        if packet.kind == packets.CONNECT:
            try:
                await self._connector.connect(socket, packet)
            finally:
                socket.joining -= 1
            return
        member = socket.member(packet.namespace)
        if member is None or member.state is not State.CONNECTED:
            return
        if packet.kind == packets.DISCONNECT:
            await self.leave(member, Reason.CLIENT_DISCONNECT)
        elif packet.kind in (packets.ACK, packets.BINARY_ACK):  # which came before its CONNECT was answered
            self._ack(socket, packet)
        elif self._ordered:
            await self.event(member, packet)
        else:
            socket.running += 1
            self._spawn(self._overlapping(socket, member, packet))
            socket.backlog_grew()

    async def _overlapping(self, socket: EngineSocket, member: Member, packet: Packet) -> None:
        try:
            await self.event(member, packet)
        finally:
            socket.running -= 1
            socket.backlog_shrank()

    async def event(self, member: Member, packet: Packet) -> None:
        """Run the handler of an event and acknowledge with what it returns, or with what stands for its failure."""
        application = self._application
        if packet.refused:
            self._acknowledge_failure(member, packet, Why.BINARY)
            return
        try:
            result = await application.trigger(packet.data[0], member.namespace, member.sid, *packet.data[1:])
            if packet.id is None or application.is_unhandled(result) or member.state is not State.CONNECTED:
                return
            # JavaScript's cb(null): an empty list reads as "no answer" to a client that retries
            values = list(result) if isinstance(result, tuple) else [result]
            wire = self._codec.encode(packets.ACK, member.namespace, values, packet.id)
        except Exception as error:  # noqa: BLE001  told in `_log_failure`
            self._log_failure(error)
            self._acknowledge_failure(member, packet, None)
        else:
            member.deliver(wire)

    def _acknowledge_failure(self, member: Member, packet: Packet, why: Why | None) -> None:
        if packet.id is not None and self._failed_ack is not None and member.state is State.CONNECTED:
            told = self._failed_ack(member.sid, why)
            member.deliver(self._codec.encode(packets.ACK, member.namespace, [told], packet.id))

    def _log_failure(self, error: Exception) -> None:
        # the traceback of a recursion has a line for each level, all alike: 150 KB that a peer may ask for again
        if isinstance(error, RecursionError):
            self._application.logger.error("handler failed: %r", error)
        else:
            self._application.logger.error("handler failed", exc_info=error)

    # leaving

    def ending(self, socket: EngineSocket) -> None:
        """The session is about to end: what waits behind a CONNECT packet goes out now."""
        for member in socket.members:
            if member.settling:
                self._manager.spaces.settled(member)

    def gone(self, socket: EngineSocket, reason: str) -> None:
        """The session has ended. Its handlers under way are finished first, then it leaves its namespaces."""
        manager = self._manager
        manager.spaces.touch(socket)
        for member in socket.members:
            manager.abandon(member.sid)
        if self._eio.replaced("disconnect") is not None:
            self._enqueue(socket, Raw("disconnect", (socket.sid, reason)))
        if socket.worker is not None or any(map(self._application.hears_disconnect, socket.members)):
            self._enqueue(socket, reason)
            return
        for member in socket.members:
            self._recovery.lost(member, reason)
            manager.pre_disconnect(member.sid, member.namespace)
            manager.basic_disconnect(member.sid, member.namespace)
        self._finish(socket)

    async def _leave_all(self, socket: EngineSocket, reason: str) -> None:
        for member in socket.members:
            # only now: a 41 that waited in the line has ended what could have been recovered
            self._recovery.lost(member, reason)
            await self.leave(member, reason)
        self._finish(socket)

    def _finish(self, socket: EngineSocket) -> None:
        self._application.session_ended()
        socket.finish()

    async def leave(self, member: Member, reason: str) -> None:
        """Run the disconnect handler, once, and forget the member."""
        manager = self._manager
        if member.state is not State.CONNECTED:
            if member.state is State.CONNECTING:
                manager.basic_disconnect(member.sid, member.namespace)
            return
        manager.pre_disconnect(member.sid, member.namespace)
        try:
            await self._application.trigger("disconnect", member.namespace, member.sid, reason)
        except Exception:
            self._application.logger.exception("disconnect handler failed")
        finally:
            await manager.disconnect(member.sid, member.namespace, ignore_queue=True)

    def transport_changed(self, socket: EngineSocket) -> None:
        """Have the rooms of a session look again that was upgraded to a websocket."""
        self._manager.spaces.touch(socket)

    def stopped(self) -> None:
        """Stop the manager: the server has shut down."""
        self._manager.stop()

    # tasks

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _logged(self, awaitable: Any) -> None:
        try:
            await awaitable
        except Exception:
            self._application.logger.exception("callback of an acknowledgement failed")
