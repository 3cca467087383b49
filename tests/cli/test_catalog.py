"""``catalog list`` and ``catalog export``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sio_server.catalog import Catalog
from sio_server.catalog.export import as_json, as_typescript
from tests.support.commands import run

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
