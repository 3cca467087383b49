"""What every broker promises of answers: one for each user and notification, which reads it, and who hears of it."""

from __future__ import annotations

import asyncio

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import Answer, Answered, Broker, InboxChanged
from sio_server.errors import Refused
from sio_server.extras import Choice, Extras
from sio_server.notification import Notification
from tests.support.brokers import Ear, Reopen, appended
from tests.support.inbox_model import START, Clock, notification

EVERYBODY = Audience.of(everybody=True)
OFFER = Extras(actions=(Choice(id="si", label="Sí"), Choice(id="no", label="No")))
AT = int(START * 1000)


def offer(audience: Audience = EVERYBODY, **members: float) -> Notification:
    """A notification that can be answered."""
    return notification(audience, extras=OFFER, **members)  # type: ignore[arg-type]  # times alone are given


class AnswersContract:
    """What users answer."""

    async def test_answer_reads_and_is_told(self, broker: Broker, ear: Ear) -> None:
        """An answer marks its notification read and seen, with counters of that moment, and every node hears both."""
        view = await broker.sight("ana", Identity("ana").rooms())
        first, second = await appended(broker, offer()), await appended(broker, offer())
        acted = await broker.answer(view, first.id, "si")
        assert acted.answer == Answer("si", AT)
        assert (acted.marked.action, acted.marked.ids, acted.marked.ignored) == ("read", (first.id,), ())
        assert acted.marked.counts == await broker.counts(view)
        assert (acted.marked.counts.unread, acted.marked.counts.unseen) == (1, 1)
        assert ear.signals[-2:] == [
            InboxChanged("ana", "read", (first.id,), None),
            Answered("ana", first.id, "si", AT),
        ]
        items = {item.entry.id: item for item in (await broker.page(view)).items}
        assert (items[first.id].answer, items[first.id].read, items[first.id].seen) == (Answer("si", AT), True, True)
        assert (items[second.id].answer, items[second.id].read) == (None, False)

    async def test_first_answer_stays(self, broker: Broker, clock: Clock, ear: Ear) -> None:
        """A second answer is refused with the first, whatever it says, and changes nothing, not even what is read."""
        view = await broker.sight("ana", Identity("ana").rooms())
        made = await appended(broker, offer())
        await broker.answer(view, made.id, "no")
        await broker.mark(view, "unread", [made.id])
        heard = len(ear.signals)
        clock.seconds += 5
        for action in ("no", "si", "otra"):
            with pytest.raises(Refused, match="already_answered") as refused:
                await broker.answer(view, made.id, action)
            assert refused.value.extra == {"action": "no", "at": "2026-01-01T00:00:00.000Z"}
        assert (await broker.counts(view)).unread == 1
        assert len(ear.signals) == heard

    async def test_one_of_many_at_once(self, broker: Broker) -> None:
        """Of answers that are given at the same moment, one alone is taken."""
        view = await broker.sight("ana", Identity("ana").rooms())
        made = await appended(broker, offer())
        outcomes = await asyncio.gather(
            *(broker.answer(view, made.id, action) for action in ("si", "no", "si")), return_exceptions=True
        )
        assert [isinstance(outcome, Refused) for outcome in outcomes].count(False) == 1
        page = await broker.answers(made.id, limit=10)
        assert page is not None
        assert sum(page.counts.values()) == 1

    async def test_what_cannot_be_answered(self, broker: Broker, clock: Clock) -> None:
        """An action that is not offered, nothing offered, somebody else's, unknown, expired: refused, and not read."""
        view = await broker.sight("ana", Identity("ana").rooms())
        made, plain = await appended(broker, offer()), await appended(broker, notification(EVERYBODY))
        theirs = await appended(broker, offer(Audience.of(users=["bea"])))
        short = await appended(broker, offer(ttl=10))
        with pytest.raises(Refused, match=r"invalid_data.*'si', 'no'"):
            await broker.answer(view, made.id, "quizas")
        with pytest.raises(Refused, match=r"invalid_data.*no actions"):
            await broker.answer(view, plain.id, "si")
        clock.seconds += 11
        for identity in (theirs.id, short.id, "00000000-0000-7000-8000-000000000000"):
            with pytest.raises(Refused, match="not_found"):
                await broker.answer(view, identity, "si")
        assert (await broker.counts(view)).unread == 2
        page = await broker.answers(made.id, limit=10)
        assert page is not None
        assert (page.counts, page.items) == ({}, ())

    async def test_archived_one_stays_archived(self, broker: Broker) -> None:
        """What is answered in the archive stays there; what was read already is answered all the same."""
        view = await broker.sight("ana", Identity("ana").rooms())
        made = await appended(broker, offer())
        await broker.mark(view, "archive", [made.id])
        acted = await broker.answer(view, made.id, "si")
        assert acted.marked.ids == ()
        (item,) = (await broker.page(view, status="archived")).items
        assert (item.archived, item.answer) == (True, acted.answer)

    async def test_who_answered_what(self, broker: Broker) -> None:
        """The answers to a notification are counted by action and listed by user, page by page."""
        users = ["cid", "ana", "bea"]
        made = await appended(broker, offer(Audience.of(users=users)))
        for user, action in zip(users, ("si", "no", "si"), strict=True):
            await broker.answer(await broker.sight(user, Identity(user).rooms()), made.id, action)
        assert await broker.answers("00000000-0000-7000-8000-000000000000", limit=1) is None
        first = await broker.answers(made.id, limit=2)
        assert first is not None
        assert list(first.counts.items()) == [("si", 2), ("no", 1)]
        assert first.items == (("ana", Answer("no", AT)), ("bea", Answer("si", AT)))
        rest = await broker.answers(made.id, limit=2, after=first.next_after)
        assert rest is not None
        assert (rest.items, rest.next_after) == ((("cid", Answer("si", AT)),), None)
        receipt = await broker.receipt(made.id)
        assert receipt is not None
        assert [(one.user, one.answer and one.answer.action) for one in receipt.users] == [
            ("ana", "no"),
            ("bea", "si"),
            ("cid", "si"),
        ]
        trail = await broker.trail(made.id, "ana")
        assert trail is not None
        assert trail.answer == Answer("no", AT)

    async def test_answers_go_with_their_notification(self, broker: Broker, clock: Clock) -> None:
        """What retention takes out takes its answers along."""
        view = await broker.sight("ana", Identity("ana").rooms())
        made = await appended(broker, offer())
        await broker.answer(view, made.id, "si")
        clock.seconds += 100
        await broker.retain(max_age=50)
        assert await broker.answers(made.id, limit=1) is None
        with pytest.raises(Refused, match="not_found"):
            await broker.answer(view, made.id, "si")


class DurableAnswersContract:
    """What survives the end of a node, as in `DurableLogContract`."""

    async def test_answer_outlives_the_end(self, broker: Broker, reopened: Reopen) -> None:
        """An answer is there after the log was closed and opened again, and still the only one."""
        view = await broker.sight("ana", Identity("ana").rooms())
        made = await appended(broker, offer())
        acted = await broker.answer(view, made.id, "si")
        again = await reopened(broker)
        (item,) = (await again.page(view)).items
        assert item.answer == acted.answer
        with pytest.raises(Refused, match="already_answered"):
            await again.answer(view, made.id, "no")


class AnswersOfTwoNodesContract:
    """What users answer, where they have connections on several nodes."""

    async def test_one_answer_on_all_nodes(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What is answered by one node is known on all, and every node hears of it."""
        view = await pair[0].sight("ana", Identity("ana").rooms())
        made = await appended(pair[0], offer())
        await pair[0].answer(view, made.id, "si")
        await ears[1].until_signal(Answered("ana", made.id, "si", AT))
        with pytest.raises(Refused, match="already_answered"):
            await pair[1].answer(view, made.id, "no")
