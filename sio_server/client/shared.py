"""The notifier that the functions of `sio_server.client` share, and what they return."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Coroutine, Generator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, TypedDict, Unpack

from sio_server.client.bodies import PublishOptions
from sio_server.client.entries import Failure, Transport, check_options, name_of, strict_by_default
from sio_server.client.ledger import Lines
from sio_server.errors import ConfigError, Error
from sio_server.event_types import EventType, EventTypes

if TYPE_CHECKING:
    from sio_server.client.notifier import Notifier

_lock: Final = threading.RLock()
_lines: Final = Lines()
_default: Notifier | None = None


class HandedOver(Coroutine[Any, Any, None]):
    """What a function that has handed a notification over returns: to be awaited or not, as the caller likes.

    Nothing is waited for: the work was done with the call. It is a coroutine, so that ``asyncio.create_task`` and
    ``asyncio.run`` take it, and one that nobody has to await, so that code without asyncio calls the same functions.
    """

    __slots__ = ()

    def send(self, value: None, /) -> None:
        """End at once."""
        raise StopIteration

    def throw(
        self,
        kind: type[BaseException] | BaseException,
        value: BaseException | object = None,
        trace: TracebackType | None = None,
        /,
    ) -> None:
        """End with the exception thrown in."""
        raise kind

    def close(self) -> None:
        """Have nothing to close."""

    def __await__(self) -> Generator[Any, Any, None]:
        yield from ()


def default_notifier() -> Notifier:
    """The notifier of this module's functions, made with the first call by what the environment says.

    SIO_SERVER_URL, SIO_SERVER_PUBLISH_KEY, SIO_SERVER_SPOOL. Raises `ConfigError` for what cannot be used.
    """
    global _default  # noqa: PLW0603 - one a process is what it is for
    from sio_server.client.notifier import Notifier  # noqa: PLC0415 - an import of the functions need not wait for it

    found = _default
    if found is None:
        with _lock:
            found = _default = _default or Notifier(eager=False)
    return found


class NotifierOptions(TypedDict, total=False):
    """What a `Notifier` may be told beside its address and key; each is explained there."""

    spool: str | os.PathLike[str] | None
    queue: int
    on_failure: Callable[[Failure], object] | None
    logger: logging.Logger | None
    locale: str | None
    catalog: EventTypes | None
    strict: bool | None
    transport: Transport


def configure(url: str | None = None, key: str | None = None, **options: Unpack[NotifierOptions]) -> Notifier:
    """Make the notifier of this module's functions, for settings that are not in the environment; see `Notifier`.

    Call it once, where the app starts; an earlier one is closed. Raises `ConfigError` for what cannot be used.
    """
    global _default
    from sio_server.client.notifier import Notifier  # noqa: PLC0415 - see above

    made = Notifier(url, key, **options)
    with _lock:
        before, _default = _default, made
    if before is not None:
        before.close()
    return made


def swap_default(notifier: Notifier | None) -> Notifier | None:
    """Have another notifier, or the next call make one; return the one before, which goes on. For a test's time."""
    global _default
    with _lock:
        before, _default = _default, notifier
    return before


async def close_default_client() -> None:
    """Send what waits, for some seconds at most, and end the notifier of this module's functions.

    For the end of an app's lifespan. The next call of a function begins another one.
    """
    global _default
    with _lock:
        before, _default = _default, None
    if before is not None:
        await before.aclose()


def find_late(name: str) -> EventType | None:
    """The server's type that a function of this name publishes, where it is known by now; see `Learned.find`."""
    # What is wrong with the settings is told where the notification is handed over.
    with contextlib.suppress(Exception):
        return default_notifier().learned.find(name)
    return None


def _is_strict() -> bool:
    with contextlib.suppress(ConfigError):
        return strict_by_default()
    return False


def enviar_notificacion(
    type: str | EventType,  # noqa: A002 - the word of the protocol
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    **options: Unpack[PublishOptions],
) -> HandedOver:
    """Hand a notification over to the shared notifier and return at once; to be awaited or not. See `Notifier.notify`.

    Raises TypeError for an argument that does not exist, and nothing else; where SIO_SERVER_STRICT is 1, every mistake.
    """
    try:
        notifier = default_notifier()
    except Exception as error:
        if _is_strict():
            raise
        check_options(options)
        # An error of ours holds no data; any other is told by its name alone, since its text might.
        reason = str(error) if isinstance(error, Error) else error.__class__.__name__
        _lines.say("settings", logging.ERROR, f"notification {name_of(type)!r:.80} will not be delivered: {reason}")
    else:
        notifier.notify(type, message, data, **options)
    return HandedOver()
