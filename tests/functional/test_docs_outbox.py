"""The page about the outbox: what it shows runs as it stands, and what its transactions commit arrives."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from sio_server.cli.commands import commands
from sio_server.client.outbox import SqlOutbox
from tests.support.documents import Document
from tests.support.outboxes import Place
from tests.support.served import served
from tests.support.servers import ROOT, Server, environment, running
from tests.support.waiting import PATIENCE, coming, until, work_of

PAGE = Document.read(ROOT / "docs/outbox.md")
BLOCKS = {
    "sync": "with Session(engine)",
    "fastapi": "FastAPI",
    "mongodb": "AsyncMongoClient",
    "plain": "sqlite3.connect",
}


async def run(code: str, cwd: Path, **variables: str) -> None:
    """Run a block to its end, without a word on standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", code),
        cwd=cwd,
        env=environment({"PYTHONPATH": str(ROOT), **variables}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    _, err = await coming(process.communicate(), "the end of a block", work_of(process))
    assert (process.returncode, err) == (0, b""), code


async def relayed(server: Server, database: Path) -> None:
    """Publish what is committed to a database."""
    async with Place.opened(f"sqlite:///{database}") as place, place.relay(server) as relay:
        assert await relay.aflush(PATIENCE)


def test_every_block_is_one_of_these() -> None:
    """None is left out of these tests."""
    blocks = [text for language, text in PAGE.fences if language == "python"]
    assert len(blocks) == len(BLOCKS)
    assert [PAGE.fence("python", mark) for mark in BLOCKS.values()] == blocks


async def test_the_blocks_of_scripts(tmp_path: Path) -> None:
    """A session commits two events, and a transaction of another library a third."""
    async with running() as server:
        admin = await server.connect({"role": "admin"})
        # An application has its engine to the end; Python 3.13 warns of each connection that is left to it.
        script = f"{PAGE.fence('python', BLOCKS['sync'])}\nengine.dispose()\n"
        await run(script, tmp_path, SIO_SERVER_URL=server.url)
        assert [envelope["type"] for envelope in await admin.wait(2)] == ["reserva_creada", "test"]
        await run(PAGE.fence("python", BLOCKS["plain"]), tmp_path)
        await relayed(server, tmp_path / "app.db")
        assert (await admin.wait(3))[2]["data"] == {"tour_id": 3, "nombre": "Lago Azul"}


async def test_the_block_of_fastapi(tmp_path: Path) -> None:
    """A booking over HTTP is told of by the relay of the backend."""
    async with running() as server:
        admin = await server.connect({"role": "admin"})
        (tmp_path / "backend.py").write_text(PAGE.fence("python", BLOCKS["fastapi"]))
        async with served(tmp_path, "backend:app", SIO_SERVER_URL=server.url) as http:
            response = await http.post("/reservas", params={"tour_nombre": "Lago", "usuario_id": "5"})
            assert (response.status_code, response.json()) == (200, {"id": 17})
            [envelope] = await admin.wait(1)
        assert envelope["data"] == {"reserva_id": 17, "tour_nombre": "Lago", "usuario_id": "5"}


async def test_the_block_of_mongodb(tmp_path: Path) -> None:
    """It is Python that names what is there; it is run where MONGODB_URL says where."""
    code = PAGE.fence("python", BLOCKS["mongodb"])
    url = os.environ.get("MONGODB_URL")
    if not url:
        await run(code.replace("asyncio.run(main())", ""), tmp_path)
        return
    async with running() as server:
        admin = await server.connect({"role": "admin"})
        await run(
            code.replace("mongodb://127.0.0.1:27017/app?replicaSet=rs0", url), tmp_path, SIO_SERVER_URL=server.url
        )
        await until(lambda: len(admin.notifications) == 2, "both", admin.moves)


async def test_the_statement_that_sends_again(lite: Place) -> None:
    """It takes the mark of what was refused away, and of nothing else."""

    def marked(connection: sa.Connection) -> int:
        for code in ("unknown_type", "invalid_data"):
            values = {**lite.outbox.row("test"), "code": code, "failed_at": sa.func.current_timestamp()}
            connection.execute(lite.outbox.table.insert().values(values))
        connection.execute(sa.text(PAGE.fence("sql", "UPDATE")))
        found = lite.outbox.table.select().where(lite.outbox.table.c.failed_at.is_(None))
        return len(connection.execute(found).all())

    assert await lite.run(marked) == 1


@pytest.fixture
async def lite(tmp_path: Path) -> AsyncIterator[Place]:
    """An outbox in SQLite."""
    async with Place.opened(f"sqlite:///{tmp_path / 'app.db'}") as place:
        yield place


def test_the_command_exists() -> None:
    """Each flag that the page shows is one of the command's."""
    line = PAGE.fence("sh", "sio-server relay")
    words = [word for word in shlex.split(line) if not word.startswith("SIO_")]
    found = commands.get_command(None, words[1])  # type: ignore[arg-type]
    assert found is not None
    flags = {flag for parameter in found.params for flag in parameter.opts}
    assert {word for word in words if word.startswith("--")} | {"--create", "--once", "--table", "--database"} <= flags


def test_the_table_of_columns_is_the_tables() -> None:
    """The page tells of each column, and of none that is not there."""
    shown = next(table for table in PAGE.tables if "`sio_outbox`" in table[0][0])
    named = [name.strip("` ") for row in shown[1:] for name in row[0].split(",")]
    assert named == SqlOutbox().table.columns.keys()
