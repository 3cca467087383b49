"""One connection to the front, until it is a websocket; or for good, as a guard before aiohttp's protocol."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sio_server.engine.eio.addresses import peer_of
from sio_server.engine.eio.detach import Watched
from sio_server.engine.front.guard import Guard
from sio_server.engine.front.handshake import read_handshake
from sio_server.engine.front.http_protocol import failed
from sio_server.engine.limits import BODY_RATE, MAX_HEAD
from sio_server.engine.transport.reading import read_in_pieces, unread
from sio_server.engine.wire.http_head import FrontPromise, FrontReply, FrontRequest, Head, reply_bytes

if TYPE_CHECKING:
    from sio_server.engine.front.front import Front
    from sio_server.engine.wire.http_head import FastHandler

#: Bytes that a peer may have sent ahead: above the one its socket is not read, below the other it is read again.
#: Without them a peer that never waits for an answer fills the memory, and each of its requests costs another read.
_AHEAD_HIGH, _AHEAD_LOW = 65_536, 16_384


class FrontProtocol(Watched, asyncio.Protocol):
    """Reads a head and decides whose it is.

    A connection has one request handled in a turn of the loop, however many it sent ahead, and none while it does not
    read its answers.
    """

    __slots__ = (
        "_at",
        "_buffer",
        "_busy",
        "_deadline",
        "_eof",
        "_front",
        "_full",
        "_guard",
        "_held",
        "_last",
        "_need",
        "_peer",
        "_unread_before",
        "on_lost",
        "timer_key",
        "transport",
    )

    def __init__(self, front: Front) -> None:
        self._front = front
        self.transport: asyncio.Transport | None = None
        self.timer_key = 0
        #: what came and was not handled yet begins at `_at`: what is before it is cut off in one go
        self._buffer: bytes | bytearray = b""
        self._at = 0
        self._need = 0
        #: a request is being handled, or the next one waits for the next turn
        self._busy = False
        #: reading is paused
        self._held = False
        #: the peer does not read, and had so many bytes to read at the last look
        self._full = False
        self._unread_before = 0
        #: the peer sends nothing more; the server takes nothing more
        self._eof = False
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
        """Let go of a connection whose peer has gone, and tell who watches it."""
        self.release()
        if self._guard is not None:
            self._guard.inner.connection_lost(exc)
        lost, self.on_lost = self.on_lost, None
        if lost is not None:
            lost()

    def pause_writing(self) -> None:
        """The peer does not read: it is not read from either. Where aiohttp has the connection it is told."""
        if self._guard is not None:
            self._guard.inner.pause_writing()
        else:
            self._hold()
            self._wait_for_reader()

    def resume_writing(self) -> None:
        """Handle and read on: the peer has read what was written."""
        if self._guard is not None:
            self._guard.inner.resume_writing()
            return
        self._full = False
        self._deadline = self._front.wheel.time() + self._front.keepalive_timeout
        if not self._busy:
            self.go_on()

    def eof_received(self) -> bool | None:
        """A half-closed connection gets the answers to what it had sent, nothing more."""
        if self._guard is not None:
            result: bool | None = self._guard.inner.eof_received()
            return result
        self._eof = True  # or the connection would wait for a next request as idle ones do
        # asyncio's TLS closes its side in any case, and says so in the log to whoever would keep it
        secured = self.transport is not None and self.transport.get_extra_info("sslcontext") is not None
        return (self._busy or self._full) and not secured

    def data_received(self, data: bytes) -> None:
        """Take in bytes: handle a request once it is whole, or hand them to aiohttp."""
        if self._guard is not None:
            self._guard.data_received(data)
            return
        if not self._buffer:
            if not self._busy:
                self._deadline = self._front.wheel.time() + self._front.patience
            self._buffer = data
        else:
            self._gather(data)
        if self._busy or self._full:
            if len(self._buffer) - self._at > _AHEAD_HIGH:
                self._hold()
        elif len(self._buffer) >= self._need:
            self._advance()

    def _gather(self, data: bytes) -> None:
        """Put what came behind what is there. Only a bytearray grows, and loses its front, without being copied."""
        buffer = self._buffer
        if not isinstance(buffer, bytearray):
            buffer = self._buffer = bytearray(memoryview(buffer)[self._at :])
        elif self._at:
            del buffer[: self._at]
        self._at = 0
        buffer += data

    def _hold(self) -> None:
        if not self._held and self.transport is not None:
            self._held = True
            self.transport.pause_reading()

    def _let_read(self) -> None:
        held, self._held = self._held, False
        if held and self.transport is not None:
            self.transport.resume_reading()

    def _wait_for_reader(self) -> None:
        self._full = True
        if self.transport is not None:
            self._unread_before = unread(self.transport)
        self._deadline = self._front.wheel.time() + self._front.patience

    # time

    def _wait(self, seconds: float) -> None:
        now = self._front.wheel.time()
        self._deadline = now + seconds
        self._front.wheel.at(self, now + self._front.interval)

    def on_timer(self) -> None:
        """Close a connection whose deadline has come; look again later where it was moved since."""
        now = self._front.wheel.time()
        if self._guard is not None:
            if self._guard.overdue(now):
                self._slow()
            else:
                self._front.wheel.at(self, now + self._guard.interval)
        elif self._full and self._reads(now):
            self._front.wheel.at(self, now + self._front.interval)
        elif now >= self._deadline and (self._full or not self._busy):
            self._slow()
        else:
            # a request may begin, and its deadline with it, before an idle connection's deadline
            self._front.wheel.at(self, now + self._front.interval)

    def _reads(self, now: float) -> bool:
        """Whether the peer has read since the last look: one that reads slowly but does read is left alone."""
        before, self._unread_before = self._unread_before, 0 if self.transport is None else unread(self.transport)
        if before == self._unread_before:
            return False
        self._deadline = now + self._front.patience
        return True

    def _slow(self) -> None:
        self._front.counters.http_slow += 1
        if self.transport is not None:
            self.transport.abort()

    def release(self) -> None:
        """Let go of the connection: it is closed, or another protocol has it."""
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
        """Handle the next request where it has come in: one a turn, or others wait for all that one sent ahead."""
        buffer, at, front = self._buffer, self._at, self._front
        if not buffer or self._busy or self._full or self.transport is None:
            return
        end = buffer.find(b"\r\n\r\n", at)
        if end < 0:
            # what cannot become ours is aiohttp's to answer, at once: a TLS hello on a plain port, say
            if len(buffer) - at > MAX_HEAD or not front.may_be_ours(bytes(buffer[at : at + front.longest_start])):
                self._hand_over()
            else:
                self._cut_front()
        elif buffer.startswith(front.engine_start, at):
            if not self._handshake(end):
                self._hand_over()
        else:
            self._fast(end)

    def _fast(self, end: int) -> None:
        """Start a fast route, once its body has come in; aiohttp gets what is no plain request."""
        buffer, at = self._buffer, self._at
        found = self._front.plan(bytes(buffer[at:end]))
        if found is None:
            self._hand_over()
            return
        route, head, size = found
        stop = end + 4 + size
        if len(buffer) < stop:
            # a body is waited for where the head says who sends it; aiohttp refuses others before it holds theirs
            if not self._need and not self._front.admits(self._request(head, b"")):
                self._hand_over()
                return
            self._need = stop - at
            self._deadline += size / BODY_RATE
            self._cut_front()
            return
        body = bytes(buffer[end + 4 : stop])
        if stop == len(buffer):
            self._buffer, self._at = b"", 0
        else:
            self._at = stop
        self._need = 0
        self._run(route, head, body)

    def _cut_front(self) -> None:
        """A few bytes of a request must not keep the whole segment they came in."""
        if self._at:
            self._gather(b"")

    def _request(self, head: Head, body: bytes) -> FrontRequest:
        if self._peer is None:
            self._peer = peer_of(self.transport)[0]
        forwarded = head.fields.get("x-forwarded-for")
        peer = self._peer if forwarded is None else self._front.eio.proxies.client(self._peer, forwarded)
        return FrontRequest(head.method, head.target, head.fields, body, peer, head.memo)

    def _run(self, route: FastHandler, head: Head, body: bytes) -> None:
        request = self._request(head, body)
        try:
            result = route(request)
        except Exception:  # noqa: BLE001  logged in `failed`
            result = failed()
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
            if self._buffer:
                self._busy = True
                asyncio.get_running_loop().call_soon(self.go_on)

    async def _finish(self, awaitable: Any, request: FrontRequest) -> None:
        try:
            result = await awaitable
        except Exception:  # noqa: BLE001  logged in `failed`
            result = failed()
        self._go_on(request, result)

    def _answer_later(self, request: FrontRequest, result: FrontReply) -> None:
        if self.transport is not None:
            self._front.write_later(self, *self._rendered(result, request))

    def answer(self, data: bytes, close: bool) -> bool:  # noqa: FBT001  a pair that is handed through
        """Write a reply that was rendered; returns whether `go_on` has to be called, for what came in meanwhile."""
        self._write(data, close=close)
        self._busy = bool(self._buffer) or self._eof
        return self._busy

    def go_on(self) -> None:
        """Handle what came in while a request was being handled, and read on once that is little."""
        self._busy = False
        if self.transport is None or self._full:
            return
        if self._buffer:
            self._deadline = self._front.wheel.time() + self._front.patience
            self._advance()
        self._read_on()

    def _read_on(self) -> None:
        transport = self.transport
        if transport is None or self._guard is not None or self._full:
            return
        if not self._busy and self._eof:
            transport.close()
        elif not self._busy or len(self._buffer) - self._at < _AHEAD_LOW:
            self._let_read()

    def _go_on(self, request: FrontRequest, result: FrontReply) -> None:
        if self.transport is not None:
            self._reply(result, request)
        self.go_on()

    def _reply(self, reply: FrontReply, request: FrontRequest) -> None:
        data, close = self._rendered(reply, request)
        self._write(data, close=close)

    def _rendered(self, reply: FrontReply, request: FrontRequest) -> tuple[bytes, bool]:
        """Render a reply: its bytes, and whether it is the connection's last one."""
        close = self._last or (self._eof and not self._buffer)
        close = close or request.headers.get("connection", "").lower() == "close"
        try:
            data = reply_bytes(reply, close=close)
        except ValueError:
            reply = failed()
            data = reply_bytes(reply, close=close)
        if self._front.access_log is not None:
            self._front.access_log(request.method, request.path, reply.status, request.peer)
        return data, close

    def _write(self, data: bytes, *, close: bool) -> None:
        transport = self.transport
        if transport is None or transport.is_closing():
            return
        transport.write(data)
        if not self._full:
            self._deadline = self._front.wheel.time() + self._front.keepalive_timeout
        if close or self._last:
            transport.close()
            self._buffer, self._at = b"", 0
            if transport.get_write_buffer_size():
                self._wait_for_reader()  # or a peer that never reads would keep a closed connection for ever
            else:
                self.release()

    def _handshake(self, end: int) -> bool:
        """Accept a websocket; False when aiohttp has to answer."""
        eio, transport = self._front.eio, self.transport
        asked = None
        if transport is not None and end - self._at <= MAX_HEAD:
            asked = read_handshake(bytes(self._buffer[self._at : end]), transport, eio)
        if asked is None or transport is None or eio.refuse(asked.environ, count=False) is not None:
            return False
        rest = bytes(self._buffer[end + 4 :])
        self._buffer, self._at = b"", 0
        self._let_read()
        self.release()
        connection = eio.accept_websocket(transport, asked.ask, asked.environ, asked.key)
        if self._front.access_log is not None:
            self._front.access_log("GET", asked.target, 101, asked.environ["REMOTE_ADDR"])
        if rest:
            connection.data_received(rest)
        return True

    def _hand_over(self) -> None:
        """Give the connection to aiohttp, with every byte of it."""
        assert self.transport is not None  # noqa: S101  for mypy; the caller looked
        data = bytes(self._buffer[self._at :])
        self._buffer, self._at = b"", 0
        front = self._front
        inner = front.make_http()
        self._guard = Guard(inner, front.eio.limits.request_timeout, front.keepalive_timeout, front.wheel.time)
        self._let_read()
        inner.connection_made(self.transport)
        self._guard.data_received(data)
        front.wheel.at(self, front.wheel.time() + self._guard.interval)
