"""Users who arrive: many at once are one query, and one transaction where the log learns something new of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

from sio_server.audience import user_room
from sio_server.broker.inbox import Counts
from sio_server.broker.log import View
from sio_server.broker.postgres import faults
from sio_server.broker.postgres.database import Connection, Database
from sio_server.broker.postgres.follower import Follower
from sio_server.broker.postgres.roster import Roster
from sio_server.broker.postgres.sights import Known, known_of, lock, record
from sio_server.broker.postgres.signals import Sender, SightsChanged
from sio_server.broker.settling import settle
from sio_server.broker.sights import Decided, SeenLately, decide

# Users in one transaction, each of whom has a lock of the database for as long: there are some 6,000 of them.
MOST: Final = 128

# Users who wait. 10,000 who come back at once are taken in within seconds; beyond that the database hangs.
MAX_WAITING: Final = 20_000

# Seconds without an answer from the database after which no view from memory is given out: another node may have
# changed it since.
UNHEARD: Final = 5.0

Arrived = tuple[View, Counts | None]


class _Waiting(NamedTuple):
    user: str
    rooms: Sequence[str]
    since: int
    done: asyncio.Future[Arrived]


class _Arrival(NamedTuple):
    """What the log has of somebody who arrives, and what becomes of it; ``now`` in milliseconds."""

    who: _Waiting
    known: Known
    decided: Decided
    now: int

    @property
    def is_new(self) -> bool:
        """Whether it tells the log something."""
        return bool(self.decided.changed or self.decided.forgotten) or self.known.visit_is_due(self.now)

    @property
    def concerns_others(self) -> bool:
        """Whether other nodes may have it otherwise in memory."""
        return bool(self.known.rooms and (self.decided.changed or self.decided.forgotten))

    @property
    def noted(self) -> int:
        """When the log knows the user to have been here, in milliseconds."""
        return self.now if self.is_new or self.known.visited is None else self.known.visited

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in the view for sure."""
        personal = user_room(self.who.user)
        seen_from = self.decided.sight.view.seen_from.items()
        return not self.known.told and all(since >= self.known.head for room, since in seen_from if room != personal)


class Arrivals:
    """The users who arrive at this node, and those seen last. On the loop.

    ``now`` gives the log's time in seconds, ``writing`` whether entries of this node are on their way into the log,
    ``unheard`` the seconds since the database answered last.
    """

    def __init__(
        self,
        database: Database,
        follower: Follower,
        roster: Roster,
        sender: Sender,
        *,
        now: Callable[[], float],
        writing: Callable[[], bool],
        unheard: Callable[[], float],
    ) -> None:
        self._database = database
        self._follower = follower
        self._roster = roster
        self._sender = sender
        self._now = now
        self._writing = writing
        self._unheard = unheard
        self._seen = SeenLately(roster.register.rooms_of, now)
        # Of whom an answer of the database is on its way that may be remembered: nothing newer was heard.
        self._asked: dict[str, _Waiting] = {}
        self._waiting: list[_Waiting] = []
        self._running: asyncio.Task[None] | None = None

    async def arrive(self, user: str, rooms: Sequence[str]) -> Arrived:
        """See `People.arrive`."""
        view = self._seen.arrive(user, rooms)
        if view is not None and self._unheard() < UNHEARD:
            return view, None
        if len(self._waiting) >= MAX_WAITING:
            raise faults.full()
        self.forget([user])
        done: asyncio.Future[Arrived] = asyncio.get_running_loop().create_future()
        one = _Waiting(user, rooms, self._follower.head.seq, done)
        self._asked[user] = one
        self._waiting.append(one)
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())
        return await done

    def forget(self, users: Iterable[str]) -> None:
        """What the log has of these users is another thing now."""
        users = tuple(users)
        self._seen.forget(users)
        for user in users:
            self._asked.pop(user, None)

    def clear(self) -> None:
        """What the log has of anybody may be another thing now: this node may have missed a word of it."""
        self._seen.clear()
        self._asked.clear()

    async def finish(self) -> None:
        """Wait until everybody who waits is answered."""
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # let those in who come in the same turn
                await self._take_in(self._some())
        finally:
            self._running = None

    def _some(self) -> list[_Waiting]:
        """The first of those who wait, each user once: of two who are the same the second has what the first gets."""
        some: dict[str, _Waiting] = {}
        for one in self._waiting[:MOST]:
            if one.user in some:
                break
            some[one.user] = one
        del self._waiting[: len(some)]
        return list(some.values())

    async def _take_in(self, some: Sequence[_Waiting]) -> None:
        try:
            await self._answer(some)
        except Exception as error:  # noqa: BLE001 - whatever it is, each of them must hear of it
            for one in some:
                settle(one.done, error)

    async def _answer(self, some: Sequence[_Waiting]) -> None:
        found = await self._database.look(lambda connection: self._ask(connection, some))
        new = [one.who for one in found if one.is_new]
        for one in found:
            if not one.is_new:
                self._settle(one)
        if new:
            for one in await self._database.write(lambda connection: self._record(connection, new)):
                self._settle(one)

    async def _ask(self, connection: Connection, some: Sequence[_Waiting]) -> list[_Arrival]:
        known = {one.user: one for one in await known_of(connection, [one.user for one in some], self._database.node)}
        return [self._decide(one, known[one.user]) for one in some]

    def _decide(self, one: _Waiting, known: Known) -> _Arrival:
        now = max(known.taken, int(self._now() * 1000))
        held = known.held | self._roster.register.rooms_of(one.user)
        decided = decide(one.user, one.rooms, known.rooms, known.followed, since=one.since, now=now, held=held)
        return _Arrival(one, known, decided, now)

    async def _record(self, connection: Connection, new: Sequence[_Waiting]) -> list[_Arrival]:
        async with connection.transaction():
            await lock(connection, self._database.schema, [one.user for one in new])
            found = await self._ask(connection, new)
            await record(connection, [(one.who.user, one.decided) for one in found], max(one.now for one in found))
            # In the transaction, so that it cannot be lost: another node may have a view of such a user in memory.
            await self._sender.within(connection, [SightsChanged(one.who.user) for one in found if one.concerns_others])
            return found

    def _settle(self, arrival: _Arrival) -> None:
        user, sight = arrival.who.user, arrival.decided.sight
        if self._asked.get(user) is arrival.who:
            del self._asked[user]
            self._seen.remember(user, sight, arrival.noted / 1000)
        if sight.missing:
            self._roster.missed([user])  # who connected meanwhile
        # What is on its way is not counted yet, and is not announced later to whoever is told that it was.
        if arrival.is_empty and not self._writing() and self._follower.head.seq <= arrival.known.head:
            settle(arrival.who.done, (sight.view, Counts(0, 0, arrival.known.head)))
        else:
            settle(arrival.who.done, (sight.view, None))
