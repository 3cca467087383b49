"""Several processes on one port and one log in PostgreSQL: to clients and scrapers they are one server."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Node
from tests.serving.test_workers import children_of
from tests.support.clients import javascript_client
from tests.support.servers import PUBLISH_KEY, SECRET, Program, serving_command, token
from tests.support.waiting import coming, until

COUNT = 3
KEY = PUBLISH_KEY.replace(",", "")
BEARER = {"Authorization": f"Bearer {KEY}"}


@pytest.fixture
async def server(postgres_home: Path, tmp_path: Path) -> AsyncIterator[Program]:
    """Give a server of three processes on a new log in PostgreSQL."""
    env = {
        "SIO_SERVER_BROKER": f"postgresql://postgres@/postgres?host={postgres_home}&schema={uuid4().hex}",
        "SIO_SERVER_JWT_SECRET": SECRET,
        "SIO_SERVER_PUBLISH_KEYS": KEY,
        "SIO_SERVER_DATA_DIR": str(tmp_path),
        "SIO_SERVER_LOG_FORMAT": "json",
    }
    command = (sys.executable, "-m", "sio_server", "serve", "--port", "0", "--workers", str(COUNT))
    async with serving_command(*command, env=env) as started:
        yield started


async def publish(server: Program, number: int) -> None:
    """Publish by a connection of its own, which any worker may take."""
    body = {"type": "test", "message": str(number), "audience": {"all": True}}
    async with aiohttp.ClientSession() as http, http.post(f"{server.url}/notify", json=body, headers=BEARER) as answer:
        assert answer.status == 200


async def asked(server: Program, path: str) -> Any:
    """What whichever worker takes the connection answers to a request."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}{path}", headers=BEARER) as answer:
        assert answer.status == 200
        return await (answer.text() if path == "/metrics" else answer.json())


async def scraped(server: Program) -> dict[str, float]:
    """What a scrape says, by the names of samples."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(await asked(server, "/metrics")):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    return found


async def everybody_is_there(server: Program) -> None:
    """Wait until all workers are listed."""
    while len((await asked(server, "/v1/nodes"))["items"]) < COUNT:  # noqa: ASYNC110 - only they can say
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("transports", [["polling"], ["polling", "websocket"], ["websocket"]], ids="-".join)
async def test_clients_get_everything(server: Program, transports: list[str], node: Node) -> None:
    """Stock clients get what is published through any worker, in order, whichever worker their requests come to."""
    async with contextlib.AsyncExitStack() as stack:
        auth = {"token": token("ana", "turista")}
        made = [
            await stack.enter_async_context(
                javascript_client(node.binary, server.url, transports=transports, auth=auth, forceNew=True)
            )
            for _ in range(3)
        ]
        for client in made:
            await until(lambda client=client: "ns:hello" in client.events, "ns:hello", client.moves)  # type: ignore[misc]
        for number in range(9):
            await publish(server, number)
        for client in made:
            assert [one["message"] for one in await client.wait(9)] == [str(number) for number in range(9)]
            assert client.of("disconnect") == []


async def test_scrape_and_list_are_of_all(server: Program) -> None:
    """Whichever worker is asked, metrics are the sum over all, and all are listed."""
    await everybody_is_there(server)
    async with aiohttp.ClientSession() as http:
        sockets = [await http.ws_connect(f"{server.url}/ws?token={token('ana', 'turista')}") for _ in range(5)]
        for number in range(4):
            await publish(server, number)
        for _ in range(6):
            found = await scraped(server)
            assert found["sio_server_workers"] == COUNT
            assert found["sio_server_connections"] == 5
            assert found["sio_server_publishes_total"] == 4
        for one in sockets:
            await one.close()


async def test_killed_worker_is_made_anew_and_nothing_is_lost(server: Program, node: Node) -> None:
    """Where a worker is killed its clients come back and miss nothing, and there are as many workers as before."""
    await everybody_is_there(server)
    options = {"auth": {"token": token("ana", "turista"), "recovery": True}, "transports": ["websocket"]}
    async with contextlib.AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(javascript_client(node.binary, server.url, **options)) for _ in range(4)
        ]
        for client in made:
            await until(lambda client=client: "ns:hello" in client.events, "ns:hello", client.moves)  # type: ignore[misc]
        for number in range(9):
            if number == 3:
                os.kill(children_of(server.process.pid)[0], signal.SIGKILL)
            await publish(server, number)
        for client in made:
            assert [one["message"] for one in await client.wait(9)] == [str(number) for number in range(9)]
    await until(lambda: len(children_of(server.process.pid)) == COUNT, "another worker", server.moves)
    await coming(everybody_is_there(server), "the list of all")
    assert await server.stop() == 0
