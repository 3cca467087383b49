"""Inboxes: for each user three watermarks, and a row where a notification stands otherwise than they say.

A notification's state is its row, or without one ``(seq <= seen_to, seq <= read_to, seq <= archived_to)``. Archived
implies read and read implies seen, in rows and in watermarks. Runs in the threads of `store`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from itertools import islice
from typing import Final

import orjson

from sio_server.broker import steps
from sio_server.broker.inbox import Action, Answer, Counts, InboxItem, InboxPage, Marked, Status
from sio_server.broker.log import View
from sio_server.broker.sqlite.groups import names_of
from sio_server.broker.sqlite.rows import last_seq, stored_entries
from sio_server.broker.sqlite.views import (
    IN_VIEW,
    NOT_EXCEPTED,
    NOT_EXPIRED,
    Overlaps,
    bounds_of,
    count,
    walk,
    with_view,
)
from sio_server.broker.sqlite.writer import Step
from sio_server.broker.states import Placed, State, Watermarks, changes, moments
from sio_server.broker.wanted import CHUNK, MAX_LOOKED_AT, TOP

# The fewest that are looked at together: fewer would make a query each.
FEW: Final = 32

# What a change of all does to the rows. The watermarks cannot say it for rows, which are there since they differ.
_ROWS: Final[dict[Action, str]] = {
    "seen": "UPDATE inbox_state SET seen = 1 WHERE user = ? AND seq <= ? AND seen = 0",
    "read": "UPDATE inbox_state SET seen = 1, read = 1 WHERE user = ? AND seq <= ? AND read = 0",
    "archive": "UPDATE inbox_state SET seen = 1, read = 1, archived = 1 WHERE user = ? AND seq <= ? AND archived = 0",
    "unread": "UPDATE inbox_state SET read = 0 WHERE user = ? AND seq <= ? AND read = 1 AND archived = 0",
    "unarchive": "UPDATE inbox_state SET archived = 0 WHERE user = ? AND seq <= ? AND archived = 1",
}


def watermarks_of(connection: sqlite3.Connection, user: str) -> Watermarks:
    """The watermarks of a user."""
    row = connection.execute("SELECT seen_to, read_to, archived_to FROM inbox WHERE user = ?", (user,)).fetchone()
    return Watermarks() if row is None else Watermarks(*row)


def _note(connection: sqlite3.Connection, user: str, marks: Watermarks, when: bytes, reached: int) -> None:
    """Write the watermarks of a user, with when what was marked, up to which position."""
    row = connection.execute("SELECT steps, noted_to FROM inbox WHERE user = ?", (user,)).fetchone() or (b"", 0)
    connection.execute(
        "INSERT OR REPLACE INTO inbox (user, seen_to, read_to, archived_to, steps, noted_to) VALUES (?, ?, ?, ?, ?, ?)",
        (user, marks.seen_to, marks.read_to, marks.archived_to, steps.joined(row[0], when), max(row[1], reached)),
    )


# -- counters ---------------------------------------------------------------------------------------------------------


def counts_at_head(connection: sqlite3.Connection, view: View, overlaps: Overlaps, *, now: int) -> Counts:
    """See `Inbox.counts`. For a snapshot of what is committed."""
    return _counts(connection, view, overlaps, at_seq=last_seq(connection), now=now, keep=True)


def counts_within(step: Step, view: View, overlaps: Overlaps) -> Counts:
    """The counters of a transaction that is under way."""
    return _counts(step.connection, view, overlaps, at_seq=step.last_seq, now=step.now)


def _counts(
    connection: sqlite3.Connection, view: View, overlaps: Overlaps, *, at_seq: int, now: int, keep: bool = False
) -> Counts:
    marks = watermarks_of(connection, view.user)
    unread = count(connection, view, marks.read_to, now, overlaps, keep=keep)
    unseen = unread
    if marks.seen_to != marks.read_to:
        unseen = count(connection, view, marks.seen_to, now, overlaps, keep=keep)
    more_unread, more_unseen = _differing(connection, view, marks, now)
    return Counts(unread + more_unread, unseen + more_unseen, at_seq)


def _differing(connection: sqlite3.Connection, view: View, marks: Watermarks, now: int) -> tuple[int, int]:
    """How many more rows are unread, and unseen, than the watermarks say."""
    prefix, parameters = with_view(bounds_of(view))
    query = (
        f"{prefix} SELECT coalesce(sum((s.read = 0) - (s.seq > ?)), 0), coalesce(sum((s.seen = 0) - (s.seq > ?)), 0) "  # noqa: S608
        "FROM inbox_state AS s CROSS JOIN notification AS n ON n.seq = s.seq "
        f"WHERE s.user = ? AND (s.read = (s.seq > ?) OR s.seen = (s.seq > ?)) AND {NOT_EXPIRED} AND {IN_VIEW}"
    )
    read_to, seen_to = marks.read_to, marks.seen_to
    values = (*parameters, read_to, seen_to, view.user, read_to, seen_to, now)
    unread, unseen = connection.execute(query, values).fetchone()
    return int(unread), int(unseen)


# -- pages ------------------------------------------------------------------------------------------------------------


def page(
    connection: sqlite3.Connection,
    epoch: str,
    view: View,
    *,
    status: Status,
    types: Sequence[str],
    group: str | None = None,
    limit: int,
    before: int | None,
    now: int,
    overlaps: Overlaps,
) -> InboxPage:
    """See `Inbox.page`. For a snapshot of what is committed."""
    marks = watermarks_of(connection, view.user)
    wanted: list[Placed] = []
    size = CHUNK if types or group is not None else max(limit + 1, FEW)
    looked_at = lowest = 0
    with closing(
        candidates(connection, view, status, marks, below=TOP if before is None else before, now=now, group=group)
    ) as seqs:
        while len(wanted) <= limit and (chunk := list(islice(seqs, size))):
            lowest = chunk[-1]
            entries = entries_of(connection, view, marks, chunk, now=now, types=types)
            if group is not None:
                names = names_of(connection, list(entries))
                entries = {seq: entry for seq, entry in entries.items() if names.get(seq) == group}
            wanted.extend(entries[seq] for seq in chunk if seq in entries and fits(entries[seq].state, status))
            looked_at += len(chunk)
            if looked_at >= MAX_LOOKED_AT:
                break
        else:
            lowest = 0
    if len(wanted) > limit:
        wanted = wanted[:limit]
        lowest = wanted[-1].seq
    items = tuple(items_at(connection, epoch, view.user, wanted))
    return InboxPage(items, lowest or None, counts_at_head(connection, view, overlaps, now=now))


def items_at(connection: sqlite3.Connection, epoch: str, user: str, entries: Sequence[Placed]) -> list[InboxItem]:
    """What stands at these places in a user's inbox, in order."""
    stored = stored_entries(connection, epoch, (entry.seq for entry in entries))
    answers = _answers(connection, user, stored)
    return [
        InboxItem(stored[entry.seq], entry.state.seen, entry.state.read, entry.state.archived, answers.get(entry.seq))
        for entry in entries
    ]


def _answers(connection: sqlite3.Connection, user: str, seqs: Iterable[int]) -> dict[int, Answer]:
    """What a user answered to these, by position."""
    rows = connection.execute(
        "SELECT answer.seq, action, at FROM json_each(?) AS wanted CROSS JOIN answer "
        "ON answer.seq = wanted.value AND answer.user = ?",
        (orjson.dumps(list(seqs)).decode(), user),
    )
    return {seq: Answer(action, at) for seq, action, at in rows}


def fits(state: State, status: Status) -> bool:
    """Whether what stands so is of a status."""
    return state.archived if status == "archived" else not state.archived and (status == "all" or not state.read)


def candidates(
    connection: sqlite3.Connection,
    view: View,
    status: Status,
    marks: Watermarks,
    *,
    below: int,
    now: int,
    group: str | None = None,
) -> Generator[int, None, None]:
    """Where items of this status can be, of one group if it is named, newest first.

    On one side of the status's watermark that is everything the user sees, on the other what has a row, of any group.
    """
    mark = marks.read_to if status == "unread" else marks.archived_to
    if status == "archived":
        upper = _rows(connection, view.user, "archived = 1", mark, below)
        bounds, end = bounds_of(view), min(below, mark + 1)
        lower = walk(connection, bounds, below=end, newest_first=True, now=now, name=group)
    else:
        condition = "read = 0" if status == "unread" else "archived = 0"
        upper = walk(connection, bounds_of(view, mark), below=below, newest_first=True, now=now, name=group)
        lower = _rows(connection, view.user, condition, 0, min(below, mark + 1))
    for seqs in (upper, lower):
        with closing(seqs):
            yield from seqs


def _rows(
    connection: sqlite3.Connection, user: str, condition: str, low: int, below: int
) -> Generator[int, None, None]:
    query = (
        "SELECT seq FROM inbox_state WHERE user = ? AND seq > ? AND seq < ? "  # noqa: S608 - three constants of this module
        f"AND {condition} ORDER BY seq DESC"
    )
    with closing(connection.execute(query, (user, low, below))) as cursor:
        for (seq,) in cursor:
            yield seq


def entries_of(
    connection: sqlite3.Connection,
    view: View,
    marks: Watermarks,
    values: Sequence[int] | Sequence[str],
    *,
    now: int,
    column: str = "seq",
    types: Sequence[str] = (),
) -> dict[int, Placed]:
    """What of these positions or ids, and of these types if there are any, the user sees, by position."""
    prefix, parameters = with_view(bounds_of(view))
    query = (
        f"{prefix} SELECT n.seq, n.id, s.seen, s.read, s.archived "  # noqa: S608 - parts of these modules
        "FROM notification AS n LEFT JOIN inbox_state AS s ON s.user = ? AND s.seq = n.seq "
        f"WHERE n.{column} IN (SELECT value FROM json_each(?)) "
        f"AND (? = 0 OR n.type IN (SELECT value FROM json_each(?))) AND {NOT_EXCEPTED} AND {NOT_EXPIRED} AND {IN_VIEW}"
    )
    named, wanted = orjson.dumps(values).decode(), orjson.dumps(types).decode()
    return {
        seq: Placed(seq, identity, marks.state(seq) if seen is None else State(bool(seen), bool(read), bool(archived)))
        for seq, identity, seen, read, archived in connection.execute(
            query, (*parameters, view.user, named, len(types), wanted, view.user, now)
        )
    }


# -- changes ----------------------------------------------------------------------------------------------------------


def mark(step: Step, view: View, action: Action, ids: Sequence[str], overlaps: Overlaps, *, at: int) -> Marked:
    """See `Inbox.mark`, for ids; ``at`` is the time of day in milliseconds."""
    connection = step.connection
    marks = watermarks_of(connection, view.user)
    named = list(dict.fromkeys(ids))
    entries = {
        entry.id: entry for entry in entries_of(connection, view, marks, named, now=step.now, column="id").values()
    }
    found = [entries[identity] for identity in named if identity in entries]
    return Marked(
        action,
        change(step, view.user, action, marks, found, at=at),
        tuple(identity for identity in named if identity not in entries),
        None,
        counts_within(step, view, overlaps),
    )


def change(
    step: Step, user: str, action: Action, marks: Watermarks, entries: Iterable[Placed], *, at: int
) -> tuple[str, ...]:
    """Change the state of what stands at these places; returns the ids of those that were not so yet."""
    connection = step.connection
    changed = changes(entries, action)
    plain = [(user, entry.seq) for entry, state in changed if state == marks.state(entry.seq)]
    connection.executemany("DELETE FROM inbox_state WHERE user = ? AND seq = ?", plain)
    connection.executemany(
        "INSERT OR REPLACE INTO inbox_state (user, seq, seen, read, archived) VALUES (?, ?, ?, ?, ?)",
        [
            (user, entry.seq, state.seen, state.read, state.archived)
            for entry, state in changed
            if state != marks.state(entry.seq)
        ],
    )
    if changed:
        reached = max(entry.seq for entry, _ in changed)
        _note(connection, user, marks, moments((entry for entry, _ in changed), action, at), reached)
    return tuple(entry.id for entry, _ in changed)


def mark_all(step: Step, view: View, action: Action, up_to: int | None, overlaps: Overlaps, *, at: int) -> Marked:
    """See `Inbox.mark`, for all; ``at`` is the time of day in milliseconds."""
    connection = step.connection
    reached = step.last_seq
    if up_to is not None and action not in ("unread", "unarchive"):
        reached = max(0, min(up_to, reached))
    old = watermarks_of(connection, view.user)
    new = old.raised(action, reached)
    rows = connection.execute(_ROWS[action], (view.user, reached)).rowcount
    if new != old or rows:
        low = 0 if rows or action in ("unread", "unarchive") else old.of(action)
        _note(connection, view.user, new, steps.Step(low, reached, at, word=action).pack(), reached)
    connection.execute(
        "DELETE FROM inbox_state WHERE user = ? AND seen = (seq <= ?) AND read = (seq <= ?) AND archived = (seq <= ?)",
        (view.user, new.seen_to, new.read_to, new.archived_to),
    )
    return Marked(action, (), (), reached, counts_within(step, view, overlaps))
