"""The hub counts connections and hands entries to every endpoint."""

from __future__ import annotations

from sio_server.audience import Audience, Identity
from sio_server.core.hub import MAX_CLIENT, Connection, Hub
from sio_server.notification import Entry, Notification, Position, new_id
from tests.support.links import Endpoint, NotedLink


def connection(
    user: str | None, *roles: str, protocol: str = "socketio", transport: str = "websocket", address: str = "192.0.2.1"
) -> Connection:
    """A connection of this person."""
    return Connection(Identity(user, roles), NotedLink(transport=transport), protocol=protocol, address=address)


def entry(seq: int) -> Entry:
    """An entry for everybody."""
    made = Notification(
        id=new_id(), type="test", message="", data={}, timestamp=1_795_000_000_000, audience=Audience(all=True)
    )
    return Entry.of(made, Position("0123456789ab", seq))


def test_every_endpoint_gets_every_publication_in_order() -> None:
    """A batch goes to each endpoint in order, and the counts are summed for each entry."""
    hub, one, two = Hub(), Endpoint(3), Endpoint(4)
    hub.register(one)
    hub.register(two)
    assert hub.broadcast([entry(1), entry(2)]) == [7, 7]
    assert hub.broadcast([entry(3)]) == [7]
    assert one.seqs == two.seqs == [1, 2, 3]


def test_broadcast_without_endpoints_reaches_nobody() -> None:
    """With no endpoint every entry went to 0 connections."""
    assert Hub().broadcast([entry(1), entry(2)]) == [0, 0]


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
    assert [hub.remove(one), hub.remove(one)] == [True, False]
    assert hub.stats()["connections"]["total"] == len(hub) == 1
    assert hub.remove(two)
    assert hub.stats()["users"]["total"] == len(hub) == 0


def test_transport_is_asked_each_time() -> None:
    """A connection that was upgraded counts under its transport of now."""
    hub, link = Hub(), NotedLink(transport="polling")
    hub.add(Connection(Identity("1"), link, protocol="socketio"))
    before = hub.stats()["connections"]["by_transport"]
    link.now_over = "websocket"
    assert (before, hub.stats()["connections"]["by_transport"]) == ({"socketio/polling": 1}, {"socketio/websocket": 1})


def test_connections_are_found_by_user_and_address() -> None:
    """Those of a user, and how many a user and an address have; a nameless one counts for its address alone."""
    hub = Hub()
    one, two, other = connection("1"), connection("1", address="192.0.2.2"), connection(None)
    for each in (one, two, other):
        hub.add(each)
    assert hub.of_user("1") == (one, two)
    assert hub.of_user("2") == ()
    assert hub.count_of(user="1", address="192.0.2.1") == (2, 2)
    assert hub.count_of(user=None, address="192.0.2.2") == (0, 1)
    for each in (one, two, other):
        hub.remove(each)
    assert hub.of_user("1") == ()
    assert hub.count_of(user="1", address="192.0.2.1") == (0, 0)


def test_connections_may_leave_while_they_are_gone_through() -> None:
    """Going through all connections is going through those of that moment, whoever leaves meanwhile."""
    hub = Hub()
    made = [connection(str(number)) for number in range(5)]
    for each in made:
        hub.add(each)
    seen = []
    for each in hub:
        seen.append(each)
        hub.remove(each)
    assert (seen, len(hub)) == (made, 0)


def test_client_of_a_connection_is_printable_and_short() -> None:
    """What a client says it is is kept without control characters, and not beyond a length."""
    link = NotedLink()
    assert Connection(Identity("1"), link, protocol="ws", client="a\tb\x1b[31m\udcff").client == "ab[31m"
    assert len(Connection(Identity("1"), link, protocol="ws", client="x" * 1000).client) == MAX_CLIENT


def test_connection_is_found_by_its_own_id() -> None:
    """Each connection has an id of its own, and is found by it while it is there."""
    hub, others = Hub(), [connection("1") for _ in range(3)]
    for one in others:
        hub.add(one)
    assert len({one.id for one in others}) == 3
    assert [hub.find(one.id) for one in others] == others
    hub.remove(others[0])
    assert hub.find(others[0].id) is None
    assert (hub.users, hub.queued()) == (1, 0)
