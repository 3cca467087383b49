"""Notifications in each reader's language, end to end: live, replayed, in the inbox, over every transport."""

from __future__ import annotations

import shlex
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sio_server.client import enviar_notificacion
from sio_server.testing import recording
from tests.conftest import Node
from tests.support.asking import ask, get
from tests.support.clients import javascript_client, plain_socket
from tests.support.documents import Document
from tests.support.events import event_stream
from tests.support.recovering import StockClient, recovering
from tests.support.servers import PUBLISH_KEY, ROOT, SECRET, Server, lasting_token, program, running, secured, token
from tests.support.waiting import until

SEVERAL: dict[str, Any] = {
    "type": "test",
    "message": "Hola",
    "texts": {"en": {"title": "Greeting", "message": "Hello"}, "pt-BR": {"message": "Oi"}},
    "actions": [{"id": "si", "label": {"es": "Sí", "en": "Yes"}}],
    "audience": {"all": True},
}
SPOKEN = {"es": "Hola", "en-GB": "Hello", "pt": "Oi", "fr": "Hola"}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Give a server with secrets."""
    async with running(secured()) as made:
        yield made


async def test_each_reader_gets_the_own_language(server: Server) -> None:
    """Over every transport a connection gets title, message and labels in its language, and the rest as it is."""
    listeners = {tag: await server.connect({"token": token("ana"), "locale": tag}) for tag in SPOKEN}
    async with (
        plain_socket(server.url, {"token": token("bea"), "locale": "en"}) as plain,
        plain_socket(server.url, {"token": token("bea")}) as old,
        event_stream(server.url, {"token": token("cid"), "locale": "pt-BR"}) as stream,
    ):
        assert plain.of("ns:hello")[0]["locale"] == "en"
        await server.notify(SEVERAL)
        await server.notify({"type": "test", "message": "Igual", "audience": {"all": True}})
        for tag, listener in listeners.items():
            first, second = await listener.wait(2)
            assert (first["message"], second["message"]) == (SPOKEN[tag], "Igual")
            assert listener.of("ns:hello")[0]["locale"] == tag
        english, spanish = (listeners[tag].notifications[0] for tag in ("en-GB", "es"))
        assert (english["title"], spanish["title"]) == ("Greeting", None)
        assert [one["actions"][0]["label"] for one in (english, spanish)] == ["Yes", "Sí"]
        assert {name for name in english if english[name] != spanish[name]} == {"title", "message", "actions"}
        for client, message in ((plain, "Hello"), (old, "Hola"), (stream, "Oi")):
            assert [one["message"] for one in await client.wait(2)] == [message, "Igual"]


async def test_excepted_and_several_rooms(server: Server) -> None:
    """With several rooms and somebody left out, everybody else gets it once and in the own language."""
    people = {
        name: await server.connect({"token": token(name, role), "locale": locale})
        for name, role, locale in (
            ("ana", "turista", "en"),
            ("bea", "guia", "es"),
            ("cid", "guia", "en"),
            ("eva", "turista", "pt"),
        )
    }
    body = {**SEVERAL, "audience": {"roles": ["turista", "guia"], "users": ["ana"], "except": {"users": ["cid"]}}}
    await server.notify(body)
    await server.notify({**body, "audience": {"roles": ["turista", "guia"]}})
    await server.notify({**body, "audience": {"roles": ["guia"], "except": {"users": ["bea"]}}})
    expected = {"ana": ["Hello"] * 2, "bea": ["Hola"] * 2, "cid": ["Hello"] * 2, "eva": ["Oi"] * 2}
    for name, messages in expected.items():
        assert [one["message"] for one in await people[name].wait(2)] == messages
    await server.notify({"type": "test", "message": "fin", "audience": {"all": True}})
    for client in people.values():
        await until(lambda client=client: client.notifications[-1]["message"] == "fin", "the last one")  # type: ignore[misc]
        assert len(client.notifications) == 3


async def test_language_is_the_tokens_or_the_browsers(server: Server) -> None:
    """Without a wish the token's claim counts, else the browser's header, else the server's language; it can change."""
    by_token = await server.connect({"token": token("ana", locale="en-US")})
    assert by_token.of("ns:hello")[0]["locale"] == "en-US"
    async with plain_socket(
        server.url, {"token": token("bea")}, {"Accept-Language": "fr-FR,fr;q=0.9,en;q=0.8"}
    ) as plain:
        assert plain.of("ns:hello")[0]["locale"] == "en"
        await server.notify(SEVERAL)
        assert (await plain.wait(1))[0]["message"] == "Hello"
        await plain.socket.send_json({"type": "ns:locale", "locale": "PT_br", "id": 1})
        await until(lambda: plain.of("ns:reply"), "the reply")
        assert plain.of("ns:reply")[0]["locale"] == "pt-BR"
        assert await by_token.client.call("ns:locale", {"locale": "es"}) == {"ok": True, "locale": "es"}
        refused = await by_token.client.call("ns:locale", {"locale": "!"})
        assert (refused["error"]["code"], refused["error"]["errors"][0]["field"]) == ("invalid_data", "locale")
        await server.notify(SEVERAL)
        assert (await plain.wait(2))[1]["message"] == "Oi"
        assert [one["message"] for one in await by_token.wait(2)] == ["Hello", "Hola"]


async def test_catalogue_speaks_to_each(server: Server) -> None:
    """A message that a publisher leaves out is the catalogue's in the language of each connection and each request."""
    english = await server.connect({"token": token("7"), "locale": "en"})
    spanish = await server.connect({"token": token("7"), "locale": "es"})
    data = {"usuario_id": 7, "tour_nombre": "Lima", "reserva_id": 1}
    await server.notify({"type": "reserva_creada", "data": data, "audience": {"users": ["7"]}})
    messages = [(await one.wait(1))[0]["message"] for one in (english, spanish)]
    assert messages[0] != messages[1]
    for asked, message in (("en", messages[0]), ("es-PE", messages[1])):
        page = await get(server, f"/v1/inbox?locale={asked}", token("7"))
        assert [item["message"] for item in page["items"]] == [message]
    (item,) = (await get(server, "/v1/inbox", token("7", locale="en")))["items"]
    assert item["message"] == messages[0]
    (record,) = (await get(server, "/v1/notifications", PUBLISH_KEY))["items"]
    assert (record["message"], record["texts"]["en"]["message"]) == (messages[1], messages[0])
    found = await get(server, f"/v1/notifications?q={messages[0].split()[-1]}", PUBLISH_KEY)
    assert len(found["items"]) == 1


async def test_away_and_killed(tmp_path: Path, node: Node) -> None:
    """After a kill whoever was away catches up in the own language, by cursor and by Socket.IO's own recovery."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    key, ana = {"Authorization": f"Bearer {PUBLISH_KEY}"}, lasting_token("ana")
    place = str(tmp_path / "data")
    async with aiohttp.ClientSession() as http:
        async with program("--data-dir", place, env=env) as server:
            async with plain_socket(server.url, {"token": ana}) as client:
                cursor = client.frames[0]["cursor"]
            for _ in range(2):
                async with http.post(f"{server.url}/notify", json=SEVERAL, headers=key) as answer:
                    assert answer.status == 200
            await server.stop(signal.SIGKILL)
        async with program("--data-dir", place, env=env) as server:
            for locale, message in SPOKEN.items():
                query = {"token": ana, "cursor": cursor, "locale": locale}
                async with plain_socket(server.url, query) as plain, event_stream(server.url, query) as stream:
                    for told in (await plain.wait(2), await stream.wait(2)):
                        assert [one["message"] for one in told] == [message] * 2
                auth = {"token": ana, "cursor": cursor, "locale": locale}
                async with javascript_client(node.binary, server.url, auth=auth) as stock:
                    assert [one["message"] for one in await stock.wait(2)] == [message] * 2


async def test_changed_words_are_in_every_language(server: Server) -> None:
    """Who changes words has them in each language, live, in the inbox and caught up on; the rest stays as it was."""
    reader = await server.connect({"token": token("ana"), "locale": "en"})
    cursor = reader.of("ns:hello")[0]["cursor"]
    _, accepted = await server.notify(SEVERAL)
    path = f"/v1/notifications/{accepted['id']}"

    async def change(**given: Any) -> None:
        answer = await ask(server, "PATCH", path, token=PUBLISH_KEY, json=given)
        assert answer.status == 200, answer

    await change(texts={"en": {"message": "Bye"}, "pt": {"message": "Tchau"}}, message="Adiós")
    await change(link="/x")
    await until(lambda: len(reader.of("ns:updated")) == 2, "the changes", reader.moves)
    told = reader.of("ns:updated")[-1]
    assert (told["title"], told["message"], told["link"], told["actions"][0]["label"]) == (None, "Bye", "/x", "Yes")
    for locale, message in (("pt-BR", "Tchau"), ("es", "Adiós"), ("en", "Bye")):
        (item,) = (await get(server, f"/v1/inbox?locale={locale}", token("ana")))["items"]
        assert (item["message"], item["link"]) == (message, "/x")
        async with plain_socket(server.url, {"token": token("ana"), "cursor": cursor, "locale": locale}) as plain:
            await until(lambda plain=plain: plain.of("ns:updated"), "the change", plain.moves)  # type: ignore[misc]
            assert plain.of("ns:updated")[0]["notification"]["message"] == message
    await change(texts=None)
    (item,) = (await get(server, "/v1/inbox?locale=en", token("ana")))["items"]
    assert (item["message"], item["actions"][0]["label"]) == ("Adiós", "Yes")


async def test_what_was_said_before_is_in_every_language(server: Server) -> None:
    """The history has what was said before in every language, and alone in the one that is asked for."""
    _, accepted = await server.notify({**SEVERAL, "collapse_key": "k"})
    path = f"/v1/notifications/{accepted['id']}"
    await ask(server, "PATCH", path, token=PUBLISH_KEY, json={"message": "Adiós", "texts": {"en": {"message": "Bye"}}})
    await ask(server, "PATCH", path, token=PUBLISH_KEY, json={"texts": None})
    await ask(server, "DELETE", path, token=PUBLISH_KEY)
    spoken = {
        "": [("Hola", "Hello"), ("Adiós", "Bye"), ("Adiós", None)],
        "?locale=en_GB": [("Hello", None), ("Bye", None), ("Adiós", None)],
        "?locale=pt": [("Oi", None), ("Adiós", None), ("Adiós", None)],
        "?locale=!": [("Hola", "Hello"), ("Adiós", "Bye"), ("Adiós", None)],
    }
    for query, expected in spoken.items():
        items = (await get(server, f"{path}/history{query}", PUBLISH_KEY))["items"]
        before = [one["before"] for one in items if one["before"] is not None]
        said = [(one["message"], one.get("texts", {}).get("en", {}).get("message")) for one in before]
        assert said == expected, query
    record = await get(server, path, PUBLISH_KEY)
    assert (record["status"], record["message"], record["texts"]["en"]["actions"][0]["label"]) == (
        "retracted",
        "Adiós",
        "Yes",
    )


async def test_old_clients_over_every_transport(server: Server, node: Node) -> None:
    """Who knows of no language gets the server's over every transport, with no member that it would not get without."""
    mine = token("ana")
    async with (
        javascript_client(node.binary, server.url, auth={"token": mine}) as stock,
        plain_socket(server.url, {"token": mine}) as plain,
        event_stream(server.url, {"token": mine}) as stream,
    ):
        await server.connect({"token": token("bea"), "locale": "pt"})
        await server.notify({**SEVERAL, "texts": None})
        await server.notify(SEVERAL)
        for client in (stock, plain, stream):
            without, told = await client.wait(2)
            assert (told["message"], told["title"], told["actions"][0]["label"]) == ("Hola", None, "Sí")
            assert told.keys() == without.keys()


async def test_page_about_languages(tmp_path: Path) -> None:
    """What docs/languages.md shows is a catalogue, a body that is taken, and a call of the client."""
    page = Document.read(ROOT / "docs" / "languages.md")
    catalog = tmp_path / "types.toml"
    catalog.write_text(page.fence("toml", "tour_cambiado"), "utf-8")
    async with running(secured(catalog=catalog)) as server:
        reader = await server.connect({"token": token("7"), "locale": "pt-BR"})
        await server.notify({"type": "tour_cambiado", "data": {"usuario_id": 7, "tour": "Lima"}})
        await server.notify(shlex.split(page.fence("sh", "texts"))[-1].encode())
        assert [one["message"] for one in await reader.wait(2)] == ["Seu passeio para Lima mudou", "Oi"]
    with recording() as recorded:
        exec(page.fence("python", "texts"), {"enviar_notificacion": enviar_notificacion})  # noqa: S102 - the page's own
        assert [one.message for one in recorded] == ["Hola"]


async def test_missing_translations_are_counted(server: Server) -> None:
    """A language that is listened to and in which nothing is, and one that lacks a part, are counted by language."""
    await server.connect({"token": token("ana"), "locale": "fr-FR"})
    await server.connect({"token": token("bea"), "locale": "en"})
    await server.notify({**SEVERAL, "actions": None})
    await server.notify({"type": "test", "message": "Igual", "audience": {"all": True}})
    text = await get(server, "/metrics", PUBLISH_KEY)
    counted = {line for line in text.splitlines() if line.startswith("sio_server_translations_missing_total")}
    assert counted == {
        'sio_server_translations_missing_total{locale="fr"} 1.0',
        'sio_server_translations_missing_total{locale="pt"} 1.0',
    }


@pytest.mark.parametrize(("locale", "message"), [("en", "Hello"), ("es", "Hola")])
async def test_stock_client_recovers_in_its_language(server: Server, node: Node, locale: str, message: str) -> None:
    """A connection that Socket.IO itself restores gets what it missed in its language."""
    mine = token("123", "turista", locale=locale)
    async with recovering("stock", server.url, mine, node) as client:
        await server.notify(SEVERAL)
        await until(lambda: client.notifications, "the first one", client.moves)
        await client.cut()
        for _ in range(2):
            await server.notify(SEVERAL)
        await client.back()
        await until(lambda: len(client.notifications) == 3, "all of them", client.moves)
        assert isinstance(client, StockClient)
        assert client.connects[-1]["recovered"] is True
        assert [(one["message"], one["replayed"]) for one in client.notifications] == [
            (message, False),
            (message, True),
            (message, True),
        ]
