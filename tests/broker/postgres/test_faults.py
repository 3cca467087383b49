"""What becomes of what was published when a database, a line to it or a node fails, under steady publishing."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any, Self
from uuid import uuid4

import psycopg
import pytest

from sio_server.broker import Published
from sio_server.broker.postgres import PostgresBroker, bell
from sio_server.errors import BrokerUnavailable
from sio_server.notification import Position
from tests.support.brokers import Ear, appended, entries_of, notification, soon
from tests.support.lines import line_to
from tests.support.postgres import Postgres

# Seconds after the end of a fault within which all is as before.
WHOLE = 10.0


class Traffic:
    """Publishers on some nodes, each of which repeats with the same key what it does not know the outcome of."""

    def __init__(self, nodes: Sequence[PostgresBroker]) -> None:
        self.answered: dict[str, list[Published]] = defaultdict(list)
        """Of each publisher what it was answered, in the order in which it published."""
        self.repeated = 0
        self._nodes = nodes
        self._ends = False
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        for number, node in enumerate(self._nodes):
            for one in range(3):
                self._tasks.append(asyncio.create_task(self._publish(node, f"{number}.{one}")))
        await self.more()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._ends = True
        await asyncio.gather(*self._tasks)

    @property
    def count(self) -> int:
        """How many were answered."""
        return sum(map(len, self.answered.values()))

    async def more(self, count: int = 20) -> None:
        """Wait until each publisher was answered so many more times."""
        before = {name: len(known) for name, known in self.answered.items()}

        async def done() -> bool:
            known = self.answered
            return len(known) == len(self._tasks) and all(
                len(known[name]) >= before.get(name, 0) + count for name in known
            )

        await soon(done)

    async def _publish(self, node: PostgresBroker, name: str) -> None:
        number = 0
        while not self._ends:
            try:
                done = await appended(node, notification(f"{name} {number}", key=str(number), publisher=name))
            except BrokerUnavailable:
                self.repeated += 1
                await asyncio.sleep(0.02)
            else:
                self.answered[name].append(done)
                number += 1


async def check(nodes: Sequence[Any], ears: Sequence[Ear], traffic: Traffic) -> None:
    """Nothing that was answered is lost, none is twice, the order is kept, and each node heard all of it once."""
    head = max((node.head() for node in nodes), key=lambda head: head.seq)
    for node in nodes:
        await soon(lambda node=node: _is_at(node, head))  # type: ignore[misc]
    stored = await entries_of(nodes[0], ["all"], Position(head.epoch, 0), 10**6)
    places = {entry.id: entry.seq for entry in stored}
    told = [entry.envelope()["message"] for entry in stored]
    assert len(told) == len(set(told))
    for name, known in traffic.answered.items():
        assert [places.get(one.id) for one in known] == [one.position.seq for one in known], name
        assert sorted(one.position.seq for one in known) == [one.position.seq for one in known]
    for ear in ears:
        assert [(entry.seq, entry.id) for entry in ear.heard] == [(entry.seq, entry.id) for entry in stored]
        assert ear.resets == []


async def _is_at(node: PostgresBroker, head: Position) -> bool:
    return node.head().seq >= head.seq


async def whole_again(nodes: Sequence[PostgresBroker], traffic: Traffic) -> None:
    """Wait until all nodes are ready and their publishers are answered, which takes no longer than it may."""
    began = time.monotonic()
    for node in nodes:
        await soon(lambda node=node: _is_ready(node))  # type: ignore[misc]
    await traffic.more(3)
    assert time.monotonic() - began < WHOLE


async def _is_ready(node: PostgresBroker) -> bool:
    with contextlib.suppress(BrokerUnavailable):
        await node.check()
        return True
    return False


@contextlib.asynccontextmanager
async def nodes_at(*addresses: str) -> AsyncIterator[tuple[list[PostgresBroker], list[Ear]]]:
    """A started node at each address, and whom they call back."""
    nodes, ears = [PostgresBroker(address) for address in addresses], [Ear() for _ in addresses]
    try:
        for node, ear in zip(nodes, ears, strict=True):
            await node.start(ear)
        yield nodes, ears
    finally:
        for node in nodes:
            await node.close()


@pytest.fixture
def make() -> Iterator[Callable[..., Postgres]]:
    """Give what makes servers, which are not started yet, and takes them away in the end."""
    made: list[Postgres] = []

    def make_one() -> Postgres:
        made.append(Postgres())
        return made[-1]

    yield make_one
    for one in made:
        one.remove()


@pytest.fixture
async def server(make: Callable[..., Postgres]) -> Postgres:
    """Give a server of the test's own, which it may end."""
    made = make()
    await asyncio.to_thread(made.make)
    await asyncio.to_thread(made.start)
    return made


async def standby_of(server: Postgres, make: Callable[..., Postgres]) -> Postgres:
    """A standby that follows a server."""
    made = make()
    await asyncio.to_thread(made.copy, server)
    await asyncio.to_thread(made.start)
    return made


async def test_database_is_killed_and_started(server: Postgres) -> None:
    """What was answered before a `kill -9` of the database is there after it, once and in order, on every node."""
    address = server.address(uuid4().hex)
    async with nodes_at(address, address) as (nodes, ears):
        async with Traffic(nodes) as traffic:
            for _ in range(2):
                await asyncio.to_thread(server.kill)
                await soon(lambda: _is_not_ready(nodes[0]))
                await asyncio.to_thread(server.start)
                await whole_again(nodes, traffic)
        assert traffic.repeated
        await check(nodes, ears, traffic)


async def _is_not_ready(node: PostgresBroker) -> bool:
    return not await _is_ready(node)


async def test_node_is_cut_off(server: Postgres, monkeypatch: pytest.MonkeyPatch) -> None:
    """A node whose line to the database carries nothing says so, and afterwards has heard all, without a gap."""
    monkeypatch.setattr(bell, "SILENT", 4.0)
    schema = uuid4().hex
    async with line_to(server.home) as line, nodes_at(server.address(schema), line.address(schema)) as (nodes, ears):
        async with Traffic(nodes) as traffic:
            line.cut()
            await soon(lambda: _is_not_ready(nodes[1]))
            assert await _is_ready(nodes[0])
            count = nodes[0].head().seq
            await soon(lambda: _has_grown(nodes[0], count + 50))
            await soon(lambda: _was_broken_off(traffic))
            line.mend()
            await whole_again(nodes, traffic)
        await check(nodes, ears, traffic)


async def _has_grown(node: PostgresBroker, seq: int) -> bool:
    return node.head().seq > seq


async def _was_broken_off(traffic: Traffic) -> bool:
    return traffic.repeated > 0


async def test_bell_is_deaf(server: Postgres) -> None:
    """A node whose listening connection is ended hears what others publish nevertheless, and listens again."""
    address = server.address(uuid4().hex)
    async with nodes_at(address, address) as (nodes, ears):
        async with Traffic(nodes[:1]) as traffic:
            for _ in range(3):
                await soon(lambda: _ends_bells(server))
                await traffic.more()
            await whole_again(nodes, traffic)
        await check(nodes, ears, traffic)


async def _ends_bells(server: Postgres) -> bool:
    """End the connections that listen; says whether there was one."""
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = 'SELECT 1'"
    return len(await asyncio.to_thread(server.ask, ended)) >= 1


async def test_synchronous_standby_takes_over(server: Postgres, make: Callable[..., Postgres]) -> None:
    """What was answered is on a synchronous standby, which takes over without anybody's losing anything."""
    standby = await standby_of(server, make)
    await asyncio.to_thread(server.ask, "ALTER SYSTEM SET synchronous_standby_names = '*'")
    await asyncio.to_thread(server.ask, "SELECT pg_reload_conf()")
    schema = uuid4().hex
    async with line_to(server.home) as line, nodes_at(*[line.address(schema)] * 2) as (nodes, ears):
        async with Traffic(nodes) as traffic:
            await asyncio.to_thread(server.kill)
            await asyncio.to_thread(standby.promote)
            line.lead_to(standby.home)
            await whole_again(nodes, traffic)
        await check(nodes, ears, traffic)
        assert [node.lost() for node in nodes] == [None, None]


async def test_standby_that_lacks_commits_takes_over(server: Postgres, make: Callable[..., Postgres]) -> None:
    """A standby that lacks what was answered makes a log of another name, and each node says what is lost."""
    standby = await standby_of(server, make)
    schema = uuid4().hex
    async with line_to(server.home) as line, nodes_at(*[line.address(schema)] * 2) as (nodes, ears):
        kept = await appended(nodes[0], notification("kept"))
        await soon(lambda: _has(standby, schema, kept.id))
        await asyncio.to_thread(standby.stop)
        for node in nodes:
            await appended(node, notification("lost"))
        for ear in ears:
            await ear.until(lambda ear=ear: len(ear.heard) == 3)  # type: ignore[misc]
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(standby.start)
        await asyncio.to_thread(standby.promote)
        line.lead_to(standby.home)
        for ear in ears:
            await ear.until(lambda ear=ear: bool(ear.resets))  # type: ignore[misc]
            assert [(reset.seq, reset.epoch != kept.position.epoch) for reset in ear.resets] == [(1, True)]
        async with Traffic(nodes) as traffic:
            await whole_again(nodes, traffic)
        assert all(node.lost() is not None for node in nodes) or nodes[0].head() == nodes[1].head()
        log: Any = nodes[0]
        stored = await entries_of(log, ["all"], Position(log.head().epoch, 0), 10**6)
        for ear in ears:
            await ear.until(lambda ear=ear: ear.heard[-1].seq == stored[-1].seq)  # type: ignore[misc]
            assert [entry.seq for entry in ear.heard[3:]] == [entry.seq for entry in stored[1:]]


async def _has(server: Postgres, schema: str, identity: str) -> bool:
    try:
        found = await asyncio.to_thread(server.ask, f'SELECT id FROM "{schema}".notification')  # noqa: S608 - its own
    except psycopg.Error:  # not even the table has come so far
        return False
    return (identity,) in found


async def test_retention_passes_a_node_that_is_cut_off(server: Postgres) -> None:
    """A node that was cut off while what it had not announced yet was let go begins anew at the same log."""
    schema = uuid4().hex
    async with line_to(server.home) as line, nodes_at(server.address(schema), line.address(schema)) as (nodes, ears):
        first = await appended(nodes[0], notification())
        await ears[1].until(lambda: len(ears[1].heard) == 1)
        line.cut()
        for _ in range(5):
            await appended(nodes[0], notification())
        assert await nodes[0].retain(max_count=2) == 4
        line.mend()
        await ears[1].until(lambda: bool(ears[1].resets))
        assert (ears[1].resets, nodes[1].lost()) == ([nodes[0].head()], None)
        assert nodes[1].head().epoch == first.position.epoch
        assert len(ears[1].heard) == 1


async def test_node_that_hangs_keeps_nothing_locked(server: Postgres) -> None:
    """A node that stops in the middle of a transaction keeps the others from publishing for some seconds, no longer."""
    address = server.address(uuid4().hex)
    async with nodes_at(address, address) as (nodes, _):
        held, never = asyncio.Event(), asyncio.Event()

        async def hang(_: object) -> None:
            held.set()
            await never.wait()

        hanging = asyncio.create_task(nodes[0]._change(hang, lock=True))
        await held.wait()
        began = time.monotonic()
        await appended(nodes[1], notification())
        assert time.monotonic() - began < WHOLE
        never.set()
        with pytest.raises(BrokerUnavailable):
            await hanging
        assert await _is_ready(nodes[0])
