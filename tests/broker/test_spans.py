"""Spans of positions that were handed or confirmed: what becomes of several."""

from __future__ import annotations

from sio_server.broker.spans import ACKNOWLEDGED, HANDED, MAX_SPANS, Span, gaps, whole
from sio_server.broker.steps import Step, unpack


def span(low: int, high: int, at: int = 0) -> Span:
    """A span with one step, of a connection that began at 5."""
    return Span(low, high, Step(low, high, at, 5, "ws").pack())


def bounds(spans: list[Span]) -> list[tuple[int, int]]:
    """Where spans begin and end."""
    return [(one.low, one.high) for one in spans]


def test_spans_that_touch_become_one() -> None:
    """Spans that overlap, or of which one begins where the other ends, are one, in whatever order they come."""
    assert bounds(whole([span(4, 6), span(0, 2), span(2, 3), span(5, 9), span(20, 21)], ())) == [
        (0, 3),
        (4, 9),
        (20, 21),
    ]


def test_gaps_lie_between_what_does_not_touch() -> None:
    """A gap begins with the highest position before it; spans whose gap is empty become one."""
    spans = [span(0, 9), span(1, 3), span(12, 13), span(30, 31)]
    assert gaps(spans) == [(9, 12), (13, 30)]
    assert bounds(whole(spans, {(9, 12)})) == [(0, 13), (30, 31)]
    assert gaps([]) == []


def test_only_the_newest_spans_are_kept() -> None:
    """Of more spans than are kept those go that lie furthest back."""
    kept = whole([span(2 * number, 2 * number + 1) for number in range(MAX_SPANS + 3)], ())
    assert (len(kept), kept[0].low) == (MAX_SPANS, 6)


def test_steps_are_kept_in_order_of_time() -> None:
    """What becomes one has the steps of all, the oldest first."""
    (one,) = whole([span(0, 2, at=9), span(2, 3, at=4)], ())
    assert [step.at for step in unpack(one.steps)] == [4, 9]


def test_stream_that_goes_on_is_told_once() -> None:
    """What one connection was handed has one step, the last; each confirmation has its own."""
    grown = {kind: span(0, 2, at=1).grown(span(0, 4, at=2), kind) for kind in (HANDED, ACKNOWLEDGED)}
    assert {one.high for one in grown.values()} == {4}
    assert [step.at for step in unpack(grown[HANDED].steps)] == [2]
    assert [step.at for step in unpack(grown[ACKNOWLEDGED].steps)] == [1, 2]
