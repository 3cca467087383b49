"""When the newest entries went through this node, and to how many of its connections: in memory, for a while."""

from __future__ import annotations

from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, NamedTuple

from sio_server.notification import Entry

# Stored entries whose times are kept, a power of two: half a megabyte.
KEPT: Final = 2**14
_SLOT: Final = KEPT - 1

# Entries that are not stored and are remembered all the same, for who asks what became of one.
KEPT_PASSING: Final = 500


class Span(NamedTuple):
    """When a node heard of an entry, and when it had handed it to ``sockets`` connections of its own; Unix seconds."""

    announced: float
    handed: float
    sockets: int


class Spans:
    """The spans of the newest entries of a log, by their ``seq``; those of entries that are not stored by their id."""

    def __init__(self) -> None:
        self._seqs = array("q", [0]) * KEPT
        self._announced = array("d", [0.0]) * KEPT
        self._handed = array("d", [0.0]) * KEPT
        self._sockets = array("q", [0]) * KEPT
        self._passing: OrderedDict[str, tuple[Entry, Span]] = OrderedDict()

    def note(self, batch: Sequence[Entry], sockets: Sequence[int], announced: float, handed: float) -> None:
        """Keep when a batch went through, and to how many connections each of it."""
        for entry, number in zip(batch, sockets, strict=True):
            if entry.persist:
                seq = entry.position[1]
                slot = seq & _SLOT
                self._seqs[slot] = seq
                self._announced[slot] = announced
                self._handed[slot] = handed
                self._sockets[slot] = number
            else:
                self._passing[entry.id] = (entry, Span(announced, handed, number))
                if len(self._passing) > KEPT_PASSING:
                    self._passing.popitem(last=False)

    def of(self, seq: int) -> Span | None:
        """The span of a stored entry; None where this node has not heard of it, or forgot."""
        slot = seq & _SLOT
        if seq <= 0 or self._seqs[slot] != seq:
            return None
        return Span(self._announced[slot], self._handed[slot], self._sockets[slot])

    def passing(self, notification_id: str) -> tuple[Entry, Span] | None:
        """An entry that was not stored, and its span; None where this node has not heard of it, or forgot."""
        return self._passing.get(notification_id)

    def forget(self) -> None:
        """Forget all: the log is another one."""
        self._seqs = array("q", [0]) * KEPT
        self._passing.clear()
