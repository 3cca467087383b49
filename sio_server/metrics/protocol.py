"""What the server counts. The core calls a `Metrics`; what becomes of the numbers is the implementation's business."""

from __future__ import annotations

from typing import Protocol


class Metrics(Protocol):
    """Receives one call for each thing that happened. No call waits, and none is told who a user is."""

    def published(self, event_type: str, *, duplicate: bool) -> None:
        """A publish was accepted."""

    def refused(self, code: str) -> None:
        """A request or a connection was refused with a code of `errors.KINDS`."""

    def delivered(self, sockets: int) -> None:
        """Entries that came together were handed to so many connections, each connection counted for each."""

    def connected(self, protocol: str) -> None:
        """A connection was made; ``protocol`` is one of `core.protocols.PROTOCOLS`."""

    def disconnected(self, protocol: str, reason: str) -> None:
        """A connection ended; ``reason`` is one of the engine's or a code of `errors.KINDS`."""

    def replayed(self, count: int) -> None:
        """A connection is whole again after so many entries from the log."""

    def unrecovered(self) -> None:
        """A connection came with a cursor from which it cannot be made whole."""

    def slow(self, protocol: str) -> None:
        """A connection was given up since its peer did not read."""

    def untranslated(self, locale: str) -> None:
        """A notification that is in several languages was not, or not whole, in this one, which was wanted."""

    def delivered_late(self, seconds: float) -> None:
        """Some that were scheduled were delivered together, the first of them so many seconds after its moment."""

    def committed(self, seconds: float, publishes: int) -> None:
        """The log has committed: how long it took, and how many publishes it held."""


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

    def replayed(self, count: int) -> None:
        """See `Metrics.replayed`."""

    def unrecovered(self) -> None:
        """See `Metrics.unrecovered`."""

    def slow(self, protocol: str) -> None:
        """See `Metrics.slow`."""

    def untranslated(self, locale: str) -> None:
        """See `Metrics.untranslated`."""

    def delivered_late(self, seconds: float) -> None:
        """See `Metrics.delivered_late`."""

    def committed(self, seconds: float, publishes: int) -> None:
        """See `Metrics.committed`."""


_: type[Metrics] = NoMetrics
