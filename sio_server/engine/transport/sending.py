"""What is being written to many: in slices of the loop's time, so that nobody waits long for a broadcast to others."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

from sio_server.engine.transport import accelerator
from sio_server.engine.transport.gathered import Group

if TYPE_CHECKING:
    from sio_server.engine.transport.accelerator import SendMany
    from sio_server.engine.transport.gathered import Piece, Recipient

#: Recipients from which on the C loop is worth its call.
_WORTH_IT = 4
#: Recipients between two looks at the clock: half a millisecond where a send takes 7 microseconds; and with much data,
#: of which a send copies 10 KB in about a microsecond.
_AT_ONCE, _AT_ONCE_LARGE, _LARGE = 64, 16, 32_768


#: In place of the group of a connection that is in none any more.
_GONE: Final = Group([], ())


def _send_direct(send_many: SendMany, connections: list[Recipient], data: bytes) -> None:
    descriptors = array("i", [connection.descriptor for connection in connections])
    for index, sent in send_many(descriptors, data):
        # a full socket buffer, or an error: the transport keeps the rest, or finds the error itself
        connections[index].transport.write(data[sent:] if sent > 0 else data)


class Sending:
    """Groups of connections that are written to one after another; who is taken out is not written to here any more.

    `among` writes to a connection that has frames of its own what it is handed, in its place among those.
    """

    __slots__ = ("_among", "_at", "_data", "_groups", "_odd", "_rest")

    def __init__(self, groups: list[Group], among: Callable[[Recipient, Sequence[Piece]], None]) -> None:
        self._among = among
        #: what is left, the next one at the end, and how far that one has come
        self._groups = groups[::-1]
        self._at = 0
        self._data = b""
        #: of the connections that are written to right now: those that need a call each
        self._odd: dict[Recipient, list[Piece]] = {}
        #: who is left, and in which group; made once somebody is taken out
        self._rest: dict[Recipient, Group] | None = None

    def go_on(self, until: float, time: Callable[[], float]) -> bool:
        """Write until that time, or a little longer; True once nobody is left."""
        while self._groups:
            group = self._groups[-1]
            if not self._at:
                self._data = b"".join([frame for _, frame in group.pieces])
            end = self._at + (_AT_ONCE if len(self._data) < _LARGE else _AT_ONCE_LARGE)
            # a list that is short enough is taken as it is
            some = group.connections[self._at : end] if self._at or end < len(group.connections) else group.connections
            if self._rest is not None:
                some = [connection for connection in some if self._rest.pop(connection, _GONE) is not _GONE]
            self._at = end
            if end >= len(group.connections):
                self._groups.pop()
                self._at = 0
            self._send(group.pieces, self._data, some)
            if time() >= until:
                break
        return not self._groups

    def take(self, connection: Recipient) -> Sequence[Piece]:
        """What a connection has not been written to yet. From now on that is the caller's to write."""
        if connection in self._odd:
            return self._odd.pop(connection)
        rest = self._rest
        if rest is None:
            rest = self._rest = {}
            at = self._at
            for group in reversed(self._groups):
                rest.update(dict.fromkeys(group.connections[at:], group))
                at = 0
        return rest.pop(connection, _GONE).pieces

    def _send(self, pieces: list[Piece], data: bytes, connections: Sequence[Recipient]) -> None:
        # the hot loop of the server: one join for all, one write per connection
        count = len(pieces)
        direct: list[Recipient] = []
        send_many = accelerator.send_many
        if send_many is None or len(connections) < _WORTH_IT:
            for connection in connections:
                if connection.indirect:
                    self._odd[connection] = pieces
                else:
                    connection.transport.write(data)
        else:
            for connection in connections:
                if connection.indirect or connection.descriptor < 0:
                    self._odd[connection] = pieces
                else:
                    direct.append(connection)
            _send_direct(send_many, direct, data)
        # these last: one of them may be cut for what it holds, and the application then do whatever it likes
        while self._odd:
            connection = next(iter(self._odd))
            del self._odd[connection]
            if connection.own is None:
                connection.send(data, count)
            else:
                self._among(connection, pieces)
