"""From when on users' tokens hold: in the log, and in the memory of every node (see `heard`)."""

from __future__ import annotations

from typing import Final

from sio_server.broker.people import Revocations
from sio_server.broker.postgres.database import Connection, Step
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.revoked import REVOCATION_TTL
from sio_server.broker.signals import Revoked

# No other transaction takes a number until this one is committed; whoever reads is not kept waiting.
LOCK: Final = "LOCK TABLE revocation IN SHARE ROW EXCLUSIVE MODE"

# Parameters: user, from when on, now, and what was recorded before is forgotten.
_REVOKE: Final = """
WITH over AS (DELETE FROM revocation WHERE recorded_at < $4 AND user_id <> $1)
INSERT INTO revocation (user_id, before, recorded_at, number) VALUES ($1, $2, $3, nextval('revocation_number'))
ON CONFLICT (user_id) DO UPDATE SET before = greatest(revocation.before, excluded.before),
    recorded_at = greatest(revocation.recorded_at, excluded.recorded_at), number = excluded.number
"""


class Revoking(Parts):
    """`Revocations` on PostgreSQL."""

    async def revoke(self, user: str, before: float) -> None:
        """See `Revocations.revoke`."""
        self._ensure_open()
        recorded_at = self.now()

        async def write(step: Step) -> None:
            await step.connection.execute(LOCK)
            await step.connection.execute(_REVOKE, user, before, recorded_at, recorded_at - REVOCATION_TTL)

        async def in_turn() -> None:
            async with self._revoking:  # told in the order in which they were asked for
                await self._change(write, lambda _: self._signal(Revoked(user, before)))

        await self._database.to_the_end(in_turn())

    def revoked_before(self, user: str) -> float | None:
        """See `Revocations.revoked_before`."""
        return self._revoked.known.before(user)

    async def _look_for_revoked(self, connection: Connection) -> None:
        """Tell this node with a beat what no signal told."""
        for signal in await self._revoked.look(connection):
            if self._handler is not None:
                self._handler.on_signal(signal)


_: type[Revocations] = Revoking
