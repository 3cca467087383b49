"""How far each notification came, and how far one would reach. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

import orjson

from sio_server.audience import USER_PREFIX, Audience
from sio_server.broker.people import Reached
from sio_server.broker.receipts import Receipt, Stored, UserReceipt
from sio_server.broker.spans import ACKNOWLEDGED, HANDED, timed
from sio_server.broker.sqlite.answers import answers_of
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.broker.steps import Step, unpack
from sio_server.broker.wanted import TOP
from sio_server.notification import moment_of


def find(connection: sqlite3.Connection, epoch: str, notification_id: str) -> Stored | None:
    """See `Receipts.find`."""
    row = connection.execute(
        f"SELECT timestamp, {COLUMNS} FROM notification WHERE id = ?",  # noqa: S608 - a constant
        (notification_id,),
    ).fetchone()
    return None if row is None else Stored(entry_of(epoch, row[1:]), row[0])


# Parameters by name: rooms, named, excepted (JSON lists), seq, handed, acknowledged.
_TARGETED: Final = """
WITH targeted (user) AS MATERIALIZED (
    SELECT sight.user FROM json_each(:rooms) AS room CROSS JOIN sight ON sight.room = room.value AND sight.since < :seq
        WHERE sight.missing_since IS NULL
    UNION SELECT follow.user FROM json_each(:rooms) AS room CROSS JOIN follow
        ON follow.room = room.value AND follow.seen_from < :seq
    UNION SELECT value FROM json_each(:named)
    EXCEPT SELECT value FROM json_each(:excepted)
)
"""
_STANDING: Final = """
, standing AS (
    SELECT targeted.user,
        EXISTS (SELECT 1 FROM delivery AS d WHERE d.user = targeted.user AND d.kind = :handed
            AND d.low < :seq AND d.high >= :seq) AS sent,
        EXISTS (SELECT 1 FROM delivery AS d WHERE d.user = targeted.user AND d.kind = :acknowledged
            AND d.low < :seq AND d.high >= :seq) AS acknowledged,
        coalesce((SELECT seen FROM inbox_state AS s WHERE s.user = targeted.user AND s.seq = :seq),
            inbox.seen_to >= :seq, 0) AS seen,
        coalesce((SELECT read FROM inbox_state AS s WHERE s.user = targeted.user AND s.seq = :seq),
            inbox.read_to >= :seq, 0) AS read
    FROM targeted LEFT JOIN inbox ON inbox.user = targeted.user
)
"""
_SUMS: Final = """
SELECT count(*), coalesce(sum(sent), 0), coalesce(sum(acknowledged), 0), coalesce(sum(seen), 0), coalesce(sum(read), 0)
FROM standing
"""
_USERS: Final = (
    "SELECT user, sent, acknowledged, seen, read FROM standing WHERE user > :after ORDER BY user LIMIT :limit"
)


def receipt(connection: sqlite3.Connection, notification_id: str, *, limit: int, after: str | None) -> Receipt | None:
    """See `Receipts.receipt`."""
    row = connection.execute(
        "SELECT seq, audience, id, (SELECT at FROM schedule_past AS p WHERE p.seq = n.seq) "
        "FROM notification AS n WHERE id = ?",
        (notification_id,),
    ).fetchone()
    if row is None:
        return None
    parameters = {
        **_of_audience(Audience.from_dict(orjson.loads(row[1])), row[0]),
        "handed": HANDED,
        "acknowledged": ACKNOWLEDGED,
    }
    standing = _TARGETED + _STANDING
    targeted, sent, acknowledged, seen, read = connection.execute(standing + _SUMS, parameters).fetchone()
    page = {**parameters, "after": after or "", "limit": limit + 1}
    users = [
        UserReceipt(user, bool(sent), bool(acknowledged), bool(seen), bool(read))
        for user, sent, acknowledged, seen, read in connection.execute(standing + _USERS, page)
    ]
    more = users[limit - 1].user if len(users) > limit else None
    timed = _timed(connection, users[:limit], row[0], row[3] or moment_of(row[2]))
    return Receipt(targeted, sent, acknowledged, seen, read, tuple(timed), more)


def _timed(connection: sqlite3.Connection, users: Sequence[UserReceipt], seq: int, taken: int) -> Iterator[UserReceipt]:
    """The receipts of some users with when each came so far; ``taken`` is when the notification was."""
    names = _json([one.user for one in users])
    steps: dict[tuple[str, int], list[Step]] = {}
    for user, kind, packed in connection.execute(_STEPS, {"names": names, "seq": seq}):
        steps[user, kind] = unpack(packed)
    answers = answers_of(connection, seq, (one.user for one in users))
    for one in users:
        yield timed(
            one,
            seq,
            taken,
            handed=steps.get((one.user, HANDED), ()),
            acknowledged=steps.get((one.user, ACKNOWLEDGED), ()),
            marked=steps.get((one.user, _MARKED), ()),
            answer=answers.get(one.user),
        )


# Beside the kinds of `spans`: the steps of an inbox.
_MARKED: Final = 2

_STEPS: Final = f"""
SELECT d.user, d.kind, d.steps FROM json_each(:names) AS name CROSS JOIN delivery AS d
    ON d.user = name.value AND d.low < :seq AND d.high >= :seq
UNION ALL
SELECT i.user, {_MARKED}, i.steps FROM json_each(:names) AS name CROSS JOIN inbox AS i ON i.user = name.value
"""  # noqa: S608 - constants


def reach(connection: sqlite3.Connection, audience: Audience, *, first: int) -> Reached:
    """See `People.reach`."""
    # One query for both: to work out whom an audience is for is most of the work.
    query = _TARGETED + "SELECT user, count(*) OVER () FROM targeted ORDER BY user LIMIT :first"  # noqa: S608 - constants
    rows = connection.execute(query, {**_of_audience(audience, TOP), "first": max(first, 1)}).fetchall()
    return Reached(rows[0][1] if rows else 0, tuple(user for user, _ in rows[:first]))


def _of_audience(audience: Audience, seq: int) -> dict[str, Any]:
    """The parameters of `_TARGETED`: who is meant by what is published at this position."""
    rooms = audience.rooms()
    return {
        "seq": seq,
        "rooms": _json(room for room in rooms if not room.startswith(USER_PREFIX)),
        "named": _json(room.removeprefix(USER_PREFIX) for room in rooms if room.startswith(USER_PREFIX)),
        "excepted": _json(audience.except_users),
    }


def _json(values: Iterator[str] | Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()
