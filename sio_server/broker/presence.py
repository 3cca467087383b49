"""Who is connected, on whichever node. Protocols only."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol


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
