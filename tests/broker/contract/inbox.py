"""What every broker promises of inboxes: pages and counters of one moment, states, and who hears of a change."""

from __future__ import annotations

import asyncio
import math

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from sio_server.audience import Audience, Identity
from sio_server.broker import Action, Broker, InboxChanged, InboxPage, Status, View
from sio_server.broker.people import ROOM_KEPT
from tests.support.brokers import Ear, Reopen, appended, appended_at_once
from tests.support.inbox_model import Clock, Model, notification

EVERYBODY = Audience.of(everybody=True)
TIMES = st.sampled_from([None, None, 2.0, 3.0, 5.0, 10.0])
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


async def whole(
    broker: Broker, view: View, status: Status = "all", types: tuple[str, ...] = (), limit: int = 3
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
    """Does the same to a broker and to the model, and compares all they show after each step.

    A subclass gives `opened`.
    """

    def opened(self) -> Broker:
        """A broker that tells time by `clock`, and is not started."""
        raise NotImplementedError

    @initialize()
    def start(self) -> None:
        """Start an empty broker."""
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.model = Model()
        self.broker = self.opened()
        self.views: dict[str, View] = {}
        self.runner.run(self.broker.start(Ear()))
        for user in USERS[:2]:
            self.see(user, [])

    def teardown(self) -> None:
        """Close the log."""
        if hasattr(self, "runner"):
            self.runner.run(self.broker.close())
            self.runner.close()

    @rule(audience=AUDIENCES, event=st.sampled_from(TYPES), ttl=TIMES, key=st.sampled_from([None, None, "k"]))
    def publish(self, audience: Audience, event: str, ttl: float | None, key: str | None) -> None:
        """Publish one notification, which may take the place of another."""
        self.publish_at_once([(audience, event, ttl, key)])

    @rule(several=st.lists(st.tuples(AUDIENCES, st.sampled_from(TYPES), TIMES, st.sampled_from([None, "k", "l"]))))
    def publish_at_once(self, several: list[tuple[Audience, str, float | None, str | None]]) -> None:
        """Publish some in one commit, of which some may take the place of others."""
        first = len(self.model.notifications) + 1
        made = [
            notification(audience, event=event, at=self.clock.seconds, ttl=ttl, collapse=key)
            for audience, event, ttl, key in several
            if not audience.is_empty()
        ]
        published = self.runner.run(appended_at_once(self.broker, made))
        for one in made:
            self.model.publish(one, self.clock.seconds)
        assert [one.position.seq for one in published] == list(range(first, first + len(made)))

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

    @rule(ages=st.dictionaries(st.sampled_from(TYPES), st.sampled_from([1.0, 4.0, math.inf])))
    def keep(self, ages: dict[str, float]) -> None:
        """Keep some types for another time than the rest."""
        self.broker.keep_types(ages)
        self.model.ages = ages

    @rule(left=st.integers(0, 20))
    def retain(self, left: int) -> None:
        """Let the oldest go."""
        self.runner.run(self.broker.retain(max_count=left))
        self.model.retain(left, self.clock.seconds)
        assert self.broker.floor() == self.model.floor

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


class InboxContract:
    """Pages, counters and states: ``broker`` is started and calls back ``ear``."""

    async def test_booking_before_the_first_visit_is_unread(self, broker: Broker) -> None:
        """What was published to a person who never connected waits in the inbox; broadcasts from before do not."""
        await appended(broker, notification(Audience.of(everybody=True)))
        personal = notification(Audience.of(users=["ana"]))
        await appended(broker, personal)
        view = await broker.sight("ana", Identity("ana").rooms())
        page = await broker.page(view)
        assert [item.entry.id for item in page.items] == [personal.id]
        assert (await broker.counts(view)).unread == 1

    async def test_page_and_its_counters_are_of_one_moment(self, broker: Broker) -> None:
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

    async def test_many_rooms_are_merged(self, broker: Broker) -> None:
        """A user in more rooms than one query merges sees all of them in order, and each notification once."""
        topics = tuple(f"tour.{number}" for number in range(150))
        view = await broker.sight("ana", Identity("ana", (), topics).rooms())
        for number in range(0, 150, 10):
            await appended(broker, notification(Audience.of(topics=[topics[number], topics[-1 - number]])))
        expected = list(range(1, 16))
        assert await whole(broker, view) == expected[::-1]
        assert [found.position.seq for found in (await broker.stretch(view, 0, 100)).items] == expected
        assert (await broker.counts(view)).unread == len(expected)

    async def test_counters_hold_whatever_the_times_to_live(self, broker: Broker, clock: Clock) -> None:
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

    async def test_page_is_bounded(self, broker: Broker) -> None:
        """No page holds more than 100 items, whatever is asked for."""
        view = await broker.sight("ana", Identity("ana").rooms())
        await asyncio.gather(*(appended(broker, notification(Audience.of(everybody=True))) for _ in range(150)))
        page: InboxPage = await broker.page(view, limit=1000)
        assert (len(page.items), page.next_before) == (100, 51)

    async def test_change_is_signalled_before_it_returns(self, broker: Broker, ear: Ear) -> None:
        """Every change of an inbox is heard of by the time the call returns: of ids, of all so far, or of nothing."""
        view = await broker.sight("ana", Identity("ana").rooms())
        made = [notification(EVERYBODY) for _ in range(3)]
        for one in made:
            await appended(broker, one)
        await broker.mark(view, "read", [made[1].id, "unknown"])
        await broker.mark(view, "seen", None, up_to=2)
        await broker.mark(view, "archive", [made[1].id])
        await broker.mark(view, "archive", [made[1].id])
        assert ear.signals == [
            InboxChanged("ana", "read", (made[1].id,), None),
            InboxChanged("ana", "seen", (), 2),
            InboxChanged("ana", "archive", (made[1].id,), None),
            InboxChanged("ana", "archive", (), None),
        ]

    async def test_change_is_signalled_though_nobody_waits(self, broker: Broker, ear: Ear) -> None:
        """Whoever asked for a change may give up: if it is made, it is heard of."""
        view = await broker.sight("ana", Identity("ana").rooms())
        await appended(broker, notification(EVERYBODY))
        marking = asyncio.create_task(broker.mark(view, "read", None))
        await asyncio.sleep(0)
        marking.cancel()
        await asyncio.gather(marking, return_exceptions=True)
        unread = (await broker.counts(view)).unread
        await broker.mark(view, "seen", None)
        assert len(ear.signals) == 2 - unread

    async def test_page_of_a_status_holds_no_other(self, broker: Broker) -> None:
        """Archived items are on the pages of the archive alone, read ones on none of what is unread."""
        view = await broker.sight("ana", Identity("ana").rooms())
        made = [notification(EVERYBODY) for _ in range(4)]
        for one in made:
            await appended(broker, one)
        await broker.mark(view, "archive", [made[0].id])
        await broker.mark(view, "read", [made[2].id])
        assert await whole(broker, view) == [4, 3, 2]
        assert await whole(broker, view, "unread") == [4, 2]
        assert await whole(broker, view, "archived") == [1]


class InboxOfTwoNodesContract:
    """One inbox, whichever node is asked: ``pair`` are two nodes on one broker, ``ears`` whom they call back."""

    async def test_change_reaches_every_node(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What is read through one node is heard of by the other once, and counts there."""
        view = await pair[0].sight("ana", Identity("ana").rooms())
        made = notification(EVERYBODY)
        await appended(pair[1], made)
        await ears[0].until(lambda: bool(ears[0].heard))
        marked = await pair[0].mark(view, "read", [made.id])
        changed = InboxChanged("ana", "read", (made.id,), None)
        assert ears[0].signals == [changed]
        await ears[1].until_signal(changed)
        assert ears[1].signals == [changed]
        assert await pair[1].counts(view) == marked.counts
        page = await pair[1].page(view)
        assert [(item.entry.id, item.read) for item in page.items] == [(made.id, True)]

    async def test_changes_of_two_nodes_add_up(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """Changes that are made through both nodes at once are all made."""
        view = await pair[0].sight("ana", Identity("ana").rooms())
        made = [notification(EVERYBODY) for _ in range(20)]
        for one in made:
            await appended(pair[0], one)
        await asyncio.gather(*(pair[number % 2].mark(view, "read", [one.id]) for number, one in enumerate(made[:15])))
        assert (await pair[1].counts(view)).unread == 5


class DurableInboxContract:
    """What survives the end of a node."""

    async def test_sights_and_states_survive_a_restart(self, broker: Broker, reopened: Reopen) -> None:
        """First sights, marks and counters are the same after the broker was closed and opened."""
        rooms = Identity("ana", ("admin",)).rooms()
        view = await broker.sight("ana", rooms)
        for _ in range(3):
            await appended(broker, notification(Audience.of(roles=["admin"])))
        marked = await broker.mark(view, "archive", [(await broker.page(view)).items[1].entry.id])
        again = await reopened(broker)
        assert await again.sight("ana", rooms) == view
        assert await again.counts(view) == marked.counts
        assert await whole(again, view, "archived") == [2]
