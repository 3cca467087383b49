"""Groups of an inbox: notifications that were published with the same ``group``. Protocols only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from sio_server.broker.inbox import MAX_PAGE, Action, Counts, InboxItem, Marked, Status
from sio_server.broker.log import View

# Of a group that one step of a change reaches, and that one `InboxChanged` names: publishers wait for no more.
MARKED_AT_ONCE: Final = 1000


@dataclass(frozen=True, slots=True)
class Group:
    """Some of an inbox under one heading; with ``name`` None it is one that was published without a group.

    ``count`` and ``unread`` are of the status that was asked for.
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
        """One page of groups whose newest item is below ``seq`` ``before``, as `Inbox.page` gives one of items.

        However many items a group has, all of them are counted.
        """

    async def mark_group(self, view: View, action: Action, group: str) -> Marked:
        """Change the state of those of a group that are not so yet, the newest first; as `Inbox.mark` by ids.

        More than `MARKED_AT_ONCE` of them are changed in steps, between which others publish: each is durable, and
        heard of as one `InboxChanged` of at most so many ids. ``ids`` are those of all steps, in their order, and the
        counters are those of the last. ``unread`` leaves the archive alone.
        """
