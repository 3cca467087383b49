"""The client manager: python-socketio's AsyncManager on rooms that are ready to be written to.

Everything stock's managers promise keeps working, so a Redis (or other) manager given as `client_manager` is
re-based onto this class by `adopt`.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, cast

from socketio import AsyncManager as StockManager

from sio_server.engine.eio.member import Member, State
from sio_server.engine.sio.codec import arguments
from sio_server.engine.sio.rooms import Namespace, Room, Spaces
from sio_server.engine.wire.packets import EVENT

if TYPE_CHECKING:
    from sio_server.engine.eio.server import EngineServer
    from sio_server.engine.eio.socket import EngineSocket
    from sio_server.engine.sio.codec import Codec
    from sio_server.engine.sio.fanout import Fanout
    from sio_server.engine.sio.recovery import Recovery


class AsyncManager(StockManager):  # type: ignore[misc]  # the library is untyped
    """Rooms per sid, broadcasts straight to the connections, callbacks that are freed."""

    def __init__(self) -> None:
        super().__init__()
        self._start()

    def _start(self) -> None:
        self.spaces = Spaces()
        self.callbacks: dict[Any, dict[int, Callable[..., Any]]] = {}
        self._ack_ids = itertools.count(1)

    def bind(self, eio: EngineServer, codec: Codec, recovery: Recovery, fanout: Fanout) -> None:
        """Give what broadcasts and members need; an application may have made the manager before its server."""
        self._eio = eio
        self._codec = codec
        self._recovery = recovery
        self._fanout = fanout

    def stop(self) -> None:
        """The server has shut down: a message queue's manager listens no more, until the next session opens."""
        listening = getattr(self, "thread", None)
        if listening is not None:
            listening.cancel()
            self.server.manager_initialized = False

    @property
    def rooms(self) -> dict[str, dict[Any, dict[str, str]]]:
        """A copy in the shape of stock's: namespace -> room (None is everybody) -> sid -> Engine.IO sid."""
        found: dict[str, dict[Any, dict[str, str]]] = {}
        for name, space in self.spaces.items():
            rooms: dict[Any, dict[str, str]] = {None: {sid: m.socket.sid for sid, m in space.everybody.items()}}
            for room, members in space.rooms.items():
                rooms[room] = {sid: m.socket.sid for sid, m in members.items()}
            found[name] = rooms
        return found

    @rooms.setter
    def rooms(self, value: object) -> None:
        """Take nothing: the library's constructor sets rooms that the engine keeps elsewhere."""

    # who is there

    def member(self, sid: str, namespace: str) -> Member | None:
        """The member of a namespace with this sid, in whatever state."""
        return self.spaces.member(sid, namespace)

    def get_namespaces(self) -> list[str]:
        """The namespaces that have members."""
        return list(self.spaces)

    def get_participants(self, namespace: str, room: Any) -> Iterator[tuple[str, str]]:
        """(sid, Engine.IO sid) of each connected client in the room or rooms."""
        members = [m for m in self.select(namespace, room) if m.state is State.CONNECTED]
        for member in members:
            yield member.sid, member.socket.sid

    def select(self, namespace: str, room: Any) -> Iterable[Member]:
        """The members of a room, a sid, several of both (each member once) or everybody (None)."""
        space = self.spaces.get(namespace)
        if space is None:
            return ()
        if room is None:
            return tuple(space.everybody.values())
        if isinstance(room, str) or not hasattr(room, "__len__"):
            return tuple(space.members_of(room).values())
        merged: dict[str, Member] = {}
        for name in room:
            merged.update(space.members_of(name))
        return tuple(merged.values())

    def is_connected(self, sid: str, namespace: str) -> bool:
        """Whether the connect handler is through and the client has not begun to leave."""
        member = self.member(sid, namespace)
        return member is not None and member.state is State.CONNECTED

    def is_pre_connected(self, sid: str, namespace: str) -> bool:
        """Whether the connect handler of a client still runs."""
        member = self.member(sid, namespace)
        return member is not None and member.state is State.CONNECTING

    def sid_from_eio_sid(self, eio_sid: str, namespace: str) -> str | None:
        """The sid of an Engine.IO session in a namespace."""
        socket = self._eio.sockets.get(eio_sid)
        member = None if socket is None else socket.member(namespace)
        return None if member is None else member.sid

    def eio_sid_from_sid(self, sid: str, namespace: str) -> str | None:
        """The Engine.IO session that a sid belongs to."""
        member = self.member(sid, namespace)
        return None if member is None else member.socket.sid

    # coming and going

    async def pre_connect(self, eio_sid: str, namespace: str) -> str | None:
        """Register a client whose connect handler is about to run: it is in no room and receives nothing."""
        member = self.admit(self._eio.sockets[eio_sid], namespace)
        return None if member is None else member.sid

    def admit(self, socket: EngineSocket, namespace: str, sid: str | None = None) -> Member | None:
        """Make a session a member of a namespace: in no room, and nothing is sent to it before it is welcome.

        :param sid: its id there, when it comes back to one; None: a new one.

        None where it is a member already.
        """
        if socket.member(namespace) is not None:
            return None
        space = self.spaces.get(namespace)
        if space is None:
            space = self.spaces[namespace] = Namespace()
        member = Member(sid or self._eio.generate_id(), namespace, socket)
        space.members[member.sid] = member
        socket.members = (*socket.members, member)
        return member

    async def connect(self, sid: str, namespace: str) -> str | None:
        """Let a pre-connected client in."""
        if not self.is_pre_connected(sid, namespace):
            sid = cast("str", await self.pre_connect(sid, namespace))
        self.spaces.welcome(cast("Member", self.member(sid, namespace)))
        return sid

    def pre_disconnect(self, sid: str, namespace: str) -> str | None:
        """The client leaves: the disconnect handler still finds its rooms and session."""
        member = self.member(sid, namespace)
        if member is None:
            return None
        member.state = State.LEAVING
        space = self.spaces[namespace]
        space.everybody.pop(sid, None)
        space.touch(member)
        self.abandon(sid)
        member.socket.forget(member)  # the client may CONNECT again while its disconnect handler runs
        return member.socket.sid

    def basic_disconnect(self, sid: str, namespace: str, **_kwargs: Any) -> None:
        """Forget the client. Costs its own rooms, not all rooms."""
        member = self.member(sid, namespace)
        self.abandon(sid)
        if member is None:
            return
        space = self.spaces[namespace]
        for name in tuple(member.rooms or ()):
            self.basic_leave_room(sid, namespace, name)
        space.remove(member)
        if not space.members:
            del self.spaces[namespace]
        member.held = None
        member.state = State.LEAVING
        member.socket.forget(member)

    # rooms

    def is_sid_room(self, namespace: str, room: Any) -> bool:
        """Whether a room's name is a client's sid, which stands for that client alone."""
        return isinstance(room, str) and self.member(room, namespace) is not None

    def basic_enter_room(self, sid: str, namespace: str, room: Any, eio_sid: str | None = None) -> None:
        """Put a client into a room. Raises ValueError for an unknown client or another client's own room."""
        member = self.member(sid, namespace)
        if member is None or member.state is State.LEAVING:
            message = "sid is not connected to requested namespace"
            raise ValueError(message)
        if room is None or room == sid:
            return
        if self.is_sid_room(namespace, room):
            message = "cannot enter a sid room"
            raise ValueError(message)
        self.spaces[namespace].enter(member, room, self._recovery.position())

    def basic_leave_room(self, sid: str, namespace: str, room: Any) -> None:
        """Take a client out of a room; nothing happens when it is not in it."""
        member = self.member(sid, namespace)
        if member is not None and room is not None:
            self.spaces[namespace].leave(member, room)

    def basic_close_room(self, room: Any, namespace: str) -> None:
        """Take everybody out of a room."""
        if self.is_sid_room(namespace, room):
            message = "cannot close a sid room"
            raise ValueError(message)
        space = self.spaces.get(namespace)
        members = space.rooms.get(room, Room()) if space is not None else Room()
        for sid in tuple(members):
            self.basic_leave_room(sid, namespace, room)

    def get_rooms(self, sid: str, namespace: str) -> list[Any]:
        """The rooms of a client, its own among them."""
        member = self.member(sid, namespace)
        return [] if member is None else [sid, *(member.rooms or ())]

    # events

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Callable[..., Any] | None = None,
        to: Any = None,
        **_kwargs: Any,
    ) -> None:
        """Send an event to a client, a room, several, or everybody. Does not wait for anybody."""
        room = to or room
        if callback is None:
            self._fanout.emit(event, data, namespace, room, skip_sid)
            return
        skip = set(skip_sid) if isinstance(skip_sid, list | tuple) else {skip_sid}
        sent = arguments(event, data)
        for member in self.select(namespace or "/", room):
            if member.sid not in skip:
                ack = self._generate_ack_id(member.sid, callback)
                member.deliver(self._codec.encode(EVENT, member.namespace, sent, ack))

    # acknowledgements

    def _generate_ack_id(self, sid: Any, callback: Callable[..., Any]) -> int:
        ack = next(self._ack_ids)
        self.callbacks.setdefault(sid, {})[ack] = callback
        return ack

    def take_callback(self, sid: Any, ack: int) -> Callable[..., Any] | None:
        """The callback of an ack, once; None for an id that is unknown or was used."""
        waiting = self.callbacks.get(sid)
        callback = None if waiting is None else waiting.pop(ack, None)
        if waiting is not None and not waiting:
            del self.callbacks[sid]
        return callback

    def waits_for(self, sid: Any, callback: Callable[..., Any]) -> bool:
        """Whether the callback was sent along, or has been called already."""
        return callback in self.callbacks.get(sid, {}).values() or getattr(callback, "done", False)

    def forget_callback(self, callback: Callable[..., Any], sids: Iterable[Any]) -> None:
        """Free a callback whose caller waits no longer."""
        for sid in sids:
            waiting = self.callbacks.get(sid, {})
            for ack in [ack for ack, held in waiting.items() if held is callback]:
                self.take_callback(sid, ack)

    def abandon(self, sid: str) -> None:
        """The client is gone: free its callbacks and wake the calls that wait for it."""
        waiting = self.callbacks.pop(sid, None)
        for callback in (waiting or {}).values():
            gone = getattr(callback, "gone", None)
            if gone is not None:
                gone()

    async def trigger_callback(self, sid: Any, id: int, data: list[Any]) -> None:  # noqa: A002  the library's name
        """Run the callback of an ack; an unknown id is counted and ignored."""
        callback = self.take_callback(sid, id)
        if callback is None:
            self._eio.counters.ack_unknown += 1
            return
        result = callback(*data)
        if inspect.isawaitable(result):
            await result


def adopt(manager: Any) -> Any:
    """The given manager (Redis or another message queue), its AsyncManager base replaced by the engine's."""
    if isinstance(manager, AsyncManager):
        return manager
    if not isinstance(manager, StockManager):
        message = "client_manager must be an asyncio manager of python-socketio"
        raise TypeError(message)
    kind = type(manager)
    manager.__class__ = AsyncManager if kind is StockManager else type(kind.__name__, (kind, AsyncManager), {})
    manager._start()  # noqa: SLF001  now our own class
    return manager
