"""Queries that wait while others run go to the reading thread together.

The way to a thread and back costs more than most queries, and after an outage thousands of clients ask at once.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any, Final, TypeVar

from sio_server.broker.settling import settle

# Seconds of queries after which the answers are handed over, and whoever else uses the thread has its turn.
TURN: Final = 0.002

T = TypeVar("T")


class Reads:
    """Calls functions in one thread, in the order in which they came. To be used on one loop.

    ``now`` gives seconds that nobody can set, by which a turn is measured.
    """

    def __init__(self, thread: Executor, now: Callable[[], float] = time.monotonic) -> None:
        self._thread = thread
        self._now = now
        self._waiting: deque[tuple[Callable[[], Any], asyncio.Future[Any]]] = deque()
        #: done when the thread has handed over what it is at; None while it is at nothing
        self._turn: asyncio.Future[None] | None = None

    async def call(self, function: Callable[[], T]) -> T:
        """Call a function in the thread; returns what it returns, raises what it raises."""
        loop = asyncio.get_running_loop()
        done: asyncio.Future[T] = loop.create_future()
        self._waiting.append((function, done))
        if self._turn is None:
            self._start(loop)
        return await done

    async def finish(self) -> None:
        """Wait until nothing waits."""
        while self._turn is not None:
            await asyncio.wait([self._turn])

    def _start(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            self._thread.submit(self._run, loop)
        except RuntimeError as error:  # the system gives no thread, or it was shut down
            while self._waiting:
                settle(self._waiting.popleft()[1], error)
        else:
            self._turn = loop.create_future()

    def _run(self, loop: asyncio.AbstractEventLoop) -> None:
        answers: list[tuple[asyncio.Future[Any], Any]] = []
        until = self._now() + TURN
        while self._waiting and (not answers or self._now() < until):
            function, done = self._waiting.popleft()
            try:
                answers.append((done, function()))
            except Exception as error:  # noqa: BLE001 - the caller's
                answers.append((done, error))
        loop.call_soon_threadsafe(self._hand_over, loop, answers)

    def _hand_over(self, loop: asyncio.AbstractEventLoop, answers: Sequence[tuple[asyncio.Future[Any], Any]]) -> None:
        turn, self._turn = self._turn, None
        if self._waiting:
            self._start(loop)
        for done, answer in answers:
            settle(done, answer)
        if turn is not None:
            turn.set_result(None)
