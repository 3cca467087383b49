"""The store in SQLite or PostgreSQL, by SQLAlchemy."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine

from sio_server.client.outbox import SqlOutbox

from .models import Booking, State, Tour, User
from .store import T, Transaction

METADATA = sa.MetaData()

USERS = sa.Table(
    "usuarios",
    METADATA,
    sa.Column("usuario_id", sa.String, primary_key=True),
    sa.Column("nombre", sa.String, nullable=False),
    sa.Column("email", sa.String, nullable=False, unique=True),
    sa.Column("rol", sa.String, nullable=False),
    sa.Column("clave", sa.String, nullable=False),
)

TOURS = sa.Table(
    "tours",
    METADATA,
    sa.Column("tour_id", sa.String, primary_key=True),
    sa.Column("nombre", sa.String, nullable=False),
    sa.Column("lugar", sa.String, nullable=False),
    sa.Column("duracion", sa.String, nullable=False),
    sa.Column("precio", sa.Integer, nullable=False),
    sa.Column("cupos", sa.Integer, nullable=False),
    sa.Column("valoracion", sa.Float, nullable=False),
    sa.Column("paisaje", sa.String, nullable=False),
)

BOOKINGS = sa.Table(
    "reservas",
    METADATA,
    sa.Column("numero", sa.Integer, primary_key=True),
    sa.Column("reserva_id", sa.String, nullable=False, unique=True),
    sa.Column("usuario_id", sa.String, nullable=False, index=True),
    sa.Column("usuario_nombre", sa.String, nullable=False),
    sa.Column("tour_id", sa.String, nullable=False),
    sa.Column("tour_nombre", sa.String, nullable=False),
    sa.Column("fecha", sa.Date, nullable=False),
    sa.Column("personas", sa.Integer, nullable=False),
    sa.Column("total", sa.Integer, nullable=False),
    sa.Column("estado", sa.String, nullable=False),
)

OUTBOX = SqlOutbox(metadata=METADATA)


class SqlStore:
    """A database of SQLAlchemy."""

    def __init__(self, url: str) -> None:
        self._engine = create_async_engine(url)
        self._sessions = async_sessionmaker(self._engine)

    async def prepare(self) -> None:
        """See `Store`."""
        async with self._engine.begin() as connection:
            await connection.run_sync(METADATA.create_all)

    async def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """See `Store`."""
        try:
            return await self._try(work)
        except sa.exc.IntegrityError:
            return await self._try(work)  # somebody was first, which it sees now

    async def _try(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        async with self._sessions.begin() as session:
            return await work(_SqlTransaction(session))

    def relay(self, url: str, key: str) -> AbstractAsyncContextManager[object]:
        """See `Store`."""
        return OUTBOX.relay(self._engine, url, key)

    async def close(self) -> None:
        """See `Store`."""
        await self._engine.dispose()


class _SqlTransaction:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def _row(self, query: sa.Select[Any]) -> sa.RowMapping | None:
        found: sa.RowMapping | None = (await self._session.execute(query)).mappings().first()
        return found

    async def _changed(self, change: sa.Update) -> bool:
        result = await self._session.execute(change)
        return isinstance(result, sa.CursorResult) and result.rowcount == 1

    async def tell(self, event: str, data: dict[str, Any], *, by: User | None = None, link: str | None = None) -> None:
        actor = None if by is None else {"id": by.usuario_id, "name": by.nombre}
        OUTBOX.add(event, data=data, session=self._session, link=link, actor=actor)

    async def user(self, usuario_id: str) -> User | None:
        row = await self._row(sa.select(USERS).where(USERS.c.usuario_id == usuario_id))
        return None if row is None else User(**row)

    async def user_of(self, email: str) -> User | None:
        row = await self._row(sa.select(USERS).where(USERS.c.email == email))
        return None if row is None else User(**row)

    async def add_user(self, user: User) -> bool:
        if await self.user_of(user.email) is not None:
            return False
        await self._session.execute(USERS.insert().values(user.model_dump()))
        return True

    async def tours(self) -> list[Tour]:
        rows = await self._session.execute(sa.select(TOURS).order_by(TOURS.c.nombre))
        return [Tour(**row) for row in rows.mappings()]

    async def tour(self, tour_id: str) -> Tour | None:
        row = await self._row(sa.select(TOURS).where(TOURS.c.tour_id == tour_id))
        return None if row is None else Tour(**row)

    async def save_tour(self, tour: Tour) -> None:
        values = tour.model_dump()
        if not await self._changed(TOURS.update().where(TOURS.c.tour_id == tour.tour_id).values(values)):
            await self._session.execute(TOURS.insert().values(values))

    async def remove_tour(self, tour_id: str) -> None:
        await self._session.execute(TOURS.delete().where(TOURS.c.tour_id == tour_id))

    async def take_seats(self, tour_id: str, seats: int) -> bool:
        there = (TOURS.c.tour_id == tour_id) & (TOURS.c.cupos >= seats)
        return await self._changed(TOURS.update().where(there).values(cupos=TOURS.c.cupos - seats))

    async def bookings(self, usuario_id: str | None) -> list[Booking]:
        query = sa.select(BOOKINGS).order_by(BOOKINGS.c.numero.desc())
        if usuario_id is not None:
            query = query.where(BOOKINGS.c.usuario_id == usuario_id)
        return [Booking(**row) for row in (await self._session.execute(query)).mappings()]

    async def booking(self, reserva_id: str) -> Booking | None:
        row = await self._row(sa.select(BOOKINGS).where(BOOKINGS.c.reserva_id == reserva_id))
        return None if row is None else Booking(**row)

    async def add_booking(self, booking: Booking) -> None:
        await self._session.execute(BOOKINGS.insert().values(booking.model_dump()))

    async def move_booking(self, reserva_id: str, state: State, *, since: tuple[State, ...]) -> bool:
        there = (BOOKINGS.c.reserva_id == reserva_id) & BOOKINGS.c.estado.in_(since)
        return await self._changed(BOOKINGS.update().where(there).values(estado=state))
