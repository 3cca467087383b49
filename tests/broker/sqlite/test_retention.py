"""Retention of the embedded log: the oldest go in small steps, and nobody is told that nothing is missing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker.sqlite import SqliteBroker
from sio_server.broker.sqlite.retention import STEP_ROWS, STEP_USERS
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
    log = SqliteBroker(tmp_path if request.param == "file" else None, now=clock)
    await log.start(Ear())
    yield log
    await log.close()


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


async def test_oldest_go_by_age(broker: SqliteBroker, clock: Clock) -> None:
    """What is older than the limit goes, what is younger stays, and the floor is the last that went."""
    await publish(broker, 5, at=clock.seconds)
    clock.seconds += 50
    await publish(broker, 5, at=clock.seconds)
    clock.seconds += 50
    assert broker.floor() == 0
    assert await broker.retain(max_age=60) == 5
    assert await stored(broker) == [6, 7, 8, 9, 10]
    assert broker.floor() == 5
    assert await broker.retain(max_age=60) == 0


async def test_oldest_go_by_count(broker: SqliteBroker, clock: Clock) -> None:
    """No more than so many are left, over as many steps as it takes."""
    await publish(broker, 3 * STEP_ROWS, at=clock.seconds)
    assert await broker.retain(max_count=10) == 3 * STEP_ROWS - 10
    assert await stored(broker) == list(range(3 * STEP_ROWS - 9, 3 * STEP_ROWS + 1))
    assert broker.floor() == 3 * STEP_ROWS - 10


async def test_no_limit_deletes_nothing(broker: SqliteBroker, clock: Clock) -> None:
    """Without a limit everything stays, however old."""
    await publish(broker, 3, at=0)
    clock.seconds *= 2
    assert await broker.retain() == 0
    assert await stored(broker) == [1, 2, 3]


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


async def test_counters_are_right_after_every_step(broker: SqliteBroker, clock: Clock) -> None:
    """Counters equal the number of items on the pages, however much of each room went."""
    view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
    audiences = [EVERYBODY, Audience.of(roles=["admin"], users=["ana"]), Audience.of(users=["ana"])]
    for number in range(30):
        ttl = 100.0 if number % 5 == 0 else None
        await appended(broker, notification(audiences[number % 3], at=clock.seconds, ttl=ttl))
    await broker.mark(view, "read", None, up_to=12)
    for left in range(29, -1, -1):
        await broker.retain(max_count=left)
        items = (await broker.page(view, status="unread")).items
        counts = await broker.counts(view)
        assert (counts.unread, counts.at_seq) == (len(items), 30)


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


async def test_positions_go_on_after_everything_went(tmp_path: Path, clock: Clock) -> None:
    """A log that retention emptied never gives a position twice, nor after a restart."""
    broker = SqliteBroker(tmp_path, now=clock)
    await broker.start(Ear())
    await publish(broker, 3, at=clock.seconds)
    assert await broker.retain(max_count=0) == 3
    head = broker.head()
    await broker.close()
    again = SqliteBroker(tmp_path, now=clock)
    await again.start(Ear())
    try:
        assert (again.head(), again.floor()) == (head, 3)
        assert (await appended(again, notification(EVERYBODY))).position.seq == 4
    finally:
        await again.close()


async def test_idempotency_key_outlives_its_notification(broker: SqliteBroker) -> None:
    """A repeated publish is a duplicate as long as was promised, even if retention took what it repeats."""
    first = await appended(broker, notification(EVERYBODY, key="k"))
    await broker.retain(max_count=0)
    again = await appended(broker, notification(EVERYBODY, key="k"))
    assert (again.duplicate, again.id) == (True, first.id)


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


async def test_publishing_goes_on_meanwhile(broker: SqliteBroker, clock: Clock) -> None:
    """Publishes are taken in order while much is deleted; none of them waits for the end of it, and none is lost."""
    await publish(broker, 20 * STEP_ROWS, at=clock.seconds)
    clock.seconds += 100
    deleting = asyncio.create_task(broker.retain(max_age=60))
    seqs: list[int] = []
    while not deleting.done():
        seqs.append((await appended(broker, notification(EVERYBODY, at=clock.seconds))).position.seq)
    assert await deleting == 20 * STEP_ROWS
    assert len(seqs) > 2
    assert seqs == list(range(20 * STEP_ROWS + 1, 20 * STEP_ROWS + 1 + len(seqs)))
    assert await stored(broker) == seqs


async def test_whoever_misses_something_finds_the_floor_above(broker: SqliteBroker, clock: Clock) -> None:
    """A replay that retention cut into finds a floor above its cursor when it is over."""
    view = await broker.sight("ana", Identity("ana").rooms())
    await publish(broker, 10 * STEP_ROWS, at=clock.seconds)
    deleting = asyncio.create_task(broker.retain(max_count=0))
    cuts = 0
    while not deleting.done():
        replayed = (await broker.stretch(view, 5, 10)).items
        if [entry.position.seq for entry in replayed] != list(range(6, 16)):
            cuts += 1
            assert broker.floor() > 5
    await deleting
    assert cuts > 0


async def test_clock_set_ahead_keeps_what_follows(broker: SqliteBroker, clock: Clock) -> None:
    """A notification that a wrong clock dated ahead keeps those after it from going by age, and not by count."""
    await publish(broker, 1, at=clock.seconds + 1_000_000)
    await publish(broker, 2, at=clock.seconds - 100)
    assert await broker.retain(max_age=60) == 0
    assert await broker.retain(max_count=1) == 2


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


@pytest.mark.parametrize(
    "reason", ["was here lately", "is here", "has something of a role", "has something of her own"]
)
async def test_user_who_may_miss_something_is_not_forgotten(broker: SqliteBroker, clock: Clock, reason: str) -> None:
    """Whoever was here within the time, is connected, or has something left to see is known on."""
    await visit(broker, clock)
    clock.seconds += AGE + (0 if reason == "was here lately" else 2 * 24 * 3600)
    if reason == "has something of a role":
        await publish(broker, 1, at=clock.seconds, audience=Audience.of(roles=["admin"]))
    if reason == "has something of her own":
        await publish(broker, 1, at=clock.seconds, audience=Audience.of(users=["ana"]))
    assert await forget(broker, *["ana"] * (reason == "is here")) == 0
    await publish(broker, 1, at=clock.seconds, audience=Audience.of(roles=["admin"]))
    view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
    assert (await broker.counts(view)).unread == 1 + reason.startswith("has")


async def test_user_who_comes_again_and_again_is_noted(broker: SqliteBroker, clock: Clock) -> None:
    """A visit counts whether or not the rooms changed, and however often the user comes."""
    await visit(broker, clock)
    for _ in range(30):
        clock.seconds += 24 * 3600
        await broker.sight("ana", Identity("ana", ("admin",)).rooms())
    assert await forget(broker) == 0


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


async def test_watermark_of_what_is_left_stays(broker: SqliteBroker, clock: Clock) -> None:
    """What is read stays read while its notification is there, however long ago that was."""
    view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
    await publish(broker, 3, at=clock.seconds, audience=Audience.of(roles=["admin"]))
    await broker.mark(view, "read", None, up_to=2)
    await broker.retain(max_count=2)
    clock.seconds += 100 * AGE
    assert await forget(broker) == 0
    assert [item.read for item in (await broker.page(view)).items] == [False, True]


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
