"""Letting the oldest go, in steps that are part of the writer's commits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from sio_server.audience import Audience, user_room
from sio_server.broker.sqlite import removal
from sio_server.broker.sqlite.rows import floor
from sio_server.broker.sqlite.writer import Step

# Notifications that one step deletes. A publish that waits for it waits for some milliseconds.
STEP_ROWS: Final = 100

# Users that one step looks at: some look-ups each.
STEP_USERS: Final = 100


@dataclass(frozen=True, slots=True)
class Removed:
    """What one step did: how many it deleted, the floor that leaves, and whether there may be more to delete."""

    count: int
    floor: int
    more: bool


def remove_oldest(step: Step, *, older_than: int | None, excess: int) -> Removed:
    """Delete the first `STEP_ROWS` that are older (milliseconds of Unix time) or among the ``excess`` oldest.

    The floor is recorded in the same transaction.
    """
    execute = step.connection.execute
    due: list[tuple[int, str]] = []
    oldest = execute("SELECT seq, timestamp, audience FROM notification ORDER BY seq LIMIT ?", (STEP_ROWS,)).fetchall()
    for seq, timestamp, audience in oldest:
        if len(due) >= excess and (older_than is None or timestamp >= older_than):
            break
        due.append((seq, audience))
    if not due:
        return Removed(0, 0, more=False)
    floor = due[-1][0]
    execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('floor', ?)", (str(floor),))
    removal.remove_oldest(step, ((seq, Audience.from_dict(orjson.loads(audience))) for seq, audience in due))
    return Removed(len(due), floor, more=len(due) == STEP_ROWS)


@dataclass(frozen=True, slots=True)
class Swept:
    """What one look at users did: whom it forgot, and after whom the next look goes on."""

    forgotten: tuple[str, ...]
    next_after: str


def forget_users(step: Step, *, after: str, before: int, present: Callable[[str], bool]) -> Swept:
    """Look at the next `STEP_USERS` by name; ``before``, in milliseconds: their last visit, for them to be forgotten.

    Of each, what speaks only of notifications that are gone goes, whether the user comes back or not: with nothing at
    or below a watermark, the watermark says nothing. Whoever has something left to see is not forgotten.
    """
    execute, lowest = step.connection.execute, floor(step.connection)
    users = execute("SELECT user, at FROM visit WHERE user > ? ORDER BY user LIMIT ?", (after, STEP_USERS)).fetchall()
    forgotten: list[str] = []
    for user, at in users:
        execute("DELETE FROM delivery WHERE user = ? AND high <= ?", (user, lowest))
        execute(
            "DELETE FROM inbox WHERE user = ? AND max(seen_to, read_to, archived_to, noted_to) <= ?", (user, lowest)
        )
        if at < before and not present(user) and execute(_NOTHING_LEFT, (user, user_room(user))).fetchone():
            forgotten.append(user)
    for table in ("sight", "inbox", "inbox_state", "delivery", "visit"):
        step.connection.executemany(f"DELETE FROM {table} WHERE user = ?", [(user,) for user in forgotten])  # noqa: S608
    return Swept(tuple(forgotten), users[-1][0] if len(users) == STEP_USERS else "")


_EMPTY_INBOX: Final = "DELETE FROM inbox WHERE user = ? AND max(seen_to, read_to, archived_to, noted_to) <= ?"

# A row when nothing in the log is for a user, whom it is kept from and what has expired left aside. Parameters: user,
# personal room.
_NOTHING_LEFT: Final = """
SELECT 1 WHERE
    NOT EXISTS (SELECT 1 FROM sight CROSS JOIN notification_room AS r ON r.room = sight.room AND r.seq > sight.since
        WHERE sight.user = ?)
    AND NOT EXISTS (SELECT 1 FROM notification_room WHERE room = ?)
"""
