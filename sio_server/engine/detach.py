"""How a websocket leaves aiohttp: the transport goes to the engine, everything aiohttp keeps for it is let go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    import asyncio

    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.web_request import BaseRequest


class Switched(web.StreamResponse):
    """What the handler of a detached request returns: the 101 was written already, the transport is gone.

    aiohttp logs the access with its status and ends the connection's task.
    """

    def __init__(self) -> None:
        super().__init__(status=101)
        self._keep_alive = False

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:  # noqa: ARG002
        """Nothing is left to prepare."""
        return None

    async def write_eof(self, data: bytes = b"") -> None:  # noqa: ARG002
        """Nothing is left to write."""


def detach(request: web.Request, transport: asyncio.Transport) -> bytes:
    """Take the transport away from aiohttp; returns the bytes that came behind the handshake."""
    handler: Any = request.protocol
    tail: bytes = handler._message_tail  # noqa: SLF001
    handler._message_tail = b""  # noqa: SLF001
    shim = transport.get_protocol()
    release = getattr(shim, "release", None)
    if release is not None:
        release()
    handler.transport = None  # or connection_lost would close it
    handler.connection_lost(None)
    return tail
