"""The list of tables that name users is whole in PostgreSQL, and nothing that names one is left when it was erased."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import orjson

from sio_server.audience import Audience
from sio_server.broker import Amendment
from sio_server.broker.persons import NOBODY, SEARCHED, USER_TABLES
from sio_server.broker.postgres import PostgresBroker
from sio_server.broker.postgres.persons import ROOM_TABLES
from sio_server.extras import Choice, Extras
from tests.broker.contract.schedule import MOST, planned
from tests.support.brokers import appended
from tests.support.inbox_model import START, notification

Ask = Callable[..., Awaitable[Any]]
Pair = tuple[PostgresBroker, PostgresBroker]

NAME = "zoila-quispe-7f3a"
MINE = Audience.of(users=[NAME])
OURS = Audience.of(users=[NAME, "bea"])
OTHERS = Audience.of(everybody=True, except_users=[NAME])

# The first keeps its row, by another name; rows of the second go with the audience they are of; the third are those of
# connections, with which they go.
RENAMED = {"revocation", "notification_except", "connection"}

# What passes by and is kept for a minute.
PASSING = {"passing", "signal"}


async def _columns(ask: Ask) -> dict[str, set[str]]:
    found = await ask(
        "SELECT json_object_agg(t.name, t.columns) FROM (SELECT table_name AS name, array_agg(column_name::text) AS "
        "columns FROM information_schema.columns WHERE table_schema = current_schema() GROUP BY 1) AS t"
    )
    return {name: set(columns) for name, columns in orjson.loads(found).items()}


async def test_every_table_that_names_users_is_listed(broker: PostgresBroker, ask: Ask) -> None:
    """Each column of the schema that may hold a user's name is among those that are erased, or said to stay."""
    assert await broker.nodes() == ()
    columns = await _columns(ask)
    assert {name for name in columns if "user_id" in columns[name]} == {*USER_TABLES, *RENAMED}
    rooms = {name for name in columns if "room" in columns[name] and "user_id" not in columns[name]}
    assert rooms == {*ROOM_TABLES}
    names = {"audience", "notification", "publisher", "who", "by", "ended_by"}
    found = {name: columns[name] & names for name in columns if columns[name] & names}
    for passing in (*PASSING, "idempotency"):
        found.pop(passing, None)
    assert found.pop("schedule") == {"audience", "notification", "by"}  # the audience twice
    expected = {name: {audience, *others} for name, (_, audience, others) in SEARCHED.items()}
    del expected["schedule"]
    assert found == expected


async def _full_life(broker: PostgresBroker) -> None:
    """Let a user have something of everything, as one of the people and as an administrator."""
    by = f"admin:{NAME}"
    rooms = ["all", "role:guia", "topic:b"]
    view = await broker.sight(NAME, rooms)
    await broker.follow(NAME, "tour:1")
    extras = Extras(collapse_key="k", group="g", actions=(Choice(id="yes", label="Sí"),))
    made = [
        notification(audience, publisher=by, extras=extras, key=key, ttl=ttl)
        for audience in (MINE, OURS, OTHERS, MINE, OURS)
        for key, ttl in ((None, None), ("a key", 90.0))
    ]
    for one in made:
        await appended(broker, one)
    view = await broker.sight(NAME, rooms)
    items = (await broker.page(view)).items
    await broker.mark(view, "read", None)
    await broker.mark(view, "unread", [items[0].entry.id])
    for item in items:
        if item.entry.audience == OURS:
            await broker.amend(item.entry.id, Amendment(members={"message": "?"}, at=int(START * 1000), by=by))
            await broker.answer(view, item.entry.id, "yes")
    for audience in (MINE, OURS, OTHERS):
        for key in ("k", "l"):
            await broker.schedule(replace(planned(audience=audience, collapse_key=key, publisher=by), by=by), most=MOST)
    booked = (await broker.schedule_page(limit=9)).items
    await broker.cancel(booked[0].notification.id, by=by, at=int(START * 1000))
    broker.handed(NAME, 4, after=0)
    await broker.revoke(NAME, START)
    broker.arrived("desk", NAME, rooms)
    broker.left("desk")


async def test_nothing_that_names_a_user_is_left(pair: Pair, ask: Ask) -> None:
    """Neither text nor bytes of any table hold the name of who was erased; tokens hold no longer for that."""
    await _full_life(pair[0])
    await pair[1].erase(NAME)
    assert pair[0].revoked_before(NAME) == START
    left = []
    for table in await _columns(ask):
        if table in PASSING:
            continue
        for needle in (NAME, NAME.encode().hex()):
            query = f"SELECT count(*) FROM {table} AS t WHERE position($1 IN t::text) > 0"  # noqa: S608 - of the schema
            count = await ask(query, needle)
            if count:
                left.append((table, needle, count))
    assert left == []
    assert await ask("SELECT count(*) FROM history WHERE who = $1", NOBODY) > 0
    assert await ask("SELECT count(*) FROM schedule WHERE by = $1", NOBODY) > 0
    kept = [stored.entry.audience for stored in (await pair[1].search(limit=50)).items]
    assert kept
    assert all(audience in (Audience.of(users=["bea"]), Audience.of(everybody=True)) for audience in kept)


async def test_publishers_wait_for_a_step_alone(pair: Pair) -> None:
    """While somebody with hundreds of notifications is erased, publishes get their turns between the steps."""
    await asyncio.gather(*(appended(pair[n % 2], notification(MINE)) for n in range(600)))
    erasing = asyncio.create_task(pair[0].erase(NAME))
    published = 0
    while not erasing.done():
        await appended(pair[1], notification(OTHERS))
        published += 1
    assert (await erasing)["notifications"] == 600
    assert published > 1


async def test_what_another_node_has_not_written_yet_is_not_written(pair: Pair, ask: Ask) -> None:
    """What one node still has to note of somebody's connections is not noted once another has erased the user."""
    await pair[1].sight(NAME, ["all"])
    await appended(pair[1], notification(MINE))
    pair[1].arrived("desk", NAME, ["all"])
    pair[1].left("desk")
    pair[1].handed(NAME, 1, after=0)
    assert (await pair[0].erase(NAME))["notifications"] == 1
    assert await pair[1].receipt("none") is None  # it writes what waits before it looks
    assert await ask("SELECT count(*) FROM delivery") == 0
    assert await ask("SELECT count(*) FROM visit") == 0
