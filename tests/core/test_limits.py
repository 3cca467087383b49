"""How much one peer may ask: connections by user and address, notifications by publisher key."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.core import limits
from sio_server.core.limits import ConnectionLimits, PublishRate, Quota
from sio_server.errors import Refused


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Give the limits a clock of the test."""
    made = Clock()
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=made.monotonic))
    return made


def refused_by(rate: PublishRate, publisher: str, count: int = 1) -> Refused:
    """How a publisher without quota is refused, seen in both languages."""
    with pytest.raises(Refused) as caught:
        rate.spend(publisher, count)
    return caught.value


# -- connections --


@pytest.mark.parametrize(
    ("made", "of_user", "of_address", "address", "let_in"),
    [
        (ConnectionLimits(), 10**6, 10**6, "192.0.2.1", True),
        (ConnectionLimits(per_user=2), 1, 0, "192.0.2.1", True),
        (ConnectionLimits(per_user=2), 2, 0, "192.0.2.1", False),
        (ConnectionLimits(per_user=2), 2, 0, "127.0.0.1", False),
        (ConnectionLimits(per_address=2), 0, 1, "192.0.2.1", True),
        (ConnectionLimits(per_address=2), 0, 2, "192.0.2.1", False),
        (ConnectionLimits(per_address=2), 0, 2, "2001:db8::1", False),
        (ConnectionLimits(per_address=2), 0, 2, "", True),  # who connects by a Unix socket
        (ConnectionLimits(per_address=2), 0, 2, "127.0.0.1", True),
        (ConnectionLimits(per_address=2), 0, 2, "::1", True),
    ],
)
def test_one_more_connection(
    made: ConnectionLimits, of_user: int, of_address: int, address: str, *, let_in: bool
) -> None:
    """A user and an address have so many and no more; 0 is no limit, and this machine's addresses are nobody's own."""
    if let_in:
        made.check(of_user, of_address, address)
        return
    with pytest.raises(Refused) as caught:
        made.check(of_user, of_address, address)
    refusal = caught.value
    assert (refusal.kind.code, refusal.retry_after) == ("rate_limited", 30)
    assert "2" in refusal.as_dict("en")["detail"]
    assert refusal.as_dict("es")["detail"] != refusal.as_dict("en")["detail"]


# -- publishing --


def test_no_rate_is_no_limit() -> None:
    """Without a rate nothing is counted."""
    assert [PublishRate(0).spend("p", 10**9) for _ in range(3)] == [None] * 3


def test_two_seconds_may_be_used_at_once(clock: Clock) -> None:
    """A publisher may use two seconds' worth at once, then as much as comes back, and is told how much is left."""
    rate = PublishRate(10)
    assert [rate.spend("p", 5) for _ in range(4)] == [
        Quota(10, 15, 1),
        Quota(10, 10, 1),
        Quota(10, 5, 2),
        Quota(10, 0, 2),
    ]
    refusal = refused_by(rate, "p")
    assert (refusal.kind.code, refusal.retry_after) == ("rate_limited", 1)
    clock.now += 0.1
    assert rate.spend("p") == Quota(10, 0, 2)
    clock.now += 3600
    assert rate.spend("p", 20) == Quota(10, 0, 2)


def test_refusal_uses_nothing_up(clock: Clock) -> None:
    """Who asks for more than is left gets nothing, keeps what there is, and is told how long to wait."""
    rate = PublishRate(2)
    rate.spend("p", 2)
    refusal = refused_by(rate, "p", 4)
    assert refusal.retry_after == 1
    assert refusal.headers == {"RateLimit-Policy": '"publish";q=2;w=1', "RateLimit": '"publish";r=2;t=1'}
    assert rate.spend("p", 2) == Quota(2, 0, 2)
    assert refused_by(rate, "p", 4).retry_after == 2


def test_publishers_have_a_quota_each(clock: Clock) -> None:
    """What one key uses is not another's."""
    rate = PublishRate(1)
    rate.spend("p", 2)
    assert rate.spend("q", 2) == Quota(1, 0, 2)
    assert refused_by(rate, "p").kind.code == refused_by(rate, "q").kind.code == "rate_limited"


def test_batch_larger_than_the_bucket_waits_for_a_full_one(clock: Clock) -> None:
    """What is more than two seconds' worth passes when the bucket is full, and is paid for afterwards."""
    rate = PublishRate(10)
    assert rate.spend("p", 50) == Quota(10, 0, 5)
    clock.now += 3
    assert refused_by(rate, "p").retry_after == 1
    clock.now += 0.1
    assert rate.spend("p") is not None
    assert refused_by(rate, "p", 50).retry_after == 2


def test_publishers_that_are_remembered_are_bounded(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of very many publishers those that were heard of longest ago are forgotten first."""
    monkeypatch.setattr(limits, "_MAX_BUCKETS", 3)
    rate = PublishRate(1)
    for publisher in ("a", "b", "c"):
        rate.spend(publisher, 2)
    clock.now += 1
    rate.spend("a")
    rate.spend("d", 2)
    assert list(rate._buckets) == ["c", "a", "d"]


@given(rate=st.integers(1, 1000), steps=st.lists(st.tuples(st.floats(0, 5), st.integers(1, 100)), max_size=50))
def test_no_more_passes_than_the_rate(rate: int, steps: list[tuple[float, int]]) -> None:
    """In any run of requests of a bucket's size at most, no more pass than two seconds' worth and the rate since."""
    clock = Clock()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "time", SimpleNamespace(monotonic=clock.monotonic))
        made, passed = PublishRate(rate), 0
        for pause, count in steps:
            clock.now += pause
            try:
                made.spend("p", min(count, 2 * rate))
            except Refused as refusal:
                check_wait(refusal)
            else:
                passed += min(count, 2 * rate)
            assert passed <= 2 * rate + rate * (clock.now - 1000.0) + 1e-6


def check_wait(refusal: Refused) -> None:
    """A refusal says in whole seconds how long to wait."""
    assert refusal.retry_after in (1, 2)
    assert "RateLimit" in refusal.headers
