"""Answering notifications, end to end: on two devices, over every transport, beyond a kill, beside older clients."""

from __future__ import annotations

import asyncio
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

OFFER = {
    "type": "test",
    "message": "¿Confirmas la reserva?",
    "audience": {"users": ["ana"]},
    "actions": [
        {"id": "confirmar", "label": {"es": "Confirmar", "en": "Confirm"}, "value": {"reserva": 7}},
        {"id": "rechazar", "label": "Rechazar"},
    ],
}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Give a server with secrets."""
    async with running(secured()) as made:
        yield made


async def offered(server: Server, **members: Any) -> str:
    """The id of a notification that can be answered."""
    _, accepted = await server.notify({**OFFER, **members})
    return str(accepted["id"])


async def test_answer_is_told_on_every_device(server: Server) -> None:
    """An answer on one device is told to all of the user's, whatever they speak, with the counters after it."""
    ana = token("ana")
    phone = await server.connect({"token": ana})
    other = await server.connect({"token": token("bea")})
    async with (
        plain_socket(server.url, {"token": ana}) as desk,
        event_stream(server.url, {"token": ana}) as stream,
    ):
        made, second = await offered(server), await offered(server)
        for client in (phone, desk, stream):
            await client.wait(2)
        reply = await phone.client.call("ns:act", {"id": made, "action": "confirmar"})
        at = reply["at"]
        counts = {"unread": 1, "unseen": 1, "at_seq": 2}
        told = {"ids": [made], "ignored": [], "up_to": None, "counts": counts}
        assert reply == {"ok": True, "id": made, "action": "confirmar", "at": at, **told}
        for client in (phone, desk, stream):
            await until(lambda client=client: client.of("ns:answered") and client.of("ns:state"), "the answer")  # type: ignore[misc]
            (answered,), (state,) = client.of("ns:answered"), client.of("ns:state")
            assert {"id": made, "action": "confirmar", "at": at}.items() <= answered.items()
            assert {"action": "read", "ids": [made], "counts": counts}.items() <= state.items()
        await desk.socket.send_json({"type": "ns:act", "action": "rechazar", "id": made})
        await until(lambda: desk.of("ns:reply"), "the refusal")
        error = desk.of("ns:reply")[0]["error"]
        assert (error["code"], error["action"], error["at"]) == ("already_answered", "confirmar", at)
        assert other.of("ns:answered") == []
        assert {item["id"]: item.get("answered") for item in (await get(server, "/v1/inbox", ana))["items"]} == {
            made: {"action": "confirmar", "at": at},
            second: None,
        }


async def test_answer_over_http(server: Server) -> None:
    """Over HTTP an answer is taken once; what cannot be answered is refused, and says what can."""
    ana, made = token("ana"), await offered(server)
    live = await server.connect({"token": ana})
    unknown = await ask(server, "POST", f"/v1/inbox/{made}/act", token=ana, json={"action": "quizas"})
    assert_refused(unknown, "invalid_data")
    assert "'confirmar', 'rechazar'" in unknown.body["detail"]
    assert [problem["field"] for problem in unknown.body["errors"]] == ["action"]
    stranger = await ask(server, "POST", f"/v1/inbox/{made}/act", token=token("bea"), json={"action": "confirmar"})
    assert_refused(stranger, "not_found")
    taken = await post(server, f"/v1/inbox/{made.upper()}/act", {"action": "rechazar"}, token=ana)
    assert (taken["status"], taken["id"], taken["action"], taken["ids"]) == ("ok", made, "rechazar", [made])
    await until(lambda: live.of("ns:answered"), "the answer")
    again = await ask(server, "POST", f"/v1/inbox/{made}/act", token=ana, json={"action": "confirmar"})
    assert_refused(again, "already_answered")
    assert (again.status, again.body["action"], again.body["at"]) == (409, "rechazar", taken["at"])
    plain = await ask(server, "POST", f"/v1/inbox/{await offered(server, actions=None)}/act", token=ana, json={})
    assert_refused(plain, "invalid_data")


async def test_one_answer_of_two_devices(server: Server) -> None:
    """Of two devices that answer at the same moment one is first, and the other hears what it said."""
    made = await offered(server)
    devices = [await server.connect({"token": token("ana")}) for _ in range(2)]
    replies = await asyncio.gather(
        *(
            device.client.call("ns:act", {"id": made, "action": action})
            for device, action in zip(devices, ("confirmar", "rechazar"), strict=True)
        )
    )
    (taken,) = [reply for reply in replies if reply["ok"]]
    (refused,) = [reply["error"] for reply in replies if not reply["ok"]]
    assert (refused["code"], refused["action"], refused["at"]) == ("already_answered", taken["action"], taken["at"])


async def test_publisher_sees_answers(server: Server) -> None:
    """Whoever published sees how many chose what, who did and when, in the receipts and in the trace as well."""
    made = await offered(server, audience={"users": ["ana", "bea", "cid"]})
    for user, action in (("ana", "confirmar"), ("bea", "confirmar"), ("cid", "rechazar")):
        await post(server, f"/v1/inbox/{made}/act", {"action": action}, token=token(user))
    found = await get(server, f"/v1/notifications/{made}", PUBLISH_KEY)
    assert found["answers"] == {"confirmar": 2, "rechazar": 1}
    assert [(one["user"], one["answered"]["action"]) for one in found["receipts"]["users"]] == [
        ("ana", "confirmar"),
        ("bea", "confirmar"),
        ("cid", "rechazar"),
    ]
    page = await get(server, f"/v1/notifications/{made}/answers?limit=2", PUBLISH_KEY)
    assert [(one["user"], one["action"]) for one in page["items"]] == [("ana", "confirmar"), ("bea", "confirmar")]
    rest = await get(server, f"/v1/notifications/{made}/answers?after={page['next_after']}", PUBLISH_KEY)
    assert ([one["user"] for one in rest["items"]], rest["next_after"]) == (["cid"], None)
    trace = await get(server, f"/v1/notifications/{made}/trace?user=cid", PUBLISH_KEY)
    assert trace["user"]["answered"] == {"action": "rechazar", "at": rest["items"][0]["at"]}
    steps = {step["step"]: step["at"] for step in trace["steps"]}
    assert (steps["first_answered"], steps["last_answered"]) == (page["items"][0]["at"], rest["items"][0]["at"])


async def test_answer_outlives_a_kill(tmp_path: Path) -> None:
    """An answer that was taken is there after the server was killed, for who was away as well, and stays the only one.

    A client of before, which knows nothing of actions, is not confused by any of it.
    """
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    ana, key = ({"Authorization": f"Bearer {one}"} for one in (lasting_token("ana"), PUBLISH_KEY))
    async with aiohttp.ClientSession() as http:
        async with program("--data-dir", str(tmp_path / "data"), env=env) as server:
            async with http.post(f"{server.url}/notify", json=OFFER, headers=key) as answer:
                made = (await answer.json())["id"]
            async with plain_socket(server.url, {"token": lasting_token("ana")}) as old:
                cursor = old.frames[0]["cursor"]
                act = f"{server.url}/v1/inbox/{made}/act"
                async with http.post(act, json={"action": "confirmar"}, headers=ana) as answer:
                    assert answer.status == 200
                await until(lambda: old.of("ns:state"), "the state")
                assert old.notifications == []
            await server.stop(signal.SIGKILL)
        async with program("--data-dir", str(tmp_path / "data"), env=env) as server:
            async with http.get(f"{server.url}/v1/inbox", headers=ana) as answer:
                page = await answer.json()
            assert [item["answered"]["action"] for item in page["items"]] == ["confirmar"]
            assert page["counts"]["unread"] == 0
            async with http.post(
                f"{server.url}/v1/inbox/{made}/act", json={"action": "rechazar"}, headers=ana
            ) as answer:
                assert (answer.status, (await answer.json())["action"]) == (409, "confirmar")
            async with plain_socket(server.url, {"token": lasting_token("ana"), "cursor": cursor}) as back:
                assert (back.frames[0]["recovered"], back.frames[0]["counts"]["unread"]) == (True, 0)
