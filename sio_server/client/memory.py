"""Entries that wait in memory: they are lost with the process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from sio_server.client.entries import Entry, Failure


class Memory:
    """A `Backlog` of at most ``entries`` entries and ``size`` bytes, for threads and for calls from signal handlers."""

    def __init__(self, entries: int, size: int) -> None:
        self._entries = entries
        self._room = size
        self.last = 0
        """The number of the last entry."""
        # In order, and the first is taken out in constant time, which a dict does not do.
        self._waiting: OrderedDict[int, Entry] = OrderedDict()
        self._lock = threading.RLock()

    def put(self, entry: Entry) -> int | None:
        """See `Backlog`."""
        with self._lock:
            if len(self._waiting) >= self._entries or len(entry.body) > self._room:
                return None
            self.last += 1
            self._room -= len(entry.body)
            self._waiting[self.last] = entry
            return self.last

    def first(self, limit: int, size: int, held: frozenset[str]) -> list[tuple[int, Entry]]:
        """See `Backlog`."""
        found: list[tuple[int, Entry]] = []
        with self._lock:
            for number, entry in self._waiting.items():
                if entry.subject in held:
                    continue
                size -= len(entry.body)
                if found and size < 0:
                    break
                found.append((number, entry))
                if len(found) >= limit:
                    break
        return found

    def settle(self, numbers: list[int], refused: Mapping[int, Failure]) -> None:
        """See `Backlog`."""
        with self._lock:
            for number in numbers:
                entry = self._waiting.pop(number, None)
                if entry is not None:
                    self._room += len(entry.body)

    def waits(self, number: int) -> bool:
        """See `Backlog`."""
        with self._lock:
            oldest = next(iter(self._waiting), None)
        return oldest is not None and oldest <= number

    def __len__(self) -> int:
        """See `Backlog`."""
        return len(self._waiting)
