"""One publish of the Python client without a network: how long it waits for what, and what it gives up on."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import orjson
import pytest

from sio_server.client.bodies import NotifyRefused, NotifyUnavailable
from sio_server.client.exchange import (
    BACKOFF_FIRST,
    BACKOFF_MAX,
    Exchange,
    Reply,
    Target,
)

HOUR = 3600.0


def exchange(total: float = 10 * HOUR) -> Exchange:
    """A publish that may take so long."""
    return Target.of("http://127.0.0.1:1", "key", total, None).exchange({"type": "test"})


def reply(status: int, body: object = None, **headers: str) -> Reply:
    """An answer that has come in."""
    made = Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, time.monotonic() + HOUR)
    made.feed(orjson.dumps({} if body is None else body))
    return made


@pytest.mark.parametrize(("address", "loopback"), [("127.0.0.1", True), ("localhost", True), ("[::1]", True)])
def test_this_machine_is_told_from_others(address: str, loopback: bool) -> None:  # noqa: FBT001
    """An address of this machine is asked directly, whatever proxy the environment names; any other is not."""
    assert Target.of(f"http://{address}:8080", None, 1.0, None).loopback is loopback
    assert Target.of("https://notifications.example.org", None, 1.0, None).loopback is False
    assert Target.of("http://192.0.2.1", None, 1.0, None).loopback is False


@pytest.mark.parametrize("written", ["seconds", "moment", "moment without a zone"])
def test_server_that_asks_for_a_pause_gets_it(written: str) -> None:
    """``Retry-After`` is obeyed, whether it is in seconds or a moment."""
    moment = format_datetime(datetime.now(UTC) + timedelta(hours=2), usegmt=True)
    value = {"seconds": "7200", "moment": moment, "moment without a zone": moment.removesuffix(" GMT")}[written]
    waits = exchange().again(reply(503, retry_after=value))
    assert isinstance(waits, float)
    assert 2 * HOUR - 600 < waits <= 2 * HOUR


@pytest.mark.parametrize("value", ["", "soon", "-5", "Thu, 01 Jan 1970 00:00:00 GMT"])
def test_pause_that_is_none_is_a_short_one(value: str) -> None:
    """Nonsense or a moment that is over makes the client wait no longer than it does by itself."""
    waits = exchange().again(reply(503, retry_after=value))
    assert isinstance(waits, float)
    assert 0 < waits < 60


def test_pause_beyond_the_time_there_is_ends_it() -> None:
    """A publish that may not take as long as the server asks for is given up at once."""
    with pytest.raises(NotifyUnavailable, match="draining"):
        exchange(total=1.0).again(reply(503, {"code": "draining", "detail": "…"}, retry_after="60"))


def test_what_no_try_can_mend_is_given_up() -> None:
    """A protocol that cannot be spoken and an answer that cannot be read are not tried again."""
    with pytest.raises(NotifyUnavailable, match="cannot be asked"):
        exchange().failed(httpx.UnsupportedProtocol("no such protocol"))
    with pytest.raises(NotifyRefused):
        exchange().failed(httpx.DecodingError("not gzip"))


def test_waits_are_spread_and_bounded() -> None:
    """No two clients come back at the same moment, and however often one has tried, it waits no longer than so."""
    one = exchange()
    waits = [one.failed(httpx.ConnectError("refused")) for _ in range(12)]
    assert BACKOFF_FIRST / 2 <= waits[0] <= BACKOFF_FIRST
    assert all(BACKOFF_MAX / 2 <= wait <= BACKOFF_MAX for wait in waits[6:])
    assert len(set(waits)) == len(waits)
