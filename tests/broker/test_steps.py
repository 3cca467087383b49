"""Steps are packed as they are, cut to the newest, and say when a position was first spoken of."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sio_server.broker.steps import MAX_STEPS, WORDS, Step, first_at, joined, merged, moments_of, unpack

NUMBERS = st.integers(0, 2**62)
STEPS = st.builds(Step, NUMBERS, NUMBERS, NUMBERS, NUMBERS, st.sampled_from(WORDS), st.sampled_from(WORDS))


@given(st.lists(STEPS, max_size=2 * MAX_STEPS), st.lists(STEPS, max_size=2 * MAX_STEPS))
def test_steps_are_read_as_they_were_written(old: list[Step], new: list[Step]) -> None:
    """Whatever was written is read back, in order, up to the bound, the newest of it."""
    packed = [b"".join(step.pack() for step in steps) for steps in (old, new)]
    assert unpack(packed[0]) == old
    assert unpack(joined(*packed)) == [*old, *new][-MAX_STEPS:]
    assert unpack(merged(packed)) == sorted([*old, *new], key=lambda step: step.at)[-MAX_STEPS:]


def test_unknown_word_is_another_one() -> None:
    """A reason that a later version writes, or that nobody has thought of, is not taken for none."""
    (step,) = unpack(Step(0, 1, 2, word="a reason of tomorrow").pack())
    assert step.word == "other"


def test_first_step_that_covers_a_position_says_when() -> None:
    """The time is of the first step that reaches a position; of a row that is full, the oldest step may be no first."""
    steps = [Step(0, 5, 10), Step(0, 9, 20), Step(20, 30, 30)]
    assert [first_at(steps, seq) for seq in (5, 6, 9, 10, 21)] == [10, 20, 20, None, 30]
    full = [Step(0, seq, 100 + seq) for seq in range(10, 10 + MAX_STEPS)]
    assert [first_at(full, seq) for seq in (3, 10, 11)] == [None, None, 111]


def test_moment_of_reading_is_that_of_the_last_time() -> None:
    """What was marked as unread, and read again, was read then; seen it was the first time."""
    steps = [Step(0, 9, 10, word="seen"), Step(0, 9, 20, word="read"), Step(3, 4, 30, word="unread")]
    assert (moments_of(steps, 3), moments_of(steps, 4)) == ((10, 20), (10, None))
    assert moments_of([*steps, Step(3, 4, 40, word="archive")], 4) == (10, 40)
