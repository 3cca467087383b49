"""A search of a log in PostgreSQL looks at so much at a time; what it finds is the contract's to test."""

from __future__ import annotations

import pytest

from sio_server.broker.postgres import PostgresBroker, search
from tests.broker.contract.receipts import COUNT, fill


async def test_page_looks_at_so_many_and_no_more(broker: PostgresBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that finds nothing for long ends its page early and says where the next one begins."""
    await fill(broker)
    monkeypatch.setattr(search, "MAX_LOOKED_AT", 8)
    monkeypatch.setattr(search, "CHUNK", 4)
    newest = await broker.search(role="guia", priority="critical")
    oldest = await broker.search(role="guia", priority="critical", after=0)
    assert (newest.items, oldest.items) == ((), ())
    made = [one.entry.seq for one in (await broker.search(role="guia")).items]
    assert (newest.next_before, oldest.next_after) == (made[7], made[-8])


async def test_page_reads_so_much_text_and_no_more(broker: PostgresBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search by words ends its page early where texts are long, and goes on just behind what it has read."""
    made = await fill(broker)
    monkeypatch.setattr(search, "MAX_READ", 5 * len(made[1].body))
    monkeypatch.setattr(search, "READ_AT_ONCE", 2 * len(made[1].body))
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
    assert COUNT / 7 < pages <= COUNT / 4
