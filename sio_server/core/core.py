"""The parts of one node, put together."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sio_server.broker import (
    Answered,
    Broker,
    Close,
    DueChanged,
    Erased,
    Followed,
    InboxChanged,
    Revoked,
    Spent,
    Ticketed,
)
from sio_server.catalog import Catalog
from sio_server.core.arrivals import Arrivals
from sio_server.core.attendance import Attendance
from sio_server.core.changes import Changes
from sio_server.core.connections import Connections
from sio_server.core.door import Door
from sio_server.core.drafts import Drafts
from sio_server.core.expiry import Expiry
from sio_server.core.hub import Hub
from sio_server.core.inboxes import Inboxes
from sio_server.core.languages import Languages
from sio_server.core.limits import ConnectionLimits, PublishRate
from sio_server.core.node import Node
from sio_server.core.nodes import Nodes
from sio_server.core.observers import Observers
from sio_server.core.operators import Operators
from sio_server.core.pages import REPLAY_HIGH, Pages
from sio_server.core.passes import Passes
from sio_server.core.persons import Persons
from sio_server.core.recounts import Recounts
from sio_server.core.refusals import Refusals
from sio_server.core.replays import Replays
from sio_server.core.samples import Samples
from sio_server.core.schedules import MAX_SCHEDULED, Schedules
from sio_server.core.spans import Spans
from sio_server.core.strangers import Strangers
from sio_server.core.tasks import Tasks
from sio_server.core.tickets import Tickets
from sio_server.core.topics import Topics
from sio_server.core.traced import TracedNode
from sio_server.core.traces import Traces
from sio_server.core.traffic import Traffic
from sio_server.core.window import Window
from sio_server.event_types import EventType
from sio_server.metrics import Metrics, NoMetrics

if TYPE_CHECKING:  # its libraries are an extra
    from sio_server.telemetry.tracer import Tracer

_DAY: Final = 24 * 3600.0


class Core:
    """All the parts of one node, on a broker that is not opened yet.

    Only the wiring holds it: whoever needs a part is given that part. ``hello`` gives what every ``ns:hello`` says
    besides, ``address_group`` what counts as one address. ``locale`` is the language of messages that publishers leave
    out; with a ``tracer`` what becomes of notifications is told in spans. ``now`` gives the time of day, ``wall`` Unix
    seconds; both may be set at any moment.
    """

    def __init__(
        self,
        catalog: Catalog,
        broker: Broker,
        *,
        metrics: Metrics | None = None,
        limits: ConnectionLimits | None = None,
        publish_rate: PublishRate | None = None,
        max_scheduled: int = MAX_SCHEDULED,
        hello: Mapping[str, Any] | None = None,
        address_group: Callable[[str], str] = str,
        replay_high: int = REPLAY_HIGH,
        locale: str = "es",
        tracer: Tracer | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        wall: Callable[[], float] = time.time,
    ) -> None:
        metrics = metrics or NoMetrics()
        self.catalog, self.broker, self.tracer = catalog, broker, tracer
        self.door, self.tasks = Door(), Tasks()
        self.hub = Hub(address_group)
        self.nodes = Nodes(broker, self.hub, self.door, wall=wall)
        self.window = Window(now=broker.now)
        self.observers, self.refusals = Observers(), Refusals(metrics)
        self.traffic = Traffic(metrics, catalog, now=now)
        self.spans = Spans()
        self.pages = Pages(broker, self.window, high=replay_high)
        self.replays = Replays(broker, self.hub, self.pages, metrics, self.tasks)
        self.expiry = Expiry(self.hub, wall=wall)
        arrivals = Arrivals(broker, catalog)
        self.languages = Languages(catalog, locale)
        self.connections = self._connections(arrivals, metrics, limits or ConnectionLimits(), hello or {})
        self.topics = Topics(broker, self.hub, self.connections, arrivals, catalog, pages=self.pages, tasks=self.tasks)
        self.attendance = Attendance(broker, self.hub, self.tasks)
        self.inboxes = Inboxes(broker, self.hub, self.connections, self.tasks, catalog)
        self._recounts = Recounts(self.hub, self.inboxes, self.tasks)
        self.samples = Samples(self.traffic, self.hub, self.refusals)
        self.strangers = Strangers(catalog, locale)
        self._drafts = Drafts(catalog, self.strangers, locale=locale, metrics=metrics, now=now)
        self.schedules = Schedules(broker, self._drafts, self.door, self.traffic, most=max_scheduled, wall=wall)
        self.node = self._node(publish_rate or PublishRate(0))
        self.operators = self._operators()
        self.changes = Changes(broker, self.node, catalog, locale=locale, now=now)
        self.traces = Traces(broker, self.hub, self.connections, self.operators, self.spans)
        self.passes, self.tickets = Passes(broker, wall=wall), Tickets(broker, self.nodes.name, wall=wall)
        self.persons = Persons(broker, self.hub, self.operators, tickets=self.tickets, window=self.window)
        self._tell_broker()

    def take_catalog(self, catalog: Catalog) -> None:
        """Put another catalogue in place of the one in force, while the node runs."""
        before = _ages(self.catalog.types)
        self.catalog.types = dict(catalog.types)
        if catalog.topics != self.catalog.topics:
            self.catalog.topics = dict(catalog.topics)
            self.topics.look_again()
        if (ages := _ages(catalog.types)) != before:
            self.broker.keep_types(ages)
            # what is in memory knows how long it was to be kept then; the log is asked instead
            self.window.begin(self.broker.head().seq)

    def _tell_broker(self) -> None:
        """Say who hears which signal, and how long which types are kept."""
        self.broker.keep_types(_ages(self.catalog.types))
        self.node.hear(InboxChanged, self.inboxes.changed)
        self.node.hear(Answered, self.inboxes.answered)
        self.node.hear(Revoked, self.operators.revoked)
        self.node.hear(Close, self.connections.close_one)
        self.node.hear(Followed, self.topics.heard)
        self.node.hear(DueChanged, self.schedules.heard)
        self.node.hear(Erased, self.persons.erased)
        self.node.hear(Spent, self.node.shares.heard)
        self.node.hear(Ticketed, self.tickets.heard)

    def _connections(
        self, arrivals: Arrivals, metrics: Metrics, limits: ConnectionLimits, hello: Mapping[str, Any]
    ) -> Connections:
        return Connections(
            self.broker,
            self.hub,
            self.replays,
            self.observers,
            arrivals=arrivals,
            door=self.door,
            metrics=metrics,
            refusals=self.refusals,
            limits=limits,
            hello=hello,
            expiry=self.expiry,
            languages=self.languages,
        )

    def _node(self, rate: PublishRate) -> Node:
        make = Node if self.tracer is None else partial(TracedNode, self.tracer)
        return make(
            self.broker,
            self.hub,
            self.window,
            self.replays,
            self.observers,
            tasks=self.tasks,
            door=self.door,
            drafts=self._drafts,
            traffic=self.traffic,
            spans=self.spans,
            schedules=self.schedules,
            recounts=self._recounts,
            rate=rate,
            name=self.nodes.name,
        )

    def _operators(self) -> Operators:
        return Operators(
            self.broker,
            self.hub,
            self.connections,
            door=self.door,
            drafts=self._drafts,
            traffic=self.traffic,
            refusals=self.refusals,
        )


def _ages(types: Mapping[str, EventType]) -> dict[str, float]:
    """How many seconds notifications are kept, of the types that say so."""
    return {
        name: found.retention_days * _DAY or math.inf
        for name, found in types.items()
        if found.retention_days is not None
    }
