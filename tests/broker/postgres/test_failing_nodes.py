"""Nodes of one log in PostgreSQL that are killed, stopped and restarted, as whoever publishes and listens sees it."""

from __future__ import annotations

import pytest

from bench import faults
from bench.witnesses import Seen
from tests.conftest import Node

# Seconds after the end of a fault within which every node takes publishes and every client has all of them.
WHOLE = 10.0


@pytest.mark.parametrize("name", ["kill-node", "stop-node", "restart-all"])
async def test_nothing_is_lost(name: str, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was answered is stored once, in order, and every client gets all of it, over both of its protocols."""
    monkeypatch.setenv("SIO_TEST_NODE", str(node.binary))
    async with faults.site_of(2, stopped=4.0) as site:
        seen, seconds = await faults.try_fault(site, faults.FAULTS[name], 1)
    assert seen == Seen(seen.publishes, lost=0, repeated=0, again=seen.again, disordered=0, unrecovered=0)
    assert max(seconds) < WHOLE
