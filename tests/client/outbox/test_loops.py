"""A thread asks on another thread's loop, and gets what came of it, whenever it came."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import pytest

from sio_server.client.outbox import loops
from sio_server.client.outbox.loops import call_on


@pytest.fixture
def loop(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs in a thread; who waits for it looks all the time."""
    monkeypatch.setattr(loops, "LOOK", 0.0)
    made = asyncio.new_event_loop()
    thread = threading.Thread(target=made.run_forever)
    thread.start()
    yield made
    made.call_soon_threadsafe(made.stop)
    thread.join()
    made.close()


def test_what_comes_at_the_end_of_a_look_is_not_lost(loop: asyncio.AbstractEventLoop) -> None:
    """However the end of a look and the result fall together, the result is given."""

    async def soon(number: int) -> int:
        await asyncio.sleep(0)
        return number

    assert [call_on(loop, soon(number)) for number in range(2000)] == list(range(2000))


def test_what_is_raised_there_is_raised_here(loop: asyncio.AbstractEventLoop) -> None:
    """Also a TimeoutError of its own."""

    async def failing() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        call_on(loop, failing())


def test_patience_ends(loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What never comes is given up, and told there that nobody waits any more."""
    monkeypatch.setattr(loops, "PATIENCE", 0.0)
    told = threading.Event()

    async def never() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.set()
            raise

    with pytest.raises(TimeoutError):
        call_on(loop, never())
    assert told.wait(60)


def test_a_loop_that_has_ended_is_told_of() -> None:
    """Closed before it was asked, or while it is: the thread does not wait for it, and nothing is left behind."""

    async def asked() -> None:
        raise AssertionError

    made = asyncio.new_event_loop()
    closing = threading.Timer(0, made.close)
    closing.start()
    with pytest.raises(RuntimeError):
        call_on(made, asked())
    closing.join()
    with pytest.raises(RuntimeError):
        call_on(made, asked())
