"""What operators see of notifications over HTTP, and how far each came."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.asking import ask, assert_refused, get, post, published
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token
from tests.support.waiting import until

KEY = PUBLISH_KEY
NOBODY = "00000000-0000-7000-8000-000000000000"


def sums(receipts: dict[str, Any]) -> dict[str, int]:
    """The numbers of a receipt."""
    return {name: receipts[name] for name in ("targeted", "sent", "acknowledged", "seen", "read")}


async def receipts_of(server: Server, identity: str, query: str = "") -> dict[str, Any]:
    """How far a notification came."""
    found: dict[str, Any] = (await get(server, f"/v1/notifications/{identity}{query}", KEY))["receipts"]
    return found


async def test_notifications_are_listed_newest_first() -> None:
    """The pages hold every stored notification once, with whom it is for and where it is from."""
    async with running(secured()) as server:
        audience = {"roles": ["admin"], "users": ["ana"], "except": {"users": ["bo"]}}
        made = [await published(server, audience=audience, source="tests") for _ in range(5)]
        await published(server, persist=False)
        first = await get(server, "/v1/notifications?limit=3", KEY)
        second = await get(server, f"/v1/notifications?limit=3&before={first['next_before']}", KEY)

    assert [item["id"] for page in (first, second) for item in page["items"]] == made[::-1]
    assert second["next_before"] is None
    item = first["items"][0]
    assert item["audience"] == {
        "roles": ["admin"],
        "users": ["ana"],
        "topics": [],
        "all": False,
        "except": {"users": ["bo"]},
    }
    assert item["source"] == "tests"
    assert "replayed" not in item


async def test_notifications_are_found_by_type_and_user() -> None:
    """A search by type, by user, and by both holds just what fits."""
    async with running(secured()) as server:
        await get(server, "/v1/inbox", token("ana", "turista"))
        role = await published(server, audience={"roles": ["turista"]})
        named = await published(server, audience={"users": ["ana"]})
        await published(server, audience={"roles": ["turista"], "except": {"users": ["ana"]}})
        await published(server, audience={"users": ["bo"]})
        tour = await published(
            server, type="tour_creado", data={"tour_id": 1, "nombre": "Quito"}, audience={"users": ["ana"]}
        )
        found = {
            query: [item["id"] for item in (await get(server, f"/v1/notifications?{query}", KEY))["items"]]
            for query in ("user=ana", "type=tour_creado", "type=test&user=ana", "user=nobody")
        }

    assert found == {
        "user=ana": [tour, named, role],
        "type=tour_creado": [tour],
        "type=test&user=ana": [named, role],
        "user=nobody": [],
    }


async def test_one_notification_is_found_by_its_id() -> None:
    """A notification is the same by its id, in either case of letters, as in the list, with its receipts beside."""
    async with running(secured()) as server:
        identity = await published(server, audience={"users": ["ana"]}, title="T")
        listed = (await get(server, "/v1/notifications", KEY))["items"][0]
        found = await get(server, f"/v1/notifications/{identity.upper()}", KEY)

    assert found.pop("status") == "stored"
    assert {name: value for name, value in found.items() if name not in ("receipts", "answers")} == listed


@pytest.mark.parametrize("identity", [NOBODY, "x", "ana%20b", "a" * 200])
async def test_unknown_notification_is_not_found(identity: str) -> None:
    """What is no id of a stored notification is not found, whatever it looks like."""
    async with running(secured()) as server:
        await published(server)
        english = await ask(server, "GET", f"/v1/notifications/{identity}", token=KEY)
        spanish = await ask(server, "GET", f"/v1/notifications/{identity}", token=KEY, language="es")

    assert_refused(english, "not_found")
    assert spanish.body["title"] != english.body["title"]


async def test_what_was_not_stored_is_not_found() -> None:
    """A notification without ``persist`` leaves no trace to look at."""
    async with running(secured()) as server:
        identity = await published(server, persist=False)
        answer = await ask(server, "GET", f"/v1/notifications/{identity}", token=KEY)

    assert_refused(answer, "not_found")


# -- receipts -----------------------------------------------------------------------------------------------------


async def test_receipt_tells_how_far_it_came_with_each_user() -> None:
    """Sent, acknowledged, seen and read are told apart, by user and in sum."""
    tokens = {name: token(name, "turista") for name in ("ana", "bo", "carla", "dani")}
    async with running(secured()) as server:
        for given in tokens.values():
            await get(server, "/v1/inbox", given)
        ana = await server.connect({"token": tokens["ana"]})
        bo = await server.connect({"token": tokens["bo"]})
        identity = await published(server, audience={"roles": ["turista"], "except": {"users": ["dani"]}})
        (envelope,) = await ana.wait(1)
        await bo.wait(1)
        sent = await receipts_of(server, identity)
        assert (await ana.client.call("ns:ack", {"seq": envelope["seq"]}))["ok"] is True
        acknowledged = await receipts_of(server, identity)
        await post(server, "/v1/inbox/seen", {"ids": [identity]}, tokens["carla"])
        await post(server, "/v1/inbox/read", {"ids": [identity]}, tokens["bo"])
        read = await receipts_of(server, identity)

    assert sums(sent) == {"targeted": 3, "sent": 2, "acknowledged": 0, "seen": 0, "read": 0}
    assert sums(acknowledged) == {"targeted": 3, "sent": 2, "acknowledged": 1, "seen": 0, "read": 0}
    assert sums(read) == {"targeted": 3, "sent": 2, "acknowledged": 1, "seen": 2, "read": 1}
    steps = ("sent", "acknowledged", "seen", "read")
    assert {user["user"]: [user[step] for step in steps] for user in read["users"]} == {
        "ana": [True, True, False, False],
        "bo": [True, False, True, True],
        "carla": [False, False, True, False],
    }
    # each step has its time, and nothing else has one
    assert all((user[f"{step}_at"] is not None) == user[step] for user in read["users"] for step in steps)


async def test_client_that_is_gone_before_it_acknowledged_has_not() -> None:
    """A connection that ends before its ``ns:ack`` counts as sent and not as acknowledged."""
    async with running(secured()) as server:
        ana = await server.connect({"token": token("ana")})
        identity = await published(server, audience={"users": ["ana"]})
        await ana.wait(1)
        await ana.client.disconnect()
        await until(lambda: len(server.core.hub) == 0, "the connection to be gone")
        receipts = await receipts_of(server, identity)

    assert sums(receipts) == {"targeted": 1, "sent": 1, "acknowledged": 0, "seen": 0, "read": 0}


async def test_users_of_a_receipt_come_in_pages() -> None:
    """The users of a receipt are by name, page after page, while the sums are always of all."""
    async with running(secured()) as server:
        identity = await published(server, audience={"users": ["d", "a", "c", "b", "e"]})
        first = await receipts_of(server, identity, "?limit=2")
        second = await receipts_of(server, identity, f"?limit=2&after={first['next_after']}")
        third = await receipts_of(server, identity, f"?limit=2&after={second['next_after']}")

    assert [[one["user"] for one in page["users"]] for page in (first, second, third)] == [
        ["a", "b"],
        ["c", "d"],
        ["e"],
    ]
    assert third["next_after"] is None
    assert {page["targeted"] for page in (first, second, third)} == {5}
