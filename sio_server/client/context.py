"""What is the same in everything that a request publishes: who did it, and which trace it belongs to."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from typing import Any, Final

_NOTHING: Final[Mapping[str, Any]] = {}
_said: Final[ContextVar[Mapping[str, Any]]] = ContextVar("sio_server_publish_context", default=_NOTHING)


def said_here() -> Mapping[str, Any]:
    """What the code that publishes now need not say itself."""
    return _said.get()


@contextlib.contextmanager
def publish_context(*, actor: Mapping[str, Any] | None = None, source: str | None = None) -> Iterator[None]:
    """Have everything that is published in the context name its ``actor`` and ``source``, where it names none itself.

    It holds for the notifier, its functions, the clients and the outboxes, in the code that the context encloses: in
    the same thread or coroutine, in tasks that begin there, and in threads that get a copy of the context, as those of
    ``asyncio.to_thread`` and FastAPI do. A context inside another one adds to it.
    """
    more = {name: value for name, value in (("actor", actor), ("source", source)) if value is not None}
    token = _said.set({**_said.get(), **more})
    try:
        yield
    finally:
        # A framework may end in another context than it began in; that one ends with the request.
        with contextlib.suppress(ValueError):
            _said.reset(token)
