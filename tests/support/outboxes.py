"""An application with an outbox in a database of its own, with and without asyncio."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from sio_server.client.outbox import Relay, SqlOutbox
from tests.support.servers import Server

# Each driver, and the two that serve both.
KINDS: Final = (
    "sqlite+pysqlite",
    "sqlite+aiosqlite",
    "postgresql+psycopg",
    "postgresql+asyncpg",
    "postgresql+psycopg_async",
)


class Base(orm.DeclarativeBase):
    """The models of an application."""


class Booking(Base):
    """A table of the application, beside that of the outbox."""

    __tablename__ = "booking"

    id: orm.Mapped[int] = orm.mapped_column(primary_key=True)
    state: orm.Mapped[str]


class Refused(Exception):
    """What ends a transaction of an application."""


@dataclass
class Place:
    """An engine and an outbox in its database."""

    engine: sa.Engine | AsyncEngine
    outbox: SqlOutbox

    @classmethod
    @contextlib.asynccontextmanager
    async def opened(cls, url: str) -> AsyncIterator[Place]:
        """The tables are there; the engine is let go at the end."""
        engine = engine_of(url)
        place = cls(engine, SqlOutbox())
        await place.run(place.outbox.create)
        await place.run(Base.metadata.create_all)
        try:
            yield place
        finally:
            if isinstance(engine, AsyncEngine):
                await engine.dispose()
            else:
                await asyncio.to_thread(engine.dispose)

    async def run(self, asked: Callable[[sa.Connection], Any]) -> Any:
        """What a function of a connection returns, in a transaction."""
        if isinstance(self.engine, AsyncEngine):
            async with self.engine.begin() as connection:
                return await connection.run_sync(asked)
        engine = self.engine

        def run() -> Any:
            with engine.begin() as connection:
                return asked(connection)

        return await asyncio.to_thread(run)

    async def transaction(self, work: Callable[[Any], object]) -> None:
        """Do a request's work with a session, and commit; `Refused` rolls back."""
        with contextlib.suppress(Refused):
            if isinstance(self.engine, AsyncEngine):
                async with AsyncSession(self.engine) as session, session.begin():
                    work(session)
                return
            engine = self.engine

            def run() -> None:
                with orm.Session(engine) as session, session.begin():
                    work(session)

            await asyncio.to_thread(run)

    async def rows(self) -> list[dict[str, Any]]:
        """Everything that is in the outbox's table."""

        def read(connection: sa.Connection) -> list[dict[str, Any]]:
            found = connection.execute(self.outbox.table.select().order_by(self.outbox.table.c.id))
            return [dict(row) for row in found.mappings()]

        rows: list[dict[str, Any]] = await self.run(read)
        return rows

    def relay(self, server: Server | str, **options: Any) -> Relay:
        """A relay to this server."""
        return self.outbox.relay(self.engine, server if isinstance(server, str) else server.url, **options)


def engine_of(url: str) -> sa.Engine | AsyncEngine:
    """The engine of an address: the one for asyncio where its driver is one."""
    wanted = url.replace("psycopg_async", "psycopg")
    if wanted != url or "aiosqlite" in url or "asyncpg" in url:
        return create_async_engine(wanted)
    return sa.create_engine(url)
