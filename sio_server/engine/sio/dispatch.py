"""From packets to handlers: in order per client, with a task per client only while there is work.

A slow handler holds up its own client alone. Acknowledgements do not wait in the line: a handler may itself
be waiting for one.
"""

from __future__ import annotations

import asyncio
import inspect
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sio_server.engine.eio.refused import Why
from sio_server.engine.limits import HEAVY
from sio_server.engine.sio.connect import Connector
from sio_server.engine.sio.rooms import Member, State
from sio_server.engine.wire import packets
from sio_server.engine.wire.packets import Packet, PacketError, TooManyAttachmentsError

if TYPE_CHECKING:
    from sio_server.engine.eio.environ import Environ
    from sio_server.engine.eio.socket import EngineSocket
    from sio_server.engine.sio.server import AsyncServer


@dataclass(frozen=True, slots=True)
class Raw:
    """An event for a handler that the application registered at the Engine.IO server itself."""

    event: str
    arguments: tuple[Any, ...]


#: A packet to handle, or the reason for which the session ended.
Item = Packet | Raw | str


def _defined(value: Any) -> Any:
    """None for what JavaScript's msgpack writes for undefined: extension type 0 with one zero byte."""
    return None if getattr(value, "code", None) == 0 and getattr(value, "data", None) == b"\0" else value


class Dispatcher:
    """What happens to each packet that comes in."""

    def __init__(self, sio: AsyncServer) -> None:
        self._sio = sio
        self._connector = Connector(sio)
        self._tasks: set[asyncio.Task[None]] = set()

    # an application on Engine.IO alone

    def opened(self, socket: EngineSocket, environ: Environ) -> None:
        """A new session: nobody waits for a CONNECT where Socket.IO is not spoken."""
        eio = self._sio.eio
        if eio.replaced("message") is not None:
            socket.joined()
        if eio.replaced("connect") is not None:
            self._enqueue(socket, Raw("connect", (socket.sid, environ)))

    async def _raw(self, socket: EngineSocket, item: Raw) -> None:
        handler = self._sio.eio.replaced(item.event)
        if handler is None:
            return
        result = handler(*item.arguments)
        if inspect.isawaitable(result):
            result = await result
        if item.event == "connect" and result is not None and result is not True:
            socket.end(self._sio.reason.SERVER_DISCONNECT)

    # packets in

    def message(self, socket: EngineSocket, data: str | bytes) -> None:
        """One Engine.IO message. Raises PacketError when it has to close the connection."""
        if self._sio.eio.replaced("message") is not None:
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
        return packet.namespace in socket.left or any(
            isinstance(item, Packet) and item.kind == packets.CONNECT and item.namespace == packet.namespace
            for item in socket.inbox or ()
        )

    def _decode(self, socket: EngineSocket, data: str | bytes) -> Packet | None:
        sio = self._sio
        try:
            if sio.foreign_packets:
                return self._decode_foreign(data)
            partial = socket.partial
            if partial is not None:
                if isinstance(data, str):
                    message = "text between attachments"
                    raise PacketError(message)
                return self._attach(socket, partial, data)
            if isinstance(data, bytes):
                message = "attachment without a packet"
                raise PacketError(message)
            packet = packets.decode(data, sio.loads, sio.eio.limits.max_attachments)
        except TooManyAttachmentsError:
            sio.counters.attachments_refused += 1
            raise
        if packet.kind in (packets.BINARY_EVENT, packets.BINARY_ACK):
            if socket.member(packet.namespace) is None:
                self._may_be_sent(socket, packet)
            if not sio.eio.limits.binary:
                self._refuse_binary(socket, packet)
            if packet.attachments:
                socket.partial = packet
                socket.expecting_attachments(wanted=True)
                return None
            packet.data = packets.rebuild(packet.data, packet.parts)
        return packet

    def _refuse_binary(self, socket: EngineSocket, packet: Packet) -> None:
        self._sio.counters.attachments_refused += 1
        packet.refused = True
        packet.data = packet.data[:1]
        if packet.id is None or packet.kind == packets.BINARY_ACK:
            socket.refused(Why.BINARY, "a binary packet where none is taken")

    def _attach(self, socket: EngineSocket, packet: Packet, data: bytes) -> Packet | None:
        packet.size += len(data)
        if packet.size > self._sio.eio.limits.max_attachment_bytes:
            message = f"attachments above {self._sio.eio.limits.max_attachment_bytes} bytes"
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

    def _decode_foreign(self, data: str | bytes) -> Packet:
        # msgpack or an application's own serializer: its class decodes, the checks are ours
        try:
            found = self._sio.packet_class(encoded_packet=data)
            kind, namespace = found.packet_type, found.namespace or "/"
            packet = Packet(kind, namespace, _defined(found.id), _defined(found.data))
        except Exception as error:
            message = "invalid payload"
            raise PacketError(message) from error
        known = isinstance(kind, int) and not isinstance(kind, bool) and kind in range(packets.BINARY_ACK + 1)
        if not known or not isinstance(namespace, str) or not isinstance(packet.id, int | None):
            message = "unknown packet type"
            raise PacketError(message)
        packet.data = None if kind == packets.DISCONNECT else packet.data
        packets.check(packet, present=packet.data is not None)
        return packet

    def _ack(self, socket: EngineSocket, packet: Packet) -> None:
        member = socket.member(packet.namespace)
        if member is None or packet.id is None or packet.refused:
            return
        callback = self._sio.manager.take_callback(member.sid, packet.id)
        if callback is None:
            self._sio.counters.ack_unknown += 1
            return
        try:
            result = callback(*packet.data)
        except Exception:
            self._sio.logger.exception("callback of an acknowledgement failed")
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
                    self._sio.logger.exception("handler failed")
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
            await self.leave(member, self._sio.reason.CLIENT_DISCONNECT)
        elif packet.kind in (packets.ACK, packets.BINARY_ACK):  # which came before its CONNECT was answered
            self._ack(socket, packet)
        elif self._sio.ordered_events:
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
        sio = self._sio
        if packet.refused:
            self._acknowledge_failure(member, packet, Why.BINARY)
            return
        try:
            result = await sio._trigger_event(packet.data[0], member.namespace, member.sid, *packet.data[1:])  # noqa: SLF001
            if packet.id is None or result is sio.not_handled or member.state is not State.CONNECTED:
                return
            # JavaScript's cb(null): an empty list reads as "no answer" to a client that retries
            values = list(result) if isinstance(result, tuple) else [result]
            wire = sio.encode(packets.ACK, member.namespace, values, packet.id)
        except Exception as error:  # noqa: BLE001  told in `_log_failure`
            self._log_failure(error)
            self._acknowledge_failure(member, packet, None)
        else:
            member.deliver(wire)

    def _acknowledge_failure(self, member: Member, packet: Packet, why: Why | None) -> None:
        sio = self._sio
        if packet.id is not None and sio.failed_ack is not None and member.state is State.CONNECTED:
            told = sio.failed_ack(member.sid, why)
            member.deliver(sio.encode(packets.ACK, member.namespace, [told], packet.id))

    def _log_failure(self, error: Exception) -> None:
        # the traceback of a recursion has a line for each level, all alike: 150 KB that a peer may ask for again
        if isinstance(error, RecursionError):
            self._sio.logger.error("handler failed: %r", error)
        else:
            self._sio.logger.error("handler failed", exc_info=error)

    # leaving

    def ending(self, socket: EngineSocket) -> None:
        """The session is about to end: what waits behind a CONNECT packet goes out now."""
        for member in socket.members:
            if member.settling:
                self._sio.manager.settled(member)

    def gone(self, socket: EngineSocket, reason: str) -> None:
        """The session has ended. Its handlers under way are finished first, then it leaves its namespaces."""
        sio = self._sio
        sio.manager.touch(socket)
        for member in socket.members:
            sio.manager.abandon(member.sid)
        if sio.eio.replaced("disconnect") is not None:
            self._enqueue(socket, Raw("disconnect", (socket.sid, reason)))
        if socket.worker is not None or any(map(self._has_handler, socket.members)):
            self._enqueue(socket, reason)
            return
        for member in socket.members:
            sio.recovery.lost(member, reason)
            sio.manager.pre_disconnect(member.sid, member.namespace)
            sio.manager.basic_disconnect(member.sid, member.namespace)
        self._finish(socket)

    def _has_handler(self, member: Member) -> bool:
        sio = self._sio
        return bool(
            sio.watched
            or sio._get_event_handler("disconnect", member.namespace, (member.sid,))[0]  # noqa: SLF001
            or sio._get_namespace_handler(member.namespace, ())[0]  # noqa: SLF001
        )

    async def _leave_all(self, socket: EngineSocket, reason: str) -> None:
        for member in socket.members:
            # only now: a 41 that waited in the line has ended what could have been recovered
            self._sio.recovery.lost(member, reason)
            await self.leave(member, reason)
        self._finish(socket)

    def _finish(self, socket: EngineSocket) -> None:
        self._sio.environ.pop(socket.sid, None)
        if self._sio.watched is not None:
            self._sio.watched.raw_disconnection()
        socket.finish()

    async def leave(self, member: Member, reason: str) -> None:
        """Run the disconnect handler, once, and forget the member."""
        sio = self._sio
        if member.state is not State.CONNECTED:
            if member.state is State.CONNECTING:
                sio.manager.basic_disconnect(member.sid, member.namespace)
            return
        sio.manager.pre_disconnect(member.sid, member.namespace)
        try:
            await sio._trigger_event("disconnect", member.namespace, member.sid, reason)  # noqa: SLF001
        except Exception:
            sio.logger.exception("disconnect handler failed")
        finally:
            await sio.manager.disconnect(member.sid, member.namespace, ignore_queue=True)

    def transport_changed(self, socket: EngineSocket) -> None:
        """The session was upgraded."""
        self._sio.manager.touch(socket)

    # tasks

    def _spawn(self, coroutine: Any) -> None:
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _logged(self, awaitable: Any) -> None:
        try:
            await awaitable
        except Exception:
            self._sio.logger.exception("callback of an acknowledgement failed")
