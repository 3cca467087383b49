"""What every broker promises of followed topics: from when on they are seen, that they last, who hears of them."""

from __future__ import annotations

import asyncio

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import MAX_FOLLOWED, Broker, Followed, View
from sio_server.broker.follows import FollowedTopic
from sio_server.broker.people import ROOM_KEPT
from sio_server.errors import Refused
from tests.support.brokers import Ear, Reopen, appended, positions
from tests.support.inbox_model import Clock, notification

TOUR = Audience.of(topics=["tour:1"])
EVERYBODY = Audience.of(everybody=True)
ROOMS = Identity("ana").rooms()
DAY = 24 * 3600.0


class FollowsContract:
    """Topics that people follow."""

    async def test_seen_from_then_on(self, broker: Broker) -> None:
        """What comes after a follow is in the view of its user, whatever arrivals name, and nothing from before."""
        await appended(broker, notification(TOUR))
        before = await broker.sight("ana", ROOMS)
        made = await broker.follow("ana", "tour:1")
        assert (made.topic, made.seen_from, made.backend) == ("tour:1", 1, False)
        await appended(broker, notification(TOUR))
        view = await broker.sight("ana", ROOMS)
        assert view == View("ana", {**before.seen_from, "topic:tour:1": 1})
        assert view.followed == {"topic:tour:1": False}
        assert await positions(broker, view) == [2]
        assert await broker.view_of("ana") == view
        assert (await broker.counts(view)).unread == 1

    async def test_publish_on_its_way_is_before_the_follow(self, broker: Broker) -> None:
        """A follow begins where the log stands when it is durable: it is heard of before what comes after is."""
        publishing = asyncio.create_task(appended(broker, notification(TOUR)))
        await asyncio.sleep(0)
        made = await broker.follow("ana", "tour:1")
        await publishing
        assert made.seen_from == broker.head().seq == 1

    async def test_follow_again_goes_on(self, broker: Broker, ear: Ear) -> None:
        """Who follows already goes on from when it was, and nobody hears of it; the backend's word is the stronger."""
        first = await broker.follow("ana", "tour:1")
        await appended(broker, notification(TOUR))
        assert await broker.follow("ana", "tour:1") == first
        theirs = await broker.follow("ana", "tour:1", backend=True)
        assert (theirs.seen_from, theirs.since, theirs.backend) == (first.seen_from, first.since, True)
        assert (await broker.follow("ana", "tour:1")).backend
        assert ear.signals == [Followed("ana", "tour:1", 0), Followed("ana", "tour:1", 0, backend=True)]

    async def test_unfollow_ends_it(self, broker: Broker, ear: Ear) -> None:
        """Who follows no more sees nothing of the topic, and begins anew when following again."""
        await broker.sight("ana", ROOMS)
        await broker.follow("ana", "tour:1")
        await appended(broker, notification(TOUR))
        assert await broker.unfollow("ana", "tour:1")
        assert not await broker.unfollow("ana", "tour:1")
        assert await positions(broker, await broker.sight("ana", ROOMS)) == []
        assert await positions(broker, await broker.view_of("ana")) == []
        assert (await broker.follow("ana", "tour:1")).seen_from == 1
        assert await positions(broker, await broker.sight("ana", ROOMS)) == []
        told = [(signal.seen_from) for signal in ear.signals if isinstance(signal, Followed)]
        assert told == [0, None, 1]

    async def test_topic_of_a_token_stays(self, broker: Broker) -> None:
        """A topic that arrivals name as well is seen from the earlier of both, and stays when the follow ends."""
        rooms = Identity("ana", topics=("tour:1",)).rooms()
        await broker.follow("ana", "tour:1")
        await appended(broker, notification(TOUR))
        assert (await broker.sight("ana", rooms)).seen_from["topic:tour:1"] == 0
        await broker.unfollow("ana", "tour:1")
        view = await broker.sight("ana", rooms)
        assert (view.seen_from["topic:tour:1"], view.followed) == (1, {})

    async def test_follow_is_never_missing(self, broker: Broker, clock: Clock) -> None:
        """However long arrivals do not name a followed topic, or nobody arrives at all, it is seen."""
        await broker.follow("ana", "tour:1")
        await broker.sight("ana", ROOMS)
        await appended(broker, notification(TOUR))
        for _ in range(3):
            clock.seconds += ROOM_KEPT + 1
            await broker.forget(max_age=DAY)
            assert await positions(broker, await broker.sight("ana", ROOMS)) == [1]
        clock.seconds += 100 * DAY
        await broker.retain(max_age=DAY)
        assert await broker.forget(max_age=DAY) == 1
        assert [one.topic for one in await broker.followed("ana")] == ["tour:1"]

    async def test_followers_are_reached(self, broker: Broker) -> None:
        """Whom a topic reaches are those who follow it, be it that they never came; a receipt has those of its time."""
        for user in ("bea", "ana"):
            await broker.follow(user, "tour:1", backend=user == "bea")
        made = notification(TOUR)
        await appended(broker, made)
        await broker.follow("cid", "tour:1")
        reached = await broker.reach(Audience.of(topics=["tour:1"], users=["ana"]), first=5)
        assert (reached.users, reached.first) == (3, ("ana", "bea", "cid"))
        receipt = await broker.receipt(made.id)
        assert receipt is not None
        assert [one.user for one in receipt.users] == ["ana", "bea"]
        trail = await broker.trail(made.id, "bea")
        assert trail is not None
        assert not trail.known
        assert trail.rooms["topic:tour:1"].followed_since == (await broker.followed("bea"))[0].since

    async def test_followers_in_pages(self, broker: Broker) -> None:
        """Topics by name with how many follow each, and who does, page by page."""
        for user, topic in (("ana", "b"), ("bea", "b"), ("cid", "b"), ("ana", "a:1")):
            await broker.follow(user, topic)
        assert await broker.topics_followed(limit=5) == (FollowedTopic("a:1", 1), FollowedTopic("b", 3))
        assert await broker.topics_followed(limit=5, after="a:1") == (FollowedTopic("b", 3),)
        page = await broker.followers("b", limit=2)
        assert (page.total, [one.user for one in page.items], page.next_after) == (3, ["ana", "bea"], "bea")
        rest = await broker.followers("b", limit=2, after=page.next_after)
        assert (rest.total, [one.user for one in rest.items], rest.next_after) == (3, ["cid"], None)

    async def test_follows_are_bounded(self, broker: Broker) -> None:
        """One user follows so many topics and no more; what is followed already is no further one."""
        await asyncio.gather(*(broker.follow("ana", f"t{number}") for number in range(MAX_FOLLOWED)))
        await broker.follow("ana", "t7")
        with pytest.raises(Refused, match="too_many_topics"):
            await broker.follow("ana", "one more")
        await broker.unfollow("ana", "t7")
        await broker.follow("ana", "one more")
        await broker.follow("bea", "t7")

    async def test_who_follows_is_known_without_a_query(self, broker: Broker) -> None:
        """A user who follows something and comes again costs no query, with the same rooms or others of before."""
        await broker.follow("ana", "tour:1")
        view = await broker.sight("ana", ROOMS)
        again = broker.sight("ana", ROOMS)
        with pytest.raises(StopIteration) as done:
            again.send(None)
        assert done.value.value is view


class DurableFollowsContract:
    """What survives the end of a node, as in `DurableLogContract`."""

    async def test_follow_outlives_the_end(self, broker: Broker, reopened: Reopen) -> None:
        """What is followed is there after the log was closed and opened again."""
        made = await broker.follow("ana", "tour:1", backend=True)
        again = await reopened(broker)
        assert await again.followed("ana") == (made,)
        assert (await again.sight("ana", ROOMS)).followed == {"topic:tour:1": True}


class FollowsOfTwoNodesContract:
    """Topics that people follow, where a user has connections on several nodes."""

    async def test_follow_is_seen_on_every_node(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What a user follows by one node is in the user's views on all, and every node hears of it."""
        await pair[1].sight("ana", ROOMS)
        await pair[0].follow("ana", "tour:1")
        await ears[1].until_signal(Followed("ana", "tour:1", 0))
        assert "topic:tour:1" in (await pair[1].sight("ana", ROOMS)).seen_from
        await pair[1].unfollow("ana", "tour:1")
        await ears[0].until_signal(Followed("ana", "tour:1", None))
        assert "topic:tour:1" not in (await pair[0].sight("ana", ROOMS)).seen_from
