"""A proxy in front of a server that does what proxies do wrong, one thing at a time."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import web

# What belongs to one connection, and is not passed on (RFC 9110 section 7.6.1).
_OF_A_HOP: Final = frozenset({"connection", "upgrade", "transfer-encoding", "content-length", "keep-alive", "host"})


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What a proxy does; by default it passes everything on as it should, and says whom it asks for."""

    upgrade: bool = True
    """Whether it passes the upgrade to a WebSocket on."""
    idle: float | None = None
    """Seconds after which it cuts a WebSocket on which nothing is said."""
    holds: bool = False
    """Whether it gathers an answer whole before it passes it on."""
    most: int = 1024**2
    """Bytes of a body that it takes."""
    drops: tuple[str, ...] = ()
    """Headers of requests that it takes away."""
    says: Mapping[str, str] = field(default_factory=lambda: {"X-Forwarded-For": "203.0.113.9"})
    """Headers that it adds to requests."""
    adds: Mapping[str, str] = field(default_factory=dict)
    """Headers that it adds to answers, beside those that are there."""
    puts: Mapping[str, str] = field(default_factory=dict)
    """Headers that it puts into answers, in place of those that are there."""
    status: int | None = None
    """What it answers to everything by itself."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """What comes with that."""
    preflight: bool = False
    """Whether it answers OPTIONS by itself."""
    prefix: str = ""
    """The path below which it serves; it takes it away."""
    only: str = ""
    """The beginning of the paths that it passes on; everything else is not found."""


class _Proxy:
    def __init__(self, target: str, habits: Habits, http: aiohttp.ClientSession) -> None:
        self._target = target
        self._habits = habits
        self._http = http

    async def handle(self, request: web.Request) -> web.StreamResponse:
        habits = self._habits
        path = request.path_qs
        if habits.status is not None:
            page = web.Response(status=habits.status, text="<html>a proxy's page</html>", headers=habits.headers)
            page.content_type = "text/html"
            return page
        if not path.startswith(habits.prefix) or not path.startswith(habits.only):
            return web.Response(status=404, text="<html>not found</html>", content_type="text/html")
        if habits.preflight and request.method == "OPTIONS":
            return web.Response(status=405)
        url = self._target + path.removeprefix(habits.prefix)
        kept = [(name, value) for name, value in request.headers.items() if name.lower() not in _OF_A_HOP]
        headers = {name: value for name, value in kept if name.lower() not in habits.drops} | dict(habits.says)
        if habits.upgrade and "websocket" in request.headers.get("Upgrade", "").lower():
            return await self._websocket(request, url, headers)
        body = await request.read()
        if len(body) > habits.most:
            return web.Response(status=413, text="<html>too large</html>", content_type="text/html")
        return await self._http_exchange(request, url, headers, body)

    async def _http_exchange(
        self, request: web.Request, url: str, headers: dict[str, str], body: bytes
    ) -> web.StreamResponse:
        async with self._http.request(
            request.method, url, headers=headers, data=body or None, allow_redirects=False
        ) as upstream:
            answer = web.StreamResponse(status=upstream.status)
            for name, value in upstream.headers.items():
                if name.lower() not in _OF_A_HOP and name not in self._habits.puts:
                    answer.headers.add(name, value)
            for name, value in {**self._habits.adds, **self._habits.puts}.items():
                answer.headers.add(name, value)
            if self._habits.holds:
                whole = await upstream.read()
                await answer.prepare(request)
                await answer.write(whole)
                return answer
            await answer.prepare(request)
            async for chunk in upstream.content.iter_any():
                await answer.write(chunk)
            await answer.write_eof()
            return answer

    async def _websocket(self, request: web.Request, url: str, headers: dict[str, str]) -> web.StreamResponse:
        kept = {name: value for name, value in headers.items() if not name.lower().startswith("sec-websocket-")}
        async with self._http.ws_connect(url, headers=kept, max_msg_size=0) as upstream:
            client = web.WebSocketResponse(max_msg_size=0)
            await client.prepare(request)
            heard = asyncio.Event()
            ways = [
                asyncio.create_task(pumping)
                for pumping in (_pump(upstream, client, heard), _pump(client, upstream, heard))
            ]
            cutting = asyncio.create_task(_cut(client, heard, self._habits.idle))
            await asyncio.wait([*ways, cutting], return_when=asyncio.FIRST_COMPLETED)
            for task in (*ways, cutting):
                task.cancel()
            await asyncio.gather(*ways, cutting, return_exceptions=True)
            with contextlib.suppress(ConnectionError):
                await client.close()
            return client


_Socket = aiohttp.ClientWebSocketResponse | web.WebSocketResponse


async def _pump(source: _Socket, sink: _Socket, heard: asyncio.Event) -> None:
    while True:
        message = await source.receive()
        heard.set()
        if message.type is aiohttp.WSMsgType.TEXT:
            await sink.send_str(message.data)
        else:
            code = message.data if message.type is aiohttp.WSMsgType.CLOSE else None
            await sink.close(code=code or 1000)
            return


async def _cut(client: web.WebSocketResponse, heard: asyncio.Event, idle: float | None) -> None:
    while True:
        heard.clear()
        try:
            async with asyncio.timeout(idle):
                await heard.wait()
        except TimeoutError:
            if client._req is not None and client._req.transport is not None:
                client._req.transport.abort()  # as a proxy whose time-out is over
            return


@contextlib.asynccontextmanager
async def bad_proxy(target: str, tls: ssl.SSLContext | None = None, **habits: object) -> AsyncIterator[str]:
    """A proxy of these habits (`Habits`) in front of a server; its address, with the prefix that it serves below."""
    made = Habits(**habits)  # type: ignore[arg-type]  # each test names those that it needs
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        app = web.Application(client_max_size=64 * 1024**2)
        app.router.add_route("*", "/{path:.*}", _Proxy(target, made, http).handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        scheme = "http" if tls is None else "https"
        try:
            yield f"{scheme}://127.0.0.1:{runner.addresses[0][1]}{made.prefix}"
        finally:
            await runner.cleanup()
