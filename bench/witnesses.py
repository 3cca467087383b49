"""Who publishes to several nodes and who listens to them while something fails, and what each of them has seen."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import aiohttp
import orjson

from bench.process import HERE, Credentials

# Seconds that a publisher waits for an answer before it asks another node the same, and between two tries.
ANSWER: Final = 5.0
AGAIN: Final = 0.1

# Seconds between two publishes of one publisher: it is steady, and the machine has something left.
PAUSE: Final = 0.02

SCRIPT: Final = HERE / "tests" / "node" / "client.js"


class Got(NamedTuple):
    """What a client was sent: over which of its connections, at which position, with which id."""

    link: int
    seq: int
    id: str


class Publisher:
    """A backend that publishes one after another, each until some node has answered it, with the same key."""

    def __init__(self, name: str, urls: Sequence[str], credentials: Credentials) -> None:
        self.answered: list[tuple[str, str, int]] = []
        """What it published, and the id and the position that it was answered."""
        self.repeated = 0
        self._name = name
        self._urls = itertools.cycle(urls)
        self._url = next(self._urls)
        self._headers = credentials.publishing()

    async def run(self) -> None:
        """Publish until cancelled."""
        timeout = aiohttp.ClientTimeout(total=ANSWER)
        async with aiohttp.ClientSession(headers=self._headers, timeout=timeout) as http:
            for number in itertools.count():
                await self.publish(http, f"{self._name} {number}")
                await asyncio.sleep(PAUSE)

    async def publish(self, http: aiohttp.ClientSession, text: str) -> int:
        """Publish one; returns its position."""
        body = {"type": "test", "message": text, "idempotency_key": text}
        while True:
            with contextlib.suppress(OSError, aiohttp.ClientError, TimeoutError):
                async with http.post(f"{self._url}/notify", json=body) as response:
                    if response.ok:
                        told = await response.json()
                        self.answered.append((text, told["id"], told["seq"]))
                        return int(told["seq"])
            self.repeated += 1
            self._url = next(self._urls)
            await asyncio.sleep(AGAIN)


class Client:
    """Somebody who listens, comes back when cut off, and keeps all that it was sent."""

    def __init__(self) -> None:
        self.got: list[Got] = []
        self.link = 0
        self.unrecovered = 0
        """How often it was told on its return that it may have missed something."""

    @property
    def reached(self) -> int:
        """The last position that it was sent."""
        return self.got[-1].seq if self.got else 0

    def take(self, envelope: dict[str, Any]) -> None:
        """Keep what it was sent."""
        self.got.append(Got(self.link, envelope["seq"], envelope["id"]))

    async def run(self) -> None:
        """Listen until cancelled."""
        raise NotImplementedError


class PlainClient(Client):
    """A client of ``/ws`` that keeps its cursor, and tries the next node where one does not let it in."""

    def __init__(self, urls: Sequence[str], token: str) -> None:
        super().__init__()
        self._urls = itertools.cycle(urls)
        self._query = {"token": token}

    async def run(self) -> None:
        """See `Client.run`."""
        async with aiohttp.ClientSession() as http:
            for url in self._urls:
                with contextlib.suppress(OSError, aiohttp.ClientError, TimeoutError):
                    await self._listen(http, url)
                await asyncio.sleep(AGAIN)

    async def _listen(self, http: aiohttp.ClientSession, url: str) -> None:
        came_back = "cursor" in self._query
        timeout = aiohttp.ClientWSTimeout(ws_close=1.0)
        # A node that hangs sends no pong either: the client lets go of it after as long as a browser's library would.
        async with http.ws_connect(f"{url}/ws", params=self._query, heartbeat=4.0, timeout=timeout) as socket:
            self.link += 1
            async for message in socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    return  # it heard nothing for too long
                frame = orjson.loads(message.data)
                if not frame["type"].startswith("ns:"):
                    self.take(frame)
                elif frame["type"] == "ns:sync":
                    self.unrecovered += came_back and not frame["recovered"]
                if "cursor" in frame:
                    self._query["cursor"] = frame["cursor"]


class StockClient(Client):
    """The stock client in Node with Socket.IO's own recovery, which comes back to the same node."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__()
        self._url = url
        self._options = {"auth": {"token": token, "recovery": True}, "transports": ["websocket"], "timeout": 4000}

    async def run(self) -> None:
        """See `Client.run`."""
        words = [str(SCRIPT), self._url, json.dumps(self._options)]
        node = os.environ.get("SIO_TEST_NODE") or "node"
        process = await asyncio.create_subprocess_exec(node, *words, stdout=asyncio.subprocess.PIPE, limit=1 << 24)
        try:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            async for line in process.stdout:
                told = orjson.loads(line)
                if "connect" in told:
                    self.link += 1
                elif told.get("event") == "ns:sync":
                    # Where it is not given its session back it is replayed what it missed, as by a cursor.
                    self.unrecovered += self.link > 1 and not told["argument"]["recovered"]
                elif not told.get("event", "ns:").startswith("ns:"):
                    self.take(told["argument"])
        finally:
            process.kill()
            await process.wait()


class Seen(NamedTuple):
    """What a run came to. ``again``: on the wire for a second time, which a client takes for the same by its id."""

    publishes: int
    lost: int
    repeated: int
    again: int
    disordered: int
    unrecovered: int


def judge(stored: Sequence[tuple[int, str, str]], publishers: Sequence[Publisher], clients: Sequence[Client]) -> Seen:
    """Hold what was answered and what was sent to what is stored: positions, ids and texts, in order."""
    places = {identity: seq for seq, identity, _ in stored}
    texts: defaultdict[str, int] = defaultdict(int)
    for _, _, text in stored:
        texts[text] += 1
    lost = disordered = again = 0
    for publisher in publishers:
        lost += sum(places.get(identity) != seq for _, identity, seq in publisher.answered)
        seqs = [seq for _, _, seq in publisher.answered]
        disordered += sum(later <= former for former, later in itertools.pairwise(seqs))
    for client in clients:
        had = {one.id for one in client.got}
        first = client.got[0].seq if client.got else 0
        lost += sum(seq >= first and identity not in had for seq, identity, _ in stored)
        again += len(client.got) - len(had)
        pairs = itertools.pairwise(client.got)
        disordered += sum(later.link == former.link and later.seq <= former.seq for former, later in pairs)
    repeated = sum(count - 1 for count in texts.values())
    answered = sum(len(publisher.answered) for publisher in publishers)
    return Seen(answered, lost, repeated, again, disordered, sum(client.unrecovered for client in clients))
