"""What users and operators do at two nodes that share a log in PostgreSQL, by the one that they happen to reach."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from sio_server.broker.postgres import PostgresBroker
from tests.support.asking import ask, get, post
from tests.support.catalogs import following
from tests.support.clients import plain_socket
from tests.support.cluster import cluster
from tests.support.events import event_stream
from tests.support.servers import PUBLISH_KEY, Server, lasting_token, secured, token
from tests.support.waiting import until

Two = tuple[Server, Server]


@pytest.fixture
async def two(postgres_home: Path, tmp_path: Path) -> AsyncIterator[Two]:
    """Give two servers on one log."""
    dsn = f"postgresql://postgres@/postgres?host={postgres_home}&schema={uuid4().hex}"
    config = secured(node_listen="127.0.0.1:0", catalog=following(tmp_path))
    async with cluster(config=config, brokers=[PostgresBroker(dsn) for _ in range(2)]) as members:
        yield members[0].server, members[1].server


async def eventually(question: Any, expected: Any) -> None:
    """Ask until the answer is as expected, which takes a node about a second to learn from another."""
    began = time.monotonic()
    while (found := await question()) != expected:
        assert time.monotonic() - began < 30, found


async def test_everybody_hears_what_any_node_is_told(two: Two) -> None:
    """What one node is told reaches the clients of both over every transport, once and in order."""
    ana = {"token": token("ana", "turista")}
    listener = await two[1].connect(ana)
    async with plain_socket(two[0].url, ana) as socket, event_stream(two[1].url, ana) as stream:
        for number in range(10):
            status, _ = await two[number % 2].notify(
                {"type": "test", "message": str(number), "audience": {"all": True}}
            )
            assert status == 200
        for client in (listener, socket, stream):
            told = await client.wait(10)
            assert [one["message"] for one in told] == [str(number) for number in range(10)]
    await listener.client.disconnect()


async def test_who_is_here_is_known_on_both(two: Two) -> None:
    """A connection to one node is here on the other, and online in its previews, until it has ended."""

    async def here() -> list[str]:
        return [one["user"] for one in (await get(two[0], "/v1/presence", PUBLISH_KEY))["items"]]

    async def online() -> list[bool]:
        asked = {"type": "test", "message": "x", "audience": {"users": ["ana"]}}
        preview = await post(two[0], "/v1/audience/preview", asked, token=PUBLISH_KEY)
        return [one["online"] for one in preview["first"]]

    async with plain_socket(two[1].url, {"token": token("ana", "turista")}):
        await eventually(here, ["ana"])
        assert await online() == [True]
    await eventually(here, [])
    assert await online() == [False]


async def test_user_is_put_out_through_the_other_node(two: Two) -> None:
    """A user's connections to any node are closed by an order to another, and the token of before lets in nowhere."""
    held = {"token": lasting_token("ana", "turista")}
    async with plain_socket(two[1].url, held) as socket:
        await post(two[0], "/v1/users/ana/disconnect", token=PUBLISH_KEY)
        await until(lambda: socket.closed, "the end of the connection")
        assert socket.closed is not None
        assert socket.closed[1] == "token_revoked"
    for server in two:
        answer = await ask(server, "GET", "/v1/inbox", token=held["token"])
        assert (answer.status, answer.body["code"]) == (401, "token_revoked")


async def test_one_connection_is_closed_through_the_other_node(two: Two) -> None:
    """An order to one node closes a single connection to another, whose user stays connected otherwise."""
    held = {"token": token("ana", "turista")}
    async with plain_socket(two[1].url, held) as first, plain_socket(two[1].url, held) as second:
        (user,) = (await get(two[1], "/v1/users", PUBLISH_KEY))["users"]
        identity = user["connections"][0]["id"]

        async def order() -> int:
            return (await ask(two[0], "POST", f"/v1/connections/{identity}/disconnect", token=PUBLISH_KEY)).status

        await eventually(order, 200)
        await until(lambda: first.closed or second.closed, "the end of the connection")
        assert [client.closed is None for client in (first, second)].count(True) == 1


async def test_inbox_is_the_same_on_both(two: Two) -> None:
    """What a user reads at one node is read at the other, and the user's connections there are told."""
    held = {"token": token("ana", "turista")}
    async with plain_socket(two[1].url, held) as socket:
        status, published = await two[0].notify({"type": "test", "message": "x", "audience": {"users": ["ana"]}})
        assert status == 200
        await socket.wait(1)
        await post(two[0], "/v1/inbox/read", {"ids": [published["id"]]}, token=held["token"])
        await until(lambda: socket.of("ns:state"), "word of the inbox")
        assert socket.of("ns:state")[-1]["counts"]["unread"] == 0
    (item,) = (await get(two[1], "/v1/inbox", held["token"]))["items"]
    assert item["read"]


async def test_follow_holds_on_both(two: Two) -> None:
    """What a backend has a user follow at one node is followed by the user's connections to the other."""
    async with plain_socket(two[1].url, {"token": token("ana", "turista")}) as socket:
        answer = await ask(two[0], "PUT", "/v1/users/ana/topics/tour:7", token=PUBLISH_KEY)
        assert answer.status == 200
        await until(lambda: socket.of("ns:topics"), "word of the topic")
        status, _ = await two[0].notify({"type": "test", "message": "x", "audience": {"topics": ["tour:7"]}})
        assert status == 200
        assert [one["message"] for one in await socket.wait(1)] == ["x"]


async def test_person_is_erased_on_both(two: Two) -> None:
    """What is kept of somebody goes through one node, and the other has nothing of it either."""
    status, _ = await two[1].notify({"type": "test", "message": "x", "audience": {"users": ["ana"]}})
    assert status == 200
    async with plain_socket(two[1].url, {"token": token("ana", "turista")}) as socket:
        await socket.wait(0)
    answer = await ask(two[0], "DELETE", "/v1/users/ana", token=PUBLISH_KEY)
    assert answer.status == 200, answer
    found = await get(two[1], "/v1/users/ana/export", PUBLISH_KEY)
    assert found.get("notifications", []) == []
