"""The log becomes another one while a node runs: a standby without the last commits, a backup that was restored."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from sio_server.audience import Identity
from sio_server.broker import View
from sio_server.catalog import Catalog
from sio_server.core.pages import PAGE
from sio_server.notification import Position
from tests.support.links import TOURIST, Core, core
from tests.support.waiting import until

ANOTHER = "aaaaaaaaaaaa"


@pytest.fixture
async def made() -> AsyncIterator[Core]:
    """Return a core that is open."""
    async with core() as opened:
        yield opened


def go_back(made: Core, monkeypatch: pytest.MonkeyPatch) -> Position:
    """Let the log be another one that stands at 3, and the node hear of it; returns that position."""
    head = Position(ANOTHER, 3)
    monkeypatch.setattr(made.broker, "head", lambda: head)
    made.node.on_reset(head)
    return head


async def test_live_clients_are_told(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every client hears that it may have missed something, and from where it goes on, and stays in its rooms."""
    links = [(await made.open(identity))[1] for identity in (TOURIST, Identity("8"), Identity(None))]
    await made.publish(5)
    head = go_back(made, monkeypatch)
    for link in links:
        assert link.of("ns:sync") == [{"recovered": False, "replayed": 0, "cursor": head.cursor()}]
    assert links[0].rooms == TOURIST.rooms()
    assert made.metrics.counted["unrecovered"] == 3


async def test_nothing_of_before_is_replayed(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """The window begins anew, and a cursor of before is refused."""
    await made.open(TOURIST)
    await made.publish(5)
    cursor = made.cursor(2)
    head = go_back(made, monkeypatch)
    assert (len(made.window), made.window.floor) == (0, 3)
    _, link = await made.open(TOURIST, cursor)
    assert link.of("ns:hello")[0]["recovered"] is False
    assert link.of("ns:sync") == [{"recovered": False, "replayed": 0, "cursor": head.cursor()}]
    assert link.seqs == []


async def test_other_times_to_be_kept_are_asked_of_the_log(made: Core) -> None:
    """Where types are kept for another time from now on, what is in memory is let go of, and nobody misses anything."""
    _, link = await made.open(TOURIST)
    await made.publish(3)
    types = made.catalog.types
    made.take_catalog(Catalog(types))
    assert len(made.window) == 3
    made.take_catalog(Catalog({**types, "test": replace(types["test"], retention_days=7)}))
    assert (len(made.window), made.window.floor) == (0, 3)
    await made.publish(1)
    (entry,) = made.window.after(3, {"all": 0, "role:turista": 0}, None) or ()
    assert entry.expires_at is not None
    made.take_catalog(Catalog({**types, "test": replace(types["test"], retention_days=0)}))
    await made.publish(1)
    (entry,) = made.window.after(4, {"all": 0, "role:turista": 0}, None) or ()
    assert entry.expires_at is None
    _, again = await made.open(TOURIST, made.cursor(1))
    await until(lambda: again.of("ns:sync"))
    assert (again.seqs, again.of("ns:sync")[0]["recovered"]) == ([2, 3, 4, 5], True)
    assert link.seqs == [1, 2, 3, 4, 5]


async def test_replays_under_way_are_given_up(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is on the way from a cursor gets nothing more of it, is told so once, and is live from then on."""
    connection, link = await made.on_the_way(2 * PAGE)
    before = list(link.seqs)
    head = go_back(made, monkeypatch)
    link.take_all()
    await until(lambda: not made.tasks)
    assert (link.seqs, connection.catchup, connection.stream_from) == (before, None, 3)
    assert link.of("ns:sync") == [{"recovered": False, "replayed": 0, "cursor": head.cursor()}]
    assert link.rooms == TOURIST.rooms()


async def test_sight_that_was_lost_hides_nothing(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who was first seen after the point to which the log went back sees what comes after that point."""
    await made.publish(5)
    connection, _ = await made.open(TOURIST)
    assert connection.view.seen_from["all"] == 5
    go_back(made, monkeypatch)
    assert connection.view == View("7", {**dict.fromkeys(TOURIST.rooms(), 3), "user:7": 0})
