"""Names that are good once."""

from __future__ import annotations

from typing import Final

from sio_server.broker.once import Once
from sio_server.broker.postgres.parts import MS, Parts

# Names that are over and go with each one: more than the one that comes, or they would never become fewer.
_PURGED: Final = 10

# Parameters: a name, until when it is good, and now.
_USE_UP: Final = f"""
WITH over AS (
    DELETE FROM once WHERE name IN (
        SELECT name FROM once WHERE expires_at <= $3 AND name <> $1 ORDER BY expires_at LIMIT {_PURGED}
        FOR UPDATE SKIP LOCKED
    )
)
INSERT INTO once (name, expires_at) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET expires_at = excluded.expires_at WHERE once.expires_at <= $3 RETURNING true
"""  # noqa: S608 - a number


class UsingUp(Parts):
    """`Once` on PostgreSQL."""

    async def use_up(self, name: str, until: float) -> bool:
        """See `Once.use_up`."""
        now = self._milliseconds()
        if until * MS <= now:
            self._ensure_open()
            return False
        arguments = name, int(until * MS), now
        return await self._write(lambda connection: connection.fetchval(_USE_UP, *arguments)) is not None


_: type[Once] = UsingUp
