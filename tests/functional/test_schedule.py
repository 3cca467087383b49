"""Delivering later, end to end: over every transport, for who is away, beyond a kill, with a clock that is moved."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from sio_server.audience import Audience
from tests.support.asking import ask, assert_refused, get
from tests.support.clients import plain_socket
from tests.support.events import event_stream
from tests.support.servers import PUBLISH_KEY, SECRET, Server, lasting_token, program, running, secured, token
from tests.support.waiting import until, until_true

HOUR = 3600


class Wall:
    """The wall clock, which a test moves."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Unix seconds."""
        return time.time() + self.ahead


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Give a server."""
    async with running(secured()) as made:
        yield made


@pytest.fixture
def wall(server: Server) -> Wall:
    """Return the clock that says when something is due."""
    clock = Wall()
    server.core.schedules.wall = clock
    return clock


def pass_time(server: Server, wall: Wall, seconds: float) -> None:
    """Let so much time pass."""
    wall.ahead += seconds
    server.core.schedules.look()


def for_ana(**members: Any) -> dict[str, Any]:
    """What is published for one user."""
    return {"type": "test", "message": "Hola", "audience": {"users": ["ana"]}, **members}


def moment(text: str) -> float:
    """Unix seconds of a moment as the server writes it."""
    return datetime.fromisoformat(text).timestamp()


async def planned(server: Server, **members: Any) -> Any:
    """The answer to a publish that is delivered later."""
    status, body = await server.notify(for_ana(**members))
    assert status == 202, body
    return body


async def listed(server: Server, query: str = "") -> list[str]:
    """The ids of what is scheduled."""
    page = await get(server, f"/v1/scheduled{query}", token=PUBLISH_KEY)
    return [one["id"] for one in page["items"]]


async def test_delivered_once_it_is_due_over_every_transport(server: Server, wall: Wall) -> None:
    """What is scheduled reaches nobody before its moment, and then everybody, with its id and the time of delivery."""
    ana = {"token": lasting_token("ana")}
    client = await server.connect(ana)
    async with plain_socket(server.url, ana) as plain, event_stream(server.url, ana) as stream:
        answer = await planned(server, deliver_in=HOUR)
        assert answer.keys() == {"status", "id", "type", "due", "duplicate", "warnings"}
        assert (answer["status"], answer["type"], answer["duplicate"]) == ("scheduled", "test", False)
        assert moment(answer["due"]) == pytest.approx(time.time() + HOUR, abs=60)
        await server.notify(for_ana(message="now"))
        pass_time(server, wall, HOUR)
        for one in (client, plain, stream):
            first, second = await one.wait(2)
            assert (first["message"], first["seq"]) == ("now", 1)
            assert (second["message"], second["seq"], second["id"]) == ("Hola", 2, answer["id"])
            assert moment(second["timestamp"]) >= moment(answer["due"])
            assert "deliver_in" not in second
        assert await listed(server) == []


async def test_whoever_is_away_gets_it(server: Server, wall: Wall) -> None:
    """What became due while a user was away is in the inbox, unread, and replayed to a cursor."""
    client = await server.connect({"token": lasting_token("ana")})
    cursor = client.of("ns:hello")[0]["cursor"]
    await client.client.disconnect()
    answer = await planned(server, deliver_in=HOUR)
    pass_time(server, wall, HOUR)
    await until(lambda: server.core.broker.head().seq == 1)
    inbox = await get(server, "/v1/inbox", token=lasting_token("ana"))
    assert ([one["id"] for one in inbox["items"]], inbox["counts"]["unread"]) == ([answer["id"]], 1)
    again = await server.connect({"token": lasting_token("ana"), "cursor": cursor})
    (envelope,) = await again.wait(1)
    assert (envelope["id"], envelope["replayed"]) == (answer["id"], True)


async def test_moment_in_the_past_is_now(server: Server) -> None:
    """What names a moment that is over is delivered at once; a year and more ahead is refused."""
    status, body = await server.notify(for_ana(deliver_at="2020-01-01T00:00:00Z"))
    assert (status, body["status"], body["seq"]) == (200, "ok", 1)
    status, body = await server.notify(for_ana(deliver_at="2099-01-01T00:00:00Z"))
    assert (status, body["code"], body["errors"][0]["field"]) == (422, "invalid_data", "deliver_at")


async def test_checked_when_it_is_scheduled(server: Server) -> None:
    """What could not be published cannot be scheduled: it is refused at once and nothing is kept."""
    for wrong, code in (
        ({"type": "nada"}, "unknown_type"),
        ({"type": "reserva_creada", "data": {"total": "x"}}, "invalid_data"),
        ({"type": "test", "deliver_at": "tomorrow"}, "invalid_data"),
        ({"type": "test", "deliver_at": "2027-01-01T00:00:00Z", "deliver_in": 5}, "invalid_data"),
    ):
        status, body = await server.notify({"deliver_in": HOUR, **wrong} if "deliver_at" not in wrong else wrong)
        assert (status, body["code"]) == (422, code)
    assert await listed(server) == []


async def test_clock_set_back_and_forward(server: Server, wall: Wall) -> None:
    """A clock that is set back delivers nothing twice; set forward, what was passed over comes at once."""
    client = await server.connect({"token": lasting_token("ana")})
    first = await planned(server, deliver_in=HOUR)
    pass_time(server, wall, HOUR)
    await client.wait(1)
    pass_time(server, wall, -2 * HOUR)
    second = await planned(server, deliver_in=HOUR)
    pass_time(server, wall, 5 * HOUR)
    await client.wait(2)
    pass_time(server, wall, -9 * HOUR)
    pass_time(server, wall, 20 * HOUR)
    await server.notify(for_ana())
    envelopes = await client.wait(3)
    assert [one["id"] for one in envelopes][:2] == [first["id"], second["id"]]
    assert len(envelopes) == 3


async def test_clock_that_nobody_tells_of(server: Server, wall: Wall) -> None:
    """The timer finds by itself that the clock was set, within a second or so."""
    client = await server.connect({"token": lasting_token("ana")})
    await planned(server, deliver_in=30 * 24 * HOUR)
    wall.ahead += 31 * 24 * HOUR
    await client.wait(1)


async def test_cancel(server: Server, wall: Wall) -> None:
    """What was cancelled never comes; a second time it is answered as the first, and is unknown to no trace."""
    client = await server.connect({"token": lasting_token("ana")})
    one, other = await planned(server, deliver_in=HOUR), await planned(server, deliver_in=HOUR)
    for _ in range(2):
        answer = await ask(server, "DELETE", f"/v1/notifications/{one['id']}", token=PUBLISH_KEY)
        assert answer.body == {"status": "ok", "id": one["id"], "cancelled": True}
    assert await listed(server) == [other["id"]]
    pass_time(server, wall, HOUR)
    (envelope,) = await client.wait(1)
    assert envelope["id"] == other["id"]
    assert_refused(await ask(server, "GET", f"/v1/scheduled/{one['id']}", token=PUBLISH_KEY), "not_found")


async def test_collapse_key(server: Server, wall: Wall) -> None:
    """The newer of one key takes the place of what waits; all of a key are cancelled together."""
    client = await server.connect({"token": lasting_token("ana")})
    first = await planned(server, deliver_in=HOUR, collapse_key="r-1", message="a")
    second = await planned(server, deliver_in=2 * HOUR, collapse_key="r-1", message="b")
    assert second["replaces"] == first["id"]
    await planned(server, deliver_in=HOUR, collapse_key="r-2")
    assert await listed(server, "?collapse_key=r-1") == [second["id"]]
    answer = await ask(server, "DELETE", "/v1/scheduled?collapse_key=r-2", token=PUBLISH_KEY)
    assert answer.body == {"status": "ok", "cancelled": 1}
    await server.notify(for_ana(collapse_key="r-1", message="now"))
    pass_time(server, wall, 3 * HOUR)
    envelopes = await client.wait(2)
    assert [one["message"] for one in envelopes] == ["now", "b"]
    assert envelopes[1]["replaces"] == envelopes[0]["id"]
    inbox = await get(server, "/v1/inbox", token=lasting_token("ana"))
    assert [one["id"] for one in inbox["items"]] == [second["id"]]


async def told(server: Server, identity: str) -> tuple[Any, Any]:
    """What operators are told of a notification, and its trace."""
    path = f"/v1/notifications/{identity}"
    return await get(server, path, token=PUBLISH_KEY), await get(server, f"{path}/trace", token=PUBLISH_KEY)


async def test_what_waits_is_found_by_its_id(server: Server, wall: Wall) -> None:
    """What waits is found as any notification, with its moment and without a place in the log, and so is its trace."""
    one = await planned(server, deliver_in=HOUR)
    await ask(server, "PATCH", f"/v1/notifications/{one['id']}", json={"message": "Otra"}, token=PUBLISH_KEY)
    record, trace = await told(server, one["id"])
    assert (record["status"], record["due"], record["message"]) == ("scheduled", one["due"], "Otra")
    assert (record["revision"], record["by"], record["receipts"]) == (1, record["publisher"], None)
    assert not {"seq", "cursor"} & record.keys()
    assert trace["notification"] == record
    assert (trace["status"], trace["due"], trace["stored"], trace["steps"]) == ("scheduled", one["due"], False, [])
    (begun,) = trace["history"]
    assert (begun["action"], begun["at"], begun["by"]) == ("scheduled", record["scheduled_at"], record["by"])
    pass_time(server, wall, HOUR)
    await until(lambda: server.core.broker.head().seq == 1)
    record, trace = await told(server, one["id"])
    assert (record["status"], record["seq"], trace["stored"]) == ("stored", 1, True)


async def test_what_became_of_what_waited_is_found_by_its_id(server: Server, wall: Wall) -> None:
    """Of what was cancelled, or replaced while it waited, that is told: when, and by whom; its trace does so, too."""
    cancelled = await planned(server, deliver_in=HOUR)
    await ask(server, "DELETE", f"/v1/notifications/{cancelled['id']}", token=PUBLISH_KEY)
    replaced = await planned(server, deliver_in=HOUR, collapse_key="k")
    successor = await planned(server, deliver_in=HOUR, collapse_key="k")
    pass_time(server, wall, HOUR)
    await until(lambda: server.core.broker.head().seq == 1)
    assert (await told(server, successor["id"]))[0]["status"] == "stored"
    told_of = {"id", "status", "due", "scheduled_at", "by", "ended_at", "ended_by", "receipts", "said"}
    said = {"type": "test", "title": None, "message": "Hola", "audience": Audience.of(users=["ana"]).as_dict()}
    for one, status in ((cancelled, "cancelled"), (replaced, "replaced")):
        record, trace = await told(server, one["id"])
        assert record.keys() - {"replaced_by"} == told_of
        assert (record["status"], record["due"], record["ended_by"]) == (status, one["due"], record["by"])
        assert record.get("replaced_by") == (successor["id"] if status == "replaced" else None)
        assert (trace["status"], trace["due"], trace["notification"]) == (status, one["due"], None)
        assert [(step["action"], step["at"], step["by"]) for step in trace["history"]] == [
            ("scheduled", record["scheduled_at"], record["by"]),
            (status, record["ended_at"], record["ended_by"]),
        ]
        history = await get(server, f"/v1/notifications/{one['id']}/history", token=PUBLISH_KEY)
        assert [step.get("said") for step in history["items"]] == [None, said]
        assert (record["said"], trace["history"][1]["said"]) == (said, said)


async def test_deliver_now(server: Server) -> None:
    """What waits is delivered when its publisher says so, once, and answered as a publish."""
    client = await server.connect({"token": lasting_token("ana")})
    one = await planned(server, deliver_in=HOUR, ttl=60)
    path = f"/v1/notifications/{one['id']}/deliver"
    answer = await ask(server, "POST", path, token=PUBLISH_KEY)
    assert (answer.status, answer.body["status"], answer.body["id"]) == (200, "ok", one["id"])
    assert (answer.body["seq"], answer.body["recipients"]) == (1, {"sockets": 1})
    (envelope,) = await client.wait(1)
    assert moment(envelope["expires_at"]) - moment(envelope["timestamp"]) == 60
    again = await ask(server, "POST", path, token=PUBLISH_KEY)
    assert (again.status, again.body["seq"], again.body["duplicate"]) == (200, 1, True)
    unknown = path.replace(one["id"], "00000000-0000-7000-8000-000000000000")
    assert_refused(await ask(server, "POST", unknown, token=PUBLISH_KEY), "not_found")


async def test_change(server: Server, wall: Wall) -> None:
    """What waits is changed in place, also when it is due; what is wrong with a change names its field."""
    client = await server.connect({"token": lasting_token("ana")})
    one = await planned(server, deliver_in=9 * HOUR, title="A", group="g", ttl=60)
    path = f"/v1/notifications/{one['id']}"
    change = {"title": None, "message": "Otra", "data": {"n": 1}, "group": None, "priority": "high", "deliver_in": HOUR}
    answer = await ask(server, "PATCH", path, json=change, token=PUBLISH_KEY)
    assert (answer.status, answer.body["revision"], answer.body["message"]) == (200, 1, "Otra")
    found = await get(server, f"/v1/scheduled/{one['id']}", token=PUBLISH_KEY)
    assert (found["due"], found["priority"], found["title"]) == (answer.body["due"], "high", None)
    for wrong in ({"deliver_in": 0}, {"type": "test"}, {}, {"title": 5}):
        assert_refused(await ask(server, "PATCH", path, json=wrong, token=PUBLISH_KEY), "invalid_data")
    pass_time(server, wall, HOUR)
    (envelope,) = await client.wait(1)
    assert (envelope["message"], envelope["data"], envelope["priority"]) == ("Otra", {"n": 1}, "high")
    assert "group" not in envelope
    assert moment(envelope["expires_at"]) - moment(envelope["timestamp"]) == 60


async def test_idempotency(server: Server, wall: Wall) -> None:
    """A repeat of a scheduled publish finds the first, before its delivery and after; another body is refused."""
    client = await server.connect({"token": lasting_token("ana")})
    first = await planned(server, deliver_in=HOUR, idempotency_key="k")
    again = await planned(server, deliver_in=HOUR, idempotency_key="k")
    assert again == {**first, "duplicate": True}
    status, body = await server.notify(for_ana(deliver_in=2 * HOUR, idempotency_key="k"))
    assert (status, body["code"]) == (422, "idempotency_mismatch")
    pass_time(server, wall, HOUR)
    await client.wait(1)
    assert (await planned(server, deliver_in=HOUR, idempotency_key="k"))["id"] == first["id"]
    assert await listed(server) == []


async def test_scheduled_in_a_batch_and_by_socketio(server: Server, wall: Wall) -> None:
    """An item of a batch, and a publish over Socket.IO, may be scheduled: each is answered as over HTTP."""
    client = await server.connect({"token": lasting_token("ana")})
    items = [for_ana(deliver_in=HOUR), for_ana(message="now"), {"type": "nada", "deliver_in": 5}]
    answer = await ask(server, "POST", "/v1/notifications/batch", json={"notifications": items}, token=PUBLISH_KEY)
    assert (answer.body["accepted"], answer.body["rejected"]) == (2, 1)
    assert [one["status"] for one in answer.body["results"]] == ["scheduled", "ok", "error"]
    backend = await server.connect({"key": PUBLISH_KEY})
    answered = await backend.client.call("notify", for_ana(deliver_in=HOUR))
    assert (answered["ok"], answered["status"]) == (True, "scheduled")
    pass_time(server, wall, HOUR)
    envelopes = await client.wait(3)
    assert {one["id"] for one in envelopes[1:]} == {answer.body["results"][0]["id"], answered["id"]}


async def test_schedule_is_bounded() -> None:
    """More than may wait is refused, with the setting that says how many."""
    async with running(secured(max_scheduled=1)) as server:
        await planned(server, deliver_in=HOUR)
        status, body = await server.notify(for_ana(deliver_in=HOUR))
        assert (status, body["code"]) == (429, "too_many_scheduled")
        assert "max_scheduled" in body["detail"]


async def test_found_by_when_it_was_delivered(server: Server, wall: Wall) -> None:
    """A search by time finds what was scheduled by its delivery, and its trace tells both moments."""
    client = await server.connect({"token": lasting_token("ana")})
    one = await planned(server, deliver_in=HOUR)
    pass_time(server, wall, 2 * HOUR)
    (envelope,) = await client.wait(1)
    day = datetime.fromtimestamp(time.time() + 1.5 * HOUR, UTC).isoformat().replace("+00:00", "Z")
    later = await get(server, f"/v1/notifications?since={day}", token=PUBLISH_KEY)
    assert [found["id"] for found in later["items"]] == [one["id"]]
    before = await get(server, f"/v1/notifications?until={day}", token=PUBLISH_KEY)
    assert before["items"] == []
    trace = await get(server, f"/v1/notifications/{one['id']}/trace", token=PUBLISH_KEY)
    assert trace["steps"][0] == {"step": "accepted", "at": envelope["timestamp"], "after_ms": 0.0}
    assert [line["action"] for line in trace["history"]] == ["scheduled", "delivered"]
    assert trace["history"][1]["at"] == envelope["timestamp"]


SETTINGS = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}


async def _publish(http: aiohttp.ClientSession, url: str, body: Any) -> Any:
    headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
    async with http.post(f"{url}/notify", data=orjson.dumps(body), headers=headers) as response:
        return await response.json()


async def _inbox(http: aiohttp.ClientSession, url: str) -> list[str]:
    headers = {"Authorization": f"Bearer {token('ana')}"}
    async with http.get(f"{url}/v1/inbox?limit=100", headers=headers) as response:
        return [one["id"] for one in (await response.json())["items"]]


async def test_killed_while_it_delivers(tmp_path: Path) -> None:
    """However often a server is killed while things become due, each is delivered once, late ones at the next start."""
    ids: list[str] = []
    arguments = ("--data-dir", str(tmp_path))
    async with aiohttp.ClientSession() as http:
        for _ in range(3):
            async with program(*arguments, env=SETTINGS) as server:
                await _inbox(http, server.url)
                made = await asyncio.gather(*(_publish(http, server.url, for_ana(deliver_in=1)) for _ in range(30)))
                ids += [one["id"] for one in made]
                first = moment(made[0]["due"])
                await until(lambda first=first: time.time() >= first)  # type: ignore[misc] # mypy infers no default
                await server.stop(signal.SIGKILL)
        async with program(*arguments, env=SETTINGS) as server:

            async def all_there() -> bool:
                return len(await _inbox(http, server.url)) >= len(ids)

            await until_true(all_there, moves=server.moves)
            found = await _inbox(http, server.url)
    assert sorted(found) == sorted(ids)
