"""What every broker promises of notifications that take the place of others, are changed or are taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import Amendment, Broker, Former, Published, View
from sio_server.errors import Refused
from sio_server.notification import Notification, Position
from tests.support.brokers import EVERYBODY, Ear, Reopen, appended, appended_at_once, positions
from tests.support.inbox_model import START, Clock
from tests.support.inbox_model import notification as made_for

ADMINS = Audience.of(roles=["admin", "guia"], users=["bea", "cid"])


def keyed(text: str = "", *, key: str = "k", audience: Audience = EVERYBODY, ttl: float | None = None) -> Notification:
    """A notification with a collapse key."""
    return made_for(audience, message=text, collapse=key, ttl=ttl)


# A moment in milliseconds, that of the clock of these tests.
AT = int(START * 1000)


def change(*, at: int = AT, by: str = "key:k", revision: int | None = None, **members: Any) -> Amendment:
    """What is to be other."""
    return Amendment(members=members, at=at, by=by, revision=revision)


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
        assert (await appended(broker, keyed(audience=ADMINS))).former == Former(outcomes[-1].id, 20, outcomes[1].id)

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

    async def test_word_goes_with_the_former(self, broker: Broker, ear: Ear) -> None:
        """Whoever was away hears nothing of changes to one whose place was taken, and no node keeps word of them."""
        view = await ana(broker)
        first = await appended(broker, keyed("a"))
        await broker.amend(first.id, Amendment(members={"message": "b"}, at=int(START * 1000), by="key:tests"))
        later = await appended(broker, keyed("c"))
        assert later.former == Former(first.id, 1, first.id, 2)
        assert await positions(broker, view) == [3]
        assert ear.heard[-1].effect is not None
        assert ear.heard[-1].effect.gone == (1, 2)

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


class AmendContract:
    """Changing what was published, and taking it back: ``broker`` calls back ``ear``, ``clock`` is the log's."""

    async def test_mended_where_it_stands(self, broker: Broker, ear: Ear) -> None:
        """A change shows in the item with its id, place and state; word of it is announced, and counts as nothing."""
        view = await ana(broker, "admin", "guia")
        made = [made_for(ADMINS, message=str(number), data={"n": number}) for number in range(3)]
        await appended_at_once(broker, made)
        await broker.mark(view, "read", [made[1].id])
        before = await broker.counts(view)
        wanted = change(message="otra", title="T", priority="high", group="g", link=None, data={"n": 9})
        assert await broker.amend(made[1].id, wanted) == (1, Position(broker.head().epoch, 4))
        assert await broker.amend(made[1].id, change(group=None, revision=1)) == (2, broker.head())
        (first, second), shown = ear.heard[3:], (await broker.page(view)).items[1]
        assert [(one.kind, one.event, one.id) for one in (first, second)] == 2 * [("updated", "ns:updated", made[1].id)]
        assert (shown.entry.seq, shown.entry.id, shown.read) == (2, made[1].id, True)
        envelope = shown.entry.envelope()
        assert (envelope["message"], envelope["title"], envelope["link"], envelope["revision"]) == (
            "otra",
            "T",
            None,
            2,
        )
        assert envelope["data"] == {"n": 9}
        assert envelope["updated_at"] == "2026-01-01T00:00:00.000Z"
        assert "group" not in envelope
        assert first.envelope()["group"] == "g"
        assert {**second.envelope(), "seq": 2, "cursor": envelope["cursor"]} == envelope
        assert (first.effect and first.effect.gone, second.effect and second.effect.gone) == ((), (4,))
        assert second.effect is not None
        assert second.effect.changed == shown.entry
        after = await broker.counts(view)
        assert (after.unread, after.unseen) == (before.unread, before.unseen)
        assert await positions(broker, view) == [1, 2, 3, 5]
        assert (await broker.stretch(view, 4, 10)).items == [second._replace(effect=None)]
        found = (await broker.search(text="otra")).items
        assert [one.entry.id for one in found] == [made[1].id]
        assert [one.entry.seq for one in (await broker.search(priority="high")).items] == [2]
        assert (await broker.size()).notifications == 3
        receipt = await broker.receipt(made[1].id)
        assert receipt is not None
        assert receipt.read == 1

    async def test_retracted_is_gone(self, broker: Broker, ear: Ear) -> None:
        """One that is taken back is in nothing any more; whoever was away gets word of it; once more is the same."""
        view = await ana(broker, "admin", "guia")
        made = [made_for(ADMINS, message=str(number)) for number in range(3)]
        await appended_at_once(broker, made)
        await broker.amend(made[1].id, change(message="x"))
        position = await broker.retract(made[1].id, by="key:k", at=AT)
        assert position == Position(broker.head().epoch, 5)
        assert await broker.retract(made[1].id, by="key:other", at=AT + 1) == position
        assert (await broker.counts(view)).unread == 2
        assert await texts(broker, view) == ["2", "0"]
        (word,) = (await broker.stretch(view, 3, 10)).items
        assert (word.kind, word.event, word.id, word.seq, word.body) == ("removed", "ns:removed", made[1].id, 5, b"")
        assert [entry.effect and entry.effect.gone for entry in ear.heard] == [None, None, None, (), (2, 4)]
        assert await broker.find(made[1].id) is None
        past = await broker.past(made[1].id)
        assert past is not None
        assert (past.action, past.by, past.at) == ("retracted", "key:k", AT)
        assert past.before is not None
        assert past.before.envelope()["message"] == "x"
        with pytest.raises(Refused, match="not_found"):
            await broker.amend(made[1].id, change(message="y"))

    async def test_what_cannot_be_changed(self, broker: Broker, clock: Clock) -> None:
        """Unknown, expired and replaced ones are refused, and old revisions; then nothing is announced."""
        old, new = keyed("old"), keyed("new")
        passing = made_for(EVERYBODY, persist=False)
        fleeting = made_for(EVERYBODY, ttl=10)
        for one in (old, new, passing, fleeting):
            await appended(broker, one)
        await broker.amend(new.id, change(message="newer"))
        clock.seconds += 11
        head = broker.head()
        for identity, code in ((old.id, "replaced"), (passing.id, "not_found"), (fleeting.id, "not_found")):
            with pytest.raises(Refused, match=code) as refused:
                await broker.amend(identity, change(message="x"))
            assert refused.value.extra == ({"replaced_by": new.id} if code == "replaced" else {})
            with pytest.raises(Refused, match=code):
                await broker.retract(identity, by="key:k", at=AT)
        for revision in (0, 2):
            with pytest.raises(Refused, match="revision_mismatch") as refused:
                await broker.amend(new.id, change(message="x", revision=revision))
            assert refused.value.extra == {"revision": 1}
        assert broker.head() == head
        assert await broker.past(new.id) is None

    async def test_other_time_to_live(self, broker: Broker, clock: Clock) -> None:
        """One can be made to expire sooner, later or never, and the counters are those of the pages at each time."""
        view = await ana(broker, "admin", "guia")
        made = [made_for(ADMINS, message=str(number), ttl=ttl) for number, ttl in enumerate((10, None, 10, 20, None))]
        await appended_at_once(broker, made)
        now = int(clock.seconds * 1000)
        await broker.amend(made[0].id, change(at=now, expires_at=now + 30_000))
        await broker.amend(made[1].id, change(at=now, expires_at=now + 5_000))
        await broker.amend(made[2].id, change(at=now, expires_at=None))
        for seconds, left in ((0, "43210"), (6, "4320"), (5, "4320"), (10, "420"), (10, "42")):
            clock.seconds += seconds
            assert await texts(broker, view) == list(left)
            assert (await broker.counts(view)).unread == len(left)
        assert [one.id for one in (await broker.stretch(view, 5, 10)).items] == [made[2].id]
        await broker.retract(made[2].id, by="key:k", at=now)
        assert (await broker.counts(view)).unread == 1

    async def test_amendments_go_to_whom_it_was_for(self, broker: Broker) -> None:
        """Word of a change is for whom the notification was for, no more and no less, and each word once."""
        await ana(broker, "admin", "guia")
        except_bea = Audience.of(roles=["admin", "guia"], except_users=["bea"])
        views = [
            await broker.sight(user, Identity(user, roles).rooms())
            for user, roles in (("ana", ("admin", "guia")), ("bea", ("admin",)), ("cid", ("turista",)))
        ]
        made = made_for(except_bea)
        await appended(broker, made)
        await broker.amend(made.id, change(message="x"))
        await appended(broker, made_for(EVERYBODY))
        await broker.retract(made.id, by="key:k", at=AT)
        assert [await positions(broker, view) for view in views] == [[3, 4], [3], [3]]
        assert [one.seq for one in (await broker.stretch(views[0], 0, 1)).items] == [3]

    async def test_history_of_a_thread(self, broker: Broker) -> None:
        """Who did what when, and what was before, for the whole thread, whichever of its ids is asked for."""
        made = [
            made_for(EVERYBODY, message=str(number), collapse="k", publisher=f"key:{number}") for number in range(3)
        ]
        plain = made_for(EVERYBODY, publisher="key:plain")
        await appended(broker, plain)
        await appended_at_once(broker, made[:2])
        await broker.amend(made[1].id, change(message="x", by="admin:ana"))
        await appended(broker, made[2])
        await broker.retract(made[2].id, by="key:k", at=AT)
        expected = [
            (made[0].id, "published", "key:0", None),
            (made[0].id, "replaced", "key:1", "0"),
            (made[1].id, "published", "key:1", None),
            (made[1].id, "updated", "admin:ana", "1"),
            (made[1].id, "replaced", "key:2", "x"),
            (made[2].id, "published", "key:2", None),
            (made[2].id, "retracted", "key:k", "2"),
        ]
        for one in made:
            happened = await broker.history(one.id)
            assert [
                (each.id, each.action, each.by, each.before and each.before.envelope()["message"]) for each in happened
            ] == expected
        assert [(each.action, each.by) for each in await broker.history(plain.id)] == [("published", "key:plain")]
        assert await broker.history("x") == ()

    async def test_history_is_bounded(self, broker: Broker) -> None:
        """Of one thread the newest are known, however often it was replaced; retention takes the rest with time."""
        made = [keyed(str(number)) for number in range(150)]
        await appended_at_once(broker, made)
        happened = await broker.history(made[-1].id)
        assert len([each for each in happened if each.action == "replaced"]) == 100
        assert await broker.past(made[10].id) is None
        assert await broker.past(made[140].id) is not None

    async def test_retention_takes_words_and_history(self, broker: Broker, clock: Clock) -> None:
        """What speaks of notifications goes by age as they do, by number as well, and with types that go sooner."""
        broker.keep_types({"booking": 5.0})
        view = await ana(broker)
        made = [made_for(EVERYBODY, event=event) for event in ("test", "booking", "test")]
        await appended_at_once(broker, made)
        for one in made[:2]:
            await broker.retract(one.id, by="key:k", at=AT)
        clock.seconds += 6
        assert [one.seq for one in (await broker.stretch(view, 3, 10)).items] == [4]
        await broker.retain(max_age=100)
        assert await broker.past(made[1].id) is None
        assert await broker.past(made[0].id) is not None
        await broker.amend(made[2].id, change(message="x"))
        clock.seconds += 95
        await broker.retain(max_age=100)
        assert (await broker.stretch(view, 0, 10)).items[-1].seq == 6
        assert await broker.past(made[0].id) is None
        assert broker.floor() == 5 - 1
        for _ in range(250):
            one = made_for(EVERYBODY)
            await appended(broker, one)
            await broker.retract(one.id, by="key:k", at=AT)
        await broker.retain(max_count=3)
        assert len((await broker.stretch(view, 0, 1000)).items) <= 2 * 3
        assert broker.head().seq == 506


class CollapseOfTwoNodesContract:
    """One log of two nodes: ``pair`` are both, ``ears`` whom they call back."""

    async def test_place_is_taken_through_either_node(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What one node published is replaced through the other, and both hear whose place was taken."""
        first = await appended(pair[0], keyed())
        # What left the log before a node had heard of it, that node does not hear of any more.
        await ears[1].until(lambda: len(ears[1].heard) == 1)
        second = await appended(pair[1], keyed())
        assert second.former == Former(first.id, 1, first.id)
        for ear in ears:
            await ear.until(lambda ear=ear: len(ear.heard) == 2)  # type: ignore[misc]
            assert [entry.effect and entry.effect.gone for entry in ear.heard] == [None, (1,)]


class DurableCollapseContract:
    """What survives the end of a node."""

    async def test_changes_survive_a_restart(self, broker: Broker, reopened: Reopen) -> None:
        """What was changed and taken back is so after the broker was closed and opened, and no position comes twice."""
        view = await ana(broker)
        made = [made_for(EVERYBODY, message=str(number)) for number in range(2)]
        await appended_at_once(broker, made)
        await broker.amend(made[0].id, change(message="x"))
        removed = await broker.retract(made[1].id, by="key:k", at=AT)
        again = await reopened(broker)
        assert again.head() == removed
        assert await texts(again, view) == ["x"]
        assert [one.kind for one in (await again.stretch(view, 0, 10)).items] == ["notification", "updated", "removed"]
        assert await again.retract(made[1].id, by="key:k", at=AT) == removed
        assert (await again.retract(made[0].id, by="key:k", at=AT)).seq == 5
        assert (await again.counts(view)).unread == 0
        assert len(await again.history(made[0].id)) == 3

    async def test_place_survives_a_restart(self, broker: Broker, reopened: Reopen) -> None:
        """After the broker was closed and opened the same is stored, and the next of the key takes its place."""
        view = await ana(broker)
        outcomes: list[Published] = await asyncio.gather(*(appended(broker, keyed(str(one))) for one in range(3)))
        again = await reopened(broker)
        assert await texts(again, view) == ["2"]
        assert (await again.counts(view)).unread == 1
        assert again.head().seq == 3
        assert (await appended(again, keyed("3"))).former == Former(outcomes[2].id, 3, outcomes[0].id)
        assert await texts(again, view) == ["3"]
