"""What people may see who arrive, with a connection or a request: their rooms, and the topics that they follow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from sio_server.audience import TOPIC_PREFIX, Identity
from sio_server.broker import Broker, Counts, Followed, View
from sio_server.catalog import Catalog
from sio_server.catalog.topics import may_follow


class Watch:
    """Whether what a user follows was changed since a view of that user was asked for."""

    __slots__ = ("changed",)

    def __init__(self) -> None:
        self.changed = False


class Arrivals:
    """Asks for views, and leaves out what somebody follows who may not follow it any more."""

    def __init__(self, broker: Broker, catalog: Catalog) -> None:
        self._broker = broker
        self._catalog = catalog
        # By user: those who wait for a view just now.
        self._watches: dict[str, list[Watch]] = {}

    async def view_of(self, identity: Identity) -> View:
        """What this person may see. Who has no name sees, in development, whatever is in the rooms it states."""
        return (await self.arrive(identity))[0]

    async def arrive(self, identity: Identity, *, counted: bool = False) -> tuple[View, Counts | None]:
        """What this person may see, with the counters where `People.arrive` knows them, or if ``counted``.

        When this returns, and until the caller suspends, nothing that this node has heard of is missing in the view.
        """
        user, rooms = identity.user, identity.rooms()
        if user is None:
            return View("", dict.fromkeys(rooms, 0)), None
        with self._watching(user) as watch:
            while True:
                watch.changed = False
                found, counts = await self._broker.arrive(user, rooms)
                view = self.allowed(found, identity)
                if view is not found:
                    counts = None
                if counted and counts is None:
                    counts = await self._broker.counts(view)
                if not watch.changed:
                    return view, counts

    def heard(self, signal: Followed) -> None:
        """Have those who wait for a view of this user ask for it again."""
        for watch in self._watches.get(signal.user, ()):
            watch.changed = True

    def allowed(self, view: View, identity: Identity) -> View:
        """A view without what this person follows by an own wish and may not follow now."""
        if not view.followed:
            return view
        dropped = [room for room, backend in view.followed.items() if not self.lets(identity, room, backend=backend)]
        if not dropped:
            return view
        named = identity.rooms()
        kept = {room: since for room, since in view.seen_from.items() if room not in dropped or room in named}
        return replace(
            view, seen_from=kept, followed={room: by for room, by in view.followed.items() if room not in dropped}
        )

    def lets(self, identity: Identity, room: str, *, backend: bool) -> bool:
        """Whether somebody sees a topic that this person follows, by an own wish or the ``backend``'s."""
        if backend:
            return identity.receives and not identity.is_guest
        return may_follow(self._catalog.topics, identity, room.removeprefix(TOPIC_PREFIX))

    @contextmanager
    def _watching(self, user: str) -> Iterator[Watch]:
        watch = Watch()
        watches = self._watches.setdefault(user, [])
        watches.append(watch)
        try:
            yield watch
        finally:
            watches.remove(watch)
            if not watches:
                del self._watches[user]


def topics_of(identity: Identity, view: View) -> list[str]:
    """The topics of somebody's token, and those that this person follows."""
    if not view.followed:
        return list(identity.topics)
    followed = (room.removeprefix(TOPIC_PREFIX) for room in view.followed)
    return list(dict.fromkeys((*identity.topics, *followed)))
