"""``amend`` and ``retract``: what was published is changed and taken back by hand."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.asking import get, published
from tests.support.commands import Done, assert_user_error, run
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token


async def command(directory: Path, server: Server, *arguments: str) -> Done:
    """Run ``sio-server`` against a server."""
    return await run(*arguments, "--url", server.url, cwd=directory, env={"SIO_SERVER_PUBLISH_KEY": PUBLISH_KEY})


async def test_changed_and_taken_back(tmp_path: Path) -> None:
    """What is named is changed, what is taken out is gone, a revision is heeded; then it is taken back."""
    async with running(secured()) as server:
        one = await published(server, message="x", group="g", link="/x", audience={"users": ["ana"]})
        options = ("-m", "y", "-d", '{"n": 1}', "--ttl", "60", "--without", "group", "--without", "link")
        done = await command(tmp_path, server, "amend", one, *options)
        assert done.out == f"changed  revision 1  seq 2  id {one}\n"
        (item,) = (await get(server, "/v1/inbox", token("ana")))["items"]
        assert (item["message"], item["data"], item["link"], item["revision"]) == ("y", {"n": 1}, None, 1)
        assert "group" not in item
        stale = await command(tmp_path, server, "amend", one, "-m", "z", "--revision", "0", "--lang", "en")
        assert_user_error(stale, "It has been changed meanwhile: its revision is 1")
        done = await command(tmp_path, server, "amend", one, "--title", "T", "--revision", "1", "--json")
        assert json.loads(done.out)["revision"] == 2
        for _ in range(2):
            done = await command(tmp_path, server, "retract", one)
            assert done.out == f"taken back  id {one}\n"
        assert (await get(server, "/v1/inbox", token("ana")))["items"] == []
        later = (await server.notify({"type": "test", "audience": {"users": ["ana"]}, "deliver_in": 60}))[1]["id"]
        done = await command(tmp_path, server, "amend", later, "-m", "y")
        assert done.out.startswith("changed  revision 1  due 2")
        done = await command(tmp_path, server, "retract", later, "--json")
        assert json.loads(done.out) == {"status": "ok", "id": later, "cancelled": True}


async def test_mistakes_are_named(tmp_path: Path) -> None:
    """Nothing to change, a member that is given and taken out, an id that nothing has: each is one clear line."""
    async with running(secured()) as server:
        nothing = await command(tmp_path, server, "amend", "x")
        assert_user_error(nothing, "nothing to change")
        both = await command(tmp_path, server, "amend", "x", "-m", "y", "--without", "message")
        assert_user_error(both, "--without message")
        unknown = await command(tmp_path, server, "retract", "00000000-0000-7000-8000-000000000000", "--lang", "en")
        assert_user_error(unknown, "Nothing is here")
