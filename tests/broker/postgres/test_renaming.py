"""A log that was restored gets another name by hand, as docs/postgresql.md has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from sio_server.broker.postgres import PostgresBroker
from tests.support.brokers import Ear, appended, notification
from tests.support.documents import Document
from tests.support.servers import ROOT

Ask = Callable[..., Awaitable[Any]]


async def test_log_with_another_name_makes_clients_begin_anew(
    pair: tuple[PostgresBroker, PostgresBroker], ears: tuple[Ear, Ear], ask: Ask
) -> None:
    """The statement of the page gives a log another name: each node hears of it, and no cursor of before leads on."""
    before = (await appended(pair[0], notification())).position
    (statement,) = [text for language, text in Document.read(ROOT / "docs/postgresql.md").fences if language == "sql"]
    await ask(statement.replace("sio_server.", ""))
    for ear, node in zip(ears, pair, strict=True):
        await ear.until(lambda ear=ear: ear.resets != [])  # type: ignore[misc]
        assert node.head().epoch != before.epoch
        assert len(node.head().epoch) == len(before.epoch)
