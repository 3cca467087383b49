"""Where nodes are is known without asking for each request."""

from __future__ import annotations

import asyncio

import pytest

from sio_server.between import known
from sio_server.between.known import KnownNodes
from sio_server.broker import NodeState
from sio_server.errors import BrokerUnavailable, Text

ANA = NodeState("ana23456", "0.1.0", 0, "http://127.0.0.1:1", 0, 0, draining=False)


async def test_broker_is_asked_once_for_many() -> None:
    """However many ask, and for however many names that nobody has, the broker is asked once a moment."""
    asked = []

    async def ask() -> tuple[NodeState, ...]:
        asked.append(1)
        await asyncio.sleep(0)
        return (ANA,)

    nodes = KnownNodes(ask)
    names = ["ana23456", *(f"nobody{number:02}" for number in range(50))]
    assert await asyncio.gather(*map(nodes.find, names)) == [ANA, *[None] * 50]
    assert [await nodes.find("ana23456") for _ in range(50)] == [ANA] * 50
    assert len(asked) == 1


async def test_new_node_is_waited_for() -> None:
    """A name that was not there a moment ago is asked for once more before nobody has it; too many wait for nothing."""
    answers: list[tuple[NodeState, ...]] = [(), (ANA,)]

    async def ask() -> tuple[NodeState, ...]:
        return answers.pop(0)

    nodes = KnownNodes(ask)
    assert await nodes.find("nobody23") is None
    assert await asyncio.gather(*(nodes.find("ana23456") for _ in range(known.MAX_WAITING + 5))) == [
        *[ANA] * known.MAX_WAITING,
        *[None] * 5,
    ]
    assert answers == []


async def test_what_was_known_holds_while_the_broker_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the broker cannot say, nodes are where they were."""
    monkeypatch.setattr(known, "FRESH", 0.0)
    answers: list[tuple[NodeState, ...] | None] = [(ANA,), None, None]

    async def ask() -> tuple[NodeState, ...]:
        answer = answers.pop(0)
        if answer is None:
            raise BrokerUnavailable(Text("away", "ausente"))
        return answer

    nodes = KnownNodes(ask)
    assert await nodes.find("ana23456") == ANA
    assert await nodes.find("bea23456") is None
    assert await nodes.find("ana23456") == ANA
