"""From a call with an outcome to somebody who awaits it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import TypeVar

from sio_server.broker.log import Published
from sio_server.broker.schedule import Scheduled
from sio_server.errors import BrokerUnavailable, Refused

T = TypeVar("T")


def settle(done: asyncio.Future[T], outcome: T | Exception) -> None:
    """Give a future what became of it; one whose caller was cancelled needs it no more."""
    if done.done():
        return
    if isinstance(outcome, Exception):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)


async def deliver_all(
    deliver: Callable[[Scheduled, int, Callable[[Published | Exception], None]], None],
    found: Sequence[Scheduled],
    at: int,
) -> int:
    """Deliver these at a moment, in one commit or in few, as ``deliver`` does one: see `Schedule.deliver`.

    Returns how many were there still. Raises `BrokerUnavailable`.
    """
    loop = asyncio.get_running_loop()
    waiting: list[asyncio.Future[Published]] = [loop.create_future() for _ in found]
    for one, done in zip(found, waiting, strict=True):
        deliver(one, at, partial(settle, done))
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException) and not isinstance(outcome, Refused):
            raise outcome
        if isinstance(outcome, BrokerUnavailable):
            raise outcome
    return sum(isinstance(outcome, Published) for outcome in outcomes)
