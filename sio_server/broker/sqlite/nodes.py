"""The nodes on one log: each hears all that is announced and every signal."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from sio_server.broker.log import BrokerHandler
from sio_server.broker.nodes import NodeState
from sio_server.broker.signals import Signal
from sio_server.notification import Entry


class Nodes:
    """Whom one log calls back, in the order in which they came. On the loop."""

    def __init__(self) -> None:
        self.changing = asyncio.Lock()
        """Held by whoever opens or closes the log for a node."""
        self.shared = False
        """Whether there is more than one, or may be."""
        # Who hears, and what describes it.
        self._handlers: dict[BrokerHandler, Callable[[], NodeState] | None] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._handlers)

    def add(self, handler: BrokerHandler, state: Callable[[], NodeState] | None) -> None:
        """Let a node hear everything from now on; ``state`` describes it."""
        self._handlers[handler] = state

    def remove(self, handler: BrokerHandler) -> None:
        """Let a node hear nothing more."""
        del self._handlers[handler]

    def states(self) -> tuple[NodeState, ...]:
        """What they say of themselves, by name."""
        said = (state() for state in self._handlers.values() if state is not None)
        return tuple(sorted(said, key=lambda state: state.name))

    def announce(self, batch: Sequence[Entry]) -> None:
        """Have every node hear of what one commit held."""
        self._tell(lambda handler: handler.on_entries(batch))

    def signal(self, signal: Signal) -> None:
        """Have every node hear a signal."""
        self._tell(lambda handler: handler.on_signal(signal))

    def _tell(self, tell: Callable[[BrokerHandler], None]) -> None:
        for handler in tuple(self._handlers):
            try:
                tell(handler)
            except Exception as error:  # noqa: BLE001 - a mistake of one who listens: the others must hear, too
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "what hears of the log failed", "exception": error}
                )
