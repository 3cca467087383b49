"""Who follows which topics. Runs in the threads of `store`.

A row names the room of a topic, so that views and audiences find it as they find any other.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from sio_server.audience import TOPIC_PREFIX, topic_room
from sio_server.broker.follows import MAX_FOLLOWED, TOO_MANY, Follow, FollowedTopic, Follower, FollowersPage
from sio_server.broker.sights import NOTHING, Followed
from sio_server.broker.sqlite.writer import Step
from sio_server.errors import Refused


class Changed(NamedTuple):
    """A follow as it stands now, and whether that is another thing than before."""

    follow: Follow
    changed: bool


def follow(step: Step, user: str, topic: str, *, at: int, backend: bool) -> Changed:
    """See `Follows.follow`; ``at`` in milliseconds."""
    execute, room = step.connection.execute, topic_room(topic)
    row = execute("SELECT at, seen_from, backend FROM follow WHERE user = ? AND room = ?", (user, room)).fetchone()
    if row is not None:
        found = Follow(topic, row[0], row[1], backend=bool(row[2]) or backend)
        if found.backend == bool(row[2]):
            return Changed(found, changed=False)
        execute("UPDATE follow SET backend = 1 WHERE user = ? AND room = ?", (user, room))
        return Changed(found, changed=True)
    if execute("SELECT count(*) FROM follow WHERE user = ?", (user,)).fetchone()[0] >= MAX_FOLLOWED:
        raise Refused("too_many_topics", TOO_MANY)
    made = Follow(topic, at, step.last_seq, backend)
    execute(
        "INSERT INTO follow (user, room, seen_from, at, backend) VALUES (?, ?, ?, ?, ?)",
        (user, room, made.seen_from, made.since, int(backend)),
    )
    return Changed(made, changed=True)


def unfollow(step: Step, user: str, topic: str) -> bool:
    """See `Follows.unfollow`."""
    gone = step.connection.execute("DELETE FROM follow WHERE user = ? AND room = ?", (user, topic_room(topic)))
    return gone.rowcount > 0


def followed(connection: sqlite3.Connection, user: str) -> tuple[Follow, ...]:
    """See `Follows.followed`."""
    rows = connection.execute("SELECT room, at, seen_from, backend FROM follow WHERE user = ? ORDER BY room", (user,))
    return tuple(Follow(_topic(room), at, seen_from, bool(backend)) for room, at, seen_from, backend in rows)


def topics_followed(connection: sqlite3.Connection, *, limit: int, after: str | None) -> tuple[FollowedTopic, ...]:
    """See `Follows.topics_followed`."""
    above = topic_room(after) if after is not None else ""
    rows = connection.execute(
        "SELECT room, count(*) FROM follow WHERE room > ? GROUP BY room ORDER BY room LIMIT ?", (above, limit)
    )
    return tuple(FollowedTopic(_topic(room), count) for room, count in rows)


def followers(connection: sqlite3.Connection, topic: str, *, limit: int, after: str | None) -> FollowersPage:
    """See `Follows.followers`."""
    room = topic_room(topic)
    total = connection.execute("SELECT count(*) FROM follow WHERE room = ?", (room,)).fetchone()[0]
    rows = connection.execute(
        "SELECT user, at, backend FROM follow WHERE room = ? AND user > ? ORDER BY user LIMIT ?",
        (room, after or "", limit + 1),
    )
    found = [Follower(user, at, bool(backend)) for user, at, backend in rows]
    more = found[limit - 1].user if len(found) > limit else None
    return FollowersPage(total, tuple(found[:limit]), more)


def _topic(room: str) -> str:
    return room.removeprefix(TOPIC_PREFIX)


# -- in views ---------------------------------------------------------------------------------------------------------


def rooms_followed(connection: sqlite3.Connection, user: str) -> Followed:
    """The rooms of what a user follows."""
    rows = connection.execute("SELECT room, seen_from, backend FROM follow WHERE user = ?", (user,))
    return {room: (seen_from, bool(backend)) for room, seen_from, backend in rows} or NOTHING
