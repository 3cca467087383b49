"""Groups of an inbox, as the core sees them."""

from __future__ import annotations

from sio_server.broker.groups import Groups, GroupsPage
from sio_server.broker.inbox import MAX_PAGE, Action, Marked, Status
from sio_server.broker.log import View
from sio_server.broker.signals import InboxChanged
from sio_server.broker.sqlite import groups, inbox
from sio_server.broker.sqlite.parts import MS, Parts
from sio_server.broker.sqlite.views import Overlaps
from sio_server.broker.sqlite.writer import Step


class Grouping(Parts):
    """`Groups` on SQLite."""

    _overlaps: Overlaps

    async def groups(
        self, view: View, *, status: Status = "all", limit: int = MAX_PAGE, before: int | None = None
    ) -> GroupsPage:
        """See `Groups.groups`."""
        epoch, now, limit, overlaps = self._store.epoch, self._milliseconds(), min(limit, MAX_PAGE), self._overlaps
        return await self._read(
            lambda connection: inbox.groups_page(
                connection, epoch, view, status=status, limit=limit, before=before, now=now, overlaps=overlaps
            )
        )

    async def mark_group(self, view: View, action: Action, group: str) -> Marked:
        """See `Groups.mark_group`."""
        self._ensure_open()
        at = int(self._wall() * MS)

        def change(step: Step) -> Marked:
            ids = groups.changed_ids(step.connection, view, group, action, step.now)
            return inbox.mark(step, view, action, ids, self._overlaps, at=at)

        def tell(marked: Marked) -> None:
            self._nodes.signal(InboxChanged(view.user, action, marked.ids, marked.up_to))

        return await self._writer.change(change, tell)


_: type[Groups] = Grouping
