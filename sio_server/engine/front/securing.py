"""TLS on accepted connections: handshakes that are bounded in time and number, on connections that take little memory.

asyncio's own TLS gives a handshake a minute, lets any number of them wait, and keeps a buffer of 256 KiB for every
connection (`SSLProtocol.max_size`): 50 times what the rest of a connection takes. Here all connections read into one.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from asyncio.sslproto import SSLProtocol, _SSLProtocolTransport
from collections.abc import Callable
from functools import partial
from ssl import SSLContext
from typing import TYPE_CHECKING, Any

from sio_server.engine.limits import TLS_TIMEOUT
from sio_server.engine.transport.reading import READ_SIZE

if TYPE_CHECKING:
    from sio_server.engine.eio.server import EngineServer

_logger = logging.getLogger("sio_server.engine")

#: Bytes for a peer above which its protocol is told that it does not read: as many as without TLS. asyncio's are eight
#: times that.
_HIGH = 65_536
#: makes the transport of a socket: (socket, protocol, extra) -> transport
MakeTransport = Callable[..., asyncio.Transport]


class _Transport(_SSLProtocolTransport):
    """A transport of TLS that is as one without: it may be closed twice, and knows of all that waits for the peer.

    asyncio's forgets its connection when it is closed again, and fails at the next call.
    """

    def close(self) -> None:
        if not self.is_closing():
            super().close()

    def get_write_buffer_size(self) -> int:
        protocol: Any = self._ssl_protocol
        below = protocol._transport  # noqa: SLF001 - listed in private_names
        waiting = 0 if below is None else int(below.get_write_buffer_size())
        return super().get_write_buffer_size() + waiting


class _TlsProtocol(SSLProtocol):
    """TLS on one connection.

    :param buffer: what is read into, which nobody else uses before it is copied away: a read and what becomes of it
        are one turn.
    """

    max_size = READ_SIZE

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        app: asyncio.Protocol,
        context: SSLContext,
        waiter: asyncio.Future[None],
        buffer: bytearray,
    ) -> None:
        super().__init__(loop, app, context, waiter, server_side=True, ssl_handshake_timeout=TLS_TIMEOUT)
        self._ssl_buffer = buffer
        self._ssl_buffer_view = memoryview(buffer)
        self._set_write_buffer_limits(high=_HIGH)  # type: ignore[attr-defined]  # listed in private_names

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin the handshake. Who the peer was is known for longer than the connection lasts, as without TLS."""
        self._extra["peername"] = transport.get_extra_info("peername")
        super().connection_made(transport)

    def _get_app_transport(self) -> Any:
        mine: Any = self
        if not mine._app_transport_created:  # noqa: SLF001 - listed in private_names
            mine._app_transport, mine._app_transport_created = _Transport(self._loop, self), True  # noqa: SLF001
        return super()._get_app_transport()  # type: ignore[misc]


class _Handshake:
    """A handshake under way, which has a place as long as it is."""

    __slots__ = ("_counters", "abort")

    joining = 0

    def __init__(self, abort: Callable[[], object], counters: Any) -> None:
        self.abort = abort
        self._counters = counters

    def give_way(self) -> None:
        """End, for the sake of somebody who came later."""
        self._counters.tls_evicted += 1
        self.abort()


class Securing:
    """Begins TLS on connections of one listener. ``context`` may be replaced: connections that are there keep theirs.

    A peer that opens sockets and says nothing keeps nobody out: as with sessions in no namespace (`Arrivals`), the
    oldest handshake gives way to the newest, before all of the same address where that has more than its part.
    """

    def __init__(self, eio: EngineServer, context: SSLContext) -> None:
        self.context = context
        self._places = eio.securing
        self._counters = eio.counters
        self._under_way: set[_Handshake] = set()
        self._buffer = bytearray(READ_SIZE)

    def begin(
        self,
        loop: asyncio.AbstractEventLoop,
        connection: socket.socket,
        address: Any,
        app: asyncio.Protocol,
        make: MakeTransport,
    ) -> None:
        """Begin on a connection that was just accepted; ``app`` has it once the handshake is through."""
        waiter = loop.create_future()
        protocol = _TlsProtocol(loop, app, self.context, waiter, self._buffer)
        transport = make(connection, protocol, extra={"peername": address})
        self._enter(waiter, transport.abort, address)

    def watch(self, task: asyncio.Task[None], address: Any) -> None:
        """Give a place to a handshake that another loop's own TLS makes in a task."""
        self._enter(task, task.cancel, address)

    def _enter(self, done: asyncio.Future[None], abort: Callable[[], object], address: Any) -> None:
        handshake = _Handshake(abort, self._counters)
        self._under_way.add(handshake)
        done.add_done_callback(partial(self._through, handshake))
        self._places.add(handshake, str(address[0]) if isinstance(address, tuple) else "")

    def _through(self, handshake: _Handshake, done: asyncio.Future[None]) -> None:
        self._under_way.discard(handshake)
        self._places.discard(handshake)
        error = None if done.cancelled() else done.exception()
        if error is not None:
            self._counters.tls_failed += 1
            _logger.debug("TLS handshake failed: %s", error)

    def close(self) -> None:
        """End the handshakes that are not through."""
        for handshake in list(self._under_way):
            handshake.abort()
