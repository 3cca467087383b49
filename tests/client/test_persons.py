"""What clients ask of users, against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sio_server.client import NotifyClient, NotifyRefused, SyncNotifyClient, persons
from sio_server.client.persons import Here
from tests.support.catalogs import following
from tests.support.clients import plain_socket
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token
from tests.support.waiting import until_true

RULES = """
[topics."tour:*"]
follow = "backend"
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server whose backend has users follow tours."""
    async with running(secured(catalog=following(tmp_path, RULES))) as started:
        yield started


def near(moment: datetime | None) -> bool:
    """Whether a moment is one of this test's."""
    return moment is not None and abs(datetime.now(UTC) - moment) < timedelta(minutes=5)


async def test_who_is_here(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is here is listed page by page, of a role or a topic alone; one user is told of, also after the end."""
    monkeypatch.setattr(persons, "PAGE", 2)
    async with NotifyClient(server.url, PUBLISH_KEY) as client:
        assert [one async for one in client.presence()] == []
        assert await client.presence_of("ana") is None
        names = [f"u{number}" for number in range(5)]
        for name in names:
            await server.connect({"token": token(name, "turista")})
        await client.follow("u3", "tour:1")
        async with plain_socket(server.url, {"token": token("ana", "guia")}):
            assert [one.user async for one in client.presence()] == ["ana", *names]
            assert [one.user async for one in client.presence(role="guia")] == ["ana"]
            assert [one.user async for one in client.presence(topic="tour:1")] == ["u3"]
            there = await client.presence_of("ana")
            assert there is not None
            assert (there.roles, there.connections, there.here) == (("guia",), 1, True)
            assert near(there.since)

        async def gone() -> Here | None:
            found = await client.presence_of("ana")
            return None if found is None or found.here else found

        await until_true(gone, "the end of the connection")
        left = await gone()
        assert left is not None
        assert (left.since, left.connections) == (None, 0)
        assert near(left.last_seen)


async def test_topics_on_behalf(server: Server) -> None:
    """A backend has a user follow what the catalogue lists, sees it, and ends it; each of it twice is no error."""

    def use() -> None:
        with SyncNotifyClient(server.url, PUBLISH_KEY) as client:
            for _ in range(2):
                client.follow(7, "tour:a/b c")
            (one,) = client.topics_of("7")
            assert (one.topic, one.by) == ("tour:a/b c", "backend")
            assert near(one.since)
            with pytest.raises(NotifyRefused, match="forbidden"):
                client.follow(7, "other:1")
            for _ in range(2):
                client.unfollow(7, "tour:a/b c")
            assert client.topics_of(7) == ()
            assert list(client.presence()) == []
            assert client.presence_of(7) is None

    await asyncio.to_thread(use)


async def test_copy_and_end_of_what_is_kept(server: Server) -> None:
    """All that is kept about a user is handed out, however long, and then erased; a second time nothing is left."""
    async with NotifyClient(server.url, PUBLISH_KEY) as client:
        data = {"text": "x" * 60_000}
        made = [await client.publish("test", data=data, users=["ana"]) for _ in range(20)]
        await client.follow("ana", "tour:1")
        kept = await client.export("ana")
        assert sorted(one["id"] for one in kept["notifications"]) == sorted(one.id for one in made)
        assert [one["room"] for one in kept["follows"]] == ["topic:tour:1"]
        done = await client.erase("ana")
        assert (done.user, done.disconnected, done.erased["notifications"]) == ("ana", 0, 20)
        assert "notifications" not in await client.export("ana")

    def use() -> None:
        with SyncNotifyClient(server.url, PUBLISH_KEY) as client:
            assert client.export("ana")["user"] == "ana"
            assert "notifications" not in client.erase("ana").erased

    await asyncio.to_thread(use)
