"""A real server on a free port for the engine's tests, and the proof that nothing of its clients stays behind."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import engineio.base_socket
from aiohttp import web

from sio_server.engine import AsyncServer, FrontSite
from tests.support.clocks import AheadClock
from tests.support.engine_wire import WIRES, Closed, PollingWire, UpgradedWire, WebSocketWire, Wire
from tests.support.waiting import PATIENCE, turns, until

# How often timers look at the clock while a test lets time pass.
_LOOKS = 20

TRANSPORTS = ("polling", "websocket", "upgrade")


class Served:
    """A running server: ``sio`` under test, who came and went, and clients to reach it with."""

    def __init__(self, sio: Any, http: aiohttp.ClientSession, *, tls: ssl.SSLContext | None) -> None:
        self.sio = sio
        self.http = http
        self.tls = tls
        self.host = "127.0.0.1"
        self.port = 0
        self.connected: list[str] = []
        self.disconnected: list[tuple[str, str]] = []
        self.wires: list[Wire] = []
        self.writers: list[asyncio.StreamWriter] = []
        self.site: Any = None

    @property
    def url(self) -> str:
        """Where the server answers."""
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    async def wire(self, transport: str, *, query: str = "", headers: dict[str, str] | None = None) -> Wire:
        """Open a session over ``polling``, ``websocket`` or ``upgrade``."""
        wire = WIRES[transport](self.http, self.url, query, headers)
        self.wires.append(wire)
        return await wire.open()

    async def polling(self) -> PollingWire:
        """Open a polling session."""
        wire = await self.wire("polling")
        assert isinstance(wire, PollingWire)
        return wire

    async def websocket(self) -> WebSocketWire:
        """Open a session over a websocket."""
        wire = await self.wire("websocket")
        assert isinstance(wire, WebSocketWire)
        return wire

    def second(self, wire: Wire) -> UpgradedWire:
        """A websocket client for the session of ``wire``, not opened yet."""
        other = UpgradedWire(self.http, self.url)
        other.opened = wire.opened
        self.wires.append(other)
        return other

    async def raw(self, request: str | bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a TCP connection and send bytes over it."""
        reader, writer = await asyncio.open_connection(self.host, self.port)
        self.writers.append(writer)
        writer.write(request.encode() if isinstance(request, str) else request)
        await writer.drain()
        return reader, writer

    async def request_arrived(self) -> None:
        """Give a request that was just sent the time to be read and to wait; nothing observable says that it does."""
        await turns()

    def keep_time(self) -> Callable[[float], None]:
        """Give the server a clock that the test moves; to be called before there are clients.

        The function that is returned lets so many seconds pass, and has every timer look at the clock on the way.
        """
        return moved_clock(self.sio, self.site)

    def members(self) -> int:
        """How many places in rooms are taken, over all namespaces."""
        return sum(len(room) for rooms in self.sio.manager.rooms.values() for room in rooms.values())

    def leftovers(self) -> dict[str, int]:
        """What the server still holds for clients, by kind; empty when it holds nothing."""
        manager = self.sio.manager
        counts = {
            "environ": len(self.sio.environ),
            "engine sockets": len(self.sio.eio.sockets),
            "places in rooms": self.members(),
            "callbacks": len(manager.callbacks),
            "pending connects": sum(map(len, manager.pending_connect.values())),
            "pending disconnects": sum(map(len, manager.pending_disconnect.values())),
            "half binary packets": len(self.sio._binary_packet),
        }
        return {kind: count for kind, count in counts.items() if count}

    async def all_gone(self) -> None:
        """Wait until the server holds nothing for any client."""
        try:
            await until(lambda: not self.leftovers())
        except AssertionError:
            raise AssertionError(f"left behind: {self.leftovers()}") from None

    async def hang_up(self) -> None:
        """End every client of this test: polling by a close packet, websockets by a close frame."""
        for writer in self.writers:
            writer.close()
            await asyncio.wait([asyncio.ensure_future(writer.wait_closed())])
        for wire in self.wires:
            if isinstance(wire, WebSocketWire) and hasattr(wire, "ws"):
                await wire.ws.close()
            elif isinstance(wire, PollingWire) and wire.opened:
                try:
                    await wire.post("1")
                except aiohttp.ClientError:  # the server closed the connection, which is just as good
                    continue


def moved_clock(sio: AsyncServer, site: FrontSite | None) -> Callable[[float], None]:
    """Give a server a clock that stands ahead by what its caller lets pass; see `Served.keep_time`."""
    clock = AheadClock()
    front = None if site is None else site._front
    sio.eio.wheel.time = clock
    if front is not None:
        front.wheel.time = clock

    def pass_time(seconds: float) -> None:
        for _ in range(_LOOKS):
            clock.ahead += seconds / _LOOKS
            for timed in (*sio.eio.sockets.values(), *(() if front is None else front.live)):
                timed.on_timer()

    return pass_time


def _fds() -> set[str]:
    """Open sockets and files by number; what a loop keeps for itself in /dev is not the server's."""
    found = Path("/proc/self/fd")  # on Linux; elsewhere files are not counted
    if not found.is_dir():
        return set()
    kept = set()
    for file in found.iterdir():
        with contextlib.suppress(FileNotFoundError):  # the listing itself had one open
            if not str(file.readlink()).startswith("/dev/"):
                kept.add(file.name)
    return kept


def _sockets_alive() -> int:
    gc.collect()  # quick: tests/engine/conftest.py has put aside whatever was there before
    base = engineio.base_socket.BaseSocket
    return sum(1 for thing in gc.get_objects() if base in type(thing).__mro__)


@asynccontextmanager
async def engine(
    *,
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | None = None,
    handlers: bool = True,
    front: bool = True,
    **options: Any,
) -> AsyncIterator[Served]:
    """Run the engine's server with these options; on leaving, hang up and prove that nothing is left.

    ``tls`` is the server's and the client's context. Without ``handlers`` no connect and disconnect handler
    is registered; without ``front`` aiohttp's own TCPSite listens in place of the engine's site. A ping comes where an
    option says so: on a busy machine its answer could be too late.
    """
    options.setdefault("ping_interval", 3600)
    tasks, files = asyncio.all_tasks(), _fds()
    sio = AsyncServer(async_mode="aiohttp", **options)
    app = web.Application()
    sio.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    connector = aiohttp.TCPConnector(limit=0, ssl=tls[1] if tls else True)
    http = aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout())
    served = Served(sio, http, tls=tls[1] if tls else None)
    if handlers:

        async def connect(sid: str, _environ: dict[str, Any], _auth: Any) -> None:
            served.connected.append(sid)

        async def disconnect(sid: str, reason: str) -> None:
            served.disconnected.append((sid, reason))

        sio.on("connect", connect)
        sio.on("disconnect", disconnect)
    try:
        context = tls[0] if tls else None
        if front:
            served.site = FrontSite(runner, sio, served.host, 0, ssl_context=context)
            await served.site.start()
        else:
            await web.TCPSite(runner, served.host, 0, ssl_context=context).start()
        served.port = runner.addresses[0][1]
        try:
            yield served
        finally:
            await served.hang_up()
        await served.all_gone()
    finally:
        await http.close()
        await sio.shutdown()
        await runner.cleanup()
    await until(lambda: not asyncio.all_tasks() - tasks, "every task of the server ended")
    await until(lambda: _fds() <= files, "every file descriptor of the server closed")
    del sio, app, runner, served.sio, served.site
    served.wires.clear()
    assert _sockets_alive() == 0, "an Engine.IO socket outlived its server"


__all__ = ["PATIENCE", "TRANSPORTS", "Closed", "Served", "engine", "until"]
