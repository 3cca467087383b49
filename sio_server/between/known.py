"""Where the other nodes are, without asking the broker for each request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from sio_server.broker import NodeState
from sio_server.errors import BrokerUnavailable

# Seconds for which what the broker said is believed. A request for a session of a node that is not known waits for
# the next answer, for that node may be a new one; whoever invents names makes the broker be asked so often, no more.
FRESH: Final = 1.0

# Requests that wait for it: what is asked for beyond them is known to nobody.
MAX_WAITING: Final = 1000

# Seconds that a request waits for the broker.
PATIENCE: Final = 2.0


class KnownNodes:
    """The nodes that live, as ``ask`` said last."""

    def __init__(self, ask: Callable[[], Awaitable[tuple[NodeState, ...]]]) -> None:
        self._ask = ask
        self._known: Mapping[str, NodeState] = {}
        self._until = float("-inf")
        self._asking: asyncio.Task[None] | None = None
        self._waiting = 0

    async def find(self, name: str) -> NodeState | None:
        """The node of this name, as it was two seconds ago or later; None where none lives."""
        found = self._known.get(name)
        fresh = asyncio.get_running_loop().time() < self._until
        if found is None and self._waiting < MAX_WAITING:
            self._waiting += 1
            try:
                await asyncio.wait({self._again()}, timeout=PATIENCE)
            finally:
                self._waiting -= 1
            return self._known.get(name)
        if not fresh:
            self._again()
        return found

    async def all(self) -> tuple[NodeState, ...]:
        """Every node, asked for now. Raises `BrokerUnavailable`."""
        return await self._ask()

    def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()

    def _again(self) -> asyncio.Task[None]:
        if self._asking is None:
            self._asking = asyncio.create_task(self._renew())
        return self._asking

    async def _renew(self) -> None:
        await asyncio.sleep(max(0.0, self._until - asyncio.get_running_loop().time()))
        try:
            self._known = {state.name: state for state in await self._ask()}
        except BrokerUnavailable:
            pass  # what was known before is the best there is
        finally:
            self._until = asyncio.get_running_loop().time() + FRESH
            self._asking = None
