"""Pages of the log by every condition, in both directions, against a search over a list; and whom one reaches."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker.sqlite import SqliteBroker, search
from sio_server.notification import Notification
from tests.support.broker_contract import notification
from tests.support.brokers import Ear, appended

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


@pytest.fixture
async def broker() -> AsyncIterator[SqliteBroker]:
    """Return a log in memory that has seen ana."""
    made = SqliteBroker(None)
    await made.start(Ear())
    await made.sight("ana", ANA.rooms())
    yield made
    await made.close()


async def fill(broker: SqliteBroker) -> dict[int, Notification]:
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


async def test_search_finds_what_a_list_would(broker: SqliteBroker) -> None:
    """Under any conditions the pages in either direction hold just what fits, each once, in order."""
    made = await fill(broker)
    for types, user, role, priority in CASES:
        expected = [seq for seq, one in made.items() if fits(one, types, user, role, priority)]
        ascending: list[int] = []
        descending: list[int] = []
        after: int | None = 0
        while after is not None:
            page = await broker.search(types=types, user=user, role=role, priority=priority, limit=4, after=after)
            assert page.next_before is None
            ascending += [stored.entry.seq for stored in page.items]
            after = page.next_after
        before: int | None = COUNT + 1
        while before is not None:
            page = await broker.search(types=types, user=user, role=role, priority=priority, limit=4, before=before)
            assert page.next_after is None
            descending += [stored.entry.seq for stored in page.items]
            before = page.next_before
        assert ascending == expected, (types, user, role, priority)
        assert descending == expected[::-1], (types, user, role, priority)


async def test_gap_is_read_between_its_ends(broker: SqliteBroker) -> None:
    """With both ends, what lies between them comes, the oldest first."""
    await fill(broker)
    page = await broker.search(after=10, before=15)
    assert [stored.entry.seq for stored in page.items] == [11, 12, 13, 14]
    assert page.next_after is None


async def test_page_looks_at_so_many_and_no_more(broker: SqliteBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that finds nothing for long ends its page early and says where the next one begins."""
    await fill(broker)
    monkeypatch.setattr(search, "MAX_LOOKED_AT", 8)
    monkeypatch.setattr(search, "CHUNK", 4)
    newest = await broker.search(types=["booking", "test", "tour"], priority="critical")
    oldest = await broker.search(types=["booking", "test", "tour"], priority="critical", after=0)
    assert (newest.items, newest.next_before) == ((), COUNT - 7)
    assert (oldest.items, oldest.next_after) == ((), 8)


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
async def test_reach_is_what_would_be_targeted(broker: SqliteBroker, audience: Audience, users: int) -> None:
    """An audience reaches whom it names and who was seen in its rooms, as a receipt says; nothing is stored."""
    await broker.sight("bo", Identity("bo", ("guia",), ("t",)).rooms())
    await broker.sight("eva", Identity("eva", ("admin",)).rooms())
    head = broker.head()
    reached = await broker.reach(audience)
    assert broker.head() == head

    made = notification(audience=audience)
    await appended(broker, made)
    receipt = await broker.receipt(made.id)
    assert receipt is not None
    assert (reached, receipt.targeted) == (users, users)
