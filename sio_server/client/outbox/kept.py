"""What a relay takes from, made of what a database can be asked: a `Backlog` and the `Source` of a sender at once."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from sio_server.client.entries import Backlog, Entry, Failure
from sio_server.client.ledger import Ledger

# Seconds until the next look after the database did not do as asked.
TROUBLE: Final = 1.0

# Seconds between two times at which what was refused long ago is taken away.
SWEEP_EVERY: Final = 3600.0


class Table(Protocol):
    """What a relay asks of an outbox. Each call is a transaction of its own, ends within seconds, and may raise."""

    def waiting(self, limit: int, held: frozenset[str]) -> list[tuple[int, int]]:
        """The numbers and sizes of the oldest rows that wait, in order, none of these subjects; writes nothing."""

    def rows(self, numbers: list[int]) -> list[tuple[int, Entry]]:
        """Those of these rows that still wait, in order."""

    def lease(self, holder: str, seconds: float) -> bool:
        """Be, or go on being, the one relay for so long, by the database's clock; False where another one is."""

    def release(self, holder: str) -> None:
        """Stop being it."""

    def settle(self, sent: list[int], refused: Mapping[int, Failure]) -> None:
        """Delete what was sent, and mark what was refused."""

    def sweep(self, before: datetime) -> None:
        """Delete what was refused before this moment."""


@dataclass(frozen=True, slots=True)
class Terms:
    """How a relay looks after an outbox, in seconds: between looks, until another takes over, of what was refused."""

    poll: float
    takeover: float
    keep_refused: timedelta


@dataclass(slots=True)
class _Looks:
    """How many looks began, and the last of them that found nothing."""

    begun: int = 0
    empty: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)


class Kept:
    """The rows of an outbox, for one sender.

    At most one relay of an outbox sends at a time: it holds a lease, which it takes when it finds something to send, so
    that an outbox where nothing happens is only read. A relay that was stopped for longer than its lease, and goes on
    with what it had read, does no harm: what any relay sends begins with the oldest row that waits and leaves none out,
    so that what the server has of a subject is always a beginning of it, and what it gets again it knows by the key.
    """

    def __init__(self, table: Table, ledger: Ledger, terms: Terms) -> None:
        self.last = 0
        self.leading = False
        """Whether this relay was the one that sends when it last found something."""
        self._table = table
        self._ledger = ledger
        self._terms = terms
        self._holder = os.urandom(8).hex()
        self._leads_until = 0.0
        self._sweep_at = 0.0
        self._look = terms.poll
        self._looks = _Looks()

    # -- as the source of a sender

    @property
    def look(self) -> float:
        """Seconds until the next look: other processes commit, and nobody tells of it."""
        return self._look

    def backlogs(self) -> list[Backlog]:
        """This one."""
        return [self]

    def failed(self, error: Exception) -> None:
        """Tell of a database that did not do as asked."""
        self._look = TROUBLE
        # What the driver says, and not what SQLAlchemy adds: statements and their values.
        reason = getattr(error, "orig", None) or error
        text = f"the outbox cannot be used, and what is in it waits: {type(reason).__name__}: {reason!s:.200}"
        self._ledger.lines.say("outbox", logging.ERROR, text)

    # -- as its backlog

    def put(self, entry: Entry) -> int | None:
        """Take nothing: rows are written by the application's transactions."""
        return None

    def first(self, limit: int, size: int, held: frozenset[str]) -> list[tuple[int, Entry]]:
        """See `Backlog`. Nothing where another relay sends, or the database does not answer."""
        with self._looks.changed:
            self._looks.begun += 1
            number = self._looks.begun
        try:
            found = self._table.waiting(limit, held)
            self._look = self._terms.poll
            if found:
                return self._taken(found, size)
        except Exception as error:  # noqa: BLE001 - whatever it is, the next look may go well
            self.failed(error)
            return []
        if not held:
            with self._looks.changed:
                self._looks.empty = number
                self._looks.changed.notify_all()
        return []

    def _taken(self, found: list[tuple[int, int]], size: int) -> list[tuple[int, Entry]]:
        if not self._lead():
            return []
        numbers: list[int] = []
        for number, length in found:
            size -= length
            if numbers and size < 0:
                break
            numbers.append(number)
        entries = self._table.rows(numbers)
        # The database took its time: another relay may be at it, and would be sent these again.
        return entries if time.monotonic() < self._leads_until else []

    def _lead(self) -> bool:
        now = time.monotonic()
        # Renewed in time for a request that takes all the time it may.
        if now < self._leads_until - self._terms.takeover / 2:
            return True
        self.leading = self._table.lease(self._holder, self._terms.takeover)
        self._leads_until = now + self._terms.takeover if self.leading else 0.0
        if self.leading and now >= self._sweep_at:
            self._sweep_at = now + SWEEP_EVERY
            self._table.sweep(datetime.now(UTC) - self._terms.keep_refused)
        return self.leading

    def settle(self, numbers: list[int], refused: Mapping[int, Failure]) -> None:
        """See `Backlog`."""
        self._table.settle([number for number in numbers if number not in refused], refused)

    def waits(self, number: int) -> bool:
        """Not known: numbers are the database's."""
        return True

    def __len__(self) -> int:
        """Not known without asking the database."""
        return 0

    # -- for the relay

    def release(self) -> None:
        """Let another relay send at once."""
        if self.leading:
            self.leading = False
            self._leads_until = 0.0
            try:
                self._table.release(self._holder)
            except Exception as error:  # noqa: BLE001 - it ends by itself
                self.failed(error)

    def emptied(self, timeout: float, ring: Callable[[], None]) -> bool:
        """Wait until a look that begins from now on finds nothing; False when time was up first."""
        with self._looks.changed:
            mark = self._looks.begun
            ring()
            return self._looks.changed.wait_for(lambda: self._looks.empty > mark, timeout)
