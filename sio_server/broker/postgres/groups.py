"""Groups of an inbox: what was published with the same name, put together, and marks of one.

An entry with a group has a row for each room that it is for, so that a user's own are found however many others have
the same name: a group of bookings is one for each guest. What has none costs nothing.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple, cast

from sio_server.broker.groups import MARKED_AT_ONCE, Group, Groups, GroupsPage
from sio_server.broker.inbox import MAX_PAGE, Action, Counts, Marked, Status
from sio_server.broker.log import View
from sio_server.broker.postgres.database import Step
from sio_server.broker.postgres.inbox import ITEM, ITEM_OF, KNOWN, Inboxes, Known, change
from sio_server.broker.postgres.standing import (
    ALIVE,
    BASE,
    CHANGED,
    COUNTED,
    FITS,
    STATE,
    asked,
    counts,
    found,
    not_excepted,
)
from sio_server.broker.signals import InboxChanged
from sio_server.broker.states import Placed, State
from sio_server.broker.wanted import CHUNK, MAX_LOOKED_AT, TOP

# Entries of a group that one transaction of a mark changes: a tenth of a second, in which others of the same user wait.
STEP: Final = 10_000


class Grouping(Inboxes):
    """`Groups` on PostgreSQL."""

    async def groups(
        self, view: View, *, status: Status = "all", limit: int = MAX_PAGE, before: int | None = None
    ) -> GroupsPage:
        """See `Groups.groups`."""
        limit, below = min(limit, MAX_PAGE), TOP if before is None else before
        query, first = _page(status), (*asked(view, self._milliseconds()), below)

        async def look(most: int) -> GroupsPage | None:
            """The page; None where it may not be whole, as too little was looked at."""
            rows = await self._look(lambda connection: connection.fetch(query, *first, most, None, (), limit + 1))
            looked_at, reached, *numbers = rows[0][:5]
            items = tuple(self._group_of(row) for row in rows if row[5] is not None)
            more = None if looked_at < most else reached
            if len(items) > limit:
                more = items[limit - 1].newest.entry.seq
            elif more is not None and most < MAX_LOOKED_AT:
                return None
            return GroupsPage(items[:limit], more, Counts(*map(int, numbers)))

        return cast("GroupsPage", await look(CHUNK) or await look(MAX_LOOKED_AT))  # the longer look gives one

    def _group_of(self, row: Any) -> Group:
        name, count, unread = row[5:8]
        newest = self.item_of(row[8:])
        return Group(None, 1, int(not newest.read), newest) if name == "" else Group(name, count, unread, newest)

    async def mark_group(self, view: View, action: Action, group: str) -> Marked:
        """See `Groups.mark_group`."""
        at = self._moment()
        ids: list[str] = []
        below: int | None = TOP
        counted: Counts | None = None

        def tell(done: _Marking) -> None:
            for first in range(0, len(done.ids), MARKED_AT_ONCE):
                self._signal(InboxChanged(view.user, action, done.ids[first : first + MARKED_AT_ONCE], None))

        while below is not None:
            done = await self._change(
                lambda step, below=below: _mark(step, view, action, group, below=below, at=at),  # type: ignore[misc]
                tell,
                user=view.user,
            )
            ids += done.ids
            below, counted = done.below, done.counts
        return Marked(action, tuple(ids), (), None, cast("Counts", counted))  # the last step gives them


class _Marking(NamedTuple):
    """What one step of a mark changed; the next one looks ``below``. The last has the counters in its place."""

    ids: tuple[str, ...]
    below: int | None
    counts: Counts | None


async def _mark(step: Step, view: View, action: Action, group: str, *, below: int, at: int) -> _Marking:
    connection = step.connection
    query = _MARKED.format(which=CHANGED[action])
    rows = await connection.fetch(query, *asked(view, step.now), group, below, STEP)
    placed = [Placed(row[5], row[6], State(*row[7:10])) for row in rows if row[5] is not None]
    ids = await change(connection, view.user, action, Known.of(rows[0]), placed, at=at)
    if len(placed) == STEP:
        return _Marking(ids, placed[-1].seq, None)
    return _Marking(ids, None, await counts(connection, view, now=step.now))


# -- queries ----------------------------------------------------------------------------------------------------------

# The members of a group that a user sees, and how they stand; ``name`` says of which group. Costs two steps of an index
# for each entry of the group, whatever its state.
_MEMBERS: Final = f"""
SELECT c.seq, {STATE} FROM me CROSS JOIN (
    SELECT DISTINCT one.seq FROM v CROSS JOIN LATERAL (
        SELECT g.seq FROM grouped AS g JOIN notification_room AS r ON r.room = g.room AND r.seq = g.seq
        WHERE g.room = v.room AND g.name = {{name}} AND g.seq > v.low AND {{where}} AND {ALIVE} OFFSET 0
    ) AS one
) AS c LEFT JOIN inbox_state AS s ON s.user_id = $3 AND s.seq = c.seq
WHERE {not_excepted("c.seq")}
"""  # noqa: S608 - constants

# Of what is found the newest of each group that has none of its status further up, where it was on a page before, and
# all that has no group; named '' here, which no group is. Parameters as of `found`, and ``$9`` how many are wanted.
_HEADS: Final = f"""
named AS (
    SELECT f.*, coalesce((SELECT g.name FROM grouped AS g WHERE g.seq = f.seq LIMIT 1), '') AS name FROM found AS f
),
head AS (
    SELECT h.* FROM (SELECT n.*, row_number() OVER (PARTITION BY name ORDER BY seq DESC) AS nth FROM named AS n) AS h
    WHERE h.name = '' OR (h.nth = 1 AND NOT EXISTS (
        SELECT 1 FROM ({_MEMBERS.format(name="h.name", where="g.seq >= $5")}) AS m WHERE {{fits}} OFFSET 0
    ))
    ORDER BY h.seq DESC LIMIT $9::bigint
),
tallied AS (
    SELECT h.*, t.count, t.unread FROM head AS h LEFT JOIN LATERAL (
        SELECT count(*) AS count, count(*) FILTER (WHERE NOT read) AS unread
        FROM ({_MEMBERS.format(name="h.name", where="true")}) AS m WHERE {{fits}}
    ) AS t ON h.name <> ''
)
"""  # noqa: S608 - constants


@cache
def _page(status: Status) -> str:
    """The query for a page, in one row at least: how much was looked at, the counters, and a group."""
    return f"""
WITH {BASE}, {COUNTED}, {found(status, of_group=False)}, {_HEADS.format(fits=FITS[status])}
SELECT edge.looked_at, edge.reached, k.unread, k.unseen, k.head, f.name, f.count, f.unread, {ITEM}
FROM (SELECT count(*) AS looked_at, min(seq) AS reached FROM candidate) AS edge CROSS JOIN counted AS k
LEFT JOIN tallied AS f ON true {ITEM_OF} ORDER BY f.seq DESC
"""  # noqa: S608 - constants


# What of a group an action changes, newest first, after what is known of the inbox. Further parameters: ``$5`` the
# group, ``$6`` below which position, ``$7`` how many.
_MARKED: Final = f"""
WITH {BASE}
SELECT {KNOWN}, e.seq, e.id, e.seen, e.read, e.archived
FROM me LEFT JOIN inbox AS i ON i.user_id = $3 LEFT JOIN LATERAL (
    SELECT n.id, m.* FROM (
        SELECT * FROM ({_MEMBERS.format(name="$5::text", where="g.seq < $6::bigint")}) AS c
        WHERE {{which}} ORDER BY seq DESC LIMIT $7::bigint
    ) AS m JOIN notification AS n ON n.seq = m.seq
) AS e ON true ORDER BY e.seq DESC
"""  # noqa: S608 - constants


_: type[Groups] = Grouping
