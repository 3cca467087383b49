"""The wait of `AsyncServer.call` for one client's answer."""

from __future__ import annotations

import asyncio
from typing import Any

from socketio import exceptions

from sio_server.engine.counters import Counters


class CallDisconnectedError(exceptions.TimeoutError, exceptions.DisconnectedError):  # type: ignore[misc]
    """The client of a `call` left before it answered. It is one of the library's TimeoutErrors, too."""


class Waiter:
    """The callback of a `call`: `future` gets the values that the client answers with."""

    __slots__ = ("_counters", "future")

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self.future: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

    def __call__(self, *values: Any) -> None:
        """Take the values that the client answered with; only the first answer counts."""
        if not self.future.done():
            self.future.set_result(values)

    @property
    def done(self) -> bool:
        """Whether the answer has come, or never will."""
        return self.future.done()

    def gone(self) -> None:
        """End the wait with CallDisconnectedError: the client has left."""
        if not self.future.done():
            self._counters.call_abandoned += 1
            self.future.set_exception(CallDisconnectedError())
