"""Notifications that take the place of others: the newest of a collapse key and an audience stays alone in the log.

The former leaves it in the same transaction. What comes in its place is in no lane: a key that is used each second
would leave a hole each second in the running numbers of its lane, while of those outside there is one for each key.

| publish | key | what is left | lanes of the room |
|---|---|---|---|
| 1 | k | 1 | 1 has number 1 |
| 2 | | 1, 2 | 2 has number 2 |
| 3 | k | 2, 3 | a hole at 1; 3 is in none |
| 4 | k | 2, 4 | the same; 4 is in none |
"""

from __future__ import annotations

import sqlite3
from typing import Final

import orjson

from sio_server.audience import Audience
from sio_server.broker.log import Former
from sio_server.broker.sqlite import history
from sio_server.broker.sqlite.history import Happening
from sio_server.broker.sqlite.removal import Committing, remove_some, remove_word
from sio_server.notification import Notification

_FIND: Final = """
SELECT c.seq, c.thread, n.id, n.audience, n.expires_at
FROM collapse AS c LEFT JOIN notification AS n ON n.seq = c.seq WHERE c.digest = ?
"""


def is_unwritten(connection: sqlite3.Connection, place: bytes, written: int) -> bool:
    """Whether what stands there is above ``written``: its rows wait still."""
    row = connection.execute("SELECT seq FROM collapse WHERE digest = ?", (place,)).fetchone()
    return row is not None and row[0] > written


def take_out(step: Committing, place: bytes, successor: Notification, *, now: int) -> Former | None:
    """Take out what stands there, for its successor; None where nothing does, or it has expired."""
    row = step.connection.execute(_FIND, (place,)).fetchone()
    if row is None or row[2] is None:
        return None
    seq, thread, identity, audience, expires_at = row
    if expires_at is not None and expires_at <= now:
        return None
    happening = Happening("replaced", successor.timestamp, successor.publisher, step.last_seq + 1, successor.id)
    history.note(step.connection, seq, thread, happening, now=now)
    history.outlive(step.connection, seq, now=now)
    named = Audience.from_dict(orjson.loads(audience))
    remove_some(step, [(seq, named)])
    word = step.connection.execute("SELECT seq FROM amendment WHERE about = ?", (identity,)).fetchone()
    if word is None:
        return Former(identity, seq, thread)
    remove_word(step.connection, word[0], named)
    return Former(identity, seq, thread, word[0])


def remember(connection: sqlite3.Connection, place: bytes, seq: int, thread: str) -> None:
    """Say what stands there from now on."""
    connection.execute("INSERT OR REPLACE INTO collapse (digest, seq, thread) VALUES (?, ?, ?)", (place, seq, thread))
