"""Several nodes on one log in this process, and a balancer before them that knows no affinity."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from urllib.parse import urlsplit

import aiohttp

from sio_server import certificates
from sio_server.app import CORE, create_app
from sio_server.broker import Broker
from sio_server.broker.sqlite import SqliteBroker
from sio_server.certificates import Certificate
from sio_server.config import Config
from sio_server.serving.listening import Listening
from tests.support.certificates import trusting
from tests.support.servers import Server, secured


class Member:
    """One node: a server, and where other nodes reach it."""

    def __init__(self, config: Config, broker: Broker, certificate: Certificate | None = None) -> None:
        self.app = create_app(config, broker=broker)
        self._listening = Listening(self.app, config, certificate, [])
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting()))
        self.server = Server("", self.app, self._http)

    async def start(self) -> None:
        """Listen for clients, and for other nodes where the settings say so."""
        await self._listening.open()
        self.server.url = self._listening.url

    @property
    def name(self) -> str:
        """Its name among the others."""
        return self.app[CORE].nodes.name

    @property
    def port(self) -> int:
        """Where clients reach it."""
        return urlsplit(self.server.url).port or 0

    async def end(self) -> None:
        """Let go of everything at once, as a process that is killed does; a second time is no error."""
        if not self._http.closed:
            await self._http.close()
            await self._listening.stop()
            await self._listening.close()


def brokers_of_one_log(count: int) -> list[SqliteBroker]:
    """So many nodes' brokers on one log in memory; none is started."""
    first = SqliteBroker(None)
    return [first, *(first.beside() for _ in range(count - 1))]


@contextlib.asynccontextmanager
async def cluster(
    count: int = 2, config: Config | None = None, *, brokers: Sequence[Broker] | None = None
) -> AsyncIterator[list[Member]]:
    """So many nodes of one log, in memory unless ``brokers`` are given.

    Each has a listener for the others unless the settings say something else.
    """
    config = config or secured(node_listen="127.0.0.1:0")
    certificate = await asyncio.to_thread(certificates.load, config)
    members = [
        Member(dataclasses.replace(config, port=0), broker, certificate)
        for broker in brokers or brokers_of_one_log(count)
    ]
    try:
        for member in members:
            await member.start()
        yield members
    finally:
        for member in members:
            await member.end()


class RoundRobin:
    """A balancer that brings each request to the next node, whoever sends it; websockets go on as they are."""

    def __init__(self, ports: Sequence[int]) -> None:
        self.ports = list(ports)
        """Where requests go, in turn; may be changed at any time."""
        self.next: int | None = None
        """Where the next request goes whoever's turn it is."""
        self.websockets: int | None = None
        """Where all websockets go, if anywhere in particular."""
        self.seen: Counter[str] = Counter()
        """How many requests came, by transport and port: ``websocket 40123``."""
        self._turn = 0

    def take(self) -> int:
        """The port whose turn it is."""
        if self.next is not None:
            port, self.next = self.next, None
            return port
        self._turn += 1
        return self.ports[self._turn % len(self.ports)]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Bring one request to a node, and its answer back; then the connection is closed, unless it is a websocket."""
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = await reader.readuntil(b"\r\n\r\n")
            switching = b"\r\nupgrade: websocket" in head.lower()
            fields = dict(line.lower().partition(b": ")[::2] for line in head.split(b"\r\n")[1:-2])
            body = await reader.readexactly(int(fields.get(b"content-length", b"0")))
            port = self.websockets if switching and self.websockets is not None else self.take()
            self.seen[f"{'websocket' if switching else head.split(b' ')[0].decode()} {port}"] += 1
            if not switching:
                kept = [line for line in head[:-4].split(b"\r\n") if not line.lower().startswith(b"connection:")]
                head = b"\r\n".join([*kept, b"Connection: close"]) + b"\r\n\r\n"
            there, back = await asyncio.open_connection("127.0.0.1", port)
            back.write(head + body)
            try:
                ways = [asyncio.create_task(_pump(reader, back)), asyncio.create_task(_pump(there, writer))]
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)
            finally:
                back.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()


@contextlib.asynccontextmanager
async def balanced(members: Sequence[Member]) -> AsyncIterator[tuple[str, RoundRobin]]:
    """A balancer before these nodes: its address, and the balancer."""
    balancer = RoundRobin([member.port for member in members])
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.get_running_loop().create_task(balancer.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}", balancer
    finally:
        listener.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
