"""What clients change of what they have published, against a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sio_server.client import Action, NotifyClient, NotifyInvalid, NotifyRefused, SyncNotifyClient
from tests.support.asking import get
from tests.support.servers import Server, running


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode."""
    async with running() as started:
        yield started


async def items(server: Server) -> list[dict[str, Any]]:
    """The inbox of a user."""
    found: list[dict[str, Any]] = (await get(server, "/v1/inbox?user=7"))["items"]
    return found


async def test_changed_and_taken_back(server: Server) -> None:
    """What is named is other, None takes out, the rest stays; a stale revision is refused; then it is taken back."""
    async with NotifyClient(server.url) as client:
        one = await client.publish("test", "uno", {"n": 1}, users=[7], link="/x", group="g")
        actions: list[Action] = [{"id": "si", "label": "Sí"}]
        done = await client.amend(one.id, message="dos", link=None, group=None, actions=actions)
        assert (done.id, done.revision, done.seq, done.due) == (one.id, 1, 2, None)
        (item,) = await items(server)
        assert (item["message"], item["link"], item["data"], item["actions"]) == ("dos", None, {"n": 1}, actions)
        assert "group" not in item
        with pytest.raises(NotifyRefused, match="revision_mismatch"):
            await client.amend(one.id, message="x", revision=0)
        assert (await client.amend(one.id, title="T", revision=1)).revision == 2
        for _ in range(2):
            await client.retract(one.id)
        assert await items(server) == []
        with pytest.raises(NotifyRefused, match="not_found"):
            await client.amend(one.id, message="x")


async def test_without_asyncio_and_scheduled(server: Server) -> None:
    """The other client does the same; one that is scheduled is moved, and cancelled when it is taken back."""
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)

    def use() -> None:
        with SyncNotifyClient(server.url) as client:
            first = client.publish("test", users=[7], collapse_key="k")
            second = client.publish("test", users=[7], collapse_key="k")
            assert (first.replaces, second.replaces) == (None, first.id)
            with pytest.raises(NotifyRefused, match="replaced"):
                client.retract(first.id)
            client.retract(second.id)
            later = client.publish("test", users=[7], deliver_in=60)
            moved = client.amend(later.id, deliver_at=at, message="x")
            assert (moved.due, moved.revision, moved.seq, moved.cursor) == (at, 1, 0, "")
            client.retract(later.id)
            assert list(client.scheduled()) == []

    await asyncio.to_thread(use)
    assert await items(server) == []


async def test_mistakes_are_told_at_the_call(server: Server) -> None:
    """A word that is none, and what is no JSON, are told before anything is sent."""
    wrong: Any = {"mesage": "x"}
    async with NotifyClient(server.url) as client:
        with pytest.raises(TypeError, match="mesage"):
            await client.amend("x", **wrong)
        with pytest.raises(NotifyInvalid):
            await client.amend("x", data={"n": object()})
        with pytest.raises(NotifyRefused, match="not_found"):
            await client.retract("00000000-0000-7000-8000-000000000000")
