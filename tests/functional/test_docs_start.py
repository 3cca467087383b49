"""The quick start, followed to the letter: a booking goes from a backend to a page, and outlives the server."""

from __future__ import annotations

import re
import shlex
import signal
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from tests.conftest import Node
from tests.support.commands import run
from tests.support.documents import Document
from tests.support.served import served
from tests.support.servers import ROOT, Program, program
from tests.support.snippets import Script, changed, javascript
from tests.support.snippets import script as started
from tests.support.waiting import until

PAGE = Document.read(ROOT / "docs/quick-start.md")
COMMANDS = [text.strip() for language, text in PAGE.fences if language == "sh"]

# A browser's document, of which the page's script uses an element of a list.
DOCUMENT = """
globalThis.document = {
  createElement: () => ({}),
  querySelector: () => ({ append: (entry) => console.log("entry", entry.textContent) }),
};
"""


def arguments_of(start: str) -> list[str]:
    """The arguments of the one command of the page that begins so."""
    [command] = [text for text in COMMANDS if text.startswith(start)]
    return shlex.split(command.removeprefix("sio-server"))


def test_every_command_is_one_of_these() -> None:
    """No command of the page is left out: those that the test below cannot run install things or start a server."""
    others = ("make run", 'export PATH="$PWD/.venv/bin:$PATH"', "pip install fastapi uvicorn")
    run_below = (
        "curl -d",
        "sio-server listen",
        "sio-server send",
        "uvicorn agencia:app",
        "curl -X POST",
        "sio-server log",
    )
    assert len(COMMANDS) == len(others) + len(run_below)
    assert all(text in others or text.startswith(run_below) for text in COMMANDS)


async def test_quick_start_is_so(node: Node, tmp_path: Path) -> None:
    """Publish, listen, book from a backend, see it in a page, kill the server, book again, and find all of it."""
    (tmp_path / "agencia.py").write_text(PAGE.fence("python", "FastAPI"))
    data = ("--data-dir", str(tmp_path / "data"))
    async with program(*data) as server:
        url = server.url
        async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
            _, _, body, address = arguments_of("curl -d")
            assert address == "localhost:8080/notify"
            reply = (await http.post("/notify", content=body)).json()
        assert (reply["status"], reply["recipients"]) == ("ok", {"sockets": 0})
        listening = started(
            sys.executable, "-m", "sio_server", *arguments_of("sio-server listen"), "--url", url, cwd=tmp_path
        )
        async with listening as admin, served(tmp_path, "agencia:app", SIO_SERVER_URL=url) as backend:
            await sent(tmp_path, admin, url)
            await in_the_page(node, tmp_path, server, backend)
            await server.stop(signal.SIGKILL)
            await book(backend)
            async with program(*data, "--port", str(urlsplit(url).port)):
                await until(
                    lambda: told(admin, "Lago Titicaca") == 2, "the booking of the time without a server", admin.moves
                )
                log = await run(*arguments_of("sio-server log"), *data, cwd=tmp_path)
    assert log.code == 0
    assert log.out.count("Lago Titicaca") == 2
    assert "Hola mundo" in log.out


async def sent(directory: Path, admin: Script, url: str) -> None:
    """The booking that is sent from the command line arrives at the administrator, as soon as that one listens."""

    async def again() -> bool:
        done = await run(*arguments_of("sio-server send"), "--url", url, cwd=directory)
        assert done.code == 0
        return told(admin, "Cañón del Colca") > 0

    while not await again():
        pass


async def in_the_page(node: Node, directory: Path, server: Program, backend: httpx.AsyncClient) -> None:
    """What is booked is an entry of the page."""
    script = re.search(r"<script>\n(.*)</script>", PAGE.fence("html", "WebSocket"), re.DOTALL)
    assert script is not None
    code = changed(script[1], "ws://localhost:8080", server.url.replace("http", "ws", 1))
    opened = '\nsocket.addEventListener("message", () => console.log("heard"));\n'
    async with javascript(node, directory, DOCUMENT + code + opened) as page:
        await page.line("^heard$")  # the greeting: it is in its rooms from then on
        await book(backend)
        await page.line("^entry Reserva de Lago Titicaca creada$")


async def book(backend: httpx.AsyncClient) -> None:
    """What the page's second curl asks the backend."""
    address = urlsplit(arguments_of("curl -X POST")[-1].removeprefix("localhost:8000"))
    response = await backend.post(f"{address.path}?{address.query}")
    assert (response.status_code, response.json()) == (200, {"estado": "creada"})


def told(script: Script, tour: str) -> int:
    """How many lines of a listener tell of a booking of this tour."""
    return sum(tour in line for line in script.lines)
