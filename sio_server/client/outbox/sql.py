"""An outbox in the application's own SQL database, by SQLAlchemy 2: SQLite and PostgreSQL, with and without asyncio."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol, Unpack

import sqlalchemy as sa
from sqlalchemy import event, orm
from sqlalchemy.ext.asyncio import AsyncEngine

from sio_server.client.bodies import PublishOptions
from sio_server.client.entries import Failure, strict_by_default
from sio_server.client.known import default_catalog
from sio_server.client.named import PREFIX, ask_nobody, late_sync, named_sync, names_of
from sio_server.client.outbox.bells import Bells
from sio_server.client.outbox.kept import Table, Terms
from sio_server.client.outbox.reach import Directly, OnLoop
from sio_server.client.outbox.relay import KEEP_REFUSED, POLL, TAKEOVER, Relay
from sio_server.client.outbox.rows import OutboxRow, outbox_row
from sio_server.client.outbox.sql_table import SqlTable, tables
from sio_server.client.shared import HandedOver
from sio_server.event_types import EventType, EventTypes

NAME: Final = "sio_outbox"

# Under this key of `Session.info` are the outboxes that a session's transaction writes to.
_WRITTEN: Final = "sio_server.outbox"


class Session(Protocol):
    """What `SqlOutbox.add` needs: SQLAlchemy's sessions have it, ``AsyncSession`` and ``scoped_session`` among them."""

    def add(self, _instance: object, /) -> None:
        """See SQLAlchemy."""


class _Row:
    """What a session writes; a class of each outbox, mapped to its table."""

    def __init__(self, **columns: Any) -> None:
        for name, value in columns.items():
            setattr(self, name, value)


class SqlOutbox:
    """A table of events that the application's transactions write to, and a relay publishes.

    An event is there exactly if its transaction was committed. ``table`` names the table (its lease is
    ``<table>_lease``), ``metadata`` and ``schema`` are where SQLAlchemy and Alembic know it; ``catalog`` names the
    ``notificar_…`` methods and says what an event is about; ``strict`` is as in `Notifier`.
    """

    def __init__(
        self,
        table: str = NAME,
        *,
        metadata: sa.MetaData | None = None,
        schema: str | None = None,
        catalog: EventTypes | None = None,
        strict: bool | None = None,
    ) -> None:
        self._catalog = catalog or default_catalog()
        self._strict = strict_by_default() if strict is None else strict
        self.table, self.lease_table = tables(table, sa.MetaData() if metadata is None else metadata, schema)
        self._row = type("OutboxRow", (_Row,), {})
        orm.registry(metadata=self.table.metadata).map_imperatively(self._row, self.table)
        self._bells = Bells()

    def create(self, bind: sa.Engine | sa.Connection) -> None:
        """Make the tables that are not there; with asyncio ``await connection.run_sync(outbox.create)``."""
        self.table.metadata.create_all(bind, tables=[self.table, self.lease_table])

    # -- what the application does

    def add(
        self,
        type: str | EventType,  # noqa: A002 - the word of the protocol
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        session: Session,
        ordering_key: str | None = None,
        **options: Unpack[PublishOptions],
    ) -> HandedOver:
        """Have the transaction of ``session`` publish an event, if it commits; the rest is as in `Notifier.notify`.

        The row is written with the session's next flush, or with its commit, after all else that the session holds.
        Nothing else of the session is touched. May be awaited, and need not be, with an ``AsyncSession`` too.

        Raises TypeError for an argument that does not exist, and `NotifyInvalid`, TypeError or ValueError for a value
        that cannot be sent: the transaction is then as it was.
        """
        row = self._row(**self.row(type, message, data, ordering_key=ordering_key, **options))
        session.add(row)
        holder = orm.object_session(row)
        if holder is not None:
            holder.info.setdefault(_WRITTEN, set()).add(self)
        return HandedOver()

    def row(
        self,
        type: str | EventType,  # noqa: A002 - the word of the protocol
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        ordering_key: str | None = None,
        **options: Unpack[PublishOptions],
    ) -> OutboxRow:
        """The columns of an event, for ``connection.execute(outbox.table.insert(), outbox.row(…))``; see `add`."""
        return outbox_row(
            type, message, data, ordering_key=ordering_key, catalog=self._catalog, strict=self._strict, **options
        )

    def using(self, session: Session) -> SessionOutbox:
        """This outbox for one session: ``outbox.using(session).notificar_reserva_creada(…)``."""
        return SessionOutbox(self, session, self._catalog)

    # -- what publishes

    def relay(
        self,
        engine: sa.Engine | AsyncEngine,
        url: str | None = None,
        key: str | None = None,
        *,
        on_failure: Callable[[Failure], object] | None = None,
        logger: logging.Logger | None = None,
        poll: float = POLL,
        takeover: float = TAKEOVER,
        keep_refused: timedelta = KEEP_REFUSED,
    ) -> Relay:
        """What publishes the events that are committed, for ``async with``; with an ``Engine`` also for ``with``.

        ``url`` and ``key`` default to SIO_SERVER_URL and SIO_SERVER_PUBLISH_KEY. ``on_failure`` is called with a
        `Failure` for each event that the server refused; ``logger`` is as in `Notifier`. ``poll`` is how many seconds
        lie between two looks for what other processes committed; what this process commits is sent at once.
        ``takeover`` is after how many seconds another relay goes on where one ended without a word. What was refused is
        deleted after ``keep_refused``.

        Raises `ConfigError` for an address or a key that cannot be used.
        """
        terms = Terms(poll, takeover, keep_refused)
        return Relay(_Relayed(self, engine), url, key, on_failure=on_failure, logger=logger, terms=terms)

    def ring(self) -> None:
        """Have the relays of this process look at once: after a commit by ``Connection``, which tells nobody."""
        self._bells.ring()

    def heard_by(self, ring: Callable[[], None], *, listening: bool) -> None:
        """Call ``ring`` after each commit of a session with an event, or stop to."""
        self._bells.hang(ring, listening=listening)


class _Relayed:
    """An outbox, and the engine that a relay reaches it by."""

    def __init__(self, outbox: SqlOutbox, engine: sa.Engine | AsyncEngine) -> None:
        self._outbox = outbox
        self._engine = engine
        self.heard_by = outbox.heard_by

    def table_for(self, loop: asyncio.AbstractEventLoop | None) -> Table:
        """See `Outbox`. Raises TypeError for an ``AsyncEngine`` without asyncio."""
        if not isinstance(self._engine, AsyncEngine):
            return SqlTable(self._outbox.table, self._outbox.lease_table, Directly(self._engine))
        if loop is None:
            raise TypeError(
                "a relay with an AsyncEngine is begun with 'async with', on the loop that the engine is used on"
            )
        return SqlTable(self._outbox.table, self._outbox.lease_table, OnLoop(self._engine, loop))


if TYPE_CHECKING:
    from sio_server.client.builtin import Functions

    class _BuiltIn(Functions[HandedOver]):
        """The functions of the built-in types."""

else:

    class _BuiltIn:
        pass


class SessionOutbox(_BuiltIn):
    """An outbox whose events are all written by one session."""

    def __init__(self, outbox: SqlOutbox, session: Session, catalog: EventTypes) -> None:
        self._outbox = outbox
        self._session = session
        self._catalog = catalog

    def notify(
        self,
        type: str | EventType,  # noqa: A002 - the word of the protocol
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        ordering_key: str | None = None,
        **options: Unpack[PublishOptions],
    ) -> HandedOver:
        """See `SqlOutbox.add`."""
        return self._outbox.add(type, message, data, session=self._session, ordering_key=ordering_key, **options)

    def _function(self, name: str) -> Callable[..., HandedOver]:
        """``notificar_<type>`` of the catalogue, or of the server's alone. Raises AttributeError."""
        # Looked at first: a half-made object (copied, unpickled) has no catalogue to ask, nor has any other name.
        found = names_of(self._catalog).get(name) if name.startswith(PREFIX) else None
        if found is None:
            return late_sync(name, ask_nobody, self.notify, self)
        return named_sync(name, found, self.notify)

    if not TYPE_CHECKING:  # which would take every name for a function
        __getattr__ = _function

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *names_of(self._catalog)]


@event.listens_for(orm.Session, "before_commit")
def _write_last(session: orm.Session) -> None:
    """Write everything else first.

    Two transactions that change the same row wait for one another there. Where each draws the number of its event
    after that, numbers are in the order in which the changes happened.
    """
    if _WRITTEN not in session.info:
        return
    rows = [row for row in session.new if isinstance(row, _Row)]
    if rows and (len(rows) < len(session.new) or session.dirty or session.deleted):
        for row in rows:
            session.expunge(row)
        session.flush()
        session.add_all(rows)


@event.listens_for(orm.Session, "after_transaction_end")
def _ring(session: orm.Session, transaction: orm.SessionTransaction) -> None:
    """Have the relays of this process look for what was committed; where it was rolled back, they find nothing."""
    if transaction.parent is None:
        for outbox in session.info.pop(_WRITTEN, ()):
            outbox.ring()
