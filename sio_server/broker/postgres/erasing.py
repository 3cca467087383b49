"""What the log holds about one person: handed out whole, and taken away.

Each step is a transaction of its own. What is deleted can be read in the database's files until it has cleaned up
(VACUUM), and in what is archived of its log for as long as that is kept.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
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
from sio_server.broker.postgres import persons
from sio_server.broker.postgres.database import Connection, Step
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.postgres.signals import ToBeErased
from sio_server.broker.signals import Erased

T = TypeVar("T")

# What is announced and has a position: nobody appends meanwhile.
_IN_THE_LOG = frozenset({"notification", "amendment"})


class Erasing(Parts):
    """`PersonalData` on PostgreSQL."""

    async def export(self, user: str) -> AsyncIterator[Part]:
        """See `PersonalData.export`."""
        await self._deliveries.flush()
        for table, about in USER_TABLES.items():
            after: Any = None
            while True:
                rows, after = await self._look(partial(_rows, table, user, after))
                if rows:
                    yield about.kind, rows
                if after is None:
                    break
        if (before := self._revoked.known.before(user)) is not None:
            yield "revocations", [{"before": before}]
        for table in EXPORTED:
            for some in parts(await self._found(table, user), PART):
                named = await self._look(partial(_naming, self._follower.head.epoch, table, some, user))
                for kind, rows in named.items():
                    yield kind, rows

    async def _found(self, table: str, user: str) -> list[Any]:
        """The keys of all rows of a table that may name a user."""
        found: list[Any] = []
        after = first_key(table)
        while after is not None:
            keys, after = await self._look(partial(_found, table, user, after))
            found += keys
        return found

    async def erase(self, user: str) -> Mapping[str, int]:
        """See `PersonalData.erase`."""
        gone: Counter[str] = Counter()
        await self._deliveries.flush()
        await self._write(lambda connection: self._sender.within(connection, [ToBeErased(user)]))
        for table in SEARCHED:
            await self._take_name_out(table, user, gone)
        for table, about in USER_TABLES.items():
            while some := await self._step(partial(_delete, table, user)):
                gone[about.kind] += some
        await self._change(partial(_finish, user, self._veil(user)), lambda _: self._signal(Erased(user)), user=user)
        return told(gone)

    async def _take_name_out(self, table: str, user: str, gone: Counter[str]) -> None:
        after = first_key(table)
        while after is not None:
            keys, after = await self._look(partial(_found, table, user, after))
            for some in parts(keys, STEP_ROWS):
                went, changed = await self._step(
                    partial(_take, table, some, user), lock=table in ("notification", "amendment")
                )
                gone[ERASED[table]] += went
                gone[NARROWED] += changed

    async def _step(self, change: Callable[[Step], Awaitable[T]], *, lock: bool = False) -> T:
        """Change something, and leave half of the time to others."""
        started = time.perf_counter()
        done = await self._change(change, lock=lock)
        await asyncio.sleep(time.perf_counter() - started)
        return done


def _rows(table: str, user: str, after: Any, connection: Connection) -> Awaitable[tuple[Rows, Any]]:
    return persons.rows_of(connection, table, user, after)


def _found(table: str, user: str, after: Any, connection: Connection) -> Awaitable[tuple[list[Any], Any]]:
    return persons.found_in(connection, table, user, after)


def _naming(
    epoch: str, table: str, keys: Sequence[Any], user: str, connection: Connection
) -> Awaitable[dict[str, Rows]]:
    return persons.naming(connection, epoch, table, keys, user)


def _take(table: str, keys: Sequence[Any], user: str, step: Step) -> Awaitable[tuple[int, int]]:
    return persons.take_out(step.connection, table, keys, user)


def _delete(table: str, user: str, step: Step) -> Awaitable[int]:
    return persons.delete_some(step.connection, table, user)


def _finish(user: str, veil: str, step: Step) -> Awaitable[None]:
    return persons.finish(step.connection, user, veil)


_: type[PersonalData] = Erasing
