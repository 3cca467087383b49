"""Users as the log knows them: their rooms, and whom an audience is for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sio_server.audience import USER_PREFIX, Audience
from sio_server.broker.inbox import Counts
from sio_server.broker.log import View
from sio_server.broker.people import People, Reached
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.postgres.sights import known_of
from sio_server.broker.sights import view_of

# Whom something is for that is published at a position. Parameters: rooms, names, excepted names, the position.
TARGETED: Final = """
SELECT user_id FROM sight WHERE room = ANY($1::text[]) AND since < $4 AND missing_since IS NULL
UNION SELECT user_id FROM follow WHERE room = ANY($1::text[]) AND seen_from < $4
UNION SELECT name FROM unnest($2::text[]) AS name
EXCEPT SELECT name FROM unnest($3::text[]) AS name
"""

# Above every position.
_TOP: Final = 2**62


def targets(audience: Audience, seq: int) -> tuple[list[str], list[str], list[str], int]:
    """The parameters of `TARGETED`."""
    rooms = audience.rooms()
    return (
        [room for room in rooms if not room.startswith(USER_PREFIX)],
        [room.removeprefix(USER_PREFIX) for room in rooms if room.startswith(USER_PREFIX)],
        list(audience.except_users),
        seq,
    )


class Arriving(Parts):
    """`People` on PostgreSQL."""

    async def sight(self, user: str, rooms: Sequence[str]) -> View:
        """See `People.sight`."""
        return (await self.arrive(user, rooms))[0]

    async def arrive(self, user: str, rooms: Sequence[str]) -> tuple[View, Counts | None]:
        """See `People.arrive`."""
        self._ensure_open()
        return await self._arrivals.arrive(user, rooms)

    async def view_of(self, user: str) -> View:
        """See `People.view_of`."""
        now, here = self._milliseconds(), self._roster.register.rooms_of(user)
        (known,) = await self._look(lambda connection: known_of(connection, [user], self._database.node))
        return view_of(user, known.rooms, known.followed, now=now, held=known.held | here)

    async def reach(self, audience: Audience, *, first: int = 0) -> Reached:
        """See `People.reach`."""
        # One query for both: to work out whom an audience is for is most of the work.
        query = (
            f"WITH targeted (user_id) AS ({TARGETED}) "  # noqa: S608 - a constant
            "SELECT user_id, count(*) OVER () FROM targeted ORDER BY user_id LIMIT $5"
        )
        arguments = *targets(audience, _TOP), max(first, 1)
        rows = await self._look(lambda connection: connection.fetch(query, *arguments))
        return Reached(rows[0][1] if rows else 0, tuple(row[0] for row in rows[:first]))


_: type[People] = Arriving
