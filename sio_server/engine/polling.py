"""The polling transport, and websocket handshakes that come through aiohttp's router."""

from __future__ import annotations

import asyncio
import functools
import zlib
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sio_server.engine import handshake
from sio_server.engine.addresses import peer_of
from sio_server.engine.detach import Switched, detach, watch
from sio_server.engine.environ import Environ, build
from sio_server.engine.handshake import BAD_REQUEST, Ask, Refusal, refusal
from sio_server.engine.limits import BODY_RATE
from sio_server.engine.packets import PacketError, polling_packets
from sio_server.engine.poll_queue import PollOverlapError

if TYPE_CHECKING:
    from sio_server.engine.eio_server import EngineServer
    from sio_server.engine.eio_socket import EngineSocket

_TEXT = ("Content-Type", "text/plain; charset=UTF-8")


class BodyTooLargeError(Exception):
    """A POST body above max_http_buffer_size."""


class HttpEndpoint:
    """The aiohttp handler of the engine's path."""

    def __init__(self, server: EngineServer) -> None:
        self._server = server

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request."""
        environ = self._environ(request)
        refused = self._server.refuse(environ)
        if refused is None and request.method == "OPTIONS":
            return self._answer(b"ok", environ)
        ask = self._check(request, environ) if refused is None else refused
        return self._refuse(ask, environ) if isinstance(ask, Refusal) else await self._serve(request, ask, environ)

    def _check(self, request: web.Request, environ: Environ) -> Ask | Refusal:
        try:
            ask = handshake.parse_query(request.query_string)
        except ValueError:
            return refusal(BAD_REQUEST)
        if ask.jsonp:
            self._server.counters.jsonp_refused += 1
        refused = handshake.check(ask, request.method, environ, self._server.transports, self._server.sockets)
        return ask if refused is None else refused

    async def _serve(self, request: web.Request, ask: Ask, environ: Environ) -> web.StreamResponse:
        if ask.transport == "websocket":
            return self._websocket(request, ask, environ)
        if ask.sid is None:
            return self._open(environ)
        socket = self._server.sockets[ask.sid]
        if socket.upgraded or socket.closing or socket.expired():
            return self._refuse(refusal(BAD_REQUEST), environ)
        if request.method == "GET":
            return await self._poll(request, socket, environ)
        return await self._post(request, socket, environ)

    def _environ(self, request: web.Request) -> Environ:
        environ = build(
            request.method,
            request.path,
            request.query_string,
            request.headers.items(),
            peer=peer_of(request.transport),
            proxies=self._server.proxies,
            secure=request.secure,
        )
        environ["aiohttp.request"] = request
        return environ

    # answers

    def _answer(
        self,
        body: bytes,
        environ: Environ,
        status: int = 200,
        headers: tuple[tuple[str, str], ...] = (_TEXT,),
    ) -> web.Response:
        server = self._server
        merged: list[tuple[str, Any]] = [*headers, *server._cors_headers(environ)]  # noqa: SLF001
        if server.http_compression and len(body) >= server.compression_threshold:
            accepted = [part.split(";")[0].strip() for part in environ.get("HTTP_ACCEPT_ENCODING", "").split(",")]
            for coding in accepted:
                if coding in ("gzip", "deflate"):
                    body = _compress(body, coding)
                    merged.append(("Content-Encoding", coding))
                    break
        return web.Response(body=body, status=status, headers=merged)

    def _refuse(self, refused: Refusal, environ: Environ) -> web.Response:
        self._server.counters.handshakes_refused += 1
        return self._answer(refused.body, environ, refused.status, refused.headers)

    # transports

    def _websocket(self, request: web.Request, ask: Ask, environ: Environ) -> web.StreamResponse:
        key = request.headers.get("Sec-WebSocket-Key")
        transport = request.transport
        if not handshake.is_key(key) or transport is None or transport.is_closing():
            return self._refuse(refusal(BAD_REQUEST), environ)
        assert key is not None  # noqa: S101  for mypy; is_key looked
        tail = detach(request, transport)
        connection = self._server.accept_websocket(transport, ask, environ, key)
        if tail:
            connection.data_received(tail)
        return Switched()

    def _open(self, environ: Environ) -> web.Response:
        socket, packet = self._server.open_session(environ, "polling")
        headers: tuple[tuple[str, str], ...] = (_TEXT,)
        cookie = self._server.cookie
        if cookie:
            attributes = cookie if isinstance(cookie, dict) else {"name": cookie, "path": "/", "SameSite": "Lax"}
            headers = (_TEXT, ("Set-Cookie", self._server._generate_sid_cookie(socket.sid, attributes)))  # noqa: SLF001
        return self._answer(packet, environ, headers=headers)

    async def _poll(self, request: web.Request, socket: EngineSocket, environ: Environ) -> web.Response:
        try:
            found = await socket.poll(functools.partial(watch, request))
        except PollOverlapError:
            return self._refuse(refusal(BAD_REQUEST), environ)
        return self._answer(b"\x1e".join(found), environ)

    async def _post(self, request: web.Request, socket: EngineSocket, environ: Environ) -> web.Response:
        server = self._server
        if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            # no client packs what it posts (Engine.IO has no word for it), and nobody may have said who they are yet
            answer = self._refuse(refusal(BAD_REQUEST, 415), environ)
            answer.headers["Accept-Encoding"] = "identity"
            return answer
        if socket.posting:
            server.counters.poll_overlaps += 1
            socket.end(server.reason.TRANSPORT_ERROR)
            return self._refuse(refusal(BAD_REQUEST), environ)
        socket.posting = True
        try:
            body = await self._body(request)
            found = polling_packets(body)
        except BodyTooLargeError:
            server.counters.http_too_large += 1
            socket.end(server.reason.TRANSPORT_ERROR)
            answer = self._answer(b"", environ, 413)
            answer.force_close()
            return answer
        except PacketError:
            socket.broken()
            return self._refuse(refusal(BAD_REQUEST), environ)
        except (TimeoutError, web.HTTPException, ConnectionError, web.RequestPayloadError):
            # an incomplete body is never handled in part
            server.counters.http_slow += 1
            if request.transport is not None:
                request.transport.abort()  # aiohttp would wait another ten seconds for the rest
            return self._refuse(refusal(BAD_REQUEST, 408), environ)
        finally:
            socket.posting = False
        return await self._receive(socket, found, environ)

    async def _receive(self, socket: EngineSocket, found: list[str | bytes], environ: Environ) -> web.Response:
        broken = self._server.counters.parse_errors
        for packet in found:
            socket.receive_text(packet)
            await socket.drained()
        if socket.closing and self._server.counters.parse_errors != broken:
            return self._refuse(refusal(BAD_REQUEST), environ)
        return self._answer(b"ok", environ, headers=(("Content-Type", "text/html"),))

    async def _body(self, request: web.Request) -> bytes:
        """The whole body, whatever its segments. Raises BodyTooLargeError, TimeoutError when it dribbles."""
        limit = self._server.max_http_buffer_size
        if request.content_length is not None and request.content_length > limit:
            raise BodyTooLargeError
        loop = asyncio.get_running_loop()
        begun = loop.time()
        body = bytearray()
        while True:
            left = begun + self._server.limits.request_timeout + len(body) / BODY_RATE - loop.time()
            if left <= 0:
                raise TimeoutError
            async with asyncio.timeout(left):
                part = await request.content.readany()
            if not part and request.content.at_eof():
                return bytes(body)
            if len(body) + len(part) > limit:
                raise BodyTooLargeError
            body += part


def _compress(body: bytes, coding: str) -> bytes:
    if coding == "deflate":
        return zlib.compress(body)
    packer = zlib.compressobj(wbits=31)
    return packer.compress(body) + packer.flush()
