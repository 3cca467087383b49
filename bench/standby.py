"""What a distance to the standby costs: publishes a second that a synchronous standby has on its disk as well.

``python -m bench.standby [--seconds 4] [--publishers 512]``. The primary's commits wait for a standby behind a line
that takes 0, 2 and 20 ms there and back, as another rack or another region would; 1, 2 and 4 nodes append as fast as
they are answered. Nodes are processes of their own with the broker alone, no HTTP before it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from typing import Final

from sio_server.broker.postgres import PostgresBroker
from tests.support.brokers import Ear, appended, notification
from tests.support.postgres import Postgres

DELAYS: Final = (0.0, 2.0, 20.0)
NODES: Final = (1, 2, 4)
STANDBY: Final = "standby"


async def _way(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: float) -> None:
    """Carry bytes, each so many seconds later, in order; what follows does not wait for what went before."""
    loop = asyncio.get_running_loop()
    kept: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

    async def hand_on() -> None:
        some = b" "
        while some:
            due, some = await kept.get()
            await asyncio.sleep(max(0.0, due - loop.time()))
            writer.write(some)
        writer.close()

    handing = loop.create_task(hand_on())
    some = b" "
    while some:
        try:
            some = await reader.read(65536)
        except OSError:
            some = b""
        kept.put_nowait((loop.time() + delay, some))
    await handing


def _line(primary: Postgres, delay: float, port: list[int], up: threading.Event, down: threading.Event) -> None:
    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_unix_connection(primary.home / ".s.PGSQL.5432")
        await asyncio.gather(_way(reader, back, delay / 2), _way(there, writer, delay / 2))

    async def run() -> None:
        server = await asyncio.start_server(carry, "127.0.0.1", 0)
        port.append(server.sockets[0].getsockname()[1])
        up.set()
        await asyncio.to_thread(down.wait)
        server.close()

    asyncio.run(run())


@contextlib.contextmanager
def line_to(primary: Postgres, delay: float) -> Iterator[int]:
    """A port that leads to a server, there and back in so many seconds more."""
    port: list[int] = []
    up, down = threading.Event(), threading.Event()
    threading.Thread(target=_line, args=(primary, delay, port, up, down), daemon=True).start()
    up.wait()
    try:
        yield port[0]
    finally:
        down.set()


@contextlib.contextmanager
def databases(delay: float) -> Iterator[Postgres]:
    """A primary whose commits wait for a standby that is so many seconds away; both sync to the disk."""
    primary = Postgres(fsync="on", shared_buffers="128MB")
    try:
        primary.make()
        primary.start()
        with line_to(primary, delay) as port:
            where = f"'host=127.0.0.1 port={port} user=postgres application_name={STANDBY}'"
            standby = Postgres(fsync="on", primary_conninfo=where)
            try:
                standby.copy(primary)
                standby.start()
                primary.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{STANDBY}'")
                primary.ask("SELECT pg_reload_conf()")
                while not primary.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
                    time.sleep(0.05)
                yield primary
            finally:
                # or the primary waits for it for ever
                primary.ask("ALTER SYSTEM SET synchronous_standby_names = ''")
                primary.ask("SELECT pg_reload_conf()")
                standby.remove()
    finally:
        primary.remove()


async def append(address: str, publishers: int, begin: float, seconds: float) -> int:
    """Append from so many at once, from a moment (Unix seconds) on; returns how many were answered in time."""
    broker = PostgresBroker(address)
    await broker.start(Ear())
    await asyncio.sleep(max(0.0, begin - time.time()))
    count, until = 0, time.monotonic() + seconds

    async def one() -> None:
        nonlocal count
        while time.monotonic() < until:
            await appended(broker, notification("Nueva reserva para el tour Laguna 69"))
            count += time.monotonic() < until

    await asyncio.gather(*(one() for _ in range(publishers)))
    await broker.close()
    return count


def measure(primary: Postgres, nodes: int, publishers: int, seconds: float) -> float:
    """Publishes a second of so many nodes together."""
    primary.ask("DROP SCHEMA IF EXISTS bench CASCADE")
    begin = time.time() + 3 + nodes
    words = [sys.executable, "-m", "bench.standby", "--node", primary.address("bench"), "--begin", str(begin)]
    words += ["--seconds", str(seconds), "--publishers", str(publishers)]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(nodes)]
    total = sum(int(one.communicate()[0]) for one in started)
    (stored,) = primary.ask("SELECT count(*) = max(seq) AND count(*) >= 0 FROM bench.notification")
    if not stored[0]:
        raise RuntimeError("the log has a gap")
    return total / seconds


def main() -> None:
    """Run and print; or be one node."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--publishers", type=int, default=512, help="at once, on each node")
    parser.add_argument("--node", help=argparse.SUPPRESS)
    parser.add_argument("--begin", type=float, default=0.0, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.node:
        print(asyncio.run(append(options.node, options.publishers, options.begin, options.seconds)))
        return
    print("publishes a second" + "".join(f"{f'{nodes} node(s)':>12}" for nodes in NODES))
    for delay in DELAYS:
        with databases(delay / 1000) as primary:
            run = partial(measure, primary, publishers=options.publishers, seconds=options.seconds)
            print(
                f"{f'standby {delay:g} ms away':18}" + "".join(f"{run(nodes):>12,.0f}" for nodes in NODES), flush=True
            )


if __name__ == "__main__":
    main()
