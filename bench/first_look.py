"""What a newcomer asks first: how soon is it up, how much memory, how fast is one notification, how many a second.

``python -m bench.first_look [--clients 10] [--rounds 3]``. Beside each figure stands that of python-socketio's bare
emit, from the same run; rounds of the two alternate, medians are shown.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import socketio

LATENCY_COUNT = 200
LATENCY_GAP = 0.01
RATE_COUNT = 2000
PUBLISHERS = 16
PATIENCE = 60.0

Load = Callable[["Peer", int, float], Awaitable[None]]


@dataclass
class Peer:
    """A server process, and how to make it send ``count`` events ``gap`` seconds apart (0: as fast as it can)."""

    name: str
    url: str
    pid: int
    startup: float
    load: Load
    rss: float = 0.0
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)


@contextlib.asynccontextmanager
async def process(name: str, arguments: list[str], load: Load) -> AsyncIterator[Peer]:
    """Start a server that prints its address, and wait for the address."""
    started = time.perf_counter()
    command = [sys.executable, "-m", *arguments]
    child = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert child.stdout is not None  # noqa: S101 - for the type checker: it was asked for
    try:
        line = (await asyncio.wait_for(child.stdout.readline(), PATIENCE)).decode()
        url = line[line.index("http://") :].strip().rstrip("/")
        peer = Peer(name, url, child.pid, time.perf_counter() - started, load)
        await asyncio.sleep(0.5)
        peer.rss = resident(child.pid)
        yield peer
    finally:
        child.kill()
        await child.wait()


def resident(pid: int) -> float:
    """Resident memory of a process in MB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


async def publish(peer: Peer, count: int, gap: float) -> None:
    """Load over ``POST /notify``: one publisher with a gap, `PUBLISHERS` of them without."""
    numbers = iter(range(count))

    async def publisher(http: aiohttp.ClientSession) -> None:
        for number in numbers:
            body = {"type": "test", "message": "Hola mundo", "data": {"n": number, "at": time.time()}}
            async with http.post(f"{peer.url}/notify", data=orjson.dumps(body)) as response:
                response.raise_for_status()
            if gap:
                await asyncio.sleep(gap)

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as http:
        await asyncio.gather(*(publisher(http) for _ in range(1 if gap else PUBLISHERS)))


async def bare_emit(peer: Peer, count: int, gap: float) -> None:
    """Load from inside the peer: it is told once and emits by itself."""
    client = socketio.AsyncClient(reconnection=False)
    await client.connect(peer.url, transports=["websocket"])
    await client.call("go", {"count": count, "gap": gap}, timeout=PATIENCE)
    await client.disconnect()


async def round_of(peer: Peer, clients: int) -> None:
    """One round: latency at a calm pace, then as many as it can."""
    latencies: list[float] = []
    received = [0] * clients
    everybody: list[socketio.AsyncClient] = []
    for index in range(clients):
        client = socketio.AsyncClient(reconnection=False)

        def keep(envelope: dict[str, Any], index: int = index) -> None:
            received[index] += 1
            latencies.append(time.time() - envelope["data"]["at"])

        client.on("test", keep)
        await client.connect(peer.url, auth={"role": "admin", "user": str(index)}, transports=["websocket"])
        everybody.append(client)
    await asyncio.sleep(0.2)
    await peer.load(peer, LATENCY_COUNT, LATENCY_GAP)
    await arrive(received, LATENCY_COUNT)
    ordered = sorted(latencies)
    peer.p50.append(ordered[len(ordered) // 2] * 1000)
    peer.p99.append(ordered[int(len(ordered) * 0.99)] * 1000)
    started = time.perf_counter()
    await peer.load(peer, RATE_COUNT, 0)
    await arrive(received, LATENCY_COUNT + RATE_COUNT)
    peer.rate.append(RATE_COUNT / (time.perf_counter() - started))
    for client in everybody:
        await client.disconnect()


async def arrive(received: list[int], count: int) -> None:
    """Wait until every client has ``count`` events; more or fewer is an error of the server."""
    deadline = time.monotonic() + PATIENCE
    while min(received) < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"lost: {received} of {count}")
        await asyncio.sleep(0.001)
    if max(received) > count:
        raise RuntimeError(f"repeated: {received} of {count}")


async def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        serve = ["sio_server", "serve", "--dev", "--port", "0"]
        async with (
            process("sio-server, SQLite on disk", [*serve, "--data-dir", directory], publish) as on_disk,
            process("sio-server, log in memory", [*serve, "--broker", "memory:"], publish) as in_memory,
            process("python-socketio, bare emit", ["bench.peer_bare_emit"], bare_emit) as bare,
        ):
            peers = (on_disk, in_memory, bare)
            for _ in range(options.rounds):
                for peer in peers:
                    await round_of(peer, options.clients)
            print(f"{options.clients} clients, medians of {options.rounds} rounds")
            print(f"{'':28}{'start s':>9}{'RSS MB':>9}{'p50 ms':>9}{'p99 ms':>9}{'events/s':>10}")
            for peer in peers:
                middle = [statistics.median(values) for values in (peer.p50, peer.p99, peer.rate)]
                print(
                    f"{peer.name:28}{peer.startup:9.2f}{peer.rss:9.1f}{middle[0]:9.2f}{middle[1]:9.2f}{middle[2]:10.0f}"
                )


if __name__ == "__main__":
    asyncio.run(main())
