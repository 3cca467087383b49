"""What becomes of notifications when a node, the database or the line between them fails: each fault several times.

``python -m bench.faults [FAULT ...] [--rounds 10]``. Three nodes on one PostgreSQL with a synchronous standby, twelve
publishers that ask each node, and twelve clients: ``/ws`` with a cursor and the stock client with Socket.IO's own
recovery. A round is whole again when every node has taken a publish that was made after the end of the fault and every
client was sent it. Ends with 1 where anything answered was lost, stored twice or out of order.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import dataclasses
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from statistics import median
from typing import Any, Final
from uuid import uuid4

import aiohttp

from bench.process import Credentials
from bench.servers import free_port
from bench.witnesses import Client, PlainClient, Publisher, Seen, StockClient, judge
from tests.support.lines import Line, line_to
from tests.support.postgres import Postgres
from tests.support.servers import Program, serving_command

NODES: Final = 3

# Seconds for which a node is stopped, and for which its line is cut: longer than a node waits for a silent database.
STOPPED: Final = 30.0
CUT: Final = 15.0

# Seconds after which a round is given up.
PATIENCE: Final = 120.0


@dataclasses.dataclass
class Site:
    """What is tried: nodes at ports that they keep, their database, and the lines between them."""

    database: Postgres
    lines: list[Line]
    credentials: Credentials
    schema: str = dataclasses.field(default_factory=lambda: f"faults_{uuid4().hex[:8]}")
    ports: list[int] = dataclasses.field(default_factory=lambda: [free_port() for _ in range(NODES)])
    stopped: float = STOPPED
    cut: float = CUT
    nodes: dict[int, tuple[Program, contextlib.AsyncExitStack]] = dataclasses.field(default_factory=dict)
    publishers: list[Publisher] = dataclasses.field(default_factory=list)
    clients: list[Client] = dataclasses.field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        """Where the nodes are."""
        return [f"http://127.0.0.1:{port}" for port in self.ports]

    async def start(self, number: int) -> None:
        """Start a node, at its port."""
        words = ("--port", str(self.ports[number]), "--broker", self.lines[number].address(self.schema))
        stack = contextlib.AsyncExitStack()
        command = (sys.executable, "-m", "sio_server", "serve", *words)
        program = await stack.enter_async_context(serving_command(*command, env=self.credentials.environment()))
        self.nodes[number] = program, stack

    async def end(self, number: int, signal_number: int) -> None:
        """End a node, and wait until it has."""
        program, stack = self.nodes.pop(number)
        await program.stop(signal_number)
        await stack.aclose()

    async def close(self) -> None:
        """End all of them at once."""
        for number in tuple(self.nodes):
            await self.end(number, signal.SIGKILL)

    def with_witnesses(self, each: int = 4) -> None:
        """Have as many publish through each node and listen to it; a quarter of these are stock clients."""
        token = self.credentials.token
        for number in range(len(self.ports)):
            turned = [*self.urls[number:], *self.urls[:number]]
            for one in range(each):
                name = f"{number}-{one}"
                self.publishers.append(Publisher(name, turned, self.credentials))
                stock = one % 4 == 0
                self.clients.append(StockClient(turned[0], token(name)) if stock else PlainClient(turned, token(name)))

    def state(self, seq: int) -> Iterator[str]:
        """Who has not got as far as a position, and what the nodes said last."""
        for number, client in enumerate(self.clients):
            if client.reached < seq:
                yield f"client {number} of {type(client).__name__}: link {client.link}, at {client.reached} of {seq}"
        for number, (program, _) in self.nodes.items():
            yield from (f"node {number}: {line}" for line in program.output[-20:])

    def stored(self) -> list[tuple[int, str, str]]:
        """All that the log holds: positions, ids and texts."""
        text = "convert_from('{'::bytea || body || '}'::bytea, 'UTF8')::json ->> 'message'"
        return self.database.ask(f"SELECT seq, id, {text} FROM {self.schema}.notification ORDER BY seq")  # noqa: S608 - its own


# -- faults: each returns once it has ended ---------------------------------------------------------------------------


async def kill_node(site: Site, number: int) -> None:
    """`kill -9` a node, and start it again."""
    await site.end(number, signal.SIGKILL)
    await site.start(number)


async def stop_node(site: Site, number: int) -> None:
    """Stop a node for longer than its lease, and let it go on."""
    program, _ = site.nodes[number]
    program.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(site.stopped)
    program.process.send_signal(signal.SIGCONT)


async def kill_database(site: Site, _: int) -> None:
    """`kill -9` PostgreSQL, and start it again."""
    await asyncio.to_thread(site.database.kill)
    await asyncio.to_thread(site.database.start)


async def promote_standby(site: Site, _: int) -> None:
    """`kill -9` PostgreSQL, and have its synchronous standby take over."""
    standby = await asyncio.to_thread(_standby_of, site.database)
    former, site.database = site.database, standby
    await asyncio.to_thread(former.kill)
    await asyncio.to_thread(standby.promote)
    # It goes on alone: the next one that follows it is made for the next round.
    await asyncio.to_thread(standby.ask, "ALTER SYSTEM SET synchronous_standby_names = ''")
    await asyncio.to_thread(standby.ask, "SELECT pg_reload_conf()")
    for line in site.lines:
        line.lead_to(standby.home)
    await asyncio.to_thread(former.remove)


def _standby_of(primary: Postgres) -> Postgres:
    """A standby without which the server answers no publish any more."""
    standby = Postgres(fsync="on")
    standby.copy(primary)
    standby.start()
    primary.ask("ALTER SYSTEM SET synchronous_standby_names = '*'")
    primary.ask("SELECT pg_reload_conf()")
    while not primary.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"):
        time.sleep(0.05)
    return standby


async def cut_line(site: Site, number: int) -> None:
    """Have the line between a node and PostgreSQL carry nothing, and say nothing."""
    site.lines[number].cut()
    await asyncio.sleep(site.cut)
    site.lines[number].mend()


async def restart_all(site: Site, _: int) -> None:
    """Restart all nodes one by one, as an update does."""
    for number in range(len(site.ports)):
        await site.end(number, signal.SIGTERM)
        await site.start(number)


Fault = Callable[[Site, int], Awaitable[None]]

FAULTS: Final[Mapping[str, Fault]] = {
    "kill-node": kill_node,
    "stop-node": stop_node,
    "kill-database": kill_database,
    "promote-standby": promote_standby,
    "cut-line": cut_line,
    "restart-all": restart_all,
}


# -- runs -------------------------------------------------------------------------------------------------------------


@contextlib.asynccontextmanager
async def site_of(nodes: int = NODES, **members: Any) -> AsyncIterator[Site]:
    """A site with all of its nodes started."""
    database = Postgres(fsync="on")
    site = Site(database, [], Credentials("prod"), ports=[free_port() for _ in range(nodes)], **members)
    try:
        await asyncio.to_thread(database.make)
        await asyncio.to_thread(database.start)
        async with contextlib.AsyncExitStack() as stack:
            site.lines = [await stack.enter_async_context(line_to(database.home)) for _ in range(nodes)]
            try:
                for number in range(nodes):
                    await site.start(number)
                yield site
            finally:
                await site.close()
    finally:
        await asyncio.to_thread(site.database.remove)


async def until(done: Callable[[], bool]) -> None:
    """Wait until it is so."""
    async with asyncio.timeout(PATIENCE):
        while not done():  # noqa: ASYNC110 - witnesses tell nobody
            await asyncio.sleep(0.02)


async def whole(site: Site) -> None:
    """Wait until each node has taken a publish, and each client was sent all of them."""
    async with aiohttp.ClientSession(headers=site.credentials.publishing()) as http:
        probes = [Publisher(f"probe {uuid4()}", [url], site.credentials) for url in site.urls]
        async with asyncio.timeout(PATIENCE):
            seqs = await asyncio.gather(*(probe.publish(http, "probe " + uuid4().hex) for probe in probes))
    try:
        await until(lambda: all(client.reached >= max(seqs) for client in site.clients))
    except TimeoutError:
        print(*site.state(max(seqs)), sep="\n", file=sys.stderr)
        raise


async def steady(site: Site) -> None:
    """Wait until every publisher was answered some more, and every client hears them."""
    counts = [len(publisher.answered) + 10 for publisher in site.publishers]
    await until(lambda: all(len(one.answered) >= count for one, count in zip(site.publishers, counts, strict=True)))
    await whole(site)


async def try_fault(site: Site, fault: Fault, rounds: int) -> tuple[Seen, list[float]]:
    """Have a fault happen so many times under publishing; returns what was seen, and the seconds to whole."""
    site.with_witnesses()
    tasks = [asyncio.create_task(one.run()) for one in site.publishers]
    tasks += [asyncio.create_task(one.run()) for one in site.clients]
    seconds = []
    try:
        for turn in range(rounds):
            await steady(site)
            await fault(site, turn % len(site.ports))
            ended = time.monotonic()
            await whole(site)
            seconds.append(time.monotonic() - ended)
        for task in tasks[: len(site.publishers)]:
            task.cancel()
        await asyncio.gather(*tasks[: len(site.publishers)], return_exceptions=True)
        await whole(site)
        return judge(await asyncio.to_thread(site.stored), site.publishers, site.clients), seconds
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def row(name: str, rounds: int, seen: Seen, seconds: Sequence[float]) -> str:
    """A line of the table."""
    repeats = f"{seen.publishes:,} | {seen.lost} | {seen.repeated} | {seen.disordered} | {seen.again:,}"
    return f"| {name} | {rounds} | {repeats} | {seen.unrecovered} | {median(seconds):.1f} | {max(seconds):.1f} |"


async def run(names: Sequence[str], rounds: int) -> bool:
    """Run and print; returns whether nothing was lost, twice or out of order."""
    print(
        "| fault | rounds | publishes answered | lost | stored twice | out of order | sent again | not recovered |",
        end="",
    )
    print(" seconds to whole, median | at most |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|", flush=True)
    good = True
    for name in names:
        async with site_of() as site:
            seen, seconds = await try_fault(site, FAULTS[name], rounds)
        print(row(name, rounds, seen, seconds), flush=True)
        good = good and not (seen.lost or seen.repeated or seen.disordered or seen.unrecovered)
    return good


def main() -> int:
    """Run and print; 0 when nothing was lost, twice or out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("faults", nargs="*", choices=[*FAULTS, []], help="all by default")
    parser.add_argument("--rounds", type=int, default=10)
    options = parser.parse_args()
    return int(not asyncio.run(run(options.faults or list(FAULTS), options.rounds)))


if __name__ == "__main__":
    sys.exit(main())
