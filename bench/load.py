"""The load generator where no C compiler is: the same options and figures as ``load.c``, from one asyncio loop.

It takes about a tenth of what the one in C takes, so it, and not the server, may be what a row measures: the report
shows its CPU, and ``python -m bench --check-load`` what it can take.
"""

# ruff: noqa: PLR2004 - the numbers are opcodes and lengths of RFC 6455

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

MARK = b'"mark":"'
TICK = os.sysconf("SC_CLK_TCK")


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    whole = {
        "port": 0,
        "posting": 0,
        "clients": 100,
        "publishers": 1,
        "first": 0,
        "window": 32,
        "connecting": 64,
        "server": 0,
        "padding": 0,
    }
    for name, value in whole.items():
        parser.add_argument(f"--{name}", type=lambda text: int(float(text)), default=value)
    for name, number in {"rate": 0.0, "seconds": 3.0, "warmup": 1.0, "idle": 0.0}.items():
        parser.add_argument(f"--{name}", type=float, default=number)
    for name, text in {
        "path": "",
        "post": "/notify",
        "auth": "{}",
        "auths": "",
        "header": "",
        "type": "test",
        "audience": "",
    }.items():
        parser.add_argument(f"--{name}", default=text)
    for name in ("raw", "leave", "tell"):
        parser.add_argument(f"--{name}", action="store_true")
    return parser.parse_args(words)


class Load:
    """One run: its subscribers, its publishers and everything counted."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.path = options.path or ("/ws" if options.raw else "/socket.io/?EIO=4&transport=websocket")
        lines = Path(options.auths).read_text().splitlines() if options.auths else [options.auth]
        self.auths = [line.encode() for line in lines]
        self.subscribers: list[Subscriber] = []
        self.ready = self.dropped = self.reads = self.asked = 0
        self.published = self.finished = self.deliveries = self.misplaced = self.gaps = self.refused = 0
        self.start = self.end = 0
        self.in_window = self.answered = 0
        self.latencies: list[int] = []
        self.answers: list[int] = []
        self.arrivals: dict[tuple[int, int], int] = {}
        self.changed = asyncio.Event()

    def cpu(self) -> float:
        """The server's CPU seconds so far."""
        if not self.options.server:
            return 0.0
        with open(f"/proc/{self.options.server}/stat") as file:  # noqa: PTH123
            words = file.read().rsplit(")", 1)[1].split()
        return (int(words[11]) + int(words[12])) / TICK

    def memory(self) -> int:
        """The server's resident memory in KB."""
        if not self.options.server:
            return 0
        with open(f"/proc/{self.options.server}/status") as file:  # noqa: PTH123
            return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))

    def delivered(self, subscriber: Subscriber, text: bytes, now: int) -> None:
        """One notification has come."""
        at = text.find(MARK)
        if at < 0:
            return
        mark = text[at + len(MARK) : text.index(b'"', at + len(MARK))]
        publisher, number, due = map(int, mark.split(b"."))
        if not self.options.first <= publisher < self.options.first + self.options.publishers:
            return  # another load's
        self.deliveries += 1
        expected = subscriber.expected.get(publisher, 0)
        if number < expected:
            self.misplaced += 1
        else:
            self.gaps += number - expected
            subscriber.expected[publisher] = number + 1
        count = self.arrivals.get((publisher, number), 0) + 1
        self.arrivals[publisher, number] = count
        if count == self.ready:
            del self.arrivals[publisher, number]
            self.finished += 1
            self.changed.set()
        self.in_window += self.start <= now < self.end
        if self.start <= due < self.end:
            self.latencies.append(now - due)


class Subscriber(asyncio.Protocol):
    """A websocket client that answers pings and hands notifications on."""

    transport: asyncio.Transport

    def __init__(self, load: Load) -> None:
        self.load = load
        self.buffer = b""
        self.stage = "asked"
        self.expected: dict[int, int] = {}
        self.is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        """Ask for the websocket."""
        self.transport = transport
        transport.write(
            f"GET {self.load.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.load.options.port}\r\nConnection: Upgrade\r\n"
            "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )

    def connection_lost(self, _exc: Exception | None) -> None:
        """Count who is cut off."""
        if self.stage != "leaving":
            self.load.dropped += 1
        if not self.is_ready.done():
            self.is_ready.set_result(None)

    def say(self, opcode: int, text: bytes) -> None:
        """One frame, masked with zeros."""
        size = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        self.transport.write(bytes([0x80 | opcode]) + size + bytes(4) + text)

    def data_received(self, data: bytes) -> None:
        """Whatever comes."""
        now = time.monotonic_ns()
        self.load.reads += 1
        buffer = self.buffer + data if self.buffer else data
        position = 0
        if self.stage == "asked":
            position = buffer.find(b"\r\n\r\n") + 4
            if position < 4:
                self.buffer = buffer
                return
            if not buffer.startswith(b"HTTP/1.1 101"):
                self.transport.abort()
                return
            self.stage = "opened"
            if self.load.options.raw:
                self.joined()
        while len(buffer) - position >= 2:
            size, head = buffer[position + 1] & 127, 2
            if size > 125:
                head = 4 if size == 126 else 10
                size = int.from_bytes(buffer[position + 2 : position + head], "big")
            if len(buffer) - position < head + size:
                break
            self.frame(buffer[position] & 15, buffer[position + head : position + head + size], now)
            position += head + size
        self.buffer = buffer[position:]

    def frame(self, opcode: int, text: bytes, now: int) -> None:
        """One frame."""
        if opcode == 9:
            self.say(10, text)
        elif opcode == 8:
            self.transport.close()
        elif self.stage == "ready":
            if text == b"2":
                self.say(1, b"3")
            else:
                self.load.delivered(self, text, now)
        elif text.startswith(b"0"):
            auths, self.load.asked = self.load.auths, self.load.asked + 1
            self.say(1, b"40" + auths[self.load.asked % len(auths)])
        elif text.startswith(b"40"):
            self.joined()
        elif text.startswith(b"44"):
            sys.stderr.write(f"refused: {text.decode()}\n")
            self.transport.close()

    def joined(self) -> None:
        """Ready for notifications."""
        self.stage = "ready"
        self.load.ready += 1
        if not self.is_ready.done():
            self.is_ready.set_result(None)


async def _connect_all(load: Load) -> None:
    gate = asyncio.Semaphore(load.options.connecting)
    loop = asyncio.get_running_loop()

    async def one(number: int) -> None:
        async with gate:
            own = (f"127.0.0.{16 + number % 8}", 0)
            _, subscriber = await loop.create_connection(
                lambda: Subscriber(load), "127.0.0.1", load.options.port, local_addr=own
            )
            load.subscribers.append(subscriber)
            await subscriber.is_ready

    await asyncio.gather(*map(one, range(load.options.clients)))


async def _publisher(load: Load, which: int, turn: asyncio.Lock, clock: list[int], until: int) -> None:
    options = load.options
    port = options.posting or options.port  # of another node, if one is named
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    number = 0
    while time.monotonic_ns() < until:
        due = time.monotonic_ns()
        if options.rate > 0:
            async with turn:  # whoever is free takes the next one that is due
                clock[0] = due = clock[0] + int(1e9 / options.rate)
            await asyncio.sleep(max(0.0, (due - time.monotonic_ns()) / 1e9))
        while load.published - load.finished >= options.window and time.monotonic_ns() < until:
            load.changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(load.changed.wait(), 0.5)
        body = json.dumps(
            {
                **({"audience": json.loads(options.audience)} if options.audience else {}),
                "type": options.type,
                "message": "Nueva reserva para el tour Laguna 69",
                "data": {
                    "reserva_id": f"R-{number:06}",
                    "turista": "Rosa Quispe",
                    "personas": 3,
                    "total": 450.5,
                    "pad": "." * options.padding,
                    "mark": f"{options.first + which}.{number}.{due}",
                },
            },
            separators=(",", ":"),
        )
        number += 1
        load.published += 1
        header = f"{options.header}\r\n" if options.header else ""
        sent = time.monotonic_ns()
        writer.write(
            f"POST {options.post} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
            f"{header}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        )
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        load.refused += head[9:10] != b"2"
        await reader.readexactly(int(head.split(b"content-length:")[1].split(b"\r")[0]))
        now = time.monotonic_ns()
        if load.start <= sent < load.end:
            load.answers.append(now - sent)
            load.answered += 1
        if not load.ready:
            load.finished = load.published
    writer.close()


async def _leave(load: Load) -> float:
    before = last = load.cpu()
    for subscriber in load.subscribers:
        subscriber.stage = "leaving"
        subscriber.transport.abort()
    quiet = 0.0
    while quiet < 1.0:
        await asyncio.sleep(0.1)
        now = load.cpu()
        quiet = quiet + 0.1 if now - last < 0.011 else 0.0
        last = now
    return last - before


def _quantile(values: list[int], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] / 1000 if ordered else 0.0


def _own_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def run(options: argparse.Namespace) -> dict[str, Any]:
    """Connect, rest, publish, drain, leave; the figures."""
    load = Load(options)
    memory, cpu, began = load.memory(), load.cpu(), time.monotonic()
    await _connect_all(load)
    took, cpu = time.monotonic() - began, load.cpu() - cpu
    await asyncio.sleep(1)
    kept = load.memory() - memory
    joined, served, own, resting = load.ready, 0.0, 0.0, load.cpu()
    await asyncio.sleep(options.idle)
    resting = (load.cpu() - resting) / options.idle if options.idle else 0.0
    if options.seconds > 0:
        load.start = time.monotonic_ns() + int(options.warmup * 1e9)
        load.end = load.start + int(options.seconds * 1e9)
        turn, clock = asyncio.Lock(), [time.monotonic_ns()]
        publishing = [
            asyncio.create_task(_publisher(load, n, turn, clock, load.end)) for n in range(options.publishers)
        ]
        await asyncio.sleep(options.warmup)
        if options.tell:
            sys.stderr.write("publishing\n")
            sys.stderr.flush()
        cpu_before, own_before = load.cpu(), _own_cpu()
        await asyncio.gather(*publishing)
        served, own = (load.cpu() - cpu_before) / options.seconds, (_own_cpu() - own_before) / options.seconds
        deadline = time.monotonic() + 20
        while load.finished < load.published and time.monotonic() < deadline:  # noqa: ASYNC110 - also looks at the clock
            await asyncio.sleep(0.02)
    left = await _leave(load) if options.leave else 0.0
    count, seconds = max(1, options.clients), options.seconds or 1
    return {
        "clients": options.clients, "joined": joined, "dropped": load.dropped, "connects_per_s": options.clients / took,
        "connect_cpu_us": cpu / count * 1e6, "kb_per_connection": kept / count, "rss_kb": load.memory(),
        "deliveries_per_s": load.in_window / seconds, "posts_per_s": load.answered / seconds,
        "p50_us": _quantile(load.latencies, 0.5), "p99_us": _quantile(load.latencies, 0.99),
        "p999_us": _quantile(load.latencies, 0.999),
        "max_us": _quantile(load.latencies, 1.0), "post_p50_us": _quantile(load.answers, 0.5),
        "post_p99_us": _quantile(load.answers, 0.99), "published": load.published, "delivered": load.deliveries,
        "lost": load.published * joined - load.deliveries, "gaps": load.gaps, "out_of_order": load.misplaced,
        "refused": load.refused, "server_cpu": served, "load_cpu": own, "reads": load.reads, "leave_cpu_s": left,
        "idle_cpu_percent": 100 * resting,
    }  # fmt: skip


def main() -> None:
    """Run and print one line of JSON."""
    print(json.dumps(asyncio.run(run(_arguments(None)))))


if __name__ == "__main__":
    main()
