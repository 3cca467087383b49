"""What the core asks of a log. Protocols only; their docstrings are the guarantees every implementation gives.

A broker knows notifications, rooms, users and positions. It knows no connection: it calls back one `BrokerHandler`.
Every ability is a protocol of its own; the embedded log has all of them. Whatever is ``async`` here raises
`BrokerUnavailable` when the log cannot take or give anything now; then nothing of the call was stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from sio_server.audience import Audience
from sio_server.notification import Entry, Notification, Position

Status = Literal["all", "unread", "archived"]
Action = Literal["seen", "read", "unread", "archive", "unarchive"]

# Items in one page of an inbox or of a search. More make one answer of several megabytes.
MAX_PAGE = 100


class Published(NamedTuple):
    """What became of one publish. A duplicate has the id and position that its first publish got."""

    id: str
    position: Position
    duplicate: bool = False


class BrokerHandler(Protocol):
    """Whom a broker calls back."""

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """Take entries in order of ``seq``, each exactly once; a batch is what one commit held.

        Called on the event loop before the `Broker.publish` calls of the batch return, and never while it is running.
        `Broker.head` is already the position of the last of them.
        """


@dataclass(frozen=True, slots=True)
class View:
    """What one user may see: room → the ``seq`` after which (exclusive) this user sees what is published to it.

    The personal room is seen from the beginning, any other from the first sight of this user with that room.
    ``user`` is "" for somebody without a name, whom no ``except_users`` leaves out.
    """

    user: str
    seen_from: Mapping[str, int]


class Broker(Protocol):
    """A log that assigns positions and announces what it took."""

    async def start(self, handler: BrokerHandler) -> None:
        """Open the log. Raises `LogError` when it is not one this version may use."""

    async def close(self) -> None:
        """Finish what was accepted, then let go of the log. Publishing afterwards raises `BrokerUnavailable`."""

    async def publish(self, notification: Notification) -> Published:
        """Append, assign a position, announce: one atomic step.

        When this returns, a notification with ``persist`` survives the death of the process and of the machine's
        power. Calls that are made one after another on the loop get positions in that order, whatever the clock says.
        Without ``persist`` nothing is appended, and the position is that of the last notification that was.

        Raises `Refused` (``idempotency_mismatch``) for a key that was used with another body, and `BrokerUnavailable`
        when nothing was stored.
        """

    def submit(self, notification: Notification, settled: Callable[[Published | Exception], None]) -> None:
        """The same without a coroutine: its place among other calls is taken when this returns.

        ``settled`` is called once, on the loop, with what `publish` would return or raise; `BrokerUnavailable` may be
        raised at once as well, and then it is not called.
        """

    def writing(self) -> bool:
        """Whether entries are on their way into the log that will be announced in a moment."""

    def now(self) -> float:
        """Seconds of the log's own clock, which nobody can set: what expires in the log does so by it."""

    def head(self) -> Position:
        """The position of the last entry that was announced; ``seq`` 0 before the first."""

    def floor(self) -> int:
        """The ``seq`` up to which retention may have cut something out: from a cursor at or above it, all is there.

        It rises before what it speaks of is gone. Read it after `replay` or `history` to know whether they were whole.
        """

    async def history(self, rooms: Sequence[str], after: Position, limit: int) -> Sequence[Entry]:
        """At most ``limit`` stored entries for any of these rooms after a position, in order, each once.

        Expired ones are among them, and ``except_users`` is the caller's to obey. Another epoch has no history here.
        """

    async def replay(self, view: View, after: int, limit: int) -> Sequence[Entry]:
        """At most ``limit`` stored entries above ``seq`` ``after`` that this view holds, in order, each once.

        What the user is excepted from and what expired is left out. Fewer than ``limit`` means that there were no more
        when it was read, which includes everything that `head` had reached when this was called. None of them is above
        `head` as it is when this returns, so that nobody who is live from then on gets one of them again.
        """


class Sight(Protocol):
    """When each user was first seen in each room: no room's past from before goes to anybody."""

    async def sight(self, user: str, rooms: Sequence[str]) -> View:
        """The view of a user who has just these rooms now. Durable when it returns.

        A room this user had not until now is seen from `Broker.head` as it was at this call, so that whatever is
        announced after the call belongs to the view. A room the user has no longer is forgotten: regained later, it
        starts anew. Users seen lately with the same rooms cost neither a write nor a query, but for one a day.
        """

    async def arrive(self, user: str, rooms: Sequence[str]) -> tuple[View, Counts | None]:
        """`sight`, and the counters of that view where nothing is in it: whoever is new here costs no query for them.

        None: ask `Inbox.counts`.
        """

    async def view_of(self, user: str) -> View:
        """The view as the last `sight` left it, for users who are looked at by others. Records nothing."""

    async def reach(self, audience: Audience) -> int:
        """How many users this audience is for now: `Receipt.targeted` of what would be published to it."""


@dataclass(frozen=True, slots=True)
class Counts:
    """A user's counters with everything up to and including ``at_seq``; what is announced above it comes on top."""

    unread: int
    unseen: int
    at_seq: int


@dataclass(frozen=True, slots=True)
class InboxItem:
    """An entry as it stands in one user's inbox. Archived implies read, and read implies seen."""

    entry: Entry
    seen: bool
    read: bool
    archived: bool


@dataclass(frozen=True, slots=True)
class InboxPage:
    """Items, newest first. ``next_before`` is the ``before`` of the next page, None after the last.

    ``counts`` are of the same moment: what they count is in the pages, what is announced above their ``at_seq`` is not.
    A page can be short, even empty, with more to come: a search for a rare type is cut where it would take long.
    """

    items: tuple[InboxItem, ...]
    next_before: int | None
    counts: Counts


@dataclass(frozen=True, slots=True)
class Marked:
    """What a change of state did.

    ``ids`` are those that changed, in the order they were named. ``ignored`` are unknown, expired or somebody else's:
    which of these it is, nobody is told. ``up_to`` is the ``seq`` that a change of all reached, None for ids.
    """

    action: Action
    ids: tuple[str, ...]
    ignored: tuple[str, ...]
    up_to: int | None
    counts: Counts


class Inbox(Protocol):
    """Per user and notification: seen, read, archived. What expired is in no page and no counter."""

    async def page(
        self,
        view: View,
        *,
        status: Status = "all",
        types: Sequence[str] = (),
        limit: int = MAX_PAGE,
        before: int | None = None,
    ) -> InboxPage:
        """One page, newest first, below ``seq`` ``before``; ``types`` empty takes every type.

        ``all`` and ``unread`` hold nothing archived, ``archived`` nothing else. ``limit`` is at most `MAX_PAGE`.
        """

    async def counts(self, view: View) -> Counts:
        """The counters now; archived ones are in neither."""

    async def mark(self, view: View, action: Action, ids: Sequence[str] | None, *, up_to: int | None = None) -> Marked:
        """Change the state of these ids, or with None of all up to now. The counters are of the same transaction.

        ``read`` implies seen, ``archive`` implies read and seen. ``unarchive`` brings back as read and seen. ``unread``
        takes a named one out of the archive, too; of all, it leaves the archive alone. ``up_to`` keeps a change of all
        from what came after the user looked; ``unread`` and ``unarchive`` of all do not heed it.
        """


@dataclass(frozen=True, slots=True)
class Stored:
    """An entry as its publisher may see it. ``timestamp``: when it was taken, in milliseconds of `Broker.now`."""

    entry: Entry
    timestamp: int


@dataclass(frozen=True, slots=True)
class StoredPage:
    """Stored entries; ``next_before`` as in `InboxPage`, ``next_after`` the same where the oldest come first."""

    items: tuple[Stored, ...]
    next_before: int | None
    next_after: int | None = None


@dataclass(frozen=True, slots=True)
class UserReceipt:
    """How far one notification came with one user."""

    user: str
    sent: bool
    acknowledged: bool
    seen: bool
    read: bool


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far one notification came: numbers of users.

    ``targeted`` are the users it names, and those who were seen in one of its rooms before it, less
    ``except_users``. ``users`` are the first of them by name; ``next_after`` is the ``after`` of the next ones.
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

    def handed(self, user: str, seq: int, *, after: int) -> None:
        """A connection of this user was handed all that is the user's in ``(after, seq]``.

        ``after`` is where the stream of that connection begins: the cursor it recovered from, else the head when it
        connected. Never blocks; durable within about a second, and at `Broker.close`.
        """

    def acknowledge(self, user: str, seq: int, *, after: int) -> None:
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
        limit: int = MAX_PAGE,
        before: int | None = None,
        after: int | None = None,
    ) -> StoredPage:
        """Stored notifications below ``seq`` ``before``, newest first, expired ones too; ``types`` empty takes all.

        With ``after`` those above it, oldest first. With ``user`` only those that are for this user as `Sight.view_of`
        has it, with ``role`` what everybody with this role gets.
        """

    async def receipt(self, notification_id: str, *, limit: int = MAX_PAGE, after: str | None = None) -> Receipt | None:
        """The receipt of one notification with at most ``limit`` users above the name ``after``; None when unknown.

        Everything that `handed` and `acknowledge` were told before this call is in it.
        """


class Revocations(Protocol):
    """From when on a user's tokens hold again."""

    async def revoke(self, user: str, before: float) -> None:
        """Refuse this user's tokens that were issued before this moment (Unix seconds). Durable, never moves back."""

    def revoked_before(self, user: str) -> float | None:
        """That moment, or None where there is none. Entries of more than 30 days ago may be forgotten."""


class Secrets(Protocol):
    """Keys that live as long as the log."""

    def secret(self, name: str) -> bytes:
        """32 bytes that only this log knows, for one purpose: another name gives unrelated ones. Needs `start`."""


class Retention(Protocol):
    """Letting the oldest go."""

    async def retain(self, *, max_age: float | None = None, max_count: int | None = None) -> int:
        """Delete the oldest until none is older than ``max_age`` seconds and no more than ``max_count`` are left.

        How old one is says the log's own clock (`Broker.now`), whatever its timestamp says. Works in small steps
        between commits and returns how many went. Users' watermarks stay, and an idempotency key lasts as long as was
        promised.
        """

    async def look_at_clock(self) -> float:
        """Note what time it is, for the next start; each minute.

        Returns by how many seconds the wall clock was set forward (or back, below 0) since the last look, mostly 0.
        """

    async def forget(self, *, max_age: float, present: Callable[[str], bool]) -> int:
        """Look at some users, others at each call, and forget those who never return; returns how many.

        Forgotten is who was not here for longer than ``max_age`` seconds and a day, is not ``present``, and for whom
        nothing is left in the log; who comes back then is seen for the first time. ``present`` may be called from
        another thread. What is kept of a user and speaks only of notifications that are gone goes in any case.
        """


@dataclass(frozen=True, slots=True)
class LogSize:
    """Bytes on disk (in memory for a log there) and stored notifications."""

    bytes: int
    notifications: int


class HealthCheck(Protocol):
    """A part that can say whether it works."""

    async def check(self) -> None:
        """Raise `BrokerUnavailable` when it does not."""


class Measured(Protocol):
    """A log that knows how big it is."""

    async def size(self) -> LogSize:
        """How big it is now. Not for every request: it may count."""
