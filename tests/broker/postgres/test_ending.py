"""A node ends also where its database does not answer, and tells those who still wait."""

from __future__ import annotations

import asyncio
from pathlib import Path
from uuid import uuid4

import pytest

from sio_server.broker.postgres import PostgresBroker, bell
from sio_server.errors import BrokerUnavailable
from tests.support.brokers import Ear, appended, notification, soon
from tests.support.lines import line_to


async def test_node_ends_though_its_database_does_not_answer(
    postgres_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever waits for a database that hangs is told, and the node has ended a moment after that."""
    monkeypatch.setattr(bell, "SILENT", 2.0)
    async with line_to(postgres_home) as line:
        broker = PostgresBroker(line.address(uuid4().hex))
        await broker.start(Ear())
        await broker.sight("ana", ["all"])
        broker.arrived("desk", "ana", ["all"])
        line.cut()
        publishing = asyncio.create_task(appended(broker, notification()))
        arriving = asyncio.create_task(broker.sight("bea", ["all"]))
        await asyncio.sleep(0)
        await broker.close()
        for waiting in (publishing, arriving):
            with pytest.raises(BrokerUnavailable):
                await waiting
        line.mend()


async def test_node_that_was_cut_off_is_known_again_with_its_connections(
    postgres_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who came and went at a node that was cut off is known on the others once it is back."""
    monkeypatch.setattr(bell, "SILENT", 2.0)
    schema = uuid4().hex
    async with line_to(postgres_home) as line:
        cut, other = (
            PostgresBroker(line.address(schema)),
            PostgresBroker(f"postgresql://postgres@/postgres?host={postgres_home}&schema={schema}"),
        )
        for node in (cut, other):
            await node.start(Ear())
        cut.arrived("desk", "ana", ["all"])
        await soon(lambda: other.connected("desk"))
        line.cut()
        cut.left("desk")
        cut.arrived("phone", "bea", ["all", "role:admin"])
        await soon(lambda: _is_unavailable(cut))
        line.mend()
        await soon(lambda: other.connected("phone"))
        assert not await other.connected("desk")
        assert await other.attending() == {"bea"}
        await cut.close()
        await other.close()


async def _is_unavailable(node: PostgresBroker) -> bool:
    try:
        await node.attending()
    except BrokerUnavailable:
        return True
    return False
