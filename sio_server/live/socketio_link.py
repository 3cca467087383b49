"""One Socket.IO connection as the core sees it, and entries as the packets that it is sent."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from sio_server.core.hub import Link
from sio_server.engine import AsyncServer, Wire, event_wire, with_offset
from sio_server.notification import Entry

# Packets that are kept for replays, and the largest of them: 16 MiB at most, and a quarter of that as a rule.
_KEPT_WIRES: Final = 2000
_KEPT_BYTES: Final = 4096


class Wires:
    """Replayed entries as packets, kept a while: in a storm of reconnects everybody gets the same ones."""

    def __init__(self) -> None:
        # The hash of the body, which an entry works out once, is in the key: what was changed stands where it stood.
        self._kept: OrderedDict[tuple[str, int, bool, int, str | None], tuple[Wire, Wire]] = OrderedDict()

    def of(self, entry: Entry, *, replayed: bool, locale: str | None) -> tuple[Wire, Wire]:
        """The packet of an entry without and with a recovery offset, in a language."""
        position = entry.position
        variant = None if locale is None or entry.texts is None else entry.texts.variant(locale)
        key = position.epoch, position.seq, replayed, hash(entry.body), variant
        found = self._kept.get(key) if entry.persist else None
        if found is None:
            wire = event_wire(entry.event, entry.within(variant).encode(replayed=replayed))
            found = wire, with_offset(wire, position.cursor())
            if entry.persist and entry.size <= _KEPT_BYTES:
                self._kept[key] = found
                if len(self._kept) > _KEPT_WIRES:
                    self._kept.popitem(last=False)
        return found


class SocketIoLink:
    """The core's `Link` to one Socket.IO connection."""

    __slots__ = ("_locale", "_server", "_sid", "_wires")

    def __init__(self, server: AsyncServer, sid: str, wires: Wires) -> None:
        self._server = server
        self._wires = wires
        self._sid = sid
        self._locale: str | None = None

    def join(self, rooms: Sequence[str]) -> None:
        """See `Link.join`."""
        self._server.rooms_nowait(self._sid, rooms)

    def replay(self, entries: Sequence[Entry], *, replayed: bool = True) -> None:
        """See `Link.replay`."""
        for entry in entries:
            self._server.deliver(self._sid, *self._wires.of(entry, replayed=replayed, locale=self._locale))

    def speak(self, locale: str) -> None:
        """See `Link.speak`."""
        self._locale = locale
        self._server.speak(self._sid, locale)

    def control(self, event: str, payload: Mapping[str, Any]) -> None:
        """See `Link.control`."""
        self._server.deliver(self._sid, event_wire(event, orjson.dumps(payload)))

    def pending(self) -> int:
        """See `Link.pending`."""
        return self._server.pending(self._sid)

    def close(self, reason: str) -> None:
        """See `Link.close`."""
        self._server.close(self._sid, reason)

    def transport(self) -> str:
        """See `Link.transport`."""
        return str(self._server.transport(self._sid))


_: type[Link] = SocketIoLink
