"""What the log holds about one person, as the core sees it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Mapping
from functools import partial

from sio_server.broker.holdings import Holdings
from sio_server.broker.personal import Part, PersonalData
from sio_server.broker.revoked import veil_of
from sio_server.broker.settling import settle
from sio_server.broker.signals import Erased
from sio_server.broker.sqlite import persons
from sio_server.broker.sqlite.parts import Parts


class Erasing(Parts):
    """`PersonalData` on SQLite."""

    async def export(self, user: str) -> AsyncIterator[Part]:
        """See `PersonalData.export`."""
        await self._deliveries.flush()
        async for part in self._holdings(user).copy(self._revocations.before(user)):
            yield part

    async def erase(self, user: str) -> Mapping[str, int]:
        """See `PersonalData.erase`."""
        self._ensure_open()
        await self._deliveries.flush()
        # what is deleted is written over with zeros meanwhile, which costs others more than it is worth to them
        await self._in_writer(lambda connection: connection.execute("PRAGMA secure_delete = ON").fetchone())
        try:
            gone = await self._holdings(user).erase()
            veil = self._veil(user)
            await self._writer.change(lambda step: persons.finish(step, user, veil), lambda _: self._told(user, veil))
        finally:
            await self._in_writer(_settle)
        return gone

    def _holdings(self, user: str) -> Holdings:
        epoch, read, change = self._store.epoch, self._read, self._writer.change
        return Holdings(
            rows=lambda table, after: read(lambda connection: persons.rows_of(connection, table, user, after)),
            found=lambda table, after: read(lambda connection: persons.found_in(connection, table, user, after)),
            naming=lambda table, keys: read(lambda connection: persons.naming(connection, epoch, table, keys, user)),
            take=lambda table, keys: change(lambda step: persons.take_out(step, table, keys, user)),
            delete=lambda table: change(lambda step: persons.delete_some(step, table, user)),
        )

    def _told(self, user: str, veil: str) -> None:
        """Forget the name in memory, here and on every node."""
        self._sights.forget([user])
        self._visits.forget(user)
        self._revocations.veil(user, veil)
        self._nodes.signal(Erased(user))

    def _veil(self, user: str) -> str:
        return veil_of(user, self._store.secret)

    async def _in_writer(self, function: Callable[[sqlite3.Connection], object]) -> None:
        """Call between two commits."""
        done: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._store.in_writer(function, partial(settle, done))
        try:
            await done
        except sqlite3.Error as error:
            raise self._store.unavailable(error) from error


def _settle(connection: sqlite3.Connection) -> None:
    """Leave nothing of what was written in the write-ahead log, unless somebody reads there now."""
    connection.execute("PRAGMA secure_delete = OFF").fetchone()
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


_: type[PersonalData] = Erasing
