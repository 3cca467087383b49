"""How a notifier waits, narrows what it sends, and how often it tells of it: decided without I/O."""

from __future__ import annotations

import logging

import pytest

from sio_server.client.entries import Entry
from sio_server.client.ledger import LINE_EVERY, MAX_KINDS, Lines
from sio_server.client.memory import Memory
from sio_server.client.pacing import BACKOFF_FIRST, BACKOFF_MAX, BATCH, OPEN_AFTER, Pace


def test_waits_are_drawn_from_nothing_to_a_ceiling_that_doubles() -> None:
    """Full jitter: the whole span, up to the longest."""
    spans: list[tuple[float, float]] = []

    def draw(least: float, most: float) -> float:
        spans.append((least, most))
        return most

    pace = Pace(draw)
    waits = [pace.failed() for _ in range(10)]
    assert waits == [most for _, most in spans]
    assert {least for least, _ in spans} == {0.0}
    assert waits[:4] == [BACKOFF_FIRST * factor for factor in (1, 2, 4, 8)]
    assert waits[-1] == BACKOFF_MAX
    pace.succeeded()
    assert pace.failed() == BACKOFF_FIRST


def test_the_circuit_opens_after_failures_in_a_row_and_closes_with_a_success() -> None:
    """While it is open one entry is sent for all."""
    pace = Pace()
    for _ in range(OPEN_AFTER - 1):
        pace.failed()
        assert (pace.circuit, pace.size) == ("closed", BATCH)
    pace.failed()
    assert (pace.circuit, pace.size) == ("open", 1)
    pace.succeeded()
    assert (pace.circuit, pace.size) == ("closed", BATCH)


def test_a_batch_that_may_be_the_reason_is_made_smaller() -> None:
    """By halves down to one; what is taken doubles it again."""
    pace = Pace()
    sizes = []
    for _ in range(10):
        pace.failed(shrink=True)
        pace.succeeded()
        pace.failed(shrink=True)
        sizes.append(pace.size)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] == BATCH // 2
    for _ in range(10):
        pace.succeeded()
    assert pace.size == BATCH


def test_one_line_a_kind_and_minute(caplog: pytest.LogCaptureFixture) -> None:
    """The next one says how many were left out, and kinds that somebody makes up do not pile up."""
    now = 0.0
    lines = Lines(lambda: now)
    caplog.set_level(logging.DEBUG, "sio_server.client")
    for _ in range(5):
        lines.say("a", logging.WARNING, "again")
    lines.say("b", logging.WARNING, "another")
    now = LINE_EVERY
    lines.say("a", logging.WARNING, "again")
    assert [record.getMessage() for record in caplog.records] == [
        *("again", "another", "again (4 more like this since the last line)")
    ]
    for number in range(3 * MAX_KINDS):
        lines.say(str(number), logging.DEBUG, "x")
    assert len(lines._last) <= MAX_KINDS


def test_memory_gives_the_oldest_and_leaves_out_what_is_put_aside() -> None:
    """Bounded by number and by bytes; a large one goes alone; room comes back with what is settled."""
    memory = Memory(5, 100)
    entries = [
        Entry("t", subject, str(n), b"x" * size) for n, (subject, size) in enumerate([*[("a", 10)] * 2, ("b", 60)])
    ]
    numbers = [memory.put(entry) for entry in entries]
    assert numbers == [1, 2, 3]
    assert memory.put(Entry("t", "c", "k", b"x" * 21)) is None
    assert [n for n, _ in memory.first(10, 1000, frozenset())] == [1, 2, 3]
    assert [n for n, _ in memory.first(10, 15, frozenset())] == [1]
    assert [n for n, _ in memory.first(10, 15, frozenset({"a"}))] == [3]
    memory.settle([1, 3, 9], {})
    assert (len(memory), memory.waits(1), memory.waits(2)) == (1, False, True)
    assert memory.put(Entry("t", "c", "k", b"x" * 90)) == 4
