"""Following, in the core: what a node does that hears of it late, and when the catalogue says something else."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import Followed
from sio_server.catalog import Catalog
from tests.support.links import TOURIST, Core, core
from tests.support.waiting import until

TOUR = Audience.of(topics=["tour:1"])
BOTH = Audience.of(topics=["tour:1"], roles=["turista"])


@pytest.fixture
async def made() -> AsyncIterator[Core]:
    """Return a core that is open."""
    async with core() as opened:
        yield opened


async def test_what_came_before_the_signal_is_handed_out_late(made: Core) -> None:
    """A node that hears of a follow after entries that it is for hands those out that the connection has not had."""
    _, link = await made.open(TOURIST)
    _, stranger = await made.open(Identity("8", ("guia",)))
    for audience in (TOUR, BOTH, TOUR):
        await made.publish(1, audience)
    made.broker.signal(Followed("7", "tour:1", 0, backend=True))
    await until(lambda: link.of("ns:topics"))
    await made.publish(1, TOUR)
    assert link.calls[-6:] == [
        ("live", 2),
        ("late", 1),
        ("late", 3),
        ("join", link.rooms),
        ("ns:topics", {"topics": ["cusco", "tour:1"]}),
        ("live", 4),
    ]
    assert (stranger.seqs, stranger.of("ns:topics")) == ([], [])


async def test_connection_on_its_way_gets_what_it_follows_on_the_way(made: Core) -> None:
    """A connection that is still catching up when its user follows gets the topic in order, with what it missed."""
    connection, link = await made.on_the_way(300)
    assert connection.catchup is not None
    await made.broker.follow("7", "tour:1", backend=True)
    await made.publish(1, TOUR)
    link.take_all()
    await until(lambda: link.of("ns:sync"))
    assert (link.seqs, "topic:tour:1" in link.rooms) == ([*range(1, 302)], True)


async def test_catalogue_that_says_otherwise_counts_at_once(made: Core) -> None:
    """Who follows what a new catalogue does not let them follow hears nothing of it from then on, until one does."""
    types = made.catalog.types
    made.take_catalog(Catalog(types, {"tour:*": "anyone"}))
    await made.broker.follow("7", "tour:1")
    _, link = await made.open(TOURIST)
    assert link.of("ns:hello")[0]["topics"] == ["cusco", "tour:1"]
    made.take_catalog(Catalog(types, {"tour:*": ("guia",)}))
    await until(lambda: not made.tasks)
    assert "topic:tour:1" not in link.rooms
    made.take_catalog(Catalog(types, {"tour:*": ("turista",)}))
    await until(lambda: not made.tasks)
    assert "topic:tour:1" in link.rooms
    assert [one["topics"] for one in link.of("ns:topics")] == [["cusco"], ["cusco", "tour:1"]]
