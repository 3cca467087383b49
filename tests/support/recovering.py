"""Clients that lose their link and come back, one interface for all three ways of recovery."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Protocol

import aiohttp
import orjson

from tests.conftest import Node
from tests.support.clients import PlainSocket
from tests.support.events import EventStream, open_stream, stream_client
from tests.support.servers import FOR_EVER, ROOT, python_client
from tests.support.waiting import coming, until, work_of

SCRIPT = ROOT / "tests" / "node" / "recovering.js"


class Recovering(Protocol):
    """A client that keeps what it was sent across its links."""

    events: list[tuple[str, Any]]

    async def cut(self) -> None:
        """Lose the link."""

    async def back(self) -> None:
        """Connect again, and wait until the server has said how it went."""

    def is_cut(self) -> bool:
        """Whether its last link is lost, and all that came over it is in."""


class _Kept:
    """What all of them keep."""

    def __init__(self) -> None:
        self.events: list[tuple[str, Any]] = []

    def moves(self) -> object:
        """How many events came: what moves while one waits for this client."""
        return len(self.events)

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """Every envelope in the order it came."""
        return [argument for event, argument in self.events if not event.startswith("ns:")]

    def of(self, *names: str) -> list[Any]:
        """What came under these names."""
        return [argument for event, argument in self.events if event in names]

    @property
    def cursor(self) -> str:
        """Where a client stands that keeps the cursor of whatever it got last."""
        told = (argument for _, argument in reversed(self.events) if isinstance(argument, dict))
        return str(next(argument["cursor"] for argument in told if "cursor" in argument))


class CursorClient(_Kept):
    """python-socketio's client with the cursor in its handshake."""

    def __init__(self, url: str, auth: Mapping[str, Any], transport: str = "websocket") -> None:
        super().__init__()
        self.url = url
        self._auth = dict(auth)
        self._transports = [transport]
        self._session = aiohttp.ClientSession()  # its own, so that no link outlives it, however far that one got
        self._client = python_client()

    async def connect(self, cursor: str | None = None) -> None:
        """A new link; with a cursor until what was missed has come."""
        client = self._client = python_client(http_session=self._session)
        client.on("*", self._keep)
        awaited = "ns:hello" if cursor is None else "ns:sync"
        before = len(self.of(awaited))
        auth = {**self._auth, "cursor": cursor}
        connecting = client.connect(self.url, auth=auth, transports=self._transports, wait_timeout=FOR_EVER)
        await coming(connecting, "the connection", self.moves)
        await until(lambda: len(self.of(awaited)) > before, awaited, self.moves)

    async def _keep(self, event: str, argument: Any = None) -> None:
        self.events.append((event, argument))

    async def cut(self) -> None:
        """Lose the link: the socket goes without a word."""
        await self._client.eio.ws.close()
        await self._client.eio.wait()  # the client's own sleeps for a second besides

    async def back(self) -> None:
        """Connect again from the last cursor."""
        await self.connect(self.cursor)

    def is_cut(self) -> bool:
        """Whether its last link is lost, and all that came over it is in."""
        return bool(self._client.eio.state == "disconnected")

    async def leave(self) -> None:
        """End it."""
        await self._client.disconnect()
        await self._session.close()


class PlainClient(_Kept):
    """A plain WebSocket with the cursor in its address."""

    def __init__(self, url: str, query: Mapping[str, str]) -> None:
        super().__init__()
        self.url = url
        self._query = dict(query)
        self._session = aiohttp.ClientSession()
        self._socket: PlainSocket | None = None

    async def connect(self, cursor: str | None = None) -> None:
        """A new link; with a cursor until what was missed has come."""
        await self.cut()
        query = self._query if cursor is None else {**self._query, "cursor": cursor}
        socket = self._socket = PlainSocket(await self._session.ws_connect(f"{self.url}/ws", params=query))
        socket.frames = _Frames(self.events)
        awaited = "ns:hello" if cursor is None else "ns:sync"
        before = len(self.of(awaited))
        await until(lambda: len(self.of(awaited)) > before, awaited, self.moves)

    async def cut(self) -> None:
        """Lose the link, if there is one."""
        if self._socket is not None:
            await self._socket.leave()

    async def back(self) -> None:
        """Connect again from the last cursor."""
        await self.connect(self.cursor)

    def is_cut(self) -> bool:
        """Whether its last link is lost, and all that came over it is in."""
        return self._socket is None or self._socket.closed is not None

    async def leave(self) -> None:
        """End it."""
        await self.cut()
        await self._session.close()


class StreamClient(_Kept):
    """A client of Server-Sent Events that comes again as a browser does: with the id of the last event as a header."""

    def __init__(self, url: str, query: Mapping[str, str]) -> None:
        super().__init__()
        self.url = url
        self._query = dict(query)
        self._client = stream_client()
        self._stream: EventStream | None = None

    async def connect(self, cursor: str | None = None) -> None:
        """A new link; with a cursor until what was missed has come."""
        await self.cut()
        headers = {} if cursor is None else {"Last-Event-ID": cursor}
        awaited = "ns:hello" if cursor is None else "ns:sync"
        before = len(self.of(awaited))
        self._stream = await open_stream(self._client, self.url, self._query, headers, self.events)
        await until(lambda: len(self.of(awaited)) > before, awaited, self.moves)

    async def cut(self) -> None:
        """Lose the link, if there is one."""
        if self._stream is not None:
            await self._stream.leave()

    async def back(self) -> None:
        """Connect again from the last id, which is the last cursor."""
        assert self._stream is not None
        await self.connect(self._stream.last_id or self.cursor)

    def is_cut(self) -> bool:
        """Whether its last link is lost, and all that came over it is in."""
        return self._stream is None or self._stream.ended

    async def leave(self) -> None:
        """End it."""
        await self.cut()
        await self._client.aclose()


class _Frames(list[dict[str, Any]]):
    """Frames that go on to the events of a client that outlives its link."""

    def __init__(self, events: list[tuple[str, Any]]) -> None:
        super().__init__()
        self._events = events

    def append(self, frame: dict[str, Any]) -> None:
        """Take a frame."""
        self._events.append((frame["type"], frame))


class StockClient(_Kept):
    """The stock JavaScript client with the recovery that is built into it, and no code of ours."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__()
        self.process = process
        self.connects: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.disconnects: list[str] = []
        self._linked: bool | None = None  # None while a link is being made
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for text in self.process.stdout:
            line = orjson.loads(text)
            if "event" not in line:
                self._linked = "connect" in line
            if "event" in line:
                self.events.append((line["event"], line.get("argument")))
            elif "connect" in line:
                self.connects.append(line)
            elif "disconnect" in line:
                self.disconnects.append(line["disconnect"])
            else:
                self.errors.append(line)

    def moves(self) -> object:
        """What moves while one waits for this client: its events, and the work of its process."""
        return len(self.events), work_of(self.process)()

    async def order(self, word: str) -> None:
        """Tell it to do something."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{word}\n".encode())
        await self.process.stdin.drain()

    async def cut(self) -> None:
        """Lose the link."""
        before = len(self.disconnects)
        await self.order("cut")
        await until(lambda: len(self.disconnects) > before, "the loss of the link", self.moves)

    async def back(self) -> None:
        """Connect again; it is greeted when what it missed has come."""
        before, refused = len(self.of("ns:hello")), len(self.errors)
        self._linked = None
        await self.order("back")
        await until(lambda: len(self.of("ns:hello")) > before or len(self.errors) > refused, "the greeting", self.moves)

    def is_cut(self) -> bool:
        """Whether its last link is lost, or could not be made, and all that came over it is in."""
        return self._linked is False

    async def leave(self) -> None:
        """End it; once is enough."""
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
        await self._reader


def client_of(kind: str, url: str, token: str) -> CursorClient | PlainClient | StreamClient:
    """A client of a kind that is not connected yet: ``cursor``, ``polling``, ``ws`` or ``sse``."""
    auth = {"token": token}
    if kind == "sse":
        return StreamClient(url, auth)
    if kind == "ws":
        return PlainClient(url, auth)
    return CursorClient(url, auth, "polling" if kind == "polling" else "websocket")


@contextlib.asynccontextmanager
async def recovering(
    kind: str, url: str, token: str, node: Node | None
) -> AsyncIterator[CursorClient | PlainClient | StreamClient | StockClient]:
    """A connected client of a kind: one of `client_of`, or ``stock``, which needs a Node."""
    client: CursorClient | PlainClient | StreamClient | StockClient
    if kind == "stock" and node is not None:
        asking = orjson.dumps({"token": token, "recovery": True}).decode()
        process = await asyncio.create_subprocess_exec(
            str(node.binary), str(SCRIPT), url, asking, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        client = StockClient(process)
        await until(lambda: client.of("ns:hello"), "ns:hello", client.moves)
    else:
        client = client_of(kind, url, token)
        await client.connect()
    try:
        yield client
    finally:
        await client.leave()
