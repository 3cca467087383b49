"""Emptying a node so that its clients come to the next one little by little."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Final

from sio_server.core.door import Door
from sio_server.core.hub import Hub

# Seconds until the last connection is closed. A node with a thousand clients is to end within ten, and no second is to
# bring more than a fifth of them to the next one, which has to authenticate each.
SPREAD: Final = 8.0

# The part of it that passes before the first is closed. By then the next node listens: who came too early would wait
# longer and longer, and come together with the rest in the end.
_HEAD_START: Final = 0.18

# Connections a second that a node takes easily: fewer clients than this in all need no more than a moment.
_EASY_RATE: Final = 130.0

# Seconds after the last close for the peers' ends to come in.
_LINGER: Final = 1.0

# The system's own: nothing that draws from the generator of `random` meets these numbers, nor is met by them.
_DRAWS: Final = random.SystemRandom()


async def drain(hub: Hub, door: Door, *, spread: float = SPREAD) -> None:
    """Tell each client how long it may take, close it then, and wait until all are gone or it is time."""
    door.draining = True
    crowd = list(hub)
    # In no order that says anything, and at even distances: chance alone would let some seconds have a quarter more.
    _DRAWS.shuffle(crowd)
    spread = min(spread, len(crowd) / _EASY_RATE)
    loop = asyncio.get_running_loop()
    for place, connection in enumerate(crowd, start=1):
        delay = spread * (_HEAD_START + (1 - _HEAD_START) * place / len(crowd))
        connection.link.control("ns:draining", {"retry_in_ms": round(delay * 1000)})
        loop.call_later(delay, connection.close, "draining")
    deadline = time.monotonic() + spread + _LINGER
    while len(hub) and time.monotonic() < deadline:  # noqa: ASYNC110 - a look now and then does, while a node ends
        await asyncio.sleep(0.02)
