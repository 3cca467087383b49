"""The last minutes of a node, a sample each second, for whoever opens a console late. In memory."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import Any, Final

from sio_server.core.hub import Hub
from sio_server.core.latency import Percentiles
from sio_server.core.refusals import Refusals
from sio_server.core.traffic import Traffic

# Seconds between two samples, and how many of them are kept: five minutes.
STEP: Final = 1
CAPACITY: Final = 300


@dataclass(frozen=True, slots=True)
class Sample:
    """The numbers of one moment.

    ``at`` is in Unix seconds; ``published`` to ``latency`` are of the time since the sample before.
    """

    at: int
    connections: int
    users: int
    published: int
    delivered: int
    refused: int
    latency: Percentiles | None

    def as_dict(self) -> dict[str, Any]:
        """The sample as ``GET /v1/stats/recent`` answers."""
        latency = self.latency
        return {
            "at": self.at,
            "connections": self.connections,
            "users": self.users,
            "published": self.published,
            "delivered": self.delivered,
            "refused": self.refused,
            "latency_ms": None if latency is None else {"p50": latency.p50, "p95": latency.p95},
        }


class Samples:
    """The last `CAPACITY` samples of a node."""

    def __init__(self, traffic: Traffic, hub: Hub, refusals: Refusals) -> None:
        self._traffic = traffic
        self._hub = hub
        self._refusals = refusals
        self._before = self._totals()
        self._kept: deque[Sample] = deque(maxlen=CAPACITY)

    def _totals(self) -> tuple[int, int, int]:
        """Publishes, deliveries and refusals since the start."""
        return self._traffic.accepted, self._traffic.delivered, self._refusals.total

    async def run(self) -> None:
        """Take a sample at each whole second until cancelled. A loop that is held up leaves a gap, as ``at`` shows."""
        while True:
            now = time.time()
            due = round(now) + STEP  # rounded: a timer may wake a little early, and that second has its sample then
            await asyncio.sleep(due - now)
            self.sample(due)

    def sample(self, at: int) -> None:
        """Take a sample now, for the moment ``at`` in Unix seconds."""
        before, self._before = self._before, self._totals()
        published, delivered, refused = (now - then for now, then in zip(self._before, before, strict=True))
        latency = self._traffic.latency.turn()
        self._kept.append(Sample(at, len(self._hub), self._hub.users, published, delivered, refused, latency))

    def as_dict(self) -> dict[str, Any]:
        """The samples that are kept, the oldest first."""
        return {"step": STEP, "samples": [sample.as_dict() for sample in self._kept]}
