"""Limits that hold for all nodes together: what a publisher uses on one node is taken from it on the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from types import SimpleNamespace

import pytest
import socketio

from sio_server.broker import Spent
from sio_server.core import limits
from tests.support.brokers import side_by_side
from tests.support.servers import Server, running, secured, token
from tests.support.waiting import until

LIMITED = {"publish_rate": 5, "connections_per_user": 2}
BODY = {"type": "test", "audience": {"all": True}}


@pytest.fixture
async def pair() -> AsyncIterator[tuple[Server, Server]]:
    """Two servers that are nodes of one log."""
    async with AsyncExitStack() as stack:
        nodes = [await stack.enter_async_context(running(secured(**LIMITED), broker=one)) for one in side_by_side()]
        yield nodes[0], nodes[1]


async def test_rate_of_a_key_holds_on_all_nodes(pair: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a key has used up on one node it may not publish on another that has heard of it; one's own counts once."""
    first, _ = pair
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 1000.0))
    heard: list[Spent] = []
    for server in pair:
        server.node.hear(Spent, partial(_hear, server, heard))
    for _ in range(7):
        assert (await first.notify(BODY))[0] == 200
    await until(lambda: sum(spent.count for spent in heard) == 14)
    for server in pair:
        for _ in range(3):
            assert (await server.notify(BODY))[0] == 200
        status, problem = await server.notify(BODY)
        assert (status, problem["code"]) == (429, "rate_limited")


async def test_connections_of_a_user_count_on_all_nodes(pair: tuple[Server, Server]) -> None:
    """A user who has a connection to this node gets no more than the limit on all of them; others are let in."""
    first, second = pair
    for server in pair:
        await server.connect({"token": token("ana")})
    with pytest.raises(socketio.exceptions.ConnectionError):
        await first.connect({"token": token("ana")})
    assert [server.core.hub.count_of(user="ana", address="")[0] for server in pair] == [1, 1]
    await second.connect({"token": token("bea")})


def _hear(server: Server, heard: list[Spent], spent: Spent) -> None:
    server.node.shares.heard(spent)
    heard.append(spent)
