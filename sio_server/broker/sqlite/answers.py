"""What users answered. Runs in the threads of `store`.

The rows of a notification go with it (`removal`).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final

import orjson

from sio_server.broker.answers import Acted, AnswersPage
from sio_server.broker.inbox import Answer
from sio_server.broker.log import View
from sio_server.broker.sqlite import inbox
from sio_server.broker.sqlite.views import Overlaps
from sio_server.broker.sqlite.writer import Step
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.notification import written


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
    offered = actions_in(body)
    if action not in offered:
        raise _not_offered(offered)
    execute("INSERT INTO answer (seq, user, action, at) VALUES (?, ?, ?, ?)", (seq, view.user, action, at))
    return Acted(Answer(action, at), marked)


def actions_in(body: bytes) -> tuple[str, ...]:
    """The ids of the actions that a notification offers, by its stored body."""
    if b'"actions":' not in body:
        return ()
    return tuple(action["id"] for action in orjson.loads(b"{" + body + b"}").get("actions", ()))


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


def already_answered(first: Answer) -> Refused:
    """The refusal of another answer than the first."""
    at = written(first.at)
    detail = _ANSWERED.format(first.action, at)
    return Refused("already_answered", detail, extra={"action": first.action, "at": at})


def _not_offered(offered: tuple[str, ...]) -> Refused:
    detail = _NOT_OFFERED.format(", ".join(f"'{name}'" for name in offered)) if offered else _NOTHING_OFFERED
    return Refused.of_problems("invalid_data", (FieldProblem("action", detail),))


_ANSWERED: Final = Text(
    "It was answered with '{0}' at {1}: the first answer stays.",
    "Ya se respondió con '{0}' el {1}: vale la primera respuesta.",
)
_NOT_OFFERED: Final = Text(
    "The notification does not offer it: it offers {0}.", "La notificación no la ofrece: ofrece {0}."
)
_NOTHING_OFFERED: Final = Text(
    "The notification offers no actions: publish it with 'actions'.",
    "La notificación no ofrece acciones: publícala con 'actions'.",
)
