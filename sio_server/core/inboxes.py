"""What a user does with the inbox, told to all connections of that user with the server's own counters."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sio_server.audience import Identity
from sio_server.broker import (
    MARKED_AT_ONCE,
    Acted,
    Action,
    Answer,
    Answered,
    Broker,
    Counts,
    Group,
    InboxChanged,
    InboxItem,
    InboxPage,
    Marked,
    Status,
    View,
)
from sio_server.core.connections import Connections, counts_dict
from sio_server.core.hub import Hub
from sio_server.core.shown import answer_dict
from sio_server.core.tasks import Tasks
from sio_server.errors import Refused, Text
from sio_server.event_types import EventTypes


@dataclass(eq=False, slots=True)
class _Recounting:
    """That a user is being told counters which no change of the user's has made."""

    user: str
    is_over: bool
    """Whether the user has begun to change something, which tells the counters itself."""


class Inboxes:
    """The use cases of inboxes. A user without a name has none."""

    def __init__(
        self, broker: Broker, hub: Hub, connections: Connections, tasks: Tasks, types: EventTypes | None = None
    ) -> None:
        self._types = types or EventTypes({})
        self._broker = broker
        self._hub = hub
        self._connections = connections
        self._tasks = tasks
        # By user: how many changes are under way here, what was heard and is still to be told, who is being told.
        self._marking: Counter[str] = Counter()
        self._heard: dict[str, deque[InboxChanged]] = {}
        self._telling: set[str] = set()
        self._recounting: list[_Recounting] = []

    async def page(
        self,
        identity: Identity,
        *,
        status: Status,
        types: Sequence[str],
        limit: int,
        before: int | None,
        group: str | None = None,
        locale: str | None = None,
    ) -> dict[str, Any]:
        """A page of a person's inbox with its counters, as ``GET /v1/inbox`` answers, in a language.

        Raises `Refused` (``forbidden``).
        """
        _named(identity)
        view = await self._connections.view_of(identity)
        page = await self._broker.page(view, status=status, types=types, group=group, limit=limit, before=before)
        return page_dict(page, locale)

    async def groups(
        self, identity: Identity, *, status: Status, limit: int, before: int | None, locale: str
    ) -> dict[str, Any]:
        """A page of a person's inbox by groups, as ``GET /v1/inbox/groups`` answers.

        Raises `Refused` (``forbidden``).
        """
        _named(identity)
        view = await self._connections.view_of(identity)
        page = await self._broker.groups(view, status=status, limit=limit, before=before)
        return {
            "items": [self._group(one, locale) for one in page.items],
            "next_before": page.next_before,
            "counts": counts_dict(page.counts),
        }

    def _group(self, group: Group, locale: str) -> dict[str, Any]:
        event_type = None if group.name is None else self._types.types.get(group.newest.entry.event)
        return {
            "group": group.name,
            "heading": None if event_type is None else event_type.heading_for(group.count, locale),
            "count": group.count,
            "unread": group.unread,
            "newest": item_dict(group.newest, locale),
        }

    async def counts(self, identity: Identity) -> Counts:
        """The counters of a person's inbox now; raises `Refused` (``forbidden``)."""
        _named(identity)
        return await self._broker.counts(await self._connections.view_of(identity))

    async def page_of(
        self, user: str, *, status: Status, types: Sequence[str], limit: int, before: int | None
    ) -> dict[str, Any]:
        """A page of somebody's inbox for others to look at: as the user last saw it, and without a trace."""
        view = await self._broker.view_of(user)
        return page_dict(await self._broker.page(view, status=status, types=types, limit=limit, before=before))

    def language_of(self, identity: Identity, asked: str | None, accept_language: str | None) -> str:
        """The language in which a person gets texts who asks over HTTP: see `Languages.choose`."""
        return self._connections.languages.choose(asked, identity, accept_language)

    async def mark(
        self,
        identity: Identity,
        action: Action,
        ids: Sequence[str] | None,
        *,
        up_to: int | None = None,
        group: str | None = None,
    ) -> Marked:
        """Change states, and tell all connections of the user; with ``group`` it is of those of one.

        Raises `Refused` (``forbidden``). When this returns, those of this node were told. Other nodes tell theirs, with
        counters of their own reading.
        """
        user = _named(identity)
        view = await self._connections.view_of(identity)
        self._marking[user] += 1
        for one in self._recounting:
            one.is_over = one.is_over or one.user == user
        try:
            if group is None:
                marked = await self._broker.mark(view, action, ids, up_to=up_to)
            else:
                marked = await self._broker.mark_group(view, action, group)
            await self._tell_marked(view, marked)
        finally:
            self._marked(user)
        return marked

    async def act(self, identity: Identity, notification_id: str, action: str) -> Acted:
        """Answer a notification, which reads it, and tell all connections of the user, as `mark` does.

        Raises `Refused` (``forbidden``), or as `Answers.answer`.
        """
        user = _named(identity)
        view = await self._connections.view_of(identity)
        self._marking[user] += 1
        try:
            acted = await self._broker.answer(view, notification_id, action)
            await self._tell_marked(view, acted.marked)
        finally:
            self._marked(user)
        return acted

    async def _tell_marked(self, view: View, marked: Marked) -> None:
        """Tell the connections to this node of a change that was made here."""
        for change in _changes_of(view.user, marked):
            self._forget(change)
            self._tell(change, view, marked.counts)
            with suppress(Refused):  # the change is made; a log that fails just now is told of elsewhere
                await self._tell_views(change, besides=view)

    # -- what is heard of changes ---------------------------------------------------------------------------------

    def changed(self, signal: InboxChanged) -> None:
        """Hear of a change, from this node or another, and tell the user's connections to this node.

        While changes are under way here, what is heard waits: one of them may be the change that is heard of, and is
        told by `mark`, with the counters of its own transaction.
        """
        if self._hub.of_user(signal.user):
            self._heard.setdefault(signal.user, deque()).append(signal)
            self._tell_heard(signal.user)

    def answered(self, signal: Answered) -> None:
        """Hear of an answer, given on this node or another, and tell the user's connections to this node."""
        answer = {"id": signal.notification_id, **answer_dict(Answer(signal.action, signal.at))}
        for connection in self._hub.of_user(signal.user):
            connection.link.control("ns:answered", answer)

    def _forget(self, change: InboxChanged) -> None:
        """Leave to `mark` what it tells itself."""
        heard = self._heard.get(change.user, ())
        if change in heard:
            self._heard[change.user].remove(change)

    def _marked(self, user: str) -> None:
        """One change fewer is under way here."""
        self._marking[user] -= 1
        if not self._marking[user]:
            del self._marking[user]
            self._tell_heard(user)

    def _tell_heard(self, user: str) -> None:
        if user in self._marking or user in self._telling:
            return
        if self._heard.get(user):
            self._telling.add(user)
            self._tasks.begin(self._tell_all(user))
        else:
            self._heard.pop(user, None)

    async def _tell_all(self, user: str) -> None:
        """Tell what was heard, one after the other, until changes are under way here again."""
        try:
            while user not in self._marking and self._heard[user]:
                with suppress(Refused):
                    await self._tell_views(self._heard[user].popleft())
        finally:
            self._telling.discard(user)
            self._tell_heard(user)

    async def recount(self, user: str) -> None:
        """Tell the connections of a user to this node the counters as they are now.

        Where the user changes something meanwhile, that tells them, and what was read before would be told after it.
        """
        this = _Recounting(user, is_over=user in self._marking)
        self._recounting.append(this)
        try:
            for view in self._views(user):
                with suppress(Refused):
                    counts = await self._broker.counts(view)
                    if not this.is_over:
                        self._control(user, view, {"action": "counted", "ids": [], "counts": counts_dict(counts)})
        finally:
            self._recounting.remove(this)

    # -- telling --------------------------------------------------------------------------------------------------

    async def _tell_views(self, change: InboxChanged, *, besides: View | None = None) -> None:
        """Tell connections with counters that are read now, for each view once.

        Connections of one user with other roles see other items, and so have counters of their own.
        """
        for view in self._views(change.user):
            if view != besides:
                self._tell(change, view, await self._broker.counts(view))

    def _tell(self, change: InboxChanged, view: View, counts: Counts) -> None:
        self._control(change.user, view, state_dict(change, counts))

    def _control(self, user: str, view: View, state: Mapping[str, Any]) -> None:
        for connection in self._hub.of_user(user):
            if connection.view == view:
                connection.link.control("ns:state", state)

    def _views(self, user: str) -> list[View]:
        """The views of the connections of a user, each once."""
        views: list[View] = []
        for connection in self._hub.of_user(user):
            if connection.view not in views:
                views.append(connection.view)
        return views


def _named(identity: Identity) -> str:
    if identity.user is None:
        raise Refused("forbidden", _NO_USER)
    return identity.user


def _changes_of(user: str, marked: Marked) -> list[InboxChanged]:
    """What a change is heard of as: one by ids in as many parts as the broker made of it, one at least."""
    starts = range(0, max(1, len(marked.ids)), MARKED_AT_ONCE)
    parts = [marked.ids[start : start + MARKED_AT_ONCE] for start in starts]
    return [InboxChanged(user, marked.action, ids, marked.up_to) for ids in parts]


def state_dict(change: InboxChanged, counts: Counts) -> dict[str, Any]:
    """``ns:state``: what changed, by ids or up to a position, and the counters after it."""
    reached: dict[str, Any] = {"ids": list(change.ids)} if change.up_to is None else {"up_to": change.up_to}
    return {"action": change.action, **reached, "counts": counts_dict(counts)}


def marked_dict(marked: Marked) -> dict[str, Any]:
    """What whoever asked for a change of state is answered."""
    return {
        "action": marked.action,
        "ids": list(marked.ids),
        "ignored": list(marked.ignored),
        "up_to": marked.up_to,
        "counts": counts_dict(marked.counts),
    }


def acted_dict(notification_id: str, acted: Acted) -> dict[str, Any]:
    """What whoever answered a notification is answered."""
    return {**marked_dict(acted.marked), "id": notification_id, **answer_dict(acted.answer)}


def item_dict(item: InboxItem, locale: str | None = None) -> dict[str, Any]:
    """An item of an inbox in a language: the envelope and its state, and what the user answered where that is so."""
    envelope = item.entry.within(locale).envelope(replayed=True)
    shown = {**envelope, "seen": item.seen, "read": item.read, "archived": item.archived}
    if item.answer is not None:
        shown["answered"] = answer_dict(item.answer)
    return shown


def page_dict(page: InboxPage, locale: str | None = None) -> dict[str, Any]:
    """A page of an inbox as it is answered."""
    return {
        "items": [item_dict(item, locale) for item in page.items],
        "next_before": page.next_before,
        "counts": counts_dict(page.counts),
    }


_NO_USER: Final = Text(
    "An inbox is a user's: connect or ask with a token that has a 'sub', or in development state a user.",
    "Una bandeja es de un usuario: usa un token con 'sub' o, en desarrollo, indica un usuario.",
)
