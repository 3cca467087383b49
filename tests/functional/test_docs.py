"""What the READMEs show is what happens: their command and snippets run as they stand, against a real server."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
import shutil
import sys
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import Node
from tests.support.documents import ENGLISH, READMES, Document
from tests.support.servers import PUBLISH_KEY, ROOT, Server, environment, running, secured, token
from tests.support.snippets import changed, javascript, python, script
from tests.support.waiting import coming, work_of

BOOKING = {"type": "reserva_creada", "data": {"usuario_id": 123, "tour_nombre": "Lima"}}

# -- what the server answers --------------------------------------------------------------------------------------


async def post_like_curl(server: Server, arguments: list[str]) -> Any:
    """The reply to the bytes and the Content-Type that ``curl -d`` sends."""
    flag, body, address = arguments
    assert (flag, urlsplit(f"//{address}").path) == ("-d", "/notify")
    status, reply = await server.notify(body.encode(), key=None)
    assert status == 200
    return reply


async def post_with_curl(server: Server, arguments: list[str]) -> Any:
    """The reply to curl itself."""
    process = await asyncio.create_subprocess_exec(
        *(str(CURL), *arguments[:-1], arguments[-1].replace("localhost:8080", urlsplit(server.url).netloc)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(output)


CURL = shutil.which("curl")
POSTS = [post_like_curl, *([post_with_curl] if CURL else [])]


def without(members: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """A JSON object less some of its members."""
    return {name: value for name, value in members.items() if name not in names}


@READMES
@pytest.mark.parametrize("post", POSTS)
async def test_first_notification(readme: Document, post: Callable[[Server, list[str]], Awaitable[Any]]) -> None:
    """The README's first command publishes to a connected client and gets the reply that is shown."""
    shown = json.loads(readme.fence("json", '"recipients"'))
    program, *arguments = shlex.split(readme.fence("sh", "curl"))
    assert program == "curl"
    async with running() as server:
        listener = await server.connect()
        reply = await post(server, arguments)
        (envelope,) = await listener.wait(1)
    assert list(reply) == list(shown)
    assert without(reply, "id", "cursor") == without(shown, "id", "cursor")
    for receipt in (reply, shown):
        assert re.fullmatch(r"[0-9a-f]{12}-1", receipt["cursor"])
    assert {name: envelope[name] for name in ("type", "message", "data")} == json.loads(arguments[1])


@READMES
async def test_envelope_is_as_shown(readme: Document) -> None:
    """What a client is sent of a booking is the README's envelope, but for what differs each time."""
    shown = json.loads(readme.fence("json", '"timestamp"'))
    async with running() as server:
        listener = await server.connect({"role": "admin"})
        await server.notify(BOOKING)
        (envelope,) = await listener.wait(1)
    changing = ("id", "cursor", "timestamp", "expires_at")
    assert list(envelope) == list(shown)
    assert without(envelope, *changing) == without(shown, *changing)
    lives = [
        datetime.fromisoformat(each["expires_at"]) - datetime.fromisoformat(each["timestamp"])
        for each in (envelope, shown)
    ]
    assert lives[0] == lives[1]


@READMES
async def test_error_is_as_shown(readme: Document) -> None:
    """A type with a typing error is answered as the README shows, in its language."""
    shown = json.loads(readme.fence("json", "urn:sio-server:error"))
    async with running(secured()) as server:
        status, problem = await server.notify(
            {"type": "tst"}, **{"Accept-Language": "en" if readme is ENGLISH else "es"}
        )
    assert status == problem["status"]
    assert list(problem) == list(shown)
    assert without(problem, "request_id") == without(shown, "request_id")


def test_first_page_shows_the_first_command() -> None:
    """The first page of the site shows the README's first command, which the test above runs."""
    page = Document.read(ROOT / "docs/index.md")
    assert page.fences == [("sh", ENGLISH.fence("sh", "curl"))]


# -- snippets -----------------------------------------------------------------------------------------------------


def with_a_token(code: str) -> str:
    """The JavaScript of the README as its comment says that it is with a token."""
    found = re.search(r"auth: (\{.*\}), // .*(\(cb\) => cb\(\{ token \}\))", code)
    assert found is not None
    return changed(code, f"auth: {found[1]}", f"auth: {found[2]}")


async def test_socketio_javascript_snippet_in_development(node: Node, tmp_path: Path) -> None:
    """The JavaScript of the README, as it stands, shows the booking of whom it says it is."""
    async with running() as server:
        code = changed(ENGLISH.fence("js", "socket.io-client"), "http://localhost:8080", server.url)
        async with javascript(node, tmp_path, code) as page:
            await page.line(r"^connected as 123 \[ 'turista' \]$")
            await page.receives(server, BOOKING, "^alert Reserva de Lima creada$")


async def test_socketio_javascript_snippet(node: Node, tmp_path: Path) -> None:
    """The JavaScript of the README, in a page that holds a tourist's token, shows the tourist's own booking."""
    async with running(secured()) as server:
        code = changed(with_a_token(ENGLISH.fence("js", "socket.io-client")), "http://localhost:8080", server.url)
        async with javascript(node, tmp_path, code, TOKEN=token("123", "turista")) as page:
            await page.line(r"^connected as 123 \[ 'turista' \]$")
            await page.receives(server, BOOKING, "^alert Reserva de Lima creada$")


async def test_socketio_javascript_snippet_tells_why(node: Node, tmp_path: Path) -> None:
    """The JavaScript of the README writes the code and the reason when its token is refused."""
    async with running(secured()) as server:
        code = changed(with_a_token(ENGLISH.fence("js", "socket.io-client")), "http://localhost:8080", server.url)
        async with javascript(node, tmp_path, code, TOKEN="nonsense") as page:
            await page.line(r"^invalid_token \S+")


async def test_socketio_python_snippet(tmp_path: Path) -> None:
    """The Python of the README, in development, prints a booking as an administrator."""
    async with running() as server:
        code = changed(ENGLISH.fence("python", "socketio"), "http://localhost:8080", server.url)
        async with python(tmp_path, code) as program:
            await program.receives(server, BOOKING, f"^Reserva de Lima creada {re.escape(str(BOOKING['data']))}$")


@pytest.mark.parametrize("mode", ["production", "development"])
async def test_plain_websocket_snippet(node: Node, tmp_path: Path, mode: str) -> None:
    """The WebSocket of the README gets a booking: with a token, and in development with what its comment says."""
    code = ENGLISH.fence("js", "new WebSocket")
    stated = re.search(r"\?role=\S+", code)
    assert stated is not None
    if mode == "development":
        code = changed(code, '/ws", ["bearer", token]', f'/ws{stated[0]}"')
    # The README's own lines show nothing of what they read.
    code = changed(code, "\n};", "\n  console.log(type, message, JSON.stringify(data));\n};")
    async with running(None if mode == "development" else secured()) as server:
        code = changed(code, "ws://localhost:8080", server.url.replace("http", "ws", 1))
        async with javascript(node, tmp_path, code, TOKEN=token("123", "turista")) as page:
            await page.line("^ns:hello ")
            got = await page.receives(server, BOOKING, "^reserva_creada Reserva de Lima creada (.*)$")
    assert json.loads(got[1]) == BOOKING["data"]


async def test_fastapi_snippet(tmp_path: Path) -> None:
    """The backend of the README answers a registration, and the administrators are told of it."""
    (tmp_path / "backend.py").write_text(ENGLISH.fence("python", "FastAPI"))
    person = {"nombre": "Juan Pérez", "email": "juan@example.com"}
    async with running(secured()) as server:
        listener = await server.connect({"token": token(role="admin")})
        settings = {"SIO_SERVER_URL": server.url, "SIO_SERVER_PUBLISH_KEY": PUBLISH_KEY}
        serve = (sys.executable, "-m", "uvicorn", "backend:app", "--port", "0")
        async with script(*serve, cwd=tmp_path, **settings) as backend:
            address = (await backend.line(r"http://127\.0\.0\.1:\d+"))[0]
            async with server.http.post(f"{address}/usuarios/register", params=person) as response:
                assert (response.status, await response.json()) == (200, {"id": "123"})
            (envelope,) = await listener.wait(1)
    assert envelope["type"] == "usuario_registrado"
    assert envelope["data"] == {"usuario_id": "123", "rol": "turista", **person}


async def test_snippets_of_the_page_for_backends(tmp_path: Path) -> None:
    """Each runs as it stands and ends by itself; what they hand over arrives."""
    blocks = [text for language, text in Document.read(ROOT / "docs/backend.md").fences if language == "python"]
    assert len(blocks) == 7
    async with running() as server:
        listener = await server.connect({"role": "admin"})
        for block in blocks:
            code = block.replace("http://127.0.0.1:8080", server.url)
            env = {"SIO_SERVER_URL": server.url, "PYTHONPATH": str(ROOT)}
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-W", "error", "-c", code),
                cwd=tmp_path,
                env=environment(env),
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            out, err = await coming(process.communicate(), "the end of a snippet", work_of(process))
            assert (process.returncode, err) == (0, b""), block
            assert "stats()" not in block or b"'sent': 2" in out, out
            assert "NotifyInvalid" not in block or b"['link', 'data.personas']" in out, out
            assert "check()" not in block or b"True" in out, out
        arrived = await listener.wait(4)
    assert [envelope["type"] for envelope in arrived] == ["reserva_creada", "test", "tour_creado", "tour_creado"]
