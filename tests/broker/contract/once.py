"""What every broker promises of names that are good once: one caller has it, on all nodes and after a restart."""

from __future__ import annotations

import asyncio

import pytest

from sio_server.broker import Broker
from sio_server.errors import BrokerUnavailable
from tests.support.brokers import Reopen, appended, notification
from tests.support.inbox_model import Clock


class OnceContract:
    """Names on one node."""

    async def test_name_is_good_once(self, broker: Broker, clock: Clock) -> None:
        """The first to use a name up has it, and nobody after; another name is another matter."""
        until = clock.seconds + 10
        assert [await broker.use_up(name, until) for name in ("a", "a", "b", "a", "b")] == [
            True,
            False,
            True,
            False,
            False,
        ]

    async def test_of_many_at_once_one_has_it(self, broker: Broker, clock: Clock) -> None:
        """Of twenty who use one name up at the same time, one has it."""
        found = await asyncio.gather(*(broker.use_up("a", clock.seconds + 10) for _ in range(20)))
        assert sorted(found) == [False] * 19 + [True]

    async def test_name_is_good_until_its_moment(self, broker: Broker, clock: Clock) -> None:
        """Once its moment has come, a name is good for nobody, be it used up or not."""
        until = clock.seconds + 10
        assert await broker.use_up("used", until)
        for later in (9.5, 0.5, 3600):
            clock.seconds += later
            good = clock.seconds < until
            assert await broker.use_up(f"new at {later}", until) == good
            assert not await broker.use_up("used", until)

    async def test_name_may_come_again_with_another_moment(self, broker: Broker, clock: Clock) -> None:
        """Once its moment has come, the same name with a later one is good, once again."""
        assert await broker.use_up("a", clock.seconds + 10)
        clock.seconds += 10
        assert [await broker.use_up("a", clock.seconds + 10) for _ in range(2)] == [True, False]

    async def test_names_are_no_idempotency_keys(self, broker: Broker, clock: Clock) -> None:
        """A name that is used up keeps no publisher from a key of the same text, nor the other way round."""
        assert await broker.use_up("a", clock.seconds + 10)
        assert not (await appended(broker, notification("one", key="a"))).duplicate
        assert not (await appended(broker, notification("two", key="b", publisher="q"))).duplicate
        assert await broker.use_up("b", clock.seconds + 10)
        assert (await appended(broker, notification("one", key="a"))).duplicate
        assert not await broker.use_up("a", clock.seconds + 10)

    async def test_broker_that_is_closed_uses_nothing_up(self, broker: Broker, clock: Clock) -> None:
        """A node that has ended says that it cannot tell."""
        await broker.close()
        with pytest.raises(BrokerUnavailable):
            await broker.use_up("a", clock.seconds + 10)


class OnceOfTwoNodesContract:
    """Names on two nodes: ``pair`` are two nodes on one broker."""

    async def test_one_node_has_it(self, pair: tuple[Broker, Broker], clock: Clock) -> None:
        """A name that one node has used up is used up on the other as soon as that is known."""
        until = clock.seconds + 10
        assert await pair[0].use_up("a", until)
        assert not await pair[1].use_up("a", until)
        assert await pair[1].use_up("b", until)
        assert not await pair[0].use_up("b", until)

    async def test_of_many_on_two_nodes_one_has_it(self, pair: tuple[Broker, Broker], clock: Clock) -> None:
        """Of twenty who use one name up at the same time on two nodes, one has it."""
        found = await asyncio.gather(*(pair[n % 2].use_up("a", clock.seconds + 10) for n in range(20)))
        assert sorted(found) == [False] * 19 + [True]


class DurableOnceContract:
    """Names after the end of a node."""

    async def test_used_name_stays_so(self, broker: Broker, reopened: Reopen, clock: Clock) -> None:
        """A name that was used up is so after the broker was closed and opened; one that was not is good still."""
        until = clock.seconds + 10
        assert await broker.use_up("a", until)
        again = await reopened(broker)
        assert [await again.use_up(name, until) for name in ("a", "b")] == [False, True]
