"""docs/other-languages.md: each program runs as it stands there, wherever its language is installed."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.support.asking import get
from tests.support.documents import Document
from tests.support.servers import PUBLISH_KEY, ROOT, Server, environment, running, secured
from tests.support.waiting import coming, work_of

PAGE = Document.read(ROOT / "docs" / "other-languages.md")

# By the language of a block: the file that it is, the command that runs it, and the program that has to be there.
WAYS = {
    "sh": ("publish.sh", ("sh",), "curl"),
    "js": ("publish.mjs", ("node",), "node"),
    "php": ("publish.php", ("php",), "php"),
    "java": ("Publish.java", ("java",), "java"),
    "go": ("publish.go", ("go", "run"), "go"),
}
PROGRAMS = {
    f"{language}-{number}": (language, text)
    for number, (language, text) in enumerate(PAGE.fences, start=1)
    if language in WAYS
}
HERE = {name: one for name, one in PROGRAMS.items() if shutil.which(WAYS[one[0]][2])}
BLOCKS = pytest.mark.parametrize(("language", "text"), HERE.values(), ids=HERE)


def test_every_language_of_the_page_is_known() -> None:
    """No block of the page is left out where its language is; Node is everywhere where these tests run."""
    assert {language for language, _ in PAGE.fences} == {*WAYS, "json"}
    assert "js" in {language for language, _ in HERE.values()}


@dataclass
class Faulty:
    """A way to a server on which something goes wrong: what it answers in place of it, one for each request."""

    url: str = ""
    instead: list[int] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)

    async def handle(self, request: web.Request, server: Server) -> web.Response:
        """Hand a request on; the answer may get lost, and the server's own be replaced."""
        self.keys.append(request.headers.get("Idempotency-Key", request.headers.get("ce-id")))
        named = ("Authorization", "Content-Type", "Idempotency-Key")
        headers = {
            name: value for name, value in request.headers.items() if name in named or name.lower().startswith("ce-")
        }
        async with server.http.post(f"{server.url}/notify", data=await request.read(), headers=headers) as reply:
            body = await reply.read()
        if self.instead:
            return web.Response(status=self.instead.pop(0), text="gone", headers={"Retry-After": "1"})
        return web.Response(status=reply.status, body=body, content_type=reply.content_type)


@asynccontextmanager
async def faulty(server: Server, *instead: int) -> AsyncIterator[Faulty]:
    """A faulty way to a server."""
    way = Faulty(instead=list(instead))
    app = web.Application()

    async def handle(request: web.Request) -> web.Response:
        return await way.handle(request, server)

    app.router.add_post("/notify", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    way.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield way
    finally:
        await runner.cleanup()


async def publish(language: str, text: str, directory: Path, url: str, key: str = PUBLISH_KEY) -> tuple[int, str]:
    """Run a program of the page; returns its exit code and what it printed."""
    name, command, _ = WAYS[language]
    await asyncio.to_thread((directory / name).write_text, text)
    more = {"SIO_SERVER_URL": url, "SIO_SERVER_PUBLISH_KEY": key, "GOCACHE": str(directory / "go"), "NO_PROXY": "*"}
    process = await asyncio.create_subprocess_exec(
        *command, name, cwd=directory, env=environment(more), stdout=asyncio.subprocess.PIPE
    )
    try:
        out, _ = await coming(process.communicate(), "the end of the program", work_of(process))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode or 0, out.decode()


async def stored(server: Server) -> list[dict[str, Any]]:
    """What is in the log."""
    found: list[dict[str, Any]] = (await get(server, "/v1/notifications", PUBLISH_KEY))["items"]
    return found


@BLOCKS
async def test_program_publishes_once_whatever_happens(language: str, text: str, tmp_path: Path) -> None:
    """An answer that got lost is asked for again with the same key, and the booking is published once."""
    async with running(secured()) as server, faulty(server, 503, 429) as way:
        code, out = await publish(language, text, tmp_path, way.url)
        found = await stored(server)

    assert code == 0, out
    # curl prints what it was answered before, too
    reply = json.loads(out[out.index("{") :])
    assert (reply["type"], reply["duplicate"]) == ("reserva_creada", True)
    assert [one["data"]["tour_nombre"] for one in found] == ["Lago Azul"]
    assert len(way.keys) == 3
    assert len(set(way.keys)) == 1


@BLOCKS
async def test_program_does_not_repeat_what_is_refused(language: str, text: str, tmp_path: Path) -> None:
    """A key that is wrong is told at once, with a code of failure, and nothing is sent again."""
    async with running(secured()) as server, faulty(server) as way:
        code, _ = await publish(language, text, tmp_path, way.url, key="wrong")
        assert await stored(server) == []

    assert code != 0
    assert len(way.keys) == 1
