"""Clients that were away: what they missed comes first, in order and once, whatever goes on meanwhile."""

import asyncio
import contextlib
import itertools
import random
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sio_server.broker.sqlite import SqliteBroker
from tests.conftest import Node
from tests.support.chance import again, seed
from tests.support.inbox_model import Clock
from tests.support.recovering import CursorClient, PlainClient, StockClient, StreamClient, recovering
from tests.support.servers import PUBLISH_KEY, SECRET, Server, lasting_token, program, running, secured, seqs, token
from tests.support.waiting import until

KINDS = ("cursor", "ws", "sse", "stock")
KILLS = 20
BODY = {"type": "tour_creado", "data": {"nombre": "Lima"}}


@contextlib.asynccontextmanager
async def publishing(server: Server, body: Mapping[str, Any] = BODY) -> AsyncIterator[list[int]]:
    """Publish without a pause; gives the list of positions that were answered so far."""
    answered: list[int] = []

    async def publish() -> None:
        while True:
            _, reply = await server.notify(body)
            answered.append(reply["seq"])

    task = asyncio.create_task(publish())
    try:
        yield answered
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.mark.parametrize("kind", KINDS)
async def test_client_that_was_away_gets_all_it_missed_while_publishing_goes_on(kind: str, node: Node) -> None:
    """A client that was off for 500 notifications comes back to all of them in order and once, in the midst of more."""
    async with running(secured()) as server, recovering(kind, server.url, token("123", "turista"), node) as client:
        for _ in range(3):
            await server.notify(BODY)
        await until(lambda: len(client.notifications) == 3)
        await client.cut()
        async with publishing(server) as answered:
            await until(lambda: len(answered) >= 500, "500 publishes", lambda: len(answered))
            await client.back()
            reached = len(answered) + 100
            await until(lambda: len(answered) >= reached, "100 more publishes", lambda: len(answered))
        last = answered[-1]
        await until(lambda: client.notifications[-1]["seq"] >= last, "the last one", client.moves)

        assert seqs(client.notifications)[:last] == list(range(1, last + 1))
        replayed = [envelope["replayed"] for envelope in client.notifications]
        assert replayed[:3] == [False] * 3
        assert sum(replayed) >= 500
        assert not any(replayed[3 + sum(replayed) :]), "live ones come after all replayed ones"


@pytest.mark.parametrize("kind", KINDS)
async def test_one_that_got_nothing_before_the_cut_recovers_too(kind: str, node: Node) -> None:
    """The greeting alone is enough to come back to: no event has to have come before."""
    async with running(secured()) as server, recovering(kind, server.url, token("123", "turista"), node) as client:
        await client.cut()
        await server.notify(BODY)
        await client.back()
        await until(lambda: client.notifications)

        assert seqs(client.notifications) == [1]


@pytest.mark.parametrize("kind", KINDS)
async def test_recovery_works_again_and_again(kind: str, node: Node) -> None:
    """Ten cuts with a notification in each lose nothing and repeat nothing."""
    async with running(secured()) as server, recovering(kind, server.url, token("123", "turista"), node) as client:
        for _ in range(10):
            await client.cut()
            await server.notify(BODY)
            await client.back()
        await until(lambda: len(client.notifications) >= 10)

        assert seqs(client.notifications) == list(range(1, 11))
        if isinstance(client, StockClient):
            assert [line["recovered"] for line in client.connects] == [False] + [True] * 10
            assert len({line["connect"] for line in client.connects}) == 1, "the same sid"


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_room_got_before_one_could_see_it_stays_unseen(kind: str, node: Node) -> None:
    """Whoever becomes an administrator while away is not replayed what administrators got before."""
    async with running(secured()) as server, recovering(kind, server.url, token("123", "turista"), node) as client:
        await client.cut()
        await server.notify({"type": "guia_creado"})
        if isinstance(client, StockClient):
            await client.leave()
            async with recovering("cursor", server.url, token("123", "admin"), node) as again:
                assert isinstance(again, CursorClient)
                await again.cut()
                await again.connect(client.cursor)
                await server.notify({"type": "guia_creado"})
                await until(lambda: again.notifications)
                assert seqs(again.notifications) == [2]
            return
        client._auth = client._query = {"token": token("123", "admin")}  # type: ignore[union-attr]
        await client.back()
        await server.notify({"type": "guia_creado"})
        await until(lambda: client.notifications)

        assert seqs(client.notifications) == [2]


@pytest.mark.parametrize("cursor", ["", "nonsense", "abcdef0123-5", "future", "-1", "0-0", "9" * 60])
async def test_cursor_that_is_worth_nothing_is_not_recovered(cursor: str, node: Node) -> None:
    """A malformed cursor, one of another log or of the future is answered with recovered false, and life goes on."""
    async with running(secured()) as server, recovering("cursor", server.url, token("123", "turista"), node) as client:
        await server.notify(BODY)
        await until(lambda: client.notifications)
        await client.cut()
        await server.notify(BODY)
        if cursor == "future":
            cursor = f"{client.cursor.partition('-')[0]}-99"
        assert isinstance(client, CursorClient)
        await client.connect(cursor)
        await server.notify(BODY)
        await until(lambda: len(client.notifications) == 2)

        assert client.of("ns:sync")[-1]["recovered"] is False
        assert client.of("ns:hello")[-1]["recovered"] is False
        assert seqs(client.notifications) == [1, 3]


async def test_notification_that_expired_meanwhile_is_not_replayed(node: Node) -> None:
    """What is of no more use when a client comes back is left out."""
    clock = Clock(time.time())
    async with (
        running(secured(), broker=SqliteBroker(None, now=clock)) as server,
        recovering("cursor", server.url, token("123", "turista"), node) as client,
    ):
        await client.cut()
        await server.notify({**BODY, "ttl": 1})
        await server.notify(BODY)
        clock.seconds = time.time() + 2
        await client.back()

        assert seqs(client.notifications) == [2]


async def test_volatile_notification_is_for_those_who_are_there(node: Node) -> None:
    """Without persist a notification reaches who is connected and is never replayed."""
    async with running(secured()) as server, recovering("cursor", server.url, token("123", "turista"), node) as client:
        await server.notify({**BODY, "persist": False, "message": "seen"})
        await until(lambda: client.notifications)
        await client.cut()
        await server.notify({**BODY, "persist": False, "message": "missed"})
        await client.back()
        await server.notify(BODY)
        await until(lambda: len(client.notifications) == 2)

        assert client.notifications[0]["message"] == "seen"
        assert client.of("ns:sync")[-1]["replayed"] == 0


async def test_one_private_id_never_gives_two_connections(node: Node) -> None:
    """A link that still looks alive is ended when its client comes back, and nobody gets an event twice."""
    async with running(secured()) as server, recovering("stock", server.url, token("123", "turista"), node) as client:
        assert isinstance(client, StockClient)
        for _ in range(3):
            await client.cut()
            await client.back()
        await until(lambda: server.core.operators.stats()["connections"]["total"] == 1, "one connection")
        await server.notify(BODY)
        await until(lambda: client.notifications)

        assert seqs(client.notifications) == [1]


async def test_leaving_on_purpose_ends_recovery(node: Node) -> None:
    """After a disconnect by the client a new connection begins anew."""
    async with running(secured()) as server, recovering("stock", server.url, token("123", "turista"), node) as client:
        assert isinstance(client, StockClient)
        await client.order("leave")
        await until(lambda: not server.core.operators.stats()["connections"]["total"])
        await server.notify(BODY)
        await client.back()

        assert [line["recovered"] for line in client.connects] == [False, False]
        assert client.notifications == []


async def test_client_that_did_not_ask_gets_no_extra_argument() -> None:
    """python-socketio's handlers of one argument keep working: only who asks is sent an offset."""
    async with running(secured()) as server:
        listener = await server.connect({"token": token("123", "turista")})
        got: list[tuple[Any, ...]] = []
        listener.client.on("tour_creado", lambda *arguments: got.append(arguments))
        await server.notify(BODY)
        await until(lambda: got)

        assert len(got[0]) == 1


async def test_nothing_answered_is_lost_by_twenty_kills(node: Node, tmp_path: Path) -> None:
    """Killed at twenty random moments, half of them while clients come back, a server loses nothing it answered 200."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    drawn = seed()
    print(again(drawn))  # noqa: T201 - shown where the test fails
    chance = random.Random(drawn)  # noqa: S311 - it chooses when to kill
    answered: list[int] = []
    async with contextlib.AsyncExitStack() as stack:
        clients: list[CursorClient | PlainClient | StreamClient | StockClient] = []
        port = 0
        for number in range(KILLS):
            async with program("--data-dir", str(tmp_path), "--port", str(port), env=env) as server:
                port = int(server.url.rpartition(":")[2])
                if not clients:
                    made = (recovering(kind, server.url, lasting_token("123", "turista"), node) for kind in KINDS)
                    clients = [await stack.enter_async_context(client) for client in made]
                publishers = [asyncio.create_task(_publish(server.url, answered)) for _ in range(4)]
                coming = [asyncio.create_task(client.back()) for client in clients if number]
                if number % 2:
                    await asyncio.gather(*coming)
                await asyncio.sleep(chance.uniform(0.0, 0.25))
                await server.stop(signal.SIGKILL)
                await asyncio.gather(*publishers)
                await given_up(coming)
                for client in clients:
                    await until(client.is_cut, "the loss of the link", client.moves)
        async with program("--data-dir", str(tmp_path), "--port", str(port), env=env) as server:
            await asyncio.gather(*(client.back() for client in clients))
            await _publish(server.url, answered, count=1)
            got = [await all_up_to(client, answered[-1]) for client in clients]

    for kind, positions in zip(KINDS, got, strict=True):
        steps = [pair for pair in itertools.pairwise([0, *positions]) if pair[1] != pair[0] + 1]
        assert (kind, steps) == (kind, []), "everything in order and once"
    assert len(set(answered)) == len(answered) > KILLS, "no position was given twice"


async def given_up(coming: Sequence[asyncio.Task[None]]) -> None:
    """End what waits for a server that is gone."""
    for task in coming:
        task.cancel()
    await asyncio.gather(*coming, return_exceptions=True)


async def all_up_to(client: CursorClient | PlainClient | StreamClient | StockClient, last: int) -> list[int]:
    """The positions that a client got, once the last one is there."""
    await until(lambda: client.notifications and client.notifications[-1]["seq"] >= last, "the last one", client.moves)
    return seqs(client.notifications)


async def _publish(url: str, answered: list[int], count: int | None = None) -> None:
    """Publish so often, or until the server is gone; what it did not answer may be lost or not."""
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        try:
            for _ in itertools.count() if count is None else range(count):
                async with session.post(f"{url}/notify", json=BODY) as response:
                    if response.status == 200:
                        answered.append((await response.json())["seq"])
        except (aiohttp.ClientError, ConnectionError):
            return


async def test_stock_client_that_is_far_behind_is_brought_up_to_date_at_its_own_pace(node: Node) -> None:
    """What is too much to give back in one piece comes all the same, on a new session."""
    async with running(secured()) as server, recovering("stock", server.url, token("123", "turista"), node) as client:
        assert isinstance(client, StockClient)
        await client.cut()
        batch = {"notifications": [{**BODY, "message": "x" * 3000}] * 300}
        headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
        async with server.http.post(f"{server.url}/v1/notifications/batch", json=batch, headers=headers) as response:
            assert (await response.json())["accepted"] == 300
        await client.back()
        await until(lambda: len(client.notifications) >= 300, "300 notifications", client.moves)

        assert [line["recovered"] for line in client.connects] == [False, False]
        assert seqs(client.notifications) == list(range(1, 301))
