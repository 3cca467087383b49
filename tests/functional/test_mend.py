"""A notification that is changed after it was published: every transport, away, beyond a kill, an old client."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.support.asking import ask, assert_refused, get, post
from tests.support.clients import plain_socket
from tests.support.events import event_stream
from tests.support.servers import PUBLISH_KEY, SECRET, Server, lasting_token, program, running, secured, token
from tests.support.waiting import until

BOOKING = {
    "type": "test",
    "message": "Sale a las 9:00",
    "data": {"vuelo": 7},
    "audience": {"users": ["ana"]},
    "group": "vuelos",
}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Give a server."""
    async with running(secured()) as made:
        yield made


async def mend(server: Server, identity: str, code: int = 200, **members: Any) -> Any:
    """Change a notification, and return the body of what must be answered so."""
    answer = await ask(server, "PATCH", f"/v1/notifications/{identity}", token=PUBLISH_KEY, json=members)
    assert answer.status == code, answer
    return answer.body


async def test_everybody_who_has_it_is_told(server: Server) -> None:
    """A change comes to each connection over each transport; the item stays where it was, and read."""
    ana = token("ana")
    listener = await server.connect({"token": ana})
    async with (
        plain_socket(server.url, {"token": ana}) as plain,
        event_stream(server.url, {"token": ana}) as stream,
    ):
        _, first = await server.notify(BOOKING)
        await server.notify({**BOOKING, "message": "Otra"})
        await post(server, "/v1/inbox/read", {"ids": [first["id"]]}, ana)
        reply = await mend(server, first["id"], message="Sale a las 9:40", title="Retraso", group=None, priority="high")
        assert (reply["status"], reply["id"], reply["revision"], reply["seq"]) == ("ok", first["id"], 1, 3)
        for client in (listener, plain, stream):
            await until(lambda client=client: client.of("ns:updated"), "the change", client.moves)  # type: ignore[misc]
            (told,) = client.of("ns:updated")
            assert (told["id"], told["seq"], told["cursor"], told["replayed"]) == (
                first["id"],
                3,
                reply["cursor"],
                False,
            )
            envelope = told if client is listener else told["notification"]
            assert client is listener or set(told) == {"type", "id", "seq", "cursor", "replayed", "notification"}
            assert (envelope["type"], envelope["message"], envelope["title"]) == ("test", "Sale a las 9:40", "Retraso")
            assert (envelope["revision"], envelope["updated_at"]) == (1, reply["updated_at"])
            assert (envelope["id"], envelope["data"], envelope["priority"]) == (first["id"], {"vuelo": 7}, "high")
            assert "group" not in envelope
            assert (envelope["link"], envelope["actor"], envelope["expires_at"] is None) == (None, None, False)
        page = await get(server, "/v1/inbox", ana)
        assert [(item["seq"], item["message"], item["read"]) for item in page["items"]] == [
            (2, "Otra", False),
            (1, "Sale a las 9:40", True),
        ]
        assert page["counts"] == {"unread": 1, "unseen": 1, "at_seq": 3}
        assert stream.last_id == reply["cursor"]
    found = await get(server, f"/v1/notifications/{first['id']}", PUBLISH_KEY)
    assert (found["status"], found["revision"], found["receipts"]["read"]) == ("stored", 1, 1)


async def test_away_clients_get_the_last_change(server: Server) -> None:
    """Whoever was away gets the notification as it is now, and word of the last change alone, in order."""
    ana = token("ana")
    await server.connect({"token": ana})
    _, first = await server.notify(BOOKING)
    cursor = first["cursor"]
    _, second = await server.notify(BOOKING)
    for number in range(3):
        await mend(server, first["id"], message=str(number))
        await mend(server, second["id"], message=str(number))
    for window in (True, False):
        if not window:
            server.core.window.begin(server.core.broker.head().seq)  # as after a start: the log is asked
        back = {"token": ana, "cursor": cursor}
        listener = await server.connect(back)
        async with plain_socket(server.url, back) as plain, event_stream(server.url, back) as stream:
            for client in (listener, plain, stream):
                await until(lambda client=client: client.of("ns:sync"), "the end", client.moves)  # type: ignore[misc]
                assert [(one["seq"], one["message"]) for one in client.notifications] == [(2, "2")]
                assert [(one["id"], one["replayed"]) for one in client.of("ns:updated")] == [
                    (first["id"], True),
                    (second["id"], True),
                ]
                assert client.of("ns:sync")[0]["replayed"] == 3


async def matching(server: Server, path: str, if_match: str) -> tuple[int, str | None, int | None]:
    """Status, code and revision of the answer to a change with the header ``If-Match``."""
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}", "If-Match": if_match}
    async with server.http.patch(server.url + path, json={"message": "2"}, headers=headers) as answer:
        body = await answer.json(content_type=None)
        return answer.status, body.get("code"), body.get("revision")


async def test_if_match(server: Server) -> None:
    """A change with ``If-Match`` is made where that is the revision, or any; else it is 412, for what waits, too."""
    for later in ({}, {"deliver_in": 3600}):
        _, one = await server.notify({"type": "test", "message": "1", **later})
        path = f"/v1/notifications/{one['id']}"
        assert await matching(server, path, '"0"') == (200, None, 1)
        assert await matching(server, path, '"0"') == (412, "precondition_failed", 1)
        assert await matching(server, path, "*") == (200, None, 2)


async def test_what_is_refused(server: Server) -> None:
    """A change is held to the catalogue, to what may change, to its revision and to the scope of a key."""
    _, one = await server.notify({**BOOKING, "collapse_key": "k"})
    path = f"/v1/notifications/{one['id']}"
    for body, field in (
        ({"foo": 1}, "foo"),
        ({"audience": {"all": True}}, "audience"),
        ({"priority": "x"}, "priority"),
        ({"link": "javascript:x"}, "link"),
    ):
        refused = await ask(server, "PATCH", path, token=PUBLISH_KEY, json=body)
        assert_refused(refused, "invalid_data")
        assert [problem["field"] for problem in refused.body["errors"]] == [field]
    await mend(server, one["id"], message="1")
    stale = await mend(server, one["id"], 409, message="2", revision=0)
    assert (stale["code"], stale["revision"]) == ("revision_mismatch", 1)
    assert await matching(server, path, '"0"') == (412, "precondition_failed", 1)
    assert await matching(server, path, '"x"') == (422, "invalid_data", None)
    assert (await mend(server, one["id"], message="2", revision=1))["revision"] == 2
    assert (await mend(server, one["id"], message=None, link=None))["revision"] == 3
    _, other = await server.notify({**BOOKING, "collapse_key": "k"})
    replaced = await mend(server, one["id"], 409, message="x")
    assert (replaced["code"], replaced["replaced_by"]) == ("replaced", other["id"])
    _, typed = await server.notify({"type": "reserva_creada", "data": {"reserva_id": 1, "usuario_id": "ana"}})
    wrong = await mend(server, typed["id"], 422, data={"reserva_id": [1]})
    assert [problem["field"] for problem in wrong["errors"]] == ["data.reserva_id"]
    assert_refused(await ask(server, "PATCH", path, token=token("ana"), json={"message": "x"}), "forbidden")
    await mend(server, "00000000-0000-7000-8000-000000000000", 404, message="x")


async def test_who_did_what(server: Server) -> None:
    """The history names who published, replaced and changed it, and what it said before; so does the trace."""
    _, first = await server.notify({**BOOKING, "collapse_key": "k"})
    _, second = await server.notify({**BOOKING, "message": "Otra", "collapse_key": "k"})
    answer = await ask(
        server, "PATCH", f"/v1/notifications/{second['id']}", token=token("jefa", "admin"), json={"message": "x"}
    )
    assert answer.status == 200
    for identity in (first["id"], second["id"]):
        items = (await get(server, f"/v1/notifications/{identity}/history", PUBLISH_KEY))["items"]
        assert [(one["id"], one["action"]) for one in items] == [
            (first["id"], "published"),
            (first["id"], "replaced"),
            (second["id"], "published"),
            (second["id"], "updated"),
        ]
        assert items[-1]["by"] == "admin:jefa"
        assert [one["before"] and one["before"]["message"] for one in items] == [None, BOOKING["message"], None, "Otra"]
        assert items[1]["replaced_by"] == second["id"]
        trace = await get(server, f"/v1/notifications/{identity}/trace", PUBLISH_KEY)
        assert trace["history"] == [{name: one[name] for name in one if name != "before"} for one in items]
    gone = await get(server, f"/v1/notifications/{first['id']}", PUBLISH_KEY)
    assert (gone["status"], gone["replaced_by"], gone["receipts"]) == ("replaced", second["id"], None)
    missing = await ask(
        server, "GET", "/v1/notifications/00000000-0000-7000-8000-000000000000/history", token=PUBLISH_KEY
    )
    assert_refused(missing, "not_found")


async def test_history_of_what_was_scheduled(server: Server) -> None:
    """Of one that was scheduled the history says so, and that it was delivered or cancelled, and by whom."""
    later = [(await server.notify({**BOOKING, "deliver_in": 60}))[1]["id"] for _ in range(3)]
    await post(server, f"/v1/notifications/{later[0]}/deliver", None, PUBLISH_KEY)
    await mend(server, later[0], message="x")
    assert (await ask(server, "DELETE", f"/v1/notifications/{later[1]}", token=PUBLISH_KEY)).status == 200
    expected = (["scheduled", "delivered", "updated"], ["scheduled", "cancelled"], ["scheduled"])
    for identity, actions in zip(later, expected, strict=True):
        items = (await get(server, f"/v1/notifications/{identity}/history", PUBLISH_KEY))["items"]
        assert [one["action"] for one in items] == actions
        assert items[0]["by"].startswith("key-")
    trace = await get(server, f"/v1/notifications/{later[0]}/trace", PUBLISH_KEY)
    assert [one["action"] for one in trace["history"]] == expected[0]


async def test_old_client_is_not_confused(server: Server) -> None:
    """A client that knows no changes sees what was published, and a frame with a prefix that it passes over."""
    async with plain_socket(server.url, {"token": token("ana")}) as old:
        _, one = await server.notify(BOOKING)
        await mend(server, one["id"], message="x")
        await server.notify(BOOKING)
        assert [frame["message"] for frame in await old.wait(2)] == 2 * [BOOKING["message"]]
        assert {frame["type"] for frame in old.frames} == {"ns:hello", "ns:updated", "test"}


async def test_change_outlives_a_kill(tmp_path: Path) -> None:
    """A change that was answered is there after a kill, and whoever comes back from before gets word of it."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    bearer = lasting_token("ana")
    key, ana = ({"Authorization": f"Bearer {one}"} for one in (PUBLISH_KEY, bearer))
    async with aiohttp.ClientSession() as http:
        async with program("--data-dir", str(tmp_path / "data"), env=env) as server:
            async with http.post(f"{server.url}/notify", json=BOOKING, headers=key) as answer:
                one = await answer.json()
            path = f"/v1/notifications/{one['id']}"
            async with http.patch(server.url + path, json={"message": "x"}, headers=key) as answer:
                assert answer.status == 200
                changed = await answer.json()
            await server.stop(signal.SIGKILL)
        async with program("--data-dir", str(tmp_path / "data"), env=env) as server:
            async with http.get(f"{server.url}/v1/inbox", headers=ana) as answer:
                assert [item["message"] for item in (await answer.json())["items"]] == ["x"]
            async with plain_socket(server.url, {"token": bearer, "cursor": one["cursor"]}) as back:
                await until(lambda: back.of("ns:sync"), "the end", back.moves)
                assert [told["cursor"] for told in back.of("ns:updated")] == [changed["cursor"]]
