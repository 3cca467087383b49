"""What every broker promises of trails: what became of one notification with one user, and when."""

from __future__ import annotations

from sio_server.audience import Audience, Identity
from sio_server.broker import Broker, Carrier, KnownRoom, Trail
from tests.support.brokers import Reopen, appended, notification
from tests.support.inbox_model import START, Clock

NOW = int(START * 1000)


async def trail_of(broker: Broker, identity: str, user: str) -> Trail:
    """The trail of a notification that is there."""
    found = await broker.trail(identity, user)
    assert found is not None
    return found


async def published(broker: Broker, count: int = 1) -> list[str]:
    """Publish so many to admins; returns their ids."""
    made = [notification(audience=Audience.of(roles=["admin"]), timestamp=NOW) for _ in range(count)]
    for one in made:
        await appended(broker, one)
    return [one.id for one in made]


class TrailsContract:
    """What became of a notification with a user."""

    async def test_unknown_notification_has_no_trail(self, broker: Broker) -> None:
        """An id that was never published leads nowhere, whoever is asked about."""
        assert await broker.trail("unknown", "ana") is None
        assert await broker.oldest() is None

    async def test_oldest_is_told(self, broker: Broker) -> None:
        """The oldest stored notification is told by its id."""
        first, _ = await published(broker, 2)
        assert await broker.oldest() == first

    async def test_user_who_was_never_here_is_unknown(self, broker: Broker) -> None:
        """Of somebody who never connected nothing is known, and the notification is told all the same."""
        (identity,) = await published(broker)
        found = await trail_of(broker, identity, "ana")
        assert (found.stored.entry.id, found.known, dict(found.rooms)) == (identity, False, {})
        assert not any((found.sent, found.acknowledged, found.seen, found.read, found.archived))
        assert (found.handed, found.confirmed, found.last, found.alike) == ((), (), None, ())

    async def test_rooms_are_told_with_where_they_begin(self, broker: Broker, clock: Clock) -> None:
        """The rooms of a user come with the position they are seen from, and since when arrivals do not name them."""
        await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        (identity,) = await published(broker)
        await broker.sight("ana", Identity("ana", ("guia",)).rooms())
        found = await trail_of(broker, identity, "ana")
        assert found.known
        assert dict(found.rooms) == {
            "all": KnownRoom(0, None),
            "role:admin": KnownRoom(0, NOW),
            "role:guia": KnownRoom(1, None),
        }
        clock.seconds += 25 * 3600
        assert "role:admin" not in (await trail_of(broker, identity, "ana")).rooms

    async def test_connections_and_times_are_told(self, broker: Broker, clock: Clock) -> None:
        """Which connections were handed it and confirmed it comes with when, and why those that are gone have ended."""
        await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        first, second = await published(broker, 2)
        phone, desk = Carrier("ws", NOW - 500), Carrier("socketio", NOW - 300)
        clock.seconds += 1
        broker.acknowledge("ana", 1, after=0, by=phone)
        clock.seconds += 1
        broker.acknowledge("ana", 2, after=0, by=phone)
        broker.acknowledge("ana", 2, after=1, by=desk)
        broker.handed("ana", 2, after=0, by=phone)
        clock.seconds += 1
        broker.handed("ana", 2, after=0, by=phone._replace(ended="ping timeout"))
        broker.handed("ana", 2, after=1, by=desk._replace(ended="what nobody knows"))
        one, two = await trail_of(broker, first, "ana"), await trail_of(broker, second, "ana")
        assert [(hop.protocol, hop.since, hop.at) for hop in one.confirmed[:1]] == [("ws", NOW - 500, NOW + 1000)]
        assert [(hop.protocol, hop.at) for hop in two.confirmed] == [("ws", NOW + 2000), ("socketio", NOW + 2000)]
        assert (one.acknowledged_at, two.acknowledged_at) == (NOW + 1000, NOW + 2000)
        assert [(hop.protocol, hop.at, hop.ended) for hop in one.handed] == [("ws", NOW + 3000, "ping timeout")]
        assert [(hop.protocol, hop.ended) for hop in two.handed] == [("ws", "ping timeout"), ("socketio", "other")]
        assert one.last is not None
        assert one.last.at == NOW + 3000
        receipt = await broker.receipt(second)
        assert receipt is not None
        (ana,) = receipt.users
        assert (ana.sent_at, ana.acknowledged_at, ana.seen_at) == (NOW, NOW + 2000, None)

    async def test_end_of_a_connection_takes_the_place_of_what_was_noted_before(self, broker: Broker) -> None:
        """However often one connection is noted, it is told once, as it was noted last."""
        await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        phone = Carrier("ws", NOW)
        made = [(await published(broker))[0] for _ in range(4)]
        for seq, identity in enumerate(made, 1):
            broker.handed("ana", seq, after=0, by=phone)
            await broker.receipt(identity)
        broker.handed("ana", 4, after=0, by=phone._replace(ended="slow"))
        found = await trail_of(broker, made[-1], "ana")
        assert [(hop.protocol, hop.since, hop.ended) for hop in found.handed] == [("ws", NOW, "slow")]

    async def test_marks_are_told_with_their_times(self, broker: Broker, clock: Clock) -> None:
        """When something was first seen, and when it was read, is told, however it was marked and whatever came."""
        view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        made = await published(broker, 4)
        clock.seconds += 10
        await broker.mark(view, "seen", None)
        clock.seconds += 10
        await broker.mark(view, "read", [made[1]])
        clock.seconds += 10
        await broker.mark(view, "read", None)
        clock.seconds += 10
        await broker.mark(view, "unread", [made[2]])
        await broker.mark(view, "archive", [made[3]])
        trails = [await trail_of(broker, identity, "ana") for identity in made]
        assert [one.seen_at for one in trails] == [NOW + 10_000] * 4
        assert [one.read_at for one in trails] == [NOW + 30_000, NOW + 20_000, None, NOW + 30_000]
        assert [(one.seen, one.read, one.archived) for one in trails] == [
            (True, True, False),
            (True, True, False),
            (True, False, False),
            (True, True, True),
        ]
        receipt = await broker.receipt(made[1])
        assert receipt is not None
        assert (receipt.users[0].seen_at, receipt.users[0].read_at) == (NOW + 10_000, NOW + 20_000)

    async def test_only_the_newest_times_are_kept(self, broker: Broker, clock: Clock) -> None:
        """What was confirmed and read long ago, many steps before, is known to be so, and not when."""
        view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        made = await published(broker, 60)
        for seq, identity in enumerate(made, 1):
            clock.seconds += 1
            broker.acknowledge("ana", seq, after=0)
            await broker.mark(view, "read", [identity])
        first, last = await trail_of(broker, made[0], "ana"), await trail_of(broker, made[-1], "ana")
        assert (first.acknowledged, first.acknowledged_at, first.read, first.read_at) == (True, None, True, None)
        assert (last.acknowledged_at, last.read_at) == (NOW + 60_000, NOW + 60_000)

    async def test_names_that_are_alike_are_told(self, broker: Broker) -> None:
        """Users whose names differ in case, in zeros before them or in spaces are told, and nobody else."""
        for user in ("103", "0103", "1030", "Ana", "ana maria"):
            await broker.sight(user, Identity(user).rooms())
        (identity,) = await published(broker)
        found = {
            user: sorted((await trail_of(broker, identity, user)).alike)
            for user in ("103", "00103", "ana", "anamaria", "bo", "%", "1_3")
        }
        assert found == {
            "103": ["0103"],
            "00103": ["0103", "103"],
            "ana": ["Ana"],
            "anamaria": ["ana maria"],
            "bo": [],
            "%": [],
            "1_3": [],
        }


class DurableTrailsContract:
    """What of a trail survives the end of a node."""

    async def test_times_survive_a_close(self, broker: Broker, clock: Clock, reopened: Reopen) -> None:
        """Who was handed what over which connection, who confirmed, saw and read it when is there afterwards."""
        view = await broker.sight("ana", Identity("ana", ("admin",)).rooms())
        (identity,) = await published(broker)
        phone = Carrier("ws", NOW - 100)
        clock.seconds += 1
        broker.acknowledge("ana", 1, after=0, by=phone)
        broker.handed("ana", 1, after=0, by=phone._replace(ended="transport close"))
        clock.seconds += 1
        await broker.mark(view, "read", [identity])
        before = await trail_of(broker, identity, "ana")
        after = await trail_of(await reopened(broker), identity, "ana")
        assert (after.handed, after.confirmed) == (before.handed, before.confirmed)
        assert (after.acknowledged_at, after.read_at) == (NOW + 1000, NOW + 2000)
