"""The tables of a SQL outbox, and what a relay does with them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from sio_server.client.entries import Entry, Failure
from sio_server.client.outbox.reach import Reach
from sio_server.client.outbox.rows import storable

# The one row of the lease's table.
_RELAY: Final = "relay"

# Characters of what the server said of a refused event that are kept.
_DETAIL: Final = 500


def tables(name: str, metadata: sa.MetaData, schema: str | None) -> tuple[sa.Table, sa.Table]:
    """The table of events and that of its lease; those that the metadata has already under these names.

    Numbers are never given twice, not even on SQLite: a relay that was stopped for long could otherwise delete another
    event than the one that it sent.
    """
    known = [metadata.tables.get(f"{schema}.{each}" if schema else each) for each in (name, f"{name}_lease")]
    if known[0] is not None and known[1] is not None:
        return known[0], known[1]
    failed_at = sa.Column("failed_at", sa.DateTime(timezone=True))
    events = sa.Table(
        name,
        metadata,
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
        sa.Column("type", sa.Text, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.current_timestamp()),
        failed_at,
        sa.Column("code", sa.Text),
        sa.Column("detail", sa.Text),
        # What was refused may be a lot, and is not to be walked over with each look.
        sa.Index(f"ix_{name}_waiting", "id", postgresql_where=failed_at.is_(None), sqlite_where=failed_at.is_(None)),
        schema=schema,
        sqlite_autoincrement=True,
    )
    lease = sa.Table(
        f"{name}_lease",
        metadata,
        sa.Column("name", sa.String(20), primary_key=True),
        sa.Column("holder", sa.Text, nullable=False),
        sa.Column("until", sa.Float(53), nullable=False),
        schema=schema,
    )
    return events, lease


def now_of(dialect: str) -> sa.ColumnElement[float]:
    """The time of the database, in seconds since 1970: relays may be on machines whose clocks differ."""
    if dialect == "postgresql":
        return sa.cast(sa.extract("epoch", sa.func.clock_timestamp()), sa.Float(53))
    if dialect == "sqlite":
        return (sa.func.julianday("now") - 2440587.5) * 86400.0
    return sa.literal(time.time(), sa.Float(53))


class SqlTable:
    """The rows of one outbox, as a relay asks for them."""

    def __init__(self, events: sa.Table, lease: sa.Table, reach: Reach) -> None:
        self._events = events
        self._lease = lease
        self._reach = reach

    def waiting(self, limit: int, held: frozenset[str]) -> list[tuple[int, int]]:
        """See `Table`. Sizes alone, so that rows of many megabytes are not read to be left."""
        columns = self._events.c
        query = sa.select(columns.id, columns.size).where(columns.failed_at.is_(None))
        if held:
            query = query.where(columns.subject.not_in([storable(subject) for subject in sorted(held)]))
        query = query.order_by(columns.id).limit(limit)
        return self._reach.run(lambda connection: [(number, size) for number, size in connection.execute(query)])

    def rows(self, numbers: list[int]) -> list[tuple[int, Entry]]:
        """See `Table`."""
        columns = self._events.c
        query = (
            sa.select(columns.id, columns.type, columns.subject, columns.key, columns.body)
            .where(columns.id.in_(numbers), columns.failed_at.is_(None))
            .order_by(columns.id)
        )

        def read(connection: sa.Connection) -> list[tuple[int, Entry]]:
            return [
                (number, Entry(kind, subject, key, body.encode("utf-8", "replace")))
                for number, kind, subject, key, body in connection.execute(query)
            ]

        return self._reach.run(read)

    def lease(self, holder: str, seconds: float) -> bool:
        """See `Table`."""
        columns = self._lease.c

        def take(connection: sa.Connection) -> bool:
            now = now_of(connection.dialect.name)
            free = sa.or_(columns.holder == holder, columns.until < now)
            taking = self._lease.update().where(columns.name == _RELAY, free)
            return connection.execute(taking.values(holder=holder, until=now + seconds)).rowcount == 1

        def begin(connection: sa.Connection) -> None:
            there = sa.select(columns.name).where(columns.name == _RELAY)
            if connection.execute(there).first() is None:
                connection.execute(self._lease.insert(), {"name": _RELAY, "holder": "", "until": 0.0})

        if self._reach.run(take):
            return True
        try:
            self._reach.run(begin)
        except IntegrityError:
            return False  # another relay began it in this moment
        return self._reach.run(take)

    def release(self, holder: str) -> None:
        """See `Table`."""
        columns = self._lease.c
        ending = self._lease.update().where(columns.name == _RELAY, columns.holder == holder).values(until=0.0)
        self._reach.run(lambda connection: connection.execute(ending))

    def settle(self, sent: list[int], refused: Mapping[int, Failure]) -> None:
        """See `Table`."""
        columns = self._events.c
        marked: list[dict[str, Any]] = [
            {
                "number": number,
                "failed_at": datetime.now(UTC),
                "code": storable(failure.code or failure.reason)[:_DETAIL],
                "detail": storable(failure.detail)[:_DETAIL],
            }
            for number, failure in refused.items()
        ]

        def write(connection: sa.Connection) -> None:
            if sent:
                connection.execute(self._events.delete().where(columns.id.in_(sent)))
            for values in marked:
                number = values.pop("number")
                connection.execute(self._events.update().where(columns.id == number).values(values))

        self._reach.run(write)

    def sweep(self, before: datetime) -> None:
        """See `Table`."""
        old = self._events.delete().where(self._events.c.failed_at < before)
        self._reach.run(lambda connection: connection.execute(old))
