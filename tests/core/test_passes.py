"""Passes: what they are made of, and that each is good once, for one guest, on one log, for two minutes."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.audience import is_guest
from sio_server.broker.sqlite import SqliteBroker
from sio_server.core.passes import PASS_LIFE, Passes
from sio_server.errors import Refused
from tests.support.brokers import Ear, side_by_side
from tests.support.inbox_model import Clock

GUEST = "guest:0123456789abcdef"


@asynccontextmanager
async def opened(directory: Path | None = None, clock: Clock | None = None) -> AsyncIterator[SqliteBroker]:
    """Give a broker that is started."""
    broker = SqliteBroker(directory, now=clock or Clock())
    await broker.start(Ear())
    try:
        yield broker
    finally:
        await broker.close()


async def outcome(passes: Passes, text: str) -> str:
    """Return the guest whom a pass lets in, or the code that it is refused with, having seen both languages."""
    try:
        return (await passes.redeem(text)).user
    except Refused as refused:
        told = refused
    assert told.detail.es != str(told.detail)
    return told.kind.code


async def test_pass_is_good_once() -> None:
    """A pass lets its guest in once, and is refused from then on."""
    async with opened() as broker:
        passes = Passes(broker)
        made = passes.issue()
        assert is_guest(made.user)
        assert [await outcome(passes, made.text) for _ in range(3)] == [made.user, "unauthorized", "unauthorized"]


async def test_new_guest_has_a_new_name() -> None:
    """Whoever is not named is a new guest each time; who is named is who was named, with a pass of its own."""
    async with opened() as broker:
        passes = Passes(broker)
        made = [passes.issue() for _ in range(20)]
        assert len({one.user for one in made}) == len({one.text for one in made}) == 20
        again = [passes.issue(GUEST) for _ in range(3)]
        assert {one.user for one in again} == {GUEST}
        assert [await outcome(passes, one.text) for one in again] == [GUEST] * 3


async def test_token_is_the_guests_for_an_hour() -> None:
    """The token that a pass is good for is checked as its guest's, who has no role, and ends an hour later."""
    async with opened() as broker:
        passes = Passes(broker)
        entrance = await passes.redeem(passes.issue(GUEST).text)
        identity = Passes(broker).guests.identity(entrance.token, leeway=0)
        assert (identity.user, identity.roles, identity.topics) == (GUEST, (), ())
        assert identity.expires_at == entrance.expires_at
        assert 3590 < entrance.expires_at - time.time() <= 3600


async def test_of_many_at_once_one_is_let_in() -> None:
    """Of twenty who bring one pass at once to two nodes of one log, one is let in."""
    nodes = side_by_side()
    for node in nodes:
        await node.start(Ear())
    both = [Passes(node) for node in nodes]
    made = both[0].issue()
    found = await asyncio.gather(*(outcome(both[number % 2], made.text) for number in range(20)))
    assert sorted(found) == [made.user, *["unauthorized"] * 19]
    for node in nodes:
        await node.close()


async def test_pass_is_over_after_two_minutes() -> None:
    """A pass is good until two minutes have passed by the log's clock, whatever the wall's says, and not after."""
    clock = Clock()
    async with opened(clock=clock) as broker:
        wall = Clock(5.0)
        passes = Passes(broker, wall=wall)
        early, late = passes.issue(), passes.issue()
        assert early.expires_at == 5.0 + PASS_LIFE
        clock.seconds += PASS_LIFE - 1
        wall.seconds += 10 * PASS_LIFE
        assert await outcome(passes, early.text) == early.user
        clock.seconds += 1
        assert await outcome(passes, late.text) == "unauthorized"
        assert await outcome(passes, early.text) == "unauthorized"


async def test_use_holds_across_a_restart(tmp_path: Path) -> None:
    """A pass that was used is used after a restart, and one that was not is good still."""
    async with opened(tmp_path) as broker:
        used, kept = Passes(broker).issue(), Passes(broker).issue()
        assert await outcome(Passes(broker), used.text) == used.user
    async with opened(tmp_path) as broker:
        assert await outcome(Passes(broker), used.text) == "unauthorized"
        assert await outcome(Passes(broker), kept.text) == kept.user


async def test_pass_of_another_log_is_none(tmp_path: Path) -> None:
    """What another log has signed lets nobody in."""
    async with opened() as one, opened(tmp_path) as other:
        assert await outcome(Passes(other), Passes(one).issue().text) == "unauthorized"


async def test_pass_that_is_changed_anywhere_is_none() -> None:
    """A pass of which any sign is another, is missing or is doubled lets nobody in, and stays good itself."""
    async with opened() as broker:
        passes = Passes(broker)
        text = passes.issue(GUEST).text
        for at, sign in enumerate(text):
            other = "A" if sign != "A" else "B"
            for changed in (
                text[:at] + other + text[at + 1 :],
                text[:at] + text[at + 1 :],
                text[:at] + sign + text[at:],
            ):
                assert await outcome(passes, changed) == "unauthorized"
        assert await outcome(passes, text) == GUEST


@pytest.mark.parametrize("at", range(28))
async def test_name_time_and_chance_are_signed(at: int) -> None:
    """A pass with the signature of another body lets nobody in, whichever byte is another: no guest becomes another."""
    async with opened() as broker:
        passes = Passes(broker)
        whole = bytearray(base64.urlsafe_b64decode(passes.issue(GUEST).text.removeprefix("gp1_")))
        whole[at] ^= 1
        assert await outcome(passes, "gp1_" + base64.urlsafe_b64encode(whole).decode()) == "unauthorized"


@pytest.mark.parametrize("purpose", ["guest-pass", "guest-token", "socketio-recovery", ""])
async def test_each_key_has_one_purpose(purpose: str) -> None:
    """What the log's key for anything else has signed is no pass."""
    async with opened() as broker:
        passes = Passes(broker)
        body = base64.urlsafe_b64decode(passes.issue(GUEST).text.removeprefix("gp1_"))[:28]
        mac = hmac.digest(broker.secret(purpose), body, hashlib.sha256)
        found = await outcome(passes, "gp1_" + base64.urlsafe_b64encode(body + mac).decode())
        assert found == (GUEST if purpose == "guest-pass" else "unauthorized")


async def test_revoked_guest_has_no_way_back() -> None:
    """A pass of before its guest was put out lets nobody in; one that is made afterwards does."""
    async with opened() as broker:
        passes = Passes(broker)
        before, other = passes.issue(GUEST), passes.issue()
        await broker.revoke(GUEST, time.time() + 0.001)
        assert await outcome(passes, before.text) == "unauthorized"
        assert await outcome(passes, other.text) == other.user
        after = Passes(broker, wall=lambda: time.time() + 1)
        assert await outcome(after, after.issue(GUEST).text) == GUEST


@given(
    st.text() | st.text("gp1_Aa0-=+/ \ud800é", max_size=90) | st.from_regex(r"gp1_[A-Za-z0-9_-]{80}", fullmatch=True)
)
def test_any_text_is_refused(text: str) -> None:
    """Whatever is sent as a pass, it is refused with the one code."""

    async def asked() -> str:
        async with opened() as broker:
            return await outcome(Passes(broker), text)

    assert asyncio.run(asked()) == "unauthorized"
