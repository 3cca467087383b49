"""What clients do with what is scheduled, against a real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sio_server.client import NotifyClient, NotifyRefused, SyncNotifyClient
from sio_server.client.notifier import Notifier
from tests.support.documents import Document
from tests.support.servers import ROOT, Server, running
from tests.support.waiting import until_true


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode."""
    async with running() as started:
        yield started


async def test_scheduled_listed_and_cancelled(server: Server) -> None:
    """A moment or a time from now schedules; what waits is listed page by page, and can be cancelled, also twice."""
    async with NotifyClient(server.url) as client:
        at = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
        one = await client.publish("test", "uno", users=[7], deliver_at=at)
        assert (one.due, one.seq, one.cursor, one.sockets) == (at, 0, "", 0)
        many = [await client.publish("test", users=[7], deliver_in=7200, collapse_key=f"k{n}") for n in range(101)]
        assert [found["id"] async for found in client.scheduled()] == [one.id, *(made.id for made in many)]
        assert [found["id"] async for found in client.scheduled("k7")] == [many[7].id]
        await client.cancel(one.id)
        await client.cancel(one.id)
        assert one.id not in [found["id"] async for found in client.scheduled()]
        with pytest.raises(NotifyRefused, match="not_found"):
            await client.deliver_now(one.id)


@pytest.mark.parametrize(("hours", "delivered"), [(1.5, 1), (5, 0)])
async def test_block_of_the_page(server: Server, hours: float, delivered: int) -> None:
    """The function of docs/schedule.md schedules, lists, and then delivers or cancels."""
    (code,) = [text for language, text in Document.read(ROOT / "docs/schedule.md").fences if language == "python"]
    namespace: dict[str, Any] = {}
    exec(code, namespace)  # noqa: S102 - it is ours
    async with NotifyClient(server.url) as client:
        await namespace["remind"](client, 7, datetime.now(UTC) + timedelta(hours=hours))
    assert server.core.broker.head().seq == delivered
    assert await server.core.broker.held() == 0


async def test_delivered_now(server: Server) -> None:
    """What waits is delivered at once when its publisher says so, and is a duplicate the second time."""
    listener = await server.connect({"user": "7"})

    def use() -> None:
        with SyncNotifyClient(server.url) as client:
            one = client.publish("test", users=[7], deliver_in=timedelta(hours=1))
            assert one.due is not None
            assert abs(one.due.timestamp() - time.time() - 3600) < 60
            done, again = client.deliver_now(one.id), client.deliver_now(one.id)
            assert (done.id, done.seq, done.duplicate, done.sockets, done.due) == (one.id, 1, False, 1, None)
            assert (again.seq, again.duplicate) == (1, True)
            other = client.publish("test", deliver_in=60)
            assert [found["id"] for found in client.scheduled()] == [other.id]
            client.cancel(other.id)
            with pytest.raises(NotifyRefused, match="not_found"):
                client.cancel(one.id)

    await asyncio.to_thread(use)
    assert len(await listener.wait(1)) == 1


async def test_notifier_schedules(server: Server) -> None:
    """What a notifier is handed with a moment is scheduled, and counts as sent."""
    notifier = Notifier(server.url)
    notifier.notify("test", users=[7], deliver_in=3600)

    async def held() -> bool:
        return await server.core.broker.held() == 1

    await until_true(held)
    assert await asyncio.to_thread(notifier.flush, 10)
    await asyncio.to_thread(notifier.close)
