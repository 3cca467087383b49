"""What every broker promises of receipts: who was meant, sent it, confirmed, saw and read it; and of searching."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import MAX_PAGE, Broker, Receipt, StoredPage, UserReceipt
from sio_server.notification import Notification
from tests.support.brokers import Ear, Reopen, appended, notification

ANA = Identity("ana", ("guia",))
AUDIENCES = (
    Audience.of(roles=["guia"]),
    Audience.of(roles=["admin"], users=["ana"]),
    Audience.of(everybody=True, except_users=["ana"]),
    Audience.of(users=["bo"]),
    Audience.of(roles=["admin", "guia"]),
)
PRIORITIES = ("normal", "high")
COUNT = 30
START = 1_767_225_600_000  # milliseconds of Unix time


async def admins(broker: Broker, *users: str) -> None:
    """Let these users come as admins."""
    for user in users:
        await broker.sight(user, Identity(user, ("admin",)).rooms())


async def receipt_of(broker: Broker, identity: str, *, limit: int = MAX_PAGE) -> Receipt:
    """Return the receipt of a notification that is there."""
    found = await broker.receipt(identity, limit=limit)
    assert found is not None
    return found


async def acknowledged(broker: Broker, identity: str) -> list[str]:
    """Return the users who acknowledged."""
    return [user.user for user in (await receipt_of(broker, identity)).users if user.acknowledged]


async def fill(broker: Broker) -> dict[int, Notification]:
    """Notifications of every kind, by position. What their data says of a priority is none."""
    made = {}
    for number in range(COUNT):
        one = notification(
            audience=AUDIENCES[number % 5],
            type=("test", "booking", "tour")[number % 3],
            priority=PRIORITIES[number % 2],
            data={"priority": "high", "text": '"priority":"high"'},
        )
        made[(await appended(broker, one)).position.seq] = one
    return made


def fits(one: Notification, types: tuple[str, ...], user: str | None, role: str | None, priority: str | None) -> bool:
    """Whether a search should find it."""
    identity = None if user is None else ANA if user == "ana" else Identity(user)
    return (
        (not types or one.type in types)
        and (identity is None or one.audience.includes(identity))
        and (role is None or one.audience.all or role in one.audience.roles)
        and (priority is None or one.priority == priority)
    )


CASES = list(
    itertools.product(
        [(), ("booking",), ("tour", "test")], [None, "ana"], [None, "guia", "nobody"], [None, "high", "critical"]
    )
)


async def all_pages(ask: Callable[..., Awaitable[StoredPage]]) -> tuple[list[int], list[int]]:
    """The positions in all pages of a search, oldest first, then newest first."""
    ascending: list[int] = []
    descending: list[int] = []
    after: int | None = 0
    while after is not None:
        page = await ask(after=after)
        assert page.next_before is None
        ascending += [stored.entry.seq for stored in page.items]
        after = page.next_after
    before: int | None = COUNT + 1
    while before is not None:
        page = await ask(before=before)
        assert page.next_after is None
        descending += [stored.entry.seq for stored in page.items]
        before = page.next_before
    return ascending, descending


class ReceiptsContract:
    """How far each notification came."""

    async def test_receipt_tells_how_far_it_came_with_each_user(self, broker: Broker) -> None:
        """A receipt sums up and lists who was targeted, handed, acknowledged, who saw and who read."""
        await admins(broker, "ana", "bea", "cid", "dan")
        made = notification(audience=Audience.of(roles=["admin"], users=["eva"], except_users=["dan"]))
        seq = (await appended(broker, made)).position.seq
        for user in ("ana", "bea", "cid"):
            broker.handed(user, seq, after=0)
        for user in ("ana", "bea"):
            broker.acknowledge(user, seq, after=0)
        await broker.mark(await broker.view_of("ana"), "read", [made.id])
        await broker.mark(await broker.view_of("bea"), "seen", None)
        assert await receipt_of(broker, made.id) == Receipt(
            targeted=4,
            sent=3,
            acknowledged=2,
            seen=2,
            read=1,
            users=(
                UserReceipt("ana", sent=True, acknowledged=True, seen=True, read=True),
                UserReceipt("bea", sent=True, acknowledged=True, seen=True, read=False),
                UserReceipt("cid", sent=True, acknowledged=False, seen=False, read=False),
                UserReceipt("eva", sent=False, acknowledged=False, seen=False, read=False),
            ),
            next_after=None,
        )

    async def test_receipt_counts_those_who_were_there(self, broker: Broker) -> None:
        """Users who were first seen in the room after the notification are not among its targets."""
        await admins(broker, "ana")
        made = notification(audience=Audience.of(roles=["admin"]))
        await appended(broker, made)
        await admins(broker, "bea")
        assert [user.user for user in (await receipt_of(broker, made.id)).users] == ["ana"]

    async def test_receipt_goes_on_page_by_page(self, broker: Broker) -> None:
        """The users of a receipt come in pages by name, while its sums are always of all."""
        users = [f"user{number:02}" for number in range(25)]
        await admins(broker, *users)
        made = notification(audience=Audience.of(everybody=True))
        await appended(broker, made)
        names: list[str] = []
        after: str | None = None
        while True:
            found = await broker.receipt(made.id, limit=10, after=after)
            assert found is not None
            assert found.targeted == len(users)
            names.extend(user.user for user in found.users)
            after = found.next_after
            if after is None:
                break
        assert names == users

    async def test_visit_without_a_cursor_acknowledges_nothing_before_it(self, broker: Broker) -> None:
        """What was published between two visits of a client that does not recover was not acknowledged."""
        await admins(broker, "ana")
        made = [notification(audience=Audience.of(roles=["admin"])) for _ in range(3)]
        for one in made:
            await appended(broker, one)
        broker.acknowledge("ana", 1, after=0)
        broker.acknowledge("ana", 3, after=2)
        assert [await acknowledged(broker, one.id) for one in made] == [["ana"], [], ["ana"]]

    async def test_visits_with_a_cursor_become_one(self, broker: Broker) -> None:
        """Acknowledgements that begin where others ended leave no hole, in whatever order they come in."""
        await admins(broker, "ana")
        made = [notification(audience=Audience.of(roles=["admin"])) for _ in range(4)]
        for one in made:
            await appended(broker, one)
        for after, seq in ((2, 4), (0, 1), (1, 2), (0, 1)):
            broker.acknowledge("ana", seq, after=after)
            await broker.receipt(made[0].id)
        assert [await acknowledged(broker, one.id) for one in made] == [["ana"]] * 4

    async def test_visits_with_only_others_notifications_between_become_one(self, broker: Broker) -> None:
        """Visits between which nothing came for this user are kept as one: no later one pushes an early one out."""
        await admins(broker, "ana")
        first = notification(audience=Audience.of(users=["ana"]))
        await appended(broker, first)
        broker.acknowledge("ana", 1, after=0)
        await broker.receipt(first.id)
        for _ in range(70):
            before = (await appended(broker, notification(audience=Audience.of(users=["bea"])))).position.seq
            after = (await appended(broker, notification(audience=Audience.of(users=["bea"])))).position.seq
            broker.acknowledge("ana", after, after=before)
            await broker.receipt(first.id)
        assert await acknowledged(broker, first.id) == ["ana"]

    async def test_acknowledgement_of_the_future_does_not_count(self, broker: Broker) -> None:
        """A client that confirms what was not yet published has confirmed what was, and no more."""
        await admins(broker, "ana")
        made = [notification(audience=Audience.of(roles=["admin"])) for _ in range(2)]
        await appended(broker, made[0])
        broker.acknowledge("ana", 10**15, after=0)
        await appended(broker, made[1])
        assert [await acknowledged(broker, one.id) for one in made] == [["ana"], []]

    async def test_thousands_are_handed_a_broadcast(self, broker: Broker) -> None:
        """A broadcast handed to 3,000 users is in its receipt for each of them, and publishing goes on meanwhile."""
        users = [f"user{number:04}" for number in range(3000)]
        await asyncio.gather(*(broker.sight(user, Identity(user).rooms()) for user in users))
        made = notification(audience=Audience.of(everybody=True))
        await appended(broker, made)
        for user in users:
            broker.handed(user, 1, after=0)
        found, _ = await asyncio.gather(
            receipt_of(broker, made.id, limit=10), appended(broker, notification(audience=Audience.of(everybody=True)))
        )
        assert (found.targeted, found.sent) == (3000, 3000)

    async def test_unknown_id_has_no_receipt(self, broker: Broker) -> None:
        """An id that was never published, or was not to be kept, is found by nobody."""
        passing = notification(audience=Audience.of(everybody=True), persist=False)
        await appended(broker, passing)
        for identity in ("unknown", passing.id):
            assert await broker.receipt(identity) is None
            assert await broker.find(identity) is None

    async def test_stored_notification_is_found_by_id(self, broker: Broker, ear: Ear) -> None:
        """What is found by id is the entry that went out, with its audience and when it was taken."""
        before = broker.now()
        made = notification(
            audience=Audience.of(roles=["admin"], except_users=["ana"]), timestamp=1_000_000, expires_at=1_060_000
        )
        await appended(broker, made)
        found = await broker.find(made.id)
        assert found is not None
        assert found.entry == ear.heard[0]
        assert int(before * 1000) <= found.timestamp <= broker.now() * 1000
        assert found.entry.envelope()["priority"] == "normal"


class ReceiptsOfTwoNodesContract:
    """Receipts of what several nodes handed to their connections."""

    async def test_receipt_sums_up_every_node(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What was handed and confirmed on either node is in the receipt once its node has written it down."""
        await admins(pair[0], "ana", "bea")
        made = notification(audience=Audience.of(roles=["admin"]))
        await appended(pair[0], made)
        await ears[1].until(lambda: bool(ears[1].heard))
        pair[0].handed("ana", 1, after=0)
        pair[1].handed("bea", 1, after=0)
        pair[1].acknowledge("bea", 1, after=0)
        for node in pair:
            await node.receipt(made.id)  # has what this node was told written down
        for node in pair:
            receipt = await receipt_of(node, made.id)
            assert (receipt.sent, receipt.acknowledged) == (2, 1)


class DurableReceiptsContract:
    """What survives the end of a node."""

    async def test_acknowledgements_survive_a_close(self, broker: Broker, reopened: Reopen) -> None:
        """What was acknowledged just before the log was closed is there when it is opened again."""
        await admins(broker, "ana")
        made = notification(audience=Audience.of(roles=["admin"]))
        await appended(broker, made)
        broker.handed("ana", 1, after=0)
        broker.acknowledge("ana", 1, after=0)
        found = await receipt_of(await reopened(broker), made.id)
        assert (found.sent, found.acknowledged) == (1, 1)


class SearchContract:
    """Which notifications there are."""

    async def test_search_goes_by_type_and_user(self, broker: Broker) -> None:
        """A search gives the newest first, page by page, of some types, and for one user what that user may see."""
        await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        audiences = [
            Audience.of(roles=["admin"]),
            Audience.of(roles=["guia"]),
            Audience.of(everybody=True, except_users=["ana"]),
            Audience.of(users=["ana"]),
        ]
        for number in range(12):
            event = "booking" if number % 3 == 0 else "test"
            await appended(broker, notification(audience=audiences[number % 4], type=event))

        async def pages(types: tuple[str, ...], user: str | None) -> list[int]:
            seqs: list[int] = []
            before: int | None = None
            while True:
                page = await broker.search(types=types, user=user, limit=2, before=before)
                seqs.extend(stored.entry.position.seq for stored in page.items)
                if page.next_before is None:
                    return seqs
                before = page.next_before

        assert await pages((), None) == list(range(12, 0, -1))
        assert await pages(("booking",), None) == [10, 7, 4, 1]
        assert await pages(("booking", "test", "nothing"), None) == list(range(12, 0, -1))
        assert await pages((), "ana") == [12, 9, 8, 5, 4, 1]
        assert await pages(("booking",), "ana") == [4, 1]
        assert await pages((), "stranger") == []

    async def test_search_finds_what_a_list_would(self, broker: Broker) -> None:
        """Under any conditions the pages in either direction hold just what fits, each once, in order."""
        await broker.sight("ana", ANA.rooms())
        made = await fill(broker)
        for types, user, role, priority in CASES:
            expected = [seq for seq, one in made.items() if fits(one, types, user, role, priority)]
            ask = partial(broker.search, types=types, user=user, role=role, priority=priority, limit=4)
            assert await all_pages(ask) == (expected, expected[::-1]), (types, user, role, priority)

    async def test_words_narrow_any_search(self, broker: Broker) -> None:
        """Words find what they stand in, beside every other condition, page by page and in either direction."""
        await broker.sight("ana", ANA.rooms())
        texts = ("Reserva para Laguna 69", "Reserva ANULADA", "Tour al Cañón", "100 % anulada")
        made = {}
        for number in range(COUNT):
            one = notification(
                texts[number % 4],
                audience=AUDIENCES[number % 5],
                type=("test", "booking", "tour")[number % 3],
                priority=PRIORITIES[number % 2],
                data={"codigo": f"R-{number:03}"},
            )
            made[(await appended(broker, one)).position.seq] = one
        for text, found in (
            ("anulada", texts[1::2]),
            ("reserva", texts[:2]),
            ("RESERVA anul", texts[1:2]),
            ("canon", texts[2:3]),
            ("%", texts[3:]),
            ("r-0", texts),
            ("a_ulada", ()),
        ):
            for types, user, role, priority in CASES:
                expected = [
                    seq for seq, one in made.items() if one.message in found and fits(one, types, user, role, priority)
                ]
                ask = partial(broker.search, types=types, user=user, role=role, priority=priority, text=text, limit=3)
                assert await all_pages(ask) == (expected, expected[::-1]), (text, types, user, role, priority)

    async def test_id_and_seq_are_found(self, broker: Broker) -> None:
        """A whole id finds just its notification, a beginning of it too, a number what has this seq beside words."""
        made = [notification(f"Grupo {number}", timestamp=1_000_000 * number) for number in range(1, 13)]
        for one in made:
            await appended(broker, one)

        async def found(text: str, **more: Any) -> list[int]:
            return [stored.entry.seq for stored in (await broker.search(text=text, **more)).items]

        assert await found(made[4].id) == await found(made[4].id.upper()) == await found(made[4].id[:13]) == [5]
        assert await found(made[4].id, types=["booking"]) == await found(made[4].id, before=5) == []
        assert await found("12") == [12]
        assert await found("2") == [12, 2]
        assert await found("grupo") == list(range(12, 0, -1))

    async def test_id_that_a_notification_speaks_of_is_text(self, broker: Broker) -> None:
        """An id that is nobody's is looked for in texts like any other word."""
        other = notification().id
        await appended(broker, notification(data={"antes": other}))
        assert len((await broker.search(text=other)).items) == 1

    async def test_time_narrows_any_search(self, broker: Broker) -> None:
        """What was published from one moment on, and before another, is found, in whichever order clocks gave it."""
        await broker.sight("ana", ANA.rooms())
        # the clock was set back by ten seconds after every tenth
        times = [START + 1000 * (number - 10 * (number // 10)) for number in range(COUNT)]
        made = {}
        for number, at in enumerate(times):
            one = notification(audience=AUDIENCES[number % 5], type=("test", "booking")[number % 2], timestamp=at)
            made[(await appended(broker, one)).position.seq] = one
        for since, until in (
            (None, None),
            (START + 3000, None),
            (None, START + 3000),
            (START + 2001, START + 5000),
            (START, START),
            (START + 10**7, None),
            (0, 1),
            (-1, 10**16),
        ):
            for types, user in itertools.product([(), ("booking",)], [None, "ana"]):
                expected = [
                    seq
                    for seq, one in made.items()
                    if fits(one, types, user, None, None)
                    and (since is None or since <= one.timestamp)
                    and (until is None or one.timestamp < until)
                ]
                ask = partial(broker.search, types=types, user=user, since=since, until=until, limit=3)
                assert await all_pages(ask) == (expected, expected[::-1]), (since, until, types, user)

    async def test_gap_is_read_between_its_ends(self, broker: Broker) -> None:
        """With both ends, what lies between them comes, the oldest first."""
        await broker.sight("ana", ANA.rooms())
        await fill(broker)
        page = await broker.search(after=10, before=15)
        assert [stored.entry.seq for stored in page.items] == [11, 12, 13, 14]
        assert page.next_after is None


class ReachContract:
    """Whom an audience reaches."""

    @pytest.mark.parametrize(
        ("audience", "users"),
        [
            (Audience.of(roles=["guia"]), 2),
            (Audience.of(roles=["guia", "admin"]), 3),
            (Audience.of(topics=["t"]), 1),
            (Audience.of(everybody=True), 3),
            (Audience.of(everybody=True, except_users=["ana", "stranger"]), 2),
            (Audience.of(roles=["guia"], users=["ana", "stranger"]), 3),
            (Audience.of(roles=["nobody"]), 0),
        ],
    )
    async def test_reach_is_what_would_be_targeted(self, broker: Broker, audience: Audience, users: int) -> None:
        """An audience reaches whom it names and who was seen in its rooms, as a receipt says; nothing is stored."""
        await broker.sight("ana", ANA.rooms())
        await broker.sight("bo", Identity("bo", ("guia",), ("t",)).rooms())
        await broker.sight("eva", Identity("eva", ("admin",)).rooms())
        head = broker.head()
        reached = await broker.reach(audience)
        assert broker.head() == head

        made = notification(audience=audience)
        await appended(broker, made)
        receipt = await broker.receipt(made.id)
        assert receipt is not None
        assert (reached.users, receipt.targeted) == (users, users)
