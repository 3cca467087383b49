"""What every broker promises of its upkeep: retention, users who never return, size, health, keys."""

from __future__ import annotations

import asyncio
import math

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import Broker
from sio_server.errors import BrokerUnavailable
from sio_server.notification import Position
from tests.support.brokers import Ear, Reopen, appended, entries_of, soon
from tests.support.inbox_model import Clock, notification

EVERYBODY = Audience.of(everybody=True)
ADMINS = Audience.of(roles=["admin"])
AGE = 10 * 24 * 3600.0


async def publish(broker: Broker, count: int, *, at: float, audience: Audience = EVERYBODY) -> None:
    """Publish so many notifications of one moment."""
    await asyncio.gather(*(appended(broker, notification(audience, at=at)) for _ in range(count)))


async def stored(broker: Broker) -> list[int]:
    """Return all positions that are left."""
    found = await entries_of(broker, ["all", "user:ana"], Position(broker.head().epoch, 0), 10_000)
    return [entry.position.seq for entry in found]


async def forget(broker: Broker, *present: str) -> int:
    """Forget whom there is to forget, in one step, while some have a connection."""
    for user in present:
        broker.arrived(f"connection of {user}", user, ["all", "role:admin"])
    return await broker.forget(max_age=AGE)


async def visit(broker: Broker, clock: Clock, user: str = "ana") -> None:
    """Come with a role, get something, see it, and leave; then let everything that there is go."""
    view = await broker.sight(user, Identity(user, ("admin",)).rooms())
    await publish(broker, 3, at=clock.seconds, audience=ADMINS)
    broker.handed(user, broker.head().seq, after=broker.head().seq - 3)
    await broker.mark(view, "read", None)
    await broker.receipt("unknown")  # has what was handed written down
    await broker.retain(max_count=0)


class RetentionContract:
    """The oldest go, and nobody is told that nothing is missing."""

    async def test_oldest_go_by_age(self, broker: Broker, clock: Clock) -> None:
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

    async def test_oldest_go_by_count(self, broker: Broker, clock: Clock) -> None:
        """No more than so many are left, over as many steps as it takes."""
        await publish(broker, 300, at=clock.seconds)
        assert await broker.retain(max_count=10) == 300 - 10
        assert await stored(broker) == list(range(300 - 9, 300 + 1))
        assert broker.floor() == 300 - 10

    async def test_no_limit_deletes_nothing(self, broker: Broker, clock: Clock) -> None:
        """Without a limit everything stays, however old."""
        await publish(broker, 3, at=0)
        clock.seconds *= 2
        assert await broker.retain() == 0
        assert await stored(broker) == [1, 2, 3]

    async def test_counters_are_right_after_every_step(self, broker: Broker, clock: Clock) -> None:
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

    async def test_idempotency_key_outlives_its_notification(self, broker: Broker) -> None:
        """A repeated publish is a duplicate as long as was promised, even if retention took what it repeats."""
        first = await appended(broker, notification(EVERYBODY, key="k"))
        await broker.retain(max_count=0)
        again = await appended(broker, notification(EVERYBODY, key="k"))
        assert (again.duplicate, again.id) == (True, first.id)

    async def test_publishing_goes_on_meanwhile(self, broker: Broker, clock: Clock) -> None:
        """Publishes are taken in order while much is deleted; none waits for the end of it, and none is lost."""
        await publish(broker, 2000, at=clock.seconds)
        clock.seconds += 100
        deleting = asyncio.create_task(broker.retain(max_age=60))
        seqs: list[int] = []
        while not deleting.done():
            seqs.append((await appended(broker, notification(EVERYBODY, at=clock.seconds))).position.seq)
        assert await deleting == 2000
        assert len(seqs) > 2
        assert seqs == list(range(2000 + 1, 2000 + 1 + len(seqs)))
        assert await stored(broker) == seqs

    async def test_whoever_misses_something_finds_the_floor_above(self, broker: Broker, clock: Clock) -> None:
        """A replay that retention cut into finds a floor above its cursor when it is over."""
        view = await broker.sight("ana", Identity("ana").rooms())
        await publish(broker, 1000, at=clock.seconds)
        deleting = asyncio.create_task(broker.retain(max_count=0))
        cuts = 0
        while not deleting.done():
            replayed = (await broker.stretch(view, 5, 10)).items
            if [entry.position.seq for entry in replayed] != list(range(6, 16)):
                cuts += 1
                assert broker.floor() > 5
        await deleting
        assert cuts > 0

    async def test_clock_set_ahead_keeps_what_follows(self, broker: Broker, clock: Clock) -> None:
        """A notification that a wrong clock dated ahead keeps those after it from going by age, and not by count."""
        await publish(broker, 1, at=clock.seconds + 1_000_000)
        await publish(broker, 2, at=clock.seconds - 100)
        assert await broker.retain(max_age=60) == 0
        assert await broker.retain(max_count=1) == 2


class RetentionOfTypesContract:
    """Some types are kept for another time than the rest."""

    async def test_type_that_goes_sooner_leaves_no_gap(self, broker: Broker, clock: Clock) -> None:
        """What its type is too old for is in no replay, page, counter or search, and the floor does not rise for it."""
        broker.keep_types({"test": 60})
        view = await broker.sight("ana", Identity("ana").rooms())
        for number in range(8):
            await appended(broker, notification(EVERYBODY, event="booking" if number % 2 else "test", at=clock.seconds))
        clock.seconds += 50
        await appended(broker, notification(EVERYBODY, at=clock.seconds))
        clock.seconds += 50
        assert await broker.retain(max_age=AGE) == 4
        assert (await stored(broker), broker.floor()) == ([2, 4, 6, 8, 9], 0)
        stretch = await broker.stretch(view, 2, 100)
        assert ([entry.seq for entry in stretch.items], stretch.covered, stretch.floor) == ([4, 6, 8, 9], 9, 0)
        page = await broker.page(view)
        assert [item.entry.seq for item in page.items] == [9, 8, 6, 4, 2]
        assert (await broker.counts(view)).unread == 5
        assert [found.entry.seq for found in (await broker.search(types=["test"])).items] == [9]

    @pytest.mark.parametrize("age", [10 * AGE, math.inf])
    async def test_type_that_stays_longer_is_passed_over(self, broker: Broker, clock: Clock, age: float) -> None:
        """It outlives the rest by age and by count, is counted among neither, and goes when its own time has come."""
        broker.keep_types({"booking": age})
        view = await broker.sight("ana", Identity("ana").rooms())
        for number in range(250):
            await appended(broker, notification(EVERYBODY, event="test" if number % 5 else "booking", at=clock.seconds))
        await broker.mark(view, "read", None, up_to=1)
        clock.seconds += 2 * AGE
        await publish(broker, 3, at=clock.seconds)
        assert await broker.retain(max_age=AGE, max_count=2) == 200 + 1
        kept = [*range(1, 250, 5), 252, 253]
        assert (await stored(broker), broker.floor()) == (kept, 251)
        assert await forget(broker, "ana") == 0
        assert (await broker.counts(view)).unread == len(kept) - 1
        assert [item.read for item in (await broker.page(view, types=["booking"], limit=100)).items] == [False] * 49 + [
            True
        ]
        clock.seconds += 10 * AGE
        left = kept[:-2] if age == math.inf else []
        await broker.retain(max_age=20 * AGE)
        assert await stored(broker) == [*left, 252, 253]

    async def test_other_times_hold_for_what_is_there(self, broker: Broker, clock: Clock) -> None:
        """Times that are set later hold for what was published before, longer and shorter ones and none at all."""
        await publish(broker, 3, at=clock.seconds)
        for event in ("booking", "test", "booking"):
            await appended(broker, notification(EVERYBODY, event=event, at=clock.seconds))
        clock.seconds += 100
        broker.keep_types({"booking": math.inf})
        assert await broker.retain(max_age=60) == 4
        broker.keep_types({"booking": 200})
        assert await broker.retain(max_age=60) == 0
        assert await stored(broker) == [4, 6]
        broker.keep_types({})
        assert await broker.retain(max_age=60) == 2
        broker.keep_types({"test": 60})
        assert await broker.retain() == 0
        await publish(broker, 2, at=clock.seconds)
        clock.seconds += 61
        assert (await broker.retain(), await stored(broker)) == (2, [])
        await publish(broker, 1, at=clock.seconds)
        assert await stored(broker) == [9]

    async def test_announced_entry_says_how_long_it_is_kept(self, broker: Broker, ear: Ear, clock: Clock) -> None:
        """What a node keeps in memory is not handed out from there any longer than it is in the log."""
        broker.keep_types({"test": 60, "booking": math.inf})
        for event, ttl in (("test", None), ("test", 5.0), ("test", 500.0), ("booking", None), ("other", None)):
            await appended(broker, notification(EVERYBODY, event=event, at=clock.seconds, ttl=ttl))
        now = round(clock.seconds * 1000)
        assert [entry.expires_at and entry.expires_at - now for entry in ear.heard] == [
            60_000,
            5_000,
            60_000,
            None,
            None,
        ]


class ForgettingContract:
    """Users who never return are forgotten."""

    async def test_user_who_never_returns_is_forgotten(self, broker: Broker, clock: Clock) -> None:
        """With nothing left and no visit for long a user is forgotten, and who comes back is seen the first time."""
        await visit(broker, clock)
        clock.seconds += AGE + 2 * 24 * 3600
        assert await forget(broker) == 1
        assert set((await broker.view_of("ana")).seen_from) == {"user:ana"}
        await publish(broker, 1, at=clock.seconds, audience=ADMINS)
        view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        assert (await broker.counts(view)).unread == 0
        await publish(broker, 1, at=clock.seconds, audience=ADMINS)
        assert (await broker.counts(view)).unread == 1

    @pytest.mark.parametrize(
        "reason", ["was here lately", "is here", "has something of a role", "has something of her own"]
    )
    async def test_user_who_may_miss_something_is_not_forgotten(
        self, broker: Broker, clock: Clock, reason: str
    ) -> None:
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

    async def test_user_who_comes_again_and_again_is_noted(self, broker: Broker, clock: Clock) -> None:
        """A visit counts whether or not the rooms changed, and however often the user comes."""
        await visit(broker, clock)
        for _ in range(30):
            clock.seconds += 24 * 3600
            await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        assert await forget(broker) == 0

    async def test_watermark_of_what_is_left_stays(self, broker: Broker, clock: Clock) -> None:
        """What is read stays read while its notification is there, however long ago that was."""
        view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        await publish(broker, 3, at=clock.seconds, audience=Audience.of(roles=["admin"]))
        await broker.mark(view, "read", None, up_to=2)
        await broker.retain(max_count=2)
        clock.seconds += 100 * AGE
        assert await forget(broker) == 0
        assert [item.read for item in (await broker.page(view)).items] == [False, True]


class UpkeepOfTwoNodesContract:
    """Every node calls upkeep, and one does it at a time."""

    async def test_retention_is_done_by_one_node(self, pair: tuple[Broker, Broker], clock: Clock) -> None:
        """A node that comes to trim while another is at it does nothing, and nothing is taken twice."""
        await publish(pair[0], 1000, at=clock.seconds)
        counts = await asyncio.gather(*(node.retain(max_count=10) for node in pair))
        assert sorted(counts) == [0, 990]
        assert await stored(pair[1]) == list(range(991, 1001))
        assert await pair[1].retain(max_count=5) == 5

    async def test_user_of_another_node_is_not_forgotten(self, pair: tuple[Broker, Broker], clock: Clock) -> None:
        """Who has a connection on any node is here, and is forgotten once it has ended and its time has come."""
        await visit(pair[0], clock)
        clock.seconds += AGE + 2 * 24 * 3600
        pair[1].arrived("desk", "ana", ["all", "role:admin"])
        await soon(lambda: pair[0].present("ana"))
        assert await pair[0].forget(max_age=AGE) == 0
        pair[1].left("desk")

        async def gone() -> bool:
            return not await pair[0].present("ana")

        await soon(gone)
        assert [await pair[0].forget(max_age=AGE), await pair[1].forget(max_age=AGE)] in ([1, 0], [0, 1])

    async def test_secrets_are_the_same_on_every_node(self, pair: tuple[Broker, Broker]) -> None:
        """What one node signs with a key of the log the other verifies."""
        assert pair[0].secret("pid") == pair[1].secret("pid") != pair[0].secret("other")


class HealthContract:
    """A log that can say whether it works, how big it is, and what only it knows."""

    async def test_open_log_works(self, broker: Broker) -> None:
        """A log that is open works, also with a bound for bodies that is larger from now on, and then is closed."""
        await broker.check()
        broker.room_for(1_000_000)
        await broker.check()
        await broker.close()
        with pytest.raises(BrokerUnavailable):
            await broker.check()

    async def test_size_counts_what_is_stored(self, broker: Broker, clock: Clock) -> None:
        """The size of a log is its bytes and how many notifications are left in it."""
        await publish(broker, 3, at=clock.seconds)
        await broker.retain(max_count=2)
        size = await broker.size()
        assert size.notifications == 2
        assert size.bytes > 0

    async def test_secret_has_one_purpose(self, broker: Broker) -> None:
        """A secret has 32 bytes, is the same each time, and another for another name."""
        assert len(broker.secret("pid")) == 32
        assert broker.secret("pid") == broker.secret("pid") != broker.secret("x")

    async def test_clock_of_the_log_is_looked_at(self, broker: Broker) -> None:
        """A clock that nobody set is told as such."""
        assert await broker.look_at_clock() == 0


class DurableHealthContract:
    """What survives the end of a node."""

    async def test_secret_lives_as_long_as_the_log(self, broker: Broker, reopened: Reopen) -> None:
        """A secret is the same after the broker was closed and opened."""
        secret = broker.secret("pid")
        assert (await reopened(broker)).secret("pid") == secret

    async def test_revocation_survives_a_restart(self, broker: Broker, reopened: Reopen, clock: Clock) -> None:
        """What was revoked is revoked after the broker was closed and opened."""
        await broker.revoke("ana", clock.seconds)
        again = await reopened(broker)
        assert (again.revoked_before("ana"), again.revoked_before("bea")) == (clock.seconds, None)
