"""``relay``: publishes what an application commits to its outbox, as a process of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

import click

from sio_server.cli.commands import CommandFailed, complain, key_option, one_line, read_dotenv, url_option

if TYPE_CHECKING:
    from sio_server.client.outbox import Relay

# Seconds that `--once` takes at most.
ONCE_TIMEOUT: Final = 30.0


@click.command()
@click.option(
    "--database",
    metavar="URL",
    help="Address of the application's database, as SQLAlchemy or MongoDB writes it; "
    "better in the environment, as there is a password in it [SIO_SERVER_DATABASE]",
)
@click.option("--table", default="sio_outbox", show_default=True, metavar="NAME", help="Table or collection of events")
@click.option("--create", is_flag=True, help="Make the table first, where it is not there")
@click.option("--once", is_flag=True, help="Publish what waits, and end")
@click.option(
    "--timeout",
    type=click.FloatRange(0, min_open=True),
    default=ONCE_TIMEOUT,
    show_default=True,
    metavar="SECONDS",
    help="How long --once takes at most",
)
@url_option
@key_option
def relay(
    database: str | None, table: str, timeout: float, url: str | None, key: str | None, *, create: bool, once: bool
) -> None:
    """Publish what an application commits to its outbox, in order, until it is told to end.

    Any number of these may run: one sends, and another takes over when it ends.
    """
    read_dotenv()
    address = database or os.environ.get("SIO_SERVER_DATABASE")
    if not address:
        raise CommandFailed("there is nothing to relay: give --database or set SIO_SERVER_DATABASE")
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(asctime)s %(levelname)s %(message)s")
    asyncio.run(_run(address, table, url, key, create=create, once=timeout if once else None))


async def _run(address: str, table: str, url: str | None, key: str | None, *, create: bool, once: float | None) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        # Windows knows none of it: there Ctrl-C is an exception, and what waits goes on waiting.
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(number, ended.set)
    opening = _mongo if address.startswith(("mongodb://", "mongodb+srv://")) else _sql
    async with opening(address, table, url, key, create=create) as (where, relay_):
        async with relay_:
            complain(f"relaying {one_line(where)}")
            if once is None:
                await ended.wait()
            elif not await relay_.aflush(once):
                raise CommandFailed(f"not everything was published within {once:g} s; what waits goes on waiting")
        counts = relay_.stats()
        complain(f"sent {counts['sent']}, had been sent {counts['duplicates']}, refused {counts['refused']}")


@contextlib.asynccontextmanager
async def _sql(
    address: str, table: str, url: str | None, key: str | None, *, create: bool
) -> AsyncIterator[tuple[str, Relay]]:
    try:
        import sqlalchemy as sa  # noqa: PLC0415 - an extra
        from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415

        from sio_server.client.outbox.sql import SqlOutbox  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandFailed(f"there is no {error.name}: pip install 'sio-server[sqlalchemy]'") from error
    engine: Any
    try:
        parsed = sa.make_url(address)
        dialect = parsed.get_dialect()
        engine = (create_async_engine if dialect.is_async else sa.create_engine)(parsed, pool_pre_ping=True)
    except ModuleNotFoundError as error:
        raise CommandFailed(
            f"--database: there is no {error.name}, the driver of this address: install it, or name another one, "
            "such as postgresql+psycopg://"
        ) from error
    except sa.exc.ArgumentError as error:
        # The text does not repeat the address: there is a password in it.
        raise CommandFailed(
            "--database: must be an address such as postgresql+psycopg://user:password@host/name or sqlite:///app.db"
        ) from error
    outbox = SqlOutbox(table)
    made = outbox.relay(engine, url, key)
    try:
        if create:
            await _created(outbox, engine, is_async=dialect.is_async)
        yield f"{table} of {parsed.render_as_string(hide_password=True)}", made
    finally:
        disposed = engine.dispose()
        if disposed is not None:
            await disposed


async def _created(outbox: Any, engine: Any, *, is_async: bool) -> None:
    import sqlalchemy as sa  # noqa: PLC0415 - an extra

    try:
        if is_async:
            async with engine.begin() as connection:
                await connection.run_sync(outbox.create)
        else:
            await asyncio.to_thread(outbox.create, engine)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise CommandFailed(f"the table cannot be made: {one_line(reason):.300}") from error


@contextlib.asynccontextmanager
async def _mongo(
    address: str, table: str, url: str | None, key: str | None, *, create: bool
) -> AsyncIterator[tuple[str, Relay]]:
    try:
        from pymongo import AsyncMongoClient  # noqa: PLC0415 - an extra
        from pymongo.errors import PyMongoError  # noqa: PLC0415

        from sio_server.client.outbox.mongo import MongoOutbox  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise CommandFailed(f"there is no {error.name}: pip install 'sio-server[mongodb]'") from error
    try:
        client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(address)
        database = client.get_default_database()
    except PyMongoError as error:
        raise CommandFailed(
            "--database: must be an address that names a database, such as mongodb://host/name?replicaSet=rs0"
        ) from error
    outbox = MongoOutbox(database, table)
    made = outbox.relay(url, key)
    try:
        if create:
            try:
                await outbox.create()
            except PyMongoError as error:
                raise CommandFailed(f"the collection cannot be made: {one_line(error):.300}") from error
        yield f"{table} of mongodb database {database.name}", made
    finally:
        await client.close()
