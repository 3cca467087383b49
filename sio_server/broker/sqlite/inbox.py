"""Inboxes: for each user three watermarks, and a row where a notification stands otherwise than they say.

A notification's state is its row, or without one ``(seq <= seen_to, seq <= read_to, seq <= archived_to)``. Archived
implies read and read implies seen, in rows and in watermarks. Runs in the threads of `store`.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Final

import orjson

from sio_server.broker import steps
from sio_server.broker.groups import Group, GroupsPage
from sio_server.broker.inbox import Action, Answer, Counts, InboxItem, InboxPage, Marked, Status
from sio_server.broker.log import View
from sio_server.broker.sqlite.groups import names_of, summed_up
from sio_server.broker.sqlite.rows import last_seq, stored_entries
from sio_server.broker.sqlite.views import (
    CHUNK,
    IN_VIEW,
    NOT_EXCEPTED,
    NOT_EXPIRED,
    TOP,
    Overlaps,
    bounds_of,
    count,
    walk,
    with_view,
)
from sio_server.broker.sqlite.writer import Step

# Entries looked at for one page. A search for a type that is rare among a million must not keep others waiting: it
# goes on with the next page.
MAX_LOOKED_AT: Final = 10_000

# The fewest that are looked at together: fewer would make a query each.
FEW: Final = 32


@dataclass(frozen=True, slots=True)
class _State:
    seen: bool
    read: bool
    archived: bool

    def after(self, action: Action) -> _State:
        """The state that an action leads to from here."""
        match action:
            case "seen":
                return _State(True, self.read, self.archived)  # noqa: FBT003 - three flags, named just above
            case "read":
                return _State(True, True, self.archived)  # noqa: FBT003
            case "unread":
                return _State(self.seen, False, False)  # noqa: FBT003
            case "archive":
                return _State(True, True, True)  # noqa: FBT003
            case "unarchive":
                return _State(self.seen, self.read, False)  # noqa: FBT003


@dataclass(frozen=True, slots=True)
class _Watermarks:
    seen_to: int = 0
    read_to: int = 0
    archived_to: int = 0

    def state(self, seq: int) -> _State:
        return _State(seq <= self.seen_to, seq <= self.read_to, seq <= self.archived_to)

    def of(self, action: Action) -> int:
        """The watermark that an action raises."""
        return {"seen": self.seen_to, "read": self.read_to, "archive": self.archived_to}.get(action, 0)

    def raised(self, action: Action, up_to: int) -> _Watermarks:
        """The watermarks once all up to a position is as the action wants it."""
        seen, read, archived = self.seen_to, self.read_to, self.archived_to
        match action:
            case "seen":
                return _Watermarks(max(seen, up_to), read, archived)
            case "read":
                return _Watermarks(max(seen, up_to), max(read, up_to), archived)
            case "archive":
                return _Watermarks(max(seen, up_to), max(read, up_to), max(archived, up_to))
            case "unread":
                return _Watermarks(seen, archived, archived)
            case "unarchive":
                return _Watermarks(seen, read, 0)


# What a change of all does to the rows. The watermarks cannot say it for rows, which are there since they differ.
_ROWS: Final[dict[Action, str]] = {
    "seen": "UPDATE inbox_state SET seen = 1 WHERE user = ? AND seq <= ? AND seen = 0",
    "read": "UPDATE inbox_state SET seen = 1, read = 1 WHERE user = ? AND seq <= ? AND read = 0",
    "archive": "UPDATE inbox_state SET seen = 1, read = 1, archived = 1 WHERE user = ? AND seq <= ? AND archived = 0",
    "unread": "UPDATE inbox_state SET read = 0 WHERE user = ? AND seq <= ? AND read = 1 AND archived = 0",
    "unarchive": "UPDATE inbox_state SET archived = 0 WHERE user = ? AND seq <= ? AND archived = 1",
}


def _watermarks(connection: sqlite3.Connection, user: str) -> _Watermarks:
    row = connection.execute("SELECT seen_to, read_to, archived_to FROM inbox WHERE user = ?", (user,)).fetchone()
    return _Watermarks() if row is None else _Watermarks(*row)


def _note(connection: sqlite3.Connection, user: str, marks: _Watermarks, moments: Sequence[steps.Step]) -> None:
    """Write the watermarks of a user, with when what was marked."""
    row = connection.execute("SELECT steps, noted_to FROM inbox WHERE user = ?", (user,)).fetchone() or (b"", 0)
    known = steps.joined(row[0], b"".join(step.pack() for step in moments[-steps.MAX_STEPS :]))
    noted_to = max(row[1], *(step.high for step in moments))
    connection.execute(
        "INSERT OR REPLACE INTO inbox (user, seen_to, read_to, archived_to, steps, noted_to) VALUES (?, ?, ?, ?, ?, ?)",
        (user, marks.seen_to, marks.read_to, marks.archived_to, known, noted_to),
    )


# -- counters ---------------------------------------------------------------------------------------------------------


def counts_at_head(connection: sqlite3.Connection, view: View, overlaps: Overlaps, *, now: int) -> Counts:
    """See `Inbox.counts`. For a snapshot of what is committed."""
    return _counts(connection, view, overlaps, at_seq=last_seq(connection), now=now, keep=True)


def _counts(
    connection: sqlite3.Connection, view: View, overlaps: Overlaps, *, at_seq: int, now: int, keep: bool = False
) -> Counts:
    marks = _watermarks(connection, view.user)
    unread = count(connection, view, marks.read_to, now, overlaps, keep=keep)
    unseen = unread
    if marks.seen_to != marks.read_to:
        unseen = count(connection, view, marks.seen_to, now, overlaps, keep=keep)
    more_unread, more_unseen = _differing(connection, view, marks, now)
    return Counts(unread + more_unread, unseen + more_unseen, at_seq)


def _differing(connection: sqlite3.Connection, view: View, marks: _Watermarks, now: int) -> tuple[int, int]:
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


@dataclass(frozen=True, slots=True)
class _Entry:
    seq: int
    id: str
    state: _State


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
    marks = _watermarks(connection, view.user)
    wanted: list[_Entry] = []
    size = CHUNK if types or group is not None else max(limit + 1, FEW)
    looked_at = lowest = 0
    with closing(
        _candidates(connection, view, status, marks, below=TOP if before is None else before, now=now)
    ) as seqs:
        while len(wanted) <= limit and (chunk := list(islice(seqs, size))):
            lowest = chunk[-1]
            entries = _entries(connection, view, marks, chunk, now=now, types=types)
            if group is not None:
                names = names_of(connection, list(entries))
                entries = {seq: entry for seq, entry in entries.items() if names.get(seq) == group}
            wanted.extend(entries[seq] for seq in chunk if seq in entries and _fits(entries[seq].state, status))
            looked_at += len(chunk)
            if looked_at >= MAX_LOOKED_AT:
                break
        else:
            lowest = 0
    if len(wanted) > limit:
        wanted = wanted[:limit]
        lowest = wanted[-1].seq
    items = tuple(_items(connection, epoch, view.user, wanted))
    return InboxPage(items, lowest or None, counts_at_head(connection, view, overlaps, now=now))


def groups_page(
    connection: sqlite3.Connection,
    epoch: str,
    view: View,
    *,
    status: Status,
    limit: int,
    before: int | None,
    now: int,
    overlaps: Overlaps,
) -> GroupsPage:
    """See `Groups.groups`. For a snapshot of what is committed."""
    marks = _watermarks(connection, view.user)
    found: list[tuple[_Entry, str | None, int, int]] = []
    met: set[str] = set()
    looked_at = lowest = 0
    below = TOP if before is None else before
    with closing(_candidates(connection, view, status, marks, below=below, now=now)) as seqs:
        while len(found) <= limit and (chunk := list(islice(seqs, CHUNK))):
            entries = _entries(connection, view, marks, chunk, now=now)
            names = names_of(connection, list(entries))
            for lowest in chunk:
                entry, name = entries.get(lowest), names.get(lowest)
                if entry is None or not _fits(entry.state, status) or name in met:
                    continue
                count, unread = 1, int(not entry.state.read)
                newest: int | None = lowest
                if name is not None:
                    met.add(name)
                    count, unread, newest = summed_up(connection, view, name, status, now)
                if newest == lowest:  # one whose newest is above was on a page before
                    found.append((entry, name, count, unread))
                    if len(found) > limit:
                        break
            looked_at += len(chunk)
            if looked_at >= MAX_LOOKED_AT:
                break
        else:
            lowest = lowest if len(found) > limit else 0
    if len(found) > limit:
        found = found[:limit]
        lowest = found[-1][0].seq
    newest_of = _items(connection, epoch, view.user, [entry for entry, *_ in found])
    items = tuple(
        Group(name, count, unread, item) for item, (_, name, count, unread) in zip(newest_of, found, strict=True)
    )
    return GroupsPage(items, lowest or None, counts_at_head(connection, view, overlaps, now=now))


def _items(connection: sqlite3.Connection, epoch: str, user: str, entries: Sequence[_Entry]) -> list[InboxItem]:
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


def _fits(state: _State, status: Status) -> bool:
    return state.archived if status == "archived" else not state.archived and (status == "all" or not state.read)


def _candidates(
    connection: sqlite3.Connection, view: View, status: Status, marks: _Watermarks, *, below: int, now: int
) -> Generator[int, None, None]:
    """Where items of this status can be, newest first.

    On one side of the status's watermark that is everything the user sees, on the other only what has a row.
    """
    mark = marks.read_to if status == "unread" else marks.archived_to
    if status == "archived":
        upper = _rows(connection, view.user, "archived = 1", mark, below)
        lower = walk(connection, bounds_of(view), below=min(below, mark + 1), newest_first=True, now=now)
    else:
        condition = "read = 0" if status == "unread" else "archived = 0"
        upper = walk(connection, bounds_of(view, mark), below=below, newest_first=True, now=now)
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


def _entries(
    connection: sqlite3.Connection,
    view: View,
    marks: _Watermarks,
    values: Sequence[int] | Sequence[str],
    *,
    now: int,
    column: str = "seq",
    types: Sequence[str] = (),
) -> dict[int, _Entry]:
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
        seq: _Entry(seq, identity, marks.state(seq) if seen is None else _State(bool(seen), bool(read), bool(archived)))
        for seq, identity, seen, read, archived in connection.execute(
            query, (*parameters, view.user, named, len(types), wanted, view.user, now)
        )
    }


# -- changes ----------------------------------------------------------------------------------------------------------


def mark(step: Step, view: View, action: Action, ids: Sequence[str], overlaps: Overlaps, *, at: int) -> Marked:
    """See `Inbox.mark`, for ids; ``at`` is the time of day in milliseconds."""
    connection = step.connection
    marks = _watermarks(connection, view.user)
    named = list(dict.fromkeys(ids))
    entries = {
        entry.id: entry for entry in _entries(connection, view, marks, named, now=step.now, column="id").values()
    }
    changed = [
        (entry, state)
        for identity in named
        if (entry := entries.get(identity)) is not None and (state := entry.state.after(action)) != entry.state
    ]
    plain = [(view.user, entry.seq) for entry, state in changed if state == marks.state(entry.seq)]
    connection.executemany("DELETE FROM inbox_state WHERE user = ? AND seq = ?", plain)
    connection.executemany(
        "INSERT OR REPLACE INTO inbox_state (user, seq, seen, read, archived) VALUES (?, ?, ?, ?, ?)",
        [
            (view.user, entry.seq, state.seen, state.read, state.archived)
            for entry, state in changed
            if state != marks.state(entry.seq)
        ],
    )
    if changed:
        moments = [steps.Step(entry.seq - 1, entry.seq, at, word=action) for entry, _ in changed]
        _note(connection, view.user, marks, moments)
    return Marked(
        action,
        tuple(entry.id for entry, _ in changed),
        tuple(identity for identity in named if identity not in entries),
        None,
        _counts(connection, view, overlaps, at_seq=step.last_seq, now=step.now),
    )


def mark_all(step: Step, view: View, action: Action, up_to: int | None, overlaps: Overlaps, *, at: int) -> Marked:
    """See `Inbox.mark`, for all; ``at`` is the time of day in milliseconds."""
    connection = step.connection
    reached = step.last_seq
    if up_to is not None and action not in ("unread", "unarchive"):
        reached = max(0, min(up_to, reached))
    old = _watermarks(connection, view.user)
    new = old.raised(action, reached)
    rows = connection.execute(_ROWS[action], (view.user, reached)).rowcount
    if new != old or rows:
        low = 0 if rows or action in ("unread", "unarchive") else old.of(action)
        _note(connection, view.user, new, [steps.Step(low, reached, at, word=action)])
    connection.execute(
        "DELETE FROM inbox_state WHERE user = ? AND seen = (seq <= ?) AND read = (seq <= ?) AND archived = (seq <= ?)",
        (view.user, new.seen_to, new.read_to, new.archived_to),
    )
    counts = _counts(connection, view, overlaps, at_seq=step.last_seq, now=step.now)
    return Marked(action, (), (), reached, counts)
