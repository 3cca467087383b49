"""Inboxes of the embedded log agree with a plain model of one, and no query of theirs walks the whole log."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from sio_server.audience import Audience, Identity
from sio_server.broker import Action, InboxPage, Status, View
from sio_server.broker.people import ROOM_KEPT
from sio_server.broker.sqlite import SqliteBroker, removal
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import Clock, Model, notification

ACTIONS: tuple[Action, ...] = ("seen", "read", "unread", "archive", "unarchive")
STATUSES: tuple[Status, ...] = ("all", "unread", "archived")
USERS = ("ana", "bea", "cid")
ROLES = ("admin", "guia")
TYPES = ("test", "booking")
AUDIENCES = st.builds(
    Audience.of,
    roles=st.lists(st.sampled_from(ROLES), max_size=2),
    users=st.lists(st.sampled_from(USERS), max_size=2),
    topics=st.lists(st.just("tour.7"), max_size=1),
    everybody=st.sampled_from([False, False, False, True]),
    except_users=st.lists(st.sampled_from(USERS), max_size=1),
)


@pytest.fixture
def clock() -> Clock:
    """Return a clock that stands still."""
    return Clock()


@pytest.fixture(params=["file", "memory"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> AsyncIterator[SqliteBroker]:
    """Give an open log, in a file and in memory."""
    log = SqliteBroker(tmp_path if request.param == "file" else None, now=clock)
    await log.start(Ear())
    yield log
    await log.close()


async def whole(
    broker: SqliteBroker, view: View, status: Status = "all", types: tuple[str, ...] = (), limit: int = 3
) -> list[int]:
    """Return the positions on all pages."""
    seqs: list[int] = []
    before: int | None = None
    while True:
        page = await broker.page(view, status=status, types=types, limit=limit, before=before)
        assert len(page.items) <= limit
        seqs.extend(item.entry.position.seq for item in page.items)
        if page.next_before is None:
            return seqs
        before = page.next_before


class InboxMachine(RuleBasedStateMachine):
    """Does the same to a log and to the model, and compares all they show after each step."""

    @initialize()
    def start(self) -> None:
        """Open a log in memory."""
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.model = Model()
        self.broker = SqliteBroker(None, now=self.clock)
        self.views: dict[str, View] = {}
        self.runner.run(self.broker.start(Ear()))
        for user in USERS[:2]:
            self.see(user, [])

    def teardown(self) -> None:
        """Close the log."""
        if hasattr(self, "runner"):
            self.runner.run(self.broker.close())
            self.runner.close()

    @rule(audience=AUDIENCES, event=st.sampled_from(TYPES), ttl=st.sampled_from([None, None, 2.0, 3.0, 5.0, 10.0]))
    def publish(self, audience: Audience, event: str, ttl: float | None) -> None:
        """Publish one notification."""
        if audience.is_empty():
            return
        made = notification(audience, event=event, at=self.clock.seconds, ttl=ttl)
        self.model.notifications.append(made)
        published = self.runner.run(appended(self.broker, made))
        assert published.position.seq == len(self.model.notifications)

    @rule(user=st.sampled_from(USERS), roles=st.lists(st.sampled_from(ROLES), unique=True))
    def see(self, user: str, roles: list[str]) -> None:
        """Let a user come, with some roles."""
        identity = Identity(user, tuple(roles), ("tour.7",))
        self.model.sight(identity, self.clock.seconds)
        self.views[user] = self.runner.run(self.broker.sight(user, identity.rooms()))
        assert dict(self.views[user].seen_from) == self.model.since[user]
        kept = self.runner.run(self.broker.view_of(user))
        assert dict(kept.seen_from) == self.model.kept(user, self.clock.seconds)

    @rule(seconds=st.sampled_from([1.0, 4.0, -2.0, ROOM_KEPT / 2]))
    def tick(self, seconds: float) -> None:
        """Let time pass, little or half of what a missing room is kept for, or set the clock back."""
        self.clock.seconds += seconds

    @rule(left=st.integers(0, 20))
    def retain(self, left: int) -> None:
        """Let the oldest go."""
        self.runner.run(self.broker.retain(max_count=left))
        self.model.retain(left)
        assert self.broker.floor() == self.model.floor

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

    def compare_searches(self) -> None:
        """Compare what is stored, for everybody and for each user."""
        found = self.runner.run(self.broker.search(after=0))
        assert [one.entry.seq for one in found.items] == self.model.stored()
        for user in self.model.rooms:
            found = self.runner.run(self.broker.search(user=user, after=0))
            assert [one.entry.seq for one in found.items] == self.model.stored_for(user, self.clock.seconds)

    @rule(data=st.data(), user=st.sampled_from(USERS), action=st.sampled_from(ACTIONS))
    def mark(self, data: st.DataObject, user: str, action: Action) -> None:
        """Change the state of some ids, whoever's they are."""
        if user not in self.views:
            return
        known = [made.id for made in self.model.notifications]
        ids = data.draw(st.lists(st.sampled_from([*known, "unknown"]), max_size=4))
        changed, ignored = self.model.mark(user, action, ids, self.clock.seconds)
        marked = self.runner.run(self.broker.mark(self.views[user], action, ids))
        assert (list(marked.ids), list(marked.ignored), marked.up_to) == (changed, ignored, None)
        self.compare_counts(user, marked.counts.unread, marked.counts.unseen, marked.counts.at_seq)

    @rule(data=st.data(), user=st.sampled_from(USERS), action=st.sampled_from(ACTIONS))
    def mark_all(self, data: st.DataObject, user: str, action: Action) -> None:
        """Change the state of everything, or of everything up to a position."""
        if user not in self.views:
            return
        up_to = data.draw(st.none() | st.integers(0, len(self.model.notifications) + 1))
        self.model.mark_all(user, action, up_to)
        marked = self.runner.run(self.broker.mark(self.views[user], action, None, up_to=up_to))
        self.compare_counts(user, marked.counts.unread, marked.counts.unseen, marked.counts.at_seq)

    def compare_counts(self, user: str, *counts: int) -> None:
        """Compare three counters of a user with the model's."""
        assert counts == self.model.counts(user, self.clock.seconds)

    @invariant()
    def agree(self) -> None:
        """Compare everything that can be seen."""
        for user, view in getattr(self, "views", {}).items():
            counts = self.runner.run(self.broker.counts(view))
            self.compare_counts(user, counts.unread, counts.unseen, counts.at_seq)
            for status in STATUSES:
                for types in ((), ("booking",)):
                    expected = self.model.page(user, status, types, self.clock.seconds)
                    assert self.runner.run(whole(self.broker, view, status, types)) == expected
            replayed = self.runner.run(self.broker.stretch(view, 0, 1000)).items
            expected = self.model.visible(user, self.clock.seconds)
            assert [entry.position.seq for entry in replayed] == expected


def test_inbox_agrees_with_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counters, pages and replays equal a plain model's after any publishes, sights, marks, time and retention.

    With so few notifications, what is there for many has to be had with few.
    """
    monkeypatch.setattr("sio_server.broker.sqlite.lanes.MAX_LANES", 2)
    monkeypatch.setattr("sio_server.broker.sqlite.views.KEPT_FROM", 1)
    monkeypatch.setattr("sio_server.broker.sqlite.retention.STEP_ROWS", 3)
    run_state_machine_as_test(InboxMachine, settings=settings(stateful_step_count=30, max_examples=60))


async def test_booking_before_the_first_visit_is_unread(broker: SqliteBroker) -> None:
    """What was published to a person who never connected waits in the inbox; broadcasts from before do not."""
    await appended(broker, notification(Audience.of(everybody=True)))
    personal = notification(Audience.of(users=["ana"]))
    await appended(broker, personal)
    view = await broker.sight("ana", Identity("ana").rooms())
    page = await broker.page(view)
    assert [item.entry.id for item in page.items] == [personal.id]
    assert (await broker.counts(view)).unread == 1


async def test_sights_survive_a_restart(tmp_path: Path) -> None:
    """First sights, marks and counters are the same after the log was closed and opened."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    rooms = Identity("ana", ("admin",)).rooms()
    view = await broker.sight("ana", rooms)
    for _ in range(3):
        await appended(broker, notification(Audience.of(roles=["admin"])))
    marked = await broker.mark(view, "archive", [(await broker.page(view)).items[1].entry.id])
    await broker.close()
    again = SqliteBroker(tmp_path)
    await again.start(Ear())
    try:
        assert await again.sight("ana", rooms) == view
        assert await again.counts(view) == marked.counts
        assert await whole(again, view, "archived") == [2]
    finally:
        await again.close()


async def test_page_and_its_counters_are_of_one_moment(broker: SqliteBroker) -> None:
    """Whatever is published meanwhile is in a page and in its counters, or in neither."""
    view = await broker.sight("ana", Identity("ana").rooms())
    pages = []
    for _ in range(40):
        publishing = asyncio.create_task(appended(broker, notification(Audience.of(everybody=True))))
        pages.append(await broker.page(view))
        await publishing
    for page in pages:
        newest = page.items[0].entry.seq if page.items else 0
        assert (page.counts.unread, page.counts.at_seq) == (len(page.items), newest)


async def test_many_rooms_are_merged(broker: SqliteBroker) -> None:
    """A user in more rooms than one query merges sees all of them in order, and each notification once."""
    topics = tuple(f"tour.{number}" for number in range(150))
    view = await broker.sight("ana", Identity("ana", (), topics).rooms())
    for number in range(0, 150, 10):
        await appended(broker, notification(Audience.of(topics=[topics[number], topics[-1 - number]])))
    expected = list(range(1, 16))
    assert await whole(broker, view) == expected[::-1]
    assert [found.position.seq for found in (await broker.stretch(view, 0, 100)).items] == expected
    assert (await broker.counts(view)).unread == len(expected)


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


async def test_counters_hold_whatever_the_times_to_live(broker: SqliteBroker, clock: Clock) -> None:
    """Notifications that expire in any order, more ways than a room has lanes for, are counted until they do."""
    view = await broker.sight("ana", Identity("ana").rooms())
    ttls = [*range(40, 0, -1), *range(1, 41)]
    for ttl in ttls:
        await appended(broker, notification(Audience.of(everybody=True), at=clock.seconds, ttl=float(ttl)))
    for second in range(42):
        left = sum(ttl > second for ttl in ttls)
        assert (await broker.counts(view)).unread == left
        assert len(await whole(broker, view, limit=100)) == left
        clock.seconds += 1


async def test_page_is_bounded(broker: SqliteBroker) -> None:
    """No page holds more than 100 items, whatever is asked for."""
    view = await broker.sight("ana", Identity("ana").rooms())
    await asyncio.gather(*(appended(broker, notification(Audience.of(everybody=True))) for _ in range(150)))
    page: InboxPage = await broker.page(view, limit=1000)
    assert (len(page.items), page.next_before) == (100, 51)


Query = Callable[[SqliteBroker, View], Awaitable[object]]
QUERIES: dict[str, Query] = {
    "page": lambda broker, view: broker.page(view, status="all"),
    "unread of a type": lambda broker, view: broker.page(view, status="unread", types=["test"]),
    "archive": lambda broker, view: broker.page(view, status="archived"),
    "counts": lambda broker, view: broker.counts(view),
    "mark": lambda broker, view: broker.mark(view, "read", ["x"]),
    "mark all": lambda broker, view: broker.mark(view, "read", None),
    "replay": lambda broker, view: broker.stretch(view, 5, 10),
    "search of a user": lambda broker, view: broker.search(types=["test"], user=view.user),
    "search of a type": lambda broker, _: broker.search(types=["test"]),
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
            await appended(broker, notification(shared))
        Watched.plans = []
        await query(broker, view)
    finally:
        await broker.close()
    assert Watched.plans
    tables = {"notification", "notification_room", "notification_except", "inbox", "inbox_state", "sight", "delivery"}
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
