"""How far each notification came, and which ones there are. Protocols only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from sio_server.broker.inbox import MAX_PAGE, Answer
from sio_server.notification import Entry


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as its publisher may see it. ``timestamp``: when it was taken, in milliseconds of `Log.now`."""

    entry: Entry
    timestamp: int


@dataclass(frozen=True, slots=True)
class StoredPage:
    """Stored entries; ``next_before`` as in `InboxPage`, ``next_after`` the same where the oldest come first."""

    items: tuple[Stored, ...]
    next_before: int | None
    next_after: int | None = None


class Carrier(NamedTuple):
    """The connection that something went over: its protocol, when it began, and why it ended, once it has."""

    protocol: str
    since: int
    ended: str | None = None


@dataclass(frozen=True, slots=True)
class UserReceipt:
    """How far one notification came with one user, and when first.

    Times are milliseconds of Unix time by the wall clock of the node that noted them, None where they are not known:
    the newest of each user are. They do not count when two receipts are compared.
    """

    user: str
    sent: bool
    acknowledged: bool
    seen: bool
    read: bool
    sent_at: int | None = field(default=None, compare=False)
    acknowledged_at: int | None = field(default=None, compare=False)
    seen_at: int | None = field(default=None, compare=False)
    read_at: int | None = field(default=None, compare=False)
    answer: Answer | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far one notification came: numbers of users.

    ``targeted`` are the users it names, and those who were seen in one of its rooms before it, less
    ``except_users`` and those from whose arrivals that room is missing now. ``users`` are the first of them by name;
    ``next_after`` is the ``after`` of the next ones.
    """

    targeted: int
    sent: int
    acknowledged: int
    seen: int
    read: int
    users: tuple[UserReceipt, ...]
    next_after: str | None


class Receipts(Protocol):
    """What was sent, what arrived, what was seen, what was read."""

    def handed(self, user: str, seq: int, *, after: int, by: Carrier | None = None) -> None:
        """A connection of this user was handed all that is the user's in ``(after, seq]``.

        ``after`` is where the stream of that connection begins: the cursor it recovered from, else the head when it
        connected. ``by`` says which connection it was. Never blocks; durable within about a second, and at `Log.close`.
        """

    def acknowledge(self, user: str, seq: int, *, after: int, by: Carrier | None = None) -> None:
        """A client of this user confirmed all that is the user's in ``(after, seq]``. Otherwise as `handed`."""

    async def find(self, notification_id: str) -> Stored | None:
        """The stored notification with this id."""

    async def search(
        self,
        *,
        types: Sequence[str] = (),
        user: str | None = None,
        role: str | None = None,
        priority: str | None = None,
        text: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int = MAX_PAGE,
        before: int | None = None,
        after: int | None = None,
    ) -> StoredPage:
        """Stored notifications below ``seq`` ``before``, newest first, expired ones too; ``types`` empty takes all.

        With ``after`` those above it, oldest first. With ``user`` only those that are for this user as `People.view_of`
        has it, with ``role`` what everybody with this role gets. With ``text`` only what `Words` of it are in; where
        it is the whole id of a notification that fits, this one alone. ``since`` (inclusive) and ``until`` (exclusive)
        go by `Notification.timestamp`, in milliseconds, as it stands in the ids.

        A page can be short, even empty, with more to come: how much is looked at for one is bounded.
        """

    async def receipt(self, notification_id: str, *, limit: int = MAX_PAGE, after: str | None = None) -> Receipt | None:
        """The receipt of one notification with at most ``limit`` users above the name ``after``; None when unknown.

        Everything that `handed` and `acknowledge` were told before this call is in it.
        """
