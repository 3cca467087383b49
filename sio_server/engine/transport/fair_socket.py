"""A WebSocket of aiohttp's, for an application that serves one itself, held to what the engine's own are held to.

aiohttp answers any number of pings in one turn of the loop. Its reader takes frames up to one size for the whole life
of a connection, and keeps an unfinished one, also before the peer has said who it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import WSMessage, WSMsgType, web

from sio_server.engine.limits import TURN


class FairSocket(web.WebSocketResponse):
    """A WebSocket to be made with `autoping=False`: pings are answered here, a bounded number in a turn of the loop.

    A read may bring ten thousand pings, which aiohttp answers without letting anybody else be served.
    """

    _received = 0

    async def receive(self, timeout: float | None = None) -> WSMessage:  # noqa: ASYNC109 - aiohttp's own signature
        """The next message that is neither a ping nor a pong."""
        while True:
            self._received += 1
            if not self._received % TURN:
                await asyncio.sleep(0)
            message = await super().receive(timeout)
            if message.type is WSMsgType.PING:
                await self.pong(message.data)
            elif message.type is not WSMsgType.PONG:
                return message


class _Narrow:
    """Stands before a connection's reader and counts what it is fed, until it is told to stop counting."""

    __slots__ = ("_inner", "_left", "_on_more")

    def __init__(self, inner: Any, most: int, on_more: Callable[[], None]) -> None:
        self._inner = inner
        self._left: int | None = most
        self._on_more = on_more

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Hand bytes on while they are within the bound; beyond it nothing is kept."""
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                self._on_more()
                return False, b""
        result: tuple[bool, bytes] = self._inner.feed_data(data)
        return result

    def feed_eof(self) -> None:
        """Tell the reader that the peer sends nothing more."""
        self._inner.feed_eof()

    def widen(self) -> None:
        """Lift the bound: what comes from now on is not counted."""
        self._left = None


def narrow(request: web.Request, most: int, on_more: Callable[[], None]) -> Callable[[], None]:
    """Let the peer of a WebSocket that was just accepted send ``most`` bytes; returns what lifts the bound.

    ``on_more`` is called when more come, and has to end the connection.
    """
    protocol = request.protocol
    reader = _Narrow(protocol._payload_parser, most, on_more)  # noqa: SLF001 - listed in private_names
    protocol._payload_parser = reader  # noqa: SLF001 - listed in private_names, too
    return reader.widen
