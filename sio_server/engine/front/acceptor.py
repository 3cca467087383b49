"""Accepts connections, and stops for a moment when the machine has no descriptor left for one.

asyncio's own loop goes round as often as its `backlog` says after such an error (python/cpython#151615), each round a
log line and a timer: with the thousands that a restart needs, the loop stands still and the log grows by megabytes.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Self

from sio_server.engine.front.securing import Securing
from sio_server.engine.limits import TLS_TIMEOUT

_logger = logging.getLogger("sio_server.engine")

#: Connections that are accepted in a turn of the loop: after a restart thousands come at once, and nobody else is
#: served while they are accepted. Under TLS each costs a millisecond more in one of the next turns.
_A_TURN, _A_TURN_OF_TLS = 128, 16
#: Seconds without accepting after an error, and the least between two log lines about it.
PAUSE = 1.0

#: makes the protocol of a connection
Make = Callable[[], asyncio.Protocol]


class Acceptor:
    """Accepts on sockets, which it closes in the end. Raises NotImplementedError on a loop that watches no sockets."""

    def __init__(self, sockets: Sequence[socket.socket], make: Make, securing: Securing | None, backlog: int) -> None:
        self.sockets = sockets
        self.securing = securing
        self._make = make
        self._loop = asyncio.get_running_loop()
        self._a_turn = _A_TURN if securing is None else _A_TURN_OF_TLS
        self._paused: dict[socket.socket, asyncio.TimerHandle] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._told = -PAUSE
        for listener in sockets:
            listener.setblocking(False)  # noqa: FBT003  the socket's own
            listener.listen(backlog)
            self._loop.add_reader(listener, self._accept, listener)

    def close(self) -> None:
        """Accept no more; connections that were accepted go on."""
        for listener in self.sockets:
            self._loop.remove_reader(listener)
            listener.close()
        for handle in self._paused.values():
            handle.cancel()
        self.sockets = ()
        self._paused.clear()
        if self.securing is not None:
            self.securing.close()

    def renew(self, context: ssl.SSLContext) -> None:
        """Have connections that come from now on use another certificate."""
        if self.securing is not None:
            self.securing.context = context

    def _accept(self, listener: socket.socket) -> None:
        for _ in range(self._a_turn):
            try:
                connection, address = listener.accept()
            except (BlockingIOError, InterruptedError, ConnectionAbortedError):
                return
            except OSError as error:  # EMFILE, ENFILE, ENOBUFS, ENOMEM; whatever it is, the next try would meet it too
                self._pause(listener, error)
                return
            connection.setblocking(False)  # noqa: FBT003  the socket's own
            if isinstance(self._loop, asyncio.SelectorEventLoop):
                self._begin_at_once(self._loop, connection, address)
            else:
                task = self._loop.create_task(self._begin(connection))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
                if self.securing is not None:
                    self.securing.watch(task, address)

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
            if self.securing is None:
                make(connection, self._make(), extra={"peername": address})
            else:
                self.securing.begin(loop, connection, address, self._make(), make)
        except OSError:  # gone meanwhile
            connection.close()

    async def _begin(self, connection: socket.socket) -> None:
        options: dict[str, Any] = {}
        if self.securing is not None:
            options = {"ssl": self.securing.context, "ssl_handshake_timeout": TLS_TIMEOUT}
        try:
            await self._loop.connect_accepted_socket(self._make, connection, **options)
        except (OSError, asyncio.CancelledError) as error:  # gone meanwhile, or no TLS (ssl.SSLError is an OSError)
            connection.close()
            if isinstance(error, asyncio.CancelledError) or self.securing is not None:
                raise


class LoopAcceptor:
    """Has the loop accept, as one has to on Windows, whose loop watches no sockets."""

    def __init__(self, servers: Sequence[asyncio.Server], context: ssl.SSLContext | None) -> None:
        self._servers = servers
        self._current = context
        if context is not None:
            # The loop keeps the context that it began with: a newer certificate is put in as a client says hello.
            context.sni_callback = self._choose

    @classmethod
    async def begin(
        cls, sockets: Sequence[socket.socket], make: Make, context: ssl.SSLContext | None, backlog: int
    ) -> Self:
        """Accept on sockets, which are closed in the end."""
        loop = asyncio.get_running_loop()
        patience = None if context is None else TLS_TIMEOUT
        servers = [
            await loop.create_server(make, sock=one, ssl=context, backlog=backlog, ssl_handshake_timeout=patience)
            for one in sockets
        ]
        return cls(servers, context)

    @property
    def sockets(self) -> Sequence[Any]:
        """What is listened on."""
        return [one for server in self._servers for one in server.sockets]

    def close(self) -> None:
        """Accept no more; connections that were accepted go on."""
        for server in self._servers:
            server.close()

    def renew(self, context: ssl.SSLContext) -> None:
        """Have connections that come from now on use another certificate."""
        self._current = context

    def _choose(self, connection: ssl.SSLSocket | ssl.SSLObject, _: str | None, begun: ssl.SSLContext) -> None:
        if self._current is not None and self._current is not begun:
            connection.context = self._current
