"""Following a log in PostgreSQL that is not the one any more that it was, as its tables show it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sio_server.broker.postgres import PostgresBroker
from tests.support.brokers import Ear, appended, appended_at_once, notification

Ask = Callable[..., Awaitable[Any]]


async def go_back(ask: Ask, seq: int) -> None:
    """Have the log lose what is above a position, as a standby that takes over has lost it."""
    for table in ("notification", "mark", "notification_room"):
        await ask(f"DELETE FROM {table} WHERE seq > $1", seq)  # noqa: S608 - names of above
    await ask("UPDATE log SET seq = $1, token = coalesce((SELECT token FROM mark WHERE seq = $1), '')", seq)


async def publish(broker: PostgresBroker, count: int) -> None:
    """Publish so many, each in a commit of its own."""
    for _ in range(count):
        await appended(broker, notification())


@pytest.mark.parametrize("again", [0, 1, 3], ids=["not", "less", "more"])
async def test_log_that_lost_its_end_is_another_one(
    pair: tuple[PostgresBroker, PostgresBroker], ears: tuple[Ear, Ear], ask: Ask, again: int
) -> None:
    """Nodes that had announced what is lost begin anew at a log of another name, however far that has got again."""
    await publish(pair[0], 3)
    await ears[1].until(lambda: len(ears[1].heard) == 3)
    before = pair[0].head()
    await go_back(ask, 1)
    for number in range(again):  # a third node, which has not heard of the rest
        await ask("UPDATE log SET seq = seq + 1, token = $1", f"other {number}")
        await ask("INSERT INTO mark SELECT seq, token, taken FROM log")
    await asyncio.gather(*(ear.until(lambda ear=ear: bool(ear.resets)) for ear in ears))  # type: ignore[misc]
    assert pair[0].head() == pair[1].head()
    assert (pair[0].head().epoch != before.epoch, pair[0].head().seq) == (True, 1 + again)
    lost = [node.lost() for node in pair]
    assert any(text is not None and "position 3" in text for text in lost)
    await publish(pair[1], 1)
    await ears[0].until(lambda: len(ears[0].heard) == 4)
    assert [len(ear.resets) for ear in ears] == [1, 1]


async def test_own_commit_upon_another_log(broker: PostgresBroker, ear: Ear, ask: Ask) -> None:
    """A node whose own commit follows one of the same position that it does not know does not take it for its own."""
    await publish(broker, 2)
    assert broker.lost() is None
    await ask("UPDATE log SET token = 'other'")
    await ask("UPDATE mark SET token = 'other' WHERE seq = 2")
    await appended(broker, notification())
    assert ear.resets == [broker.head()]
    assert broker.lost() is not None


async def test_node_that_retention_passed_begins_anew(
    pair: tuple[PostgresBroker, PostgresBroker], ears: tuple[Ear, Ear], ask: Ask
) -> None:
    """A node that was cut off while what it had not announced yet was let go is told so; the log stays the same one."""
    await publish(pair[0], 1)
    await ears[1].until(lambda: len(ears[1].heard) == 1)
    epoch = pair[1].head().epoch
    # As another node's commits and retention that this one hears of when all is over: and a day later, without marks.
    await ask("UPDATE log SET seq = 9, floor = 8, token = 'later'")
    await ask("DELETE FROM mark")
    await ask("INSERT INTO mark VALUES (9, 'later', 0)")
    await ears[1].until(lambda: bool(ears[1].resets))
    assert ears[1].resets == [pair[1].head()]
    assert (pair[1].head().epoch, pair[1].head().seq, pair[1].lost()) == (epoch, 9, None)


async def test_what_passes_is_heard_after_a_failover(broker: PostgresBroker, ear: Ear, ask: Ask) -> None:
    """Where a failover lost but what was not stored, the log goes on, and what passes then is heard."""
    await appended_at_once(broker, [notification(persist=False) for _ in range(5)])
    await ask("TRUNCATE passing")  # which a standby never has
    await ask("UPDATE log SET passed = 2")
    await appended(broker, notification())
    await appended(broker, notification("new", persist=False))
    assert (ear.heard[-1].persist, len(ear.heard), ear.resets) == (False, 7, [])


async def test_floor_never_goes_back(broker: PostgresBroker) -> None:
    """What was read of the log before retention cut it does not take back where it begins now."""
    for _ in range(4):
        await appended(broker, notification())
    follower, head = broker._follower, broker.head().seq
    before = await broker._database.look(lambda connection: follower._page(connection, head, 0))
    await broker.retain(max_count=1)
    assert broker.floor() == 3
    follower._take(before)
    assert broker.floor() == 3
