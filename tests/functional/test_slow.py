"""Peers that stop reading: cut at their cap, without a cost to anybody else, and whole again when they read."""

import asyncio
import contextlib
from collections.abc import Coroutine
from pathlib import Path

import aiohttp

from tests.support.recovering import CursorClient, PlainClient, StreamClient, client_of
from tests.support.servers import PUBLISH_KEY, SECRET, Program, lasting_token, program, seqs
from tests.support.unread import BODY, connected, never_reading, publish_batches, queued_for
from tests.support.waiting import coming, until, until_true

KINDS = ("cursor", "polling", "ws", "sse")
SLOW = ("cursor", "cursor", "polling", "ws", "sse")

# Of 10 kB each: many times what the buffers of a system and the cap, which is the default, hold together.
COUNT = 5_000
SEND_CAP = 1024 * 1024
ENV = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY, "SIO_SERVER_SEND_CAP": str(SEND_CAP)}

# The last message that a peer is sent before the next look at what waits for it.
LAST = len(BODY["message"]) + 1000


async def _most_queued_during(server: Program, user: str, work: Coroutine[None, None, None]) -> list[int]:
    """The most bytes that wait for any one connection of a user while something goes on, for all together, and last."""
    task = asyncio.create_task(work)
    one = together = 0
    found: list[int] = []
    async with aiohttp.ClientSession() as session:
        while not task.done():
            found = await coming(queued_for(session, server.url, user), "an answer", server.moves)
            one, together = max(one, *found, 0), max(together, sum(found))
    await task
    return [one, together, sum(found)]


async def arrived(client: CursorClient | PlainClient | StreamClient, count: int, server: Program) -> list[int]:
    """The positions of what a client got, once there are so many."""

    def moves() -> object:
        return client.moves(), server.moves()

    await until(lambda: len(client.notifications) >= count, f"{count} notifications", moves)
    return seqs(client.notifications)


async def test_peers_that_never_read_cost_nobody_anything(tmp_path: Path) -> None:
    """Five peers that never read hold five caps at most, are cut, and get all they missed when they read again."""
    bearer = lasting_token("123", "turista")
    got: dict[str, list[int]] = {}
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(program("--data-dir", str(tmp_path), env=ENV))
        well = [client_of(kind, server.url, lasting_token("456", "turista")) for kind in ("cursor", "ws", "sse")]
        for client in well:
            stack.push_async_callback(client.leave)
            await client.connect()
        for kind in SLOW:
            await never_reading(stack, kind, server.url, bearer)

        async def here(count: int) -> bool:
            return await connected(server.url) == count

        await until_true(lambda: here(len(SLOW) + len(well)), "everybody to be connected", server.moves)

        async def read(published: int) -> None:
            # They are this very process, which is no slow peer only because it is busy.
            for client in well:
                await arrived(client, published, server)

        one, together, _ = await _most_queued_during(server, "123", publish_batches(server.url, COUNT, read))
        others = [await arrived(client, COUNT, server) for client in well]
        await until_true(lambda: here(len(well)), "the five to be cut", server.moves)
        for kind in KINDS:
            again = client_of(kind, server.url, bearer)
            stack.push_async_callback(again.leave)
            await again.connect(f"{well[0].cursor.partition('-')[0]}-0")
            got[kind] = await arrived(again, COUNT, server)

    assert others == [list(range(1, COUNT + 1))] * len(well)
    assert got == {kind: list(range(1, COUNT + 1)) for kind in KINDS}
    assert 0 < one <= SEND_CAP + LAST
    assert together <= len(SLOW) * (SEND_CAP + LAST)
