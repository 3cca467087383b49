"""How notifications stand in the inbox of one user, as parts of queries: a query begins with `BASE`.

Parameters of all of them: ``$1`` the rooms of the view and ``$2`` their lowest positions (exclusive), ``$3`` the user,
``$4`` now. A notification stands as its row in ``inbox_state`` says, or without one as the watermarks do.
"""

from __future__ import annotations

from typing import Any, Final

from sio_server.broker.inbox import Action, Counts, Status
from sio_server.broker.log import View
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.views import bounds_of

ALIVE: Final = "(r.expires_at IS NULL OR r.expires_at > $4::bigint)"

# The view, and the watermarks of its user with where the log stands.
BASE: Final = """
v AS MATERIALIZED (SELECT room, low FROM unnest($1::text[], $2::bigint[]) AS v (room, low)),
me AS MATERIALIZED (
    SELECT l.seq AS head, coalesce(i.seen_to, 0) AS seen_to, coalesce(i.read_to, 0) AS read_to,
        coalesce(i.archived_to, 0) AS archived_to
    FROM log AS l LEFT JOIN inbox AS i ON i.user_id = $3::text
)
"""

# Whether the view holds an entry that has not expired, by its position. With OFFSET it is looked up for each: the
# planner would read all that the view holds, where it takes the number of entries for greater than it is.
_IN_VIEW: Final = f"""EXISTS (
    SELECT 1 FROM v CROSS JOIN notification_room AS r
    WHERE r.room = v.room AND r.seq = {{seq}} AND r.seq > v.low AND {ALIVE} OFFSET 0
)"""  # noqa: S608 - constants
_NOT_EXCEPTED: Final = (
    "NOT EXISTS (SELECT 1 FROM notification_except AS x WHERE x.user_id = $3 AND x.seq = {seq} OFFSET 0)"
)


def in_view(seq: str) -> str:
    """Whether the view holds an entry; ``seq`` names its position."""
    return _IN_VIEW.format(seq=seq)


def not_excepted(seq: str) -> str:
    """Whether the user is not excepted from an entry; ``seq`` names its position."""
    return _NOT_EXCEPTED.format(seq=seq)


# How an entry `c` stands whose row, if it has one, is `s`.
STATE: Final = """
coalesce(s.seen, c.seq <= me.seen_to) AS seen, coalesce(s.read, c.seq <= me.read_to) AS read,
coalesce(s.archived, c.seq <= me.archived_to) AS archived
"""
FITS: Final[dict[Status, str]] = {
    "all": "NOT archived",
    "unread": "NOT read AND NOT archived",
    "archived": "archived",
}

# What a change of all, or of a group, reaches; ``unread`` leaves the archive alone.
CHANGED: Final[dict[Action, str]] = {
    "seen": "NOT seen",
    "read": "NOT read",
    "unread": "read AND NOT archived",
    "archive": "NOT archived",
    "unarchive": "archived",
}

# -- counters ---------------------------------------------------------------------------------------------------------

# How many are above the watermarks, by ranges of the rooms' index, less those from which the user is excepted, and as
# many more as have rows that say otherwise. What is in several rooms is counted once. Costs a step of an index for each
# entry that is unread, a fifth of a microsecond where its page was vacuumed since; more for what is in several rooms.
COUNTED: Final = f"""
sized AS (
    SELECT sum(c.unread) AS unread, sum(c.unseen) AS unseen, sum(c.shared) AS shared
    FROM me CROSS JOIN v CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE NOT r.shared) AS unread,
            count(*) FILTER (WHERE NOT r.shared AND r.seq > me.seen_to) AS unseen,
            count(*) FILTER (WHERE r.shared) AS shared
        FROM notification_room AS r WHERE r.room = v.room AND r.seq > greatest(v.low, me.read_to) AND {ALIVE}
    ) AS c
),
shared AS (
    SELECT count(*) AS unread, count(*) FILTER (WHERE c.seq > me.seen_to) AS unseen FROM me CROSS JOIN (
        SELECT DISTINCT one.seq FROM me CROSS JOIN v CROSS JOIN LATERAL (
            SELECT r.seq FROM notification_room AS r
            WHERE r.room = v.room AND r.seq > greatest(v.low, me.read_to) AND r.shared AND {ALIVE} OFFSET 0
        ) AS one WHERE (SELECT shared FROM sized) > 0
    ) AS c
),
excepted AS (
    SELECT count(*) AS unread, count(*) FILTER (WHERE x.seq > me.seen_to) AS unseen
    FROM me CROSS JOIN notification_except AS x
    WHERE x.user_id = $3 AND x.seq > me.read_to AND {in_view("x.seq")}
),
differing AS (
    SELECT coalesce(sum((NOT s.read)::int - (s.seq > me.read_to)::int), 0) AS unread,
        coalesce(sum((NOT s.seen)::int - (s.seq > me.seen_to)::int), 0) AS unseen
    FROM me CROSS JOIN inbox_state AS s
    WHERE s.user_id = $3 AND (s.read = (s.seq > me.read_to) OR s.seen = (s.seq > me.seen_to)) AND {in_view("s.seq")}
),
counted AS (
    SELECT coalesce(sized.unread, 0) + shared.unread - excepted.unread + differing.unread AS unread,
        coalesce(sized.unseen, 0) + shared.unseen - excepted.unseen + differing.unseen AS unseen, me.head
    FROM me, sized, shared, excepted, differing
)
"""  # noqa: S608 - constants
_COUNTS: Final = f"WITH {BASE}, {COUNTED} SELECT unread, unseen, head FROM counted"  # noqa: S608 - constants


def asked(view: View, now: int) -> tuple[Any, ...]:
    """The first parameters of a query that begins with `BASE`; ``now`` in milliseconds."""
    return (*bounds_of(view), view.user, now)


async def counts(connection: Connection, view: View, *, now: int) -> Counts:
    """See `Inbox.counts`."""
    unread, unseen, head = await connection.fetchrow(_COUNTS, *asked(view, now))
    return Counts(int(unread), int(unseen), head)


# -- pages ------------------------------------------------------------------------------------------------------------

# Where items of a status can be, newest first: on one side of the status's watermark all that the user sees, on the
# other what has a row that says so (`own`). Parameters: ``$5`` below which position, ``$6`` how many.
_SIDES: Final[dict[Status, tuple[str, str]]] = {
    "all": ("r.seq > me.archived_to", "s.seq <= me.archived_to AND NOT s.archived"),
    "unread": ("r.seq > me.read_to", "s.seq <= me.read_to AND NOT s.read"),
    "archived": ("r.seq <= me.archived_to", "s.seq > me.archived_to AND s.archived"),
}
_CANDIDATES: Final = """
candidate AS MATERIALIZED (
    SELECT DISTINCT c.seq, c.own FROM (
        SELECT one.seq, {own} AS own FROM me CROSS JOIN v CROSS JOIN LATERAL (
            SELECT r.seq FROM {table} AND r.room = v.room AND r.seq > v.low AND r.seq < $5::bigint AND {seen}
                ORDER BY r.seq DESC LIMIT $6::bigint
        ) AS one
        UNION ALL
        SELECT one.seq, true FROM me CROSS JOIN LATERAL (
            SELECT s.seq FROM inbox_state AS s WHERE s.user_id = $3 AND s.seq < $5::bigint AND {rows}
                ORDER BY s.seq DESC LIMIT $6::bigint
        ) AS one
    ) AS c ORDER BY c.seq DESC LIMIT $6::bigint
)
"""
_FOUND: Final = f"""
found AS (
    SELECT c.seq, c.seen, c.read, c.archived FROM (
        SELECT c.seq, c.own, {STATE} FROM me CROSS JOIN candidate AS c
        LEFT JOIN inbox_state AS s ON s.user_id = $3 AND s.seq = c.seq
    ) AS c
    WHERE {{fits}} AND (NOT c.own OR {in_view("c.seq")}) AND {not_excepted("c.seq")} AND {{narrowed}}
    ORDER BY c.seq DESC LIMIT $7::bigint
)
"""  # noqa: S608 - constants
_OF_TYPES: Final = """
(cardinality($8::text[]) = 0
    OR EXISTS (SELECT 1 FROM notification AS n WHERE n.seq = c.seq AND n.type = ANY($8::text[]) OFFSET 0))
"""
_OF_GROUP: Final = "EXISTS (SELECT 1 FROM grouped AS g WHERE g.seq = c.seq AND g.name = $9::text OFFSET 0)"


def found(status: Status, *, of_group: bool) -> str:
    """The parts ``candidate`` and ``found``: what is in the inbox of a status, and how it stands.

    Further parameters: ``$5`` below which position, ``$6`` how many are looked at, ``$7`` how many are wanted, ``$8``
    the types, and of a group ``$9`` its name.
    """
    seen, rows = _SIDES[status]
    # What is in a group may have expired: that it is in the view is looked up for each.
    table = "grouped AS r WHERE r.name = $9::text" if of_group else f"notification_room AS r WHERE {ALIVE}"
    candidates = _CANDIDATES.format(table=table, own=str(of_group).lower(), seen=seen, rows=rows)
    narrowed = f"{_OF_TYPES} AND {_OF_GROUP}" if of_group else _OF_TYPES
    return f"{candidates}, {_FOUND.format(fits=FITS[status], narrowed=narrowed)}"
