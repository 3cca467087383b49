"""The use cases of a node, on a real log and the real catalogue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from sio_server.audience import Identity
from sio_server.auth import Publisher
from sio_server.broker.sqlite import SqliteBroker
from sio_server.catalog import Catalog
from sio_server.core import limits
from sio_server.core.core import Core as Parts
from sio_server.core.limits import PublishRate
from sio_server.core.node import Node
from sio_server.errors import Refused
from sio_server.schemas.publish import load_publish
from tests.support.brokers import entries_of
from tests.support.links import TOURIST, Core, Endpoint, holding
from tests.support.publishing import at_once

P = Publisher("p")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
async def broker() -> SqliteBroker:
    """Return a log in memory."""
    return SqliteBroker(None)


@pytest.fixture
async def parts(broker: SqliteBroker) -> AsyncIterator[Parts]:
    """Start a node whose clock stands still; return all its parts."""
    parts = await parts_of(broker)
    await parts.node.start()
    yield parts
    await parts.node.close()


@pytest.fixture
async def node(parts: Parts) -> Node:
    """Return the node whose clock stands still."""
    return parts.node


async def parts_of(broker: SqliteBroker, rate: int = 0) -> Parts:
    """The parts of a node on this log that is not started yet."""
    catalog = await asyncio.to_thread(Catalog.load)
    return Parts(catalog, broker, publish_rate=PublishRate(rate), now=lambda: NOW)


@pytest.fixture
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no quota come back by itself."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 1000.0))


async def stored(node: Node, broker: SqliteBroker, body: dict[str, Any], room: str = "all") -> dict[str, Any]:
    """The envelope that a body became, read back from the log."""
    before = broker.head()
    await node.publish(load_publish(body), P)
    (entry,) = await entries_of(broker, [room], before, 10)
    return entry.envelope()


async def code_of(node: Node, body: dict[str, Any]) -> str:
    """The code that a body is refused with."""
    with pytest.raises(Refused) as refused:
        await node.publish(load_publish(body), P)
    return refused.value.kind.code


async def test_catalogue_fills_what_is_left_out(node: Node, broker: SqliteBroker) -> None:
    """Priority, expiry and a message in the node's language come from the catalogue; data fills the message."""
    body = {"type": "reserva_creada", "data": {"usuario_id": 7, "tour_nombre": "Inca"}}
    envelope = await stored(node, broker, body, "user:7")
    assert envelope["message"] == "Reserva de Inca creada"
    assert envelope["priority"] == "high"
    assert envelope["timestamp"] == "2026-11-24T12:00:00.000Z"
    assert envelope["expires_at"] == "2026-12-24T12:00:00.000Z"
    assert envelope["title"] is None


async def test_publisher_overrides_the_catalogue(node: Node, broker: SqliteBroker) -> None:
    """Message, priority, ttl and audience of the request win, an empty message too."""
    body = {"type": "reserva_creada", "message": "", "priority": "low", "ttl": 60, "audience": {"all": True}}
    envelope = await stored(node, broker, body)
    assert (envelope["message"], envelope["priority"]) == ("", "low")
    assert envelope["expires_at"] == "2026-11-24T12:01:00.000Z"


async def test_template_without_its_field_is_skipped_with_a_warning(node: Node) -> None:
    """Without usuario_id a booking reaches the admins, and the reply says which field is absent."""
    receipt = await at_once(node.publish(load_publish({"type": "reserva_creada"}), P))
    assert ["usuario_id" in warning for warning in receipt.warnings] == [True]


async def test_audience_of_nobody_is_refused(parts: Parts, node: Node) -> None:
    """A type whose whole audience needs an absent field is refused by that field's name."""
    kind = parts.catalog.types["reserva_creada"]
    parts.catalog.types["solo"] = type(kind)(
        "solo",
        kind.title,
        kind.message,
        kind.description,
        type(kind.audience)(users=("{usuario_id}",)),
        "low",
        None,
        kind.data,
    )
    with pytest.raises(Refused) as refused:
        await node.publish(load_publish({"type": "solo"}), P)
    assert refused.value.kind.code == "invalid_audience"
    assert refused.value.problems[0].field == "data.usuario_id"


async def test_refusals_store_nothing(parts: Parts, node: Node, broker: SqliteBroker) -> None:
    """An unknown type, data of a wrong type and a draining node are refused with their codes before the log."""
    assert await code_of(node, {"type": "nada"}) == "unknown_type"
    assert await code_of(node, {"type": "reserva_creada", "data": {"total": "5"}}) == "invalid_data"
    parts.door.draining = True
    assert await code_of(node, {"type": "test"}) == "draining"
    assert broker.head().seq == 0


async def test_receipt_counts_the_connections_of_this_node(parts: Parts, node: Node) -> None:
    """Recipients is how many connections the endpoints handed it to; a duplicate reached nobody anew."""
    parts.hub.register(Endpoint(3))
    request = load_publish({"type": "test", "idempotency_key": "k"})
    first, again = await at_once(node.publish(request, P)), await at_once(node.publish(request, P))
    assert (first.sockets, first.duplicate) == (3, False)
    assert (again.sockets, again.duplicate, again.id) == (0, True, first.id)
    stats = parts.operators.stats()
    assert stats["publishes"] == {"accepted": 1, "duplicates": 1}
    assert stats["deliveries"] == 3


async def test_health_is_that_of_its_parts(parts: Parts, node: Node, broker: SqliteBroker) -> None:
    """A node is healthy while its log is; without one it is unavailable, and while it drains it is not ready."""
    await node.check()
    await broker.close()
    with pytest.raises(Refused) as refused:
        await node.check()
    assert refused.value.kind.code == "broker_unavailable"
    parts.door.draining = True
    with pytest.raises(Refused) as refused:
        await node.check()
    assert (refused.value.kind.code, refused.value.retry_after) == ("draining", 1)


async def test_closing_refuses_what_is_new_and_finishes_what_is_not(node: Node) -> None:
    """Publishes under way when a node closes are done; later ones and connections are refused with draining."""
    under_way = [asyncio.create_task(at_once(node.publish(load_publish({"type": "test"}), P))) for _ in range(20)]
    await asyncio.sleep(0)
    await node.close()
    assert [(await one).position.seq for one in under_way] == list(range(1, 21))
    assert await code_of(node, {"type": "test"}) == "draining"


async def test_publications_reach_the_window_before_the_sockets(made: Core) -> None:
    """Whatever was handed to a connection is in the window too, and so is replayed to who comes next."""
    _, link = await made.open(TOURIST)
    receipt = await at_once(made.node.publish(load_publish({"type": "test"}), P))
    assert (receipt.sockets, receipt.position.seq) == (1, 1)
    assert link.seqs == [1]
    assert [found.seq for found in made.window.after(0, {"all": 0}, None) or ()] == [1]


async def test_unstored_publication_has_the_place_of_the_last_one(made: Core) -> None:
    """What is not stored reaches who is there, and neither the log nor the window."""
    _, link = await made.open(TOURIST)
    await made.publish()
    receipt = await at_once(made.node.publish(load_publish({"type": "test", "persist": False}), P))
    assert (receipt.sockets, receipt.position.seq) == (1, 1)
    assert link.seqs == [1, 1]
    assert len(made.window) == 1


async def test_stats_count_connections_and_publishes(made: Core) -> None:
    """Statistics tell of connections, publishes, deliveries, the head of the log and whether the node drains."""
    await made.open(TOURIST)
    await made.node.publish(load_publish({"type": "test"}), P)
    stats = made.operators.stats()
    assert stats["connections"]["total"] == stats["users"]["total"] == 1
    assert stats["publishes"] == {"accepted": 1, "duplicates": 0}
    assert (stats["deliveries"], stats["head"]) == (1, {"seq": 1, "cursor": made.cursor(1)})
    assert stats["uptime"] >= 0
    assert stats["draining"] is False


async def test_rate_of_a_publisher_is_limited(broker: SqliteBroker, standing_clock: None) -> None:
    """A key that has used its quota is refused with the time to wait; another key has its own."""
    node = (await parts_of(broker, rate=2)).node
    await node.start()
    request = load_publish({"type": "test"})
    quotas = [(await node.publish(request, P)).quota for _ in range(4)]
    assert [quota.remaining for quota in quotas if quota is not None] == [3, 2, 1, 0]
    with pytest.raises(Refused) as refused:
        await node.publish(request, P)
    assert (refused.value.kind.code, refused.value.retry_after) == ("rate_limited", 1)
    assert broker.head().seq == 4
    assert (await at_once(node.publish(request, Publisher("another")))).position.seq == 5
    await node.close()


async def test_reserved_quota_is_not_used_twice(broker: SqliteBroker, standing_clock: None) -> None:
    """A batch takes its quota at once, and its items none; where not all of it is left, nothing is used."""
    node = (await parts_of(broker, rate=3)).node
    await node.start()
    reserved = node.reserve(P, 5)
    assert reserved is not None
    for _ in range(5):
        await node.publish(load_publish({"type": "test"}), P, reserved=reserved)
    with pytest.raises(Refused):
        node.reserve(P, 3)
    assert (await at_once(node.publish(load_publish({"type": "test"}), P))).position.seq == 6
    await node.close()


async def test_revoked_user_is_disconnected_everywhere(made: Core) -> None:
    """All connections of a user are told and closed, nobody else's, and old tokens let nobody in again."""
    identity = holding(issued_at=time.time() - 1)
    links = [(await made.open(identity))[1] for _ in range(2)]
    _, other = await made.open(Identity("8"))
    assert await made.operators.disconnect_user("7", time.time()) == 2
    for link in links:
        assert link.of("ns:closing") == [{"code": "token_revoked", "reconnect": False}]
        assert link.of("close") == ["token_revoked"]
    assert other.of("close") == []
    with pytest.raises(Refused) as refused:
        await made.open(identity)
    assert refused.value.kind.code == "token_revoked"
    assert await made.operators.disconnect_user("nobody", time.time()) == 0


async def test_receipt_of_what_is_unknown_is_none(made: Core) -> None:
    """There is no receipt of a notification that was never stored."""
    assert await made.operators.receipt("01890000-0000-7000-8000-000000000000", limit=1, after=None) is None


async def test_receipt_counts_who_is_connected_now(made: Core) -> None:
    """A receipt is up to date with connections that have not left: nobody waits for it."""
    await made.open(Identity("7"))
    await made.open(Identity("8"))
    receipt = await at_once(made.node.publish(load_publish({"type": "test", "audience": {"users": ["7", "9"]}}), P))
    found = await made.operators.receipt(receipt.id, limit=10, after=None)
    assert found is not None
    assert [(one.user, one.sent) for one in found.users] == [("7", True), ("9", False)]
