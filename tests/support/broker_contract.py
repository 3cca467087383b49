"""What every `Broker` promises, written once: each implementation's tests inherit `BrokerContract`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from sio_server.audience import Audience
from sio_server.broker import Broker, Published, Signal, View
from sio_server.broker.sqlite import SqliteBroker
from sio_server.errors import BrokerUnavailable, Refused
from sio_server.notification import Entry, Idempotency, Notification, Position, milliseconds, new_id
from tests.support.brokers import appended, entries_of

EVERYBODY = Audience(all=True)


class Heard:
    """A `BrokerHandler` that keeps what it was told, and what the head was then."""

    def __init__(self) -> None:
        self.broker: Broker | None = None
        self.batches: list[tuple[Entry, ...]] = []
        self.heads: list[Position] = []
        self.answered: list[int] = []
        """How many publishes had returned at each call."""
        self.returned = 0

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """See `BrokerHandler.on_entries`."""
        assert self.broker is not None
        self.batches.append(tuple(batch))
        self.heads.append(self.broker.head())
        self.answered.append(self.returned)

    def on_reset(self, head: Position) -> None:
        """See `BrokerHandler.on_reset`."""

    def on_signal(self, signal: Signal) -> None:
        """See `BrokerHandler.on_signal`."""

    @property
    def entries(self) -> list[Entry]:
        """All of them, in the order they came."""
        return [entry for batch in self.batches for entry in batch]


async def started(directory: Path | None, **settings: Any) -> tuple[SqliteBroker, Heard]:
    """A broker that is open, and whom it calls back."""
    broker, heard = SqliteBroker(directory, **settings), Heard()
    heard.broker = broker
    await broker.start(heard)
    return broker, heard


def notification(text: str = "", *, key: str | None = None, publisher: str = "p", **members: Any) -> Notification:
    """A notification for everybody, unless something else is said; the fingerprint of a key is its text."""
    idempotency = None if key is None else Idempotency(publisher, key, text.encode())
    made = {"audience": EVERYBODY, "timestamp": milliseconds(datetime.now(UTC)), "data": {}, "type": "test", **members}
    return Notification(id=new_id(), message=text, idempotency=idempotency, **made)


class BrokerContract:
    """The promises. A subclass gives ``broker``: a fixture whose broker is not started yet."""

    @pytest.fixture
    async def heard(self, broker: Broker) -> AsyncIterator[Heard]:
        """Start the broker and return whom it calls back."""
        heard = Heard()
        heard.broker = broker
        await broker.start(heard)
        yield heard
        await broker.close()

    async def test_head_of_an_empty_log_is_zero(self, broker: Broker, heard: Heard) -> None:
        """Before the first publish the head is 0 of a named epoch, and its cursor can be read back."""
        assert broker.head().seq == 0
        assert Position.parse(broker.head().cursor()) == broker.head()

    async def test_positions_follow_the_order_of_calls(self, broker: Broker, heard: Heard) -> None:
        """Calls made one after another on the loop get positions in that order, whatever goes into one commit."""
        sent = [notification(str(number)) for number in range(700)]
        published = await asyncio.gather(*(appended(broker, one) for one in sent))

        assert [one.position.seq for one in published] == list(range(1, 701))
        assert [one.id for one in published] == [one.id for one in sent]
        assert not any(one.duplicate for one in published)
        assert broker.head() == published[-1].position

    async def test_announcements_come_in_order_and_once(self, broker: Broker, heard: Heard) -> None:
        """The handler gets every entry once, in order, before its publish returns and with the head moved."""

        async def publish(number: int) -> None:
            await appended(broker, notification(str(number)))
            heard.returned += 1

        await asyncio.gather(*map(publish, range(300)))

        assert [one.position.seq for one in heard.entries] == list(range(1, 301))
        assert [batch[-1].position for batch in heard.batches] == heard.heads
        first_of_batches = [batch[0].position.seq for batch in heard.batches]
        assert all(before < first for before, first in zip(heard.answered, first_of_batches, strict=True))

    async def test_publication_carries_what_was_published(self, broker: Broker, heard: Heard) -> None:
        """What is announced and what history gives back are the notification, its audience and source included."""
        audience = Audience(("admin",), ("1",), ("cusco",), except_users=("9",))
        sent = notification("ñ \u2028", data={"a": [1.5, None]}, audience=audience, source="reservas", link="/x")
        published = await appended(broker, sent)
        expected = Entry.of(sent, published.position)

        assert heard.entries == [expected]
        assert list(await entries_of(broker, ["user:1"], Position(published.position.epoch, 0), 10)) == [expected]
        envelope = orjson.loads(expected.encode(replayed=True))
        assert (envelope["message"], envelope["data"], envelope["replayed"]) == ("ñ \u2028", {"a": [1.5, None]}, True)

    async def test_history_is_in_order_each_once_and_bounded(self, broker: Broker, heard: Heard) -> None:
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

    async def test_replay_never_runs_ahead_of_what_was_announced(self, broker: Broker, heard: Heard) -> None:
        """Whoever is given an entry by a replay does not hear of it afterwards: it was announced before."""
        view = View("", {"all": 0})
        for _ in range(100):
            publishing = [asyncio.ensure_future(appended(broker, notification())) for _ in range(3)]
            while not all(one.done() for one in publishing):
                reached = broker.head().seq
                replayed = (await broker.stretch(view, reached, 10)).items
                announced = [entry.id for entry in heard.entries]
                assert [one.id for one in replayed] == announced[reached : reached + len(replayed)]

    async def test_position_of_another_log_has_no_history(self, broker: Broker, heard: Heard) -> None:
        """A position whose epoch is another log's gives nothing back."""
        await appended(broker, notification())
        assert list(await entries_of(broker, ["all"], Position("0123456789ab", 0), 10)) == []

    async def test_repeated_key_is_one_publication(self, broker: Broker, heard: Heard) -> None:
        """The same key with the same body has the id and place of the first, is a duplicate and is not announced."""
        first = await appended(broker, notification("a", key="k"))
        await appended(broker, notification("b"))
        again = await appended(broker, notification("a", key="k"))

        assert (again.id, again.position, again.duplicate) == (first.id, first.position, True)
        assert len(heard.entries) == 2
        assert broker.head().seq == 2

    async def test_repeated_key_in_one_commit_is_one_publication(self, broker: Broker, heard: Heard) -> None:
        """Twenty at once with one key are one entry and nineteen duplicates of it."""
        published = await asyncio.gather(*(appended(broker, notification("a", key="k")) for _ in range(20)))

        assert len({(one.id, one.position) for one in published}) == 1
        assert sorted(one.duplicate for one in published) == [False] + [True] * 19
        assert len(heard.entries) == 1

    async def test_key_with_another_body_is_refused(self, broker: Broker, heard: Heard) -> None:
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

    async def test_keys_of_publishers_are_apart(self, broker: Broker, heard: Heard) -> None:
        """Two publishers may use the same key for different bodies."""
        one = await appended(broker, notification("a", key="k", publisher="p1"))
        two = await appended(broker, notification("b", key="k", publisher="p2"))
        assert (one.duplicate, two.duplicate) == (False, False)
        assert (one.position.seq, two.position.seq) == (1, 2)

    async def test_not_persisted_is_announced_and_takes_no_place(self, broker: Broker, heard: Heard) -> None:
        """Without persist nothing is kept, the position is the last kept one's, and it is announced."""
        await appended(broker, notification("kept"))
        passing = await appended(broker, notification("passing", persist=False, key="k"))
        again = await appended(broker, notification("passing", persist=False, key="k"))

        assert passing.position.seq == 1
        assert (again.id, again.duplicate) == (passing.id, True)
        assert [one.persist for one in heard.entries] == [True, False]
        assert len(await entries_of(broker, ["all"], Position(passing.position.epoch, 0), 10)) == 1

    async def test_cancelled_callers_do_not_break_a_batch(self, broker: Broker, heard: Heard) -> None:
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
        announced = {one.id: one.position for one in heard.entries}
        assert all(announced[one.id] == one.position for one in kept)
        assert [one.position.seq for one in heard.entries] == list(range(1, after.position.seq + 1))

    async def test_closing_finishes_what_was_accepted(self, broker: Broker, heard: Heard) -> None:
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

    async def test_handler_that_fails_leaves_the_publish_done(self, broker: Broker, heard: Heard) -> None:
        """What is in the log was published, whatever becomes of the announcement; the next publish works."""
        heard.broker = None  # its assertion fails
        first = await appended(broker, notification("kept"))
        heard.broker = broker
        second = await appended(broker, notification("next"))

        assert (first.position.seq, second.position.seq) == (1, 2)
        assert len(await entries_of(broker, ["all"], Position(first.position.epoch, 0), 10)) == 2
