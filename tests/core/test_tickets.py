"""Tickets: each is good once and for half a minute, for whom it was made, and there are only so many."""

from __future__ import annotations

import asyncio

import pytest

from sio_server.audience import Identity
from sio_server.broker import Ticketed
from sio_server.broker.sqlite import SqliteBroker
from sio_server.core import tickets as module
from sio_server.core.tickets import TICKET_LIFE, TICKETS_OF_ONE, Tickets
from sio_server.errors import Refused
from tests.support.brokers import Ear, side_by_side
from tests.support.inbox_model import Clock

ANA = Identity("ana", ("turista",), ("tour:7",), expires_at=2_000_000_000.0)


def made(clock: Clock) -> Tickets:
    """Tickets by a clock that the test sets; tokens end in another time."""
    return Tickets(SqliteBroker(None), "one", now=clock, wall=lambda: 1_000_000_000.0)


async def outcome(tickets: Tickets, text: str) -> Identity | str:
    """Whom a ticket is for, or the code that it is refused with, having seen both languages."""
    try:
        return await tickets.redeem(text)
    except Refused as refused:
        told = refused
    assert told.detail.es != str(told.detail)
    return told.kind.code


async def test_ticket_is_good_once() -> None:
    """A ticket gives the identity that asked for it, whole, and is refused from then on, as what is no ticket is."""
    tickets = made(Clock())
    text = tickets.issue(ANA).text
    assert [await outcome(tickets, one) for one in (text, text, "", "tk1_", f"{text}x")] == [ANA, *["unauthorized"] * 4]


async def test_ticket_ends_after_half_a_minute() -> None:
    """A ticket is good up to half a minute, and what is over is forgotten."""
    clock = Clock()
    tickets = made(clock)
    first, second = tickets.issue(ANA), tickets.issue(ANA)
    assert first.life == TICKET_LIFE
    clock.seconds += TICKET_LIFE - 0.1
    assert await outcome(tickets, first.text) == ANA
    clock.seconds += 0.2
    assert await outcome(tickets, second.text) == "unauthorized"
    tickets.issue(ANA)
    clock.seconds += TICKET_LIFE
    tickets.issue(ANA)
    assert len(tickets) == 1


async def test_ticket_ends_with_its_token() -> None:
    """A ticket lives no longer than the token that asked for it; one in its leeway counts as good just now."""
    clock = Clock()
    tickets = made(clock)
    short = tickets.issue(Identity("ana", expires_at=1_000_000_005.0))
    late = tickets.issue(Identity("ana", expires_at=999_999_999.0))
    assert (short.life, late.life) == (5.0, TICKET_LIFE)
    clock.seconds += 6
    assert await outcome(tickets, short.text) == "unauthorized"
    assert isinstance(await outcome(tickets, late.text), Identity)


async def test_one_user_takes_none_of_others() -> None:
    """Who asks for too many tickets loses the oldest of the own, and nobody else loses one."""
    tickets = made(Clock())
    others = tickets.issue(Identity("bea"))
    own = [tickets.issue(ANA).text for _ in range(TICKETS_OF_ONE + 1)]
    assert len(tickets) == TICKETS_OF_ONE + 1
    assert [await outcome(tickets, one) for one in (own[0], own[1], own[-1])] == ["unauthorized", ANA, ANA]
    assert await outcome(tickets, others.text) == Identity("bea")


async def test_there_are_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """While as many tickets wait as may, another is refused for the moment, until one is used or over."""
    monkeypatch.setattr(module, "MAX_TICKETS", 2)
    clock = Clock()
    tickets = made(clock)
    first = tickets.issue(Identity("a"))
    tickets.issue(Identity("b"))
    with pytest.raises(Refused) as refused:
        tickets.issue(Identity("c"))
    assert (refused.value.kind.code, refused.value.retry_after) == ("rate_limited", 1)
    await tickets.redeem(first.text)
    tickets.issue(Identity("c"))
    clock.seconds += TICKET_LIFE
    tickets.issue(Identity("d"))
    assert len(tickets) == 1


async def test_all_are_forgotten_together() -> None:
    """What was issued before tokens were withdrawn is good no more; others of the same user can be had."""
    tickets = made(Clock())
    before = tickets.issue(ANA).text
    tickets.clear()
    assert (await outcome(tickets, before), await outcome(tickets, tickets.issue(ANA).text)) == ("unauthorized", ANA)


async def test_ticket_is_good_once_on_all_nodes() -> None:
    """A ticket of one node lets in at another, whole, and then at none; nobody reads its text on the way."""
    pair = side_by_side()
    ears = Ear(), Ear()
    for one, ear in zip(pair, ears, strict=True):
        await one.start(ear)
    made_here, elsewhere = (Tickets(one, name) for one, name in zip(pair, ("here", "there"), strict=True))
    text = made_here.issue(ANA).text
    (signal,) = ears[1].signals
    assert isinstance(signal, Ticketed)
    assert text not in repr(signal)
    for tickets in (made_here, elsewhere):
        tickets.heard(signal)
    assert (len(made_here), len(elsewhere)) == (1, 1)
    assert sorted(map(str, await asyncio.gather(*(outcome(one, text) for one in (made_here, elsewhere))))) == sorted(
        [str(ANA), "unauthorized"]
    )
    assert [await outcome(one, text) for one in (made_here, elsewhere)] == ["unauthorized"] * 2
    for one in pair:
        await one.close()
