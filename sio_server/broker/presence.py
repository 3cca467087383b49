"""Who is connected, on whichever node. Protocols only."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Here:
    """Whether a user is here: connected to any node. Moments are milliseconds of Unix time.

    ``roles`` are those of all connections, ``since`` is when the earliest of them came, None of who is not here.
    ``last_seen`` is now of who is here, else when the last connection ended; after a crash at least when it came.
    """

    user: str
    roles: tuple[str, ...]
    connections: int
    since: int | None
    last_seen: int | None


@dataclass(frozen=True, slots=True)
class HerePage:
    """Users who are here, by name; ``users`` and ``connections`` count all of them, whatever is in this page."""

    items: tuple[Here, ...]
    next_after: str | None
    users: int
    connections: int


class Presence(Protocol):
    """Connections of all nodes, as leases that their nodes renew: those of a node that dies go with it.

    What happens on another node is known here about a second later.
    """

    def arrived(self, connection_id: str, user: str | None, rooms: Collection[str]) -> None:
        """Note that this node has a connection, and which rooms its identity has; not what its user follows besides.

        Never blocks.

        The collection must not change afterwards; said again of the same connection, these are its rooms from now on.
        ``user`` is None for who has no name.
        """

    def left(self, connection_id: str) -> None:
        """Note that this node has the connection no longer; unknown ones are passed over. Never blocks."""

    async def connected(self, connection_id: str) -> bool:
        """Whether a connection with this id is on any node."""

    async def present(self, user: str) -> bool:
        """Whether a user has a connection on any node."""

    async def attending(self, room: str | None = None) -> frozenset[str]:
        """The names of all who are here, or with a room of those who have it: a role, a topic, by token or followed.

        Who has no name is nobody.
        """

    async def here(self, room: str | None = None, *, limit: int, after: str | None = None) -> HerePage:
        """The first of `attending` by name, above ``after``."""

    async def whereabouts(self, users: Sequence[str]) -> tuple[Here, ...]:
        """Of these users those who are here or were, in this order; who was never here is left out."""
