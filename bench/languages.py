"""What languages cost: 1,000 Socket.IO clients in two languages beside as many in one, by the server's CPU.

Each case has a server of its own, its log in memory, and all take turns in each round. A figure is deliveries per
second of the server's CPU, so that whoever reads the frames, in this process, has no part in it; the ratio is the
median of the rounds' own to the first case.

| case | clients | what is published |
|---|---|---|
| ``plain`` | all read Spanish | a title and a message |
| ``texts`` | all read Spanish | the same in Spanish and in English |
| ``two`` | half read Spanish, half English | the same in both |
"""

from __future__ import annotations

import argparse
import asyncio
import json
import selectors
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import aiohttp

from bench.due import serving

TEXTS: Final = {
    "es": {"title": "Nueva reserva", "message": "Reserva confirmada para Machu Picchu"},
    "en": {"title": "New booking", "message": "Booking of Machu Picchu confirmed"},
}
CASES: Final[dict[str, tuple[dict[str, Any], tuple[str, ...]]]] = {
    "plain": ({"title": TEXTS["es"]["title"], "message": TEXTS["es"]["message"]}, ("es",)),
    "texts": ({"texts": TEXTS}, ("es",)),
    "two": ({"texts": TEXTS}, ("es", "en")),
}
FIRST: Final = 126  # a websocket frame says longer lengths otherwise (RFC 6455 §5.2)

# Publishes under way at once.
WINDOW: Final = 8


def _frame(text: str) -> bytes:
    """A text frame of a client, with a mask that changes nothing."""
    data = text.encode()
    assert len(data) < FIRST  # noqa: S101 - a bench says so and ends
    return bytes([0x81, 0x80 | len(data), 0, 0, 0, 0]) + data


def connect(url: str, user: str, locale: str) -> socket.socket:
    """A Socket.IO client that has said what it reads."""
    where = urlsplit(url)
    made = socket.create_connection((where.hostname or "", where.port or 0))
    made.sendall(
        b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: %b\r\n"
        b"Upgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n" % where.netloc.encode()
    )
    _read_until(made, b"0{")
    made.sendall(_frame("40" + json.dumps({"user": user, "role": "turista", "locale": locale})))
    _read_until(made, b"ns:hello")
    return made


def _read_until(made: socket.socket, wanted: bytes) -> None:
    seen = b""
    while wanted not in seen:
        data = made.recv(65536)
        if not data:
            raise SystemExit(f"the server hung up: {seen!r}")
        seen += data


def drain(clients: list[socket.socket], last: bytes) -> None:
    """Read what comes until every client has had the last."""
    tails = [b""] * len(clients)
    left = len(clients)
    with selectors.DefaultSelector() as selector:
        for number, client in enumerate(clients):
            selector.register(client, selectors.EVENT_READ, number)
        while left:
            for key, _ in selector.select():
                data = tails[key.data] + clients[key.data].recv(1 << 18)
                tails[key.data] = data[-len(last) :]
                if last in data:
                    left -= 1
                    selector.unregister(clients[key.data])


async def publish(url: str, said: dict[str, Any], count: int, last: str) -> None:
    """Publish to everybody, a few at a time; the last one names itself."""
    async with aiohttp.ClientSession() as http:

        async def post(body: dict[str, Any]) -> None:
            async with http.post(f"{url}/notify", json=body) as answer:
                assert answer.status == 200, await answer.text()  # noqa: S101, PLR2004 - a bench says so and ends

        body = {"type": "test", "audience": {"roles": ["turista"]}, **said}
        for _ in range(0, count - WINDOW, WINDOW):
            await asyncio.gather(*(post(body) for _ in range(WINDOW)))
        await post({**body, "data": {"last": last}})


def cpu_of(process: subprocess.Popen[str]) -> float:
    """Seconds of CPU that a process has used, of all its threads."""
    stats = Path(f"/proc/{process.pid}/task").glob("*/schedstat")
    return sum(int(stat.read_text().split()[0]) for stat in stats) / 1e9


async def run(case: str, clients: int, count: int) -> float:
    """Deliveries per second of the server's CPU."""
    said, locales = CASES[case]
    with serving("--broker", "memory:") as (url, process):
        made = [connect(url, f"u{number}", locales[number % len(locales)]) for number in range(clients)]
        used = 0.0
        for last in ("warm", "measured"):
            began = cpu_of(process)
            reading = asyncio.create_task(asyncio.to_thread(drain, made, last.encode()))
            await publish(url, said, count, last)
            await reading
            used = cpu_of(process) - began
        for client in made:
            client.close()
    return clients * (count - count % WINDOW - WINDOW + 1) / used


def main() -> int:
    """Read the command line, measure, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--count", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    given = parser.parse_args()
    found: dict[str, list[float]] = {case: [] for case in CASES}
    for number in range(given.rounds):
        for case in list(CASES)[:: 1 if number % 2 else -1]:
            found[case].append(asyncio.run(run(case, given.clients, given.count)))
            time.sleep(1)
    for case, figures in found.items():
        ratios = [mine / plain for mine, plain in zip(figures, found["plain"], strict=True)]
        print(f"{case:6}{statistics.median(figures):>12,.0f} deliveries/s of CPU{statistics.median(ratios):>8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
