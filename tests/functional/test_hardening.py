"""Attacks: foreign pages, requests that are none, readers that do not read, values that are too deep or too large."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.support.clients import plain_socket, refused
from tests.support.servers import PUBLISH_KEY, SECRET, Server, program, running, secured, seqs, token
from tests.support.waiting import coming, until

SEED = {"type": "test", "message": "Hola mundo", "data": {}}
POLL = "/socket.io/?EIO=4&transport=polling"
APP = "https://app.example.org"

FOREIGN: list[dict[str, str]] = [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://localhost.evil.example"},
    {"Origin": "http://127.0.0.1.evil.example:8080"},
    {"Origin": "http://[::1"},
    {"Origin": "file://"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Host": "rebound.evil.example"},
    {"Host": "169.254.169.254"},
    {"Host": "evil.example", "Origin": "http://evil.example"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=str)
async def test_foreign_pages_are_refused_in_development(headers: dict[str, str]) -> None:
    """Pages of other sites, and names that an attacker points here, reach neither HTTP, Socket.IO nor /ws."""
    async with running() as server:
        for method, path in (("POST", "/notify"), ("GET", "/v1/stats"), ("GET", POLL), ("POST", POLL), ("GET", "/ws")):
            async with server.http.request(method, server.url + path, data=b"{}", headers=headers) as response:
                assert response.status == 403, path
                problem = await response.json(content_type=None)
                assert problem["code"] in ("origin_not_allowed", "host_not_allowed")
                assert "SIO_SERVER_ALLOWED" in problem["detail"] or "another site" in problem["detail"]
                assert "Access-Control-Allow-Origin" not in response.headers
        for path in ("/ws", POLL.replace("polling", "websocket")):
            with pytest.raises(aiohttp.WSServerHandshakeError) as failed:
                await server.http.ws_connect(server.url + path, headers=headers)
            assert failed.value.status == 403
        assert server.core.operators.stats()["head"]["seq"] == 0


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:1"])
async def test_local_pages_are_welcome_in_development(origin: str) -> None:
    """A frontend's development server on a port of its own may publish, poll and open a WebSocket."""
    async with running() as server:
        assert (await server.notify(SEED, key=None, Origin=origin))[0] == 200
        await server.connect(headers={"Origin": origin})
        await server.connect(headers={"Origin": origin}, transports=["polling"])
        async with plain_socket(server.url, headers={"Origin": origin}):
            assert server.core.operators.stats()["connections"]["total"] == 3


async def test_following_a_link_to_a_page_is_no_attack() -> None:
    """A person who follows a link from another site sees the page, in development too."""
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    async with running() as server:
        async with server.http.get(server.url, headers=headers) as response:
            assert response.status == 200
        async with server.http.post(f"{server.url}/notify", data=b"{}", headers=headers) as response:
            assert response.status == 403


async def test_allowed_origin_is_named_once_everywhere() -> None:
    """Each answer to an allowed page names its origin exactly once, refusals, polls and preflights included."""
    async with running(secured(allowed_origins=(APP,))) as server:
        for method, path, more in (
            ("POST", "/notify", {}),
            ("GET", "/health/live", {}),
            ("GET", "/nothing", {}),
            ("GET", POLL, {}),
            ("GET", "/socket.io/?EIO=3", {}),
            ("POST", POLL + "&sid=unknown", {}),
            ("OPTIONS", POLL, {"Access-Control-Request-Method": "POST"}),
            ("OPTIONS", "/notify", {"Access-Control-Request-Method": "POST"}),
        ):
            async with server.http.request(method, server.url + path, headers={"Origin": APP, **more}) as response:
                assert response.headers.getall("Access-Control-Allow-Origin") == [APP], path
                assert response.headers.getall("Access-Control-Allow-Credentials") == ["true"], path
                assert "Origin" in response.headers["Vary"]


async def test_preflight_is_answered_for_every_path() -> None:
    """A preflight is 204 with methods and headers, without a credential; a foreign page's is refused."""
    asked = {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
    }
    async with running(secured(allowed_origins=(APP,))) as server:
        for path in ("/notify", "/v1/notifications/batch", POLL):
            async with server.http.options(server.url + path, headers={"Origin": APP, **asked}) as response:
                assert response.status == 204
                assert "POST" in response.headers["Access-Control-Allow-Methods"]
                allowed = response.headers["Access-Control-Allow-Headers"].lower()
                assert all(name in allowed for name in ("authorization", "content-type", "idempotency-key"))
            evil = {"Origin": "https://evil.example", **asked}
            async with server.http.options(server.url + path, headers=evil) as response:
                assert response.status == 403
                assert "Access-Control-Allow-Origin" not in response.headers


async def test_origins_in_production_are_ours_or_listed() -> None:
    """Outside development a page must be of the same host or of a listed origin, and local pages are foreign too."""
    made = token("1")
    async with running(secured(allowed_origins=("https://*.example.org",))) as server:
        for origin, let_in in (
            (server.url, True),
            ("https://app.example.org", True),
            ("https://a.b.example.org", True),
            ("https://example.org", False),
            ("http://app.example.org", False),
            ("https://app.example.org.evil.example", False),
            ("https://evilexample.org", False),
            ("http://localhost:3000", False),
        ):
            status, _ = await server.notify(SEED, Origin=origin)
            assert status == (200 if let_in else 403), origin
            if let_in:
                await server.connect({"token": made}, headers={"Origin": origin})
            else:
                told = await refused(server.url, {"token": made}, headers={"Origin": origin})
                assert told


async def test_allowed_hosts_are_the_only_ones() -> None:
    """With host names set, the server answers to them and to this machine only."""
    async with running(secured(allowed_hosts=("notify.example.org",))) as server:
        for host, status in (("notify.example.org", 200), ("notify.example.org:8443", 200), ("evil.example", 403)):
            assert (await server.notify(SEED, Host=host))[0] == status


async def raw(url: str, request: bytes) -> bytes:
    """The head of what the server answers to these bytes; empty when it closes without a word."""
    reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
    try:
        writer.write(request)
        return await coming(reader.readuntil(b"\r\n\r\n"), "the head of the answer")
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


BODY = orjson.dumps(SEED)
HEAD = b"POST /notify HTTP/1.1\r\nHost: localhost\r\n"


@pytest.mark.parametrize(
    "request_bytes",
    [
        HEAD + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" % len(BODY) + BODY,
        HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n" + BODY,
        HEAD + b"Content-Length: -1\r\n\r\n" + BODY,
        HEAD + b"Content-Length: +%d\r\n\r\n" % len(BODY) + BODY,
        HEAD + b"Content-Length: 1_0\r\n\r\n" + BODY,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n" + BODY,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n-5\r\n" + BODY + b"\r\n0\r\n\r\n",
        HEAD + b"Transfer-Encoding: identity, chunked, identity\r\n\r\n" + BODY,
        HEAD + b"X : y\r\nContent-Length: 0\r\n\r\n",
        HEAD + b"X-Bad\x00Name: y\r\n\r\n",
        HEAD + b"X: a\rb\r\n\r\n",
        b"POST /notify HTTP/1.1\r\nHost: a\r\nHost: b\r\nContent-Length: 0\r\n\r\n",
        b"POST /notify HTTP/9.9\r\nHost: localhost\r\n\r\n",
        b"GET http://[::1/ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 20_000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"\r\n\r\n\x00\xff",
    ],
)
async def test_request_that_is_none_is_400_and_publishes_nothing(request_bytes: bytes) -> None:
    """Requests that two servers could read differently, or that are none, are 400 and leave nothing behind."""
    async with running() as server:
        answer = await raw(server.url, request_bytes)
        assert answer.startswith((b"HTTP/1.1 400", b"HTTP/1.1 431"))
        assert server.core.operators.stats()["head"]["seq"] == 0
        assert (await server.notify(SEED, key=None))[0] == 200


async def test_malformed_requests_leave_no_secret_in_the_log(tmp_path: Path) -> None:
    """What a malformed request holds is in no line of the log: its address and headers may be a token's place."""
    async with program("--data-dir", str(tmp_path), "--log-level", "debug") as server:
        for request in (
            b"GET /ws?token=MARKER" + b"x" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer MARKER\x00\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer MARKER" + b"x" * 17_000 + b"\r\n\r\n",
            b"MARKER-token-in-the-wrong-place\r\n\r\n",
            b"GET /ws?token=MARKER HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /nothing?token=MARKER HTTP/1.1\r\nHost: localhost\r\n\r\n",
            b"GET /socket.io/?EIO=4&transport=MARKER&token=MARKER HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ):
            assert (await raw(server.url, request))[9:10] == b"4"
        assert await server.stop() == 0
    assert not [line for line in server.output if "MARKER" in line]
    assert not [line for line in server.output if "Traceback" in line]


@pytest.mark.parametrize(
    "data",
    [
        b'{"x":' + b"[" * 200 + b"]" * 200 + b"}",
        b'{"x":' + b"[" * 300 + b"]" * 300 + b"}",
        b'{"x":' + b"[" * 1020 + b"]" * 1020 + b"}",
        b'{"x":' + b"[" * 30_000 + b"]" * 30_000 + b"}",
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"x":' + b"9" * 400 + b"}",
        b'{"x":' + b"9" * 20_000 + b"}",
        b'{"x":1e400}',
        b'{"x":-1e-400}',
        b'{"x":18446744073709551616}',
        b'{"usuario_id":' + b"9" * 5000 + b"}",
        b'{"' + b"k" * 30_000 + b'":1}',
        b'{"x":1,"x":2}',
        b'{"__proto__":{"admin":true},"constructor":1}',
    ],
    ids=lambda value: value[:24].decode(),
)
async def test_deep_and_huge_values_are_no_error_of_the_server(data: bytes) -> None:
    """Values too deep or too large are published or refused with a code, alone and in a batch, never a 500."""
    item = b'{"type":"reserva_creada","audience":{"all":true},"data":' + data + b"}"
    async with running() as server:
        status, reply = await server.notify(item, key=None)
        assert status in (200, 400, 422), reply
        assert status == 200 or reply["code"] in ("invalid_json", "invalid_data")
        url = f"{server.url}/v1/notifications/batch"
        async with server.http.post(url, data=b"[" + item + b',{"type":"test"}]') as response:
            assert response.status in (200, 400)
            if response.status == 200:
                assert (await response.json())["results"][1]["status"] == "ok"
        assert (await server.notify(SEED, key=None))[0] == 200


async def test_header_that_is_no_text_is_no_error_of_the_server(tmp_path: Path) -> None:
    """Headers with bytes that are no text are refused with a code or ignored, whichever header it is."""
    # A process of its own: such bytes in a captured log line would break the report of this very test.
    async with program("--data-dir", str(tmp_path)) as server:
        for name in (b"Authorization", b"Idempotency-Key", b"X-Request-ID", b"Origin", b"Host", b"Accept-Language"):
            host = b"" if name == b"Host" else b"Host: localhost\r\n"
            for path in (b"/notify", b"/v1/stats", b"/ws", POLL.encode()):
                method = b"POST " if path == b"/notify" else b"GET "
                request = method + path + b" HTTP/1.1\r\n" + host + name + b": Bearer \xff\xfe.\xff.x\r\n"
                answer = await raw(server.url, request + b"Content-Length: %d\r\n\r\n" % len(BODY) + BODY)
                assert answer[9:10] in (b"2", b"4"), (name, path, answer[:200])
    assert not [line for line in server.output if "Traceback" in line]


async def test_request_id_is_a_plain_word() -> None:
    """A request id that is a plain word comes back; anything else is replaced, so that it cannot forge a log line."""
    async with running() as server:
        for given, kept in (("abc-1.2_3", True), ("x" * 65, False), ("a b", False), ("<script>", False), ("é", False)):
            async with server.http.get(f"{server.url}/nothing", headers={"X-Request-ID": given}) as response:
                assert (response.headers["X-Request-ID"] == given) is kept
                assert (await response.json(content_type=None))["request_id"] == response.headers["X-Request-ID"]


async def test_answers_tell_neither_versions_nor_types_to_guess() -> None:
    """No answer names the versions of what the server is made of, and none may be sniffed."""
    async with running() as server:
        for path in ("/", "/notify", "/nothing", "/openapi.json", POLL):
            async with server.http.get(server.url + path) as response:
                assert response.headers["Server"] == "sio-server"
                assert response.headers["X-Content-Type-Options"] == "nosniff"
                assert response.headers["Referrer-Policy"] == "no-referrer"


UPGRADE = (
    b"GET %s HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
# What Socket.IO must hear before it sends anything: a masked text frame with the packet "40" (RFC 6455 section 5.2).
CONNECT = b"\x81\x82\x00\x00\x00\x0040"


@contextlib.asynccontextmanager
async def deaf_reader(server: Server, protocol: str) -> AsyncIterator[None]:
    """A client that connects and then never reads, with as little room in the system's buffers as it can."""
    path, packet = (b"/ws", b"") if protocol == "ws" else (POLL.replace("polling", "websocket").encode(), CONNECT)
    loop, link = asyncio.get_running_loop(), socket.socket()
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    link.setblocking(False)  # noqa: FBT003 - the socket module's
    try:
        await loop.sock_connect(link, ("127.0.0.1", int(server.url.rpartition(":")[2])))
        await loop.sock_sendall(link, UPGRADE % path + packet)
        yield
    finally:
        link.close()


@pytest.mark.parametrize("protocol", ["ws", "socketio"])
async def test_reader_that_does_not_read_is_cut_and_hurts_nobody(protocol: str) -> None:
    """A client that stops reading is cut once its cap is full; the others get everything, in order."""
    large = {**SEED, "message": "x" * 60_000}
    async with running() as server, deaf_reader(server, protocol), plain_socket(server.url) as other:
        listener = await server.connect()
        await until(lambda: server.core.operators.stats()["connections"]["total"] == 3, "everybody to be connected")
        count = 120
        for _ in range(count):
            assert (await server.notify(large, key=None))[0] == 200
        for client in (other, listener):
            assert seqs(await client.wait(count)) == list(range(1, count + 1))
        await until(lambda: server.core.operators.stats()["connections"]["total"] == 2, "the deaf reader to be cut")


async def test_long_token_is_refused_without_work() -> None:
    """A token of 60 KB in auth is refused like any other that does not hold."""
    async with running(secured()) as server:
        told = await refused(server.url, {"token": "a." + "x" * 60_000 + ".b"})
        assert told["data"]["code"] == "invalid_token"


@pytest.mark.parametrize(
    "path", ["/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fcatalog.toml", "//etc/passwd"]
)
async def test_files_outside_the_pages_are_not_served(path: str) -> None:
    """No way of writing a path leads out of the pages."""
    async with running() as server:
        answer = await raw(
            server.url, b"GET " + path.encode() + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        assert answer.startswith(b"HTTP/1.1 404")


async def test_secrets_of_the_settings_are_in_no_answer() -> None:
    """No page, document or refusal holds the server's secrets."""
    async with running(secured()) as server:
        made: list[Any] = []
        for path in ("/", "/docs", "/openapi.json", "/v1/stats", "/v1/catalog", "/health/ready", "/nothing"):
            headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
            async with server.http.get(server.url + path, headers=headers) as response:
                made.append(await response.text())
        assert all(SECRET not in text and PUBLISH_KEY not in text for text in made)
