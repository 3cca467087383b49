"""The proxies of ``deploy/`` pass on all that the server serves: each is started for real, with its file as shipped."""

from __future__ import annotations

import asyncio
import contextlib
import io
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import certifi
import orjson
import pytest
import pytest_asyncio

from sio_server.client import NotifyClient
from tests.conftest import Node
from tests.support import networks
from tests.support.clients import JavaScriptClient, javascript_client
from tests.support.reverse_proxies import HERE, Kind, Proxy, proxying
from tests.support.servers import (
    FOR_EVER,
    PUBLISH_KEY,
    SECRET,
    SERVE,
    Program,
    lasting_token,
    program,
    serving_command,
)
from tests.support.waiting import coming, until

# A proxy and the server behind it serve all of these tests.
pytestmark = pytest.mark.asyncio(loop_scope="module")

ENV = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
KEY = {"Authorization": f"Bearer {PUBLISH_KEY}"}
BODY = {"type": "tour_creado", "data": {"nombre": "Lima"}}

# A process that is given a socket as systemd gives one (sd_listen_fds(3)), and becomes another program.
GIVE = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1")
os.execv(sys.argv[2], sys.argv[2:])
"""

# nginx cannot wait: what comes while the server is away is told to come again.
WAITS = {"nginx": False, "Caddy": True, "HAProxy": True, "Traefik": True}


@pytest.fixture(scope="module", params=HERE, ids=lambda kind: kind.name)
def proxy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Run each proxy that the machine has."""
    kind: Kind = request.param
    with proxying(kind, tmp_path_factory.mktemp(kind.name)) as running:
        yield running


@dataclass(frozen=True, slots=True)
class Site:
    """A server, the proxy in front of it, and a client's session."""

    proxy: Proxy
    server: Program
    http: aiohttp.ClientSession

    @property
    def url(self) -> str:
        """The address for clients."""
        return self.proxy.url

    async def publish(self, **headers: str) -> tuple[int, Any]:
        """``POST /notify``: the status and the answer."""
        async with self.http.post(f"{self.url}/notify", json=BODY, headers={**KEY, **headers}) as response:
            return response.status, await response.json(content_type=None)

    def client(self, node: Node, **options: Any) -> contextlib.AbstractAsyncContextManager[JavaScriptClient]:
        """The stock client, of a tourist."""
        trusted = {"ca": self.proxy.place.authority.read_text()}
        auth = {"token": lasting_token("7", "turista"), **options.pop("auth", {})}
        return javascript_client(node.binary, self.url, **trusted, auth=auth, **options)


@contextlib.asynccontextmanager
async def serving(proxy: Proxy, directory: Path, held: socket.socket | None = None) -> AsyncIterator[Program]:
    """A server where the proxy looks for it, on a socket that it is given as systemd would, if there is one."""
    flags = ("--data-dir", str(directory), "--trusted-proxies", "127.0.0.1")
    starting = (
        program("--port", str(proxy.place.server_port), *flags, env=ENV)
        if held is None
        else serving_command(
            sys.executable, "-c", GIVE, str(held.fileno()), *SERVE, *flags, env=ENV, pass_fds=(held.fileno(),)
        )
    )
    async with starting as server:
        yield server


@contextlib.asynccontextmanager
async def session(proxy: Proxy, address: str = "127.0.0.1") -> AsyncIterator[aiohttp.ClientSession]:
    """A client's session, from this address."""
    connector = aiohttp.TCPConnector(ssl=proxy.trusted, local_addr=(address, 0), family=socket.AF_INET)
    async with aiohttp.ClientSession(connector=connector) as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A server behind the proxy."""
    async with serving(proxy, tmp_path_factory.mktemp("data")) as server, session(proxy) as http:
        yield Site(proxy, server, http)


async def test_websocket(site: Site, node: Node) -> None:
    """A WebSocket gets through, Socket.IO's and a plain one, and so does what arrives on it."""
    token = lasting_token("7", "turista")
    async with (
        site.client(node, transports=["websocket"]) as client,
        site.http.ws_connect(f"{site.url}/ws", protocols=("bearer", token)) as plain,
    ):
        await client.wait_for("connect")
        assert (await plain.receive_json())["type"] == "ns:hello"
        assert (await site.publish())[0] == 200
        assert (await client.wait(1))[0]["type"] == "tour_creado"
        assert {report["transport"] for report in client.of("event")} == {"websocket"}
        while (frame := await coming(plain.receive_json(), "the notification"))["type"].startswith("ns:"):
            pass
        assert frame["type"] == "tour_creado"


async def test_polling(site: Site, node: Node) -> None:
    """A client that polls gets what arrives while its poll is open, and can send."""
    async with site.client(node, transports=["polling"]) as client:
        await client.wait_for("connect")
        assert (await site.publish())[0] == 200
        await client.wait(1)
        assert {report["transport"] for report in client.of("event")} == {"polling"}


async def test_upgrade(site: Site, node: Node) -> None:
    """A client that begins with polling goes on with a WebSocket."""
    async with site.client(node) as client:
        assert await client.wait_for("upgrade") == [{"upgrade": "websocket"}]
        assert (await site.publish())[0] == 200
        await client.wait(1)
        assert client.of("event")[-1]["transport"] == "websocket"


async def test_sse(site: Site) -> None:
    """A stream of Server-Sent Events is not held back: what is published arrives while the stream is open."""
    headers = {"Authorization": f"Bearer {lasting_token('7', 'turista')}"}
    for prefix in ("", "/rt"):
        async with site.http.get(f"{site.url}{prefix}/v1/stream", headers=headers) as stream:
            assert stream.content_type == "text/event-stream"
            await _event(stream, b"ns:hello")
            assert (await site.publish())[0] == 200
            await _event(stream, b"tour_creado")


async def _event(stream: aiohttp.ClientResponse, name: bytes) -> None:
    """Read on until an event of this name."""
    while name not in await coming(stream.content.readline(), f"the event {name.decode()}"):
        pass


async def test_publish(site: Site) -> None:
    """A publish is answered by the server, and so is a wrong one; a batch of the largest size gets through."""
    assert (await site.publish())[0] == 200
    async with site.http.post(f"{site.url}/notify", json={"type": "nope"}, headers=KEY) as response:
        assert response.status == 422
        assert (await response.json(content_type=None))["code"] == "unknown_type"
    batch = io.BytesIO(orjson.dumps({"notifications": [{**BODY, "message": "x" * 7000} for _ in range(1000)]}))
    async with site.http.post(f"{site.url}/v1/notifications/batch", data=batch, headers=KEY) as response:
        assert response.status == 200, await response.text()


async def test_prefix(site: Site, node: Node) -> None:
    """All of it is below ``/rt/`` too: pages, publishes, polls and WebSockets."""
    async with site.http.get(f"{site.url}/rt", allow_redirects=False) as response:
        assert response.status in (301, 302, 308)
        assert response.headers["Location"].endswith("/rt/")
    async with site.http.get(f"{site.url}/rt/") as response:
        assert response.status == 200
    async with (
        site.client(node, path="/rt/socket.io/") as client,
        site.http.ws_connect(f"{site.url}/rt/ws", protocols=("bearer", lasting_token("7"))) as plain,
    ):
        await client.wait_for("upgrade")
        assert (await plain.receive_json())["type"] == "ns:hello"
        async with site.http.post(f"{site.url}/rt/notify", json=BODY, headers=KEY) as response:
            assert response.status == 200
        await client.wait(1)


async def test_client_address(site: Site) -> None:
    """The server sees the client's own address, whatever the client says of itself."""
    said = {"X-Forwarded-For": "203.0.113.9", "Forwarded": "for=203.0.113.9", "X-Real-IP": "203.0.113.9"}
    async with (
        session(site.proxy, "127.0.0.2") as http,
        http.ws_connect(f"{site.url}/ws", protocols=("bearer", lasting_token("far-away")), headers=said) as plain,
    ):
        await plain.receive_json()
        async with http.post(f"{site.url}/notify", json=BODY, headers=said) as response:
            assert response.status == 401
        async with http.get(f"{site.url}/v1/users", params={"q": "far-away"}, headers=KEY) as response:
            (user,) = (await response.json())["users"]
        async with http.get(f"{site.url}/v1/errors", headers=KEY) as response:
            error = (await response.json())["items"][0]
    assert [connection["address"] for connection in user["connections"]] == ["127.0.0.2"]
    assert error["address"] == "127.0.0.2"


async def test_no_token_in_a_log(site: Site, tmp_path: Path) -> None:
    """What a proxy writes has paths and addresses in it, and neither a token nor a key; also of what goes wrong."""
    secret = await _show_tokens(site.proxy, site.http)
    await until(lambda: "/v1/session" in site.proxy.logged, "a line of the access log")
    assert "/ws" in site.proxy.logged
    assert "127.0.0.1" in site.proxy.logged
    _assert_secret(site.proxy, secret)

    async def hang_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")

    with proxying(site.proxy.kind, tmp_path) as another:
        async with (
            networks.serving(hang_up, another.place.server_port),
            session(another) as http,
            http.post(f"{another.url}/notify", params={"token": secret}, headers=KEY) as response,
        ):
            assert response.status >= 500
        await until(lambda: "/notify" in another.logged, "a line of the access log")
        _assert_secret(another, secret)


async def _show_tokens(proxy: Proxy, http: aiohttp.ClientSession) -> str:
    """Ask with a token wherever one may stand in a request, and with a key; the token."""
    token = lasting_token("7", "turista")
    ways: tuple[dict[str, Any], ...] = ({"params": {"token": token}}, {"protocols": ("bearer", token)})
    for options in ways:
        with contextlib.suppress(aiohttp.ClientError):
            async with http.ws_connect(f"{proxy.url}/ws", **options):
                pass
    headers = {"Referer": f"https://app.example.org/?token={token}", **KEY}
    async with http.get(f"{proxy.url}/v1/session", params={"token": token}, headers=headers):
        pass
    return token


def _assert_secret(proxy: Proxy, token: str) -> None:
    for part in (token, token.rpartition(".")[2], PUBLISH_KEY):
        assert part not in proxy.logged


async def test_tls(site: Site) -> None:
    """Pages get HTTP/2, are told to use TLS from now on, and one that is asked for without TLS is sent there."""
    trusted = site.proxy.trusted
    trusted.set_alpn_protocols(["h2", "http/1.1"])
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", site.proxy.place.port, ssl=trusted, server_hostname="localhost"
    )
    assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
    writer.close()
    del reader
    async with site.http.get(f"http://localhost:{site.proxy.place.plain_port}/x", allow_redirects=False) as response:
        assert response.status in (301, 308)
        assert response.headers["Location"].startswith("https://localhost")
    async with site.http.get(f"{site.url}/health/ready") as response:
        assert "max-age" in response.headers["Strict-Transport-Security"]


class Publisher:
    """Publishes one after the other through a proxy, and keeps what each was answered."""

    def __init__(self, proxy: Proxy, http: aiohttp.ClientSession) -> None:
        self.proxy = proxy
        self.accepted: list[int] = []
        self.others: list[tuple[int, str]] = []
        self._http = http
        self._count = 0

    async def once(self) -> None:
        """Publish once, and again as long as the answer is to come again."""
        self._count += 1
        headers = {**KEY, "Idempotency-Key": f"publish-{self._count}"}
        while True:
            async with self._http.post(f"{self.proxy.url}/notify", json=BODY, headers=headers) as response:
                if response.status == 200:
                    self.accepted.append((await response.json())["seq"])
                    return
                answer = await response.json(content_type=None)
                self.others.append((response.status, answer["code"]))
                await asyncio.sleep(int(response.headers["Retry-After"]) / 20)

    async def on(self) -> None:
        """Publish until it is cancelled."""
        while True:
            await self.once()
            await asyncio.sleep(0.02)


async def test_restart(proxy: Proxy, node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server is restarted under clients and publishers: nobody loses anything, and who can wait sees no error."""
    with proxying(proxy.kind, tmp_path) as another:
        monkeypatch.setattr(certifi, "where", lambda: str(another.place.authority))  # what httpx believes
        async with session(another) as http:
            await _restart(another, http, node, tmp_path / "data")
            if not WAITS[proxy.kind.name]:
                # Then systemd does, which holds the socket; not what was under way on a connection that was there.
                with socket.create_server(("127.0.0.1", another.place.server_port)) as held:
                    await _restart(another, http, node, tmp_path / "more", held)


async def _restart(
    proxy: Proxy, http: aiohttp.ClientSession, node: Node, data: Path, held: socket.socket | None = None
) -> None:
    waits = WAITS[proxy.kind.name]
    holds = waits or held is not None
    publisher = Publisher(proxy, http)
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(serving(proxy, data, held))
        site = Site(proxy, first, http)
        client = await stack.enter_async_context(site.client(node, transports=["websocket"], auth={"recovery": True}))
        ours = await stack.enter_async_context(NotifyClient(proxy.url, PUBLISH_KEY, timeout=FOR_EVER))
        await client.wait_for("connect")
        publishing = asyncio.create_task(publisher.on())
        await until(lambda: len(publisher.accepted) > 5, "some publishes", lambda: len(publisher.accepted))
        assert await first.stop(signal.SIGTERM) == 0
        # Nobody is there: who asks now waits, or is told to come again.
        asked = [asyncio.create_task(ours.publish("tour_creado", data={"nombre": "Lima"})) for _ in range(3)]
        shown = asyncio.create_task(_show_tokens(proxy, http))
        status = asyncio.create_task(_status(http, f"{proxy.url}/v1/session"))
        if not holds:
            assert await coming(status, "an answer") == (503, "1")
            await shown
        await stack.enter_async_context(serving(proxy, data, held))
        results = await coming(asyncio.gather(*asked), "our own publisher")
        assert (await coming(status, "an answer"))[0] == (200 if holds else 503)
        count = len(publisher.accepted) + 5
        await until(lambda: len(publisher.accepted) > count, "more publishes", lambda: len(publisher.accepted))
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)
        published = sorted([*publisher.accepted, *(result.seq for result in results)])
        await client.wait(len(published))
        _assert_secret(proxy, await coming(shown, "those with a token"))
    assert [envelope["seq"] for envelope in client.notifications] == published
    assert len(set(published)) == len(published)
    if waits:
        assert publisher.others == []
        assert client.of("connect_error") == []
    else:
        assert {code for _, code in publisher.others} <= {"draining", "unavailable"}


async def _status(http: aiohttp.ClientSession, url: str) -> tuple[int, str | None]:
    async with http.get(url) as response:
        return response.status, response.headers.get("Retry-After")
