"""A search of the embedded log looks at so much at a time; what it finds is the contract's to test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sio_server.audience import Identity
from sio_server.broker.sqlite import SqliteBroker, search
from tests.broker.contract.receipts import COUNT, fill
from tests.support.brokers import Ear, appended, notification

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


async def test_page_reads_so_much_text_and_no_more(broker: SqliteBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search by words ends its page early where texts are long, and goes on just behind what it has read."""
    made = await fill(broker)
    monkeypatch.setattr(search, "MAX_READ", 5 * len(made[1].body))
    found, pages = [], 0
    before: int | None = None
    while True:
        page = await broker.search(text="HIGH", before=before)
        found += [stored.entry.seq for stored in page.items]
        pages += 1
        if page.next_before is None:
            break
        before = page.next_before
    assert found == list(range(COUNT, 0, -1))
    assert pages > COUNT / 7


async def test_time_is_found_though_ids_lie_out_of_order(broker: SqliteBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where ids at the edges of a span of time are out of order, what is in it is found all the same."""
    monkeypatch.setattr(search, "EDGE", 4)
    times = [1000, 3000, 2000, 5000, 4000, 6000, 8000, 7000]
    for at in times:
        await appended(broker, notification(timestamp=at))
    page = await broker.search(since=2000, until=8000)
    assert [stored.entry.seq for stored in page.items] == [8, 6, 5, 4, 3, 2]
