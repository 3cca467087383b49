"""Who is where: members, rooms, and for each room a list that is ready to be written to."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sio_server.engine.eio.socket import EngineSocket
    from sio_server.engine.transport.connection import WebSocketConnection
    from sio_server.engine.wire.packets import Wire


class State(IntEnum):
    """How far a member is."""

    CONNECTING = 0
    CONNECTED = 1
    LEAVING = 2


class Member:
    """One connection in one namespace."""

    __slots__ = (
        "held",
        "held_bytes",
        "namespace",
        "pid",
        "refused",
        "rooms",
        "settling",
        "sid",
        "socket",
        "state",
    )

    def __init__(self, sid: str, namespace: str, socket: EngineSocket) -> None:
        self.sid = sid
        self.namespace = namespace
        self.socket = socket
        self.state = State.CONNECTING
        #: room -> position at which it was joined (0 where nothing is recovered)
        self.rooms: dict[Any, int] | None = None
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


class Ready:
    """A room's recipients sorted by how they are written to."""

    __slots__ = ("marked", "others", "plain")

    def __init__(self, members: Iterable[Member]) -> None:
        #: websockets, to be written to directly; the lists are never changed once built
        self.plain: list[WebSocketConnection] = []
        #: websockets whose events carry a recovery offset
        self.marked: list[WebSocketConnection] = []
        #: polling clients, and clients whose connect handler still runs
        self.others: list[Member] = []
        for member in members:
            socket = member.socket
            if socket.closing or member.state is State.LEAVING:
                continue
            connection = socket.connection
            if connection is None or member.settling or member.state is not State.CONNECTED:
                self.others.append(member)
            elif member.pid is None:
                self.plain.append(connection)
            else:
                self.marked.append(connection)

    def __len__(self) -> int:
        return len(self.plain) + len(self.marked) + len(self.others)


class Room(dict[str, Member]):
    """sid -> member, in order of joining."""

    __slots__ = ("_ready",)

    def __init__(self) -> None:
        super().__init__()
        self._ready: Ready | None = None

    @property
    def ready(self) -> Ready:
        """The recipients, built anew only after a change."""
        ready = self._ready
        if ready is None:
            ready = self._ready = Ready(self.values())
        return ready

    def changed(self) -> None:
        """Somebody came, went, or receives in another way now."""
        self._ready = None


# Unions of rooms that are kept: a publisher chooses their names, and each may hold everybody.
_MAX_UNIONS = 32


class Namespace:
    """The members and rooms of one namespace."""

    __slots__ = ("_unions", "everybody", "members", "rooms")

    def __init__(self) -> None:
        #: recipients of several rooms together, until anybody comes, goes, or receives in another way
        self._unions: dict[tuple[Any, ...], Ready] = {}
        #: all members by sid, in whatever state
        self.members: dict[str, Member] = {}
        #: those whose connect handler is through
        self.everybody = Room()
        self.rooms: dict[Any, Room] = {}

    def members_of(self, name: Any) -> dict[str, Member]:
        """The members of a room; a sid is a room of one, None is everybody."""
        if name is None:
            return self.everybody
        member = self.members.get(name) if isinstance(name, str) else None
        if member is not None:
            return {member.sid: member}
        return self.rooms.get(name, {})

    def ready_of(self, names: tuple[Any, ...]) -> Ready:
        """The recipients in several rooms, each once; the same object while nobody comes or goes.

        What goes to the same recipients object within a loop turn can be written to all of them at once.
        """
        found = self._unions.get(names)
        if found is None:
            merged: dict[str, Member] = {}
            for name in names:
                merged.update(self.members_of(name))
            found = Ready(merged.values())
            if len(self._unions) < _MAX_UNIONS:
                self._unions[names] = found
        return found

    def touch(self, member: Member) -> None:
        """The member's way of receiving changed: its rooms have to look again."""
        self._unions.clear()
        self.everybody.changed()
        for name in member.rooms or ():
            room = self.rooms.get(name)
            if room is not None:
                room.changed()

    def enter(self, member: Member, name: Any, position: int) -> None:
        """Put the member into a room; staying in it changes nothing."""
        if member.rooms is None:
            member.rooms = {}
        elif name in member.rooms:
            return
        member.rooms[name] = position
        room = self.rooms.get(name)
        if room is None:
            room = self.rooms[name] = Room()
        self._unions.clear()
        room[member.sid] = member
        room.changed()

    def leave(self, member: Member, name: Any) -> None:
        """Take the member out of a room, and the room away when it was the last."""
        if member.rooms is None or name not in member.rooms:
            return
        del member.rooms[name]
        self._unions.clear()
        room = self.rooms[name]
        del room[member.sid]
        room.changed()
        if not room:
            del self.rooms[name]

    def remove(self, member: Member) -> None:
        """Take the member out of everything."""
        self._unions.clear()
        for name in tuple(member.rooms or ()):
            self.leave(member, name)
        if self.everybody.pop(member.sid, None) is not None:
            self.everybody.changed()
        if self.members.get(member.sid) is member:
            del self.members[member.sid]
