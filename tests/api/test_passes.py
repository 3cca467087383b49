"""Passes over HTTP: who may make them, how they are changed for tokens, and what a guest then may and gets."""

from __future__ import annotations

import asyncio
import re
import signal
from pathlib import Path
from typing import Any

import jwt
import pytest
import socketio.exceptions

from sio_server.app import RELOADING
from sio_server.audience import is_guest
from sio_server.broker.sqlite import SqliteBroker
from sio_server.config import Config
from sio_server.core.refusals import LINES_OF_ONE
from sio_server.errors import KINDS
from tests.support.asking import Answer, ask, assert_refused, get
from tests.support.brokers import side_by_side
from tests.support.clients import plain_socket
from tests.support.inbox_model import Clock
from tests.support.logged import logging_to_stderr
from tests.support.servers import PUBLISH_KEY, SECRET, Server, lasting_token, program, running, secured, token
from tests.support.waiting import until

KEY = PUBLISH_KEY
GUEST = "guest:0123456789abcdef"
ODD = "x" * 900


async def issued(server: Server, user: str | None = None, credential: str | None = KEY) -> dict[str, str]:
    """Have a pass made."""
    answer = await ask(server, "POST", "/v1/passes", token=credential, json={} if user is None else {"user": user})
    assert answer.status == 201, answer
    body: dict[str, str] = answer.body
    return body


async def redeem(server: Server, text: object, *, credential: str | None = None) -> Answer:
    """Bring a pass."""
    return await ask(server, "POST", "/v1/passes/redeem", json={"pass": text}, token=credential)


async def let_in(server: Server, user: str | None = None, credential: str | None = KEY) -> dict[str, str]:
    """Have a guest let in: ``token``, ``user``, ``expires_at``."""
    answer = await redeem(server, (await issued(server, user, credential))["pass"])
    assert answer.status == 200, answer
    body: dict[str, str] = answer.body
    return body


# -- who may have one ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("credential", [KEY, lasting_token("eva", "admin")], ids=["key", "administrator"])
async def test_operator_makes_passes(credential: str) -> None:
    """Who has a publisher key or is an administrator gets a pass for a new guest, or for the one who is named."""
    async with running(secured()) as server:
        made = await issued(server, credential=credential)
        assert set(made) == {"pass", "user", "expires_at"}
        assert is_guest(made["user"])
        assert re.fullmatch(r"[\w-]+", made["pass"])
        assert made["expires_at"].endswith("Z")
        assert (await issued(server, made["user"], credential))["user"] == made["user"]
        answer = await ask(server, "POST", "/v1/passes", token=credential)
        assert answer.status == 201


async def test_nobody_else_makes_passes() -> None:
    """A tourist, a guest, a pass, a wrong key and nobody at all get none."""
    async with running(secured()) as server:
        made = await issued(server)
        guest = (await let_in(server))["token"]
        for credential, code in (
            (None, "unauthorized"),
            ("wrong", "unauthorized"),
            (made["pass"], "unauthorized"),
            (token("ana", "turista"), "forbidden"),
            (guest, "forbidden"),
        ):
            assert_refused(await ask(server, "POST", "/v1/passes", token=credential, json={}), code)


@pytest.mark.parametrize(
    "body",
    [
        *(
            {"user": user}
            for user in ("ana", "1", 1, "", "guest:", "guest:ana", "GUEST:0123456789abcdef", f"{GUEST}\n")
        ),
        *(
            {"user": user}
            for user in (f" {GUEST}", f"{GUEST}0", "guest:0123456789abcdeF", "guest:\u0660123456789abcdef")
        ),
        *({"user": user} for user in (None, [GUEST], {"guest": GUEST}, True, "guest:" + "0" * 900)),
        {"user": GUEST, "role": "admin"},
        {"roles": ["admin"]},
        {"pass": "x"},
        [],
        [GUEST],
        GUEST,
        7,
    ],
    ids=str,
)
async def test_only_guests_get_passes(body: Any) -> None:
    """A pass of a real person, with a role or for anything else is refused, in both languages, without the value."""
    async with running(secured()) as server:
        for language in ("en", "es"):
            answer = await ask(server, "POST", "/v1/passes", token=KEY, json=body, language=language)
            assert_refused(answer, "invalid_data")
            assert "0000" not in str(answer.body)


# -- what it is good for ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("config", [secured(), Config(broker="memory:", dev=True)], ids=["secured", "development"])
async def test_guest_gets_what_names_it_alone(config: Config) -> None:
    """A guest is in its own room: neither what is for everybody nor what is for a role reaches it, live or later."""
    async with running(config) as server:
        guest = await let_in(server, credential=None if config.development else KEY)
        listener = await server.connect({"token": guest["token"]})
        hello = listener.of("ns:hello")[0]
        assert (hello["user"], hello["roles"], hello["topics"]) == (guest["user"], [], [])
        async with plain_socket(server.url, {"token": guest["token"]}) as socket:
            await server.notify({"type": "test", "audience": {"all": True}})
            await server.notify({"type": "test", "audience": {"roles": ["admin", "turista", "none"]}})
            await server.notify({"type": "test", "audience": {"users": [guest["user"]]}, "message": "for the guest"})
            assert [found["message"] for found in await listener.wait(1)] == ["for the guest"]
            assert [found["message"] for found in await socket.wait(1)] == ["for the guest"]
        page = await get(server, "/v1/inbox", guest["token"])
        assert [item["message"] for item in page["items"]] == ["for the guest"]
        assert {room for one in server.core.hub for room in one.rooms} == {f"user:{guest['user']}"}


async def test_guest_may_do_nothing_else() -> None:
    """A guest neither publishes nor looks at the server, over HTTP or over Socket.IO."""
    async with running(secured()) as server:
        guest = (await let_in(server))["token"]
        session = await get(server, "/v1/session", guest)
        assert (session["roles"], session["may"]) == ([], {"observe": False, "publish": False, "operate": False})
        status, body = await server.notify({"type": "test", "audience": {"all": True}}, key=guest)
        assert (status, body["code"]) == (403, "forbidden")
        for path in ("/v1/users", "/v1/notifications", "/v1/errors", "/v1/stats"):
            assert_refused(await ask(server, "GET", path, token=guest), "forbidden")
        listener = await server.connect({"token": guest})
        for event, asked in (("notify", {"type": "test", "audience": {"all": True}}), ("ns:observe", {"on": True})):
            answer = await listener.client.call(event, asked)
            assert not answer["ok"], (event, answer)


async def test_connection_goes_on_with_the_token_of_another_pass() -> None:
    """A guest who is connected renews with the token of a second pass for the same guest, and with nobody else's."""
    async with running(secured()) as server:
        guest, other = await let_in(server), await let_in(server)
        again = await let_in(server, guest["user"])
        waiting = await issued(server, guest["user"])
        listener = await server.connect({"token": guest["token"]})
        answers = [
            await listener.client.call("ns:auth", {"token": one})
            for one in (again["token"], other["token"], token(guest["user"]), token("eva", "admin"), waiting["pass"])
        ]
        assert [answer["ok"] for answer in answers] == [True, False, False, False, False]
        assert [answer["error"]["code"] for answer in answers[1:]] == [
            "forbidden",
            "invalid_token",
            "forbidden",
            "invalid_token",
        ]
        assert {room for one in server.core.hub for room in one.rooms} == {f"user:{guest['user']}"}


async def test_role_that_a_guest_states_counts_for_nothing() -> None:
    """What a guest says of itself beside its token changes nothing."""
    async with running(secured()) as server:
        guest = await let_in(server)
        stated = {"token": guest["token"], "role": "admin", "roles": ["admin"], "user": "ana", "topics": ["x"]}
        hello = (await server.connect(stated)).of("ns:hello")[0]
        assert (hello["user"], hello["roles"]) == (guest["user"], [])


async def test_token_is_one_that_clients_read() -> None:
    """The token is a JWT with an end in an hour; the reply tells the same."""
    async with running(secured()) as server:
        guest = await let_in(server)
        said = jwt.decode(guest["token"], options={"verify_signature": False})
        assert (said["sub"], said["exp"] - said["iat"]) == (guest["user"], 3600)
        for secret in (SECRET, KEY, "x", guest["user"]):
            with pytest.raises(jwt.InvalidSignatureError):
                jwt.decode(guest["token"], secret.ljust(32), ["HS256"])


async def test_guest_is_put_out_as_anybody() -> None:
    """Who puts a guest out closes its connections, and refuses its token and the passes of before."""
    async with running(secured()) as server:
        guest = await let_in(server)
        waiting = await issued(server, guest["user"])
        listener = await server.connect({"token": guest["token"]})
        answer = await ask(server, "POST", f"/v1/users/{guest['user']}/disconnect", token=KEY)
        assert answer.body["disconnected"] == 1
        await until(lambda: not listener.client.connected, "the guest to be gone")
        assert listener.of("ns:closing")[0]["code"] == "token_revoked"
        assert_refused(await ask(server, "GET", "/v1/inbox", token=guest["token"]), "token_revoked")
        with pytest.raises(socketio.exceptions.ConnectionError):
            await server.connect({"token": guest["token"]})
        assert_refused(await redeem(server, waiting["pass"]), "unauthorized")


async def test_guest_stays_when_settings_are_read_anew() -> None:
    """Another secret asks everybody for another token but guests, whose tokens hang on no setting."""
    async with running(secured()) as server:
        guest = await let_in(server)
        listener = await server.connect({"token": guest["token"]})
        await server.connect({"token": token("ana")})
        server.app[RELOADING].apply(secured(jwt_secret="the secret of tomorrow, long enough for HS256 as well"))
        ends = {one.identity.user: (one.identity.expires_at or 0) - one.connected_at for one in server.core.hub}
        assert ends["ana"] < 120
        assert ends[guest["user"]] > 3000
        assert await get(server, "/v1/inbox/counts", guest["token"])
        assert listener.client.connected
        assert (await let_in(server))["user"] != guest["user"]


# -- once, and soon -----------------------------------------------------------------------------------------------


async def test_of_twenty_at_once_one_is_let_in() -> None:
    """Of twenty requests with one pass at once, one is answered 200, and the others alike."""
    async with running(secured()) as server:
        made = await issued(server)
        answers = await asyncio.gather(*(redeem(server, made["pass"]) for _ in range(20)))
        assert sorted(answer.status for answer in answers) == [200, *[401] * 19]


async def test_every_pass_that_is_not_good_is_refused_alike(tmp_path: Path) -> None:
    """Used, too late, changed, of another log or none at all: the answer is the same and tells nobody which."""
    clock = Clock()
    async with running(secured()) as other:
        foreign = (await issued(other))["pass"]
    async with running(secured(), broker=SqliteBroker(tmp_path, now=clock)) as server:
        used, late, changed = [(await issued(server))["pass"] for _ in range(3)]
        guest = await redeem(server, used)
        clock.seconds += 119
        good = (await issued(server))["pass"]
        clock.seconds += 1
        answers = [
            await redeem(server, text)
            for text in (used, late, changed[:-1] + ("A" if changed[-1] != "A" else "B"), foreign, "", "gp1_", ODD)
        ]
        answers += [await redeem(server, guest.body["token"]), await redeem(server, KEY), await redeem(server, SECRET)]
        for answer in answers:
            assert_refused(answer, "unauthorized")
        assert len({answer.body["detail"] for answer in answers}) == 1
        assert (await redeem(server, good)).status == 200


async def test_pass_is_used_after_a_restart(tmp_path: Path) -> None:
    """A pass that was used before a restart is not good after it; what it was changed for is."""
    async with running(secured(), broker=SqliteBroker(tmp_path)) as server:
        used, kept = (await issued(server))["pass"], (await issued(server))["pass"]
        guest = (await redeem(server, used)).body["token"]
    async with running(secured(), broker=SqliteBroker(tmp_path)) as server:
        assert_refused(await redeem(server, used), "unauthorized")
        assert (await redeem(server, kept)).status == 200
        assert await get(server, "/v1/inbox/counts", guest)


async def test_pass_is_used_after_a_kill(tmp_path: Path) -> None:
    """A pass that was used right before the server was killed is not good on its successor."""
    secrets = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": KEY}
    async with running(secured()) as here:  # lends its clients
        async with program("--data-dir", str(tmp_path), env=secrets) as first:
            server = Server(first.url, here.app, here.http)
            used, kept = (await issued(server))["pass"], (await issued(server))["pass"]
            guest = (await redeem(server, used)).body["token"]
            await first.stop(signal.SIGKILL)
        async with program("--data-dir", str(tmp_path), env=secrets) as second:
            server = Server(second.url, here.app, here.http)
            assert_refused(await redeem(server, used), "unauthorized")
            assert (await redeem(server, kept)).status == 200
            assert await get(server, "/v1/inbox/counts", guest)


@pytest.mark.parametrize("credential", ["wrong", token("ana"), KEY, None], ids=["wrong", "tourist", "key", "none"])
async def test_pass_needs_nothing_beside_it(credential: str | None) -> None:
    """Whatever credential a request carries, the pass alone counts."""
    async with running(secured()) as server:
        made = await issued(server)
        assert (await redeem(server, made["pass"], credential=credential)).body["user"] == made["user"]


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"", "invalid_json"),
        (b"{", "invalid_json"),
        (b"\xff", "invalid_json"),
        (b"[" * 5000, "payload_too_large"),
        (b'{"pass":"' + b"A" * 2000 + b'"}', "payload_too_large"),
        (b'{"pass":"' + b"A" * 500_000 + b'"}', "payload_too_large"),
        (b"[" * 900, "invalid_json"),
        (b"{}", "invalid_data"),
        (b"[]", "invalid_data"),
        (b"null", "invalid_data"),
        (b'"gp1_"', "invalid_data"),
        (b'{"pass":null}', "invalid_data"),
        (b'{"pass":7}', "invalid_data"),
        (b'{"pass":1e999}', "invalid_data"),
        (b'{"pass":["gp1_"]}', "invalid_data"),
        (b'{"pass":{"$ne":""}}', "invalid_data"),
        (b'{"text":"gp1_"}', "invalid_data"),
        (b'{"pass":"gp1_","user":"guest:0123456789abcdef"}', "invalid_data"),
        (b'{"pass":"gp1_","role":"admin"}', "invalid_data"),
        (b'{"pass":"\\ud800"}', "invalid_data"),
        (b'{"pass":"\\u0000"}', "unauthorized"),
        ('{"pass":"\uff47p1_"}'.encode(), "unauthorized"),
    ],
    ids=lambda value: str(value[:30]) if isinstance(value, bytes) else value,
)
async def test_odd_body_is_refused(sent: bytes, code: str) -> None:
    """A body that holds no pass, or more than one, is refused for what it is, without a fault of the server."""
    async with running(secured()) as server, server.http.post(f"{server.url}/v1/passes/redeem", data=sent) as response:
        body = await response.json(content_type=None)
        assert (response.status, body["code"]) == (KINDS[code].status, code)


@pytest.mark.parametrize("where", ["token", "key", "bearer"])
async def test_pass_is_no_credential(where: str) -> None:
    """A pass in place of a token or a key lets nobody in, and stays good."""
    async with running(secured()) as server:
        made = (await issued(server))["pass"]
        if where == "bearer":
            for path in ("/v1/inbox", "/v1/session", "/v1/users"):
                assert (await ask(server, "GET", path, token=made)).status == 401
            assert (await server.notify({"type": "test"}, key=made))[0] == 401
        else:
            with pytest.raises(socketio.exceptions.ConnectionError):
                await server.connect({where: made})
        assert (await redeem(server, made)).status == 200


async def test_pass_is_good_once_on_two_nodes() -> None:
    """Of twenty who bring one pass to two nodes of one log, one is let in, and the token is good on both."""
    first, second = side_by_side()
    async with running(secured(), broker=first) as one, running(secured(), broker=second) as other:
        made = await issued(one)
        answers = await asyncio.gather(*((redeem(server, made["pass"])) for server in (one, other) * 10))
        assert sorted(answer.status for answer in answers) == [200, *[401] * 19]
        (guest,) = (answer.body["token"] for answer in answers if answer.status == 200)
        for server in (one, other):
            assert await get(server, "/v1/inbox/counts", guest)


# -- what is told of it -------------------------------------------------------------------------------------------


async def test_failures_are_counted_and_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A pass that is refused is counted and kept as any refusal; no pass and no token is in a line or in the list."""
    with logging_to_stderr(level="debug"):
        async with running(secured()) as server:
            made = await issued(server)
            text, user = made["pass"], made["user"]
            guest = (await redeem(server, text)).body["token"]
            assert_refused(await redeem(server, text), "unauthorized")
            await ask(server, "POST", f"/v1/passes/redeem/{text}", json={text: text})
            await ask(server, "POST", "/v1/passes/redeem", json={text: text, guest: guest})
            await ask(server, "POST", "/v1/passes", json={"user": text, guest: text}, token=KEY)
            await ask(server, "POST", f"/v1/passes?pass={text}&token={guest}", json={}, token=text)
            await ask(server, "GET", f"/v1/users/{guest}/inbox", token=text)
            await server.connect({"token": guest})
            errors = await get(server, "/v1/errors", KEY)
            metrics = await get(server, "/metrics", KEY)
    assert [one["path"] for one in errors["items"]].count("/v1/passes/redeem") == 2
    assert 'sio_server_refusals_total{code="unauthorized"} 3' in metrics
    told = capsys.readouterr().err + str(errors) + metrics
    assert "/v1/passes/redeem" in told
    for secret in (text, guest, text[4:30], guest.split(".")[2]):
        assert secret not in told
    assert user not in metrics


async def test_guessing_writes_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever tries pass after pass is counted each time, and has as few lines of the log as with wrong tokens."""
    with logging_to_stderr():
        async with running(secured()) as server:
            for number in range(LINES_OF_ONE * 3):
                assert_refused(await redeem(server, f"gp1_{number:080}"), "unauthorized")
            stats = await get(server, "/v1/stats", KEY)
    assert stats["refused"] == LINES_OF_ONE * 3
    assert capsys.readouterr().err.count('"refused"') <= LINES_OF_ONE
