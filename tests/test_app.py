"""Wiring: what every answer has, what an unforeseen error becomes, what starts and what does not."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from aiohttp import ClientSession, web

from sio_server.app import CONFIG, create_app
from sio_server.broker.sqlite import FILE_NAME
from sio_server.config import Config
from sio_server.errors import CatalogError, LogDamaged, LogInUse
from tests.support.servers import running, secured

SEED = {"type": "test", "message": "Hola mundo", "data": {}}


async def started(app: web.Application) -> web.AppRunner:
    """A runner of this application; raises what its start raises."""
    runner = web.AppRunner(app, access_log=None)
    try:
        await runner.setup()
    except BaseException:
        await runner.cleanup()
        raise
    return runner


async def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without settings of its own an application takes those of the environment, as development servers call it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIO_SERVER_DEV", "1")
    monkeypatch.setenv("SIO_SERVER_BROKER", "memory:")
    monkeypatch.setenv("SIO_SERVER_MAX_BODY", "2000")
    app = create_app()
    assert (app[CONFIG].broker, app[CONFIG].max_body) == ("memory:", 2000)
    runner = await started(app)
    await runner.cleanup()
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


async def test_unforeseen_error_is_a_problem_without_its_text() -> None:
    """An error that nobody foresaw is 500 internal with a request id, and tells nothing of its text."""

    async def fail(_: web.Request) -> web.Response:
        raise RuntimeError("SECRET DETAIL")

    app = create_app(Config(dev=True, broker="memory:"))
    app.router.add_get("/fail", fail)
    runner = await started(app)
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/fail"
        async with ClientSession() as http, http.get(url, headers={"Accept-Language": "es"}) as response:
            problem = await response.json(content_type=None)
            assert response.status == 500
            assert response.content_type == "application/problem+json"
            assert (problem["code"], problem["title"]) == ("internal", "Un error del servidor")
            assert problem["request_id"] == response.headers["X-Request-ID"]
            assert "SECRET" not in await response.text()
    finally:
        await runner.cleanup()


async def test_every_answer_has_a_request_id_of_its_own() -> None:
    """Request ids differ, and each is in its answer's header."""
    async with running() as server:
        found = []
        for path in ("/health/live", "/nothing", "/"):
            async with server.http.get(server.url + path) as response:
                found.append(response.headers["X-Request-ID"])
        assert len(set(found)) == 3
        assert all(len(one) == 32 for one in found)


async def test_directory_in_use_stops_the_start(tmp_path: Path) -> None:
    """A start on a directory that another server holds raises; once that one ended the next start works."""
    config = secured(broker="sqlite:", data_dir=tmp_path)
    first = await started(create_app(config))
    with pytest.raises(LogInUse):
        await started(create_app(config))
    await first.cleanup()
    second = await started(create_app(config))
    await second.cleanup()


async def test_damaged_log_stops_the_start(tmp_path: Path) -> None:
    """A file that is no log stops the start with its path."""
    (tmp_path / FILE_NAME).write_bytes(b"nonsense" * 1000)
    with pytest.raises(LogDamaged, match=FILE_NAME):
        await started(create_app(secured(broker="sqlite:", data_dir=tmp_path)))


async def test_bad_catalogue_stops_the_start(tmp_path: Path) -> None:
    """A catalogue with an error stops the start with its path, before anything is opened."""
    path = tmp_path / "my.toml"
    path.write_text("[types.x]\ndata = 5\n", "utf-8")
    with pytest.raises(CatalogError, match=r"my\.toml"):
        create_app(Config(dev=True, data_dir=tmp_path / "log", catalog=path))
    assert not (tmp_path / "log").exists()


async def test_catalogue_of_ones_own_adds_types_without_code(tmp_path: Path) -> None:
    """A type of a user's file is published, checked and addressed like the built-in ones."""
    path = tmp_path / "my.toml"
    path.write_text(
        """[types.clima_alerta]
title = { es = "Alerta", en = "Alert" }
message = { es = "Lluvia en {lugar}", en = "Rain in {lugar}" }
description = { es = "El clima cambia.", en = "The weather changes." }
audience = { topics = ["{lugar}"] }
data = { lugar = "string", grado = "integer" }
""",
        "utf-8",
    )
    async with running(Config(dev=True, broker="memory:", catalog=path)) as server:
        here, there = await server.connect({"topics": ["cusco"]}), await server.connect({"topics": ["lima"]})
        status, _ = await server.notify({"type": "clima_alerta", "data": {"lugar": "cusco", "grado": 3}}, key=None)
        refused, problem = await server.notify({"type": "clima_alerta", "data": {"lugar": "x", "grado": "3"}}, key=None)
        await server.notify(SEED, key=None)

        assert (status, refused, problem["errors"][0]["field"]) == (200, 422, "data.grado")
        assert [event["message"] for event in await here.wait(2)] == ["Lluvia en cusco", "Hola mundo"]
        assert [event["message"] for event in await there.wait(1)] == ["Hola mundo"]


async def test_end_lets_go_of_the_log(tmp_path: Path) -> None:
    """After its end a server's log is closed, its write-ahead log taken in, and its lock free."""
    async with running(secured(broker="sqlite:", data_dir=tmp_path)) as server:
        await server.notify(SEED)
        door = server.core.door
    assert door.draining
    assert not (tmp_path / f"{FILE_NAME}-wal").exists()
