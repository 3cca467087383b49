"""What every broker promises of notifications that take the place of others, are changed or are taken back."""

from __future__ import annotations

import asyncio

import orjson
import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import Broker, Published, View
from sio_server.notification import Notification
from tests.support.brokers import EVERYBODY, Ear, Reopen, appended, appended_at_once, positions
from tests.support.inbox_model import Clock
from tests.support.inbox_model import notification as made_for

ADMINS = Audience.of(roles=["admin", "guia"], users=["bea", "cid"])


def keyed(text: str = "", *, key: str = "k", audience: Audience = EVERYBODY, ttl: float | None = None) -> Notification:
    """A notification with a collapse key."""
    return made_for(audience, message=text, collapse=key, ttl=ttl)


async def ana(broker: Broker, *roles: str) -> View:
    """What a user sees who comes now."""
    return await broker.sight("ana", Identity("ana", roles).rooms())


async def texts(broker: Broker, view: View) -> list[str]:
    """The messages of the whole inbox, newest first."""
    return [item.entry.envelope()["message"] for item in (await broker.page(view)).items]


class CollapseContract:
    """One in the place of another: ``broker`` is started and calls back ``ear``, ``clock`` is the log's."""

    async def test_newest_of_a_key_stays_alone(self, broker: Broker, ear: Ear) -> None:
        """Of fifty with one key the last is left, unread once; each names whose place it took, and the first of all."""
        view = await ana(broker)
        first = await appended(broker, keyed("0"))
        await broker.mark(view, "read", None)
        outcomes = [first, *[await appended(broker, keyed(str(number))) for number in range(1, 50)]]
        assert [one.position.seq for one in outcomes] == list(range(1, 51))
        assert first.former is None
        assert [one.former and one.former.id for one in outcomes[1:]] == [one.id for one in outcomes[:-1]]
        counts = await broker.counts(view)
        assert (counts.unread, counts.unseen, counts.at_seq) == (1, 1, 50)
        assert await texts(broker, view) == ["49"]
        assert await positions(broker, view) == [50]
        assert len(ear.heard) == 50
        assert [entry.effect and entry.effect.gone for entry in ear.heard] == [None, *[(seq,) for seq in range(1, 50)]]
        (item,) = (await broker.page(view)).items
        envelope = orjson.loads(ear.heard[-1].encode(replayed=True))
        assert item.entry.envelope(replayed=True) == envelope
        assert (envelope["replaces"], envelope["thread"]) == (outcomes[-2].id, first.id)
        assert "replaces" not in ear.heard[0].envelope()
        assert await broker.find(first.id) is None

    async def test_key_and_audience_make_the_place(self, broker: Broker) -> None:
        """Another key or another audience is another place; the order in which an audience is named is none."""
        view = await ana(broker, "admin")
        others = [keyed(key="l"), keyed(audience=ADMINS), keyed(audience=Audience.of(roles=["admin"]))]
        excepting = Audience(all=True, except_users=("bea",))
        for one in (keyed(), *others, keyed(audience=excepting), made_for(EVERYBODY), made_for(EVERYBODY)):
            assert (await appended(broker, one)).former is None
        assert (await broker.counts(view)).unread == 7
        turned = Audience(("guia", "admin"), ("cid", "bea"))
        assert (await appended(broker, keyed(audience=turned))).former is not None
        assert (await broker.counts(view)).unread == 7

    @pytest.mark.parametrize("pause", [False, True], ids=["one commit", "several"])
    async def test_within_one_commit(self, broker: Broker, ear: Ear, *, pause: bool) -> None:
        """Those of one commit take each other's place as those of several do, with others between them."""
        view = await ana(broker, "admin", "guia")
        made = [
            keyed(str(number), audience=ADMINS) if number % 2 else made_for(ADMINS, message=str(number))
            for number in range(20)
        ]
        if pause:
            outcomes = [await appended(broker, one) for one in made]
        else:
            outcomes = await appended_at_once(broker, made)
        assert [one.former and one.former.seq for one in outcomes[3::2]] == list(range(2, 20, 2))
        assert await texts(broker, view) == ["19", *[str(number) for number in range(18, -1, -2)]]
        assert (await broker.counts(view)).unread == 11
        assert await positions(broker, view) == [*range(1, 20, 2), 20]
        assert [entry.seq for entry in ear.heard] == list(range(1, 21))
        await broker.retain(max_count=3)
        assert (await broker.counts(view)).unread == 3
        assert (await appended(broker, keyed(audience=ADMINS))).former == (outcomes[-1].id, 20, outcomes[1].id)

    async def test_expired_one_has_no_place(self, broker: Broker, clock: Clock) -> None:
        """What has expired is replaced by nothing, and what comes then is the first of its thread."""
        view = await ana(broker)
        await appended(broker, keyed(ttl=10))
        assert (await appended(broker, keyed(ttl=20))).former is not None
        clock.seconds += 21
        fresh = await appended(broker, keyed("fresh"))
        assert fresh.former is None
        assert (await broker.counts(view)).unread == 1
        again = await appended(broker, keyed("again"))
        assert again.former is not None
        assert again.former.thread == fresh.id
        assert await texts(broker, view) == ["again"]

    async def test_repeated_publish_is_the_one_it_was(self, broker: Broker) -> None:
        """An idempotency key finds what it published after that was replaced, and takes nobody's place again."""
        view = await ana(broker)
        first = await appended(broker, self._repeatable("a"))
        later = await appended(broker, keyed("b"))
        again = await appended(broker, self._repeatable("a"))
        assert (again.id, again.position, again.duplicate, again.former) == (first.id, first.position, True, None)
        assert later.former is not None
        assert await texts(broker, view) == ["b"]

    async def test_what_is_not_stored_takes_no_place(self, broker: Broker) -> None:
        """A notification that is not to be stored replaces nothing, and nothing replaces it."""
        view = await ana(broker)
        await appended(broker, keyed("a"))
        passing = self._passing("b")
        assert (await appended(broker, passing)).former is None
        assert await texts(broker, view) == ["a"]

    async def test_state_goes_with_the_former(self, broker: Broker) -> None:
        """Whatever the former was, the one in its place is unread and not archived."""
        view = await ana(broker)
        for action in ("seen", "read", "archive"):
            made = keyed(action)
            await appended(broker, made)
            await broker.mark(view, action, [made.id])
        await appended(broker, keyed("last"))
        (item,) = (await broker.page(view)).items
        assert (item.seen, item.read, item.archived) == (False, False, False)
        assert (await broker.counts(view)).unread == 1

    async def test_away_client_gets_the_latest_alone(self, broker: Broker) -> None:
        """A stretch of the log from before has the newest of each key, in order."""
        view = await ana(broker)
        for number in range(6):
            await appended(broker, keyed(key=str(number % 2)))
        assert [entry.seq for entry in (await broker.stretch(view, 0, 100)).items] == [5, 6]
        assert [entry.seq for entry in (await broker.stretch(view, 5, 100)).items] == [6]

    @staticmethod
    def _repeatable(text: str) -> Notification:
        return made_for(EVERYBODY, message=text, collapse="k", key="once")

    @staticmethod
    def _passing(text: str) -> Notification:
        return made_for(EVERYBODY, message=text, collapse="k", persist=False)


class CollapseOfTwoNodesContract:
    """One log of two nodes: ``pair`` are both, ``ears`` whom they call back."""

    async def test_place_is_taken_through_either_node(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What one node published is replaced through the other, and both hear whose place was taken."""
        first = await appended(pair[0], keyed())
        second = await appended(pair[1], keyed())
        assert second.former == (first.id, 1, first.id)
        for ear in ears:
            await ear.until(lambda ear=ear: len(ear.heard) == 2)  # type: ignore[misc]
            assert [entry.effect and entry.effect.gone for entry in ear.heard] == [None, (1,)]


class DurableCollapseContract:
    """What survives the end of a node."""

    async def test_place_survives_a_restart(self, broker: Broker, reopened: Reopen) -> None:
        """After the broker was closed and opened the same is stored, and the next of the key takes its place."""
        view = await ana(broker)
        outcomes: list[Published] = await asyncio.gather(*(appended(broker, keyed(str(one))) for one in range(3)))
        again = await reopened(broker)
        assert await texts(again, view) == ["2"]
        assert (await again.counts(view)).unread == 1
        assert again.head().seq == 3
        assert (await appended(again, keyed("3"))).former == (outcomes[2].id, 3, outcomes[0].id)
        assert await texts(again, view) == ["3"]
