"""Whether a log in PostgreSQL works, how big it is, and what time it is."""

from __future__ import annotations

import secrets
from typing import Final

from sio_server.broker.postgres import faults
from sio_server.broker.postgres.bell import Bell
from sio_server.broker.postgres.database import Step
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.upkeep import HealthCheck, LogSize, Measured
from sio_server.clock import StepWatch
from sio_server.errors import Text

# Seconds without an answer after which the database counts as away: it is asked each second.
SILENT: Final = 3.0

# Seconds after which a commit that is under way counts as one that does not come back.
HELD_UP: Final = 5.0

_SIZE: Final = """
SELECT (SELECT sum(pg_total_relation_size(oid)) FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r')::bigint, (SELECT count(*) FROM notification)
"""


class Watching(Parts):
    """`HealthCheck` and `Measured` on PostgreSQL, and the clock of `Retention`."""

    _bell: Bell
    _steps: StepWatch
    _room: int = 64 * 1024

    def room_for(self, max_body: int) -> None:
        """See `HealthCheck.room_for`."""
        self._room = max_body

    async def check(self) -> None:
        """See `HealthCheck.check`. After a failed write it writes: a full disk is not ready until a publish fits."""
        self._ensure_open()
        if self._bell.silent_for > SILENT:
            raise faults.silent()
        if self._writer.held_up_for > HELD_UP:
            raise faults.held_up()
        if self._writer.failure is not None:
            await self._change(self._probe, lock=True)
            self._writer.failure = None

    def lost(self) -> Text | None:
        """See `HealthCheck.lost`."""
        return self._follower.lost

    async def _probe(self, step: Step) -> None:
        # Text that cannot be compressed, of a position that is none: it takes the room, and goes in the same commit.
        said = secrets.token_urlsafe(self._room * 3 // 4)
        await step.connection.execute("INSERT INTO mark (seq, token, taken) VALUES (-1, $1, 0)", said)
        await step.connection.execute("DELETE FROM mark WHERE seq = -1")

    async def size(self) -> LogSize:
        """See `Measured.size`. Counting reads an index of all notifications."""
        return LogSize(*await self._look(lambda connection: connection.fetchrow(_SIZE)))

    async def look_at_clock(self) -> float:
        """See `Retention.look_at_clock`. The log's clock is the database's, and is noted there."""
        return self._steps.look()


_health: type[HealthCheck] = Watching
_measured: type[Measured] = Watching
