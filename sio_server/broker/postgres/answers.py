"""What users answer. The rows of a notification go with it."""

from __future__ import annotations

from typing import Final

from sio_server.broker.answers import Acted, Answers, AnswersPage
from sio_server.broker.inbox import Answer
from sio_server.broker.log import View
from sio_server.broker.offers import already_answered, check_offered
from sio_server.broker.postgres.database import Step
from sio_server.broker.postgres.inbox import mark_named
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.signals import Answered, InboxChanged
from sio_server.errors import Refused

_ANSWERED: Final = """
SELECT n.seq, n.body, a.action, a.at FROM notification AS n
LEFT JOIN answer AS a ON a.seq = n.seq AND a.user_id = $2 WHERE n.id = $1
"""
_ANSWER: Final = "INSERT INTO answer (seq, user_id, action, at) VALUES ($1, $2, $3, $4)"

# In one row at least where the notification is known: the counts by action, and an answer.
_PAGE: Final = """
SELECT counted.actions, counted.numbers, a.user_id, a.action, a.at
FROM notification AS n CROSS JOIN LATERAL (
    SELECT array_agg(action ORDER BY number DESC, action) AS actions,
        array_agg(number ORDER BY number DESC, action) AS numbers
    FROM (SELECT action COLLATE "C" AS action, count(*) AS number FROM answer WHERE seq = n.seq GROUP BY 1) AS each
) AS counted LEFT JOIN LATERAL (
    SELECT * FROM answer WHERE seq = n.seq AND user_id > $2 ORDER BY user_id LIMIT $3
) AS a ON true
WHERE n.id = $1 ORDER BY a.user_id
"""


class Answering(Parts):
    """`Answers` on PostgreSQL."""

    async def answer(self, view: View, notification_id: str, action: str) -> Acted:
        """See `Answers.answer`."""
        at = self._moment()

        def tell(acted: Acted) -> None:
            self._signal(InboxChanged(view.user, "read", acted.marked.ids, None))
            self._signal(Answered(view.user, notification_id, action, at))

        return await self._change(
            lambda step: _answer(step, view, notification_id, action, at=at), tell, user=view.user
        )

    async def answers(self, notification_id: str, *, limit: int, after: str | None = None) -> AnswersPage | None:
        """See `Answers.answers`."""
        rows = await self._look(lambda connection: connection.fetch(_PAGE, notification_id, after or "", limit + 1))
        if not rows:
            return None
        counts = dict(zip(rows[0][0] or (), rows[0][1] or (), strict=True))
        items = tuple((row[2], Answer(row[3], row[4])) for row in rows if row[2] is not None)
        return AnswersPage(counts, items[:limit], items[limit - 1][0] if len(items) > limit else None)


async def _answer(step: Step, view: View, notification_id: str, action: str, *, at: int) -> Acted:
    """See `Answers.answer`; ``at`` is the time of day in milliseconds. No other change is made for the user."""
    marked = await mark_named(step, view, "read", [notification_id], at=at)
    row = None if marked.ignored else await step.connection.fetchrow(_ANSWERED, notification_id, view.user)
    if row is None:
        raise Refused("not_found")
    seq, body, given, given_at = row
    if given is not None:
        raise already_answered(Answer(given, given_at))
    check_offered(action, body)
    await step.connection.execute(_ANSWER, seq, view.user, action, at)
    return Acted(Answer(action, at), marked)


_: type[Answers] = Answering
