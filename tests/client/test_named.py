"""The functions that the catalogue makes: ``notificar_<type>``, of the module and of the clients."""

from __future__ import annotations

import asyncio
import inspect
import logging
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from pathlib import Path

import pytest

from sio_server import client as client_module
from sio_server.catalog import Catalog, EventType
from sio_server.client import (
    Failure,
    NotifyClient,
    PublishResult,
    SyncNotifyClient,
    close_default_client,
    configure,
    default_notifier,
    enviar_notificacion,
    notificar_guia_creado,
    notificar_reserva_creada,
    notificar_usuario_registrado,
)
from sio_server.config import Config
from tests.support.servers import REFUSING, Server, environment, running
from tests.support.waiting import PATIENCE

CATALOG = Catalog.load()

OWN = """
[types."hotel.abierto"]
title = { es = "Hotel", en = "Hotel" }
description = { es = "Un hotel abre.", en = "A hotel opens." }
audience = { roles = ["turista"] }
data = { title = "string", class = "integer", nombre = "string" }
"""


@pytest.fixture
async def server(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A server in development mode, which refuses misspelt types, and that this module's functions publish to."""
    await close_default_client()
    async with running(REFUSING) as started:
        monkeypatch.setenv("SIO_SERVER_URL", started.url)
        yield started
        await close_default_client()


@pytest.fixture(autouse=True)
def warnings_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    """Let this module's warnings through, whatever level the servers of the tests log at."""
    caplog.set_level(logging.WARNING, "sio_server.client")


@pytest.fixture
async def nobody(monkeypatch: pytest.MonkeyPatch, unused_tcp_port: int) -> AsyncIterator[None]:
    """An address where nobody listens."""
    monkeypatch.setenv("SIO_SERVER_URL", f"http://127.0.0.1:{unused_tcp_port}")
    yield
    await close_default_client()


@pytest.fixture
def own_catalog(tmp_path: Path) -> Path:
    """A catalogue file of the user's own."""
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    return path


@pytest.mark.parametrize("kind", CATALOG.types.values(), ids=lambda kind: kind.name)
def test_every_type_has_a_function_with_its_fields(kind: EventType) -> None:
    """The signature begins with the known fields of the type's data, and name and documentation are its own."""
    name = f"notificar_{kind.name}"
    function = getattr(client_module, name)
    parameters = inspect.signature(function).parameters
    assert list(parameters)[: len(kind.data)] == list(kind.data)
    assert {"message", "data", "audience", "roles", "idempotency_key", "source"} <= parameters.keys()
    assert all(parameter.kind is inspect.Parameter.KEYWORD_ONLY for parameter in parameters.values())
    assert function.__name__ == name
    assert kind.about("en") in function.__doc__
    assert function is getattr(client_module, name)
    assert name in dir(client_module)
    with SyncNotifyClient("http://127.0.0.1:1") as client:
        assert name in dir(client)
        assert not inspect.iscoroutinefunction(getattr(client, name))
        assert inspect.signature(getattr(client, name)) == inspect.signature(function)


async def test_the_flow_of_a_registration(server: Server) -> None:
    """An admin gets what a route told with the type's function, in the catalogue's words; a tourist does not."""
    admin = await server.connect({"role": "admin"})
    tourist = await server.connect({"role": "turista", "user": "123"})
    await notificar_usuario_registrado(usuario_id="123", nombre="Juan Pérez", email="juan@example.com", rol="turista")
    [envelope] = await admin.wait(1)
    assert envelope["type"] == "usuario_registrado"
    assert envelope["message"] == "Juan Pérez se ha registrado"
    assert envelope["data"] == {
        "usuario_id": "123",
        "nombre": "Juan Pérez",
        "email": "juan@example.com",
        "rol": "turista",
    }
    await server.notify({"type": "test"})
    assert [event["type"] for event in await tourist.wait(1)] == ["test"]


async def test_further_fields_and_options_go_along(server: Server) -> None:
    """``data`` adds fields that the catalogue does not know, and options are those of a publish."""
    listener = await server.connect({"user": "9"})
    await notificar_reserva_creada(
        usuario_id=5,
        fecha=date(2026, 12, 24),
        data={"moneda": "EUR"},
        message="Hecho",
        users=[9],
        priority="critical",
        link="/r/1",
    )
    [envelope] = await listener.wait(1)
    assert envelope["data"] == {"moneda": "EUR", "usuario_id": 5, "fecha": "2026-12-24"}
    assert (envelope["message"], envelope["priority"], envelope["link"]) == ("Hecho", "critical", "/r/1")


async def test_clients_have_the_same_functions(server: Server) -> None:
    """A client's ``notificar_…`` publishes through that client, asynchronously or not as the client does."""
    listener = await server.connect({"role": "admin"})
    async with NotifyClient(server.url) as client:
        first = await client.notificar_guia_creado(nombre="Elena")
        second = await client.enviar_notificacion("guia_eliminado", data={"nombre": "Elena"})
    with SyncNotifyClient(server.url) as sync:
        third = await asyncio.to_thread(sync.notificar_guia_actualizado, nombre="Luis", idiomas=["es"])
    assert [envelope["id"] for envelope in await listener.wait(3)] == [first.id, second.id, third.id]


@pytest.mark.usefixtures("nobody")
async def test_a_wrong_argument_is_a_type_error() -> None:
    """A field that the type does not have raises TypeError that names function and argument; so does a position."""
    with pytest.raises(TypeError, match=r"notificar_usuario_registrado\(\).*'nombr'"):
        await notificar_usuario_registrado(nombr="Juan")  # type: ignore[call-arg]  # what a type checker would have told
    with pytest.raises(TypeError, match="positional"):
        await notificar_usuario_registrado("123")  # type: ignore[call-arg]  # what a type checker would have told


async def test_what_can_be_no_function_of_a_type_is_an_attribute_error(server: Server) -> None:
    """Neither the module nor a client has a function for what no type can be called."""
    with pytest.raises(AttributeError, match="notificar_Nada"):
        _ = client_module.notificar_Nada  # type: ignore[attr-defined]  # what a type checker would have told
    async with NotifyClient(server.url) as client:
        with pytest.raises(AttributeError, match="notificar_Nada"):
            _ = client.notificar_Nada  # type: ignore[attr-defined]  # what a type checker would have told
        assert not hasattr(client, "publicar")


@pytest.mark.usefixtures("nobody")
async def test_a_server_that_is_down_never_fails_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    """With nobody listening the functions return, and what they handed over waits, told of by a line without data."""
    await notificar_usuario_registrado(nombre="s3cret")
    assert not await default_notifier().aflush(0.3)
    assert default_notifier().stats()["waiting"] == 1
    assert "notifications wait, since they cannot be sent" in caplog.text
    await default_notifier().aclose(0)
    assert "'usuario_registrado' will not be delivered: closed" in caplog.text
    assert "s3cret" not in caplog.text


@pytest.mark.usefixtures("server")
async def test_a_refusal_never_fails_the_caller(caplog: pytest.LogCaptureFixture) -> None:
    """An unknown type, a wrong field and a value that is no JSON are each told of by a line."""
    await enviar_notificacion("reserva_creda")
    await notificar_reserva_creada(personas="dos")  # type: ignore[arg-type]  # what a type checker would have told
    await notificar_reserva_creada(data={"x": object()})
    assert await default_notifier().aflush(PATIENCE)
    messages = [record.getMessage() for record in caplog.records if record.name == "sio_server.client"]
    assert len(messages) == 3
    assert "JSON" in messages[0]
    assert "unknown_type" in messages[1]
    assert "data.personas" in messages[2] or "whole number" in messages[2]


async def test_settings_that_cannot_be_used_never_fail_the_caller(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A wrong SIO_SERVER_URL is logged by name when a notification should go out."""
    monkeypatch.setenv("SIO_SERVER_URL", "localhost:8080")
    await enviar_notificacion("test")
    assert "SIO_SERVER_URL" in caplog.text


@pytest.mark.usefixtures("server")
async def test_a_part_of_the_audience_that_was_skipped_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """A warning of the server reaches the log of the backend that forgot a field."""
    await notificar_reserva_creada(tour_nombre="Lago")
    assert await default_notifier().aflush(PATIENCE)
    assert "usuario_id" in caplog.text


async def test_the_functions_are_for_every_kind_of_code(server: Server) -> None:
    """They are called without a loop, awaited, made a task of, and run by loops that end one after another."""
    admin = await server.connect({"role": "admin"})

    async def awaited(name: str) -> None:
        await notificar_guia_creado(guia_id=1, nombre=name)

    def loops() -> None:
        asyncio.run(awaited("b"))
        asyncio.run(notificar_guia_creado(guia_id=1, nombre="c"))

    await asyncio.to_thread(notificar_guia_creado, guia_id=1, nombre="a")
    await asyncio.to_thread(loops)
    await asyncio.create_task(notificar_guia_creado(guia_id=1, nombre="d"))
    await asyncio.gather(notificar_guia_creado(guia_id=1, nombre="e"), awaited("f"))
    assert [envelope["data"]["nombre"] for envelope in await admin.wait(6)] == [*"abcdef"]


async def test_the_functions_can_be_configured(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that are not in the environment are given once, and an earlier notifier is flushed and closed."""
    monkeypatch.setenv("SIO_SERVER_URL", "localhost:8080")
    admin = await server.connect({"role": "admin"})
    failures: list[Failure] = []
    first = configure(server.url)
    notificar_guia_creado(nombre="a")
    await asyncio.to_thread(configure, server.url, on_failure=failures.append)
    notificar_guia_creado(nombre="b", priority="urgent")  # type: ignore[arg-type]  # what a type checker would have told
    notificar_guia_creado(nombre="c")
    assert await default_notifier().aflush(PATIENCE)
    assert [envelope["data"]["nombre"] for envelope in await admin.wait(2)] == ["a", "c"]
    assert [(failure.reason, failure.code) for failure in failures] == [("refused", "invalid_data")]
    first.notify("test")
    assert first.stats()["closed"] == 1


async def test_a_catalogue_of_ones_own_has_functions_too(own_catalog: Path) -> None:
    """A field may be called as an option is, dots become underscores, and a Python keyword goes into ``data``."""
    catalog = await asyncio.to_thread(Catalog.load, own_catalog)
    async with running(Config(dev=True, broker="memory:", catalog=own_catalog)) as server:
        listener = await server.connect({"role": "turista"})
        async with NotifyClient(server.url, catalog=catalog) as client:
            # Of a catalogue that no type checker has read.
            publish: Callable[..., Awaitable[PublishResult]] = getattr(client, "notificar_hotel_abierto")  # noqa: B009
            await publish(title="Rey", nombre="Sol", data={"class": 5})
        [envelope] = await listener.wait(1)
    assert envelope["data"] == {"class": 5, "title": "Rey", "nombre": "Sol"}
    assert envelope["title"] is None


def test_the_environment_names_a_catalogue_of_ones_own(own_catalog: Path) -> None:
    """SIO_SERVER_CATALOG adds its functions to the module."""
    script = "from sio_server.client import notificar_hotel_abierto as f; print(f.__name__)"
    assert _python(script, SIO_SERVER_CATALOG=str(own_catalog)).strip() == "notificar_hotel_abierto"


def test_importing_the_client_brings_no_part_of_the_server() -> None:
    """A backend that publishes loads neither the server nor its libraries, and needs nothing to be running."""
    loaded = set(
        _python("import sys; from sio_server.client import notificar_tour_creado; print(*sys.modules)").split()
    )
    assert loaded.isdisjoint(
        {"aiohttp", "socketio", "engineio", "structlog", "environs", "dotenv", "jwt", "marshmallow"}
    )
    # Imported when they are used, since an application waits for each import of its start.
    assert loaded.isdisjoint({"httpx", "httpcore", "rich", "click", "asyncio", "ssl", "email", "sqlite3", "uuid_utils"})
    ours = {name.removeprefix("sio_server.") for name in loaded if name.startswith("sio_server.")}
    assert ours == {
        *(
            "errors",
            "audience",
            "translations",
            "event_types",
            "client",
            "client.bodies",
            "client.entries",
            "client.ledger",
        ),
        *("client.context", "client.field_types", "client.known", "client.named", "client.shared"),
    }


async def test_a_process_forked_with_the_first_call_publishes_too(server: Server) -> None:
    """The first call waits for no import, and a fork does: the child has whole modules, and publishes with them."""
    admin = await server.connect({"role": "admin"})
    script = f"""
import os, sys
from sio_server.client import default_notifier, notificar_guia_creado
notificar_guia_creado(nombre="parent")
child = not os.fork()
whole = "httpx" in sys.modules
if child:
    notificar_guia_creado(nombre="child")
sent = default_notifier().flush({PATIENCE})
os._exit(not (whole and sent)) if child else sys.exit(os.wait()[1] or not (whole and sent))
"""
    await asyncio.to_thread(_python, script, SIO_SERVER_URL=server.url)
    assert sorted(envelope["data"]["nombre"] for envelope in await admin.wait(2)) == ["child", "parent"]


def _python(script: str, **env: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", script], env=environment(env), capture_output=True, text=True, check=True
    ).stdout
