"""Emptying a node: everybody is told, then closed, little by little; nobody new is let in."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from sio_server.audience import Identity
from sio_server.core import drain as module
from sio_server.core.drain import drain
from sio_server.core.hub import Connection
from sio_server.errors import Refused
from tests.support.links import Core, NotedLink
from tests.support.waiting import coming, until


@pytest.fixture
async def made(made: Core, monkeypatch: pytest.MonkeyPatch) -> Core:
    """Let peers that do not leave be waited for but a moment."""
    monkeypatch.setattr(module, "_LINGER", 0.1)
    return made


async def leave_when_closed(made: Core, connection: Connection, link: NotedLink) -> None:
    """What a peer does."""
    await until(lambda: link.of("close"))
    made.connections.left(connection, "draining")


async def test_each_is_told_how_long_it_may_take_and_then_closed(made: Core) -> None:
    """Every client hears when to come back, then why it is closed; what is published in between still reaches it."""
    pairs = [await made.open(Identity(str(user))) for user in range(20)]
    leaving = [asyncio.create_task(leave_when_closed(made, *pair)) for pair in pairs]
    draining = asyncio.create_task(drain(made.hub, made.door, spread=0.05))
    await asyncio.sleep(0)
    await made.publish()
    await draining
    await asyncio.gather(*leaving)
    assert len(made.hub) == 0
    for _, link in pairs:
        told = link.names[2:]
        assert told in (
            ["ns:draining", "live", "ns:closing", "close"],
            ["ns:draining", "ns:closing", "close"],
            ["ns:draining", "ns:closing", "close", "live"],
        )
        assert 0 <= link.of("ns:draining")[0]["retry_in_ms"] <= 50
        assert link.of("ns:closing") == [{"code": "draining", "reconnect": True}]
        assert link.of("close") == ["draining"]


async def test_clients_are_not_all_sent_at_once(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many clients are spread over the time there is, so that the next node gets them little by little."""
    monkeypatch.setattr(module, "_EASY_RATE", 1.0)
    pairs = [await made.open(Identity(str(user))) for user in range(100)]
    leaving = [asyncio.create_task(leave_when_closed(made, *pair)) for pair in pairs]
    await drain(made.hub, made.door, spread=0.3)
    await asyncio.gather(*leaving)
    times = [link.of("ns:draining")[0]["retry_in_ms"] for _, link in pairs]
    assert times != sorted(times), "in no order that says anything"
    times.sort()
    assert times[0] >= 54, "the next node needs a moment"
    assert times[-1] == 300
    assert {later - earlier for earlier, later in itertools.pairwise(times)} <= {2, 3}, "at even distances"


async def test_few_clients_need_not_wait(made: Core) -> None:
    """With hardly anybody there, the node is empty at once, however long it might have taken."""
    pair = await made.open(Identity("1"))
    leaving = asyncio.create_task(leave_when_closed(made, *pair))
    await coming(drain(made.hub, made.door, spread=3600.0), "an empty node")
    await leaving
    assert pair[1].of("ns:draining")[0]["retry_in_ms"] <= 10


async def test_nobody_is_let_in_meanwhile(made: Core) -> None:
    """From the first moment of draining, newcomers and their handshakes are refused and told to come back."""
    await made.open(Identity("1"))
    draining = asyncio.create_task(drain(made.hub, made.door))
    await asyncio.sleep(0)
    with pytest.raises(Refused) as caught:
        await made.open(Identity("2"))
    assert (caught.value.kind.code, caught.value.retry_after) == ("draining", 1)
    with pytest.raises(Refused):
        made.connections.check_room(0, 1000)
    await draining


async def test_peer_that_stays_does_not_hold_the_node(made: Core) -> None:
    """A peer whose end does not come in is not waited for for ever."""
    _, link = await made.open(Identity("1"))
    await coming(drain(made.hub, made.door, spread=0.0), "the end of the drain")
    assert link.of("close") == ["draining"]
    assert len(made.hub) == 1


async def test_empty_node_is_done_at_once(made: Core) -> None:
    """Where nobody is connected there is nothing to wait for."""
    task = asyncio.create_task(drain(made.hub, made.door))
    await asyncio.sleep(0)
    assert (task.done(), made.door.draining) == (True, True)
