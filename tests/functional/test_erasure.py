"""What is kept about a person, end to end: the copy of it, and that nothing of it is left."""

from __future__ import annotations

import asyncio
import re
import signal
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sio_server.broker import persons
from sio_server.broker.sqlite.store import FILE_NAME
from sio_server.schemas.persons import ExportSchema
from tests.support.asking import Answer, ask, assert_refused, get, post
from tests.support.brokers import soon
from tests.support.catalogs import following
from tests.support.clients import plain_socket
from tests.support.commands import run
from tests.support.documents import Document
from tests.support.events import event_stream
from tests.support.servers import PUBLISH_KEY, ROOT, SECRET, Server, lasting_token, program, running, secured, token
from tests.support.waiting import until

# A name that stands nowhere else in the files of a log.
NAME = "zoila-quispe-7f3a"
ADMIN = token("root", "admin")
ACTIONS = [{"id": "si", "label": "Sí"}]


def left_in(directory: Path) -> list[str]:
    """The files of a directory that have the name anywhere."""
    return [path.name for path in sorted(directory.rglob("*")) if path.is_file() and NAME.encode() in path.read_bytes()]


async def erased(server: Server, user: str = NAME, credential: str = PUBLISH_KEY) -> Any:
    """Have a user erased."""
    answer = await ask(server, "DELETE", f"/v1/users/{user}", token=credential)
    assert answer.status == 200, answer
    return answer.body


async def publish(server: Server, **body: Any) -> dict[str, Any]:
    """Publish, and return the reply."""
    status, reply = await server.notify({"type": "test", **body})
    assert status in (200, 202), reply
    made: dict[str, Any] = reply
    return made


async def full_life(server: Server) -> Mapping[str, str]:
    """Let a user have something of everything that is kept; returns ids of what was published, by whom it was for."""
    ids = {}
    listener = await server.connect({"token": token(NAME, "admin")})
    for name, audience in (
        ("alone", {"users": [NAME]}),
        ("pair", {"users": [NAME, "bea"]}),
        ("role", {"roles": ["admin"], "users": [NAME]}),
        ("all", {"all": True, "users": [NAME]}),
        ("except", {"all": True, "except": {"users": [NAME]}}),
    ):
        ids[name] = (await publish(server, audience=audience, group="visita", actions=ACTIONS))["id"]
    await listener.wait(4)
    await listener.client.call("ns:follow", {"topic": "tour:1"})
    await listener.client.call("ns:read", {"ids": [ids["alone"]]})
    await listener.client.call("ns:archive", {"all": True})
    await listener.client.call("ns:unarchive", {"ids": [ids["pair"]]})
    await listener.client.call("ns:ack", {"seq": 4})
    answer = await listener.client.call("ns:act", {"id": ids["pair"], "action": "si"})
    assert answer["ok"] is True, answer
    ids["own"] = (await own_publish(server))["id"]
    for name in ("alone", "pair"):
        changed = await ask(server, "PATCH", f"/v1/notifications/{ids[name]}", token=ADMIN, json={"message": "otra"})
        assert changed.status == 200, changed
    for audience in ({"users": [NAME]}, {"users": [NAME, "cleo"]}):
        taken = (await publish(server, audience=audience))["id"]
        assert (await ask(server, "DELETE", f"/v1/notifications/{taken}", token=token(NAME, "admin"))).status == 200
        await publish(server, audience=audience, deliver_in=3600)
    await publish(server, audience={"users": [NAME]}, collapse_key="k")
    await publish(server, audience={"users": [NAME]}, collapse_key="k")
    await publish(server, audience={"users": [NAME, "bea"]}, collapse_key="k")
    await publish(server, audience={"users": [NAME, "bea"]}, collapse_key="k")
    return ids


async def own_publish(server: Server) -> dict[str, Any]:
    """Let the user, who is an administrator, publish something for others."""
    headers = {"Authorization": f"Bearer {token(NAME, 'admin')}", "Idempotency-Key": "once"}
    body = {"type": "test", "audience": {"users": ["bea"]}}
    async with server.http.post(f"{server.url}/notify", json=body, headers=headers) as response:
        made: dict[str, Any] = await response.json()
        return made


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Give a catalogue with topics that anybody may follow."""
    return following(tmp_path)


# -- the copy -------------------------------------------------------------------------------------------------------


async def test_copy_has_all_that_is_kept(tmp_path: Path, catalog: Path) -> None:
    """An export holds what is for the user, what became of it, what is followed, and the connections of now."""
    async with running(secured(broker="sqlite:", data_dir=tmp_path / "data", catalog=catalog)) as server:
        ids = await full_life(server)
        await post(server, f"/v1/users/{NAME}/disconnect", {"tokens_before": 1}, token=PUBLISH_KEY)
        await server.connect({"token": token(NAME, "admin", iat=int(time.time()))})
        found = await get(server, f"/v1/users/{NAME}/export", ADMIN)
        assert found["user"] == NAME
        assert [one["here"] for one in found["presence"]] == [True]
        assert len(found["connections"]) == found["presence"][0]["connections"]
        assert {one["id"] for one in found["notifications"]} >= {ids[name] for name in ("alone", "pair", "role")}
        assert [one["room"] for one in found["follows"]] == ["topic:tour:1"]
        assert {one["room"] for one in found["rooms"]} == {"all", "role:admin"}
        assert found["inbox"][0]["archived_to"] > 0
        assert {step["word"] for step in found["inbox"][0]["steps"]} >= {"read", "archive"}
        assert len(found["states"]) >= 1
        assert {one["kind"] for one in found["deliveries"]} == {0, 1}
        assert [one["before"] for one in found["revocations"]] == [1]
        assert len(found["visits"]) == 1
        assert [one["action"] for one in found["answers"]] == ["si"]
        assert len(found["scheduled"]) == 2
        assert {one["action"] for one in found["history"]} >= {"updated", "retracted"}


async def test_copy_of_many_comes_in_pieces() -> None:
    """Of more than one piece holds, all is in the copy, once."""
    async with running(secured()) as server:
        items = [{"type": "test", "audience": {"users": [NAME]}} for _ in range(230)]
        await post(server, "/v1/notifications/batch", {"notifications": items}, token=PUBLISH_KEY)
        found = await get(server, f"/v1/users/{NAME}/export", PUBLISH_KEY)
        assert [one["seq"] for one in found["notifications"]] == list(range(1, 231))


async def test_copy_of_nobody_is_empty() -> None:
    """Of a name that nothing is kept of, the copy says so, and to erase it does nothing."""
    async with running(secured()) as server:
        found = await get(server, "/v1/users/nobody/export", PUBLISH_KEY)
        assert {kind: found[kind] for kind in found if kind != "at"} == {
            "user": "nobody",
            "presence": [],
            "connections": [],
        }
        assert (await erased(server, "nobody"))["erased"] == {}


async def test_only_operators_may() -> None:
    """Neither the user nor anybody without a credential gets a copy or erases, and no key that may only look."""
    async with running(secured()) as server:
        for credential, code in ((token(NAME), "forbidden"), (None, "unauthorized")):
            for method, path in (("GET", f"/v1/users/{NAME}/export"), ("DELETE", f"/v1/users/{NAME}")):
                assert_refused(await ask(server, method, path, token=credential), code)


# -- the end of it --------------------------------------------------------------------------------------------------


async def test_nothing_is_left(tmp_path: Path, catalog: Path) -> None:
    """Once a user was erased, the name is in no row, and after a vacuum in no byte of the files; others keep theirs."""
    data = tmp_path / "data"
    async with running(secured(broker="sqlite:", data_dir=data, catalog=catalog)) as server:
        ids = await full_life(server)
        bea = await get(server, "/v1/inbox", token("bea"))
        assert left_in(data)
        body = await erased(server)
        assert (body["status"], body["user"]) == ("ok", NAME)
        assert body["erased"]["notifications"] >= 2
        assert body["erased"]["audiences"] >= 4
        assert body["erased"]["scheduled"] == 1
        assert {
            "amendments",
            "history",
            "rooms",
            "follows",
            "inbox",
            "states",
            "deliveries",
            "visits",
            "answers",
        } <= body["erased"].keys()
        found = await get(server, f"/v1/users/{NAME}/export", PUBLISH_KEY)
        assert found.keys() == {"user", "at", "presence", "connections", "revocations"}
        answer = await ask(server, "GET", f"/v1/notifications/{ids['alone']}", token=PUBLISH_KEY)
        assert_refused(answer, "not_found")
        for name, audience in (("pair", ["bea"]), ("role", []), ("all", []), ("except", [])):
            record = await get(server, f"/v1/notifications/{ids[name]}", PUBLISH_KEY)
            assert (record["audience"]["users"], record["audience"]["except"]) == (audience, {"users": []})
        assert (await get(server, f"/v1/notifications/{ids['own']}", PUBLISH_KEY))["publisher"] == persons.NOBODY
        (later,) = (await get(server, "/v1/scheduled", PUBLISH_KEY))["items"]
        assert later["audience"]["users"] == ["cleo"]
        after = await get(server, "/v1/inbox", token("bea"))
        assert [one["id"] for one in after["items"]] == [one["id"] for one in bea["items"]]
        assert after["counts"]["unread"] == bea["counts"]["unread"]
        assert (await erased(server))["erased"] == {}
    with closing(sqlite3.connect(data / FILE_NAME)) as log:
        assert NAME not in "\n".join(log.iterdump())
    done = await run("vacuum", "--data-dir", str(data), cwd=tmp_path)
    assert done.code == 0, done
    assert left_in(data) == []


async def test_connections_are_closed_and_old_tokens_refused() -> None:
    """Every connection of an erased user is closed; tokens of before are refused, one of later begins anew."""
    async with running(secured()) as server:
        old = token(NAME, iat=1_000_000_000)
        listener = await server.connect({"token": old})
        async with (
            plain_socket(server.url, {"token": old}) as plain,
            event_stream(server.url, {"token": old}) as stream,
        ):
            await publish(server, audience={"users": [NAME]})
            await plain.wait(1)
            assert (await erased(server))["disconnected"] == 3
            assert (await plain.wait_closed())[1] == "token_revoked"
            await until(lambda: stream.ended, "the end of the stream")
            await until(lambda: not listener.client.connected, "the end of the connection")
        assert_refused(await ask(server, "GET", "/v1/inbox", token=old), "token_revoked")
        assert_refused(await ask(server, "POST", "/v1/tickets", token=old), "token_revoked")
        again = token(NAME, iat=int(time.time()) + 20)
        assert await revoked(server, again) == "ok"


async def revoked(server: Server, credential: str) -> str:
    """The code of a refusal, or ``ok`` for who is let in with an empty inbox."""
    answer: Answer = await ask(server, "GET", "/v1/inbox", token=credential)
    if answer.status != 200:
        return str(answer.body["code"])
    assert answer.body["items"] == []
    return "ok"


async def test_administrator_erases_and_publishers_go_on(tmp_path: Path) -> None:
    """While somebody with thousands of notifications is erased, publishes are answered, and none of them is lost."""
    async with running(secured(broker="sqlite:", data_dir=tmp_path)) as server:
        items = [{"type": "test", "audience": {"users": [NAME] + ["bea"] * (n % 2)}} for n in range(1000)]
        for _ in range(3):
            await post(server, "/v1/notifications/batch", {"notifications": items}, token=PUBLISH_KEY)
        erasing = asyncio.create_task(erased(server, credential=ADMIN))
        published = 0
        while not erasing.done():
            await publish(server, audience={"users": ["bea"]})
            published += 1
        body = await erasing
        assert (body["erased"]["notifications"], body["erased"]["audiences"]) == (1500, 1500)
        assert published > 3
        counts = (await get(server, "/v1/inbox/counts", token("bea")))["counts"]
        assert counts["unread"] == 1500 + published


async def test_erased_stays_erased_beyond_a_kill(tmp_path: Path) -> None:
    """After a `kill -9` right after the answer nothing of the user is back, and the old token is refused still."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
    own = {"Authorization": f"Bearer {lasting_token(NAME)}"}
    body = {"type": "test", "audience": {"users": [NAME]}}
    async with program("--data-dir", str(tmp_path), env=env) as server, aiohttp.ClientSession() as http:
        async with http.post(f"{server.url}/notify", json=body, headers=headers) as response:
            assert response.status == 200
        async with http.delete(f"{server.url}/v1/users/{NAME}", headers=headers) as response:
            assert response.status == 200
        await server.stop(signal.SIGKILL)
    async with program("--data-dir", str(tmp_path), env=env) as server, aiohttp.ClientSession() as http:
        async with http.get(f"{server.url}/v1/users/{NAME}/export", headers=headers) as response:
            assert "notifications" not in await response.json()
        async with http.get(f"{server.url}/v1/inbox", headers=own) as response:
            assert (await response.json())["code"] == "token_revoked"


async def test_erasing_goes_on_after_a_kill(tmp_path: Path) -> None:
    """A `kill -9` in the middle of it leaves a log that is whole, and asked for again it takes the rest away."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
    batch = {
        "notifications": [{"type": "test", "audience": {"users": [NAME, *["bea"] * (n % 2)]}} for n in range(1000)]
    }

    async with aiohttp.ClientSession(headers=headers) as http:

        async def asked(method: str, url: str, json: Any = None) -> Any:
            async with http.request(method, url, json=json) as response:
                assert response.status == 200, await response.text()
                return await response.json()

        async with program("--data-dir", str(tmp_path), env=env) as server:
            for _ in range(5):
                await asked("POST", f"{server.url}/v1/notifications/batch", batch)
            erasing = asyncio.create_task(asked("DELETE", f"{server.url}/v1/users/{NAME}"))

            async def begun() -> bool:
                page = await asked("GET", f"{server.url}/v1/notifications?user={NAME}&after=0&limit=1")
                return not page["items"] or page["items"][0]["seq"] > 1

            await soon(begun)
            await server.stop(signal.SIGKILL)
            await asyncio.gather(erasing, return_exceptions=True)
        async with program("--data-dir", str(tmp_path), env=env) as server:
            await asked("DELETE", f"{server.url}/v1/users/{NAME}")
            assert "notifications" not in await asked("GET", f"{server.url}/v1/users/{NAME}/export")
            assert len((await asked("GET", f"{server.url}/v1/users/bea/export"))["notifications"]) == 2500
            counts = await http.get(
                f"{server.url}/v1/inbox/counts", headers={"Authorization": f"Bearer {lasting_token('bea')}"}
            )
            assert (await counts.json())["counts"]["unread"] == 2500
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("page", ["privacy.md", "privacy.es.md"])
def test_page_names_every_kind(page: str) -> None:
    """The page's table names each kind that a copy may have, and no other."""
    rows = Document.read(ROOT / "docs" / page).tables[0][1:]
    named = {word for row in rows for cell in row[:2] for word in re.findall(r"`(\w+)`", cell)}
    assert named == ExportSchema().fields.keys() - {"user", "at"}


async def test_head_of_a_copy_has_no_body() -> None:
    """HEAD of a copy is answered as GET, without the copy."""
    async with running(secured()) as server:
        headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
        for _ in range(2):
            async with server.http.head(f"{server.url}/v1/users/{NAME}/export", headers=headers) as response:
                assert (response.status, await response.read()) == (200, b"")


async def test_copy_of_a_log_that_fails_has_no_end(tmp_path: Path) -> None:
    """Where the log gives nothing more in the middle of a copy, its reader sees that it is broken off."""
    async with running(secured(broker="sqlite:", data_dir=tmp_path)) as server:
        long = {"type": "test", "message": "x" * 50_000, "audience": {"users": [NAME]}}
        for _ in range(400):
            await server.notify(long)
        headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
        async with server.http.get(f"{server.url}/v1/users/{NAME}/export", headers=headers) as response:
            assert response.status == 200
            await server.core.broker.close()
            with pytest.raises(aiohttp.ClientError):
                await response.read()
