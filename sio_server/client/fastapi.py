"""For FastAPI and Starlette: a notifier that lives as long as the app, and knows whose request it is in.

::

    app = FastAPI(lifespan=NotifierLifespan(), dependencies=[Depends(notifying(current_actor))])
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Any, Final, Unpack

from fastapi import Depends, Request

from sio_server.client.context import publish_context
from sio_server.client.notifier import Notifier
from sio_server.client.shared import NotifierOptions, close_default_client, configure, default_notifier

__all__ = ["NotifierLifespan", "notifying"]

Lifespan = Callable[[Any], AbstractAsyncContextManager[Any]]
Actor = Callable[..., Any]


class NotifierLifespan:
    """A lifespan that begins the notifier of `notificar_…`, and sends what waits when the app ends.

    ``lifespan`` is the app's own, which runs inside of it, with the notifier there; what it yields is passed on. The
    rest is as in `Notifier`. In a lifespan that is written out: ``async with NotifierLifespan()(app): yield``.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        lifespan: Lifespan | None = None,
        **options: Unpack[NotifierOptions],
    ) -> None:
        self._lifespan = lifespan
        self._begin: Final = functools.partial(configure, url, key, **options)

    @contextlib.asynccontextmanager
    async def __call__(self, app: Any) -> AsyncIterator[Any]:
        """The context that a server enters for ``app``. Raises `ConfigError` for settings that cannot be used."""
        # It imports an HTTP client and may open a file: not on the loop, where other apps may live.
        await asyncio.to_thread(self._begin)
        try:
            if self._lifespan is None:
                yield None
            else:
                async with self._lifespan(app) as state:
                    yield state
        finally:
            await close_default_client()


def _nobody() -> None:
    """Who acts where nobody was said to."""


def notifying(actor: Actor = _nobody) -> Callable[..., AsyncIterator[Notifier]]:
    """A dependency that gives the app's notifier; while a request lasts, what is published names its actor and trace.

    ``actor`` is a dependency of the app's own, which returns an object with ``id`` and ``name``, or None for nobody; it
    may depend on whatever the app authenticates with. The trace is that of the request's ``traceparent``. Both hold for
    `notificar_…`, for outboxes and for tasks in the background as well, in routes with and without ``async``: the
    dependency may stand at one route or at the whole app.
    """

    async def notifier(
        request: Request,
        acting: Mapping[str, Any] | None = Depends(actor),
    ) -> AsyncIterator[Notifier]:
        with publish_context(actor=acting, traceparent=request.headers.get("traceparent")):
            yield default_notifier()

    return notifier
