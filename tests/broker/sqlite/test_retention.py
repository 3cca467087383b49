"""Retention of the embedded log: the oldest go in small steps, and nobody is told that nothing is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker.sqlite import SqliteBroker
from sio_server.broker.sqlite.retention import STEP_USERS
from sio_server.notification import Position
from tests.support.brokers import Ear, appended, entries_of
from tests.support.inbox_model import Clock, notification

EVERYBODY = Audience.of(everybody=True)
TABLES = ("notification", "notification_room", "notification_except", "inbox_state")


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture(params=["file", "memory"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteBroker]:
    """Give an open log, in a file and in memory."""
    broker = SqliteBroker(tmp_path if request.param == "file" else None, now=clock)
    await broker.start(Ear())
    yield broker
    await broker.close()


async def publish(broker: SqliteBroker, count: int, *, at: float, audience: Audience = EVERYBODY) -> None:
    """Publish so many notifications of one moment."""
    await asyncio.gather(*(appended(broker, notification(audience, at=at)) for _ in range(count)))


async def stored(broker: SqliteBroker) -> list[int]:
    """Return all positions that are left."""
    found = await entries_of(broker, ["all", "user:ana"], Position(broker.head().epoch, 0), 10_000)
    return [entry.position.seq for entry in found]


async def rows(broker: SqliteBroker) -> dict[str, int]:
    """Return how many rows each table has."""
    return await broker._store.read(
        lambda connection: {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - named above
            for table in TABLES
        }
    )


async def test_all_that_belongs_to_a_notification_goes_along(broker: SqliteBroker, clock: Clock) -> None:
    """No room, exception or state is left of what went, and watermarks and first sights are as they were."""
    view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
    audience = Audience.of(roles=["admin"], users=["ana"], except_users=["bea"])
    await publish(broker, 4, at=clock.seconds, audience=audience)
    page = await broker.page(view)
    await broker.mark(view, "archive", [item.entry.id for item in page.items[1:3]])
    await broker.mark(view, "seen", None, up_to=2)
    await publish(broker, 1, at=clock.seconds, audience=audience)
    assert await broker.retain(max_count=1) == 4
    assert await rows(broker) == {
        "notification": 1,
        "notification_room": 2,
        "notification_except": 1,
        "inbox_state": 0,
    }
    assert await broker.view_of("ana") == view
    counts = await broker.counts(view)
    assert (counts.unread, counts.unseen) == (1, 1)


async def test_counters_of_people_with_two_roles_are_right(
    broker: SqliteBroker, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever was kept of what is in both roles, new ones, expiry, retention and other people's counters included."""
    monkeypatch.setattr("sio_server.broker.sqlite.views.KEPT_FROM", 1)
    monkeypatch.setattr("sio_server.broker.sqlite.views.MAX_OVERLAPS", 1)
    roles = ("admin", "guia")
    views = [await broker.sight(user, Identity(user, roles).rooms()) for user in ("ana", "bea")]

    async def unread() -> list[int]:
        # The last is asked first the next time: hers is what was kept.
        return [(await broker.counts(view)).unread for view in (views[1], views[0], views[1])]

    await publish(broker, 3, at=clock.seconds, audience=Audience.of(roles=roles))
    assert await unread() == [3, 3, 3]
    await broker.mark(views[0], "read", None, up_to=1)
    await appended(broker, notification(Audience.of(roles=roles), at=clock.seconds, ttl=5))
    assert await unread() == [4, 3, 4]
    clock.seconds += 6
    assert await unread() == [3, 2, 3]
    await broker.retain(max_count=2)
    assert await unread() == [1, 1, 1]
    await publish(broker, 1, at=clock.seconds, audience=Audience.of(roles=roles))
    assert await unread() == [2, 2, 2]


async def test_forgotten_keys_go_with_new_ones(broker: SqliteBroker, clock: Clock) -> None:
    """Keys whose time is over take no room for long: each commit takes some along."""
    for number in range(6):
        await appended(broker, notification(EVERYBODY, key=str(number)))
    clock.seconds += 24 * 3600 + 1
    for number in range(3):
        await appended(broker, notification(EVERYBODY, key=f"new {number}"))
    left = await broker._store.read(
        lambda connection: connection.execute("SELECT count(*) FROM idempotency").fetchone()
    )
    assert left == (3,)


# -- users who never return -------------------------------------------------------------------------------------------

AGE = 10 * 24 * 3600.0
PEOPLE = ("sight", "inbox", "delivery", "visit")


async def people(broker: SqliteBroker) -> dict[str, int]:
    """Return how many rows each table of users has."""
    return await broker._store.read(
        lambda connection: {
            table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]  # noqa: S608 - named above
            for table in PEOPLE
        }
    )


async def forget(broker: SqliteBroker, *present: str) -> int:
    """Forget whom there is to forget, in one step, while some have a connection."""
    for user in present:
        broker.arrived(f"connection of {user}", user, ["all", "role:admin"])
    return await broker.forget(max_age=AGE)


async def visit(broker: SqliteBroker, clock: Clock, user: str = "ana") -> None:
    """Come with a role, get something, see it, and leave; then let everything that there is go."""
    view = await broker.sight(user, Identity(user, ("admin",)).rooms())
    await publish(broker, 3, at=clock.seconds, audience=Audience.of(roles=["admin"]))
    broker.handed(user, broker.head().seq, after=broker.head().seq - 3)
    await broker.mark(view, "read", None)
    await broker._deliveries.flush()
    await broker.retain(max_count=0)


async def test_user_who_never_returns_is_forgotten(broker: SqliteBroker, clock: Clock) -> None:
    """With nothing left and no visit for long, no row of a user is left, and who comes back is seen the first time."""
    await visit(broker, clock)
    clock.seconds += AGE + 2 * 24 * 3600
    assert await forget(broker) == 1
    assert set((await people(broker)).values()) == {0}
    await publish(broker, 1, at=clock.seconds, audience=Audience.of(roles=["admin"]))
    view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
    assert (await broker.counts(view)).unread == 0
    await publish(broker, 1, at=clock.seconds, audience=Audience.of(roles=["admin"]))
    assert (await broker.counts(view)).unread == 1


async def test_what_speaks_of_nothing_that_is_left_goes(broker: SqliteBroker, clock: Clock) -> None:
    """Watermarks and receipts of what is gone go though their user stays, and no counter and no page changes."""
    await visit(broker, clock)
    await publish(broker, 2, at=clock.seconds, audience=Audience.of(roles=["admin"]))
    view = await broker.view_of("ana")
    before = await broker.counts(view)
    assert await people(broker) == {"sight": 2, "inbox": 1, "delivery": 1, "visit": 1}
    assert await forget(broker) == 0
    assert await people(broker) == {"sight": 2, "inbox": 0, "delivery": 0, "visit": 1}
    assert await broker.counts(view) == before
    assert before.unread == 2


async def test_users_are_looked_at_in_small_steps(broker: SqliteBroker, clock: Clock) -> None:
    """Each call looks at some users only, the next one at others, until it has been round."""
    many = 2 * STEP_USERS + 1
    for number in range(many):
        await broker.sight(f"user {number}", ["all"])
    clock.seconds += 2 * AGE
    assert [await forget(broker) for _ in range(4)] == [STEP_USERS, STEP_USERS, 1, 0]
    await broker.sight("a late one", ["all"])
    clock.seconds += 2 * AGE
    assert await forget(broker) == 1
