"""From a call with an outcome to somebody who awaits it."""

from __future__ import annotations

import asyncio
from typing import TypeVar

T = TypeVar("T")


def settle(done: asyncio.Future[T], outcome: T | Exception) -> None:
    """Give a future what became of it; one whose caller was cancelled needs it no more."""
    if done.done():
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
