"""Listening to the database, and a beat each second over the same connection.

A LISTEN whose connection died says nothing, for ever: so the connection is used each second, whatever becomes of the
bell. Each beat also looks at the log, which so is followed within a second without any bell at all.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

from sio_server.broker.postgres import faults
from sio_server.broker.postgres.batch import channel_of
from sio_server.broker.postgres.database import Connection, Database
from sio_server.errors import BrokerUnavailable
from sio_server.logs import get_logger

# Seconds between two beats, and without one after which the database does not answer: then all connections to it are
# broken off, so that whoever waits for it hears that, and new ones are made.
BEAT: Final = 1.0
SILENT: Final = 10.0

# Seconds between two tries to reach a database that is away.
PAUSE: Final = 0.5

logger = get_logger("log")

Beat = Callable[[Connection], Awaitable[None]]


class Bell:
    """The listening connection of one node.

    ``rung`` is called when the log has grown, and with each beat; ``heard`` with what another node says; each of
    ``beats`` with the connection, once a second. What they raise ends the connection, and a new one is made.
    """

    def __init__(
        self,
        database: Database,
        *,
        rung: Callable[[], Awaitable[None]],
        heard: Callable[[Connection, str], Awaitable[None]],
        beats: tuple[Beat, ...],
    ) -> None:
        self._database = database
        self._rung, self._heard, self._beats = rung, heard, beats
        self._said: list[str] = []
        self._something = asyncio.Event()
        self._answered = 0.0
        self._running: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None
        self._ended = False
        self._up = asyncio.Event()

    async def begin(self) -> None:
        """Listen from now on; returns once it does."""
        self._answered = time.monotonic()
        loop = asyncio.get_running_loop()
        self._running, self._watching = loop.create_task(self._run()), loop.create_task(self._watch())
        await self._up.wait()

    async def end(self) -> None:
        """Listen no more, and see until `close` that nobody waits for a database that does not answer."""
        self._ended = True
        if self._running is not None:
            await _cancel(self._running)
            self._running = asyncio.get_running_loop().create_task(self._ask())

    async def close(self) -> None:
        """Do nothing more."""
        for task in (self._running, self._watching):
            if task is not None:
                await _cancel(task)

    @property
    def silent_for(self) -> float:
        """Seconds since the database answered last."""
        return time.monotonic() - self._answered

    async def _run(self) -> None:
        told = False
        while True:
            try:
                connection = await self._database.connect()
                try:
                    await self._listen(connection)
                finally:
                    connection.terminate()
            except Exception as error:  # noqa: BLE001 - whatever it is: a node whose bell has ended is deaf for ever
                if not told:
                    logger.warning("the database cannot be reached: it is tried again", reason=str(error))
                if not isinstance(error, (*faults.FAULTS, BrokerUnavailable)):
                    context = {"message": "listening to the database failed", "exception": error}
                    asyncio.get_running_loop().call_exception_handler(context)
                told = True
            else:
                told = False
            await asyncio.sleep(PAUSE)

    async def _listen(self, connection: Any) -> None:
        await connection.add_listener(channel_of(self._database.schema), self._note)
        connection.add_termination_listener(self._wake)
        due = 0.0
        while not connection.is_closed():
            self._something.clear()
            said, self._said = self._said, []
            for text in said:
                if text.startswith("signal "):
                    await self._heard(connection, text.split(" ", 3)[3])
            beaten = time.monotonic() >= due
            if said or beaten:
                await self._rung()
            if beaten:
                due = time.monotonic() + BEAT
                for beat in self._beats:
                    await beat(connection)
                await connection.execute("SELECT 1")
                self._answered = time.monotonic()
                self._up.set()
            # Not `asyncio.wait_for`: in Python 3.11 a cancellation that comes with what it waits for is lost in it.
            with suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, due - time.monotonic())):
                    await self._something.wait()

    def _note(self, _connection: object, _process: int, _channel: str, said: object) -> None:
        text = str(said)
        if text.split(" ", 2)[1] != self._database.node:
            self._said.append(text)
            self._something.set()

    def _wake(self, _connection: object) -> None:
        self._something.set()

    async def _ask(self) -> None:
        """Use a connection each second, as the end may take a while."""
        while True:
            await asyncio.sleep(BEAT)
            with suppress(*faults.FAULTS):
                connection = await self._database.connect()
                try:
                    while True:
                        await connection.execute("SELECT 1")
                        self._answered = time.monotonic()
                        await asyncio.sleep(BEAT)
                finally:
                    connection.terminate()

    async def _watch(self) -> None:
        """Break off what does not answer; it may hang in a call that nothing else would end."""
        broken_off = self._answered
        while True:
            await asyncio.sleep(BEAT)
            if time.monotonic() - max(self._answered, broken_off) > SILENT:
                logger.warning("the database does not answer: all connections are made anew")
                self._database.closed = self._database.closed or self._ended  # nothing is tried again at the end
                self._database.abort()
                broken_off = time.monotonic()


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
