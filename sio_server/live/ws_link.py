"""One plain WebSocket as the core sees it: what is sent to it, what waits for it, and where that ends."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import orjson
from aiohttp import web

from sio_server.core.hub import Link
from sio_server.engine import Backlog, text_frame
from sio_server.notification import Entry

# Seconds between two looks at whether a peer that was behind has read.
_FIRST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.1


class Endpoint(Protocol):
    """What a connection asks of the endpoint that holds it."""

    def move(self, client: WsLink, rooms: Sequence[str]) -> None:
        """Put it into just these rooms."""

    def end(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, reason: str) -> None:
        """Close it with a code and a reason, without waiting for it."""


class WsLink:
    """One connection and its rooms; the core's `Link` to it.

    Frames go to the transport as they come: server frames are not masked (RFC 6455 §5.1), so one serves all, and
    several leave in one write. aiohttp reads, and writes its own pings and close frames between ours.
    """

    __slots__ = ("_backlog", "_cap", "_endpoint", "_pause", "_socket", "_timer", "_transport", "reason", "rooms")

    def __init__(
        self, endpoint: Endpoint, socket: web.WebSocketResponse, transport: asyncio.Transport | None, cap: int
    ) -> None:
        self.rooms: tuple[str, ...] = ()
        self.reason: str | None = None
        """Why it was ended from here, once it was."""
        self._endpoint = endpoint
        self._socket = socket
        self._transport = transport
        self._cap = cap
        self._backlog = Backlog()
        self._timer: asyncio.TimerHandle | None = None
        self._pause = _FIRST_PAUSE

    def write(self, frames: Sequence[bytes]) -> None:
        """Send frames; past the cap the connection is given up instead."""
        transport = self._transport
        if transport is None or self.reason is not None:
            return
        if self.pending():
            for piece in frames:
                self._backlog.put(piece)
            if self._timer is None:
                self._pause = _FIRST_PAUSE
                self._timer = asyncio.get_running_loop().call_later(self._pause, self._drain)
        else:
            # to a peer that reads, much goes out at once, however long it is
            transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        if self.pending() > self._cap:
            self.reason = "slow"
            self._let_go()
            transport.abort()  # closing would wait for a peer that does not read

    def _drain(self) -> None:
        """Give the transport what waits as it empties. It is aiohttp's, which alone is told when that happens."""
        self._timer, transport = None, self._transport
        if transport is None or transport.is_closing():
            self._let_go()
            return
        before = self._backlog.size
        while self._backlog and not transport.get_write_buffer_size():
            transport.write(self._backlog.pop())
        if self._backlog:
            self._pause = _FIRST_PAUSE if self._backlog.size < before else min(2 * self._pause, _LONGEST_PAUSE)
            self._timer = asyncio.get_running_loop().call_later(self._pause, self._drain)

    def _let_go(self) -> None:
        self._backlog.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- Link -----------------------------------------------------------------------------------------------------

    def join(self, rooms: Sequence[str]) -> None:
        """See `Link.join`."""
        self._endpoint.move(self, rooms)

    def replay(self, entries: Sequence[Entry], *, replayed: bool = True) -> None:
        """See `Link.replay`."""
        if entries:
            self.write([text_frame(entry.encode(replayed=replayed)) for entry in entries])

    def control(self, event: str, payload: Mapping[str, Any]) -> None:
        """See `Link.control`."""
        self.write([text_frame(orjson.dumps({"type": event, **payload}))])

    def pending(self) -> int:
        """See `Link.pending`."""
        return self._backlog.size + (0 if self._transport is None else self._transport.get_write_buffer_size())

    def close(self, reason: str) -> None:
        """See `Link.close`."""
        if self.reason is None:
            self.reason = reason
            while self._backlog and self._transport is not None:
                self._transport.write(self._backlog.pop())  # before the Close frame, which aiohttp writes
            self._let_go()
            self._endpoint.end(self._socket, self._transport, reason)

    def transport(self) -> str:
        """See `Link.transport`."""
        return "websocket"


_link: type[Link] = WsLink
