"""The hub counts connections and hands publications to every endpoint."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from sio_server.audience import Audience, Identity
from sio_server.hub import Connection, Hub
from sio_server.notification import Notification, Position, Publication, new_id


def connection(user: str | None, *roles: str, protocol: str = "socketio", transport: str = "websocket") -> Connection:
    """A connection of this person."""
    return Connection(Identity(user, roles), protocol, lambda: transport)


def publication(seq: int) -> Publication:
    """A publication for everybody."""
    made = Notification(new_id(), "test", "", {}, datetime.now(UTC), Audience(all=True))
    return Publication.of(made, Position("0123456789ab", seq))


class Endpoint:
    """An endpoint with so many connections, all of which get everything."""

    def __init__(self, connections: int) -> None:
        self.connections = connections
        self.seqs: list[int] = []

    def broadcast(self, batch: Sequence[Publication]) -> Sequence[int]:
        """See `Broadcaster.broadcast`."""
        self.seqs.extend(one.position.seq for one in batch)
        return [self.connections] * len(batch)


def test_every_endpoint_gets_every_publication_in_order() -> None:
    """A batch goes to each endpoint in order, and the counts are summed for each publication."""
    hub, one, two = Hub(), Endpoint(3), Endpoint(4)
    hub.register(one)
    hub.register(two)
    assert hub.broadcast([publication(1), publication(2)]) == [7, 7]
    assert hub.broadcast([publication(3)]) == [7]
    assert one.seqs == two.seqs == [1, 2, 3]


def test_broadcast_without_endpoints_reaches_nobody() -> None:
    """With no endpoint every publication went to 0 connections."""
    assert Hub().broadcast([publication(1), publication(2)]) == [0, 0]


def test_stats_of_nobody() -> None:
    """An empty hub counts nothing."""
    assert Hub().stats() == {
        "connections": {"total": 0, "by_role": {}, "by_transport": {}},
        "users": {"total": 0, "by_role": {}},
    }


def test_user_with_three_tabs_is_one_user() -> None:
    """Connections count each, a user once; who has two roles counts under both, who has none under none."""
    hub = Hub()
    for one in (
        connection("1", "admin"),
        connection("1", "admin", transport="polling"),
        connection("1", "admin", "turista", protocol="ws"),
        connection("2", "turista"),
        connection(None),
    ):
        hub.add(one)
    assert hub.stats() == {
        "connections": {
            "total": 5,
            "by_role": {"admin": 3, "none": 1, "turista": 2},
            "by_transport": {"socketio/polling": 1, "socketio/websocket": 3, "ws/websocket": 1},
        },
        "users": {"total": 2, "by_role": {"admin": 1, "turista": 2}},
    }


def test_connection_that_left_is_not_counted() -> None:
    """Leaving counts out, once; two connections of the same person are two."""
    hub, one, two = Hub(), connection("1"), connection("1")
    hub.add(one)
    hub.add(two)
    hub.remove(one)
    hub.remove(one)
    assert hub.stats()["connections"]["total"] == 1
    hub.remove(two)
    assert hub.stats()["users"]["total"] == 0


def test_transport_is_asked_each_time() -> None:
    """A connection that was upgraded counts under its transport of now."""
    transport = ["polling"]
    hub = Hub()
    hub.add(Connection(Identity("1"), "socketio", lambda: transport[0]))
    before = hub.stats()["connections"]["by_transport"]
    transport[0] = "websocket"
    assert (before, hub.stats()["connections"]["by_transport"]) == ({"socketio/polling": 1}, {"socketio/websocket": 1})
