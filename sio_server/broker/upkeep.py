"""Looking after a log: letting the oldest go, its size, its health, its keys. Protocols only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sio_server.errors import Text


class Retention(Protocol):
    """Letting the oldest go. Every node calls all of this from time to time, and a broker lets one do it at a time.

    A call that finds another at the same work does nothing and returns 0.
    """

    def keep_types(self, ages: Mapping[str, float]) -> None:
        """Keep notifications of these types for so many seconds, `math.inf` for ever, from now on.

        What `retain` is told then holds for the others; one that is to be kept for longer than they is not counted
        among them either. What goes sooner goes as what expires does: it is no gap, and the floor does not rise for it.
        What this node announces is no longer to be handed out from memory than it is kept.
        """

    async def retain(self, *, max_age: float | None = None, max_count: int | None = None) -> int:
        """Delete the oldest until none is older than ``max_age`` seconds and no more than ``max_count`` are left.

        How old one is says the log's own clock (`Log.now`), whatever its timestamp says. Works in small steps
        between commits and returns how many went. Users' watermarks stay, and an idempotency key lasts as long as was
        promised.
        """

    async def look_at_clock(self) -> float:
        """Note what time it is, for the next start; to be called each minute.

        Returns by how many seconds the wall clock was set forward (or back, below 0) since the last look, mostly 0.
        """

    async def forget(self, *, max_age: float) -> int:
        """Look at some users, others at each call, and forget those who never return; returns how many.

        Forgotten is who was not here for longer than ``max_age`` seconds and a day, has no connection on any node (see
        `Presence`), and for whom nothing is left in the log; who comes back then is seen for the first time. What is
        kept of a user and speaks only of notifications that are gone goes in any case. What users follow stays: they
        said that they want it.
        """


@dataclass(frozen=True, slots=True)
class LogSize:
    """Bytes on disk (in memory for a log there) and stored notifications."""

    bytes: int
    notifications: int


class HealthCheck(Protocol):
    """A log that can say whether it works."""

    async def check(self) -> None:
        """Raise `BrokerUnavailable` where the log takes or gives nothing now."""

    def lost(self) -> Text | None:
        """What of the log was lost while this node followed it, for operators; None where nothing was.

        The log works nevertheless. It is told until the node ends, as it is not known when somebody has seen to it.
        """

    def room_for(self, max_body: int) -> None:
        """Let a log that has failed count as working again only once it has room for a body of so many bytes."""


class Measured(Protocol):
    """A log that knows how big it is."""

    async def size(self) -> LogSize:
        """How big it is now. Not for every request: it may count."""


class Secrets(Protocol):
    """Keys that live as long as the log."""

    def secret(self, name: str) -> bytes:
        """32 bytes that only this log knows, for one purpose: another name gives unrelated ones. Needs `Log.start`."""
