"""An honest client: how long what it asks takes, and how often it fails."""

from __future__ import annotations

import asyncio
import json
import math
import statistics
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

import aiohttp

from bench.process import Credentials, Process
from tests.support.engine_wire import Closed, WebSocketWire

EVERY: Final = 0.05  # seconds between two askings of a kind
PATIENCE: Final = 5.0  # seconds after which an honest client gives up


@dataclass(slots=True)
class Asked:
    """What was asked of one kind: seconds of each that was answered, and why others were not."""

    seconds: list[float] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)

    def told(self) -> dict[str, Any]:
        """Figures in milliseconds; None where nothing was answered."""
        figures: dict[str, Any] = {"answered": len(self.seconds), "failed": len(self.failed)}
        if self.failed:
            figures["first failure"] = self.failed[0][:200]
        ordered = sorted(self.seconds)
        if ordered:
            figures["median"] = round(1000 * statistics.median(ordered), 1)
            figures["p99"] = round(1000 * ordered[math.ceil(0.99 * len(ordered)) - 1], 1)
            figures["max"] = round(1000 * ordered[-1], 1)
        return figures


class HonestClient:
    """Asks ``/health/live`` over new connections, publishes over one that it keeps, and joins over new websockets."""

    def __init__(self, server: Process, credentials: Credentials, seconds: float, patience: float = PATIENCE) -> None:
        self._server = server
        self._credentials = credentials
        self._until = time.monotonic() + seconds
        self._seconds = seconds
        self._patience = patience
        self.asked: dict[str, Asked] = {"live": Asked(), "notify": Asked(), "handshake": Asked()}

    async def live(self, after: Callable[[], None]) -> dict[str, Asked]:
        """Ask until the time is over; ``after`` is called once everything was answered once, which begins the time."""
        timeout = aiohttp.ClientTimeout(total=self._patience)
        async with (
            aiohttp.ClientSession(timeout=timeout) as kept,
            aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(force_close=True)) as new,
        ):
            tasks = {
                "live": partial(self._live, new),
                "notify": partial(self._notify, kept),
                "handshake": partial(self._join, new),
            }
            for task in tasks.values():
                await task()
            after()
            self._until = time.monotonic() + self._seconds
            await asyncio.gather(*(self._again(name, task) for name, task in tasks.items()))
        return self.asked

    async def _again(self, name: str, task: Callable[[], Awaitable[None]]) -> None:
        asked = self.asked[name]
        while time.monotonic() < self._until:
            began = time.monotonic()
            try:
                async with asyncio.timeout(self._patience):
                    await task()
                asked.seconds.append(time.monotonic() - began)
            except (aiohttp.ClientError, OSError, TimeoutError, Closed, AssertionError, ValueError) as error:
                asked.failed.append(f"{type(error).__name__}: {error}")
            await asyncio.sleep(EVERY)

    async def _live(self, http: aiohttp.ClientSession) -> None:
        async with http.get(f"{self._server.url}/health/live") as response:
            response.raise_for_status()

    async def _notify(self, http: aiohttp.ClientSession) -> None:
        body = json.dumps({"type": "test", "message": "honest"}).encode()
        async with http.post(
            f"{self._server.url}/notify", data=body, headers=self._credentials.publishing()
        ) as response:
            response.raise_for_status()

    async def _join(self, http: aiohttp.ClientSession) -> None:
        wire = WebSocketWire(http, self._server.url)
        try:
            await wire.open()
            await wire.join(auth=self._credentials.auth("honest"))
        finally:
            if hasattr(wire, "ws"):
                await wire.drop()
                await wire.ws.close()
