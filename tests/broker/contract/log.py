"""What every broker promises of the log: one order, announced once, read without a gap."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import orjson
import pytest

from sio_server.audience import Audience
from sio_server.broker import Broker, Published, View
from sio_server.errors import BrokerUnavailable, Refused
from sio_server.notification import Entry, Position
from tests.support.brokers import EVERYBODY, Ear, Reopen, appended, entries_of, notification
from tests.support.inbox_model import Clock

ADMINS = Audience.of(roles=["admin"])


class LogContract:
    """Appending and announcing: ``broker`` is started and calls back ``ear``."""

    async def test_head_of_an_empty_log_is_zero(self, broker: Broker, ear: Ear) -> None:
        """Before the first publish the head is 0 of a named epoch, and its cursor can be read back."""
        assert broker.head().seq == 0
        assert Position.parse(broker.head().cursor()) == broker.head()

    async def test_positions_follow_the_order_of_calls(self, broker: Broker, ear: Ear) -> None:
        """Calls made one after another on the loop get positions in that order, whatever goes into one commit."""
        sent = [notification(str(number)) for number in range(700)]
        published = await asyncio.gather(*(appended(broker, one) for one in sent))

        assert [one.position.seq for one in published] == list(range(1, 701))
        assert [one.id for one in published] == [one.id for one in sent]
        assert not any(one.duplicate for one in published)
        assert broker.head() == published[-1].position

    async def test_announcements_come_in_order_and_once(self, broker: Broker, ear: Ear) -> None:
        """The handler gets every entry once, in order, before its append is settled and with the head moved."""
        heads: list[Position] = []
        lasts: list[Position] = []
        settled: list[int] = []
        announced: list[tuple[int, int]] = []

        def look(batch: Sequence[Entry]) -> None:
            heads.append(broker.head())
            lasts.append(batch[-1].position)
            announced.append((len(settled), batch[0].seq))

        async def publish(number: int) -> None:
            settled.append((await appended(broker, notification(str(number)))).position.seq)

        ear.watch.append(look)
        await asyncio.gather(*map(publish, range(300)))

        assert [one.position.seq for one in ear.heard] == settled == list(range(1, 301))
        assert heads == lasts
        assert all(before < first for before, first in announced)

    async def test_append_settles_later_and_after_its_announcement(self, broker: Broker, ear: Ear) -> None:
        """Nothing is heard while an append is called, be it a duplicate or refused; then its entry, then its end."""
        known = notification("known", key="k")
        await appended(broker, known)
        told: list[str] = []
        ear.watch.append(lambda batch: told.extend(f"heard {one.id}" for one in batch))
        made = [notification("new"), notification("known", key="k"), notification("other", key="k")]
        ends: list[Published | Exception] = []
        ended = asyncio.Event()

        def settled(outcome: Published | Exception) -> None:
            told.append("settled")
            ends.append(outcome)
            if len(ends) == len(made):
                ended.set()

        for one in made:
            broker.append(one, settled)
            told.append("returned")
        await ended.wait()
        assert told == ["returned"] * 3 + [f"heard {made[0].id}"] + ["settled"] * 3
        assert isinstance(ends[2], Refused)

    async def test_publication_carries_what_was_published(self, broker: Broker, ear: Ear) -> None:
        """What is announced and what history gives back are the notification, its audience and source included."""
        audience = Audience(("admin",), ("1",), ("cusco",), except_users=("9",))
        sent = notification("ñ \u2028", data={"a": [1.5, None]}, audience=audience, source="reservas", link="/x")
        published = await appended(broker, sent)
        expected = Entry.of(sent, published.position)

        assert ear.heard == [expected]
        assert list(await entries_of(broker, ["user:1"], Position(published.position.epoch, 0), 10)) == [expected]
        envelope = orjson.loads(expected.encode(replayed=True))
        assert (envelope["message"], envelope["data"], envelope["replayed"]) == ("ñ \u2028", {"a": [1.5, None]}, True)

    async def test_history_is_in_order_each_once_and_bounded(self, broker: Broker, ear: Ear) -> None:
        """History is what was for any of the rooms after a position, in order, each once, at most so many."""
        both = Audience(("admin",), ("1",))
        start = broker.head()
        for audience in (both, Audience(("turista",)), EVERYBODY, Audience((), ("1",)), both):
            await appended(broker, notification(audience=audience))

        async def found(rooms: list[str], after: int = 0, limit: int = 10) -> list[int]:
            history = await entries_of(broker, rooms, Position(start.epoch, after), limit)
            return [entry.position.seq for entry in history]

        assert await found(["role:admin", "user:1", "all"]) == [1, 3, 4, 5]
        assert await found(["role:admin", "user:1", "all"], after=1, limit=2) == [3, 4]
        assert await found(["role:turista"]) == [2]
        assert await found(["role:turista' OR 1=1 --"]) == []
        assert await found(["all"], after=3) == []
        assert await found([]) == []

    async def test_position_of_another_log_has_no_history(self, broker: Broker, ear: Ear) -> None:
        """A position whose epoch is another log's gives nothing back."""
        await appended(broker, notification())
        assert list(await entries_of(broker, ["all"], Position("0123456789ab", 0), 10)) == []

    async def test_repeated_key_is_one_publication(self, broker: Broker, ear: Ear) -> None:
        """The same key with the same body has the id and place of the first, is a duplicate and is not announced."""
        first = await appended(broker, notification("a", key="k"))
        await appended(broker, notification("b"))
        again = await appended(broker, notification("a", key="k"))

        assert (again.id, again.position, again.duplicate) == (first.id, first.position, True)
        assert len(ear.heard) == 2
        assert broker.head().seq == 2

    async def test_repeated_key_in_one_commit_is_one_publication(self, broker: Broker, ear: Ear) -> None:
        """Twenty at once with one key are one entry and nineteen duplicates of it."""
        published = await asyncio.gather(*(appended(broker, notification("a", key="k")) for _ in range(20)))

        assert len({(one.id, one.position) for one in published}) == 1
        assert sorted(one.duplicate for one in published) == [False] + [True] * 19
        assert len(ear.heard) == 1

    async def test_key_with_another_body_is_refused(self, broker: Broker, ear: Ear) -> None:
        """A key that was used with another body is refused alone: its neighbours in the same commit are published."""
        results = await asyncio.gather(
            appended(broker, notification("a", key="k")),
            appended(broker, notification("b", key="k")),
            appended(broker, notification("c")),
            return_exceptions=True,
        )

        assert isinstance(results[1], Refused)
        assert results[1].kind.code == "idempotency_mismatch"
        assert [result.position.seq for result in results if isinstance(result, Published)] == [1, 2]

    async def test_keys_of_publishers_are_apart(self, broker: Broker, ear: Ear) -> None:
        """Two publishers may use the same key for different bodies."""
        one = await appended(broker, notification("a", key="k", publisher="p1"))
        two = await appended(broker, notification("b", key="k", publisher="p2"))
        assert (one.duplicate, two.duplicate) == (False, False)
        assert (one.position.seq, two.position.seq) == (1, 2)

    async def test_not_persisted_is_announced_and_takes_no_place(self, broker: Broker, ear: Ear) -> None:
        """Without persist nothing is kept, the position is the last kept one's, and it is announced."""
        await appended(broker, notification("kept"))
        passing = await appended(broker, notification("passing", persist=False, key="k"))
        again = await appended(broker, notification("passing", persist=False, key="k"))

        assert passing.position.seq == 1
        assert (again.id, again.duplicate) == (passing.id, True)
        assert [one.persist for one in ear.heard] == [True, False]
        assert len(await entries_of(broker, ["all"], Position(passing.position.epoch, 0), 10)) == 1

    async def test_cancelled_callers_do_not_break_a_batch(self, broker: Broker, ear: Ear) -> None:
        """Callers that give up meanwhile leave their neighbours their results and the order without a gap."""
        tasks = [asyncio.create_task(appended(broker, notification(str(number)))) for number in range(40)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        after = await appended(broker, notification("after"))

        assert all(isinstance(result, asyncio.CancelledError) for result in results[::2])
        kept = [result for result in results[1::2] if isinstance(result, Published)]
        assert len(kept) == 20
        announced = {one.id: one.position for one in ear.heard}
        assert all(announced[one.id] == one.position for one in kept)
        assert [one.position.seq for one in ear.heard] == list(range(1, after.position.seq + 1))

    async def test_closing_finishes_what_was_accepted(self, broker: Broker, ear: Ear) -> None:
        """Publishes that wait when the log is closed are done; those that come after are refused as unavailable."""
        tasks = [asyncio.create_task(appended(broker, notification(str(number)))) for number in range(50)]
        await asyncio.sleep(0)
        await broker.close()

        assert [(await task).position.seq for task in tasks] == list(range(1, 51))
        with pytest.raises(BrokerUnavailable):
            await appended(broker, notification())
        with pytest.raises(BrokerUnavailable):
            await entries_of(broker, ["all"], Position(broker.head().epoch, 0), 1)
        await broker.close()

    async def test_handler_that_fails_leaves_the_publish_done(self, broker: Broker, ear: Ear) -> None:
        """What is in the log was published, whatever becomes of the announcement; the next publish works."""

        def fail(_: object) -> None:
            raise ValueError

        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        ear.watch.append(fail)
        first = await appended(broker, notification("kept"))
        ear.watch.clear()
        second = await appended(broker, notification("next"))

        assert (first.position.seq, second.position.seq) == (1, 2)
        assert len(await entries_of(broker, ["all"], Position(first.position.epoch, 0), 10)) == 2


class StretchContract:
    """One read of the log that says what it covers."""

    async def test_stretch_covers_all_where_it_is_whole(self, broker: Broker) -> None:
        """Where fewer are left than are asked for, all up to the head is covered, whosever the rest is."""
        view = View("ana", {"role:admin": 0, "user:ana": 0})
        for audience in (ADMINS, EVERYBODY, ADMINS, EVERYBODY):
            await appended(broker, notification(audience=audience))
        stretch = await broker.stretch(view, 0, 10)
        assert ([one.seq for one in stretch.items], stretch.covered, stretch.floor) == ([1, 3], 4, 0)
        rest = await broker.stretch(view, 3, 10)
        assert (list(rest.items), rest.covered) == ([], 4)

    async def test_stretch_covers_as_far_as_its_limit(self, broker: Broker) -> None:
        """No more than so many are given, and what is covered ends with the last of them."""
        view = View("ana", {"all": 0})
        for _ in range(5):
            await appended(broker, notification())
        stretch = await broker.stretch(view, 1, 2)
        assert ([one.seq for one in stretch.items], stretch.covered) == ([2, 3], 3)

    async def test_stretches_one_after_another_leave_nothing_out(self, broker: Broker) -> None:
        """Whoever goes on from what was covered gets all of the view, each once and in order, in steps of any size."""
        audiences = (ADMINS, EVERYBODY, Audience(users=("ana",)), Audience(users=("bea",)))
        for number in range(40):
            await appended(broker, notification(audience=audiences[number % 4]))
        view = View("ana", {"role:admin": 5, "all": 0, "user:ana": 0})
        expected = [seq for seq in range(1, 41) if seq % 4 in (2, 3) or (seq % 4 == 1 and seq > 5)]
        for limit in (1, 2, 7, 100):
            found: list[int] = []
            reached = 0
            while reached < broker.head().seq:
                stretch = await broker.stretch(view, reached, limit)
                assert reached < stretch.covered
                assert all(reached < one.seq <= stretch.covered for one in stretch.items)
                found.extend(one.seq for one in stretch.items)
                reached = stretch.covered
            assert found == expected

    async def test_stretch_leaves_out_what_is_not_the_users(self, broker: Broker, clock: Clock) -> None:
        """What a user is excepted from, what has expired and what is from before a room was seen is left out."""
        at = int(clock.seconds * 1000)
        await appended(broker, notification(audience=ADMINS))
        await appended(broker, notification(audience=Audience(all=True, except_users=("ana",))))
        await appended(broker, notification(timestamp=at, expires_at=at + 1000))
        await appended(broker, notification())
        clock.seconds += 2
        stretch = await broker.stretch(View("ana", {"role:admin": 1, "all": 0}), 0, 10)
        assert [one.seq for one in stretch.items] == [4]

    async def test_stretch_tells_the_floor(self, broker: Broker) -> None:
        """Where retention cut something out above where it begins, its floor says so."""
        for _ in range(5):
            await appended(broker, notification())
        await broker.retain(max_count=2)
        stretch = await broker.stretch(View("ana", {"all": 0}), 1, 10)
        assert ([one.seq for one in stretch.items], stretch.covered, stretch.floor) == ([4, 5], 5, 3)
        assert broker.floor() == 3

    async def test_stretch_never_runs_ahead_of_what_was_announced(self, broker: Broker, ear: Ear) -> None:
        """Whoever is given an entry by a stretch does not hear of it afterwards: it was announced before."""
        view = View("", {"all": 0})
        for _ in range(100):
            publishing = [asyncio.ensure_future(appended(broker, notification())) for _ in range(3)]
            while not all(one.done() for one in publishing):
                reached = broker.head().seq
                stretch = await broker.stretch(view, reached, 10)
                announced = [entry.id for entry in ear.heard]
                assert [one.id for one in stretch.items] == announced[reached : reached + len(stretch.items)]
                assert reached <= stretch.covered <= broker.head().seq


class LogOfTwoNodesContract:
    """One order over all nodes: ``pair`` are two nodes on one broker, ``ears`` whom they call back."""

    async def test_every_node_hears_every_entry_once_in_order(
        self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]
    ) -> None:
        """Whichever node appends, positions are given without a gap, and both nodes hear the same in that order."""
        published = await asyncio.gather(
            *(appended(pair[number % 3 % 2], notification(str(number))) for number in range(300))
        )
        for ear in ears:
            await ear.until(lambda ear=ear: len(ear.heard) >= 300)  # type: ignore[misc]
            assert [entry.seq for entry in ear.heard] == list(range(1, 301))
        assert ears[0].heard == ears[1].heard
        assert sorted(one.position.seq for one in published) == list(range(1, 301))
        assert pair[0].head() == pair[1].head() == ears[0].heard[-1].position

    async def test_append_settles_after_its_own_nodes_announcement(
        self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]
    ) -> None:
        """By the time an append is settled its own node has heard its entry, whichever node that is."""

        async def publish(node: int) -> None:
            made = notification()
            published = await appended(pair[node], made)
            assert made.id in {entry.id for entry in ears[node].heard}
            assert pair[node].head().seq >= published.position.seq

        await asyncio.gather(*(publish(number % 2) for number in range(100)))

    async def test_key_is_known_on_every_node(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """A publish that is repeated on another node is a duplicate of the first, or refused for another body."""
        first = await appended(pair[0], notification("a", key="k"))
        again = await appended(pair[1], notification("a", key="k"))
        assert (again.id, again.position, again.duplicate) == (first.id, first.position, True)
        with pytest.raises(Refused):
            await appended(pair[1], notification("b", key="k"))
        assert [len(ear.heard) for ear in ears] == [1, 1]

    async def test_not_persisted_reaches_every_node(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What is not stored is announced to both nodes, too."""
        made = notification(persist=False)
        await appended(pair[0], made)
        for ear in ears:
            await ear.until(lambda ear=ear: bool(ear.heard))  # type: ignore[misc]
            assert [(entry.id, entry.persist) for entry in ear.heard] == [(made.id, False)]

    async def test_stretch_is_the_same_on_every_node(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What one node appended the other reads, as far as it was announced there."""
        for node in pair:
            await appended(node, notification())
        await ears[0].until(lambda: len(ears[0].heard) == 2)
        stretches = [await node.stretch(View("ana", {"all": 0}), 0, 10) for node in pair]
        assert stretches[0] == stretches[1]
        assert [one.seq for one in stretches[0].items] == [1, 2]

    async def test_node_that_ends_leaves_the_other_to_go_on(
        self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]
    ) -> None:
        """A node that ends finishes what it accepted, and hears and takes nothing more; the other goes on."""
        made = notification("last")
        last = asyncio.create_task(appended(pair[0], made))
        await asyncio.sleep(0)
        await pair[0].close()
        assert (await last).id == made.id
        assert [entry.id for entry in ears[0].heard] == [made.id]
        assert (await appended(pair[1], notification("next"))).position.seq == 2
        with pytest.raises(BrokerUnavailable):
            await appended(pair[0], notification())
        assert len(ears[0].heard) == 1


class DurableLogContract:
    """What survives the end of a node: ``reopened`` ends a broker and gives one that is started on the same log."""

    async def test_log_goes_on_where_it_ended(self, broker: Broker, reopened: Reopen) -> None:
        """Positions, texts and keys are there again after an end and a start, and the next position follows."""
        sent = [notification(str(number), key=str(number)) for number in range(3)]
        published = [await appended(broker, one) for one in sent]
        again = await reopened(broker)
        assert again.head() == published[-1].position
        assert [one.id for one in await entries_of(again, ["all"], Position(again.head().epoch, 0), 10)] == [
            one.id for one in sent
        ]
        repeated = await appended(again, notification("0", key="0"))
        assert (repeated.id, repeated.duplicate) == (sent[0].id, True)
        assert (await appended(again, notification())).position.seq == 4

    async def test_positions_go_on_after_everything_went(self, broker: Broker, reopened: Reopen) -> None:
        """A log that retention emptied never gives a position twice, nor after an end and a start."""
        for _ in range(3):
            await appended(broker, notification())
        assert await broker.retain(max_count=0) == 3
        head = broker.head()
        again = await reopened(broker)
        assert (again.head(), again.floor()) == (head, 3)
        assert (await appended(again, notification())).position.seq == 4
