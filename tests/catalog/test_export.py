"""The catalogue as JSON and as TypeScript."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from sio_server.catalog import Catalog
from sio_server.catalog.export import as_json, as_typescript
from tests.support.servers import running

AWKWARD = """
[types."a.b"]
title = { es = "Uno", en = "One" }
description = { es = "x", en = "Ends */ export const stolen = 1; /* here\\nand goes on" }
audience = { all = true }
data = { id_ = "id", n = "integer", x = "number", ok = "boolean", o = "object", l = "array", d = "date", s = "string" }

[types.a_b]
title = { es = "Dos", en = "Two" }
description = { es = "x", en = "Another" }
audience = { all = true }
"""


def body_of(source: str, opening: str) -> str:
    """What stands between the braces that follow ``opening``."""
    found = re.search(re.escape(opening) + r" \\{\n(.*?)\n\\}".replace("\\\\", "\\"), source, re.DOTALL)
    assert found is not None, opening
    return found[1]


async def test_json_is_what_the_server_answers() -> None:
    """The exported JSON is the document of ``GET /v1/catalog``."""
    async with running() as server, server.http.get(server.url + "/v1/catalog") as response:
        assert json.loads(as_json(server.core.catalog)) == await response.json()


def test_every_type_is_in_the_event_map_with_the_fields_of_its_data() -> None:
    """Each event type has an interface of its known fields, an event, and an entry in ``EventMap``."""
    catalog = Catalog.load()
    source = as_typescript(catalog)
    entries = dict(re.findall(r'^  "([^"]+)": (\w+);$', body_of(source, "export interface EventMap"), re.MULTILINE))
    assert list(entries) == list(catalog.types)
    for name, event in entries.items():
        interface = event.removesuffix("Event")
        assert f'export type {event} = Envelope<"{name}", {interface}Data>;' in source
        fields = re.findall(r"^  (\w+)\?: ", body_of(source, f"export interface {interface}Data"), re.MULTILINE)
        assert fields == list(catalog[name].data)


def test_each_type_of_data_has_its_typescript_type(tmp_path: Path) -> None:
    """The eight types of the catalogue become types that JSON has."""
    (tmp_path / "own.toml").write_text(AWKWARD, "utf-8")
    fields = body_of(as_typescript(Catalog.load(tmp_path / "own.toml")), "export interface ABData")
    assert [line.strip() for line in fields.splitlines()] == [
        "id_?: string | number | null;",
        "n?: number | null;",
        "x?: number | null;",
        "ok?: boolean | null;",
        "o?: Record<string, unknown> | null;",
        "l?: unknown[] | null;",
        "d?: string | null;",
        "s?: string | null;",
        "[field: string]: unknown;",
    ]


def test_names_that_differ_in_punctuation_alone_stay_apart(tmp_path: Path) -> None:
    """Two types whose names become the same word get interfaces of different names."""
    (tmp_path / "own.toml").write_text(AWKWARD, "utf-8")
    source = as_typescript(Catalog.load(tmp_path / "own.toml"))
    assert '  "a.b": ABEvent;' in source
    assert '  "a_b": AB_2Event;' in source
    declared = re.findall(r"^export (?:type|interface) (\w+)", source, re.MULTILINE)
    assert len(declared) == len(set(declared))


def test_a_description_cannot_leave_its_comment(tmp_path: Path) -> None:
    """A description that holds the end of a comment stays text, on one line."""
    (tmp_path / "own.toml").write_text(AWKWARD, "utf-8")
    source = as_typescript(Catalog.load(tmp_path / "own.toml"))
    [line] = [line for line in source.splitlines() if "stolen" in line]
    assert line.startswith("/** ")
    assert line.index("*/") == len(line) - 2


@pytest.mark.parametrize("opening", ["{", "(", "["])
def test_brackets_are_balanced(opening: str) -> None:
    """The file is whole: every bracket that opens outside a string closes."""
    source = re.sub(r'"(?:[^"\\]|\\.)*"|//.*|/\*.*?\*/', "", as_typescript(Catalog.load()), flags=re.DOTALL)
    closing = {"{": "}", "(": ")", "[": "]"}[opening]
    assert source.count(opening) == source.count(closing)
