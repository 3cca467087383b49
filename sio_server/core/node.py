"""The use cases of one server process: publish, count, look after the log, stop.

Endpoints call the node; the node calls the broker and the hub; the broker calls the node back.
"""

from __future__ import annotations

import asyncio
import platform
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, NamedTuple

from sio_server import __version__
from sio_server.audience import Audience
from sio_server.broker import Broker, BrokerHandler, Published, Receipt, Signal
from sio_server.broker.settling import settle
from sio_server.catalog import Catalog, EventType
from sio_server.core.connections import Connections
from sio_server.core.hub import Hub
from sio_server.core.latency import Latency
from sio_server.core.limits import PublishRate, Quota
from sio_server.core.refusals import Refusals
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.metrics import Metrics, NoMetrics
from sio_server.notification import (
    Entry,
    Idempotency,
    Notification,
    Position,
    PublishRequest,
    milliseconds,
    new_id,
)


class Accepted(NamedTuple):
    """The answer to a publish that was accepted. ``sockets``: connections of this node it was handed to."""

    id: str
    type: str
    position: Position
    sockets: int
    duplicate: bool
    warnings: tuple[Text, ...]
    quota: Quota | None = None

    def as_dict(self, locale: str) -> dict[str, Any]:
        """The reply's JSON, with warnings in ``locale``."""
        return {
            "status": "ok",
            "id": self.id,
            "seq": self.position.seq,
            "cursor": self.position.cursor(),
            "type": self.type,
            "recipients": {"sockets": self.sockets},
            "duplicate": self.duplicate,
            "warnings": [warning.within(locale) for warning in self.warnings],
        }


class Node:
    """One server process. ``locale`` is the language of messages that publishers leave out."""

    def __init__(
        self,
        catalog: Catalog,
        broker: Broker,
        hub: Hub,
        connections: Connections,
        *,
        locale: str = "es",
        publish_rate: PublishRate | None = None,
        metrics: Metrics | None = None,
        refusals: Refusals | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.catalog = catalog
        self.hub = hub
        self.connections = connections
        self.broker = broker
        self.metrics: Metrics = metrics or NoMetrics()
        self.refusals = refusals or Refusals(self.metrics)
        self.latency = Latency()
        """From a publish whose body was read to its answer: by then it is in the log and handed to the sockets."""
        self._locale = locale
        self.rate = publish_rate or PublishRate(0)
        self._now = now
        self.started_at = now()
        self._started = time.monotonic()
        self._published = self._duplicates = self._deliveries = 0
        self._awaited: dict[str, int] = {}

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the log and begin to take notifications."""
        await self.broker.start(self)
        self.connections.replays.start()
        self.started_at = self._now()
        self._started = time.monotonic()

    @property
    def draining(self) -> bool:
        """Whether nothing new is taken."""
        return self.connections.draining

    @draining.setter
    def draining(self, value: bool) -> None:
        self.connections.draining = value

    async def close(self) -> None:
        """Refuse what is new, finish what was accepted, let go of the log."""
        self.draining = True
        await self.connections.replays.stop()
        await self.broker.close()

    async def check(self) -> None:
        """Raise `Refused` when this node should get no traffic: while it stops, and when its log fails."""
        if self.draining:
            raise Refused("draining", retry_after=1)
        await self.broker.check()

    # -- publishing -----------------------------------------------------------------------------------------------

    def reserve(self, publisher: str, count: int = 1) -> Quota | None:
        """Use some of a publisher's quota for what it is about to publish; None where there is no limit.

        Raises `Refused` (``rate_limited``) when there is not enough left for all of it.
        """
        return self.rate.spend(publisher, count)

    async def publish(self, request: PublishRequest, publisher: str, *, reserved: Quota | None = None) -> Accepted:
        """Append to the log and hand to the sockets; when this returns, both are done.

        ``reserved``: it is one of those that `reserve` was called for. Raises `Refused`: ``unknown_type``,
        ``invalid_data``, ``invalid_audience``, ``idempotency_mismatch``, ``rate_limited``, ``draining``,
        ``broker_unavailable``.
        """
        done: asyncio.Future[Accepted] = asyncio.get_running_loop().create_future()
        self.submit(request, publisher, partial(settle, done), reserved=reserved)
        return await done

    def submit(
        self,
        request: PublishRequest,
        publisher: str,
        settled: Callable[[Accepted | Exception], None],
        *,
        reserved: Quota | None = None,
    ) -> None:
        """The same without a coroutine and a future, which are a good part of what a publish costs.

        What is wrong with the request is raised at once; ``settled`` is called with the receipt, or with what the log
        raised.
        """
        if self.draining:
            raise Refused("draining", retry_after=1)
        began = time.monotonic()
        quota = self.reserve(publisher) if reserved is None else reserved
        event_type = self.catalog[request.type]
        event_type.check(request.data)
        audience, warnings = self._audience(request, event_type)
        notification = self._notification(request, event_type, audience, publisher)

        def stored(outcome: Published | Exception) -> None:
            sockets = self._awaited.pop(notification.id)
            if isinstance(outcome, Exception):
                settled(outcome)
                return
            self._count(request.type, began, duplicate=outcome.duplicate)
            settled(Accepted(outcome.id, request.type, outcome.position, sockets, outcome.duplicate, warnings, quota))

        self.broker.append(notification, stored)
        self._awaited[notification.id] = 0

    def _count(self, event_type: str, began: float, *, duplicate: bool) -> None:
        if duplicate:
            self._duplicates += 1
        else:
            self._published += 1
            self.latency.add(time.monotonic() - began)
        self.metrics.published(event_type, duplicate=duplicate)

    @staticmethod
    def _audience(request: PublishRequest, event_type: EventType) -> tuple[Audience, tuple[Text, ...]]:
        if request.audience is not None:
            return request.audience, request.warnings
        audience, missing = event_type.audience_for(request.data)
        if audience.is_empty():
            problems = tuple(
                FieldProblem(
                    f"data.{name}", Text("Needed to know whom this is for.", "Hace falta para saber para quién es.")
                )
                for name in missing
            )
            raise Refused.of_problems("invalid_audience", problems)
        return audience, (*request.warnings, *map(SKIPPED.format, missing))

    def _notification(
        self, request: PublishRequest, event_type: EventType, audience: Audience, publisher: str
    ) -> Notification:
        now = milliseconds(self._now())
        ttl = request.ttl if request.ttl is not None else event_type.ttl
        idempotency = None
        if request.idempotency_key is not None:
            idempotency = Idempotency(publisher, request.idempotency_key, request.fingerprint())
        return Notification(
            id=new_id(),
            type=request.type,
            message=event_type.text_for(request.data, self._locale) if request.message is None else request.message,
            data=request.data,
            timestamp=now,
            audience=audience,
            title=request.title,
            priority=request.priority or event_type.priority,
            expires_at=None if ttl is None else now + 1000 * ttl,
            link=request.link,
            actor=request.actor,
            source=request.source,
            persist=request.persist,
            idempotency=idempotency,
        )

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """See `BrokerHandler.on_entries`."""
        self.connections.replays.remember(batch)
        counts = self.hub.broadcast(batch)
        self.connections.observers.show(batch, counts)
        total = sum(counts)
        self._deliveries += total
        self.metrics.delivered(total)
        for entry, sockets in zip(batch, counts, strict=True):
            if entry.id in self._awaited:
                self._awaited[entry.id] = sockets

    def on_reset(self, head: Position) -> None:
        """See `BrokerHandler.on_reset`."""

    def on_signal(self, signal: Signal) -> None:
        """See `BrokerHandler.on_signal`."""

    # -- looking after it -----------------------------------------------------------------------------------------

    async def receipt(self, notification_id: str, *, limit: int, after: str | None) -> Receipt | None:
        """How far a notification came, what was handed to connections until now included; None when it is unknown."""
        for connection in self.hub:
            self.connections.note_handed(connection)
        return await self.broker.receipt(notification_id, limit=limit, after=after)

    def revocation_moment(self, user: str) -> float:
        """The moment (Unix seconds) before which a user's tokens are revoked when all of today's are meant.

        That is now, or just after the newest token on a connection: a backend whose clock is ahead signs tokens of the
        future, and these are meant, too.
        """
        issued = (connection.identity.issued_at or 0.0 for connection in self.hub.of_user(user))
        return max(time.time(), max(issued, default=0.0) + 0.001)

    async def disconnect_user(self, user: str, before: float) -> int:
        """Refuse a user's tokens that were issued before this moment (Unix seconds), and close what is connected.

        The refusal is durable before anything is closed. Returns how many connections were closed.
        """
        await self.broker.revoke(user, before)
        connections = self.hub.of_user(user)
        for connection in connections:
            self.connections.close(connection, "token_revoked")
        return len(connections)

    def totals(self) -> tuple[int, int, int]:
        """Since the start of this process: publishes that were accepted, deliveries, refusals."""
        return self._published, self._deliveries, self.refusals.total

    def stats(self) -> dict[str, Any]:
        """What ``GET /v1/stats`` answers. Counts are since the start of this process; ``uptime`` is in seconds."""
        recent = self.latency.recent()
        return {
            **self.hub.stats(),
            "publishes": {"accepted": self._published, "duplicates": self._duplicates},
            "deliveries": self._deliveries,
            "head": {"seq": self.broker.head().seq, "cursor": self.broker.head().cursor()},
            "uptime": round(time.monotonic() - self._started, 3),
            "draining": self.draining,
            "refused": self.refusals.total,
            "queued_bytes": self.hub.queued(),
            "latency_ms": None if recent is None else recent.as_dict(),
            "version": __version__,
            "node": platform.node(),
        }


SKIPPED: Final = Text(
    "data.{0} is absent: the part of the audience that needs it was skipped",
    "falta data.{0}: se omitió la parte de la audiencia que lo necesita",
)


_: type[BrokerHandler] = Node
