"""Letting the oldest go of a log in PostgreSQL, as its tables show it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import orjson
import pytest

from sio_server.audience import GUEST_PREFIX, Audience
from sio_server.broker.postgres import PostgresBroker
from sio_server.broker.postgres.retention import MARKS_KEPT, STEP_ROWS
from sio_server.extras import Extras
from tests.support.brokers import EVERYBODY, appended, appended_at_once
from tests.support.inbox_model import Clock, notification

Ask = Callable[..., Awaitable[Any]]

GUEST = GUEST_PREFIX + "0123456789abcdef"
AUDIENCES = (
    EVERYBODY,
    Audience(all=True, users=(GUEST, "ana"), except_users=("bea", "o'hara")),
    Audience(("admin", "guía"), ("ana", '"x"\\'), ("cusco",), except_users=("bea",)),
)

# What is left of a log's entries when all of them are gone.
ENTRIES = ("notification", "notification_room", "notification_except", "grouped")


async def count(ask: Ask, table: str) -> int:
    """How many rows a table has."""
    return int(await ask(f"SELECT count(*) FROM {table}"))  # noqa: S608 - names of this file


async def test_all_of_an_entry_goes(broker: PostgresBroker, ask: Ask) -> None:
    """Of an entry that goes no row is left in any table, whomever it was for, and what stays keeps its own."""
    grouped = [notification(audience, extras=Extras(group="g")) for audience in AUDIENCES]
    await appended_at_once(broker, grouped)
    rooms = await count(ask, "notification_room")
    await appended_at_once(broker, [notification(audience) for audience in AUDIENCES])
    assert await broker.retain(max_count=3) == 3
    assert [await count(ask, table) for table in ENTRIES] == [3, rooms, 3, 0]
    assert await broker.retain(max_count=0) == 3
    assert [await count(ask, table) for table in ENTRIES] == [0, 0, 0, 0]


@pytest.mark.parametrize("audience", AUDIENCES, ids=["all", "all and a guest", "names"])
async def test_rooms_of_an_audience(broker: PostgresBroker, ask: Ask, audience: Audience) -> None:
    """The database finds every room of an audience by itself."""
    found = await ask("SELECT array_agg(room) FROM rooms_of($1) AS room", orjson.dumps(audience.as_dict()).decode())
    assert set(audience.rooms()) <= set(found)


async def test_many_go_in_steps(broker: PostgresBroker, ask: Ask) -> None:
    """However many are to go, all do, and the floor is the last of them."""
    await appended_at_once(broker, [notification(EVERYBODY) for _ in range(2 * STEP_ROWS + 7)])
    assert await broker.retain(max_count=5) == 2 * STEP_ROWS + 2
    assert (broker.floor(), await count(ask, "notification")) == (2 * STEP_ROWS + 2, 5)


async def test_one_node_has_the_duty(broker: PostgresBroker, dsn: str, clock: Clock, ask: Ask) -> None:
    """While another connection has the duty nothing is done, and it is free again when that has ended."""
    await appended(broker, notification(EVERYBODY))
    names = f"duty of {dsn.rpartition('=')[2]}", "retention"
    assert await ask("SELECT pg_try_advisory_lock(hashtext($1), hashtext($2))", *names)
    assert await broker.retain(max_count=0) == 0
    await ask("SELECT pg_advisory_unlock(hashtext($1), hashtext($2))", *names)
    assert await broker.retain(max_count=0) == 1
    assert await broker.retain(max_count=0) == 0


async def test_what_is_over_is_forgotten(broker: PostgresBroker, ask: Ask, clock: Clock) -> None:
    """Keys go when their time is over and what commits called themselves after a day, but that of the head."""
    for key in ("a", "b"):
        await appended(broker, notification(EVERYBODY, key=key))
    clock.seconds += MARKS_KEPT / 2000
    await appended(broker, notification(EVERYBODY, key="c"))
    await broker.retain()
    assert [await count(ask, table) for table in ("mark", "idempotency")] == [3, 3]
    clock.seconds += MARKS_KEPT / 2000 + 1
    await broker.retain()
    assert [await count(ask, table) for table in ("mark", "idempotency")] == [1, 1]
    clock.seconds += MARKS_KEPT
    await broker.retain()
    assert [await count(ask, table) for table in ("mark", "idempotency")] == [1, 0]


async def test_what_passed_is_forgotten(broker: PostgresBroker, ask: Ask) -> None:
    """What is not stored is there for a minute, so that every node hears it, and no longer."""
    await appended(broker, notification(EVERYBODY, persist=False))
    await broker.retain()
    assert await count(ask, "passing") == 1
    await ask("UPDATE passing SET at = at - interval '61 seconds'")
    await broker.retain()
    assert await count(ask, "passing") == 0


async def test_states_of_what_is_gone(broker: PostgresBroker, ask: Ask) -> None:
    """A mark that was made at the moment in which its notification went is not left behind."""
    await appended_at_once(broker, [notification(EVERYBODY) for _ in range(3)])
    await broker.retain(max_count=1)
    await ask("INSERT INTO inbox_state SELECT 'ana', seq, true, true, false FROM generate_series(1, 3) AS seq")
    await broker.retain(max_count=1)
    assert await count(ask, "inbox_state") == 1
