"""The token bucket that every rate of the server is held with."""

import pytest

from sio_server.engine.rates import Bucket, bucket_size


@pytest.mark.parametrize(("rate", "size"), [(0.1, 1.0), (0.5, 1.0), (1, 2.0), (100, 200.0)])
def test_two_seconds_worth_may_be_used_at_once(rate: float, size: float) -> None:
    """A bucket begins full: with two seconds' worth, or one token where that is less."""
    bucket = Bucket(rate, 50.0)
    assert bucket.level(rate, 50.0) == bucket_size(rate) == size
    assert [bucket.spend(rate, 50.0) for _ in range(int(size) + 1)] == [True] * int(size) + [False]


def test_it_refills_steadily_and_no_further_than_full() -> None:
    """What was used comes back at the rate, and never more than a full bucket."""
    bucket = Bucket(10, 0.0)
    assert bucket.spend(10, 0.0, 20)
    assert bucket.level(10, 0.5) == 5
    assert not bucket.spend(10, 0.5, 6)
    assert bucket.spend(10, 0.5, 5)
    assert bucket.level(10, 60.0) == 20


def test_more_than_a_full_bucket_is_paid_back() -> None:
    """Who takes more than a full bucket gets it when the bucket is full, and nothing until that is paid back."""
    bucket = Bucket(10, 0.0)
    assert bucket.spend(10, 0.0, 50)
    assert bucket.level(10, 0.0) == -30
    assert not bucket.spend(10, 3.0)
    assert bucket.spend(10, 3.5)


def test_another_rate_holds_from_the_next_token_on() -> None:
    """A rate that is changed while the server runs holds for peers that are there."""
    bucket = Bucket(1, 0.0)
    assert bucket.spend(1, 0.0, 2)
    assert not bucket.spend(1, 0.5)
    assert bucket.spend(100, 0.5, 50)
