"""Whether live connections get through a proxy, each way that a client may take."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sio_server.app import SERVER
from sio_server.cli.doctor.findings import Level
from tests.support.bad_proxies import bad_proxy
from tests.support.examined import examined
from tests.support.servers import Server, lasting_token, running, secured

LIVE = ("polling", "websocket", "plain-websocket")
TOKEN = lasting_token("ana", "turista")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Run a server in production that trusts a proxy on this machine."""
    async with running(secured(trusted_proxies=("127.0.0.1",))) as made:
        yield made


@pytest.mark.parametrize("token", [None, TOKEN], ids=["without a token", "with one"])
async def test_each_way_gets_through_a_good_proxy(server: Server, token: str | None) -> None:
    """Polling and both WebSockets are all right behind a proxy that passes them on, with a token and without."""
    async with bad_proxy(server.url) as url:
        found = await examined(url, token=token)
    assert [found.of(check).level for check in LIVE] == [Level.OK] * 3
    assert found.faults == []


async def test_upgrade_that_is_not_passed_on(server: Server) -> None:
    """A proxy that drops the upgrade is told for both WebSockets, with nginx's lines, and that polling works."""
    async with bad_proxy(server.url, upgrade=False) as url:
        found = await examined(url, token=TOKEN)
    assert found.faults == ["websocket", "plain-websocket"]
    assert "Polling works" in found.of("websocket").text
    for check in found.faults:
        assert "the upgrade does not come through (HTTP 4" in found.of(check).text
        assert "proxy_set_header Upgrade $http_upgrade" in found.of(check).mend


async def test_path_of_socketio_that_is_not_passed_on(server: Server) -> None:
    """A proxy that passes the API on and not Socket.IO's path is told as such."""
    async with bad_proxy(server.url, only="/v1/") as url:
        found = await examined(url)
    assert "what answers at /socket.io/ is no sio-server (HTTP 404" in found.of("polling").text
    assert "have the proxy pass /socket.io/ on" in found.of("polling").mend
    assert {"polling", "websocket", "plain-websocket"} <= set(found.faults)


# -- idle connections --


async def test_time_out_below_the_ping_is_told(server: Server) -> None:
    """A proxy that cuts what is idle for less than the ping interval is told, with its time and the setting."""
    async with bad_proxy(server.url, idle=0.3) as url:
        found = await examined(url, token=TOKEN, quick=False)
    found.assert_only(
        "idle", "and the server pings every 25 s: a time-out on the way is too short", "proxy_read_timeout"
    )


async def test_connection_that_lives_until_the_ping(server: Server) -> None:
    """A connection that nobody cuts lives until the server's ping, which is waited for."""
    server.app[SERVER].eio.ping_interval = 0.5
    async with bad_proxy(server.url, idle=60.0) as url:
        found = await examined(url, token=TOKEN, quick=False)
    assert "lived until the server's ping" in found.of("idle").text
    assert found.faults == []


async def test_idle_connection_needs_a_token(server: Server) -> None:
    """Without a token nothing is claimed of idle connections, and neither with one that is refused."""
    assert "give --token" in (await examined(server.url, quick=False)).of("idle").text
    found = await examined(server.url, quick=False, token=TOKEN[:-3] + "abc")
    assert found.of("idle").level is Level.SKIPPED
    assert found.faults == ["token"]


# -- streams --


@pytest.mark.parametrize("mode", ["production", "development"])
async def test_stream_begins_at_once(server: Server, mode: str) -> None:
    """A stream that a proxy passes on as it comes is all right; in development it needs no token."""
    if mode == "production":
        async with bad_proxy(server.url) as url:
            found = await examined(url, token=TOKEN)
    else:
        async with running() as other:
            found = await examined(other.url)
    assert found.of("stream").text == "a stream (SSE) begins at once"
    assert found.faults == []


async def test_stream_that_is_held_back(server: Server) -> None:
    """A proxy that gathers an answer whole before it passes it on is told, since a stream has no end."""
    async with bad_proxy(server.url, holds=True) as url:
        found = await examined(url, token=TOKEN, first_byte=0.5)
    found.assert_only("stream", "a stream (SSE) is held back: nothing of it is here after 0.5 s", "proxy_buffering off")


async def test_stream_needs_a_token(server: Server) -> None:
    """Without a token nothing is claimed of streams."""
    assert "give --token" in (await examined(server.url)).of("stream").text
