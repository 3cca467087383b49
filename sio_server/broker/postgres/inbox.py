"""Inboxes: for each user three watermarks, and a row where a notification stands otherwise than they say.

All changes of one user's inbox are made under one lock, whichever node makes them; publishers wait for none of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, cast

from sio_server.broker import steps
from sio_server.broker.inbox import MAX_PAGE, Action, Answer, Counts, Inbox, InboxItem, InboxPage, Marked, Status
from sio_server.broker.log import View
from sio_server.broker.postgres.database import Connection, Step
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.postgres.rows import COLUMNS, entry_of
from sio_server.broker.postgres.standing import (
    BASE,
    CHANGED,
    COUNTED,
    STATE,
    asked,
    counts,
    found,
    in_view,
    not_excepted,
)
from sio_server.broker.signals import InboxChanged
from sio_server.broker.states import Placed, State, Watermarks, changes, moments
from sio_server.broker.wanted import CHUNK, MAX_LOOKED_AT, TOP


class Inboxes(Parts):
    """`Inbox` on PostgreSQL."""

    async def page(
        self,
        view: View,
        *,
        status: Status = "all",
        types: Sequence[str] = (),
        group: str | None = None,
        limit: int = MAX_PAGE,
        before: int | None = None,
    ) -> InboxPage:
        """See `Inbox.page`."""
        limit, below = min(limit, MAX_PAGE), TOP if before is None else before
        named = () if group is None else (group,)
        query = _page(status, of_group=group is not None)
        first = (*asked(view, self._milliseconds()), below)

        async def look(most: int) -> InboxPage | None:
            """The page; None where it may not be whole, as too little was looked at."""
            rows = await self._look(lambda connection: connection.fetch(query, *first, most, limit + 1, types, *named))
            looked_at, reached, *numbers = rows[0][:5]
            items = tuple(self.item_of(row[5:]) for row in rows if row[5] is not None)
            more = None if looked_at < most else reached
            if len(items) > limit:
                more = items[limit - 1].entry.seq
            elif more is not None and most < MAX_LOOKED_AT:
                return None
            return InboxPage(items[:limit], more, Counts(*map(int, numbers)))

        # All is of one moment: where the first look is not enough, a longer one takes its place.
        whole = await look(CHUNK if types or named else limit + 1) or await look(MAX_LOOKED_AT)
        return cast("InboxPage", whole)  # the longer look gives one

    def item_of(self, row: Sequence[Any]) -> InboxItem:
        """The item in a row as `ITEM` gives it."""
        seen, read, archived, action, at = row[:5]
        answer = None if action is None else Answer(action, at)
        return InboxItem(entry_of(self._follower.head.epoch, row[5:]), seen, read, archived, answer)

    async def counts(self, view: View) -> Counts:
        """See `Inbox.counts`."""
        now = self._milliseconds()
        return await self._look(lambda connection: counts(connection, view, now=now))

    async def mark(self, view: View, action: Action, ids: Sequence[str] | None, *, up_to: int | None = None) -> Marked:
        """See `Inbox.mark`."""
        at = self._moment()

        async def change(step: Step) -> Marked:
            if ids is None:
                return await _mark_all(step, view, action, up_to, at=at)
            return await mark_named(step, view, action, ids, at=at)

        def tell(marked: Marked) -> None:
            self._signal(InboxChanged(view.user, action, marked.ids, marked.up_to))

        return await self._change(change, tell, user=view.user)


# -- pages ------------------------------------------------------------------------------------------------------------

_COLUMNS: Final = ", ".join(name if name.startswith("'") else f"n.{name}" for name in COLUMNS.split(", "))

# What `Inboxes.item_of` takes, of `f` (an entry as it stands), `n` (the notification) and `a` (the answer).
ITEM: Final = f"f.seen, f.read, f.archived, a.action, a.at, {_COLUMNS}"
ITEM_OF: Final = """
LEFT JOIN notification AS n ON n.seq = f.seq
LEFT JOIN answer AS a ON a.seq = f.seq AND a.user_id = $3
"""


@cache
def _page(status: Status, *, of_group: bool) -> str:
    """The query for a page, in one row at least: how much was looked at, the counters, and an item."""
    return f"""
WITH {BASE}, {COUNTED}, {found(status, of_group=of_group)}
SELECT edge.looked_at, edge.reached, k.unread, k.unseen, k.head, {ITEM}
FROM (SELECT count(*) AS looked_at, min(seq) AS reached FROM candidate) AS edge CROSS JOIN counted AS k
LEFT JOIN found AS f ON true {ITEM_OF} ORDER BY f.seq DESC
"""  # noqa: S608 - constants


# -- changes ----------------------------------------------------------------------------------------------------------

# What `Known.of` takes, of `i` (the row of an inbox, if there is one): the watermarks, and when what was marked.
KNOWN: Final = """
coalesce(i.seen_to, 0), coalesce(i.read_to, 0), coalesce(i.archived_to, 0), coalesce(i.steps, ''),
coalesce(i.noted_to, 0)
"""

# Of these ids those that are in the inbox, as they stand.
_NAMED: Final = f"""
WITH {BASE}
SELECT {KNOWN}, e.seq, e.id, e.seen, e.read, e.archived
FROM me LEFT JOIN inbox AS i ON i.user_id = $3 LEFT JOIN LATERAL (
    SELECT c.id, c.seq, {STATE} FROM notification AS c LEFT JOIN inbox_state AS s ON s.user_id = $3 AND s.seq = c.seq
    WHERE c.id = ANY($5::text[]) AND {not_excepted("c.seq")} AND {in_view("c.seq")}
) AS e ON true
"""  # noqa: S608 - constants
_WATERMARKS: Final = f"SELECT {KNOWN} FROM (SELECT) AS one LEFT JOIN inbox AS i ON i.user_id = $1"  # noqa: S608 - constants

_NOTE: Final = """
INSERT INTO inbox (user_id, seen_to, read_to, archived_to, steps, noted_to) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (user_id) DO UPDATE SET seen_to = excluded.seen_to, read_to = excluded.read_to,
    archived_to = excluded.archived_to, steps = excluded.steps, noted_to = excluded.noted_to
"""
_CHANGE: Final = f"""
WITH plain AS (DELETE FROM inbox_state WHERE user_id = $1 AND seq = ANY($7::bigint[])),
differing AS (
    INSERT INTO inbox_state (user_id, seq, seen, read, archived)
    SELECT $1, * FROM unnest($8::bigint[], $9::boolean[], $10::boolean[], $11::boolean[])
    ON CONFLICT (user_id, seq) DO UPDATE SET seen = excluded.seen, read = excluded.read, archived = excluded.archived
)
{_NOTE}
"""  # noqa: S608 - constants

# How rows stand that a change of all reaches. The watermarks cannot say it for them, which are there since they differ;
# a row that the watermarks say it for goes.
_BECOME: Final[dict[Action, str]] = {
    "seen": "true, read, archived",
    "read": "true, true, archived",
    "archive": "true, true, true",
    "unread": "seen, false, false",
    "unarchive": "seen, read, false",
}
_CHANGE_ALL: Final = """
WITH was AS (SELECT seq, seen, read, archived, seq <= $2 AND {which} AS meant FROM inbox_state WHERE user_id = $1),
rows AS (
    SELECT seq, meant, seen, read, archived FROM was WHERE NOT meant
    UNION ALL SELECT seq, meant, {become} FROM was WHERE meant
),
plain AS (
    DELETE FROM inbox_state AS s USING rows AS r WHERE s.user_id = $1 AND s.seq = r.seq
        AND r.seen = (r.seq <= $3) AND r.read = (r.seq <= $4) AND r.archived = (r.seq <= $5)
),
differing AS (
    UPDATE inbox_state AS s SET seen = r.seen, read = r.read, archived = r.archived FROM rows AS r
    WHERE s.user_id = $1 AND s.seq = r.seq AND r.meant
        AND NOT (r.seen = (r.seq <= $3) AND r.read = (r.seq <= $4) AND r.archived = (r.seq <= $5))
)
SELECT count(*) FROM rows WHERE meant
"""


class Known(NamedTuple):
    """What is known of a user's inbox: the watermarks, and when what was marked, up to which position."""

    marks: Watermarks
    steps: bytes
    noted_to: int

    @classmethod
    def of(cls, row: Sequence[Any]) -> Known:
        """What is in the first columns of a row of `KNOWN`."""
        return cls(Watermarks(*row[:3]), row[3], row[4])

    def noted(self, user: str, marks: Watermarks, when: bytes, reached: int) -> tuple[Any, ...]:
        """The values of `_NOTE`, once this was marked as well."""
        known = steps.joined(self.steps, when)
        return user, marks.seen_to, marks.read_to, marks.archived_to, known, max(self.noted_to, reached)


async def mark_named(step: Step, view: View, action: Action, ids: Sequence[str], *, at: int) -> Marked:
    """See `Inbox.mark`, for ids; ``at`` is the time of day in milliseconds. No other change is made for the user."""
    named = list(dict.fromkeys(ids))
    rows = await step.connection.fetch(_NAMED, *asked(view, step.now), named)
    entries = {row[6]: Placed(row[5], row[6], State(*row[7:10])) for row in rows if row[5] is not None}
    placed = [entries[identity] for identity in named if identity in entries]
    changed = await change(step.connection, view.user, action, Known.of(rows[0]), placed, at=at)
    ignored = tuple(identity for identity in named if identity not in entries)
    return Marked(action, changed, ignored, None, await counts(step.connection, view, now=step.now))


async def change(
    connection: Connection, user: str, action: Action, known: Known, entries: Iterable[Placed], *, at: int
) -> tuple[str, ...]:
    """Change the state of what stands at these places; returns the ids of those that were not so yet."""
    changed = changes(entries, action)
    if changed:
        plain = [entry.seq for entry, state in changed if state == known.marks.state(entry.seq)]
        differing = [(entry.seq, state) for entry, state in changed if state != known.marks.state(entry.seq)]
        when = moments((entry for entry, _ in changed), action, at)
        await connection.execute(
            _CHANGE,
            *known.noted(user, known.marks, when, max(entry.seq for entry, _ in changed)),
            plain,
            [seq for seq, _ in differing],
            [state.seen for _, state in differing],
            [state.read for _, state in differing],
            [state.archived for _, state in differing],
        )
    return tuple(entry.id for entry, _ in changed)


async def _mark_all(step: Step, view: View, action: Action, up_to: int | None, *, at: int) -> Marked:
    """See `Inbox.mark`, for all; otherwise as `mark_named`."""
    connection, reached = step.connection, step.last_seq
    if up_to is not None and action not in ("unread", "unarchive"):
        reached = max(0, min(up_to, reached))
    known = Known.of(await connection.fetchrow(_WATERMARKS, view.user))
    marks = known.marks.raised(action, reached)
    query = _CHANGE_ALL.format(which=CHANGED[action], become=_BECOME[action])
    rows = await connection.fetchval(query, view.user, reached, marks.seen_to, marks.read_to, marks.archived_to)
    if marks != known.marks or rows:
        low = 0 if rows or action in ("unread", "unarchive") else known.marks.of(action)
        when = steps.Step(low, reached, at, word=action).pack()
        await connection.execute(_NOTE, *known.noted(view.user, marks, when, reached))
    return Marked(action, (), (), reached, await counts(connection, view, now=step.now))


_: type[Inbox] = Inboxes
