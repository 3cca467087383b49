"""aiohttp's protocol for what the front does not answer; what it cannot read is the application's to refuse."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import string
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from aiohttp import web
from aiohttp.http_exceptions import BadHttpMessage, HttpProcessingError, LineTooLong
from aiohttp.streams import EMPTY_PAYLOAD

from sio_server.engine.eio.addresses import TrustedProxies, peer_of
from sio_server.engine.limits import MAX_HTTP_HEAD, MAX_HTTP_LINE
from sio_server.engine.private_names import ErrInfo
from sio_server.engine.wire.http_head import FrontReply, FrontRequest, loose_fields, reply_bytes

if TYPE_CHECKING:
    from aiohttp.abc import AbstractStreamWriter
    from aiohttp.web_request import BaseRequest

_logger = logging.getLogger("sio_server.engine")

#: Seconds that a refused peer may go on sending: closed at once, its machine throws the answer away unread.
_LINGER = 1.0
#: llhttp's reasons are short constants; anything else of an exception's text may be the peer's own.
_PLAIN = frozenset(string.ascii_letters + string.digits + " '/-.,")
_MAX_REASON = 80
_WORDS = {
    "Received HTTPS traffic on an HTTP port": "it is HTTPS, and this port speaks HTTP",
    "Pause on PRI/Upgrade": "it is HTTP/2",
}


class Unreadable(NamedTuple):
    """Why a request could not be read, in words of which none is the peer's.

    `kind` is `line` or `header` (longer than `limit` bytes), `head` (longer in all), `headers` (too many), `host` (it
    has none), `repeated` (the header `reason` came twice), `expect` (it expects what nobody can), `syntax` (of which
    `reason` may say more), or `failed`, a fault of ours.
    """

    status: int
    kind: str
    limit: int = 0
    reason: str = ""


#: What the application answers to a request that cannot be read. The request has what could be read of it.
Unread = Callable[[FrontRequest, Unreadable], FrontReply]


def plain_refusal(_: FrontRequest, why: Unreadable) -> FrontReply:
    """Answer a request that cannot be read, where the application has no answer of its own."""
    return FrontReply(why.status, b'{"title":"Bad Request","status":%d}' % why.status, "application/problem+json")


def failed() -> FrontReply:
    """The answer for a fast route that raised, whose exception is logged."""
    _logger.exception("fast route failed")  # noqa: LOG004 - called by handlers of exceptions
    return FrontReply(500, b'{"title":"Internal Server Error","status":500}', "application/problem+json")


def why_of(status: int, error: BaseException | None, max_line: int) -> Unreadable:
    """Say what an exception of aiohttp's parser means."""
    if not isinstance(error, HttpProcessingError):
        return Unreadable(status, "failed")
    if isinstance(error, LineTooLong):
        limit = error.args[1] if isinstance(error.args[1], int) else 0
        return Unreadable(414, "line", limit) if limit == max_line else Unreadable(431, "header", limit)
    text = error.message
    if text.startswith("Too many headers"):
        return Unreadable(431, "headers")
    if text.startswith("Missing 'Host'"):
        return Unreadable(400, "host")
    if text.startswith("Duplicate '"):  # a name of aiohttp's own list
        return Unreadable(400, "repeated", 0, text.split("'")[1])
    if text in _WORDS:
        return Unreadable(400, "syntax", 0, _WORDS[text])
    reason, colon, _ = text.removeprefix("Bad status line:\n").strip().partition(":\n")
    reason = _WORDS.get(reason, reason)
    plain = type(error).__name__ != "InvalidHeader" and len(reason) <= _MAX_REASON and _PLAIN.issuperset(reason)
    return Unreadable(400, "syntax", 0, reason if colon and plain else "")


class Written(web.StreamResponse):
    """An answer that goes out as it is, after which the peer may end what it was sending."""

    def __init__(self, status: int, data: bytes) -> None:
        super().__init__(status=status)
        self._data = data
        self._keep_alive = False

    async def prepare(self, request: BaseRequest) -> AbstractStreamWriter | None:
        """Write the whole answer and end this side of the connection; then wait a moment for the peer's end."""
        transport = request.transport
        if transport is not None and not transport.is_closing():
            transport.write(self._data)
            if transport.can_write_eof():
                with contextlib.suppress(OSError):  # a peer that has reset the connection since
                    transport.write_eof()
            protocol = request.protocol
            if isinstance(protocol, HttpProtocol):
                await protocol.linger()
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Write nothing: `prepare` has written the whole answer."""


class HttpProtocol(web.RequestHandler):
    """One connection.

    :param server: aiohttp's, which has the application and the settings of its protocols.
    :param unread: answers what cannot be read.
    """

    __slots__ = ("_body", "_gone", "_head", "_proxies", "_refused", "_unread")

    def __init__(self, server: Any, unread: Unread, proxies: TrustedProxies) -> None:
        super().__init__(server, loop=server._loop, **server._kwargs)  # noqa: SLF001  as aiohttp's own factory does
        self._unread = unread
        self._proxies = proxies
        #: the head that is coming in, for what a refusal has to know of it
        self._head: bytes | bytearray = b""
        #: the body of the last request: a head begins where it ends
        self._body = EMPTY_PAYLOAD
        self._refused = False
        self._gone: asyncio.Event | None = None

    @property
    def head_begun(self) -> bool:
        """Whether a part of a head has come in. The bytes of a body are none, however they are cut."""
        return bool(self._head)

    def data_received(self, data: bytes) -> None:
        """Hand bytes on to aiohttp's parser, up to a bound for one head; after a refusal none."""
        if self._refused:
            return
        waits = not self._upgraded and self._body.is_eof()
        if waits and data:
            self._head = bytearray(self._head) + data if self._head else data
        requests = self._request_count
        super().data_received(data)
        if self._request_count != requests:
            message, self._body = self._messages[-1]
            if isinstance(message, ErrInfo):
                self._refused = True
            else:
                self._head = b""
        elif waits and len(self._head) > MAX_HTTP_HEAD:
            self._refuse_head()

    def _refuse_head(self) -> None:
        self._refused = True
        self._request_count += 1
        error = BadHttpMessage("head")
        self._messages.append((ErrInfo(status=431, exc=error, message="head"), EMPTY_PAYLOAD))
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def eof_received(self) -> None:
        """Note that the peer sends nothing more, and tell aiohttp."""
        self._has_gone()
        super().eof_received()

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note that the peer is gone, and tell aiohttp."""
        self._has_gone()
        self._head = b""
        super().connection_lost(exc)

    def _has_gone(self) -> None:
        if self._gone is not None:
            self._gone.set()

    async def linger(self) -> None:
        """Wait until the peer has ended its side, for a moment."""
        if self.transport is None:
            return
        self._gone = asyncio.Event()
        try:
            async with asyncio.timeout(_LINGER):
                await self._gone.wait()
        except TimeoutError:
            return

    async def finish_response(self, request: Any, resp: Any, start_time: float | None) -> tuple[Any, bool]:
        """Send an answer as aiohttp does; a request that was sent ahead then waits for the loop's next turn."""
        if isinstance(resp, web.HTTPExpectationFailed):  # raised before the application is asked
            resp = self._answer_unread(request, Unreadable(resp.status, "expect"))
        answered = await super().finish_response(request, resp, start_time)
        if self._messages:
            await asyncio.sleep(0)
        return answered

    def handle_error(
        self, request: BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        """The application's answer, in place of aiohttp's, which names its version and repeats what it was sent."""
        if isinstance(exc, UnicodeEncodeError) and not request.headers.get("Expect", "").isascii():
            return self._answer_unread(request, Unreadable(417, "expect"))  # aiohttp's refusal repeats what is no text
        if not isinstance(exc, HttpProcessingError):
            self.log_exception("Error handling request from %s", request.remote, exc_info=exc)
        if request.writer.output_size > 0:
            raise ConnectionError("a part of another answer was sent already")
        why = Unreadable(431, "head", MAX_HTTP_HEAD) if message == "head" else why_of(status, exc, MAX_HTTP_LINE)
        return self._answer_unread(request, why, parsed=False)

    def _answer_unread(self, request: BaseRequest, why: Unreadable, *, parsed: bool = True) -> Written:
        fields: Mapping[str, str]
        if parsed or why.kind == "failed":
            fields = {name.lower(): value for name, value in request.headers.items()}
            method, path = request.method, request.path
        else:
            method, path, fields = loose_fields(bytes(self._head))
        peer = self._proxies.client(peer_of(self.transport)[0], fields.get("x-forwarded-for"))
        self._head = b""
        reply = self._unread(FrontRequest(method, path, fields, b"", peer, {}), why)
        return Written(reply.status, reply_bytes(reply, close=True))
