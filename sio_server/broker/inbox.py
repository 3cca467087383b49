"""Inboxes: what each user has seen, read and archived, and how many are left. Protocols only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from sio_server.broker.log import View
from sio_server.notification import Entry

Status = Literal["all", "unread", "archived"]
Action = Literal["seen", "read", "unread", "archive", "unarchive"]

# Items in one page of an inbox or of a search. More make one answer of several megabytes.
MAX_PAGE = 100


@dataclass(frozen=True, slots=True)
class Counts:
    """A user's counters with everything up to and including ``at_seq``; what is announced above it comes on top."""

    unread: int
    unseen: int
    at_seq: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Which of a notification's actions a user chose.

    ``at``: when, in milliseconds of Unix time by the wall clock of the node that noted it.
    """

    action: str
    at: int


@dataclass(frozen=True, slots=True)
class InboxItem:
    """An entry as it stands in one user's inbox. Archived implies read, and read implies seen."""

    entry: Entry
    seen: bool
    read: bool
    archived: bool
    answer: Answer | None = None


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
        group: str | None = None,
        limit: int = MAX_PAGE,
        before: int | None = None,
    ) -> InboxPage:
        """One page, newest first, below ``seq`` ``before``; ``types`` empty takes every type, ``group`` None any group.

        ``all`` and ``unread`` hold nothing archived, ``archived`` nothing else. ``limit`` is at most `MAX_PAGE`.
        """

    async def counts(self, view: View) -> Counts:
        """The counters now; archived ones are in neither."""

    async def mark(self, view: View, action: Action, ids: Sequence[str] | None, *, up_to: int | None = None) -> Marked:
        """Change the state of these ids, or with None of all up to now. The counters are of the same transaction.

        ``read`` implies seen, ``archive`` implies read and seen. ``unarchive`` brings back as read and seen. ``unread``
        takes a named one out of the archive, too; of all, it leaves the archive alone. ``up_to`` keeps a change of all
        from what came after the user looked; ``unread`` and ``unarchive`` of all do not heed it.

        Once the change is durable, and before this returns, the broker itself has every node hear `InboxChanged`.
        """
