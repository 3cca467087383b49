"""What every broker promises of a person's data: that a copy has all of it, and that erasing leaves nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from sio_server.audience import Audience
from sio_server.broker import Broker, Erased
from sio_server.extras import Extras
from tests.broker.contract.schedule import MOST, planned
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import Clock, notification

ANA = Audience.of(users=["ana"])
BOTH = Audience.of(users=["ana", "bea"])
OTHERS = Audience.of(everybody=True, except_users=["ana"])


async def copy_of(broker: Broker, user: str = "ana") -> dict[str, list[Any]]:
    """All that is kept about a user, by kind."""
    found: dict[str, list[Any]] = {}
    async for kind, rows in broker.export(user):
        found.setdefault(kind, []).extend(rows)
    return found


async def full_life(broker: Broker) -> None:
    """Let a user have something of everything."""
    view = await broker.sight("ana", ["all", "role:guia"])
    await broker.sight("bea", ["all"])
    for audience in (ANA, BOTH, OTHERS, Audience.of(roles=["guia"], users=["ana"])):
        await appended(broker, notification(audience))
    await broker.follow("ana", "tour:1")
    broker.handed("ana", 4, after=0)
    broker.acknowledge("ana", 2, after=0)
    view = await broker.sight("ana", ["all", "role:guia"])
    await broker.mark(view, "read", None)
    page = await broker.page(view)
    await broker.mark(view, "unread", [page.items[0].entry.id])
    await broker.schedule(planned(audience=ANA), most=MOST)
    await broker.schedule(planned(audience=BOTH, collapse_key="k"), most=MOST)


class PersonalDataContract:
    """What is kept about one user."""

    async def test_copy_has_every_kind(self, broker: Broker) -> None:
        """A copy has what was seen, followed, marked, handed and published for the user; others' has theirs alone."""
        await full_life(broker)
        found = await copy_of(broker)
        assert {kind: len(rows) for kind, rows in found.items()} == {
            "rooms": 2,
            "follows": 1,
            "inbox": 1,
            "states": 1,
            "deliveries": 2,
            "visits": 1,
            "notifications": 4,
            "scheduled": 2,
        }
        assert [one["seq"] for one in found["notifications"]] == [1, 2, 3, 4]
        assert await copy_of(broker, "nobody") == {}
        assert (await copy_of(broker, "bea")).keys() == {"rooms", "visits", "notifications", "scheduled"}

    async def test_nothing_is_left(self, broker: Broker, ear: Ear) -> None:
        """What was erased is told by kind, is in no copy, and everybody else has what they had."""
        await full_life(broker)
        before = await copy_of(broker, "bea")
        erased = await broker.erase("ana")
        assert erased == {
            "audiences": 4,
            "deliveries": 2,
            "follows": 1,
            "inbox": 1,
            "notifications": 1,
            "rooms": 2,
            "scheduled": 1,
            "states": 1,
            "visits": 1,
        }
        assert ear.signals[-1] == Erased("ana")
        assert await copy_of(broker) == {}
        assert await broker.erase("ana") == {}
        after = await copy_of(broker, "bea")
        assert [one["seq"] for one in after["notifications"]] == [one["seq"] for one in before["notifications"]]
        assert [one["audience"]["users"] for one in after["notifications"]] == [["bea"]]
        assert [one["audience"]["users"] for one in after["scheduled"]] == [["bea"]]
        found = await broker.search(limit=10)
        assert [stored.entry.audience for stored in found.items] == [
            Audience.of(roles=["guia"]),
            Audience.of(everybody=True),
            Audience.of(users=["bea"]),
        ]

    async def test_what_was_cancelled_is_erased_too(self, broker: Broker) -> None:
        """What was to be delivered and was cancelled is in a copy, and is gone for the user and stays for others."""
        made = [planned(audience=ANA), planned(audience=BOTH)]
        for one in made:
            await broker.schedule(one, most=MOST)
            await broker.cancel(one.notification.id, by="admin:ana", at=1)
        await broker.schedule(planned(), most=MOST)
        await broker.deliver_due(made[0].due, limit=9)
        found = await copy_of(broker)
        assert [(one["ending"], one["audience"]["users"]) for one in found["scheduled"]] == [
            ("cancelled", ["ana"]),
            ("cancelled", ["ana", "bea"]),
        ]
        assert await broker.erase("ana") == {"audiences": 1, "scheduled": 1}
        assert await copy_of(broker) == {}
        assert await broker.fate(made[0].notification.id) is None
        fate = await broker.fate(made[1].notification.id)
        assert fate is not None
        assert fate.gist is not None
        assert (fate.ended_by, fate.gist.audience) == ("admin:erased", Audience.of(users=["bea"]))

    async def test_who_comes_back_begins_anew(self, broker: Broker, clock: Clock) -> None:
        """An erased user who comes again sees what comes from then on, with counters that are right, and no more."""
        await full_life(broker)
        await broker.erase("ana")
        view = await broker.sight("ana", ["all"])
        assert (await broker.counts(view)).unread == 0
        assert view.followed == {}
        clock.seconds += 1
        await appended(broker, notification(ANA))
        await appended(broker, notification(BOTH))
        assert [item.entry.seq for item in (await broker.page(view)).items] == [6, 5]
        assert (await broker.counts(view)).unread == 2

    async def test_counters_of_others_are_right(self, broker: Broker) -> None:
        """Counters and pages of others are the same after what was for them and for an erased user was written anew."""
        view = await broker.sight("bea", ["all", "role:guia"])
        for audience in (BOTH, ANA, OTHERS, Audience.of(roles=["guia"], users=["ana", "bea"]), BOTH) * 3:
            await appended(broker, notification(audience))
        counts, page = await broker.counts(view), await broker.page(view)
        await broker.erase("ana")
        assert await broker.counts(view) == counts
        assert [item.entry.seq for item in (await broker.page(view)).items] == [item.entry.seq for item in page.items]

    async def test_revocation_stays(self, broker: Broker) -> None:
        """From when on an erased user's tokens hold is still known, and a later moment counts as it would have."""
        await broker.revoke("ana", 1000.0)
        await broker.erase("ana")
        assert broker.revoked_before("ana") == 1000.0
        assert broker.revoked_before("bea") is None
        await broker.revoke("ana", 900.0)
        assert broker.revoked_before("ana") == 1000.0
        await broker.revoke("ana", 1100.0)
        await broker.erase("ana")
        assert broker.revoked_before("ana") == 1100.0

    async def test_administrator_is_not_named(self, broker: Broker) -> None:
        """Who published something as an administrator is not named by it any more; it stays as it is for others."""
        made = notification(Audience.of(everybody=True))
        await appended(broker, type(made)(**{**_members(made), "publisher": "admin:ana"}))
        assert [one["seq"] for one in (await copy_of(broker))["published"]] == [1]
        await broker.erase("ana")
        (stored,) = (await broker.search(limit=10)).items
        assert (stored.entry.publisher, stored.entry.audience) == ("admin:erased", Audience.of(everybody=True))

    async def test_what_takes_the_place_is_erased_too(self, broker: Broker) -> None:
        """Of notifications that took each other's place, neither the newest nor what is known of the former is left."""
        for audience in (ANA, BOTH) * 2:
            made = notification(audience)
            await appended(broker, type(made)(**{**_members(made), "extras": Extras(collapse_key="k")}))
        found = await copy_of(broker)
        assert [one["before"]["audience"]["users"] for one in found["history"]] == [["ana"], ["ana", "bea"]]
        assert (await broker.erase("ana")).keys() == {"audiences", "history", "notifications"}
        assert await copy_of(broker) == {}
        assert len((await broker.search(limit=10)).items) == 1

    async def test_publishes_go_on(self, broker: Broker) -> None:
        """What is published while a user is erased is in the log, in order, each once."""
        for _ in range(450):
            await appended(broker, notification(ANA))
        erasing = asyncio.create_task(broker.erase("ana"))
        published = [(await appended(broker, notification(OTHERS))).position.seq for _ in range(20)]
        assert (await erasing)["notifications"] == 450
        found = await broker.search(limit=100)
        assert [stored.entry.seq for stored in found.items] == published[::-1]


class PersonalDataOfTwoNodesContract:
    """Erasing on one node: ``pair`` are two nodes on one broker."""

    async def test_every_node_hears_of_it(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """What was erased on one node is gone on the other, which hears of it."""
        await pair[0].sight("ana", ["all"])
        await appended(pair[1], notification(ANA))
        await pair[1].erase("ana")
        for ear in ears:
            await ear.until_signal(Erased("ana"))
        assert await copy_of(pair[0]) == {}


def _members(made: Any) -> dict[str, Any]:
    return {name: value for name, value in made._asdict().items() if name != "body"}
