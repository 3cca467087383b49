"""What an inbox costs with a million notifications in the log: pages, counters, marks, replays and receipts.

``python -m bench.inbox [--count 1000000] [--rounds 30] [--postgres]``. Nothing was ever read by these users, so their
counters are as large as they get. Medians and the slowest of all rounds, in milliseconds; beside each the median of the
same with a hundredth of the log, made in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from sio_server.audience import Audience, Identity
from sio_server.broker import Broker, Signal, View
from sio_server.broker.ages import Ages
from sio_server.broker.postgres import PostgresBroker
from sio_server.broker.settling import settle
from sio_server.broker.sqlite import SqliteBroker
from sio_server.broker.sqlite.rows import Batch
from sio_server.notification import Entry, Notification, Position, milliseconds, new_id
from tests.support.brokers import appended
from tests.support.postgres import postgres

STEP = 10_000
TOURISTS = 10_000
STORM = 5_000
PARTS = 100

Call = Callable[[Broker, int], Awaitable[object]]


class Silence:
    """Nobody listens."""

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """Take a batch and do nothing with it."""

    def on_reset(self, head: Position) -> None:
        """Do nothing with another log."""

    def on_signal(self, signal: Signal) -> None:
        """Do nothing with what other nodes say."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with an inbox, there since the beginning."""

    name: str
    identity: Identity

    def view(self) -> View:
        """Everything in this person's rooms."""
        assert self.identity.user is not None  # noqa: S101 - for the type checker: all of them have names
        return View(self.identity.user, dict.fromkeys(self.identity.rooms(), 0))


TOURIST = Person("tourist", Identity("tourist1", ("turista",), ("tour.1", "tour.2")))
ADMIN = Person("admin", Identity("admin1", ("admin",)))
BOTH = Person("admin and tourist", Identity("admin2", ("admin", "turista")))

DAY = 24 * 3600


def audience(number: int) -> tuple[Audience, int | None]:
    """What the built-in catalogue sends to whom, and for how many seconds."""
    match number % 10:
        case 0:
            return Audience.of(everybody=True), None if number % 20 else DAY
        case 1 | 2 | 3 | 4:
            return Audience.of(roles=["turista", "admin"]), 14 * DAY
        case 5 | 6:
            return Audience.of(roles=["admin"], users=[f"tourist{number % TOURISTS}"]), 30 * DAY
        case 7 | 8:
            return Audience.of(roles=["admin"], except_users=[f"admin{number % 50}"]), 7 * DAY
        case _:
            return Audience.of(users=[f"tourist{number % TOURISTS}"]), None


def published(number: int, now: int) -> Notification:
    """One of the log, of a moment in milliseconds."""
    whom, ttl = audience(number)
    return Notification(
        id=new_id(),
        type="rare" if number % 50_000 == 0 else f"type_{number % 8}",
        message="Su reserva fue confirmada",
        data={"id": number},
        timestamp=now,
        audience=whom,
        expires_at=None if ttl is None else now + 1000 * ttl,
        priority="critical" if number % 50_000 == 1 else "normal",
    )


def moment(number: int, count: int) -> int:
    """When one was published: all of them in the last 20 days. In milliseconds."""
    return milliseconds(datetime.now(UTC) - timedelta(days=20) * (1 - number / count))


def fill(connection: sqlite3.Connection, epoch: str, count: int) -> None:
    """Write the log as publishes would, without waiting for each."""
    for start in range(0, count, STEP):
        connection.execute("BEGIN IMMEDIATE")
        batch = Batch(connection, epoch, start, moment(start, count), key_ttl=0, ages=Ages())
        for number in range(start, min(start + STEP, count)):
            batch.add(published(number, moment(number, count)))
        batch.insert()
        connection.execute("COMMIT")


async def see_everybody(broker: Broker) -> None:
    """Let all users come."""
    for person in (TOURIST, ADMIN, BOTH):
        await broker.sight(person.view().user, person.identity.rooms())
    everybody = [Identity(f"tourist{number}", ("turista",)) for number in range(2, TOURISTS)]
    await asyncio.gather(*(broker.sight(identity.user or "", identity.rooms()) for identity in everybody))


async def in_sqlite(directory: Path, count: int) -> Broker:
    """Make a log of so many notifications, with users who were there from the beginning, and open it."""
    broker = SqliteBroker(directory)
    await broker.start(Silence())
    await see_everybody(broker)
    epoch = broker.head().epoch
    filled: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    broker._store.in_writer(  # noqa: SLF001 - no other way is fast
        lambda connection: fill(connection, epoch, count), partial(settle, filled)
    )
    await filled
    await broker.close()
    broker = SqliteBroker(directory)
    await broker.start(Silence())
    return broker


async def in_postgres(address: str, count: int) -> Broker:
    """The same in an empty schema of PostgreSQL, published as ever, by a clock that is moved on."""
    at = 0.0
    broker = PostgresBroker(address, now=lambda: at)
    await broker.start(Silence())
    await see_everybody(broker)
    for start in range(0, count, STEP):
        at = moment(start, count) / 1000
        some = range(start, min(start + STEP, count))
        await asyncio.gather(*(appended(broker, published(number, moment(number, count))) for number in some))
    await broker._database.write(  # noqa: SLF001 - what autovacuum would have done in 20 days
        lambda connection: connection.execute("VACUUM ANALYZE")
    )
    await broker.close()
    broker = PostgresBroker(address)
    await broker.start(Silence())
    return broker


@contextlib.asynccontextmanager
async def logs(count: int, *, in_database: bool) -> AsyncIterator[tuple[Broker, Broker]]:
    """A log of so many notifications, and one of a hundredth of them."""
    with contextlib.ExitStack() as stack:
        if in_database:
            home = stack.enter_context(postgres(fsync="on", shared_buffers="256MB"))
            address = f"postgresql://postgres@/postgres?host={home}&schema="
            great = await in_postgres(f"{address}great", count)
            small = await in_postgres(f"{address}small", count // PARTS)
        else:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            great = await in_sqlite(directory / "great", count)
            small = await in_sqlite(directory / "small", count // PARTS)
        yield great, small
        await great.close()
        await small.close()


def calls(person: Person) -> dict[str, Call]:
    """What a person's client asks for. The number is that of the round."""
    view = person.view()

    async def mark_one(broker: Broker, number: int) -> None:
        page = await broker.page(view, limit=1, before=broker.head().seq - 100 * number)
        await broker.mark(view, "read", [page.items[0].entry.id])

    return {
        "counters": lambda broker, _: broker.counts(view),
        "first page of 20": lambda broker, _: broker.page(view, limit=20),
        "page of 100 amid": lambda broker, number: broker.page(view, before=broker.head().seq // 2 + number),
        "unread page of 20": lambda broker, _: broker.page(view, status="unread", limit=20),
        "page of a rare type": lambda broker, _: broker.page(view, types=["rare"], limit=20),
        "read one": mark_one,
        "replay of 100": lambda broker, number: broker.stretch(view, broker.head().seq - 1000 - number, 100),
        "archive all": lambda broker, _: broker.mark(view, "archive", None),
        "counters after that": lambda broker, _: broker.counts(view),
        "archived page of 20": lambda broker, _: broker.page(view, status="archived", limit=20),
    }


def publishers_calls() -> dict[str, Call]:
    """What a publisher asks for."""

    async def receipt(broker: Broker, number: int) -> None:
        found = await broker.search(before=broker.head().seq - 10 * number, limit=10)
        broadcast = next(stored for stored in found.items if stored.entry.audience.all)
        await broker.receipt(broadcast.entry.id)

    return {
        f"receipt of {TOURISTS} users": receipt,
        "search of a rare type": lambda broker, _: broker.search(types=["rare"], limit=20),
        "search of a user": lambda broker, _: broker.search(user="tourist1", limit=20),
        "search of a role": lambda broker, _: broker.search(role="admin", limit=20),
        "search of a rare priority": lambda broker, _: broker.search(priority="critical", limit=20),
        "search of a frequent priority": lambda broker, _: broker.search(priority="normal", limit=20),
        "search of a role and a rare priority": lambda broker, _: broker.search(
            role="admin", priority="critical", limit=20
        ),
    }


async def measure(broker: Broker, call: Call, rounds: int) -> list[float]:
    """Return the milliseconds of each round."""
    times = []
    for number in range(rounds):
        started = time.perf_counter()
        await call(broker, number)
        times.append((time.perf_counter() - started) * 1000)
    return times


async def storm(broker: Broker, clients: int) -> float:
    """Return the seconds until so many users who come back at once have their views and counters."""
    identities = [Identity(f"tourist{number}", ("turista",)) for number in random.sample(range(2, TOURISTS), clients)]

    async def come(identity: Identity) -> None:
        view = await broker.sight(identity.user or "", identity.rooms())
        await broker.counts(view)

    started = time.perf_counter()
    await asyncio.gather(*map(come, identities))
    return time.perf_counter() - started


async def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    started = time.perf_counter()
    async with logs(options.count, in_database=options.postgres) as (great, small):
        size = await great.size()
        seconds = time.perf_counter() - started
        print(f"{size.notifications} notifications, {size.bytes / 1e6:.0f} MB, filled in {seconds:.0f} s")
        print(f"{'':38}{'median ms':>11}{'slowest':>9}{'of 1/100':>10}")
        stormed = await storm(great, STORM), await storm(small, STORM)
        print(f"{f'{STORM} come back at once (seconds)':38}{stormed[0]:>11.2f}{'':9}{stormed[1]:>10.2f}")
        table = {
            f"{person.name}: {key}": call for person in (TOURIST, ADMIN, BOTH) for key, call in calls(person).items()
        }
        for key, call in {**table, **publishers_calls()}.items():
            times, fewer = await measure(great, call, options.rounds), await measure(small, call, options.rounds)
            print(f"{key:38}{statistics.median(times):>11.2f}{max(times):>9.2f}{statistics.median(fewer):>10.2f}")


if __name__ == "__main__":
    asyncio.run(main())
