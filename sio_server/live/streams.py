"""Plain streams: rooms, what waits for whom, the send cap and the pace, for every protocol that only frames.

Such a protocol gives a `Framing` and a way to end a connection. Which connections an entry is for, and what becomes of
one whose peer does not read, is decided here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Protocol

from sio_server.core.hub import Broadcaster, Link
from sio_server.engine import Backlog, Outbox
from sio_server.notification import Entry

# Seconds between signs of life of a connection that is silent.
HEARTBEAT: Final = 25.0

# Seconds in which a peer has to take what was last said to it.
CLOSE_PATIENCE: Final = 2.0

# Seconds between two looks at whether a peer that was behind has read.
_FIRST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.1


# Sets of rooms whose recipients are kept: a publisher names them, and each may hold everybody.
_MOST_READY: Final = 32


class Framing(Protocol):
    """How one protocol writes what it sends: bytes that are the same for every connection."""

    def entry(self, entry: Entry, *, replayed: bool = False) -> bytes:
        """The frame of an entry."""

    def control(self, event: str, payload: Mapping[str, Any]) -> bytes:
        """The frame of a control event (``ns:…``)."""


class Streams:
    """The streams of one protocol, by room; the `Broadcaster` for them.

    ``transport`` is what operators are told that these streams run over; ``cap``: bytes that may wait for one peer.
    """

    def __init__(self, framing: Framing, *, transport: str, cap: int) -> None:
        self.framing = framing
        self.transport = transport
        self.cap = cap
        self.outbox = Outbox()
        """What writes to many, in slices; to one alone its `Stream` writes at once."""
        self._all: set[Stream] = set()
        self._rooms: dict[str, dict[Stream, None]] = {}
        self._ready: dict[tuple[tuple[str, ...], tuple[str, ...]], dict[str | None, list[Peer]]] = {}

    def add(self, stream: Stream) -> None:
        """Hold a stream until it is discarded; it is in no room yet."""
        self._all.add(stream)

    def discard(self, stream: Stream) -> None:
        """Let a stream go, out of every room."""
        self.move(stream, ())
        self._all.discard(stream)
        stream.peer.gone = True

    def move(self, stream: Stream, rooms: Sequence[str]) -> None:
        """Put a stream into just these rooms."""
        self.changed()
        for room in stream.rooms:
            members = self._rooms[room]
            del members[stream]
            if not members:
                del self._rooms[room]
        stream.rooms = tuple(rooms)
        for room in rooms:
            self._rooms.setdefault(room, {})[stream] = None

    def changed(self) -> None:
        """Look anew who is in which rooms: somebody came, went, or speaks another language."""
        self._ready.clear()

    def close(self, reason: str) -> None:
        """Close every stream that is left. ``reason`` is a code of `errors.KINDS`."""
        for stream in tuple(self._all):
            stream.close(reason)

    def broadcast(self, batch: Sequence[Entry]) -> Sequence[int]:
        """See `Broadcaster.broadcast`: an entry is framed once, a peer is written to once for a batch."""
        if not self._all:
            return [0] * len(batch)
        counts = []
        for entry in batch:
            parts = self._recipients(tuple(entry.rooms), tuple(entry.skip_rooms))
            made: dict[str | None, bytes] = {}
            for locale, peers in parts.items():
                variant = None if locale is None or entry.texts is None else entry.texts.variant(locale)
                frame = made.get(variant)
                if frame is None:
                    frame = made[variant] = self.framing.entry(entry if entry.texts is None else entry.within(variant))
                self.outbox.broadcast(frame, peers)
            counts.append(sum(map(len, parts.values())))
        return counts

    def _recipients(self, rooms: tuple[str, ...], skipped: tuple[str, ...]) -> dict[str | None, list[Peer]]:
        """Who is in one of these rooms and in none of the others, by language; the same lists while nothing changes.

        What goes to the same list within a few turns of the loop is joined for all of it at once.
        """
        found = self._ready.get((rooms, skipped))
        if found is None:
            found = {}
            for stream in self._members(rooms) - self._members(skipped):
                found.setdefault(stream.locale, []).append(stream.peer)
            if len(self._ready) < _MOST_READY:
                self._ready[rooms, skipped] = found
        return found

    def _members(self, rooms: Sequence[str]) -> set[Stream]:
        return set().union(*(self._rooms.get(room, ()) for room in rooms))


class Peer:
    """A stream's other end, as the outbox writes to it: its ``Recipient``."""

    __slots__ = ("_take", "descriptor", "gone", "indirect", "own", "transport")

    def __init__(self, transport: asyncio.Transport | None, take: Callable[[bytes], None]) -> None:
        self.transport: Any = transport
        self.own: list[tuple[int, bytes, bool]] | None = None
        self.indirect = True
        """Always: who does not read is looked after with each write."""
        self.descriptor = -1
        self.gone = transport is None
        """Whether nothing is written to it any more."""
        self._take = take

    def send(self, data: bytes, _: int) -> None:
        """Write frames now."""
        if not self.gone:
            self._take(data)


class Stream:
    """One connection and its rooms; the core's `Link` to it.

    ``end`` ends the transport for a reason, without waiting for that. Frames go to the transport as they come; while it
    has some left, they wait here, one object for all who are behind.
    """

    __slots__ = ("_backlog", "_end", "_locale", "_pause", "_streams", "_timer", "_transport", "peer", "reason", "rooms")

    def __init__(self, streams: Streams, transport: asyncio.Transport | None, end: Callable[[str], None]) -> None:
        self.rooms: tuple[str, ...] = ()
        self.reason: str | None = None
        """Why it was ended from here, once it was."""
        self.peer = Peer(transport, self._take)
        self._locale: str | None = None
        self._streams = streams
        self._transport = transport
        self._end = end
        self._backlog = Backlog()
        self._timer: asyncio.TimerHandle | None = None
        self._pause = _FIRST_PAUSE

    @property
    def locale(self) -> str | None:
        """The language that it is sent in, once it is told."""
        return self._locale

    def write(self, frames: Sequence[bytes]) -> None:
        """Send frames now, behind what was broadcast to it; past the cap the connection is given up instead."""
        self._streams.outbox.serve(self.peer)
        self.peer.send(frames[0] if len(frames) == 1 else b"".join(frames), len(frames))

    def _take(self, data: bytes) -> None:
        transport = self._transport
        if transport is None or self.reason is not None:
            return
        if self.pending():
            self._backlog.put(data)
            if self._timer is None:
                self._pause = _FIRST_PAUSE
                self._timer = asyncio.get_running_loop().call_later(self._pause, self._drain)
        else:
            # to a peer that reads, much goes out at once, however long it is
            transport.write(data)
        if self.pending() > self._streams.cap:
            self.reason = "slow"
            self._let_go()
            transport.abort()  # closing would wait for a peer that does not read

    def _drain(self) -> None:
        """Give the transport what waits as it empties. It is aiohttp's, which alone is told when that happens."""
        self._timer, transport = None, self._transport
        if transport is None or transport.is_closing():
            self._let_go()
            return
        before = self._backlog.size
        while self._backlog and not transport.get_write_buffer_size():
            transport.write(self._backlog.pop())
        if self._backlog:
            self._pause = _FIRST_PAUSE if self._backlog.size < before else min(2 * self._pause, _LONGEST_PAUSE)
            self._timer = asyncio.get_running_loop().call_later(self._pause, self._drain)

    def _let_go(self) -> None:
        self._backlog.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- Link -----------------------------------------------------------------------------------------------------

    def join(self, rooms: Sequence[str]) -> None:
        """See `Link.join`."""
        self._streams.move(self, rooms)

    def replay(self, entries: Sequence[Entry], *, replayed: bool = True) -> None:
        """See `Link.replay`."""
        if entries:
            self.write([self._streams.framing.entry(entry.within(self.locale), replayed=replayed) for entry in entries])

    def speak(self, locale: str) -> None:
        """See `Link.speak`."""
        self._locale = locale
        self._streams.changed()

    def control(self, event: str, payload: Mapping[str, Any]) -> None:
        """See `Link.control`."""
        self.write([self._streams.framing.control(event, payload)])

    def pending(self) -> int:
        """See `Link.pending`."""
        return self._backlog.size + (0 if self._transport is None else self._transport.get_write_buffer_size())

    def close(self, reason: str) -> None:
        """See `Link.close`."""
        if self.reason is None:
            self._streams.outbox.serve(self.peer)
        if self.reason is None:
            self.reason = reason
            while self._backlog and self._transport is not None:
                self._transport.write(self._backlog.pop())  # before whatever `end` writes
            self._let_go()
            self._end(reason)

    def transport(self) -> str:
        """See `Link.transport`."""
        return self._streams.transport


_: type[Broadcaster] = Streams
_link: type[Link] = Stream
