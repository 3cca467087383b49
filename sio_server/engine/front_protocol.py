"""One connection to the front, until it is a websocket; or for good, as a guard before aiohttp's protocol."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sio_server.engine import handshake
from sio_server.engine.addresses import peer_of
from sio_server.engine.detach import Watched
from sio_server.engine.environ import build
from sio_server.engine.guard import Guard
from sio_server.engine.http_head import FrontPromise, FrontReply, FrontRequest, Head, parse_head, reply_bytes
from sio_server.engine.limits import BODY_RATE, MAX_HEAD
from sio_server.engine.reading import read_in_pieces

if TYPE_CHECKING:
    from sio_server.engine.front import FastHandler, Front

_log = logging.getLogger("sio_server.engine")

#: Bytes of pipelined requests that are read while one is being handled.
_MAX_AHEAD = 262_144
#: Headers of a handshake that make it unusual: it has no body.
_BODY_HEADERS = ("transfer-encoding", "content-length")


class FrontProtocol(Watched, asyncio.Protocol):
    """Reads a head and decides whose it is."""

    __slots__ = (
        "_buffer",
        "_busy",
        "_deadline",
        "_front",
        "_guard",
        "_last",
        "_need",
        "_paused",
        "_peer",
        "on_lost",
        "timer_key",
        "transport",
    )

    def __init__(self, front: Front) -> None:
        self._front = front
        self.transport: asyncio.Transport | None = None
        self.timer_key = 0
        self._buffer = b""
        self._need = 0
        self._busy = False
        self._paused = False
        self._last = False
        self._deadline = 0.0
        self._guard: Guard | None = None
        self._peer: str | None = None
        self.on_lost: Callable[[], None] | None = None

    # asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A peer has connected: its first request has to come in time."""
        self.transport = cast("asyncio.Transport", transport)
        read_in_pieces(self.transport)
        self._front.live.add(self)
        self._wait(self._front.patience)

    def connection_lost(self, exc: Exception | None) -> None:
        """The peer has gone."""
        self.release()
        if self._guard is not None:
            self._guard.inner.connection_lost(exc)
        lost, self.on_lost = self.on_lost, None
        if lost is not None:
            lost()

    def pause_writing(self) -> None:
        """Flow control is aiohttp's, where it has the connection."""
        if self._guard is not None:
            self._guard.inner.pause_writing()

    def resume_writing(self) -> None:
        """The same."""
        if self._guard is not None:
            self._guard.inner.resume_writing()

    def eof_received(self) -> bool | None:
        """A half-closed connection gets its answer under way, nothing more."""
        if self._guard is not None:
            result: bool | None = self._guard.inner.eof_received()
            return result
        self._last = True  # or the connection would wait for a next request as idle ones do
        return self._busy

    def data_received(self, data: bytes) -> None:
        """Gather a request."""
        if self._guard is not None:
            self._guard.data_received(data)
            return
        if not self._buffer and not self._busy:
            self._deadline = self._front.wheel.time() + self._front.patience
        self._buffer = self._buffer + data if self._buffer else data
        if self._busy:
            if len(self._buffer) > _MAX_AHEAD and not self._paused and self.transport is not None:
                self._paused = True
                self.transport.pause_reading()
        elif len(self._buffer) >= self._need:
            self._advance()

    # time

    def _wait(self, seconds: float) -> None:
        now = self._front.wheel.time()
        self._deadline = now + seconds
        self._front.wheel.at(self, now + self._front.interval)

    def on_timer(self) -> None:
        """The deadline has come, or was moved since."""
        now = self._front.wheel.time()
        if self._guard is not None:
            if self._guard.overdue(now):
                self._slow()
            else:
                self._front.wheel.at(self, now + self._guard.interval)
        elif now >= self._deadline and not self._busy:
            self._slow()
        else:
            # a request may begin, and its deadline with it, before an idle connection's deadline
            self._front.wheel.at(self, now + self._front.interval)

    def _slow(self) -> None:
        self._front.counters.http_slow += 1
        if self.transport is not None:
            self.transport.abort()

    def release(self) -> None:
        """The connection is not this protocol's any more."""
        self._front.wheel.drop(self)
        self._front.live.discard(self)
        self.transport = None

    def drain(self) -> None:
        """The server stops: close, after the answer where a request is under way."""
        self._last = True
        if self._guard is None and not self._busy and self.transport is not None:
            self.transport.close()

    # requests

    def _advance(self) -> None:
        while self._buffer and not self._busy and self.transport is not None:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                # what cannot become ours is aiohttp's to answer, at once: a TLS hello on a plain port, say
                if len(self._buffer) > MAX_HEAD or not self._front.may_be_ours(self._buffer):
                    self._hand_over()
                return
            if self._buffer.startswith(self._front.engine_start):
                if not self._handshake(end):
                    self._hand_over()
                return
            if not self._fast(end):
                return

    def _fast(self, end: int) -> bool:
        """Start a fast route; False when its body has not come in, or aiohttp has the connection now."""
        found = self._front.plan(self._buffer[:end])
        if found is None:
            self._hand_over()
            return False
        route, head, size = found
        stop = end + 4 + size
        if len(self._buffer) < stop:
            self._need = stop
            self._deadline += size / BODY_RATE
            return False
        body, self._buffer, self._need = self._buffer[end + 4 : stop], self._buffer[stop:], 0
        self._run(route, head, body)
        return True

    def _run(self, route: FastHandler, head: Head, body: bytes) -> None:
        if self._peer is None:
            self._peer = peer_of(self.transport)[0]
        peer = self._front.eio.proxies.client(self._peer, head.fields.get("x-forwarded-for"))
        request = FrontRequest(head.method, head.target, head.fields, body, peer, head.memo)
        try:
            result = route(request)
        except Exception:  # noqa: BLE001  logged in _failed
            result = _failed()
        if isinstance(result, FrontPromise):
            self._busy = True
            result.then(partial(self._answer_later, request))
        elif inspect.isawaitable(result):
            self._busy = True
            task = asyncio.get_running_loop().create_task(self._finish(result, request))
            self._front.tasks.add(task)
            task.add_done_callback(self._front.tasks.discard)
        else:
            self._reply(result, request)

    async def _finish(self, awaitable: Any, request: FrontRequest) -> None:
        try:
            result = await awaitable
        except Exception:  # noqa: BLE001  logged in _failed
            result = _failed()
        self._go_on(request, result)

    def _answer_later(self, request: FrontRequest, result: FrontReply) -> None:
        if self.transport is not None:
            self._front.write_later(self, *self._rendered(result, request))

    def answer(self, data: bytes, close: bool) -> bool:  # noqa: FBT001  a pair that is handed through
        """Write a reply that was rendered; returns whether anything came in meanwhile."""
        self._busy = False
        self._write(data, close=close)
        return bool(self._buffer)

    def go_on(self) -> None:
        """Read what came in while a request was being handled."""
        if self._paused and self.transport is not None:
            self._paused = False
            self.transport.resume_reading()
        self._advance()

    def _go_on(self, request: FrontRequest, result: FrontReply) -> None:
        self._busy = False
        if self.transport is not None:
            self._reply(result, request)
            self.go_on()

    def _reply(self, reply: FrontReply, request: FrontRequest) -> None:
        data, close = self._rendered(reply, request)
        self._write(data, close=close)

    def _rendered(self, reply: FrontReply, request: FrontRequest) -> tuple[bytes, bool]:
        """The reply's bytes, and whether it is the last one."""
        close = self._last or request.headers.get("connection", "").lower() == "close"
        try:
            data = reply_bytes(reply, close=close)
        except ValueError:
            reply = _failed()
            data = reply_bytes(reply, close=close)
        if self._front.access_log is not None:
            self._front.access_log(request.method, request.path, reply.status, request.peer)
        return data, close

    def _write(self, data: bytes, *, close: bool) -> None:
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        self._deadline = self._front.wheel.time() + self._front.keepalive_timeout
        if close or self._last:
            transport.close()
            self.release()

    def _handshake(self, end: int) -> bool:
        """Accept a websocket; False when aiohttp has to answer."""
        head = parse_head(self._buffer[:end]) if end <= MAX_HEAD else None
        transport = self.transport
        if head is None or transport is None or any(name in head.fields for name in _BODY_HEADERS):
            return False
        path, _, query = head.target.partition("?")
        eio = self._front.eio
        secure = transport.get_extra_info("sslcontext") is not None
        peer = peer_of(transport)
        environ = build(head.method, path, query, head.headers, peer=peer, proxies=eio.proxies, secure=secure)
        key = head.fields.get("sec-websocket-key")
        try:
            ask = handshake.parse_query(query)
        except ValueError:
            return False
        if (
            key is None
            or not handshake.is_key(key)
            or ask.transport != "websocket"
            or handshake.check(ask, head.method, environ, eio.transports, eio.sockets) is not None
            or eio.refuse(environ, count=False) is not None
        ):
            return False
        rest = self._buffer[end + 4 :]
        self._buffer = b""
        self.release()
        connection = eio.accept_websocket(transport, ask, environ, key)
        if self._front.access_log is not None:
            self._front.access_log(head.method, head.target, 101, environ["REMOTE_ADDR"])
        if rest:
            connection.data_received(rest)
        return True

    def _hand_over(self) -> None:
        """Give the connection to aiohttp, with every byte of it."""
        assert self.transport is not None  # noqa: S101  for mypy; the caller looked
        data, self._buffer = self._buffer, b""
        front = self._front
        inner = front.make_http()
        self._guard = Guard(inner, front.eio.limits.request_timeout, front.keepalive_timeout, front.wheel.time)
        inner.connection_made(self.transport)
        self._guard.data_received(data)
        front.wheel.at(self, front.wheel.time() + self._guard.interval)


def _failed() -> FrontReply:
    """The answer for a fast route that raised."""
    _log.exception("fast route failed")
    return FrontReply(500, b'{"title":"Internal Server Error","status":500}', "application/problem+json")
