"""HTTP: ``GET /metrics`` for Prometheus. In development for everybody, else for whoever may look at the server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

from aiohttp import web

from sio_server.api.credentials import OBSERVER
from sio_server.api.operations import Call, operation
from sio_server.auth import Keyring, Publisher
from sio_server.broker import LogSize
from sio_server.core.operators import Operators
from sio_server.core.schedules import Standing
from sio_server.errors import BrokerUnavailable
from sio_server.metrics.prometheus import PrometheusMetrics, Snapshot
from sio_server.metrics.summing import summed

# Seconds for which the size of the log is believed: it is counted, and scrapers come as often as they like.
SIZE_TTL: Final = 15.0

_TEXT: Final[dict[str, Any]] = {"type": "string"}


class MetricsOperations:
    """What a scraper asks of one server.

    ``standing`` says how things stand with what is scheduled; ``engine`` reads the Socket.IO engine's counters;
    ``others`` gives what the other processes on the same port count, in plain text: it is added up then.
    """

    def __init__(
        self,
        metrics: PrometheusMetrics,
        operators: Operators,
        standing: Callable[[], Awaitable[Standing]],
        engine: Callable[[], Mapping[str, int]],
        keyring: Keyring,
        *,
        others: Callable[[], Awaitable[Sequence[bytes]]] | None = None,
    ) -> None:
        self._metrics = metrics
        self._operators = operators
        self._standing = standing
        self._engine = engine
        self._keyring = keyring
        self._others = others
        self._size: LogSize | None = None
        self._size_until = 0.0

    @operation(
        "GET",
        "/metrics",
        name="metrics",
        tag="operate",
        summary="Metrics for Prometheus",
        credential=OBSERVER,
        reply=_TEXT,
        reply_type="text/plain",
    )
    async def metrics(self, call: Call[Publisher, None]) -> web.Response:
        """Give the metrics as a scraper accepts them."""
        accept = ",".join(call.request.headers.getall("Accept", ()))
        others = () if self._others is None else await self._others()
        if others:
            texts = [await self.own(), *others]
            body, content_type = await asyncio.to_thread(summed, texts, accept)
        else:
            body, content_type = await self._rendered(accept)
        return web.Response(body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store"})

    async def own(self) -> bytes:
        """What this process counts, in Prometheus' plain text."""
        return (await self._rendered(""))[0]

    async def _rendered(self, accept: str) -> tuple[bytes, str]:
        snapshot = self._snapshot(await self._log_size(), await self._scheduled())
        return await asyncio.to_thread(self._metrics.render, snapshot, accept)

    async def _log_size(self) -> LogSize | None:
        """The size of the log; None while it cannot say: the other numbers are wanted most when something fails."""
        if time.monotonic() >= self._size_until:
            try:
                self._size = await self._operators.log_size()
            except BrokerUnavailable:
                self._size = None
            self._size_until = time.monotonic() + SIZE_TTL
        return self._size

    async def _scheduled(self) -> Standing | None:
        """What is scheduled; None while the log cannot say."""
        try:
            return await self._standing()
        except BrokerUnavailable:
            return None

    def _snapshot(self, size: LogSize | None, scheduled: Standing | None) -> Snapshot:
        gauges = self._operators.gauges()
        return Snapshot(
            connections=gauges.connections,
            roles=gauges.roles,
            users=gauges.users,
            queued_bytes=gauges.queued_bytes,
            head=gauges.head,
            floor=gauges.floor,
            log_bytes=None if size is None else size.bytes,
            log_notifications=None if size is None else size.notifications,
            scheduled=None if scheduled is None else scheduled.held,
            overdue=None if scheduled is None else scheduled.overdue,
            draining=gauges.draining,
            engine=self._engine(),
            keys=self._keyring.published(),
        )
