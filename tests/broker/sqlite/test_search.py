"""A search of the embedded log looks at so much at a time; what it finds is the contract's to test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sio_server.audience import Identity
from sio_server.broker.sqlite import SqliteBroker, search
from tests.broker.contract.receipts import COUNT, fill
from tests.support.brokers import Ear

ANA = Identity("ana", ("guia",))


@pytest.fixture
async def broker() -> AsyncIterator[SqliteBroker]:
    """Return a log in memory that has seen ana."""
    made = SqliteBroker(None)
    await made.start(Ear())
    await made.sight("ana", ANA.rooms())
    yield made
    await made.close()


async def test_page_looks_at_so_many_and_no_more(broker: SqliteBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that finds nothing for long ends its page early and says where the next one begins."""
    await fill(broker)
    monkeypatch.setattr(search, "MAX_LOOKED_AT", 8)
    monkeypatch.setattr(search, "CHUNK", 4)
    newest = await broker.search(types=["booking", "test", "tour"], priority="critical")
    oldest = await broker.search(types=["booking", "test", "tour"], priority="critical", after=0)
    assert (newest.items, newest.next_before) == ((), COUNT - 7)
    assert (oldest.items, oldest.next_after) == ((), 8)
