"""What became of notifications: each time one was replaced, changed or taken back, with what it was before.

A row is kept as long as a notification of its type and age would be (`retention`), and of one thread the newest are.
That one was published has no row: its own moment and publisher say so. Runs in the threads of `store`.
"""

from __future__ import annotations

import sqlite3
from typing import Final, NamedTuple

from sio_server.broker.amendments import Deed
from sio_server.broker.places import MAX_OF_THREAD

_NOTE: Final = """
INSERT INTO history (thread, id, action, at, who, other, seq, timestamp,
    type, place, audience, source, publisher, body, texts)
SELECT ?, id, ?, ?, ?, ?, ?, ?, type, seq, audience, source, publisher, body, texts FROM notification WHERE seq = ?
"""
_PRUNE: Final = """
DELETE FROM history WHERE thread = ? AND number <=
    (SELECT number FROM history WHERE thread = ? ORDER BY number DESC LIMIT 1 OFFSET ?)
"""
_OUTLIVE: Final = """
UPDATE schedule_past SET seq = NULL, timestamp = ?, type = n.type, audience = n.audience
FROM (SELECT type, audience FROM notification WHERE seq = ?) AS n WHERE schedule_past.seq = ?
"""


class Happening(NamedTuple):
    """What happens to a notification: ``at`` in milliseconds of Unix time, ``seq`` where the log stands with it.

    ``other`` is the id of the notification that takes its place.
    """

    action: Deed
    at: int
    who: str | None
    seq: int
    other: str | None = None


def note(connection: sqlite3.Connection, place: int, thread: str, happening: Happening, *, now: int) -> None:
    """Note what happens to the notification at a position, before it does; ``now`` is the log's own time."""
    action, at, who, seq, other = happening
    connection.execute(_NOTE, (thread, action, at, who, other, seq, now, place))
    connection.execute(_PRUNE, (thread, thread, MAX_OF_THREAD))


def outlive(connection: sqlite3.Connection, place: int, *, now: int) -> None:
    """Keep it known, before the notification at a position leaves the log, that it was scheduled and delivered."""
    connection.execute(_OUTLIVE, (now, place, place))
