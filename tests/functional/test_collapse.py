"""A notification in the place of another, end to end: every transport, away, beyond a kill, an old client."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.asking import get, post
from tests.support.clients import PlainSocket, plain_socket
from tests.support.events import EventStream, event_stream
from tests.support.servers import PUBLISH_KEY, SECRET, Listener, Server, lasting_token, program, running, secured, token
from tests.support.waiting import until

ANA = {"users": ["ana"]}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Give a server."""
    async with running(secured()) as made:
        yield made


def update(number: int, **members: Any) -> dict[str, Any]:
    """One of several that take each other's place."""
    return {"type": "test", "message": str(number), "collapse_key": "vuelo:1", "audience": ANA, **members}


async def counted_at(client: Listener | PlainSocket | EventStream, seq: int) -> Any:
    """The last ``ns:state`` of a client once it counts up to this position."""

    def is_told() -> bool:
        return any(told["counts"]["at_seq"] == seq for told in client.of("ns:state"))

    await until(is_told, "the counters", client.moves)
    return client.of("ns:state")[-1]


async def test_fifty_updates_are_one_item(server: Server) -> None:
    """Of fifty with one key there is one item, and one more is unread; every transport gets each, and the counters."""
    ana = token("ana")
    listener = await server.connect({"token": ana})
    async with (
        plain_socket(server.url, {"token": ana}) as plain,
        event_stream(server.url, {"token": ana}) as stream,
    ):
        await server.notify({"type": "test", "message": "Otra", "audience": ANA})
        replies = [(await server.notify(update(number)))[1] for number in range(50)]
        for client in (listener, plain, stream):
            envelopes = (await client.wait(51))[1:]
            assert [one["message"] for one in envelopes] == [str(number) for number in range(50)]
            assert "replaces" not in envelopes[0]
            assert [one["replaces"] for one in envelopes[1:]] == [one["id"] for one in replies[:-1]]
            assert {one["thread"] for one in envelopes[1:]} == {replies[0]["id"]}
            told = await counted_at(client, 51)
            assert (told["action"], told["ids"]) == ("counted", [])
            assert told["counts"] == {"unread": 2, "unseen": 2, "at_seq": 51}
    assert "replaces" not in replies[0]
    assert [one["replaces"] for one in replies[1:]] == [one["id"] for one in replies[:-1]]
    page = await get(server, "/v1/inbox", ana)
    assert ([item["message"] for item in page["items"]], page["counts"]["unread"]) == (["49", "Otra"], 2)
    assert page["items"][0]["thread"] == replies[0]["id"]
    found = await get(server, "/v1/notifications?user=ana", PUBLISH_KEY)
    assert len(found["items"]) == 2


async def test_away_clients_get_the_latest(server: Server) -> None:
    """Whoever was away gets the newest alone, by cursor over each transport, unread though the former was read."""
    ana = token("ana")
    await server.connect({"token": ana})
    await server.notify(update(0))
    await post(server, "/v1/inbox/read", {"all": True}, ana)
    cursor = server.core.broker.head().cursor()
    for number in range(1, 5):
        await server.notify(update(number))
    back = {"token": ana, "cursor": cursor}
    listener = await server.connect(back)
    async with plain_socket(server.url, back) as plain, event_stream(server.url, back) as stream:
        for client in (listener, plain, stream):
            await client.wait(1)
            await until(lambda client=client: client.of("ns:sync"), "the end", client.moves)  # type: ignore[misc]
            assert [(one["message"], one["replayed"]) for one in client.notifications] == [("4", True)]
            assert client.of("ns:hello")[0]["counts"]["unread"] == 1


async def test_batch_with_one_key(server: Server) -> None:
    """Items of one batch take each other's place, too; what is not kept takes nobody's."""
    ana = token("ana")
    reply = await post(
        server, "/v1/notifications/batch", {"notifications": [update(number) for number in range(5)]}, PUBLISH_KEY
    )
    ids = [result["id"] for result in reply["results"]]
    assert [result.get("replaces") for result in reply["results"]] == [None, *ids[:-1]]
    _, passing = await server.notify(update(9, persist=False))
    assert "replaces" not in passing
    page = await get(server, "/v1/inbox", ana)
    assert ([item["message"] for item in page["items"]], page["counts"]["unread"]) == (["4"], 1)


async def test_old_client_sees_notifications(server: Server) -> None:
    """A client that knows nothing of it gets each as any other notification, and `ns:` frames that it passes over."""
    async with plain_socket(server.url, {"token": token("ana")}) as old:
        for number in range(3):
            await server.notify(update(number))
        await until(lambda: old.of("ns:state"), "the counters", old.moves)
        assert [frame["message"] for frame in await old.wait(3)] == ["0", "1", "2"]
        assert {frame["type"] for frame in old.frames} == {"ns:hello", "ns:state", "test"}


async def test_place_outlives_a_kill(tmp_path: Path) -> None:
    """After a kill the newest is the only one, and the next takes its place."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    key, ana = ({"Authorization": f"Bearer {one}"} for one in (PUBLISH_KEY, lasting_token("ana")))
    replies = []
    async with aiohttp.ClientSession() as http:
        for number in range(2):
            async with program("--data-dir", str(tmp_path / "data"), env=env) as server:
                for each in range(3):
                    body = update(10 * number + each)
                    async with http.post(f"{server.url}/notify", json=body, headers=key) as answer:
                        assert answer.status == 200
                        replies.append(await answer.json())
                async with http.get(f"{server.url}/v1/inbox", headers=ana) as answer:
                    page = await answer.json()
                assert [item["message"] for item in page["items"]] == [str(10 * number + 2)]
                assert page["counts"]["unread"] == 1
                await server.stop(signal.SIGKILL)
    assert [one.get("replaces") for one in replies] == [None, *[one["id"] for one in replies[:-1]]]
