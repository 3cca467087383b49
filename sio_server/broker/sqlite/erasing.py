"""What the log holds about one person, as the core sees it."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from sio_server.broker.personal import Part, PersonalData
from sio_server.broker.persons import (
    ERASED,
    EXPORTED,
    NARROWED,
    PART,
    SEARCHED,
    STEP_ROWS,
    USER_TABLES,
    Rows,
    first_key,
    parts,
    told,
)
from sio_server.broker.revoked import veil_of
from sio_server.broker.settling import settle
from sio_server.broker.signals import Erased
from sio_server.broker.sqlite import persons
from sio_server.broker.sqlite.parts import Parts
from sio_server.broker.sqlite.writer import Step

T = TypeVar("T")


class Erasing(Parts):
    """`PersonalData` on SQLite."""

    async def export(self, user: str) -> AsyncIterator[Part]:
        """See `PersonalData.export`."""
        await self._deliveries.flush()
        for table, about in USER_TABLES.items():
            after: Any = None
            while True:
                rows, after = await self._read(partial(_rows, table, user, after))
                if rows:
                    yield about.kind, rows
                if after is None:
                    break
        if (before := self._revocations.before(user)) is not None:
            yield "revocations", [{"before": before}]
        async for part in self._personal(user):
            yield part

    async def _personal(self, user: str) -> AsyncIterator[Part]:
        """What names the user: as the audience, now, before or later; or as the administrator who published it."""
        for table in EXPORTED:
            keys = await self._found(table, user)
            for some in parts(keys, PART):
                for kind, rows in (await self._read(partial(_naming, self._store.epoch, table, some, user))).items():
                    yield kind, rows

    async def _found(self, table: str, user: str) -> list[Any]:
        """The keys of all rows of a table that may name a user."""
        found: list[Any] = []
        after = first_key(table)
        while after is not None:
            keys, after = await self._read(partial(_look, table, user, after))
            found += keys
        return found

    async def erase(self, user: str) -> Mapping[str, int]:
        """See `PersonalData.erase`."""
        self._ensure_open()
        await self._deliveries.flush()
        gone: Counter[str] = Counter()
        # what is deleted is written over with zeros meanwhile, which costs others more than it is worth to them
        await self._in_writer(lambda connection: connection.execute("PRAGMA secure_delete = ON").fetchone())
        try:
            for table in SEARCHED:
                await self._take_out(table, user, gone)
            for table, about in USER_TABLES.items():
                gone[about.kind] += await self._delete(table, user)
            veil = self._veil(user)
            await self._writer.change(lambda step: persons.finish(step, user, veil), lambda _: self._told(user, veil))
        finally:
            await self._in_writer(_settle)
        return told(gone)

    async def _take_out(self, table: str, user: str, gone: Counter[str]) -> None:
        after = first_key(table)
        while after is not None:
            keys, after = await self._read(partial(_look, table, user, after))
            for some in parts(keys, STEP_ROWS):
                went, changed = await self._step(partial(_take, table, some, user))
                gone[ERASED[table]] += went
                gone[NARROWED] += changed

    async def _delete(self, table: str, user: str) -> int:
        number = 0
        while some := await self._step(partial(_delete, table, user)):
            number += some
        return number

    async def _step(self, change: Callable[[Step], T]) -> T:
        """Change something, and leave half of the writer's time to others."""
        started = time.perf_counter()
        done = await self._writer.change(change)
        await asyncio.sleep(time.perf_counter() - started)
        return done

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


def _rows(table: str, user: str, after: Any, connection: sqlite3.Connection) -> tuple[Rows, Any]:
    return persons.rows_of(connection, table, user, after)


def _look(table: str, user: str, after: Any, connection: sqlite3.Connection) -> tuple[list[Any], Any]:
    return persons.found_in(connection, table, user, after)


def _take(table: str, keys: Sequence[Any], user: str, step: Step) -> tuple[int, int]:
    return persons.take_out(step, table, keys, user)


def _delete(table: str, user: str, step: Step) -> int:
    return persons.delete_some(step, table, user)


def _naming(epoch: str, table: str, keys: Sequence[Any], user: str, connection: sqlite3.Connection) -> dict[str, Rows]:
    return persons.naming(connection, epoch, table, keys, user)


_: type[PersonalData] = Erasing
