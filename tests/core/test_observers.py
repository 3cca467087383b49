"""Those who look on see everything that is published, bundled, and nobody else does."""

from typing import Any

from sio_server.core.observers import MAX_ITEMS
from tests.support.asking import ask
from tests.support.servers import PUBLISH_KEY, Listener, running, secured, token
from tests.support.waiting import until


def observed(observer: Listener, member: str) -> list[dict[str, Any]]:
    """What an observer was shown of one kind, in order."""
    return [one for bundle in observer.of("ns:observed") for one in bundle.get(member, ())]


async def test_observer_sees_everything_from_its_acknowledgement_on() -> None:
    """From the acknowledged position on each entry comes once and in order, with its audience and its reach."""
    async with running(secured()) as server:
        await server.connect({"token": token("123", "turista")})
        admin = await server.connect({"token": token("1", "admin")})
        await server.notify({"type": "test"})
        answer = await admin.client.call("ns:observe", {"on": True})
        for number in range(250):
            await server.notify(
                {"type": "tour_creado", "data": {"nombre": str(number)}, "audience": {"users": ["123"]}}
            )
        await until(lambda: len(observed(admin, "items")) == 250)
        shown = observed(admin, "items")

        assert (answer["ok"], answer["seq"]) == (True, 1)
        assert [item["seq"] for item in shown] == list(range(2, 252))
        assert (shown[0]["audience"]["users"], shown[0]["sockets"]) == (["123"], 1)
        assert len(admin.of("ns:observed")) < 250


async def test_observer_is_told_what_became_of_a_notification() -> None:
    """A change comes as the item of before, a replacement names the former, and what is taken back is named apart."""
    async with running(secured()) as server:
        reader = await server.connect({"token": token("123", "turista")})
        admin = await server.connect({"token": token("1", "admin")})
        await admin.client.call("ns:observe", {"on": True})
        trip = {"type": "test", "message": "5:30", "collapse_key": "trip", "audience": {"users": ["123"]}}
        _, first = await server.notify(trip)
        path = "/v1/notifications/"
        await ask(server, "PATCH", path + first["id"], token=PUBLISH_KEY, json={"message": "6:00"})
        _, second = await server.notify(trip)
        taken = (await ask(server, "DELETE", path + second["id"], token=PUBLISH_KEY)).body
        await ask(server, "DELETE", path + second["id"], token=PUBLISH_KEY)  # is told once
        await server.notify({"type": "test", "message": "end"})
        await until(lambda: len(observed(admin, "items")) == 4)
        await until(lambda: observed(admin, "removed"))

        items = observed(admin, "items")
        assert [(item["id"], item.get("revision"), item.get("replaces")) for item in items[:3]] == [
            (first["id"], None, None),
            (first["id"], 1, None),
            (second["id"], None, first["id"]),
        ]
        assert observed(admin, "removed") == [
            {"id": second["id"], "seq": taken["seq"], "cursor": taken["cursor"], "sockets": 1}
        ]
        assert all(set(bundle) == {"items"} or bundle["removed"] for bundle in admin.of("ns:observed"))
        assert reader.of("ns:removed")[0]["id"] == second["id"]


async def test_many_taken_back_come_in_bundles() -> None:
    """However many are taken back at once, each is told once, and no bundle holds more than its bound."""
    count = 2 * MAX_ITEMS + 1
    async with running(secured()) as server:
        admin = await server.connect({"token": token("1", "admin")})
        made = [(await server.notify({"type": "test"}))[1]["id"] for _ in range(count)]
        await admin.client.call("ns:observe", {"on": True})
        for identity in made:
            assert (await ask(server, "DELETE", f"/v1/notifications/{identity}", token=PUBLISH_KEY)).status == 200
        await until(lambda: len(observed(admin, "removed")) == count)

        assert [one["id"] for one in observed(admin, "removed")] == made
        assert all(len(bundle["items"] + bundle["removed"]) <= MAX_ITEMS for bundle in admin.of("ns:observed"))


async def test_who_ends_observing_is_shown_nothing_more() -> None:
    """An observer can stop to look on."""
    async with running(secured()) as server:
        admin = await server.connect({"token": token("1", "admin")})
        await admin.client.call("ns:observe", {"on": True})
        await admin.client.call("ns:observe", {"on": False})
        await server.notify({"type": "tour_creado", "audience": {"users": ["123"]}})
        await server.notify({"type": "test", "message": "end"})
        await until(lambda: admin.notifications)

        assert admin.of("ns:observed") == []


async def test_publisher_key_may_observe_and_a_tourist_may_not() -> None:
    """What others get is for administrators and publishers alone."""
    async with running(secured()) as server:
        backend = await server.connect({"key": PUBLISH_KEY})
        tourist = await server.connect({"token": token("123", "turista")})

        assert (await backend.client.call("ns:observe", {"on": True}))["ok"] is True
        refused = await tourist.client.call("ns:observe", {"on": True})
        assert (refused["ok"], refused["error"]["code"]) == (False, "forbidden")


async def test_administrator_who_is_one_no_longer_sees_no_more() -> None:
    """A renewed token without the role ends what only the role may see."""
    async with running(secured()) as server:
        admin = await server.connect({"token": token("1", "admin")})
        await admin.client.call("ns:observe", {"on": True})
        await admin.client.call("ns:auth", {"token": token("1", "turista")})
        await server.notify({"type": "tour_creado"})
        await until(lambda: admin.notifications)

        assert admin.of("ns:observed") == []
