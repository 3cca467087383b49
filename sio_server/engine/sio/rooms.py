"""Who is where: namespaces, rooms, and for each room a list that is ready to be written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sio_server.engine.eio.member import Member, Session, State

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sio_server.engine.transport.connection import WebSocketConnection


class Ready:
    """The recipients of a room, sorted by how they are written to."""

    __slots__ = ("one_by_one", "recovering", "websockets")

    def __init__(self, members: Iterable[Member]) -> None:
        #: websockets whose events carry no recovery offset; lists are never changed once built
        self.websockets: list[WebSocketConnection] = []
        #: websockets whose events carry a recovery offset
        self.recovering: list[WebSocketConnection] = []
        #: members that each get a packet by a call of their own: those that poll, whose connect handler still runs, or
        #: whose CONNECT packet is on its way alone
        self.one_by_one: list[Member] = []
        for member in members:
            socket = member.socket
            if socket.closing or member.state is State.LEAVING:
                continue
            connection = socket.connection
            if connection is None or member.settling or member.state is not State.CONNECTED:
                self.one_by_one.append(member)
            elif member.pid is None:
                self.websockets.append(connection)
            else:
                self.recovering.append(connection)

    def __len__(self) -> int:
        return len(self.websockets) + len(self.recovering) + len(self.one_by_one)


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
        """Forget the recipients: somebody came, went, or receives in another way now."""
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
        """Take the member out of its rooms and out of the namespace."""
        self._unions.clear()
        for name in tuple(member.rooms or ()):
            self.leave(member, name)
        if self.everybody.pop(member.sid, None) is not None:
            self.everybody.changed()
        if self.members.get(member.sid) is member:
            del self.members[member.sid]


class Spaces(dict[str, Namespace]):
    """Name -> namespace, of those that have members."""

    __slots__ = ()

    def member(self, sid: str, namespace: str) -> Member | None:
        """The member of a namespace with this sid, in whatever state."""
        space = self.get(namespace)
        return None if space is None else space.members.get(sid)

    def welcome(self, member: Member) -> None:
        """The client is in: everybody-broadcasts reach it from now on. Nothing suspends here."""
        space = self[member.namespace]
        member.state = State.CONNECTED
        space.everybody[member.sid] = member
        space.touch(member)
        if not member.settling:
            member.release()

    def settled(self, member: Member) -> None:
        """The CONNECT packet has a segment of its own: the rest may follow."""
        member.settling = False
        space = self.get(member.namespace)
        if space is not None and member.state is State.CONNECTED:
            space.touch(member)
            member.release()

    def touch(self, socket: Session) -> None:
        """The session was upgraded or is closing: its rooms have to look again."""
        for member in socket.members:
            space = self.get(member.namespace)
            if space is not None:
                space.touch(member)
