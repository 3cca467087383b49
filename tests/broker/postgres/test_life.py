"""A log in PostgreSQL agrees with plain models of an inbox and of a whole life, on one node and on two."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from sio_server.broker import Close
from sio_server.broker.people import ROOM_KEPT
from sio_server.broker.postgres import PostgresBroker
from tests.broker.contract.inbox import InboxMachine
from tests.broker.contract.life import LifeMachine
from tests.support.brokers import Ear, soon


class OneNode:
    """What opens an empty log on one node."""

    home: Path
    clock: Any

    def opened(self) -> Any:
        """A log of its own, which is not started."""
        self.dsn = f"postgresql://postgres@/postgres?host={self.home}&schema={uuid4().hex}"
        return PostgresBroker(self.dsn, now=self.clock)


class InboxOfOneNode(OneNode, InboxMachine):
    """Inboxes. The time of what many nodes share never goes back behind what it was for the last entry."""

    @rule(seconds=st.sampled_from([1.0, 4.0, ROOM_KEPT / 2]))
    def tick(self, seconds: float) -> None:
        """Let time pass, little or half of what a missing room is kept for."""
        self.clock.seconds += seconds


class LifeOfOneNode(OneNode, LifeMachine):
    """Whole lives."""


class LifeOfTwoNodes(OneNode, LifeMachine):
    """Whole lives, each step on the other node, once that one has heard of the last."""

    @initialize()
    def start(self) -> None:
        """Start an empty broker, and a second node on its log."""
        super().start()
        self.other: Any = PostgresBroker(self.dsn, now=self.clock)
        self.other_ear, self.steps = Ear(), 0
        self.runner.run(self.other.start(self.other_ear))

    def teardown(self) -> None:
        """Close both."""
        if hasattr(self, "other"):
            self.runner.run(self.other.close())
        super().teardown()

    @invariant()
    def agree(self) -> None:
        """Compare everything that can be seen on either node, and go on with the other one."""
        if not hasattr(self, "other"):
            return
        super().agree()
        self.steps += 1
        self.runner.run(self._heard(Close(f"step {self.steps}", "internal")))
        self.broker, self.other, self.ear, self.other_ear = self.other, self.broker, self.other_ear, self.ear
        super().agree()

    async def _heard(self, last: Close) -> None:
        """Wait until the other node has heard all that was said before, and of all entries."""
        self.broker.signal(last)
        await self.other_ear.until_signal(last)
        await soon(self._is_level)

    async def _is_level(self) -> bool:
        level: bool = self.other.head() == self.broker.head()
        return level


@pytest.mark.parametrize(("machine", "examples"), [(InboxOfOneNode, 8), (LifeOfOneNode, 8), (LifeOfTwoNodes, 5)])
def test_log_agrees_with_the_model(
    machine: Any, examples: int, postgres_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Inboxes, counters, order, schedule and history equal a plain model's whatever is done with notifications."""
    monkeypatch.setattr("sio_server.broker.postgres.retention.STEP_ROWS", 3)
    monkeypatch.setattr(OneNode, "home", postgres_home, raising=False)
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=30, max_examples=examples))
