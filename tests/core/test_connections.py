"""The life of one connection: greeted, served, acknowledged, gone."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from sio_server.audience import Audience, Identity
from sio_server.core.limits import ConnectionLimits
from sio_server.core.pages import PAGE
from sio_server.errors import Refused
from tests.support.links import TOURIST, Core, NotedLink, core, holding


async def refused(awaitable: Any) -> Refused:
    """How this is refused."""
    with pytest.raises(Refused) as caught:
        await awaitable
    return caught.value


# -- coming -------------------------------------------------------------------------------------------------------


async def test_newcomer_is_greeted_and_then_in_its_rooms(made: Core) -> None:
    """The greeting says who and where one is, comes before the rooms, and counts the connection in."""
    await made.publish(3)
    _, link = await made.open(TOURIST)
    assert link.names == ["ns:hello", "join"]
    hello = link.of("ns:hello")[0]
    assert (hello["user"], hello["roles"], hello["topics"]) == ("7", ["turista"], ["cusco"])
    assert (hello["cursor"], hello["recovered"], hello["limits"]) == (made.cursor(3), False, {"max_body": 5})
    assert hello["counts"] == {"unread": 0, "unseen": 0, "at_seq": 3}
    assert hello["server_time"].endswith("Z")
    assert link.rooms == ("all", "role:turista", "user:7", "topic:cusco")
    assert made.metrics.counted == {"connected ws": 1}
    await made.publish()
    assert link.seqs == [4]


async def test_newcomer_has_what_came_to_the_personal_room_before(made: Core) -> None:
    """Somebody's own room counts from the beginning, any other from the first sight of the person in it."""
    await made.publish(2, Audience(users=("7",)))
    await made.publish(3, Audience(roles=("turista",)))
    _, link = await made.open(TOURIST)
    assert link.of("ns:hello")[0]["counts"] == {"unread": 2, "unseen": 2, "at_seq": 5}


async def test_nameless_one_has_no_counters(made: Core) -> None:
    """Who has no name in development has no inbox, and what comes to the rooms all the same."""
    _, link = await made.open(Identity(None, ("turista",)))
    assert "counts" not in link.of("ns:hello")[0]
    await made.publish(audience=Audience(roles=("turista",)))
    assert link.seqs == [1]


async def test_publisher_is_in_no_room(made: Core) -> None:
    """A backend that is connected to publish only gets nothing."""
    _, link = await made.open(Identity(None, receives=False))
    await made.publish()
    assert (link.rooms, link.seqs) == ((), [])


async def test_nothing_falls_between_counters_and_rooms(made: Core) -> None:
    """Whoever connects in the midst of publishing gets each notification once: in the counters or as an event."""
    await made.open(TOURIST)  # from now on this person sees what is for everybody
    links: list[NotedLink] = []

    async def come() -> None:
        for _ in range(20):
            _, link = await made.open(TOURIST)
            links.append(link)

    await asyncio.gather(come(), come(), *(made.publish(1) for _ in range(60)))
    assert len(links) == 40
    for link in links:
        hello = link.of("ns:hello")[0]
        counted = hello["counts"]["at_seq"]
        assert hello["counts"]["unread"] == counted
        assert link.seqs == list(range(counted + 1, 61))
        assert hello["cursor"] == made.cursor(counted)


async def test_who_may_not_connect_leaves_no_trace(made: Core) -> None:
    """While the node drains nobody is let in, and nothing is counted or sent."""
    made.door.draining = True
    connection, link = made.connection(TOURIST)
    refusal = await refused(made.connections.open(connection, None))
    assert (refusal.kind.code, refusal.retry_after) == ("draining", 1)
    assert (link.calls, len(made.hub), made.metrics.counted) == ([], 0, {})


async def test_draining_is_asked_again_after_the_log(made: Core) -> None:
    """A node that begins to drain while somebody connects does not let that one in."""
    opening = asyncio.create_task(made.open(TOURIST))
    await asyncio.sleep(0)
    made.door.draining = True
    assert (await refused(opening)).kind.code == "draining"
    assert len(made.hub) == 0


async def test_limits_hold_for_those_who_come_at_once() -> None:
    """Of twenty connections that a user makes at the same moment, only as many as allowed are let in."""
    async with core(ConnectionLimits(per_user=3)) as made:
        outcomes = await asyncio.gather(*(made.open(TOURIST) for _ in range(20)), return_exceptions=True)
        codes = [outcome.kind.code for outcome in outcomes if isinstance(outcome, Refused)]
        assert codes == ["rate_limited"] * 17
        assert len(made.hub.of_user("7")) == len(made.hub) == 3
        await made.open(Identity("8"))


async def test_limit_of_an_address_counts_all_its_users() -> None:
    """One address may have so many connections, whoever they are for, and again when one has left."""
    async with core(ConnectionLimits(per_address=2)) as made:
        first, _ = await made.open(Identity("1"), address="192.0.2.1")
        await made.open(Identity("2"), address="192.0.2.1")
        await made.open(Identity("3"), address="192.0.2.2")
        assert (await refused(made.open(Identity("4"), address="192.0.2.1"))).kind.code == "rate_limited"
        made.connections.left(first, "transport close")
        await made.open(Identity("4"), address="192.0.2.1")


async def test_room_for_those_who_arrive(made: Core) -> None:
    """As many as may be on their way in are taken, and one more is told to come back in a second."""
    made.connections.check_room(4, 5)
    with pytest.raises(Refused) as caught:
        made.connections.check_room(5, 5)
    assert (caught.value.kind.code, caught.value.retry_after) == ("rate_limited", 1)
    made.door.draining = True
    with pytest.raises(Refused) as caught:
        made.connections.check_room(0, 5)
    assert caught.value.kind.code == "draining"


async def test_revoked_token_is_refused(made: Core) -> None:
    """A user's tokens from before the revocation, or that do not say when, are refused; newer and others' hold."""
    moment = time.time()
    await made.broker.revoke("7", moment)
    assert (await refused(made.open(holding(issued_at=moment - 1)))).kind.code == "token_revoked"
    undated = await refused(made.open(Identity("7", expires_at=moment + 60)))
    assert undated.kind.code == "token_revoked"
    assert "put 'iat' into it" in undated.detail
    await made.open(holding(issued_at=moment + 0.001))
    await made.open(holding("8", issued_at=moment - 1))
    await made.open(Identity("7"))  # stated in development: there is no token to revoke
    assert len(made.hub) == 3


# -- being there --------------------------------------------------------------------------------------------------


async def identity_of(made: Core, seq: int) -> str:
    """The id of the notification at a position."""
    view = await made.broker.sight("7", TOURIST.rooms())
    (entry,) = (await made.broker.stretch(view, seq - 1, 1)).items
    return entry.id


async def acknowledged(made: Core, seq: int) -> bool:
    """Whether the receipt of the notification at this position says that it arrived."""
    receipt = await made.operators.receipt(await identity_of(made, seq), limit=10, after=None)
    assert receipt is not None
    return receipt.acknowledged == 1


async def test_acknowledged_is_what_was_sent(made: Core) -> None:
    """A client confirms what it had up to a position, never what is still to come nor what was before it."""
    await made.open(TOURIST)
    await made.publish(3)
    connection, _ = await made.open(TOURIST)
    await made.publish(2)
    made.connections.acknowledge(connection, 4)
    assert [await acknowledged(made, seq) for seq in range(1, 6)] == [False, False, False, True, False]
    made.connections.acknowledge(connection, 2**62)
    await made.publish()
    assert [await acknowledged(made, seq) for seq in (5, 6)] == [True, False]


async def test_nothing_is_acknowledged_ahead_of_a_replay(made: Core) -> None:
    """A client that is on its way can confirm only as much as it was sent."""
    connection, link = await made.on_the_way(2 * PAGE)
    last = link.seqs[-1]
    made.connections.acknowledge(connection, 2 * PAGE)
    assert [await acknowledged(made, seq) for seq in (1, last, last + 1)] == [True, True, False]


async def test_nameless_one_acknowledges_nothing(made: Core) -> None:
    """Where nobody has a name there are no receipts, and an acknowledgement does no harm."""
    connection, _ = await made.open(Identity(None))
    await made.publish()
    made.connections.acknowledge(connection, 1)
    made.connections.note_handed(connection)
    assert len(made.hub) == 1


async def test_receipt_says_who_was_sent_it(made: Core) -> None:
    """What a connection was handed is in the receipt while it is there and after it left."""
    connection, _ = await made.open(TOURIST)
    await made.publish()
    for _ in range(2):
        receipt = await made.operators.receipt(await identity_of(made, 1), limit=10, after=None)
        assert receipt is not None
        assert (receipt.targeted, receipt.sent, receipt.acknowledged) == (1, 1, 0)
        made.connections.left(connection, "transport close")


# -- going --------------------------------------------------------------------------------------------------------


async def test_reason_is_told_before_the_end(made: Core) -> None:
    """Whoever is closed is told the code, and whether to come back, as the last thing before the end."""
    connection, link = await made.open(TOURIST)
    connection.close("draining")
    connection.close("token_revoked")
    assert link.calls[-4:] == [
        ("ns:closing", {"code": "draining", "reconnect": True}),
        ("close", "draining"),
        ("ns:closing", {"code": "token_revoked", "reconnect": False}),
        ("close", "token_revoked"),
    ]


async def test_leaving_counts_once(made: Core) -> None:
    """However often its end is told, a connection is counted out once, and its timer ends."""
    connection, _ = await made.open(holding())
    made.connections.left(connection, "transport close")
    made.connections.left(connection, "ping timeout")
    assert (len(made.hub), connection.timer) == (0, None)
    assert made.metrics.counted == {"connected ws": 1, "disconnected ws transport close": 1}
