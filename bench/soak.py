"""``python -m bench.soak``: clients that come, go, upgrade, stall and misbehave for many minutes.

Meanwhile a publisher numbers its notifications, and every well-behaved websocket checks that it gets each of them once
and in order. At the end, when all clients have gone, the server must hold nothing for them, and its memory must not
have grown since the first quarter of the time (at most the first five minutes).
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
import socket
import statistics
import struct
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from bench.build import LOGS
from bench.measure import LOAD_CPU, SERVER_CPU, raise_file_limit
from bench.servers import KEY, running, servers, user_tokens, watched_product
from tests.support.engine_wire import Closed, PollingWire, UpgradedWire, WebSocketWire, Wire

GROWTH = 0.05  # share of memory that may be added after the first quarter: the allocator's own coming and going
GONE = 75.0  # seconds until the last silent polling session must have timed out (25 + 20 by default), and some
EVERY = 15.0  # seconds between two looks at the server

EVENT = "test"
FILL = 4000  # notifications of 9,000 bytes that fill what the product keeps of the past in memory (16 MiB, and caches)

Behaviour = Callable[["Soak"], Awaitable[None]]


@dataclass(slots=True)
class Soak:
    """One soak: its clients' shared things and what was seen."""

    http: aiohttp.ClientSession
    url: str
    port: int
    process: int
    until: float
    tokens: tuple[str, ...] = (KEY,)
    done: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    looks: list[dict[str, float]] = field(default_factory=list)

    def token(self) -> str:
        """Somebody's."""
        return random.choice(self.tokens)  # noqa: S311

    def left(self, longest: float) -> float:
        """A stay of random length that ends with the soak."""
        return max(0.0, min(random.uniform(0.5, longest), self.until - time.monotonic()))  # noqa: S311


async def _join(soak: Soak, wire: Wire) -> None:
    await wire.open()
    await wire.join(auth={"token": soak.token()})


async def _listen(soak: Soak, wire: Wire, longest: float) -> None:
    """Take events for a while; each publisher's numbers have to follow one another."""
    expected: int | None = None
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(soak.left(longest)):
            while True:
                for event in await wire.events(1):
                    if event[0] != EVENT:
                        continue  # a greeting
                    number = event[1]["data"]["n"]
                    if expected is not None and number != expected:
                        soak.faults.append(f"{type(wire).__name__}: {number} in place of {expected}")
                    expected = number + 1
                    soak.done["deliveries"] += 1


async def comes_and_goes(soak: Soak) -> None:
    """A websocket that listens and says goodbye."""
    wire = WebSocketWire(soak.http, soak.url)
    await _join(soak, wire)
    await _listen(soak, wire, 40)
    await wire.send("41", "1")
    await wire.ws.close()


async def is_cut_off(soak: Soak) -> None:
    """A websocket whose network goes away."""
    wire = WebSocketWire(soak.http, soak.url)
    await _join(soak, wire)
    await _listen(soak, wire, 20)
    await wire.drop()


async def upgrades(soak: Soak) -> None:
    """Long polling that becomes a websocket."""
    wire = UpgradedWire(soak.http, soak.url)
    await _join(soak, wire)
    await _listen(soak, wire, 40)
    await wire.ws.close()


async def polls(soak: Soak) -> None:
    """Long polling that stays so; every second one leaves without a word."""
    wire = PollingWire(soak.http, soak.url)
    await _join(soak, wire)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(soak.left(15)):
            while True:
                await wire.recv()
    if random.getrandbits(1):
        await wire.post("1")


async def gives_up_upgrading(soak: Soak) -> None:
    """An upgrade that is abandoned after the probe."""
    wire = PollingWire(soak.http, soak.url)
    await _join(soak, wire)
    websocket = UpgradedWire(soak.http, soak.url)
    websocket.opened = wire.opened
    await websocket.probe()
    await websocket.drop()
    await wire.post("1")


async def _raw(soak: Soak, *, receive: int | None = None) -> socket.socket:
    loop = asyncio.get_running_loop()
    sock = socket.socket()
    sock.settimeout(0)
    if receive:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    await loop.sock_connect(sock, ("127.0.0.1", soak.port))
    ask = (
        f"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:{soak.port}\r\nConnection: Upgrade\r\n"
        "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
    )
    await loop.sock_sendall(sock, ask.encode())
    return sock


def _frame(head: int, payload: bytes) -> bytes:
    return bytes([head, 0x80 | 126]) + struct.pack(">H", len(payload)) + bytes(4) + payload  # masked with zeros


async def stalls(soak: Soak) -> None:
    """A websocket that joins and never reads again."""
    loop = asyncio.get_running_loop()
    with await _raw(soak, receive=2048) as sock:
        await loop.sock_sendall(sock, _frame(0x81, b'40{"token":"%s"}' % soak.token().encode()))
        await asyncio.sleep(soak.left(60))


async def misbehaves(soak: Soak) -> None:
    """One of many ways to be wrong, and then silence until the server closes, or a while at most."""
    loop = asyncio.get_running_loop()
    joins = _frame(0x81, b'40{"token":"%s"}' % soak.token().encode())
    wrongs = [
        _frame(0x81, b"42{}"),
        joins + _frame(0x81, b"42abc[1]"),
        joins + _frame(0x81, b'42["x",NaN]'),
        joins + _frame(0x82, b"out of nowhere"),
        joins + _frame(0x81, b'459999-["x"]'),
        joins + _frame(0x81, b'451-["x",{"_placeholder":true,"num":7}]') + _frame(0x82, b"a"),
        joins + _frame(0x81, b"4\xff\xfe"),
        joins + _frame(0xF1, b"reserved bits"),
        joins + _frame(0x89, b"x" * 300),
        _frame(0x81, b'40{"token":"wrong"}'),
        joins + _frame(0x81, b'42["n",1]') * 500,
        b"\x00" * 64,
        b"\x81",
        os.urandom(2000),
    ]
    with await _raw(soak) as sock, contextlib.suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(soak.left(10)):
            await loop.sock_sendall(sock, random.choice(wrongs))  # noqa: S311
            while await loop.sock_recv(sock, 65536):
                pass


async def mistreats_http(soak: Soak) -> None:
    """Half a request, a doubled poll, an unknown session."""
    loop = asyncio.get_running_loop()
    wire = PollingWire(soak.http, soak.url)
    await _join(soak, wire)
    await asyncio.gather(wire.get(), wire.get(), return_exceptions=True)
    with contextlib.suppress(Closed, aiohttp.ClientError):
        await wire.post("abc")
    with socket.socket() as sock, contextlib.suppress(ConnectionError, TimeoutError):
        sock.settimeout(0)
        await loop.sock_connect(sock, ("127.0.0.1", soak.port))
        await loop.sock_sendall(sock, b"POST /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nContent-Le")
        async with asyncio.timeout(soak.left(25)):
            while await loop.sock_recv(sock, 65536):
                pass


#: how often each behaviour is chosen
BEHAVIOURS: dict[Behaviour, int] = {
    comes_and_goes: 40,
    is_cut_off: 12,
    upgrades: 16,
    polls: 10,
    gives_up_upgrading: 5,
    stalls: 5,
    misbehaves: 8,
    mistreats_http: 4,
}


async def _client(soak: Soak) -> None:
    """One place that is always taken: a client of one behaviour after another."""
    while time.monotonic() < soak.until:
        behaviour = random.choices(list(BEHAVIOURS), list(BEHAVIOURS.values()))[0]  # noqa: S311
        name = getattr(behaviour, "__name__", "")
        try:
            await behaviour(soak)
            soak.done[name] += 1
        except (Closed, aiohttp.ClientError, ConnectionError, TimeoutError) as error:
            soak.done[f"{name} ended by {type(error).__name__}"] += 1
        except AssertionError as error:
            soak.faults.append(f"{name}: {error}")
        await asyncio.sleep(random.uniform(0, 0.5))  # noqa: S311


async def _publish(soak: Soak, number: int, size: int) -> None:
    body = {"type": EVENT, "message": "soak", "data": {"n": number, "pad": "x" * size}}
    async with soak.http.post(f"{soak.url}/notify", json=body, headers={"Authorization": f"Bearer {KEY}"}) as response:
        if not response.ok:
            soak.faults.append(f"POST answered {response.status}")


async def _publisher(soak: Soak, rate: float) -> None:
    number = 0
    while time.monotonic() < soak.until:
        await _publish(soak, number, random.choice((10, 300, 9000)))  # noqa: S311
        number += 1
        await asyncio.sleep(1 / rate)


def _files(process: int) -> int:
    return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())


async def _look(soak: Soak) -> dict[str, float]:
    with open(f"/proc/{soak.process}/status") as status:  # noqa: ASYNC230, PTH123 - the kernel's own memory
        memory = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    found: dict[str, float] = {
        "at": time.monotonic(),
        "kb": memory,
        "files": _files(soak.process),
    }
    async with soak.http.get(f"{soak.url}/state") as response:
        found |= await response.json()
    return found


async def _watch(soak: Soak) -> None:
    while time.monotonic() < soak.until:
        soak.looks.append(look := await _look(soak))
        told = "  ".join(f"{name} {value:.0f}" for name, value in look.items() if name != "at")
        print(f"{soak.until - time.monotonic():6.0f} s left  {told}", flush=True)
        await asyncio.sleep(min(EVERY, max(0.1, soak.until - time.monotonic())))


async def _gone(soak: Soak, before: dict[str, float]) -> dict[str, float]:
    """Wait until the server holds no more than before the first client; what it still holds in the end."""
    deadline = time.monotonic() + GONE
    while True:
        now = await _look(soak)
        more = {
            name: now[name] - before[name] for name in before if name not in ("at", "kb") and now[name] > before[name]
        }
        if not more or time.monotonic() > deadline:
            return more
        await asyncio.sleep(1)


def _growth(looks: list[dict[str, float]], seconds: float) -> float:
    """How much memory was added between the end of the first quarter (five minutes at most) and the end."""
    settled = looks[0]["at"] + min(300.0, seconds / 4)
    after = [look["kb"] for look in looks if look["at"] >= settled]
    third = max(1, len(after) // 3)
    return statistics.median(after[-third:]) / statistics.median(after[:third]) - 1


async def soak(arguments: argparse.Namespace, port: int, process: int) -> int:
    """Run it all; 0 when nothing was wrong."""
    seconds = arguments.minutes * 60
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=120)) as http:
        state = Soak(http, f"http://127.0.0.1:{port}", port, process, 0.0)
        if arguments.server == "product":
            state.tokens = tuple(user_tokens(arguments.clients))
            for number in range(FILL):
                await _publish(state, number, 9000)
        await _look(state)
        before = await _look(state)
        state.until = time.monotonic() + seconds
        async with asyncio.TaskGroup() as group:
            group.create_task(_watch(state))
            group.create_task(_publisher(state, arguments.rate))
            for number in range(arguments.clients):
                group.create_task(_client(state))
                if not number % 20:
                    await asyncio.sleep(0.05)
        more = await _gone(state, before)
    growth = _growth(state.looks, seconds)
    for name, count in sorted(state.done.items()):
        print(f"{count:>9,}  {name}")
    kb = before["kb"], state.looks[-1]["kb"]
    print(f"memory {kb[0]:.0f} KB before, {kb[1]:.0f} KB at the end; grown by {growth:.1%} since it settled")
    print("left behind:", more or "nothing")
    print("faults:", len(state.faults), *state.faults[:10], sep="\n  ")
    return int(bool(more or state.faults or growth > GROWTH))


def main(words: list[str] | None = None) -> int:
    """Run the soak as the command line says."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.soak", description=__doc__.splitlines()[0] if __doc__ else None
    )
    parser.add_argument("--minutes", type=float, default=20)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=5, help="notifications per second")
    parser.add_argument("--server", default="engine", choices=["engine", "engine-uvloop", "stock", "product"])
    arguments = parser.parse_args(words)
    raise_file_limit()
    LOGS.mkdir(parents=True, exist_ok=True)
    os.sched_setaffinity(0, {LOAD_CPU})
    server: Any = watched_product() if arguments.server == "product" else servers()[arguments.server]
    with running(server, SERVER_CPU) as (port, process):
        return asyncio.run(soak(arguments, port, process))


if __name__ == "__main__":
    sys.exit(main())
