"""An inbox by groups, end to end: headings in the reader's language, marks by group over every transport."""

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

CATALOG = """
[types.reserva_creada]
title = "Nueva reserva"
audience = { roles = ["admin"] }

[types.reserva_creada.group]
one = { es = "1 nueva reserva", en = "1 new booking" }
other = { es = "{count} nuevas reservas", en = "{count} new bookings" }
"""
ANA = lasting_token("ana", "admin")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """Give a server whose catalogue has headings, and whose inbox of ana begins."""
    path = tmp_path / "catalog.toml"
    path.write_text(CATALOG)
    async with running(secured(catalog=path)) as made:
        await get(made, "/v1/inbox", token=ANA)
        yield made


async def bookings(server: Server, *groups: str | None) -> None:
    """Publish a booking with each of these groups."""
    for group in groups:
        status, reply = await server.notify({"type": "reserva_creada", "group": group})
        assert status == 200, reply


async def groups(server: Server, query: str = "", *, language: str = "es") -> list[tuple[Any, ...]]:
    """The groups of ana's inbox: name, heading, how many, how many unread."""
    answer = await ask(server, "GET", f"/v1/inbox/groups{query}", token=ANA, language=language)
    assert answer.status == 200, answer
    return [(one["group"], one["heading"], one["count"], one["unread"]) for one in answer.body["items"]]


async def test_headings_in_the_readers_language(server: Server) -> None:
    """One and several have headings of their own, in the language that is asked for; what has no group has none."""
    await bookings(server, "hoy", None, "hoy", "ayer")
    await server.notify({"type": "test", "group": "otros", "audience": {"users": ["ana"]}})
    spanish = [("otros", None, 1, 1), ("ayer", "1 nueva reserva", 1, 1), ("hoy", "2 nuevas reservas", 2, 2)]
    assert await groups(server) == [*spanish, (None, None, 1, 1)]
    assert (await groups(server, "?limit=2", language="en"))[1] == ("ayer", "1 new booking", 1, 1)
    page = await get(server, "/v1/inbox?group=hoy", token=ANA)
    assert [one["seq"] for one in page["items"]] == [3, 1]


async def test_mark_by_group_reaches_every_connection(server: Server) -> None:
    """A mark of a group, over HTTP, Socket.IO and /ws, is told to every connection by ids, as old clients know it."""
    await bookings(server, "a", "a", "b", "c")
    ids = [one["id"] for one in (await get(server, "/v1/inbox", token=ANA))["items"]][::-1]
    first = await server.connect({"token": ANA})
    async with plain_socket(server.url, {"token": ANA}) as plain, event_stream(server.url, {"token": ANA}) as stream:
        done = await post(server, "/v1/inbox/read", {"group": "a"}, token=ANA)
        assert (set(done["ids"]), done["up_to"], done["counts"]["unread"]) == (set(ids[:2]), None, 2)
        answer = await first.client.call("ns:read", {"group": "b"})
        assert (answer["ok"], answer["ids"]) == (True, [ids[2]])
        await plain.socket.send_json({"type": "ns:archive", "group": "c", "id": 1})
        for one in (first, plain, stream):
            await until(lambda one=one: len(one.of("ns:state")) == 3, "the states", one.moves)  # type: ignore[misc]
            assert [set(state["ids"]) for state in one.of("ns:state")] == [set(ids[:2]), {ids[2]}, {ids[3]}]
            assert one.of("ns:state")[-1]["counts"]["unread"] == 0
    assert await groups(server) == [("b", "1 nueva reserva", 1, 0), ("a", "2 nuevas reservas", 2, 0)]
    assert await groups(server, "?status=archived") == [("c", "1 nueva reserva", 1, 0)]


async def test_changed_group(server: Server) -> None:
    """A notification whose group is changed is in the other one from then on, and alone where it has none any more."""
    await bookings(server, "a", "a")
    newest = (await get(server, "/v1/inbox?limit=1", token=ANA))["items"][0]["id"]
    for group, expected in (("b", [("b", 1), ("a", 1)]), (None, [(None, 1), ("a", 1)])):
        answer = await ask(server, "PATCH", f"/v1/notifications/{newest}", json={"group": group}, token=PUBLISH_KEY)
        assert answer.status == 200, answer
        assert [(one[0], one[2]) for one in await groups(server)] == expected


async def test_wrong_marks_are_refused(server: Server) -> None:
    """A mark names ids, a group or all, and one of them."""
    for body in ({"group": ""}, {"group": "a", "all": True}, {"group": "a", "ids": ["x"]}, {"group": 1}):
        answer = await ask(server, "POST", "/v1/inbox/read", json=body, token=ANA)
        assert_refused(answer, "invalid_data")


async def test_groups_outlive_a_kill(tmp_path: Path) -> None:
    """What is in which group is known after a `kill -9`."""
    settings = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    found: list[Any] = []
    async with aiohttp.ClientSession() as http:
        for killed in (True, False):
            async with program("--data-dir", str(tmp_path), env=settings) as server:
                if killed:
                    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
                    for group in ("a", "a", "b"):
                        body = {"type": "test", "group": group, "audience": {"users": ["bo"]}}
                        async with http.post(f"{server.url}/notify", json=body, headers=headers) as response:
                            assert response.status == 200
                    await server.stop(signal.SIGKILL)
                    continue
                async with http.get(
                    f"{server.url}/v1/inbox/groups", headers={"Authorization": f"Bearer {token('bo')}"}
                ) as response:
                    found = [(one["group"], one["count"]) for one in (await response.json())["items"]]
    assert found == [("b", 1), ("a", 2)]
