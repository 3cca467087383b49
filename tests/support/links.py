"""The core with nothing at its other end: connections that note what they are told, on a real log in memory."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sio_server.audience import Audience, Identity
from sio_server.broker import Broker
from sio_server.broker.sqlite import SqliteBroker
from sio_server.catalog import Catalog
from sio_server.core.core import Core as Parts
from sio_server.core.hub import Broadcaster, Connection, Link
from sio_server.core.limits import ConnectionLimits
from sio_server.core.pages import REPLAY_HIGH
from sio_server.metrics import Metrics, NoMetrics
from sio_server.notification import Entry
from tests.support.brokers import appended, notification, side_by_side
from tests.support.waiting import until

TOURIST = Identity("7", ("turista",), ("cusco",))


def holding(user: str = "7", *, issued_at: float | None = None, lasts: float = 600.0) -> Identity:
    """Whose token this is."""
    now = time.time()
    return Identity(user, ("turista",), (), now + lasts, now if issued_at is None else issued_at)


class NotedLink:
    """What the core asked for, in order, as ``(what, details)``; entries by their ``seq``."""

    def __init__(self, *, transport: str = "websocket") -> None:
        self.calls: list[tuple[str, Any]] = []
        self.rooms: tuple[str, ...] = ()
        self.waiting = 0
        """Bytes that `pending` tells of."""
        self.fills = 0
        """Bytes that each entry of a replay adds to them."""
        self.now_over = transport

    def join(self, rooms: Sequence[str]) -> None:
        """See `Link.join`."""
        self.rooms = tuple(rooms)
        self.calls.append(("join", self.rooms))

    def replay(self, entries: Sequence[Entry], *, replayed: bool = True) -> None:
        """See `Link.replay`."""
        self.calls.extend(("replay" if replayed else "late", entry.seq) for entry in entries)
        self.waiting += self.fills * len(entries)

    def speak(self, locale: str) -> None:
        """See `Link.speak`."""
        self.locale = locale

    def control(self, event: str, payload: Mapping[str, Any]) -> None:
        """See `Link.control`."""
        self.calls.append((event, dict(payload)))

    def pending(self) -> int:
        """See `Link.pending`."""
        return self.waiting

    def close(self, reason: str) -> None:
        """See `Link.close`."""
        self.calls.append(("close", reason))

    def transport(self) -> str:
        """See `Link.transport`."""
        return self.now_over

    def take_all(self) -> None:
        """The peer reads, what waits and what comes."""
        self.fills = self.waiting = 0

    @property
    def names(self) -> list[str]:
        """What was asked for, in order."""
        return [name for name, _ in self.calls]

    @property
    def seqs(self) -> list[int]:
        """Every entry in the order it was sent, whichever way it came."""
        return [details for name, details in self.calls if name in ("replay", "late", "live")]

    def of(self, name: str) -> list[Any]:
        """The details of each call of this name."""
        return [details for called, details in self.calls if called == name]


class NotedEndpoint:
    """An endpoint whose connections are `NotedLink` s: a broadcast reaches those whose rooms it is for."""

    def __init__(self) -> None:
        self.links: list[NotedLink] = []

    def broadcast(self, batch: Sequence[Entry]) -> Sequence[int]:
        """See `Broadcaster.broadcast`."""
        counts = []
        for entry in batch:
            rooms, but = set(entry.audience.rooms()), set(entry.audience.except_rooms())
            members = [link for link in self.links if rooms & set(link.rooms) and not but & set(link.rooms)]
            for link in members:
                link.calls.append(("live", entry.seq))
            counts.append(len(members))
        return counts


class Endpoint:
    """An endpoint with so many connections, all of which get everything."""

    def __init__(self, connections: int) -> None:
        self.connections = connections
        self.seqs: list[int] = []

    def broadcast(self, batch: Sequence[Entry]) -> Sequence[int]:
        """See `Broadcaster.broadcast`."""
        self.seqs.extend(one.position.seq for one in batch)
        return [self.connections] * len(batch)


class NotedMetrics(NoMetrics):
    """How often each thing happened to connections."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()

    def refused(self, code: str) -> None:
        """See `Metrics.refused`."""
        self.counted[f"refused {code}"] += 1

    def connected(self, protocol: str) -> None:
        """See `Metrics.connected`."""
        self.counted[f"connected {protocol}"] += 1

    def disconnected(self, protocol: str, reason: str) -> None:
        """See `Metrics.disconnected`."""
        self.counted[f"disconnected {protocol} {reason}"] += 1

    def replayed(self, count: int) -> None:
        """See `Metrics.replayed`."""
        self.counted["replayed"] += count

    def unrecovered(self) -> None:
        """See `Metrics.unrecovered`."""
        self.counted["unrecovered"] += 1

    def slow(self, protocol: str) -> None:
        """See `Metrics.slow`."""
        self.counted[f"slow {protocol}"] += 1


class Core(Parts):
    """A core with one endpoint, whose connections note what they are told."""

    metrics: NotedMetrics

    def __init__(self, catalog: Catalog, broker: Broker, limits: ConnectionLimits) -> None:
        self.metrics = NotedMetrics()
        super().__init__(catalog, broker, metrics=self.metrics, limits=limits, hello={"limits": {"max_body": 5}})
        self.endpoint = NotedEndpoint()
        self.hub.register(self.endpoint)

    def connection(self, identity: Identity, **members: Any) -> tuple[Connection, NotedLink]:
        """A connection that is not let in yet, and its link."""
        link = NotedLink()
        self.endpoint.links.append(link)
        return Connection(identity, link, **{"protocol": "ws", **members}), link

    async def open(
        self, identity: Identity, cursor: str | None = None, *, recovered_from: int | None = None, **members: Any
    ) -> tuple[Connection, NotedLink]:
        """A connection that was let in."""
        connection, link = self.connection(identity, **members)
        await self.connections.open(connection, cursor, recovered_from=recovered_from)
        return connection, link

    async def on_the_way(self, missed: int) -> tuple[Connection, NotedLink]:
        """A connection that missed so much, and whose peer reads no further than the beginning of its replay."""
        await self.open(TOURIST)
        await self.publish(missed)
        self.forget()
        connection, link = self.connection(TOURIST)
        link.fills = REPLAY_HIGH
        await self.connections.open(connection, self.cursor(0))
        await until(lambda: link.seqs, "the beginning of the replay")
        return connection, link

    async def publish(self, count: int = 1, audience: Audience | None = None, **members: Any) -> None:
        """Publish so many notifications, to everybody where no audience is given."""
        made = {"audience": audience or Audience(all=True), **members}
        await asyncio.gather(*(appended(self.broker, notification(**made)) for _ in range(count)))

    def cursor(self, seq: int) -> str:
        """The cursor of a position of this log."""
        return f"{self.broker.head().epoch}-{seq}"

    def forget(self) -> None:
        """Empty the window, as a start does."""
        self.window.begin(self.broker.head().seq)


@asynccontextmanager
async def core(limits: ConnectionLimits | None = None, broker: Broker | None = None) -> AsyncIterator[Core]:
    """A core that is open, on a log of its own in memory where no broker is given."""
    catalog = await asyncio.to_thread(Catalog.load)
    made = Core(catalog, broker or SqliteBroker(None), limits or ConnectionLimits())
    await made.node.start()
    try:
        yield made
    finally:
        await made.node.close()


@asynccontextmanager
async def two_cores() -> AsyncIterator[tuple[Core, Core]]:
    """Two cores on one log, as two nodes are."""
    one, other = side_by_side()
    async with core(broker=one) as here, core(broker=other) as there:
        yield here, there


_link: type[Link] = NotedLink
_broadcaster: type[Broadcaster] = NotedEndpoint
_metrics: type[Metrics] = NotedMetrics
