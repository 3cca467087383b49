"""What operators see of people over HTTP: who is connected, an inbox, putting somebody out."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.support.asking import ask, assert_refused, get, post, published
from tests.support.clients import plain_socket, refused
from tests.support.servers import PUBLISH_KEY, running, secured, token
from tests.support.waiting import until

KEY = PUBLISH_KEY


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
        await until(lambda: len(server.core.hub) == 0, "the connection to be gone")
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


async def test_users_are_found_by_part_of_their_name() -> None:
    """A user is found by any part of the name, in any case and without accents, however many others there are."""
    async with running(secured()) as server:
        for name in (*(f"a{number:03}" for number in range(105)), "José", "100%", "x_y"):
            await server.connect({"token": token(name)})
        await server.connect({"key": KEY})
        listed = {
            text: [user["user"] for user in (await get(server, f"/v1/users?q={quote(text)}", KEY))["users"]]
            for text in ("a104", "A104", "04", "jose", "JOSÉ", "%", "_", "nobody")
        }
        page = await get(server, "/v1/users?q=a0&limit=2&after=a001", KEY)

    assert listed == {
        "a104": ["a104"],
        "A104": ["a104"],
        "04": ["a004", *(f"a04{number}" for number in range(10)), "a104"],
        "jose": ["José"],
        "JOSÉ": ["José"],
        "%": ["100%"],
        "_": ["x_y"],
        "nobody": [],
    }
    assert (page["total"], [user["user"] for user in page["users"]], page["next_after"]) == (
        100,
        ["a002", "a003"],
        "a003",
    )
    assert (page["nameless"], page["nameless_total"]) == ([], 0)


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
        seen = [await get(server, f"/v1/inbox?locale=es&{query}", ana) for query in ("", "status=archived", "limit=1")]
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
