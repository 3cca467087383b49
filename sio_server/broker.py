"""What the core asks of a log. Protocols only; their docstrings are the guarantees every implementation gives.

A broker knows notifications, rooms and positions. It knows no connection: it calls back one `BrokerHandler`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sio_server.notification import Notification, Position, Publication


@dataclass(frozen=True, slots=True)
class Published:
    """What became of one publish. A duplicate has the id and position that its first publish got."""

    id: str
    position: Position
    duplicate: bool = False


class BrokerHandler(Protocol):
    """Whom a broker calls back."""

    def on_publications(self, batch: Sequence[Publication]) -> None:
        """Take publications in order of ``seq``, each exactly once; a batch is what one commit held.

        Called on the event loop before the `Broker.publish` calls of the batch return, and never while it is running.
        `Broker.head` is already the position of the last of them.
        """


class Broker(Protocol):
    """A log that assigns positions and announces what it took."""

    async def start(self, handler: BrokerHandler) -> None:
        """Open the log. Raises `LogError` when it is not one this version may use."""

    async def close(self) -> None:
        """Finish what was accepted, then let go of the log. Publishing afterwards raises `BrokerUnavailable`."""

    async def publish(self, notification: Notification) -> Published:
        """Append, assign a position, announce: one atomic step.

        When this returns, a notification with ``persist`` survives the death of the process and of the machine's
        power. Calls that are made one after another on the loop get positions in that order. Without ``persist``
        nothing is appended, and the position is that of the last notification that was.

        Raises `Refused` (``idempotency_mismatch``) for a key that was used with another body, and `BrokerUnavailable`
        when nothing was stored.
        """

    def head(self) -> Position:
        """The position of the last publication that was announced; ``seq`` 0 before the first."""

    async def history(self, rooms: Sequence[str], after: Position, limit: int) -> Sequence[Publication]:
        """At most ``limit`` stored publications for any of these rooms after a position, in order, each once."""


class HealthCheck(Protocol):
    """A part that can say whether it works."""

    async def check(self) -> None:
        """Raise `BrokerUnavailable` when it does not."""
