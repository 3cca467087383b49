"""Which brokers there are, and what is said of one that there is none of."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from uuid import uuid4

import pytest
from aiohttp import web

from sio_server.app import CORE, create_app
from sio_server.audience import Audience
from sio_server.broker.opening import check_scheme, open_broker
from sio_server.broker.sqlite import FILE_NAME, SqliteBroker
from sio_server.config import Config
from sio_server.errors import BrokerUnavailable, ConfigError
from tests.support.brokers import Ear, appended
from tests.support.commands import assert_user_error, run
from tests.support.inbox_model import notification
from tests.support.servers import running

UNKNOWN = ["memory", "kafka://there", "redis://user:hunter2@there", "sqlite:elsewhere", "SQLITE:", "", "postgres"]


@pytest.mark.parametrize(("broker", "files"), [("sqlite:", {FILE_NAME}), ("memory:", set())])
async def test_broker_is_what_the_settings_name(broker: str, files: set[str], tmp_path: Path) -> None:
    """The log is in the data directory, or in memory and leaves nothing behind; either takes what is published."""
    opened = open_broker(Config(dev=True, broker=broker, data_dir=tmp_path))
    await opened.start(Ear())
    made = notification(Audience.of(everybody=True))
    assert (await appended(opened, made)).position.seq == 1
    await opened.close()
    assert set(await asyncio.to_thread(os.listdir, tmp_path)) >= files
    assert bool(await asyncio.to_thread(os.listdir, tmp_path)) == bool(files)


async def test_commits_are_told() -> None:
    """Whoever opens a broker may hear of each commit how long it took, and how many publishes were in it."""
    commits: list[tuple[float, int]] = []
    opened = open_broker(
        Config(dev=True, broker="memory:"), committed=lambda seconds, publishes: commits.append((seconds, publishes))
    )
    await opened.start(Ear())
    await appended(opened, notification(Audience.of(everybody=True)))
    await opened.close()
    assert [publishes for _, publishes in commits] == [1]


async def test_broker_in_postgres_is_opened(postgres_home: Path) -> None:
    """The log is where its address says, whichever of both schemes it has; no repr of the settings has its password."""
    broker = f"postgres://postgres:hunter2@/postgres?host={postgres_home}&schema={uuid4().hex}"
    config = Config(dev=True, broker=broker)
    assert "hunter2" not in repr(config)
    opened = open_broker(config)
    await opened.start(Ear())
    assert (await appended(opened, notification(Audience.of(everybody=True)))).position.seq == 1
    await opened.close()


def test_address_that_cannot_be_read_is_told_by_its_setting() -> None:
    """An address whose password is not encoded is refused by the name of its setting, and nothing of it is told."""
    with pytest.raises(ConfigError, match=r"^--broker: the address cannot be read: .*%40 for @") as caught:
        check_scheme("postgresql://ana:hunter2/@h/d", "--broker")
    assert "hunter2" not in str(caught.value)


def test_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library of PostgreSQL is not installed, the error is the command that installs it."""
    monkeypatch.setattr("sio_server.broker.opening.find_spec", lambda _: None)
    with pytest.raises(ConfigError, match=r"pip install 'sio-server\[postgres\]'"):
        check_scheme("postgresql://h/d")


@pytest.mark.parametrize("broker", UNKNOWN)
def test_unknown_broker_is_refused(broker: str) -> None:
    """A broker that there is none of is refused by its setting, with those that there are, and nothing is opened."""
    for refusing in (lambda: check_scheme(broker), lambda: open_broker(Config(dev=True, broker=broker))):
        with pytest.raises(ConfigError) as caught:
            refusing()
        assert str(caught.value) == (
            f"SIO_SERVER_BROKER: '{broker.partition(':')[0]}:' is not supported: use 'sqlite:', 'memory:' or 'postgresql://…'."
        )
        assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("command", ["serve", "check-config"])
@pytest.mark.parametrize("source", ["--broker", "SIO_SERVER_BROKER", "settings.toml: broker"])
async def test_unknown_broker_is_told_from_where_it_is(command: str, source: str, tmp_path: Path) -> None:
    """Both commands say where a broker that there is none of is from, and which there are; no password is told."""
    (tmp_path / "settings.toml").write_text('broker = "redis://user:hunter2@there"\n', "utf-8")
    flags = {
        "--broker": ("--broker", "redis://user:hunter2@there"),
        "SIO_SERVER_BROKER": (),
        "settings.toml: broker": ("--config", "settings.toml"),
    }[source]
    env = {"SIO_SERVER_BROKER": "redis://user:hunter2@there"} if source == "SIO_SERVER_BROKER" else {}
    done = await run(command, "--dev", *flags, cwd=tmp_path, env=env)
    assert_user_error(done, source, "'redis:' is not supported: use 'sqlite:', 'memory:' or 'postgresql://…'.")
    assert "hunter2" not in done.err


async def test_server_takes_a_broker_that_is_handed_in() -> None:
    """An application made with a broker of its own uses that one, starts it and closes it."""
    broker = SqliteBroker(None)
    runner = web.AppRunner(create_app(Config(dev=True, broker="sqlite:"), broker=broker), access_log=None)
    with pytest.raises(BrokerUnavailable):
        await broker.check()
    await runner.setup()
    try:
        await broker.check()
        assert runner.app[CORE].broker is broker
    finally:
        await runner.cleanup()
    with pytest.raises(BrokerUnavailable):
        await broker.check()


async def test_server_opens_what_its_settings_name(tmp_path: Path) -> None:
    """An application opens the broker of its settings where none is handed in."""
    async with running(Config(dev=True, broker="sqlite:", data_dir=tmp_path / "data")):
        assert await asyncio.to_thread((tmp_path / "data" / FILE_NAME).is_file)
