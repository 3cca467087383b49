"""The token of a connection: renewed, expired, and what becomes of the rooms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sio_server.audience import Audience, Identity
from sio_server.core import expiry as module
from sio_server.core.pages import PAGE
from sio_server.errors import Refused
from tests.support.links import TOURIST, Core, holding
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


async def test_end_of_a_token_is_told_before_it_closes(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """A while before the token ends the client is told, and a while after it is closed, not to return."""
    monkeypatch.setattr(module, "EXPIRY_GRACE", 0.02)
    _, link = await made.open(holding(lasts=0.1))
    await until(lambda: link.of("close"))
    assert link.names == ["ns:hello", "join", "ns:auth_expiring", "ns:closing", "close"]
    assert 0 <= link.of("ns:auth_expiring")[0]["expires_in_ms"] <= 100
    assert link.of("ns:closing") == [{"code": "token_expired", "reconnect": False}]


async def test_renewed_token_keeps_the_connection(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that is renewed in time is told of no more, and nothing is closed."""
    monkeypatch.setattr(module, "EXPIRY_GRACE", 0.05)
    connection, link = await made.open(holding(lasts=0.05))
    _, other = await made.open(holding(lasts=0.05))
    await until(lambda: link.of("ns:auth_expiring"))
    await made.connections.renew(connection, holding(lasts=3600))
    await until(lambda: other.of("close"))
    assert link.of("close") == []
    assert connection.timer is not None


@pytest.mark.parametrize("how", ["opened", "renewed"])
async def test_token_let_in_for_its_leeway_has_its_time_to_be_renewed(
    made: Core, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A token that has expired and is let in all the same is told of at once, and closed only after the usual grace."""
    monkeypatch.setattr(module, "EXPIRY_GRACE", 0.3)
    begun = asyncio.get_running_loop().time()
    late = holding(lasts=-20.0)
    if how == "opened":
        connection, link = await made.open(late)
    else:
        connection, link = await made.open(holding(lasts=3600))
        await made.connections.renew(connection, late)
    await until(lambda: link.of("ns:auth_expiring"))
    assert link.of("close") == []
    await until(lambda: link.of("close"))
    assert asyncio.get_running_loop().time() - begun >= 0.3
    assert link.of("ns:closing") == [{"code": "token_expired", "reconnect": False}]


async def test_connection_that_leaves_while_it_renews_leaves_no_trace(made: Core) -> None:
    """A client that is gone when its newer token has been looked at joins no room and keeps no timer running."""
    connection, link = await made.open(holding())
    renewing = asyncio.create_task(made.connections.renew(connection, Identity("7", ("guia",), (), time.time() + 600)))
    await asyncio.sleep(0)
    made.connections.left(connection, "transport close")
    before = list(link.calls)
    await asyncio.gather(renewing, return_exceptions=True)
    assert (link.calls, connection.timer) == (before, None)


class Wall:
    """A wall clock that is set by tests and goes on by itself."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """The time."""
        return time.time() + self.ahead


@pytest.fixture
def wall(made: Core, monkeypatch: pytest.MonkeyPatch) -> Wall:
    """The wall clock of the core, which is looked at often."""
    found = Wall()
    monkeypatch.setattr(module, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(made.expiry, "_wall", found)
    return found


@asynccontextmanager
async def watched(made: Core) -> AsyncIterator[None]:
    """Look at tokens meanwhile, as a server does."""
    watching = asyncio.create_task(made.expiry.watch())
    await asyncio.sleep(0)
    yield
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)


async def test_clock_that_is_set_ahead_ends_tokens(made: Core, wall: Wall) -> None:
    """After a step, or a night of a machine asleep, whoever's token is over goes soon, and nobody else does."""
    _, over = await made.open(holding(lasts=100))
    _, soon = await made.open(holding(lasts=3630))
    _, good = await made.open(holding(lasts=7200))
    async with watched(made):
        wall.ahead += 3600
        await until(lambda: over.of("close") and soon.of("ns:auth_expiring"))
    assert over.of("ns:closing") == [{"code": "token_expired", "reconnect": False}]
    assert (soon.of("close"), good.of("close"), good.of("ns:auth_expiring")) == ([], [], [])


async def test_clock_that_is_set_back_ends_nobody(made: Core, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token lasts until the time it names, when the clock says so."""
    monkeypatch.setattr(module, "EXPIRY_NOTICE", 0.0)
    monkeypatch.setattr(module, "EXPIRY_GRACE", 0.0)
    wall.ahead = 3600
    connection, link = await made.open(holding(lasts=3600.5))
    async with watched(made):
        before = connection.timer
        wall.ahead = 0
        await until(lambda: connection.timer is not before)
        assert connection.timer.when() - asyncio.get_running_loop().time() > 3000
    assert link.of("close") == []


async def test_tokens_are_looked_at_though_no_step_was_seen(
    made: Core, wall: Wall, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However a timer came to be wrong, whoever's token is over for long goes at the next look at all."""
    monkeypatch.setattr(module, "EXPIRY_GRACE", 0.0)
    connection, link = await made.open(holding(lasts=1000))
    assert connection.timer is not None
    connection.timer.cancel()
    wall.ahead = 2000  # before the first look: to the watch it is no step
    async with watched(made):
        await until(lambda: link.of("close"))
    assert link.of("ns:closing") == [{"code": "token_expired", "reconnect": False}]


async def test_looks_at_many_leave_turns_to_others(made: Core, wall: Wall, monkeypatch: pytest.MonkeyPatch) -> None:
    """A step with many connections holds nobody up: others have their turn between some of them and the next."""
    monkeypatch.setattr(module, "_TOGETHER", 10)
    links = [(await made.open(holding(lasts=100)))[1] for _ in range(100)]
    between: set[int] = set()
    async with watched(made):
        wall.ahead += 3600

        def all_closed() -> bool:
            closed = sum(bool(link.of("close")) for link in links)
            between.add(closed)
            return closed == len(links)

        while not all_closed():  # noqa: ASYNC110 - it is to be looked at in every turn of the loop
            await asyncio.sleep(0)
    assert len(between) > 3
