"""What nodes on one log in PostgreSQL know of one another where a node, a signal or the database's memory is lost."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from sio_server.audience import Audience, Identity
from sio_server.broker import Revoked
from sio_server.broker.people import ROOM_KEPT
from sio_server.broker.postgres import PostgresBroker
from tests.support.brokers import Ear, appended, soon
from tests.support.inbox_model import Clock, notification

Ask = Callable[..., Awaitable[Any]]
Pair = tuple[PostgresBroker, PostgresBroker]
ADMIN = Identity("ana", ("admin",)).rooms()
PLAIN = Identity("ana").rooms()


async def test_connections_of_a_dead_node_count_no_more(pair: Pair, ask: Ask) -> None:
    """What a node had that has not renewed its row for ten seconds is not here, and goes with the row."""
    await ask("INSERT INTO node (name, renewed) VALUES ('dead', now() - interval '9 seconds')")
    await ask("INSERT INTO connection (node, id, user_id, rooms, since) VALUES ('dead', 'desk', 'ana', '{all}', 1)")
    assert await pair[0].connected("desk")
    assert (await pair[0].here(limit=9)).connections == 1

    async def gone() -> bool:
        return not await pair[0].connected("desk") and not await ask("SELECT count(*) FROM connection")

    await soon(gone)
    assert not await pair[0].present("ana")
    assert await ask("SELECT count(*) FROM node WHERE name = 'dead'") == 0


async def test_node_whose_row_is_lost_writes_everything_again(pair: Pair, ask: Ask) -> None:
    """After a crash of the database, which empties what it keeps of nodes, all connections are known again."""
    pair[0].arrived("desk", "ana", ADMIN)
    pair[0].arrived("kiosk", None, ("all",))
    await soon(lambda: pair[1].connected("kiosk"))
    await ask("DELETE FROM connection")
    await ask("DELETE FROM node")
    await soon(lambda: pair[1].connected("desk"))
    await soon(lambda: pair[1].connected("kiosk"))
    assert await pair[1].attending("role:admin") == {"ana"}


async def test_thousands_of_connections_are_known_together(pair: Pair) -> None:
    """Thousands who arrive at once are known on another node soon, and leave as one."""
    for number in range(5000):
        pair[0].arrived(f"c{number}", f"u{number}", ("all", "role:tourist", f"user:u{number}"))
    page = await pair[0].here("role:tourist", limit=1)
    assert (page.users, page.connections, page.next_after) == (5000, 5000, "u0")
    assert (await pair[1].here(limit=1)).users == 5000
    for number in range(5000):
        pair[0].left(f"c{number}")
    assert await pair[0].attending() == frozenset()
    assert not await pair[1].present("u4999")


async def test_revocation_without_its_signal_is_heard_of_with_a_beat(
    pair: Pair, ears: tuple[Ear, Ear], ask: Ask
) -> None:
    """A node learns of a revocation whose signal was lost within a beat, and tells it once."""
    write = "INSERT INTO revocation VALUES ('ana', 7, extract(epoch FROM now()), nextval('revocation_number'))"
    await ask(write)
    for ear, node in zip(ears, pair, strict=True):
        await ear.until_signal(Revoked("ana", 7.0))
        assert node.revoked_before("ana") == 7.0
    pair[0].signal(Revoked("ana", 7.0))  # as if it came after all
    await pair[0].revoke("bea", 8.0)
    await ears[1].until_signal(Revoked("bea", 8.0))
    assert [ear.signals for ear in ears] == [[Revoked("ana", 7.0), Revoked("bea", 8.0)]] * 2


async def test_room_that_another_node_missed_is_found_by_the_next_arrival(pair: Pair, clock: Clock, ask: Ask) -> None:
    """A view in memory does not keep a role missing that an arrival on another node was without."""
    view = await pair[0].sight("ana", ADMIN)
    await pair[1].sight("ana", PLAIN)

    async def found() -> bool:
        await pair[0].sight("ana", ADMIN)
        return not await ask("SELECT count(*) FROM sight WHERE missing_since IS NOT NULL")

    await soon(found)
    clock.seconds += ROOM_KEPT + 1
    assert await pair[1].view_of("ana") == view


async def test_room_of_a_connection_that_another_node_missed_is_found(pair: Pair, ask: Ask) -> None:
    """A role that a connection has is missing no longer, also where an arrival elsewhere overtook word of it."""
    await pair[0].sight("ana", ADMIN)
    pair[0].arrived("desk", "ana", ADMIN)
    await pair[1].sight("ana", PLAIN)

    async def found() -> bool:
        return not await ask("SELECT count(*) FROM sight WHERE missing_since IS NOT NULL")

    await soon(found)


async def test_many_who_arrive_at_once_have_their_own_views(pair: Pair) -> None:
    """A thousand users who arrive at both nodes at once see what was published after, each in their rooms."""
    users = [f"u{number}" for number in range(500)]
    arriving = [pair[n % 2].sight(user, Identity(user, ("guia",)).rooms()) for n, user in enumerate(users * 2)]
    views = await asyncio.gather(*arriving)
    assert [view.user for view in views] == users * 2
    assert all(dict(view.seen_from) == {"all": 0, "role:guia": 0, f"user:{view.user}": 0} for view in views)


async def test_view_of_a_log_that_became_another_is_not_remembered(pair: Pair, ears: tuple[Ear, Ear], ask: Ask) -> None:
    """What a node remembers of users does not outlast the log that it is about."""
    await appended(pair[0], notification(Audience.of(everybody=True)))
    view = await pair[0].sight("ana", PLAIN)
    assert view.seen_from["all"] == 1
    # As after a failover to what had not got so far.
    await ask("UPDATE sight SET since = 0")
    await ask("UPDATE log SET epoch = 'another'")
    await ears[0].until(lambda: ears[0].resets != [])
    assert (await pair[0].sight("ana", PLAIN)).seen_from["all"] == 0
