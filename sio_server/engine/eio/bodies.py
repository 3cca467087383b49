"""The body of a request that comes in, bounded in bytes and in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from sio_server.engine.limits import BODY_RATE

if TYPE_CHECKING:
    from aiohttp import web


class BodyTooLargeError(Exception):
    """A body above what may be sent now."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"a body above {limit} bytes")


async def body_parts(request: web.Request, limit: int, patience: float) -> AsyncIterator[bytes]:
    """The body as it comes, whatever its segments. Raises BodyTooLargeError, TimeoutError when it dribbles.

    It may take `patience` seconds, and more for each byte that came.
    """
    if request.content_length is not None and request.content_length > limit:
        raise BodyTooLargeError(limit)
    loop = asyncio.get_running_loop()
    begun = loop.time()
    came = 0
    while True:
        left = begun + patience + came / BODY_RATE - loop.time()
        if left <= 0:
            raise TimeoutError
        async with asyncio.timeout(left):
            part = await request.content.readany()
        if not part and request.content.at_eof():
            return
        came += len(part)
        if came > limit:
            raise BodyTooLargeError(limit)
        yield part
