"""Frames that RFC 6455 forbids, in every cut and size, and what a websocket handshake may ask for."""

import asyncio
import base64
import contextlib
import os
import socket
import struct
from typing import Any

import pytest

from sio_server.engine import Limits
from tests.support.engine_server import PATIENCE, Closed, Served, engine, until


def _count(server: Served) -> list[Any]:
    heard: list[Any] = []

    async def n(_sid: str, number: Any) -> Any:
        heard.append(number)
        return number

    server.sio.on("n", n)
    return heard


def _handshake(server: Served, extra: str = "") -> str:
    key = base64.b64encode(os.urandom(16)).decode()
    return (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n"
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        f"Sec-WebSocket-Key: {key}\r\n{extra}\r\n"
    )


def _frame(head: int, payload: bytes, *, mask: bytes | None = b"abcd", length: bytes | None = None) -> bytes:
    size = len(payload)
    flag = 0x80 if mask else 0
    short = bytes([flag | size]) if size < 126 else bytes([flag | 126]) + struct.pack(">H", size)
    if mask:
        payload = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
    return bytes([head]) + (length or short) + (mask or b"") + payload


BAD_FRAMES = {
    "no mask": _frame(0x81, b"40", mask=None),
    "reserved bit": _frame(0xC1, b"40"),
    "two reserved bits": _frame(0xB1, b"40"),
    "unknown opcode": _frame(0x83, b"40"),
    "unknown control opcode": _frame(0x8B, b""),
    "fragmented ping": _frame(0x09, b"x"),
    "long ping": _frame(0x89, b"x" * 126),
    "continuation of nothing": _frame(0x80, b"40"),
    "new message inside a message": _frame(0x01, b"4") + _frame(0x81, b"40"),
    "text that is no UTF-8": _frame(0x81, b"4\xff\xfe"),
    "close with one byte": _frame(0x88, b"x"),
    "close with a reserved code": _frame(0x88, struct.pack(">H", 1005)),
    "close with a code too low": _frame(0x88, struct.pack(">H", 999)),
    "close with a reason that is no UTF-8": _frame(0x88, struct.pack(">H", 1000) + b"\xff"),
    "length with the top bit": _frame(0x81, b"", length=b"\xff" + b"\xff" * 8),
    "length above the limit": _frame(0x81, b"", length=b"\xff" + struct.pack(">Q", 1 << 31)),
}


@pytest.mark.parametrize("joined", [False, True])
@pytest.mark.parametrize("bad", BAD_FRAMES.values(), ids=BAD_FRAMES.keys())
async def test_bad_websocket_frame_closes_the_connection(bad: bytes, joined: bool) -> None:  # noqa: FBT001
    """A frame that RFC 6455 forbids ends the connection, once, with no session left behind."""
    async with engine() as server:
        reader, writer = await server.raw(_handshake(server))
        await reader.readuntil(b"\r\n\r\n")
        if joined:
            writer.write(_frame(0x81, b"40"))
            await until(lambda: server.connected)
        writer.write(bad)
        received = b""
        async with asyncio.timeout(PATIENCE):
            while not reader.at_eof() and b"\x88" not in received:  # until it says Close, or hangs up
                received += await reader.read(1 << 20)
        writer.close()
        await server.all_gone()
        assert [sid for sid, _ in server.disconnected] == server.connected


async def test_fragmented_message_is_joined() -> None:
    """A message in several frames, with a ping in between, is one message; the ping is answered."""
    async with engine() as server:
        heard = _count(server)
        reader, writer = await server.raw(_handshake(server))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_frame(0x81, b"40"))
        writer.write(_frame(0x01, b'42["n"') + _frame(0x89, b"hi") + _frame(0x00, b",") + _frame(0x80, '"ñ"]'.encode()))
        await until(lambda: heard)
        assert heard == ["ñ"]
        received = await reader.read(1 << 16)
        while b"\x8a\x02hi" not in received:
            received += await reader.read(1 << 16)
        writer.close()


@pytest.mark.parametrize("sliced", [1, 7, 1000])
async def test_frames_may_arrive_in_any_pieces(sliced: int) -> None:
    """However TCP cuts the bytes, the same messages come out, those sent right behind the handshake included."""
    async with engine() as server:
        heard = _count(server)
        stream = _handshake(server).encode() + _frame(0x81, b"40")
        stream += b"".join(_frame(0x81, b'42["n","%s"]' % (b"%d" % n * 60)) for n in range(10))
        reader, writer = await server.raw(b"")
        for start in range(0, len(stream), sliced):
            writer.write(stream[start : start + sliced])
            await writer.drain()
            if sliced > 1 or start % 50 == 0:
                await asyncio.sleep(0)
        await until(lambda: len(heard) == 10)
        assert heard == [str(n) * 60 for n in range(10)]
        assert await reader.read(12) == b"HTTP/1.1 101"


@pytest.mark.parametrize("size", [125, 126, 127, 65535, 65536, 200_000])
async def test_lengths_of_every_class_arrive_whole(size: int) -> None:
    """Messages of each length class of RFC 6455 arrive whole, in both directions."""
    async with engine() as server:
        _count(server)
        wire = await server.websocket()
        await wire.join()
        text = "x" * (size - len('421["n",""]'))
        await wire.send(f'421["n","{text}"]')
        assert await wire.text() == f'431["{text}"]'


@pytest.mark.parametrize("transport", ["websocket", "upgrade"])
async def test_message_above_the_buffer_size_closes_the_websocket(transport: str) -> None:
    """A message larger than ``max_http_buffer_size`` ends the connection and reaches no handler."""
    async with engine(max_http_buffer_size=10_000) as server:
        heard = _count(server)
        wire = await server.wire(transport)
        await wire.join()
        await wire.send('42["n","%s"]' % ("x" * 20_000))
        await wire.closed()
        await until(lambda: len(server.disconnected) == 1)
        assert heard == []


async def test_deflate_is_not_negotiated_by_default() -> None:
    """permessage-deflate, which costs memory per connection and opens inflate bombs, is not accepted."""
    async with engine() as server:
        reader, writer = await server.raw(_handshake(server, "Sec-WebSocket-Extensions: permessage-deflate\r\n"))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 101")
        assert b"deflate" not in head.lower()
        writer.close()


async def test_both_ways_into_a_websocket_answer_alike() -> None:
    """A websocket GET gets the same answer whether its head comes in one piece or in a way that only aiohttp parses."""
    cases = {
        "good": "",
        "foreign origin": "Origin: http://evil.example\r\n",
        "null origin": "Origin: null\r\n",
    }
    async with engine() as server:
        for extra in cases.values():
            answers = []
            for pieces in (1, 3):
                reader, writer = await server.raw(b"")
                head = _handshake(server, extra).encode()
                step = len(head) // pieces + 1
                for start in range(0, len(head), step):
                    writer.write(head[start : start + step])
                    await writer.drain()
                    await server.request_arrived()
                answers.append((await reader.readline()).split()[1])
                writer.close()
            assert answers[0] == answers[1]
            assert (answers[0] == b"101") == (extra == "")


async def test_refused_websocket_leaves_no_session() -> None:
    """A websocket request that is refused has made no session."""
    async with engine() as server:
        reader, writer = await server.raw(_handshake(server, "Origin: http://evil.example\r\n"))
        assert b"101" not in await reader.readline()
        writer.close()
        with pytest.raises(Closed):
            await server.wire("polling", headers={"Origin": "http://evil.example"})
        server.wires.clear()
        assert not server.leftovers()


@pytest.mark.parametrize(
    "demand", [_frame(0x89, b"p" * 125), _frame(0x81, b"40/" + b"n" * 100 + b",")], ids=["pings", "unknown namespaces"]
)
async def test_peer_that_demands_answers_and_reads_none_is_cut(demand: bytes) -> None:
    """Answers to a peer that does not read them are bounded by the send cap like everything else."""
    async with engine(limits=Limits(send_cap=100_000, control_per_second=None)) as server:
        loop = asyncio.get_running_loop()
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            sock.settimeout(0)
            await loop.sock_connect(sock, (server.host, server.port))
            await loop.sock_sendall(sock, _handshake(server).encode() + _frame(0x81, b"40"))
            await until(lambda: server.connected)
            with contextlib.suppress(ConnectionError):  # the server hangs up in the middle of it
                async with asyncio.timeout(PATIENCE):
                    while not server.disconnected:
                        await loop.sock_sendall(sock, demand * 100)
            await until(lambda: server.disconnected)
        assert [reason for _, reason in server.disconnected] == ["slow"]


async def test_message_of_endless_fragments_is_ended() -> None:
    """Fragments without content cannot keep a message open for ever."""
    async with engine() as server:
        reader, writer = await server.raw(_handshake(server))
        await reader.readuntil(b"\r\n\r\n")
        writer.write(_frame(0x01, b"4"))
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(PATIENCE):
                while not reader.at_eof():
                    writer.write(_frame(0x00, b"x" * 1000) * 10)
                    await writer.drain()
                    await asyncio.sleep(0)
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(reader.read(65536), 0.001)
        await server.all_gone()
