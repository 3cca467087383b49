"""A websocket whose session another node has: its bytes are handed to and fro.

A client that begins with polling takes up a websocket afterwards, and a balancer without affinity brings that to any
node. Were it refused, stock clients would go on polling for good (`_probe` of engine.io-client tells `upgradeError` and
tries no second time), and each packet of theirs would be a request to two nodes.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, Final

from aiohttp import web

from sio_server.between.roads import connect
from sio_server.engine import Switched, detach

# Seconds for the other node to answer a handshake.
ANSWER: Final = 5.0

# Bytes of the head of its answer, with what may come right behind it.
MAX_HEAD: Final = 16 * 1024

_SWITCHING: Final = b"HTTP/1.1 101 "
_END: Final = b"\r\n\r\n"

# After so many seconds of silence the system asks whether the other node's machine is there, and then again.
_KEEPALIVE: Final = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3))


class _End(asyncio.Protocol):
    """One end of a tunnel: what comes there goes out at the other, at the other's pace."""

    __slots__ = ("_answer", "_other", "transport")

    def __init__(self, transport: asyncio.Transport | None = None) -> None:
        self.transport = transport
        self._other: _End | None = None
        # What came before there was another end, and who waits for it.
        self._answer: tuple[bytearray, asyncio.Future[None]] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, and keep what comes until `head` has looked at it."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for mypy: a stream of bytes
        self.transport = transport
        self._answer = bytearray(), asyncio.get_running_loop().create_future()
        found = transport.get_extra_info("socket")
        if found is not None and found.family != getattr(socket, "AF_UNIX", None):
            found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, value in _KEEPALIVE:
                if hasattr(socket, name):
                    found.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def data_received(self, data: bytes) -> None:
        """Hand bytes to the other end."""
        if self._answer is not None:
            came, waiter = self._answer
            came += data
            if not waiter.done() and (_END in came or len(came) > MAX_HEAD):
                waiter.set_result(None)
        elif self._other is not None and self._other.transport is not None:
            self._other.transport.write(data)

    def pause_writing(self) -> None:
        """Take no more at the other end, for this one has enough to write."""
        other = self._open_other()
        if other is not None:
            other.pause_reading()

    def resume_writing(self) -> None:
        """Take more at the other end."""
        other = self._open_other()
        if other is not None:
            other.resume_reading()

    def _open_other(self) -> asyncio.Transport | None:
        found = None if self._other is None else self._other.transport
        return None if found is None or found.is_closing() else found

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other end after what it still has to write."""
        self.transport = None
        if self._answer is not None and not self._answer[1].done():
            self._answer[1].set_result(None)
        other, self._other = self._open_other(), None
        if other is not None:
            other.close()

    async def switched(self) -> bool:
        """Whether the answer to a handshake is that it is a websocket from now on; raises TimeoutError."""
        assert self._answer is not None  # noqa: S101 - for mypy: asked once
        came, waiter = self._answer
        async with asyncio.timeout(ANSWER):
            await waiter
        return self.transport is not None and came.startswith(_SWITCHING) and _END in came

    def join(self, other: _End) -> bytes:
        """Make a tunnel of the two; returns what came here before."""
        self._other, other._other = other, self
        came = b"" if self._answer is None else bytes(self._answer[0])
        self._answer = None
        return came


class Tunnels:
    """All tunnels of this node; ``ended`` is called once for each that is gone."""

    def __init__(self, ended: Callable[[], None]) -> None:
        self._ended = ended
        self._open: set[_Client] = set()

    async def dig(self, request: web.Request, address: str, head: bytes) -> web.StreamResponse | None:
        """Hand a handshake to a node, and then all that comes; None where that node takes it for no websocket.

        ``head`` is the request as the other node is to get it. Raises OSError and TimeoutError where there is no way.
        """
        far = await connect(address, _End)
        assert far.transport is not None  # noqa: S101 - for mypy: it is connected
        away, joined = far.transport, False
        try:
            away.write(head)
            switched = await far.switched()
            transport: Any = request.transport
            joined = switched and transport is not None and not transport.is_closing()
        finally:
            if not joined:
                away.close()
        if not joined:
            return None
        tail = detach(request, transport)
        near = _Client(transport, self._gone)
        transport.set_protocol(near)
        self._open.add(near)
        transport.write(far.join(near))
        if tail:
            away.write(tail)
        return Switched()

    def drain(self, spread: float) -> None:
        """Close them one by one, at even distances over so many seconds; the clients come back by themselves."""
        loop = asyncio.get_running_loop()
        for place, near in enumerate(tuple(self._open), start=1):
            loop.call_later(spread * place / len(self._open), near.close)

    def _gone(self, near: _Client) -> None:
        self._open.discard(near)
        self._ended()

    def close(self) -> None:
        """Close all of them at once."""
        for near in list(self._open):
            near.close()


class _Client(_End):
    """The end at which the client is."""

    __slots__ = ("_gone",)

    def __init__(self, transport: asyncio.Transport, gone: Callable[[_Client], None]) -> None:
        super().__init__(transport)
        self._gone = gone

    def close(self) -> None:
        """End the tunnel."""
        if self.transport is not None:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """Close the other end, and say that the tunnel is gone."""
        super().connection_lost(exc)
        self._gone(self)
