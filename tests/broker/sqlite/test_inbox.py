"""Inboxes of the embedded log agree with a plain model of one, and no query of theirs walks the whole log."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test

from sio_server.audience import Audience, Identity
from sio_server.broker import View
from sio_server.broker.sqlite import SqliteBroker, removal
from sio_server.extras import Extras
from tests.broker.contract.inbox import InboxMachine, whole
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import Clock, notification


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture(params=["file", "memory"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteBroker]:
    """Give an open log, in a file and in memory."""
    broker = SqliteBroker(tmp_path if request.param == "file" else None, now=clock)
    await broker.start(Ear())
    yield broker
    await broker.close()


class SqliteInboxMachine(InboxMachine):
    """The embedded log, of which entries can be taken out, too."""

    broker: SqliteBroker

    def opened(self) -> SqliteBroker:
        """A log in memory."""
        return SqliteBroker(None, now=self.clock)

    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        """Take one notification out, wherever it stands, or one that is not there any more."""
        if not self.model.notifications:
            return
        seq = data.draw(st.integers(1, len(self.model.notifications)))
        there = self.runner.run(self.broker._writer.change(lambda step: removal.remove(step, seq)))
        assert there == (seq in self.model.stored())
        self.model.removed.add(seq)
        made = self.model.notifications[seq - 1].id
        assert self.runner.run(self.broker.find(made)) is None
        assert self.runner.run(self.broker.receipt(made)) is None
        self.compare_searches()


def test_inbox_agrees_with_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counters, pages and replays equal a plain model's after any publishes, sights, marks, time and retention.

    With so few notifications, what is there for many has to be had with few.
    """
    monkeypatch.setattr("sio_server.broker.sqlite.lanes.MAX_LANES", 2)
    monkeypatch.setattr("sio_server.broker.sqlite.views.KEPT_FROM", 1)
    monkeypatch.setattr("sio_server.broker.sqlite.retention.STEP_ROWS", 3)
    run_state_machine_as_test(SqliteInboxMachine, settings=settings(stateful_step_count=30, max_examples=40))


async def test_rare_type_is_found_over_short_pages(broker: SqliteBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search for a rare type goes on over pages that may be empty, and finds it."""
    monkeypatch.setattr("sio_server.broker.sqlite.inbox.MAX_LOOKED_AT", 500)
    view = await broker.sight("ana", Identity("ana").rooms())
    await appended(broker, notification(Audience.of(everybody=True), event="booking"))
    await asyncio.gather(*(appended(broker, notification(Audience.of(everybody=True))) for _ in range(600)))
    first = await broker.page(view, types=["booking"])
    assert first.items == ()
    assert first.next_before is not None
    assert await whole(broker, view, types=("booking",)) == [1]


Query = Callable[[SqliteBroker, View], Awaitable[object]]
QUERIES: dict[str, Query] = {
    "page": lambda broker, view: broker.page(view, status="all"),
    "unread of a type": lambda broker, view: broker.page(view, status="unread", types=["test"]),
    "archive": lambda broker, view: broker.page(view, status="archived"),
    "counts": lambda broker, view: broker.counts(view),
    "mark": lambda broker, view: broker.mark(view, "read", ["x"]),
    "groups": lambda broker, view: broker.groups(view, before=10),
    "page of a group": lambda broker, view: broker.page(view, group="a"),
    "mark of a group": lambda broker, view: broker.mark_group(view, "read", "a"),
    "mark all": lambda broker, view: broker.mark(view, "read", None),
    "replay": lambda broker, view: broker.stretch(view, 5, 10),
    "search of a user": lambda broker, view: broker.search(types=["test"], user=view.user),
    "search of a type": lambda broker, _: broker.search(types=["test"]),
    "search by time and words": lambda broker, _: broker.search(text="hola", since=0, until=10**15),
    "search by id": lambda broker, _: broker.search(text="01a2204d-fbf4-72e6-97f3-9b56b7215210"),
    "receipt": lambda broker, _: broker.receipt("x"),
}


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
async def test_no_query_walks_a_table(query: Query, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's plan for each query an inbox makes searches by an index; none scans a table or sorts a room."""
    monkeypatch.setattr("sio_server.broker.sqlite.store.sqlite3.connect", watched_connect)
    Watched.plans = []
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    try:
        view = await broker.sight("ana", Identity("ana", ("admin", "guia"), ("tour.7",)).rooms())
        shared = Audience.of(roles=["admin", "guia"], users=["ana"])
        for _ in range(3):
            await appended(broker, notification(shared, extras=Extras(group="a")))
        Watched.plans = []
        await query(broker, view)
    finally:
        await broker.close()
    assert Watched.plans
    tables = {
        "notification",
        "notification_room",
        "notification_except",
        "inbox",
        "inbox_state",
        "sight",
        "delivery",
        "grouped",
    }
    scanned = [plan for plan in Watched.plans if plan.startswith("SCAN ") and plan.split()[1] in tables | set("nrxsd")]
    assert scanned == []


class Watched(sqlite3.Connection):
    """A connection that asks SQLite for the plan of each query before it is run."""

    plans: list[str] = []  # noqa: RUF012 - of the one test that runs

    def execute(self, sql: str, parameters: object = (), /) -> sqlite3.Cursor:
        """Keep the plan, then run."""
        if sql.lstrip().startswith(("SELECT", "WITH", "UPDATE inbox", "DELETE FROM inbox")):
            plan = super().execute(f"EXPLAIN QUERY PLAN {sql}", parameters)  # type: ignore[arg-type]
            Watched.plans.extend(detail for _, _, _, detail in plan)
        return super().execute(sql, parameters)  # type: ignore[arg-type]


CONNECT = sqlite3.connect


def watched_connect(name: str, **options: object) -> sqlite3.Connection:
    """Connect as the log does, with plans kept."""
    return CONNECT(name, factory=Watched, **options)  # type: ignore[call-overload, no-any-return]
