"""Everybody comes back at once after a restart, and somebody is there for whom things are published all the while.

``python -m bench.comeback [--clients 10000] [--behind 50] [--rounds 3] [--server-dir CHECKOUT]``. The server is killed
(SIGKILL) and started again on the same log; then all dial at once, half over plain WebSocket and half over Socket.IO,
each with the cursor of before. Who is turned away tries again within a second, as real clients do. A round ends when
the last one has had its ``ns:sync``, and fails where anybody was replayed more or less than what was missed. Meanwhile
another process publishes 20 notifications a second to one user alone: how late these are is what a restart costs those
who are there already. The same is measured before, while nobody else comes.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from bench.build import HERE, build
from bench.measure import LOAD_CPU, SERVER_CPU, Result, load_command, raise_file_limit
from bench.servers import free_port
from bench.storm import Client

PATIENCE = 900.0  # seconds that a round may take
_BODY = {"type": "tour_creado", "message": "Nuevo tour: Lima", "data": {"tour_id": 7, "nombre": "Lima"}}
#: what the load generator is told, which publishes to one user and is that user
_LIVE = [
    *("--clients", "1", "--publishers", "2", "--rate", "20", "--first", "1000", "--warmup", "0.5", "--tell"),
    *("--auth", '{"user":"live","role":"turista"}', "--audience", '{"users":["live"]}'),
]


@dataclass
class Everybody:
    """All clients, each of which tries until it is in, with a cursor or none, and waits for ``awaited``."""

    port: int
    cursor: str | None
    awaited: bytes
    tries: int = 0
    made: list[Client] = field(default_factory=list)

    def _client(self, number: int) -> Client:
        if number % 2:
            path = f"/ws?user={number}&role=turista" + (f"&cursor={self.cursor}" if self.cursor else "")
            return Client(path, None, self.awaited)
        auth = {"user": number, "role": "turista", **({"cursor": self.cursor} if self.cursor else {})}
        return Client("/socket.io/?EIO=4&transport=websocket", b"40" + json.dumps(auth).encode(), self.awaited)

    async def _one(self, number: int) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self.tries += 1
            client = self._client(number)
            with contextlib.suppress(OSError):  # ConnectionError is one, and what `Client` fails with
                await loop.create_connection(lambda one=client: one, "127.0.0.1", self.port)  # type: ignore[misc]
                await client.done
                self.made.append(client)
                return
            await asyncio.sleep(random.uniform(0.1, 1.0))  # noqa: S311 - nothing is secret in it

    async def come(self, count: int) -> float:
        """Seconds from the first dial until the last one is up to date."""
        begun = time.perf_counter()
        async with asyncio.timeout(PATIENCE):
            await asyncio.gather(*map(self._one, range(count)))
        return time.perf_counter() - begun

    def go(self) -> None:
        """End all connections."""
        for client in self.made:
            client.leave()


@asynccontextmanager
async def serving(checkout: Path, directory: str, port: int) -> AsyncIterator[str]:
    """A server on this log, which is killed in the end; gives its address."""
    words = ["-m", "sio_server", "serve", "--dev", "--port", str(port), "--data-dir", directory]
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        *words,
        cwd=checkout,
        env={**os.environ, "PYTHONPATH": str(checkout)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert child.stdout is not None  # noqa: S101 - for the type checker
    os.sched_setaffinity(child.pid, {SERVER_CPU})
    try:
        yield (await child.stdout.readline()).decode().split()[-1].rstrip("/")
    finally:
        child.kill()
        await child.wait()


async def live(port: int, seconds: float, ready: asyncio.Event) -> Result:
    """What is published to one user for so long; `ready` is set when it begins."""
    child = await asyncio.create_subprocess_exec(
        *load_command(),
        *_LIVE,
        "--port",
        str(port),
        "--seconds",
        f"{seconds:.2f}",
        cwd=HERE.parent,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert child.stderr is not None  # noqa: S101 - for the type checker
    with contextlib.suppress(OSError):  # it does next to nothing, and should not wait for all the others
        os.setpriority(os.PRIO_PROCESS, child.pid, -10)
    await child.stderr.readline()
    ready.set()
    said, _ = await child.communicate()
    found: Result = json.loads(said)
    return found


async def publish(url: str, count: int) -> str:
    """Publish so many for everybody; the cursor before them."""
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{url}/notify", json={"type": "test"}) as response:
            cursor = str((await response.json())["cursor"])
        async with http.post(f"{url}/v1/notifications/batch", json={"notifications": [_BODY] * count}) as response:
            response.raise_for_status()
    return cursor


async def round_of(
    options: argparse.Namespace, directory: str, cursor: str, seconds: float
) -> tuple[float, int, Result]:
    """A restart and the storm after it: seconds until all are whole, tries, and what was measured beside."""
    port, ready = free_port(), asyncio.Event()
    async with serving(options.server_dir, directory, port):
        beside = asyncio.create_task(live(port, seconds, ready))
        await ready.wait()
        everybody = Everybody(port, cursor, b"ns:sync")
        took = await everybody.come(options.clients)
        replayed = sum(client.replayed for client in everybody.made)
        found = await beside
        everybody.go()
    if replayed != options.clients * options.behind or found["lost"] or found["out_of_order"]:
        raise RuntimeError(f"replayed {replayed}, beside it {found}")
    return took, everybody.tries, found


async def measure(options: argparse.Namespace) -> None:
    """Run and print."""
    with tempfile.TemporaryDirectory() as directory:
        port = free_port()
        async with serving(options.server_dir, directory, port) as url:
            first = Everybody(port, None, b"ns:hello")  # who was never there has missed nothing
            seconds = await first.come(options.clients)
            first.go()
            cursor = await publish(url, options.behind)
            alone = await live(port, 5, asyncio.Event())
        print(f"{options.clients:,} clients, each {options.behind} behind, after a SIGKILL")
        print(
            f"  first sight of everybody {seconds:.1f} s; live p99 while nobody comes {alone['p99_us'] / 1000:.1f} ms"
        )
        times, late = [], []
        for number in range(options.rounds):
            took, tries, found = await round_of(options, directory, cursor, seconds)
            seconds = took  # what is published beside the next one ends with it, more or less
            times.append(took)
            late.append(found["p99_us"] / 1000)
            print(f"  round {number + 1}: all whole after {took:.1f} s, {tries:,} tries; live p99 {late[-1]:.1f} ms")
        rate = options.clients * options.behind / statistics.median(times)
        whole, p99 = statistics.median(times), statistics.median(late)
        print(f"  medians: {whole:.1f} s, {rate:,.0f} replayed a second, p99 {p99:.1f} ms")


def main() -> None:
    """Run on two CPUs: the server on one, everybody else on the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--behind", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server-dir", type=Path, default=HERE.parent, help="checkout whose server is measured")
    options = parser.parse_args()
    build()
    options.clients = min(options.clients, raise_file_limit() - 500)
    os.sched_setaffinity(0, {LOAD_CPU})
    asyncio.run(measure(options))


if __name__ == "__main__":
    main()
