"""The inbox over HTTP: pages, filters, changes of state, whose it is, and how what is wrong is refused."""

from __future__ import annotations

import time
from typing import Any

import pytest

from sio_server.broker.sqlite import SqliteBroker
from sio_server.schemas.events import MAX_IDS
from sio_server.schemas.inbox import ACTIONS
from tests.support.asking import Answer, ask, assert_refused, get, post, published
from tests.support.inbox_model import Clock
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token

OPERATIONS = [("GET", "/v1/inbox"), ("GET", "/v1/inbox/counts"), *(("POST", f"/v1/inbox/{name}") for name in ACTIONS)]

NOBODY = "00000000-0000-7000-8000-000000000000"


def ids(page: dict[str, Any]) -> list[str]:
    """The ids of a page, as they are listed."""
    return [item["id"] for item in page["items"]]


async def filled(server: Server, count: int, ana: str, **body: Any) -> list[str]:
    """Begin the inbox of ana and publish to it; the ids, newest first."""
    await get(server, "/v1/inbox", ana)
    made = [await published(server, **{"audience": {"users": ["ana"]}, **body}) for _ in range(count)]
    return made[::-1]


async def change(server: Server, action: str, body: Any, ana: str) -> Answer:
    """Ask for a change of state."""
    return await ask(server, "POST", f"/v1/inbox/{action}", json=body, token=ana)


async def test_pages_follow_one_another_without_a_gap() -> None:
    """The pages are newest first, each begins where the one before ended, and the last one says that it is."""
    ana = token("ana")
    async with running(secured()) as server:
        made = await filled(server, 7, ana)
        first = await get(server, "/v1/inbox?limit=3", ana)
        second = await get(server, f"/v1/inbox?limit=3&before={first['next_before']}", ana)
        third = await get(server, f"/v1/inbox?limit=3&before={second['next_before']}", ana)

    assert [ids(page) for page in (first, second, third)] == [made[:3], made[3:6], made[6:]]
    assert third["next_before"] is None
    assert first["counts"] == third["counts"] == {"unread": 7, "unseen": 7, "at_seq": 7}


async def test_item_is_the_envelope_and_its_state() -> None:
    """An item has all that its event had, marked as replayed, with its state and never with its audience."""
    ana = token("ana")
    async with running(secured()) as server:
        listener = await server.connect({"token": ana})
        await filled(server, 1, ana, title="T", data={"a": 1}, link="/x", ttl=600, priority="high")
        (envelope,) = await listener.wait(1)
        (item,) = (await get(server, "/v1/inbox?locale=es", ana))["items"]

    assert item == {**envelope, "replayed": True, "seen": False, "read": False, "archived": False}
    assert "audience" not in item


async def test_inbox_begins_at_first_sight() -> None:
    """Nobody gets what a role was sent before they were first seen; what is theirs by name was theirs always."""
    ana = token("ana", "turista")
    async with running(secured()) as server:
        await published(server, audience={"roles": ["turista"]})
        named = await published(server, audience={"users": ["ana"]})
        before = await get(server, "/v1/inbox", ana)
        later = await published(server, audience={"roles": ["turista"]})
        after = await get(server, "/v1/inbox", ana)

    assert ids(before) == [named]
    assert ids(after) == [later, named]


async def test_filters_choose_by_status_and_type() -> None:
    """Each status and each list of types holds just what belongs there, together as well."""
    ana = token("ana")
    async with running(secured()) as server:
        tests = await filled(server, 3, ana)
        others = await filled(server, 2, ana, type="tour_creado", data={"tour_id": 1, "nombre": "Quito"})
        await post(server, "/v1/inbox/read", {"ids": [tests[0]]}, ana)
        await post(server, "/v1/inbox/archive", {"ids": [tests[1], others[1]]}, ana)
        found = {
            query: ids(await get(server, f"/v1/inbox?{query}", ana))
            for query in (
                "status=all",
                "status=unread",
                "status=archived",
                "type=tour_creado",
                "type=test,tour_creado",
                "type=tour_creado&status=archived",
                "type=nothing_of_this",
            )
        }

    assert found == {
        "status=all": [others[0], tests[0], tests[2]],
        "status=unread": [others[0], tests[2]],
        "status=archived": [others[1], tests[1]],
        "type=tour_creado": [others[0]],
        "type=test,tour_creado": [others[0], tests[0], tests[2]],
        "type=tour_creado&status=archived": [others[1]],
        "type=nothing_of_this": [],
    }


@pytest.mark.parametrize(
    ("action", "state", "counts"),
    [
        ("seen", (True, False, False), (2, 1)),
        ("read", (True, True, False), (1, 1)),
        ("unread", (False, False, False), (2, 2)),
        ("archive", (True, True, True), (1, 1)),
        ("unarchive", (False, False, False), (2, 2)),
    ],
)
async def test_change_by_ids(action: str, state: tuple[bool, bool, bool], counts: tuple[int, int]) -> None:
    """A change names what changed and what was ignored, gives the counters after it, and is there in the list."""
    ana = token("ana")
    async with running(secured()) as server:
        newest, oldest = await filled(server, 2, ana)
        done = await post(server, f"/v1/inbox/{action}", {"ids": [NOBODY, oldest, oldest, "x"]}, ana)
        again = await post(server, f"/v1/inbox/{action}", {"ids": [oldest]}, ana)
        items = [
            item
            for status in ("all", "archived")
            for item in (await get(server, f"/v1/inbox?status={status}", ana))["items"]
        ]

    changed = [oldest] if any(state) else []
    assert done == {
        "status": "ok",
        "action": action,
        "ids": changed,
        "ignored": [NOBODY, "x"],
        "up_to": None,
        "counts": {"unread": counts[0], "unseen": counts[1], "at_seq": 2},
    }
    assert (again["ids"], again["ignored"], again["counts"]) == ([], [], done["counts"])
    assert {item["id"]: (item["seen"], item["read"], item["archived"]) for item in items} == {
        newest: (False, False, False),
        oldest: state,
    }


async def test_change_of_all_goes_up_to_what_was_seen() -> None:
    """``up_to`` keeps a change of all from what came after the user looked; without it all is changed."""
    ana = token("ana")
    async with running(secured()) as server:
        await filled(server, 3, ana)
        seen = await post(server, "/v1/inbox/read", {"all": True, "up_to": 2}, ana)
        everything = await post(server, "/v1/inbox/read", {"all": True}, ana)

    assert (seen["up_to"], seen["ids"], seen["counts"]) == (2, [], {"unread": 1, "unseen": 1, "at_seq": 3})
    assert (everything["up_to"], everything["counts"]["unread"]) == (3, 0)


async def test_others_notifications_are_ignored_like_unknown_ones() -> None:
    """Nobody can change the state of what is not theirs, nor learn that it exists."""
    ana, bo = token("ana"), token("bo")
    async with running(secured()) as server:
        (mine,) = await filled(server, 1, ana)
        of_bo = await post(server, "/v1/inbox/archive", {"ids": [mine, NOBODY]}, bo)
        item = (await get(server, "/v1/inbox", ana))["items"][0]

    assert (of_bo["ids"], of_bo["ignored"]) == ([], [mine, NOBODY])
    assert (item["seen"], item["archived"]) == (False, False)


async def test_counts_are_those_of_the_page() -> None:
    """The counters alone are the same as beside a page."""
    ana = token("ana")
    async with running(secured()) as server:
        await filled(server, 2, ana)
        page, counts = await get(server, "/v1/inbox", ana), await get(server, "/v1/inbox/counts", ana)

    assert counts == {"counts": page["counts"]}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ([], ""),
        ("read", ""),
        (None, ""),
        ({"all": False}, ""),
        ({"ids": []}, "ids"),
        ({"ids": ["a"], "all": True}, ""),
        ({"ids": "a"}, "ids"),
        ({"ids": [1]}, "ids.0"),
        ({"ids": [""]}, "ids.0"),
        ({"ids": ["a" * 65]}, "ids.0"),
        ({"ids": ["a"] * (MAX_IDS + 1)}, "ids"),
        ({"all": "yes"}, "all"),
        ({"all": True, "up_to": -1}, "up_to"),
        ({"all": True, "up_to": 1.5}, "up_to"),
        ({"all": True, "up_to": 2**63}, "up_to"),
    ],
)
async def test_wrong_selection_is_refused(body: Any, field: str) -> None:
    """What names neither ids nor all, or names them wrongly, changes nothing and is told by its field."""
    ana = token("ana")
    async with running(secured()) as server:
        await filled(server, 1, ana)
        data = b"null" if body is None else None
        headers = {"Authorization": f"Bearer {ana}"}
        url = f"{server.url}/v1/inbox/read"
        async with server.http.post(url, json=body, data=data, headers=headers) as response:
            refused = await response.json(content_type=None)
        counts = (await get(server, "/v1/inbox/counts", ana))["counts"]

    assert (response.status, refused["code"]) == (422, "invalid_data")
    assert [line["field"] for line in refused["errors"]] == [field]
    assert counts["unread"] == 1


@pytest.mark.parametrize("body", [b"", b"{", b'{"ids":["a"]' + b" " * 70_000 + b"}"])
async def test_body_must_be_json_of_a_sane_size(body: bytes) -> None:
    """A body that is no JSON and one that is far too long are refused by their codes."""
    async with running(secured()) as server:
        headers = {"Authorization": f"Bearer {token('ana')}"}
        async with server.http.post(f"{server.url}/v1/inbox/read", data=body, headers=headers) as response:
            code = (await response.json(content_type=None))["code"]

    assert (response.status, code) == ((413, "payload_too_large") if len(body) > 100 else (400, "invalid_json"))


async def test_largest_selection_fits() -> None:
    """As many ids as may be named at once fit into the body that may be sent."""
    ana = token("ana")
    async with running(secured()) as server:
        done = await post(server, "/v1/inbox/read", {"ids": [f"{number:036d}" for number in range(MAX_IDS)]}, ana)

    assert len(done["ignored"]) == MAX_IDS


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "status=new", "before=-1", "type=", "colour=red"])
async def test_wrong_query_is_refused(query: str) -> None:
    """A value out of range and a name that is not known are both refused, and the field is named."""
    async with running(secured()) as server:
        answer = await ask(server, "GET", f"/v1/inbox?{query}", token=token("ana"))

    assert_refused(answer, "invalid_request")
    assert answer.body["errors"][0]["field"] == query.partition("=")[0]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_nobody_sees_an_inbox_without_a_token(method: str, path: str) -> None:
    """Without a token, with a wrong or an old one, with a publisher key, or by stating a user, nobody gets in."""
    tokens = {
        None: "unauthorized",
        "a.b.c": "invalid_token",
        token("ana", exp=int(time.time()) - 3600): "token_expired",
        PUBLISH_KEY: "invalid_token",
    }
    async with running(secured()) as server:
        for given, code in tokens.items():
            assert_refused(await ask(server, method, path, json={"all": True}, token=given), code)
        stated = await ask(server, method, f"{path}?user=ana&role=admin", json={"all": True})

    assert_refused(stated, "unauthorized")


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_revoked_token_is_refused(method: str, path: str) -> None:
    """A token that was made before its user was disconnected is refused here as well; a newer one is not."""
    old, new = token("ana", iat=int(time.time()) - 100), token("ana", iat=int(time.time()) + 5)
    async with running(secured()) as server:
        await post(server, "/v1/users/ana/disconnect", {"tokens_before": time.time() - 50}, PUBLISH_KEY)
        refused = await ask(server, method, path, json={"all": True}, token=old)
        accepted = await ask(server, method, path, json={"all": True}, token=new)

    assert_refused(refused, "token_revoked")
    assert accepted.status == 200


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_user_is_stated_in_development(method: str, path: str) -> None:
    """In development the query says whose inbox it is, as it does for ``/ws``, and somebody without a name has none."""
    async with running() as server:
        await get(server, "/v1/inbox?user=ana&role=admin")
        await server.notify({"type": "test", "audience": {"roles": ["admin"]}})
        named = await ask(server, method, f"{path}?user=ana&role=admin", json={"all": True})
        nameless = await ask(server, method, f"{path}?role=admin", json={"all": True})

    assert named.status == 200
    assert named.body["counts"]["at_seq"] == 1
    assert_refused(nameless, "forbidden")


async def test_expired_is_in_no_page_and_no_counter() -> None:
    """What has outlived its ``ttl`` is gone from the list and from the counters, and its id is ignored."""
    ana = token("ana")
    clock = Clock(time.time())
    async with running(secured(), broker=SqliteBroker(None, now=clock)) as server:
        (kept,) = await filled(server, 1, ana)
        gone = await published(server, audience={"users": ["ana"]}, ttl=1)
        clock.seconds = time.time() + 2
        done = await post(server, "/v1/inbox/read", {"ids": [gone]}, ana)
        page = await get(server, "/v1/inbox", ana)

    assert ids(page) == [kept]
    assert (done["ids"], done["ignored"]) == ([], [gone])
    assert page["counts"]["unread"] == 1
