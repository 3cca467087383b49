"""No question about one user, or about one notification, walks the whole log in PostgreSQL."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker.postgres import PostgresBroker
from tests.support.brokers import appended_at_once, notification

ANA = Identity("ana", ("guia",), ("tour.1",))
AUDIENCES = (
    Audience.of(everybody=True),
    Audience.of(roles=["guia", "admin"]),
    Audience.of(users=["ana"]),
    Audience.of(roles=["admin"], except_users=["ana"]),
    Audience.of(users=["bea"]),
)
COUNT = 2000

# What thousands of others have: without it the planner reads small tables as a whole, and is right.
OTHERS = """
INSERT INTO inbox_state SELECT 'user' || n % 500, n, true, true, false FROM generate_series(1, 40000) AS n;
INSERT INTO notification_except SELECT 'user' || n % 500, n FROM generate_series(1, 40000) AS n;
INSERT INTO grouped SELECT 'user:' || n % 500, 'booking', n FROM generate_series(1, 40000) AS n;
INSERT INTO delivery SELECT 'user' || n, n % 2, 0, 9, '' FROM generate_series(1, 40000) AS n;
INSERT INTO notification_room SELECT 'user:user' || n % 500, n, NULL, false FROM generate_series(1, 40000) AS n;
INSERT INTO notification (seq, id, type, taken, audience, body, priority)
SELECT 10000 + n, 'other' || n, 'other', 0, '{}', '"title":"","message":"","data":{}', 'normal'
FROM generate_series(1, 40000) AS n;
ANALYZE notification, notification_room, notification_except, inbox_state, grouped, delivery
"""

# What holds as much as there are notifications, and more.
TABLES = ("notification", "notification_room", "notification_except", "inbox_state", "grouped", "delivery")


def scanned(plan: str) -> list[str]:
    """The tables that a plan reads from one end to the other."""
    lines = [line.strip() for line in plan.splitlines()]
    return [line for line in lines for table in TABLES if f"Seq Scan on {table} " in line]


async def test_no_question_walks_the_log(broker: PostgresBroker, dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages, counters, marks, receipts, trails and searches find all that they need by an index."""
    view = await broker.sight("ana", ANA.rooms())
    for start in range(0, COUNT, 500):
        some = [notification(audience=AUDIENCES[number % 5]) for number in range(start, start + 500)]
        await appended_at_once(broker, some)
    items = (await broker.page(view)).items
    await broker.mark(view, "read", [item.entry.id for item in items[::2]])
    await broker._database.write(lambda connection: connection.execute(OTHERS))
    plans: list[str] = []
    fetch = asyncpg.Connection.fetch

    async def explained(self: Any, query: str, *arguments: object, **more: Any) -> Any:
        plans.append("\n".join(row[0] for row in await fetch(self, f"EXPLAIN {query}", *arguments)))
        return await fetch(self, query, *arguments, **more)

    monkeypatch.setattr(asyncpg.Connection, "fetch", explained)
    one = items[0].entry.id
    asked: list[Callable[[], Awaitable[Any]]] = [
        lambda: broker.page(view, limit=10),
        lambda: broker.page(view, limit=10, status="unread"),
        lambda: broker.page(view, limit=10, status="archived"),
        lambda: broker.page(view, limit=10, types=["rare"]),
        lambda: broker.page(view, limit=10, group="none"),
        lambda: broker.groups(view, limit=10),
        lambda: broker.mark(view, "read", [one]),
        lambda: broker.stretch(view, COUNT - 100, 10),
        lambda: broker.receipt(one),
        lambda: broker.search(user="ana", limit=10),
        lambda: broker.search(role="guia", limit=10),
        lambda: broker.search(types=["rare"], limit=10),
        lambda: broker.search(priority="high", limit=10),
        lambda: broker.search(text="Hola", limit=10),
        lambda: broker.search(since=1, until=2, limit=10),
    ]
    for ask in asked:
        before = len(plans)
        await ask()
        assert len(plans) > before
    assert [line for plan in plans for line in scanned(plan)] == []
