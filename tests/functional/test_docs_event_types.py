"""docs/event-types.md and docs/tracing.md: who follows the pages by the letter gets what they say."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from pathlib import Path

from sio_server import client
from sio_server.config import Config
from tests.support.commands import run
from tests.support.documents import Document
from tests.support.servers import ROOT, running

PAGE = Document.read(ROOT / "docs" / "event-types.md")
TRACING = Document.read(ROOT / "docs" / "tracing.md")


def arguments(mark: str) -> tuple[str, ...]:
    """The arguments of the one command of the page that holds these words."""
    (found,) = [command for command in PAGE.commands() if mark in " ".join(command)]
    return tuple(found)


async def test_first_type_in_three_minutes(tmp_path: Path) -> None:
    """The command writes the type that the page shows; the server takes it, and its publish reaches who is named."""
    assert (await run(*arguments("catalog new"), cwd=tmp_path)).code == 0
    file = tmp_path / "types.toml"
    shown = PAGE.fence("toml", "Tu pedido de {total}")
    assert shown in file.read_text("utf-8")
    assert (await run(*arguments("catalog check"), cwd=tmp_path)).code == 0
    assert (await run(*arguments("catalog schema"), cwd=tmp_path)).code == 0
    assert json.loads((tmp_path / "catalog.schema.json").read_text("utf-8"))["$schema"]
    assert (await run(*arguments("--format ts"), cwd=tmp_path)).code == 0
    assert '"pedido_listo": PedidoListoEvent' in (tmp_path / "events.ts").read_text("utf-8")

    posted = shlex.split(PAGE.fence("sh", "curl"))[-1]
    async with running(Config(dev=True, broker="memory:", catalog=file)) as server:
        user = await server.connect({"user": "7", "role": "turista"})
        assert (await server.notify(posted.encode()))[0] == 200
        [envelope] = await user.wait(1)
        asked = [server.url if part.startswith("http://") else part for part in arguments("--format py")]
        assert (await run(*asked, cwd=tmp_path)).code == 0
    assert envelope["message"] == "Tu pedido de 25 € está listo"
    assert "def notificar_pedido_listo(" in (tmp_path / "notifications.py").read_text("utf-8")


async def test_every_toml_of_the_page_is_a_catalogue(tmp_path: Path) -> None:
    """Each block is a file that the server takes, without a word of advice."""
    for number, text in enumerate(text for info, text in PAGE.fences if info == "toml"):
        assert tomllib.loads(text)
        (tmp_path / f"{number}.toml").write_text(text, "utf-8")
        done = await run("catalog", "check", f"{number}.toml", "--strict", cwd=tmp_path)
        assert done.code == 0, done


async def test_backend_calls_the_function_without_a_copy(tmp_path: Path) -> None:
    """The Python of the page publishes a type that this backend has no file of."""
    file = tmp_path / "types.toml"
    file.write_text(PAGE.fence("toml", "Tu pedido de {total}"), "utf-8")
    async with running(Config(dev=True, broker="memory:", catalog=file, unknown_types="refuse")) as server:
        admin = await server.connect({"role": "admin"})
        client.configure(server.url)
        exec(compile(PAGE.fence("python", "notificar"), "page", "exec"), {})  # noqa: S102 - the page's own code
        [envelope] = await admin.wait(1)
        await client.close_default_client()
    assert envelope["data"] == {"usuario_id": 7, "total": 25}


async def test_header_of_the_page_names_the_trace() -> None:
    """The request of the page is of the trace in its header."""
    text = TRACING.fence("sh", "traceparent")
    [header] = re.findall(r"'traceparent: (\S+)'", text)
    async with running() as server:
        listener = await server.connect({"role": "admin"})
        await server.notify(shlex.split(text)[3].encode(), traceparent=header)
        [envelope] = await listener.wait(1)
    assert envelope["traceparent"] == header
