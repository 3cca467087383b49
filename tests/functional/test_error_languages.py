"""What is refused is told in the language that a connection speaks now, over every transport."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from tests.support.clients import PlainSocket, plain_socket, refused
from tests.support.events import event_stream
from tests.support.servers import PUBLISH_KEY, Listener, Server, running, secured, token
from tests.support.waiting import until

Say = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

ENGLISH, SPANISH = "Nothing is here", "Aquí no hay nada"
GREETING: dict[str, Any] = {
    "type": "test",
    "message": "Hola",
    "audience": {"all": True},
    "texts": {"en": {"message": "Hello"}, "pt": {"message": "Oi"}},
}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Give a server with secrets."""
    async with running(secured()) as made:
        yield made


def over_socketio(listener: Listener) -> Say:
    """Says something over Socket.IO and returns the acknowledgement."""

    async def say(event: str, body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await listener.client.call(event, body)
        return answer

    return say


def over_ws(client: PlainSocket) -> Say:
    """Says something over a plain WebSocket and returns the reply."""

    async def say(event: str, body: dict[str, Any]) -> dict[str, Any]:
        count = len(client.of("ns:reply"))
        await client.socket.send_json({"type": event, **body})
        await until(lambda: len(client.of("ns:reply")) > count, "the reply", client.moves)
        return client.of("ns:reply")[count]

    return say


async def refusal(say: Say) -> str:
    """What a connection is told that answers a notification which there is not."""
    answer = await say("ns:act", {"id": "00000000-0000-7000-8000-000000000000", "action": "a"})
    assert answer["error"]["code"] == "not_found", answer
    told: str = answer["error"]["title"]
    return told


async def said_by(server: Server, say: Say) -> None:
    """Walk one connection, which came with a token in Spanish and no wish, through every way to another language."""
    assert await refusal(say) == SPANISH
    english = await say("ns:auth", {"token": token("ana", locale="en-GB")})
    assert (english["locale"], await refusal(say)) == ("en-GB", ENGLISH)
    unsaid = await say("ns:auth", {"token": token("ana")})
    assert (unsaid["locale"], await refusal(say)) == ("en-GB", ENGLISH)
    await server.notify(GREETING)
    assert (await say("ns:locale", {"locale": "es-PE"}))["locale"] == "es-PE"
    assert await refusal(say) == SPANISH
    wished = await say("ns:auth", {"token": token("ana", locale="en")})
    assert (wished["locale"], await refusal(say)) == ("es-PE", SPANISH)
    await say("ns:locale", {"locale": "pt"})
    assert await refusal(say) == SPANISH
    await server.notify(GREETING)


@pytest.mark.parametrize("protocol", ["socketio", "ws"])
async def test_errors_follow_the_language(server: Server, protocol: str) -> None:
    """The handshake, the token, a newer token and a wish change the language of notifications and errors alike."""
    claims = token("ana", locale="es-ES")
    if protocol == "socketio":
        listener = await server.connect({"token": claims})
        await said_by(server, over_socketio(listener))
        told = await listener.wait(2)
    else:
        async with plain_socket(server.url, {"token": claims}) as client:
            await said_by(server, over_ws(client))
            told = await client.wait(2)
    assert [one["message"] for one in told] == ["Hello", "Oi"]


async def test_wish_at_the_handshake_holds(server: Server) -> None:
    """A language that was asked for at the handshake is kept, whatever the token says then or later."""
    listener = await server.connect({"token": token("ana", locale="es"), "locale": "en"})
    async with plain_socket(server.url, {"token": token("ana", locale="es"), "locale": "en"}) as client:
        for say in (over_socketio(listener), over_ws(client)):
            answer = await say("ns:auth", {"token": token("ana", locale="es")})
            assert (answer["locale"], await refusal(say)) == ("en", ENGLISH)


async def test_where_we_write_no_errors_in_it(server: Server) -> None:
    """Who speaks a language that errors are not written in gets them as the browser would rather have them."""
    query, header = {"token": token("ana"), "locale": "fr"}, {"Accept-Language": "fr,es;q=0.5"}
    async with plain_socket(server.url, query, header) as client, plain_socket(server.url, query) as other:
        assert [one.of("ns:hello")[0]["locale"] for one in (client, other)] == ["fr", "fr"]
        assert (await refusal(over_ws(client)), await refusal(over_ws(other))) == (SPANISH, ENGLISH)


async def test_publishing_over_socketio_is_refused_in_it(server: Server) -> None:
    """A publish over a connection, what it warns of and what no version knows are told in its language of now."""
    say = over_socketio(await server.connect({"key": PUBLISH_KEY, "locale": "es"}))
    first = await say("notify", {"type": "nosuch"})
    warned = await say("notify", {"type": "test", "nosuch": 1})
    await say("ns:locale", {"locale": "en"})
    second = await say("notify", {"type": "nosuch"})
    assert (first["error"]["title"], second["error"]["title"]) == ("Tipo de evento desconocido", "Unknown event type")
    assert "se ignoró" in warned["warnings"][0], warned
    unknown = await say("ns:nosuch", {})
    assert unknown["error"]["title"] == "Not supported by this version"


async def test_who_is_not_let_in_is_told_in_the_tokens_language() -> None:
    """A connection that is refused once its token is known is told why in that token's language."""
    mine = token("ana", locale="es")
    async with running(secured(connections_per_user=1)) as server, plain_socket(server.url, {"token": mine}):
        async with (
            plain_socket(server.url, {"token": mine}) as second,
            event_stream(server.url, {"token": mine}) as stream,
        ):
            await until(lambda: stream.ended, "the end", stream.moves)
            for client in (second, stream):
                assert client.of("ns:closing")[0]["error"]["title"] == "Demasiadas peticiones"
        error = (await refused(server.url, {"token": mine}))["data"]
        assert error["title"] == "Demasiadas peticiones"
