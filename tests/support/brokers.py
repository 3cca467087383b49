"""Brokers as tests use them: one call and one answer, and a handler that keeps what it hears."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from sio_server.broker import Broker, Log, Published, Signal, View
from sio_server.broker.settling import settle
from sio_server.broker.sqlite import SqliteBroker
from sio_server.notification import Entry, Notification, Position


async def appended(broker: Log, notification: Notification) -> Published:
    """Append one notification and wait until it is settled; raises what it is settled with."""
    done: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
    broker.append(notification, partial(settle, done))
    return await done


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


def side_by_side(directory: Path | None = None, **settings: Any) -> tuple[SqliteBroker, SqliteBroker]:
    """Two nodes on one log, in memory where no directory is given; neither is started. Settings as `SqliteBroker`'s."""
    broker = SqliteBroker(directory, **settings)
    return broker, broker.beside()


class Ear:
    """A `BrokerHandler` that keeps what it hears."""

    def __init__(self) -> None:
        self.heard: list[Entry] = []
        self.resets: list[Position] = []
        self.signals: list[Signal] = []
        self._something = asyncio.Event()

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """See `BrokerHandler.on_entries`."""
        self.heard.extend(batch)

    def on_reset(self, head: Position) -> None:
        """See `BrokerHandler.on_reset`."""
        self.resets.append(head)

    def on_signal(self, signal: Signal) -> None:
        """See `BrokerHandler.on_signal`."""
        self.signals.append(signal)
        self._something.set()

    async def until_signal(self, signal: Signal) -> None:
        """Wait until this was heard."""
        while signal not in self.signals:
            self._something.clear()
            await self._something.wait()
