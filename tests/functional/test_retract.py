"""A notification that is taken back: every transport, three tabs, away, beyond a kill, an old client."""

from __future__ import annotations

import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sio_server.broker.sqlite import SqliteBroker
from tests.support.asking import Answer, ask, assert_refused, get
from tests.support.clients import PlainSocket, plain_socket
from tests.support.events import EventStream, event_stream
from tests.support.servers import PUBLISH_KEY, SECRET, Listener, Server, lasting_token, program, running, secured, token
from tests.support.waiting import until

HOUR = 3600
BOOKING = {"type": "test", "message": "Reserva confirmada", "audience": {"users": ["ana"]}}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Give a server."""
    async with running(secured()) as made:
        yield made


async def retract(server: Server, identity: str, credential: str = PUBLISH_KEY) -> Answer:
    """Take a notification back."""
    return await ask(server, "DELETE", f"/v1/notifications/{identity}", token=credential)


async def test_it_is_gone_from_every_tab(server: Server) -> None:
    """All tabs are told over each transport and then the counters; it is in no page; a second time is the same."""
    ana = token("ana")
    tabs = [await server.connect({"token": ana}) for _ in range(3)]
    async with (
        plain_socket(server.url, {"token": ana}) as plain,
        event_stream(server.url, {"token": ana}) as stream,
    ):
        _, one = await server.notify(BOOKING)
        await server.notify(BOOKING)
        answer = await retract(server, one["id"])
        cursor = answer.body["cursor"]
        assert answer.body == {"status": "ok", "id": one["id"], "seq": 3, "cursor": cursor, "removed": True}
        expected = {"id": one["id"], "seq": 3, "cursor": cursor, "replayed": False}
        everything: list[Listener | PlainSocket | EventStream] = [*tabs, plain, stream]
        for client in everything:
            await until(lambda client=client: client.of("ns:state"), "the counters", client.moves)  # type: ignore[misc]
            assert [{name: told[name] for name in told if name != "type"} for told in client.of("ns:removed")] == [
                expected
            ]
            assert client.of("ns:state")[0]["counts"] == {"unread": 1, "unseen": 1, "at_seq": 3}
        assert (await retract(server, one["id"])).body == answer.body
        assert len(plain.of("ns:removed")) == 1
    page = await get(server, "/v1/inbox", ana)
    assert [item["seq"] for item in page["items"]] == [2]
    found = await get(server, f"/v1/notifications/{one['id']}", PUBLISH_KEY)
    assert (found["status"], found["message"], found["receipts"]) == ("retracted", BOOKING["message"], None)
    items = (await get(server, f"/v1/notifications/{one['id']}/history", PUBLISH_KEY))["items"]
    assert [step["action"] for step in items] == ["published", "retracted"]


async def test_away_clients_lose_it(server: Server) -> None:
    """Whoever had it and comes back gets word that it is gone, whoever had not, gets that and no notification."""
    ana = token("ana")
    listener = await server.connect({"token": ana})
    before = listener.of("ns:hello")[0]["cursor"]
    _, one = await server.notify(BOOKING)
    answer = await ask(server, "PATCH", f"/v1/notifications/{one['id']}", token=PUBLISH_KEY, json={"title": "x"})
    assert answer.status == 200
    removed = (await retract(server, one["id"])).body
    for cursor in (before, one["cursor"]):
        back = {"token": ana, "cursor": cursor}
        again = await server.connect(back)
        async with plain_socket(server.url, back) as plain, event_stream(server.url, back) as stream:
            for client in (again, plain, stream):
                await until(lambda client=client: client.of("ns:sync"), "the end", client.moves)  # type: ignore[misc]
                assert client.notifications == []
                assert client.of("ns:updated") == []
                assert [(told["cursor"], told["replayed"]) for told in client.of("ns:removed")] == [
                    (removed["cursor"], True)
                ]


async def test_whoever_comes_back_an_hour_later_loses_it() -> None:
    """Whoever had it and is away for an hour is told on coming back, whatever came meanwhile, and has it nowhere."""
    ahead, booking = 0.0, {**BOOKING, "ttl": 24 * HOUR}

    def wall() -> float:
        return time.time() + ahead

    async with running(secured(), broker=SqliteBroker(None, now=wall)) as server:
        ana = lasting_token("ana")
        _, one = await server.notify(booking)
        listener = await server.connect({"token": ana, "cursor": one["cursor"]})
        await until(lambda: listener.of("ns:hello"), "the first event", listener.moves)
        await listener.client.disconnect()
        removed = (await retract(server, one["id"])).body
        for _ in range(200):
            await server.notify({**BOOKING, "audience": {"users": ["bea"]}})
        ahead += HOUR
        await server.core.broker.retain(max_age=2 * HOUR)
        _, newest = await server.notify(booking)
        back = {"token": ana, "cursor": one["cursor"]}
        again = await server.connect(back)
        async with plain_socket(server.url, back) as plain, event_stream(server.url, back) as stream:
            for client in (again, plain, stream):
                await until(lambda client=client: client.of("ns:sync"), "the end", client.moves)  # type: ignore[misc]
                assert [(told["id"], told["seq"]) for told in client.of("ns:removed")] == [(one["id"], removed["seq"])]
                assert [envelope["id"] for envelope in client.notifications] == [newest["id"]]
        assert [item["id"] for item in (await get(server, "/v1/inbox", ana))["items"]] == [newest["id"]]


async def test_who_may(server: Server) -> None:
    """Only who may publish it may take it back; unknown ones are not found, and of replaced ones it is said by what."""
    _, one = await server.notify({**BOOKING, "collapse_key": "k"})
    _, two = await server.notify({**BOOKING, "collapse_key": "k"})
    assert_refused(await retract(server, two["id"], token("ana")), "forbidden")
    replaced = await retract(server, one["id"])
    assert (replaced.status, replaced.body["replaced_by"]) == (409, two["id"])
    assert_refused(await retract(server, "00000000-0000-7000-8000-000000000000"), "not_found")
    assert (await retract(server, two["id"], token("jefa", "admin"))).status == 200
    items = (await get(server, f"/v1/notifications/{one['id']}/history", PUBLISH_KEY))["items"]
    assert [(step["action"], step["by"]) for step in items][-1] == ("retracted", "admin:jefa")


async def test_old_client_is_not_confused(server: Server) -> None:
    """A client that knows no retractions keeps what it has, and passes over a frame with a prefix."""
    async with plain_socket(server.url, {"token": token("ana")}) as old:
        _, one = await server.notify(BOOKING)
        await retract(server, one["id"])
        await server.notify(BOOKING)
        await old.wait(2)
        assert {frame["type"] for frame in old.frames} <= {"ns:hello", "ns:removed", "ns:state", "test"}


async def test_retraction_outlives_a_kill(tmp_path: Path) -> None:
    """After a kill it is still gone, and whoever comes back from before is told."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    bearer = lasting_token("ana")
    key, ana = ({"Authorization": f"Bearer {one}"} for one in (PUBLISH_KEY, bearer))
    async with aiohttp.ClientSession() as http:
        async with program("--data-dir", str(tmp_path / "data"), env=env) as server:
            async with http.post(f"{server.url}/notify", json=BOOKING, headers=key) as answer:
                one = await answer.json()
            async with http.delete(f"{server.url}/v1/notifications/{one['id']}", headers=key) as answer:
                removed = await answer.json()
            await server.stop(signal.SIGKILL)
        async with program("--data-dir", str(tmp_path / "data"), env=env) as server:
            async with http.get(f"{server.url}/v1/inbox", headers=ana) as answer:
                assert (await answer.json())["counts"] == {"unread": 0, "unseen": 0, "at_seq": 2}
            async with plain_socket(server.url, {"token": bearer, "cursor": one["cursor"]}) as back:
                await until(lambda: back.of("ns:sync"), "the end", back.moves)
                assert [told["cursor"] for told in back.of("ns:removed")] == [removed["cursor"]]
            async with http.delete(f"{server.url}/v1/notifications/{one['id']}", headers=key) as answer:
                assert await answer.json() == removed
