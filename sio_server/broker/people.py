"""Users as the log knows them: from when on they see what, and from when on their tokens hold. Protocols only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sio_server.audience import Audience
from sio_server.broker.inbox import Counts
from sio_server.broker.log import View

# Seconds for which a room that a user's arrivals name no longer is kept. A token with fewer roles by mistake, or one of
# another device, must not cost somebody an inbox; a role that is gone for good must not stay for ever.
ROOM_KEPT: Final = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Reached:
    """How many users an audience is for, and the first of them by name."""

    users: int
    first: tuple[str, ...]


class People(Protocol):
    """When each user was first seen in each room: no room's past from before goes to anybody.

    Rooms of a user go by age, never because one arrival or one node does not know them. A room that arrivals name no
    longer is missing from the first arrival without it on, unless a connection on any node has it (see `Presence`).
    Missing for longer than `ROOM_KEPT`, it is forgotten, but for as long as a connection has it; named again before, it
    goes on as if it had never been missing, and named again later it starts anew: what was published to it before that
    is not seen. While nobody arrives, nothing is missing: who is away for a month finds all rooms again.
    """

    async def sight(self, user: str, rooms: Sequence[str]) -> View:
        """The view of just these rooms, with which a user arrives now, and of the topics that the user follows.

        Durable when it returns.

        A room this user had not until now is seen from `Log.head` as it was at this call, so that whatever is
        announced after the call belongs to the view. Users seen lately with the same rooms cost neither a write nor a
        query, but for one a day.
        """

    async def arrive(self, user: str, rooms: Sequence[str]) -> tuple[View, Counts | None]:
        """`sight`, and the counters of that view where nothing is in it: whoever is new here costs no query for them.

        None: ask `Inbox.counts`.
        """

    async def view_of(self, user: str) -> View:
        """The view of all rooms of a user that are not forgotten, and of the topics that the user follows.

        It is for users who are looked at by others, and records nothing.
        """

    async def reach(self, audience: Audience, *, first: int = 0) -> Reached:
        """Users this audience is for now: `Receipt.targeted` of what would be published to it, and the ``first``."""


class Revocations(Protocol):
    """From when on a user's tokens hold again."""

    async def revoke(self, user: str, before: float) -> None:
        """Refuse this user's tokens that were issued before this moment (Unix seconds). Durable, never moves back.

        Once that is durable, and before this returns, the broker itself has every node hear `Revoked`, as it was asked:
        what this user has connected is closed by the nodes. A later moment of before stays in force.
        """

    def revoked_before(self, user: str) -> float | None:
        """From which moment on (Unix seconds) this user's tokens hold, or None where all do. Costs no query.

        As of the last `Revoked` that this node heard, at most a second old. Moments that were set more than 30 days ago
        may be forgotten: no token of before lives that long.
        """
