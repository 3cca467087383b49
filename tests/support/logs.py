"""Logs on disk that a server left behind, for tests of what is done with them while none runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sio_server.audience import Audience
from sio_server.broker.sqlite import SqliteBroker
from sio_server.broker.sqlite.reader import read_log
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import notification

EVERYBODY = Audience.of(everybody=True)


def write_log(directory: Path, count: int = 3, *, message: str = "Hola mundo") -> str:
    """Run a log for so many notifications, and close it; the epoch that it had."""

    async def run() -> str:
        broker = SqliteBroker(directory)
        await broker.start(Ear())
        await asyncio.gather(*(appended(broker, notification(EVERYBODY, message=message)) for _ in range(count)))
        epoch = broker.head().epoch
        await broker.close()
        return epoch

    return asyncio.run(run())


def seqs_in(directory: Path) -> list[int]:
    """The positions of all that a log holds."""
    return [entry.seq for entry in read_log(directory)]
