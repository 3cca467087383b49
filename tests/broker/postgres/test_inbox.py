"""Inboxes in PostgreSQL: the order of changes, and how much of a page is looked at; the rest the contract tests."""

from __future__ import annotations

import asyncio

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import Action
from sio_server.broker.postgres import PostgresBroker, inbox
from tests.broker.contract.inbox import whole
from tests.support.brokers import appended
from tests.support.inbox_model import notification

EVERYBODY = Audience.of(everybody=True)


async def test_changes_of_a_user_keep_their_order(broker: PostgresBroker) -> None:
    """What is asked for one after another, without waiting between, is done in that order, however much it is."""
    view = await broker.sight("ana", Identity("ana").rooms())
    made = [await appended(broker, notification(EVERYBODY)) for _ in range(3)]
    actions: list[Action] = ["read", "unread"] * 20
    marked = await asyncio.gather(*(broker.mark(view, action, [made[1].id]) for action in actions))
    assert [one.counts.unread for one in marked] == [2, 3] * 20
    assert (await broker.counts(view)).unread == 3


async def test_page_that_is_read_one_by_one_is_looked_at_again(
    broker: PostgresBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the newest are all read, a page of what is unread goes on behind them, up to a bound, and is never lost."""
    view = await broker.sight("ana", Identity("ana").rooms())
    made = [await appended(broker, notification(EVERYBODY)) for _ in range(30)]
    await broker.mark(view, "read", [one.id for one in made[10:]])
    page = await broker.page(view, status="unread", limit=3)
    assert ([item.entry.seq for item in page.items], page.next_before) == ([10, 9, 8], 8)
    monkeypatch.setattr(inbox, "MAX_LOOKED_AT", 12)
    short = await broker.page(view, status="unread", limit=3)
    assert (short.items, short.next_before) == ((), 19)
    assert await whole(broker, view, "unread") == list(range(10, 0, -1))
