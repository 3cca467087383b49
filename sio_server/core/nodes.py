"""This node as it describes itself to others."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from sio_server import __version__
from sio_server.broker import Broker, NodeState
from sio_server.core.door import Door
from sio_server.core.hub import Hub
from sio_server.notification import written

# What a name is made of: letters and digits that are safe in an address and look like no others. Eight of them are 40
# bits, so that a name that is drawn never was another node's.
_LETTERS: Final = "abcdefghijkmnpqrstuvwxyz23456789"
_LENGTH: Final = 8

# Milliseconds in a second.
_MS: Final = 1000

# Seconds that what a node said of itself may be old: where others stood before that is no lag.
_AGE: Final = 2.0

# Seconds between two places that are remembered, and how many are: some more than are needed.
_SOON: Final = 0.25
_REMEMBERED: Final = 32


class Nodes:
    """One node among all that are open on a log.

    ``wall`` gives Unix seconds, ``steadily`` seconds that nobody can set.
    """

    def __init__(
        self,
        broker: Broker,
        hub: Hub,
        door: Door,
        *,
        wall: Callable[[], float] = time.time,
        steadily: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name: Final = "".join(secrets.choice(_LETTERS) for _ in range(_LENGTH))
        """Is in the ids of this node's sessions; drawn anew at each start."""
        self.address: str | None = None
        """Where other nodes reach this one; None where they cannot."""
        self._broker = broker
        self._hub = hub
        self._door = door
        self._wall = wall
        self._steadily = steadily
        self._started = int(wall() * _MS)
        # When this node stood where, as it said: what others said is a moment older than what is known here.
        self._stood: deque[tuple[float, int]] = deque(maxlen=_REMEMBERED)
        broker.describe(self.state)

    def state(self) -> NodeState:
        """What this node says of itself now."""
        head, now = self._broker.head().seq, self._steadily()
        if not self._stood or now - self._stood[-1][0] >= _SOON:
            self._stood.append((now, head))
        return NodeState(
            self.name,
            __version__,
            self._started,
            self.address,
            len(self._hub),
            head,
            self._door.draining,
        )

    async def all(self) -> list[dict[str, Any]]:
        """Every node that lives, as ``GET /v1/nodes`` answers. Raises `BrokerUnavailable`."""
        states = await self._broker.nodes()
        now = self._wall()
        furthest = max((state.head for state in states if state.name != self.name), default=0)
        before = next((head for at, head in reversed(self._stood) if at <= self._steadily() - _AGE), 0)
        return [
            {
                "name": state.name,
                "version": state.version,
                "address": state.address,
                "started_at": written(state.started),
                "uptime": round(max(0.0, now - state.started / _MS), 3),
                "connections": state.connections,
                "seq": state.head,
                "lag": max(0, (furthest if state.name == self.name else before) - state.head),
                "draining": state.draining,
                "answers": state.name == self.name,
            }
            for state in states
        ]
