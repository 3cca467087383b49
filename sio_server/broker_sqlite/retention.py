"""Letting the oldest go, in steps that are part of the writer's commits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import orjson

from sio_server.audience import Audience
from sio_server.broker_sqlite.writer import Step

# Notifications that one step deletes. A publish that waits for it waits for some milliseconds.
STEP_ROWS: Final = 100


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
    for seq, audience in due:
        _remove(step, seq, Audience.from_dict(orjson.loads(audience)))
    return Removed(len(due), floor, more=len(due) == STEP_ROWS)


def _remove(step: Step, seq: int, audience: Audience) -> None:
    many = step.connection.executemany
    rooms = audience.rooms()
    many("DELETE FROM notification_room WHERE room = ? AND seq = ?", [(room, seq) for room in rooms])
    many(
        "DELETE FROM room_lane WHERE room = ?1 AND NOT EXISTS (SELECT 1 FROM notification_room WHERE room = ?1)",
        [(room,) for room in rooms],
    )
    many("DELETE FROM notification_except WHERE user = ? AND seq = ?", [(user, seq) for user in audience.except_users])
    many("DELETE FROM inbox_state WHERE seq = ?", [(seq,)])
    many("DELETE FROM notification WHERE seq = ?", [(seq,)])
