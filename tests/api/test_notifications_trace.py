"""Where a notification has been, and why somebody got it or did not: the answer to a support team's question."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sio_server.core.pages import PAGE, REPLAY_HIGH
from sio_server.core.verdicts import SENTENCES
from sio_server.errors import KINDS
from sio_server.notification import new_id
from sio_server.schemas.traces import STEPS, TraceSchema
from tests.support.asking import ask, get, post, published
from tests.support.clients import PlainSocket, plain_socket
from tests.support.clocks import Timers
from tests.support.links import TOURIST, Core, two_cores
from tests.support.servers import PUBLISH_KEY, SECRET, Server, program, running, secured, token
from tests.support.waiting import until

KEY = PUBLISH_KEY
ADMINS = {"audience": {"roles": ["admin"]}}


async def traced(server: Server, identity: str, user: str, *, language: str = "en") -> dict[str, Any]:
    """The part of a trace that is about a user."""
    answer = await ask(server, "GET", f"/v1/notifications/{identity}/trace?user={user}", token=KEY, language=language)
    assert answer.status == 200, answer
    assert TraceSchema().validate(answer.body) == {}
    found: dict[str, Any] = answer.body["user"]
    return found


async def verdict(server: Server, identity: str, user: str) -> str:
    """The code of the answer about a user."""
    code: str = (await traced(server, identity, user))["verdict"]
    return code


async def say(client: PlainSocket, event: str, **body: Any) -> None:
    """Say something on a plain socket, and wait for the reply."""
    replies = len(client.of("ns:reply"))
    await client.socket.send_json({"type": event, **body})
    await until(lambda: len(client.of("ns:reply")) > replies, "a reply", client.moves)
    assert client.of("ns:reply")[-1]["ok"]


async def gone(server: Server) -> None:
    """Wait until nobody is connected."""
    await until(lambda: len(server.core.hub) == 0, "everybody to have left")


async def visited(server: Server, user: str, role: str | None = None, **claims: Any) -> None:
    """Let somebody come and go."""
    async with plain_socket(server.url, {"token": token(user, role, **claims)}):
        pass
    await until(lambda: not server.core.hub.of_user(user), "the visitor to have left")


# -- what came ----------------------------------------------------------------------------------------------------


async def test_each_step_on_the_way_to_a_reader_is_told_with_its_time() -> None:
    """Sent, confirmed, seen, read, archived: the answer follows, with the times, and the connection it went over."""
    async with running(secured()) as server, plain_socket(server.url, {"token": token("eva", "admin")}) as client:
        identity = await published(server, **ADMINS)
        await client.wait(1)
        told = [await traced(server, identity, "eva")]
        await say(client, "ns:ack", seq=1)
        told.append(await traced(server, identity, "eva"))
        for event in ("ns:seen", "ns:read", "ns:archive"):
            await say(client, event, ids=[identity])
            told.append(await traced(server, identity, "eva"))

    assert [one["verdict"] for one in told] == ["sent", "acknowledged", "seen", "read", "archived"]
    last = told[-1]
    times = [last[f"{step}_at"] for step in ("sent", "acknowledged", "seen", "read")]
    assert None not in times
    assert times == sorted(times)
    assert (last["matched"], last["online"], last["excepted"]) == (["role:admin"], True, False)
    (leg,) = last["connections"]
    assert (leg["protocol"], leg["transport"], leg["state"], leg["ended"]) == ("ws", "websocket", "live", None)
    assert leg["handed_at"] == last["sent_at"]
    assert leg["acknowledged_at"] == last["acknowledged_at"]


async def test_every_connection_is_told() -> None:
    """Of two devices each is told with its protocol, and of one that has left, how it ended."""
    async with running(secured()) as server:
        await server.connect({"token": token("eva", "admin")})
        async with plain_socket(server.url, {"token": token("eva", "admin")}) as plain:
            identity = await published(server, **ADMINS)
            await plain.wait(1)
        await until(lambda: len(server.core.hub.of_user("eva")) == 1, "one of them to have left")
        told = await traced(server, identity, "eva")

    found = {leg["protocol"]: leg for leg in told["connections"]}
    assert found["socketio"]["id"] is not None
    assert (found["ws"]["id"], found["ws"]["ended"]) == (None, "transport close")
    assert found["ws"]["ended_at"] >= found["ws"]["handed_at"]
    assert [leg["state"] for leg in told["connections"]] == ["live", "live"]


async def test_steps_of_a_notification_come_in_order() -> None:
    """Without a user the steps of the notification are told, none earlier than the one before, and how many got it."""
    async with running(secured()) as server:
        listeners = [await server.connect({"token": token(name, "admin")}) for name in ("eva", "ana")]
        identity = await published(server, **ADMINS)
        for listener in listeners:
            await listener.wait(1)
            await listener.client.call("ns:ack", {"seq": 1})
        found = await get(server, f"/v1/notifications/{identity}/trace", KEY)
        page = await get(server, f"/v1/notifications/{identity}/trace?limit=1", KEY)

    assert (found["user"], found["stored"], found["sockets"]) == (None, True, 2)
    assert [step["step"] for step in found["steps"]] == list(STEPS[:6])
    after = [step["after_ms"] for step in found["steps"]]
    assert None not in after
    assert after == sorted(after)
    assert found["steps"][0] == {"step": "accepted", "at": found["notification"]["timestamp"], "after_ms": 0}
    receipts = found["receipts"]
    assert [receipts[name] for name in ("targeted", "sent", "acknowledged", "seen", "read")] == [2, 2, 2, 0, 0]
    assert all(user["acknowledged_at"] and user["sent_at"] and not user["read_at"] for user in receipts["users"])
    handed = found["steps"][3]["at"]
    assert all(user["sent_at"] == handed <= user["acknowledged_at"] for user in receipts["users"])
    # of a page of the users it cannot be told who was first
    assert [step["at"] for step in page["steps"][-2:]] == [None, None]


# -- what did not come --------------------------------------------------------------------------------------------


async def test_who_is_away_gets_it_on_return() -> None:
    """Who has been here and is not connected gets it on return, and who has never been here the first time."""
    async with running(secured()) as server:
        await visited(server, "ana", "admin")
        identity = await published(server, audience={"users": ["ana", "bo"]})
        assert [await verdict(server, identity, user) for user in ("ana", "bo")] == ["offline", "never_connected"]
        told = await traced(server, identity, "ana")
        assert (told["sent"], told["sent_at"], told["online"], told["connections"]) == (False, None, False, [])


async def test_who_comes_back_is_told_as_one_who_was_away() -> None:
    """What was replayed to a client that came back with its cursor is told as such, from when it was back."""
    async with running(secured()) as server:
        async with plain_socket(server.url, {"token": token("ana", "admin")}) as first:
            cursor = first.of("ns:hello")[0]["cursor"]
        await gone(server)
        identity = await published(server, **ADMINS)
        before = await traced(server, identity, "ana")
        async with plain_socket(server.url, {"token": token("ana", "admin"), "cursor": cursor}) as again:
            await again.wait(1)
            after = await traced(server, identity, "ana")

    assert (before["verdict"], after["verdict"]) == ("offline", "sent")
    (leg,) = after["connections"]
    assert (leg["state"], leg["handed_at"]) == ("replayed", leg["since"])


async def test_who_connects_later_without_a_cursor_has_it_in_the_inbox() -> None:
    """A client that asks for nothing from before is not sent it; one that comes from beyond it has had it."""
    async with running(secured()) as server:
        await visited(server, "ana", "admin")
        identity = await published(server, **ADMINS)
        mine = {"token": token("ana", "admin")}
        async with plain_socket(server.url, mine) as client:
            assert await verdict(server, identity, "ana") == "before_connection"
            cursor = client.of("ns:hello")[0]["cursor"]
        await gone(server)
        async with plain_socket(server.url, {**mine, "cursor": cursor}):
            assert await verdict(server, identity, "ana") == "claimed"


async def test_who_is_on_the_way_has_not_got_to_it_yet(made: Core) -> None:
    """A client that is catching up, and reads slowly, is told to be on the way."""
    before, _ = await made.open(TOURIST)
    made.connections.left(before, "transport close")
    await made.publish(2 * PAGE)
    made.forget()
    connection, link = made.connection(TOURIST)
    link.fills = REPLAY_HIGH
    await made.connections.open(connection, made.cursor(0))
    await until(lambda: link.seqs, "the beginning of the replay")
    (last,) = (await made.operators.search(limit=1))["items"]
    found = await made.traces.trace(last["id"], user="7", limit=1, after=None, locale="es")
    assert (found["user"]["verdict"], found["user"]["connections"][0]["state"]) == ("replaying", "replaying")
    assert found["user"]["text"].startswith("Está en camino")


async def test_connection_to_another_node_is_known_to_that_one() -> None:
    """Who is connected to another node is told to be there; what came over that connection, it alone knows."""
    async with two_cores() as (here, there):
        await here.open(TOURIST)
        await there.publish()
        await until(lambda: here.broker.head().seq == 1, "the other node to have heard")
        (one,) = (await there.operators.search(limit=1))["items"]
        found = [
            await core.traces.trace(one["id"], user="7", limit=1, after=None, locale="en") for core in (there, here)
        ]

    assert [trace["user"]["verdict"] for trace in found] == ["elsewhere", "sent"]


async def test_reasons_of_the_audience_are_told() -> None:
    """Another role, an exception, a role that came later, one that the token lost: each is its own answer."""
    async with running(secured()) as server:
        await visited(server, "ana", "turista")
        await visited(server, "eva", "admin")
        admins = await published(server, **ADMINS)
        tourists = await published(server, audience={"roles": ["turista"], "except": {"users": ["ana"]}})
        await visited(server, "leo", "admin")
        await visited(server, "eva", "turista")
        found = {
            "another role": await traced(server, admins, "ana"),
            "excepted": await traced(server, tourists, "ana"),
            "later": await traced(server, admins, "leo"),
            "lost": await traced(server, admins, "eva"),
            "unknown": await traced(server, admins, "nobody"),
        }

    assert {name: one["verdict"] for name, one in found.items()} == {
        "another role": "not_addressed",
        "excepted": "excepted",
        "later": "not_yet_seen",
        "lost": "other_rooms",
        "unknown": "unknown",
    }
    assert found["another role"]["text"] == "It was for the role admin, and not for ana."
    assert (found["another role"]["matched"], found["lost"]["matched"]) == ([], ["role:admin"])
    assert found["excepted"]["excepted"]


async def test_guest_gets_what_names_it_alone() -> None:
    """Of a guest it is told that what is for everybody is not for guests, whether it was stored or not."""
    guest = "guest:0123456789abcdef"
    async with running() as server:
        await server.connect({"user": guest})
        for_all = await published(server)
        passing = await published(server, persist=False)
        own = await published(server, audience={"users": [guest]})
        found = [await traced(server, identity, guest) for identity in (for_all, passing, own)]

    assert [one["verdict"] for one in found] == ["guest", "passing_missed", "sent"]
    assert [one["matched"] for one in found] == [[], [], [f"user:{guest}"]]
    assert found[0]["text"].startswith("It was for everybody")


@pytest.mark.parametrize(
    ("addressed", "connects", "asked", "expected"),
    [
        ("0103", "103", "103", "spelling_addressed"),
        ("103", "0103", "0103", "spelling_addressed"),
        ("Ana", "ana", "ana", "spelling_addressed"),
        ("0103", "103", "0103", "spelling_connected"),
        ("ANA", "ana", "ANA", "spelling_connected"),
        ("ana maria", "anamaria", "ana maria", "spelling_connected"),
    ],
)
async def test_sub_that_differs_a_little_is_pointed_out(
    addressed: str, connects: str, asked: str, expected: str
) -> None:
    """Where the token's sub and the name that was addressed differ in zeros, case or spaces, the other one is named."""
    async with running(secured()) as server:
        await visited(server, connects)
        identity = await published(server, audience={"users": [addressed]})
        told = await traced(server, identity, asked)

    assert told["verdict"] == expected
    assert (addressed if asked == connects else connects) in told["text"]
    assert "sub" in told["text"]


async def test_name_that_was_typed_a_little_wrong_is_put_right() -> None:
    """Of a name that nobody has, the one who is known and looks alike is told."""
    async with running(secured()) as server:
        await visited(server, "Rosa", "admin")
        identity = await published(server, **ADMINS)
        told = await traced(server, identity, "rosa")

    assert (told["verdict"], told["known"], told["alike"]) == ("unknown_alike", False, ["Rosa"])


async def test_what_expired_will_not_come() -> None:
    """Once it has expired, who was not there is told to have missed it; who was, got it all the same."""
    async with running(secured()) as server, plain_socket(server.url, {"token": token("eva", "admin")}) as client:
        await visited(server, "ana", "admin")
        identity = await published(server, **ADMINS, ttl=1)
        await client.wait(1)
        soon = await verdict(server, identity, "ana")
        now = server.core.broker.now()
        await until(lambda: server.core.broker.now() > now + 1.1, "it to expire")
        assert [soon, await verdict(server, identity, "ana"), await verdict(server, identity, "eva")] == [
            "offline",
            "expired",
            "sent",
        ]


async def test_ends_of_tokens_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was put out, and whose token ran out, is told so; it arrives with a new token."""
    timers, ends = Timers(), int(time.time()) + 600
    async with running(secured()) as server:
        monkeypatch.setattr(server.core.expiry, "_wall", lambda: ends - 10 + timers.now)
        monkeypatch.setattr(server.core.expiry, "_timers", lambda: timers)
        for name in ("ana", "eva"):
            await visited(server, name, "admin", iat=int(time.time()) - 100)
        await post(server, "/v1/users/ana/disconnect", {"tokens_before": "now"}, KEY)
        async with plain_socket(server.url, {"token": token("eva", "admin", exp=ends)}) as client:
            await published(server, **ADMINS)
            await client.wait(1)
            timers.move(60)
            await client.wait_closed()
        await gone(server)
        identity = await published(server, **ADMINS)
        found = [await traced(server, identity, name) for name in ("ana", "eva")]

    assert [one["verdict"] for one in found] == ["revoked", "token_expired"]
    assert found[0]["tokens_before"] is not None


async def test_what_is_not_stored_is_remembered_for_a_while() -> None:
    """Of what was published without being kept, only who was connected got it: the node remembers who that was."""
    async with running(secured()) as server, plain_socket(server.url, {"token": token("eva", "admin")}) as client:
        identity = await published(server, audience={"roles": ["admin"], "except": {"users": ["leo"]}}, persist=False)
        mine = await published(server, audience={"users": ["eva"]}, persist=False)
        await client.wait(2)
        found = [
            await traced(server, one, user)
            for one, user in ((identity, "eva"), (identity, "ana"), (identity, "leo"), (mine, "ana"))
        ]
        whole = await get(server, f"/v1/notifications/{identity}/trace", KEY)

    assert [one["verdict"] for one in found] == ["passing_sent", "passing_unknown", "excepted", "passing_missed"]
    assert (whole["stored"], whole["receipts"], whole["sockets"]) == (False, None, 1)
    assert [step["at"] is None for step in whole["steps"]] == [False, True, False, False, True, True]


async def test_of_what_has_left_the_log_is_told_what_the_node_knows() -> None:
    """Of what was taken back or replaced the node knows who was there when it came, and says that the rest is gone."""
    async with running(secured()) as server, plain_socket(server.url, {"token": token("eva", "admin")}) as client:
        audience = {"roles": ["admin"], "except": {"users": ["leo"]}}
        taken = await published(server, audience=audience)
        mine = await published(server, audience={"users": ["eva"]}, collapse_key="k")
        await client.wait(2)
        assert (await ask(server, "DELETE", f"/v1/notifications/{taken}", token=KEY)).status == 200
        await published(server, audience={"users": ["eva"]}, collapse_key="k")
        async with plain_socket(server.url, {"token": token("ana", "admin")}):
            asked = ((taken, "eva"), (taken, "ana"), (taken, "leo"), (mine, "eva"), (mine, "ana"))
            found = [await traced(server, identity, user) for identity, user in asked]

    assert [one["verdict"] for one in found] == ["gone_sent", "gone_unknown", "excepted", "gone_sent", "gone_missed"]
    assert found[0]["text"] == "It is in the log no longer. eva was connected when it was published, and it was sent."
    assert [len(one["connections"]) for one in found] == [1, 0, 0, 1, 0]
    assert found[0]["sent_at"] is not None


async def test_unknown_id_says_why() -> None:
    """Of an id from before the oldest notification retention is told, of any other that nothing is known."""
    async with running(secured()) as server:
        await published(server)
        answers = {
            identity: await ask(server, "GET", f"/v1/notifications/{identity}/trace", token=KEY, language="es")
            for identity in (new_id(1_000_000), new_id(int(time.time() * 1_000) + 60_000))
        }

    old, other = answers.values()
    assert (old.status, old.body["code"], other.status) == (404, "not_found", 404)
    assert "retención" in old.body["detail"]
    assert "retención" not in other.body["detail"]


@pytest.mark.parametrize("user", ["", "x" * 129, "a%00b", "%20ana"])
async def test_name_that_nobody_can_have_is_refused(user: str) -> None:
    """A name that can be nobody's is told to be wrong, rather than answered."""
    async with running(secured()) as server:
        identity = await published(server)
        answer = await ask(server, "GET", f"/v1/notifications/{identity}/trace?user={user}", token=KEY)

    assert (answer.status, answer.body["code"]) == (KINDS["invalid_request"].status, "invalid_request")


async def test_trace_is_for_operators() -> None:
    """A tourist may not ask where a notification has been."""
    async with running(secured()) as server:
        identity = await published(server)
        path = f"/v1/notifications/{identity}/trace?user=ana"
        answers = [await ask(server, "GET", path, token=one) for one in (None, token("ana", "turista"))]
        admin = await ask(server, "GET", path, token=token("eva", "admin"))

    assert [answer.body["code"] for answer in answers] == ["unauthorized", "forbidden"]
    assert admin.status == 200


def test_sentences_are_in_both_languages() -> None:
    """Each answer is a sentence in English and another in Spanish, about the same names."""
    for text in SENTENCES.values():
        assert str(text) != text.es
        assert text[-1] in ".?"
        assert text.es[-1] in ".?"
        for place in ("{0}", "{1}", "{2}"):
            assert (place in text) == (place in text.es)


# -- across a kill ------------------------------------------------------------------------------------------------

SECRETS: Mapping[str, str] = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": KEY}


async def test_trace_survives_a_kill(tmp_path: Path) -> None:
    """After a kill of the server it is told who confirmed and read it when; what only memory held is not known."""
    async with (
        program("--data-dir", str(tmp_path), env=SECRETS) as first,
        running(secured()) as here,  # lends its clients
        plain_socket(first.url, {"token": token("eva", "admin")}) as client,
        plain_socket(first.url, {"token": token("leo", "admin")}) as quiet,
    ):
        server = Server(first.url, here.app, here.http)
        identity = await published(server, **ADMINS)
        for one in (client, quiet):
            await one.wait(1)
        await say(client, "ns:ack", seq=1)
        await say(client, "ns:read", ids=[identity])
        before = await traced(server, identity, "eva")
        await first.stop(signal.SIGKILL)
    async with program("--data-dir", str(tmp_path), env=SECRETS) as second, running(secured()) as here:
        server = Server(second.url, here.app, here.http)
        after = await traced(server, identity, "eva")
        quiet_told = await traced(server, identity, "leo")
        whole = await get(server, f"/v1/notifications/{identity}/trace", KEY)
        stranger = await verdict(server, identity, "nobody")

    assert before["verdict"] == after["verdict"] == "read"
    for step in ("acknowledged_at", "read_at", "seen_at"):
        assert after[step] == before[step] is not None
    (leg,) = after["connections"]
    assert (leg["protocol"], leg["id"], leg["ended"]) == ("ws", None, "unknown")
    assert quiet_told["verdict"] in ("sent", "offline")
    assert stranger == "unknown"
    steps = {step["step"]: step["at"] for step in whole["steps"]}
    assert (steps["announced"], steps["handed"], whole["sockets"]) == (None, None, None)
    assert None not in (steps["accepted"], steps["committed"], steps["first_acknowledged"])
