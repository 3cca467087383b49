"""What has to hold while a server is fuzzed: its log, its readiness, and one honest publisher and listener."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench.process import CANARY, Credentials, Process
from tests.support.engine_wire import Closed, WebSocketWire
from tests.support.waiting import Stuck, until

LOOK: Final = 0.25  # seconds between two looks
ANSWER: Final = 120.0  # seconds a probe may take on a machine that is busy; longer is no answer
_SAMPLES: Final = 3  # examples of each finding that are kept


@dataclass(slots=True)
class Finding:
    """Something that must not be: what, how often, examples of it, and the numbers of the cases that were there."""

    what: str
    count: int = 0
    examples: list[str] = field(default_factory=list)
    cases: list[int] = field(default_factory=list)
    #: whether each of the cases is one that made it, or one that was there
    sure: bool = True

    def add(self, example: str, cases: list[int]) -> None:
        """One more of it."""
        self.count += 1
        self.sure = self.sure and len(cases) == 1
        if len(self.examples) < _SAMPLES:
            self.examples.append(example)
            self.cases += [number for number in cases if number not in self.cases]

    def told(self) -> dict[str, Any]:
        """As JSON takes it."""
        return {
            "what": self.what,
            "count": self.count,
            "examples": self.examples,
            "cases": self.cases,
            "sure": self.sure,
        }


@dataclass(slots=True)
class Findings:
    """All findings by what they are; those that differ in numbers and ids alone are one."""

    found: dict[str, Finding] = field(default_factory=dict)

    def add(self, what: str, example: str, cases: list[int] | None = None) -> None:
        """One more."""
        name = re.sub(r"[0-9a-f]{12,}|\d+", "N", what)[:160]
        self.found.setdefault(name, Finding(name)).add(example[:4000], cases or [])


class LogWatch:
    """Reads a server's log as it grows. Every line has to be one JSON object that tells no secret and no traceback."""

    def __init__(self, log: Path, findings: Findings, *, new: bool = False) -> None:
        self._file = log.open("rb")
        if new:  # what comes from now on
            self._file.seek(0, 2)
        self._findings = findings
        self._rest = b""
        self.lines: Counter[str] = Counter()

    def close(self) -> None:
        """Stop."""
        self._file.close()

    def look(self, cases: list[int]) -> None:
        """Judge what is new; ``cases`` are those that may be its cause."""
        data = self._rest + self._file.read()
        *lines, self._rest = data.split(b"\n")
        for line in lines:
            self._judge(line.decode(errors="replace"), cases)

    def _judge(self, line: str, cases: list[int]) -> None:
        if CANARY in line:
            self._findings.add("a secret in the log", line, cases)
        try:
            told = json.loads(line)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            self._findings.add("a line of the log that is no JSON object", line, cases)
            return
        event = str(told.get("event", ""))
        self.lines[f"{told.get('level')} {told.get('logger')}: {re.sub(r'[0-9]+', 'N', event)[:60]}"] += 1
        traceback = str(told.get("exception") or told.get("exc_info") or told.get("stack_info") or "")
        if traceback or "Traceback" in line:
            self._findings.add(f"a traceback: {traceback.strip().rpartition(chr(10))[2] or event}", line, cases)
        elif told.get("level") in ("error", "critical"):
            self._findings.add(f"an error in the log: {event}", line, cases)


class Ready:
    """Asks ``/health/ready`` again and again, over a new connection each time."""

    def __init__(self, server: Process, findings: Findings) -> None:
        self._server = server
        self._findings = findings
        self.seconds: list[float] = []

    async def look(self, cases: list[int]) -> None:
        """Ask once."""
        began = time.monotonic()
        try:
            status = await _get(f"{self._server.url}/health/ready")
        except (OSError, TimeoutError, aiohttp.ClientError) as error:
            self._findings.add(f"not ready: {type(error).__name__}", str(error), cases)
            return
        self.seconds.append(time.monotonic() - began)
        if status != 200:
            self._findings.add(f"not ready: {status}", str(status), cases)


async def _get(url: str) -> int:
    timeout = aiohttp.ClientTimeout(total=ANSWER)
    async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as response:
        await response.read()
        return response.status


class Honest:
    """One publisher that numbers what it publishes, and one listener that has to get every number once, in order."""

    def __init__(self, server: Process, credentials: Credentials, findings: Findings) -> None:
        self._url = server.url
        self._credentials = credentials
        self._findings = findings
        self.accepted: list[str] = []
        self.heard = 0
        self._published = 0
        self._stop = asyncio.Event()

    async def live(self) -> None:
        """Publish and listen until `leave`."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER)) as http:
            wire = WebSocketWire(http, self._url)
            await wire.open()
            # a name that no case can hit on
            await wire.join(auth=self._credentials.auth(f"honest-{secrets.token_hex(8)}"))
            listener = asyncio.create_task(self._listen(wire))
            while not self._stop.is_set():
                await self._publish(http)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._stop.wait(), 0.1)
            with contextlib.suppress(Stuck):
                await until(lambda: self.heard >= self._published or listener.done(), moves=lambda: self.heard)
            if self.heard < self._published:
                self._findings.add("the honest listener misses some", f"{self.heard} of {self._published}")
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
            await wire.ws.close()

    def leave(self) -> None:
        """End: what was published still has to arrive."""
        self._stop.set()

    async def _publish(self, http: aiohttp.ClientSession) -> None:
        body = {"type": "test", "message": "honest", "data": {"honest": self._published, "note": CANARY}}
        try:
            async with http.post(f"{self._url}/notify", json=body, headers=self._credentials.publishing()) as response:
                told = await response.json(content_type=None)
                if response.status == 429:
                    return  # the key's quota is everybody's who has the key
                if response.status != 200:
                    self._findings.add(f"an honest publish was answered {response.status}", str(told))
                    return
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as error:
            self._findings.add(f"an honest publish failed: {type(error).__name__}", str(error))
            return
        self._published += 1
        self.accepted.append(told["id"])

    async def _listen(self, wire: WebSocketWire) -> None:
        try:
            while True:
                try:
                    name, envelope, *_ = (await wire.events(1))[0]
                except Stuck:
                    continue
                number = envelope.get("data", {}).get("honest") if name == "test" else None
                if number is None or envelope.get("message") != "honest":
                    continue
                if number != self.heard:
                    self._findings.add("the honest listener got one out of its order", f"{number} for {self.heard}")
                self.heard = number + 1
        except (Closed, aiohttp.ClientError, AssertionError) as error:
            self._findings.add(f"the honest listener was cut: {type(error).__name__}", str(error))
