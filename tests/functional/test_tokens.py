"""Tokens on live links: announced before they end, renewed in place, closed after; revoked ones are refused."""

import asyncio
import time
from contextlib import AsyncExitStack
from typing import Any

import pytest

from sio_server.core import expiry
from tests.support.clients import PlainSocket, plain_socket, refused
from tests.support.clocks import Timers
from tests.support.servers import PUBLISH_KEY, Listener, Server, running, secured, token
from tests.support.waiting import until


def token_that_ends(
    monkeypatch: pytest.MonkeyPatch, server: Server, seconds: float, user: str, role: str | None = None
) -> str:
    """A token that ends so soon by the clock of the server's connections, which stands still.

    By the machine's clock it is good for a while, however long it takes until its client is connected.
    """
    ends = int(time.time()) + 600
    monkeypatch.setattr(server.core.expiry, "_wall", lambda: ends - seconds)
    return token(user, role, exp=ends)


async def test_client_is_told_before_its_token_ends_and_closed_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shortly before exp a client is told, and some time after it the connection is closed with the reason."""
    monkeypatch.setattr(expiry, "EXPIRY_GRACE", 0.5)
    async with running(secured()) as server:
        listener = await server.connect({"token": token_that_ends(monkeypatch, server, 1.0, "123", "turista")})
        await until(lambda: listener.of("ns:auth_expiring"))
        await until(lambda: not listener.client.connected)

        assert 0 < listener.of("ns:auth_expiring")[0]["expires_in_ms"] <= 2000
        assert listener.of("ns:closing") == [{"code": "token_expired", "reconnect": False}]


async def test_plain_socket_is_closed_with_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """On /ws the close code says why."""
    monkeypatch.setattr(expiry, "EXPIRY_GRACE", 0.2)
    async with (
        running(secured()) as server,
        plain_socket(server.url, {"token": token_that_ends(monkeypatch, server, 0.5, "123")}) as client,
    ):
        assert await client.wait_closed() == (4401, "token_expired")


@pytest.mark.parametrize("protocol", ["socketio", "ws"])
@pytest.mark.parametrize("observes", [False, True])
async def test_client_that_answers_with_the_token_it_has_is_told_once(
    monkeypatch: pytest.MonkeyPatch, *, protocol: str, observes: bool
) -> None:
    """On every protocol, observers included, one notice comes for an end, and the connection closes when it is due."""
    ends, timers = int(time.time()) + 600, Timers()
    mine = token("123", "admin", exp=ends)
    async with running(secured()) as server, AsyncExitStack() as stack:
        monkeypatch.setattr(server.core.expiry, "_wall", lambda: ends - 30 + timers.now)
        monkeypatch.setattr(server.core.expiry, "_timers", lambda: timers)
        client: Listener | PlainSocket
        if protocol == "ws":
            plain = client = await stack.enter_async_context(plain_socket(server.url, {"token": mine}))

            async def say(event: str, body: dict[str, Any]) -> None:
                replies = len(plain.of("ns:reply"))
                await plain.socket.send_json({"type": event, **body})
                await until(lambda: len(plain.of("ns:reply")) > replies, "a reply", plain.moves)
                assert plain.of("ns:reply")[-1]["ok"]

        else:
            listener = client = await server.connect({"token": mine})

            async def say(event: str, body: dict[str, Any]) -> None:
                assert (await listener.client.call(event, body))["ok"]

        if observes:
            await say("ns:observe", {"on": True})
        for _ in range(25):
            timers.move(1)
            await say("ns:auth", {"token": mine})
        assert [told["expires_in_ms"] for told in client.of("ns:auth_expiring")] == [15_000]
        timers.move(5 + expiry.EXPIRY_GRACE - 0.1)
        await say("ns:auth", {"token": mine})
        assert client.of("ns:closing") == []
        timers.move(0.2)
        await until(lambda: client.of("ns:closing"), "the end", client.moves)
        assert client.of("ns:closing")[0]["code"] == "token_expired"
        assert len(client.of("ns:auth_expiring")) == 1


async def test_renewed_token_keeps_the_connection_and_moves_its_rooms(monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer token of the same user is taken in place, and the rooms follow its claims."""
    monkeypatch.setattr(expiry, "EXPIRY_GRACE", 0.2)
    async with running(secured()) as server:
        listener = await server.connect({"token": token_that_ends(monkeypatch, server, 1.0, "123", "turista")})
        would_close_at = asyncio.get_running_loop().time() + 1.0 + expiry.EXPIRY_GRACE
        answer = await listener.client.call("ns:auth", {"token": token("123", "admin", exp=int(time.time()) + 1200)})
        await server.notify({"type": "guia_creado"})
        await server.notify({"type": "tour_creado", "audience": {"roles": ["turista"]}})
        await server.notify({"type": "test"})
        await until(lambda: len(listener.notifications) >= 2)
        await until(lambda: asyncio.get_running_loop().time() > would_close_at + 0.5, "the time to pass")

        assert (answer["ok"], answer["roles"]) == (True, ["admin"])
        assert [envelope["type"] for envelope in listener.notifications] == ["guia_creado", "test"]
        assert listener.client.connected
        assert listener.of("ns:closing") == []


@pytest.mark.parametrize(
    ("claims", "code"),
    [({"user": "456"}, "forbidden"), ({"user": "123", "exp": 1}, "token_expired")],
    ids=["another user's", "expired"],
)
async def test_token_that_does_not_renew_changes_nothing(claims: dict[str, object], code: str) -> None:
    """Another user's token, or one that has expired, is refused, and the connection goes on as it was."""
    async with running(secured()) as server:
        listener = await server.connect({"token": token("123", "turista")})
        answer = await listener.client.call("ns:auth", {"token": token(role="admin", **claims)})  # type: ignore[arg-type]
        await server.notify({"type": "guia_creado"})
        await server.notify({"type": "tour_creado"})
        await until(lambda: listener.notifications)

        assert answer["error"]["code"] == code
        assert [envelope["type"] for envelope in listener.notifications] == ["tour_creado"]


async def test_user_who_is_disconnected_is_out_until_a_newer_token() -> None:
    """All of a user's connections are closed, tokens made before are refused, one made later is taken."""
    async with running(secured()) as server:
        old = token("123", "turista", iat=int(time.time()) - 10)
        listener = await server.connect({"token": old})
        other = await server.connect({"token": token("456", "turista")})
        headers = {"Authorization": f"Bearer {PUBLISH_KEY}"}
        async with plain_socket(server.url, {"token": old}) as plain:
            async with server.http.post(f"{server.url}/v1/users/123/disconnect", headers=headers) as response:
                assert response.status == 200
            assert await plain.wait_closed() == (4401, "token_revoked")
        await until(lambda: not listener.client.connected)
        told = await refused(server.url, {"token": old})
        await server.connect({"token": token("123", "turista", iat=int(time.time()) + 1)})

        assert listener.of("ns:closing") == [{"code": "token_revoked", "reconnect": False}]
        assert told["data"]["code"] == "token_revoked"
        assert other.client.connected
