"""What every broker promises of what is delivered later: that it is once, and when, and what may come between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import pytest

from sio_server.audience import Audience
from sio_server.broker import MAX_GIST, Booked, Broker, DueChanged, Gist, Published, Round, Scheduled
from sio_server.broker.settling import settle
from sio_server.errors import Refused
from sio_server.extras import Choice, Extras
from sio_server.notification import Entry
from tests.support.brokers import Ear, Reopen, appended
from tests.support.inbox_model import START, Clock, notification

EVERYBODY = Audience.of(everybody=True)
NOW = int(START * 1000)
MOST = 100_000


def planned(after: int = 60, *, ttl: int | None = None, audience: Audience = EVERYBODY, **members: Any) -> Scheduled:
    """One that is due so many seconds from now."""
    collapse_key = members.pop("collapse_key", None)
    made = notification(audience, **members)
    if collapse_key is not None:
        made = type(made)(
            **{
                **{name: value for name, value in made._asdict().items() if name != "body"},
                "extras": Extras(collapse_key=collapse_key),
            }
        )
    due = NOW + after * 1000
    return Scheduled(made, due, NOW, "key:tests", ttl).moved(due)


async def delivered(broker: Broker, scheduled: Scheduled, at: int) -> Published:
    """Deliver one at a moment, and wait until that is settled; raises what it is settled with."""
    done: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
    broker.deliver(scheduled, at, partial(settle, done))
    return await done


async def waiting(broker: Broker) -> list[str]:
    """The ids of all that wait, the soonest first."""
    page = await broker.schedule_page(limit=1000)
    return [one.notification.id for one in page.items]


def ids(entries: Sequence[Entry]) -> list[str]:
    """The ids of entries."""
    return [entry.id for entry in entries]


class ScheduleContract:
    """Notifications that are delivered later."""

    async def test_delivered_once_it_is_due(self, broker: Broker, ear: Ear) -> None:
        """What is scheduled is in the log once its moment has come and not before, with its id and a new timestamp."""
        one = planned(60, data={"a": [1]})
        assert await broker.schedule(one, most=MOST) == Booked(one.notification.id, one.due)
        assert await broker.deliver_due(one.due - 1, limit=10) == Round(0, more=False, soonest=one.due)
        assert ear.heard == []
        assert await broker.deliver_due(one.due + 250, limit=10) == Round(1, more=False, soonest=None)
        (entry,) = ear.heard
        assert (entry.id, entry.seq, entry.publisher) == (one.notification.id, 1, one.notification.publisher)
        assert entry.envelope()["data"] == {"a": [1]}
        assert entry.envelope()["timestamp"] == "2026-01-01T00:01:00.250Z"
        assert await broker.deliver_due(one.due + 500, limit=10) == Round(0, more=False, soonest=None)
        assert len(ear.heard) == 1
        fate = await broker.fate(entry.id)
        assert fate is not None
        assert (fate.ending, fate.seq, fate.at, fate.due) == ("delivered", 1, one.due + 250, one.due)

    async def test_every_member_is_kept(self, broker: Broker, ear: Ear) -> None:
        """What was checked is delivered as it was checked, every member of it."""
        actions = (Choice(id="si", label={"es": "Sí", "en": "Yes"}, value=[1]), Choice(id="ver", label="x", link="/a"))
        members = notification(Audience.of(roles=["admin"], users=["ana"], except_users=["bea"]))._asdict()
        del members["body"]
        extras = Extras(group="g", actions=actions, texts={"en": {"title": "t"}}, collapse_key="k", image="https://x/y")
        more = {"title": "T", "link": "/l", "actor": {"id": "1"}, "source": "s", "publisher": "p", "priority": "high"}
        made = type(planned().notification)(**{**members, **more, "extras": extras, "locale": "en", "persist": False})
        one = Scheduled(made, NOW + 5000, NOW, "p").moved(NOW + 5000)
        await broker.schedule(one, most=MOST)
        assert await broker.scheduled(made.id) == one
        await broker.deliver_due(one.due, limit=1)
        (entry,) = ear.heard
        assert entry == Entry.of(one.notification, entry.position)

    async def test_soonest_first_in_steps(self, broker: Broker, ear: Ear) -> None:
        """What is due is delivered in order of its moments, a bounded number at a time."""
        made = [planned(seconds) for seconds in (50, 10, 40, 20, 30, 90)]
        for one in made:
            await broker.schedule(one, most=MOST)
        by_due = [one.notification.id for one in sorted(made, key=lambda one: one.due)]
        assert await waiting(broker) == by_due
        now = NOW + 60_000
        assert await broker.deliver_due(now, limit=3) == Round(3, more=True, soonest=NOW + 40_000)
        assert await broker.deliver_due(now, limit=3) == Round(2, more=False, soonest=NOW + 90_000)
        assert ids(ear.heard) == by_due[:5]
        assert await broker.held() == 1

    async def test_clock_set_back_repeats_nothing(self, broker: Broker, ear: Ear) -> None:
        """What was delivered is not scheduled any more, whatever the wall clock says afterwards."""
        one = planned(60)
        await broker.schedule(one, most=MOST)
        await broker.deliver_due(one.due, limit=9)
        for moment in (NOW - 10**9, one.due, one.due + 10**9):
            await broker.deliver_due(moment, limit=9)
        assert len(ear.heard) == 1

    async def test_ttl_counts_from_the_delivery(self, broker: Broker, ear: Ear, clock: Clock) -> None:
        """What expires after some time does so that long after its delivery, however late that is."""
        one = planned(60, ttl=10_000)
        await broker.schedule(one, most=MOST)
        clock.seconds += 3600
        await broker.deliver_due(int(clock.seconds * 1000), limit=9)
        (entry,) = ear.heard
        assert entry.expires_at == int(clock.seconds * 1000) + 10_000
        assert entry.envelope()["expires_at"] == "2026-01-01T01:00:10.000Z"

    async def test_expired_before_it_was_delivered(self, broker: Broker, ear: Ear) -> None:
        """What expired at a moment that its publisher named is taken out and not delivered where it is late."""
        made = notification(EVERYBODY, ttl=90)
        one = Scheduled(made, NOW + 60_000, NOW, "p")
        await broker.schedule(one, most=MOST)
        assert await broker.deliver_due(NOW + 90_000, limit=9) == Round(0, more=False, soonest=None)
        assert ear.heard == []
        fate = await broker.fate(made.id)
        assert fate is not None
        assert (fate.ending, fate.seq) == ("expired", None)

    async def test_deliver_one_now(self, broker: Broker, ear: Ear) -> None:
        """One is delivered before it is due when somebody says so, and not again when it is."""
        one = planned(60)
        await broker.schedule(one, most=MOST)
        assert (await delivered(broker, one, NOW + 5)).position.seq == 1
        with pytest.raises(Refused, match="not_found"):
            await delivered(broker, one, NOW + 6)
        await broker.deliver_due(one.due, limit=9)
        assert len(ear.heard) == 1

    async def test_delivered_by_two_at_once(self, broker: Broker, ear: Ear) -> None:
        """However many deliver one at the same time, one of them does."""
        one = planned(60)
        await broker.schedule(one, most=MOST)
        found = await asyncio.gather(
            *(delivered(broker, one, NOW) for _ in range(5)),
            broker.deliver_due(one.due, limit=9),
            broker.deliver_due(one.due, limit=9),
            return_exceptions=True,
        )
        assert len(ear.heard) == 1
        assert (
            sum(isinstance(outcome, Published) for outcome in found)
            + sum(outcome.delivered for outcome in found if isinstance(outcome, Round))
            == 1
        )

    async def test_cancelled_is_not_delivered(self, broker: Broker, ear: Ear) -> None:
        """What was cancelled is not delivered, also where it was about to be; who did it is remembered."""
        one = planned(60)
        await broker.schedule(one, most=MOST)
        assert await broker.cancel(one.notification.id, by="key:other", at=NOW + 7)
        assert not await broker.cancel(one.notification.id, by="key:other", at=NOW + 8)
        with pytest.raises(Refused, match="not_found"):
            await delivered(broker, one, NOW)
        await broker.deliver_due(one.due, limit=9)
        assert ear.heard == []
        assert await broker.scheduled(one.notification.id) is None
        fate = await broker.fate(one.notification.id)
        assert fate is not None
        assert (fate.ending, fate.ended_by, fate.at, fate.by) == ("cancelled", "key:other", NOW + 7, "key:tests")

    async def test_cancel_by_key(self, broker: Broker) -> None:
        """All with one key are cancelled together, whomever they are for, and no other."""
        mine = [planned(60, collapse_key="k", audience=Audience.of(users=[name])) for name in ("ana", "bea")]
        other = planned(60, collapse_key="other")
        for one in (*mine, other):
            await broker.schedule(one, most=MOST)
        gone = await broker.cancel_all("k", by="p", at=NOW)
        assert sorted(gone) == sorted(one.notification.id for one in mine)
        assert await broker.cancel_all("k", by="p", at=NOW) == ()
        assert await waiting(broker) == [other.notification.id]

    async def test_newer_of_a_key_takes_the_place(self, broker: Broker) -> None:
        """Of one key and one set of people the newest alone waits, whatever the order of their names."""
        first = planned(60, collapse_key="k", audience=Audience.of(users=["ana", "bea"]))
        second = planned(30, collapse_key="k", audience=Audience.of(users=["bea", "ana"]))
        other = planned(30, collapse_key="k", audience=Audience.of(users=["ana"]))
        await broker.schedule(first, most=MOST)
        assert (await broker.schedule(second, most=1)).replaces == first.notification.id
        assert (await broker.schedule(other, most=MOST)).replaces is None
        assert sorted(await waiting(broker)) == sorted([second.notification.id, other.notification.id])
        fate = await broker.fate(first.notification.id)
        assert fate is not None
        assert (fate.ending, fate.replaced_by) == ("replaced", second.notification.id)

    async def test_changed_in_place(self, broker: Broker, ear: Ear) -> None:
        """A change holds where nobody changed or delivered it meanwhile, and is what is delivered then."""
        one = planned(60, message="one")
        await broker.schedule(one, most=MOST)
        members = {name: value for name, value in one.notification._asdict().items() if name != "body"}
        other = Scheduled(type(one.notification)(**{**members, "message": "two"}), one.due, NOW, one.by).moved(
            NOW + 5000
        )
        assert await broker.reschedule(other)
        assert not await broker.reschedule(other)
        found = await broker.scheduled(one.notification.id)
        assert found is not None
        assert (found.revision, found.due) == (1, NOW + 5000)
        with pytest.raises(Refused, match="not_found"):
            await delivered(broker, one, NOW)
        await broker.deliver_due(NOW + 5000, limit=9)
        assert [entry.envelope()["message"] for entry in ear.heard] == ["two"]

    async def test_schedule_is_bounded(self, broker: Broker) -> None:
        """No more wait than may: the next is refused until one has gone."""
        made = [planned(60) for _ in range(3)]
        await broker.schedule(made[0], most=2)
        await broker.schedule(made[1], most=2)
        with pytest.raises(Refused, match="too_many_scheduled"):
            await broker.schedule(made[2], most=2)
        await broker.cancel(made[0].notification.id, by="p", at=NOW)
        await broker.schedule(made[2], most=2)
        assert await broker.held() == 2

    async def test_pages(self, broker: Broker) -> None:
        """Pages go on where the one before ended, also among those that are due at one moment, and tell by type."""
        made = [planned(60, event="a" if number % 2 else "b") for number in range(5)]
        for one in made:
            await broker.schedule(one, most=MOST)
        names = sorted(one.notification.id for one in made)
        found: list[str] = []
        after = None
        while True:
            page = await broker.schedule_page(limit=2, after=after)
            found += [one.notification.id for one in page.items]
            after = page.next_after
            if after is None:
                break
        assert found == names
        page = await broker.schedule_page(limit=9, event="a")
        assert {one.notification.type for one in page.items} == {"a"}
        with pytest.raises(Refused, match="invalid_request"):
            await broker.schedule_page(limit=2, after="nowhere")

    async def test_nodes_hear_of_what_is_due(self, broker: Broker, ear: Ear) -> None:
        """Every node hears when something else is due, so that any of them can deliver it."""
        one = planned(60)
        await broker.schedule(one, most=MOST)
        await broker.reschedule(one.moved(NOW + 5000))
        assert ear.signals == [DueChanged(one.due), DueChanged(NOW + 5000)]


class ScheduleKeysContract:
    """Idempotency keys of what is delivered later."""

    async def test_repeat_is_the_first(self, broker: Broker, ear: Ear) -> None:
        """One key schedules once: a repeat gets the id and the moment of the first, before its delivery and after."""
        first, again = planned(60, key="k"), planned(90, key="k")
        await broker.schedule(first, most=MOST)
        expected = Booked(first.notification.id, first.due, duplicate=True)
        assert await broker.schedule(again, most=MOST) == expected
        assert await broker.held() == 1
        await broker.deliver_due(first.due, limit=9)
        assert await broker.schedule(again, most=MOST) == expected
        assert len(ear.heard) == 1

    async def test_key_of_another_body(self, broker: Broker) -> None:
        """A key that another body had is refused, be it scheduled or published."""
        await broker.schedule(planned(60, key="k"), most=MOST)
        with pytest.raises(Refused, match="idempotency_mismatch"):
            await broker.schedule(planned(60, key="k", message="other"), most=MOST)
        await appended(broker, notification(EVERYBODY, key="l"))
        with pytest.raises(Refused, match="idempotency_mismatch"):
            await broker.schedule(planned(60, key="l", message="other"), most=MOST)

    async def test_late_repeat_publishes_nothing(self, broker: Broker, ear: Ear) -> None:
        """A repeat that comes when its moment is over, and so would be published, finds what was scheduled."""
        one = planned(60, key="k")
        await broker.schedule(one, most=MOST)
        await appended(broker, notification(EVERYBODY))
        waits = await appended(broker, notification(EVERYBODY, key="k"))
        assert (waits.id, waits.duplicate, waits.position.seq) == (one.notification.id, True, 1)
        await broker.deliver_due(one.due, limit=9)
        done = await appended(broker, notification(EVERYBODY, key="k"))
        assert (done.id, done.duplicate, done.position.seq) == (one.notification.id, True, 2)
        assert len(ear.heard) == 2


class ScheduleInLogContract:
    """What was scheduled among what was published."""

    async def test_found_by_the_time_of_its_delivery(self, broker: Broker) -> None:
        """A search by time finds what was scheduled by when it was delivered, not by when it was scheduled."""
        one = planned(3600)
        await broker.schedule(one, most=MOST)
        await broker.deliver_due(one.due, limit=9)
        for query, expected in (
            ({"since": one.due - 1, "until": one.due + 1}, 1),
            ({"since": one.due + 1}, 0),
            ({"since": NOW - 1, "until": NOW + 1}, 0),
            ({"since": NOW - 1}, 1),
            ({"until": one.due}, 0),
        ):
            page = await broker.search(**query)  # type: ignore[arg-type] # mypy joins the types of the values
            assert len(page.items) == expected, query

    async def test_fate_goes_with_the_entry(self, broker: Broker, clock: Clock) -> None:
        """What became of a delivered one is forgotten with it."""
        one = planned(60)
        await broker.schedule(one, most=MOST)
        await broker.deliver_due(one.due, limit=9)
        clock.seconds += 10 * 24 * 3600
        assert await broker.retain(max_age=24 * 3600) == 1
        assert await broker.fate(one.notification.id) is None

    async def test_gist_of_what_was_not_delivered(self, broker: Broker) -> None:
        """What was cancelled, replaced or expired is remembered with what it said in short, and not with its data."""
        ana = Audience.of(users=["ana"])
        one = planned(60, collapse_key="k", audience=ana, message="ñ" * (MAX_GIST + 1), data={"secret": 1})
        plain = planned(60, collapse_key="k", audience=ana)
        two = replace(plain, notification=plain.notification.changed(title="Dos"))
        over = Scheduled(notification(EVERYBODY, ttl=90), NOW + 60_000, NOW, "p")
        for each in (one, two, over):
            await broker.schedule(each, most=MOST)
        assert await broker.cancel(two.notification.id, by="p", at=NOW)
        await broker.deliver_due(NOW + 90_000, limit=9)
        for each, message in (
            (one, "ñ" * MAX_GIST),
            (two, two.notification.message),
            (over, over.notification.message),
        ):
            made, fate = each.notification, await broker.fate(each.notification.id)
            assert fate is not None
            assert fate.gist == Gist(made.type, made.title, message, made.audience)

    async def test_retention_takes_what_was_not_delivered(self, broker: Broker, clock: Clock) -> None:
        """What was cancelled is remembered for as long as a notification of its type and age is kept, and no longer."""
        broker.keep_types({"brief": 60})
        made = [planned(3600), planned(3600, event="brief"), planned(3600)]
        for one in made:
            await broker.schedule(one, most=MOST)
            assert await broker.cancel(one.notification.id, by="p", at=NOW)
        clock.seconds += 61
        await broker.retain(max_age=3600)
        assert [await broker.fate(one.notification.id) is not None for one in made] == [True, False, True]
        await broker.retain(max_count=1)
        assert [await broker.fate(one.notification.id) is not None for one in made] == [False, False, True]
        clock.seconds += 3600
        await broker.retain(max_age=3600)
        assert await broker.fate(made[2].notification.id) is None

    async def test_delivery_is_known_after_the_end(self, broker: Broker, clock: Clock) -> None:
        """That one was scheduled is known of what was delivered and is gone, for as long as its history is."""
        made = [planned(60, collapse_key="k"), planned(60, audience=Audience.of(users=["ana"]))]
        for one in made:
            await broker.schedule(one, most=MOST)
        await broker.deliver_due(made[0].due, limit=9)
        await appended(broker, notification(EVERYBODY, collapse="k"))
        await broker.retract(made[1].notification.id, by="p", at=NOW)
        for one in made:
            fate = await broker.fate(one.notification.id)
            assert fate is not None
            assert (fate.ending, fate.at, fate.seq, fate.gist) == ("delivered", one.due, None, None)
        await broker.erase("ana")
        assert await broker.fate(made[1].notification.id) is None
        clock.seconds += 3600
        await broker.retain(max_age=1800)
        assert await broker.fate(made[0].notification.id) is None

    async def test_counted_like_any_other(self, broker: Broker) -> None:
        """What is scheduled is in no inbox, and in the inbox of whom it is for once it is delivered."""
        view = await broker.sight("ana", ("user:ana", "all"))
        one = planned(60)
        await broker.schedule(one, most=MOST)
        assert (await broker.counts(view)).unread == 0
        await broker.deliver_due(one.due, limit=9)
        assert (await broker.counts(view)).unread == 1
        assert [entry.id for entry in (await broker.stretch(view, 0, 9)).items] == [one.notification.id]


class DurableScheduleContract:
    """What survives the end of a node, as in `DurableLogContract`."""

    async def test_schedule_outlives_the_end(self, broker: Broker, reopened: Reopen) -> None:
        """What is scheduled is there after the log was closed and opened again, and what was delivered is not."""
        one, two = planned(60), planned(90)
        await broker.schedule(one, most=MOST)
        await broker.schedule(two, most=MOST)
        await broker.deliver_due(one.due, limit=9)
        again = await reopened(broker)
        assert await waiting(again) == [two.notification.id]
        assert await again.held() == 1
        fate = await again.fate(one.notification.id)
        assert fate is not None
        assert fate.ending == "delivered"
        assert await again.deliver_due(two.due, limit=9) == Round(1, more=False, soonest=None)


class ScheduleOfTwoNodesContract:
    """What is delivered later, where there are several nodes."""

    async def test_one_node_delivers(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What all nodes find due at once is delivered once, and heard by each."""
        made = [planned(60) for _ in range(40)]
        for one in made:
            await pair[0].schedule(one, most=MOST)
        await ears[1].until_signal(DueChanged(made[0].due))
        rounds = await asyncio.gather(*(node.deliver_due(made[0].due, limit=100) for node in pair for _ in range(3)))
        assert sum(done.delivered for done in rounds) == 40
        for ear in ears:
            await ear.until(lambda ear=ear: len(ear.heard) == 40)  # type: ignore[misc] # mypy infers no default
            assert len(set(ids(ear.heard))) == 40
