"""Letting the oldest go, in steps that are part of the writer's commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

import orjson

from sio_server.audience import Audience, user_room
from sio_server.broker.sqlite import removal
from sio_server.broker.sqlite.rows import floor, lowest
from sio_server.broker.sqlite.writer import Step

# Notifications that one step deletes. A publish that waits for it waits for some milliseconds.
STEP_ROWS: Final = 100

# Notifications that one step looks at where some are passed over: a millisecond.
STEP_LOOKS: Final = 1000

# Users that one step looks at: some look-ups each.
STEP_USERS: Final = 100


@dataclass(frozen=True, slots=True)
class Removed:
    """What one step did: how many it deleted, whether there may be more, the floor that leaves, how far it looked."""

    count: int
    more: bool
    floor: int = 0
    upto: int = 0


def remove_oldest(
    step: Step, *, older_than: int | None, excess: int, after: int = 0, spared: Collection[str] = ()
) -> Removed:
    """Delete some that are older (milliseconds of the log's clock) or among the ``excess`` oldest, the oldest first.

    It looks above ``after``, and passes over types that are ``spared``. The floor is recorded in the same transaction.
    """
    execute = step.connection.execute
    due: list[tuple[int, str]] = []
    upto, more = after, False
    looked = STEP_LOOKS if spared else STEP_ROWS
    oldest = execute(
        "SELECT seq, timestamp, audience, type FROM notification WHERE seq > ? ORDER BY seq LIMIT ?", (after, looked)
    ).fetchall()
    for seq, timestamp, audience, event in oldest:
        more = (older_than is not None and timestamp < older_than) or len(due) < excess
        if not more or len(due) == STEP_ROWS:
            break
        upto = seq
        if event not in spared:
            due.append((seq, audience))
    else:
        more = more and len(oldest) == looked
    if not due:
        return Removed(0, more, upto=upto)
    cut = max(floor(step.connection), due[-1][0])
    execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('floor', ?)", (str(cut),))
    # what is spared may be left before them
    take_out = removal.remove_some if spared else removal.remove_oldest
    take_out(step, _read(due))
    return Removed(len(due), more, cut, upto)


def remove_of_type(step: Step, event: str, *, older_than: int) -> Removed:
    """Delete the first `STEP_ROWS` of one type that are older (milliseconds of the log's clock).

    They go as what expires does: nobody misses anything that was to be had, so the floor stays where it is.
    """
    rows = step.connection.execute(
        "SELECT seq, timestamp, audience FROM notification INDEXED BY notification_type "
        "WHERE type = ? ORDER BY seq LIMIT ?",
        (event, STEP_ROWS),
    )
    due = [(seq, audience) for seq, _, audience in takewhile(lambda row: row[1] < older_than, rows)]
    if due:
        removal.remove_some(step, _read(due))
    return Removed(len(due), len(due) == STEP_ROWS)


Words = tuple[int, int, int]
"""Of word of changes, of what is known of what was, and of what was scheduled and not delivered, in this order."""

# Where they are, by which key, and which of the rows.
_WORDS: Final = (
    ("amendment", "seq", "1"),
    ("history", "number", "1"),
    ("schedule_past", "number", "type IS NOT NULL"),
)


def remove_words(step: Step, *, older_than: int | None, excess: Words, event: str | None = None) -> Removed:
    """Delete what speaks of notifications, see `Words`, and is older or among the ``excess`` oldest of each.

    With ``event`` those of this type. The floor is recorded in the same transaction.
    """
    execute = step.connection.execute
    narrowed, values = ("", ()) if event is None else ("AND type = ?", (event,))
    removed, more, cut = 0, False, 0
    for (table, key, which), most in zip(_WORDS, excess, strict=True):
        rows = execute(
            f"SELECT {key}, timestamp, audience FROM {table} WHERE {which} {narrowed} ORDER BY {key} LIMIT ?",  # noqa: S608 - constants
            (*values, STEP_ROWS),
        ).fetchall()
        due = [
            (number, audience)
            for index, (number, timestamp, audience) in enumerate(rows)
            if (older_than is not None and timestamp < older_than) or index < most
        ]
        removed, more = removed + len(due), more or len(due) == STEP_ROWS
        if table != "amendment":
            numbers = [(number,) for number, _ in due]
            step.connection.executemany(f"DELETE FROM {table} WHERE number = ?", numbers)  # noqa: S608 - a constant
        elif due:
            for seq, audience in _read(due):
                removal.remove_word(step.connection, seq, audience)
            cut = 0 if event is not None else max(floor(step.connection), due[-1][0])
    if cut:
        execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('floor', ?)", (str(cut),))
    return Removed(removed, more, cut)


def count_words(connection: sqlite3.Connection) -> Words:
    """How many there are of each."""
    tables = ", ".join(f"(SELECT count(*) FROM {table} WHERE {which})" for table, _, which in _WORDS)  # noqa: S608 - constants
    amendments, happened, ended = connection.execute(f"SELECT {tables}").fetchone()
    return amendments, happened, ended


def count(connection: sqlite3.Connection, spared: Collection[str]) -> int:
    """How many notifications are stored, but for those of some types."""
    return int(
        connection.execute(
            "SELECT count(*) FROM notification WHERE type NOT IN (SELECT value FROM json_each(?))",
            (orjson.dumps(sorted(spared)).decode(),),
        ).fetchone()[0]
        if spared
        else connection.execute("SELECT count(*) FROM notification").fetchone()[0]
    )


def _read(rows: Iterable[tuple[int, str]]) -> Iterator[tuple[int, Audience]]:
    return ((seq, Audience.from_dict(orjson.loads(audience))) for seq, audience in rows)


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
    execute, gone_to = step.connection.execute, lowest(step.connection)
    users = execute("SELECT user, at FROM visit WHERE user > ? ORDER BY user LIMIT ?", (after, STEP_USERS)).fetchall()
    forgotten: list[str] = []
    for user, at in users:
        execute("DELETE FROM delivery WHERE user = ? AND high <= ?", (user, gone_to))
        execute(
            "DELETE FROM inbox WHERE user = ? AND max(seen_to, read_to, archived_to, noted_to) <= ?", (user, gone_to)
        )
        if at < before and not present(user) and execute(_NOTHING_LEFT, (user, user, user_room(user))).fetchone():
            forgotten.append(user)
    for table in ("sight", "inbox", "inbox_state", "delivery", "visit"):
        step.connection.executemany(f"DELETE FROM {table} WHERE user = ?", [(user,) for user in forgotten])  # noqa: S608
    return Swept(tuple(forgotten), users[-1][0] if len(users) == STEP_USERS else "")


_EMPTY_INBOX: Final = "DELETE FROM inbox WHERE user = ? AND max(seen_to, read_to, archived_to, noted_to) <= ?"

# A row when nothing in the log is for a user, whom it is kept from and what has expired left aside. Parameters: user
# twice, personal room.
_NOTHING_LEFT: Final = """
SELECT 1 WHERE
    NOT EXISTS (SELECT 1 FROM sight CROSS JOIN notification_room AS r ON r.room = sight.room AND r.seq > sight.since
        WHERE sight.user = ?)
    AND NOT EXISTS (SELECT 1 FROM follow CROSS JOIN notification_room AS r
        ON r.room = follow.room AND r.seq > follow.seen_from WHERE follow.user = ?)
    AND NOT EXISTS (SELECT 1 FROM notification_room WHERE room = ?)
"""
