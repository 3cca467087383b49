"""The token of a connection: renewed, expired, and what becomes of the rooms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest

from sio_server.audience import Audience, Identity
from sio_server.core import expiry as module
from sio_server.core.hub import Connection
from sio_server.core.pages import PAGE
from sio_server.errors import Refused
from tests.support.clocks import Timers
from tests.support.links import TOURIST, Core, NotedLink, holding
from tests.support.waiting import until


async def refused(awaitable: Any) -> Refused:
    """How this is refused."""
    with pytest.raises(Refused) as caught:
        await awaitable
    return caught.value


async def test_newer_token_changes_the_rooms(made: Core) -> None:
    """With a newer token of the same user one is in the rooms it names, and no longer in the others."""
    connection, link = await made.open(TOURIST)
    await made.connections.renew(connection, Identity("7", ("guia",)))
    assert link.rooms == ("all", "role:guia", "user:7")
    await made.publish(audience=Audience(roles=("turista",)))
    await made.publish(audience=Audience(roles=("guia",)))
    assert link.seqs == [2]


@pytest.mark.parametrize("identity", [Identity("8"), Identity(None)], ids=["another", "nobody"])
async def test_token_of_another_user_is_refused(made: Core, identity: Identity) -> None:
    """A connection cannot become somebody else's."""
    connection, link = await made.open(TOURIST)
    assert (await refused(made.connections.renew(connection, identity))).kind.code == "forbidden"
    assert (connection.identity, link.rooms) == (TOURIST, TOURIST.rooms())


async def test_revoked_token_renews_nothing(made: Core) -> None:
    """A token that was revoked is refused in the midst of a connection as well."""
    connection, _ = await made.open(TOURIST)
    await made.broker.revoke("7", time.time() + 1)
    assert (await refused(made.connections.renew(connection, holding()))).kind.code == "token_revoked"
    assert connection.identity is TOURIST


async def test_rooms_of_a_newer_token_wait_for_the_replay(made: Core) -> None:
    """Who renews on the way is not in a room before the replay has ended, and then in the new ones."""
    connection, link = await made.on_the_way(2 * PAGE)
    await made.connections.renew(connection, Identity("7", ("guia",)))
    assert not link.rooms
    link.take_all()
    await until(lambda: link.of("ns:sync"))
    assert link.rooms == ("all", "role:guia", "user:7")
    assert link.seqs == list(range(1, 2 * PAGE + 1))


NOW = 1_795_000_000.0


class Time:
    """Time that passes when a test says so, for the tokens of a core: ``ahead`` is what the wall clock was set by."""

    def __init__(self, made: Core) -> None:
        self.timers = Timers()
        self.ahead = 0.0
        self._made = made

    def __call__(self) -> float:
        """Unix seconds."""
        return NOW + self.timers.now + self.ahead

    def token(self, lasts: float, *, issued_at: float = NOW) -> Identity:
        """Whose token is good for so many seconds from now."""
        return Identity("7", ("turista",), (), self() + lasts, issued_at)

    async def renew(self, connection: Connection, identity: Identity) -> None:
        """Bring another token."""
        await self._made.connections.renew(connection, identity)


@pytest.fixture
def passing(made: Core, monkeypatch: pytest.MonkeyPatch) -> Time:
    """Time of the core, in the test's hands."""
    found = Time(made)
    monkeypatch.setattr(made.expiry, "_wall", found)
    monkeypatch.setattr(made.expiry, "_timers", lambda: found.timers)
    return found


def told(link: NotedLink) -> list[float]:
    """How many seconds before its end a client was told of it, each time."""
    return [payload["expires_in_ms"] / 1000 for payload in link.of("ns:auth_expiring")]


@pytest.mark.parametrize(
    ("lasts", "before"), [(3600, 60), (121, 60), (120, 60), (62, 31), (60, 30), (8, 4), (2, 1), (0.5, 0.25), (0, 0)]
)
async def test_end_of_a_token_is_told_before_it_closes(made: Core, passing: Time, lasts: float, before: float) -> None:
    """A minute before the end, or at half of what is left, the client is told; after the end it is closed for good."""
    _, link = await made.open(passing.token(lasts))
    passing.timers.move(lasts - before - 0.01)
    assert told(link) == []
    passing.timers.move(0.02)
    assert told(link) == [pytest.approx(before, abs=0.02)]
    passing.timers.move(before + module.EXPIRY_GRACE - 0.1)
    assert link.of("close") == []
    passing.timers.move(0.2)
    assert link.names == ["ns:hello", "join", "ns:auth_expiring", "ns:closing", "close"]
    assert link.of("ns:closing") == [{"code": "token_expired", "reconnect": False}]


@pytest.mark.parametrize("lasts", [3600, 62, 60, 20, 1, 0, -20])
@pytest.mark.parametrize("brings", [0.0, -5.0], ids=["the same token", "one that ends sooner"])
async def test_token_that_renews_nothing_is_told_of_once(
    made: Core, passing: Time, lasts: float, brings: float
) -> None:
    """Who answers the notice with the token it has, or an older one, is told no more and closed when it ends."""
    first = passing.token(lasts)
    ends = max(lasts, 0)
    connection, link = await made.open(first)
    answered = 0
    while passing.timers.now < ends + module.EXPIRY_GRACE - 0.5:
        passing.timers.move(0.25)
        if len(told(link)) > answered or passing.timers.now < ends / 2:
            answered = len(told(link))
            await passing.renew(connection, replace(first, expires_at=(first.expires_at or 0) + brings))
    assert len(told(link)) == 1
    assert link.of("close") == []
    passing.timers.move(0.75)
    assert link.of("close") == ["token_expired"]


@pytest.mark.parametrize(("lasts", "most"), [(3600, 0), (60, 20), (8, 120), (1, 120), (-10, 121)])
async def test_each_newer_token_is_told_of_once(made: Core, passing: Time, lasts: float, most: int) -> None:
    """Who brings a newer token each time is told of each, and however short they are, only every few seconds."""
    connection, link = await made.open(passing.token(lasts))
    answered = 0
    for _ in range(2_400):  # ten minutes
        passing.timers.move(0.25)
        if len(told(link)) > answered:
            answered = len(told(link))
            await passing.renew(connection, passing.token(lasts))
    assert link.of("close") == []
    assert min(most, 19) <= len(told(link)) <= most
    passing.timers.move(max(lasts, 0) + module.EXPIRY_GRACE + 2 * module.NOTICE_PAUSE)
    assert link.of("close") == ["token_expired"]


async def test_newer_token_counts_before_anything_was_told(made: Core, passing: Time) -> None:
    """A token that was renewed long before its end is told of at the new end alone."""
    connection, link = await made.open(passing.token(300))
    passing.timers.move(100)
    await passing.renew(connection, passing.token(3600))
    passing.timers.move(3500)
    assert told(link) == []
    passing.timers.move(50)
    assert told(link) == [60]


async def test_shorter_token_is_revoked_with_the_one_it_lives_on(made: Core, passing: Time) -> None:
    """A connection that lasts as long as an older token is closed with that one's revocation, whatever came since."""
    connection, link = await made.open(passing.token(3600, issued_at=NOW - 100))
    await passing.renew(connection, passing.token(60, issued_at=NOW))
    passing.timers.move(300)
    assert link.of("close") == []
    await made.broker.revoke("7", NOW - 50)
    assert link.of("close") == ["token_revoked"]


@pytest.mark.parametrize("how", ["opened", "renewed"])
async def test_token_let_in_for_its_leeway_has_its_time_to_be_renewed(made: Core, passing: Time, how: str) -> None:
    """A token that has expired and is let in all the same is told of, and closed only after the usual grace."""
    if how == "opened":
        _, link = await made.open(passing.token(-20))
    else:
        connection, link = await made.open(passing.token(-25))
        passing.timers.move(10)
        await passing.renew(connection, passing.token(-20))
    begun = passing.timers.now
    passing.timers.move(0)
    assert told(link) == [0] * (1 if how == "opened" else 2)
    passing.timers.move(module.EXPIRY_GRACE - 0.1)
    assert link.of("close") == []
    passing.timers.move(0.2)
    assert link.of("ns:closing") == [{"code": "token_expired", "reconnect": False}]
    assert passing.timers.now - begun == pytest.approx(module.EXPIRY_GRACE, abs=0.2)


async def test_withdrawn_secret_asks_for_tokens_that_are_good(made: Core, passing: Time) -> None:
    """Once tokens may be good no more each client is told in its turn; one that is good keeps it, be it the same."""
    first = passing.token(3600)
    kept, kept_link = await made.open(first)
    _, lost_link = await made.open(passing.token(3600))
    _, short_link = await made.open(passing.token(30))
    passing.timers.move(20)
    made.expiry.expire_soon()
    passing.timers.move(module.RENEWAL_SPREAD)
    assert (len(told(kept_link)), len(told(lost_link)), len(told(short_link))) == (1, 1, 1)
    await passing.renew(kept, first)
    passing.timers.move(module.EXPIRY_NOTICE + module.EXPIRY_GRACE)
    assert (kept_link.of("close"), lost_link.of("close")) == ([], ["token_expired"])
    passing.timers.move(3600)
    assert len(told(kept_link)) == 2
    assert kept_link.of("close") == ["token_expired"]


async def test_connection_that_leaves_while_it_renews_leaves_no_trace(made: Core) -> None:
    """A client that is gone when its newer token has been looked at joins no room and keeps no timer running."""
    connection, link = await made.open(holding())
    renewing = asyncio.create_task(made.connections.renew(connection, Identity("7", ("guia",), (), time.time() + 600)))
    await asyncio.sleep(0)
    made.connections.left(connection, "transport close")
    before = list(link.calls)
    await asyncio.gather(renewing, return_exceptions=True)
    assert (link.calls, connection.timer) == (before, None)


@pytest.fixture
def watching(made: Core, passing: Time, monkeypatch: pytest.MonkeyPatch) -> Time:
    """Time of the core, in the test's hands; clocks are looked at often."""
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)
    return passing


@asynccontextmanager
async def watched(made: Core) -> AsyncIterator[None]:
    """Look at tokens meanwhile, as a server does."""
    looking = asyncio.create_task(made.expiry.watch())
    await asyncio.sleep(0)
    yield
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_clock_that_is_set_ahead_ends_tokens(made: Core, watching: Time) -> None:
    """After a step, or a night of a machine asleep, whoever's token is over goes soon, and nobody else does."""
    _, over = await made.open(watching.token(100))
    _, soon = await made.open(watching.token(3630))
    _, good = await made.open(watching.token(7200))
    before = watching.timers.waiting[:]
    async with watched(made):
        watching.ahead += 3600
        await until(lambda: all(timer.cancelled for timer in before))
    watching.timers.move(0)
    assert (told(over), over.of("close"), told(soon)) == ([0.0], ["token_expired"], [])
    watching.timers.move(15)
    assert (told(soon), soon.of("close")) == ([15], [])
    watching.timers.move(15 + module.EXPIRY_GRACE)
    assert over.of("ns:closing") == soon.of("ns:closing") == [{"code": "token_expired", "reconnect": False}]
    assert (good.of("close"), told(good)) == ([], [])


async def test_clock_that_is_set_back_ends_nobody(made: Core, watching: Time) -> None:
    """A token lasts until the time it names, when the clock says so; who was told too early is told again."""
    _, link = await made.open(watching.token(50))
    watching.timers.move(30)
    assert told(link) == [25]
    before = watching.timers.waiting[:]
    async with watched(made):
        watching.ahead -= 3600
        await until(lambda: all(timer.cancelled for timer in before))
    watching.timers.move(3500)
    assert link.of("close") == []
    watching.timers.move(100)
    assert told(link) == [25, 60]
    watching.timers.move(50)
    assert link.of("close") == ["token_expired"]


async def test_tokens_are_looked_at_though_no_step_was_seen(made: Core, watching: Time) -> None:
    """However a timer came to be wrong, whoever's token is over for long goes at the next look at all."""
    connection, link = await made.open(watching.token(1000))
    assert connection.timer is not None
    connection.timer.cancel()
    watching.ahead = 2000  # before the first look: to the watch it is no step
    async with watched(made):
        await until(lambda: link.of("close"))
    assert link.of("ns:closing") == [{"code": "token_expired", "reconnect": False}]


async def test_looks_at_many_leave_turns_to_others(made: Core, watching: Time, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step with many connections holds nobody up: others have their turn between some of them and the next."""
    monkeypatch.setattr(module, "_TOGETHER", 10)
    timers = [(await made.open(watching.token(100)))[0].timer for _ in range(100)]
    between: set[int] = set()
    async with watched(made):
        watching.ahead += 3600

        def all_looked_at() -> bool:
            looked_at = sum(bool(timer.cancelled) for timer in timers)
            between.add(looked_at)
            return looked_at == len(timers)

        while not all_looked_at():  # noqa: ASYNC110 - it is to be looked at in every turn of the loop
            await asyncio.sleep(0)
    assert len(between) > 3
