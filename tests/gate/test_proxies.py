"""Development mode answers this machine alone: whatever came through a proxy is refused on every way in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sio_server.config import Config
from sio_server.core.refusals import Refusals
from sio_server.errors import Refused
from sio_server.gate import Gate
from sio_server.gate.origins import OriginPolicy
from sio_server.gate.proxies import sign_of_proxy
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token

SIGNS = [
    "Forwarded",
    "X-Forwarded-For",
    "X-FORWARDED-PROTO",
    "x-forwarded-anything",
    "X-Forwarded",
    "X_Forwarded_For",
    "X-Real-IP",
    "X-Original-Forwarded-For",
    "X-Original-URL",
    "Via",
    "CF-Connecting-IP",
    "CF-Ray",
    "True-Client-IP",
    "X-Client-IP",
    "X-Cluster-Client-IP",
    "Fly-Client-IP",
    "Fastly-Client-IP",
    "X-Envoy-External-Address",
    "X-Azure-ClientIP",
    "Tailscale-User-Login",
    "X-Scheme",
    "CDN-Loop",
    "X-Remote-Port",
    "X-SSL-Client-Verify",
    "X-Client",
    "X-Proto",
    "X-Script-Name",
    "HTTPS",
    "HTTP-X-Forwarded-For",
    "X-Ingress-Path",
    "Max-Forwards",
]
PLAIN = [
    "Host",
    "Origin",
    "User-Agent",
    "Authorization",
    "Content-Type",
    "X-Request-ID",
    "Idempotency-Key",
    "traceparent",
    "baggage",
    "sentry-trace",
    "Last-Event-ID",
    "X-Requested-With",
    "X-ClientId",
    "X-B3-TraceId",
    "Sec-Fetch-Site",
    "Upgrade-Insecure-Requests",
    "Viaduct",
]
DEVELOPMENT = Config(dev=True)
GATE = Gate(OriginPolicy(DEVELOPMENT), Refusals())
EVENT = '{"type":"test"}'
PATHS = ["/health/live", "/v1/session", "/", "/metrics", "/ws", "/socket.io/?EIO=4&transport=polling", "/nothing"]


@pytest.mark.parametrize("name", SIGNS)
def test_signs_of_a_proxy(name: str) -> None:
    """A header that a proxy adds is known by its name, whatever its case."""
    assert sign_of_proxy([*PLAIN, name]) == name
    assert sign_of_proxy([name.lower()]) == name.lower()


def test_no_sign_of_a_proxy() -> None:
    """Headers of browsers, of clients and of traces are no signs."""
    assert sign_of_proxy(PLAIN) is None


@pytest.mark.parametrize("peer", ["192.168.1.5", "2001:db8::1", "::ffff:10.0.0.1", "", "0.0.0.0"])  # noqa: S104
def test_foreign_peer_is_refused(peer: str) -> None:
    """A peer that is not this machine is refused, and the text says who it was and the mend."""
    with pytest.raises(Refused) as caught:
        GATE.check_direct({"host": "localhost"}, peer)
    assert caught.value.kind.code == "proxy_not_allowed"
    assert f"'{peer}'" in str(caught.value.detail)
    assert "--dev" in str(caught.value.detail)
    assert "--dev" in caught.value.detail.es


@pytest.mark.parametrize("peer", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_own_peer_is_answered(peer: str) -> None:
    """This machine is answered by whichever of its addresses it calls."""
    GATE.check_direct({"host": "localhost"}, peer)


def test_who_connects_by_the_unix_socket_is_answered() -> None:
    """Where a Unix socket is listened on, a peer without an address is on this machine, unless a proxy sends it."""
    gate = Gate(OriginPolicy(DEVELOPMENT), Refusals(), trusted_proxies=Config(unix=Path("socket")).trusted_proxies)
    gate.check_direct({"host": "localhost"}, "")
    for headers, peer in (({"x-forwarded-for": "192.0.2.1"}, ""), ({}, "192.0.2.1")):
        with pytest.raises(Refused):
            gate.check_direct(headers, peer)


def assert_refused(status: int, problem: Any, name: str) -> None:
    """The refusal, with the header and the mend in its text."""
    assert (status, problem["code"], problem["status"]) == (403, "proxy_not_allowed", 403)
    assert f"'{name.lower()}'" in problem["detail"].lower()
    assert "--dev" in problem["detail"]


@pytest.mark.parametrize("name", SIGNS)
async def test_publish_through_a_proxy_is_refused(name: str) -> None:
    """A publish that came through a proxy is refused and stored nowhere, on the fast route and on aiohttp's."""
    for front in (True, False):
        async with running(front=front) as server:
            assert_refused(*await server.notify(EVENT.encode(), **{name: "203.0.113.9"}), name)
            status, reply = await server.notify(EVENT.encode())
            assert (status, reply["seq"]) == (200, 1)


@pytest.mark.parametrize("path", PATHS)
async def test_request_through_a_proxy_is_refused(path: str) -> None:
    """Every path is refused to whoever comes through a proxy, also those that hold nothing and those that are none."""
    headers = {"X-Forwarded-For": "203.0.113.9"}
    async with running() as server, server.http.get(server.url + path, headers=headers) as response:
        assert_refused(response.status, await response.json(content_type=None), "X-Forwarded-For")


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_client_through_a_proxy_is_refused(transport: str) -> None:
    """A Socket.IO client that comes through a proxy is refused on both transports, and nobody is connected."""
    async with running() as server:
        await _refused_client(server, transport)
        assert len(server.core.hub) == 0


async def _refused_client(server: Server, transport: str) -> None:
    headers = {"Via": "1.1 proxy"}
    url = f"{server.url}/socket.io/?EIO=4&transport={transport}"
    if transport == "polling":
        async with server.http.get(url, headers=headers) as response:
            assert_refused(response.status, await response.json(content_type=None), "Via")
        return
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        await server.http.ws_connect(url, headers=headers)
    assert caught.value.status == 403


async def test_plain_socket_through_a_proxy_is_refused() -> None:
    """A plain WebSocket that comes through a proxy is refused."""
    async with running() as server:
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await server.http.ws_connect(f"{server.url}/ws?role=admin", headers={"Forwarded": "for=203.0.113.9"})
        assert caught.value.status == 403


async def test_session_is_not_taken_over_through_a_proxy() -> None:
    """A polling session that was opened directly is not gone on with through a proxy."""
    async with running() as server:
        url = f"{server.url}/socket.io/?EIO=4&transport=polling"
        async with server.http.get(url) as response:
            sid = (await response.text()).partition('"sid":"')[2].partition('"')[0]
        async with server.http.post(f"{url}&sid={sid}", data="40", headers={"X-Real-IP": "203.0.113.9"}) as response:
            assert_refused(response.status, await response.json(content_type=None), "X-Real-IP")


async def test_proxies_are_welcome_outside_development() -> None:
    """With the secrets set a proxy's headers are no reason to refuse, on any way in."""
    headers = {"X-Forwarded-For": "203.0.113.9", "Via": "1.1 proxy"}
    async with running(secured()) as server:
        assert (await server.notify({"type": "test"}, key=PUBLISH_KEY, **headers))[0] == 200
        async with server.http.get(server.url + "/health/ready", headers=headers) as response:
            assert response.status == 200
        await server.connect({"token": token()}, headers=headers)
