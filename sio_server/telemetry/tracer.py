"""Spans of what becomes of a notification: its publish, the commit that it is in, its delivery.

Names and attributes are those of the semantic conventions for messaging
(https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/). No span holds text, data or a person's name.
"""

from __future__ import annotations

import asyncio
import platform
import threading
import time
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Final, Self

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags
from opentelemetry.util.types import AttributeValue

from sio_server import __version__
from sio_server.errors import Refused
from sio_server.notification import Entry, PublishRequest

SYSTEM: Final = "sio-server"

# Seconds at the end of the process for what was not sent yet. A collector that is away is not waited for any longer.
FLUSH: Final = 2.0

_NANO: Final = 1_000_000_000


class Tracer:
    """Makes spans for sampled traces, and hands them to a thread that sends them; when that is behind, it drops some.

    All methods are the event loop's, and none of them waits.
    """

    def __init__(self, provider: TracerProvider, exporter: OTLPSpanExporter) -> None:
        self._provider = provider
        self._exporter = exporter
        self._tracer = provider.get_tracer("sio_server", __version__)
        # Publishes under way, by the ids of their notifications.
        self._open: dict[str, Span] = {}
        # The end of the commit that is being announced, its seconds, and how many publishes it held.
        self._commit: tuple[int, float, int] | None = None

    @classmethod
    def sending(cls, environment: Mapping[str, str]) -> Self:
        """One that sends to the collector that the environment names; the SDK reads it, as it reads all else of it."""
        attributes: dict[str, AttributeValue] = {"service.version": __version__, "host.name": platform.node()}
        if not environment.get("OTEL_SERVICE_NAME") and "service.name=" not in environment.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        ):
            attributes["service.name"] = SYSTEM
        provider = TracerProvider(resource=Resource.create(attributes), shutdown_on_exit=False)
        exporter = OTLPSpanExporter()
        # Its queue has an end: what comes when it is full takes the place of the oldest.
        provider.add_span_processor(BatchSpanProcessor(exporter))
        return cls(provider, exporter)

    # -- a publish ------------------------------------------------------------------------------------------------

    def begin(self, request: PublishRequest) -> Span | None:
        """The span of a publish that begins now, in the trace that it names; None where that is not sampled."""
        attributes = _of_message("publish", "send", request.type)
        span = self._tracer.start_span(
            f"publish {request.type}", _context(request.traceparent), SpanKind.PRODUCER, attributes
        )
        return span if span.is_recording() else None

    def under_way(self, notification_id: str, span: Span) -> None:
        """Take the id of the notification that a span is about."""
        span.set_attribute("messaging.message.id", notification_id)
        self._open[notification_id] = span

    def failed(self, span: Span, error: Exception) -> None:
        """End the span of a publish that became no notification."""
        kind = error.kind.code if isinstance(error, Refused) else type(error).__qualname__
        span.set_attribute("error.type", kind)
        # The text of an error of ours holds no data; any other is told by its name alone.
        span.set_status(Status(StatusCode.ERROR, str(error.detail) if isinstance(error, Refused) else kind))
        span.end()

    def settled(self, notification_id: str, seq: int, sockets: int, *, duplicate: bool) -> None:
        """End the span of a publish that is in the log, and was handed to so many connections of this node."""
        span = self._open.pop(notification_id)
        span.set_attributes({"sio_server.seq": seq, "sio_server.sockets": sockets})
        if duplicate:
            span.set_attribute("sio_server.duplicate", value=True)
        span.end()

    def scheduled(self, notification_id: str, due: int, *, duplicate: bool) -> None:
        """End the span of a publish that is delivered later; ``due`` in milliseconds of Unix time."""
        span = self._open.pop(notification_id)
        span.set_attribute("sio_server.due", due)
        if duplicate:
            span.set_attribute("sio_server.duplicate", value=True)
        span.end()

    def lost(self, notification_id: str, error: Exception) -> None:
        """End the span of a publish that the log did not take."""
        self.failed(self._open.pop(notification_id), error)

    # -- a commit and what it announces ---------------------------------------------------------------------------

    def committed(self, seconds: float, publishes: int) -> None:
        """See `Metrics.committed`: what it announces follows at once."""
        self._commit = (time.time_ns(), seconds, publishes)

    def announced(
        self,
        batch: Sequence[Entry],
        times: Callable[[Entry], tuple[float, float, int] | None],
        own: Container[str],
    ) -> None:
        """Make the spans of a batch that was handed on: of its commit, where it was this node's, and of each entry.

        ``times``: when this node heard of an entry and when it had handed it on, in Unix seconds, and to how many
        connections. ``own``: the ids of what was published here.
        """
        commit, self._commit = self._commit, None
        sampled = [span.get_span_context() for entry in batch if (span := self._open.get(entry.id)) is not None]
        if commit is not None and sampled:
            self._of_commit(commit, sampled)
        for entry in batch:
            span = self._open.get(entry.id)
            if span is not None:
                parent: Context | None = trace.set_span_in_context(span)
            elif entry.id not in own and entry.kind == "notification" and b'"traceparent":' in entry.body:
                parent = _sampled(entry.envelope().get("traceparent"))  # another node's publish
            else:
                continue
            found = times(entry)
            if parent is not None and found is not None:
                self._of_delivery(entry, parent, *found)

    def _of_commit(self, commit: tuple[int, float, int], sampled: Sequence[SpanContext]) -> None:
        ended, seconds, publishes = commit
        span = self._tracer.start_span(
            "commit",
            # One of them has it in its trace, the others are linked: a span has one parent.
            trace.set_span_in_context(trace.NonRecordingSpan(sampled[0])),
            SpanKind.INTERNAL,
            {"messaging.system": SYSTEM, "messaging.batch.message_count": publishes},
            [Link(context) for context in sampled],
            ended - int(seconds * _NANO),
        )
        span.end(ended)

    def _of_delivery(self, entry: Entry, parent: Context, announced: float, handed: float, sockets: int) -> None:
        attributes = _of_message("deliver", "process", entry.event)
        attributes |= {"messaging.message.id": entry.id, "sio_server.seq": entry.seq, "sio_server.sockets": sockets}
        span = self._tracer.start_span(
            f"deliver {entry.event}",
            parent,
            SpanKind.CONSUMER,
            attributes,
            start_time=int(announced * _NANO),
        )
        span.end(int(handed * _NANO))

    # -- the end --------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Send what waits, for `FLUSH` seconds at most."""
        loop, done = asyncio.get_running_loop(), asyncio.Event()

        def flush() -> None:
            self._provider.shutdown()
            loop.call_soon_threadsafe(done.set)

        # A thread of its own, which nobody waits for at the end of the process.
        threading.Thread(target=flush, name="sio-server spans", daemon=True).start()
        try:
            async with asyncio.timeout(FLUSH):
                await done.wait()
        except TimeoutError:
            # It ends what it waits for between two tries.
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the library gives this method no types


def _of_message(name: str, kind: str, event_type: str) -> dict[str, AttributeValue]:
    return {
        "messaging.system": SYSTEM,
        "messaging.operation.name": name,
        "messaging.operation.type": kind,
        "messaging.destination.name": event_type,
    }


def _context(traceparent: str | None) -> Context:
    """The context of a trace that is known to be well-formed; an empty one begins a trace, where that is sampled."""
    if traceparent is None:
        return Context()
    _, trace_id, span_id, flags = traceparent.split("-")
    context = SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16)))
    return trace.set_span_in_context(trace.NonRecordingSpan(context), Context())


def _sampled(traceparent: str | None) -> Context | None:
    if traceparent is None or not int(traceparent[-2:], 16) & TraceFlags.SAMPLED:
        return None
    return _context(traceparent)
