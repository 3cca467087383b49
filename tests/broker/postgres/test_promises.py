"""What a database is asked at the start: which promises it weakens, and whether its notifications arrive."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from sio_server.broker.postgres import PostgresBroker, examine, promises
from sio_server.errors import LogError
from tests.support.brokers import Ear

Ask = Callable[..., Awaitable[Any]]
_HEAD = 5
_SOCKET = ".s.PGSQL.5432"


async def _passing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()


async def _without_notifications(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """What a server says, but for NotificationResponse: PostgreSQL, "Message Formats"."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        if (first := await reader.readexactly(1)) == b"N":  # no TLS
            writer.write(first)
            first = b""
        while head := first + await reader.readexactly(_HEAD - len(first)):
            first = b""
            body = await reader.readexactly(int.from_bytes(head[1:], "big") - 4)
            if head[:1] != b"A":
                writer.write(head + body)
    writer.close()


@pytest.fixture
async def deaf(dsn: str, postgres_home: Path, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """Give the address of the database by way of what passes on no notification, as a pool by transaction does."""
    place = tmp_path_factory.mktemp("p")

    joined: list[asyncio.Task[None]] = []

    async def join(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = await asyncio.open_unix_connection(postgres_home / _SOCKET)
        try:
            await asyncio.gather(_passing(reader, server[1]), _without_notifications(server[0], writer))
        finally:
            for end in (server[1], writer):
                end.close()
                with contextlib.suppress(OSError):
                    await end.wait_closed()

    def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        joined.append(asyncio.get_running_loop().create_task(join(reader, writer)))

    async with await asyncio.start_unix_server(begin, place / _SOCKET):
        yield dsn.replace(str(postgres_home), str(place))
        for task in joined:
            task.cancel()
        await asyncio.gather(*joined, return_exceptions=True)


def _schema(dsn: str) -> str:
    return dsn.rpartition("=")[2]


@pytest.mark.parametrize("start", ["start", "examine"])
async def test_pool_by_transaction_is_told(
    start: str, deaf: str, dsn: str, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no notification arrives, nothing starts and nothing is made, and the error names the mend."""
    monkeypatch.setattr(promises, "HEARD", 0.5)
    with pytest.raises(LogError, match=r"name the address of PostgreSQL itself, or of a pool by session"):
        await (PostgresBroker(deaf).start(Ear()) if start == "start" else examine(deaf))
    assert not await ask("SELECT count(*) FROM pg_namespace WHERE nspname = $1", _schema(dsn))


async def test_weaknesses_are_told_and_nothing_is_made(dsn: str, ask: Ask) -> None:
    """Whoever asks first is told what the database's settings weaken, and no schema is there for it."""
    fsync, standby = await examine(dsn)
    assert "set fsync = on" in fsync
    assert "set synchronous_standby_names" in standby
    assert not await ask("SELECT count(*) FROM pg_namespace WHERE nspname = $1", _schema(dsn))


async def test_commits_that_are_not_waited_for_are_told(dsn: str, ask: Ask) -> None:
    """A user whose commits are not durable is told which promise that takes back."""
    await ask("CREATE ROLE hasty SUPERUSER LOGIN")
    try:
        await ask("ALTER ROLE hasty SET synchronous_commit = off")
        lines = await examine(dsn.replace("postgres@", "hasty@"))
    finally:
        await ask("DROP ROLE hasty")
    assert any("set synchronous_commit = on" in line for line in lines)


@pytest.mark.parametrize("made", ["nothing", "the schema"])
async def test_user_without_rights_is_told_what_to_give(made: str, dsn: str, ask: Ask) -> None:
    """A user who may make nothing in the database needs a schema that was made for it, and no more."""
    schema = _schema(dsn)
    await ask(f'CREATE ROLE "{schema}" LOGIN')
    if made == "the schema":
        await ask(f'CREATE SCHEMA "{schema}" AUTHORIZATION "{schema}"')
    own = dsn.replace("postgres@", f"{schema}@")
    broker = PostgresBroker(own)
    if made == "nothing":
        with pytest.raises(LogError, match="may not make tables: give this user the right to CREATE"):
            await examine(own)
        with pytest.raises(LogError, match=r"permission denied.*: give this user the right to CREATE"):
            await broker.start(Ear())
    else:
        await examine(own)
        await broker.start(Ear())
        await broker.close()
