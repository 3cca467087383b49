"""What every broker promises of nodes: each is known to all others, as it describes itself, for as long as it lives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from sio_server.broker import Broker, NodeState
from tests.support.brokers import Ear, soon

ANA = NodeState("ana23456", "0.1.0", 1_700_000_000_000, "http://127.0.0.1:9001", 3, 7, draining=False)
BEA = NodeState("bea23456", "0.1.1", 1_700_000_000_500, None, 0, 6, draining=False)


class NodesContract:
    """One node."""

    async def test_node_that_nothing_describes_is_not_listed(self, broker: Broker) -> None:
        """A node that says nothing of itself is no error, and is not in the list."""
        assert await broker.nodes() == ()


class NodesOfTwoContract:
    """Nodes on one broker: ``unstarted`` are two that are not started, ``ears`` whom they will call back."""

    @pytest.fixture
    def states(self) -> dict[int, NodeState]:
        """Return what each node says of itself; a test may change it."""
        return {0: ANA, 1: BEA}

    @pytest.fixture
    async def described(
        self, unstarted: tuple[Broker, Broker], ears: tuple[Ear, Ear], states: dict[int, NodeState]
    ) -> AsyncIterator[tuple[Broker, Broker]]:
        """Give two nodes that describe themselves, both started."""
        for number, broker in enumerate(unstarted):
            broker.describe(lambda number=number: states[number])  # type: ignore[misc]
            await broker.start(ears[number])
        yield unstarted
        for broker in unstarted:
            await broker.close()

    async def test_every_node_knows_all_of_them(self, described: tuple[Broker, Broker]) -> None:
        """Every node that describes itself is known to all, itself too, by name, with every member as it was said."""
        for broker in described:

            async def known(broker: Broker = broker) -> bool:
                return await broker.nodes() == (ANA, BEA)

            await soon(known)

    async def test_nodes_of_one_log_may_not_be_alone(self, described: tuple[Broker, Broker]) -> None:
        """A node beside which another one is open says so."""
        assert [broker.shared() for broker in described] == [True, True]

    async def test_what_a_node_says_may_change(
        self, described: tuple[Broker, Broker], states: dict[int, NodeState]
    ) -> None:
        """What a node says of itself is known to the others two seconds later at most."""
        states[0] = replace(ANA, connections=10, head=9, address=None, draining=True)

        async def known() -> bool:
            return states[0] in await described[1].nodes()

        await soon(known)

    async def test_node_that_ended_is_gone(self, described: tuple[Broker, Broker]) -> None:
        """A node that ended is in the list no longer, and need not wait for its lease."""
        await described[0].close()

        async def alone() -> bool:
            return await described[1].nodes() == (BEA,)

        await soon(alone)
