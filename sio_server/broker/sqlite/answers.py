"""What users answered. Runs in the threads of `store`.

The rows of a notification go with it (`removal`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import orjson

from sio_server.broker.answers import Acted, AnswersPage
from sio_server.broker.inbox import Answer
from sio_server.broker.log import View
from sio_server.broker.offers import already_answered, check_offered
from sio_server.broker.sqlite import inbox
from sio_server.broker.sqlite.views import Overlaps
from sio_server.broker.sqlite.writer import Step
from sio_server.errors import Refused


def answer(step: Step, view: View, notification_id: str, action: str, overlaps: Overlaps, *, at: int) -> Acted:
    """See `Answers.answer`; ``at`` is the time of day in milliseconds."""
    execute = step.connection.execute
    marked = inbox.mark(step, view, "read", [notification_id], overlaps, at=at)
    if marked.ignored:
        raise Refused("not_found")
    seq, body = execute("SELECT seq, body FROM notification WHERE id = ?", (notification_id,)).fetchone()
    given = execute("SELECT action, at FROM answer WHERE seq = ? AND user = ?", (seq, view.user)).fetchone()
    if given is not None:
        raise already_answered(Answer(*given))
    check_offered(action, body)
    execute("INSERT INTO answer (seq, user, action, at) VALUES (?, ?, ?, ?)", (seq, view.user, action, at))
    return Acted(Answer(action, at), marked)


def answers(
    connection: sqlite3.Connection, notification_id: str, *, limit: int, after: str | None
) -> AnswersPage | None:
    """See `Answers.answers`."""
    row = connection.execute("SELECT seq FROM notification WHERE id = ?", (notification_id,)).fetchone()
    if row is None:
        return None
    counts = connection.execute(
        "SELECT action, count(*) FROM answer WHERE seq = ? GROUP BY action ORDER BY count(*) DESC, action", row
    )
    rows = connection.execute(
        "SELECT user, action, at FROM answer WHERE seq = ? AND user > ? ORDER BY user LIMIT ?",
        (row[0], after or "", limit + 1),
    ).fetchall()
    items = tuple((user, Answer(action, at)) for user, action, at in rows[:limit])
    return AnswersPage(dict(counts), items, items[-1][0] if len(rows) > limit else None)


def answer_of(connection: sqlite3.Connection, seq: int, user: str) -> Answer | None:
    """What one user answered to the notification at a position."""
    row = connection.execute("SELECT action, at FROM answer WHERE seq = ? AND user = ?", (seq, user)).fetchone()
    return None if row is None else Answer(*row)


def answers_of(connection: sqlite3.Connection, seq: int, users: Iterable[str]) -> dict[str, Answer]:
    """What some users answered to the notification at a position, by user."""
    rows = connection.execute(
        "SELECT user, action, at FROM json_each(?) AS name CROSS JOIN answer "
        "ON answer.seq = ? AND answer.user = name.value",
        (orjson.dumps(list(users)).decode(), seq),
    )
    return {user: Answer(action, at) for user, action, at in rows}
