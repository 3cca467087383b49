"""Types that the catalogue does not have: refused with the way to have them, or let pass."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import orjson
import pytest

from sio_server.app import RELOADING
from sio_server.auth import Scope
from sio_server.config import Config
from sio_server.core.strangers import MAX_TOLD
from tests.support.asking import ask
from tests.support.keys import add
from tests.support.logged import logging_to_stderr
from tests.support.servers import PUBLISH_KEY, REFUSING, running, secured, token

ALLOWING = secured(unknown_types="allow")


@pytest.mark.parametrize(
    ("settings", "allowed"),
    [
        ({"dev": True}, True),
        ({"dev": True, "unknown_types": "refuse"}, False),
        ({"unknown_types": "allow"}, True),
        ({}, False),
    ],
)
def test_development_allows_them_unless_it_is_told(settings: dict[str, Any], allowed: bool) -> None:  # noqa: FBT001
    """Unknown types pass in development mode, and where the setting says so."""
    config = Config(**settings) if settings.get("dev") else secured(**settings)
    assert config.allows_unknown_types is allowed


@pytest.mark.parametrize(("language", "words"), [("en", "--catalog FILE"), ("es", "--catalog FICHERO")])
async def test_refusal_says_how_to_add_the_type(language: str, words: str) -> None:
    """The reply holds a type that can be written into a file as it stands, and says where it goes."""
    async with running(secured()) as server:
        status, reply = await server.notify({"type": "pedido.listo"}, **{"Accept-Language": language})
    assert (status, reply["code"]) == (422, "unknown_type")
    said, _, lines = reply["mend"].partition("\n\n")
    assert words in said
    assert "SIGHUP" in said
    assert tomllib.loads(lines)["types"] == {
        "pedido.listo": {"title": "Pedido listo", "audience": {"roles": ["admin"]}}
    }


async def test_refusal_of_a_server_with_a_file_needs_no_restart(tmp_path: Path) -> None:
    """A server that has a file says that the type goes there, and names no path of its machine."""
    file = tmp_path / "mine.toml"
    file.write_text("[types.other]\n", "utf-8")
    async with running(secured(catalog=file)) as server:
        _, reply = await server.notify({"type": "pedido"})
        assert reply["mend"].startswith("Add the type to the file that SIO_SERVER_CATALOG")
        assert str(tmp_path) not in str(reply)
        file.write_text(file.read_text("utf-8") + reply["mend"].partition("\n\n")[2], "utf-8")
    async with running(secured(catalog=file)) as server:
        assert (await server.notify({"type": "pedido"}))[0] == 200


async def test_allowed_one_reaches_administrators_and_whom_its_publisher_names() -> None:
    """An unknown type goes to the administrators, and to the stated audience beside them; its text is its name."""
    async with running(ALLOWING) as server:
        admin = await server.connect({"token": token("a", "admin")})
        ana = await server.connect({"token": token("ana", "turista")})
        first = await server.notify({"type": "pedido_listo"})
        second = await server.notify(
            {"type": "pedido_listo", "message": "x", "audience": {"users": ["ana"], "except": {"users": ["z"]}}}
        )
        assert [event["message"] for event in await admin.wait(2)] == ["Pedido listo", "x"]
        assert [event["message"] for event in await ana.wait(1)] == ["x"]
        listed = await ask(server, "GET", "/v1/notifications", token=PUBLISH_KEY)
        shown = await ask(server, "GET", "/v1/catalog", token=PUBLISH_KEY)
    assert first[0] == second[0] == 200
    assert "sio-server catalog new pedido_listo" in first[1]["warnings"][0]
    assert [item["audience"]["users"] for item in listed.body["items"]] == [["ana"], []]
    assert [item["audience"]["except"]["users"] for item in listed.body["items"]] == [["z"], []]
    assert "pedido_listo" not in {kind["type"] for kind in shown.body["types"]}


async def test_misspelt_one_is_told_of_in_the_readers_language() -> None:
    """The nearest known type stays a warning where a misspelt one passes."""
    async with running(ALLOWING) as server:
        _, reply = await server.notify({"type": "reserva_creda"}, **{"Accept-Language": "es"})
    assert "¿Quizá 'reserva_creada'?" in reply["warnings"][0]


@pytest.mark.parametrize("name", ["Pedido", "ns:pedido", "connect", "", "a" * 65])
async def test_name_has_to_be_one_all_the_same(name: str) -> None:
    """What can be no name of a type is refused whatever is allowed."""
    async with running(ALLOWING) as server:
        status, reply = await server.notify({"type": name})
    assert (status, reply["code"]) == (422, "invalid_data")


async def test_preview_and_batch_are_like_the_publish() -> None:
    """A preview says whom it would reach and warns; in a batch such an item passes with its warning."""
    async with running(ALLOWING) as server:
        preview = await ask(server, "POST", "/v1/audience/preview", json={"type": "pedido"}, token=PUBLISH_KEY)
        batch = await ask(server, "POST", "/v1/notifications/batch", json=[{"type": "pedido"}], token=PUBLISH_KEY)
    assert preview.body["audience"]["roles"] == ["admin"]
    assert preview.body["message"] == "Pedido"
    assert preview.body["warnings"] == batch.body["results"][0]["warnings"]
    assert "pedido" in preview.body["warnings"][0]


async def test_metrics_do_not_grow_with_invented_names() -> None:
    """All unknown types are one series of the metrics."""
    async with running(ALLOWING) as server:
        for number in range(3):
            await server.notify({"type": f"invented_{number}"})
        text = (await ask(server, "GET", "/metrics", token=PUBLISH_KEY)).body
    assert 'type="(unknown)"' in text
    assert "invented" not in text


async def test_log_tells_of_each_once_and_of_no_more_than_some(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each name, once, until there are too many; then one that says so."""
    with logging_to_stderr("json", "warning"):
        async with running(ALLOWING) as server:
            for number in range(MAX_TOLD + 5):
                for _ in range(2):
                    await server.notify({"type": f"invented_{number}"})
    lines = [orjson.loads(line) for line in capsys.readouterr().err.splitlines() if "unknown" in line]
    told = [line["type"] for line in lines if line["event"] == "unknown type let pass"]
    # The log itself leaves out what would be too many lines of a kind.
    assert 1 < len(told) <= MAX_TOLD
    assert told == [f"invented_{number}" for number in range(len(told))]
    assert lines[-1]["event"] == "further unknown types are not told of"


async def test_scope_of_a_key_counts_for_them(tmp_path: Path) -> None:
    """A key publishes unknown types of its patterns, and reaches by them whom it may and nobody else."""
    bookings = add(tmp_path, "bookings", Scope(types=("reserva_*",)))
    tourists = add(tmp_path, "tourists", Scope(roles=("turista",)))
    async with running(secured(unknown_types="allow", data_dir=tmp_path)) as server:
        assert (await server.notify({"type": "reserva_x"}, key=bookings))[0] == 200
        status, reply = await server.notify({"type": "pago_x"}, key=bookings)
        assert (status, reply["code"]) == (403, "forbidden_scope")
        status, reply = await server.notify({"type": "x"}, key=tourists)
        assert (status, reply["code"]) == (403, "forbidden_scope")
        status, reply = await server.notify({"type": "x", "audience": {"roles": ["turista", "guia"]}}, key=tourists)
        assert (status, reply["code"]) == (403, "forbidden_scope")
        assert (await server.notify({"type": "x", "audience": {"roles": ["turista"]}}, key=tourists))[0] == 200
        listed = await ask(server, "GET", "/v1/notifications", token=PUBLISH_KEY)
    assert [item["audience"]["roles"] for item in listed.body["items"]] == [["turista"], ["admin"]]


async def test_setting_counts_at_once() -> None:
    """The setting may be changed while the server runs."""
    async with running(REFUSING) as server:
        assert (await server.notify({"type": "pedido"}))[0] == 422
        reloading = server.app[RELOADING]
        changes = reloading.apply(Config(broker="memory:", dev=True))
        assert changes.applied == ("unknown_types",)
        assert (await server.notify({"type": "pedido"}))[0] == 200
