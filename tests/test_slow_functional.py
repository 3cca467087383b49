"""Peers that stop reading: cut at their cap, without a cost to anybody else, and whole again when they read."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

import aiohttp
import orjson
import pytest

from tests.conftest import Node
from tests.recovering import CursorClient, PlainClient, recovering
from tests.support import PUBLISH_KEY, SECRET, program, seqs, token, until

SEND_CAP = 1024 * 1024
# What a connection costs beside what waits for it: its objects, and its rooms.
CONNECTION = 64 * 1024
SLOW = 5
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


async def _publish(url: str, count: int) -> None:
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


async def _connections(url: str) -> int:
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
    async with aiohttp.ClientSession() as session, session.get(f"{url}/v1/stats", headers=headers) as response:
        return int((await response.json())["connections"]["total"])


@pytest.mark.timeout(170)
@pytest.mark.parametrize("kind", ["cursor", "ws"])
async def test_peers_that_never_read_cost_nobody_anything(kind: str, node: Node, tmp_path: Path) -> None:
    """Five peers that never read hold five caps at most, are cut, and get all they missed when they read again."""
    bearer = token("123", "turista")
    path, first = f"/ws?token={bearer}", None
    if kind == "cursor":
        path, first = "/socket.io/?EIO=4&transport=websocket", b"40" + orjson.dumps({"token": bearer})
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(program("--data-dir", str(tmp_path), env=ENV))
        well = await stack.enter_async_context(recovering(kind, server.url, token("456", "turista"), node))
        # The memory of recent ones is full by then; what publishing itself takes is in the figure, too.
        before = await _largest_during(server.process.pid, _publish(server.url, 2_000))
        await until(lambda: len(well.notifications) == 2_000, "the first ones")
        for _ in range(SLOW):
            await stack.enter_async_context(unread(server.url, path, first))
        while await _connections(server.url) < SLOW + 1:  # noqa: ASYNC110 - it is another process that is waited for
            await asyncio.sleep(0.02)
        largest = await _largest_during(server.process.pid, _publish(server.url, COUNT))
        await until(lambda: len(well.notifications) == 2_000 + COUNT, "all that the others get")
        assert await _connections(server.url) == 1, "the five are cut"
        again = await stack.enter_async_context(recovering(kind, server.url, bearer, node))
        assert isinstance(again, CursorClient | PlainClient)
        await again.cut()
        await again.connect(f"{again.cursor.partition('-')[0]}-2000")
        await until(lambda: len(again.notifications) == COUNT, "all that was missed")

    assert seqs(well.notifications) == list(range(1, 2_001 + COUNT))
    assert seqs(again.notifications) == list(range(2_001, 2_001 + COUNT))
    assert largest - before <= SLOW * (SEND_CAP + CONNECTION)
