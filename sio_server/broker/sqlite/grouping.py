"""Groups of an inbox, as the core sees them."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from sio_server.broker.groups import Groups, GroupsPage
from sio_server.broker.inbox import MAX_PAGE, Action, Marked, Status
from sio_server.broker.log import View
from sio_server.broker.signals import InboxChanged
from sio_server.broker.sqlite.group_pages import Marking, groups_page, mark_some
from sio_server.broker.sqlite.parts import MS, Parts
from sio_server.broker.sqlite.views import Overlaps


class Grouping(Parts):
    """`Groups` on SQLite."""

    _overlaps: Overlaps

    async def groups(
        self, view: View, *, status: Status = "all", limit: int = MAX_PAGE, before: int | None = None
    ) -> GroupsPage:
        """See `Groups.groups`."""
        epoch, now, limit, overlaps = self._store.epoch, self._milliseconds(), min(limit, MAX_PAGE), self._overlaps
        return await self._read(
            lambda connection: groups_page(
                connection, epoch, view, status=status, limit=limit, before=before, now=now, overlaps=overlaps
            )
        )

    async def mark_group(self, view: View, action: Action, group: str) -> Marked:
        """See `Groups.mark_group`."""
        self._ensure_open()
        at = int(self._wall() * MS)
        ids: list[str] = []
        below: int | None = None

        def tell(done: Marking) -> None:
            if done.ids:
                self._nodes.signal(InboxChanged(view.user, action, done.ids, None))

        while True:
            started = time.perf_counter()
            some = partial(mark_some, view=view, action=action, group=group, overlaps=self._overlaps, at=at)
            done = await self._writer.change(partial(some, below=below), tell)
            ids += done.ids
            if done.counts is not None:
                return Marked(action, tuple(ids), (), None, done.counts)
            below = done.below
            await asyncio.sleep(time.perf_counter() - started)  # half of the writer's time is left for publishers


_: type[Groups] = Grouping
