"""Carries entries to the server over one Socket.IO connection, which stays open; each entry is acknowledged by itself.

As over HTTP, an entry whose acknowledgement was lost is sent again, and the server knows it by its idempotency key.
The connection is made with the first entries, and anew when it has ended; that waits as the sender says, not as the
library would.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from sio_server.client.courier import SEND_TIMEOUT, SETTINGS, Outcome, Unsent, outcome_of
from sio_server.client.entries import Entry
from sio_server.client.exchange import Target
from sio_server.errors import KINDS, ConfigError

# The event that publishes, and what is acknowledged is the reply of ``POST /notify``.
_EVENT: Final = "notify"

# What is told by a number is an acknowledgement; these are told of the connection.
_READY: Final = -1
_OVER: Final = -2

_Told = tuple[int, Any]


class SocketCourier:
    """A `Courier` over Socket.IO, for one thread. Raises `ConfigError` where python-socketio is not installed."""

    def __init__(self, target: Target, timeout: float = SEND_TIMEOUT) -> None:
        self._target = target
        self._timeout = timeout
        self._link: _Link | None = None
        self._closed = False

    def prepare(self) -> None:
        """Import what a connection needs. Raises `ConfigError`."""
        try:
            import socketio  # noqa: PLC0415 - of an extra
            import websocket  # noqa: PLC0415 - without it the library would poll
        except ImportError as error:
            raise ConfigError(
                f"transport='socketio' needs {error.name}: pip install 'sio-server-client[socketio]'"
            ) from error
        self._sockets = websocket.WebSocket
        self._make = partial(socketio.Client, reconnection=False, handle_sigint=False, request_timeout=self._timeout)

    def send(self, entries: Sequence[Entry]) -> list[Outcome]:
        """What became of each. Raises `Unsent`."""
        deadline = time.monotonic() + self._timeout
        if self._link is None or self._link.over:
            self.prepare()
            self._link = _Link(self._make, self._sockets, self._target)
        try:
            self._link.open(deadline)
            return self._link.publish(entries, deadline)
        except Unsent:
            # Nobody knows what is still under way: the next try is on a connection of its own.
            self._link.end()
            raise

    def cut(self) -> None:
        """End what the request waits for, from any thread: it raises `Unsent`."""
        if self._link is not None:
            self._link.told.put((_OVER, "the notifier ends"))

    def close(self) -> None:
        """Close the connection, for good."""
        if self._link is not None:
            self._link.end()


class _Link:
    """One connection, from its beginning to its end."""

    def __init__(self, make: Callable[..., Any], sockets: Callable[..., Any], target: Target) -> None:
        self.told: queue.SimpleQueue[_Told] = queue.SimpleQueue()
        """What the threads of the library have to tell: acknowledgements by their number, and of the connection."""
        self._socket: Any = None
        self._sockets = sockets
        # The library makes the socket, and hands it out when it is connected; before that it may have to be cut, too.
        self._client = client = make(websocket_extra_options={"class_": self._made})
        self._target = target
        self._opened = False
        self._ended = False
        self._next = 0
        client.on("connect_error", self._refused)
        client.on("disconnect", lambda reason: self.told.put((_OVER, f"the connection ended ({reason})")))

    def _made(self, **options: Any) -> Any:
        self._socket = self._sockets(**options)
        return self._socket

    @property
    def over(self) -> bool:
        """Whether nothing can be sent over it any more."""
        return self._ended or (self._opened and not self._client.connected)

    def open(self, deadline: float) -> None:
        """Connect, if it is not. Raises `Unsent`."""
        if self._opened:
            return
        # In a thread of its own, since a peer whose answer drips would hold this one for as long as it likes.
        threading.Thread(target=self._connect, name="sio-server notifier connects", daemon=True).start()
        self._wait(deadline)
        self._opened = True

    def _connect(self) -> None:
        import socketio  # noqa: PLC0415 - as above

        left = urlsplit(self._target.url)
        auth = {"key": self._target.key, "locale": self._target.locale}
        try:
            self._client.connect(
                f"{left.scheme}://{left.netloc}",
                auth={name: value for name, value in auth.items() if value is not None},
                transports=["websocket"],
                socketio_path=f"{left.path}/socket.io".strip("/"),
                wait_timeout=SEND_TIMEOUT,
            )
        except (socketio.exceptions.ConnectionError, OSError, ValueError) as error:
            self.told.put((_OVER, str(error) or type(error).__name__))
        else:
            self.told.put((_READY, None))
            if self._ended:
                self.end()

    def _refused(self, told: object = None) -> None:
        self.told.put((_OVER, told))

    def publish(self, entries: Sequence[Entry], deadline: float) -> list[Outcome]:
        """What became of each entry. Raises `Unsent`."""
        import socketio  # noqa: PLC0415 - as above

        first, self._next = self._next, self._next + len(entries)
        try:
            for number, entry in enumerate(entries, first):
                self._client.emit(_EVENT, orjson.loads(entry.body), callback=partial(self._acknowledged, number))
        except socketio.exceptions.SocketIOError as error:
            raise self._unsent(str(error)) from error
        outcomes: dict[int, Outcome] = {}
        while len(outcomes) < len(entries):
            number, reply = self._wait(deadline)
            # An acknowledgement of a batch that was given up is of nobody any more.
            if number >= first:
                outcomes[number] = outcome_of(reply)
        return [outcomes[number] for number in range(first, self._next)]

    def _acknowledged(self, number: int, reply: object = None) -> None:
        self.told.put((number, reply if isinstance(reply, dict) else {}))

    def _wait(self, deadline: float) -> _Told:
        try:
            told = self.told.get(timeout=max(deadline - time.monotonic(), 0.0))
        except queue.Empty:
            raise self._unsent("no answer in time") from None
        if told[0] == _OVER:
            raise self._unsent(told[1])
        return told

    def _unsent(self, told: object) -> Unsent:
        """The error for what a connection ended with: a text, or the refusal of a server."""
        refusal = told.get("data") if isinstance(told, Mapping) else None
        code = refusal.get("code") if isinstance(refusal, Mapping) else None
        kind = KINDS.get(code) if isinstance(code, str) else None
        if kind is not None:
            # No more than a code that is ours: whoever answers may repeat what was sent.
            return Unsent(f"{self._target.url} refused ({kind.code})", settings=kind.status in SETTINGS)
        return Unsent(f"{self._target.url}: {told if isinstance(told, str) else 'refused':.200}")

    def end(self) -> None:
        """Close it, without waiting for the peer."""
        self._ended = True
        current = None if self._socket is None else self._socket.sock
        # Not closed: its number may be another socket's before the thread that reads has noticed.
        if current is not None:
            with contextlib.suppress(OSError, ValueError):
                socket.socket.shutdown(current, socket.SHUT_RDWR)
