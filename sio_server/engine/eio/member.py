"""A session in one namespace: how far it is, and what waits for it there."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import asyncio

    from sio_server.engine.transport.connection import WebSocketConnection
    from sio_server.engine.wire.packets import Wire


class State(IntEnum):
    """How far a member is."""

    #: its connect handler has not returned
    CONNECTING = 0
    CONNECTED = 1
    #: its disconnect handler runs, or is about to
    LEAVING = 2


class Session(Protocol):
    """An Engine.IO session as its members use it."""

    sid: str
    #: whether the session has ended; its disconnect handlers may still run
    closing: bool
    #: the websocket, None while the session polls
    connection: WebSocketConnection | None
    #: the task that runs its handlers, while there is anything to handle
    worker: asyncio.Task[None] | None
    #: the namespaces that it is in, or on its way into
    members: tuple[Member, ...]

    @property
    def session(self) -> dict[str, Any]:
        """What the application keeps for the client, by namespace."""

    def send_wire(self, wire: Wire) -> None:
        """Send one packet by whatever transport there is."""

    def check_held(self, size: int, count: int) -> None:
        """Cut the client when this many bytes, or this many packets, are too much to be held for it."""

    def pending(self) -> int:
        """Bytes that were sent to the client and not taken yet."""

    def joined(self) -> None:
        """A connect handler has let the client in."""

    def welcomed(self) -> None:
        """The client was told that it is in a namespace."""

    def forget(self, member: Member) -> None:
        """The member has left its namespace."""

    def remember(self, namespace: str) -> None:
        """A namespace was left or refused."""

    def end(self, reason: str) -> None:
        """End the session now."""

    def close_soon(self, reason: str) -> None:
        """End the session once the client has what is queued for it."""


class Member:
    """One session in one namespace; `sid` is its id there."""

    __slots__ = (
        "held",
        "held_bytes",
        "language",
        "namespace",
        "pid",
        "refused",
        "rooms",
        "settling",
        "sid",
        "socket",
        "state",
    )

    def __init__(self, sid: str, namespace: str, socket: Session) -> None:
        self.sid = sid
        self.namespace = namespace
        self.socket = socket
        self.state = State.CONNECTING
        #: room -> position at which it was joined (0 where nothing is recovered)
        self.rooms: dict[Any, int] | None = None
        #: which variant of what is broadcast in several it gets: see `AsyncServer.speak`
        self.language = ""
        #: what was sent before the CONNECT packet, and has to follow it
        self.held: list[tuple[Wire, Wire | None]] | None = None
        self.held_bytes = 0
        #: recovery: the private id given to the client, whose events carry an offset then
        self.pid: str | None = None
        #: the CONNECT packet is on its way alone: what follows waits a moment
        self.settling = False
        #: disconnected by the application while its connect handler still runs
        self.refused = False

    def deliver(self, wire: Wire, marked: Wire | None = None) -> None:
        """Send one packet, whatever the transport; `marked` is the variant with an offset."""
        if self.settling or self.state is State.CONNECTING:
            if self.held is None:
                self.held = []
            self.held.append((wire, marked))
            self.held_bytes += wire.size
            self.socket.check_held(self.held_bytes, len(self.held))
            return
        self.socket.send_wire(marked if self.pid is not None and marked is not None else wire)

    def release(self) -> None:
        """Send what waited for the CONNECT packet."""
        held, self.held, self.held_bytes = self.held, None, 0
        for wire, marked in held or ():
            self.deliver(wire, marked)
