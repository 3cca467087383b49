"""The token of a connection: renewed, expired, and what becomes of the rooms."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from sio_server import connections as module
from sio_server.audience import Audience, Identity
from sio_server.errors import Refused
from sio_server.replays import PAGE
from tests.links import TOURIST, Core, core, holding
from tests.support import until


@pytest.fixture
async def made() -> AsyncIterator[Core]:
    """Return a core that is open."""
    async with core() as opened:
        yield opened


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
    await made.log.revoke("7", time.time() + 1)
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


async def test_connection_that_leaves_while_it_renews_leaves_no_trace(made: Core) -> None:
    """A client that is gone when its newer token has been looked at joins no room and keeps no timer running."""
    connection, link = await made.open(holding())
    renewing = asyncio.create_task(made.connections.renew(connection, Identity("7", ("guia",), (), time.time() + 600)))
    await asyncio.sleep(0)
    made.connections.left(connection, "transport close")
    before = list(link.calls)
    await asyncio.gather(renewing, return_exceptions=True)
    assert (link.calls, connection.timer) == (before, None)
