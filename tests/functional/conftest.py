"""What users do is tried on both kinds of log: the embedded one, and one that many nodes share."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest

from sio_server.broker.postgres import PostgresBroker
from sio_server.config import Config
from tests.support import servers

# What is about programs, files, pages or wire formats, and not about what becomes of a notification, is tried once.
ONCE: Final = ("test_docs", "test_backup", "test_drain", "test_fuzz", "test_attacks", "test_renewals", "test_tls")

# Words of a test that brings a log of its own.
OWN: Final = ("tmp_path", "data_dir", "sqlite")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try what names no log of its own on each kind."""
    module = metafunc.module.__name__.rpartition(".")[2]
    once = module.startswith(ONCE) or any(word in metafunc.fixturenames for word in OWN)
    metafunc.parametrize("shared_log", ["embedded"] if once else ["embedded", "postgresql"], indirect=True)


@pytest.fixture(autouse=True)
def shared_log(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have servers that would keep their log in memory keep it in PostgreSQL, each in an empty schema."""
    if request.param != "postgresql":
        return
    home: Path = request.getfixturevalue("postgres_home")

    def opened(config: Config) -> PostgresBroker:
        place = f"postgresql://postgres@/postgres?host={home}&schema={uuid4().hex}"
        return PostgresBroker(place, idempotency_ttl=config.idempotency_ttl)

    monkeypatch.setattr(servers, "in_place_of_memory", opened)
