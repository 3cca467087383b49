"""What is counted in two roles stays known while entries leave the log, and is right after whatever left it."""

from __future__ import annotations

import random
import sqlite3

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import Amendment, View
from sio_server.broker.sqlite import SqliteBroker, removal, views
from sio_server.broker.sqlite.cuts import Cut, Cuts
from sio_server.broker.sqlite.schema import migrate
from sio_server.extras import Extras
from tests.support.brokers import Ear, appended, appended_at_once
from tests.support.chance import again, seed
from tests.support.inbox_model import Clock, notification

BOTH = Audience.of(roles=["admin", "guia"])
AUDIENCES = [
    BOTH,
    Audience.of(roles=["admin"]),
    Audience.of(roles=["admin", "guia"], users=["ana"]),
    Audience.of(roles=["admin", "chofer"]),
    Audience.of(everybody=True),
]
ROOMS = Identity("ana", ("admin", "guia")).rooms()


async def work_of(broker: SqliteBroker, view: View) -> int:
    """What it takes to count for a view: instructions of SQLite's machine, in thousands."""
    ticks = 0

    def tick() -> int:
        nonlocal ticks
        ticks += 1
        return 0

    await broker._store.read(lambda connection: connection.set_progress_handler(tick, 1000))
    await broker.counts(view)
    await broker._store.read(lambda connection: connection.set_progress_handler(None, 0))
    return ticks


async def test_key_that_is_used_again_costs_no_recount() -> None:
    """Counters of somebody with two large roles cost as little after one took the place of another as before."""
    broker = SqliteBroker(None, now=Clock())
    await broker.start(Ear())
    view = await broker.sight("ana", ROOMS)
    await appended_at_once(broker, [notification(BOTH) for _ in range(5000)])
    whole, known = await work_of(broker, view), await work_of(broker, view)
    assert known * 10 < whole
    for audience in [Audience.of(roles=["admin"])] * 3 + [BOTH] * 3:
        await appended(broker, notification(audience, collapse="k"))
        assert await work_of(broker, view) * 10 < whole
    newest = await appended(broker, notification(BOTH))
    await broker.amend(newest.id, Amendment(members={"expires_at": None}, at=1, by="p"))
    assert await work_of(broker, view) * 10 < whole
    assert await broker.retain(max_count=4990) == 13
    assert await work_of(broker, view) * 10 < whole
    assert (await broker.counts(view)).unread == 4990
    await broker.close()


async def test_counts_are_right_after_whatever_left(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is published, replaced, changed, taken back, erased or let go, what is kept counts as counting anew."""
    monkeypatch.setattr("sio_server.broker.sqlite.views.KEPT_FROM", 1)
    monkeypatch.setattr("sio_server.broker.sqlite.cuts.MAX_CUTS", 5)
    drawn = seed()
    print(again(drawn))  # noqa: T201 - shown where the test fails
    draw = random.Random(drawn)  # noqa: S311 - a test draws
    clock = Clock()
    broker = SqliteBroker(None, now=clock)
    await broker.start(Ear())
    seen = [await broker.sight("ana", ROOMS)]
    for number in range(200):
        deed = draw.choice(["publish", "publish", "replace", "change", "change", "remove", "retain", "erase", "wait"])
        if deed == "erase" and number % 7 == 0:
            await broker.erase("ana")
            seen = [await broker.sight("ana", ROOMS)]
        elif deed == "wait":
            clock.seconds += draw.choice([1, 4])
        elif deed == "retain":
            await broker.retain(max_count=draw.choice([20, 40]))
        elif deed in ("change", "remove"):
            await _change(broker, draw, clock)
        else:
            extras = Extras(collapse_key=draw.choice("kl")) if deed == "replace" else None
            ttl = draw.choice([None, None, 3.0, 9.0])
            await appended(broker, notification(draw.choice(AUDIENCES), at=clock.seconds, ttl=ttl, extras=extras))
        if draw.random() < 0.1:
            seen.append(View("ana", dict.fromkeys(ROOMS, broker.head().seq)))
        for view in seen:
            if draw.random() < 0.5:
                assert (await broker.counts(view)).unread == await _anew(broker, view, clock), (number, view)
    await broker.close()


async def _change(broker: SqliteBroker, draw: random.Random, clock: Clock) -> None:
    """Take one out, take it back, or have it expire at another moment."""
    stored = (await broker.search(limit=50)).items
    if not stored:
        return
    one, at = draw.choice(stored).entry, int(clock.seconds * 1000)
    over = one.expires_at is not None and one.expires_at <= at
    if over or draw.random() < 0.3:
        await broker._writer.change(lambda step: removal.remove(step, one.seq))
    elif draw.random() < 0.5:
        await broker.retract(one.id, by="p", at=at)
    else:
        end = draw.choice([None, at, at + 5000])
        await broker.amend(one.id, Amendment(members={"expires_at": end}, at=at, by="p"))


async def _anew(broker: SqliteBroker, view: View, clock: Clock) -> int:
    now, nothing_known = int(clock.seconds * 1000), views.Overlaps(Cuts())
    return await broker._store.read(lambda connection: views.count(connection, view, 0, now, nothing_known))


def test_only_the_newest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more cuts than are remembered, or of one that says nothing, it is said that not all are known."""
    monkeypatch.setattr("sio_server.broker.sqlite.cuts.MAX_CUTS", 3)
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, "log")
    cuts, made = Cuts(), [Cut(seq, ("all", "user:a"), 9) for seq in range(6)]
    for one in made[:4]:
        cuts.note(connection, [one])
    assert (cuts.since(0, 4), cuts.since(1, 4), cuts.since(4, 4)) == (None, made[1:4], [])
    cuts.note(connection, None)
    assert (cuts.since(4, 5), cuts.since(1, 4)) == (None, made[1:4])
    cuts.note(connection, made[:4])
    assert cuts.since(5, 6) is None
    connection.close()


def test_what_is_undone_is_written_over() -> None:
    """A cut of a transaction that was undone is not taken for the one that then has its number."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    migrate(connection, "log")
    cuts = Cuts()
    connection.execute("BEGIN")
    cuts.note(connection, [Cut(1, ("all", "user:a"), 9)])
    connection.execute("ROLLBACK")
    assert cuts.since(0, 0) == []
    cuts.note(connection, [Cut(2, ("all", "user:a"), 9)])
    assert cuts.since(0, 1) == [Cut(2, ("all", "user:a"), 9)]
    connection.close()
