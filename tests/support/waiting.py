"""Waits that measure no machine: each ends when what it waits for has come, or when nothing has moved for long.

A wait never ends at a fixed time from its start. It looks again and again, and its patience begins anew at each look
that finds something moved: bytes that came, events, lines, the processor time of a process. Patience is counted in
looks, each of which takes `LOOK` seconds at least: a machine that lets the tests run seldom makes them wait longer.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final, TypeVar

# Seconds in which nothing moves until a test fails. Nothing waits so long unless it fails.
PATIENCE: Final = 40.0

# Seconds between two looks, at least.
LOOK: Final = 0.005

# Seconds between two looks, at least, where another process is asked at each.
ASKING: Final = 0.02

# Seconds of its own processor time that a process has to have used between two looks to have moved: a server that idles
# uses less than one of them in all of a wait's patience.
WORK: Final = 0.5

T = TypeVar("T")


class Stuck(AssertionError, TimeoutError):
    """What was waited for did not come, and nothing moved for long: a test fails, and a tool may go on."""


def nothing() -> object:
    """What moves where nothing can be seen to: the patience then begins once."""
    return None


class Patience:
    """Counts the looks in which nothing moved.

    `moves` gives a value that is another one whenever something has moved; ``patience`` is in seconds. Raises
    `Stuck`, which names ``what`` was waited for, in the look with which it ends.
    """

    def __init__(self, what: str, moves: Callable[[], object] = nothing, patience: float = PATIENCE) -> None:
        self._what = what
        self._moves = moves
        self._patience = patience
        self._seen = moves()
        self._idle = 0.0

    def look(self, later: float = LOOK) -> None:
        """Look once more, so many seconds after the last time at least."""
        seen = self._moves()
        self._idle = self._idle + later if seen == self._seen else 0.0
        self._seen = seen
        if self._idle > self._patience:
            told = "" if seen is None else f"; at last: {seen}"
            raise Stuck(f"{self._what} did not come, and nothing moved in {self._patience} s{told}")


async def turns(count: int = 50) -> None:
    """Let the loop turn so many times, with a moment between: what was just sent is read, however busy the machine.

    For what nothing tells of. Whoever can see that it has happened waits by `until`.
    """
    for _ in range(count):
        await asyncio.sleep(0.001)


async def until(
    condition: Callable[[], object],
    what: str = "the condition",
    moves: Callable[[], object] = nothing,
    patience: float = PATIENCE,
) -> None:
    """Wait until a condition holds; fail once nothing has moved for long. See `Patience` for the arguments."""
    waiting = Patience(what, moves, patience)
    while not condition():
        await asyncio.sleep(LOOK)
        waiting.look()


async def until_true(
    condition: Callable[[], Awaitable[object]],
    what: str = "the condition",
    moves: Callable[[], object] = nothing,
    patience: float = PATIENCE,
) -> None:
    """As `until`, for a condition that has to be asked for, of another process for instance."""
    waiting = Patience(what, moves, patience)
    while not await coming(condition(), what, moves, patience):
        await asyncio.sleep(ASKING)
        waiting.look(ASKING)


async def coming(
    awaited: Awaitable[T], what: str = "the result", moves: Callable[[], object] = nothing, patience: float = PATIENCE
) -> T:
    """Return what an awaitable gives; cancel it and fail once nothing has moved for long. See `Patience`."""
    task: asyncio.Future[T] = asyncio.ensure_future(awaited)
    waiting = Patience(what, moves, patience)
    try:
        while not (await asyncio.wait([task], timeout=LOOK))[0]:
            waiting.look()
        return task.result()
    finally:
        if not task.done():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def work_of(*processes: Any) -> Callable[[], object]:
    """What moves while processes work: the processor time of each, in steps of `WORK`.

    A process has a `pid`. Where the system has no ``/proc``, nothing is seen to move.
    """

    def steps() -> object:
        return [int(_processor_time(process.pid) / WORK) for process in processes]

    return steps


def _processor_time(pid: int) -> float:
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")
