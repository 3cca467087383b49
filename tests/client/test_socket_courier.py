"""A notifier over Socket.IO: what is handed over arrives once and in order, as it does over HTTP."""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson
import pytest

from sio_server.client import Failure, Notifier, close_default_client, configure, notificar_guia_creado
from sio_server.errors import ConfigError
from tests.support.networks import Behaviour, copy, drip, http_answer, serving, silence
from tests.support.servers import PUBLISH_KEY, REFUSING, Server, environment, running, secured, token
from tests.support.waiting import PATIENCE, coming, until


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode, which refuses misspelt types."""
    async with running(REFUSING) as started:
        yield started


@pytest.fixture(params=["memory", "spool"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Where what waits is kept: in memory, or in a directory."""
    return tmp_path / "spool" if request.param == "spool" else None


@asynccontextmanager
async def line(target: str, port: int) -> AsyncIterator[None]:
    """A line to a server from an address; at its end every connection over it is cut."""
    ends: list[asyncio.StreamWriter] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", urlsplit(target).port)
        ends.extend((writer, upstream_writer))
        await asyncio.gather(copy(reader, upstream_writer), copy(upstream_reader, writer))

    async with serving(pass_on, port):
        yield
        for end in ends:
            end.transport.abort()


def tell(notifier: Notifier, first: int, last: int) -> None:
    """Hand over a numbered row of notifications about one tour."""
    for number in range(first, last):
        notifier.notificar_tour_actualizado(tour_id="t", nombre=str(number))


def numbers(envelopes: list[dict[str, Any]]) -> list[int]:
    """The numbers that arrived, in the order in which they did."""
    return [int(found["data"]["nombre"]) for found in envelopes]


async def connections(server: Server) -> int:
    """How many connections over Socket.IO the server counts."""
    async with server.http.get(f"{server.url}/v1/stats") as response:
        told = orjson.loads(await response.read())
    found: int = told["connections"]["by_transport"].get("socketio/websocket", 0)
    return found


async def test_what_is_handed_over_arrives_once_and_in_order(server: Server, spool: Path | None) -> None:
    """A row of notifications goes out over one connection, which the server counts, and no request is made."""
    admin = await server.connect({"role": "admin"})
    before = await connections(server)
    async with Notifier(server.url, spool=spool, transport="socketio") as notifier:
        notifier.notify("test", "Hola", {"a": [1, {"b": None}]}, title="Saludo", roles=["admin"], priority="high")
        envelopes = await admin.wait(1)
        assert (envelopes[0]["title"], envelopes[0]["data"]) == ("Saludo", {"a": [1, {"b": None}]})
        assert await connections(server) == before + 1
        tell(notifier, 0, 250)
        assert numbers((await admin.wait(251))[1:]) == list(range(250))
        assert await notifier.aflush(PATIENCE)
        assert await connections(server) == before + 1
        stats = notifier.stats()
    assert (stats["sent"], stats["duplicates"], stats["waiting"], stats["circuit"]) == (251, 0, 0, "closed")


async def test_an_outage_and_cut_lines_lose_and_repeat_nothing(
    server: Server, spool: Path | None, unused_tcp_port: int
) -> None:
    """What is handed over while nobody listens, and while lines are cut, arrives once, in order."""
    admin = await server.connect({"role": "admin"})
    notifier = Notifier(f"http://127.0.0.1:{unused_tcp_port}", spool=spool, transport="socketio")
    tell(notifier, 0, 30)
    await until(lambda: notifier.stats()["circuit"] == "open", "an open circuit", notifier.stats)
    for first in range(30, 90, 20):
        async with line(server.url, unused_tcp_port):
            tell(notifier, first, first + 10)
            await admin.wait(first)
        # The line is cut here, whatever was under way.
        tell(notifier, first + 10, first + 20)
    async with line(server.url, unused_tcp_port):
        assert numbers(await admin.wait(90)) == list(range(90))
        assert await notifier.aflush(PATIENCE)
        await notifier.aclose(0)
    assert numbers(admin.notifications) == list(range(90))


async def test_what_the_server_refuses_is_told_of_and_holds_nothing_up(server: Server) -> None:
    """A refused entry reaches the hook with the server's code and its JSON; those before and after it arrive."""
    admin = await server.connect({"role": "admin"})
    failures: list[Failure] = []
    async with Notifier(server.url, on_failure=failures.append, transport="socketio") as notifier:
        tell(notifier, 0, 2)
        notifier.notify("reserva_creda", data={"x": 1})
        notifier.notify("reserva_creada", data={"personas": "dos"})
        tell(notifier, 2, 4)
        assert numbers(await admin.wait(4)) == [0, 1, 2, 3]
        assert await notifier.aflush(PATIENCE)
    assert [(failure.reason, failure.code) for failure in failures] == [
        ("refused", "unknown_type"),
        ("refused", "invalid_data"),
    ]
    assert failures[0].body is not None
    assert orjson.loads(failures[0].body)["data"] == {"x": 1}


@pytest.mark.parametrize("key", ["wrong", None], ids=["wrong", "none"])
async def test_a_wrong_key_loses_nothing(key: str | None, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Entries wait for a key that is right, and the log says what refuses them, by its code."""
    caplog.set_level(logging.WARNING, "sio_server.client")
    async with running(secured()) as server:
        wrong = Notifier(server.url, key, spool=tmp_path, transport="socketio")
        tell(wrong, 0, 5)
        await until(lambda: "refused (unauthorized)" in caplog.text, "a line about the key", wrong.stats)
        assert any(record.levelno == logging.ERROR for record in caplog.records)
        await wrong.aclose(0)
        admin = await server.connect({"token": token("1", "admin")})
        async with Notifier(server.url, PUBLISH_KEY, spool=tmp_path, transport="socketio") as right:
            assert numbers(await admin.wait(5)) == list(range(5))
            assert await right.aflush(PATIENCE)
    assert PUBLISH_KEY not in caplog.text


@pytest.mark.parametrize(
    "behaviour", [silence, drip, http_answer("404 Not Found", b"{}")], ids=["silence", "drip", "no sio-server"]
)
async def test_a_notifier_ends_whatever_answers(behaviour: Behaviour | bytes) -> None:
    """An address where nobody answers, or somebody else does, neither holds up an end nor loses what waits unsaid."""

    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert isinstance(behaviour, bytes)
        writer.write(behaviour)
        await writer.drain()

    failures: list[Failure] = []
    async with serving(answer if isinstance(behaviour, bytes) else behaviour) as url:
        notifier = Notifier(url, on_failure=failures.append, transport="socketio")
        tell(notifier, 0, 3)
        assert not await notifier.aflush(0.2)
        await coming(notifier.aclose(0), "the end")
    assert [failure.reason for failure in failures] == ["closed"] * 3


@pytest.mark.parametrize("transport", ["http", "socketio"])
async def test_a_server_in_a_path_is_found(transport: Literal["http", "socketio"]) -> None:
    """The address may have a path, as behind a proxy, and everything is below it."""
    async with running(secured(base_path="/rt")) as server:
        admin = await server.connect({"token": token(role="admin")})
        notifier = Notifier(server.url, PUBLISH_KEY, transport=transport)
        tell(notifier, 0, 3)
        await admin.wait(3)
        assert await notifier.aflush(PATIENCE)
        await notifier.aclose(0)


async def test_an_address_without_its_path_is_told(server: Server) -> None:
    """An address with a path that the server does not have is a try that failed."""
    notifier = Notifier(f"{server.url}/rt", transport="socketio")
    tell(notifier, 0, 1)
    await until(lambda: int(notifier.stats()["tries_failed"]) > 0, "a failed try", notifier.stats)
    await notifier.aclose(0)


async def test_a_fork_connects_by_itself(server: Server) -> None:
    """A child has a connection of its own, and the parent keeps the one that it has."""
    admin = await server.connect({"role": "admin"})
    script = f"""
import os, sys
from sio_server.client import configure, notificar_guia_creado
notifier = configure({server.url!r}, transport="socketio")
notificar_guia_creado(nombre="before")
sent = notifier.flush({PATIENCE})
child = not os.fork()
notificar_guia_creado(nombre="child" if child else "parent")
sent = notifier.flush({PATIENCE}) and sent
os._exit(not sent) if child else sys.exit(os.wait()[1] or not sent)
"""
    await asyncio.to_thread(
        subprocess.run, [sys.executable, "-c", script], env=environment(), check=True, timeout=PATIENCE
    )
    assert sorted(envelope["data"]["nombre"] for envelope in await admin.wait(3)) == ["before", "child", "parent"]


async def test_the_functions_go_over_it_too(server: Server) -> None:
    """``configure`` takes the transport for the module's functions."""
    admin = await server.connect({"role": "admin"})
    await asyncio.to_thread(configure, server.url, transport="socketio")
    await notificar_guia_creado(nombre="Elena")
    assert [envelope["data"]["nombre"] for envelope in await admin.wait(1)] == ["Elena"]
    await close_default_client()


def test_what_has_to_be_installed_is_said(tmp_path: Path) -> None:
    """Without the libraries of the extra, making such a notifier is an error that names the extra."""
    (tmp_path / "websocket.py").write_text("raise ImportError('not here', name='websocket')", "utf-8")
    script = "from sio_server.client import Notifier; Notifier(transport='socketio')"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment({"PYTHONPATH": os.fspath(tmp_path)}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ConfigError.__name__ in done.stderr
    assert "sio-server-client[socketio]" in done.stderr
