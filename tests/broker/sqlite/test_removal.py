"""Entries are taken out of the middle of an embedded log, and no number, no page and no position is wrong for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import View
from sio_server.broker.sqlite import SqliteBroker, removal
from tests.support.brokers import Ear, appended, positions
from tests.support.inbox_model import Clock, notification

BOTH = Audience.of(roles=["admin", "guia"])
ROOMS = Identity("ana", ("admin", "guia")).rooms()


async def opened(directory: Path | None) -> tuple[SqliteBroker, View]:
    """A log with ten notifications for two roles, and what somebody with both sees of it."""
    broker = SqliteBroker(directory, now=Clock())
    await broker.start(Ear())
    view = await broker.sight("ana", ROOMS)
    for number in range(10):
        await appended(broker, notification(BOTH, ttl=None if number % 2 else 60.0))
    return broker, view


async def remove(broker: SqliteBroker, *seqs: int) -> list[bool]:
    """Take out what stands there, and return what was there."""
    return [await broker._writer.change(lambda step, seq=seq: removal.remove(step, seq)) for seq in seqs]  # type: ignore[misc]


async def rows(broker: SqliteBroker, table: str) -> list[tuple[object, ...]]:
    """The rows of a table of the log."""
    return await broker._store.read(lambda connection: connection.execute(f"SELECT * FROM {table}").fetchall())  # noqa: S608


@pytest.mark.parametrize("kept", [1, 100])
async def test_counters_and_pages_agree_after_each(kept: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is taken out in whatever order, counters are those of the pages; what is in two roles counts once."""
    monkeypatch.setattr("sio_server.broker.sqlite.views.KEPT_FROM", kept)
    broker, view = await opened(None)
    left = list(range(1, 11))
    for seq in (5, 1, 10, 4, 6, 2, 9, 3, 8, 7):
        assert await remove(broker, seq, seq) == [True, False]
        left.remove(seq)
        page = await broker.page(view)
        assert [item.entry.seq for item in page.items] == left[::-1]
        assert (page.counts.unread, page.counts.unseen, page.counts.at_seq) == (len(left), len(left), 10)
        assert await positions(broker, view) == left
    await broker.close()


async def test_holes_go_once_all_before_them_is_gone() -> None:
    """The numbers that are missing in a lane take no room for longer than there is something before them."""
    broker, view = await opened(None)
    await remove(broker, 4, 6, 7)
    assert len(await rows(broker, "gone")) == 2 * 3
    await broker.retain(max_count=4)
    assert await positions(broker, view) == [5, 8, 9, 10]
    assert len(await rows(broker, "gone")) == 2 * 1
    assert (await broker.counts(view)).unread == 4
    await broker.retain(max_count=2)
    assert await rows(broker, "gone") == []
    assert {row[-1] for row in await rows(broker, "room_lane")} == {0}
    await remove(broker, 9, 10)
    assert await rows(broker, "gone") == await rows(broker, "room_lane") == []
    await appended(broker, notification(BOTH))
    assert (await broker.counts(view)).unread == 1
    await broker.close()


async def test_position_of_what_was_taken_out_is_never_given_again(tmp_path: Path) -> None:
    """A log whose last entries were taken out goes on above them, nor does it look like an older copy of itself."""
    broker, view = await opened(tmp_path)
    await remove(broker, 9, 10)
    head = broker.head()
    assert (await broker.counts(view)).at_seq == 10
    await broker.close()
    again = SqliteBroker(tmp_path, now=Clock())
    await again.start(Ear())
    assert again.head() == head
    assert (await again.counts(view)).at_seq == 10
    assert (await appended(again, notification(BOTH))).position.seq == 11
    await again.close()


async def test_states_and_receipts_of_what_was_taken_out_go_along() -> None:
    """A mark of what is gone changes nothing and is ignored, as of an unknown one; others keep their state."""
    broker, view = await opened(None)
    items = (await broker.page(view)).items
    await broker.mark(view, "read", [items[0].entry.id, items[1].entry.id])
    await remove(broker, 10)
    marked = await broker.mark(view, "unread", [items[0].entry.id, items[1].entry.id])
    assert (marked.ids, marked.ignored) == ((items[1].entry.id,), (items[0].entry.id,))
    assert marked.counts.unread == 9
    assert await rows(broker, "inbox_state") == [("ana", 9, 1, 0, 0)]
    await broker.close()
