"""Peers that join and read nothing from then on, and what a server says that it holds for them."""

from __future__ import annotations

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import orjson

from tests.support.servers import PUBLISH_KEY
from tests.support.waiting import coming

KEY = {"Authorization": f"Bearer {PUBLISH_KEY}"}
BATCH = 100
BODY = {"type": "tour_creado", "message": "x" * 10_000, "data": {}}


@contextlib.asynccontextmanager
async def unread(url: str, path: str, first: bytes | None) -> AsyncIterator[asyncio.StreamReader]:
    """A WebSocket that says ``first``, if anything, and then reads what its socket's buffers hold and no more."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    key = base64.b64encode(b"0123456789abcdef").decode()
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
    )
    assert b"101" in await coming(reader.readline(), "the handshake")
    if first is not None:
        assert 126 <= len(first) < 65_536
        writer.write(b"\x81" + bytes([0x80 | 126]) + len(first).to_bytes(2) + bytes(4) + first)
    try:
        yield reader
    finally:
        writer.transport.abort()


@contextlib.asynccontextmanager
async def unread_stream(url: str, bearer: str) -> AsyncIterator[None]:
    """A stream of events whose peer reads what its socket's buffers hold and no more."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port), limit=1024)
    writer.write(f"GET /v1/stream HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {bearer}\r\n\r\n".encode())
    assert b"200" in await coming(reader.readline(), "the answer")
    try:
        yield
    finally:
        writer.transport.abort()


async def unpolled(url: str, bearer: str) -> None:
    """A Socket.IO client on polling that joins and then never polls."""
    address = f"{url}/socket.io/?EIO=4&transport=polling"
    async with aiohttp.ClientSession() as session:
        async with session.get(address) as response:
            sid = orjson.loads((await response.text())[1:])["sid"]
        joining = b"40" + orjson.dumps({"token": bearer})
        async with session.post(f"{address}&sid={sid}", data=joining) as response:
            assert response.status == 200


async def never_reading(stack: contextlib.AsyncExitStack, kind: str, url: str, bearer: str) -> None:
    """A peer of a kind (`client_of` has them) that joins and reads nothing until the stack is left."""
    if kind == "sse":
        await stack.enter_async_context(unread_stream(url, bearer))
        return
    if kind == "polling":
        await unpolled(url, bearer)
        return
    path, first = f"/ws?token={bearer}", None
    if kind == "cursor":
        path, first = "/socket.io/?EIO=4&transport=websocket", b"40" + orjson.dumps({"token": bearer})
    await stack.enter_async_context(unread(url, path, first))


async def _at_once(_: int) -> None:
    """Wait for nobody."""


async def publish_batches(url: str, count: int, between: Callable[[int], Awaitable[None]] = _at_once) -> None:
    """Publish so many of 10 kB each; ``between`` is called after each batch, with how many were published by then."""
    async with aiohttp.ClientSession(headers=KEY) as session:
        for number in range(count // BATCH):
            async with session.post(
                f"{url}/v1/notifications/batch", json={"notifications": [BODY] * BATCH}
            ) as response:
                assert (await response.json())["accepted"] == BATCH
            await between((number + 1) * BATCH)


async def connected(url: str) -> int:
    """How many connections a server has."""
    async with aiohttp.ClientSession(headers=KEY) as session, session.get(f"{url}/v1/stats") as response:
        return int((await response.json())["connections"]["total"])


async def queued_for(session: aiohttp.ClientSession, url: str, user: str) -> list[int]:
    """The bytes that wait for each connection of a user, as the server counts them."""
    async with session.get(f"{url}/v1/users", headers=KEY) as response:
        users = (await response.json())["users"]
    return [one["queued_bytes"] for found in users if found["user"] == user for one in found["connections"]]
