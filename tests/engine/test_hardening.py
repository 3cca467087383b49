"""What an abusive Socket.IO client can make the server hold, leak or relay: each has a bound, and a test."""

import asyncio
import contextlib
import socket
from typing import Any

import pytest

from tests.support.engine_server import TRANSPORTS, Served, engine, until
from tests.support.engine_wire import WebSocketWire

HOLE = '{"_placeholder":true,"num":%d}'


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_broadcast_does_not_reach_a_client_that_is_not_authenticated_yet(transport: str) -> None:
    """While the connect handler still decides, nothing that is emitted to anybody reaches the client."""
    async with engine(handlers=False) as server:
        gate, asked = asyncio.Event(), asyncio.Event()

        async def connect(_sid: str, _environ: dict[str, Any], _auth: Any) -> None:
            asked.set()
            await gate.wait()

        server.sio.on("connect", connect)
        wire = await server.wire(transport)
        await wire.send("40")
        await asked.wait()
        await server.sio.emit("secret", 1)
        await server.sio.emit("secret", 2, room="nobody")
        gate.set()
        assert (await wire.text()).startswith("40{")
        await server.sio.emit("public", 3)
        assert await wire.events(1) == [["public", 3]]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_refused_client_never_gets_a_broadcast(transport: str) -> None:
    """A client whose connect handler refuses gets the refusal and nothing else, before or after."""
    async with engine(handlers=False) as server:
        gate, asked = asyncio.Event(), asyncio.Event()

        async def connect(_sid: str, _environ: dict[str, Any], _auth: Any) -> bool:
            asked.set()
            await gate.wait()
            return False

        server.sio.on("connect", connect)
        wire = await server.wire(transport)
        await wire.send("40")
        await asked.wait()
        await server.sio.emit("secret", 1)
        gate.set()
        assert (await wire.text()).startswith("44")
        await server.sio.emit("secret", 2)
        await wire.send("40/nowhere,")
        assert (await wire.text()).startswith("44/nowhere,")


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_leaving_during_a_slow_connect_handler_leaves_no_ghost(transport: str) -> None:
    """A client that leaves while its connect handler runs is in no room afterwards, and its disconnect is told."""
    async with engine(handlers=False) as server:
        gate, asked = asyncio.Event(), asyncio.Event()
        told: list[str] = []

        async def connect(sid: str, _environ: dict[str, Any], _auth: Any) -> None:
            asked.set()
            await gate.wait()
            await server.sio.enter_room(sid, "tourists")

        async def disconnect(sid: str, _reason: str) -> None:
            told.append(sid)

        server.sio.on("connect", connect)
        server.sio.on("disconnect", disconnect)
        wire = await server.wire(transport)
        await wire.send("40")
        await asked.wait()
        if isinstance(wire, WebSocketWire):
            await wire.drop()
        else:
            await wire.send("1")
        await server.request_arrived()
        gate.set()
        await server.all_gone()
        assert len(told) <= 1


async def _stalled_websocket(server: Served) -> socket.socket:
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.settimeout(0)
    await loop.sock_connect(sock, (server.host, server.port))
    await loop.sock_sendall(
        sock,
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n".encode()
        + b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        + b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        + b"\x81\x82\x00\x00\x00\x0040",
    )
    await until(lambda: server.connected)
    return sock


async def test_websocket_that_stops_reading_is_cut_at_the_cap() -> None:
    """A peer that stops reading is cut when the cap is reached, with its reason, and frees everything at once."""
    async with engine(send_cap=200_000) as server:
        sock = await _stalled_websocket(server)
        sid = server.connected[0]
        sent = 0
        while not server.disconnected and sent < 50_000_000:
            await server.sio.emit("big", "x" * 10_000)
            sent += 10_000
            await asyncio.sleep(0)
        assert server.disconnected == [(sid, "slow")]
        await server.all_gone()
        sock.close()


async def test_polling_client_that_stops_polling_is_cut_at_the_cap() -> None:
    """A polling client that never fetches is cut at the same cap."""
    async with engine(send_cap=200_000) as server:
        wire = await server.polling()
        await wire.join()
        sent = 0
        while not server.disconnected and sent < 50_000_000:
            await server.sio.emit("big", "x" * 10_000)
            sent += 10_000
            await asyncio.sleep(0)
        assert [reason for _, reason in server.disconnected] == ["slow"]
        assert 150_000 < sent < 300_000


async def test_many_small_packets_are_cut_at_the_packets_cap() -> None:
    """Packets are counted as well as bytes: each costs memory, however small it is."""
    async with engine(send_packets_cap=100) as server:
        wire = await server.polling()
        await wire.join()
        for n in range(300):
            await server.sio.emit("n", n)
        await until(lambda: server.disconnected)
        assert [reason for _, reason in server.disconnected] == ["slow"]


async def test_slow_peer_does_not_hold_up_the_others() -> None:
    """While one peer stalls and is cut, the others get every event in order."""
    async with engine(send_cap=100_000) as server:
        sock = await _stalled_websocket(server)
        good = await server.websocket()
        await good.join()
        numbers: list[int] = []

        async def read() -> None:
            while len(numbers) < 1000:
                numbers.append((await good.events(1))[0][1])

        reading = asyncio.create_task(read())
        for n in range(1000):
            await server.sio.emit("n", (n, "x" * 8000))
            await asyncio.sleep(0)
            if n - len(numbers) >= 5:  # on a busy machine it would be slow as well
                await until(lambda: len(numbers) == n + 1 or reading.done(), "what was sent", lambda: len(numbers))  # noqa: B023 - awaited here
        await reading
        assert numbers == list(range(1000))
        await until(lambda: [reason for _, reason in server.disconnected] == ["slow"])
        sock.close()


async def test_reader_in_time_is_not_cut_by_a_burst_below_the_cap() -> None:
    """A burst below the cap reaches a peer that reads, whole."""
    async with engine(send_cap=1_000_000) as server:
        wire = await server.websocket()
        await wire.join()
        for n in range(80):
            await server.sio.emit("n", (n, "x" * 10_000))
        assert [event[1] for event in await wire.events(80)] == list(range(80))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_too_many_attachments_close_the_connection(transport: str) -> None:
    """A packet that announces more attachments than ``max_attachments`` closes before one of them is taken."""
    async with engine(max_attachments=3) as server:
        wire = await server.wire(transport)
        await wire.join()
        holes = ",".join(HOLE % n for n in range(4))
        with contextlib.suppress(Exception):
            await wire.send(f'454-["x",{holes}]')
        await wire.closed()
        await until(lambda: len(server.disconnected) == 1)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_as_many_attachments_as_allowed_arrive(transport: str) -> None:
    """Ten attachments, Node's limit and the default here, arrive."""
    async with engine() as server:
        got: list[Any] = []

        async def take(_sid: str, *things: bytes) -> None:
            got.extend(things)

        server.sio.on("take", take)
        wire = await server.wire(transport)
        await wire.join()
        holes = ",".join(HOLE % n for n in range(10))
        await wire.send(f'4510-["take",{holes}]', *[bytes([n]) for n in range(10)])
        await until(lambda: len(got) == 10)
        assert got == [bytes([n]) for n in range(10)]


async def test_attachments_are_bounded_by_bytes() -> None:
    """Attachments that together exceed ``max_attachment_bytes`` close the connection."""
    async with engine(max_attachment_bytes=1000) as server:
        got: list[Any] = []
        server.sio.on("x", lambda *args: got.append(args))
        wire = await server.websocket()
        await wire.join()
        await wire.send(f'453-["x",{HOLE % 0},{HOLE % 1},{HOLE % 2}]', b"a" * 400, b"b" * 400)
        with contextlib.suppress(ConnectionError):
            await wire.send(b"c" * 400)
        await wire.closed()
        await until(lambda: len(server.disconnected) == 1)
        assert got == []
