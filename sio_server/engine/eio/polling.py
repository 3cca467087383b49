"""The polling transport, and websocket handshakes that come through aiohttp's router."""

from __future__ import annotations

import asyncio
import functools
import zlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sio_server.engine.eio import old_clients
from sio_server.engine.eio.addresses import peer_of
from sio_server.engine.eio.bodies import BodyTooLargeError, body_parts
from sio_server.engine.eio.detach import Switched, detach, watch
from sio_server.engine.eio.elsewhere import PASSED_ON, PassedOn
from sio_server.engine.eio.environ import Environ, build
from sio_server.engine.eio.poll_queue import PollOverlapError
from sio_server.engine.eio.refused import Why
from sio_server.engine.limits import FIRST_BODY_MESSAGES, TURN
from sio_server.engine.reasons import Reason
from sio_server.engine.wire import handshake
from sio_server.engine.wire.handshake import BAD_REQUEST, Ask, Refusal, refusal
from sio_server.engine.wire.packets import PacketError, polling_packets

if TYPE_CHECKING:
    from sio_server.engine.eio.server import EngineServer
    from sio_server.engine.eio.socket import EngineSocket

_WHY = {
    handshake.UNKNOWN_TRANSPORT: Why.TRANSPORT,
    handshake.UNKNOWN_SID: Why.SESSION,
    handshake.BAD_METHOD: Why.METHOD,
}
_TEXT = ("Content-Type", "text/plain; charset=UTF-8")


class PollingHandler:
    """The aiohttp handler of the engine's path."""

    def __init__(self, server: EngineServer) -> None:
        self._server = server

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request to the engine's path, whatever its method and transport."""
        environ = self._environ(request)
        refused = self._server.refuse(environ)
        if refused is not None:
            return self._refusing(refused, environ)
        if request.method == "OPTIONS":
            return self._answer(b"ok", environ)
        try:
            ask = handshake.parse_query(request.query_string)
        except ValueError:
            return self._refuse(environ, Why.REQUEST, detail="the query has too many parameters")
        if ask.jsonp:
            self._server.counters.jsonp_refused += 1
        error = handshake.check(ask, request.method, environ, self._server.transports, self._server.sockets)
        if error == handshake.UNSUPPORTED_VERSION:
            return self._old_client(request, ask, environ)
        if error == handshake.UNKNOWN_SID and ask.sid is not None and self._server.pass_on is not None:
            answer = await self._server.pass_on(request, ask.sid)
            if answer is not None:
                return answer
        if error is not None:
            return self._refuse(environ, _WHY.get(error, Why.REQUEST), error, subject=ask.transport)
        return await self._serve(request, ask, environ)

    async def _serve(self, request: web.Request, ask: Ask, environ: Environ) -> web.StreamResponse:
        if ask.transport == "websocket":
            return self._websocket(request, ask, environ)
        if ask.sid is None:
            return self._full(environ) if self._server.arrivals.full else self._open(environ)
        socket = self._server.sockets[ask.sid]
        if socket.upgraded or socket.closing or socket.expired():
            return self._refuse(environ, Why.SESSION, detail="the session has ended, or is a websocket by now")
        if request.method == "GET":
            return await self._poll(request, socket, environ)
        return await self._post(request, socket, environ)

    def _environ(self, request: web.Request) -> Environ:
        passed = request.get(PASSED_ON)
        environ = build(
            request.method,
            request.path,
            request.query_string,
            request.headers.items(),
            peer=peer_of(request.transport) if passed is None else passed.peer,
            proxies=self._server.proxies,
            secure=request.secure if passed is None else passed.secure,
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

    def _refusing(self, refused: Refusal, environ: Environ) -> web.Response:
        self._server.counters.handshakes_refused += 1
        return self._answer(refused.body, environ, refused.status, refused.headers)

    def _refuse(
        self,
        environ: Environ,
        why: Why,
        error: tuple[int, str] = BAD_REQUEST,
        *,
        status: int = 400,
        subject: str = "",
        detail: str = "",
    ) -> web.Response:
        """Tell the application, and answer as it likes or with one of Node's errors."""
        told = self._server.tell(why, status, subject, detail or error[1], environ)
        return self._refusing(told if isinstance(told, Refusal) else refusal(error, status), environ)

    def _full(self, environ: Environ) -> web.Response:
        return self._refuse(environ, Why.FULL, handshake.FULL, status=429)

    def _old_client(self, request: web.Request, ask: Ask, environ: Environ) -> web.StreamResponse:
        """Tell a client of another Engine.IO what it has to become, where it would show it."""
        key, transport = request.headers.get("Sec-WebSocket-Key"), request.transport
        known = ask.transport == "websocket" and ask.version in old_clients.VERSIONS and handshake.is_upgrade(environ)
        socket = known and handshake.is_websocket_key(key) and transport is not None and not transport.is_closing()
        shown = socket or old_clients.shows(ask)
        status = 101 if socket else 200 if shown else 400
        error = handshake.UNSUPPORTED_VERSION
        told = self._server.tell(Why.VERSION, status, ask.version, error[1], environ)
        if not shown:
            return self._refusing(told if isinstance(told, Refusal) else refusal(error), environ)
        self._server.counters.handshakes_refused += 1
        text = str(told.get("message")) if isinstance(told, Mapping) else error[1]
        if not socket:
            return self._answer(old_clients.polling_body(text), environ)
        assert key is not None  # noqa: S101  for mypy; is_websocket_key looked
        assert transport is not None  # noqa: S101  for mypy
        detach(request, transport)
        self._server.turn_away(transport, key, old_clients.websocket_frames(text))
        return Switched()

    # transports

    def _websocket(self, request: web.Request, ask: Ask, environ: Environ) -> web.StreamResponse:
        key = request.headers.get("Sec-WebSocket-Key")
        transport = request.transport
        if not handshake.is_websocket_key(key) or transport is None or transport.is_closing():
            return self._refuse(environ, Why.REQUEST, detail="Sec-WebSocket-Key is not 16 bytes in base64")
        if ask.sid is None and self._server.arrivals.full:
            return self._full(environ)
        assert key is not None  # noqa: S101  for mypy; is_websocket_key looked
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
            self._server.counters.poll_overlaps += 1
            socket.end(Reason.TRANSPORT_ERROR)
            return self._refuse(environ, Why.REQUEST, detail="two polls of one session at once")
        return self._answer(b"\x1e".join(found), environ)

    async def _post(self, request: web.Request, socket: EngineSocket, environ: Environ) -> web.Response:
        server = self._server
        if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
            # no client packs what it posts (Engine.IO has no word for it), and nobody may have said who they are yet
            answer = self._refuse(environ, Why.REQUEST, status=415, detail="a packed body")
            answer.headers["Accept-Encoding"] = "identity"
            return answer
        if socket.posting:
            server.counters.poll_overlaps += 1
            socket.end(Reason.TRANSPORT_ERROR)
            return self._refuse(environ, Why.REQUEST, detail="two POSTs of one session at once")
        socket.posting = True
        try:
            body = await self._body(request, min(server.max_http_buffer_size, socket.most() * FIRST_BODY_MESSAGES))
            found = polling_packets(body)
        except BodyTooLargeError as error:
            server.counters.http_too_large += 1
            socket.end(Reason.TRANSPORT_ERROR)
            server.tell(Why.TOO_LARGE, 413, "", str(error), environ)
            answer = self._answer(b"", environ, 413)
            answer.force_close()
            return answer
        except PacketError as error:
            socket.broken(detail=str(error))
            return self._refusing(refusal(BAD_REQUEST), environ)
        except (TimeoutError, web.HTTPException, ConnectionError, web.RequestPayloadError):
            # an incomplete body is never handled in part
            server.counters.http_slow += 1
            if request.transport is not None:
                request.transport.abort()  # aiohttp would wait another ten seconds for the rest
            return self._refuse(environ, Why.SLOW, status=408, detail="the body did not come in time")
        finally:
            socket.posting = False
        return await self._receive(socket, found, environ)

    async def _receive(self, socket: EngineSocket, found: list[str | bytes], environ: Environ) -> web.Response:
        broken = self._server.counters.parse_errors
        for number, packet in enumerate(found, 1):
            socket.receive_text(packet)
            if socket.closing:
                break
            await socket.drained()
            if number % TURN == 0:
                await asyncio.sleep(0)
        if socket.closing and self._server.counters.parse_errors != broken:
            return self._refusing(refusal(BAD_REQUEST), environ)
        return self._answer(b"ok", environ, headers=(("Content-Type", "text/html"),))

    async def _body(self, request: web.Request, limit: int) -> bytes:
        """The whole body. Raises BodyTooLargeError, TimeoutError when it dribbles."""
        passed: PassedOn | None = request.get(PASSED_ON)
        if passed is not None and len(passed.body) <= limit:
            return passed.body
        if passed is not None:
            raise BodyTooLargeError(limit)
        parts = body_parts(request, limit, self._server.limits.request_timeout)
        return b"".join([part async for part in parts])


def _compress(body: bytes, coding: str) -> bytes:
    if coding == "deflate":
        return zlib.compress(body)
    packer = zlib.compressobj(wbits=31)
    return packer.compress(body) + packer.flush()
