"""One event to many: encoded once, framed once, handed to the outbox once for all websockets of a room."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

from sio_server.engine.sio.rooms import Member, Ready, Room
from sio_server.engine.wire.packets import EVENT, Wire, event_wire, with_offset

if TYPE_CHECKING:
    from sio_server.engine.sio.server import AsyncServer

_NOBODY: frozenset[Any] = frozenset()


class Fanout:
    """Broadcasts of one server. Nothing in here suspends, so the order of calls is the order on each wire."""

    def __init__(self, sio: AsyncServer) -> None:
        self._sio = sio

    @staticmethod
    def arguments(event: str, data: Any) -> list[Any]:
        """The argument list of an event: a tuple is several arguments, None is none."""
        if isinstance(data, tuple):
            return [event, *data]
        return [event] if data is None else [event, data]

    def emit(self, event: str, data: Any, namespace: str | None, room: Any, skip_sid: Any) -> int:
        """An event in the manner of `AsyncServer.emit`; returns the number of recipients."""
        namespace = namespace or "/"
        rooms = as_rooms(room)
        skip = (
            _NOBODY if skip_sid is None else frozenset(skip_sid if isinstance(skip_sid, list | tuple) else [skip_sid])
        )
        if not self._wanted(namespace):
            return 0
        wire = self._sio.encode(EVENT, namespace, self.arguments(event, data))
        marked = self._sio.recovery.mark(wire, namespace, rooms, skip)
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
        """See `AsyncServer.broadcast`."""
        targets = None if rooms is None else tuple(rooms)
        skip = frozenset(skip_sids)
        space = self._sio.manager.spaces.get(namespace)
        if space is not None:
            for name in skip_rooms:
                skip |= space.rooms.get(name, {}).keys()
        if not self._wanted(namespace):
            return 0
        if isinstance(payload, bytes) and not self._sio.foreign_packets:
            wire = event_wire(event, payload, namespace)
        else:
            value = self._sio.loads(payload.decode()) if isinstance(payload, bytes) else payload
            wire = self._sio.encode(EVENT, namespace, self.arguments(event, value))
        marked = None
        if offset is None:
            marked = self._sio.recovery.mark(wire, namespace, targets, skip, volatile=volatile)
        return self.send(wire, marked, namespace, targets, skip, offset=offset)

    def _wanted(self, namespace: str) -> bool:
        return namespace in self._sio.manager.spaces or self._sio.recovery.log is not None

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
        space = self._sio.manager.spaces.get(namespace)
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
        if offset is not None and (ready.marked or ready.others) and wire.text:
            marked = with_offset(wire, offset)
        outbox = self._sio.eio.outbox
        if ready.plain:
            outbox.broadcast(wire.frame, ready.plain)
        if ready.marked:
            outbox.broadcast((wire if marked is None else marked).frame, ready.marked)
        for member in ready.others:
            member.deliver(wire, marked)
        return len(ready)


def as_rooms(room: Any) -> tuple[Any, ...] | None:
    """What python-socketio takes as `room`: None, a name, or several in a list."""
    if room is None:
        return None
    if isinstance(room, str) or not hasattr(room, "__len__"):
        return (room,)
    return tuple(room)
