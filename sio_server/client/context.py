"""What is the same in everything that a request publishes: who did it, and which trace it belongs to."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final

# A traceparent of W3C Trace Context: https://www.w3.org/TR/trace-context/#traceparent-header-field-values
TRACEPARENT: Final = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")

_NOTHING: Final[Mapping[str, Any]] = {}
_said: Final[ContextVar[Mapping[str, Any]]] = ContextVar("sio_server_publish_context", default=_NOTHING)


def said_here() -> Mapping[str, Any]:
    """What the code that publishes now need not say itself."""
    return _said.get()


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
