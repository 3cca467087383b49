"""A line to a database that can be cut without a word, and that may lead to another one afterwards."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path


class Line:
    """What listens on a port of the loopback address and carries bytes to the socket of a server of PostgreSQL."""

    def __init__(self, home: Path) -> None:
        self.home = home
        """The directory of the socket that new connections lead to."""
        self.port = 0
        self._whole = asyncio.Event()
        self._whole.set()
        self._ways: set[asyncio.Task[None]] = set()

    def address(self, schema: str) -> str:
        """The address of a log at its other end."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres?schema={schema}"

    def cut(self) -> None:
        """Carry nothing any more, and let nobody know. What is sent meanwhile arrives later, as TCP sends it again."""
        self._whole.clear()

    def mend(self) -> None:
        """Carry bytes again."""
        self._whole.set()

    def lead_to(self, home: Path) -> None:
        """Break all connections off; new ones lead to another server."""
        self.home = home
        for way in tuple(self._ways):
            way.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with contextlib.AsyncExitStack() as ends:
            ends.callback(writer.close)
            await self._whole.wait()
            with contextlib.suppress(OSError):
                there_reader, there_writer = await asyncio.open_unix_connection(self.home / ".s.PGSQL.5432")
                ends.callback(there_writer.close)
                ways = [
                    asyncio.create_task(self._way(reader, there_writer)),
                    asyncio.create_task(self._way(there_reader, writer)),
                ]
                self._ways.update(ways)
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.wait(ways)
                self._ways.difference_update(ways)

    async def _way(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while some := await reader.read(65536):
                await self._whole.wait()
                writer.write(some)
                await writer.drain()


@contextlib.asynccontextmanager
async def line_to(home: Path) -> AsyncIterator[Line]:
    """A line to a server while the context lasts."""
    line = Line(home)
    server = await asyncio.start_server(line._carry, "127.0.0.1", 0)
    line.port = server.sockets[0].getsockname()[1]
    try:
        yield line
    finally:
        server.close()
        line.lead_to(home)
