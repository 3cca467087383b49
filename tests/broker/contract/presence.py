"""What every broker promises of presence: connections of all nodes, which go with their node."""

from __future__ import annotations

from sio_server.broker import Broker, Here
from tests.support.brokers import soon
from tests.support.inbox_model import Clock

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

    async def test_who_is_here_is_told_with_roles_and_times(self, broker: Broker, clock: Clock) -> None:
        """A user is here since the first of the present connections, with the roles of all of them, until the last."""
        await broker.sight("ana", ROOMS[:2])
        began = int(clock() * 1000)
        broker.arrived("desk", "ana", ROOMS)
        clock.seconds += 5
        broker.arrived("phone", "ana", ("all", "role:guia", "user:ana"))
        broker.arrived("desk", "ana", ROOMS[:2])
        (here,) = await broker.whereabouts(["ana", "nobody"])
        assert (here.connections, sorted(here.roles), here.since, here.last_seen) == (
            2,
            ["admin", "guia"],
            began,
            began + 5000,
        )
        broker.left("desk")
        (here,) = await broker.whereabouts(["ana"])
        assert (here.connections, here.roles, here.since) == (1, ("guia",), began + 5000)
        clock.seconds += 5
        broker.left("phone")
        for _ in range(2):
            (gone,) = await broker.whereabouts(["ana"])
            assert gone == Here("ana", (), 0, None, began + 10_000)

    async def test_last_seen_is_kept_in_the_log(self, broker: Broker, clock: Clock) -> None:
        """When somebody was last here is in the log soon after, also of who was known there long before."""
        await broker.sight("ana", ROOMS[:1])
        clock.seconds += 100
        broker.arrived("desk", "ana", ROOMS[:1])
        clock.seconds += 100
        broker.left("desk")
        clock.seconds += 100
        expected = Here("ana", (), 0, None, int((clock() - 100) * 1000))

        async def kept() -> bool:
            return await broker.whereabouts(["ana"]) == (expected,)

        await soon(kept)

    async def test_pages_of_who_is_here(self, broker: Broker) -> None:
        """Pages are by name, and count all; a room leaves out who does not have it."""
        for user in ("eva", "ana", "bea", "cleo"):
            broker.arrived(f"{user}-1", user, ("all", f"user:{user}", *(["role:guia"] if user > "b" else [])))
        broker.arrived("ana-2", "ana", ROOMS)
        broker.arrived("nameless", None, ROOMS)
        page = await broker.here(limit=2)
        assert ([one.user for one in page.items], page.next_after) == (["ana", "bea"], "bea")
        assert (page.users, page.connections) == (4, 5)
        page = await broker.here(limit=2, after="bea")
        assert ([one.user for one in page.items], page.next_after) == (["cleo", "eva"], None)
        page = await broker.here("role:guia", limit=9)
        assert ([one.user for one in page.items], page.users, page.connections) == (["bea", "cleo", "eva"], 3, 3)
        assert await broker.attending("role:admin") == {"ana"}
        assert await broker.attending() == {"ana", "bea", "cleo", "eva"}
        assert await broker.attending("role:none") == frozenset()

    async def test_who_follows_a_topic_has_it(self, broker: Broker) -> None:
        """A topic's are those whose token names it, and those who follow it and are here."""
        for user in ("ana", "bea"):
            await broker.sight(user, ["all"])
            await broker.follow(user, "tour:1")
        broker.arrived("1", "ana", ("all", "user:ana"))
        broker.arrived("2", "cleo", ("all", "user:cleo", "topic:tour:1"))
        broker.arrived("3", "eva", ("all", "user:eva"))
        assert await broker.attending("topic:tour:1") == {"ana", "cleo"}

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
