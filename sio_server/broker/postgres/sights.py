"""First sights in PostgreSQL: what the log has of users, and what an arrival changes of it. See `broker.sights`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sio_server.audience import USER_PREFIX
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.roster import ALIVE
from sio_server.broker.sights import NOTHING, VISIT_EVERY, Decided, Followed, Room

# Parameters: users, and the node whose own connections are left out. A row for each user: what a hundred users have is
# one way to the database and back.
_KNOWN: Final = f"""
SELECT a.user_id, log.seq, log.taken, visit.at, s.rooms, s.since, s.missing, f.rooms, f.since, f.backend,
    ARRAY(SELECT DISTINCT room FROM {ALIVE} CROSS JOIN unnest(c.rooms) AS room
        WHERE c.user_id = a.user_id AND c.node <> $2),
    EXISTS (SELECT 1 FROM notification_room AS r WHERE r.room = '{USER_PREFIX}' || a.user_id)
FROM unnest($1::text[]) AS a (user_id) CROSS JOIN log LEFT JOIN visit ON visit.user_id = a.user_id
LEFT JOIN LATERAL (
    SELECT array_agg(room), array_agg(since), array_agg(missing_since) FROM sight WHERE sight.user_id = a.user_id
) AS s (rooms, since, missing) ON true
LEFT JOIN LATERAL (
    SELECT array_agg(room), array_agg(seen_from), array_agg(backend) FROM follow WHERE follow.user_id = a.user_id
) AS f (rooms, since, backend) ON true
"""  # noqa: S608 - constants

# Parameters: users, rooms, positions and times since when they are missing; users and rooms that are forgotten; users
# who are here, and when.
_RECORD: Final = """
WITH changed AS (
    INSERT INTO sight (user_id, room, since, missing_since)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[])
    ON CONFLICT (user_id, room) DO UPDATE SET since = excluded.since, missing_since = excluded.missing_since
), forgotten AS (
    DELETE FROM sight USING unnest($5::text[], $6::text[]) AS f (user_id, room)
    WHERE sight.user_id = f.user_id AND sight.room = f.room
)
INSERT INTO visit (user_id, at) SELECT user_id, $8 FROM unnest($7::text[]) AS v (user_id)
ON CONFLICT (user_id) DO UPDATE SET at = excluded.at WHERE visit.at < excluded.at
"""


@dataclass(frozen=True, slots=True)
class Known:
    """What the log has of a user at one moment."""

    user: str
    head: int
    """The last position that is given."""
    taken: int
    visited: int | None
    """When the user was last here, in milliseconds."""
    rooms: Sequence[Room]
    followed: Followed
    held: frozenset[str]
    """The rooms that connections on other nodes have."""
    told: bool
    """Whether something is for this user alone."""

    def visit_is_due(self, now: int) -> bool:
        """Whether it is to be noted again that the user is here."""
        return self.visited is None or self.visited <= now - VISIT_EVERY * 1000


async def known_of(connection: Connection, users: Sequence[str], node: str) -> list[Known]:
    """What the log has of some users, each once."""
    return [_known(row) for row in await connection.fetch(_KNOWN, list(users), node)]


def _known(row: Sequence[Any]) -> Known:
    user, head, taken, visited, rooms, since, missing, topics, seen_from, backend, held, told = row
    named = [] if rooms is None else [Room(*one) for one in zip(rooms, since, missing, strict=True)]
    followed = NOTHING if topics is None else dict(zip(topics, zip(seen_from, backend, strict=True), strict=True))
    return Known(user, head, taken, visited, named, followed, frozenset(held), told)


async def lock(connection: Connection, schema: str, users: Sequence[str]) -> None:
    """Let no other change be made for these users, on any node, until the transaction ends; see `Database.change`."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtext($1), hashtext(name)) FROM unnest($2::text[]) AS name",
        schema,
        sorted(users),
    )


async def record(connection: Connection, decided: Sequence[tuple[str, Decided]], now: int) -> None:
    """Write what arrivals changed of these users, who are here ``now``, in milliseconds."""
    changed = [(user, *room) for user, one in decided for room in one.changed]
    forgotten = [(user, room) for user, one in decided for room in one.forgotten]
    columns = [list(column) for column in zip(*changed, strict=True)] or [[], [], [], []]
    pairs = [list(column) for column in zip(*forgotten, strict=True)] or [[], []]
    await connection.execute(_RECORD, *columns, *pairs, [user for user, _ in decided], now)
