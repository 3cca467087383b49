"""What is the same in everything that a request publishes: who did it, and which trace it belongs to.

Where the process uses OpenTelemetry the trace is that of its current span.
"""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final

# A traceparent of W3C Trace Context: https://www.w3.org/TR/trace-context/#traceparent-header-field-values
TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

# Characters of a traceparent as far as the trace itself, without the span.
_TRACE_ENDS: Final = 35

_NOTHING: Final[Mapping[str, Any]] = {}
_said: Final[ContextVar[Mapping[str, Any]]] = ContextVar("sio_server_publish_context", default=_NOTHING)


def said_here() -> Mapping[str, Any]:
    """What the code that publishes now need not say itself."""
    said = _said.get()
    span = _span_here()
    # What was said holds, unless the span is a part of the same trace, and so nearer.
    if span is None or said.get("traceparent", span)[:_TRACE_ENDS] != span[:_TRACE_ENDS]:
        return said
    return {**said, "traceparent": span}


def _span_here() -> str | None:
    """The current span of OpenTelemetry as a traceparent, where the process uses that; it is not imported for it."""
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return None
    try:
        context = trace.get_current_span().get_span_context()
        written = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
    except Exception:  # noqa: BLE001 - half imported, or of a version to come: no notification is lost for a trace
        return None
    # Where there is no span, there is one of zeros.
    return written if TRACEPARENT.fullmatch(written) else None


@contextlib.contextmanager
def publish_context(
    *, actor: Mapping[str, Any] | None = None, source: str | None = None, traceparent: str | None = None
) -> Iterator[None]:
    """Have everything that is published in the context name its ``actor``, ``source`` and trace, unless it does itself.

    ``traceparent`` is the header of that name as the request had it (W3C Trace Context); any other text is left out.
    It holds for the notifier, its functions, the clients and the outboxes, in the code that the context encloses: in
    the same thread or coroutine, in tasks that begin there, and in threads that get a copy of the context, as those of
    ``asyncio.to_thread`` and FastAPI do. A context inside another one adds to it.
    """
    # Whoever makes a request chooses its headers: a broken one is to cost no notification.
    trace = traceparent if traceparent is not None and TRACEPARENT.fullmatch(traceparent) else None
    more = {"actor": actor, "source": source, "traceparent": trace}
    token = _said.set({**_said.get(), **{name: value for name, value in more.items() if value is not None}})
    try:
        yield
    finally:
        # A framework may end in another context than it began in; that one ends with the request.
        with contextlib.suppress(ValueError):
            _said.reset(token)
