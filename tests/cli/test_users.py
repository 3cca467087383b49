"""``users``: who is connected to a running server, and putting somebody out, by a key that may."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.commands import Done, assert_user_error, run
from tests.support.servers import Server, running, secured, token


async def users(directory: Path, server: Server, *arguments: str, key: str | None = None) -> Done:
    """Run ``sio-server users`` against a server."""
    credential = token("eva", "admin") if key is None else key
    return await run("users", *arguments, "--url", server.url, cwd=directory, env={"SIO_SERVER_TOKEN": credential})


async def test_users_are_listed_and_put_out(tmp_path: Path) -> None:
    """Who is connected is shown by name, by role and by a part of the name, for people and as JSON; then put out."""
    async with running(secured()) as server:
        await server.connect({"token": token("ana", "admin")})
        await server.connect({"token": token("ana", "turista")})
        await server.connect({"token": token("[red]Beatriz", "turista")})
        table = await users(tmp_path, server, "list")
        assert table.code == 0, table
        assert "ana" in table.out
        assert "admin, turista" in table.out
        assert "socketio" in table.out
        assert "[red]Beatriz" in table.out
        assert table.err == "sio-server: 2 users\n"
        found = [json.loads(line) for line in (await users(tmp_path, server, "list", "--json")).lines]
        assert [(one["user"], len(one["connections"])) for one in found] == [("[red]Beatriz", 1), ("ana", 2)]
        found = [json.loads(line) for line in (await users(tmp_path, server, "list", "BEA", "--json")).lines]
        assert [one["user"] for one in found] == ["[red]Beatriz"]
        found = [
            json.loads(line) for line in (await users(tmp_path, server, "list", "--role", "admin", "--json")).lines
        ]
        assert [one["user"] for one in found] == ["ana"]
        one = found[0]["connections"][0]["id"]
        done = await users(tmp_path, server, "disconnect", one, "--connection")
        assert (done.code, one in done.out) == (0, True)
        done = await users(tmp_path, server, "disconnect", "ana")
        assert done.out == "ana: 1 connections closed, tokens of before are refused\n"
        left = [json.loads(line) for line in (await users(tmp_path, server, "list", "--json")).lines]
        assert [one["user"] for one in left] == ["[red]Beatriz"]


async def test_all_pages_are_listed(tmp_path: Path) -> None:
    """More users than a page has are all there, and so are connections without a name."""
    async with running() as server:
        for number in range(3):
            await server.connect({"role": "turista", "user": f"user {number}"})
        await server.connect({"role": "turista"})
        done = await users(tmp_path, server, "list", "--json", key="")
        assert [json.loads(line)["user"] for line in done.lines] == ["user 0", "user 1", "user 2", None]
        done = await users(tmp_path, server, "list", key="")
        assert done.err == "sio-server: 3 users, and 1 connections without a name\n"


async def test_what_is_kept_is_exported_and_erased(tmp_path: Path) -> None:
    """A copy goes to standard output, or into a new file that nobody else can read; erasing asks first."""
    async with running(secured()) as server:
        await server.notify({"type": "test", "audience": {"users": ["ana maría"]}})
        done = await users(tmp_path, server, "export", "ana maría")
        assert (done.code, len(json.loads(done.out)["notifications"])) == (0, 1)
        done = await users(tmp_path, server, "export", "ana maría", "-o", "copy.json")
        assert (done.code, done.out) == (0, "")
        copy = tmp_path / "copy.json"
        assert json.loads(copy.read_text())["user"] == "ana maría"
        assert copy.stat().st_mode & 0o777 == 0o600
        assert_user_error(await users(tmp_path, server, "export", "ana maría", "-o", "copy.json"), "copy.json")
        done = await users(tmp_path, server, "erase", "ana maría")
        assert (done.code != 0, "cannot be undone" in done.out) == (True, True)
        done = await users(tmp_path, server, "erase", "ana maría", "--yes")
        assert done.out == "ana maría: 0 connections closed; 1 notifications\n"
        done = await users(tmp_path, server, "erase", "ana maría", "--yes")
        assert done.out == "ana maría: 0 connections closed; nothing was kept\n"


async def test_refusals_say_what_is_missing(tmp_path: Path) -> None:
    """No credential, one that may not, nobody of that name and no server: a line each, and exit code 2."""
    async with running(secured()) as server:
        assert_user_error(await users(tmp_path, server, "list", key=""), "keys add NAME --operate")
        refused = await users(tmp_path, server, "list", key=token("ana", "turista"))
        assert_user_error(refused, "keys add NAME --operate")
        assert_user_error(await users(tmp_path, server, "disconnect", "x", "--connection"), server.url)
    assert_user_error(await users(tmp_path, server, "list"), "cannot be reached", "is it running?")
