"""The page about frameworks: each backend on it runs as it stands, and tells of what it does in whose name."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import sqlalchemy as sa

from tests.support.documents import Document
from tests.support.outboxes import Place
from tests.support.served import served
from tests.support.servers import ROOT, environment, running
from tests.support.waiting import PATIENCE, coming, work_of

PAGE = Document.read(ROOT / "docs/frameworks.md")
BLOCKS = {
    "context": 'source="/backend/reservas"',
    "fastapi": "NotifierLifespan",
    "django": "django.setup",
    "flask": "Flask(__",
}

ANA = {"id": "42", "name": "Ana"}
SIGNED = {"Authorization": "Bearer token"}


def test_every_block_is_one_of_these() -> None:
    """None is left out of these tests."""
    blocks = [text for language, text in PAGE.fences if language == "python"]
    assert [PAGE.fence("python", mark) for mark in BLOCKS.values()] == blocks


async def test_the_block_of_the_context(tmp_path: Path) -> None:
    """What is published in it names the actor."""
    async with running() as server:
        admin = await server.connect({"role": "admin"})
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-W", "error", "-c", PAGE.fence("python", BLOCKS["context"])),
            cwd=tmp_path,
            env=environment({"PYTHONPATH": str(ROOT), "SIO_SERVER_URL": server.url}),
        )
        await coming(process.communicate(), "its end", work_of(process))
        assert process.returncode == 0
        [envelope] = await admin.wait(1)
    assert envelope["actor"] == ANA


async def test_the_block_of_fastapi(tmp_path: Path) -> None:
    """Both routes tell the administrators, in the name of whoever asked."""
    (tmp_path / "backend.py").write_text(PAGE.fence("python", BLOCKS["fastapi"]))
    async with running() as server, served(tmp_path, "backend:app", SIO_SERVER_URL=server.url) as http:
        admin = await server.connect({"role": "admin"})
        (await http.post("/tours", params={"nombre": "Lago"}, headers=SIGNED)).raise_for_status()
        (await http.post("/avisos", params={"text": "Hola"})).raise_for_status()
        created, told = await admin.wait(2)
    assert (created["type"], created["actor"]) == ("tour_creado", ANA)
    assert (told["message"], told["actor"]) == ("Hola", None)


async def test_the_block_of_django(tmp_path: Path) -> None:
    """One view hands over with the commit, the other writes to the outbox; what is rolled back is not told of."""
    (tmp_path / "backend.py").write_text(PAGE.fence("python", BLOCKS["django"]))
    async with running() as server, Place.opened(f"sqlite:///{tmp_path / 'app.db'}") as place:
        admin = await server.connect({"role": "admin"})
        async with served(tmp_path, "backend:application", SIO_SERVER_URL=server.url) as http:
            (await http.get("/reservas", headers=SIGNED)).raise_for_status()
            [booked] = await admin.wait(1)
            (await http.get("/cancelaciones", headers=SIGNED)).raise_for_status()
            assert (await http.get("/cancelaciones", params={"fail": "1"})).status_code == 500
        rows = await place.run(lambda connection: connection.scalar(sa.select(sa.func.count(place.outbox.table.c.id))))
        assert rows == 1
        async with place.relay(server) as relay:
            assert await relay.aflush(PATIENCE)
        cancelled = (await admin.wait(2))[1]
    assert (booked["type"], booked["actor"]) == ("reserva_creada", ANA)
    assert (cancelled["type"], cancelled["actor"]) == ("reserva_cancelada", ANA)


async def test_the_block_of_flask(tmp_path: Path) -> None:
    """Requests that one thread serves, one after the other, have each its own actor."""
    (tmp_path / "backend.py").write_text(PAGE.fence("python", BLOCKS["flask"]))
    serve = ("flask", "--app", "backend", "run", "--port", "0", "--without-threads")
    async with running() as server, served(tmp_path, *serve, SIO_SERVER_URL=server.url) as http:
        admin = await server.connect({"role": "admin"})
        for headers in (SIGNED, {}, SIGNED):
            (await http.post("/reservas", headers=headers)).raise_for_status()
        await admin.wait(3)
    assert [envelope["actor"] for envelope in admin.notifications] == [ANA, None, ANA]
