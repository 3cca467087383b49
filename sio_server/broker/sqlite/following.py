"""The topics that people follow, as the core sees them."""

from __future__ import annotations

from sio_server.broker.follows import Follow, FollowedTopic, FollowersPage, Follows
from sio_server.broker.signals import Followed
from sio_server.broker.sqlite import follows
from sio_server.broker.sqlite.parts import MS, Parts


class Following(Parts):
    """`Follows` on SQLite."""

    async def follow(self, user: str, topic: str, *, backend: bool = False) -> Follow:
        """See `Follows.follow`."""
        self._ensure_open()
        at = int(self._wall() * MS)

        def tell(done: follows.Changed) -> None:
            if done.changed:
                self._sights.forget([user])
                self._nodes.signal(Followed(user, topic, done.follow.seen_from, done.follow.backend))

        done = await self._writer.change(lambda step: follows.follow(step, user, topic, at=at, backend=backend), tell)
        return done.follow

    async def unfollow(self, user: str, topic: str) -> bool:
        """See `Follows.unfollow`."""
        self._ensure_open()

        def tell(ended: bool) -> None:  # noqa: FBT001 - what a change returns is its one argument
            if ended:
                self._sights.forget([user])
                self._nodes.signal(Followed(user, topic, None))

        return await self._writer.change(lambda step: follows.unfollow(step, user, topic), tell)

    async def followed(self, user: str) -> tuple[Follow, ...]:
        """See `Follows.followed`."""
        return await self._read(lambda connection: follows.followed(connection, user))

    async def topics_followed(self, *, limit: int, after: str | None = None) -> tuple[FollowedTopic, ...]:
        """See `Follows.topics_followed`."""
        return await self._read(lambda connection: follows.topics_followed(connection, limit=limit, after=after))

    async def followers(self, topic: str, *, limit: int, after: str | None = None) -> FollowersPage:
        """See `Follows.followers`."""
        return await self._read(lambda connection: follows.followers(connection, topic, limit=limit, after=after))


_: type[Follows] = Following
