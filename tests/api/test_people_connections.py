"""What a console shows of connections, and closing one of them."""

from __future__ import annotations

import pytest

from tests.conftest import Node
from tests.support.asking import ask, assert_refused, get, post
from tests.support.clients import javascript_client, plain_socket
from tests.support.servers import PUBLISH_KEY, running, secured, token

KEY = PUBLISH_KEY


async def test_connection_says_what_it_is_and_gets() -> None:
    """A connection is shown with its client, its address, its rooms and what waits for it, over either protocol."""
    ana = token("ana", "turista", topics=["cusco"])
    agent = {"User-Agent": "a very long browser " + "x" * 300}
    async with running(secured()) as server:
        await server.connect({"token": ana}, headers=agent)
        async with plain_socket(server.url, {"token": ana}, agent):
            (user,) = (await get(server, "/v1/users", KEY))["users"]

    assert (user["user"], user["roles"], user["topics"]) == ("ana", ["turista"], ["cusco"])
    assert [one["protocol"] for one in user["connections"]] == ["socketio", "ws"]
    assert len({one["id"] for one in user["connections"]}) == 2
    for one in user["connections"]:
        assert one["address"] == "127.0.0.1"
        assert one["client"] == agent["User-Agent"][:200]
        assert one["rooms"] == ["all", "role:turista", "user:ana", "topic:cusco"]
        assert (one["queued_bytes"], one["replaying"]) == (0, False)


async def test_id_of_a_connection_is_not_its_session() -> None:
    """What operators call a connection opens nothing: it is in no session id of either layer."""
    async with running() as server:
        ana = await server.connect({"user": "ana"})
        (user,) = (await get(server, "/v1/users"))["users"]
        (shown,) = user["connections"]

        assert shown["id"] not in {ana.client.sid, ana.client.eio.sid}


async def test_nameless_connections_are_shown_with_the_first_page() -> None:
    """Who says no name is no user, but is shown and counted, by role as well, and not again in later pages."""
    async with running() as server:
        for stated in ({"role": "admin"}, {"role": "turista"}, {"role": "admin"}, {"user": "a"}, {"user": "b"}):
            await server.connect(stated)
        everybody = await get(server, "/v1/users?limit=2")
        admins = await get(server, "/v1/users?role=admin")
        later = await get(server, "/v1/users?after=a")

    assert [one["roles"] for one in everybody["nameless"]] == [["admin"], ["turista"]]
    assert everybody["nameless_total"] == 3
    assert everybody["total"] == 2
    assert ([one["roles"] for one in admins["nameless"]], admins["nameless_total"]) == ([["admin"]] * 2, 2)
    assert (later["nameless"], later["nameless_total"]) == ([], 3)
    assert everybody["nameless"][0]["rooms"] == ["all", "role:admin"]


async def test_publisher_that_is_connected_is_nameless_and_gets_nothing() -> None:
    """A backend that is connected with a publisher key is shown without rooms."""
    async with running(secured()) as server:
        await server.connect({"key": KEY})
        shown = await get(server, "/v1/users", KEY)

    assert (shown["total"], shown["nameless_total"]) == (0, 1)
    assert (shown["nameless"][0]["rooms"], shown["nameless"][0]["roles"]) == ([], [])


async def test_one_connection_is_closed_and_the_others_stay() -> None:
    """Closing one connection tells its client that it may come back, and leaves the user's other ones."""
    async with running(secured()) as server:
        ana = token("ana", "turista")
        stays = await server.connect({"token": ana})
        async with plain_socket(server.url, {"token": ana}) as leaves:
            (user,) = (await get(server, "/v1/users", KEY))["users"]
            (chosen,) = (one["id"] for one in user["connections"] if one["protocol"] == "ws")
            answer = await post(server, f"/v1/connections/{chosen}/disconnect", token=KEY)
            assert await leaves.wait_closed() == (4010, "closed_by_operator")
            assert leaves.of("ns:closing")[0]["reconnect"] is True
        assert answer == {"status": "ok", "id": chosen}
        assert_refused(await ask(server, "POST", f"/v1/connections/{chosen}/disconnect", token=KEY), "not_found")
        async with plain_socket(server.url, {"token": ana}) as again:
            assert again.of("ns:hello")
        assert stays.client.connected


async def test_stock_client_whose_connection_was_closed_comes_back(node: Node) -> None:
    """The stock JavaScript client connects again by itself, and gets what is published then."""
    auth = {"token": token("ana", "turista")}
    async with running(secured()) as server, javascript_client(node.binary, server.url, auth=auth) as client:
        await client.wait_for("connect")
        (user,) = (await get(server, "/v1/users", KEY))["users"]
        await post(server, f"/v1/connections/{user['connections'][0]['id']}/disconnect", token=KEY)
        await client.wait_for("connect", 2)
        await server.notify({"type": "test", "message": "again"})
        await client.wait(1)
        closing = [report["argument"] for report in client.of("event") if report["event"] == "ns:closing"]

        assert closing == [{"code": "closed_by_operator", "reconnect": True}]
        assert [report["disconnect"] for report in client.of("disconnect")] == ["transport close"]


@pytest.mark.parametrize("identity", ["0" * 16, "x", "ana%20b", "a" * 200])
async def test_unknown_connection_is_not_found(identity: str) -> None:
    """What is the id of no connection is not found, whatever it looks like."""
    async with running() as server:
        assert_refused(await ask(server, "POST", f"/v1/connections/{identity}/disconnect"), "not_found")
