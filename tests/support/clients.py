"""More clients for tests: plain WebSockets, the stock JavaScript client, refused connections, programs that end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import socketio
from aiohttp import WSMsgType

from tests.support.certificates import trusting
from tests.support.forks import fork
from tests.support.servers import FOR_EVER, ROOT, environment, python_client
from tests.support.waiting import coming, until, work_of

SCRIPT = ROOT / "tests" / "node" / "client.js"


class PlainSocket:
    """A client that knows nothing but WebSocket, and every frame it was sent, in order."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.closed: tuple[int, str] | None = None
        """Close code and reason, once the server closed."""
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        while True:
            message = await self.socket.receive()
            if message.type is WSMsgType.TEXT:
                self.frames.append(orjson.loads(message.data))
                continue
            code = message.data if message.type is WSMsgType.CLOSE else self.socket.close_code
            self.closed = (code or 1006, message.extra if isinstance(message.extra, str) else "")
            return

    def moves(self) -> object:
        """How many frames came: what moves while one waits for this client."""
        return len(self.frames)

    def of(self, name: str) -> list[dict[str, Any]]:
        """The frames of this type."""
        return [frame for frame in self.frames if frame["type"] == name]

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """Every envelope, control frames left out."""
        return [frame for frame in self.frames if not frame["type"].startswith("ns:")]

    async def wait(self, count: int) -> list[dict[str, Any]]:
        """The envelopes once there are ``count``."""
        await until(lambda: len(self.notifications) >= count, f"{count} notifications", self.moves)
        return self.notifications

    async def wait_closed(self) -> tuple[int, str]:
        """Close code and reason once the server closed."""
        await until(lambda: self.closed is not None, "the close", self.moves)
        assert self.closed is not None
        return self.closed

    async def leave(self) -> None:
        """Close, and wait until nothing reads any more."""
        await self.socket.close()
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader


@contextlib.asynccontextmanager
async def plain_socket(
    url: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> AsyncIterator[PlainSocket]:
    """A plain WebSocket to the server at ``url`` that has had its first frame."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting())) as session,
        session.ws_connect(f"{url}/ws", params=dict(query or {}), headers=dict(headers or {})) as socket,
    ):
        client = PlainSocket(socket)
        try:
            await until(lambda: client.frames or client.closed, "a first frame")
            yield client
        finally:
            await client.leave()


@dataclass
class JavaScriptClient:
    """socket.io-client in a process of its own, and what it reported, in order.

    A report is ``{"event", "argument", "transport"}``, ``{"connect": recovered}``, ``{"disconnect": reason}``,
    ``{"upgrade": transport}``, ``{"connect_error": message, "data": …}`` or ``{"ack": …}``.
    """

    process: asyncio.subprocess.Process
    reports: list[dict[str, Any]]

    def moves(self) -> object:
        """What moves while one waits for this client: its reports, and the work of its process."""
        return len(self.reports), work_of(self.process)()

    def of(self, name: str) -> list[dict[str, Any]]:
        """The reports of this kind."""
        return [report for report in self.reports if name in report]

    @property
    def events(self) -> list[str]:
        """The names of all events, in order."""
        return [report["event"] for report in self.of("event")]

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """Every envelope, control events left out."""
        return [report["argument"] for report in self.of("event") if not report["event"].startswith("ns:")]

    async def wait(self, count: int) -> list[dict[str, Any]]:
        """The envelopes once there are ``count``."""
        await until(lambda: len(self.notifications) >= count, f"{count} notifications", self.moves)
        return self.notifications

    async def wait_for(self, name: str, count: int = 1) -> list[dict[str, Any]]:
        """The reports of this kind once there are ``count``."""
        await until(lambda: len(self.of(name)) >= count, f"{count} of {name}", self.moves)
        return self.of(name)


@contextlib.asynccontextmanager
async def javascript_client(binary: Path, url: str, **options: Any) -> AsyncIterator[JavaScriptClient]:
    """The stock client; ``options`` are its own, ``notify`` besides is a body to publish with an acknowledgement."""
    process = await asyncio.create_subprocess_exec(
        str(binary), str(SCRIPT), url, orjson.dumps(options).decode(), stdout=asyncio.subprocess.PIPE
    )
    client = JavaScriptClient(process, [])
    reader = asyncio.create_task(_report(client))
    try:
        await until(lambda: client.reports or process.returncode is not None, "a first report", client.moves)
        yield client
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reader


async def _report(client: JavaScriptClient) -> None:
    assert client.process.stdout is not None
    async for line in client.process.stdout:
        client.reports.append(orjson.loads(line))


async def refused(url: str, auth: object = None, **options: Any) -> dict[str, Any]:
    """What a Python client that the server refuses is told in ``connect_error``."""
    client = python_client()
    told: list[Any] = []

    async def keep(argument: Any = None) -> None:
        told.append(argument)

    client.on("connect_error", keep)
    options = {"transports": ["websocket"], "wait_timeout": FOR_EVER, **options}
    try:
        await coming(client.connect(url, auth=auth, **options), "the refusal")
    except socketio.exceptions.ConnectionError:
        answer: dict[str, Any] = told[-1]
        return answer
    finally:
        await client.disconnect()
    raise AssertionError("the connection was accepted")


async def ended(*arguments: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit code and whole output of ``sio-server`` with these arguments, which must end by itself."""
    process = await fork(arguments, cwd=ROOT, env=environment(env), stderr=asyncio.subprocess.STDOUT)
    try:
        output, _ = await coming(process.communicate(), "the end of sio-server", work_of(process))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return process.returncode, output.decode()
