"""One event to many: encoded once, framed once, handed to the outbox once for all websockets of a room."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from sio_server.engine.sio.rooms import Ready, Room, by_language
from sio_server.engine.wire.packets import Wire, with_offset

if TYPE_CHECKING:
    from sio_server.engine.eio.member import Member
    from sio_server.engine.sio.codec import Codec
    from sio_server.engine.sio.recovery import Recovery
    from sio_server.engine.sio.rooms import Namespace, Spaces
    from sio_server.engine.transport.outbox import Outbox

_NOBODY: frozenset[Any] = frozenset()


class Fanout:
    """Broadcasts of one server. Nothing in here suspends, so the order of calls is the order on each wire."""

    __slots__ = ("_codec", "_outbox", "_recovery", "_spaces")

    def __init__(self, spaces: Spaces, outbox: Outbox, codec: Codec, recovery: Recovery) -> None:
        self._spaces = spaces
        self._outbox = outbox
        self._codec = codec
        self._recovery = recovery

    def emit(self, event: str, data: Any, namespace: str | None, room: Any, skip_sid: Any) -> int:
        """An event in the manner of `AsyncServer.emit`; returns the number of recipients."""
        namespace = namespace or "/"
        rooms = as_rooms(room)
        skip = (
            _NOBODY if skip_sid is None else frozenset(skip_sid if isinstance(skip_sid, list | tuple) else [skip_sid])
        )
        if not self._wanted(namespace):
            return 0
        wire = self._codec.event(event, data, namespace)
        marked = self._recovery.mark(wire, namespace, rooms, skip)
        return self.send(wire, marked, namespace, rooms, skip)

    def broadcast(
        self,
        event: str,
        payload: Any,
        *,
        rooms: Iterable[Any] | None = None,
        skip_rooms: Iterable[Any] = (),
        skip_sids: Iterable[str] = (),
        namespace: str = "/",
        offset: str | None = None,
        volatile: bool = False,
    ) -> int:
        """Send an event without suspending; returns the number of recipients. See `AsyncServer.broadcast`."""
        targets = None if rooms is None else tuple(rooms)
        skip = frozenset(skip_sids)
        space = self._spaces.get(namespace)
        if space is not None:
            for name in skip_rooms:
                skip |= space.rooms.get(name, {}).keys()
        if not self._wanted(namespace):
            return 0
        if callable(payload):
            return self._by_language(event, payload, targets, namespace, skip, offset)
        if isinstance(payload, bytes):
            wire = self._codec.event_of_json(event, payload, namespace)
        else:
            wire = self._codec.event(event, payload, namespace)
        marked = None
        if offset is None:
            marked = self._recovery.mark(wire, namespace, targets, skip, volatile=volatile)
        return self.send(wire, marked, namespace, targets, skip, offset=offset)

    def _by_language(
        self,
        event: str,
        payload_in: Callable[[str], bytes],
        rooms: tuple[Any, ...] | None,
        namespace: str,
        skip: Collection[Any],
        offset: str | None,
    ) -> int:
        """Send a variant of an event to the members of each language; where all get the same one, as any event."""
        space = self._spaces.get(namespace)
        if space is None:
            return 0
        payloads = {language: payload_in(language) for language in (*space.languages, "")}
        wires = {payload: self._codec.event_of_json(event, payload, namespace) for payload in payloads.values()}
        listened = {payloads[language] for language in space.languages} or {payloads[""]}
        if len(listened) == 1 and len(space.members) == space.languages.total():
            return self.send(wires[listened.pop()], None, namespace, rooms, skip, offset=offset)
        return sum(
            self._send_ready(wires[payloads[language]], None, ready, offset)
            for language, ready in _parted(space, rooms, skip).items()
        )

    def _wanted(self, namespace: str) -> bool:
        return namespace in self._spaces or self._recovery.log is not None

    def send(
        self,
        wire: Wire,
        marked: Wire | None,
        namespace: str,
        rooms: tuple[Any, ...] | None,
        skip: Collection[Any] = _NOBODY,
        *,
        offset: str | None = None,
    ) -> int:
        """Send an encoded packet to rooms, each member once; returns the number of recipients.

        `marked` is the variant for those who take an offset, `offset` what it is made with where it is not made yet.
        """
        space = self._spaces.get(namespace)
        if space is None:
            return 0
        if rooms is None:
            members: dict[str, Member] = space.everybody
        elif len(rooms) == 1:
            members = space.members_of(rooms[0])
        elif not skip:
            return self._send_ready(wire, marked, space.ready_of(rooms), offset)
        else:
            members = {}
            for name in rooms:
                members.update(space.members_of(name))
        if isinstance(members, Room) and (not skip or members.keys().isdisjoint(skip)):
            return self._send_ready(wire, marked, members.ready, offset)
        chosen = [member for sid, member in members.items() if sid not in skip and not member.socket.closing]
        return self._send_ready(wire, marked, Ready(chosen), offset)

    def _send_ready(self, wire: Wire, marked: Wire | None, ready: Ready, offset: str | None) -> int:
        if offset is not None and (ready.recovering or ready.one_by_one) and wire.text:
            marked = with_offset(wire, offset)
        outbox = self._outbox
        if ready.websockets:
            outbox.broadcast(wire.frame, ready.websockets)
        if ready.recovering:
            outbox.broadcast((wire if marked is None else marked).frame, ready.recovering)
        for member in ready.one_by_one:
            member.deliver(wire, marked)
        return len(ready)


def _parted(space: Namespace, rooms: tuple[Any, ...] | None, skip: Collection[Any]) -> dict[str, Ready]:
    """The recipients in rooms by language."""
    if rooms is not None and len(rooms) > 1 and not skip:
        return space.parted_of(rooms)
    members = space.everybody if rooms is None else space.union_of(rooms) if len(rooms) > 1 else None
    if members is None:
        members = space.members_of(rooms[0]) if rooms else {}
    if isinstance(members, Room) and (not skip or members.keys().isdisjoint(skip)):
        return members.parted
    return by_language(member for sid, member in members.items() if sid not in skip)


def as_rooms(room: Any) -> tuple[Any, ...] | None:
    """What python-socketio takes as `room`: None, a name, or several in a list."""
    if room is None:
        return None
    if isinstance(room, str) or not hasattr(room, "__len__"):
        return (room,)
    return tuple(room)
