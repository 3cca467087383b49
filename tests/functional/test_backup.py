"""A backup that is made while publishes pour in, put back, and what its clients are told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.support.commands import Done, run
from tests.support.logs import seqs_in
from tests.support.recovering import CursorClient
from tests.support.servers import SECRET, Program, program, seqs, token

# Publishers at once. Each waits for its answer before it sends the next, so that the machine says how many a second.
PUBLISHERS = 16

KEY = "a-publisher-key-of-the-backups-long-as-well"
PRODUCTION = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": KEY}
BODY = {"type": "tour_creado", "data": {"nombre": "Lima"}, "message": "x" * 400}


@asynccontextmanager
async def pouring(url: str, statuses: list[int], answered: list[int]) -> AsyncIterator[None]:
    """Publish without a pause; ``answered`` are the positions in the order of the answers."""
    done = False

    async def publish(http: aiohttp.ClientSession) -> None:
        while not done:
            async with http.post(f"{url}/notify", json=BODY) as reply:
                body = await reply.json(content_type=None)
            statuses.append(reply.status)
            answered.append(body.get("seq", 0))

    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as http:
        tasks = [asyncio.create_task(publish(http)) for _ in range(PUBLISHERS)]
        yield
        done = True
        await asyncio.gather(*tasks)


@asynccontextmanager
async def serving(data: Path) -> AsyncIterator[Program]:
    """A server on a data directory."""
    async with program("--data-dir", str(data), env=PRODUCTION) as server:
        yield server


async def inbox(url: str) -> list[int]:
    """The positions on the first page of ana's inbox."""
    headers = {"Authorization": f"Bearer {token('ana', 'turista')}"}
    async with aiohttp.ClientSession(headers=headers) as http, http.get(f"{url}/v1/inbox?limit=100") as reply:
        assert reply.status == 200
        return seqs((await reply.json())["items"])


async def test_backup_under_load_has_all_that_was_answered(tmp_path: Path) -> None:
    """Each publish that was answered before the call is in the copy, none fails meanwhile, and clients are told right.

    A cursor from before the backup and one from after it are both refused by the restored log, though it has grown past
    them; whoever refetches the inbox has what the log has, and recovers from there as ever.
    """
    data, new = tmp_path / "data", tmp_path / "new"
    statuses: list[int] = []
    answered: list[int] = []
    async with serving(data) as server:
        early = CursorClient(server.url, {"token": token("ana", "turista")})
        await early.connect()
        cursors = [early.cursor]
        async with pouring(server.url, statuses, answered):
            while len(answered) < 20 * PUBLISHERS:  # noqa: ASYNC110 - it goes on by itself
                await asyncio.sleep(0)
            before = list(answered)
            made: Done = await run("backup", "backup", "--data-dir", str(data), cwd=tmp_path)
            assert made.code == 0, made
            meanwhile = len(answered) - len(before)
        cursors.append(f"{early.cursor.rpartition('-')[0]}-{max(answered)}")
        await early.leave()
    assert set(statuses) == {200}
    assert meanwhile > 0

    assert (await run("restore", "backup", "--data-dir", str(new), cwd=tmp_path)).code == 0
    copied = await asyncio.to_thread(seqs_in, new)
    assert set(before) <= set(copied)
    assert copied == list(range(1, len(copied) + 1))

    async with serving(new) as server, aiohttp.ClientSession(headers={"Authorization": f"Bearer {KEY}"}) as http:
        while (last := await _publish(http, server.url)) <= max(answered):
            pass
        for cursor in cursors:
            client = CursorClient(server.url, {"token": token("ana", "turista")})
            await client.connect(cursor)
            assert [sync["recovered"] for sync in client.of("ns:sync")] == [False]
            assert client.notifications == []
            await client.leave()
        assert (await inbox(server.url))[0] == last
        client = CursorClient(server.url, {"token": token("ana", "turista")})
        await client.connect()
        await client.cut()
        missed = await _publish(http, server.url)
        await client.back()
        assert client.of("ns:sync")[-1]["recovered"] is True
        assert seqs(client.notifications) == [missed]
        await client.leave()


async def _publish(http: aiohttp.ClientSession, url: str) -> int:
    async with http.post(f"{url}/notify", json=BODY) as reply:
        body: dict[str, Any] = await reply.json()
        return int(body["seq"])
