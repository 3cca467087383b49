"""A publisher that never costs its caller more than a hand-over, whatever the server does."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self, Unpack

import orjson

from sio_server.client.bodies import NotifyInvalid, NotifyRefused, PublishOptions
from sio_server.client.checking import CHECK_TIMEOUT, ServerStatus, check_server
from sio_server.client.courier import SEND_TIMEOUT, Courier
from sio_server.client.diverting import Sink, sink_of
from sio_server.client.entries import (
    QUEUE,
    Entry,
    Failure,
    Reason,
    Transport,
    check_options,
    entry_of,
    name_of,
    strict_by_default,
)
from sio_server.client.exchange import Target
from sio_server.client.known import default_catalog
from sio_server.client.learned import Learned
from sio_server.client.ledger import Ledger, Lines
from sio_server.client.named import PREFIX, late_sync, named_sync, names_of
from sio_server.client.sender import Carrier, Sender
from sio_server.client.socket_courier import SocketCourier
from sio_server.client.stock import Stock
from sio_server.client.strict import check_strictly
from sio_server.event_types import EventType, EventTypes

# Bytes of all that wait, in memory or in a spool. An entry has some hundred; who sends large ones fills this first.
MAX_BYTES: Final = 64 * 1024 * 1024

# Seconds: how long `close` flushes, how long the end of the interpreter does, and how long the thread is waited for.
CLOSE_TIMEOUT: Final = 5.0
EXIT_TIMEOUT: Final = 2.0
STOP_TIMEOUT: Final = 1.0

# Seconds that a fork waits for the thread to have imported what it needs, which takes a tenth of one.
PREPARE_TIMEOUT: Final = 5.0

# Seconds between two looks of `flush`.
LOOK: Final = 0.005

_COUNTERS: Final = (
    *("handed_over", "sent", "duplicates", "full", "closed", "invalid", "refused"),
    *("tries_failed", "unspooled", "hook_errors"),
)


if TYPE_CHECKING:
    from sio_server.client.builtin import Functions

    class _BuiltIn(Functions[None]):
        """The functions of the built-in types, which return nothing."""

else:

    class _BuiltIn:
        pass


class BaseNotifier:
    """Hands notifications over to a thread that sends them: `notify` returns at once and raises nothing of the network.

    ``url`` and ``key`` default to SIO_SERVER_URL and SIO_SERVER_PUBLISH_KEY. ``spool`` is a directory where what waits
    is kept on disk (by default the one that SIO_SERVER_SPOOL names, if any): it then survives an end of the process,
    ``kill -9`` included, and processes that share the directory share its entries. ``queue`` is how many may wait; when
    it is full the newest is refused. ``on_failure`` is called with a `Failure` for each notification that the server
    will not get, in the thread that found out; ``logger`` (by default ``sio_server.client``) is told of that and of all
    else. ``locale`` (``es`` or ``en``) is the language of refusals; ``catalog`` names the ``notificar_…`` methods. With
    ``strict`` (by default where SIO_SERVER_STRICT is 1) a notification that the server would refuse, or that would miss
    somebody, is a `NotifyInvalid` at the call: for development and tests. ``transport`` is ``http``, or ``socketio``
    for one connection that stays, with the extra of that name. Unless ``eager``, what a request needs is imported by
    the thread, with the first call, and not here.

    May be used from any thread, in code with and without asyncio, and after a fork. Use it as ``with`` or
    ``async with``, or call `close`. Raises `ConfigError` for an address or a key that cannot be used.
    """

    known: ClassVar[EventTypes | None] = None
    """The event types of a class whose functions were written for them; None is the built-in ones."""

    def __init__(
        self,
        url: str | None = None,
        key: str | None = None,
        *,
        spool: str | os.PathLike[str] | None = None,
        queue: int = QUEUE,
        on_failure: Callable[[Failure], object] | None = None,
        logger: logging.Logger | None = None,
        locale: str | None = None,
        catalog: EventTypes | None = None,
        strict: bool | None = None,
        transport: Transport = "http",
        eager: bool = True,
    ) -> None:
        self._target = Target.of(url, key, SEND_TIMEOUT, locale)
        # Read now, since the first request should not have to.
        self._catalog = catalog or self.known or default_catalog()
        self._over_socketio = transport == "socketio"
        self._strict = strict_by_default() if strict is None else strict
        self._queue = queue
        self._on_failure = on_failure
        self._logger = logger
        directory = spool or os.environ.get("SIO_SERVER_SPOOL") or None
        self._directory = None if directory is None or self._target.is_off else Path(directory).expanduser().absolute()
        self._closed = False
        self._ended = False
        # By thread, since two of them may fork at the same time.
        self._forking: dict[int, contextlib.ExitStack] = {}
        self._begin()
        if eager and not self._target.is_off:
            self._courier.prepare()
        _open.add(self)
        if self._stock.spool is not None:
            # What an earlier process left is sent without waiting for the first call, which is not to make the file.
            len(self._stock)
            self._sender.start()

    def _begin(self) -> None:
        """Have nothing but what this process makes."""
        self._pid = os.getpid()
        self._ledger = Ledger(self._on_failure, Lines(to=self._logger))
        self._stock = Stock(self._directory, self._queue, MAX_BYTES, self._ledger)
        self._courier: Carrier = SocketCourier(self._target) if self._over_socketio else Courier(self._target)
        self._sender = Sender(self._courier, self._stock, self._ledger)
        self.learned = Learned(self._target, partial(self._sender.prepared.wait, PREPARE_TIMEOUT))

    # -- handing over

    def notify(
        self,
        type: str | EventType,  # noqa: A002 - the word of the protocol
        message: str | None = None,
        data: Mapping[str, Any] | None = None,
        *,
        ordering_key: str | None = None,
        **options: Unpack[PublishOptions],
    ) -> None:
        """Hand a notification over and return; the message is the catalogue's where it is None.

        Notifications of one ``ordering_key`` arrive in the order in which they were handed over. By default it is the
        first field of the type's data that is an ``id``, with its value: one booking, one tour.

        Raises TypeError for an argument that does not exist, and nothing else: see `Failure`. A strict one raises
        `NotifyInvalid`, TypeError or ValueError for every mistake of the program.
        """
        if self._pid != os.getpid():
            self.begin_anew()
        check_options(options)
        try:
            entry = entry_of(self._catalog, type, message, data, ordering_key=ordering_key, options=options)
            if self._strict:
                self._check(entry, type)
        except Exception as error:
            if self._strict:
                raise
            # The text of an error of ours, or of a wrong type, holds no value; others are told by their name.
            detail = str(error) if isinstance(error, NotifyInvalid | TypeError) else error.__class__.__name__
            self._ledger.failed(Failure("invalid", name_of(type), detail))
            return
        sink = sink_of(self._target)
        if self._closed:
            self._lost("closed", entry, "the notifier is closed")
        elif sink is not None:
            self._divert(sink, entry)
        elif self._stock.put(entry):
            self._ledger.count("handed_over")
            self._sender.start()
            self._sender.ring()
            if self._ended:
                self._tell_of_the_rest()
        else:
            self._lost("full", entry, f"{self._queue} entries or {MAX_BYTES} bytes wait already")

    def _check(self, entry: Entry, type: str | EventType) -> None:  # noqa: A002 - the word of the protocol
        """Raise `NotifyInvalid` for a mistake that can be told without the server."""
        kind = type if isinstance(type, EventType) else self._catalog.types.get(entry.type)
        kind = kind or self.learned.find_type(entry.type)
        check_strictly(entry.body, kind, self._catalog, self._target.locale)

    def _divert(self, sink: Sink, entry: Entry) -> None:
        self._ledger.count("handed_over")
        try:
            sink.take(orjson.loads(entry.body), answered=False)
        except NotifyRefused as error:
            self._ledger.failed(Failure("refused", entry.type, error.detail, error.code, entry.key, entry.body))
        else:
            self._ledger.count("sent")

    def _lost(self, reason: Reason, entry: Entry, detail: str) -> None:
        self._ledger.failed(Failure(reason, entry.type, detail, key=entry.key, body=entry.body))

    def _tell_of_the_rest(self) -> None:
        for entry in self._stock.rest():
            self._lost("closed", entry, "the notifier was closed before the server took it")

    enviar_notificacion = notify

    def _function(self, name: str) -> Callable[..., None]:
        """``notificar_<type>`` of the catalogue, or of the server's alone. Raises AttributeError."""
        # Looked at first: a half-made object (copied, unpickled) has no catalogue to ask, nor has any other name.
        found = names_of(self._catalog).get(name) if name.startswith(PREFIX) else None
        if found is None:
            find = lambda asked: self.learned.find(asked)  # noqa: E731, PLW0108 - a half-made one has none
            return late_sync(name, find, self.notify, self)
        function = self.__dict__[name] = named_sync(name, found, self.notify)
        return function

    if not TYPE_CHECKING:  # which would take every name for a function
        __getattr__ = _function

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *names_of(self._catalog), *self.learned.named]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._target.url!r})"

    # -- looking, waiting, ending

    def check(self, timeout: float = CHECK_TIMEOUT) -> ServerStatus:
        """Ask the server who it is, again and again until it answers or time is up: for the start of an application.

        Where the key may read them, its event types are known here from now on. Warnings are logged. Blocks: in a
        coroutine use `acheck`. Raises `NotifyUnavailable` where nobody answers, and `NotifyRefused` where it is no
        sio-server (``unexpected_reply``) or takes nothing of this key (``unauthorized``, ``forbidden``).
        """
        status = check_server(self._target, self._catalog, timeout)
        if status.types is not None:
            self._catalog = EventTypes({**self._catalog.types, **status.types.types})
        for warning in status.warnings:
            self._ledger.lines.say(f"check {warning}", logging.WARNING, warning)
        return status

    async def acheck(self, timeout: float = CHECK_TIMEOUT) -> ServerStatus:  # noqa: ASYNC109 - it ends by itself
        """`check`, for coroutines."""
        import asyncio  # noqa: PLC0415 - who has coroutines has it already

        return await asyncio.to_thread(self.check, timeout)

    def stats(self) -> dict[str, int | str]:
        """Counters since the start of this process, how many entries wait, and the state of the circuit breaker.

        ``handed_over``, ``sent``, ``duplicates`` (the server had them from an earlier try), ``full``, ``closed``,
        ``invalid``, ``refused``, ``tries_failed``, ``unspooled`` (kept in memory, since the disk failed),
        ``hook_errors``.
        """
        counts: dict[str, int | str] = dict.fromkeys(_COUNTERS, 0)
        counts.update(self._ledger.counts())
        return {**counts, "waiting": len(self._stock), "circuit": self._sender.pace.circuit}

    def flush(self, timeout: float) -> bool:
        """Wait until the server has, or has refused, all that was handed over before; False when time was up first.

        A wait between two tries is cut short. Blocks: in a coroutine use `aflush`.
        """
        if self._pid != os.getpid():
            self.begin_anew()
        if self._sender.is_current_thread:
            return False
        deadline = time.monotonic() + timeout
        marks = self._stock.marks()
        if self._stock.waits(marks):
            self._sender.start()
            self._sender.ring(hurry=True)
            while self._stock.waits(marks):
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                time.sleep(min(LOOK, left))
        return True

    async def aflush(self, timeout: float) -> bool:  # noqa: ASYNC109 - it ends by itself, and says so
        """`flush`, for coroutines."""
        import asyncio  # noqa: PLC0415 - who has coroutines has it already

        return await asyncio.to_thread(self.flush, timeout)

    def close(self, timeout: float = CLOSE_TIMEOUT) -> None:
        """Flush for at most ``timeout`` seconds, then end. What still waits stays in the spool, or is a `Failure`.

        Blocks: in a coroutine use `aclose`.
        """
        if self._pid != os.getpid():
            self.begin_anew()
        self._closed = True
        if self._ended:
            return
        self.flush(timeout)
        self._sender.stop(STOP_TIMEOUT)
        self._ended = True
        _open.discard(self)
        self._tell_of_the_rest()
        self._stock.close()

    async def aclose(self, timeout: float = CLOSE_TIMEOUT) -> None:  # noqa: ASYNC109 - it ends by itself
        """`close`, for coroutines."""
        import asyncio  # noqa: PLC0415 - see `aflush`

        self._closed = True
        await self.aflush(timeout)
        await asyncio.to_thread(self.close, 0.0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    # -- forks

    def before_fork(self) -> None:
        """Have no import under way and no connection to a file open while the process is copied."""
        # The child would have halves of modules, for as long as it lives.
        self._sender.prepared.wait(PREPARE_TIMEOUT)
        if self._stock.spool is not None:
            stack = contextlib.ExitStack()
            stack.enter_context(self._stock.spool.still())
            self._forking[threading.get_ident()] = stack

    def after_fork(self) -> None:
        """Go on as before; the files are opened again when they are next used."""
        stack = self._forking.pop(threading.get_ident(), None)
        if stack is not None:
            stack.close()

    def begin_anew(self) -> None:
        """Be a notifier of this process, after a fork: what waits in memory is the parent's, and so is the thread."""
        _forked.append((self._stock, self._sender))
        self._forking = {}
        self._begin()


class Notifier(BaseNotifier, _BuiltIn):
    """Hands notifications over to a thread that sends them: a `BaseNotifier` with a function for each built-in type.

    Its arguments are those of `BaseNotifier`.
    """


# Those that are not closed, for the end of the interpreter and for forks.
_open: Final[set[BaseNotifier]] = set()

# What a fork copied into this process. SQLite forbids to use or to close another process's connections:
# https://sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_
_forked: Final[list[object]] = []


def _at_exit() -> None:
    """Give what waits a last chance, for a bounded time in all."""
    deadline = time.monotonic() + EXIT_TIMEOUT
    for notifier in list(_open):
        notifier.close(max(deadline - time.monotonic(), 0.0))


def _before_fork() -> None:
    for notifier in list(_open):
        notifier.before_fork()


def _after_fork_in_parent() -> None:
    for notifier in list(_open):
        notifier.after_fork()


def _after_fork_in_child() -> None:
    for notifier in list(_open):
        notifier.begin_anew()


atexit.register(_at_exit)
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(before=_before_fork, after_in_parent=_after_fork_in_parent, after_in_child=_after_fork_in_child)
