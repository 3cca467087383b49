"""``catalog``: the event types listed, exported, checked and added to."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from sio_server.catalog import Catalog
from sio_server.catalog.export import as_json, as_typescript
from sio_server.catalog.json_schema import json_schema
from sio_server.client.source import as_module
from tests.support.commands import assert_user_error, run
from tests.support.servers import PUBLISH_KEY, running, secured

OWN = """
[types.hotel_abierto]
title = { es = "Hotel", en = "Hotel" }
message = { es = "Abre [red]{nombre}[/red]", en = "{nombre} opens" }
description = { es = "Un hotel abre.", en = "A hotel opens." }
audience = { roles = ["turista"], except = { users = ["9"] } }
priority = "high"
data = { nombre = "string" }
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Catalog:
    """The built-in types and one more, whose file is ``own.toml`` in the directory of the test."""
    (tmp_path / "own.toml").write_text(OWN, "utf-8")
    return Catalog.load(tmp_path / "own.toml")


async def test_list_shows_every_type_and_ones_own(tmp_path: Path, catalog: Catalog) -> None:
    """A row tells type, audience, priority, fields and message, which is shown as it is written."""
    done = await run("catalog", "list", "--catalog", "own.toml", "--lang", "es", cwd=tmp_path)
    assert done.code == 0, done
    for name in catalog.types:
        assert f" {name} " in done.out
    [row] = [line for line in done.lines if "hotel_abierto" in line]
    for words in ("role:turista not user:9", "high", "nombre: string", "Abre [red]{nombre}[/red]"):
        assert words in row


async def test_export_writes_json_and_typescript(tmp_path: Path, catalog: Catalog) -> None:
    """Both formats are printed or written to a file, with the types of one's own catalogue."""
    env = {"SIO_SERVER_CATALOG": "own.toml"}
    done = await run("catalog", "export", cwd=tmp_path, env=env)
    assert json.loads(done.out) == json.loads(as_json(catalog))
    done = await run("catalog", "export", "--format", "ts", "--output", "events.ts", cwd=tmp_path, env=env)
    assert (done.code, done.out) == (0, "")
    assert (tmp_path / "events.ts").read_text("utf-8") == as_typescript(catalog)


async def test_new_shows_a_type_or_adds_it_to_a_file(tmp_path: Path) -> None:
    """A type is written as it is asked for; in a file it is added, and a name that is there already is refused."""
    asked = ("catalog", "new", "pedido_listo", "--field", "usuario_id:id", "--field", "total:float", "--field", "nota")
    done = await run(*asked, "--user", "{usuario_id}", "-m", "Pedido de {total}", cwd=tmp_path)
    assert done.lines == [
        "[types.pedido_listo]",
        'title = "Pedido listo"',
        'message = "Pedido de {total}"',
        'audience = { users = ["{usuario_id}"] }',
        'data = { usuario_id = "id", total = "number", nota = "string" }',
    ]
    (tmp_path / "mine.toml").write_text('[types.one]\ntitle = "One"', "utf-8")
    for file in ("mine.toml", "new.toml"):
        done = await run(*asked, "--to", file, cwd=tmp_path)
        assert (done.code, done.out) == (
            0,
            f"{file}: pedido_listo was added; a server that has this file takes it with SIGHUP\n",
        )
        made = await asyncio.to_thread(Catalog.load, tmp_path / file)
        assert made["pedido_listo"].data["total"] == "number"
        before = (tmp_path / file).read_text("utf-8")
        assert before.startswith("# Event types of this server" if file == "new.toml" else "[types.one]")
        assert_user_error(await run(*asked, "--to", file, cwd=tmp_path), f"{file} has a type pedido_listo already")
        assert (tmp_path / file).read_text("utf-8") == before
    done = await run("catalog", "new", "tour_creado", "--to", "new.toml", cwd=tmp_path)
    assert "It takes the place of the built-in type tour_creado." in done.out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("Pedido",), "Pedido: Must be 1 to 64 lower-case letters"),
        (("pedido", "--field", "x:money"), "pedido.data.x: Must be one of: id, string"),
        (("pedido", "--field", "a b:id"), "pedido.data.a b: Not a name"),
        (("pedido", "--user", "{x}"), "pedido.audience: {x} must be a field of data"),
        (("pedido", "--ttl", "0"), "pedido.ttl: Must be from 1"),
        (("pedido", "--to", "broken.toml"), "broken.toml: not valid TOML"),
    ],
)
async def test_new_writes_nothing_that_is_wrong(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    """A type that no server would take is refused by what is wrong with it, and no file is touched."""
    (tmp_path / "broken.toml").write_text("[types", "utf-8")
    assert_user_error(await run("catalog", "new", *arguments, cwd=tmp_path), told)
    assert (tmp_path / "broken.toml").read_text("utf-8") == "[types"


async def test_check_tells_places(tmp_path: Path) -> None:
    """Each mistake and each advice is a line with file and line number; mistakes end with an exit code of their own."""
    file = tmp_path / "mine.toml"
    file.write_text("[types.a]\nttl = 0\n\n[types.B]\n[types.tour_creado]\naudience = {}\n", "utf-8")
    done = await run("catalog", "check", "mine.toml", cwd=tmp_path)
    assert (done.code, done.lines) == (
        2,
        ["mine.toml:2: error: types.a.ttl: Must be from 1 to 315360000.", "mine.toml: errors: 1, warnings: 0"],
    )
    file.write_text('[types.a]\n\n[types.a.title]\nes = "A"\nen = "B"\n[types.b]\ntitle = {es = "C"}\n', "utf-8")
    env = {"SIO_SERVER_CATALOG": "mine.toml"}
    done = await run("catalog", "check", "--lang", "es", cwd=tmp_path, env=env)
    assert (done.code, done.lines) == (
        0,
        [
            "mine.toml:7: warning: types.b.title: Sin texto en 'en', que otros sí tienen: se usa 'C'.",
            "mine.toml: types: 2, warnings: 1",
        ],
    )
    assert (await run("catalog", "check", "--strict", cwd=tmp_path, env=env)).code == 2
    assert_user_error(await run("catalog", "check", cwd=tmp_path), "name a FILE, or set SIO_SERVER_CATALOG")
    assert_user_error(await run("catalog", "check", "nope.toml", cwd=tmp_path), "nope.toml: cannot be read")


async def test_schema_is_written(tmp_path: Path) -> None:
    """The JSON Schema for editors is printed or written to a file."""
    done = await run("catalog", "schema", "--output", "schema.json", cwd=tmp_path)
    assert (done.code, done.out) == (0, "")
    assert json.loads((tmp_path / "schema.json").read_text("utf-8")) == json_schema()


async def test_types_of_a_running_server(tmp_path: Path, catalog: Catalog) -> None:
    """A backend without a copy of the catalogue takes its functions from the server, with a key that may look."""
    async with running(secured(catalog=tmp_path / "own.toml")) as server:
        asked = ("catalog", "export", "--url", server.url)
        done = await run(*asked, "--key", PUBLISH_KEY, cwd=tmp_path)
        module = await run(*asked, "--format", "py", cwd=tmp_path, env={"SIO_SERVER_PUBLISH_KEY": PUBLISH_KEY})
        listed = await run("catalog", "list", "--url", server.url, "--key", PUBLISH_KEY, cwd=tmp_path)
        assert_user_error(await run(*asked, cwd=tmp_path), "unauthorized")
    assert done.out == as_json(catalog)
    assert module.out == as_module(catalog)
    assert " hotel_abierto " in listed.out
    assert_user_error(await run(*asked, "--catalog", "own.toml", cwd=tmp_path), "--url and --catalog: give one of them")
