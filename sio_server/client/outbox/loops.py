"""Runs a coroutine on another thread's loop and waits for it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from typing import Any, Final, TypeVar

# Seconds that the database may take, or a loop that a route blocks. A loop that was stopped would never answer.
PATIENCE: Final = 30.0

# Seconds between two looks at whether the loop is still there.
LOOK: Final = 0.2

T = TypeVar("T")


def call_on(loop: asyncio.AbstractEventLoop, asked: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine. Raises what it raised, TimeoutError, or RuntimeError for a loop that is closed."""
    try:
        future = asyncio.run_coroutine_threadsafe(asked, loop)
    except RuntimeError:
        asked.close()
        raise
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return future.result(LOOK)
        except TimeoutError:
            if future.done():
                # Its own TimeoutError, or it came in this moment.
                return future.result()
            if loop.is_closed():
                asked.close()
                raise RuntimeError("the application's event loop has ended") from None
            if time.monotonic() > until:
                future.cancel()
                raise
