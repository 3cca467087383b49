"""Publishes what is committed to an outbox: a thread that sends, wherever the rows are."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from types import TracebackType
from typing import Final, Protocol, Self

import orjson

from sio_server.client.bodies import NotifyRefused
from sio_server.client.courier import SEND_TIMEOUT, Courier, Outcome
from sio_server.client.diverting import Sink, recorder
from sio_server.client.entries import Entry, Failure
from sio_server.client.exchange import Target
from sio_server.client.ledger import Ledger, Lines
from sio_server.client.outbox.kept import Kept, Table, Terms
from sio_server.client.sender import Sender

# Seconds between two looks into the outbox, for what other processes committed. A look is one small query.
POLL: Final = 0.2

# Seconds after which another relay takes over from one that ended without a word. A request may take longer.
TAKEOVER: Final = 5.0

# For how long what the server refused is kept with the reason.
KEEP_REFUSED: Final = timedelta(days=30)

# Seconds: how long the end of a relay waits for what is committed, and for its thread.
CLOSE_TIMEOUT: Final = 1.0
STOP_TIMEOUT: Final = 1.0

_COUNTERS: Final = ("sent", "duplicates", "refused", "tries_failed", "hook_errors")


class Outbox(Protocol):
    """What rings its relays when something was committed in this process."""

    def table_for(self, loop: asyncio.AbstractEventLoop | None) -> Table:
        """What a relay asks; ``loop`` is where it was begun, None in code without asyncio."""

    def heard_by(self, ring: Callable[[], None], *, listening: bool) -> None:
        """Call ``ring`` after each commit in this process with something for the relay, or stop to."""


class _Carrier(Courier):
    """A courier that hands what is committed to the recorder of a test, where there is one."""

    def send(self, entries: Sequence[Entry]) -> list[Outcome]:
        """See `Courier`."""
        sink = recorder()
        return super().send(entries) if sink is None else [_recorded(sink, entry) for entry in entries]


def _recorded(sink: Sink, entry: Entry) -> Outcome:
    try:
        result = sink.take(orjson.loads(entry.body), answered=False)
    except NotifyRefused as error:
        return Outcome(error.code, error.detail)
    return Outcome(duplicate=result.duplicate, warnings=result.warnings)


class Relay:
    """Sends what is committed to an outbox, in order, until it is closed; made by the outbox's ``relay``.

    Use it as ``async with``, or as ``with`` in code without asyncio. What waits when it ends, waits for the next one.
    Where SIO_SERVER_URL is ``none:``, all of it waits. In a test with a recorder, what is committed goes there.
    """

    def __init__(
        self,
        outbox: Outbox,
        url: str | None,
        key: str | None,
        *,
        on_failure: Callable[[Failure], object] | None,
        logger: logging.Logger | None,
        terms: Terms,
    ) -> None:
        self._target = Target.of(url, key, SEND_TIMEOUT, None)
        self._outbox = outbox
        self._terms = terms
        self._ledger = Ledger(on_failure, Lines(to=logger))
        self._kept: Kept | None = None
        self._sender: Sender | None = None

    def _open(self, loop: asyncio.AbstractEventLoop | None) -> None:
        if self._sender is not None:
            raise RuntimeError("a relay is begun once: make another one")
        self._kept = Kept(self._outbox.table_for(loop), self._ledger, self._terms)
        courier = _Carrier(self._target)
        if not self._is_off:
            # Here, and not in the thread: a fork while it imports would leave the child with halves of modules.
            courier.prepare()
        self._sender = Sender(courier, self._kept, self._ledger)
        self._outbox.heard_by(self.ring, listening=True)
        if not self._is_off:
            self._sender.start()

    @property
    def _is_off(self) -> bool:
        """Whether nothing is to be sent. Rows wait then: a relay that was switched off by mistake loses none."""
        return self._target.is_off and recorder() is None

    def ring(self) -> None:
        """Say that something was committed; costs next to nothing, from any thread."""
        if self._sender is not None:
            self._sender.ring()

    def stats(self) -> dict[str, int | str | bool]:
        """Counters of this relay, whether it is the one that sends, and the state of the circuit breaker.

        ``sent``, ``duplicates`` (the server had them from an earlier try), ``refused``, ``tries_failed``,
        ``hook_errors``.
        """
        counts: dict[str, int | str | bool] = dict.fromkeys(_COUNTERS, 0)
        counts.update(self._ledger.counts())
        leading = self._kept is not None and self._kept.leading
        return {
            **counts,
            "leading": leading,
            "circuit": "closed" if self._sender is None else self._sender.pace.circuit,
        }

    def flush(self, timeout: float) -> bool:
        """Wait until nothing that was committed waits any more, whichever relay sent it; False when time was up first.

        Blocks: in a coroutine use `aflush`.
        """
        if self._kept is None or self._sender is None or self._sender.is_current_thread:
            return False
        if self._is_off:
            return True
        self._sender.start()
        return self._kept.emptied(timeout, functools.partial(self._sender.ring, hurry=True))

    async def aflush(self, timeout: float) -> bool:  # noqa: ASYNC109 - it ends by itself, and says so
        """`flush`, for coroutines."""
        return await asyncio.to_thread(self.flush, timeout)

    def close(self, timeout: float = CLOSE_TIMEOUT) -> None:
        """Flush for at most ``timeout`` seconds, then end, and let another relay send at once.

        Blocks: in a coroutine use `aclose`.
        """
        if self._kept is None or self._sender is None:
            return
        self._outbox.heard_by(self.ring, listening=False)
        if timeout > 0:
            self.flush(timeout)
        self._sender.stop(STOP_TIMEOUT)
        self._kept.release()

    async def aclose(self, timeout: float = CLOSE_TIMEOUT) -> None:  # noqa: ASYNC109 - it ends by itself
        """`close`, for coroutines."""
        await asyncio.to_thread(self.close, timeout)

    def start(self) -> Self:
        """Begin, in code without asyncio that has no block to be left, as a module of Flask or Django; ends by `close`.

        Raises RuntimeError where it was begun before, and TypeError for a database that is used with asyncio.
        """
        self._open(None)
        return self

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._open, asyncio.get_running_loop())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
