"""This node's connections: at once in memory, and a moment later in the table that all nodes read.

What comes and goes is written for many at once. What belongs to a node that has not renewed its own row for `LEASE`
seconds counts no more, so nobody has to take anything over from a node that is gone. The tables are not kept beyond a
crash of the database: a node that finds no row of its own writes all that it has again, as one that was cut off does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Coroutine, Iterable
from contextlib import suppress
from itertools import islice
from typing import Final, TypeVar

from sio_server.broker.leases import Leases, Register
from sio_server.broker.nodes import LEASE
from sio_server.broker.postgres.database import Database
from sio_server.broker.visits import Noted, Visits
from sio_server.errors import BrokerUnavailable

# Seconds that a change waits for company: thousands arrive together after an outage.
FLUSH_DELAY: Final = 0.2

# Connections in one statement, some tens of milliseconds of the database's.
FLUSH_STEP: Final = 2000

# Who is connected to a node that lives: goes into FROM.
ALIVE: Final = (
    f"connection AS c JOIN node AS n ON n.name = c.node AND n.renewed > now() - make_interval(secs => {LEASE})"
)

# Parameters: the node; ids that left; ids, users, rooms one below the other and times of those that came; pairs of a
# user and a room that a connection has. What a connection has is missing no longer (see `People`).
_FLUSH: Final = """
WITH gone AS (DELETE FROM connection WHERE node = $1 AND id = ANY($2::text[])),
here AS (
    INSERT INTO connection (node, id, user_id, rooms, since)
    SELECT $1, c.id, c.user_id, string_to_array(c.rooms, E'\\n'), c.since
    FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[]) AS c (id, user_id, rooms, since)
    ON CONFLICT (node, id)
        DO UPDATE SET user_id = excluded.user_id, rooms = excluded.rooms, since = excluded.since
)
UPDATE sight SET missing_since = NULL FROM unnest($7::text[], $8::text[]) AS held (user_id, room)
WHERE sight.user_id = held.user_id AND sight.room = held.room AND sight.missing_since IS NOT NULL
"""
_VISITED: Final = """
UPDATE visit SET at = v.at FROM unnest($1::bigint[], $2::text[]) AS v (at, user_id)
WHERE visit.user_id = v.user_id AND visit.at < v.at
"""

T = TypeVar("T")


class Roster:
    """The connections of one node, and when their users were here. On the loop.

    ``wall`` gives Unix seconds, ``now`` the log's time.
    """

    def __init__(self, database: Database, *, wall: Callable[[], float], now: Callable[[], float]) -> None:
        self.visits = Visits(self._note_visits, now)
        self.register = Register(wall, self.visits.note)
        self._database = database
        self._leases = Leases(self.register)
        # Ids of which the table does not know the latest; that it knows nothing; rooms that connections have or had.
        self._changed: dict[str, None] = {}
        self._anew = False
        self._held: dict[tuple[str, str], None] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def has(self, connection_id: str) -> bool:
        """Whether this node has a connection with this id."""
        return self._leases.has(connection_id)

    def arrived(self, connection_id: str, user: str | None, rooms: Collection[str]) -> None:
        """See `Presence.arrived`."""
        self._leases.arrived(connection_id, user, rooms)
        if user is not None:
            self._held.update(((user, room), None) for room in rooms)
        self._change(connection_id)

    def left(self, connection_id: str) -> None:
        """See `Presence.left`."""
        if self._leases.has(connection_id):
            self._leases.left(connection_id)
            self._change(connection_id)

    def missed(self, users: Iterable[str] | None = None) -> None:
        """Somebody took rooms of these users, or of anybody, for missing: those that a connection here has are not."""
        known = self.register.all()
        for user in known if users is None else known.keys() & set(users):
            self._held.update(((user, room), None) for lease in known[user] for room in lease.rooms)
        if self._held:
            self._later()

    def beaten(self, *, known: bool) -> None:
        """The database knows of this node, or did until now not; what could not be written before is written again."""
        self._anew = self._anew or not known
        if self._anew:
            self._later()

    def _change(self, connection_id: str) -> None:
        if not self._anew:
            self._changed[connection_id] = None
        self._later()

    # -- writing --------------------------------------------------------------------------------------------------

    def _later(self) -> None:
        if self._timer is None and not self._database.closed:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_DELAY, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._run(self._write_some())

    async def flush(self) -> None:
        """Have the table know all that is here now. Raises `BrokerUnavailable`."""
        if self._turn.locked() or self._changed or self._held or self._anew:
            async with self._turn:
                while self._changed or self._held or self._anew:
                    await self._step()
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))

    async def _write_some(self) -> None:
        async with self._turn:
            await self._step()
        if self._changed or self._held or self._anew:
            self._later()

    async def _step(self) -> None:
        """Write some of it; where that is not possible, all is written anew with the next beat that is."""
        try:
            if self._anew:
                await self._clear("connection", "node")
                self._anew, self._changed = False, dict.fromkeys(self._leases.all())
            arguments = self._arguments()
            await self._database.write(lambda connection: connection.execute(_FLUSH, *arguments))
        except BrokerUnavailable:
            self._anew = True
            self._changed.clear()
            self._held.clear()
            raise

    def _arguments(self) -> tuple[object, ...]:
        ids = _taken(self._changed, FLUSH_STEP)
        held = _taken(self._held, 4 * FLUSH_STEP)
        here = [identity for identity in ids if self._leases.has(identity)]
        leases = [self._leases.lease(identity) for identity in here]
        return (
            self._database.node,
            [identity for identity in ids if not self._leases.has(identity)],
            here,
            [self._leases.user(identity) for identity in here],
            ["\n".join(lease.rooms) if lease is not None else "" for lease in leases],
            [int(lease.since * 1000) if lease is not None else 0 for lease in leases],
            [user for user, _ in held],
            [room for _, room in held],
        )

    def _note_visits(self, noted: Noted) -> None:
        arguments = [at for at, _ in noted], [user for _, user in noted]

        async def write() -> None:
            await self._database.write(lambda connection: connection.execute(_VISITED, *arguments))

        self._run(write())

    def _run(self, writing: Coroutine[object, object, None]) -> None:
        async def tried() -> None:
            with suppress(BrokerUnavailable):
                await writing

        task = asyncio.get_running_loop().create_task(tried())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- the end --------------------------------------------------------------------------------------------------

    async def end(self) -> None:
        """Let all connections go, and have the log know when their users were here; nothing is written after that."""
        self._leases.end()
        self.visits.flush()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))
        with suppress(BrokerUnavailable):
            async with self._turn:
                self._changed.clear()
                await self._clear("connection", "node")
                await self._clear("node", "name")

    async def _clear(self, table: str, column: str) -> None:
        query = f"DELETE FROM {table} WHERE {column} = $1"  # noqa: S608 - names of above
        await self._database.write(lambda connection: connection.execute(query, self._database.node))


def _taken(waiting: dict[T, None], most: int) -> list[T]:
    """The first of those that wait, which wait no longer."""
    some = list(islice(waiting, most))
    for one in some:
        del waiting[one]
    return some
