"""Following topics: who follows what, and what that does to connections that are there."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sio_server.audience import Identity, is_guest, topic_room
from sio_server.auth import Publisher
from sio_server.broker import Broker, Follow, Followed, View
from sio_server.catalog import Catalog
from sio_server.catalog.topics import GUEST, NO_USER, check_follow, check_listed, open_to, rule_of
from sio_server.core.arrivals import Arrivals, topics_of
from sio_server.core.connections import Connections
from sio_server.core.hub import Connection, Hub
from sio_server.core.pages import Pages
from sio_server.core.tasks import Tasks
from sio_server.errors import Refused
from sio_server.event_types import BACKEND
from sio_server.logs import get_logger
from sio_server.notification import Entry, written

logger = get_logger("topics")


class Topics:
    """The use cases of following. The catalogue says who may follow what."""

    def __init__(
        self,
        broker: Broker,
        hub: Hub,
        connections: Connections,
        arrivals: Arrivals,
        catalog: Catalog,
        *,
        pages: Pages,
        tasks: Tasks,
    ) -> None:
        self._broker = broker
        self._hub = hub
        self._connections = connections
        self._arrivals = arrivals
        self._catalog = catalog
        self._pages = pages
        self._tasks = tasks
        self._untold: dict[Connection, None] = {}

    # -- by the user's own wish -----------------------------------------------------------------------------------

    async def follow(self, identity: Identity, topic: str) -> dict[str, Any]:
        """Have a user follow a topic by an own wish; raises `Refused` (``forbidden``, ``too_many_topics``)."""
        check_follow(self._catalog.topics, identity, topic)
        await self._broker.follow(_named(identity), topic)
        return await self._done(identity, topic, following=True)

    async def unfollow(self, identity: Identity, topic: str) -> dict[str, Any]:
        """End what a user follows; raises `Refused` (``forbidden``) for what the backend alone may end."""
        user = _named(identity)
        if rule_of(self._catalog.topics, topic) == BACKEND:
            check_follow(self._catalog.topics, identity, topic)
        await self._broker.unfollow(user, topic)
        return await self._done(identity, topic, following=False)

    async def of(self, identity: Identity) -> dict[str, Any]:
        """What a user follows, and may follow, as ``GET /v1/topics`` answers; raises `Refused` (``forbidden``)."""
        followed = await self._broker.followed(_named(identity))
        return {
            "items": [{"topic": one.topic, "since": written(one.since)} for one in followed],
            "may_follow": list(open_to(self._catalog.topics, identity)),
        }

    async def _done(self, identity: Identity, topic: str, *, following: bool) -> dict[str, Any]:
        view = await self._arrivals.view_of(identity)
        return {"topic": topic, "following": following, "topics": topics_of(identity, view)}

    # -- by the backend's -----------------------------------------------------------------------------------------

    async def enlist(self, user: str, topic: str, publisher: Publisher) -> dict[str, Any]:
        """Have a user follow a topic on a backend's behalf, be it one that the user may not follow alone.

        Raises `Refused`: ``forbidden`` for a guest, and for what the catalogue does not list; ``forbidden_scope``;
        ``too_many_topics``.
        """
        publisher.scope.check_topic(topic)
        check_listed(self._catalog.topics, topic)
        if is_guest(user):
            raise Refused("forbidden", GUEST)
        await self._broker.follow(user, topic, backend=True)
        return await self._state(user, topic, following=True)

    async def delist(self, user: str, topic: str, publisher: Publisher) -> dict[str, Any]:
        """Have a user follow a topic no more, whoever wished it; raises `Refused` (``forbidden_scope``)."""
        publisher.scope.check_topic(topic)
        await self._broker.unfollow(user, topic)
        return await self._state(user, topic, following=False)

    async def of_user(self, user: str) -> dict[str, Any]:
        """What a user follows, as others are shown it."""
        return {"user": user, "items": [_shown(one) for one in await self._broker.followed(user)]}

    async def _state(self, user: str, topic: str, *, following: bool) -> dict[str, Any]:
        followed = await self._broker.followed(user)
        return {"user": user, "topic": topic, "following": following, "topics": [one.topic for one in followed]}

    # -- what operators see ---------------------------------------------------------------------------------------

    async def followers(self, *, limit: int, after: str | None) -> dict[str, Any]:
        """The topics that somebody follows, as ``GET /v1/followers`` answers."""
        found = await self._broker.topics_followed(limit=limit + 1, after=after)
        return {
            "items": [{"topic": one.topic, "followers": one.followers} for one in found[:limit]],
            "next_after": found[limit - 1].topic if len(found) > limit else None,
        }

    async def followers_of(self, topic: str, *, limit: int, after: str | None) -> dict[str, Any]:
        """Who follows a topic, as ``GET /v1/followers/{topic}`` answers."""
        page = await self._broker.followers(topic, limit=limit, after=after)
        return {
            "topic": topic,
            "total": page.total,
            "items": [
                {"user": one.user, "since": written(one.since), "by": _by(backend=one.backend)} for one in page.items
            ],
            "next_after": page.next_after,
        }

    # -- connections that are there -------------------------------------------------------------------------------

    def heard(self, signal: Followed) -> None:
        """Have the connections of a user be in the rooms of what the user follows now."""
        self._arrivals.heard(signal)
        for connection in self._hub.of_user(signal.user):
            identity = connection.identity
            if signal.seen_from is not None and not self._arrivals.lets(
                identity, topic_room(signal.topic), backend=signal.backend
            ):
                continue
            view = _changed(connection.view, identity, signal)
            connection.link.replay(self._late(connection, view, signal), replayed=False)
            self._enter(connection, view)

    def _late(self, connection: Connection, view: View, signal: Followed) -> Sequence[Entry]:
        """What came to the topic since the user follows it, where this node hears of that later than of entries."""
        room, since = topic_room(signal.topic), signal.seen_from
        if since is None or since >= self._broker.head().seq or room in connection.rooms or room not in view.seen_from:
            return ()
        if connection.catchup is not None:  # it is on its way, and takes them from the log
            return ()
        rest = self._pages.rest(View(view.user, {room: since}), since) or ()
        return [entry for entry in rest if not entry.is_for(connection.rooms)]

    def look_again(self) -> None:
        """Look once more at who may follow what, since the catalogue says it otherwise."""
        followers = [one for one in self._hub if one.identity.user is not None]
        if followers:
            self._tasks.begin(self._look_again(followers))

    async def _look_again(self, connections: Sequence[Connection]) -> None:
        for connection in connections:
            identity = connection.identity
            try:
                view = await self._arrivals.view_of(identity)
            except Refused as refused:
                logger.warning("topics were not looked at again", code=refused.kind.code, connection=connection.id)
                return
            if connection in self._hub and connection.identity.rooms() == identity.rooms():
                self._enter(connection, view)

    def _enter(self, connection: Connection, view: View) -> None:
        """Be in these rooms, and tell the client if it follows something else now."""
        before = connection.view.followed.keys()
        if view.seen_from != connection.view.seen_from:
            self._connections.enter(connection, view)
        else:
            connection.view = view
        if view.followed.keys() != before:
            if not self._untold:
                asyncio.get_running_loop().call_soon(self._tell)
            self._untold[connection] = None

    def _tell(self) -> None:
        """Tell clients which topics they have now: once, where a commit held many follows."""
        untold, self._untold = self._untold, {}
        for connection in untold:
            if connection in self._hub:
                connection.link.control("ns:topics", {"topics": topics_of(connection.identity, connection.view)})


def _changed(view: View, identity: Identity, signal: Followed) -> View:
    """The view of a connection whose user follows another topic, or one fewer."""
    room = topic_room(signal.topic)
    seen_from, followed = dict(view.seen_from), dict(view.followed)
    if signal.seen_from is not None:
        seen_from[room] = min(signal.seen_from, seen_from.get(room, signal.seen_from))
        followed[room] = signal.backend
    else:
        followed.pop(room, None)
        if room not in identity.rooms():
            seen_from.pop(room, None)
    return replace(view, seen_from=seen_from, followed=followed)


def _named(identity: Identity) -> str:
    if identity.user is None or not identity.receives:
        raise Refused("forbidden", NO_USER)
    return identity.user


def _shown(follow: Follow) -> dict[str, Any]:
    return {"topic": follow.topic, "since": written(follow.since), "by": _by(backend=follow.backend)}


def _by(*, backend: bool) -> str:
    return BACKEND if backend else "user"
