"""Presence, end to end: who is here over every transport, who comes and goes, and when somebody was last seen."""

from __future__ import annotations

import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sio_server.core import attendance
from sio_server.core.attendance import Attendance
from tests.support.asking import ask, assert_refused, get
from tests.support.catalogs import following
from tests.support.clients import plain_socket
from tests.support.documents import Document
from tests.support.events import event_stream
from tests.support.servers import (
    PUBLISH_KEY,
    ROOT,
    SECRET,
    Listener,
    Server,
    lasting_token,
    program,
    running,
    secured,
    token,
)
from tests.support.waiting import until

ADMIN = token("root", "admin")


def moment(text: str) -> datetime:
    """A moment that the server wrote."""
    return datetime.fromisoformat(text)


async def presence(server: Server, query: str = "", credential: str = PUBLISH_KEY) -> Any:
    """What is answered to who asks."""
    return await get(server, f"/v1/presence{query}", credential)


async def names(server: Server, query: str = "") -> list[str]:
    """Who is here, by name."""
    return [one["user"] for one in (await presence(server, query))["items"]]


def told(client: Any, kind: str) -> list[str]:
    """The names of all who came, or left, as a client was told."""
    return [one["user"] for event in client.of("ns:presence") for one in event[kind]]


async def test_who_is_here_over_every_transport() -> None:
    """A user is here once, with the connections of every transport and the roles of all, until the last is gone."""
    before = datetime.now(UTC) - timedelta(seconds=1)
    async with running(secured()) as server:
        await server.connect({"token": token("bea", "turista")})
        listener = await server.connect({"token": token("ana", "turista")})
        async with (
            plain_socket(server.url, {"token": token("ana", "guia", topics=["tour:7"])}),
            event_stream(server.url, {"token": token("ana", "turista")}),
        ):
            body = await presence(server)
            ana, bea = body["items"]
            assert (body["next_after"], body["total"]) == (None, {"users": 2, "connections": 4})
            assert (ana["user"], sorted(ana["roles"]), ana["connections"]) == ("ana", ["guia", "turista"], 3)
            assert (bea["user"], bea["roles"], bea["connections"], bea["here"]) == ("bea", ["turista"], 1, True)
            assert before < moment(ana["since"]) <= moment(ana["last_seen"]) <= datetime.now(UTC)
            assert await names(server, "?role=guia") == ["ana"]
            assert await names(server, "?topic=tour:7") == ["ana"]
            assert await names(server, "?role=admin") == []
            page = await presence(server, "?limit=1")
            assert (page["next_after"], page["total"]["users"]) == ("ana", 2)
            assert await names(server, "?limit=1&after=ana") == ["bea"]
        await listener.client.disconnect()

        await until(lambda: server.core.hub.users == 1, "the leave")
        (ana,) = (await presence(server, "?user=ana"))["items"]
        assert (ana["here"], ana["connections"], ana["roles"], ana["since"]) == (False, 0, [], None)
        assert before < moment(ana["last_seen"]) <= datetime.now(UTC)
        assert await presence(server, "?user=nobody") == {
            "items": [],
            "next_after": None,
            "total": {"users": 0, "connections": 0},
        }


async def test_only_operators_see_who_is_here() -> None:
    """An administrator and a key that may look see who is here; anybody else is refused, by HTTP and by event."""
    async with running(secured()) as server:
        assert (await presence(server, credential=ADMIN))["items"] == []
        for credential, code in ((token("ana", "guia"), "forbidden"), (None, "unauthorized")):
            assert_refused(await ask(server, "GET", "/v1/presence", token=credential), code)
        assert_refused(await ask(server, "GET", "/v1/presence?role=a&topic=b", token=ADMIN), "invalid_request")
        user = await server.connect({"token": token("ana")})
        answer = await user.client.call("ns:presence", {"wanted": True})
        assert (answer["ok"], answer["error"]["code"]) == (False, "forbidden")
        admin = await server.connect({"token": ADMIN})
        for wrong in ({}, {"wanted": "x"}, {"wanted": True, "role": "a", "topic": "b"}, {"wanted": True, "role": ""}):
            answer = await admin.client.call("ns:presence", wrong)
            assert (answer["ok"], answer["error"]["code"]) == (False, "invalid_data"), wrong


async def test_who_comes_and_goes_is_told() -> None:
    """Who watches is told who came and who left, over Socket.IO and `/ws`, and nothing once it wants no more."""
    async with running(secured()) as server:
        admin = await server.connect({"token": ADMIN})
        async with plain_socket(server.url, {"token": ADMIN}) as plain:
            answer = await admin.client.call("ns:presence", {"wanted": True})
            assert answer == {"ok": True, "wanted": True, "total": {"users": 1, "connections": 2}}
            await plain.socket.send_json({"type": "ns:presence", "wanted": True, "role": "guia", "id": 1})
            await until(lambda: plain.of("ns:reply"), "the reply", plain.moves)
            assert plain.of("ns:reply")[0]["total"] == {"users": 0, "connections": 0}
            ana = await server.connect({"token": token("ana", "guia")})
            again = await server.connect({"token": token("ana", "guia")})
            bea = await server.connect({"token": token("bea")})
            await until(lambda: {"ana", "bea"} <= {*told(admin, "joined")}, "who came", admin.moves)
            await until(lambda: told(plain, "joined") == ["ana"], "the guide", plain.moves)
            (joined,) = [one for event in admin.of("ns:presence") for one in event["joined"] if one["user"] == "ana"]
            assert (joined["roles"], joined["here"]) == (["guia"], True)
            await again.client.disconnect()
            await bea.client.disconnect()
            await until(lambda: told(admin, "left") == ["bea"], "who left", admin.moves)
            assert (await admin.client.call("ns:presence", {"wanted": False}))["wanted"] is False
            await ana.client.disconnect()
            await until(lambda: told(plain, "left") == ["ana"], "the guide's leave", plain.moves)
            (left,) = plain.of("ns:presence")[-1]["left"]
            assert (left["here"], left["connections"], left["since"]) == (False, 0, None)
            assert moment(left["last_seen"]) <= moment(plain.of("ns:presence")[-1]["at"])
        assert told(admin, "left") == ["bea"]
        assert told(plain, "joined") == ["ana"]


async def test_followers_who_are_here_are_a_topics(tmp_path: Path) -> None:
    """Who follows a topic and is here is found and told by that topic."""
    async with running(secured(catalog=following(tmp_path))) as server:
        admin = await server.connect({"token": ADMIN})
        await admin.client.call("ns:presence", {"wanted": True, "topic": "tour:1"})
        ana = await server.connect({"token": token("ana")})
        await server.connect({"token": token("bea")})
        await ana.client.call("ns:follow", {"topic": "tour:1"})
        await until(lambda: told(admin, "joined") == ["ana"], "the follower", admin.moves)
        assert await names(server, "?topic=tour:1") == ["ana"]
        await ana.client.call("ns:unfollow", {"topic": "tour:1"})
        await until(lambda: told(admin, "left") == ["ana"], "the end of it", admin.moves)


async def test_many_who_come_at_once_are_told_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """One event names so many at most; the others follow, each once, whoever comes meanwhile."""
    monkeypatch.setattr(attendance, "MAX_NAMES", 3)
    async with running(secured()) as server:
        made: Attendance = server.core.attendance
        monkeypatch.setattr(made, "_interval", 0.01)
        admin = await server.connect({"token": ADMIN})
        await admin.client.call("ns:presence", {"wanted": True})
        for number in range(10):
            server.core.broker.arrived(f"c{number}", f"u{number}", ("all", f"user:u{number}"))
        await until(lambda: len(told(admin, "joined")) == 10, "all of them", admin.moves)
        assert sorted(told(admin, "joined")) == [f"u{number}" for number in range(10)]
        assert max(len(event["joined"]) for event in admin.of("ns:presence")) <= 3
        for number in range(10):
            server.core.broker.left(f"c{number}")
        await until(lambda: len(told(admin, "left")) == 10, "the end of all", admin.moves)


async def test_only_so_many_rooms_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    """A room more than may be watched is refused; one that somebody watches already is not, nor one for another."""
    monkeypatch.setattr(attendance, "MAX_WATCHED", 1)
    async with running(secured()) as server:
        first, second = [await server.connect({"token": ADMIN}) for _ in range(2)]

        async def watch(client: Listener, **asked: Any) -> Any:
            answer = await client.client.call("ns:presence", {"wanted": True, **asked})
            return answer.get("wanted") or answer["error"]["code"]

        assert await watch(first, role="guia") is True
        assert await watch(second, role="admin") == "rate_limited"
        assert await watch(second, role="guia") is True
        await second.client.disconnect()
        await until(lambda: len(server.core.hub) == 1, "the leave")
        assert await watch(first) is True


async def test_nothing_is_looked_for_where_nobody_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the last who watched has left, the server looks no more."""
    async with running(secured()) as server:
        made: Attendance = server.core.attendance
        monkeypatch.setattr(made, "_interval", 0.01)
        admin = await server.connect({"token": ADMIN})
        await admin.client.call("ns:presence", {"wanted": True})
        assert len(server.core.tasks) == 1
        await admin.client.disconnect()
        await until(lambda: not server.core.tasks, "the end of the looks")
        again = await server.connect({"token": ADMIN})
        await again.client.call("ns:presence", {"wanted": True})
        await server.connect({"token": token("ana")})
        await until(lambda: "ana" in told(again, "joined"), "who came", again.moves)


async def test_last_seen_survives_a_kill(tmp_path: Path) -> None:
    """After a `kill -9` nobody is here, and of who was, it is known when that was: at least when they came."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}

    async def asked(url: str) -> Any:
        async with aiohttp.ClientSession() as http, http.get(f"{url}?user=ana", headers=headers) as response:
            return (await response.json())["items"]

    async with (
        program("--data-dir", str(tmp_path), env=env) as server,
        plain_socket(server.url, {"token": lasting_token("ana")}),
    ):
        (here,) = await asked(f"{server.url}/v1/presence")
        assert here["here"] is True
        await server.stop(signal.SIGKILL)
    async with program("--data-dir", str(tmp_path), env=env) as server:
        (gone,) = await asked(f"{server.url}/v1/presence")
        assert (gone["here"], gone["connections"]) == (False, 0)
        assert abs(moment(gone["last_seen"]) - moment(here["since"])) < timedelta(seconds=60)


async def test_old_clients_hear_nothing_of_it() -> None:
    """A client that knows nothing of presence is told nothing of it, whoever comes and goes."""
    async with running(secured()) as server:
        admin = await server.connect({"token": ADMIN})
        old = await server.connect({"token": ADMIN})
        async with (
            plain_socket(server.url, {"token": ADMIN}) as plain,
            event_stream(server.url, {"token": ADMIN}) as stream,
        ):
            await admin.client.call("ns:presence", {"wanted": True})
            await server.connect({"token": token("ana")})
            await until(lambda: "ana" in told(admin, "joined"), "who came", admin.moves)
            await server.notify({"type": "test", "audience": {"roles": ["admin"]}})
            for client in (old, plain, stream):
                await client.wait(1)
                assert client.of("ns:presence") == []


@pytest.mark.parametrize("page", ["presence.md", "presence.es.md"])
async def test_page_shows_what_is_answered(page: str) -> None:
    """The page's list and its event have the members that real ones have."""
    document = Document.read(ROOT / "docs" / page)
    async with running(secured()) as server:
        admin = await server.connect({"token": ADMIN})
        await admin.client.call("ns:presence", {"wanted": True})
        await server.connect({"token": token("ana", "guia")})
        await until(lambda: "ana" in told(admin, "joined"), "who came", admin.moves)
        shown, found = json.loads(document.fence("json", "items")), await presence(server)
        assert shown.keys() == found.keys()
        assert shown["items"][0].keys() == found["items"][0].keys()
        assert json.loads(document.fence("json", "joined")).keys() == admin.of("ns:presence")[0].keys()
