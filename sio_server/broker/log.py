"""The log itself: entries that get positions, are kept in that order, and are announced to every node.

Protocols only; their docstrings are the guarantees that every broker gives. A broker knows notifications, rooms, users
and positions. It knows no connection: it calls back one `BrokerHandler`, that of the node which opened it. Whatever is
``async`` raises `BrokerUnavailable` when the log cannot take or give anything now; then nothing of the call was stored,
or it is not known whether it was: the same idempotency key then finds what was stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from sio_server.broker.signals import Signal
from sio_server.notification import Entry, Notification, Position


class Former(NamedTuple):
    """The notification whose place another one took, and the id of the first of those that took each other's."""

    id: str
    seq: int
    thread: str
    word: int | None = None
    """The position of word that it was changed, which has left the log with it."""

    @property
    def gone(self) -> tuple[int, ...]:
        """The positions of all that has left the log for its successor."""
        return (self.seq,) if self.word is None else (self.seq, self.word)


class Published(NamedTuple):
    """What became of one publish. A duplicate has the id and position that its first publish got."""

    id: str
    position: Position
    duplicate: bool = False
    former: Former | None = None
    """Whose place it took."""


class BrokerHandler(Protocol):
    """Whom a broker calls back: a node. Every call is made on the node's event loop."""

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """Take entries in order of ``seq``, each exactly once; a batch is what one commit held.

        Called before the appends of the batch settle, where they were made on this node, and never while `Log.append`
        is running. `Log.head` is already the position of the last of them.
        """

    def on_reset(self, head: Position) -> None:
        """Take it that the log is another one from now on, or lost its end: its epoch or its floor changed.

        A failover to a standby that lacks commits, or a backup that was restored under a running server, do that. What
        is kept of entries in memory no longer holds, and no cursor of before leads anywhere. ``head`` is where the log
        stands; the next entry announced comes after it.
        """

    def on_signal(self, signal: Signal) -> None:
        """Take what concerns connections or users, from this node or another; each at most once."""


@dataclass(frozen=True, slots=True)
class View:
    """What one user may see: room → the ``seq`` after which (exclusive) this user sees what is published to it.

    The personal room is seen from the beginning, any other from the first sight of this user with that room.
    ``user`` is "" for somebody without a name, whom no ``except_users`` leaves out. ``followed`` are the rooms of the
    topics that the user follows, and whether a backend had the user follow them.
    """

    user: str
    seen_from: Mapping[str, int]
    followed: Mapping[str, bool] = field(default_factory=lambda: _NOTHING, compare=False)


# One for all who follow nothing.
_NOTHING: Mapping[str, bool] = {}


class Stretch(NamedTuple):
    """One read of the log that says what it covers.

    ``items`` are in order, each once. They are all that the view holds above the ``after`` that was asked for, up to
    and including ``covered``; nothing is said about what is above that. ``floor`` is the ``seq`` up to which retention
    may have cut something out, as it was when the items were read: where it is above ``after``, something may be
    missing from them.
    """

    items: Sequence[Entry]
    covered: int
    floor: int


class Log(Protocol):
    """A log that assigns positions and announces what it took."""

    async def start(self, handler: BrokerHandler) -> None:
        """Open the log for a node. Raises `LogError` when it is not one this version may use."""

    async def close(self) -> None:
        """Finish what was accepted, then let go of the log. Appending afterwards raises `BrokerUnavailable`."""

    def append(self, notification: Notification, settled: Callable[[Published | Exception], None]) -> None:
        """Append one notification, assign it a position, announce it: one atomic step, and the only way in.

        Its place among the appends of this node is taken when the call returns; those that are made while a commit is
        under way go into the next one together. ``settled`` is called once, on the loop, and never before the call has
        returned: with where the notification stands, or with `Refused` (``idempotency_mismatch``) for a key that was
        used with another body, or with `BrokerUnavailable`. Where `BrokerUnavailable` is raised at once, it is not
        called.

        Once it is settled, a notification with ``persist`` survives the death of the process and of the machine's
        power, and this node's handler has had its entry. The order of ``seq`` is the order of appends, without gaps,
        over all nodes. Without ``persist`` nothing is stored, and the position is that of the last notification that
        was.

        With ``persist`` and a ``collapse_key`` it takes the place of the former one with this key and the same
        audience, as a set, that is stored and not expired, whoever published that; also of one of the same commit. The
        former leaves the log in the same step, with word of its changes: it is in no stretch, page, counter or search
        any more, and takes its states in inboxes with it. The entry of the new one has what left in its `Effect`, and
        its body ``replaces``, the former's id, and ``thread``, the id of the first of those that took each other's
        place.
        """

    def writing(self) -> bool:
        """Whether entries are on their way into the log that will be announced to this node in a moment."""

    def now(self) -> float:
        """Seconds of the log's own clock, which nobody can set: what expires in the log does so by it."""

    def head(self) -> Position:
        """The position of the last entry that was announced to this node; ``seq`` 0 before the first."""

    def floor(self) -> int:
        """The ``seq`` up to which retention may have cut something out, as this node heard last.

        A first answer, without a query, to whether a cursor leads anywhere. `stretch` tells for sure.
        """

    async def stretch(self, view: View, after: int, limit: int) -> Stretch:
        """At most ``limit`` stored entries above ``seq`` ``after`` that this view holds, with what they cover.

        What the user is excepted from and what expired is left out. Where fewer than ``limit`` are left, ``covered`` is
        at least what `head` was when this was called. None of the items is above `head` as it is when this returns, so
        that nobody who is live from then on gets one of them again.
        """
