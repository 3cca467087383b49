"""What every broker promises of users: first sights, rooms that go by age, reach, revocations."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import Broker, Revoked, View
from sio_server.broker.people import ROOM_KEPT
from tests.support.brokers import Ear, appended, positions, soon
from tests.support.inbox_model import Clock, notification

ADMINS = Audience.of(roles=["admin"])
EVERYBODY = Audience.of(everybody=True)
ADMIN = Identity("ana", ("admin",)).rooms()
PLAIN = Identity("ana").rooms()
DAY = 24 * 3600.0


def at_once(coroutine: Any) -> Any:
    """What a coroutine returns that waits for nothing."""
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)
    return done.value.value


class PeopleContract:
    """First sights, and rooms by age."""

    async def test_everything_announced_after_a_sight_belongs_to_it(self, broker: Broker) -> None:
        """A publish that is on its way when a user is first seen is in the user's inbox: it goes to the user live."""
        publishing = asyncio.create_task(appended(broker, notification(EVERYBODY)))
        await asyncio.sleep(0)
        view = await broker.sight("ana", PLAIN)
        await publishing
        assert await positions(broker, view) == [1]

    async def test_no_past_of_a_room_from_before(self, broker: Broker) -> None:
        """What a room got before a user's first sight is not in the view; the personal room has no before."""
        for audience in (ADMINS, EVERYBODY, Audience.of(users=["ana"])):
            await appended(broker, notification(audience))
        view = await broker.sight("ana", ADMIN)
        assert view == View("ana", {"all": 3, "role:admin": 3, "user:ana": 0})
        assert await positions(broker, view) == [3]
        assert await broker.sight("ana", ADMIN) == view

    async def test_view_is_of_the_rooms_that_are_named(self, broker: Broker) -> None:
        """Each arrival gets the view of its own rooms; who looks from outside sees all that are not forgotten."""
        admin = await broker.sight("ana", ADMIN)
        await appended(broker, notification(EVERYBODY))
        guide = await broker.sight("ana", Identity("ana", ("guia",)).rooms())
        assert dict(guide.seen_from) == {"all": 0, "role:guia": 1, "user:ana": 0}
        assert await broker.sight("ana", ADMIN) == admin
        assert dict((await broker.view_of("ana")).seen_from) == {**admin.seen_from, **guide.seen_from}
        assert await broker.view_of("nobody") == View("nobody", {"user:nobody": 0})

    async def test_known_users_come_back_without_a_query(self, broker: Broker) -> None:
        """A user who was seen lately with the same rooms gets the view without waiting for anything."""
        view = await broker.sight("ana", ADMIN)
        assert at_once(broker.sight("ana", ADMIN)) is view
        assert at_once(broker.arrive("ana", ADMIN)) == (view, None)

    async def test_connections_with_other_rooms_come_back_without_a_query(self, broker: Broker) -> None:
        """Two devices of a user with different roles that come again and again cost nothing while both are there."""
        views = {}
        for name, rooms in (("desk", ADMIN), ("phone", PLAIN)):
            views[name] = await broker.sight("ana", rooms)
            broker.arrived(name, "ana", rooms)
            await broker.sight("ana", rooms)
        for _ in range(3):
            assert at_once(broker.sight("ana", PLAIN)) == views["phone"]
            assert at_once(broker.sight("ana", ADMIN)) == views["desk"]

    async def test_room_that_is_missing_shortly_goes_on(self, broker: Broker, clock: Clock) -> None:
        """A role that is back within a day is as if it had never been missing: what came meanwhile is seen."""
        first = await broker.sight("ana", ADMIN)
        await appended(broker, notification(ADMINS))
        assert await positions(broker, await broker.sight("ana", PLAIN)) == []
        clock.seconds += ROOM_KEPT
        await appended(broker, notification(ADMINS))
        assert "role:admin" in (await broker.view_of("ana")).seen_from
        view = await broker.sight("ana", ADMIN)
        assert view == first
        assert await positions(broker, view) == [1, 2]

    async def test_role_regained_later_starts_anew(self, broker: Broker, clock: Clock) -> None:
        """What a role got before is not seen by somebody who had lost it for longer than a day when it comes back."""
        await broker.sight("ana", ADMIN)
        await appended(broker, notification(ADMINS))
        await broker.sight("ana", PLAIN)
        await appended(broker, notification(ADMINS))
        clock.seconds += ROOM_KEPT + 1
        assert "role:admin" not in (await broker.view_of("ana")).seen_from
        view = await broker.sight("ana", ADMIN)
        assert await positions(broker, view) == []
        await appended(broker, notification(ADMINS))
        assert await positions(broker, view) == [3]
        assert await broker.view_of("ana") == view

    async def test_missing_counts_from_the_first_arrival_without_it(self, broker: Broker, clock: Clock) -> None:
        """A user who comes every hour without a role has lost it a day after the first time, not after the last."""
        await broker.sight("ana", ADMIN)
        for _ in range(26):
            await broker.sight("ana", PLAIN)
            clock.seconds += 3600
        assert "role:admin" not in (await broker.view_of("ana")).seen_from

    async def test_who_is_away_finds_all_rooms_again(self, broker: Broker, clock: Clock) -> None:
        """However long somebody is away, no room is missing for it: nothing arrived without one."""
        view = await broker.sight("ana", ADMIN)
        for _ in range(100):
            clock.seconds += DAY
            await broker.forget(max_age=1000 * DAY)
        await appended(broker, notification(ADMINS))
        assert await broker.view_of("ana") == view
        assert await broker.sight("ana", ADMIN) == view
        assert await positions(broker, view) == [1]

    async def test_forgetting_takes_what_is_missing_for_long(self, broker: Broker, clock: Clock) -> None:
        """Rooms that are missing for long are forgotten for good, those that are missing for less are not."""
        await broker.sight("ana", [*ADMIN, "topic:a"])
        await broker.sight("ana", ADMIN)
        clock.seconds += ROOM_KEPT / 2
        await broker.sight("ana", PLAIN)
        clock.seconds += ROOM_KEPT / 2 + 1
        await broker.forget(max_age=1000 * DAY)
        assert set((await broker.view_of("ana")).seen_from) == {"all", "role:admin", "user:ana"}

    async def test_missing_room_is_nobodys_target(self, broker: Broker) -> None:
        """Whoever arrived without a role last is not counted among those whom the role's notifications reach."""
        await broker.sight("ana", ADMIN)
        made = notification(ADMINS)
        await appended(broker, made)
        assert (await broker.reach(ADMINS)).users == 1
        await broker.sight("ana", PLAIN)
        receipt = await broker.receipt(made.id)
        assert receipt is not None
        assert ((await broker.reach(ADMINS)).users, receipt.targeted) == (0, 0)
        await broker.sight("ana", ADMIN)
        assert (await broker.reach(ADMINS)).users == 1

    async def test_counters_of_whoever_arrives(self, broker: Broker) -> None:
        """Counters that come with an arrival are those that a query finds, whatever is on its way into the log."""
        await appended(broker, notification(Audience.of(users=["bea"])))
        known = []
        for user, role in [("ana", "admin"), ("bea", "admin"), ("ana", "guia"), ("cid", "admin")]:
            arriving = asyncio.create_task(broker.arrive(user, Identity(user, (role,)).rooms()))
            await asyncio.sleep(0)
            if user != "ana":
                await appended(broker, notification(EVERYBODY))
            view, counts = await arriving
            assert view == await broker.sight(user, Identity(user, (role,)).rooms())
            assert counts in (None, await broker.counts(view))
            known.append(counts is not None)
        # bea has had something; ana, when she comes again, may see what came meanwhile; cid saw it come
        assert known == [True, False, False, False]


class PeopleOfTwoNodesContract:
    """Rooms by age where a user has connections on several nodes: ``pair`` are two nodes on one broker."""

    @pytest.mark.parametrize("arriving", [0, 1])
    async def test_room_of_a_connection_is_not_missing(
        self, pair: tuple[Broker, Broker], clock: Clock, arriving: int
    ) -> None:
        """While a connection on any node has a role, it is not lost by arrivals without it, nor for a day after."""
        view = await pair[0].sight("ana", ADMIN)
        pair[0].arrived("desk", "ana", ADMIN)
        await soon(lambda: pair[1].connected("desk"))
        for _ in range(5):
            await pair[arriving].sight("ana", PLAIN)
            clock.seconds += DAY
            for node in pair:
                await node.forget(max_age=1000 * DAY)
                assert await node.view_of("ana") == view
        pair[0].left("desk")
        await soon(lambda: _gone(pair[1], "desk"))
        await pair[arriving].sight("ana", PLAIN)
        clock.seconds += ROOM_KEPT
        assert await pair[1].sight("ana", ADMIN) == view

    async def test_room_that_was_missed_on_the_way_is_not_missing(
        self, pair: tuple[Broker, Broker], clock: Clock
    ) -> None:
        """Where two connections with different roles arrive at once, neither's role is missing from then on."""
        desk, _ = await asyncio.gather(pair[0].sight("ana", ADMIN), pair[1].sight("ana", PLAIN))
        pair[0].arrived("desk", "ana", ADMIN)
        pair[1].arrived("phone", "ana", PLAIN)
        await soon(lambda: pair[1].connected("desk"))
        await pair[1].sight("ana", PLAIN)
        pair[0].left("desk")
        clock.seconds += ROOM_KEPT + 1
        assert await pair[0].view_of("ana") == desk
        assert await pair[0].sight("ana", ADMIN) == desk

    async def test_room_that_is_missing_is_found_by_its_connection(
        self, pair: tuple[Broker, Broker], clock: Clock
    ) -> None:
        """A room that is missing is not forgotten while a connection has it, and is missing no longer after that."""
        view = await pair[0].sight("ana", ADMIN)
        await pair[0].sight("ana", PLAIN)
        clock.seconds += ROOM_KEPT / 2
        pair[1].arrived("desk", "ana", ADMIN)
        await soon(lambda: pair[0].connected("desk"))
        clock.seconds += ROOM_KEPT
        assert await pair[0].view_of("ana") == view
        await pair[0].forget(max_age=1000 * DAY)
        pair[1].left("desk")
        assert await pair[0].view_of("ana") == view

    async def test_room_of_a_node_that_ends_can_be_missing(self, pair: tuple[Broker, Broker], clock: Clock) -> None:
        """The connections of a node that ends hold no room any more."""
        await pair[0].sight("ana", ADMIN)
        pair[1].arrived("desk", "ana", ADMIN)
        await soon(lambda: pair[0].connected("desk"))
        await pair[1].close()
        await pair[0].sight("ana", PLAIN)
        clock.seconds += ROOM_KEPT + 1
        assert "role:admin" not in (await pair[0].view_of("ana")).seen_from

    async def test_known_users_are_known_on_every_node(self, pair: tuple[Broker, Broker]) -> None:
        """A user whom one node saw first is seen from the same positions by the other."""
        await appended(pair[0], notification(EVERYBODY))
        view = await pair[0].sight("ana", ADMIN)
        await appended(pair[1], notification(EVERYBODY))
        assert await pair[1].sight("ana", ADMIN) == view
        assert await positions(pair[1], view) == [2]


async def _gone(broker: Broker, connection_id: str) -> bool:
    return not await broker.connected(connection_id)


class RevocationsContract:
    """Tokens that hold no longer."""

    async def test_revocation_is_known_at_once(self, broker: Broker, ear: Ear, clock: Clock) -> None:
        """A revocation is known when the call returns; an earlier moment does not replace a later one."""
        assert broker.revoked_before("ana") is None
        await broker.revoke("ana", clock.seconds)
        await broker.revoke("ana", clock.seconds - 100)
        assert broker.revoked_before("ana") == clock.seconds
        assert broker.revoked_before("bea") is None
        assert ear.signals == [Revoked("ana", clock.seconds), Revoked("ana", clock.seconds - 100)]

    async def test_revocation_is_signalled_though_nobody_waits(self, broker: Broker, ear: Ear) -> None:
        """Whoever asked for a revocation may give up: once it is durable it is heard of."""
        revoking = asyncio.create_task(broker.revoke("ana", 5.0))
        await asyncio.sleep(0)
        revoking.cancel()
        await broker.revoke("bea", 7.0)
        assert ear.signals == [Revoked("ana", 5.0), Revoked("bea", 7.0)]
        assert broker.revoked_before("ana") == 5.0

    async def test_revocations_are_forgotten_after_a_month(self, broker: Broker, clock: Clock) -> None:
        """Revocations of more than 30 days ago may take no room any more, and those of less do."""
        await broker.revoke("ana", clock.seconds)
        clock.seconds += 29 * DAY
        await broker.revoke("bea", clock.seconds)
        assert broker.revoked_before("ana") is not None
        assert broker.revoked_before("bea") == clock.seconds


class RevocationsOfTwoNodesContract:
    """Tokens that hold no longer on any node."""

    async def test_revocation_reaches_every_node(
        self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear], clock: Clock
    ) -> None:
        """What one node revokes the other refuses, and hears of it so that it can close what it has."""
        await pair[0].revoke("ana", clock.seconds)
        assert ears[0].signals == [Revoked("ana", clock.seconds)]
        await ears[1].until_signal(Revoked("ana", clock.seconds))
        assert pair[1].revoked_before("ana") == clock.seconds
