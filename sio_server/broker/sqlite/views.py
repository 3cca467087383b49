"""What a user may see of the log: the entries of some rooms, merged, and how many they are.

A view goes into a query as rows of ``view (room, low)``, ordered as given; everything above ``low`` is seen.
"""

from __future__ import annotations

import heapq
import sqlite3
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from sio_server.audience import ROOM_ALL, user_room
from sio_server.broker.log import View
from sio_server.broker.sqlite.rows import floor, last_seq, stored_entries
from sio_server.notification import Entry

# Above every position.
TOP: Final = 2**62

# Rooms that SQLite merges in one query; its limit for the parts of one is 500. More rooms are merged here.
MERGED_ROOMS: Final = 64

# Entries that are looked at together.
CHUNK: Final = 512

# Views whose overlaps are kept, and from which number on; 8 bytes an entry. They are of people with two large roles.
MAX_OVERLAPS: Final = 200
KEPT_FROM: Final = 100

Bounds = Sequence[tuple[str, int]]

# What of the view is left for its user. `n` is a notification; parameters: user, now.
NOT_EXCEPTED: Final = "NOT EXISTS (SELECT 1 FROM notification_except AS x WHERE x.user = ? AND x.seq = n.seq)"
NOT_EXPIRED: Final = "(n.expires_at IS NULL OR n.expires_at > ?)"


def bounds_of(view: View, above: int = 0) -> list[tuple[str, int]]:
    """The rooms of a view with their lowest positions (exclusive), nothing up to ``above``."""
    return [(room, max(since, above)) for room, since in view.seen_from.items()]


def is_empty(connection: sqlite3.Connection, view: View, head: int) -> bool:
    """Whether a view holds nothing up to the last position, for sure; False where that takes more than one look-up."""
    personal = user_room(view.user)
    return all(since >= head for room, since in view.seen_from.items() if room != personal) and not any(
        connection.execute("SELECT 1 FROM notification_room WHERE room = ? LIMIT 1", (personal,))
    )


# -- in order ---------------------------------------------------------------------------------------------------------


def walk(
    connection: sqlite3.Connection,
    bounds: Bounds,
    *,
    below: int = TOP,
    newest_first: bool,
    now: int | None = None,
) -> Generator[int, None, None]:
    """The positions in some rooms below ``below``, each once, in order; read only as far as they are asked for.

    With ``now`` what expired is left out. Close it (`contextlib.closing`) when it is left early.
    """
    with ExitStack() as stack:
        streams: list[Iterator[tuple[int]]] = []
        for start in range(0, len(bounds), MERGED_ROOMS):
            part = bounds[start : start + MERGED_ROOMS]
            moment = () if now is None else (now,)
            parameters = [value for room, low in part for value in (room, low, below, *moment)]
            query = _merge(len(part), newest_first, now is not None)
            streams.append(stack.enter_context(closing(connection.execute(query, parameters))))
        last = None
        for (seq,) in streams[0] if len(streams) == 1 else heapq.merge(*streams, reverse=newest_first):
            if seq != last:
                last = seq
                yield seq


@lru_cache(maxsize=4 * MERGED_ROOMS)
def _merge(rooms: int, newest_first: bool, alive: bool) -> str:  # noqa: FBT001 - the cache takes no keywords cheaply
    part = "SELECT seq FROM notification_room WHERE room = ? AND seq > ? AND seq < ?"
    if alive:
        part += " AND (expires_at IS NULL OR expires_at > ?)"
    return " UNION ".join([part] * rooms) + (" ORDER BY seq DESC" if newest_first else " ORDER BY seq")


def replay(connection: sqlite3.Connection, epoch: str, view: View, *, after: int, limit: int, now: int) -> list[Entry]:
    """The items of `Log.stretch`."""
    found: list[Entry] = []
    with closing(walk(connection, bounds_of(view, after), newest_first=False, now=now)) as seqs:
        while len(found) < limit and (chunk := list(islice(seqs, min(CHUNK, limit - len(found))))):
            excepted = {
                seq
                for (seq,) in connection.execute(
                    "SELECT seq FROM notification_except WHERE user = ? AND seq BETWEEN ? AND ?",
                    (view.user, chunk[0], chunk[-1]),
                )
            }
            stored = stored_entries(connection, epoch, (seq for seq in chunk if seq not in excepted))
            found.extend(entry for _, entry in sorted(stored.items()))
    return found


# -- in number --------------------------------------------------------------------------------------------------------


def with_view(bounds: Bounds) -> tuple[str, list[Any]]:
    """The beginning of a query that speaks of ``view``, and its parameters."""
    return _with(len(bounds)), [value for bound in bounds for value in bound]


@lru_cache(maxsize=64)
def _with(rooms: int) -> str:
    return f"WITH view (room, low) AS MATERIALIZED (VALUES {', '.join(['(?, ?)'] * rooms)}) "


# Whether the view holds a notification `n`.
IN_VIEW: Final = (
    "EXISTS (SELECT 1 FROM view CROSS JOIN notification_room AS r "
    "WHERE r.room = view.room AND r.seq = n.seq AND r.seq > view.low)"
)

# How many entries above ``low`` each room has that are not expired: of each lane the number of the last, less that of
# the last at or below ``low`` or of the last expired, whichever is greater. Where nothing is at or below ``low``,
# retention has taken it: then less the number before the first that is left. Parameters: now, now.
_ENTRIES: Final = """
SELECT view.room, view.low, coalesce(sum(CASE lane.lane
    WHEN 0 THEN
        (SELECT count(*) FROM notification_room AS r INDEXED BY notification_room_lane
            WHERE r.room = view.room AND r.lane = 0 AND r.seq > view.low
            AND (r.expires_at IS NULL OR r.expires_at > ?))
    ELSE
        lane.ordinal - max(
            coalesce(
                (SELECT ordinal FROM notification_room AS r INDEXED BY notification_room_lane
                    WHERE r.room = view.room AND r.lane = lane.lane AND r.seq <= view.low ORDER BY r.seq DESC LIMIT 1),
                (SELECT ordinal - 1 FROM notification_room AS r INDEXED BY notification_room_lane
                    WHERE r.room = view.room AND r.lane = lane.lane ORDER BY r.seq LIMIT 1),
                lane.ordinal),
            coalesce(
                (SELECT ordinal FROM notification_room AS r INDEXED BY notification_room_expiry
                    WHERE r.room = view.room AND r.lane = lane.lane AND r.expires_at <= ?
                    ORDER BY r.expires_at DESC, r.seq DESC LIMIT 1),
                0))
    END), 0)
FROM view CROSS JOIN room_lane AS lane ON lane.room = view.room
GROUP BY view.room
"""

# When those entries of one room expire that greater rooms of the view hold, too. Parameters: room, low.
_COUNTED_TWICE: Final = f"""
SELECT coalesce(n.expires_at, {TOP}) FROM notification_room AS n
WHERE n.room = ? AND n.seq > ? AND n.shared = 1 AND {IN_VIEW}
"""  # noqa: S608 - constants

# What the user is excepted from. Parameters: user, the lowest position, now.
_EXCEPTED: Final = f"""
SELECT count(*) FROM notification_except AS x CROSS JOIN notification AS n ON n.seq = x.seq
WHERE x.user = ? AND x.seq > ? AND {NOT_EXPIRED} AND {IN_VIEW}
"""  # noqa: S608 - constants


class Overlaps:
    """When the entries expire that are in several rooms of a view at once, kept for those who asked last.

    Once such an entry is in the log it stays as it is, so that only what is new is looked at; after retention was at
    work, all is.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[tuple[str, int], ...], tuple[int, int, array[int]]] = OrderedDict()

    def count(self, connection: sqlite3.Connection, rooms: list[tuple[str, int]], now: int, *, keep: bool) -> int:
        """How much the sum of these rooms' entries is too high now. The greatest room comes first.

        ``keep`` within a snapshot of what is committed; a transaction that is under way may still be undone.
        """
        if len(rooms) <= 1:
            return 0
        key, lowest = tuple(rooms), floor(connection)
        upto, floor_then, known = self._known.get(key, (0, lowest, array("q")))
        if floor_then != lowest:
            upto, known = 0, array("q")
        new = _counted_twice(connection, [(room, max(low, upto)) for room, low in rooms])
        expiries = array("q", sorted([*known, *new])) if new else known
        if keep and len(expiries) >= KEPT_FROM:
            self._known[key] = (last_seq(connection), lowest, expiries)
            self._known.move_to_end(key)
            if len(self._known) > MAX_OVERLAPS:
                self._known.popitem(last=False)
        return len(expiries) - bisect_right(expiries, now)


def _counted_twice(connection: sqlite3.Connection, rooms: list[tuple[str, int]]) -> list[int]:
    expiries: list[int] = []
    for index in range(1, len(rooms)):
        prefix, values = with_view(rooms[:index])
        expiries.extend(expiry for (expiry,) in connection.execute(prefix + _COUNTED_TWICE, (*values, *rooms[index])))
    return expiries


def count(
    connection: sqlite3.Connection, view: View, above: int, now: int, overlaps: Overlaps, *, keep: bool = False
) -> int:
    """How many notifications above a position this user sees now; ``keep`` as in `Overlaps.count`.

    Costs some look-ups for each lane of each room, and a step for each entry that is in no lane, that the user is
    excepted from, or that is in two of the user's rooms and was not looked at before.
    """
    bounds = bounds_of(view, above)
    if not bounds:
        return 0
    prefix, parameters = with_view(bounds)
    entries = connection.execute(prefix + _ENTRIES, (*parameters, now, now)).fetchall()
    total = sum(number for _, _, number in entries)
    # Of a room and a greater one, what is in both is looked for in the smaller. What is for all is in no other room.
    several = sorted((row for row in entries if row[2] > 0 and row[0] != ROOM_ALL), key=lambda row: (-row[2], row[0]))
    total -= overlaps.count(connection, [(room, low) for room, low, _ in several], now, keep=keep)
    lowest = min(low for _, low in bounds)
    total -= connection.execute(prefix + _EXCEPTED, (*parameters, view.user, lowest, now)).fetchone()[0]
    return int(total)
