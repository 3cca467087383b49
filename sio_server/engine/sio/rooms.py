"""Who is where: namespaces, rooms, and for each room a list that is ready to be written to."""

from __future__ import annotations

from collections import Counter
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


def by_language(members: Iterable[Member]) -> dict[str, Ready]:
    """The recipients of each language."""
    parts: dict[str, list[Member]] = {}
    for member in members:
        parts.setdefault(member.language, []).append(member)
    return {language: Ready(part) for language, part in parts.items()}


class Room(dict[str, Member]):
    """sid -> member, in order of joining."""

    __slots__ = ("_parted", "_ready")

    def __init__(self) -> None:
        super().__init__()
        self._ready: Ready | None = None
        self._parted: dict[str, Ready] | None = None

    @property
    def ready(self) -> Ready:
        """The recipients, built anew only after a change."""
        ready = self._ready
        if ready is None:
            ready = self._ready = Ready(self.values())
        return ready

    @property
    def parted(self) -> dict[str, Ready]:
        """The recipients of each language, kept as `ready` is."""
        parted = self._parted
        if parted is None:
            parted = self._parted = by_language(self.values())
        return parted

    def changed(self) -> None:
        """Forget the recipients: somebody came, went, or receives in another way now."""
        self._ready = self._parted = None


# Unions of rooms that are kept: a publisher chooses their names, and each may hold everybody.
_MAX_UNIONS = 32


class Namespace:
    """The members and rooms of one namespace."""

    __slots__ = ("_parted", "_unions", "everybody", "languages", "members", "rooms")

    def __init__(self) -> None:
        #: recipients of several rooms together, until anybody comes, goes, or receives in another way
        self._unions: dict[tuple[Any, ...], Ready] = {}
        self._parted: dict[tuple[Any, ...], dict[str, Ready]] = {}
        #: how many members there are of each language but "", that of who said none
        self.languages: Counter[str] = Counter()
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

    def _forget_unions(self) -> None:
        self._unions.clear()
        self._parted.clear()

    def ready_of(self, names: tuple[Any, ...]) -> Ready:
        """The recipients in several rooms, each once; the same object while nobody comes or goes.

        What goes to the same recipients object within a loop turn can be written to all of them at once.
        """
        found = self._unions.get(names)
        if found is None:
            found = Ready(self.union_of(names).values())
            if len(self._unions) < _MAX_UNIONS:
                self._unions[names] = found
        return found

    def parted_of(self, names: tuple[Any, ...]) -> dict[str, Ready]:
        """The recipients in several rooms by language, each once; kept as those of `ready_of` are."""
        found = self._parted.get(names)
        if found is None:
            found = by_language(self.union_of(names).values())
            if len(self._parted) < _MAX_UNIONS:
                self._parted[names] = found
        return found

    def union_of(self, names: tuple[Any, ...]) -> dict[str, Member]:
        """The members of several rooms, each once."""
        merged: dict[str, Member] = {}
        for name in names:
            merged.update(self.members_of(name))
        return merged

    def speak(self, member: Member, language: str) -> None:
        """Let the member have the variant of this language from now on."""
        if language != member.language:
            self._silence(member)
            self.languages[language] += 1
            member.language = language
            if member.rooms:
                self.touch(member)

    def _silence(self, member: Member) -> None:
        if member.language:
            self.languages[member.language] -= 1
            if not self.languages[member.language]:
                del self.languages[member.language]

    def touch(self, member: Member) -> None:
        """The member's way of receiving changed: its rooms have to look again."""
        self._forget_unions()
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
        self._forget_unions()
        room[member.sid] = member
        room.changed()

    def leave(self, member: Member, name: Any) -> None:
        """Take the member out of a room, and the room away when it was the last."""
        if member.rooms is None or name not in member.rooms:
            return
        del member.rooms[name]
        self._forget_unions()
        room = self.rooms[name]
        del room[member.sid]
        room.changed()
        if not room:
            del self.rooms[name]

    def remove(self, member: Member) -> None:
        """Take the member out of its rooms and out of the namespace."""
        self._forget_unions()
        for name in tuple(member.rooms or ()):
            self.leave(member, name)
        if self.everybody.pop(member.sid, None) is not None:
            self.everybody.changed()
        if self.members.get(member.sid) is member:
            del self.members[member.sid]
            self._silence(member)


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
