"""Time that nobody can set: steps of the wall clock are seen, and nothing ages by them."""

from __future__ import annotations

import time
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.clock import AT_ONCE, BELIEVED, LASTING, LogClock, Noted, StepWatch, steady
from tests.support.inbox_model import Clock

DAY: Final = 24 * 3600.0


def clocks() -> tuple[Clock, Clock]:
    """A wall clock and a steady one, which stand still."""
    return Clock(1_800_000_000.0), Clock(5000.0)


def passes(seconds: float, *both: Clock) -> None:
    """Time goes on."""
    for clock in both:
        clock.seconds += seconds


@pytest.mark.parametrize("step", [40 * DAY, -40 * DAY, 3.0, -3.0, -1_800_000_000.0])
def test_step_is_seen_once_with_its_size(step: float) -> None:
    """A clock that was set is told with by how much, once, and not while it goes on."""
    wall, steadily = clocks()
    watch = StepWatch(wall, steadily)
    passes(60, wall, steadily)
    assert watch.look() == 0
    passes(60, wall, steadily)
    wall.seconds += step
    assert watch.look() == pytest.approx(step)
    assert watch.look() == 0


def test_clock_that_is_slewed_is_none_that_was_set() -> None:
    """A clock that runs a little too fast for a day parts from the steady one by a minute, and is told of never."""
    wall, steadily = clocks()
    watch = StepWatch(wall, steadily)
    for _ in range(1440):
        passes(60, wall, steadily)
        wall.seconds += 0.05
        assert watch.look() == 0


def test_steady_clock_goes_on() -> None:
    """It goes on like the monotonic one, and stands still as little."""
    before, monotonic = steady(), time.monotonic()
    assert steady() >= before
    assert steady() - before < 10 + time.monotonic() - monotonic


@given(st.lists(st.tuples(st.floats(0, 1e6), st.floats(-1e9, 1e9))))
def test_log_clock_counts_what_passed_and_nothing_else(story: list[tuple[float, float]]) -> None:
    """However the wall clock is set meanwhile, the log's own has gone on by what passed, and never back."""
    wall, steadily = clocks()
    clock = LogClock(wall, steadily)
    clock.begin(None)
    began = now = clock.now()
    assert began == wall()
    for seconds, step in story:
        passes(seconds, wall, steadily)
        wall.seconds += step
        clock.look()
        assert clock.now() >= now
        now = clock.now()
    assert now == pytest.approx(began + sum(seconds for seconds, _ in story))


NOTED: Final = Noted(own=1_790_000_000.0, wall=1_800_000_000.0)


@pytest.mark.parametrize(
    ("away", "at_once", "lasted"),
    [
        (0.0, 0.0, 0.0),
        (60.0, 60.0, 60.0),
        (DAY, DAY, DAY),
        (40 * DAY, AT_ONCE, 40 * DAY),
        (400 * DAY, AT_ONCE, AT_ONCE),
        (50 * 365 * DAY, AT_ONCE, AT_ONCE),
        (-60.0, 0.0, 0.0),
        (-50 * 365 * DAY, 0.0, 0.0),
    ],
)
def test_time_between_two_runs_is_counted_once_it_has_lasted(away: float, at_once: float, lasted: float) -> None:
    """A day is counted at once, what is believable after an hour of a steady clock, the rest never."""
    wall, steadily = Clock(NOTED.wall + away), Clock(7.0)
    clock = LogClock(wall, steadily)
    assert clock.begin(NOTED) == pytest.approx(away)
    assert clock.now() == pytest.approx(NOTED.own + at_once)
    passes(LASTING - 60, wall, steadily)
    clock.look()
    assert clock.now() == pytest.approx(NOTED.own + at_once + LASTING - 60)
    passes(120, wall, steadily)
    clock.look()
    assert clock.now() == pytest.approx(NOTED.own + lasted + LASTING + 60)


def test_clock_that_is_set_right_again_counts_nothing() -> None:
    """A start forty days ahead, set right before it has lasted, has made nothing older than a day."""
    wall, steadily = Clock(NOTED.wall + 40 * DAY), Clock(7.0)
    clock = LogClock(wall, steadily)
    clock.begin(NOTED)
    passes(600, wall, steadily)
    wall.seconds -= 40 * DAY
    clock.look()
    passes(2 * LASTING, wall, steadily)
    clock.look()
    assert clock.now() == pytest.approx(NOTED.own + AT_ONCE + 600 + 2 * LASTING)


@pytest.mark.parametrize("away", [40 * DAY, BELIEVED + DAY])
def test_operator_may_say_that_the_clock_is_right(away: float) -> None:
    """Then all of it is counted at once."""
    clock = LogClock(Clock(NOTED.wall + away), Clock(7.0))
    clock.begin(NOTED, trusted=True)
    assert clock.now() == pytest.approx(NOTED.own + away)
    assert clock.waiting == 0
