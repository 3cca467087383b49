"""Pages of the log by every condition, in both directions, against a search over a list; and whom one reaches."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker.sqlite import SqliteBroker, search
from sio_server.notification import Notification
from tests.support.brokers import Ear, appended, notification

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


async def test_page_looks_at_so_many_and_no_more(broker: SqliteBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """A search that finds nothing for long ends its page early and says where the next one begins."""
    await fill(broker)
    monkeypatch.setattr(search, "MAX_LOOKED_AT", 8)
    monkeypatch.setattr(search, "CHUNK", 4)
    newest = await broker.search(types=["booking", "test", "tour"], priority="critical")
    oldest = await broker.search(types=["booking", "test", "tour"], priority="critical", after=0)
    assert (newest.items, newest.next_before) == ((), COUNT - 7)
    assert (oldest.items, oldest.next_after) == ((), 8)
