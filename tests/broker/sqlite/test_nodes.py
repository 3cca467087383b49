"""Two nodes on one embedded log: each starts and ends by itself, and what is said to one is heard by both."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from sio_server.audience import Audience
from sio_server.broker import Published, Signal
from sio_server.broker.sqlite import SqliteBroker
from sio_server.broker.sqlite.writer import MAX_BATCH
from sio_server.errors import BrokerUnavailable, LogDamaged
from sio_server.notification import Entry
from tests.support.brokers import Ear, appended, side_by_side
from tests.support.inbox_model import notification

EVERYBODY = Audience.of(everybody=True)


@pytest.fixture(params=["file", "memory"])
def nodes(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[SqliteBroker, SqliteBroker]:
    """Return two nodes on one log that are not started."""
    return side_by_side(tmp_path if request.param == "file" else None)


@pytest.fixture
async def ears(nodes: tuple[SqliteBroker, SqliteBroker]) -> AsyncIterator[tuple[Ear, Ear]]:
    """Start both at once, and return whom they call back."""
    ears = Ear(), Ear()
    await asyncio.gather(*(node.start(ear) for node, ear in zip(nodes, ears, strict=True)))
    yield ears
    for node in nodes:
        await node.close()


async def test_first_to_start_opens_and_last_to_close_lets_go(tmp_path: Path) -> None:
    """A node that ends leaves the log to the other; another program can have it when both have ended."""
    one, other = side_by_side(tmp_path)
    for node in (one, other):
        with pytest.raises(BrokerUnavailable):
            node.append(notification(EVERYBODY), lambda _: None)
        await node.start(Ear())
    for node in (one, other):
        assert await appended(node, notification(EVERYBODY))
    await one.close()
    assert (await appended(other, notification(EVERYBODY))).position.seq == 3
    with pytest.raises(BrokerUnavailable):
        await appended(one, notification(EVERYBODY))
    with pytest.raises(BrokerUnavailable):
        await one.search()
    await one.close()
    await other.check()
    await other.close()
    again = SqliteBroker(tmp_path)
    await again.start(Ear())
    assert again.head().seq == 3
    await again.close()


async def test_node_that_ends_hears_the_last_of_its_own(
    nodes: tuple[SqliteBroker, SqliteBroker], ears: tuple[Ear, Ear]
) -> None:
    """What a node has appended is settled and announced to both when it ends, though the other never pauses."""
    going_on = True

    async def keep_busy() -> None:
        while going_on:
            await asyncio.gather(*(appended(nodes[1], notification(EVERYBODY)) for _ in range(50)))

    busy = asyncio.create_task(keep_busy())
    await appended(nodes[0], notification(EVERYBODY))
    settled: list[Published | Exception] = []
    count = 2 * MAX_BATCH + 10
    for _ in range(count):
        nodes[0].append(notification(EVERYBODY), settled.append)
    await nodes[0].close()
    done, heard = len(settled), [entry.id for entry in ears[0].heard]
    going_on = False
    await busy
    await appended(nodes[1], notification(EVERYBODY))

    assert done == count
    assert {one.id for one in settled if isinstance(one, Published)} <= set(heard)
    assert [entry.id for entry in ears[0].heard] == heard
    assert len(ears[1].heard) > len(heard)


async def test_failing_start_leaves_the_other_to_try(tmp_path: Path) -> None:
    """A log that cannot be opened is let go, also where another node is seated on it that has not started."""
    (tmp_path / "sio-server.db").write_bytes(b"this is no database, but long enough to be read as one" * 20)
    one, other = side_by_side(tmp_path)
    with pytest.raises(LogDamaged):
        await one.start(Ear())
    await other.close()
    (tmp_path / "sio-server.db").unlink()
    again = SqliteBroker(tmp_path)
    await again.start(Ear())
    await again.close()


class Mistaken(Ear):
    """A `BrokerHandler` that makes mistakes."""

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """See `BrokerHandler.on_entries`."""
        raise ValueError

    def on_signal(self, signal: Signal) -> None:
        """See `BrokerHandler.on_signal`."""
        raise ValueError


async def test_one_that_fails_to_listen_leaves_the_other_to_hear(
    nodes: tuple[SqliteBroker, SqliteBroker],
) -> None:
    """Where one node makes a mistake as it hears of something, the other hears of it all the same."""
    told: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context["exception"]))
    ear = Ear()
    await nodes[0].start(Mistaken())
    await nodes[1].start(ear)
    assert (await appended(nodes[0], notification(EVERYBODY))).position.seq == 1
    await nodes[0].revoke("ana", 5.0)
    assert len(ear.heard) == len(ear.signals) == 1
    assert [type(one) for one in told] == [ValueError, ValueError]
    for node in nodes:
        await node.close()
