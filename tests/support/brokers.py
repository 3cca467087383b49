"""Brokers as tests use them: one call and one answer, and a handler that keeps what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from sio_server.audience import Audience
from sio_server.broker import Broker, Log, Published, Signal, View
from sio_server.broker.settling import settle
from sio_server.broker.sqlite import SqliteBroker
from sio_server.notification import Entry, Idempotency, Notification, Position, milliseconds, new_id

EVERYBODY = Audience(all=True)

# Ends a broker, and gives another one that was started on the same log.
Reopen = Callable[[Broker], Awaitable[Broker]]


def notification(text: str = "", *, key: str | None = None, publisher: str = "p", **members: Any) -> Notification:
    """A notification for everybody, unless something else is said; the fingerprint of a key is its text."""
    idempotency = None if key is None else Idempotency(publisher, key, text.encode())
    made = {"audience": EVERYBODY, "timestamp": milliseconds(datetime.now(UTC)), "data": {}, "type": "test", **members}
    return Notification(id=new_id(made["timestamp"]), message=text, idempotency=idempotency, **made)


async def appended(broker: Log, notification: Notification) -> Published:
    """Append one notification and wait until it is settled; raises what it is settled with."""
    done: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
    broker.append(notification, partial(settle, done))
    return await done


async def appended_at_once(broker: Log, notifications: Sequence[Notification]) -> list[Published]:
    """Append some without a pause, so that they go into one commit, and wait until all are settled."""
    return await asyncio.gather(*(appended(broker, one) for one in notifications))


async def entries_of(broker: Broker, rooms: Sequence[str], after: Position, limit: int) -> list[Entry]:
    """At most ``limit`` stored entries to any of these rooms above a position, in order, expired ones too."""
    if after.epoch != broker.head().epoch:
        return []
    found: list[Entry] = []
    following: int | None = after.seq
    while following is not None and len(found) < limit:
        page = await broker.search(after=following)
        found.extend(one.entry for one in page.items if set(one.entry.rooms).intersection(rooms))
        following = page.next_after
    return found[:limit]


async def positions(broker: Broker, view: View) -> list[int]:
    """The positions of all that a view holds, in order, as a stretch of the log gives them."""
    return [entry.seq for entry in (await broker.stretch(view, 0, 10_000)).items]


async def soon(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a broker says so: what happens on one node is known on another about a second later."""
    while not await condition():  # noqa: ASYNC110 - a broker tells nobody of it
        await asyncio.sleep(0.01)


async def started(directory: Path | None, **settings: Any) -> tuple[SqliteBroker, Ear]:
    """An embedded log that is open, and whom it calls back."""
    broker, ear = SqliteBroker(directory, **settings), Ear()
    await broker.start(ear)
    return broker, ear


def side_by_side(directory: Path | None = None, **settings: Any) -> tuple[SqliteBroker, SqliteBroker]:
    """Two nodes on one log, in memory where no directory is given; neither is started. Settings as `SqliteBroker`'s."""
    broker = SqliteBroker(directory, **settings)
    return broker, broker.beside()


class Ear:
    """A `BrokerHandler` that keeps what it hears. What is in ``watch`` is called with each batch of entries, too."""

    def __init__(self) -> None:
        self.heard: list[Entry] = []
        self.batches: list[Sequence[Entry]] = []
        self.resets: list[Position] = []
        self.signals: list[Signal] = []
        self.watch: list[Callable[[Sequence[Entry]], object]] = []
        self._something = asyncio.Event()

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """See `BrokerHandler.on_entries`."""
        self.heard.extend(batch)
        self.batches.append(batch)
        self._something.set()
        for look in self.watch:
            look(batch)

    def on_reset(self, head: Position) -> None:
        """See `BrokerHandler.on_reset`."""
        self.resets.append(head)
        self._something.set()

    def on_signal(self, signal: Signal) -> None:
        """See `BrokerHandler.on_signal`."""
        self.signals.append(signal)
        self._something.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until so much was heard."""
        while not condition():
            self._something.clear()
            await self._something.wait()

    async def until_signal(self, signal: Signal) -> None:
        """Wait until this was heard."""
        await self.until(lambda: signal in self.signals)
