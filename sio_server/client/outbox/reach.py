"""How the thread of a relay reaches a SQL database: by itself, or on the loop that the application's driver runs on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, TypeVar

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from sio_server.client.outbox.loops import call_on

T = TypeVar("T")


class Reach(Protocol):
    """Runs functions in a transaction each."""

    def run(self, asked: Callable[[sa.Connection], T]) -> T:
        """What ``asked`` returned, once its transaction is committed. Raises what it or the database raised."""


class Directly:
    """By an ``Engine``, in the thread that asks."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    def run(self, asked: Callable[[sa.Connection], T]) -> T:
        """See `Reach`."""
        with self._engine.begin() as connection:
            return asked(connection)


class OnLoop:
    """By an ``AsyncEngine``, whose connections belong to one loop."""

    def __init__(self, engine: AsyncEngine, loop: asyncio.AbstractEventLoop) -> None:
        self._engine = engine
        self._loop = loop

    def run(self, asked: Callable[[sa.Connection], T]) -> T:
        """See `Reach`."""
        return call_on(self._loop, self._run(asked))

    async def _run(self, asked: Callable[[sa.Connection], T]) -> T:
        async with self._engine.begin() as connection:
            return await connection.run_sync(asked)
