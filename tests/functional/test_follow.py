"""Following topics, end to end: over every transport, for who is away, beyond a kill, beside clients that know none."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from sio_server.broker import MAX_FOLLOWED
from tests.support.asking import ask, assert_refused, get, post
from tests.support.catalogs import following as catalog_of
from tests.support.clients import plain_socket
from tests.support.events import event_stream
from tests.support.servers import PUBLISH_KEY, SECRET, Server, lasting_token, program, running, secured, token
from tests.support.waiting import until

RULES = """
[topics."tour:*"]
follow = "anyone"

[topics."tour:vip:*"]
follow = ["vip"]

[topics."ops:*"]
follow = ["admin"]

[topics."grupo/7"]
follow = "backend"

[types.tour_cambiado]
title = "Cambio"
audience = { topics = ["tour:{tour_id}"] }
data = { tour_id = "id" }
"""
ADMIN = {"type": "test", "message": "Hola"}


def tour(number: int | str = 1) -> dict[str, Any]:
    """What is published to those who follow a tour."""
    return {"type": "tour_cambiado", "data": {"tour_id": number}}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """Give a server whose catalogue says who may follow what."""
    async with running(secured(catalog=catalog_of(tmp_path, RULES))) as made:
        yield made


async def put(server: Server, path: str, credential: str, code: int = 200) -> Any:
    """The body of what must be answered so."""
    answer = await ask(server, "PUT", path, token=credential)
    assert answer.status == code, answer
    return answer.body


async def test_followers_get_it_over_every_transport(server: Server) -> None:
    """A follow on one connection counts at once on all of the user's, whatever they speak, and so does its end."""
    ana = token("ana")
    first = await server.connect({"token": ana})
    other = await server.connect({"token": token("bea")})
    async with (
        plain_socket(server.url, {"token": ana}) as plain,
        event_stream(server.url, {"token": ana}) as stream,
    ):
        await server.notify(tour())
        answer = await first.client.call("ns:follow", {"topic": "tour:1"})
        assert answer == {"ok": True, "topic": "tour:1", "following": True, "topics": ["tour:1"]}
        await server.notify(tour())
        await server.notify(tour(2))
        for client in (first, plain, stream):
            envelopes = await client.wait(1)
            assert [one["seq"] for one in envelopes] == [2]
            await until(lambda client=client: client.of("ns:topics"), "the topics", client.moves)  # type: ignore[misc]
            assert client.of("ns:topics")[0]["topics"] == ["tour:1"]
        await plain.socket.send_json({"type": "ns:unfollow", "topic": "tour:1", "id": 5})
        await until(lambda: plain.of("ns:reply"), "the reply", plain.moves)
        assert plain.of("ns:reply")[0]["following"] is False
        await server.notify(tour())
        await server.notify({**ADMIN, "audience": {"all": True}})
        for client in (first, plain, stream):
            assert [one["seq"] for one in await client.wait(2)] == [2, 5]
            assert [one["topics"] for one in client.of("ns:topics")] == [["tour:1"], []]
        await other.wait(1)
        assert [one["seq"] for one in other.notifications] == [5]
        assert other.of("ns:topics") == []


async def test_order_and_nothing_lost_while_following(server: Server) -> None:
    """Whoever follows while notifications come gets all that come after the follow, in order, each once."""
    listener = await server.connect({"token": token("ana")})
    publishing = asyncio.gather(*(server.notify(tour()) for _ in range(40)))
    await listener.client.call("ns:follow", {"topic": "tour:1"})
    await publishing
    await server.notify(tour())
    (follow,) = await server.core.broker.followed("ana")
    expected = list(range(follow.seen_from + 1, 42))
    await listener.wait(len(expected))
    assert [one["seq"] for one in listener.notifications] == expected
    page = await get(server, "/v1/inbox?limit=100", token("ana"))
    assert [item["seq"] for item in page["items"]] == expected[::-1]


async def test_over_http_and_away(server: Server) -> None:
    """What a user follows over HTTP is listed, greets the next connection, and is caught up on from a cursor."""
    ana = token("ana", topics=["fijo"])
    assert await get(server, "/v1/topics", ana) == {"items": [], "may_follow": ["tour:*"]}
    first = await server.connect({"token": ana})
    cursor = first.of("ns:hello")[0]["cursor"]
    await first.client.disconnect()
    done = await put(server, "/v1/topics/tour%3A1", ana)
    assert done == {"status": "ok", "topic": "tour:1", "following": True, "topics": ["fijo", "tour:1"]}
    await put(server, "/v1/topics/tour:1", ana)
    await server.notify(tour())
    (item,) = (await get(server, "/v1/topics", ana))["items"]
    assert (item["topic"], item["since"][-1]) == ("tour:1", "Z")
    again = await server.connect({"token": ana, "cursor": cursor})
    (envelope,) = await again.wait(1)
    assert (envelope["seq"], envelope["replayed"]) == (1, True)
    assert again.of("ns:hello")[0]["topics"] == ["fijo", "tour:1"]
    assert (await get(server, "/v1/inbox", ana))["counts"]["unread"] == 1
    for _ in range(2):
        ended = await ask(server, "DELETE", "/v1/topics/tour:1", token=ana)
        assert (ended.status, ended.body["following"], ended.body["topics"]) == (200, False, ["fijo"])
    assert (await get(server, "/v1/inbox", ana))["counts"]["unread"] == 0


async def test_catalogue_says_who_may_follow(server: Server) -> None:
    """Nobody follows what is not listed; a role that is named is needed; the longest pattern that fits counts."""
    vip, plain = token("ana", "vip"), token("bea", "turista")
    await put(server, "/v1/topics/tour:vip:1", vip)
    assert (await get(server, "/v1/topics", vip))["may_follow"] == ["tour:*", "tour:vip:*"]
    for topic in ("tour:vip:1", "ops:1", "grupo/7", "otro", "tour"):
        refused = await ask(server, "PUT", f"/v1/topics/{quote(topic, safe='')}", token=plain)
        assert_refused(refused, "forbidden")
        assert topic in refused.body["detail"]
    listener = await server.connect({"token": plain})
    asked = {"forbidden": {"topic": "otro"}, "invalid_data": {"topic": "x" * 129}}
    for code, body in (*asked.items(), ("invalid_data", {"topic": None}), ("invalid_data", {})):
        assert (await listener.client.call("ns:follow", body))["error"]["code"] == code
    backend = await server.connect({"key": PUBLISH_KEY})
    assert (await backend.client.call("ns:follow", {"topic": "tour:1"}))["error"]["code"] == "forbidden"


async def test_backend_on_behalf_of_a_user(server: Server) -> None:
    """A backend has users follow what they may not follow alone, before they ever came, and ends it."""
    path = f"/v1/users/ana/topics/{quote('grupo/7', safe='')}"
    done = await put(server, path, PUBLISH_KEY)
    assert done == {"status": "ok", "user": "ana", "topic": "grupo/7", "following": True, "topics": ["grupo/7"]}
    await server.notify({**ADMIN, "audience": {"topics": ["grupo/7"]}})
    ana = token("ana")
    listener = await server.connect({"token": ana})
    assert listener.of("ns:hello")[0]["counts"]["unread"] == 1
    assert_refused(await ask(server, "DELETE", "/v1/topics/grupo%2F7", token=ana), "forbidden")
    (item,) = (await get(server, "/v1/users/ana/topics", PUBLISH_KEY))["items"]
    assert (item["topic"], item["by"]) == ("grupo/7", "backend")
    ended = await ask(server, "DELETE", path, token=PUBLISH_KEY)
    assert (ended.body["following"], ended.body["topics"]) == (False, [])
    await until(lambda: listener.of("ns:topics"), "the topics", listener.moves)
    assert_refused(await ask(server, "PUT", "/v1/users/ana/topics/otro", token=PUBLISH_KEY), "forbidden")
    assert_refused(
        await ask(server, "PUT", f"/v1/users/guest:{'0' * 16}/topics/tour:1", token=PUBLISH_KEY), "forbidden"
    )
    assert_refused(await ask(server, "PUT", "/v1/users/ana/topics/tour:1", token=ana), "forbidden")


async def test_role_that_is_gone_follows_nothing_more(server: Server) -> None:
    """What was followed by a role is seen while a token has it; the follow is there again when the role is."""
    boss, later = token("ana", "admin"), token("ana", "turista")
    await put(server, "/v1/topics/ops:1", boss)
    listener = await server.connect({"token": boss})
    await server.notify({**ADMIN, "audience": {"topics": ["ops:1"]}})
    await listener.wait(1)
    assert (await get(server, "/v1/inbox", later))["items"] == []
    assert (await listener.client.call("ns:auth", {"token": later}))["topics"] == []
    await server.notify({**ADMIN, "audience": {"topics": ["ops:1"]}})
    await server.notify({**ADMIN, "audience": {"users": ["ana"]}})
    assert [one["seq"] for one in await listener.wait(2)] == [1, 3]
    assert (await listener.client.call("ns:auth", {"token": boss}))["topics"] == ["ops:1"]
    assert len((await get(server, "/v1/inbox", boss))["items"]) == 3


async def test_operators_see_followers(server: Server) -> None:
    """Operators see what is followed and by whom; preview, receipts and trace count followers and say since when."""
    await put(server, "/v1/topics/tour:1", token("ana"))
    await put(server, "/v1/users/bea/topics/tour:1", PUBLISH_KEY)
    await put(server, "/v1/topics/tour:2", token("ana"))
    listed = await get(server, "/v1/followers?limit=1", PUBLISH_KEY)
    assert listed == {"items": [{"topic": "tour:1", "followers": 2}], "next_after": "tour:1"}
    assert (await get(server, "/v1/followers?after=tour:1", PUBLISH_KEY))["items"] == [
        {"topic": "tour:2", "followers": 1}
    ]
    page = await get(server, "/v1/followers/tour:1?limit=1", PUBLISH_KEY)
    assert (page["total"], page["next_after"]) == (2, "ana")
    assert [(one["user"], one["by"]) for one in page["items"]] == [("ana", "user")]
    preview = await post(server, "/v1/audience/preview", tour(), PUBLISH_KEY)
    assert (preview["users"], [one["user"] for one in preview["first"]]) == (2, ["ana", "bea"])
    _, accepted = await server.notify(tour())
    await put(server, "/v1/topics/tour:1", token("cid"))
    found = await get(server, f"/v1/notifications/{accepted['id']}", PUBLISH_KEY)
    assert [one["user"] for one in found["receipts"]["users"]] == ["ana", "bea"]
    for user, verdict in (("bea", "never_connected"), ("cid", "not_yet_followed"), ("eva", "unknown")):
        trace = await get(server, f"/v1/notifications/{accepted['id']}/trace?user={user}", PUBLISH_KEY)
        assert trace["user"]["verdict"] == verdict
        since = [room["followed_since"] for room in trace["user"]["rooms"] if room["room"] == "topic:tour:1"]
        assert bool(since and since[0]) is (user != "eva")
    assert_refused(await ask(server, "GET", "/v1/followers", token=token("ana")), "forbidden")


async def test_too_many_topics(server: Server) -> None:
    """One user follows a thousand topics and no more, and hears so."""
    listener = await server.connect({"token": token("ana")})
    await asyncio.gather(*(server.core.broker.follow("ana", f"tour:{number}") for number in range(MAX_FOLLOWED)))
    answer = await listener.client.call("ns:follow", {"topic": "tour:one more"})
    assert answer["error"]["code"] == "too_many_topics"
    assert_refused(await ask(server, "PUT", "/v1/topics/tour:x", token=token("ana")), "too_many_topics")
    await server.notify(tour(MAX_FOLLOWED - 1))
    await listener.wait(1)
    # once for each commit, and not for each follow
    assert len(listener.of("ns:topics")[-1]["topics"]) == MAX_FOLLOWED
    assert len(listener.of("ns:topics")) < MAX_FOLLOWED / 100
    assert len((await get(server, "/v1/inbox", token("ana")))["items"]) == 1


async def test_follow_while_others_arrive(server: Server) -> None:
    """However a follow and the arrivals of the user's devices fall together, each device is in the topic's room."""
    for number in range(5):
        following = asyncio.create_task(put(server, f"/v1/topics/tour:{number}", token("ana")))
        devices = await asyncio.gather(*(server.connect({"token": token("ana")}) for _ in range(3)))
        await following
        await server.notify(tour(number))
        for device in devices:
            assert (await device.wait(1))[-1]["data"] == {"tour_id": number}
            await device.client.disconnect()


async def test_old_client_is_not_confused(server: Server) -> None:
    """A client that knows of no topics gets what its user follows elsewhere as any other notification."""
    async with plain_socket(server.url, {"token": token("ana")}) as old:
        await put(server, "/v1/topics/tour:1", token("ana"))
        await server.notify(tour())
        (envelope,) = await old.wait(1)
        assert (envelope["type"], envelope["data"]) == ("tour_cambiado", {"tour_id": 1})
        assert {frame["type"] for frame in old.frames} == {"ns:hello", "ns:topics", "tour_cambiado"}


async def test_follow_outlives_a_kill(tmp_path: Path) -> None:
    """A follow that was answered is there after the server was killed, and so is what was published to it."""
    env = {
        "SIO_SERVER_JWT_SECRET": SECRET,
        "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY,
        "SIO_SERVER_CATALOG": str(catalog_of(tmp_path, RULES)),
    }
    headers, key = ({"Authorization": f"Bearer {one}"} for one in (lasting_token("ana"), PUBLISH_KEY))
    async with aiohttp.ClientSession() as http:
        async with program("--data-dir", str(tmp_path / "data"), env=env) as server:
            for method, path, by in (("PUT", "/v1/topics/tour:1", headers), ("POST", "/notify", key)):
                body = None if method == "PUT" else tour()
                async with http.request(method, server.url + path, json=body, headers=by) as answer:
                    assert answer.status == 200
            await server.stop(signal.SIGKILL)
        async with (
            program("--data-dir", str(tmp_path / "data"), env=env) as server,
            http.get(f"{server.url}/v1/inbox", headers=headers) as answer,
        ):
            assert [item["data"] for item in (await answer.json())["items"]] == [{"tour_id": 1}]
