"""A log in PostgreSQL as the core sees it: every ability of `sio_server.broker`, handed on to what has it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import time
from collections.abc import Callable

from sio_server.broker.ages import Ages
from sio_server.broker.broker import Broker
from sio_server.broker.deliveries import Deliveries
from sio_server.broker.log import BrokerHandler, Published, Stretch, View
from sio_server.broker.postgres import faults, views
from sio_server.broker.postgres.amendments import Amending
from sio_server.broker.postgres.answers import Answering
from sio_server.broker.postgres.arrivals import Arrivals
from sio_server.broker.postgres.bell import Bell
from sio_server.broker.postgres.database import Connection, Database
from sio_server.broker.postgres.erasing import Erasing
from sio_server.broker.postgres.follower import Follower
from sio_server.broker.postgres.follows import Following
from sio_server.broker.postgres.forgetting import Forgetting
from sio_server.broker.postgres.groups import Grouping
from sio_server.broker.postgres.handing import recorder
from sio_server.broker.postgres.health import Watching
from sio_server.broker.postgres.heard import Heard
from sio_server.broker.postgres.nodes import Describing
from sio_server.broker.postgres.once import UsingUp
from sio_server.broker.postgres.people import Arriving
from sio_server.broker.postgres.presence import Attending
from sio_server.broker.postgres.promises import ensure_heard, weaknesses
from sio_server.broker.postgres.retention import Retaining
from sio_server.broker.postgres.revocations import Revoking
from sio_server.broker.postgres.roster import Roster
from sio_server.broker.postgres.schedule import Scheduling
from sio_server.broker.postgres.schema import migrate
from sio_server.broker.postgres.signals import Sender, fetch
from sio_server.broker.postgres.timing import SharedClock
from sio_server.broker.postgres.trails import Tracing
from sio_server.broker.postgres.turns import Turns
from sio_server.broker.postgres.writer import Writer
from sio_server.broker.revoked import RevokedUsers, veil_of
from sio_server.broker.signals import Signal
from sio_server.clock import StepWatch, steady
from sio_server.errors import LogError
from sio_server.logs import get_logger
from sio_server.notification import Notification, Position

logger = get_logger("log")


class PostgresBroker(
    Following,
    Tracing,
    Grouping,
    Answering,
    Attending,
    Arriving,
    Describing,
    UsingUp,
    Revoking,
    Forgetting,
    Amending,
    Scheduling,
    Erasing,
    Retaining,
    Watching,
):
    """Every ability of `sio_server.broker` on PostgreSQL: one node of as many as share the log.

    ``dsn`` is an address as ``postgresql://user:password@host/database?schema=name``; ``idempotency_ttl`` is in
    seconds; ``now`` gives Unix seconds in place of the database's clock and of this machine's. ``committed`` is called
    on the loop after each commit with the seconds it took and the number of publishes in it.
    """

    def __init__(
        self,
        dsn: str,
        *,
        idempotency_ttl: int = 24 * 3600,
        now: Callable[[], float] | None = None,
        committed: Callable[[float, int], None] | None = None,
    ) -> None:
        self._clock = SharedClock(now)
        self.now = self._clock.now
        """See `Log.now`."""
        self._wall = now or time.time
        self._steps = StepWatch(self._wall, now or steady)
        self._turns = Turns()
        self._ages = Ages()
        self._key_ttl = idempotency_ttl
        self._handler: BrokerHandler | None = None
        self._database = Database(dsn, self.now)
        self._roster = Roster(self._database, wall=self._wall, now=self.now)
        self._describe, self._listening = None, None
        self._follower = Follower(self._database, self._ages.until, self._forget)
        self._writer = Writer(
            self._database,
            self._follower,
            idempotency_ttl=idempotency_ttl,
            now=self.now,
            until=self._ages.until,
            committed=committed,
        )
        self._deliveries = Deliveries(lambda: self._follower.head.seq, recorder(self._database), self._wall)
        self._sender = Sender(self._database)
        self._bell = Bell(
            self._database,
            rung=self._follower.catch_up,
            heard=self._hear,
            beats=(self._clock.look, self._renew, self._look_for_revoked),
        )
        self._arrivals = Arrivals(
            self._database,
            self._follower,
            self._roster,
            self._sender,
            now=self.now,
            writing=self.writing,
            unheard=lambda: self._bell.silent_for,
        )
        self._revoked = Heard(RevokedUsers(self._veil))
        self._revoking, self._changing = asyncio.Lock(), asyncio.Lock()
        self._secret = b""

    # -- Log ------------------------------------------------------------------------------------------------------

    async def start(self, handler: BrokerHandler) -> None:
        """See `Log.start`."""
        async with self._changing:
            try:
                await self._open(handler)
            except (*faults.FAULTS, LogError) as error:
                await self._shut()
                raise faults.of_start(self._database.place, error) from error
            self._handler = handler

    async def _open(self, handler: BrokerHandler) -> None:
        if self._describe is not None:
            self._database.node = self._describe().name
        connection = await self._database.connect()
        try:
            listening = await self._database.connect()
            try:
                await ensure_heard(listening, connection, self._database.place)
            finally:
                await listening.close()
            # Not before: with a pool by transaction the next statement may be told to another connection.
            await migrate(connection, self._database.schema)
            for line in await weaknesses(connection):
                logger.warning("the database weakens a promise", place=self._database.place, what=line)
            await self._clock.look(connection)
            self._secret = await connection.fetchval("SELECT secret FROM log")
            await self._revoked.load(connection)
        finally:
            await connection.close()
        await self._database.open()
        await self._follower.begin(handler)
        await self._bell.begin()

    async def close(self) -> None:
        """See `Log.close`."""
        async with self._changing:
            if self._handler is None:
                return
            await self._shut()
            self._handler = None

    async def _shut(self) -> None:
        await self._bell.end()
        try:
            await self._arrivals.finish()
            await self._roster.end()
            await self._deliveries.close()
            self._database.closed = True
            await self._writer.finish()
            await self._sender.finish()
            self._follower.end()
            await self._database.close()
        finally:
            await self._bell.close()

    def append(self, notification: Notification, settled: Callable[[Published | Exception], None]) -> None:
        """See `Log.append`."""
        self._ensure_open()
        self._writer.append(notification, settled)

    def writing(self) -> bool:
        """See `Log.writing`."""
        return self._writer.writing

    def head(self) -> Position:
        """See `Log.head`."""
        return self._follower.head

    def floor(self) -> int:
        """See `Log.floor`."""
        return self._follower.floor

    async def stretch(self, view: View, after: int, limit: int) -> Stretch:
        """See `Log.stretch`."""
        now, head = self._milliseconds(), self._follower.head
        found, floor = await self._read(
            lambda connection: views.replay(connection, head.epoch, view, after=after, limit=limit, now=now)
        )
        self._follower.raise_floor(floor)  # whoever misses something finds it above
        whole = len(found) < limit
        # A commit can be read before it is announced. Whoever got it here and is live then would get it twice.
        while found and found[-1].seq > self._follower.head.seq:
            found.pop()
        covered = max(head.seq if whole else after, found[-1].seq if found else after)
        return Stretch(found, covered, floor)

    # -- Signals --------------------------------------------------------------------------------------------------

    def signal(self, signal: Signal) -> None:
        """See `Signals.signal`."""
        self._signal(signal)

    async def _hear(self, connection: Connection, said: str) -> None:
        for signal in await fetch(connection, said):
            self._tell(signal)

    # -- Secrets, HealthCheck -------------------------------------------------------------------------------------

    def secret(self, name: str) -> bytes:
        """See `Secrets.secret`. Derived from one key of the log with HMAC-SHA256 (RFC 2104), so that none is stored."""
        self._database.ensure_open()
        return hmac.digest(self._secret, name.encode(), hashlib.sha256)

    def _forget(self) -> None:
        """The log is another one, or lost its end: what is in memory, or waits to be written, may be beyond that."""
        self._arrivals.clear()
        self._deliveries.clear()

    def _veil(self, user: str) -> str:
        return veil_of(user, self._secret)


_: type[Broker] = PostgresBroker
