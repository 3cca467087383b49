"""Who is here, for those who look after a server: a page of them, and as they come and go."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sio_server.broker import Broker, Here
from sio_server.core.hub import Connection, Hub
from sio_server.core.shown import here_dict
from sio_server.core.tasks import Tasks
from sio_server.errors import Refused, Text
from sio_server.logs import get_logger
from sio_server.notification import rfc3339

logger = get_logger("attendance")

# Seconds between two looks, and so between two events to one connection. Who comes back within it was never away.
INTERVAL: Final = 1.0

# Names in one event, of those who came and of those who left each; the next come a second later. After a restart all
# come at once.
MAX_NAMES: Final = 500

# Rooms that are watched at once on a node: each is looked for among all who are here, each second.
MAX_WATCHED: Final = 50


@dataclass(slots=True)
class _Watch:
    """Those who watch one room, and whom they were told to be in it."""

    told: frozenset[str]
    connections: dict[Connection, None] = field(default_factory=dict)


class Attendance:
    """The use cases of presence. Where nobody watches, nothing is looked for."""

    def __init__(self, broker: Broker, hub: Hub, tasks: Tasks, *, interval: float = INTERVAL) -> None:
        self._broker = broker
        self._hub = hub
        self._tasks = tasks
        self._interval = interval
        # By the room, None for everybody.
        self._watches: dict[str | None, _Watch] = {}
        self._running = False

    async def page(self, room: str | None, *, limit: int, after: str | None) -> dict[str, Any]:
        """Those who are here, as ``GET /v1/presence`` answers; with a room those who have it."""
        page = await self._broker.here(room, limit=limit, after=after)
        return {
            "items": [here_dict(one) for one in page.items],
            "next_after": page.next_after,
            "total": {"users": page.users, "connections": page.connections},
        }

    async def of(self, user: str, room: str | None) -> dict[str, Any]:
        """Whether one user is here, and else when that was; nobody where the user is not in this room."""
        found = await self._broker.whereabouts([user])
        if room is not None and user not in await self._broker.attending(room):
            found = ()
        here = [one for one in found if one.connections]
        total = {"users": len(here), "connections": sum(one.connections for one in here)}
        return {"items": [here_dict(one) for one in found], "next_after": None, "total": total}

    async def watch(self, connection: Connection, room: str | None, *, wanted: bool) -> dict[str, Any]:
        """Begin or end to tell a connection who comes and goes, in this room alone; returns how many are here.

        A connection watches one room at a time. Raises `Refused`: ``forbidden``, ``rate_limited`` where too many rooms
        are watched.
        """
        if not connection.may_observe:
            raise Refused("forbidden", _NOT_YOURS)
        self._leave(connection)
        if wanted:
            here = await self._broker.attending(room)
            self._enter(connection, room, here)
        page = await self._broker.here(room, limit=1)
        return {"wanted": wanted, "total": {"users": page.users, "connections": page.connections}}

    def _enter(self, connection: Connection, room: str | None, here: frozenset[str]) -> None:
        self._let_go()
        if room not in self._watches and len(self._watches) >= MAX_WATCHED:
            raise Refused("rate_limited", _TOO_MANY, retry_after=60)
        if connection not in self._hub:
            return  # it left meanwhile
        self._leave(connection)  # it may have asked twice meanwhile
        self._watches.setdefault(room, _Watch(here)).connections[connection] = None
        if not self._running:
            self._running = True
            self._tasks.begin(self._run())

    def _leave(self, connection: Connection) -> None:
        for room, watch in tuple(self._watches.items()):
            watch.connections.pop(connection, None)
            if not watch.connections:
                del self._watches[room]

    async def _run(self) -> None:
        """Look each second, for as long as anybody watches."""
        try:
            while self._watches:
                await asyncio.sleep(self._interval)
                self._let_go()
                for room, watch in tuple(self._watches.items()):
                    await self._look(room, watch)
        finally:
            self._running = False

    def _let_go(self) -> None:
        """Forget connections that have ended, or may watch no more."""
        for connection in [one for watch in self._watches.values() for one in watch.connections]:
            if connection not in self._hub or not connection.may_observe:
                self._leave(connection)

    async def _look(self, room: str | None, watch: _Watch) -> None:
        try:
            here = await self._broker.attending(room)
            came, gone = sorted(here - watch.told)[:MAX_NAMES], sorted(watch.told - here)[:MAX_NAMES]
            if not came and not gone:
                return
            found = {one.user: one for one in await self._broker.whereabouts([*came, *gone])}
        except Refused as refused:
            logger.warning("who is here was not looked for", code=refused.kind.code)
            return
        watch.told = watch.told.union(came).difference(gone)
        body = {
            "joined": [here_dict(found[user]) for user in came if user in found],
            # of who is here again by now, or elsewhere than in this room, it is told when they left it
            "left": [here_dict(found.get(user, Here(user, (), 0, None, None))) for user in gone],
            "at": rfc3339(datetime.now(UTC)),
        }
        for connection in watch.connections:
            if connection in self._hub:
                connection.link.control("ns:presence", body)


_NOT_YOURS: Final = Text(
    "Only the role 'admin', or a key that may observe, sees who is here.",
    "Solo el rol 'admin', o una clave que puede observar, ve quién está.",
)
_TOO_MANY: Final = Text(
    "Too many roles and topics are watched at once: watch all, or one that somebody else watches.",
    "Se observan demasiados roles y temas a la vez: observa a todos, o uno que ya observe alguien.",
)
