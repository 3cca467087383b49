"""The connections to the database: what is read, what is changed, and what becomes of both when it goes away.

asyncpg cancels at the server what is cancelled or timed out here. A cancelled commit that waits for a standby leaves
rows that all can see and a failover loses: so whatever writes runs in a task of its own, which nobody cancels, without
a time-out. What does not come back at all ends with its connection: see `Database.abort`.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeVar
from weakref import WeakSet

import asyncpg

from sio_server.broker.address import address_of, quoted
from sio_server.broker.postgres import faults
from sio_server.errors import Error
from sio_server.notification import Entry

# Connections of one node for what is read and changed, beside those of the writer and of the bell.
CONNECTIONS: Final = 8

# Seconds that a connection may take to be made: a database that hangs is as one that is away.
CONNECT: Final = 10.0

# Times that a change is tried which another one was in the way of.
TRIES: Final = 5

_STANDING: Final = "SELECT epoch, seq, taken FROM log"
_LOCKED: Final = f"{_STANDING} FOR UPDATE"
_TAKE_DUTY: Final = """
SELECT CASE WHEN pg_try_advisory_lock(hashtext($1), hashtext($2)) THEN set_config('idle_session_timeout', $3, false) END
"""
_LEAVE_DUTY: Final = """
SELECT set_config('idle_session_timeout', '0', false), pg_advisory_unlock(hashtext($1), hashtext($2))
"""

# What the database is told with each connection. No query here is so long that to compile it pays, or to plan it anew
# for other parameters, which is half of what a page costs; and a page that an index names costs hardly more than the
# next one. One whose node hangs, or is cut off, must not keep what it has locked from all others. In milliseconds: how
# long a transaction may wait for its node's next statement, and how long nothing may be heard of the node's machine.
_SETTINGS: Final = {
    "jit": "off",
    "random_page_cost": "1.1",
    "plan_cache_mode": "force_generic_plan",
    "idle_in_transaction_session_timeout": "5000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "3",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
}

# Milliseconds within which a node that has a duty goes on with it, or loses it.
_ON_DUTY: Final = "10000"

T = TypeVar("T")


class Connection(Protocol):
    """What is used of a connection of asyncpg, which has no types of its own."""

    def execute(self, query: str, *arguments: object) -> Awaitable[str]:
        """Run statements; gives the last one's tag, as ``UPDATE 3``."""

    def executemany(self, query: str, arguments: Sequence[Sequence[object]]) -> Awaitable[None]:
        """Run a statement for each of these, in one transaction."""

    def fetch(self, query: str, *arguments: object) -> Awaitable[Sequence[Any]]:
        """The rows of a query; a row is found by number and by name."""

    def fetchrow(self, query: str, *arguments: object) -> Awaitable[Any]:
        """The first row of a query, or None."""

    def fetchval(self, query: str, *arguments: object) -> Awaitable[Any]:
        """The first value of the first row, or None."""

    def transaction(
        self, *, isolation: str | None = None, readonly: bool = False
    ) -> AbstractAsyncContextManager[object]:
        """All that is done within, or nothing; within another one, a savepoint."""


@dataclass(slots=True)
class Step:
    """What a change is handed: the transaction it runs in, and where the log stands.

    With the row of the log locked no other change can append until this one is committed; without, ``last_seq`` is that
    of the last commit, and what comes after it is not in sight of the change's statements either, or later than them.
    """

    connection: Connection
    epoch: str
    last_seq: int
    """The last position that is given."""
    now: int
    """Milliseconds of the log's own clock, never before the last entry."""
    locked: bool = False
    entries: list[Entry] = field(default_factory=list)
    """What the change has appended, in order: word of it is announced once it is committed."""

    def append(self, entry: Entry) -> None:
        """Note an entry that was written, whose position is the one after the last that is given."""
        self.entries.append(entry)
        self.last_seq = entry.seq


class Database:
    """A pool of connections to the schema of one log. Opened once, closed once.

    ``now`` gives the log's own time in seconds.
    """

    def __init__(self, dsn: str, now: Callable[[], float], *, connections: int = CONNECTIONS) -> None:
        self._dsn, self.schema, self.place = address_of(dsn)
        self.node = secrets.token_hex(4)
        """The name of this node, by which the others know it; set before `open`, or else drawn."""
        wanted = {"search_path": quoted(self.schema), **{name: f"'{value}'" for name, value in _SETTINGS.items()}}
        self._set = "; ".join(f"SET {name} TO {value}" for name, value in wanted.items())
        self._now = now
        self._size = connections
        self._pool: Any = None
        self._connections: WeakSet[Any] = WeakSet()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.closed = True

    async def open(self) -> None:
        """Connect; raises what asyncpg raises."""
        self._pool = await asyncpg.create_pool(
            self._dsn,
            min_size=0,  # it tells the log each time that it cannot keep up a number
            max_size=self._size,
            connect=self._connect,
            reset=_leave,
            # Kept: a connection that comes and goes costs the database a process each time.
            max_inactive_connection_lifetime=0.0,
        )
        self.closed = False

    async def connect(self) -> Any:
        """A connection of one's own, beside the pool."""
        return await self._connect()

    async def _connect(self, *_: object, **settings: Any) -> Any:
        settings.update(timeout=CONNECT, server_settings={"application_name": "sio-server"})
        made = await asyncpg.connect(self._dsn, **settings)
        try:
            # Afterwards: a pool by session refuses connections that come with such settings.
            await made.execute(self._set, timeout=CONNECT)
        except BaseException:
            made.terminate()
            raise
        self._connections.add(made)
        return made

    async def close(self) -> None:
        """Wait for what is under way, then let go of the connections. Closing twice is no error."""
        self.closed = True
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))
        pool, self._pool = self._pool, None
        if pool is not None:
            try:
                await asyncio.wait_for(pool.close(), CONNECT)
            except (*faults.FAULTS, asyncio.CancelledError):
                pool.terminate()
                raise

    def abort(self) -> None:
        """Break all connections off, for a database that does not answer: what waits for it ends as not known.

        Nothing is cancelled there: what had arrived is done.
        """
        for connection in tuple(self._connections):
            connection.terminate()

    def ensure_open(self) -> None:
        """Raise `BrokerUnavailable` before `open` and after `close`."""
        if self.closed:
            raise faults.closed()

    # -- reading --------------------------------------------------------------------------------------------------

    async def read(self, function: Callable[[Connection], Awaitable[T]]) -> T:
        """Call within one read transaction: all its queries see the same moment. Raises `BrokerUnavailable`."""
        self.ensure_open()
        try:
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await function(connection)
        except faults.FAULTS as error:
            raise faults.refused(error) from error

    async def look(self, function: Callable[[Connection], Awaitable[T]]) -> T:
        """Call for one query, which needs no transaction around it: two ways less. Raises `BrokerUnavailable`."""
        self.ensure_open()
        try:
            async with self._pool.acquire() as connection:
                return await function(connection)
        except faults.FAULTS as error:
            raise faults.refused(error) from error

    # -- changing -------------------------------------------------------------------------------------------------

    async def write(self, function: Callable[[Connection], Awaitable[T]]) -> T:
        """Call with a connection, to the end whatever becomes of the caller. Raises what the function raises.

        One statement needs no transaction around it. What asyncpg raises becomes `BrokerUnavailable`.
        """
        self.ensure_open()
        return await self.to_the_end(self._write(function))

    async def _write(self, function: Callable[[Connection], Awaitable[T]]) -> T:
        for tries in range(1, TRIES + 1):
            try:
                async with self._pool.acquire() as connection:
                    return await function(connection)
            except faults.AGAIN as error:
                if tries == TRIES:
                    raise faults.unavailable(error) from error
                await asyncio.sleep(_random.uniform(0, 0.01 * 2**tries))
            except faults.FAULTS as error:
                raise faults.refused(error) from error
        raise AssertionError  # pragma: no cover - the last try returns or raises

    async def change(self, function: Callable[[Step], Awaitable[T]], *, lock: bool = False, user: str = "") -> T:
        """Call within one transaction; what it raises undoes it. Durable when this returns.

        ``lock`` keeps everybody else from appending meanwhile: for what gives positions, or takes entries out. With
        ``user`` no other change on any node is made for that user meanwhile. Raises `BrokerUnavailable`, and what the
        function raises.
        """

        async def within(connection: Connection) -> T:
            async with connection.transaction():
                # Always in this order, or two changes could wait for one another.
                if user:
                    await connection.execute("SELECT pg_advisory_xact_lock(hashtext($1), hashtext($2))", schema, user)
                step = await self._step(connection, lock=lock)
                return await function(step)

        schema = self.schema
        return await self.write(within)

    async def _step(self, connection: Connection, *, lock: bool) -> Step:
        epoch, seq, taken = await connection.fetchrow(_LOCKED if lock else _STANDING)
        return Step(connection, epoch, seq, max(taken, int(self._now() * 1000)), lock)

    async def alone(self, duty: str, function: Callable[[Connection], Awaitable[T]]) -> T | None:
        """Call with a connection while no other node is at the same duty; None where one is. Raises as `write` does.

        A duty ends with the connection, and so with its node. The function does without a transaction.
        """
        names = f"duty of {self.schema}", duty

        async def within(connection: Connection) -> T | None:
            if await connection.fetchval(_TAKE_DUTY, *names, _ON_DUTY) is None:
                return None
            try:
                return await function(connection)
            finally:
                with contextlib.suppress(*faults.FAULTS):  # with its connection it has ended anyway
                    await connection.fetchval(_LEAVE_DUTY, *names)

        return await self.write(within)

    async def to_the_end(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Await something that goes on to its end whatever becomes of whoever awaits it."""
        task = asyncio.get_running_loop().create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return await asyncio.shield(task)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not isinstance(error, Error):
            # Whoever awaited it has had it; where that one was cancelled, nobody has.
            task.get_loop().call_exception_handler({"message": "a change of the log failed", "exception": error})


async def _leave(connection: object) -> None:
    """Leave a connection as it is between two uses: nothing of ours outlasts a transaction."""


# One of its own: a test that sets the seed of the others must not set when a change is tried again.
_random: Final = random.Random()  # noqa: S311 - it spreads tries, and hides nothing
