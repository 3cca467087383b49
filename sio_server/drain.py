"""Emptying a node so that its clients come to the next one little by little."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Final

from sio_server.connections import Connections
from sio_server.hub import Connection, Hub

# Seconds over which connections are closed. With a thousand clients no second then brings more than a fifth of them
# to the next node, which has to authenticate each one.
SPREAD: Final = 6.0

# Connections a second that a node takes easily: fewer clients than this in all need no more than a moment.
_EASY_RATE: Final = 150.0

# Seconds after the last close for the peers' ends to come in.
_LINGER: Final = 1.0


async def drain(hub: Hub, connections: Connections, *, spread: float = SPREAD) -> None:
    """Tell each client how long it may take, close it then, and wait until all are gone or it is time."""
    connections.draining = True
    spread = min(spread, len(hub) / _EASY_RATE)
    loop = asyncio.get_running_loop()
    for connection in hub:
        delay = random.uniform(0.0, spread)  # noqa: S311 - it spreads load and protects nothing
        connection.link.control("ns:draining", {"retry_in_ms": round(delay * 1000)})
        loop.call_later(delay, _close, connections, connection)
    deadline = time.monotonic() + spread + _LINGER
    while len(hub) and time.monotonic() < deadline:  # noqa: ASYNC110 - a look now and then does, while a node ends
        await asyncio.sleep(0.02)


def _close(connections: Connections, connection: Connection) -> None:
    connections.close(connection, "draining")
