"""Changing what was published, as the core sees it."""

from __future__ import annotations

import sqlite3

from sio_server.broker.ages import Ages
from sio_server.broker.amendments import Amended, Amendment, Amendments, Happened
from sio_server.broker.sqlite import amending, pasts
from sio_server.broker.sqlite.parts import Parts
from sio_server.broker.sqlite.receipts import find
from sio_server.notification import Position


class Amending(Parts):
    """`Amendments` on SQLite."""

    _ages: Ages

    async def amend(self, notification_id: str, amendment: Amendment) -> Amended:
        """See `Amendments.amend`."""
        self._ensure_open()
        return await self._writer.change(lambda step: amending.amend(step, self._ages, notification_id, amendment))

    async def retract(self, notification_id: str, *, by: str, at: int) -> Position:
        """See `Amendments.retract`."""
        self._ensure_open()
        return await self._writer.change(lambda step: amending.retract(step, self._ages, notification_id, by=by, at=at))

    async def past(self, notification_id: str) -> Happened | None:
        """See `Amendments.past`."""
        epoch = self._store.epoch
        end = await self._read(lambda connection: pasts.end_of(connection, epoch, notification_id))
        return None if end is None else end.happened

    async def history(self, notification_id: str) -> tuple[Happened, ...]:
        """See `Amendments.history`."""
        epoch = self._store.epoch

        def read(connection: sqlite3.Connection) -> tuple[Happened, ...]:
            stored = find(connection, epoch, notification_id)
            return pasts.of(connection, epoch, notification_id, None if stored is None else stored.entry)

        return await self._read(read)


_: type[Amendments] = Amending
