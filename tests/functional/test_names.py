"""Names of people in every script and spelling: connected, published to, looked at and put out by the same one."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from yarl import URL

from tests.support.clients import plain_socket, refused
from tests.support.servers import PUBLISH_KEY, running, secured, token
from tests.support.waiting import until

KEY = {"Authorization": f"Bearer {PUBLISH_KEY}"}
SEED = {"type": "test", "message": "Hola mundo", "data": {}}
JOSE = ("Jos\u00e9", "Jose\u0301")

NAMES = (
    "a{b}",
    "{id}",
    "}{",
    ".",
    "..",
    "a/b",
    "%",
    "a%2Fb",
    "%7B",
    "?",
    "#",
    "\\\\",
    ";",
    "*",
    "a b",
    "+",
    "\u00f1",
    "auth0|5f7c8ec7c33c6c004bbafe82",
    "ana@example.org",
    "https://idp.example.org/users/7?x=1#y",
    "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467",
    "\u5c71\u7530\u3000\u592a\u90ce",
    "a\u00a0b",
)


async def test_whoever_may_connect_can_be_looked_at_and_put_out() -> None:
    """A name that a token may hold is reached by a publish, found in the list, shown with its inbox, and revoked."""
    async with running(secured()) as server:
        for name in NAMES:
            async with plain_socket(server.url, headers={"Authorization": f"Bearer {token(name)}"}) as client:
                assert client.frames[0]["user"] == name
                status, reply = await server.notify({**SEED, "audience": {"users": [name]}})
                assert (status, reply["recipients"]) == (200, {"sockets": 1}), name
                segment = quote(name, safe="") if name.strip(".") else "%2E" * len(name)
                inbox, disconnect = (
                    URL(f"{server.url}/v1/users/{segment}/{action}", encoded=True) for action in ("inbox", "disconnect")
                )
                async with server.http.get(inbox, headers=KEY) as response:
                    assert response.status == 200, name
                    assert len((await response.json())["items"]) == 1, name
                async with server.http.post(disconnect, headers=KEY) as response:
                    assert (response.status, (await response.json())["disconnected"]) == (200, 1), name
                assert (await client.wait_closed())[0] == 4401
            error = await refused(server.url, {"token": token(name, iat=1)})
            assert error["data"]["code"] == "token_revoked", name


@pytest.mark.parametrize("spelling", JOSE)
@pytest.mark.parametrize("other", JOSE)
async def test_one_person_however_it_is_spelt(spelling: str, other: str) -> None:
    """A name composed or not is one person: in a token, an audience, an exception, a path, a filter and a template."""
    async with (
        running(secured()) as server,
        plain_socket(server.url, headers={"Authorization": f"Bearer {token(spelling, role=other)}"}) as client,
    ):
        assert (client.frames[0]["user"], client.frames[0]["roles"]) == (JOSE[0], [JOSE[0]])
        for body in (
            {**SEED, "audience": {"users": [other]}},
            {**SEED, "audience": {"roles": [spelling]}},
            {"type": "reserva_creada", "data": {"usuario_id": other}},
        ):
            status, reply = await server.notify(body)
            assert (status, reply["recipients"]["sockets"]) == (200, 1), (body, reply)
        left_out = {**SEED, "audience": {"all": True, "except": {"users": [other]}}}
        assert (await server.notify(left_out))[1]["recipients"] == {"sockets": 0}
        await client.wait(3)
        asked = {"user": other, "role": spelling}
        async with server.http.get(f"{server.url}/v1/notifications", params=asked, headers=KEY) as response:
            assert len((await response.json())["items"]) >= 1
        async with server.http.post(f"{server.url}/v1/users/{quote(other)}/disconnect", headers=KEY) as response:
            assert (await response.json())["disconnected"] == 1
        await until(lambda: client.closed is not None, "the close")


@pytest.mark.parametrize("name", ["ana ", " ana", "a\u202eb", "a\nb", "\ud800", "x" * 129])
async def test_name_that_cannot_be_is_told_by_its_place(name: str) -> None:
    """A token and an audience with such a name are refused, and say which part of them it is."""
    async with running(secured()) as server:
        error = await refused(server.url, {"token": token(name)})
        assert error["data"]["code"] == "invalid_token"
        assert "'sub'" in error["message"]
        body = b'{"type":"test","audience":{"users":[' + _json(name) + b"]}}"
        status, reply = await server.notify(body)
        assert (status, reply["errors"][0]["field"]) == (422, "audience.users.0")


def _json(text: str) -> bytes:
    return b'"' + "".join(f"\\u{ord(character):04x}" for character in text).encode() + b'"'
