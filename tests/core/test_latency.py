"""Percentiles of durations: near enough, of the last periods only, whatever the durations are."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.core.latency import CLASSES, FIRST, GROWTH, PERIODS, Latency, class_of

DURATIONS = st.lists(st.floats(min_value=FIRST, max_value=60.0), min_size=1, max_size=200)


@given(DURATIONS)
def test_percentile_is_at_most_a_class_above(durations: list[float]) -> None:
    """Each percentile is the real one, or up to 5 % more."""
    latency = Latency()
    for seconds in durations:
        latency.add(seconds)
    found = latency.recent()

    assert found is not None
    assert found.count == len(durations)
    ordered = sorted(durations)
    for shown, share in ((found.p50, 0.5), (found.p95, 0.95), (found.p99, 0.99)):
        real = ordered[math.ceil(len(ordered) * share) - 1] * 1000
        assert real - 0.001 <= shown <= real * GROWTH + 0.001


@pytest.mark.parametrize("seconds", [-1.0, 0.0, FIRST, 1e9])
def test_odd_durations_have_a_class(seconds: float) -> None:
    """A clock that stands still and a wait without end fall in the first and the last class."""
    assert class_of(seconds) == (CLASSES - 1 if seconds > 1 else 0)


def test_nothing_counted_has_no_percentiles() -> None:
    """Without a publish there is nothing to tell."""
    latency = Latency()
    assert latency.recent() is None
    assert latency.turn() is None


def test_old_periods_are_forgotten() -> None:
    """A duration counts in its own period and until as many more have ended as are kept."""
    latency = Latency()
    latency.add(0.5)
    ended = latency.turn()
    kept = []
    for _ in range(PERIODS):
        kept.append(latency.recent())
        assert latency.turn() is None

    assert ended is not None
    assert kept == [ended] * PERIODS
    assert latency.recent() is None


def test_percentiles_are_milliseconds() -> None:
    """The numbers are told in milliseconds, with how many they are of."""
    latency = Latency()
    for _ in range(3):
        latency.add(0.1)
    told = latency.turn()

    assert told is not None
    assert told.as_dict() == {"p50": told.p50, "p95": told.p50, "p99": told.p50, "count": 3}
    assert 100 <= told.p50 <= 105.001
