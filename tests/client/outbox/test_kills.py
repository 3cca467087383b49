"""Killed at any moment, a backend and a relay lose nothing of what was committed, and send nothing twice."""

from __future__ import annotations

import os
import random
import signal

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from tests.support.chance import again, seed
from tests.support.commands import line_of, script
from tests.support.outboxes import Place
from tests.support.servers import Listener, Server
from tests.support.waiting import PATIENCE, until

# A backend with an outbox that it relays itself: each transaction has two events, every third is rolled back, and each
# number is said once its commit has returned.
BACKEND = """
import os, sys
import sqlalchemy as sa
from sqlalchemy import orm
from sio_server.client.outbox import SqlOutbox
database, url, tour = sys.argv[1:4]
engine = sa.create_engine(database)
outbox = SqlOutbox()
outbox.create(engine)
os.write(1, b"ready\\n")
with outbox.relay(engine, url, poll=0.02, takeover=0.3):
    for number in range(1_000_000):
        with orm.Session(engine) as session:
            said = f"{number}" if number % 3 else f"rolled back {number}"
            outbox.using(session).notificar_tour_actualizado(tour_id=tour, nombre=said)
            session.flush()
            outbox.using(session).notificar_tour_actualizado(tour_id=tour, nombre=said + " again")
            if number % 3:
                session.commit()
                os.write(1, b"%d\\n" % number)
"""

# The same with asyncio.
ASYNCHRONOUS = """
import asyncio, os, sys
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sio_server.client.outbox import SqlOutbox
database, url, tour = sys.argv[1:4]
outbox = SqlOutbox()
async def main():
    engine = create_async_engine(database)
    async with engine.begin() as connection:
        await connection.run_sync(outbox.create)
    os.write(1, b"ready\\n")
    async with outbox.relay(engine, url, poll=0.02, takeover=0.3):
        for number in range(1_000_000):
            async with AsyncSession(engine) as session:
                said = f"{number}" if number % 3 else f"rolled back {number}"
                outbox.using(session).notificar_tour_actualizado(tour_id=tour, nombre=said)
                outbox.using(session).notificar_tour_actualizado(tour_id=tour, nombre=said + " again")
                if number % 3:
                    await session.commit()
                    os.write(1, b"%d\\n" % number)
asyncio.run(main())
"""

# A relay of its own.
RELAY = """
import os, sys, time
import sqlalchemy as sa
from sio_server.client.outbox import SqlOutbox
database, url = sys.argv[1:3]
with SqlOutbox().relay(sa.create_engine(database), url, poll=0.01, takeover=0.3):
    os.write(1, b"ready\\n")
    time.sleep(1_000_000)
"""

KINDS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg", "asyncio": "postgresql+asyncpg"}


def told(admin: Listener, tour: str) -> list[str]:
    """Return what was said about a tour, in the order in which it came."""
    return [e["data"]["nombre"] for e in admin.notifications if e["data"].get("tour_id") == tour]


def expected(count: int) -> list[str]:
    """Return what is said about a tour by so many transactions that were committed."""
    numbers = [number for number in range(count * 2) if number % 3][:count]
    return [said for number in numbers for said in (f"{number}", f"{number} again")]


def url_of(place: Place) -> str:
    """Return the address of a database, with all that is in it."""
    engine = place.engine.sync_engine if isinstance(place.engine, AsyncEngine) else place.engine
    return engine.url.render_as_string(hide_password=False)


@pytest.mark.parametrize("place", KINDS.values(), ids=KINDS, indirect=True)
async def test_a_backend_that_is_killed(server: Server, place: Place) -> None:
    """What it had committed arrives once, in order, both events of each transaction or none; the rest never."""
    admin = await server.connect({"role": "admin"})
    drawn = seed()
    draw = random.Random(drawn)  # noqa: S311 - a test draws
    code = ASYNCHRONOUS if isinstance(place.engine, AsyncEngine) else BACKEND
    said: dict[str, int] = {}
    for number in range(int(os.environ.get("SIO_TEST_KILLS", "2"))):
        tour = f"t{number}"
        async with script(code, url_of(place), server.url, tour) as process:
            assert await line_of(process) == "ready"
            said[tour] = 0
            for _ in range(draw.randint(1, 60)):
                await line_of(process)
                said[tour] += 1
            process.send_signal(signal.SIGKILL)
            rest, _ = await process.communicate()
            said[tour] += rest.count(b"\n")
    async with place.relay(server, poll=0.02) as relay:
        assert await relay.aflush(PATIENCE)
        await relay.aclose(0)
    await settled(admin, place)
    for tour, count in said.items():
        # One more where the kill came between the commit and the word of it.
        assert told(admin, tour) in (expected(count), expected(count + 1)), (tour, again(drawn))
    assert server.core.operators.stats()["publishes"]["accepted"] == len(admin.notifications) + 1


@pytest.mark.parametrize(
    "place", ["sqlite+pysqlite", "postgresql+psycopg"], ids=["sqlite", "postgresql"], indirect=True
)
async def test_a_relay_that_is_killed(server: Server, place: Place) -> None:
    """Whenever it ends, the next one goes on where it was: each event arrives once, in order."""
    admin = await server.connect({"role": "admin"})
    drawn = seed()
    draw = random.Random(drawn)  # noqa: S311 - a test draws
    kills = int(os.environ.get("SIO_TEST_KILLS", "2"))
    total = 150 * (kills + 1)

    def work(number: int) -> object:
        return lambda session: place.outbox.using(session).notificar_tour_actualizado(tour_id="t", nombre=str(number))

    def all_of_them(session: object) -> None:
        for number in range(total):
            work(number)(session)  # type: ignore[operator]

    await place.transaction(all_of_them)
    for number in range(kills):
        async with script(RELAY, url_of(place), server.url) as process:
            assert await line_of(process) == "ready"
            least = 100 * number + draw.randint(1, 100)
            await admin.wait(least)
            process.send_signal(signal.SIGKILL)
            await process.wait()
    async with place.relay(server, poll=0.02) as relay:
        assert await relay.aflush(PATIENCE)
    await settled(admin, place)
    assert told(admin, "t") == [str(number) for number in range(total)], again(drawn)
    assert server.core.operators.stats()["publishes"]["accepted"] == total + 1


async def settled(admin: Listener, place: Place) -> None:
    """Wait until the outbox is empty, and everything that it held has arrived."""

    async def rows() -> int:
        found: int = await place.run(
            lambda connection: connection.scalar(sa.select(sa.func.count()).select_from(place.outbox.table))
        )
        return found

    assert await rows() == 0
    async with place.relay(admin.client.connection_url) as relay:
        await place.transaction(lambda session: place.outbox.add("test", "the last", session=session))
        assert await relay.aflush(PATIENCE)
    await until(lambda: admin.notifications[-1]["message"] == "the last", "the last", admin.moves)
    admin.events = [(name, said) for name, said in admin.events if (said or {}).get("message") != "the last"]
