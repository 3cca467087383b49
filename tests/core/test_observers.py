"""Those who look on see everything that is published, bundled, and nobody else does."""

from tests.support.servers import PUBLISH_KEY, running, secured, token
from tests.support.waiting import until


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
        shown = [item for bundle in admin.of("ns:observed") for item in bundle["items"]]
        await until(lambda: sum(len(bundle["items"]) for bundle in admin.of("ns:observed")) == 250)
        shown = [item for bundle in admin.of("ns:observed") for item in bundle["items"]]

        assert (answer["ok"], answer["seq"]) == (True, 1)
        assert [item["seq"] for item in shown] == list(range(2, 252))
        assert (shown[0]["audience"]["users"], shown[0]["sockets"]) == (["123"], 1)
        assert len(admin.of("ns:observed")) < 250


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
