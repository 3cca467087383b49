"""What went through a node since it started, in numbers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Final

from sio_server.core.latency import Latency
from sio_server.event_types import EventTypes
from sio_server.metrics import Metrics
from sio_server.texts import Texts

# What the metrics call every type that the catalogue does not have: publishers would choose how many series there are.
UNKNOWN_TYPE: Final = "(unknown)"


class Traffic:
    """Publishes and deliveries of this node, counted for operators and in the metrics.

    ``types`` are those that the metrics tell apart. ``now`` gives the time of day.
    """

    def __init__(
        self, metrics: Metrics, types: EventTypes, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._types = types
        self.accepted = 0
        """Publishes that were accepted, duplicates left out."""
        self.duplicates = 0
        self.delivered = 0
        """To how many connections entries were handed, in sum."""
        self.latency = Latency()
        """From a publish whose body was read to its answer: by then it is in the log and handed to the sockets."""
        self._metrics = metrics
        self._now = now
        self.begin()

    def begin(self) -> None:
        """Take this moment for the node's start."""
        self.started_at = self._now()
        self._started = time.monotonic()

    def uptime(self) -> float:
        """Seconds since the node's start."""
        return time.monotonic() - self._started

    def publish(self, event_type: str, began: float, *, duplicate: bool) -> None:
        """Count a publish that was accepted; ``began`` is when its body had been read, by `time.monotonic`."""
        if duplicate:
            self.duplicates += 1
        else:
            self.accepted += 1
            self.latency.add(time.monotonic() - began)
        self._metrics.published(event_type if event_type in self._types.types else UNKNOWN_TYPE, duplicate=duplicate)

    def speak(self, texts: Texts, languages: Iterable[str]) -> None:
        """Count the languages that connections listen in and that a notification in several has nothing in."""
        for language in languages:
            if not texts.knows(language):
                self._metrics.untranslated(language)

    def late(self, seconds: float) -> None:
        """Count a delivery of what was scheduled, the first of it so many seconds after its moment."""
        self._metrics.delivered_late(seconds)

    def deliver(self, sockets: int) -> None:
        """Count what was handed to so many connections."""
        self.delivered += sockets
        self._metrics.delivered(sockets)
