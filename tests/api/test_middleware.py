"""The gate before aiohttp's handlers: whatever they raise becomes a reply, and every reply has its headers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
import structlog
from aiohttp import web

from sio_server.api.middleware import REQUEST_ID, add_headers, guard
from sio_server.config import Config
from sio_server.core.refusals import Refusals
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.gate import Gate
from sio_server.gate.origins import OriginPolicy
from tests.support.servers import PUBLISH_KEY, running, secured

APP = "https://app.example.org"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def asking(handler: Handler, config: Config | None = None) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a server that has this handler at ``/x`` behind the gate."""
    gate = Gate(OriginPolicy(config or Config(dev=True)), Refusals())
    app = web.Application(middlewares=[guard(gate)])
    app.router.add_route("*", "/x", handler)
    app.router.add_get("/get", handler)
    app.on_response_prepare.append(add_headers(gate))
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{runner.addresses[0][1]}") as session:
            yield session
    finally:
        await runner.cleanup()


def raising(error: Exception) -> Handler:
    """A handler that raises."""

    async def handle(_: web.Request) -> web.StreamResponse:
        raise error

    return handle


async def fine(request: web.Request) -> web.StreamResponse:
    """A handler that answers with the request id that log lines of this request have."""
    bound = structlog.contextvars.get_contextvars()
    return web.json_response({"bound": bound.get("request_id"), "kept": request[REQUEST_ID]})


async def test_request_has_one_id_everywhere() -> None:
    """The caller's request id is the handler's, the log's and the reply's."""
    async with asking(fine) as client, client.get("/x", headers={"X-Request-ID": "mine-1"}) as response:
        assert await response.json() == {"bound": "mine-1", "kept": "mine-1"}
        assert response.headers["X-Request-ID"] == "mine-1"
        assert response.headers["Server"] == "sio-server"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("error", "status", "code", "headers"),
    [
        (Refused("forbidden"), 403, "forbidden", {}),
        (Refused("unauthorized"), 401, "unauthorized", {"WWW-Authenticate": "Bearer"}),
        (Refused("draining", retry_after=3), 503, "draining", {"Retry-After": "3"}),
        (
            Refused.of_problems("invalid_data", (FieldProblem("a", Text("No.", "¡No!")),)),
            422,
            "invalid_data",
            {},
        ),
        (web.HTTPNotFound(), 404, "not_found", {}),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), 405, "method_not_allowed", {"Allow": "GET"}),
        (web.HTTPRequestEntityTooLarge(1, 2), 413, "payload_too_large", {}),
        (web.HTTPUpgradeRequired(headers={"Upgrade": "websocket"}), 426, "invalid_request", {"Upgrade": "websocket"}),
        (web.HTTPConflict(), 409, "invalid_request", {}),
        (web.HTTPBadGateway(), 502, "internal", {}),
        (ValueError("MARKER"), 500, "internal", {}),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, Exception) else "",
)
async def test_what_is_raised_becomes_a_problem(
    error: Exception, status: int, code: str, headers: dict[str, str]
) -> None:
    """A refusal, an error of aiohttp's and a mistake of ours are problem documents that tell nothing of the inside."""
    async with asking(raising(error)) as client, client.get("/x", headers={"Accept-Language": "es"}) as response:
        problem = await response.json(content_type="application/problem+json")
        assert (response.status, problem["status"], problem["code"]) == (status, status, code)
        assert problem["request_id"] == response.headers["X-Request-ID"]
        assert headers.items() <= dict(response.headers).items()
        assert "MARKER" not in await response.text()


async def test_redirect_is_no_problem() -> None:
    """What aiohttp raises to lead elsewhere is passed on, with the headers of all replies."""
    handler = raising(web.HTTPFound("/y"))
    async with asking(handler) as client, client.get("/x", allow_redirects=False) as response:
        assert (response.status, response.headers["Location"]) == (302, "/y")
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_foreign_page_reaches_no_handler() -> None:
    """A refused request is answered before its handler is called."""
    called: list[Any] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        called.append(request)
        return web.Response()

    headers = {"Origin": "https://evil.example"}
    async with asking(handle) as client:
        for method in ("GET", "POST", "OPTIONS", "HEAD"):
            async with client.request(method, "/x", headers=headers) as response:
                assert response.status == 403
        assert called == []


async def test_preflight_is_answered_without_a_handler() -> None:
    """An OPTIONS request that asks is answered for every path; one that asks nothing is the handler's."""
    asked = {"Origin": APP, "Access-Control-Request-Method": "POST"}
    async with asking(fine, secured(allowed_origins=(APP,))) as client:
        for path in ("/x", "/nothing"):
            async with client.options(path, headers=asked) as response:
                assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (204, APP)
                assert "POST" in response.headers["Access-Control-Allow-Methods"]
        async with client.options("/x") as response:
            assert response.status == 200


async def test_head_is_answered_where_get_is() -> None:
    """HEAD of a path that has GET is its answer without the body, refusals too."""
    async with asking(fine) as client:
        async with client.head("/get") as response:
            assert (response.status, await response.read()) == (200, b"")
        async with client.head("/nothing") as response:
            assert (response.status, response.content_type) == (404, "application/problem+json")


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("Authorization", f"Bearer {PUBLISH_KEY}", "Bearer x"),
        ("Idempotency-Key", "a", "b"),
        ("Origin", "https://app.example.org", "https://evil.example"),
        ("X-Request-ID", "a", "b"),
        ("Sec-Fetch-Site", "cross-site", "none"),
    ],
)
async def test_header_with_two_values_is_refused_by_every_way(name: str, one: str, other: str) -> None:
    """Two values of a header that may come once are 400 by its name, on the fast route and beside it, in any order."""
    async with running(secured(allowed_origins=("https://app.example.org",))) as server:
        for path in ("/notify", "/notify?", "/v1/notifications/batch"):
            for values in ((one, other), (other, one)):
                headers = [(name, value) for value in values]
                if name != "Authorization":
                    headers.append(("Authorization", f"Bearer {PUBLISH_KEY}"))
                async with server.http.post(server.url + path, data=b'{"type":"test"}', headers=headers) as response:
                    refused = await response.json(content_type=None)
                    assert (response.status, refused["code"]) == (400, "invalid_request"), (path, refused)
                    assert f"'{name}'" in refused["detail"]
        assert server.core.broker.head().seq == 0
        headers = [("Authorization", f"Bearer {PUBLISH_KEY}")] * 2
        async with server.http.post(f"{server.url}/notify", data=b'{"type":"test"}', headers=headers) as response:
            assert response.status == 200  # said twice, it is still one value
