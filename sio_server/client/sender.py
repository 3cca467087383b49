"""The thread of a `Notifier`: takes entries in order from where they wait, and sends them until the server has them."""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from sio_server.client.courier import BATCH_BYTES, Outcome, Unsent
from sio_server.client.entries import Backlog, Entry, Failure
from sio_server.client.ledger import Ledger
from sio_server.client.pacing import RETRY_AFTER_MAX, Pace

# Seconds between a hand-over and the request for it: the answer to whoever caused it goes out first, instead of sharing
# the interpreter with the request, and what one route hands over travels together.
LINGER: Final = 0.005

# Seconds between two requests where one holds all that waits. A request takes the interpreter for a millisecond, which
# the application's threads wait for; so a backend that hands over all the time loses a twentieth of it at most.
EVERY: Final = 0.02

# Seconds until the next try where the disk, or something that nobody thought of, failed.
TROUBLE: Final = 1.0

# Subjects that are put aside at a time, since what is about them may be what makes the server fail.
MAX_HELD: Final = 16

# An entry that made the server fail so many times, while it took others in between, is given up.
MAX_TRIES: Final = 8

# Seconds that the first failure puts a subject aside, doubled with each further one up to the second figure.
HOLD_FIRST: Final = 0.2
HOLD_MAX: Final = 60.0

Numbered = Sequence[tuple[int, Entry]]


class Carrier(Protocol):
    """What brings entries to the server; used by the sender's thread, but for `cut`."""

    def prepare(self) -> None:
        """Import what it needs."""

    def send(self, entries: Sequence[Entry]) -> list[Outcome]:
        """What became of each. Raises `Unsent`."""

    def cut(self) -> None:
        """End what `send` waits for, from any thread."""

    def close(self) -> None:
        """End, for good."""


class Source(Protocol):
    """Where a sender takes entries from."""

    @property
    def look(self) -> float | None:
        """Seconds after which something may be here that nobody rang for; None where that cannot be."""

    def backlogs(self) -> list[Backlog]:
        """Where this process may take entries from now, in this order. Raises nothing."""

    def failed(self, error: Exception) -> None:
        """Tell of an error that a backlog raised."""


@dataclass(slots=True)
class _Held:
    """A subject that is put aside: until when, after how many tries, and how often the server took others by then."""

    until: float
    tries: int
    successes: int


class Sender:
    """Sends what waits in ``stock``; started with `start`, which may be called again and again."""

    def __init__(self, courier: Carrier, stock: Source, ledger: Ledger) -> None:
        self.pace = Pace()
        self._courier = courier
        self._stock = stock
        self._ledger = ledger
        self._held: dict[str, _Held] = {}
        self._not_before = 0.0
        # Until when the server asked for silence, which no hurry cuts short.
        self._asked_until = 0.0
        self._stopped = False
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self.prepared = threading.Event()
        """Set while the thread imports nothing: before it runs, and when it has what it needs."""
        self.prepared.set()
        # A queue of C code, since its `put` may interrupt itself: in a handler of a signal, or as garbage is collected.
        self._bell: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def start(self) -> None:
        """Have the thread run."""
        if self._thread is None:
            with self._lock:
                self._begin()

    def _begin(self) -> None:
        if self._thread is not None or self._stopped:
            return
        thread = threading.Thread(target=self._run, name="sio-server notifier", daemon=True)
        # An interpreter that is ending starts none; the spool has the entry, or `close` tells of it.
        with contextlib.suppress(RuntimeError):
            self.prepared.clear()
            thread.start()
            self._thread = thread
            return
        self.prepared.set()

    def ring(self, *, hurry: bool = False) -> None:
        """Say that there is something to send; with ``hurry``, that the wait of before is not to be waited out."""
        if hurry or self._bell.empty():
            self._bell.put(hurry)

    @property
    def is_current_thread(self) -> bool:
        """Whether the caller is this thread, as in the hook of a refused entry."""
        return threading.current_thread() is self._thread

    def stop(self, patience: float) -> None:
        """End the thread, and wait for that at most so many seconds; what waits goes on waiting."""
        with self._lock:
            self._stopped = True
        self.ring(hurry=True)
        self._courier.cut()
        if self._thread is not None and not self.is_current_thread:
            self._thread.join(patience)

    def _prepare(self) -> None:
        try:
            self._courier.prepare()
        except Exception as error:  # noqa: BLE001 - each request tries it again, and says what it met
            self._ledger.lines.say("trouble", logging.ERROR, f"the notifier cannot be made ready: {error!r:.200}")
        finally:
            self.prepared.set()

    def _run(self) -> None:
        self._prepare()
        wait: float | None = 0.0
        while not self._stopped:
            hurried = self._listen(wait)
            try:
                wait = self._round(hurried=hurried)
            except Exception as error:  # noqa: BLE001 - the thread is the only one, and has to outlive whatever it meets
                # By its name alone, since its text may hold what was to be sent.
                self._ledger.lines.say("trouble", logging.ERROR, f"the notifier met {type(error).__name__} and goes on")
                wait = TROUBLE
        self._courier.close()

    def _listen(self, wait: float | None) -> bool:
        """Wait so long, or for ever, or until there is something to do; whether it is to be done at once."""
        hurried = False
        with contextlib.suppress(queue.Empty):
            hurried = self._bell.get(timeout=wait) if wait is None or wait > 0 else self._bell.get_nowait()
            if not hurried and not self._stopped:
                time.sleep(LINGER)
            while True:
                hurried = self._bell.get_nowait() or hurried
        return hurried

    def _round(self, *, hurried: bool) -> float | None:
        """Send one batch; the seconds until there may be something to do again."""
        now = time.monotonic()
        if hurried:
            self._not_before = min(self._not_before, max(now, self._asked_until))
            for held in self._held.values():
                held.until = now
        if now < self._not_before:
            return self._not_before - now
        for backlog in self._stock.backlogs():
            held_now = frozenset(subject for subject, held in self._held.items() if held.until > now)
            entries = backlog.first(self.pace.size, BATCH_BYTES, held_now)
            if entries:
                if len(entries) < self.pace.size:
                    self._not_before = now + EVERY
                self._send(backlog, entries)
                return max(self._not_before - time.monotonic(), 0.0)
        return self._idle(now)

    def _idle(self, now: float) -> float | None:
        """How long nothing may be to do: until something rings, but for a spool and for what is put aside."""
        waits = [held.until - now for held in self._held.values() if held.until > now]
        if self._stock.look is not None:
            waits.append(self._stock.look)
        return min(waits, default=None)

    def _send(self, backlog: Backlog, entries: Numbered) -> None:
        try:
            outcomes = self._courier.send([entry for _, entry in entries])
        except Unsent as unsent:
            self._unsent(backlog, entries, unsent)
            return
        passing = [outcome.code is not None and outcome.retryable for outcome in outcomes]
        if all(passing):
            self._unsent(backlog, entries, Unsent(f"the server has no room now ({outcomes[0].code})"))
            return
        self.pace.succeeded()
        settled = [number for (number, _), later in zip(entries, passing, strict=True) if not later]
        # Told first: a process that ends in between tells again, instead of never.
        told = [
            (number, self._told(entry, outcome)) for (number, entry), outcome in zip(entries, outcomes, strict=True)
        ]
        self._settle(backlog, settled, {number: failure for number, failure in told if failure is not None})

    def _settle(self, backlog: Backlog, numbers: list[int], refused: Mapping[int, Failure]) -> None:
        try:
            backlog.settle(numbers, refused)
        except Exception as error:  # noqa: BLE001 - sqlite3 is not imported where there is no spool
            # They are sent again, and the server knows them; but not as fast as a loop turns.
            self._not_before = time.monotonic() + TROUBLE
            self._stock.failed(error)

    def _told(self, entry: Entry, outcome: Outcome) -> Failure | None:
        """What the server said about one entry of a batch that it took; the failure of one that it refused."""
        if outcome.code is None:
            self._held.pop(entry.subject, None)
            self._ledger.count("duplicates" if outcome.duplicate else "sent")
            for warning in outcome.warnings:
                text = f"notification {entry.type!r:.80}: {warning:.300}"
                self._ledger.lines.say(f"warning {entry.type:.80}", logging.WARNING, text)
        elif outcome.retryable:
            self._hold(entry.subject)
        else:
            return self._refused(entry, outcome.code, outcome.detail)
        return None

    def _refused(self, entry: Entry, code: str, detail: str) -> Failure:
        self._held.pop(entry.subject, None)
        failure = Failure("refused", entry.type, detail, code, entry.key, entry.body)
        self._ledger.failed(failure)
        return failure

    def _hold(self, subject: str) -> _Held:
        """Put a subject aside: nothing about it goes out before what is first about it does."""
        held = self._held.setdefault(subject, _Held(0.0, 0, -1))
        if held.successes != self.pace.successes:
            # The server took something else since: it is this entry that it fails for.
            held.tries += 1
            held.successes = self.pace.successes
        held.until = time.monotonic() + min(HOLD_FIRST * 2.0 ** min(held.tries, 20), HOLD_MAX)
        return held

    def _unsent(self, backlog: Backlog, entries: Numbered, unsent: Unsent) -> None:
        now = time.monotonic()
        asked = min(unsent.wait, RETRY_AFTER_MAX)
        self._asked_until = now + asked
        # Jitter on top of what the server asked for, too: it asks everybody for the same.
        self._not_before = self._asked_until + self.pace.failed(shrink=unsent.shrink)
        if not self._stopped:
            self._ledger.lines.say(
                "settings" if unsent.settings else "unsent",
                logging.ERROR if unsent.settings else logging.WARNING,
                f"notifications wait, since they cannot be sent: {unsent}",
            )
        self._ledger.count("tries_failed")
        number, entry = entries[0]
        if not unsent.shrink or len(entries) > 1:
            return
        if entry.subject not in self._held and len(self._held) >= MAX_HELD:
            return
        if self._hold(entry.subject).tries > MAX_TRIES:
            failure = self._refused(entry, "internal", f"the server failed for it again and again: {unsent}")
            self._settle(backlog, [number], {number: failure})
