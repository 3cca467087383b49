"""The outbox in a real MongoDB, a replica set: collected where MONGODB_URL names one, and not at all elsewhere."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import os
import random
import signal
import sys
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
from pymongo import AsyncMongoClient

from sio_server.client import Failure
from sio_server.client.outbox import MongoOutbox
from tests.support.chance import again, seed
from tests.support.outboxes import Refused
from tests.support.servers import ROOT, Listener, Server, environment
from tests.support.waiting import PATIENCE, coming, until, work_of

MONGODB_URL = os.environ.get("MONGODB_URL", "")
NOBODY = "http://127.0.0.1:1"

Client = AsyncMongoClient[dict[str, Any]]

BACKEND = """
import asyncio, os, sys
from pymongo import AsyncMongoClient
from sio_server.client.outbox import MongoOutbox
database, name, url, tour = sys.argv[1:5]
async def main():
    client = AsyncMongoClient(database)
    outbox = MongoOutbox(client[name])
    os.write(1, b"ready\\n")
    async with outbox.relay(url, poll=0.02, takeover=0.3):
        for number in range(1_000_000):
            async with client.start_session() as session:
                await session.start_transaction()
                said = f"{number}" if number % 3 else f"rolled back {number}"
                await outbox.using(session).notificar_tour_actualizado(tour_id=tour, nombre=said)
                if number % 3:
                    await session.commit_transaction()
                    os.write(1, b"%d\\n" % number)
                else:
                    await session.abort_transaction()
asyncio.run(main())
"""


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client of the replica set."""
    opened: Client = AsyncMongoClient(MONGODB_URL)
    yield opened
    await opened.close()


@pytest.fixture
async def outbox(client: Client) -> AsyncIterator[MongoOutbox]:
    """An outbox in an empty database, which is dropped at the end."""
    database = client[f"sio_test_{uuid4().hex}"]
    made = MongoOutbox(database)
    await made.create()
    yield made
    await client.drop_database(database.name)


def told(admin: Listener, about: str = "t") -> list[str]:
    """Return what was said about a tour, in the order in which it came."""
    return [e["data"]["nombre"] for e in admin.notifications if e["data"].get("tour_id") == about]


async def write(client: Client, outbox: MongoOutbox, *names: str, tour: str = "t", refuse: bool = False) -> None:
    """Add events in one transaction, which is committed, or given up at its end."""
    async with client.start_session() as session:
        with contextlib.suppress(Refused):
            async with await session.start_transaction():
                for name in names:
                    await outbox.using(session).notificar_tour_actualizado(tour_id=tour, nombre=name)
                if refuse:
                    raise Refused


async def test_what_is_committed_is_published_once(server: Server, client: Client, outbox: MongoOutbox) -> None:
    """In order, and what was aborted never; the collection is empty afterwards."""
    admin = await server.connect({"role": "admin"})
    names = [str(number) for number in range(150)]
    async with outbox.relay(server.url, poll=0.02) as relay:
        await write(client, outbox, *names[:100])
        await write(client, outbox, "never", refuse=True)
        for name in names[100:]:
            await write(client, outbox, name)
        assert await relay.aflush(PATIENCE)
    await until(lambda: len(told(admin)) == 150, "all of them", admin.moves)
    assert told(admin) == names
    assert await outbox.collection.count_documents({}) == 0
    assert server.core.operators.stats()["publishes"] == {"accepted": 150, "duplicates": 0}


async def test_each_event_has_a_time_of_the_server(client: Client, outbox: MongoOutbox) -> None:
    """No two of them are the same, and they grow with the order in which events were added."""
    await write(client, outbox, *map(str, range(20)))
    times = [document["at"] async for document in outbox.collection.find(sort=[("_id", 1)])]
    assert times == sorted(times)
    assert len(set(times)) == 20
    assert all(at.time for at in times)


async def test_what_the_server_refuses_is_kept_with_the_reason(
    server: Server, client: Client, outbox: MongoOutbox
) -> None:
    """It is marked and told of, and holds up nobody."""
    failures: list[Failure] = []
    async with client.start_session() as session, await session.start_transaction():
        await outbox.add("of_no_catalogue", session=session)
    await write(client, outbox, "0")
    admin = await server.connect({"role": "admin"})
    async with outbox.relay(server.url, on_failure=failures.append) as relay:
        assert await relay.aflush(PATIENCE)
    await until(lambda: told(admin) == ["0"], "the other", admin.moves)
    [document] = [found async for found in outbox.collection.find()]
    assert (document["code"], [failure.code for failure in failures]) == ("unknown_type", ["unknown_type"])


async def test_one_relay_sends_and_another_takes_over(server: Server, client: Client, outbox: MongoOutbox) -> None:
    """While one lives the other leaves it to that one."""
    admin = await server.connect({"role": "admin"})
    async with outbox.relay(server.url, poll=0.02, takeover=60) as second:
        async with outbox.relay(server.url, poll=0.02, takeover=60) as first:
            for number in range(10):
                await write(client, outbox, str(number))
            await until(lambda: len(told(admin)) == 10, "all of them", admin.moves)
            assert [first.stats()["leading"], second.stats()["leading"]].count(True) == 1
        await write(client, outbox, "10")
        await until(lambda: len(told(admin)) == 11, "the next", admin.moves)
    assert server.core.operators.stats()["publishes"] == {"accepted": 11, "duplicates": 0}


async def test_a_backend_that_is_killed(server: Server, client: Client, outbox: MongoOutbox) -> None:
    """What it had committed arrives once, in order; the rest never."""
    admin = await server.connect({"role": "admin"})
    drawn = seed()
    draw = random.Random(drawn)  # noqa: S311 - a test draws
    said: dict[str, int] = {}
    for number in range(int(os.environ.get("SIO_TEST_KILLS", "2"))):
        tour = f"t{number}"
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", BACKEND),
            *(MONGODB_URL, outbox.collection.database.name, server.url, tour),
            cwd=ROOT,
            env=environment(),
            stdout=asyncio.subprocess.PIPE,
        )
        assert process.stdout is not None
        for _ in range(draw.randint(2, 60)):
            await coming(process.stdout.readline(), "a line", work_of(process))
            said[tour] = said.get(tour, -1) + 1
        process.send_signal(signal.SIGKILL)
        rest, _ = await process.communicate()
        said[tour] += rest.count(b"\n")
    async with outbox.relay(server.url, poll=0.02) as relay:
        assert await relay.aflush(PATIENCE)
    for tour, count in said.items():
        numbers = [str(number) for number in range(count * 2 + 3) if number % 3]
        await until(functools.partial(_least, admin, tour, count), "all of them", admin.moves)
        # One more where the kill came between the commit and the word of it.
        assert told(admin, tour) in (numbers[:count], numbers[: count + 1]), (tour, again(drawn))


def _least(admin: Listener, tour: str, count: int) -> bool:
    return len(told(admin, tour)) >= count
