"""Peers that nobody knows, against a whole server: honest clients get in, and whoever is refused is told why."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import aiohttp
import orjson
import pytest

from tests.conftest import Node
from tests.support.clients import javascript_client, refused
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token
from tests.support.waiting import coming, until

POLL = "/socket.io/?EIO=4&transport=polling"


async def errors(server: Server) -> list[dict[str, Any]]:
    """Give what operators see of refusals, the newest first."""
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
    async with server.http.get(f"{server.url}/v1/errors", headers=headers) as response:
        items: list[dict[str, Any]] = (await response.json())["items"]
        return items


async def ended(socket: aiohttp.ClientWebSocketResponse) -> None:
    """Return when a socket has ended."""
    while not socket.closed:
        await socket.receive()


async def opened(server: Server) -> str:
    """Open a polling session and give its id."""
    async with server.http.get(server.url + POLL) as response:
        assert response.status == 200
        return str(orjson.loads((await response.text())[1:])["sid"])


async def test_half_made_sessions_lock_nobody_out() -> None:
    """While a thousand sessions are made and more come, whoever has a token gets in at once, over each transport."""
    async with running(secured(handshakes=200)) as server:
        for _ in range(400):
            await opened(server)

        async def more() -> None:
            while True:
                await opened(server)

        attack = asyncio.create_task(more())
        for transport in (["websocket"], ["polling"], ["polling", "websocket"]):
            await server.connect({"token": token("1")}, transports=transport)
        attack.cancel()
        await asyncio.wait([attack])
        assert server.core.operators.stats()["connections"]["total"] == 3


async def test_session_that_leaves_its_namespace_ends() -> None:
    """A client that leaves and keeps its socket is closed soon: it is in no list, so it must not be there."""
    async with running(secured()) as server:
        socket = await server.http.ws_connect(server.url + POLL.replace("polling", "websocket"))
        await socket.receive()
        await socket.send_str('40{"token":"' + token("1") + '"}')
        await until(lambda: server.core.operators.stats()["connections"]["total"] == 1, "the connection")
        await socket.send_str("41")
        # Its pings, every 25 s, begin no new patience: what it is sent does not count as something that moved.
        await coming(ended(socket), "the end of the socket")
        assert socket.close_code == 1008


async def test_stock_client_connects_again_after_it_left(node: Node) -> None:
    """The JavaScript client that calls ``disconnect()`` and then ``connect()`` is back, without an error."""
    async with (
        running(secured()) as server,
        javascript_client(node.binary, server.url, auth={"token": token("1")}, again=True) as client,
    ):
        await client.wait_for("connect", 2)
        assert client.of("connect_error") == []


async def test_namespace_that_is_not_served_is_told_in_words() -> None:
    """A client of another namespace is told what to do, and operators see who asked for it."""
    async with running(secured()) as server:
        for locale, word in (("en", "connect to '/'"), ("es", "conéctate a '/'")):
            socket = await server.http.ws_connect(
                server.url + POLL.replace("polling", "websocket"), headers={"Accept-Language": locale}
            )
            await socket.receive()
            await socket.send_str("40/notifications,")
            packet = str((await socket.receive()).data)
            told = orjson.loads(packet.removeprefix("44/notifications,"))
            assert word in told["message"]
            assert (told["data"]["code"], told["data"]["detail"]) == ("not_found", told["message"])
            await socket.close()
        first = (await errors(server))[0]
        assert (first["code"], first["method"], first["path"]) == ("not_found", "CONNECT", "/socket.io/")
        assert "'/notifications'" in first["detail"]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("EIO=3&transport=polling", "not_supported"),
        ("EIO=4&transport=other", "invalid_request"),
        ("EIO=4&transport=polling&sid=unknown", "not_found"),
    ],
)
async def test_refusals_of_the_engine_are_seen(query: str, code: str) -> None:
    """What the engine refuses by itself is in ``/v1/errors``, with address and without what was in the query."""
    async with running(secured()) as server:
        async with server.http.get(f"{server.url}/socket.io/?{query}&token=MARKER") as response:
            assert response.status == 400
            body = await response.json(content_type=None)
        found = (await errors(server))[0]
        assert (found["code"], found["status"], found["address"]) == (code, 400, "127.0.0.1")
        assert "MARKER" not in str(found)
        assert (body["code"] == 5) == (code == "not_supported")
        assert ("update socket.io-client" in body["message"]) == (code == "not_supported")


async def test_unknown_event_is_acknowledged() -> None:
    """Whoever awaits an answer to an event that there is not has one, as on ``/ws``."""
    async with running(secured()) as server:
        client = await server.connect({"token": token("1"), "locale": "es"})
        answer = await client.client.call("orders:create", {"x": 1})
        assert (answer["ok"], answer["error"]["code"]) == (False, "not_supported")


async def test_handler_that_fails_is_acknowledged(monkeypatch: pytest.MonkeyPatch) -> None:
    """A failure of the server's own is ``internal`` to whoever awaits an answer."""
    async with running(secured()) as server:
        client = await server.connect({"token": token("1")})

        def fail(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(server.core.connections, "acknowledge", fail)
        answer = await client.client.call("ns:ack", {"seq": 1})
        assert (answer["ok"], answer["error"]["code"]) == (False, "internal")


async def test_deep_binary_packet_is_no_work_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """The packet of two kilobytes that once wrote a hundred to the log ends its session, and is told in one line."""
    packet = '450-["x",' + "[" * 1000 + "]" * 1000 + "]"
    async with running(secured()) as server:
        for _ in range(3):
            socket = await server.http.ws_connect(server.url + POLL.replace("polling", "websocket"))
            await socket.receive()
            await socket.send_str(packet)
            await socket.receive()
            assert socket.close_code == 1000
            sid = await opened(server)
            async with server.http.post(f"{server.url}{POLL}&sid={sid}", data=packet) as response:
                assert response.status == 400
            async with server.http.get(f"{server.url}{POLL}&sid={sid}") as response:
                assert response.status == 400
        assert {error["code"] for error in await errors(server)} == {"invalid_request", "not_found"}
        assert not any(record.exc_info for record in caplog.records)


async def test_ipv6_network_is_one_address() -> None:
    """Connections from one /64, or of one address spelt in other ways, are counted together; another /64 is apart."""
    config = secured(connections_per_address=2, trusted_proxies=("127.0.0.1",))
    async with running(config) as server:

        async def comes(address: str) -> dict[str, Any] | None:
            headers = {"X-Forwarded-For": address}
            with contextlib.suppress(AssertionError):
                return await refused(server.url, {"token": token("1")}, headers=headers)
            return None

        for address in ("2001:db8::1", "2001:db8:0:0:2::", "198.51.100.7", "::ffff:198.51.100.7"):
            await server.connect({"token": token("1")}, headers={"X-Forwarded-For": address})
        for address in ("2001:DB8::3", '"[2001:db8::4]:443"', "198.51.100.7:99"):
            told = await comes(address)
            assert told is not None, address
            assert told["data"]["code"] == "rate_limited"
        await server.connect({"token": token("1")}, headers={"X-Forwarded-For": "2001:db8:0:1::1"})
        assert server.core.operators.stats()["connections"]["total"] == 5


async def test_path_without_its_slash_works_for_the_stock_client(node: Node) -> None:
    """``addTrailingSlash: false``, as behind proxies that take the last slash away: polling, then WebSocket."""
    async with (
        running(secured()) as server,
        javascript_client(node.binary, server.url, auth={"token": token("1")}, addTrailingSlash=False) as client,
    ):
        await client.wait_for("upgrade")
        await server.notify({"type": "test", "message": "x", "data": {}})
        await client.wait(1)
