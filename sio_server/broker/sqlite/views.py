"""What a user may see of the log: the entries of some rooms, merged, and how many they are.

A view goes into a query as rows of ``view (room, low)``, ordered as given; everything above ``low`` is seen.
"""

from __future__ import annotations

import heapq
import sqlite3
from array import array
from bisect import bisect_left, bisect_right, insort
from collections import OrderedDict
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, closing
from functools import lru_cache
from itertools import islice
from typing import Any, Final

from sio_server.audience import ROOM_ALL, user_room
from sio_server.broker.log import View
from sio_server.broker.sqlite.cuts import NEVER, Cut, Cuts
from sio_server.broker.sqlite.cuts import last as last_cut
from sio_server.broker.sqlite.rows import AMENDMENTS, last_seq, stored_entries
from sio_server.broker.wanted import CHUNK, TOP
from sio_server.notification import Entry

# Rooms that SQLite merges in one query; its limit for the parts of one is 500. More rooms are merged here.
MERGED_ROOMS: Final = 64

# Views whose overlaps are kept, and from which number on; 8 bytes an entry. They are of people with two large roles.
MAX_OVERLAPS: Final = 200
KEPT_FROM: Final = 100

# New overlaps that are put into the known ones each by itself; more are sorted together.
FEW: Final = 100

Bounds = Sequence[tuple[str, int]]
Rooms = tuple[tuple[str, int], ...]

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
    table: str = "notification_room",
    name: str | None = None,
) -> Generator[int, None, None]:
    """The positions in some rooms below ``below``, each once, in order; read only as far as they are asked for.

    With ``now`` what expired is left out. ``table`` is where entries have a row for each room; with ``name`` it is
    ``grouped``, and they are those of one group. Close it (`contextlib.closing`) when it is left early.
    """
    with ExitStack() as stack:
        streams: list[Iterator[tuple[int]]] = []
        for start in range(0, len(bounds), MERGED_ROOMS):
            part = bounds[start : start + MERGED_ROOMS]
            more = [value for value in (now, name) if value is not None]
            parameters = [value for room, low in part for value in (room, low, below, *more)]
            query = _merge(len(part), newest_first, now is not None, table if name is None else None)
            streams.append(stack.enter_context(closing(connection.execute(query, parameters))))
        last = None
        for (seq,) in streams[0] if len(streams) == 1 else heapq.merge(*streams, reverse=newest_first):
            if seq != last:
                last = seq
                yield seq


@lru_cache(maxsize=4 * MERGED_ROOMS)
def _merge(rooms: int, newest_first: bool, alive: bool, table: str | None) -> str:  # noqa: FBT001 - the cache takes no keywords cheaply
    part = f"SELECT seq FROM {table or 'grouped'} WHERE room = ? AND seq > ? AND seq < ?"  # noqa: S608 - a constant
    if alive:
        part += " AND (expires_at IS NULL OR expires_at > ?)"
    if table is None:
        part += " AND name = ?"
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
    amendments = _amendments(connection, epoch, view, after=after, limit=limit, now=now)
    return sorted((*found, *amendments), key=lambda entry: entry.seq)[:limit] if amendments else found


def _amendments(
    connection: sqlite3.Connection, epoch: str, view: View, *, after: int, limit: int, now: int
) -> list[Entry]:
    """Word of changes that is above a position, in order."""
    if connection.execute("SELECT 1 FROM amendment WHERE seq > ? LIMIT 1", (after,)).fetchone() is None:
        return []
    bounds = bounds_of(view, after)
    with closing(walk(connection, bounds, newest_first=False, now=now, table="amendment_room")) as seqs:
        found = stored_entries(connection, epoch, islice(seqs, limit), AMENDMENTS)
    personal = user_room(view.user)
    return [entry for _, entry in sorted(found.items()) if personal not in entry.skip_rooms]


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

# The number in a lane up to which a view sees nothing: that of the last entry at or below ``low``, or of the last that
# is expired, whichever is greater. Where nothing is at or below ``low``, retention has taken it: then the number before
# the first that is left. Parameter: now.
_UPTO: Final = """max(
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
        0))"""

# How many entries above ``low`` each room has that are not expired: of each lane the number of its last entry, less the
# one up to which nothing is seen, less the holes between the two (see `removal`). An example, at noon: role:admin has
# entries at seq 10 and 14 that never expire, and at 12 one that expires at one, another at 15 that expired at eleven.
#
#   seq  lane  number  expires           lane  last number  up to, for low = 11       left
#   10   1     1       never             1     2            1 (seq 10 is below low)   1
#   12   2     1       at one            2     1            0                         1
#   14   1     2       never             3     1            1 (it is expired)         0
#   15   3     1       at eleven         the room has 2
#
# Had 14 been taken out again, lane 1 would have a hole at 2, and 0 left. Parameters: now, now, now.
_ENTRIES: Final = f"""
SELECT view.room, view.low, coalesce(sum(CASE lane.lane
    WHEN 0 THEN
        (SELECT count(*) FROM notification_room AS r INDEXED BY notification_room_lane
            WHERE r.room = view.room AND r.lane = 0 AND r.seq > view.low
            AND (r.expires_at IS NULL OR r.expires_at > ?))
    ELSE
        lane.ordinal - {_UPTO} - CASE lane.holes WHEN 0 THEN 0 ELSE
            (SELECT count(*) FROM gone WHERE gone.room = view.room AND gone.lane = lane.lane
                AND gone.ordinal > {_UPTO}) END
    END), 0)
FROM view CROSS JOIN room_lane AS lane ON lane.room = view.room
GROUP BY view.room
"""  # noqa: S608 - constants

# When those entries of one room expire that greater rooms of the view hold, too. Parameters: room, low.
_COUNTED_TWICE: Final = f"""
SELECT coalesce(n.expires_at, {NEVER}) FROM notification_room AS n
WHERE n.room = ? AND n.seq > ? AND n.shared = 1 AND {IN_VIEW}
"""  # noqa: S608 - constants

# What the user is excepted from. Parameters: user, the lowest position, now.
_EXCEPTED: Final = f"""
SELECT count(*) FROM notification_except AS x CROSS JOIN notification AS n ON n.seq = x.seq
WHERE x.user = ? AND x.seq > ? AND {NOT_EXPIRED} AND {IN_VIEW}
"""  # noqa: S608 - constants


class Overlaps:
    """When the entries expire that are in several rooms of a view at once, kept for those who asked last.

    The sum of what two rooms hold counts what is in both twice. Ana sees role:admin from 0 and role:guia from 0; of
    four entries the first and the last are for both roles, the last expires at one:

    | seq | rooms | expires |
    |---|---|---|
    | 1 | role:admin, role:guia | never |
    | 2 | role:admin | never |
    | 3 | role:guia | never |
    | 4 | role:admin, role:guia | at one |

    Each of the rooms holds 3, and what is kept is ``[at one, never]``: at noon the sum is 2 too high, and at two it is
    1, for then 4 is in neither room. When 5 comes, it alone is looked at. When 1 is taken out, ``never`` is taken off
    once; that of 2, which is in one of the rooms, changes nothing (see `cuts`).
    """

    def __init__(self, cuts: Cuts) -> None:
        self._cuts = cuts
        #: by rooms and where they begin: up to which seq that is, the number of the last cut, when each expires
        self._known: OrderedDict[Rooms, tuple[int, int, array[int]]] = OrderedDict()

    def count(self, connection: sqlite3.Connection, rooms: list[tuple[str, int]], now: int, *, keep: bool) -> int:
        """How much the sum of these rooms' entries is too high now. The greatest room comes first.

        ``keep`` what was found, for the next time: within a snapshot of what is committed. What a transaction finds
        that is under way must not be kept: should it be undone, entries would be counted that there are none of.
        """
        if len(rooms) <= 1:
            return 0
        key, cut = tuple(rooms), last_cut(connection)
        upto, cut_then, known = self._known.get(key, (0, cut, array("q")))
        if cut_then != cut:
            mended = self._mended(key, upto, known, self._cuts.since(cut_then, cut))
            upto, known = (0, array("q")) if mended is None else (upto, mended)
        new = _counted_twice(connection, [(room, max(low, upto)) for room, low in rooms])
        expiries = _with_new(known, new) if new else known
        if keep and len(expiries) >= KEPT_FROM:
            self._known[key] = (last_seq(connection), cut, expiries)
            self._known.move_to_end(key)
            if len(self._known) > MAX_OVERLAPS:
                self._known.popitem(last=False)
        return len(expiries) - bisect_right(expiries, now)

    @staticmethod
    def _mended(key: Rooms, upto: int, known: array[int], cuts: Sequence[Cut] | None) -> array[int] | None:
        """What was known, less what was cut since; None where that cannot be said."""
        if cuts is None:
            return None
        mended = known
        for cut in cuts:
            several = sum(room in cut.rooms and cut.seq > low for room, low in key) - 1
            if cut.seq > upto or several <= 0:
                continue
            if mended is known:
                mended = known[:]  # others may be reading it
            at = bisect_left(mended, cut.expiry)
            if mended[at : at + several] != array("q", [cut.expiry]) * several:
                return None
            del mended[at : at + several]
            if cut.becomes is not None:
                at = bisect_left(mended, cut.becomes)
                mended[at:at] = array("q", [cut.becomes]) * several
        return mended


def _with_new(known: array[int], new: list[int]) -> array[int]:
    """All of them in order, in an array of their own: others may be reading the one that is known."""
    if len(new) > FEW:
        return array("q", sorted([*known, *new]))
    expiries = known[:]
    for expiry in new:
        insort(expiries, expiry)
    return expiries


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
    entries = connection.execute(prefix + _ENTRIES, (*parameters, now, now, now)).fetchall()
    total = sum(number for _, _, number in entries)
    # Of a room and a greater one, what is in both is looked for in the smaller. What is for all is in no other room
    # of the user's.
    several = sorted((row for row in entries if row[2] > 0 and row[0] != ROOM_ALL), key=lambda row: (-row[2], row[0]))
    total -= overlaps.count(connection, [(room, low) for room, low, _ in several], now, keep=keep)
    lowest = min(low for _, low in bounds)
    total -= connection.execute(prefix + _EXCEPTED, (*parameters, view.user, lowest, now)).fetchone()[0]
    return int(total)
