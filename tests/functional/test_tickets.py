"""Tickets and the token's cookie, end to end: over every transport, and not for pages that may not."""

from __future__ import annotations

from typing import Any

import aiohttp
import pytest
import socketio.exceptions

from sio_server.app import RELOADING
from sio_server.core.tickets import TICKETS_OF_ONE
from tests.support.asking import Answer, answer_of, ask, assert_refused, get, post
from tests.support.clients import plain_socket
from tests.support.events import ASKING, event_stream
from tests.support.logged import logging_to_stderr
from tests.support.servers import PUBLISH_KEY, Server, program, python_client, running, secured, token
from tests.support.waiting import until

PAGE = "https://app.example.org"
FOREIGN = "https://evil.example"
NAME = "avisos"


async def ticket(server: Server, credential: str | None) -> str:
    """Have a ticket made."""
    answer = await ask(server, "POST", "/v1/tickets", token=credential)
    assert answer.status == 201, answer
    assert answer.body["expires_in"] == 30
    text: str = answer.body["ticket"]
    return text


async def stream_code(server: Server, query: dict[str, str], **headers: str) -> str:
    """The code that a stream is refused with."""
    asked = server.http.get(f"{server.url}/v1/stream", params=query, headers={**ASKING, **headers})
    async with asked as response:
        return str((await answer_of(response)).body["code"])


async def socket_code(server: Server, query: dict[str, str], headers: dict[str, str] | None = None) -> str:
    """The code that a plain WebSocket is closed with."""
    async with plain_socket(server.url, query, headers) as socket:
        return (await socket.wait_closed())[1]


# -- tickets --------------------------------------------------------------------------------------------------------


async def test_ticket_opens_one_connection_as_its_token_would() -> None:
    """A ticket lets its user in by `/ws` or `/v1/stream`, with roles and topics, from a cursor, and only once."""
    async with running(secured()) as server:
        ana = token("ana", "guia", topics=["tour:7"])
        plain, streamed = await ticket(server, ana), await ticket(server, ana)
        async with (
            plain_socket(server.url, {"ticket": plain}) as socket,
            event_stream(server.url, {"ticket": streamed}) as stream,
        ):
            for client in (socket, stream):
                hello = client.of("ns:hello")[0]
                assert (hello["user"], hello["roles"], hello["topics"]) == ("ana", ["guia"], ["tour:7"])
                assert "warnings" not in hello
            for audience in ({"users": ["ana"]}, {"roles": ["guia"]}, {"topics": ["tour:7"]}, {"users": ["bea"]}):
                await server.notify({"type": "test", "audience": audience})
            assert [one["seq"] for one in await socket.wait(3)] == [one["seq"] for one in await stream.wait(3)]
            await socket.socket.send_json({"type": "ns:read", "ids": [socket.notifications[0]["id"]], "id": 1})
            await until(lambda: socket.of("ns:reply"), "the reply", socket.moves)
            assert socket.of("ns:reply")[0]["ok"] is True
            cursor = socket.notifications[0]["cursor"]
        assert await socket_code(server, {"ticket": plain}) == "unauthorized"
        assert await socket_code(server, {"ticket": streamed}) == "unauthorized"
        assert await stream_code(server, {"ticket": plain}) == "unauthorized"
        async with plain_socket(server.url, {"ticket": await ticket(server, ana), "cursor": cursor}) as socket:
            assert [one["replayed"] for one in await socket.wait(2)] == [True, True]


async def test_ticket_is_for_a_token_alone() -> None:
    """Without a token, with one that does not hold, and with a publisher key there is no ticket."""
    async with running(secured()) as server:
        for credential, code in (
            (None, "unauthorized"),
            (PUBLISH_KEY, "invalid_token"),
            (token("ana", exp=1), "token_expired"),
        ):
            assert_refused(await ask(server, "POST", "/v1/tickets", token=credential), code)


async def test_ticket_in_development_is_for_who_is_stated() -> None:
    """In development a ticket is for whom the query states, and it says so wherever it is used."""
    async with running() as server:
        answer = await ask(server, "POST", "/v1/tickets?user=ana&role=guia")
        async with plain_socket(server.url, {"ticket": answer.body["ticket"], "role": "admin"}) as socket:
            assert (socket.frames[0]["user"], socket.frames[0]["roles"]) == ("ana", ["guia"])


async def test_ticket_of_before_a_revocation_is_refused() -> None:
    """A ticket that was asked for before its user was put out lets nobody in afterwards."""
    async with running(secured()) as server:
        ana = token("ana")
        texts = [await ticket(server, ana) for _ in range(2)]
        await post(server, "/v1/users/ana/disconnect", token=PUBLISH_KEY)
        assert await socket_code(server, {"ticket": texts[0]}) == "token_revoked"
        assert await stream_code(server, {"ticket": texts[1]}) == "token_revoked"
        assert_refused(await ask(server, "POST", "/v1/tickets", token=ana), "token_revoked")


async def test_tickets_of_withdrawn_secrets_are_refused() -> None:
    """Once the secret that tokens were checked with is another, tickets that came of it are good no more."""
    async with running(secured()) as server:
        text = await ticket(server, token("ana"))
        server.app[RELOADING].apply(secured(jwt_secret="another secret, which is as long as it must be"))
        assert await socket_code(server, {"ticket": text}) == "unauthorized"


async def test_user_holds_so_many_tickets() -> None:
    """Of more tickets than a user may hold, the oldest is gone and the newest is good."""
    async with running(secured()) as server:
        texts = [await ticket(server, token("ana")) for _ in range(TICKETS_OF_ONE + 1)]
        assert await socket_code(server, {"ticket": texts[0]}) == "unauthorized"
        async with plain_socket(server.url, {"ticket": texts[-1]}) as socket:
            assert socket.of("ns:hello")


async def test_ticket_stands_in_no_line_of_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    """Neither a ticket that is used nor one that is refused is written down, at any level."""
    async with running(secured()) as server:
        with logging_to_stderr(level="debug"):
            text = await ticket(server, token("ana"))
            async with plain_socket(server.url, {"ticket": text}):
                pass
            assert await stream_code(server, {"ticket": text}) == "unauthorized"
    assert text not in capfd.readouterr().err


async def test_ticket_is_forgotten_by_a_restart() -> None:
    """A ticket of before a `kill -9` is refused like any that is none, and the token gives another."""
    env = {"SIO_SERVER_JWT_SECRET": "a secret of the tests, long enough for HS256", "SIO_SERVER_PUBLISH_KEYS": "k" * 40}
    headers = {"Authorization": f"Bearer {token('ana')}"}

    async def made(url: str) -> str:
        async with aiohttp.ClientSession() as http, http.post(f"{url}/v1/tickets", headers=headers) as response:
            return str((await response.json())["ticket"])

    async with program("--broker", "memory:", env=env) as server:
        before = await made(server.url)
        await server.stop(9)
    async with program("--broker", "memory:", env=env) as server:
        async with plain_socket(server.url, {"ticket": before}) as socket:
            assert (await socket.wait_closed())[1] == "unauthorized"
        async with plain_socket(server.url, {"ticket": await made(server.url)}) as socket:
            assert socket.of("ns:hello")


# -- the cookie -----------------------------------------------------------------------------------------------------


def cookies(**settings: Any) -> Any:
    """Settings of a server that takes tokens from a cookie."""
    return secured(token_cookie=NAME, allowed_origins=(PAGE,), **settings)


def sent(made: str, origin: str | None = PAGE, **more: str) -> dict[str, str]:
    """What a browser sends by itself."""
    return {"Cookie": f"theme=dark; {NAME}={made}", **({} if origin is None else {"Origin": origin}), **more}


async def asked(server: Server, method: str, path: str, headers: dict[str, str], json: Any = None) -> Answer:
    """Ask with these headers alone."""
    async with server.http.request(method, server.url + path, headers=headers, json=json) as response:
        return await answer_of(response)


async def test_cookie_lets_in_over_every_transport() -> None:
    """A page whose origin is allowed is let in by its cookie: by Socket.IO's two transports, `/ws`, a stream, HTTP."""
    async with running(cookies()) as server:
        headers = sent(token("ana", "guia"))
        polling = await server.connect(headers=dict(headers), transports=["polling"])  # which takes it apart
        listener = await server.connect(headers=dict(headers))
        async with (
            plain_socket(server.url, headers=headers) as socket,
            event_stream(server.url, headers=headers) as stream,
        ):
            await server.notify({"type": "test", "audience": {"users": ["ana"]}})
            for client in (polling, listener, socket, stream):
                assert client.of("ns:hello")[0]["user"] == "ana"
                assert len(await client.wait(1)) == 1
        answer = await asked(server, "GET", "/v1/inbox", headers)
        assert answer.body["counts"]["unread"] == 1
        answer = await asked(server, "POST", "/v1/inbox/read", headers, {"all": True})
        assert answer.body["counts"]["unread"] == 0


async def test_cookie_of_an_administrator_publishes() -> None:
    """An administrator's cookie publishes and looks, by the fast way of a publish as by any other."""
    async with running(cookies()) as server:
        headers = sent(token("root", "admin"))
        assert (await asked(server, "POST", "/notify", headers, {"type": "test"})).status == 200
        assert (await asked(server, "GET", "/v1/users", headers)).status == 200
        session = await asked(server, "GET", "/v1/session", headers)
        assert (session.body["credential"], session.body["user"]) == ("token", "root")
        answer = await asked(server, "POST", "/notify", sent(token("ana")), {"type": "test"})
        assert_refused(answer, "forbidden")


@pytest.mark.parametrize("headers", [{"Origin": FOREIGN}, {}, {"Sec-Fetch-Site": "cross-site"}], ids=str)
async def test_foreign_page_makes_no_use_of_the_cookie(headers: dict[str, str]) -> None:
    """A request of another site's page does nothing in the name of whose cookie the browser sends (CSRF)."""
    async with running(cookies()) as server:
        await server.notify({"type": "test", "audience": {"users": ["root"]}})
        forged = {"Cookie": f"{NAME}={token('root', 'admin')}", **headers}
        for method, path, json in (
            ("POST", "/notify", {"type": "test"}),
            ("POST", "/v1/inbox/read", {"all": True}),
            ("POST", "/v1/tickets", None),
            ("GET", "/v1/inbox", None),
            ("GET", "/v1/users", None),
        ):
            answer = await asked(server, method, path, forged, json)
            assert_refused(answer, "origin_not_allowed")
        assert await stream_code(server, {}, **forged) == "origin_not_allowed"
        if "Origin" not in headers:  # every browser sends one with the handshake of a WebSocket
            assert await socket_code(server, {}, forged) == "origin_not_allowed"
        with pytest.raises(socketio.exceptions.ConnectionError):
            await server.connect(headers=forged)
        assert server.core.broker.head().seq == 1
        assert (await get(server, "/v1/inbox", token("root", "admin")))["counts"]["unread"] == 1


async def test_what_is_shown_counts_before_the_cookie() -> None:
    """A token or a key that a client shows itself counts, whosever cookie comes with it, from wherever."""
    async with running(cookies()) as server:
        headers = sent(token("ana"), origin=None)
        own = {**headers, "Authorization": f"Bearer {token('bea')}"}
        async with (
            plain_socket(server.url, headers=own) as by_header,
            plain_socket(server.url, {"ticket": await ticket(server, token("bea"))}, headers) as by_ticket,
        ):
            assert [one.frames[0]["user"] for one in (by_header, by_ticket)] == ["bea", "bea"]
        listener = await server.connect({"token": token("bea")}, headers=headers)
        assert listener.of("ns:hello")[0]["user"] == "bea"
        publisher = await server.connect({"key": PUBLISH_KEY}, headers=headers)
        assert publisher.of("ns:hello")[0]["user"] is None
        answer = await asked(
            server, "POST", "/notify", {**headers, "Authorization": f"Bearer {PUBLISH_KEY}"}, {"type": "test"}
        )
        assert answer.status == 200


async def test_cookie_is_taken_once_it_is_named() -> None:
    """No cookie is a credential until one is named, which counts at once in a server that runs."""
    async with running(secured()) as server:
        headers = sent(token("ana"), server.url)
        assert_refused(await asked(server, "GET", "/v1/inbox", headers), "unauthorized")
        server.app[RELOADING].apply(secured(token_cookie=NAME))
        assert (await asked(server, "GET", "/v1/inbox", headers)).status == 200
        client = python_client()
        server.clients.append(client)
        await client.connect(server.url, headers=headers, transports=["websocket"])
        server.app[RELOADING].apply(secured())
        assert_refused(await asked(server, "GET", "/v1/inbox", headers), "unauthorized")


async def test_cookie_that_was_revoked_or_is_over_is_refused() -> None:
    """A cookie's token is checked as any: for its end, its signature, and revocations."""
    async with running(cookies()) as server:
        over, ana = token("ana", exp=1), token("ana")
        assert_refused(await asked(server, "GET", "/v1/inbox", sent(over)), "token_expired")
        assert_refused(await asked(server, "GET", "/v1/inbox", sent(f"{ana[:-4]}AAAA")), "invalid_token")
        await post(server, "/v1/users/ana/disconnect", token=PUBLISH_KEY)
        assert_refused(await asked(server, "GET", "/v1/inbox", sent(ana)), "token_revoked")
        assert await socket_code(server, {}, sent(ana)) == "token_revoked"
