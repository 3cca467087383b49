"""The JSON Schema of a file of event types says of a file what the server says of it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from sio_server.catalog import Catalog
from sio_server.catalog.json_schema import as_text, json_schema
from sio_server.catalog.types import builtin_text
from sio_server.errors import CatalogError
from tests.support.catalogs import MINIMAL, load
from tests.support.servers import running, secured

SCHEMA = jsonschema.Draft4Validator(json_schema())

GOOD = [
    "[types.a]\n",
    MINIMAL,
    "version = 1\n" + MINIMAL,
    "[types.a]\ntitle = 'x'\nmessage = {pt-BR = 'y'}\n",
    "[defaults]\naudience = {users = [5]}\npriority = 'low'\nttl = 1\n[types.a]\n",
    "[types.'a.b-c']\naudience = {topics = ['x'], except = {users = ['1']}}\n",
    "[types.a]\ndata = {x = 'id', y = 'date'}\n",
]
BAD = [
    "",
    "types = 5",
    "[types]\nmine = 5",
    "[types.A]\n",
    "[types.'a b']\n",
    MINIMAL + "[other]",
    "version = 2\n" + MINIMAL,
    "version = '1'\n" + MINIMAL,
    MINIMAL.replace("title", "titel"),
    MINIMAL.replace('{es = "Uno", en = "One"}', "{}"),
    MINIMAL.replace('{es = "Uno", en = "One"}', "[]"),
    MINIMAL.replace('{es = "Uno", en = "One"}', "''"),
    MINIMAL.replace('{es = "Uno", en = "One"}', f"'{'x' * 501}'"),
    MINIMAL.replace("es =", "e_s ="),
    MINIMAL.replace('en = "One"', "en = 1"),
    MINIMAL.replace("all = true", "all = 1"),
    MINIMAL.replace("all = true", "all = false"),
    MINIMAL.replace("all = true", ""),
    MINIMAL.replace("all = true", "roles = []"),
    MINIMAL.replace("all = true", 'roles = "admin"'),
    MINIMAL.replace("all = true", 'roles = ["{x}"]'),
    MINIMAL.replace("all = true", "users = [1.5]"),
    MINIMAL.replace("all = true", "users = ['']"),
    MINIMAL.replace("all = true", 'rolls = ["admin"]'),
    MINIMAL.replace("all = true", 'except = {users = ["1"]}'),
    MINIMAL.replace("all = true", 'all = true, except = {roles = ["1"]}'),
    MINIMAL + 'priority = "urgent"',
    MINIMAL + "ttl = 0",
    MINIMAL + "ttl = 1.5",
    MINIMAL + "ttl = 400000000",
    MINIMAL + "data = []",
    MINIMAL + "data = {x = 'text'}",
    MINIMAL + "data = {x-y = 'id'}",
    MINIMAL + "data = {x = 1}",
    "[defaults]\ntitle = 'x'\n" + MINIMAL,
    "[defaults]\nttl = 0\n" + MINIMAL,
    "[defaults]\naudience = {}\n" + MINIMAL,
]


def is_valid(text: str) -> bool:
    """Whether a file is right by the schema."""
    document: Any = tomllib.loads(text)
    return bool(SCHEMA.is_valid(document))


def test_it_is_a_schema_of_the_draft_that_editors_read() -> None:
    """The schema is one of draft 4, which is what Taplo reads, and the document is that schema."""
    assert json_schema()["$schema"] == "http://json-schema.org/draft-04/schema#"
    jsonschema.Draft4Validator.check_schema(json_schema())
    assert json.loads(as_text()) == json_schema()


def test_built_in_catalogue_is_right_by_it() -> None:
    """The file of the built-in types is a file as the schema has it."""
    SCHEMA.validate(tomllib.loads(builtin_text()))


@pytest.mark.parametrize("text", GOOD)
def test_right_files_are_right_both_ways(tmp_path: Path, text: str) -> None:
    """A file that the server takes is right by the schema."""
    assert isinstance(load(tmp_path, text), Catalog)
    assert is_valid(text)


@pytest.mark.parametrize("text", BAD)
def test_wrong_files_are_wrong_both_ways(tmp_path: Path, text: str) -> None:
    """A file that the server refuses is wrong by the schema."""
    with pytest.raises(CatalogError):
        load(tmp_path, text)
    assert not is_valid(text)


async def test_server_gives_it_to_everybody() -> None:
    """An editor fetches the schema from the server, and needs no key for it."""
    async with running(secured()) as server, server.http.get(f"{server.url}/v1/catalog/schema") as response:
        assert response.status == 200
        assert await response.json() == json_schema()
