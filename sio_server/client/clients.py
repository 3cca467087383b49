"""Two clients that publish and give the answer, one for asyncio and one without."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self, Unpack

import httpx

from sio_server.client.bodies import PublishOptions, PublishResult, publish_body
from sio_server.client.checking import CHECK_TIMEOUT, ServerStatus, check_server
from sio_server.client.diverting import ask, sink_of, take
from sio_server.client.exchange import Exchange, Reply, Target
from sio_server.client.known import default_catalog
from sio_server.client.learned import Learned
from sio_server.client.mending import AsyncMending, SyncMending
from sio_server.client.named import PREFIX, late_async, late_sync, named_async, named_sync, names_of
from sio_server.client.persons import AsyncPersons, SyncPersons
from sio_server.client.planned import AsyncPlanned, SyncPlanned
from sio_server.client.transport import transport_options
from sio_server.event_types import EventType, EventTypes

# Seconds. A restart of the server takes less, so a publish that meets one succeeds.
TOTAL_TIMEOUT: Final = 5.0


if TYPE_CHECKING:
    from sio_server.client.builtin import Functions

    class _Awaited(Functions[Coroutine[Any, Any, PublishResult]]):
        """The functions of the built-in types, to be awaited."""

    class _Answered(Functions[PublishResult]):
        """The functions of the built-in types, which give the answer."""

else:

    class _Awaited:
        pass

    class _Answered:
        pass


class _Client:
    """What both clients are made of, except sending and waiting."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        timeout: float = TOTAL_TIMEOUT,
        locale: str | None = None,
        catalog: EventTypes | None = None,
    ) -> None:
        self._target = Target.of(url, key, timeout, locale)
        self._catalog = catalog
        self._learned = Learned(self._target)
        self._open()

    def _open(self) -> None:
        """Make the pool; connects to nothing."""
        raise NotImplementedError

    def _event_type(self, name: str) -> EventType | None:
        """The event type that the method of this name publishes, None where nobody here knows it."""
        # Looked at first: a half-made client (copied, unpickled) has no catalogue to ask, nor has any other name.
        return names_of(self._catalog or default_catalog()).get(name) if name.startswith(PREFIX) else None

    def _check(self, timeout: float) -> ServerStatus:
        known = self._catalog or default_catalog()
        status = check_server(self._target, known, timeout)
        if status.types is not None:
            self._catalog = EventTypes({**known.types, **status.types.types})
        return status

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._target.url!r})"

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *names_of(self._catalog or default_catalog()), *self._learned.named]


class NotifyClient(_Client, AsyncPlanned, AsyncMending, AsyncPersons, _Awaited):
    """Publishes from asyncio, over one pool of connections; make one and keep it.

    ``url`` and ``key`` default to SIO_SERVER_URL and SIO_SERVER_PUBLISH_KEY; ``timeout`` is the longest a publish may
    take with all its tries, in seconds; ``locale`` (``es`` or ``en``) is the language of refusals and warnings;
    ``catalog`` names the ``notificar_…`` methods. Use it as ``async with``, or call `aclose`.
    Raises `ConfigError` for an address or a key that cannot be used.
    """

    def _open(self) -> None:
        self._http = httpx.AsyncClient(**transport_options(self._target))

    async def publish(
        self,
        type: str | EventType,  # noqa: A002 - the word of the protocol
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> PublishResult:
        """Publish once, however many tries it takes; when this returns, the notification is in the log.

        The message is the catalogue's where it is None. Raises `NotifyRefused`, `NotifyUnavailable`, `NotifyInvalid`.
        """
        body = publish_body(type, message, data, **options)
        if (sink := sink_of(self._target)) is not None:
            return take(sink, body)
        exchange = self._target.exchange(body)
        return exchange.result(await self._members(exchange))

    enviar_notificacion = publish

    async def _members(self, exchange: Exchange) -> dict[str, Any]:
        if (sink := sink_of(self._target)) is not None:
            return ask(sink, exchange)
        while True:
            try:
                reply = await self._try(exchange)
            except (httpx.RequestError, TimeoutError) as error:
                delay = exchange.failed(error)
            else:
                again = exchange.again(reply)
                if again is None:
                    return reply.members()
                delay = again
            await asyncio.sleep(delay)

    async def _try(self, exchange: Exchange) -> Reply:
        async with (
            # The timeouts of httpx are for each step; a server that sends a byte a second would keep all of them.
            asyncio.timeout(exchange.remaining()),
            self._http.stream(
                exchange.method,
                exchange.url,
                content=exchange.content,
                headers=exchange.headers,
                timeout=exchange.timeout(),
            ) as response,
        ):
            reply = exchange.reply(response)
            async for chunk in response.aiter_bytes():
                reply.feed(chunk)
            return reply

    async def check(self, timeout: float = CHECK_TIMEOUT) -> ServerStatus:  # noqa: ASYNC109 - it ends by itself
        """Ask the server who it is; see `Notifier.check`."""
        return await asyncio.to_thread(self._check, timeout)

    async def aclose(self) -> None:
        """Close the pool."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    def _function(self, name: str) -> Callable[..., Coroutine[Any, Any, PublishResult]]:
        """``notificar_<type>`` of the catalogue, or of the server's alone. Raises AttributeError."""
        found = self._event_type(name)
        if found is None:
            return late_async(name, self._find, self.publish, self)
        function = self.__dict__[name] = named_async(name, found, self.publish)
        return function

    async def _find(self, name: str) -> EventType | None:
        return await asyncio.to_thread(self._learned.find_now, name)

    if not TYPE_CHECKING:  # which would take every name for a function
        __getattr__ = _function


class SyncNotifyClient(_Client, SyncPlanned, SyncMending, SyncPersons, _Answered):
    """`NotifyClient` for code without asyncio; may be shared by threads. Use it as ``with``, or call `close`."""

    def _open(self) -> None:
        self._http = httpx.Client(**transport_options(self._target))

    def publish(
        self,
        type: str | EventType,  # noqa: A002 - the word of the protocol
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        **options: Unpack[PublishOptions],
    ) -> PublishResult:
        """See `NotifyClient.publish`."""
        body = publish_body(type, message, data, **options)
        if (sink := sink_of(self._target)) is not None:
            return take(sink, body)
        exchange = self._target.exchange(body)
        return exchange.result(self._members(exchange))

    enviar_notificacion = publish

    def _members(self, exchange: Exchange) -> dict[str, Any]:
        if (sink := sink_of(self._target)) is not None:
            return ask(sink, exchange)
        while True:
            try:
                reply = self._try(exchange)
            except (httpx.RequestError, TimeoutError) as error:
                delay = exchange.failed(error)
            else:
                again = exchange.again(reply)
                if again is None:
                    return reply.members()
                delay = again
            time.sleep(delay)

    def _try(self, exchange: Exchange) -> Reply:
        with self._http.stream(
            exchange.method,
            exchange.url,
            content=exchange.content,
            headers=exchange.headers,
            timeout=exchange.timeout(),
        ) as response:
            reply = exchange.reply(response)
            for chunk in response.iter_bytes():
                reply.feed(chunk)
            return reply

    def check(self, timeout: float = CHECK_TIMEOUT) -> ServerStatus:
        """Ask the server who it is; see `Notifier.check`."""
        return self._check(timeout)

    def close(self) -> None:
        """Close the pool."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _function(self, name: str) -> Callable[..., PublishResult]:
        """``notificar_<type>`` of the catalogue, or of the server's alone. Raises AttributeError."""
        found = self._event_type(name)
        if found is None:
            find = lambda asked: self._learned.find_now(asked)  # noqa: E731, PLW0108 - a half-made client has none
            return late_sync(name, find, self.publish, self)
        function = self.__dict__[name] = named_sync(name, found, self.publish)
        return function

    if not TYPE_CHECKING:  # which would take every name for a function
        __getattr__ = _function
