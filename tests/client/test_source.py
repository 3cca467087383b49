"""The functions of a catalogue as source code: the stub of the built-in ones, and a module for one of one's own."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import inspect
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest

from sio_server import client as client_module
from sio_server.client import close_default_client, default_notifier
from sio_server.client.field_types import FIELD_SOURCES, FIELD_TYPES
from sio_server.client.known import BUILTIN, types_in
from sio_server.client.source import as_module, as_stub
from sio_server.config import Config
from sio_server.event_types import DATA_TYPES, EventTypes
from tests.support.catalogs import TEXTS
from tests.support.servers import ROOT, Server, running
from tests.support.waiting import PATIENCE

STUB: Final = ROOT / "sio_server/client/builtin.pyi"

# Names that Python, an option or a method has already; a description that would end its docstring; a replaced type.
OWN: Final = """
[types."hotel.abierto"]
title = { es = "Hotel", en = "Hotel" }
description = { es = "Abre.", en = 'It "opens\\": \"\"\"now\"\"\" \\' }
audience = { roles = ["turista"] }
data = { title = "string", class = "integer", self = "id", roles = "array", message = "string" }

[types.reserva_creada]
title = { es = "Reserva", en = "Booking" }
description = { es = "Otra.", en = "Another." }
audience = { users = ["{cliente}"] }
data = { cliente = "id", total = "number" }
"""


def imported(path: Path) -> ModuleType:
    """A module of this file, as a backend imports it."""
    spec = importlib.util.spec_from_file_location("own_notifications", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A catalogue of the server's alone, as a file; nothing of the backend's environment names it."""
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    return path


@pytest.fixture
def module(own: Path, tmp_path: Path) -> ModuleType:
    """The module that is written for that catalogue."""
    written = tmp_path / "notifications.py"
    written.write_text(as_module(EventTypes({**types_in(BUILTIN), **types_in(own)})), "utf-8")
    return imported(written)


@pytest.fixture
async def server(own: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Server]:
    """A server with that catalogue, which the default notifier publishes to."""
    await close_default_client()
    async with running(Config(dev=True, broker="memory:", catalog=own)) as started:
        monkeypatch.setenv("SIO_SERVER_URL", started.url)
        yield started
        await close_default_client()


def test_the_stub_is_of_the_catalogue_as_it_is() -> None:
    """Type checkers and editors know the built-in functions as they are; otherwise run scripts/stubs.py."""
    assert STUB.read_text("utf-8") == as_stub(EventTypes(types_in(BUILTIN)))


def test_the_stub_has_the_parameters_that_the_functions_have() -> None:
    """Each function of the stub takes what its namesake takes at run time, and in the same order."""
    tree = ast.parse(STUB.read_text("utf-8"))
    functions = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert len(functions) == 20
    for function in functions:
        real = inspect.signature(getattr(client_module, function.name)).parameters
        names = [argument.arg for argument in function.args.kwonlyargs]
        assert list(real)[: len(names)] == names
        assert set(real) - set(names) == client_module.PublishOptions.__annotations__.keys()


def test_each_kind_of_data_has_a_type() -> None:
    """A kind that the catalogue knows can be written as source code, and be told to a person."""
    assert FIELD_TYPES.keys() == FIELD_SOURCES.keys() == DATA_TYPES.keys()


async def test_types_of_the_servers_alone_need_no_file_on_the_backend(server: Server, module: ModuleType) -> None:
    """A written module publishes a type that the backend has no file of, with each field in its place."""
    listener = await server.connect({"role": "turista", "user": "7"})
    await module.notificar_hotel_abierto(title="Rey", roles=[1], message="m", data={"class": 5, "self": 6}, users=[7])
    await module.notificar_reserva_creada(cliente=7, total=None, data={"más": 1}, message="hecha", link="/r")
    assert await default_notifier().aflush(PATIENCE)
    async with module.Notifier(server.url) as notifier:
        notifier.notificar_reserva_creada(cliente=7, total=2.5)
        notifier.notificar_tour_creado(nombre="Lago")
    first, second, third, fourth = await listener.wait(4)
    assert first["data"] == {"title": "Rey", "roles": [1], "message": "m", "class": 5, "self": 6}
    assert (second["data"], second["message"], second["link"]) == ({"cliente": 7, "más": 1}, "hecha", "/r")
    assert third["data"] == {"cliente": 7, "total": 2.5}
    assert fourth["type"] == "tour_creado"


def test_documentation_is_what_the_catalogue_says(module: ModuleType) -> None:
    """What a description holds ends no docstring, and is read as it was written."""
    told = module.notificar_hotel_abierto.__doc__
    assert told == 'Publish ``hotel.abierto``: It "opens\\": """now""" \\'
    assert module.Notifier.notificar_hotel_abierto.__doc__ == told


async def test_what_is_about_one_thing_stays_in_order(server: Server, module: ModuleType) -> None:
    """The order is that of the written catalogue: its first id says what a notification is about."""
    listener = await server.connect({"user": "7"})
    async with module.Notifier(server.url) as notifier:
        for number in range(20):
            await asyncio.to_thread(notifier.notificar_reserva_creada, cliente=7, total=number)
    assert [envelope["data"]["total"] for envelope in await listener.wait(20)] == [*range(20)]


def test_a_catalogue_of_many_fields_is_written(tmp_path: Path) -> None:
    """Types whose names have one spelling as a function keep one function, and every kind of field has its type."""
    data = ", ".join(f'{kind}_ = "{kind}"' for kind in DATA_TYPES)
    text = "".join(
        f'[types."{name}"]\n{TEXTS}audience = {{all = true}}\ndata = {{ {data} }}\n' for name in ("a.b", "a-b")
    )
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    source = as_module(EventTypes(types_in(path)))
    written = tmp_path / "written.py"
    written.write_text(source, "utf-8")
    functions: list[Any] = [name for name in vars(imported(written)) if name.startswith("notificar_")]
    assert functions == ["notificar_a_b"]
    assert "date_: Date | None = None" in source
