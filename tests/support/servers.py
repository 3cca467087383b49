"""Servers and clients for tests: the real ones, on a free port."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import jwt
import orjson
import socketio
from aiohttp import web

from sio_server import logs
from sio_server.app import CONFIG, CORE, FRONT, SERVER, create_app
from sio_server.broker import Broker
from sio_server.config import PROTECTION, Config, env_name
from sio_server.core.core import Core
from sio_server.core.node import Node
from sio_server.engine import FrontSite
from tests.support.certificates import trusting
from tests.support.forks import Running, fork
from tests.support.waiting import PATIENCE, coming, until, work_of

# Without a format of its own every line would go to standard output, debug lines included.
logs.configure("console", "error")

ROOT = Path(__file__).resolve().parents[2]
SECRET = "a secret of the tests, long enough for HS256"
PUBLISH_KEY = "a publisher key of the tests and long as well"

# Seconds that a client of a library may be told to wait where it wants a number: its own are as short as one second.
FOR_EVER = 24 * 3600.0


# What gives a broker to a server that would keep its log in memory; None leaves it there.
in_place_of_memory: Callable[[Config], Broker] | None = None

# Development mode in which a misspelt type is refused, as it is in production.
REFUSING = Config(broker="memory:", dev=True, unknown_types="refuse")


def secured(**settings: Any) -> Config:
    """The settings of a server that is not in development mode."""
    return Config(**{"broker": "memory:", "jwt_secret": SECRET, "publish_keys": (PUBLISH_KEY,), **settings})


def token(user: str | int = "1", role: str | None = None, **claims: Any) -> str:
    """A token as a backend would sign it."""
    made = {"sub": user, "exp": int(time.time()) + 600, **({"role": role} if role else {}), **claims}
    return jwt.encode({name: value for name, value in made.items() if value is not None}, SECRET, "HS256")


def lasting_token(user: str | int = "1", role: str | None = None) -> str:
    """A token for a test that may take long: it is good for a day."""
    return token(user, role, exp=int(time.time()) + 24 * 3600)


def python_client(**options: Any) -> socketio.AsyncClient:
    """A Socket.IO client in Python that does not come back by itself, and waits for its answers however long."""
    return socketio.AsyncClient(**{"reconnection": False, "request_timeout": FOR_EVER, **options})


@dataclass
class Server:
    """A server that runs on the loop of the test."""

    url: str
    app: web.Application
    http: aiohttp.ClientSession
    clients: list[socketio.AsyncClient] = field(default_factory=list)

    @property
    def core(self) -> Core:
        """The parts of its node."""
        return self.app[CORE]

    @property
    def node(self) -> Node:
        """What publishes."""
        return self.core.node

    async def notify(self, body: object, *, key: str | None = PUBLISH_KEY, **headers: str) -> tuple[int, Any]:
        """``POST /notify``: the status and the decoded reply."""
        sent = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        if key:
            sent["Authorization"] = f"Bearer {key}"
        data = body if isinstance(body, bytes) else orjson.dumps(body)
        async with self.http.post(f"{self.url}/notify", data=data, headers=sent) as response:
            return response.status, await response.json(content_type=None)

    async def connect(self, auth: Mapping[str, Any] | None = None, **options: Any) -> Listener:
        """A Python Socket.IO client that has had its ``ns:hello``."""
        client = python_client(ssl_verify=False)  # of the library's own; whether a certificate is good, others try
        self.clients.append(client)
        listener = Listener(client)
        path = f"{urlsplit(self.url).path}/socket.io"
        options = {"transports": ["websocket"], "wait_timeout": FOR_EVER, "socketio_path": path, **options}
        connecting = client.connect(self.url, auth=dict(auth or {}), **options)
        await coming(connecting, "the connection", listener.moves)
        await until(lambda: listener.of("ns:hello"), "ns:hello", listener.moves)
        # The rooms are joined right after the greeting has gone out.
        await until(lambda: client.sid is not None)
        return listener


class Listener:
    """A client and all that it was sent, in order."""

    def __init__(self, client: socketio.AsyncClient) -> None:
        self.client = client
        self.events: list[tuple[str, Any]] = []
        client.on("*", self._keep)

    async def _keep(self, event: str, *arguments: Any) -> None:
        self.events.append((event, arguments[0] if arguments else None))

    def moves(self) -> object:
        """How many events came: what moves while one waits for this client."""
        return len(self.events)

    def of(self, *names: str) -> list[Any]:
        """What came under these names."""
        return [argument for event, argument in self.events if event in names]

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """Every envelope, control events left out."""
        return [argument for event, argument in self.events if not event.startswith("ns:")]

    async def wait(self, count: int) -> list[dict[str, Any]]:
        """The envelopes once there are ``count``."""
        await until(lambda: len(self.notifications) >= count, f"{count} notifications", self.moves)
        return self.notifications


@contextlib.asynccontextmanager
async def running(
    config: Config | None = None,
    *,
    front: bool = True,
    broker: Broker | None = None,
    more: Iterable[object] = (),
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Server]:
    """A server on a free port of the loopback address; in development mode, in memory, where nothing else is said.

    It listens as `serve` does; without ``front`` aiohttp itself listens, and every request is one of aiohttp's.
    ``more`` are objects with operations that it serves beside its own, ``broker`` is what it stands on. With ``tls`` it
    speaks HTTPS, and its session trusts the authority of the tests.
    """
    config = config or Config(broker="memory:", dev=True)
    if broker is None and in_place_of_memory is not None and config.broker == "memory:":
        broker = in_place_of_memory(config)
    app = create_app(config, broker=broker, more=more)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = site_of(runner, front=front, tls=tls)
    await site.start()
    session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=True if tls is None else trusting()))
    server = Server(
        f"http{'s' if tls else ''}://127.0.0.1:{runner.addresses[0][1]}{app[CONFIG].base_path}", app, session
    )
    try:
        yield server
    finally:
        # At once with the server's end: a client that polls leaves when its open request does.
        leaving = asyncio.gather(*(client.disconnect() for client in server.clients))
        await session.close()
        await runner.cleanup()
        await leaving


def site_of(runner: web.AppRunner, *, front: bool, tls: ssl.SSLContext | None = None) -> web.BaseSite:
    """What listens on a free port: the engine's front, or aiohttp alone."""
    if not front:
        return web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
    app = runner.app
    own = app[FRONT]
    routes = {("POST", f"{app[CONFIG].base_path}/notify"): own.notify}
    options: dict[str, Any] = {"fast_routes": routes, "admits": own.admits, "unread": own.unread, "takes": own.takes}
    return FrontSite(runner, app[SERVER], "127.0.0.1", 0, ssl_context=tls, **options)


# Where a server says that it is found.
_ADDRESS = re.compile(r"(https?://|unix:/)\S+")

SERVE = (sys.executable, "-m", "sio_server", "serve", "--port", "0")


@dataclass
class Program:
    """A server in a process of its own."""

    process: Running
    url: str
    output: list[str]

    def moves(self) -> object:
        """What moves while one waits for this server: its lines, and its work."""
        return len(self.output), work_of(self.process)()

    async def stop(self, number: int = signal.SIGTERM, patience: float = PATIENCE) -> int:
        """Send a signal and wait for the end; returns the exit code. It may do nothing for ``patience`` seconds."""
        if self.process.returncode is None:
            self.process.send_signal(number)
        return await coming(self.process.wait(), "the end of the server", self.moves, patience)


@contextlib.asynccontextmanager
async def program(*arguments: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Program]:
    """``sio-server serve`` on a free port; killed at the end if it is still there.

    It is in development mode where ``env`` has no secret.
    """
    mode = ["--dev"] if {*map(env_name, PROTECTION)}.isdisjoint(env or {}) else []
    async with forked("serve", "--port", "0", *mode, *arguments, env=env) as server:
        yield server


@contextlib.asynccontextmanager
async def forked(*arguments: str, cwd: Path = ROOT, env: Mapping[str, str] | None = None) -> AsyncIterator[Program]:
    """``sio-server`` with these arguments, which has it serve, as a fork of what has imported it."""
    process = await fork(arguments, cwd=cwd, env=environment(env), stderr=asyncio.subprocess.STDOUT)
    async with _serving(process) as server:
        yield server


@contextlib.asynccontextmanager
async def serving_command(
    *command: str, env: Mapping[str, str] | None = None, pass_fds: Sequence[int] = ()
) -> AsyncIterator[Program]:
    """A command that serves, once it has told its address; killed at the end if it is still there."""
    process = await asyncio.create_subprocess_exec(
        *command,
        cwd=ROOT,
        env=environment(env),
        pass_fds=pass_fds,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    async with _serving(process) as server:
        yield server


@contextlib.asynccontextmanager
async def _serving(process: Running) -> AsyncIterator[Program]:
    output: list[str] = []
    reader = asyncio.create_task(_collect(process, output))
    try:
        await until(
            lambda: process.returncode is not None or any(map(_ADDRESS.search, output)),
            "an address",
            work_of(process),
        )
        found = _ADDRESS.search("\n".join(output))
        if found is None:
            raise AssertionError(f"the server ended with {process.returncode}: {output}")
        yield Program(process, found[0].rstrip("/"), output)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reader


def environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of a program under test: this one's, without settings of a server that it may hold."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIO_SERVER_")}
    return {**kept, "PYTHONUNBUFFERED": "1", **(more or {})}


async def _collect(process: Running, lines: list[str]) -> None:
    assert process.stdout is not None
    async for line in process.stdout:
        lines.append(line.decode(errors="replace").rstrip())  # noqa: PERF401 - others look at them meanwhile


async def node_client(
    binary: Path, script: str, arguments: Sequence[str], *, expect: int, after: Callable[[], Any] | None = None
) -> list[Any]:
    """Run a script of ``tests/node`` and return the ``expect`` JSON lines it prints; ``after`` runs once it is ready.

    A script prints ``"ready"`` first when it is connected, then a line for each event.
    """
    process = await asyncio.create_subprocess_exec(
        str(binary), str(ROOT / "tests" / "node" / script), *arguments, stdout=asyncio.subprocess.PIPE
    )
    lines: list[str] = []
    reader = asyncio.create_task(_collect(process, lines))
    try:
        work = work_of(process)

        def moves() -> object:
            return len(lines), work()

        await until(lambda: lines or process.returncode is not None, f"{script} to be ready", moves)
        if after is not None:
            await after()
        await until(lambda: len(lines) >= expect or process.returncode is not None, f"{expect} lines", moves)
        return [orjson.loads(line) for line in lines]
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reader


def seqs(envelopes: Iterable[Mapping[str, Any]]) -> list[int]:
    """The positions of envelopes."""
    return [envelope["seq"] for envelope in envelopes]
