"""The outbox as an application meets it: sessions of every kind, its tables, its functions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import AsyncSession, async_scoped_session, async_sessionmaker, create_async_engine

from sio_server.client import NotifyInvalid
from sio_server.client.outbox import SqlOutbox
from tests.support.outboxes import Booking, Place


@pytest.fixture
def engine(tmp_path: Path) -> sa.Engine:
    """An empty database in a file."""
    return sa.create_engine(f"sqlite:///{tmp_path / 'app.db'}", poolclass=sa.NullPool)


@pytest.fixture
async def asynchronous(tmp_path: Path) -> AsyncIterator[Place]:
    """An outbox in SQLite, with asyncio."""
    async with Place.opened(f"sqlite+aiosqlite:///{tmp_path / 'app.db'}") as opened:
        yield opened


def count(engine: sa.Engine, outbox: SqlOutbox) -> int:
    """Return how many rows there are."""
    with engine.connect() as connection:
        return len(connection.execute(outbox.table.select()).all())


def test_sessions_and_registries_of_sessions_write(engine: sa.Engine) -> None:
    """A session, a subclass of it, and one that belongs to a thread."""
    outbox = SqlOutbox()
    outbox.create(engine)
    with orm.Session(engine) as session:
        outbox.add("test", session=session)
        session.commit()
    scoped = orm.scoped_session(orm.sessionmaker(engine, autoflush=False))
    outbox.add("test", session=scoped)
    scoped.commit()
    scoped.remove()
    with orm.sessionmaker(engine, expire_on_commit=False).begin() as session:
        outbox.using(session).notificar_reserva_creada(reserva_id=1)
        outbox.using(session).notify("test")
    assert count(engine, outbox) == 4


async def test_sessions_of_asyncio_write(asynchronous: Place) -> None:
    """With ``await`` and without, as the application likes."""
    outbox, engine = asynchronous.outbox, asynchronous.engine
    assert not isinstance(engine, sa.Engine)
    async with AsyncSession(engine) as session:
        await outbox.add("test", session=session)
        outbox.add("test", session=session)
        await outbox.using(session).notificar_reserva_creada(reserva_id=1)
        await session.commit()
    scoped = async_scoped_session(async_sessionmaker(engine), scopefunc=lambda: 1)
    outbox.add("test", session=scoped)
    await scoped.commit()
    await scoped.remove()
    assert len(await asynchronous.rows()) == 4


def test_nothing_else_of_a_session_is_touched(engine: sa.Engine) -> None:
    """An event writes nothing by itself, begins nothing anew, and leaves nothing behind."""
    outbox = SqlOutbox()
    outbox.create(engine)
    Booking.metadata.create_all(engine)
    with orm.Session(engine) as session:
        booking = Booking(id=1, state="new")
        session.add(booking)
        outbox.add("test", session=session)
        assert booking in session.new
        session.rollback()
        assert (list(session.new), session.info) == ([], {})
        session.add(Booking(id=2, state="new"))
        outbox.add("test", session=session)
        session.commit()
        assert (list(session.new), session.info) == ([], {})
        session.add(Booking(id=3, state="new"))
        session.commit()
    assert count(engine, outbox) == 1


def test_a_value_that_cannot_be_sent_leaves_the_transaction(engine: sa.Engine) -> None:
    """It is told at once, and what the application did can be committed."""
    outbox = SqlOutbox()
    outbox.create(engine)
    with orm.Session(engine) as session:
        outbox.add("test", session=session)
        with pytest.raises(NotifyInvalid):
            outbox.add("test", data={"a": object()}, session=session)
        with pytest.raises(TypeError, match="nope"):
            outbox.add("test", session=session, nope=1)  # type: ignore[call-arg]
        with pytest.raises(AttributeError, match="notificar_Nada"):
            outbox.using(session).notificar_Nada()  # type: ignore[attr-defined]
        session.commit()
    assert count(engine, outbox) == 1


def test_the_table_is_the_applications_own(engine: sa.Engine) -> None:
    """It stands in the metadata that migrations are made of, under the name that was asked for, once."""
    metadata = sa.MetaData()
    outbox = SqlOutbox("events", metadata=metadata)
    assert set(metadata.tables) == {"events", "events_lease"}
    again = SqlOutbox("events", metadata=metadata)
    assert again.table is outbox.table
    metadata.create_all(engine)
    outbox.create(engine)
    with orm.Session(engine) as session:
        outbox.add("test", "1", session=session)
        again.add("test", "2", session=session)
        session.commit()
    assert count(engine, outbox) == 2
    assert {"notificar_reserva_creada", "notify"} <= set(dir(outbox.using(orm.Session())))
    assert SqlOutbox(schema="app").table.fullname == "app.sio_outbox"


async def test_numbers_are_never_given_twice(lite: Place) -> None:
    """A row that follows one that was deleted has a number of its own, or a slow relay would delete it as the other."""
    for number in range(1, 4):
        await lite.transaction(lambda session: lite.outbox.add("test", session=session))
        assert [row["id"] for row in await lite.rows()] == [number]
        await lite.run(lambda connection: connection.execute(lite.outbox.table.delete()))


async def test_a_statement_of_the_applications_own_writes(asynchronous: Place) -> None:
    """Who uses connections and no sessions inserts the row."""
    outbox, engine = asynchronous.outbox, asynchronous.engine
    assert not isinstance(engine, sa.Engine)
    async with engine.begin() as connection:
        await connection.execute(outbox.table.insert(), outbox.row("test", "Hola", roles=["admin"]))
    [row] = await asynchronous.rows()
    assert (row["type"], row["failed_at"]) == ("test", None)
    assert row["added_at"] is not None


def test_an_engine_can_be_any(engine: sa.Engine) -> None:
    """A relay is made without a connection: whether the database is there shows later."""
    outbox = SqlOutbox()
    made: list[Any] = [outbox.relay(engine), outbox.relay(create_async_engine("sqlite+aiosqlite://"))]
    assert [relay.stats()["sent"] for relay in made] == [0, 0]
