"""The upgrade of a polling session: a websocket that has to say `2probe` and then `5` in time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from sio_server.engine.eio.refused import Why
from sio_server.engine.wire.frames import TEXT, frame

if TYPE_CHECKING:
    from sio_server.engine.eio.receive import SessionHost
    from sio_server.engine.transport.connection import WebSocketConnection
    from sio_server.engine.wire.frames import CloseCode
    from sio_server.engine.wire.handshake import Refusal

_PONG = frame(TEXT, b"3probe")
#: Frames that carry nothing, from a websocket that has two packets to send.
_MAX_CONTROLS = 16


class Upgradable(Protocol):
    """A session that polls, as the websocket sees it that is to take the place of its polls."""

    server: SessionHost
    #: the upgrade that is under way
    probe: Probe | None

    def refused(self, why: Why, detail: str) -> Refusal | Mapping[str, Any] | None:
        """Tell the application of what the peer was refused for."""

    def probed(self) -> None:
        """An upgrade has begun."""

    def adopt(self, connection: WebSocketConnection) -> None:
        """From now on everything goes through this websocket."""

    def probe_failed(self) -> None:
        """The session goes on polling."""


class Probe:
    """Receives for a websocket until the upgrade is through. Whatever goes wrong, the session polls on."""

    __slots__ = ("_controls", "_probed", "connection", "socket", "timer_key")

    def __init__(self, socket: Upgradable) -> None:
        self.socket = socket
        self.connection: WebSocketConnection | None = None
        self.timer_key = 0
        self._probed = False
        self._controls = 0

    def most(self) -> int:
        """Bytes that a message may have: the two that are expected have a few."""
        return int(min(self.socket.server.max_http_buffer_size, self.socket.server.limits.first_message))

    def start(self, connection: WebSocketConnection) -> None:
        """Take the session's one place for an upgrade, and a time limit."""
        self.connection = connection
        self.socket.probe = self
        wheel = self.socket.server.wheel
        wheel.at(self, wheel.time() + self.socket.server.limits.upgrade_timeout)

    def on_websocket_message(self, connection: WebSocketConnection, data: str | bytes) -> None:
        """`2probe` is answered, `5` completes the upgrade, all else fails it."""
        if data == "2probe" and not self._probed:
            self._probed = True
            self.socket.server.outbox.write(connection, _PONG)
            self.socket.probed()
        elif data == "5" and self._probed:
            self.socket.server.wheel.drop(self)
            self.socket.server.counters.upgrades += 1
            self.socket.adopt(connection)
        else:
            self.on_timer()

    def on_websocket_control(self) -> None:
        """Count a frame that carries nothing; at too many the upgrade fails: no client pings before it is through."""
        self._controls += 1
        if self._controls > _MAX_CONTROLS:
            self.on_timer()

    def on_websocket_refused(self, code: CloseCode, detail: str) -> None:
        """Tell the application of what is no frame; the session polls on."""
        self.socket.refused(Why.FRAME, detail)

    def on_websocket_lost(self, connection: WebSocketConnection, reason: str) -> None:
        """Note that the websocket died before the upgrade was through; the session polls on."""
        self.connection = None
        self.on_timer()

    def on_timer(self) -> None:
        """End an upgrade that failed or took too long."""
        if self.socket.probe is self:
            self.socket.probe_failed()
        self.cancel()

    def cancel(self) -> None:
        """Close the websocket of the upgrade, and leave the session as it is."""
        self.socket.server.wheel.drop(self)
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.close()
