"""One node: it publishes, and hands on what its broker calls back with.

Endpoints call the node; the node calls the broker and the hub; the broker calls the node back.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeVar

from sio_server.auth import Publisher
from sio_server.broker import Broker, BrokerHandler, Published, Signal
from sio_server.broker.settling import settle
from sio_server.core.door import Door
from sio_server.core.drafts import Drafts
from sio_server.core.hub import Hub
from sio_server.core.limits import PublishRate, Quota
from sio_server.core.observers import Observers
from sio_server.core.recounts import Recounts
from sio_server.core.replays import Replays
from sio_server.core.schedules import Planned, Schedules, check_scope
from sio_server.core.shares import Shares
from sio_server.core.spans import Spans
from sio_server.core.tasks import Tasks
from sio_server.core.traffic import Traffic
from sio_server.core.window import Window
from sio_server.errors import Refused, Text
from sio_server.notification import Entry, Position, PublishRequest
from sio_server.trace_context import trace_id_of

S = TypeVar("S", bound=Signal)


class Accepted(NamedTuple):
    """The answer to a publish that was accepted.

    ``sockets``: to how many connections of this node it was handed. Other nodes hand it to theirs and count them
    themselves; whom it reaches on all nodes together is in its receipt.
    """

    id: str
    type: str
    position: Position
    sockets: int
    duplicate: bool
    warnings: tuple[Text, ...]
    quota: Quota | None = None
    replaces: str | None = None
    """The id of the notification whose place it took."""

    @property
    def status(self) -> int:
        """The status of the answer over HTTP."""
        return 200

    def as_dict(self, locale: str) -> dict[str, Any]:
        """The answer as JSON, with warnings in ``locale``."""
        answer: dict[str, Any] = {
            "status": "ok",
            "id": self.id,
            "seq": self.position.seq,
            "cursor": self.position.cursor(),
            "type": self.type,
            "recipients": {"sockets": self.sockets},
            "duplicate": self.duplicate,
            "warnings": [warning.within(locale) for warning in self.warnings],
        }
        if self.replaces is not None:
            answer["replaces"] = self.replaces
        return answer


class Node:
    """One server process as its publishers and its broker see it. ``rate`` is what each publisher may publish."""

    def __init__(
        self,
        broker: Broker,
        hub: Hub,
        window: Window,
        replays: Replays,
        observers: Observers,
        *,
        tasks: Tasks,
        door: Door,
        drafts: Drafts,
        traffic: Traffic,
        spans: Spans,
        schedules: Schedules,
        recounts: Recounts,
        rate: PublishRate,
        name: str,
    ) -> None:
        self._broker = broker
        self._hub = hub
        self._window = window
        self._replays = replays
        self._observers = observers
        self._tasks = tasks
        self._door = door
        self._drafts = drafts
        self._traffic = traffic
        self._spans = spans
        self._schedules = schedules
        self._recounts = recounts
        self.shares = Shares(broker, name, self._debit)
        self.rate = rate
        """May be set while the node runs."""
        # Publishes under way: the notification's id, and to how many connections it was handed.
        self._awaited: dict[str, int] = {}
        self._hearers: dict[type[Any], Callable[[Any], None]] = {}

    # -- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the log and begin to take notifications."""
        await self._broker.start(self)
        self._window.begin(self._broker.head().seq)
        self._traffic.begin()

    async def close(self) -> None:
        """Refuse what is new, finish what was accepted, let go of the log."""
        self._door.draining = True
        await self._tasks.stop()
        await self._schedules.finish()
        await self._broker.close()

    async def check(self) -> None:
        """Raise `Refused` when this node should get no traffic: while it stops, and when its log fails."""
        self._door.check()
        await self._broker.check()

    def lost(self) -> Text | None:
        """What of the log was lost while this node followed it; None where nothing was."""
        return self._broker.lost()

    def check_open(self) -> None:
        """Raise `Refused` (``draining``) while this node stops."""
        self._door.check()

    # -- publishing -----------------------------------------------------------------------------------------------

    def reserve(self, publisher: Publisher, count: int = 1) -> Quota | None:
        """Use some of a publisher's quota for what it is about to publish; None where there is no limit.

        Raises `Refused` (``rate_limited``) when there is not enough left for all of it.
        """
        quota = self.rate.spend(publisher.name, count, publisher.rate)
        if quota is not None:
            self.shares.note(publisher.name, count, quota.limit)
        return quota

    def _debit(self, publisher: str, count: int, rate: int) -> None:
        self.rate.debit(publisher, count, rate)

    async def publish(
        self, request: PublishRequest, publisher: Publisher, *, reserved: Quota | None = None
    ) -> Accepted | Planned:
        """Append to the log and hand to the sockets of this node; when this returns, both are done.

        What is to be delivered later is kept until then. ``reserved``: it is one of those that `reserve` was called
        for. Raises `Refused`: ``unknown_type``,
        ``invalid_data``, ``invalid_audience``, ``forbidden_scope``, ``idempotency_mismatch``, ``rate_limited``,
        ``too_many_scheduled``, ``draining``, ``broker_unavailable``.
        """
        done: asyncio.Future[Accepted | Planned] = asyncio.get_running_loop().create_future()
        self.submit(request, publisher, partial(settle, done), reserved=reserved)
        return await done

    def submit(
        self,
        request: PublishRequest,
        publisher: Publisher,
        settled: Callable[[Accepted | Planned | Exception], None],
        *,
        reserved: Quota | None = None,
    ) -> str:
        """Do what `publish` does without a coroutine and a future, which are a good part of what a publish costs.

        Returns the id of the notification. What is wrong with the request is raised at once; ``settled`` is called
        after this has returned, with the answer, or with what the log raised.
        """
        self._door.check()
        began = time.monotonic()
        quota = self.reserve(publisher) if reserved is None else reserved
        try:
            if request.extras is not None:
                due = self._schedules.due_of(request.extras)
                if due is not None:
                    return self._schedules.book(request, publisher, due, quota, settled)
            notification, warnings = self._drafts.draft(request, publisher)
        except Refused as refused:
            refused.trace_id = trace_id_of(request.traceparent)
            raise
        use = publisher.use

        def stored(outcome: Published | Exception) -> None:
            sockets = self._awaited.pop(notification.id)
            if isinstance(outcome, Exception):
                settled(outcome)
                return
            self._traffic.publish(request.type, began, duplicate=outcome.duplicate)
            use.last = time.time()
            use.published += 1
            identity, position, duplicate, former = outcome
            replaces = None if former is None else former.id
            settled(Accepted(identity, request.type, position, sockets, duplicate, warnings, quota, replaces))

        self._broker.append(notification, stored)
        self._awaited[notification.id] = 0
        return notification.id

    async def deliver(self, notification_id: str, publisher: Publisher) -> Accepted:
        """Deliver now what is scheduled; otherwise as `publish`. What was delivered already is a duplicate.

        Raises `Refused`: ``not_found``, ``forbidden_scope``, ``draining``, ``broker_unavailable``.
        """
        self._door.check()
        while True:
            scheduled = await self._schedules.find(notification_id, publisher)
            if scheduled is None:
                return await self._delivered(notification_id, publisher)
            done: asyncio.Future[Published] = asyncio.get_running_loop().create_future()
            self._broker.deliver(scheduled, self._schedules.now(), partial(settle, done))
            self._awaited[notification_id] = 0
            try:
                outcome = await done
            except Refused as refused:
                if refused.kind.code != "not_found":
                    raise
                continue  # it was changed meanwhile, or is gone, which is found out now
            finally:
                sockets = self._awaited.pop(notification_id, 0)
            kind = scheduled.notification.type
            return Accepted(notification_id, kind, outcome.position, sockets, outcome.duplicate, ())

    async def _delivered(self, notification_id: str, publisher: Publisher) -> Accepted:
        fate, stored = await self._broker.fate(notification_id), await self._broker.find(notification_id)
        if fate is None or fate.ending != "delivered" or stored is None:
            raise Refused("not_found")
        entry = stored.entry
        check_scope(publisher, entry.event, entry.audience)
        return Accepted(notification_id, entry.event, entry.position, 0, duplicate=True, warnings=())

    # -- what the broker calls back with --------------------------------------------------------------------------

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """See `BrokerHandler.on_entries`."""
        for entry in batch:
            if entry.persist:
                self._window.append(entry)
                if entry.effect is not None:
                    self._window.heed(entry.effect)
                    if entry.kind != "updated":  # which changes no counter
                        self._recounts.note(entry)
            else:
                self._replays.hold(entry)
            if entry.texts is not None:
                self._traffic.speak(entry.texts, self._hub.languages)
        announced = time.time()
        counts = self._hub.broadcast(batch)
        self._spans.note(batch, counts, announced, time.time())
        self._observers.show(batch, counts)
        self._traffic.deliver(sum(counts))
        for entry, sockets in zip(batch, counts, strict=True):
            if entry.id in self._awaited:
                self._awaited[entry.id] = sockets

    def on_reset(self, head: Position) -> None:
        """See `BrokerHandler.on_reset`. Every client is told that it may have missed something."""
        self._window.begin(head.seq)
        self._spans.forget()
        self._replays.reset()

    def hear(self, kind: type[S], hearer: Callable[[S], None]) -> None:
        """Hand each signal of this kind to ``hearer``, which neither waits nor raises. There is one for each kind."""
        self._hearers[kind] = hearer

    def on_signal(self, signal: Signal) -> None:
        """See `BrokerHandler.on_signal`. A kind that nobody hears is passed over."""
        hearer = self._hearers.get(type(signal))
        if hearer is not None:
            hearer(signal)


_: type[BrokerHandler] = Node
