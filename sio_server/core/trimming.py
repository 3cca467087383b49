"""Letting the oldest notifications go, little by little, for as long as a server runs."""

from __future__ import annotations

import asyncio
from typing import Final

from sio_server.broker import Retention
from sio_server.errors import Refused
from sio_server.logs import get_logger

# Seconds between two looks. What is a minute too old harms nobody.
INTERVAL: Final = 60.0

_DAY: Final = 24 * 3600.0

logger = get_logger("retention")


async def keep_trimmed(broker: Retention, *, days: float, count: int) -> None:
    """Trim the log until cancelled; 0 means no limit. A log that cannot be trimmed now is tried again later.

    Who was not connected for longer than ``days`` is forgotten in time. How long that is says the log's own clock; that
    the wall clock was set is told in the log.
    """
    while True:
        step = await broker.look_at_clock()
        if step:
            logger.warning("the clock was set: nothing is older or younger for it", seconds=round(step, 1))
        try:
            gone = await broker.retain(max_age=days * _DAY or None, max_count=count or None)
            forgotten = await broker.forget(max_age=days * _DAY) if days else 0
        except Refused as refused:
            logger.warning("the log could not be trimmed", code=refused.kind.code)
        else:
            if gone or forgotten:
                logger.info("trimmed", notifications=gone, users=forgotten)
        await asyncio.sleep(INTERVAL)
