"""What the tests of a log in PostgreSQL have: an empty schema of a real server, and nodes on it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from sio_server.broker.address import address_of
from sio_server.broker.postgres import PostgresBroker
from tests.support.brokers import Ear
from tests.support.inbox_model import Clock


@pytest.fixture
def clock() -> Clock:
    """Return the log's clock, which stands still."""
    return Clock()


@pytest.fixture
def dsn(postgres_home: Path) -> str:
    """Return the address of a schema that is not there yet."""
    return f"postgresql://postgres@/postgres?host={postgres_home}&schema={uuid4().hex}"


@pytest.fixture
def ears() -> tuple[Ear, Ear]:
    """Return whom two nodes call back."""
    return Ear(), Ear()


@pytest.fixture
def ear(ears: tuple[Ear, Ear]) -> Ear:
    """Return whom the broker calls back."""
    return ears[0]


@pytest.fixture
def unstarted(dsn: str, clock: Clock) -> tuple[PostgresBroker, PostgresBroker]:
    """Return two nodes on one log that are not started."""
    return PostgresBroker(dsn, now=clock), PostgresBroker(dsn, now=clock)


@pytest.fixture
async def pair(
    unstarted: tuple[PostgresBroker, PostgresBroker], ears: tuple[Ear, Ear]
) -> AsyncIterator[tuple[PostgresBroker, PostgresBroker]]:
    """Give two nodes on one log, both started."""
    nodes = unstarted
    await asyncio.gather(*(node.start(ear) for node, ear in zip(nodes, ears, strict=True)))
    yield nodes
    for node in nodes:
        await node.close()


@pytest.fixture
async def broker(dsn: str, clock: Clock, ear: Ear) -> AsyncIterator[PostgresBroker]:
    """Give a started broker."""
    made = PostgresBroker(dsn, now=clock)
    await made.start(ear)
    yield made
    await made.close()


@pytest.fixture
async def ask(dsn: str) -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Give what asks the database itself, beside the nodes: for the first value that a statement answers with."""
    address, schema, _ = address_of(dsn)
    connection = await asyncpg.connect(address, server_settings={"search_path": f'"{schema}"'})
    yield connection.fetchval
    await connection.close()
