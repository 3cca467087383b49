"""What a log holds about one user, told and taken away step by step, whichever broker has it."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sio_server.broker.personal import Part
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
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Holdings:
    """One user's, by calls that do a step each: see `persons`, where the tables are.

    ``rows`` gives some rows of the user's own, and after which key the next ones are. ``found`` gives keys of rows that
    may name the user, and up to which one was looked; ``naming`` what some of them say, and ``take`` takes the user out
    of some: how many of them went, and how many only lost the name. ``delete`` takes some of the user's own away.
    """

    rows: Callable[[str, Any], Awaitable[tuple[Rows, Any]]]
    found: Callable[[str, Any], Awaitable[tuple[list[Any], Any]]]
    naming: Callable[[str, Sequence[Any]], Awaitable[Mapping[str, Rows]]]
    take: Callable[[str, Sequence[Any]], Awaitable[tuple[int, int]]]
    delete: Callable[[str], Awaitable[int]]

    async def copy(self, revoked_before: float | None) -> AsyncIterator[Part]:
        """See `PersonalData.export`; ``revoked_before`` is from when on the user's tokens hold."""
        for table, about in USER_TABLES.items():
            after: Any = None
            while True:
                rows, after = await self.rows(table, after)
                if rows:
                    yield about.kind, rows
                if after is None:
                    break
        if revoked_before is not None:
            yield "revocations", [{"before": revoked_before}]
        for table in EXPORTED:
            keys = [key async for some in self._look(table) for key in some]
            for some in parts(keys, PART):
                for kind, named in (await self.naming(table, some)).items():
                    yield kind, named

    async def erase(self) -> Mapping[str, int]:
        """Take all of it away, and return how much of each kind that was."""
        gone: Counter[str] = Counter()
        for table in SEARCHED:
            async for keys in self._look(table):
                for some in parts(keys, STEP_ROWS):
                    went, changed = await _leaving_time(self.take(table, some))
                    gone[ERASED[table]] += went
                    gone[NARROWED] += changed
        for table, about in USER_TABLES.items():
            while number := await _leaving_time(self.delete(table)):
                gone[about.kind] += number
        return {kind: number for kind, number in sorted(gone.items()) if number}

    async def _look(self, table: str) -> AsyncIterator[list[Any]]:
        """The keys of all rows of a table that may name the user, some at a time."""
        after = first_key(table)
        while after is not None:
            keys, after = await self.found(table, after)
            yield keys


async def _leaving_time(step: Awaitable[T]) -> T:
    """Do a step, and leave half of the time to others: they wait for it."""
    started = time.perf_counter()
    done = await step
    await asyncio.sleep(time.perf_counter() - started)
    return done
