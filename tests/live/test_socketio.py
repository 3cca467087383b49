"""Socket.IO: who is let in, what a refused client is told, publishing with an acknowledgement."""

from __future__ import annotations

from typing import Any

import aiohttp
import jwt
import pytest
import socketio

from tests.conftest import Node
from tests.support.bad_tokens import BAD, CLAIMS, EDDSA, ES256, RSA, key_server
from tests.support.clients import javascript_client, refused
from tests.support.servers import PUBLISH_KEY, python_client, running, secured, token
from tests.support.waiting import coming, until

SEED = {"type": "test", "message": "Hola mundo", "data": {}}


@pytest.mark.parametrize("name", BAD)
async def test_bad_token_is_refused_with_its_code(name: str) -> None:
    """A token that does not hold is refused on websocket and polling with the code in connect_error's data."""
    make, code = BAD[name]
    async with key_server() as jwks, running(secured(jwks_url=jwks)) as server:
        for transports in (["websocket"], ["polling"]):
            told = await refused(server.url, {"token": make(), "role": "admin"}, transports=transports)
            assert (told["data"]["code"], told["data"]["status"]) == (code, 401)
            assert told["message"] == told["data"]["detail"]
        assert server.core.operators.stats()["connections"]["total"] == 0


@pytest.mark.parametrize("name", ["expired", "wrong secret", "alg none", "none"])
async def test_javascript_client_is_told_the_code(node: Node, name: str) -> None:
    """socket.io-client gets the refusal as connect_error with data.code, in the language it asked for."""
    make, code = BAD[name]
    async with (
        running(secured()) as server,
        javascript_client(node.binary, server.url, auth={"token": make(), "locale": "es"}) as client,
    ):
        (report,) = await client.wait_for("connect_error")
        assert report["data"]["code"] == code
        assert report["connect_error"] == report["data"]["detail"]
        assert report["data"]["title"] in (
            "Faltan credenciales o no valen",
            "El token no es válido",
            "El token ha caducado",
        )
        assert client.of("connect") == []


@pytest.mark.parametrize(
    ("key", "algorithm", "kid"), [(RSA, "RS256", "rsa"), (ES256, "ES256", "ec"), (EDDSA, "EdDSA", "okp")]
)
async def test_asymmetric_tokens_are_verified(key: Any, algorithm: str, kid: str) -> None:
    """RS256, ES256 and EdDSA tokens signed by a key of the JWKS address are let in with their claims."""
    made = jwt.encode(CLAIMS, key, algorithm, headers={"kid": kid})
    async with key_server() as jwks, running(secured(jwt_secret=None, jwks_url=jwks)) as server:
        client = await server.connect({"token": made})
        assert client.events[0][1]["roles"] == ["admin"]
        told = await refused(server.url, {"token": token("1")})
        assert told["data"]["code"] == "invalid_token"


async def test_both_secrets_hold_while_they_are_changed() -> None:
    """Tokens of the secret before are let in until it is taken out of the settings."""
    old = "the secret before, long enough for HS256 as well"
    made = jwt.encode(CLAIMS, old, "HS256")
    async with running(secured(jwt_secret_previous=old)) as server:
        for one in (made, token("2", "turista")):
            await server.connect({"token": one})
    async with running(secured()) as server:
        assert (await refused(server.url, {"token": made}))["data"]["code"] == "invalid_token"


async def test_audience_and_issuer_must_be_ours() -> None:
    """With aud and iss set in the settings, tokens for or from others are refused."""
    async with running(secured(token_audience="us", token_issuer="backend")) as server:
        await server.connect({"token": token("1", aud=["them", "us"], iss="backend")})
        for claims in ({"iss": "backend"}, {"aud": "them", "iss": "backend"}, {"aud": "us", "iss": "x"}, {"aud": "us"}):
            assert (await refused(server.url, {"token": token("1", **claims)}))["data"]["code"] == "invalid_token"


async def test_token_may_come_as_a_header() -> None:
    """A client that can set headers may send its token as Authorization: Bearer."""
    async with running(secured()) as server:
        client = await server.connect(headers={"Authorization": f"Bearer {token('7', 'turista')}"})
        assert client.events[0][1]["user"] == "7"


@pytest.mark.parametrize("auth", [{"token": 5}, {"token": {"a": 1}}, {"key": []}, {"cursor": "x" * 65}, {"locale": 1}])
async def test_malformed_auth_is_refused(auth: Any) -> None:
    """An auth of the wrong kind is refused as an invalid request that names the member, never an error."""
    async with running(secured()) as server:
        told = await refused(server.url, auth)
        assert told["data"]["code"] == "invalid_request"
        assert told["data"]["errors"]


async def test_development_believes_what_is_stated() -> None:
    """In development a client states role, user and topics; numbers and the other spellings of role will do."""
    async with running() as server:
        for auth, expected in (
            ({"role": "admin", "user": "1"}, ("1", ["admin"], [])),
            ({"rol": "turista", "user": 7}, ("7", ["turista"], [])),
            ({"roles": ["a", "b"], "topics": ["cusco"]}, (None, ["a", "b"], ["cusco"])),
            ({}, (None, [], [])),
        ):
            hello = (await server.connect(auth)).events[0][1]
            assert (hello["user"], hello["roles"], hello["topics"]) == expected


async def test_draining_node_refuses_over_http() -> None:
    """While a node stops, a handshake over either transport is 503 with the problem and when to come back."""
    async with running() as server:
        server.core.door.draining = True
        async with server.http.get(f"{server.url}/socket.io/?EIO=4&transport=polling") as response:
            problem = await response.json(content_type=None)
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
            assert response.content_type == "application/problem+json"
            assert (problem["code"], problem["status"], problem["retryable"]) == ("draining", 503, True)
        with pytest.raises(aiohttp.WSServerHandshakeError) as failed:
            await server.http.ws_connect(f"{server.url}/socket.io/?EIO=4&transport=websocket")
        assert failed.value.status == 503


async def test_stock_client_comes_back_to_a_draining_node_by_itself(node: Node) -> None:
    """A client that is refused since the node stops tries again without any code of its own."""
    async with running() as server:
        server.core.door.draining = True
        async with javascript_client(node.binary, server.url) as client:
            await client.wait_for("connect_error", 2)
            server.core.door.draining = False
            await client.wait_for("connect")


async def test_notify_with_a_key_is_acknowledged_as_over_http(node: Node) -> None:
    """A connection made with a publisher key publishes by event and is acknowledged with the reply of POST /notify."""
    async with running(secured()) as server:
        listener = await server.connect({"token": token("1", "admin")})
        async with javascript_client(node.binary, server.url, auth={"key": PUBLISH_KEY}, notify=SEED) as client:
            answer = (await client.wait_for("ack"))[0]["ack"]
        _, reply = await server.notify(SEED)
        first, second = await listener.wait(2)

        assert answer.keys() == {*reply, "ok"}
        assert (answer["ok"], answer["status"], answer["seq"], reply["seq"]) == (True, "ok", 1, 2)
        assert (first["id"], second["id"]) == (answer["id"], reply["id"])


async def test_notify_without_a_key_is_forbidden() -> None:
    """Nobody publishes by event without a publisher key: not an admin, not with the key in the body."""
    async with running(secured()) as server:
        client = await server.connect({"token": token("1", "admin")})
        for body in (SEED, {**SEED, "key": PUBLISH_KEY}, None):
            answer = await client.client.call("notify", body)
            assert (answer["ok"], answer["error"]["code"]) == (False, "forbidden")
        await client.client.emit("notify", SEED)
        await server.notify({**SEED, "message": "end"})
        assert [event["message"] for event in await client.wait(1)] == ["end"]
        assert server.core.operators.stats()["head"]["seq"] == 1


async def test_wrong_key_is_refused_at_the_handshake() -> None:
    """A connection that states a key which is not known is refused, even with a good token."""
    async with running(secured()) as server:
        for auth in ({"key": "wrong"}, {"key": "wrong", "token": token("1", "admin")}):
            assert (await refused(server.url, auth))["data"]["code"] == "unauthorized"


async def test_publisher_without_a_token_gets_nothing() -> None:
    """A backend that connects with a key alone publishes, and is in no room, whatever it says it is."""
    async with running(secured()) as server:
        client = await server.connect({"key": PUBLISH_KEY, "role": "admin", "user": "1"})
        await server.notify({**SEED, "audience": {"roles": ["admin"], "users": ["1"]}})
        # Its acknowledgement comes after whatever was sent before.
        answer = await client.client.call("notify", SEED)
        assert (answer["ok"], answer["recipients"]) == (True, {"sockets": 0})
        assert (client.events[0][1]["user"], client.events[0][1]["roles"]) == (None, [])
        assert client.notifications == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "invalid_data"),
        (None, "invalid_data"),
        ("text", "invalid_data"),
        ([SEED], "invalid_data"),
        ({**SEED, "data": {"x": b"bytes"}}, "invalid_data"),
        (b"bytes", "invalid_data"),
        ({**SEED, "message": "\ud800"}, "invalid_data"),
        ({**SEED, "data": {"\udfff": 1}}, "invalid_data"),
        ({**SEED, "message": "x" * 70_000}, "payload_too_large"),
        ({"type": "tst"}, "unknown_type"),
        ({**SEED, "audience": {}}, "invalid_audience"),
    ],
    ids=lambda value: str(value)[:40].encode("ascii", "replace").decode(),
)
async def test_notify_that_is_no_publish_is_refused_in_the_acknowledgement(arguments: Any, code: str) -> None:
    """Binary, oversized, malformed and non-JSON arguments get a code back; the connection and the server go on."""
    async with running(secured()) as server:
        client = await server.connect({"token": token("1"), "key": PUBLISH_KEY, "locale": "es"})
        answer = await client.client.call("notify", arguments)
        assert (answer["ok"], answer["status"], answer["error"]["code"]) == (False, "error", code)
        answer = await client.client.call("notify", SEED)
        assert (answer["ok"], answer["seq"]) == (True, 1)
        assert [event["seq"] for event in await client.wait(1)] == [1]


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
async def test_notify_that_is_no_json_ends_the_connection(number: float) -> None:
    """A packet whose text is no JSON, as with NaN, ends its connection alone, as the reference server does."""
    async with running(secured()) as server:
        client, other = await server.connect({"key": PUBLISH_KEY}), await server.connect({"key": PUBLISH_KEY})
        await client.client.emit("notify", {**SEED, "data": {"x": number}})
        await until(lambda: not client.client.connected, "the end of the connection")
        assert (await other.client.call("notify", SEED))["seq"] == 1


@pytest.mark.parametrize("auth", ["text", ["list"]])
async def test_auth_that_is_no_object_is_not_let_in(auth: Any) -> None:
    """A handshake whose auth is no object (Socket.IO protocol, CONNECT) makes no connection and harms no other."""
    async with running() as server:
        client = python_client()
        with pytest.raises(socketio.exceptions.ConnectionError):
            # This client does not hear that its socket was closed: it gives up after its own second.
            await client.connect(server.url, auth=auth, transports=["websocket"])
        assert server.core.operators.stats()["connections"]["total"] == 0
        await server.connect()


async def test_notify_obeys_idempotency_keys_and_shares_them_with_http() -> None:
    """A key of a publish by event and the same one over HTTP by the same publisher are one event."""
    body = {**SEED, "idempotency_key": "k"}
    async with running(secured()) as server:
        client = await server.connect({"token": token("1"), "key": PUBLISH_KEY})
        first = await client.client.call("notify", body)
        again = await client.client.call("notify", body)
        _, reply = await server.notify(body)
        assert [first["duplicate"], again["duplicate"], reply["duplicate"]] == [False, True, True]
        assert first["id"] == again["id"] == reply["id"]


async def test_connection_that_ends_is_counted_out() -> None:
    """A client that leaves, or whose link breaks, is no member of any room any more."""
    async with running() as server:
        one, two = await server.connect({"role": "admin"}), await server.connect({"role": "admin"})
        await one.client.disconnect()
        await two.client.eio.ws.close()
        await until(lambda: server.core.operators.stats()["connections"]["total"] == 0, "both to be counted out")
        _, reply = await server.notify({**SEED, "audience": {"roles": ["admin"], "all": True}})
        assert reply["recipients"] == {"sockets": 0}


async def test_polling_client_that_leaves_is_let_go_at_once() -> None:
    """The open request of a polling client ends when it leaves, not with the next ping."""
    async with running() as server:
        client = await server.connect(transports=["polling"])
        await coming(client.client.disconnect(), "its leave")
        await until(lambda: server.core.operators.stats()["connections"]["total"] == 0, "it to be counted out")
