"""What the abilities of a node's broker stand on, and whether it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import TypeVar

from sio_server.broker.ages import Ages
from sio_server.broker.deliveries import Deliveries
from sio_server.broker.log import BrokerHandler
from sio_server.broker.nodes import NodeState
from sio_server.broker.postgres import faults
from sio_server.broker.postgres.arrivals import Arrivals
from sio_server.broker.postgres.database import Connection, Database, Step
from sio_server.broker.postgres.follower import Follower
from sio_server.broker.postgres.heard import Heard
from sio_server.broker.postgres.roster import Roster
from sio_server.broker.postgres.signals import Said, Sender, SightsChanged, ToBeErased
from sio_server.broker.postgres.turns import Turns
from sio_server.broker.postgres.writer import Writer
from sio_server.broker.signals import Erased, Followed, Revoked, Signal

# Milliseconds in a second: the log counts those, callers these.
MS = 1000

T = TypeVar("T")


class Parts:
    """The parts, which `PostgresBroker` makes."""

    now: Callable[[], float]
    """See `Log.now`."""
    _database: Database
    _follower: Follower
    _writer: Writer
    _sender: Sender
    _turns: Turns
    """Turns of users."""
    _ages: Ages
    _key_ttl: int
    _wall: Callable[[], float]
    _handler: BrokerHandler | None
    _roster: Roster
    _listening: Connection | None
    _arrivals: Arrivals
    _revoked: Heard
    _revoking: asyncio.Lock
    _deliveries: Deliveries
    _describe: Callable[[], NodeState] | None

    def _veil(self, user: str) -> str:
        """By what name an erased user's revocation is known."""
        raise NotImplementedError

    def _ensure_open(self) -> None:
        if self._handler is None:
            raise faults.closed()

    async def _read(self, function: Callable[[Connection], Awaitable[T]]) -> T:
        """Several queries that see one moment; see `Database.read`."""
        self._ensure_open()
        return await self._database.read(function)

    async def _look(self, function: Callable[[Connection], Awaitable[T]]) -> T:
        """One query; see `Database.look`."""
        self._ensure_open()
        return await self._database.look(function)

    async def _write(self, function: Callable[[Connection], Awaitable[T]]) -> T:
        """One statement that writes, to the end whatever becomes of the caller; see `Database.write`."""
        self._ensure_open()
        return await self._database.write(function)

    async def _change(
        self,
        function: Callable[[Step], Awaitable[T]],
        then: Callable[[T], None] | None = None,
        *,
        lock: bool = False,
        user: str = "",
    ) -> T:
        """One transaction, and ``then`` with its result, also where whoever awaits this has given up.

        What it appended is announced to this node before this returns. See `Database.change`.
        """
        self._ensure_open()

        async def to_the_end() -> T:
            # What is for one user is done in the order in which it is asked for, and takes one connection at a time.
            async with self._turns.of(user) if user else nullcontext():
                result = await self._database.change(function, lock=lock, user=user)
                if lock:
                    await self._follower.catch_up()
                if then is not None:
                    then(result)
                return result

        return await self._database.to_the_end(to_the_end())

    async def _give(self, function: Callable[[Connection], Awaitable[T]]) -> T:
        """One statement that gives positions: what it appended is announced to this node before this returns."""
        self._ensure_open()

        async def to_the_end() -> T:
            result = await self._database.write(function)
            await self._follower.catch_up()
            return result

        return await self._database.to_the_end(to_the_end())

    def _signal(self, signal: Signal) -> None:
        """Have every node hear this: this one at once."""
        if self._handler is not None:
            self._tell(signal)
            self._sender.send(signal)

    def _tell(self, signal: Said) -> None:
        """This node hears a signal: what is in memory of whom it speaks of holds no longer."""
        if isinstance(signal, Followed | Erased | SightsChanged | ToBeErased):
            self._arrivals.forget([signal.user])
        if isinstance(signal, Erased | ToBeErased):
            self._deliveries.forget(signal.user)
            self._roster.visits.forget(signal.user)
        if isinstance(signal, Erased):
            self._revoked.known.veil(signal.user, self._veil(signal.user))
        if isinstance(signal, Revoked) and not self._revoked.hear(signal):
            return
        if isinstance(signal, SightsChanged):
            self._roster.missed([signal.user])
        elif not isinstance(signal, ToBeErased) and self._handler is not None:
            self._handler.on_signal(signal)

    def _milliseconds(self) -> int:
        return int(self.now() * MS)

    def _moment(self) -> int:
        """Milliseconds of the wall clock."""
        return int(self._wall() * MS)
