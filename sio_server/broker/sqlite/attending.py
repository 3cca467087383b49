"""Who is here, as the core sees it."""

from __future__ import annotations

import heapq
import sqlite3
from collections.abc import Mapping, Sequence

import orjson

from sio_server.audience import ROLE_PREFIX, TOPIC_PREFIX
from sio_server.broker.leases import Held
from sio_server.broker.presence import Here, HerePage
from sio_server.broker.sqlite.parts import MS, Parts


class Attending(Parts):
    """What `Presence` tells of users, on SQLite."""

    async def attending(self, room: str | None = None) -> frozenset[str]:
        """See `Presence.attending`."""
        return frozenset(await self._read(lambda connection: _having(connection, self._register.all(), room)))

    async def here(self, room: str | None = None, *, limit: int, after: str | None = None) -> HerePage:
        """See `Presence.here`."""
        now = int(self._wall() * MS)

        def look(connection: sqlite3.Connection) -> HerePage:
            found = _having(connection, self._register.all(), room)
            names = heapq.nsmallest(limit + 1, found if after is None else (one for one in found if one > after))
            return HerePage(
                tuple(_here(name, found[name], now) for name in names[:limit]),
                names[limit - 1] if len(names) > limit else None,
                len(found),
                sum(map(len, found.values())),
            )

        return await self._read(look)

    async def whereabouts(self, users: Sequence[str]) -> tuple[Here, ...]:
        """See `Presence.whereabouts`."""
        now, noted = int(self._wall() * MS), {user: at for user in users if (at := self._visits.of(user)) is not None}

        def look(connection: sqlite3.Connection) -> tuple[Here, ...]:
            known, seen = self._register.all(), {**_visits(connection, users), **noted}
            return tuple(
                _here(user, known[user], now) if user in known else Here(user, (), 0, None, seen[user])
                for user in users
                if user in known or user in seen
            )

        return await self._read(look)


def _having(connection: sqlite3.Connection, known: Mapping[str, Held], room: str | None) -> Mapping[str, Held]:
    """Of those who are here, those who have a room; what they follow is known by the log alone."""
    if room is None:
        return known
    found = {user: held for user, held in known.items() if any(room in lease.rooms for lease in held)}
    if room.startswith(TOPIC_PREFIX):
        followers = connection.execute("SELECT user FROM follow WHERE room = ?", (room,))
        found.update((user, known[user]) for (user,) in followers if user in known)
    return found


def _here(user: str, held: Held, now: int) -> Here:
    rooms = dict.fromkeys(room for lease in held for room in lease.rooms if room.startswith(ROLE_PREFIX))
    roles = tuple(room.removeprefix(ROLE_PREFIX) for room in rooms)
    return Here(user, roles, len(held), int(min(lease.since for lease in held) * MS), now)


def _visits(connection: sqlite3.Connection, users: Sequence[str]) -> dict[str, int]:
    wanted = orjson.dumps(list(users)).decode()
    return dict(
        connection.execute("SELECT user, at FROM visit WHERE user IN (SELECT value FROM json_each(?))", (wanted,))
    )
