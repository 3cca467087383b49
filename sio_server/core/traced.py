"""A node that makes spans of what it does: a class of its own, so that one without them pays nothing for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from sio_server.auth import Publisher
from sio_server.core.limits import Quota
from sio_server.core.node import Accepted, Node
from sio_server.core.schedules import Planned
from sio_server.notification import Entry, PublishRequest

if TYPE_CHECKING:  # its libraries are an extra
    from sio_server.telemetry.tracer import Tracer


class TracedNode(Node):
    """A `Node`, with what makes the spans of its notifications."""

    def __init__(self, tracer: Tracer, *parts: Any, **more: Any) -> None:
        super().__init__(*parts, **more)
        self._tracer = tracer

    def submit(
        self,
        request: PublishRequest,
        publisher: Publisher,
        settled: Callable[[Accepted | Planned | Exception], None],
        *,
        reserved: Quota | None = None,
    ) -> str:
        """See `Node.submit`."""
        tracer = self._tracer
        span = tracer.begin(request)
        if span is None:
            return super().submit(request, publisher, settled, reserved=reserved)
        made = ""

        def told(outcome: Accepted | Planned | Exception) -> None:
            if isinstance(outcome, Accepted):
                tracer.settled(made, outcome.position.seq, outcome.sockets, duplicate=outcome.duplicate)
            elif isinstance(outcome, Planned):
                tracer.scheduled(made, outcome.due, duplicate=outcome.duplicate)
            else:
                tracer.lost(made, outcome)
            settled(outcome)

        try:
            made = super().submit(request, publisher, told, reserved=reserved)
        except Exception as error:
            tracer.failed(span, error)
            raise
        tracer.under_way(made, span)
        return made

    def on_entries(self, batch: Sequence[Entry]) -> None:
        """See `BrokerHandler.on_entries`."""
        super().on_entries(batch)
        self._tracer.announced(batch, self._times, self._awaited)

    def _times(self, entry: Entry) -> tuple[float, float, int] | None:
        if entry.persist:
            return self._spans.of(entry.seq)
        passing = self._spans.passing(entry.id)
        return None if passing is None else passing[1]
