"""Accepts connections, and stops for a moment when the machine has no descriptor left for one.

asyncio's own loop goes round as often as its `backlog` says after such an error (python/cpython#151615), each round a
log line and a timer: with the thousands that a restart needs, the loop stands still and the log grows by megabytes.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import Callable, Sequence
from ssl import SSLContext
from typing import Any

_logger = logging.getLogger("sio_server.engine")

#: Connections that are accepted in a turn of the loop: after a restart thousands come at once, and nobody else is
#: served while they are accepted.
_A_TURN = 128
#: Seconds without accepting after an error, and the least between two log lines about it.
PAUSE = 1.0


class Acceptor:
    """Accepts on the sockets of a server of the loop's that has not begun to."""

    def __init__(
        self, server: asyncio.Server, make: Callable[[], asyncio.Protocol], context: SSLContext | None, backlog: int
    ) -> None:
        self._server = server
        self._make = make
        self._context = context
        self._loop = asyncio.get_running_loop()
        # copies: what the server gives out cannot accept
        self._listeners = [socket.socket(fileno=os.dup(one.fileno())) for one in server.sockets]
        self._paused: dict[socket.socket, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._told = -PAUSE
        for listener in self._listeners:
            listener.setblocking(False)  # noqa: FBT003  the socket's own
            listener.listen(backlog)
            self._loop.add_reader(listener, self._accept, listener)

    @property
    def sockets(self) -> Sequence[Any]:
        """What is listened on, as a server's."""
        return self._server.sockets

    def close(self) -> None:
        """Accept no more; connections that were accepted go on."""
        for listener in self._listeners:
            self._loop.remove_reader(listener)
            listener.close()
        for handle in self._paused.values():
            handle.cancel()
        self._listeners.clear()
        self._paused.clear()
        self._server.close()

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(_A_TURN):
            try:
                connection, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # EMFILE, ENFILE, ENOBUFS, ENOMEM; whatever it is, the next try would meet it too
                self._pause(listener, error)
                return
            connection.setblocking(False)  # noqa: FBT003  the socket's own
            if self._context is None and isinstance(self._loop, asyncio.SelectorEventLoop):
                self._begin_at_once(self._loop, connection, address)
            else:
                task = self._loop.create_task(self._begin(connection))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _pause(self, listener: socket.socket, error: OSError) -> None:
        self._loop.remove_reader(listener)
        self._paused[listener] = self._loop.call_later(PAUSE, self._go_on, listener)
        now = self._loop.time()
        if now - self._told >= PAUSE:
            self._told = now
            _logger.error(
                "no connection can be accepted for a moment: %s. Those that are there are served; let the process have"
                " more files open (LimitNOFILE=, ulimit -n)",
                error,
            )

    def _go_on(self, listener: socket.socket) -> None:
        del self._paused[listener]
        self._loop.add_reader(listener, self._accept, listener)
        self._accept(listener)

    def _begin_at_once(self, loop: asyncio.SelectorEventLoop, connection: socket.socket, address: Any) -> None:
        """Begin as asyncio's own server does, whose loop offers no way without a task and a system call."""
        make: Any = loop._make_socket_transport  # type: ignore[attr-defined]  # noqa: SLF001
        try:
            make(connection, self._make(), extra={"peername": address})
        except OSError:  # gone meanwhile
            connection.close()

    async def _begin(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._make, connection, ssl=self._context)
        except (OSError, asyncio.CancelledError) as error:  # gone meanwhile, or no TLS (ssl.SSLError is an OSError)
            connection.close()
            if isinstance(error, asyncio.CancelledError):
                raise
