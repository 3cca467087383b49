"""Queries that wait go to the reading thread together, and each has its own end."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest

from sio_server.broker.sqlite.reads import TURN, Reads
from tests.support.inbox_model import Clock
from tests.support.waiting import until


@pytest.fixture
def thread() -> Iterator[ThreadPoolExecutor]:
    """One thread."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


async def test_each_has_its_own_answer(thread: ThreadPoolExecutor) -> None:
    """Whatever is asked for at once is called in order, in the thread, and one that fails fails alone."""
    reads, called = Reads(thread), list[int]()

    def ask(number: int) -> int:
        called.append(number)
        assert threading.current_thread() is not threading.main_thread()
        if number == 3:
            raise LookupError(number)
        return number * number

    answers = await asyncio.gather(
        *(reads.call(partial(ask, number)) for number in range(100)),
        return_exceptions=True,
    )
    assert called == list(range(100))
    assert isinstance(answers[3], LookupError)
    assert [answer for answer in answers if not isinstance(answer, LookupError)] == [
        number * number for number in range(100) if number != 3
    ]


async def test_long_queries_let_others_in(thread: ThreadPoolExecutor) -> None:
    """Whoever else uses the thread waits for the query under way, and not for all that wait."""
    clock, order = Clock(), list[str]()
    reads = Reads(thread, clock)
    inside, leave = threading.Event(), threading.Event()

    def long(name: str) -> None:
        inside.set()
        leave.wait()
        clock.seconds += 2 * TURN
        order.append(name)

    both = [asyncio.create_task(reads.call(partial(long, name))) for name in ("first", "second")]
    await until(inside.is_set, "the first query")
    other = asyncio.get_running_loop().run_in_executor(thread, order.append, "other")
    leave.set()
    await asyncio.gather(*both, other)
    assert order == ["first", "other", "second"]


async def test_caller_that_gave_up_is_left_alone(thread: ThreadPoolExecutor) -> None:
    """A call that was cancelled disturbs neither those after it nor the end."""
    reads, leave = Reads(thread), threading.Event()
    waiting = asyncio.create_task(reads.call(leave.wait))
    await asyncio.sleep(0)
    waiting.cancel()
    after = asyncio.create_task(reads.call(lambda: "here"))
    await asyncio.sleep(0)
    leave.set()
    assert await after == "here"
    await reads.finish()
    assert waiting.cancelled()


async def test_finish_waits_for_all(thread: ThreadPoolExecutor) -> None:
    """When `finish` returns everything that was asked for has been answered."""
    reads, answered = Reads(thread), list[int]()
    tasks = [asyncio.create_task(reads.call(partial(answered.append, number))) for number in range(20)]
    await asyncio.sleep(0)
    await reads.finish()
    assert answered == list(range(20))
    await asyncio.gather(*tasks)
    await reads.finish()


async def test_without_a_thread_callers_are_told() -> None:
    """When no thread can be had the call fails, and is not waited for."""
    pool = ThreadPoolExecutor(1)
    reads = Reads(pool)
    pool.shutdown()
    with pytest.raises(RuntimeError):
        await reads.call(lambda: None)
    await reads.finish()
