"""An outbox in the application's own MongoDB, by PyMongo's asynchronous API.

Transactions need a replica set, of one member at least. Documents of the collection: ``_id``,
``at``, ``type``, ``subject``, ``key``, ``body``, ``size``, ``failed_at``, ``code`` and ``detail``. The lease of the
relays is a document in ``<collection>_lease``.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Unpack

from bson import ObjectId, Timestamp
from pymongo import ASCENDING, IndexModel
from pymongo.asynchronous.client_session import AsyncClientSession
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase

from sio_server.client.bodies import PublishOptions
from sio_server.client.entries import Failure, strict_by_default
from sio_server.client.known import default_catalog
from sio_server.client.named import PREFIX, await_nobody, late_async, named_async, names_of
from sio_server.client.outbox.bells import Bells
from sio_server.client.outbox.kept import Table, Terms
from sio_server.client.outbox.mongo_table import MongoTable
from sio_server.client.outbox.relay import KEEP_REFUSED, POLL, TAKEOVER, Relay
from sio_server.client.outbox.rows import outbox_row
from sio_server.event_types import EventType, EventTypes

NAME: Final = "sio_outbox"

Document = dict[str, Any]
Database = AsyncDatabase[Document]
Collection = AsyncCollection[Document]


class MongoOutbox:
    """A collection of events that the application's transactions write to, and a relay publishes.

    An event is there exactly if its transaction was committed. ``database`` is one of an ``AsyncMongoClient``;
    ``collection`` names the collection (its lease is ``<collection>_lease``); ``catalog`` names the ``notificar_…``
    methods and says what an event is about; ``strict`` is as in `Notifier`.
    """

    def __init__(
        self,
        database: Database,
        collection: str = NAME,
        *,
        catalog: EventTypes | None = None,
        strict: bool | None = None,
    ) -> None:
        self._catalog = catalog or default_catalog()
        self._strict = strict_by_default() if strict is None else strict
        self.collection: Collection = database[collection]
        self._lease: Collection = database[f"{collection}_lease"]
        self._bells = Bells()

    async def create(self) -> None:
        """Make the index that a relay reads by, and with it the collections."""
        await self.collection.create_indexes([IndexModel([("failed_at", ASCENDING), ("at", ASCENDING)])])
        await self._lease.create_indexes([IndexModel([("until", ASCENDING)])])

    # -- what the application does

    async def add(
        self,
        type: str | EventType,  # noqa: A002 - the word of the protocol
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        session: AsyncClientSession,
        ordering_key: str | None = None,
        **options: Unpack[PublishOptions],
    ) -> None:
        """Have the transaction of ``session`` publish an event, if it commits; the rest is as in `Notifier.notify`.

        Raises ValueError where the session has no transaction; TypeError for an argument that does not exist, and
        `NotifyInvalid`, TypeError or ValueError for a value that cannot be sent: the transaction is then as it was.
        """
        if not session.in_transaction:
            raise ValueError(
                "outbox.add() writes in a transaction, and this session has none: "
                "async with await session.start_transaction(): …"
            )
        row = outbox_row(
            type, message, data, ordering_key=ordering_key, catalog=self._catalog, strict=self._strict, **options
        )
        # The server puts its own time here, which no other event has:
        # https://www.mongodb.com/docs/manual/reference/bson-types/#timestamps
        document: Document = {"_id": ObjectId(), "at": Timestamp(0, 0), **row, "failed_at": None}
        await self.collection.insert_one(document, session=session)

    def using(self, session: AsyncClientSession) -> MongoSessionOutbox:
        """This outbox for one session: ``await outbox.using(session).notificar_reserva_creada(…)``."""
        return MongoSessionOutbox(self, session, self._catalog)

    # -- what publishes

    def relay(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        on_failure: Callable[[Failure], object] | None = None,
        logger: logging.Logger | None = None,
        poll: float = POLL,
        takeover: float = TAKEOVER,
        keep_refused: timedelta = KEEP_REFUSED,
    ) -> Relay:
        """What publishes the events that are committed, for ``async with``. See `SqlOutbox.relay`.

        Raises `ConfigError` for an address or a key that cannot be used.
        """
        terms = Terms(poll, takeover, keep_refused)
        return Relay(self, url, key, on_failure=on_failure, logger=logger, terms=terms)

    def ring(self) -> None:
        """Have the relays of this process look at once: after a commit, of which nobody else tells them."""
        self._bells.ring()

    def heard_by(self, ring: Callable[[], None], *, listening: bool) -> None:
        """Call ``ring`` when the application rings, or stop to."""
        self._bells.hang(ring, listening=listening)

    def table_for(self, loop: asyncio.AbstractEventLoop | None) -> Table:
        """What a relay asks. Raises TypeError in code without asyncio, where the client cannot be used."""
        if loop is None:
            raise TypeError("a relay with MongoDB is begun with 'async with', on the loop that the client is used on")
        return MongoTable(self.collection, self._lease, loop)


if TYPE_CHECKING:
    from sio_server.client.builtin import Functions

    class _BuiltIn(Functions[Coroutine[Any, Any, None]]):
        """The functions of the built-in types, which are coroutine functions here."""

else:

    class _BuiltIn:
        pass


class MongoSessionOutbox(_BuiltIn):
    """An outbox whose events are all written by one session."""

    def __init__(self, outbox: MongoOutbox, session: AsyncClientSession, catalog: EventTypes) -> None:
        self._outbox = outbox
        self._session = session
        self._catalog = catalog

    async def notify(
        self,
        type: str | EventType,  # noqa: A002 - the word of the protocol
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        ordering_key: str | None = None,
        **options: Unpack[PublishOptions],
    ) -> None:
        """See `MongoOutbox.add`."""
        await self._outbox.add(type, message, data, session=self._session, ordering_key=ordering_key, **options)

    def _function(self, name: str) -> Any:
        """``notificar_<type>`` of any type, a coroutine function. Raises AttributeError."""
        # Looked at first: a half-made object (copied, unpickled) has no catalogue to ask, nor has any other name.
        found = names_of(self._catalog).get(name) if name.startswith(PREFIX) else None
        if found is None:
            return late_async(name, await_nobody, self.notify, self)
        return named_async(name, found, self.notify)

    if not TYPE_CHECKING:  # which would take every name for a function
        __getattr__ = _function

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *names_of(self._catalog)]
