"""Counters that a change of the log has made other ones are told to those who may have had what has gone."""

from __future__ import annotations

import asyncio

import pytest

from sio_server.audience import Audience, Identity
from sio_server.core import recounts
from sio_server.extras import Extras
from tests.support.links import TOURIST, Core, NotedLink
from tests.support.waiting import until

KEYED = Extras(collapse_key="k")


async def counted(link: NotedLink, unread: int) -> None:
    """Wait until a connection was told that so many are unread."""
    await until(lambda: [told for told in link.of("ns:state") if told["counts"]["unread"] == unread], "the counters")


async def test_those_who_had_the_former_are_told(made: Core) -> None:
    """All connections of whoever may have had what was replaced are told the counters; nobody else is told anything."""
    nameless, other = Identity(None, ("turista",)), Identity("9", ("admin",))
    links = [(await made.open(identity))[1] for identity in (TOURIST, TOURIST, nameless, other)]
    await made.publish(audience=Audience(roles=("turista",)), extras=KEYED)
    _, late = await made.open(Identity("later", ("turista",)))
    await made.publish()
    assert all(link.of("ns:state") == [] for link in links)
    await made.publish(audience=Audience(roles=("turista",)), extras=KEYED)
    for link in links[:2]:
        await counted(link, 2)
        expected = {"action": "counted", "ids": [], "counts": {"unread": 2, "unseen": 2, "at_seq": 3}}
        assert link.of("ns:state") == [expected]
    assert all(link.of("ns:state") == [] for link in (*links[2:], late))


async def test_many_at_once_are_told_together(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often something is replaced, each user is told a few times, the last time rightly; and all of them."""
    monkeypatch.setattr(recounts, "EACH", 0.05)
    monkeypatch.setattr(recounts, "_LOOKS", 7)
    monkeypatch.setattr(recounts, "_MANY_TOLD", 10)
    people = [Identity(str(number), ("turista",)) for number in range(50)]
    links = [(await made.open(one))[1] for one in people]
    for _ in range(40):
        await made.publish(10, extras=KEYED)
        await made.publish(10, audience=Audience(users=("1",)), extras=KEYED)
    for number, link in enumerate(links):
        unread = 2 if number == 1 else 1
        await until(lambda link=link: link.of("ns:state"), "the counters")  # type: ignore[misc]
        await until(lambda link=link: link.of("ns:state")[-1]["counts"]["at_seq"] == 800, "the last ones")  # type: ignore[misc]
        assert [told["counts"]["unread"] for told in link.of("ns:state")][-1] == unread
        assert len(link.of("ns:state")) < 200
    await until(lambda: not len(made.tasks), "rest")


async def test_what_a_user_does_meanwhile_is_told_last(made: Core) -> None:
    """Counters that were read before the user read all are not told after it."""
    _, link = await made.open(TOURIST)
    for _ in range(20):
        await made.publish(extras=KEYED)
        await made.publish(extras=KEYED)
        await asyncio.gather(made.inboxes.recount("7"), made.inboxes.mark(TOURIST, "read", None))
        assert link.of("ns:state")[-1]["counts"]["unread"] == 0
