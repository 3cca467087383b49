"""The pages for those who come from another server: what they show before and after runs, with the same client."""

from __future__ import annotations

import json
import re
import sys
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx

from tests.conftest import Node
from tests.support.documents import Document
from tests.support.served import served
from tests.support.servers import ROOT, running
from tests.support.snippets import Script, changed, javascript, script
from tests.support.waiting import until_true

PYTHON = Document.read(ROOT / "docs/from-python-socketio.md")
NODE = Document.read(ROOT / "docs/from-socketio-node.md")
GO = Document.read(ROOT / "docs/from-go-websocket.md")

BOOKED = "^booked: Lima$"


def programs(page: Document, *languages: str) -> list[str]:
    """The programs of a page."""
    return [text for language, text in page.fences if language in languages]


def client_of(directory: Path, page: Document, url: str, node: Node) -> AbstractAsyncContextManager[Script]:
    """The client of a page, which is its last program."""
    directory.mkdir()
    code = programs(page, "js", "python")[-1]
    if page is NODE:
        (directory / "node_modules").symlink_to(node.modules)
        (directory / "client.mjs").write_text(code)
        return script(node.binary, "client.mjs", url, cwd=directory)
    (directory / "client.py").write_text(code)
    return script(sys.executable, "client.py", url, cwd=directory)


async def book_until(client: Script, http: httpx.AsyncClient) -> None:
    """Book until the client has heard of it: it is in its room a moment after it connected."""

    async def heard() -> bool:
        response = await http.post("/reservas", params={"usuario_id": "7", "tour": "Lima"})
        assert response.status_code == 200
        return any(re.search(BOOKED, line) for line in client.lines) or client.process.returncode is not None

    await until_true(heard, "a booking", client.moves)
    await client.line(BOOKED)


async def test_from_python_socketio(node: Node, tmp_path: Path) -> None:
    """The backend before and the one after reach the same client."""
    before, after, _ = programs(PYTHON, "python")
    (tmp_path / "before.py").write_text(before)
    (tmp_path / "after.py").write_text(after)
    async with (
        served(tmp_path, "before:app") as http,
        client_of(tmp_path / "one", PYTHON, str(http.base_url), node) as client,
    ):
        await book_until(client, http)
    async with (
        running() as server,
        served(tmp_path, "after:app", SIO_SERVER_URL=server.url) as http,
        client_of(tmp_path / "two", PYTHON, server.url, node) as client,
    ):
        await book_until(client, http)


async def test_from_node(node: Node, tmp_path: Path) -> None:
    """The process before and the one after reach the same client."""
    before, after, _ = programs(NODE, "js")
    async with running() as server:
        for name, code in (("before", before), ("after", after)):
            (tmp_path / name).mkdir()
            async with javascript(node, tmp_path / name, code, PORT="0", SIO_SERVER_URL=server.url) as process:
                port = (await process.line(r"^port (\d+)$"))[1]
                url = f"http://127.0.0.1:{port}"
                holder = url if name == "before" else server.url
                async with (
                    httpx.AsyncClient(base_url=url, trust_env=False) as http,
                    client_of(tmp_path / f"{name}-client", NODE, holder, node) as client,
                ):
                    await book_until(client, http)


async def test_from_go(node: Node, tmp_path: Path) -> None:
    """The page hears of what both backends tell, the one of before as it was written for the other server."""
    [page] = programs(GO, "js")
    before, after = programs(GO, "python")
    async with running() as server:
        code = changed(page, "ws://localhost:8080", server.url.replace("http", "ws", 1))
        opened = '\nsocket.addEventListener("message", () => console.log("heard"));\n'
        async with javascript(node, tmp_path, code + opened) as browser:
            await browser.line("^heard$")
            told_by = ((before, "Nuevo usuario: Juan Pérez"), (after, "Juan Pérez se ha registrado"))
            for number, (backend, message) in enumerate(told_by):
                (tmp_path / f"backend{number}.py").write_text(backend)
                async with script(sys.executable, f"backend{number}.py", cwd=tmp_path, SIO_SERVER_URL=server.url):
                    told = await browser.line(f"^usuario_registrado {message} (.*)$")
                assert json.loads(told[1])["email"] == "juan@example.com"
