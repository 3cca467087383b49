"""The embedded log keeps what every broker promises of a notification's whole life, in a file and in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

from sio_server.broker.sqlite import SqliteBroker
from tests.broker.contract.life import LifeMachine


class InMemory(LifeMachine):
    """A log in memory."""

    def opened(self) -> SqliteBroker:
        """See `LifeMachine.opened`."""
        return SqliteBroker(None, now=self.clock)


class InFile(LifeMachine):
    """A log in a file."""

    def opened(self) -> SqliteBroker:
        """See `LifeMachine.opened`."""
        self.directory = tempfile.TemporaryDirectory()
        return SqliteBroker(Path(self.directory.name), now=self.clock)

    def teardown(self) -> None:
        """See `LifeMachine.teardown`."""
        super().teardown()
        if hasattr(self, "directory"):
            self.directory.cleanup()


@pytest.mark.parametrize(("machine", "examples"), [(InMemory, 40), (InFile, 8)])
def test_life_agrees_with_the_model(machine: type[LifeMachine], examples: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inboxes, counters, order, schedule and history equal a plain model's whatever is done with notifications."""
    monkeypatch.setattr("sio_server.broker.sqlite.lanes.MAX_LANES", 2)
    monkeypatch.setattr("sio_server.broker.sqlite.views.KEPT_FROM", 1)
    run_state_machine_as_test(machine, settings=settings(stateful_step_count=30, max_examples=examples))
