"""What the engine does to aiohttp's connections: watch them for their loss, take websockets away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.web_request import BaseRequest


class Watched:
    """A protocol before aiohttp's own that can say when the connection is lost."""

    __slots__ = ()

    on_lost: Callable[[], None] | None

    def release(self) -> None:
        """Let go of the transport, which has another owner now."""


class Shim(Watched, asyncio.Protocol):
    """Passes everything on to aiohttp's protocol."""

    __slots__ = ("_inner", "on_lost")

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.on_lost: Callable[[], None] | None = None

    def data_received(self, data: bytes) -> None:
        """Hand bytes that came on to aiohttp's protocol."""
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Tell aiohttp's protocol that the peer sends nothing more."""
        result: bool | None = self._inner.eof_received()
        return result

    def pause_writing(self) -> None:
        """Tell aiohttp's protocol that the transport is full."""
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Tell aiohttp's protocol that the transport has room again."""
        self._inner.resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell aiohttp's protocol that the connection is lost, then whoever watches it."""
        lost, self.on_lost = self.on_lost, None
        self._inner.connection_lost(exc)
        if lost is not None:
            lost()


def watch(request: web.Request, lost: Callable[[], None] | None) -> None:
    """Have `lost` called when the request's connection is lost; None: not any more.

    aiohttp tells a handler by cancelling it, and only where the application asked for that.
    """
    transport = request.transport
    if transport is None:
        if lost is not None:
            lost()
        return
    protocol = transport.get_protocol()
    if not isinstance(protocol, Watched):
        if lost is None:
            return
        protocol = Shim(protocol)
        transport.set_protocol(protocol)
    protocol.on_lost = lost


class Switched(web.StreamResponse):
    """What the handler of a detached request returns: the 101 was written already, the transport is gone.

    aiohttp logs the access with its status and ends the connection's task.
    """

    def __init__(self) -> None:
        super().__init__(status=101)
        self._keep_alive = False

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write nothing: the head of the answer, 101, has gone out."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing: the connection is the engine's."""


def detach(request: web.Request, transport: asyncio.Transport) -> bytes:
    """Take the transport away from aiohttp; returns the bytes that came behind the handshake."""
    handler: Any = request.protocol
    tail: bytes = handler._message_tail  # noqa: SLF001
    handler._message_tail = b""  # noqa: SLF001
    before = transport.get_protocol()
    if isinstance(before, Watched):
        before.release()
    handler.transport = None  # or connection_lost would close it
    handler.connection_lost(None)
    return tail
