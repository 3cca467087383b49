"""Engine.IO v4 over HTTP: handshake, refusals, payloads, polls and heartbeats, to the letter of the protocol."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from sio_server.engine.transport.wheel import RESOLUTION
from tests.support.engine_server import TRANSPORTS, engine, until
from tests.support.waiting import turns

UNKNOWN_SID = {"code": 1, "message": "Session ID unknown"}


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_handshake_gives_settings_in_milliseconds(transport: str) -> None:
    """Sub-second ping settings reach the client unrounded, beside the other fields of the handshake."""
    async with engine(ping_interval=0.35, ping_timeout=0.275, max_http_buffer_size=123456) as server:
        wire = await server.wire(transport)
        assert wire.opened == {
            "sid": wire.sid,
            "upgrades": ["websocket"] if transport == "polling" else [],
            "pingInterval": 350,
            "pingTimeout": 275,
            "maxPayload": 123456,
        }


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("EIO=4", 0),
        ("EIO=4&transport=", 0),
        ("EIO=4&transport=carrier-pigeon", 0),
        ("transport=polling", 5),
        ("EIO=abc&transport=polling", 5),
        ("EIO=3&transport=polling", 5),
    ],
)
async def test_handshake_without_a_known_transport_or_version_is_refused(query: str, code: int) -> None:
    """A handshake that names no known transport, or another protocol version, gets 400 and the protocol's code."""
    async with engine() as server, server.http.get(f"{server.url}/socket.io/?{query}") as response:
        assert response.status == 400
        assert json.loads(await response.text())["code"] == code


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
async def test_handshake_by_another_method_is_refused(method: str) -> None:
    """A session is opened by GET alone; any other method gets 400."""
    async with engine() as server:
        url = f"{server.url}/socket.io/?EIO=4&transport=polling"
        async with server.http.request(method, url) as response:
            assert response.status == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
async def test_session_ignores_other_methods(method: str) -> None:
    """Within a session a method that is neither GET nor POST gets 400, and the session lives on."""
    async with engine() as server:
        wire = await server.polling()
        async with server.http.request(method, wire.url) as response:
            assert response.status == 400
        assert await wire.join()


async def test_post_is_answered_ok() -> None:
    """A POST of packets is answered with 200 and ``ok`` in lower case."""
    async with engine() as server:
        wire = await server.polling()
        assert await wire.post("40") == (200, "ok")


@pytest.mark.parametrize("chunked", [False, True])
async def test_oversized_post_is_refused_as_too_large(chunked: bool) -> None:  # noqa: FBT001
    """A body above ``max_http_buffer_size`` gets 413, announced or chunked, and none of it is handled."""
    async with engine(max_http_buffer_size=1000) as server:
        heard: list[str] = []
        server.sio.on("big", lambda _sid, text: heard.append(text))
        wire = await server.polling()
        await wire.join()
        body = ('42["big","%s"]' % ("x" * 2000)).encode()

        async def pieces() -> AsyncIterator[bytes]:
            for start in range(0, len(body), 100):
                yield body[start : start + 100]

        status, _ = await wire.post(pieces() if chunked else body)
        assert status == 413
        assert heard == []


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_unknown_session_is_told_by_code(method: str) -> None:
    """A request for a session that does not exist gets 400 and the JSON object that clients look at."""
    async with engine() as server:
        url = f"{server.url}/socket.io/?EIO=4&transport=polling&sid=nobody"
        async with server.http.request(method, url) as response:
            assert response.status == 400
            assert json.loads(await response.text()) == UNKNOWN_SID


async def test_websocket_for_an_unknown_session_is_refused() -> None:
    """An upgrade request that names a session which does not exist never becomes a websocket."""
    async with engine() as server:
        url = f"{server.url}/socket.io/?EIO=4&transport=websocket&sid=nobody"
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await server.http.ws_connect(url)
        assert refusal.value.status == 400


async def test_two_polls_at_once_close_the_session() -> None:
    """A second poll beside a pending one ends the session: the first is told so, the second is refused."""
    async with engine() as server:
        wire = await server.polling()
        await wire.join()
        first = asyncio.create_task(wire.get())
        await server.request_arrived()
        second = asyncio.create_task(wire.get())
        answers = [await first, await second]
        assert (200, "1") in answers
        assert {status for status, _ in answers} & {400, 500}
        assert (await wire.get())[0] == 400
        await until(lambda: len(server.disconnected) == 1)


async def test_aborted_poll_closes_the_session() -> None:
    """A poll that its client gives up ends the session, so that no packet is swallowed by a dead request."""
    async with engine() as server:
        wire = await server.polling()
        await wire.join()
        path = wire.url.removeprefix(server.url)
        _, writer = await server.raw(f"GET {path} HTTP/1.1\r\nHost: {server.host}\r\n\r\n")
        await server.request_arrived()
        writer.close()
        await writer.wait_closed()
        await until(lambda: [sid for sid, _ in server.disconnected] == server.connected)
        status, text = await wire.get()
        assert (status, json.loads(text)) == (400, UNKNOWN_SID)


async def test_close_packet_wakes_the_pending_poll() -> None:
    """Packet ``1`` answers the pending poll with a no-op at once and ends the session."""
    async with engine() as server:
        wire = await server.polling()
        await wire.join()
        poll = asyncio.create_task(wire.get())
        await server.request_arrived()
        assert await wire.post("1") == (200, "ok")
        assert await poll == (200, "6")
        assert (await wire.get())[0] == 400
        await until(lambda: len(server.disconnected) == 1)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_silent_client_is_closed_for_ping_timeout(transport: str) -> None:
    """A client that stops answering pings is closed, once, with ``ping timeout`` as the reason."""
    async with engine(ping_interval=0.2, ping_timeout=0.2) as server:
        wire = await server.wire(transport)
        await wire.join()
        await until(lambda: server.disconnected)
        assert server.disconnected == [(server.connected[0], "ping timeout")]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_answering_client_outlives_many_ping_timeouts(transport: str) -> None:
    """A client that answers each ping stays, however many intervals pass."""
    async with engine(ping_interval=25, ping_timeout=20) as server:
        pass_time = server.keep_time()
        wire = await server.wire(transport)
        await wire.join()
        for _ in range(8):
            await turns(10)  # the last pong is to have come in
            pass_time(26)
            while not wire.inbox:
                await wire.fetch()
            assert wire.inbox.popleft() == "2"
            await wire.send("3")
        assert server.disconnected == []


async def test_heartbeat_runs_before_any_namespace_is_joined() -> None:
    """Pings start with the session, not with the first namespace."""
    async with engine(ping_interval=0.1, ping_timeout=5) as server:
        wire = await server.polling()
        assert await wire.get() == (200, "2")


async def test_short_ping_intervals_are_kept_to_the_wheels_resolution() -> None:
    """With a sub-second interval no ping is put off for a wide bucket of the timer, where lateness would add up."""
    async with engine(ping_interval=0.3, ping_timeout=5) as server:
        time = asyncio.get_running_loop().time
        for _ in range(5):
            before = time()
            wire = await server.websocket()
            due = server.sio.eio.sockets[wire.sid].timer_key * RESOLUTION
            assert before + 0.3 <= due <= time() + 0.3 + 2 * RESOLUTION


async def test_payload_keeps_order_and_binary() -> None:
    """One payload may carry several packets, text and base64, and the answers come back in the same order."""
    async with engine() as server:

        async def echo(_sid: str, thing: object) -> object:
            return thing

        server.sio.on("echo", echo)
        wire = await server.polling()
        await wire.join()
        await wire.send(
            '421["echo","a"]', '451-2["echo",{"_placeholder":true,"num":0}]', b"\x00\xff", '423["echo","c"]'
        )
        assert [await wire.recv() for _ in range(4)] == [
            '431["a"]',
            '461-2[{"_placeholder":true,"num":0}]',
            b"\x00\xff",
            '433["c"]',
        ]
