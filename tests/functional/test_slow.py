"""Peers that stop reading: cut at their cap, without a cost to anybody else, and whole again when they read."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.support.recovering import CursorClient, PlainClient, client_of
from tests.support.servers import PUBLISH_KEY, SECRET, program, seqs, token

# Four times the default: what the allocator and SQLite's cache take now and then, up to 2 MiB with no slow peer at all,
# is little beside five of these.
SEND_CAP = 4 * 1024 * 1024
KINDS = ("cursor", "polling", "ws")
SLOW = ("cursor", "cursor", "polling", "ws", "ws")
COUNT = 10_000
BATCH = 100
BODY = {"type": "tour_creado", "message": "x" * 10_000, "data": {}}
ENV = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY, "SIO_SERVER_SEND_CAP": str(SEND_CAP)}


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
    assert b"101" in await reader.readline()
    if first is not None:
        assert 126 <= len(first) < 65_536
        writer.write(b"\x81" + bytes([0x80 | 126]) + len(first).to_bytes(2) + bytes(4) + first)
    try:
        yield reader
    finally:
        writer.transport.abort()


def resident(pid: int) -> int:
    """Resident memory of a process in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


async def publish_batches(url: str, count: int) -> None:
    """Publish so many of 10 kB each."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {PUBLISH_KEY}"}) as session:
        for _ in range(count // BATCH):
            async with session.post(
                f"{url}/v1/notifications/batch", json={"notifications": [BODY] * BATCH}
            ) as response:
                assert (await response.json())["accepted"] == BATCH


async def _largest_during(pid: int, work: Coroutine[None, None, None]) -> int:
    """The most memory that a process takes while something goes on, in bytes."""
    task = asyncio.create_task(work)
    largest = 0
    while not task.done():
        largest = max(largest, resident(pid))
        await asyncio.sleep(0.01)
    await task
    return largest


async def connected(url: str) -> int:
    """How many connections a server has."""
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
    async with aiohttp.ClientSession() as session, session.get(f"{url}/v1/stats", headers=headers) as response:
        return int((await response.json())["connections"]["total"])


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
    """A peer of a kind that joins and reads nothing from then on."""
    if kind == "polling":
        await unpolled(url, bearer)
        return
    path, first = f"/ws?token={bearer}", None
    if kind == "cursor":
        path, first = "/socket.io/?EIO=4&transport=websocket", b"40" + orjson.dumps({"token": bearer})
    await stack.enter_async_context(unread(url, path, first))


async def arrived(client: CursorClient | PlainClient, count: int) -> list[int]:
    """The positions of what a client got, once there are so many; 100 MB take their time on a busy machine."""
    async with asyncio.timeout(60):
        while len(client.notifications) < count:  # noqa: ASYNC110 - clients of several libraries, none of which tells
            await asyncio.sleep(0.05)
    return seqs(client.notifications)


@pytest.mark.timeout(170)
async def test_peers_that_never_read_cost_nobody_anything(tmp_path: Path) -> None:
    """Five peers that never read hold five caps at most, are cut, and get all they missed when they read again."""
    bearer = token("123", "turista")
    got: dict[str, list[int]] = {}
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(program("--data-dir", str(tmp_path), env=ENV))
        well = [client_of(kind, server.url, token("456", "turista")) for kind in ("cursor", "ws")]
        for client in well:
            stack.push_async_callback(client.leave)
            await client.connect()
        # The memory of recent ones is full by then; what publishing itself takes is in the figure, too.
        before = await _largest_during(server.process.pid, publish_batches(server.url, 2_000))
        for kind in SLOW:
            await never_reading(stack, kind, server.url, bearer)
        while await connected(server.url) < len(SLOW) + len(well):  # noqa: ASYNC110 - of another process
            await asyncio.sleep(0.02)
        largest = await _largest_during(server.process.pid, publish_batches(server.url, COUNT))
        others = [await arrived(client, 2_000 + COUNT) for client in well]
        assert await connected(server.url) == len(well), "the five are cut"
        for kind in KINDS:
            again = client_of(kind, server.url, bearer)
            stack.push_async_callback(again.leave)
            await again.connect(f"{well[0].cursor.partition('-')[0]}-2000")
            got[kind] = await arrived(again, COUNT)

    assert others == [list(range(1, 2_001 + COUNT))] * len(well)
    assert got == {kind: list(range(2_001, 2_001 + COUNT)) for kind in KINDS}
    assert largest - before <= len(SLOW) * SEND_CAP
