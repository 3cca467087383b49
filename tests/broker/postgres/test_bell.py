"""Listening to the database, whatever becomes of it."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from sio_server.broker.postgres.bell import Bell
from sio_server.broker.postgres.database import Connection, Database


@pytest.mark.parametrize(
    "error", [asyncpg.InternalClientError("unexpected connection_lost() call"), KeyError("a mistake of ours")]
)
async def test_bell_goes_on(dsn: str, error: Exception) -> None:
    """Whatever ends a connection that listens, another one is made; what nobody expects is told of."""
    told: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
    again = asyncio.Event()
    beats = 0

    async def beat(_: Connection) -> None:
        nonlocal beats
        beats += 1
        if beats == 1:
            raise error
        again.set()

    async def nothing(*_: object) -> None:
        """Hear it."""

    database = Database(dsn, lambda: 0.0)
    bell = Bell(database, rung=nothing, heard=nothing, beats=(beat,))
    await bell.begin()
    try:
        await again.wait()
    finally:
        await bell.end()
    assert [context["exception"] for context in told] == ([error] if isinstance(error, KeyError) else [])


@pytest.mark.parametrize("turns", range(4))
async def test_end_that_comes_with_a_ring_is_an_end(dsn: str, turns: int) -> None:
    """A bell that is ended while it rings has ended, however close together both are."""

    async def nothing(*_: object) -> None:
        """Hear it."""

    bell = Bell(Database(dsn, lambda: 0.0), rung=nothing, heard=nothing, beats=())
    await bell.begin()
    bell._wake(None)
    for _ in range(turns):
        await asyncio.sleep(0)
    await bell.end()
    await bell.close()
