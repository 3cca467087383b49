"""How far each notification came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import orjson

from sio_server.audience import Audience
from sio_server.broker.inbox import MAX_PAGE, Answer
from sio_server.broker.postgres.people import TARGETED, targets
from sio_server.broker.postgres.search import Searching
from sio_server.broker.receipts import Carrier, Receipt, Receipts, UserReceipt
from sio_server.broker.spans import ACKNOWLEDGED, HANDED, timed
from sio_server.broker.steps import unpack
from sio_server.notification import moment_of

_NOTIFICATION: Final = """
SELECT seq, audience, id, (SELECT at FROM schedule_past AS p WHERE p.seq = n.seq) FROM notification AS n WHERE id = $1
"""

# Parameters: those of `TARGETED`, of which the last is the position; above which name, and how many. In one row at
# least: the sums, and a user with the steps that tell when.
_RECEIPT: Final = f"""
WITH targeted (user_id) AS MATERIALIZED ({TARGETED}),
standing AS MATERIALIZED (
    SELECT t.user_id,
        EXISTS (SELECT 1 FROM delivery AS d WHERE d.user_id = t.user_id AND d.kind = {HANDED}
            AND d.low < $4 AND d.high >= $4 OFFSET 0) AS sent,
        EXISTS (SELECT 1 FROM delivery AS d WHERE d.user_id = t.user_id AND d.kind = {ACKNOWLEDGED}
            AND d.low < $4 AND d.high >= $4 OFFSET 0) AS acknowledged,
        coalesce(s.seen, i.seen_to >= $4, false) AS seen, coalesce(s.read, i.read_to >= $4, false) AS read
    FROM targeted AS t LEFT JOIN inbox AS i ON i.user_id = t.user_id
    LEFT JOIN inbox_state AS s ON s.user_id = t.user_id AND s.seq = $4
),
sums AS (
    SELECT count(*) AS targeted, count(*) FILTER (WHERE sent) AS sent,
        count(*) FILTER (WHERE acknowledged) AS acknowledged, count(*) FILTER (WHERE seen) AS seen,
        count(*) FILTER (WHERE read) AS read
    FROM standing
)
SELECT sums.*, u.user_id, u.sent, u.acknowledged, u.seen, u.read, coalesce(h.steps, ''), coalesce(c.steps, ''),
    coalesce(i.steps, ''), a.action, a.at
FROM sums LEFT JOIN (SELECT * FROM standing WHERE user_id > $5 ORDER BY user_id LIMIT $6) AS u ON true
LEFT JOIN delivery AS h ON h.user_id = u.user_id AND h.kind = {HANDED} AND h.low < $4 AND h.high >= $4
LEFT JOIN delivery AS c ON c.user_id = u.user_id AND c.kind = {ACKNOWLEDGED} AND c.low < $4 AND c.high >= $4
LEFT JOIN inbox AS i ON i.user_id = u.user_id
LEFT JOIN answer AS a ON a.seq = $4 AND a.user_id = u.user_id
ORDER BY u.user_id
"""  # noqa: S608 - constants


class Receiving(Searching):
    """`Receipts` on PostgreSQL."""

    def handed(self, user: str, seq: int, *, after: int, by: Carrier | None = None) -> None:
        """See `Receipts.handed`."""
        self._deliveries.note(HANDED, user, seq, after, by)

    def acknowledge(self, user: str, seq: int, *, after: int, by: Carrier | None = None) -> None:
        """See `Receipts.acknowledge`."""
        self._deliveries.note(ACKNOWLEDGED, user, seq, after, by)

    async def receipt(self, notification_id: str, *, limit: int = MAX_PAGE, after: str | None = None) -> Receipt | None:
        """See `Receipts.receipt`."""
        self._ensure_open()
        await self._deliveries.flush()
        row = await self._look(lambda connection: connection.fetchrow(_NOTIFICATION, notification_id))
        if row is None:
            return None
        seq, audience, identity, delivered_at = row
        asked = targets(Audience.from_dict(orjson.loads(audience)), seq)
        rows = await self._look(lambda connection: connection.fetch(_RECEIPT, *asked, after or "", limit + 1))
        users = [_user(row[5:], seq, delivered_at or moment_of(identity)) for row in rows if row[5] is not None]
        more = users[limit - 1].user if len(users) > limit else None
        targeted, sent, acknowledged, seen, read = rows[0][:5]
        return Receipt(targeted, sent, acknowledged, seen, read, tuple(users[:limit]), more)


def _user(row: Sequence[Any], seq: int, taken: int) -> UserReceipt:
    handed, acknowledged, marked = map(unpack, row[5:8])
    answer = None if row[8] is None else Answer(*row[8:10])
    return timed(
        UserReceipt(*row[:5]), seq, taken, handed=handed, acknowledged=acknowledged, marked=marked, answer=answer
    )


_: type[Receipts] = Receiving
