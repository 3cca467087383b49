"""What operators see and do over HTTP: notifications, receipts, who is connected, putting somebody out."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from tests.support.asking import ask, assert_refused, get, post, published
from tests.support.clients import plain_socket, refused
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token, until

KEY = PUBLISH_KEY
NOBODY = "00000000-0000-7000-8000-000000000000"
OPERATIONS = [
    ("GET", "/v1/notifications"),
    ("GET", f"/v1/notifications/{NOBODY}"),
    ("GET", "/v1/users"),
    ("GET", "/v1/users/ana/inbox"),
    ("POST", "/v1/users/ana/disconnect"),
    ("POST", f"/v1/connections/{NOBODY}/disconnect"),
]


def sums(receipts: dict[str, Any]) -> dict[str, int]:
    """The numbers of a receipt."""
    return {name: receipts[name] for name in ("targeted", "sent", "acknowledged", "seen", "read")}


async def receipts_of(server: Server, identity: str, query: str = "") -> dict[str, Any]:
    """How far a notification came."""
    found: dict[str, Any] = (await get(server, f"/v1/notifications/{identity}{query}", KEY))["receipts"]
    return found


# -- who may ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_operators_alone_may(method: str, path: str) -> None:
    """A publisher key and an administrator's token get in; a tourist's, a wrong one and none do not."""
    refusals = {
        None: "unauthorized",
        "no key of ours": "unauthorized",
        "a.b.c": "invalid_token",
        token("ana", "turista"): "forbidden",
        token("eva", "admin", exp=int(time.time()) - 3600): "token_expired",
    }
    async with running(secured()) as server:
        for given, code in refusals.items():
            assert_refused(await ask(server, method, path, token=given), code)
        allowed = [await ask(server, method, path, token=given) for given in (KEY, token("eva", "admin"))]

    expected = 404 if NOBODY in path else 200
    assert [answer.status for answer in allowed] == [expected, expected]


async def test_administrator_who_was_put_out_sees_nothing_more() -> None:
    """The token of an administrator who was disconnected is refused like anybody's."""
    eva = token("eva", "admin", iat=int(time.time()) - 10)
    async with running(secured()) as server:
        before = await ask(server, "GET", "/v1/users", token=eva)
        await post(server, "/v1/users/eva/disconnect", token=eva)
        after = [await ask(server, method, path, token=eva) for method, path in OPERATIONS]
        stats = await ask(server, "GET", "/v1/stats", token=eva)

    assert before.status == 200
    for answer in (*after, stats):
        assert_refused(answer, "token_revoked")


# -- notifications ------------------------------------------------------------------------------------------------


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

    assert {name: value for name, value in found.items() if name != "receipts"} == listed


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
    assert read["users"] == [
        {"user": "ana", "sent": True, "acknowledged": True, "seen": False, "read": False},
        {"user": "bo", "sent": True, "acknowledged": False, "seen": True, "read": True},
        {"user": "carla", "sent": False, "acknowledged": False, "seen": True, "read": False},
    ]


async def test_client_that_is_gone_before_it_acknowledged_has_not() -> None:
    """A connection that ends before its ``ns:ack`` counts as sent and not as acknowledged."""
    async with running(secured()) as server:
        ana = await server.connect({"token": token("ana")})
        identity = await published(server, audience={"users": ["ana"]})
        await ana.wait(1)
        await ana.client.disconnect()
        await until(lambda: len(server.node.hub) == 0, "the connection to be gone")
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


# -- users --------------------------------------------------------------------------------------------------------


async def test_connected_users_are_listed_once_with_their_connections() -> None:
    """A user with several connections is one user, with the protocol, the transport and the age of each."""
    ana = {"token": token("ana", "turista")}
    async with running(secured()) as server, plain_socket(server.url, ana):
        await server.connect(ana)
        await server.connect(ana, transports=["polling"])
        await server.connect({"token": token("eva", "admin")})
        everybody = await get(server, "/v1/users", KEY)
        admins = await get(server, "/v1/users?role=admin", KEY)

    assert everybody["total"] == 2
    one, other = everybody["users"]
    assert (one["user"], one["roles"], other["user"], other["roles"]) == ("ana", ["turista"], "eva", ["admin"])
    assert [(c["protocol"], c["transport"]) for c in one["connections"]] == [
        ("ws", "websocket"),
        ("socketio", "websocket"),
        ("socketio", "polling"),
    ]
    assert all(connection["since"].endswith("Z") for connection in one["connections"])
    assert (admins["total"], [user["user"] for user in admins["users"]]) == (1, ["eva"])


async def test_user_who_has_left_is_not_listed() -> None:
    """Once the last connection of a user is closed, the user is not there any more."""
    async with running(secured()) as server:
        listener = await server.connect({"token": token("ana")})
        await listener.client.disconnect()
        await until(lambda: len(server.node.hub) == 0, "the connection to be gone")
        listed = await get(server, "/v1/users", KEY)

    assert listed == {"total": 0, "users": [], "next_after": None, "nameless": [], "nameless_total": 0}


async def test_users_come_in_pages_by_name() -> None:
    """Pages of users follow one another by name, and each says how many there are in all."""
    async with running(secured()) as server:
        for name in ("c", "a", "b"):
            await server.connect({"token": token(name)})
        first = await get(server, "/v1/users?limit=2", KEY)
        second = await get(server, f"/v1/users?limit=2&after={first['next_after']}", KEY)

    assert [[user["user"] for user in page["users"]] for page in (first, second)] == [["a", "b"], ["c"]]
    assert (first["total"], second["total"], second["next_after"]) == (3, 3, None)


async def test_inbox_of_a_user_is_what_the_user_sees() -> None:
    """An operator sees page, counters and states of a user's inbox, and looking changes nothing."""
    ana = token("ana", "turista")
    async with running(secured()) as server:
        await get(server, "/v1/inbox", ana)
        first = await published(server, audience={"roles": ["turista"]})
        await published(server, audience={"users": ["ana"]})
        await post(server, "/v1/inbox/archive", {"ids": [first]}, ana)
        looked = [
            await get(server, f"/v1/users/ana/inbox?{query}", KEY) for query in ("", "status=archived", "limit=1")
        ]
        seen = [await get(server, f"/v1/inbox?{query}", ana) for query in ("", "status=archived", "limit=1")]
        stranger = await get(server, "/v1/users/nobody/inbox", KEY)

    assert looked == seen
    assert (stranger["items"], stranger["counts"]["unread"]) == ([], 0)


@pytest.mark.parametrize("name", ["a%00b", "x" * 129, "%E2%80%8B"])
async def test_what_can_be_nobodys_name_is_not_found(name: str) -> None:
    """A path whose user cannot exist is not found, rather than empty."""
    async with running(secured()) as server:
        for method, path in (("GET", f"/v1/users/{name}/inbox"), ("POST", f"/v1/users/{name}/disconnect")):
            assert_refused(await ask(server, method, path, token=KEY), "not_found")


async def test_name_in_a_path_may_hold_anything_printable() -> None:
    """A user whose name has a slash, a space or an accent is reached by its percent-encoded name."""
    async with running(secured()) as server:
        await server.connect({"token": token("a/b ñ")})
        done = await post(server, "/v1/users/a%2Fb%20%C3%B1/disconnect", token=KEY)

    assert (done["user"], done["disconnected"]) == ("a/b ñ", 1)


# -- disconnecting ------------------------------------------------------------------------------------------------


async def test_disconnecting_closes_every_connection_of_one_user() -> None:
    """All connections of the user are told `token_revoked` and closed, over every protocol; others stay."""
    ana = {"token": token("ana", iat=int(time.time()) - 5)}
    async with running(secured()) as server, plain_socket(server.url, ana) as plain:
        tabs = [await server.connect(ana), await server.connect(ana, transports=["polling"])]
        other = await server.connect({"token": token("bo")})
        done = await post(server, "/v1/users/ana/disconnect", token=KEY)
        await until(lambda: not any(tab.client.connected for tab in tabs), "every tab to be closed")
        closed = await plain.wait_closed()
        left = await get(server, "/v1/users", KEY)

        assert other.client.connected

    assert (done["status"], done["user"], done["disconnected"]) == ("ok", "ana", 3)
    for told in (*(tab.of("ns:closing")[0] for tab in tabs), plain.of("ns:closing")[0]):
        assert (told["code"], told["reconnect"]) == ("token_revoked", False)
    assert closed == (4401, "token_revoked")
    assert [user["user"] for user in left["users"]] == ["bo"]


async def test_old_token_is_refused_across_restarts(tmp_path: Path) -> None:
    """A token from before is refused afterwards, also by the next server on the same log; a newer one is taken."""
    config = secured(broker="sqlite:", data_dir=tmp_path)
    now = int(time.time())
    old, undated, new = token("ana", iat=now - 100), token("ana"), token("ana", iat=now + 5)
    async with running(config) as server:
        await post(server, "/v1/users/ana/disconnect", {"tokens_before": "now"}, KEY)
        first = await refused(server.url, {"token": old})
    async with running(config) as server:
        again = await refused(server.url, {"token": old})
        without = await refused(server.url, {"token": undated})
        other = await server.connect({"token": token("bo", iat=now - 100)})
        mine = await server.connect({"token": new})

        assert mine.client.connected
        assert other.client.connected

    assert [told["data"]["code"] for told in (first, again, without)] == ["token_revoked"] * 3


async def test_moment_can_be_said() -> None:
    """With a moment, tokens from before it are refused and later ones are not, and it never moves back."""
    now = int(time.time())
    async with running(secured()) as server:
        done = await post(server, "/v1/users/ana/disconnect", {"tokens_before": now - 50}, KEY)
        await post(server, "/v1/users/ana/disconnect", {"tokens_before": now - 5000}, KEY)
        older = await ask(server, "GET", "/v1/inbox", token=token("ana", iat=now - 60))
        newer = await ask(server, "GET", "/v1/inbox", token=token("ana", iat=now - 40))

    assert done["tokens_before"] == now - 50
    assert_refused(older, "token_revoked")
    assert newer.status == 200


@pytest.mark.parametrize("moment", ["yesterday", -1, True, None, [], 1e12, "1", 10**400])
async def test_wrong_moment_is_refused(moment: object) -> None:
    """What is no moment, and one in the future, closes nothing and revokes nothing."""
    async with running(secured()) as server:
        listener = await server.connect({"token": token("ana")})
        answer = await ask(server, "POST", "/v1/users/ana/disconnect", json={"tokens_before": moment}, token=KEY)
        still = await ask(server, "GET", "/v1/inbox", token=token("ana"))

        assert listener.client.connected

    assert answer.status in (400, 422)
    assert answer.body["code"] in ("invalid_data", "invalid_json")
    assert still.status == 200


@pytest.mark.parametrize("body", [[], "now", {"before": 1}])
async def test_wrong_body_is_refused(body: object) -> None:
    """A body that is no object, and one with a misspelt member, is refused: it was meant to say something."""
    async with running(secured()) as server:
        answer = await ask(server, "POST", "/v1/users/ana/disconnect", json=body, token=KEY)

    assert_refused(answer, "invalid_data")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/notifications?limit=0",
        "/v1/notifications?typ=test",
        "/v1/notifications?user=",
        f"/v1/notifications/{NOBODY}?after=",
        "/v1/users?role=" + "x" * 129,
        "/v1/users?limit=101",
        "/v1/users/ana/inbox?status=new",
        "/v1/users/ana/inbox?user=bo",
    ],
)
async def test_wrong_query_is_refused(path: str) -> None:
    """A value that cannot be and a name that is not known are refused, and the field is named."""
    async with running(secured()) as server:
        answer = await ask(server, "GET", path, token=KEY)

    assert_refused(answer, "invalid_request")
    assert answer.body["errors"][0]["field"] == path.partition("?")[2].partition("=")[0]
