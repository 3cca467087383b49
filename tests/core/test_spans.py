"""What a node remembers of the way of entries: the newest, and no more than it may hold."""

from __future__ import annotations

from sio_server.audience import Audience
from sio_server.core.spans import KEPT, KEPT_PASSING, Span, Spans
from sio_server.notification import Entry, Position
from tests.support.brokers import notification


def entry(seq: int, *, persist: bool = True) -> Entry:
    """An entry at this position."""
    return Entry.of(notification(audience=Audience(all=True), persist=persist), Position("0011aabb", seq))


def test_newest_entries_are_remembered() -> None:
    """The newest entries have their times, each with its own number of connections; older ones are forgotten."""
    spans = Spans()
    for seq in range(1, KEPT + 3, 2):
        spans.note([entry(seq), entry(seq + 1)], [seq, 7], seq + 0.25, seq + 0.5)
    assert (spans.of(1), spans.of(2), spans.of(0), spans.of(KEPT + 5)) == (None, None, None, None)
    assert spans.of(3) == Span(3.25, 3.5, 3)
    assert spans.of(KEPT + 2) == Span(KEPT + 1.25, KEPT + 1.5, 7)
    spans.forget()
    assert spans.of(KEPT + 2) is None


def test_entry_that_is_not_stored_is_remembered_by_its_id() -> None:
    """An entry that is not stored has the position of another, and does not take that one's place."""
    spans, passing = Spans(), [entry(1, persist=False) for _ in range(KEPT_PASSING + 1)]
    spans.note([entry(1)], [3], 1.0, 2.0)
    for one in passing:
        spans.note([one], [5], 3.0, 4.0)
    assert spans.of(1) == Span(1.0, 2.0, 3)
    assert spans.passing(passing[0].id) is None
    assert spans.passing(passing[-1].id) == (passing[-1], Span(3.0, 4.0, 5))
    spans.forget()
    assert spans.passing(passing[-1].id) is None
