"""The use cases of a node, on a real log and the real catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from sio_server.audience import Identity
from sio_server.broker_sqlite import SqliteBroker
from sio_server.catalog import Catalog
from sio_server.errors import Refused
from sio_server.hub import Connection, Hub
from sio_server.node import Node
from sio_server.notification import Position
from sio_server.schemas import load_publish
from tests.test_hub import Endpoint

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


@pytest.fixture
async def broker() -> SqliteBroker:
    """Return a log in memory."""
    return SqliteBroker(None)


@pytest.fixture
async def node(broker: SqliteBroker) -> AsyncIterator[Node]:
    """Start a node whose clock stands still."""
    catalog = await asyncio.to_thread(Catalog.load)
    node = Node(catalog, broker, Hub(), limits={"max_body": 5}, health=[broker], now=lambda: NOW)
    await node.start()
    yield node
    await node.close()


async def stored(node: Node, broker: SqliteBroker, body: dict[str, Any], room: str = "all") -> dict[str, Any]:
    """The envelope that a body became, read back from the log."""
    before = broker.head()
    await node.publish(load_publish(body), "p")
    (publication,) = await broker.history([room], before, 10)
    return publication.envelope()


async def code_of(node: Node, body: dict[str, Any]) -> str:
    """The code that a body is refused with."""
    with pytest.raises(Refused) as refused:
        await node.publish(load_publish(body), "p")
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
    receipt = await node.publish(load_publish({"type": "reserva_creada"}), "p")
    assert ["usuario_id" in warning for warning in receipt.warnings] == [True]


async def test_audience_of_nobody_is_refused(node: Node) -> None:
    """A type whose whole audience needs an absent field is refused by that field's name."""
    kind = node.catalog.types["reserva_creada"]
    node.catalog.types["solo"] = type(kind)(
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
        await node.publish(load_publish({"type": "solo"}), "p")
    assert refused.value.kind.code == "invalid_audience"
    assert refused.value.problems[0].field == "data.usuario_id"


async def test_refusals_store_nothing(node: Node, broker: SqliteBroker) -> None:
    """An unknown type, data of a wrong type and a draining node are refused with their codes before the log."""
    assert await code_of(node, {"type": "nada"}) == "unknown_type"
    assert await code_of(node, {"type": "reserva_creada", "data": {"total": "5"}}) == "invalid_data"
    node.draining = True
    assert await code_of(node, {"type": "test"}) == "draining"
    assert broker.head().seq == 0


async def test_receipt_counts_the_connections_of_this_node(node: Node) -> None:
    """Recipients is how many connections the endpoints handed it to; a duplicate reached nobody anew."""
    node.hub.register(Endpoint(3))
    request = load_publish({"type": "test", "idempotency_key": "k"})
    first, again = await node.publish(request, "p"), await node.publish(request, "p")
    assert (first.sockets, first.duplicate) == (3, False)
    assert (again.sockets, again.duplicate, again.id) == (0, True, first.id)
    stats = node.stats()
    assert stats["publishes"] == {"accepted": 1, "duplicates": 1}
    assert stats["deliveries"] == 3


async def test_hello_says_who_and_where(node: Node, broker: SqliteBroker) -> None:
    """The greeting names the person and the head of the log, and counts the connection in and out."""
    await node.publish(load_publish({"type": "test"}), "p")
    connection = Connection(Identity("7", ("turista",), ("cusco",)), "ws", lambda: "websocket")
    hello = node.connect(connection)
    assert (hello["user"], hello["roles"], hello["topics"]) == ("7", ["turista"], ["cusco"])
    assert Position.parse(hello["cursor"]) == broker.head()
    assert (hello["server_time"], hello["limits"]) == ("2026-11-24T12:00:00.000Z", {"max_body": 5})
    assert node.stats()["connections"]["total"] == 1
    node.disconnect(connection, "transport close")
    node.disconnect(connection, "transport close")
    assert node.stats()["connections"]["total"] == 0


async def test_health_is_that_of_its_parts(node: Node, broker: SqliteBroker) -> None:
    """A node is healthy while its log is; without one it is unavailable, and while it drains it is not ready."""
    await node.check()
    await broker.close()
    with pytest.raises(Refused) as refused:
        await node.check()
    assert refused.value.kind.code == "broker_unavailable"
    node.draining = True
    with pytest.raises(Refused) as refused:
        await node.check()
    assert (refused.value.kind.code, refused.value.retry_after) == ("draining", 1)


async def test_closing_refuses_what_is_new_and_finishes_what_is_not(node: Node) -> None:
    """Publishes under way when a node closes are done; later ones and connections are refused with draining."""
    under_way = [asyncio.create_task(node.publish(load_publish({"type": "test"}), "p")) for _ in range(20)]
    await asyncio.sleep(0)
    await node.close()
    assert [(await one).position.seq for one in under_way] == list(range(1, 21))
    assert await code_of(node, {"type": "test"}) == "draining"
    with pytest.raises(Refused):
        node.connect(Connection(Identity("7"), "ws", lambda: "websocket"))
