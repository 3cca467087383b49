"""Which nodes there are, as the core sees them."""

from __future__ import annotations

from collections.abc import Callable

from sio_server.broker.nodes import Nodes, NodeState
from sio_server.broker.sqlite.parts import Parts


class Describing(Parts):
    """`Nodes` on SQLite, whose nodes are all in this process."""

    def shared(self) -> bool:
        """See `Nodes.shared`."""
        return self._nodes.shared

    def describe(self, state: Callable[[], NodeState]) -> None:
        """See `Nodes.describe`."""
        self._describe = state

    async def nodes(self) -> tuple[NodeState, ...]:
        """See `Nodes.nodes`."""
        self._ensure_open()
        return self._nodes.states()


_: type[Nodes] = Describing
