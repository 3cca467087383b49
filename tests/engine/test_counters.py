"""Each limit counts how often it was reached, each reason of a close reaches the handler, and bytes held are told."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from sio_server.engine import Limits
from tests.support.engine_js import javascript
from tests.support.engine_server import TRANSPORTS, Closed, Served, engine, until

Provoke = Callable[[Served], Awaitable[None]]
LOW = Limits(send_cap=50_000, send_packets_cap=1000, max_attachments=1, events_per_second=20, max_namespaces=2)

# Seconds for those that wait for it alone: on a busy machine others need longer.
SOON = {
    "connect_timeouts": replace(LOW, connect_timeout=0.2),
    "http_slow": replace(LOW, request_timeout=0.2),
    "upgrades_failed": replace(LOW, upgrade_timeout=0.2),
}


async def _idle(server: Served) -> None:
    await (await server.websocket()).closed()


async def _malformed(server: Served) -> None:
    wire = await server.websocket()
    await wire.send("42{}")
    await wire.closed()


async def _attachments(server: Served) -> None:
    wire = await server.websocket()
    await wire.join()
    await wire.send('452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    await wire.closed()


async def _slow(server: Served) -> None:
    wire = await server.polling()
    await wire.join()
    for _ in range(20):
        await server.sio.emit("x", "x" * 10_000)


async def _flood(server: Served) -> None:
    wire = await server.websocket()
    await wire.join()
    with contextlib.suppress(ConnectionError):
        await wire.send(*['42["x"]'] * 500)
    await wire.closed()


async def _silent(server: Served) -> None:
    reader, _ = await server.raw("GET / HT")
    await reader.read()


async def _too_large(server: Served) -> None:
    wire = await server.polling()
    await wire.post("4" + "x" * 20_000)


async def _too_large_websocket(server: Served) -> None:
    wire = await server.websocket()
    await wire.send("4" + "x" * 20_000)
    await wire.closed()


async def _jsonp(server: Served) -> None:
    async with server.http.get(f"{server.url}/socket.io/?EIO=4&transport=polling&j=0"):
        pass


async def _foreign(server: Served) -> None:
    with contextlib.suppress(Closed):
        await server.wire("polling", headers={"Origin": "http://evil.example"})
    server.wires.clear()


async def _unknown_ack(server: Served) -> None:
    wire = await server.websocket()
    await wire.join()
    await wire.send("4377[]")


async def _two_polls(server: Served) -> None:
    wire = await server.polling()
    await wire.join()
    await asyncio.gather(wire.get(), wire.get())


async def _bad_frame(server: Served) -> None:
    wire = await server.websocket()
    connection = wire.ws._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.write(b"\xff" * 16)
    with contextlib.suppress(Closed):
        while True:
            await wire.raw()


async def _abandoned(server: Served) -> None:
    wire = await server.polling()
    await wire.join()
    other = server.second(wire)
    await other.probe()
    with contextlib.suppress(Closed):
        await other.raw()


async def _namespaces(server: Served) -> None:
    wire = await server.websocket()
    await wire.join()
    await wire.join("/a")
    await wire.send("40/b,")
    assert (await wire.text()).startswith("44/b,")


PROVOKED: dict[str, Provoke] = {
    "connect_timeouts": _idle,
    "parse_errors": _malformed,
    "attachments_refused": _attachments,
    "slow_cuts": _slow,
    "events_flood": _flood,
    "http_slow": _silent,
    "http_too_large": _too_large,
    "websocket_too_large": _too_large_websocket,
    "jsonp_refused": _jsonp,
    "forbidden": _foreign,
    "ack_unknown": _unknown_ack,
    "poll_overlaps": _two_polls,
    "websocket_errors": _bad_frame,
    "upgrades_failed": _abandoned,
    "namespaces_refused": _namespaces,
}


@pytest.mark.parametrize("counter", PROVOKED)
async def test_limit_that_was_reached_is_counted(counter: str) -> None:
    """Each limit has a counter that says how often it was reached, and the others stay where they were."""
    async with engine(
        limits=SOON.get(counter, LOW), max_http_buffer_size=10_000, namespaces=["/", "/a", "/b"]
    ) as server:
        before = server.sio.counters.as_dict()
        assert before[counter] == 0
        await PROVOKED[counter](server)
        await until(lambda: server.sio.counters.as_dict()[counter] == 1, f"{counter} counted")
        related = {counter, "sessions", "sessions_opened", "upgrades", "parse_errors", "handshakes_refused"}
        moved = {name for name, value in server.sio.counters.as_dict().items() if value != before[name]}
        assert moved <= related | {"reads_paused", "connect_timeouts", "websocket_errors"}


async def test_sessions_are_counted_up_and_down() -> None:
    """``sessions`` is what is open now, ``sessions_opened`` what ever was, ``upgrades`` who moved to a websocket."""
    async with engine() as server:
        for transport in TRANSPORTS:
            await (await server.wire(transport)).join()
        counters = server.sio.counters
        assert (counters.sessions, counters.sessions_opened, counters.upgrades) == (3, 3, 1)
        await server.hang_up()
        await until(lambda: counters.sessions == 0)
        assert counters.sessions_opened == 3
        server.wires.clear()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_close_sends_what_was_queued_and_tells_its_reason(transport: str) -> None:
    """``close`` ends the transport after what was emitted just before; the handler gets the reason that was given."""
    async with engine() as server:
        wire = await server.wire(transport)
        sid = (await wire.join())["sid"]
        await server.sio.emit("closing", {"code": "slow"}, to=sid)
        server.sio.close(sid, "because")
        assert await wire.closed() == ['42["closing",{"code":"slow"}]']
        await until(lambda: server.disconnected)
        assert server.disconnected == [(sid, "because")]
        server.sio.close(sid, "again")
        server.sio.close("nobody", "x")


async def test_javascript_client_comes_back_after_close() -> None:
    """To the stock client ``close`` is a lost transport: it comes back by itself, with a new session."""
    async with engine() as server, javascript() as js:
        client = await js.connected(server.url, transports=["websocket"])
        server.sio.close(server.connected[0], "drain")
        assert (await client.first("disconnect"))["reason"] == "transport close"
        await client.first("connect", 2)
        await client.disconnect()


async def test_pending_tells_the_bytes_held() -> None:
    """``pending`` is what a client has not taken yet, and 0 for who has taken all or does not exist."""
    async with engine() as server:
        wire = await server.polling()
        sid: Any = (await wire.join())["sid"]
        assert server.sio.pending(sid) == 0
        await server.sio.emit("x", "x" * 10_000)
        assert 10_000 <= server.sio.pending(sid) <= 11_000
        await wire.events(1)
        assert server.sio.pending(sid) == 0
        assert server.sio.pending("nobody") == 0
