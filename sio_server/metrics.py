"""What the server counts. The core calls a `Metrics`; what becomes of the numbers is the implementation's business."""

from __future__ import annotations

from typing import Protocol


class Metrics(Protocol):
    """Receives one call for each thing that happened."""

    def published(self, event_type: str, *, duplicate: bool) -> None:
        """A publish was accepted."""

    def refused(self, code: str) -> None:
        """A request or a connection was refused with a code of `errors.KINDS`."""

    def delivered(self, sockets: int) -> None:
        """A publication was handed to so many connections."""

    def connected(self, protocol: str) -> None:
        """A connection was made; ``protocol`` is ``socketio`` or ``ws``."""

    def disconnected(self, protocol: str, reason: str) -> None:
        """A connection ended."""


class NoMetrics:
    """Counts nothing."""

    def published(self, event_type: str, *, duplicate: bool) -> None:
        """See `Metrics.published`."""

    def refused(self, code: str) -> None:
        """See `Metrics.refused`."""

    def delivered(self, sockets: int) -> None:
        """See `Metrics.delivered`."""

    def connected(self, protocol: str) -> None:
        """See `Metrics.connected`."""

    def disconnected(self, protocol: str, reason: str) -> None:
        """See `Metrics.disconnected`."""


_: type[Metrics] = NoMetrics
