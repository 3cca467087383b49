"""What the tests of the outbox share: a server of PostgreSQL, a server to publish to, an outbox of each kind."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest

from sio_server.client import pacing
from tests.support.outboxes import KINDS, Place
from tests.support.postgres import place_in
from tests.support.servers import REFUSING, Server, running


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Have short waits between tries, and let every line through."""
    monkeypatch.setattr(pacing, "BACKOFF_MAX", 0.05)
    caplog.set_level(logging.DEBUG, "sio_server.client")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode, which refuses misspelt types."""
    async with running(REFUSING) as started:
        yield started


def address(request: pytest.FixtureRequest, kind: str, directory: Path) -> str:
    """The address of an empty database of this kind, or of an empty part of one."""
    if "postgresql" not in kind:
        return f"{kind}:///{directory / 'app.db'}"
    return f"{kind}://{place_in(request.getfixturevalue('postgres_home'), uuid4().hex)}"


@pytest.fixture(params=KINDS)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """An outbox in an empty database of each kind, and what the application reaches it by."""
    url = await asyncio.to_thread(address, request, request.param, tmp_path)
    async with Place.opened(url) as opened:
        yield opened


@pytest.fixture
async def lite(tmp_path: Path) -> AsyncIterator[Place]:
    """An outbox in SQLite, without asyncio."""
    async with Place.opened(f"sqlite:///{tmp_path / 'app.db'}") as opened:
        yield opened


@pytest.fixture
async def elephant(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    """An outbox in PostgreSQL, without asyncio."""
    url = await asyncio.to_thread(address, request, "postgresql+psycopg", tmp_path)
    async with Place.opened(url) as opened:
        yield opened


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Collect the tests of MongoDB where there is one."""
    if file_path.name == "mongodb.py" and os.environ.get("MONGODB_URL"):
        module: pytest.Module = pytest.Module.from_parent(parent, path=file_path)
        return module
    return None
