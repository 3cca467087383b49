"""Two nodes on one log: what is published, changed or closed at one reaches the connections of the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from sio_server.audience import Audience, Identity
from sio_server.auth import Publisher
from sio_server.errors import Refused
from sio_server.schemas.publish import load_publish
from tests.support.links import TOURIST, Core, holding, two_cores
from tests.support.publishing import at_once
from tests.support.waiting import until

GUIDE = Identity("7", ("guia",))


@pytest.fixture
async def cores() -> AsyncIterator[tuple[Core, Core]]:
    """Return two cores on one log."""
    async with two_cores() as opened:
        yield opened


async def test_entries_reach_both_once_in_order(cores: tuple[Core, Core]) -> None:
    """What is published at either node comes to the connections of both, in the order of the log, each once."""
    here, there = cores
    links = [(await core.open(TOURIST))[1] for core in (here, there, there)]
    await asyncio.gather(*(core.publish() for _ in range(50) for core in cores))
    accepted = await at_once(here.node.publish(load_publish({"type": "test"}), Publisher("p")))
    for link in links:
        assert link.seqs == list(range(1, 102))
    assert accepted.sockets == 1, "the answer counts the connections of the node that was asked"
    assert [core.operators.stats()["deliveries"] for core in cores] == [101, 202]


async def test_cursor_of_one_node_holds_at_the_other(cores: tuple[Core, Core]) -> None:
    """Whoever was connected to one node is brought up to date by the other, from its window or from the log."""
    here, there = cores
    await here.open(TOURIST)
    await here.publish(5)
    cursor = here.cursor(2)
    _, by_window = await there.open(TOURIST, cursor)
    there.forget()
    _, by_log = await there.open(TOURIST, cursor)
    await until(lambda: by_log.of("ns:sync"))
    assert by_window.seqs == by_log.seqs == [3, 4, 5]


async def test_inbox_change_reaches_the_other_node(cores: tuple[Core, Core]) -> None:
    """Each connection of the user is told of a change once, with right counters, wherever it is; nobody else is."""
    here, there = cores
    await here.open(TOURIST)
    await there.publish(3)
    links = [(await core.open(TOURIST))[1] for core in (here, there)]
    _, stranger = await there.open(Identity("8"))
    await here.inboxes.mark(TOURIST, "read", None, up_to=2)
    assert links[0].names.count("ns:state") == 1, "those of the acting node are told before the answer"
    await until(lambda: links[1].of("ns:state"))
    for action in ("seen", "unread"):
        await there.inboxes.mark(TOURIST, action, None)
    await until(lambda: all(len(link.of("ns:state")) == 3 for link in links) and not here.tasks and not there.tasks)
    for link in links:
        states = link.of("ns:state")
        assert [(state["action"], state["up_to"]) for state in states] == [("read", 2), ("seen", 3), ("unread", 3)]
        assert [state["counts"]["unread"] for state in (states[0], states[-1])] == [1, 3]
    assert stranger.of("ns:state") == []


async def test_changes_at_both_nodes_at_once_are_each_told_once(cores: tuple[Core, Core]) -> None:
    """However changes at two nodes follow one another, nobody is told of one twice, and the last counters are right."""
    here, there = cores
    await here.open(TOURIST)
    await here.publish(20)
    links = [(await core.open(TOURIST))[1] for core in (here, there)]
    page = await here.inboxes.page(TOURIST, status="all", types=(), limit=20, before=None)
    ids = [item["id"] for item in page["items"]]
    await asyncio.gather(
        *(core.inboxes.mark(TOURIST, "read", [one]) for core, one in zip(cores * 10, ids, strict=True))
    )
    await until(lambda: not here.tasks and not there.tasks)
    for link in links:
        states = link.of("ns:state")
        assert sorted(one for state in states for one in state["ids"]) == sorted(ids)
        assert states[-1]["counts"]["unread"] == 0


async def test_each_view_is_told_its_own_counters(cores: tuple[Core, Core]) -> None:
    """A user's connections with other roles, at the other node, are told the counters of what they see themselves."""
    here, there = cores
    _, tourist = await there.open(TOURIST)
    _, guide = await there.open(GUIDE)
    await here.publish(2, Audience(roles=("turista",)))
    await here.publish(3, Audience(roles=("guia",)))
    await here.inboxes.mark(TOURIST, "read", None, up_to=1)
    await until(lambda: tourist.of("ns:state") and guide.of("ns:state"))
    assert [link.of("ns:state")[0]["counts"]["unread"] for link in (tourist, guide)] == [1, 3]


async def test_revocation_reaches_the_other_node(cores: tuple[Core, Core]) -> None:
    """What a user's old tokens let in is closed at both nodes, and neither lets them in again; newer ones stay."""
    here, there = cores
    moment = time.time()
    old, newer = holding(issued_at=moment - 1), holding(issued_at=moment + 1)
    links = [(await core.open(old))[1] for core in (here, there, there)]
    _, kept = await there.open(newer)
    _, other = await there.open(holding("8", issued_at=moment - 1))
    assert await here.operators.disconnect_user("7", moment) == 1
    for link in links:
        assert link.of("ns:closing") == [{"code": "token_revoked", "reconnect": False}]
        assert link.of("close") == ["token_revoked"]
    assert kept.of("close") == other.of("close") == []
    for core in cores:
        with pytest.raises(Refused) as refused:
            await core.open(old)
        assert refused.value.kind.code == "token_revoked"
        await core.open(newer)


async def test_close_reaches_the_other_node(cores: tuple[Core, Core]) -> None:
    """An operator of one node closes a connection of the other by its id; what no node has is not found."""
    here, there = cores
    connection, link = await there.open(TOURIST)
    _, other = await there.open(TOURIST)
    await here.operators.disconnect(connection.id)
    assert link.of("ns:closing") == [{"code": "closed_by_operator", "reconnect": True}]
    assert (link.of("close"), other.of("close")) == (["closed_by_operator"], [])
    there.connections.left(connection, "closed_by_operator")
    for core in cores:
        with pytest.raises(Refused) as refused:
            await core.operators.disconnect(connection.id)
        assert refused.value.kind.code == "not_found"


async def test_follow_counts_at_both_nodes(cores: tuple[Core, Core]) -> None:
    """When a user follows something, every connection of the user is in its room and told so, and nobody else's is."""
    here, there = cores
    links = [(await core.open(TOURIST))[1] for core in cores]
    _, other = await there.open(Identity("8"))
    await here.broker.follow("7", "tour:1", backend=True)
    assert [link.names.count("join") for link in (*links, other)] == [2, 2, 1]
    assert set(links[1].rooms) == {*TOURIST.rooms(), "topic:tour:1"}
    assert [link.of("ns:topics") for link in (*links, other)] == [[{"topics": ["cusco", "tour:1"]}]] * 2 + [[]]


async def test_user_is_there_while_one_node_has_a_connection(cores: tuple[Core, Core]) -> None:
    """A user with connections at both nodes is present at both until the last of them has left."""
    connections = [(await core.open(TOURIST))[0] for core in cores]
    for core, connection in zip(cores, connections, strict=True):
        assert [await one.broker.present("7") for one in cores] == [True, True]
        core.connections.left(connection, "transport close")
    assert [await one.broker.present("7") for one in cores] == [False, False]
