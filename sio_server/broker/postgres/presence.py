"""Who is connected, on whichever node.

What is asked of all nodes is read from the table, once it knows what this one has. To count who is here means to read a
row for each connection: some 100 ms of the database's for 100,000.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Final

from sio_server.audience import ROLE_PREFIX
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.postgres.roster import ALIVE
from sio_server.broker.presence import Here, HerePage, Presence

# Roles are those of all connections of a user. Parameters: see below.
_ROLES: Final = f"""
ARRAY(SELECT DISTINCT substr(room, {len(ROLE_PREFIX) + 1}) FROM {ALIVE} CROSS JOIN unnest(c.rooms) AS room
    WHERE c.user_id = found.user_id AND room LIKE '{ROLE_PREFIX}%' ORDER BY 1)
"""  # noqa: S608 - constants

# Parameters: a room, or NULL for who has any.
_HAVING: Final = f"""
SELECT c.user_id, count(*) AS connections, min(c.since) AS since FROM {ALIVE} WHERE c.user_id IS NOT NULL
GROUP BY c.user_id HAVING $1::text IS NULL OR bool_or($1 = ANY(c.rooms))
    OR EXISTS (SELECT 1 FROM follow WHERE follow.room = $1 AND follow.user_id = c.user_id)
"""  # noqa: S608 - constants

# Parameters: as above, after whom, most.
_PAGE: Final = f"""
WITH those AS MATERIALIZED ({_HAVING})
SELECT a.users, a.connections, found.user_id, {_ROLES}, found.connections, found.since
FROM (SELECT count(*), coalesce(sum(connections), 0)::bigint FROM those) AS a (users, connections)
LEFT JOIN LATERAL (SELECT * FROM those WHERE user_id > $2 ORDER BY user_id LIMIT $3) AS found ON true
ORDER BY found.user_id
"""  # noqa: S608 - constants

# Parameters: users.
_WHERE: Final = f"""
SELECT found.user_id, {_ROLES}, found.connections, found.since, visit.at
FROM (
    SELECT asked.user_id, count(c.id) AS connections, min(c.since) AS since
    FROM unnest($1::text[]) AS asked (user_id) LEFT JOIN ({ALIVE}) ON c.user_id = asked.user_id GROUP BY asked.user_id
) AS found LEFT JOIN visit ON visit.user_id = found.user_id
"""  # noqa: S608 - constants


class Attending(Parts):
    """`Presence` on PostgreSQL."""

    def arrived(self, connection_id: str, user: str | None, rooms: Collection[str]) -> None:
        """See `Presence.arrived`."""
        self._roster.arrived(connection_id, user, rooms)

    def left(self, connection_id: str) -> None:
        """See `Presence.left`."""
        self._roster.left(connection_id)

    async def connected(self, connection_id: str) -> bool:
        """See `Presence.connected`."""
        return self._roster.has(connection_id) or await self._elsewhere("id", connection_id)

    async def present(self, user: str) -> bool:
        """See `Presence.present`."""
        return self._roster.register.present(user) or await self._elsewhere("user_id", user)

    async def _elsewhere(self, column: str, value: str) -> bool:
        query = f"SELECT EXISTS (SELECT 1 FROM {ALIVE} WHERE c.{column} = $1 AND c.node <> $2)"  # noqa: S608 - names
        return bool(await self._look(lambda connection: connection.fetchval(query, value, self._database.node)))

    async def attending(self, room: str | None = None) -> frozenset[str]:
        """See `Presence.attending`."""
        return frozenset(row[0] for row in await self._of_all_nodes(_HAVING, room))

    async def here(self, room: str | None = None, *, limit: int, after: str | None = None) -> HerePage:
        """See `Presence.here`."""
        now = self._moment()
        rows = await self._of_all_nodes(_PAGE, room, after or "", limit + 1)
        found = [_here(*row[2:], now=now) for row in rows if row[2] is not None]
        more = found[limit - 1].user if len(found) > limit else None
        return HerePage(tuple(found[:limit]), more, rows[0][0], rows[0][1])

    async def whereabouts(self, users: Sequence[str]) -> tuple[Here, ...]:
        """See `Presence.whereabouts`."""
        now, noted = self._moment(), self._roster.visits.of
        found = {}
        for user, roles, connections, since, at in await self._of_all_nodes(_WHERE, list(users)):
            seen = noted(user) or at
            if connections:
                found[user] = _here(user, roles, connections, since, now=now)
            elif seen is not None:
                found[user] = Here(user, (), 0, None, seen)
        return tuple(found[user] for user in users if user in found)

    async def _of_all_nodes(self, query: str, *arguments: object) -> Sequence[Any]:
        self._ensure_open()
        await self._roster.flush()
        return await self._look(lambda connection: connection.fetch(query, *arguments))


def _here(user: str, roles: Sequence[str], connections: int, since: int, *, now: int) -> Here:
    return Here(user, tuple(roles), connections, since, now)


_: type[Presence] = Attending
