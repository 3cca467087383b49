"""Groups of an inbox: notifications that were published with the same ``group``. Protocols only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from sio_server.broker.inbox import MAX_PAGE, Action, Counts, InboxItem, Marked, Status
from sio_server.broker.log import View

# The newest of a group that are counted, and that one change reaches: no heading says more, and nobody waits for it.
MAX_MEMBERS: Final = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """Some of an inbox under one heading; with ``name`` None it is one that was published without a group.

    ``count`` and ``unread`` are of the status that was asked for, and at most `MAX_MEMBERS`.
    """

    name: str | None
    count: int
    unread: int
    newest: InboxItem


@dataclass(frozen=True, slots=True)
class GroupsPage:
    """Groups, the one with the newest item first; otherwise as `InboxPage`."""

    items: tuple[Group, ...]
    next_before: int | None
    counts: Counts


class Groups(Protocol):
    """An inbox by groups."""

    async def groups(
        self, view: View, *, status: Status = "all", limit: int = MAX_PAGE, before: int | None = None
    ) -> GroupsPage:
        """One page of groups whose newest item is below ``seq`` ``before``, as `Inbox.page` gives one of items."""

    async def mark_group(self, view: View, action: Action, group: str) -> Marked:
        """Change the state of those of a group that are not so yet, the newest `MAX_MEMBERS`; as `Inbox.mark` by ids.

        ``unread`` leaves the archive alone.
        """
