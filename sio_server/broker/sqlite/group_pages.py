"""Pages of an inbox by groups, and marks of one. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import closing
from itertools import islice
from typing import Final, NamedTuple

from sio_server.broker.groups import MARKED_AT_ONCE, Group, GroupsPage
from sio_server.broker.inbox import Action, Counts, Status
from sio_server.broker.log import View
from sio_server.broker.sqlite.groups import Tally, names_of
from sio_server.broker.sqlite.inbox import (
    candidates,
    change,
    counts_at_head,
    counts_within,
    entries_of,
    fits,
    items_at,
    watermarks_of,
)
from sio_server.broker.sqlite.views import Overlaps, bounds_of, walk
from sio_server.broker.sqlite.writer import Step
from sio_server.broker.states import Placed, State, Watermarks
from sio_server.broker.wanted import CHUNK, MAX_LOOKED_AT, TOP

# Entries that one step of a mark looks at: publishers wait meanwhile, for some ten milliseconds.
MAX_LOOKS: Final = 2_000


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
    marks = watermarks_of(connection, view.user)
    tally = Tally(connection, view, marks, now)
    found: list[tuple[Placed, str | None]] = []
    met: set[str] = set()
    looked_at = lowest = 0
    below = TOP if before is None else before
    with closing(candidates(connection, view, status, marks, below=below, now=now)) as seqs:
        while len(found) <= limit and (chunk := list(islice(seqs, CHUNK))):
            entries = entries_of(connection, view, marks, chunk, now=now)
            names = names_of(connection, list(entries))
            for lowest in chunk:
                entry, name = entries.get(lowest), names.get(lowest)
                if entry is None or not fits(entry.state, status) or name in met:
                    continue
                if name is not None:
                    met.add(name)
                    if before is not None and tally.has_newer(name, status, before):
                        continue  # it was on a page before, by its newest
                found.append((entry, name))
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
    newest = items_at(connection, epoch, view.user, [entry for entry, _ in found])
    items = tuple(
        Group(None, 1, int(not item.read), item) if name is None else Group(name, *tally.of(name, status), item)
        for item, (_, name) in zip(newest, found, strict=True)
    )
    return GroupsPage(items, lowest or None, counts_at_head(connection, view, overlaps, now=now))


class Marking(NamedTuple):
    """What one step of a mark changed; the next one looks ``below``. The last has the counters in its place."""

    ids: tuple[str, ...]
    below: int | None
    counts: Counts | None


# Of which status those are that an action changes; the others may change anything.
_CHANGES: Final[dict[Action, Status]] = {"read": "unread", "archive": "all", "unarchive": "archived"}


def mark_some(
    step: Step, view: View, action: Action, group: str, overlaps: Overlaps, *, below: int | None, at: int
) -> Marking:
    """Mark some of a group, the newest `MARKED_AT_ONCE` below a position; ``at`` is the time of day in milliseconds."""
    connection = step.connection
    marks = watermarks_of(connection, view.user)
    found: list[Placed] = []
    looked_at, lowest = 0, None
    seqs = _members(connection, view, action, marks, group, below=TOP if below is None else below, now=step.now)
    with closing(seqs):
        while len(found) < MARKED_AT_ONCE:
            chunk = list(islice(seqs, min(CHUNK, MARKED_AT_ONCE - len(found)))) if looked_at < MAX_LOOKS else []
            if not chunk:
                lowest = lowest if looked_at >= MAX_LOOKS else None
                break
            looked_at, lowest = looked_at + len(chunk), chunk[-1]
            entries = entries_of(connection, view, marks, chunk, now=step.now)
            names = names_of(connection, list(entries))
            found += [
                entries[seq]
                for seq in chunk
                if seq in entries and names.get(seq) == group and _is_changed(entries[seq].state, action)
            ]
    ids = change(step, view.user, action, marks, found, at=at)
    return Marking(ids, lowest, counts_within(step, view, overlaps) if lowest is None else None)


def _members(
    connection: sqlite3.Connection,
    view: View,
    action: Action,
    marks: Watermarks,
    group: str,
    *,
    below: int,
    now: int,
) -> Generator[int, None, None]:
    """Where those of a group may be that an action changes, newest first."""
    if action in _CHANGES:
        return candidates(connection, view, _CHANGES[action], marks, below=below, now=now, group=group)
    return walk(connection, bounds_of(view), below=below, newest_first=True, now=now, name=group)


def _is_changed(state: State, action: Action) -> bool:
    """Whether an action changes this; ``unread`` leaves the archive alone, as it does of all."""
    return state.after(action) != state and not (action == "unread" and state.archived)
