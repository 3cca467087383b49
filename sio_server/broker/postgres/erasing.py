"""What the log holds about one person: handed out whole, and taken away.

Each step is a transaction of its own. What is deleted can be read in the database's files until it has cleaned up
(VACUUM), and in what is archived of its log for as long as that is kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping

from sio_server.broker.holdings import Holdings
from sio_server.broker.personal import Part, PersonalData
from sio_server.broker.postgres import persons
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.postgres.signals import ToBeErased
from sio_server.broker.signals import Erased

# What is announced and has a position: nobody appends meanwhile.
_IN_THE_LOG = frozenset({"notification", "amendment"})


class Erasing(Parts):
    """`PersonalData` on PostgreSQL."""

    async def export(self, user: str) -> AsyncIterator[Part]:
        """See `PersonalData.export`."""
        await self._deliveries.flush()
        async for part in self._holdings(user).copy(self._revoked.known.before(user)):
            yield part

    async def erase(self, user: str) -> Mapping[str, int]:
        """See `PersonalData.erase`."""
        await self._deliveries.flush()
        await self._write(lambda connection: self._sender.within(connection, [ToBeErased(user)]))
        gone = await self._holdings(user).erase()
        veil = self._veil(user)
        await self._change(
            lambda step: persons.finish(step.connection, user, veil), lambda _: self._signal(Erased(user)), user=user
        )
        return gone

    def _holdings(self, user: str) -> Holdings:
        epoch, look, change = self._follower.head.epoch, self._look, self._change
        return Holdings(
            rows=lambda table, after: look(lambda connection: persons.rows_of(connection, table, user, after)),
            found=lambda table, after: look(lambda connection: persons.found_in(connection, table, user, after)),
            naming=lambda table, keys: look(lambda connection: persons.naming(connection, epoch, table, keys, user)),
            take=lambda table, keys: change(
                lambda step: persons.take_out(step.connection, table, keys, user), lock=table in _IN_THE_LOG
            ),
            delete=lambda table: change(lambda step: persons.delete_some(step.connection, table, user)),
        )


_: type[PersonalData] = Erasing
