"""An outcome that comes by a call reaches whoever awaits it."""

import asyncio

import pytest

from sio_server.broker.settling import settle


async def test_result_and_failure_reach_who_awaits() -> None:
    """What came of it is returned, and what was raised is raised."""
    loop = asyncio.get_running_loop()
    good: asyncio.Future[int] = loop.create_future()
    bad: asyncio.Future[int] = loop.create_future()
    settle(good, 3)
    settle(bad, ValueError("no"))
    assert await good == 3
    with pytest.raises(ValueError, match="no"):
        await bad


async def test_who_has_left_is_left_alone() -> None:
    """A future that was cancelled takes neither a result nor a failure, and nothing is raised."""
    gone: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    gone.cancel()
    settle(gone, 3)
    settle(gone, ValueError())
    assert gone.cancelled()
