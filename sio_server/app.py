"""Wiring: `create_app` puts one server together, `serve` runs it until a signal."""

from __future__ import annotations

import asyncio
import re
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import structlog
import uuid_utils
from aiohttp import web

from sio_server import config as settings
from sio_server.auth import Authenticator
from sio_server.broker_sqlite import SqliteBroker
from sio_server.catalog import Catalog
from sio_server.config import Config
from sio_server.endpoint_docs import DocsEndpoint
from sio_server.endpoint_http import HttpEndpoint, json_response, locale_of, of_http_status
from sio_server.endpoint_socketio import SocketIoEndpoint
from sio_server.endpoint_ws import WsEndpoint
from sio_server.engine import AsyncServer
from sio_server.errors import Refused
from sio_server.hub import Hub
from sio_server.logs import logger
from sio_server.node import Node
from sio_server.openapi import PROBLEM_TYPE
from sio_server.origins import OriginPolicy

REQUEST_ID: Final = web.RequestKey("request_id", str)
NODE: Final = web.AppKey("node", Node)
CONFIG: Final = web.AppKey("config", Config)

# Connections that wait to be accepted. After a restart every client comes at once; the default of 128 drops most.
BACKLOG: Final = 4096

# A request id is copied into log lines and replies: nothing but a plain short word may get there.
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

log = logger("app")


def create_app(config: Config | None = None) -> web.Application:
    """One server, ready to be run; settings come from the environment where none are given.

    Raises `ConfigError`, when it starts `LogError`.
    """
    config = config or settings.load()
    catalog = Catalog.load(config.catalog)
    broker = SqliteBroker(
        None if config.broker == "memory:" else config.data_dir, idempotency_ttl=config.idempotency_ttl
    )
    hub = Hub()
    node = Node(catalog, broker, hub, locale=config.locale, limits={"max_body": config.max_body}, health=[broker])
    auth = Authenticator(config)
    policy = OriginPolicy(config)

    app = web.Application(middlewares=[_middleware(policy)], handler_args={"access_log": None})
    app[NODE] = node
    app[CONFIG] = config
    # CORS belongs to `origins` alone: an empty list keeps the library's hands off.
    server = AsyncServer(async_mode="aiohttp", cors_allowed_origins=[])
    server.attach(app)
    socketio = SocketIoEndpoint(server, node, auth, max_body=config.max_body)
    ws = WsEndpoint(node, auth)
    http = HttpEndpoint(node, auth, max_body=config.max_body)
    hub.register(socketio)
    hub.register(ws)
    operations = http.operations()
    for operation in operations:
        app.router.add_route(operation.method, operation.path, operation.handler)
    app.router.add_get("/ws", ws.handle)
    app.add_routes(DocsEndpoint(operations, open_access=config.development).routes())
    app.on_response_prepare.append(_headers(policy))
    app.cleanup_ctx.append(_lifetime(node))
    app.on_shutdown.append(_closing(node, socketio, ws))
    return app


def _lifetime(node: Node) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(_: web.Application) -> AsyncIterator[None]:
        await node.start()
        yield
        await node.close()

    return run


def _closing(node: Node, socketio: SocketIoEndpoint, ws: WsEndpoint) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_: web.Application) -> None:
        node.draining = True
        await ws.close()
        await socketio.close()

    return close


def _headers(policy: OriginPolicy) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    async def add(request: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(policy.headers(request.headers.get("Origin"), request.headers.get("Host")))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "no-referrer"
        response.headers["Server"] = "sio-server"  # versions of what it is made of are nobody's business
        if REQUEST_ID in request:
            response.headers["X-Request-ID"] = request[REQUEST_ID]

    return add


def _middleware(policy: OriginPolicy) -> Any:
    """Who may ask, a request id, and every error as a reply: the one place that does any of these."""

    @web.middleware
    async def handle(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.get("X-Request-ID", "")
        request_id = request[REQUEST_ID] = given if _REQUEST_ID.fullmatch(given) else uuid_utils.uuid7().hex
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            started = time.perf_counter()
            try:
                _check(policy, request)
                if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
                    return web.Response(status=204, headers=policy.preflight_headers())
                response = await handler(request)
            except Refused as refused:
                response = _problem(request, refused, request_id)
            except web.HTTPException as error:
                if error.status < HTTPStatus.BAD_REQUEST:
                    raise
                response = _problem(request, of_http_status(error), request_id, error)
            except Exception:
                log.exception("request failed", method=request.method, path=request.path)
                response = _problem(request, Refused("internal"), request_id)
            elapsed = round((time.perf_counter() - started) * 1000, 1)
            log.debug("request", method=request.method, path=request.path, status=response.status, ms=elapsed)
            return response

    return handle


def _check(policy: OriginPolicy, request: web.Request) -> None:
    headers = request.headers
    policy.check(
        origin=headers.get("Origin"),
        host=headers.get("Host"),
        fetch_site=headers.get("Sec-Fetch-Site"),
        navigation=request.method == "GET" and headers.get("Sec-Fetch-Mode") == "navigate",
    )


def _problem(
    request: web.Request, refused: Refused, request_id: str, error: web.HTTPException | None = None
) -> web.Response:
    headers = {}
    if refused.retry_after is not None:
        headers["Retry-After"] = str(refused.retry_after)
    if refused.kind.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    for name in ("Allow", "Upgrade"):
        if error is not None and name in error.headers:
            headers[name] = error.headers[name]
    status = refused.kind.status if error is None else error.status
    body = {**refused.as_dict(locale_of(request)), "status": status, "request_id": request_id}
    log.info("refused", code=refused.kind.code, method=request.method, path=request.path, detail=str(refused.detail))
    return json_response(body, status=status, content_type=PROBLEM_TYPE, headers=headers)


async def serve(config: Config, on_ready: Callable[[str], None]) -> None:
    """Run a server until SIGTERM or SIGINT; ``on_ready`` gets its address once it answers.

    Raises `ConfigError`, `LogError`, and OSError when the address cannot be listened on.
    """
    app = await asyncio.to_thread(create_app, config)  # it reads the catalogue's file
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=config.shutdown_timeout)
    try:
        await runner.setup()
        site = web.TCPSite(runner, config.host, config.port, backlog=BACKLOG)
        await site.start()
        for warning in config.warnings():
            log.warning(warning)
        on_ready(_address(config.host, runner))
        await stop.wait()
        log.info("stopping")
    finally:
        await runner.cleanup()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)


def _address(host: str, runner: web.AppRunner) -> str:
    port = runner.addresses[0][1]
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"
