"""What a publisher key may use up: what replies say of it, and how a publish or a batch beyond it is refused."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sio_server.core import limits
from tests.support.publishing import SEED, assert_problem, post
from tests.support.servers import running, secured


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing of a quota come back while a test is at it, however long a busy machine takes."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 1000.0))


async def test_quota_is_told_and_enforced() -> None:
    """A reply tells what is left to a key, and a publish beyond it is 429 with when to come back, and not stored."""
    async with running(secured(publish_rate=1)) as server:  # a bucket of two
        first, _ = await post(server, "/notify", SEED)
        await post(server, "/notify", SEED)
        refused, body = await post(server, "/notify", SEED)
        head = server.core.broker.head().seq

    assert first.headers["RateLimit-Policy"] == '"publish";q=1;w=1'
    assert first.headers["RateLimit"].startswith('"publish";r=1;t=')
    assert_problem(refused, body, "rate_limited")
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.headers["RateLimit"].startswith('"publish";r=0;t=')
    assert head == 2


async def test_batch_uses_as_much_of_the_quota_as_it_has_items() -> None:
    """A batch is counted once for all of its items: either all of them may be published now, or none is."""
    async with running(secured(publish_rate=5)) as server:  # a bucket of ten
        accepted, reply = await post(server, "/v1/notifications/batch", [SEED] * 8)
        refused, body = await post(server, "/v1/notifications/batch", [SEED] * 8)
        head = server.core.broker.head().seq

    assert (accepted.status, reply["accepted"]) == (200, 8)
    assert accepted.headers["RateLimit"].startswith('"publish";r=2;t=')
    assert_problem(refused, body, "rate_limited")
    assert head == 8


async def test_no_quota_is_told_without_a_limit() -> None:
    """Where no rate is set, no reply speaks of one."""
    async with running(secured()) as server:
        single, _ = await post(server, "/notify", SEED)
        batch, _ = await post(server, "/v1/notifications/batch", [SEED])

    assert "RateLimit" not in {*single.headers, *batch.headers}
