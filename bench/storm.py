"""Everybody comes back at once: how long until all have what they missed.

``python -m bench.storm [--clients 2000] [--behind 100] [--rounds 3]``. Clients are plain WebSockets and Socket.IO
connections in equal parts, each with a cursor; a round ends when the last one has had its ``ns:sync``. They read bytes
and count, so that what is measured is the server. In each round the same storm also comes without a cursor: the
difference is what recovery costs.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import os
import statistics
import sys
import tempfile
import time

import aiohttp

PATIENCE = 120.0
KEY = base64.b64encode(b"0123456789abcdef").decode()


class Client(asyncio.Protocol):
    """A WebSocket that counts what it is replayed."""

    def __init__(self, path: str, first: bytes | None, awaited: bytes) -> None:
        self.replayed = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._path = path
        self._first = first
        self._awaited = awaited
        self._rest = b""
        self._open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        self._transport = transport
        transport.write(
            f"GET {self._path} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        """Count; what is looked for may lie across two reads."""
        if not self._open:
            self._open = True
            if self._first is not None:
                self._transport.write(bytes([0x81, 0x80 | len(self._first)]) + bytes(4) + self._first)
        data = self._rest + data
        self.replayed += data.count(b'"replayed":true')
        if self._awaited in data and not self.done.done():
            self.done.set_result(None)
        tail = data[-20:]
        self._rest = tail[tail.rfind(b'"replayed":true') + 1 :] if b'"replayed":true' in tail else tail

    def connection_lost(self, exc: Exception | None) -> None:
        """Losing the link is a failure here."""
        if not self.done.done():
            self.done.set_exception(ConnectionError("cut"))

    def leave(self) -> None:
        """End it."""
        self._transport.abort()


async def storm(url: str, clients: int, cursor: str | None) -> tuple[float, int]:
    """All connect at once; returns the seconds until the last is up to date, and what they were replayed in all."""
    host, port = url.removeprefix("http://").split(":")
    loop = asyncio.get_running_loop()
    awaited = b"ns:hello" if cursor is None else b"ns:sync"
    made: list[Client] = []

    def make(number: int) -> Client:
        user = f"user={number}&role=turista"
        if number % 2:
            client = Client(f"/ws?{user}" + (f"&cursor={cursor}" if cursor else ""), None, awaited)
        else:
            auth = f'{{"user":{number},"role":"turista"' + (f',"cursor":"{cursor}"' if cursor else "") + "}"
            client = Client("/socket.io/?EIO=4&transport=websocket", b"40" + auth.encode(), awaited)
        made.append(client)
        return client

    started = time.perf_counter()
    await asyncio.gather(
        *(loop.create_connection(lambda n=number: make(n), host, int(port)) for number in range(clients))  # type: ignore[misc]
    )
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(client.done for client in made))
    elapsed = time.perf_counter() - started
    total = sum(client.replayed for client in made)
    for client in made:
        client.leave()
    await asyncio.sleep(0.5)
    return elapsed, total


async def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--behind", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "sio_server", "serve", "--dev", "--port", "0", "--data-dir", directory]
        child = await asyncio.create_subprocess_exec(
            *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        assert child.stdout is not None  # noqa: S101 - for the type checker
        try:
            url = (await child.stdout.readline()).decode().split()[-1].rstrip("/")
            os.sched_setaffinity(child.pid, {0})
            os.sched_setaffinity(0, {1})
            await storm(url, options.clients, None)  # everybody is known from now on
            async with aiohttp.ClientSession() as http:
                body = {"type": "tour_creado", "message": "Nuevo tour: Lima", "data": {"tour_id": 7, "nombre": "Lima"}}
                async with http.post(f"{url}/notify", json={"type": "test"}) as response:
                    cursor = (await response.json())["cursor"]
                batch = {"notifications": [body] * options.behind}
                async with http.post(f"{url}/v1/notifications/batch", json=batch) as response:
                    response.raise_for_status()
            bare, whole = [], []
            for _ in range(options.rounds):
                bare.append((await storm(url, options.clients, None))[0])
                seconds, replayed = await storm(url, options.clients, cursor)
                whole.append(seconds)
                if replayed != options.clients * options.behind:
                    raise RuntimeError(f"replayed {replayed} of {options.clients * options.behind}")
            without, with_cursor = statistics.median(bare), statistics.median(whole)
            print(
                f"{options.clients} clients at once, each {options.behind} behind, medians of {options.rounds} rounds"
            )
            print(f"  connected, no cursor     {without:7.2f} s")
            print(f"  connected and up to date {with_cursor:7.2f} s   ({with_cursor / without:.2f} x)")
            print(f"  replayed a second        {options.clients * options.behind / with_cursor:9.0f}")
        finally:
            child.kill()
            await child.wait()


if __name__ == "__main__":
    asyncio.run(main())
