"""Counters that a change of the log has made other ones, told to those who are here and may have had what has gone.

Clients add what comes to their counters and never subtract: when a notification has taken the place of another, was
changed or was taken back, they are told where they stand. A broadcast in the place of another concerns everybody at
once, so this is paced: a user is counted at most once a second, a few at a time, and for half of the time at most.
"""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable, Iterator
from typing import Final

from sio_server.audience import USER_PREFIX
from sio_server.core.hub import Connection, Hub
from sio_server.core.inboxes import Inboxes
from sio_server.core.tasks import Tasks
from sio_server.notification import Entry

# Seconds between two times that a user is told, and between two looks at all connections.
EACH: Final = 1.0

# Users who are counted at once, and connections that are looked at in one turn of the loop.
AT_ONCE: Final = 16
_LOOKS: Final = 500

# Users who are remembered as told before those are forgotten who may be told again: more than a second's.
_MANY_TOLD: Final = 10_000


class Recounts:
    """Who is still to be told. ``now`` gives seconds that nobody can set."""

    def __init__(self, hub: Hub, inboxes: Inboxes, tasks: Tasks, now: Callable[[], float] = time.monotonic) -> None:
        self._hub = hub
        self._inboxes = inboxes
        self._tasks = tasks
        self._now = now
        #: where something has gone: the highest position of it in each room
        self._rooms: dict[str, int] = {}
        self._looked_at = float("-inf")
        #: users who are due, soonest first, each once; and when whom was told last
        self._due: list[tuple[float, str]] = []
        self._waiting: set[str] = set()
        self._told: dict[str, float] = {}
        self._running = False

    def note(self, entry: Entry) -> None:
        """Take in that an entry took others out of the log, which were for the same rooms."""
        highest = max(entry.effect.gone, default=0) if entry.effect is not None else 0
        if not highest or not len(self._hub):
            return
        for room in entry.rooms:
            self._rooms[room] = max(highest, self._rooms.get(room, 0))
        if not self._running:
            self._running = True
            self._tasks.begin(self._run())

    async def _run(self) -> None:
        try:
            while self._rooms or self._due:
                await self._look()
                await asyncio.sleep(await self._tell())
        finally:
            self._running = False

    # -- whom -----------------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        """Find out who may have had what has gone, from the rooms of those who are here."""
        now = self._now()
        for room in [room for room in self._rooms if room.startswith(USER_PREFIX)]:
            highest = self._rooms.pop(room)
            self._add(self._hub.of_user(room.removeprefix(USER_PREFIX)), {room: highest})
        if not self._rooms or now < self._looked_at + EACH:
            return
        self._looked_at = now
        rooms, self._rooms = self._rooms, {}
        for some in _parts(tuple(self._hub)):
            self._add(some, rooms)
            await asyncio.sleep(0)

    def _add(self, connections: tuple[Connection, ...], rooms: dict[str, int]) -> None:
        for connection in connections:
            user, seen_from = connection.identity.user, connection.view.seen_from
            if user is None or user in self._waiting:
                continue
            if any(seen_from[room] < rooms[room] for room in seen_from.keys() & rooms.keys()):
                self._waiting.add(user)
                heapq.heappush(self._due, (max(self._now(), self._told.get(user, 0.0) + EACH), user))

    # -- and what -------------------------------------------------------------------------------------------------

    async def _tell(self) -> float:
        """Tell those who are due, as many as may be at once; returns for how many seconds to rest then."""
        now, users = self._now(), list[str]()
        while self._due and self._due[0][0] <= now and len(users) < AT_ONCE:
            users.append(heapq.heappop(self._due)[1])
        if not users:
            times = [self._looked_at + EACH] if self._rooms else []
            return max(0.0, min([*times, *(at for at, _ in self._due[:1])], default=now) - now)
        self._waiting.difference_update(users)  # what goes from here on is another time
        if len(self._told) > _MANY_TOLD:
            self._told = {user: at for user, at in self._told.items() if at > now - EACH}
        self._told.update(dict.fromkeys(users, now))
        await asyncio.gather(*map(self._inboxes.recount, users))
        return self._now() - now


def _parts(connections: tuple[Connection, ...]) -> Iterator[tuple[Connection, ...]]:
    return (connections[start : start + _LOOKS] for start in range(0, len(connections), _LOOKS))
