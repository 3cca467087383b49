"""Metrics for Prometheus. Labels are few words from lists of our own; a user, an id or an address is never one.

Each server has a registry to itself, so that several in one process do not mix.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sio_server import __version__
from sio_server.metrics.buckets import Buckets
from sio_server.metrics.protocol import Metrics

PREFIX: Final = "sio_server_"

# Roles that get a series of their own; those with the fewest connections share "other". In development a client states
# any role it likes, and each series costs whoever stores them.
MAX_ROLES: Final = 20

# Languages that are told apart: clients choose what they ask for, and each makes a series.
MAX_LANGUAGES: Final = 50

# Seconds between two looks at how late the event loop is.
LAG_INTERVAL: Final = 0.25

_COMMIT_SECONDS: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LAG_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LATE_SECONDS: Final = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 600.0, 3600.0)
_COMMIT_SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)
_REPLAY_SIZES: Final = (0, 1, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What is read off a server when it is asked, not counted as it happens.

    ``connections`` is by protocol and transport, ``queued_bytes`` by protocol, ``keys`` are publishes by key.
    ``log_bytes``, ``log_notifications``, ``scheduled`` and ``overdue`` (seconds) are None while the log cannot say.
    """

    connections: Mapping[tuple[str, str], int] = field(default_factory=dict)
    roles: Mapping[str, int] = field(default_factory=dict)
    users: int = 0
    queued_bytes: Mapping[str, int] = field(default_factory=dict)
    head: int = 0
    floor: int = 0
    log_bytes: int | None = None
    log_notifications: int | None = None
    scheduled: int | None = None
    overdue: float | None = None
    draining: bool = False
    engine: Mapping[str, int] = field(default_factory=dict)
    keys: Mapping[str, int] = field(default_factory=dict)


class PrometheusMetrics:
    """Counts what happens, and writes the counts as Prometheus reads them."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        self._state = _State()
        self.registry.register(self._state)
        self._published = self._counter("publishes", "Publishes that were accepted", "type", "result")
        # With each publish: finding the series costs more than counting.
        self._publishes_of = cache(
            lambda event_type, duplicate: self._published.labels(event_type, "duplicate" if duplicate else "accepted")
        )
        self._refused = self._counter("refusals", "Requests and connections that were refused", "code")
        self._delivered = self._counter("deliveries", "Publications times the connections they were handed to")
        self._connected = self._counter("connections_opened", "Connections that were made", "protocol")
        self._disconnected = self._counter("connections_closed", "Connections that ended", "protocol", "reason")
        self._unrecovered = self._counter("unrecovered", "Connections that could not be made whole from their cursor")
        self._slow = self._counter("slow_cuts", "Connections that were cut since the peer did not read", "protocol")
        self._untranslated = self._counter(
            "translations_missing", "Notifications that were not in a language that was wanted of them", "locale"
        )
        self._wanted: set[str] = set()
        self._replayed = self._histogram("replay_size", "Publications in one replay from a cursor", _REPLAY_SIZES)
        self._commit_seconds = self._histogram("commit_seconds", "Duration of a commit of the log", _COMMIT_SECONDS)
        self._commit_size = self._histogram("commit_size", "Publishes in one commit that held any", _COMMIT_SIZES)
        self._late = self._histogram(
            "scheduled_late_seconds", "How late the first was of those that were scheduled and delivered", _LATE_SECONDS
        )
        self._not_after: Gauge | None = None
        self._lag = self._histogram("event_loop_lag_seconds", "How late the event loop woke a timer", _LAG_SECONDS)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(PREFIX + name, text, labels, registry=self.registry)

    def _histogram(self, name: str, text: str, bounds: Iterable[float]) -> Buckets:
        buckets = Buckets(PREFIX + name, text, bounds)
        self.registry.register(buckets)
        return buckets

    # -- Metrics --------------------------------------------------------------------------------------------------

    def published(self, event_type: str, *, duplicate: bool) -> None:
        """See `Metrics.published`; the catalogue bounds the event types."""
        self._publishes_of(event_type, duplicate).inc()

    def refused(self, code: str) -> None:
        """See `Metrics.refused`."""
        self._refused.labels(code).inc()

    def delivered(self, sockets: int) -> None:
        """See `Metrics.delivered`."""
        self._delivered.inc(sockets)

    def connected(self, protocol: str) -> None:
        """See `Metrics.connected`."""
        self._connected.labels(protocol).inc()

    def disconnected(self, protocol: str, reason: str) -> None:
        """See `Metrics.disconnected`."""
        self._disconnected.labels(protocol, reason).inc()

    def replayed(self, count: int) -> None:
        """See `Metrics.replayed`."""
        self._replayed.observe(count)

    def unrecovered(self) -> None:
        """See `Metrics.unrecovered`."""
        self._unrecovered.inc()

    def slow(self, protocol: str) -> None:
        """See `Metrics.slow`."""
        self._slow.labels(protocol).inc()

    def untranslated(self, locale: str) -> None:
        """See `Metrics.untranslated`: by language, without regions."""
        language = locale.partition("-")[0]
        if language not in self._wanted:
            if len(self._wanted) >= MAX_LANGUAGES:
                language = "other"
            self._wanted.add(language)
        self._untranslated.labels(language).inc()

    def delivered_late(self, seconds: float) -> None:
        """See `Metrics.delivered_late`."""
        self._late.observe(seconds)

    def committed(self, seconds: float, publishes: int) -> None:
        """See `Metrics.committed`."""
        self._commit_seconds.observe(seconds)
        if publishes:
            self._commit_size.observe(publishes)

    # -- by itself ------------------------------------------------------------------------------------------------

    async def watch_loop(self) -> None:
        """Look again and again how late the event loop is, until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_INTERVAL
            await asyncio.sleep(LAG_INTERVAL)
            self._lag.observe(max(0.0, loop.time() - due))

    def certificate(self, not_after: float) -> None:
        """Say until when the certificate in force is good, in seconds of Unix time; unsaid, there is no such metric."""
        if self._not_after is None:
            text = "When the certificate in force ends, in seconds of Unix time"
            self._not_after = Gauge(PREFIX + "tls_not_after", text, registry=self.registry)
        self._not_after.set(not_after)

    def render(self, snapshot: Snapshot, accept: str) -> tuple[bytes, str]:
        """Everything as text, and its Content-Type, as the header ``Accept`` would have it.

        Reads from ``/proc``, so not on the event loop.
        """
        self._state.snapshot = snapshot
        encode, content_type = choose_encoder(accept)
        return encode(self.registry), content_type


class _State(Collector):
    """The metrics that are read off a `Snapshot`."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()

    def describe(self) -> Iterable[Metric]:
        """The names of these metrics, so that nothing else takes the names."""
        return self.collect()

    def collect(self) -> Iterator[Metric]:
        """See `Collector.collect`."""
        snapshot = self.snapshot
        yield _gauge("info", "The version that runs", {(("version", __version__),): 1})
        yield _gauge("draining", "1 while the server empties itself, else 0", {(): int(snapshot.draining)})
        yield _gauge(
            "connections",
            "Connections now",
            {
                (("protocol", protocol), ("transport", transport)): count
                for (protocol, transport), count in snapshot.connections.items()
            },
        )
        yield _gauge(
            "role_connections",
            "Connections now of people with a role, who may have several",
            {(("role", role),): count for role, count in _largest(snapshot.roles).items()},
        )
        yield _gauge("users", "Users who are connected now", {(): snapshot.users})
        yield _gauge(
            "queued_bytes",
            "Bytes that wait for peers to take them",
            {(("protocol", protocol),): count for protocol, count in snapshot.queued_bytes.items()},
        )
        yield from self._log(snapshot)
        yield from self._engine(snapshot)
        by_key = CounterMetricFamily(
            PREFIX + "key_publishes", "Publishes that were accepted, by publisher key", labels=["key"]
        )
        for name, count in snapshot.keys.items():
            by_key.add_metric([name], count)
        yield by_key

    @staticmethod
    def _log(snapshot: Snapshot) -> Iterator[Metric]:
        yield _gauge("log_head", "Position of the last notification in the log", {(): snapshot.head})
        yield _gauge("log_floor", "Position up to which the log may have been trimmed", {(): snapshot.floor})
        for name, text, value in (
            ("log_bytes", "Size of the log", snapshot.log_bytes),
            ("log_notifications", "Notifications in the log", snapshot.log_notifications),
            ("scheduled", "Notifications that wait for their moment", snapshot.scheduled),
            ("scheduled_overdue_seconds", "For how long the soonest of those has been due", snapshot.overdue),
        ):
            yield _gauge(name, text, {} if value is None else {(): value})

    @staticmethod
    def _engine(snapshot: Snapshot) -> Iterator[Metric]:
        """The Socket.IO engine's counters: all of them only grow, but for the sessions that are there now."""
        events = CounterMetricFamily(
            PREFIX + "engine_events",
            "What the Socket.IO engine counted: limits reached, cuts, upgrades",
            labels=["event"],
        )
        for name, value in snapshot.engine.items():
            if name != "sessions":
                events.add_metric([name], value)
        yield events
        yield _gauge("engine_sessions", "Engine.IO sessions now", {(): snapshot.engine.get("sessions", 0)})


def _gauge(name: str, text: str, values: Mapping[tuple[tuple[str, str], ...], float]) -> Metric:
    labels = [label for label, _ in next(iter(values), ())]
    family = GaugeMetricFamily(PREFIX + name, text, labels=labels)
    for key, value in values.items():
        family.add_metric([word for _, word in key], value)
    return family


def _largest(roles: Mapping[str, int]) -> dict[str, int]:
    ordered = sorted(roles.items(), key=lambda item: (-item[1], item[0]))
    largest = dict(ordered[:MAX_ROLES])
    if len(ordered) > MAX_ROLES:
        largest["other"] = largest.get("other", 0) + sum(count for _, count in ordered[MAX_ROLES:])
    return largest


_: type[Metrics] = PrometheusMetrics
