"""Forgetting users who never return, and rooms that are missing for long."""

from __future__ import annotations

from typing import Final

from sio_server.audience import USER_PREFIX
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.parts import MS, Parts
from sio_server.broker.postgres.roster import ALIVE
from sio_server.broker.postgres.sights import lock
from sio_server.broker.sights import VISIT_EVERY, oldest_kept

# Users that one call looks at, and rooms that it forgets: some look-ups each.
STEP_USERS: Final = 100
STEP_ROOMS: Final = 100

# Parameters: missing since before when, most. What a connection has is missing no longer.
_ROOMS: Final = f"""
WITH due AS (
    SELECT user_id, room FROM sight WHERE missing_since < $1 ORDER BY missing_since LIMIT $2 FOR UPDATE SKIP LOCKED
), held AS (
    SELECT user_id, room FROM due
    WHERE EXISTS (SELECT 1 FROM {ALIVE} WHERE c.user_id = due.user_id AND due.room = ANY(c.rooms))
), back AS (
    UPDATE sight SET missing_since = NULL FROM held WHERE sight.user_id = held.user_id AND sight.room = held.room
)
DELETE FROM sight USING (SELECT * FROM due EXCEPT SELECT * FROM held) AS gone
WHERE sight.user_id = gone.user_id AND sight.room = gone.room
"""  # noqa: S608 - constants

# What speaks only of notifications that are gone. Parameters: users.
_TIDY: Final = """
WITH left_over AS (
    SELECT coalesce((SELECT min(seq) - 1 FROM notification), (SELECT seq FROM log)) AS seq
), handed AS (
    DELETE FROM delivery USING left_over WHERE user_id = ANY($1::text[]) AND high <= left_over.seq
)
DELETE FROM inbox USING left_over
WHERE user_id = ANY($1::text[]) AND greatest(seen_to, read_to, archived_to, noted_to) <= left_over.seq
"""

# Parameters: users, and before when they were here last. Whoever has something left to see is not forgotten; whom it is
# kept from, and what has expired, is left aside.
_FORGET: Final = f"""
WITH forgotten AS MATERIALIZED (
    SELECT v.user_id FROM visit AS v WHERE v.user_id = ANY($1::text[]) AND v.at < $2
        AND NOT EXISTS (SELECT 1 FROM {ALIVE} WHERE c.user_id = v.user_id)
        AND NOT EXISTS (SELECT 1 FROM sight AS s JOIN notification_room AS r ON r.room = s.room AND r.seq > s.since
            WHERE s.user_id = v.user_id)
        AND NOT EXISTS (SELECT 1 FROM follow AS f JOIN notification_room AS r
            ON r.room = f.room AND r.seq > f.seen_from WHERE f.user_id = v.user_id)
        AND NOT EXISTS (SELECT 1 FROM notification_room AS r WHERE r.room = '{USER_PREFIX}' || v.user_id)
), rooms AS (DELETE FROM sight USING forgotten AS f WHERE sight.user_id = f.user_id),
marks AS (DELETE FROM inbox USING forgotten AS f WHERE inbox.user_id = f.user_id),
states AS (DELETE FROM inbox_state USING forgotten AS f WHERE inbox_state.user_id = f.user_id),
handed AS (DELETE FROM delivery USING forgotten AS f WHERE delivery.user_id = f.user_id)
DELETE FROM visit USING forgotten AS f WHERE visit.user_id = f.user_id RETURNING 1
"""  # noqa: S608 - constants


class Forgetting(Parts):
    """`Retention.forget` on PostgreSQL."""

    _swept: str = ""
    """After which user the next call goes on; each node goes its own round."""

    async def forget(self, *, max_age: float) -> int:
        """See `Retention.forget`."""
        self._ensure_open()
        await self._roster.flush()
        return await self._database.alone("forgetting", lambda connection: self._sweep(connection, max_age)) or 0

    async def _sweep(self, connection: Connection, max_age: float) -> int:
        now = self._milliseconds()
        await connection.execute(_ROOMS, oldest_kept(now), STEP_ROOMS)
        rows = await connection.fetch(
            "SELECT user_id, at FROM visit WHERE user_id > $1 ORDER BY user_id LIMIT $2", self._swept, STEP_USERS
        )
        self._swept = rows[-1][0] if len(rows) == STEP_USERS else ""
        await connection.execute(_TIDY, [row[0] for row in rows])
        before = now - int((max_age + VISIT_EVERY) * MS)
        gone = [user for user, at in rows if at < before]
        if not gone:
            return 0
        async with connection.transaction():
            await lock(connection, self._database.schema, gone)
            return len(await connection.fetch(_FORGET, gone, before))
