"""What a node does beside answering."""

from __future__ import annotations

import asyncio

from sio_server.core.tasks import Tasks
from tests.support.waiting import until


async def test_task_is_kept_until_it_has_ended() -> None:
    """Work that nobody awaits is done, and is counted for as long as it lasts."""
    tasks, go, done = Tasks(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    tasks.begin(work())
    assert len(tasks) == 1
    go.set()
    await until(lambda: not tasks)
    assert done.is_set()


async def test_stop_ends_what_is_under_way_and_what_comes() -> None:
    """Once they were stopped, nothing goes on and nothing begins, also what the end of another would have begun."""
    tasks, begun = Tasks(), []

    async def work(number: int) -> None:
        begun.append(number)
        try:
            await asyncio.Event().wait()
        finally:
            tasks.begin(work(number + 1))

    tasks.begin(work(1))
    await until(lambda: begun)
    await tasks.stop()
    await asyncio.sleep(0)
    assert (begun, len(tasks)) == ([1], 0)
