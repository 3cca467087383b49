"""What every broker promises of an inbox by groups: what is put together, how many that are, what a mark reaches."""

from __future__ import annotations

import random
from typing import Any

from sio_server.audience import Audience, Identity
from sio_server.broker import MARKED_AT_ONCE, Broker, InboxChanged, Status, View
from sio_server.broker.groups import GroupsPage
from sio_server.extras import Extras
from sio_server.notification import Notification
from tests.broker.contract.inbox import ACTIONS, STATUSES
from tests.support.brokers import Ear, appended, appended_at_once
from tests.support.chance import again, seed
from tests.support.inbox_model import Clock, notification

ROOMS = Identity("ana", roles=("admin",)).rooms()
ANA = Audience.of(users=["ana"])


def grouped(name: str | None, audience: Audience = ANA, **members: Any) -> Notification:
    """One of a group."""
    made = notification(audience, **members)
    return made if name is None else made.changed(extras=Extras(group=name))


def told(page: GroupsPage) -> list[tuple[str | None, int, int, int]]:
    """The groups of a page: name, how many, how many of them unread, where the newest is."""
    return [(one.name, one.count, one.unread, one.newest.entry.seq) for one in page.items]


async def published(broker: Broker, *names: str | None) -> View:
    """Publish for ana with these groups; her view."""
    view = await broker.sight("ana", ROOMS)
    for name in names:
        await appended(broker, grouped(name))
    return view


class GroupsContract:
    """An inbox by groups."""

    async def test_same_name_is_one(self, broker: Broker) -> None:
        """What has one name is one item, by its newest; what has none is alone."""
        view = await published(broker, "a", None, "b", "a", None, "a")
        page = await broker.groups(view)
        assert told(page) == [("a", 3, 3, 6), (None, 1, 1, 5), ("b", 1, 1, 3), (None, 1, 1, 2)]
        assert (page.next_before, page.counts.unread) == (None, 6)

    async def test_pages_hold_each_once(self, broker: Broker) -> None:
        """A group is on the page of its newest, and on no other."""
        view = await published(broker, "a", "b", None, "a", "c", "b", "a")
        found: list[Any] = []
        before = None
        while True:
            page = await broker.groups(view, limit=1, before=before)
            found += told(page)
            before = page.next_before
            if before is None:
                break
        assert found == [("a", 3, 3, 7), ("b", 2, 2, 6), ("c", 1, 1, 5), (None, 1, 1, 3)]

    async def test_only_what_the_user_sees(self, broker: Broker, clock: Clock) -> None:
        """Others' of the same name, what the user is excepted from, and what expired count for nothing."""
        view = await broker.sight("ana", ROOMS)
        everybody = Audience.of(roles=["admin"], users=["ana"])
        await appended(broker, grouped("a", everybody))
        await appended(broker, grouped("a", Audience.of(users=["bea"])))
        await appended(broker, grouped("a", Audience.of(roles=["admin"], except_users=["ana"])))
        await appended(broker, grouped("a", ttl=10))
        assert told(await broker.groups(view)) == [("a", 2, 2, 4)]
        clock.seconds += 11
        assert told(await broker.groups(view)) == [("a", 1, 1, 1)]

    async def test_by_status(self, broker: Broker) -> None:
        """Each status has groups of its own items; the unread of a group are counted whatever its status."""
        view = await published(broker, "a", "a", "a", "b")
        ids = [item.entry.id for item in (await broker.page(view)).items][::-1]
        await broker.mark(view, "read", [ids[0]])
        await broker.mark(view, "archive", [ids[1]])
        assert told(await broker.groups(view)) == [("b", 1, 1, 4), ("a", 2, 1, 3)]
        assert told(await broker.groups(view, status="unread")) == [("b", 1, 1, 4), ("a", 1, 1, 3)]
        assert told(await broker.groups(view, status="archived")) == [("a", 1, 0, 2)]

    async def test_page_of_one_group(self, broker: Broker) -> None:
        """A page of the inbox can be of one group alone."""
        view = await published(broker, "a", None, "b", "a")
        page = await broker.page(view, group="a")
        assert [item.entry.seq for item in page.items] == [4, 1]
        assert (await broker.page(view, group="none")).items == ()

    async def test_mark_of_a_group(self, broker: Broker, ear: Ear) -> None:
        """A change of a group is one of its items that are not so yet, told by their ids."""
        view = await published(broker, "a", "b", "a", None)
        ids = [item.entry.id for item in (await broker.page(view)).items][::-1]
        await broker.mark(view, "read", [ids[0]])
        marked = await broker.mark_group(view, "read", "a")
        assert (marked.ids, marked.up_to, marked.counts.unread) == ((ids[2],), None, 2)
        assert ear.signals[-1] == InboxChanged("ana", "read", (ids[2],), None)
        await broker.mark(view, "archive", [ids[0]])
        assert (await broker.mark_group(view, "unread", "a")).ids == (ids[2],)
        assert set((await broker.mark_group(view, "archive", "a")).ids) == {ids[2]}
        assert set((await broker.mark_group(view, "unarchive", "a")).ids) == {ids[0], ids[2]}
        assert (await broker.mark_group(view, "seen", "none")).ids == ()

    async def test_large_group_is_counted_and_marked_whole(self, broker: Broker, ear: Ear, clock: Clock) -> None:
        """Of a group of thousands all are counted, and a change reaches all, told in parts of a bounded size."""
        view = await broker.sight("ana", ROOMS)
        others = Audience.of(roles=["admin"], users=["ana"])
        excepted = Audience.of(roles=["admin"], except_users=["ana"])
        many = MARKED_AT_ONCE + MARKED_AT_ONCE // 2
        made = [grouped("a", (ANA, others, ANA, excepted)[number % 4]) for number in range(many)]
        made[0] = grouped("a", ttl=10)
        await appended_at_once(broker, [*made, grouped("b"), grouped(None)])
        clock.seconds += 11
        seen = [one.id for number, one in enumerate(made) if number % 4 != 3 and number]
        assert told(await broker.groups(view))[2] == ("a", len(seen), len(seen), many - 1)
        marked = await broker.mark_group(view, "read", "a")
        assert (marked.ids, marked.counts.unread) == (tuple(seen[::-1]), 2)
        parts = [signal.ids for signal in ear.signals if isinstance(signal, InboxChanged)]
        assert (sum(parts, ()), max(map(len, parts))) == (marked.ids, MARKED_AT_ONCE)
        assert told(await broker.groups(view))[2] == ("a", len(seen), 0, many - 1)
        assert (await broker.mark_group(view, "read", "a")).ids == ()
        assert (await broker.mark_group(view, "unread", "a")).ids == tuple(seen[::-1])
        assert (await broker.mark_group(view, "archive", "a")).ids == tuple(seen[::-1])
        assert told(await broker.groups(view, status="archived")) == [("a", len(seen), 0, many - 1)]

    async def test_counts_agree_with_pages(self, broker: Broker, clock: Clock) -> None:
        """However items were marked, one by one and all, each group counts what its pages hold, on each page of groups.

        What was marked is drawn anew in each run.
        """
        view = await broker.sight("ana", ROOMS)
        drawn = seed()
        print(again(drawn))  # noqa: T201 - shown where the test fails
        draw = random.Random(drawn)  # noqa: S311 - a test draws
        for number in range(40):
            audience = draw.choice([ANA, Audience.of(roles=["admin"], users=["ana"]), Audience.of(everybody=True)])
            await appended(broker, grouped(draw.choice(["a", "b", "c", None]), audience, ttl=draw.choice([None, 5, 9])))
            ids = [item.entry.id for item in (await broker.page(view)).items]
            action = draw.choice(ACTIONS)
            if number % 3:
                await broker.mark(view, action, draw.sample(ids, min(len(ids), 3)))
            elif draw.random() < 0.5:
                await broker.mark(view, action, None)
            else:
                await broker.mark_group(view, action, draw.choice(["a", "b", "c"]))
            clock.seconds += draw.choice([0, 0, 1])
            for status in STATUSES:
                await self._compare(broker, view, status, limit=draw.choice([1, 2, 50]))

    async def _compare(self, broker: Broker, view: View, status: Status, *, limit: int) -> None:
        """Compare all pages of groups with all items of the inbox."""
        items = (await broker.page(view, status=status)).items
        expected: dict[Any, list[Any]] = {}
        for item in items:
            name = item.entry.envelope().get("group")
            expected.setdefault(item.entry.seq if name is None else name, []).append(item)
        found: list[Any] = []
        before = None
        while True:
            page = await broker.groups(view, status=status, limit=limit, before=before)
            found += [one[1:] for one in told(page)]
            for one in page.items:
                if one.name is not None:
                    members = (await broker.page(view, status=status, group=one.name)).items
                    assert list(members) == expected[one.name]
            before = page.next_before
            if before is None:
                break
        assert found == [
            (len(some), sum(not item.read for item in some), some[0].entry.seq) for some in expected.values()
        ]

    async def test_group_goes_with_its_entries(self, broker: Broker, clock: Clock) -> None:
        """What retention took, or what another took the place of, is in no group any more."""
        view = await published(broker, "a", "a")
        for _ in range(2):
            await appended(broker, notification(ANA).changed(extras=Extras(group="a", collapse_key="k")))
        assert told(await broker.groups(view)) == [("a", 3, 3, 4)]
        await broker.retain(max_count=2)
        assert told(await broker.groups(view)) == [("a", 2, 2, 4)]
