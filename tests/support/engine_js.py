"""The stock JavaScript client in a Node process, driven from a test."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import shutil
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.support.waiting import until, work_of

DRIVER = Path(__file__).parent.parent / "node" / "driver.mjs"
LINE = 1 << 24  # bytes of one reported event; tests send attachments of some megabytes


def _unpack(thing: Any) -> Any:
    if isinstance(thing, list):
        return [_unpack(x) for x in thing]
    if isinstance(thing, dict):
        if isinstance(thing.get("$bytes"), str):
            return base64.b64decode(thing["$bytes"])
        return {k: _unpack(v) for k, v in thing.items()}
    return thing


def pack(thing: Any) -> Any:
    """JSON that the driver turns into a value with bytes in it."""
    if isinstance(thing, bytes):
        return {"$bytes": base64.b64encode(thing).decode()}
    if isinstance(thing, list):
        return [pack(x) for x in thing]
    if isinstance(thing, dict):
        return {k: pack(v) for k, v in thing.items()}
    return thing


class JsClient:
    """One socket of the stock client and everything it reported, in order."""

    def __init__(self, driver: JsDriver, name: str) -> None:
        self.driver = driver
        self.name = name
        self.seen: list[dict[str, Any]] = []

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every report of one kind: connect, disconnect, connect_error, event, ack, upgrade."""
        return [report for report in self.seen if report["on"] == kind]

    def events(self, event: str) -> list[Any]:
        """The arguments of every event of this name."""
        return [report["args"] for report in self.all("event") if report["event"] == event]

    async def first(self, kind: str, count: int = 1) -> dict[str, Any]:
        """The report number ``count`` of its kind, waited for."""
        work = work_of(self.driver.process)

        def moves() -> object:
            return self.seen[-5:], len(self.seen), work()

        await until(lambda: len(self.all(kind)) >= count, f"{kind} number {count} of {self.name}", moves)
        return self.all(kind)[count - 1]

    async def emit(self, event: str, *args: Any, tag: str | None = None) -> None:
        """Emit; with a tag, ask for an acknowledgement that is reported under it."""
        await self.driver.tell(op="emit", id=self.name, event=event, args=pack(list(args)), tag=tag)

    async def burst(self, event: str, count: int) -> None:
        """Emit ``count`` acknowledged events in one turn of the client's loop."""
        await self.driver.tell(op="burst", id=self.name, event=event, count=count, tag="burst")

    async def disconnect(self) -> None:
        """Leave politely."""
        await self.driver.tell(op="disconnect", id=self.name)

    async def drop(self) -> None:
        """Lose the connection; the client comes back by itself."""
        await self.driver.tell(op="drop", id=self.name)


class JsDriver:
    """A Node process with any number of clients."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.clients: dict[str, JsClient] = {}

    async def tell(self, **order: Any) -> None:
        """Send one order."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({k: v for k, v in order.items() if v is not None}).encode() + b"\n")
        await self.process.stdin.drain()

    async def client(self, url: str, **options: Any) -> JsClient:
        """Open a client with options of the JavaScript library; it may not be connected yet."""
        client = JsClient(self, f"c{len(self.clients)}")
        self.clients[client.name] = client
        await self.tell(op="connect", id=client.name, url=url, options=options)
        return client

    async def connected(self, url: str, **options: Any) -> JsClient:
        """Open a client and wait until it is connected."""
        client = await self.client(url, **options)
        await client.first("connect")
        return client

    async def listen(self) -> None:
        """Give each line to the client it is about."""
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            report = json.loads(line)
            report["args"] = _unpack(report.get("args"))
            self.clients[report["id"]].seen.append(report)


@asynccontextmanager
async def javascript() -> AsyncIterator[JsDriver]:
    """Run the driver; on leaving, its clients are gone with it."""
    node = os.environ.get("SIO_TEST_NODE") or shutil.which("node")
    assert node is not None, "Node.js is needed: the stock JavaScript client runs in it"
    process = await asyncio.create_subprocess_exec(
        node, str(DRIVER), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE
    )
    driver = JsDriver(process)
    listening = asyncio.create_task(driver.listen())
    try:
        yield driver
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()
        await listening
