"""What a user does with the inbox, told to all connections of that user with the server's own counters."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from sio_server.audience import Identity
from sio_server.broker import Action, Broker, Counts, InboxItem, InboxPage, Marked, Status, View
from sio_server.core.connections import Connections, counts_dict
from sio_server.core.hub import Hub
from sio_server.errors import Refused, Text


class Inboxes:
    """The use cases of inboxes. A user without a name has none."""

    def __init__(self, broker: Broker, hub: Hub, connections: Connections) -> None:
        self._broker = broker
        self._hub = hub
        self._connections = connections

    async def page(
        self, identity: Identity, *, status: Status, types: Sequence[str], limit: int, before: int | None
    ) -> dict[str, Any]:
        """A page of the inbox with the counters, as ``GET /v1/inbox`` answers; raises `Refused` (``forbidden``)."""
        _named(identity)
        view = await self._connections.view_of(identity)
        return await self._page(view, status=status, types=types, limit=limit, before=before)

    async def counts(self, identity: Identity) -> Counts:
        """The counters now; raises `Refused` (``forbidden``)."""
        _named(identity)
        return await self._broker.counts(await self._connections.view_of(identity))

    async def page_of(
        self, user: str, *, status: Status, types: Sequence[str], limit: int, before: int | None
    ) -> dict[str, Any]:
        """A page of somebody's inbox for others to look at: as the user last saw it, and without a trace."""
        return await self._page(
            await self._broker.view_of(user), status=status, types=types, limit=limit, before=before
        )

    async def _page(
        self, view: View, *, status: Status, types: Sequence[str], limit: int, before: int | None
    ) -> dict[str, Any]:
        return page_dict(await self._broker.page(view, status=status, types=types, limit=limit, before=before))

    async def mark(
        self, identity: Identity, action: Action, ids: Sequence[str] | None, *, up_to: int | None = None
    ) -> Marked:
        """Change states, and tell all connections of the user; raises `Refused` (``forbidden``)."""
        user = _named(identity)
        view = await self._connections.view_of(identity)
        marked = await self._broker.mark(view, action, ids, up_to=up_to)
        self._tell(user, view, marked)
        with suppress(Refused):  # the change is made; a log that fails just now is told of elsewhere
            await self._tell_other_views(user, view, marked)
        return marked

    def _tell(self, user: str, view: View, marked: Marked) -> None:
        state = state_dict(marked)
        for connection in self._hub.of_user(user):
            if connection.view == view:
                connection.link.control("ns:state", state)

    async def _tell_other_views(self, user: str, view: View, marked: Marked) -> None:
        """Connections of the same user with other roles see other items, and so have counters of their own."""
        others: list[View] = []
        for connection in self._hub.of_user(user):
            if connection.view != view and connection.view not in others:
                others.append(connection.view)
        for other in others:
            self._tell(user, other, replace(marked, counts=await self._broker.counts(other)))


def _named(identity: Identity) -> str:
    if identity.user is None:
        raise Refused("forbidden", _NO_USER)
    return identity.user


def state_dict(marked: Marked) -> dict[str, Any]:
    """``ns:state``: what changed, by ids or up to a position, and the counters after it."""
    reached: dict[str, Any] = {"ids": list(marked.ids)} if marked.up_to is None else {"up_to": marked.up_to}
    return {"action": marked.action, **reached, "counts": counts_dict(marked.counts)}


def marked_dict(marked: Marked) -> dict[str, Any]:
    """What whoever asked for a change of state is answered."""
    return {
        "action": marked.action,
        "ids": list(marked.ids),
        "ignored": list(marked.ignored),
        "up_to": marked.up_to,
        "counts": counts_dict(marked.counts),
    }


def item_dict(item: InboxItem) -> dict[str, Any]:
    """An item of an inbox: the envelope and its state."""
    envelope = item.entry.envelope(replayed=True)
    return {**envelope, "seen": item.seen, "read": item.read, "archived": item.archived}


def page_dict(page: InboxPage) -> dict[str, Any]:
    """A page as it is answered."""
    return {
        "items": [item_dict(item) for item in page.items],
        "next_before": page.next_before,
        "counts": counts_dict(page.counts),
    }


_NO_USER: Final = Text(
    "An inbox is a user's: connect or ask with a token that has a 'sub', or in development state a user.",
    "Una bandeja es de un usuario: usa un token con 'sub' o, en desarrollo, indica un usuario.",
)
