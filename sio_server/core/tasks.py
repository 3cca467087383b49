"""What a node does beside answering: replays, counters that are read for others. It ends with the node."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any


class Tasks:
    """The tasks of one node that nobody awaits."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()
        self._stopped = False

    def __len__(self) -> int:
        """How many tasks are under way."""
        return len(self._running)

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Begin a task for this work, which nobody awaits; once they were stopped, none is begun any more."""
        if self._stopped:
            work.close()
            return
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def stop(self) -> None:
        """End all tasks that are under way, and wait until they have ended."""
        self._stopped = True
        tasks = tuple(self._running)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
