"""What every broker promises of presence: connections of all nodes, which go with their node."""

from __future__ import annotations

from sio_server.broker import Broker
from tests.support.brokers import soon

ROOMS = ("all", "role:admin", "user:ana")


class PresenceContract:
    """Connections of one node."""

    async def test_user_is_here_from_the_first_connection_to_the_last(self, broker: Broker) -> None:
        """Connections are known by their id, and their user is here as long as there is one of them."""
        assert not await broker.connected("desk")
        assert not await broker.present("ana")
        broker.arrived("desk", "ana", ROOMS)
        broker.arrived("phone", "ana", ROOMS[:1])
        assert await broker.connected("desk")
        assert await broker.connected("phone")
        broker.left("desk")
        assert not await broker.connected("desk")
        assert await broker.present("ana")
        broker.left("phone")
        assert not await broker.present("ana")

    async def test_arrival_that_is_said_again_is_one(self, broker: Broker) -> None:
        """A connection that has other rooms, or is another user's, is the same one: it leaves once."""
        for rooms in (ROOMS, ROOMS[:1]):
            broker.arrived("desk", "ana", rooms)
        broker.arrived("desk", "bea", ROOMS[:1])
        assert not await broker.present("ana")
        assert await broker.present("bea")
        broker.left("desk")
        assert not await broker.present("bea")
        assert not await broker.connected("desk")

    async def test_connection_without_a_name_is_nobodys(self, broker: Broker) -> None:
        """A connection of somebody without a name is known by its id alone."""
        broker.arrived("desk", None, ROOMS[:1])
        assert await broker.connected("desk")
        assert not await broker.present("")
        broker.left("desk")
        assert not await broker.connected("desk")

    async def test_unknown_connection_may_leave(self, broker: Broker) -> None:
        """That an unknown connection left, or one that has left already, is passed over."""
        broker.left("unknown")
        broker.arrived("desk", "ana", ROOMS)
        broker.left("desk")
        broker.left("desk")
        assert not await broker.present("ana")


class PresenceOfTwoNodesContract:
    """Connections of all nodes: ``pair`` are two nodes on one broker."""

    async def test_connection_is_known_on_every_node(self, pair: tuple[Broker, Broker]) -> None:
        """What is connected to one node is known to the other, until it leaves."""
        pair[0].arrived("desk", "ana", ROOMS)
        await soon(lambda: pair[1].connected("desk"))
        await soon(lambda: pair[1].present("ana"))
        pair[0].left("desk")

        async def gone() -> bool:
            return not (await pair[1].connected("desk") or await pair[1].present("ana"))

        await soon(gone)

    async def test_connection_that_moved_stays_where_it_is(self, pair: tuple[Broker, Broker]) -> None:
        """A connection of the same id that left one node and is on another is still there."""
        for node in pair:
            node.arrived("desk", "ana", ROOMS)
        pair[0].left("desk")
        await soon(lambda: pair[0].connected("desk"))
        await soon(lambda: pair[0].present("ana"))

    async def test_connections_go_with_their_node(self, pair: tuple[Broker, Broker]) -> None:
        """What was connected to a node that ended is connected no longer; the other node's is."""
        pair[0].arrived("desk", "ana", ROOMS)
        pair[0].arrived("kiosk", None, ROOMS[:1])
        pair[1].arrived("phone", "bea", ROOMS[:1])
        await pair[0].close()

        async def gone() -> bool:
            connected = [await pair[1].connected(one) for one in ("desk", "kiosk")]
            return not (any(connected) or await pair[1].present("ana"))

        await soon(gone)
        assert await pair[1].present("bea")
