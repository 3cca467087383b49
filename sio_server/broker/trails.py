"""How one notification came to one user, as far as the log knows. Protocols only.

Times are milliseconds of Unix time by the wall clock of the node that noted them; None is what is not known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from sio_server.broker.inbox import Answer
from sio_server.broker.receipts import Stored


class Hop(NamedTuple):
    """That a connection was handed a notification, or confirmed it, ``at`` the latest.

    ``after`` is where its stream began. Where it was handed, ``at`` is when that was noted, and with ``ended`` when the
    connection ended. ``protocol`` is "" and ``since`` 0 where nobody said which connection it was.
    """

    protocol: str
    since: int
    at: int
    after: int
    ended: str | None


class KnownRoom(NamedTuple):
    """A room that a user has had: seen from which ``seq`` on (exclusive), missing from arrivals since when.

    ``followed_since`` is when the user began to follow the topic whose room it is: then it is not missing.
    """

    seen_from: int
    missing_since: int | None
    followed_since: int | None = None


@dataclass(frozen=True, slots=True)
class Trail:
    """One notification and one user.

    ``known``: this user has been here. ``rooms`` are all that are not forgotten, the personal one left out. ``handed``
    and ``confirmed`` are the newest connections that were handed and that confirmed it, the first one first. ``seen``,
    ``read`` and ``archived`` say how it stands in the inbox, if it is in it. ``last`` is the newest connection of this
    user that was handed anything. ``alike`` are other users who have been here and whose names differ in case, in
    zeros before them or in spaces.
    """

    stored: Stored
    user: str
    known: bool
    rooms: Mapping[str, KnownRoom]
    sent: bool
    handed: tuple[Hop, ...]
    acknowledged: bool
    confirmed: tuple[Hop, ...]
    acknowledged_at: int | None
    seen: bool
    seen_at: int | None
    read: bool
    read_at: int | None
    archived: bool
    answer: Answer | None
    last: Hop | None
    alike: tuple[str, ...]


class Trails(Protocol):
    """What became of a notification with a user."""

    async def trail(self, notification_id: str, user: str) -> Trail | None:
        """The trail of a stored notification to a user, whoever that is; None when the notification is unknown.

        Everything that `Receipts.handed` and `Receipts.acknowledge` were told on this node before this call is in it.
        """

    async def oldest(self) -> str | None:
        """The id of the oldest stored notification; None in an empty log."""
