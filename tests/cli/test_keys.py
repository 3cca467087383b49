"""``keys``: add, list, rotate, revoke, as people type them."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sio_server.auth.key_text import is_whole
from tests.support.asking import ask, assert_refused, get
from tests.support.commands import Done, assert_user_error, run
from tests.support.documents import Document
from tests.support.servers import ROOT, program, running, secured, token

PAGE = Document.read(ROOT / "docs" / "keys.md")
LONG = "a secret of these tests, long enough for HS256"


async def keys(directory: Path, *arguments: str, **env: str) -> Done:
    """Run ``sio-server keys`` in a directory."""
    return await run("keys", *arguments, cwd=directory, env=env)


async def listed(directory: Path) -> list[dict[str, Any]]:
    """What ``keys list`` tells."""
    found: list[dict[str, Any]] = json.loads((await keys(directory, "list", "--json")).out)
    return found


async def test_key_is_shown_once_and_kept_hashed(tmp_path: Path) -> None:
    """The key alone is on standard output; neither the file nor any list ever shows it again."""
    done = await keys(tmp_path, "add", "reservas", "--types", "reserva_*, pago_*", "--roles", "admin", "--rate", "5/s")
    (key,) = done.lines
    assert done.code == 0
    assert is_whole(key)
    assert "shown this once" in done.err
    file = tmp_path / "data" / "keys.json"
    assert file.stat().st_mode & 0o777 == 0o600
    table, machine = await keys(tmp_path, "list"), await keys(tmp_path, "list", "--json")
    assert "reservas" in table.out
    assert "publish reserva_*, pago_*" in table.out
    assert "role:admin" in table.out
    for text in (file.read_text(), table.out, machine.out):
        assert key not in text
        assert key[:11] in text
    assert json.loads(file.read_text())["keys"][0]["secrets"][0]["sha256"] not in table.out + machine.out


SCOPES: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "plain": ((), {"publish": True, "observe": False, "operate": False, "types": None, "roles": None, "users": True}),
    "roles": (
        ("--roles", "admin,guia"),
        {"roles": ["admin", "guia"], "topics": [], "users": False, "everybody": False},
    ),
    "users": (("--users",), {"roles": [], "topics": [], "users": True, "everybody": False}),
    "everybody": (("--everybody",), {"roles": [], "users": False, "everybody": True}),
    "types": (("--types", "test"), {"types": ["test"], "roles": None, "everybody": True}),
    "observe": (("--observe",), {"publish": True, "observe": True, "operate": False}),
    "operate": (("--operate",), {"publish": True, "observe": True, "operate": True}),
    "read": (("--read",), {"publish": False, "observe": True, "operate": False}),
}


@pytest.mark.parametrize(("flags", "expected"), SCOPES.values(), ids=SCOPES)
async def test_flags_say_what_a_key_allows(tmp_path: Path, flags: tuple[str, ...], expected: dict[str, Any]) -> None:
    """Each flag gives what it says; one of an audience takes the rest of it away."""
    assert (await keys(tmp_path, "add", "k", *flags)).code == 0
    (key,) = await listed(tmp_path)
    assert {name: key["scope"][name] for name in expected} == expected


MISTAKES = {
    "name": (("add", "Reservas"), "1 to 64 characters"),
    "path": (("add", "../x"), "1 to 64 characters"),
    "long name": (("add", "x" * 65), "1 to 64 characters"),
    "control": (("add", "a\x1b[31m"), "1 to 64 characters"),
    "rate": (("add", "k", "--rate", "fast"), "no rate"),
    "no rate": (("add", "k", "--rate", "0/s"), "no rate"),
    "huge rate": (("add", "k", "--rate", "9999999/s"), "no rate"),
    "types": (("add", "k", "--types", " , "), "give 1 to 100 names"),
    "long type": (("add", "k", "--types", "x" * 129), "at most 128 characters"),
    "expires": (("add", "k", "--expires", "soon"), "no duration"),
    "past": (("add", "k", "--expires", "2020-01-01"), "is over"),
    "no date": (("add", "k", "--expires", "2027-02-30"), "no date"),
    "read and more": (("add", "k", "--read", "--users"), "--read publishes nothing"),
    "unknown": (("revoke", "nobody"), "there is no key 'nobody'"),
    "unknown rotated": (("rotate", "nobody"), "there is no key 'nobody'"),
    "overlap": (("rotate", "nobody", "--overlap", "-1d"), "no duration"),
    "no config": (("list", "--config", "no.toml"), "no.toml: cannot be read"),
}


@pytest.mark.parametrize(("arguments", "fragment"), MISTAKES.values(), ids=MISTAKES)
async def test_mistake_is_told_and_makes_no_key(tmp_path: Path, arguments: tuple[str, ...], fragment: str) -> None:
    """What cannot be meant is told in words, and no key is made or shown."""
    done = await keys(tmp_path, *arguments)
    assert_user_error(done, fragment)
    assert done.out == ""
    assert await listed(tmp_path) == []


async def test_name_is_taken_once(tmp_path: Path) -> None:
    """A second key of one name is refused, and the first stays."""
    await keys(tmp_path, "add", "k")
    before = (tmp_path / "data" / "keys.json").read_bytes()
    assert_user_error(await keys(tmp_path, "add", "k"), "there is a key 'k'")
    assert (tmp_path / "data" / "keys.json").read_bytes() == before


async def test_damaged_file_is_told_by_every_command(tmp_path: Path) -> None:
    """None of the commands makes a new file of one that cannot be read."""
    await keys(tmp_path, "add", "k")
    file = tmp_path / "data" / "keys.json"
    file.write_text("{")
    for arguments in (("add", "b"), ("list",), ("rotate", "k"), ("revoke", "k")):
        assert_user_error(await keys(tmp_path, *arguments), "keys.json", "restore a copy")
    assert_user_error(await run("check-config", "--dev", cwd=tmp_path), "keys.json")
    assert file.read_text() == "{"


@pytest.mark.parametrize("way", ["flag", "environment", "dotenv", "config", "named config"])
async def test_directory_is_the_servers(tmp_path: Path, way: str) -> None:
    """The data directory is found in each place where a server finds it."""
    (tmp_path / "own.toml").write_text('data_dir = "own"\n')
    flags, env = {
        "flag": (("--data-dir", "own"), {}),
        "environment": ((), {"SIO_SERVER_DATA_DIR": "own"}),
        "dotenv": ((), {}),
        "config": (("--config", "own.toml"), {}),
        "named config": ((), {"SIO_SERVER_CONFIG": "own.toml"}),
    }[way]
    if way == "dotenv":
        (tmp_path / ".env").write_text("SIO_SERVER_DATA_DIR=own\n")
    assert (await keys(tmp_path, "add", "k", *flags, **env)).code == 0
    assert (tmp_path / "own" / "keys.json").is_file()


async def test_server_needs_no_key_in_its_settings(tmp_path: Path) -> None:
    """With a stored key a server starts without one in the settings, check-config tells of it, and it publishes."""
    env = {"SIO_SERVER_JWT_SECRET": LONG}
    assert_user_error(await run("check-config", cwd=tmp_path, env=env), "sio-server keys add")
    (key,) = (await keys(tmp_path, "add", "k")).lines
    done = await run("check-config", cwd=tmp_path, env=env)
    assert "1 stored publisher keys" in done.out
    assert key not in done.out
    async with (
        program("--data-dir", str(tmp_path / "data"), env=env) as server,
        aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http,
        http.post(f"{server.url}/notify", json={"type": "test"}) as reply,
    ):
        assert reply.status == 200
    lines = [json.loads(line) for line in (await run("log", "--json", cwd=tmp_path)).lines]
    assert [line["publisher"] for line in lines] == ["key:k"]


async def test_page_does_what_it_says(tmp_path: Path) -> None:
    """Every command of docs/keys.md works, in their order, and a server follows each of them."""
    outputs: dict[str, str] = {}
    async with running(secured(data_dir=tmp_path / "data")) as server:
        for text in (text for info, text in PAGE.fences if info == "sh"):
            for line in text.splitlines():
                _, *arguments = shlex.split(line)
                done = await run(*arguments, cwd=tmp_path)
                assert done.code == 0, done
                outputs[" ".join(arguments[:3])] = done.out.strip()
        old, new = outputs["keys add reservas"], outputs["keys rotate reservas"]
        admin = token("eva", "admin")
        found: list[Any] = []
        while [(one["name"], len(one["secrets"])) for one in found] != [("prometheus", 1), ("reservas", 2)]:
            found = (await get(server, "/v1/keys", admin))["items"][1:]
        for key in (old, new):
            answer = await ask(server, "POST", "/notify", token=key, json={"type": "sistema_mantenimiento"})
            assert_refused(answer, "forbidden_scope")
        refused = await ask(server, "POST", "/notify", token=outputs["keys add anuncios"], json={"type": "test"})
        assert_refused(refused, "unauthorized")
        assert "sio_server_info" in await get(server, "/metrics", outputs["keys add prometheus"])
    assert [one["rate"] for one in found] == [None, 20]


async def test_page_shows_a_refusal_as_it_is(tmp_path: Path) -> None:
    """The problem document of docs/keys.md is what a server answers."""
    shown = json.loads(PAGE.fence("json", "forbidden_scope"))
    (key,) = (await keys(tmp_path, "add", "reservas", "--roles", "admin")).lines
    async with running(secured(data_dir=tmp_path / "data")) as server:
        body = {"type": "test", "audience": {"roles": ["admin", "turista"]}}
        answer = await ask(server, "POST", "/notify", token=key, json=body)
    assert {name: answer.body[name] for name in shown} == shown


@pytest.mark.parametrize("name", ["a", "0", "a-b.c_d", "x" * 64])
async def test_names_that_are_good(tmp_path: Path, name: str) -> None:
    """Short and long names of small letters, digits and signs between them are taken."""
    assert (await keys(tmp_path, "add", name)).code == 0
    assert [one["name"] for one in await listed(tmp_path)] == [name]
