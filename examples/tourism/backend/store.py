"""What the routes know of a database, whichever it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

from .models import Booking, State, Tour, User

T = TypeVar("T")


class Transaction(Protocol):
    """Reads and writes that are all done or all not, with the notifications that belong to them."""

    async def tell(self, event: str, data: dict[str, Any], *, by: User | None = None, link: str | None = None) -> None:
        """Have an event published, if this transaction is committed; ``by`` is who did it."""

    async def user(self, usuario_id: str) -> User | None:
        """Find somebody by id."""

    async def user_of(self, email: str) -> User | None:
        """Find somebody by e-mail address."""

    async def add_user(self, user: User) -> bool:
        """Keep somebody new; False if the address is taken."""

    async def tours(self) -> list[Tour]:
        """Every tour on offer, by name."""

    async def tour(self, tour_id: str) -> Tour | None:
        """Find a tour."""

    async def save_tour(self, tour: Tour) -> None:
        """Keep a tour, new or changed."""

    async def remove_tour(self, tour_id: str) -> None:
        """Take a tour off offer."""

    async def take_seats(self, tour_id: str, seats: int) -> bool:
        """Take seats, or give some back by a negative number; False if there are not as many."""

    async def bookings(self, usuario_id: str | None) -> list[Booking]:
        """Bookings of a user, or of all, the newest first."""

    async def booking(self, reserva_id: str) -> Booking | None:
        """Find a booking."""

    async def add_booking(self, booking: Booking) -> None:
        """Keep a new booking."""

    async def move_booking(self, reserva_id: str, state: State, *, since: tuple[State, ...]) -> bool:
        """Change a booking's state, if it is one of ``since``."""


class Store(Protocol):
    """A database."""

    async def prepare(self) -> None:
        """Make the tables or collections that are not there."""

    async def run(self, work: Callable[[Transaction], Awaitable[T]]) -> T:
        """Do all of ``work`` in one transaction, or nothing of it; it may be called again where others were first."""

    def relay(self, url: str, key: str) -> AbstractAsyncContextManager[object]:
        """What publishes the events of committed transactions, while it is open."""

    async def close(self) -> None:
        """End all connections."""


def store_at(url: str) -> Store:
    """The store that a URL names; what only the other kind needs is not imported."""
    if url.startswith(("mongodb://", "mongodb+srv://")):
        from .mongo import MongoStore  # noqa: PLC0415 - needs PyMongo

        return MongoStore(url)
    from .sql import SqlStore  # noqa: PLC0415 - needs SQLAlchemy

    return SqlStore(url)
