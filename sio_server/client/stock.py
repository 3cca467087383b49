"""All that waits to be sent: in a spool where there is one, and in memory."""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sio_server.client.entries import Backlog, Entry
from sio_server.client.ledger import Ledger
from sio_server.client.memory import Memory

if TYPE_CHECKING:
    from sio_server.client.spool import Spool

# Seconds in which a spool that failed is not asked again: a file that stays locked costs one call its patience, and not
# every call.
AVOIDED: Final = 1.0

# Seconds between two looks into a spool: for what other processes put there, and for whether this one may send.
LOOK_LEADING: Final = 0.05
LOOK_FOLLOWING: Final = 0.25

Marks = list[tuple[Backlog, int]]


class Stock:
    """Entries go into the spool; into memory where there is none, or where the disk fails."""

    def __init__(self, directory: Path | None, entries: int, size: int, ledger: Ledger) -> None:
        self.memory = Memory(entries, size)
        self.spool: Spool | None = None
        self.leading = False
        """Whether this process was the one that sends what is in the spool when it last looked."""
        self._not_before = 0.0
        self._ledger = ledger
        if directory is not None:
            from sio_server.client.spool import Spool  # noqa: PLC0415 - imports sqlite3

            self.spool = Spool(directory, entries, size, ledger.lines)

    def put(self, entry: Entry) -> bool:
        """Keep an entry; whether there was room."""
        if self.spool is not None:
            if time.monotonic() >= self._not_before:
                try:
                    return self.spool.put(entry) is not None
                except Exception as error:  # noqa: BLE001 - whatever the disk does, the request has done its work
                    self._not_before = time.monotonic() + AVOIDED
                    self.failed(error)
            self._ledger.count("unspooled")
        return self.memory.put(entry) is not None

    def failed(self, error: Exception) -> None:
        """Tell of a disk that did not do as asked."""
        text = f"the spool cannot be used, and entries wait in memory: {type(error).__name__}: {error!s:.200}"
        self._ledger.lines.say("spool", logging.ERROR, text)

    def backlogs(self) -> list[Backlog]:
        """Where this process may take entries from now; what is on disk was handed over before what is not."""
        found: list[Backlog] = []
        if self.spool is not None:
            try:
                self.leading = self.spool.leads()
                if self.leading and self.spool.has_entries():
                    found.append(self.spool)
            except Exception as error:  # noqa: BLE001 - as in `put`
                self.leading = False
                self.failed(error)
        return [*found, self.memory]

    @property
    def look(self) -> float | None:
        """Seconds after which something may be here that nobody rang for; None where that cannot be."""
        if self.spool is None:
            return None
        return LOOK_LEADING if self.leading else LOOK_FOLLOWING

    def marks(self) -> Marks:
        """What was put here until now, for `waits`."""
        backlogs: list[Backlog] = [self.memory, *([] if self.spool is None else [self.spool])]
        return [(backlog, backlog.last) for backlog in backlogs]

    def waits(self, marks: Marks) -> bool:
        """Whether something that had been put here by then still waits; also where the disk does not tell."""
        try:
            return any(backlog.waits(last) for backlog, last in marks if last)
        except Exception as error:  # noqa: BLE001 - as in `put`
            self.failed(error)
            return True

    def __len__(self) -> int:
        """How many entries wait, as far as the disk tells."""
        number = len(self.memory)
        if self.spool is not None:
            with contextlib.suppress(Exception):
                number += len(self.spool)
        return number

    def rest(self) -> list[Entry]:
        """What waits in memory, taken out of it."""
        found = self.memory.first(len(self.memory), 1 << 62, frozenset())
        self.memory.settle([number for number, _ in found], {})
        return [entry for _, entry in found]

    def close(self) -> None:
        """Close the spool: what is in it stays there, and another process may send it."""
        if self.spool is not None:
            with contextlib.suppress(Exception):
                self.spool.close()
