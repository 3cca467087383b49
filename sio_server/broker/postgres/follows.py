"""The topics that people follow.

A row names the room of a topic, so that views and audiences find it as they find any other.
"""

from __future__ import annotations

from typing import NamedTuple

from sio_server.audience import TOPIC_PREFIX, topic_room
from sio_server.broker.follows import (
    MAX_FOLLOWED,
    TOO_MANY,
    Follow,
    FollowedTopic,
    Follower,
    FollowersPage,
    Follows,
)
from sio_server.broker.postgres.database import Step
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.postgres.rows import changed
from sio_server.broker.signals import Followed
from sio_server.errors import Refused


class _Changed(NamedTuple):
    """A follow as it stands now, and whether that is another thing than before."""

    follow: Follow
    changed: bool


class Following(Parts):
    """`Follows` on PostgreSQL."""

    async def follow(self, user: str, topic: str, *, backend: bool = False) -> Follow:
        """See `Follows.follow`."""
        at = self._moment()
        self._ensure_open()
        await self._writer.finish()  # what this node publishes now is before the follow

        def tell(done: _Changed) -> None:
            if done.changed:
                self._signal(Followed(user, topic, done.follow.seen_from, done.follow.backend))

        done = await self._change(lambda step: _follow(step, user, topic, at=at, backend=backend), tell, user=user)
        return done.follow

    async def unfollow(self, user: str, topic: str) -> bool:
        """See `Follows.unfollow`."""

        async def end(step: Step) -> bool:
            query = "DELETE FROM follow WHERE user_id = $1 AND room = $2"
            return changed(await step.connection.execute(query, user, topic_room(topic))) > 0

        def tell(ended: bool) -> None:  # noqa: FBT001 - what a change returns is its one argument
            if ended:
                self._signal(Followed(user, topic, None))

        return await self._change(end, tell, user=user)

    async def followed(self, user: str) -> tuple[Follow, ...]:
        """See `Follows.followed`."""
        query = "SELECT room, at, seen_from, backend FROM follow WHERE user_id = $1 ORDER BY room"
        rows = await self._look(lambda connection: connection.fetch(query, user))
        return tuple(Follow(_topic(room), *rest) for room, *rest in rows)

    async def topics_followed(self, *, limit: int, after: str | None = None) -> tuple[FollowedTopic, ...]:
        """See `Follows.topics_followed`."""
        above = topic_room(after) if after is not None else ""
        query = "SELECT room, count(*) FROM follow WHERE room > $1 GROUP BY room ORDER BY room LIMIT $2"
        rows = await self._look(lambda connection: connection.fetch(query, above, limit))
        return tuple(FollowedTopic(_topic(room), count) for room, count in rows)

    async def followers(self, topic: str, *, limit: int, after: str | None = None) -> FollowersPage:
        """See `Follows.followers`."""
        query = (
            "SELECT user_id, at, backend, (SELECT count(*) FROM follow WHERE room = $1) FROM follow "
            "WHERE room = $1 AND user_id > $2 ORDER BY user_id LIMIT $3"
        )
        counted = "SELECT count(*) FROM follow WHERE room = $1"
        room = topic_room(topic)
        rows = await self._look(lambda connection: connection.fetch(query, room, after or "", limit + 1))
        total = rows[0][3] if rows else await self._look(lambda connection: connection.fetchval(counted, room))
        found = [Follower(*row[:3]) for row in rows]
        return FollowersPage(total, tuple(found[:limit]), found[limit - 1].user if len(found) > limit else None)


async def _follow(step: Step, user: str, topic: str, *, at: int, backend: bool) -> _Changed:
    """See `Follows.follow`; ``at`` in milliseconds. No other change is made for the user meanwhile."""
    connection, room = step.connection, topic_room(topic)
    row = await connection.fetchrow(
        "SELECT at, seen_from, backend FROM follow WHERE user_id = $1 AND room = $2", user, room
    )
    if row is not None:
        found = Follow(topic, row[0], row[1], backend=row[2] or backend)
        if found.backend == row[2]:
            return _Changed(found, changed=False)
        await connection.execute("UPDATE follow SET backend = true WHERE user_id = $1 AND room = $2", user, room)
        return _Changed(found, changed=True)
    if await connection.fetchval("SELECT count(*) FROM follow WHERE user_id = $1", user) >= MAX_FOLLOWED:
        raise Refused("too_many_topics", TOO_MANY)
    made = Follow(topic, at, step.last_seq, backend)
    await connection.execute(
        "INSERT INTO follow (user_id, room, seen_from, at, backend) VALUES ($1, $2, $3, $4, $5)",
        user,
        room,
        made.seen_from,
        made.since,
        backend,
    )
    return _Changed(made, changed=True)


def _topic(room: str) -> str:
    return room.removeprefix(TOPIC_PREFIX)


_: type[Follows] = Following
