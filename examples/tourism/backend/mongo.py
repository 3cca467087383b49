"""The store in MongoDB, a replica set, by PyMongo's asynchronous API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

from pymongo import DESCENDING, AsyncMongoClient
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.database import AsyncDatabase

from sio_server.client.outbox import MongoOutbox

from .models import Booking, State, Tour, User
from .store import T, Transaction

Document = dict[str, Any]


class MongoStore:
    """A database of MongoDB: the one that the URL names, or ``tourism``."""

    def __init__(self, url: str) -> None:
        self._client: AsyncMongoClient[Document] = AsyncMongoClient(url)
        self._database = self._client.get_default_database("tourism")
        self._outbox = MongoOutbox(self._database)

    async def prepare(self) -> None:
        """See `Store`. In a transaction MongoDB makes no index, so all are made here."""
        await self._outbox.create()
        for name, field, unique in (
            ("usuarios", "usuario_id", True),
            ("usuarios", "email", True),
            ("tours", "tour_id", True),
            ("reservas", "reserva_id", True),
            ("reservas", "usuario_id", False),
        ):
            await self._database[name].create_index(field, unique=unique)

    async def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """See `Store`."""
        async with self._client.start_session() as session:
            done = await session.with_transaction(
                lambda session: work(_MongoTransaction(self._database, self._outbox, session))
            )
        self._outbox.ring()
        return done

    def relay(self, url: str, key: str) -> AbstractAsyncContextManager[object]:
        """See `Store`."""
        return self._outbox.relay(url, key)

    async def close(self) -> None:
        """See `Store`."""
        await self._client.close()


class _MongoTransaction:
    def __init__(self, database: AsyncDatabase[Document], outbox: MongoOutbox, session: AsyncClientSession) -> None:
        self._users = database["usuarios"]
        self._tours = database["tours"]
        self._bookings = database["reservas"]
        self._outbox = outbox
        self._session = session

    async def tell(self, event: str, data: dict[str, Any], *, by: User | None = None, link: str | None = None) -> None:
        actor = None if by is None else {"id": by.usuario_id, "name": by.nombre}
        await self._outbox.add(event, data=data, session=self._session, link=link, actor=actor)

    async def user(self, usuario_id: str) -> User | None:
        found = await self._users.find_one({"usuario_id": usuario_id}, session=self._session)
        return None if found is None else User(**found)

    async def user_of(self, email: str) -> User | None:
        found = await self._users.find_one({"email": email}, session=self._session)
        return None if found is None else User(**found)

    async def add_user(self, user: User) -> bool:
        if await self.user_of(user.email) is not None:
            return False
        await self._users.insert_one(user.model_dump(), session=self._session)
        return True

    async def tours(self) -> list[Tour]:
        return [Tour(**found) async for found in self._tours.find(session=self._session).sort("nombre")]

    async def tour(self, tour_id: str) -> Tour | None:
        found = await self._tours.find_one({"tour_id": tour_id}, session=self._session)
        return None if found is None else Tour(**found)

    async def save_tour(self, tour: Tour) -> None:
        await self._tours.replace_one({"tour_id": tour.tour_id}, tour.model_dump(), upsert=True, session=self._session)

    async def remove_tour(self, tour_id: str) -> None:
        await self._tours.delete_one({"tour_id": tour_id}, session=self._session)

    async def take_seats(self, tour_id: str, seats: int) -> bool:
        there = {"tour_id": tour_id, "cupos": {"$gte": seats}}
        done = await self._tours.update_one(there, {"$inc": {"cupos": -seats}}, session=self._session)
        return done.modified_count == 1

    async def bookings(self, usuario_id: str | None) -> list[Booking]:
        whose = {} if usuario_id is None else {"usuario_id": usuario_id}
        found = self._bookings.find(whose, session=self._session).sort("_id", DESCENDING)
        return [Booking(**one) async for one in found]

    async def booking(self, reserva_id: str) -> Booking | None:
        found = await self._bookings.find_one({"reserva_id": reserva_id}, session=self._session)
        return None if found is None else Booking(**found)

    async def add_booking(self, booking: Booking) -> None:
        await self._bookings.insert_one(booking.model_dump(mode="json"), session=self._session)

    async def move_booking(self, reserva_id: str, state: State, *, since: tuple[State, ...]) -> bool:
        there = {"reserva_id": reserva_id, "estado": {"$in": since}}
        done = await self._bookings.update_one(there, {"$set": {"estado": state}}, session=self._session)
        return done.modified_count == 1
