"""What the abilities of one node's broker stand on: the parts that its nodes share, and whether it is open."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import TypeVar

from sio_server.broker.deliveries import Deliveries
from sio_server.broker.leases import Leases, Register
from sio_server.broker.log import BrokerHandler
from sio_server.broker.nodes import NodeState
from sio_server.broker.sqlite import faults
from sio_server.broker.sqlite.nodes import Nodes
from sio_server.broker.sqlite.people import RevocationList, SightCache
from sio_server.broker.sqlite.store import Store
from sio_server.broker.sqlite.views import Overlaps
from sio_server.broker.sqlite.writer import Writer
from sio_server.broker.visits import Visits

# Milliseconds in a second: the log counts those, callers these.
MS = 1000

T = TypeVar("T")


class Parts:
    """The parts, which `SqliteBroker` makes."""

    now: Callable[[], float]
    """See `Log.now`."""
    _nodes: Nodes
    _store: Store
    _writer: Writer
    _register: Register
    _deliveries: Deliveries
    _revocations: RevocationList
    _sights: SightCache
    _visits: Visits
    _wall: Callable[[], float]
    _handler: BrokerHandler | None
    _leases: Leases
    _overlaps: Overlaps
    _describe: Callable[[], NodeState] | None

    def _read(self, function: Callable[[sqlite3.Connection], T]) -> Awaitable[T]:
        self._ensure_open()
        return self._store.read(function)

    def _ensure_open(self) -> None:
        if self._handler is None:
            raise faults.closed()

    def _milliseconds(self) -> int:
        return int(self.now() * MS)
