"""What became of one notification with one user."""

from __future__ import annotations

from typing import Final

from sio_server.broker.inbox import Answer
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.receipts import Receiving
from sio_server.broker.postgres.search import FOUND
from sio_server.broker.postgres.sights import known_of
from sio_server.broker.spans import Span
from sio_server.broker.states import State
from sio_server.broker.tracing import MAX_ALIKE, MAX_ALIKE_LOOKED_AT, FollowedSince, Traced, known_rooms
from sio_server.broker.trails import Trail, Trails

# Parameters: the user, the position, and how many users are looked at for names that are alike, and told of.
_TRAIL: Final = """
SELECT coalesce(s.seen, i.seen_to >= $2, false), coalesce(s.read, i.read_to >= $2, false),
    coalesce(s.archived, i.archived_to >= $2, false), coalesce(i.steps, ''), a.action, a.at,
    EXISTS (SELECT 1 FROM visit WHERE visit.user_id = $1),
    ARRAY(SELECT user_id FROM (SELECT user_id FROM visit ORDER BY user_id LIMIT $3) AS v
        WHERE lower(ltrim(replace(user_id, ' ', ''), '0')) = lower(ltrim(replace($1, ' ', ''), '0')) AND user_id <> $1
        LIMIT $4),
    ARRAY(SELECT row(room, seen_from, at) FROM follow WHERE follow.user_id = $1),
    ARRAY(SELECT row(kind, low, high, steps) FROM delivery AS d WHERE d.user_id = $1 ORDER BY low)
FROM (SELECT $1::text AS user_id) AS one LEFT JOIN inbox AS i ON i.user_id = one.user_id
LEFT JOIN inbox_state AS s ON s.user_id = one.user_id AND s.seq = $2
LEFT JOIN answer AS a ON a.user_id = one.user_id AND a.seq = $2
"""


class Tracing(Receiving):
    """`Trails` on PostgreSQL."""

    async def trail(self, notification_id: str, user: str) -> Trail | None:
        """See `Trails.trail`."""
        self._ensure_open()
        await self._deliveries.flush()
        traced = await self._read(lambda connection: self._traced(connection, notification_id, user))
        return None if traced is None else traced.trail()

    async def _traced(self, connection: Connection, notification_id: str, user: str) -> Traced | None:
        found = await connection.fetchrow(FOUND, notification_id)
        if found is None:
            return None
        stored = self._stored(found)
        seq = stored.entry.seq
        (known,) = await known_of(connection, [user], self._database.node)
        row = await connection.fetchrow(_TRAIL, user, seq, MAX_ALIKE_LOOKED_AT, MAX_ALIKE)
        seen, read, archived, marks, action, at, visited, alike, followed, spans = row
        follows = (FollowedSince(*one) for one in followed)
        held = known.held | self._roster.register.rooms_of(user)
        return Traced(
            stored,
            user,
            visited=visited,
            rooms=known_rooms(user, known.rooms, follows, now=self._milliseconds(), held=held),
            spans=[(one[0], Span(*one[1:])) for one in spans],
            state=State(seen, read, archived),
            marks=marks,
            answer=None if action is None else Answer(action, at),
            alike=tuple(alike),
        )


_: type[Trails] = Tracing
