"""Whom a notification would reach, asked before it is published."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.support.asking import ask, assert_refused, get, post
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token

PATH = "/v1/audience/preview"


async def preview(server: Server, **body: Any) -> Any:
    """What is answered to a publisher key."""
    return await post(server, PATH, {"type": "test", **body}, PUBLISH_KEY)


async def test_audience_of_the_catalogue_is_filled_in() -> None:
    """Without an audience the type's is resolved with the data, and tells who is known and who is here."""
    async with running(secured()) as server:
        await server.connect({"token": token("eva", "admin")})
        await server.connect({"token": token("123", "turista")})
        await server.connect({"token": token("123", "turista")})
        await get(server, "/v1/inbox", token("leo", "admin"))  # known, and not here
        found = await preview(server, type="reserva_creada", data={"usuario_id": 123, "tour_nombre": "Colca"})
        stored = await get(server, "/v1/notifications", PUBLISH_KEY)

    assert found == {
        "audience": {"roles": ["admin"], "users": ["123"], "topics": [], "all": False, "except": {"users": []}},
        "users": 3,
        "first": [{"user": "123", "online": True}, {"user": "eva", "online": True}, {"user": "leo", "online": False}],
        "online": {"users": 2, "sockets": 3},
        "missing": [],
        "warnings": [],
        "title": None,
        "message": "Reserva de Colca creada",
        "priority": "high",
        "texts": {"en": {"message": "Booking of Colca created"}},
    }
    assert stored["items"] == []


async def test_incomplete_data_are_told_and_no_error() -> None:
    """What the catalogue's audience lacks is named, with a warning in the reader's language; the rest counts."""
    body = {"type": "reserva_creada", "data": {}, "colour": "red"}
    async with running(secured()) as server:
        answer = await ask(server, "POST", PATH, json=body, token=PUBLISH_KEY, language="es")

    assert (answer.status, answer.body["missing"]) == (200, ["usuario_id"])
    assert answer.body["audience"]["users"] == []
    assert any("data.usuario_id" in warning and "falta" in warning for warning in answer.body["warnings"])
    assert any("colour" in warning for warning in answer.body["warnings"])


async def test_audience_of_nobody_reaches_nobody(tmp_path: Path) -> None:
    """A type whose whole audience is for a field that is absent reaches nobody, and that is no error either."""
    catalogue = tmp_path / "events.toml"
    catalogue.write_text(
        '[types.saludo]\ntitle = {es = "Hola", en = "Hello"}\nmessage = {es = "Hola", en = "Hello"}\n'
        'description = {es = "Saluda", en = "Greets"}\naudience = {users = ["{usuario_id}"]}\n'
        'data = {usuario_id = "id"}\n'
    )
    async with running(secured(catalog=catalogue)) as server:
        await server.connect({"token": token("eva", "admin")})
        found = await preview(server, type="saludo")

    assert (found["users"], found["online"], found["missing"]) == (0, {"users": 0, "sockets": 0}, ["usuario_id"])


async def test_given_audience_counts_before_the_catalogues() -> None:
    """An audience that is given is the one that is counted, less whom it leaves out."""
    async with running(secured()) as server:
        for user in ("1", "2", "3"):
            await server.connect({"token": token(user, "turista")})
        found = await preview(server, audience={"roles": ["turista"], "users": ["9"], "except": {"users": ["2"]}})

    assert (found["users"], found["online"]) == (3, {"users": 2, "sockets": 2})
    assert found["audience"]["except"] == {"users": ["2"]}


async def test_connections_without_a_name_are_sockets_and_no_users() -> None:
    """In development a connection that says no name is counted as a socket alone."""
    async with running() as server:
        for _ in range(2):
            await server.connect({"role": "admin"})
        found = await post(server, PATH, {"type": "test", "audience": {"roles": ["admin"]}})

    assert found["online"] == {"users": 0, "sockets": 2}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"type": "tst"}, "unknown_type"),
        ({"type": "test", "audience": {}}, "invalid_audience"),
        ({"type": "reserva_creada", "data": {"usuario_id": []}}, "invalid_data"),
        ({"type": "test", "message": "x" * 3000}, "payload_too_large"),
        ([], "invalid_data"),
    ],
)
async def test_what_could_not_be_published_is_refused_alike(body: object, code: str) -> None:
    """What POST /notify would refuse for its type, its data or its size is refused here with the same code."""
    async with running(secured(max_body=2048)) as server:
        answer = await ask(server, "POST", PATH, json=body, token=PUBLISH_KEY)
        status, reply = await server.notify(body)

    assert_refused(answer, code)
    assert (status, reply["code"]) == (answer.status, code)


@pytest.mark.parametrize(
    "body",
    [
        {"type": "reserva_creada", "data": {"usuario_id": 7}},
        {"type": "reserva_creada", "data": {"usuario_id": 7, "tour_nombre": "Colca"}},
        {"type": "reserva_creada", "data": {"usuario_id": 7}, "title": "Ojo", "message": "", "priority": "low"},
        {"type": "test", "message": "Hola {nombre}", "data": {"nombre": "Ana"}},
        {"type": "test", "message": "Hola", "texts": {"en": {"title": "T", "message": "Hi"}, "pt-br": {"title": "O"}}},
    ],
)
async def test_texts_are_those_that_are_then_published(body: dict[str, Any]) -> None:
    """Title, message and priority of a preview, in all languages, are what the same request is stored with."""
    async with running(secured()) as server:
        found = await preview(server, **body)
        await server.notify(body)
        (stored,) = (await get(server, "/v1/notifications", PUBLISH_KEY))["items"]

    assert [found.get(name) for name in ("title", "message", "priority", "texts")] == [
        stored.get(name) for name in ("title", "message", "priority", "texts")
    ]


async def test_first_users_are_named_and_all_are_counted() -> None:
    """Of many users the first by name are told one by one, in order."""
    names = [f"u{number:03}" for number in range(60)]
    async with running(secured()) as server:
        found = await preview(server, audience={"users": names, "except": {"users": ["u000"]}})

    assert (found["users"], [one["user"] for one in found["first"]]) == (59, names[1:51])


async def test_preview_is_for_operators() -> None:
    """Who may not look at the server learns of nobody's presence."""
    async with running(secured()) as server:
        assert_refused(await ask(server, "POST", PATH, json={"type": "test"}), "unauthorized")
        tourist = await ask(server, "POST", PATH, json={"type": "test"}, token=token("ana", "turista"))
        admin = await ask(server, "POST", PATH, json={"type": "test"}, token=token("eva", "admin"))

    assert_refused(tourist, "forbidden")
    assert admin.status == 200
