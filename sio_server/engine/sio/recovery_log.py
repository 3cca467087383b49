"""What connection state recovery needs to remember, as an interface and as a bounded log in memory."""

from __future__ import annotations

import json
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol

from sio_server.engine.sio.private_ids import private_id, read_private_id
from sio_server.engine.wire.packets import Wire, with_offset


@dataclass(frozen=True, slots=True)
class Claim:
    """What a private id (`pid`) says about its bearer."""

    sid: str
    namespace: str
    #: the log's head when the client connected, for one that never received an event
    offset: str
    #: whom the application took the client for, or None
    identity: str | None


@dataclass(frozen=True, slots=True)
class Record:
    """One broadcast, as it has to be replayed."""

    namespace: str
    #: the rooms it went to, a client's own among them; None for everybody
    rooms: tuple[Any, ...] | None
    skip: frozenset[Any]
    wire: Wire


@dataclass(frozen=True, slots=True)
class Kept:
    """A connection that was lost: what it gets back."""

    claim: Claim
    #: room -> the log's position when it was joined
    rooms: Mapping[Any, int]
    session: dict[str, Any]


class RecoveryLog(Protocol):
    """Where events are recovered from. All methods are called on the loop and must not block or suspend.

    `position` counts what the log has taken in; `offset` is the same as an opaque string for clients. Between
    `position` or `head` and the next `append` nothing else runs, so that joining and replaying leave no gap.
    """

    def position(self) -> int:
        """The number of the newest record."""

    def head(self) -> str:
        """The offset of the newest record; also that of an empty log."""

    def append(self, record: Record) -> str | None:
        """Remember a broadcast before it is sent. The offset its recipients get; None where they get none."""

    def after(self, offset: str, kept: Kept) -> list[Wire] | None:
        """What the kept connection missed after `offset`, oldest first, offsets included; None: unknown."""

    def sign(self, claim: Claim) -> str:
        """A private id that only this log's owner can make."""

    def verify(self, pid: str) -> Claim | None:
        """The claim of a private id, None when it is forged or too old."""

    def keep(self, kept: Kept) -> None:
        """A connection was lost in a way it may recover from."""

    def take(self, claim: Claim) -> Kept | None:
        """Hand out what was kept of a lost connection, once; None where nothing is."""


class MemoryLog:
    """The default log: this process only, bounded by number, bytes and age.

    `max_disconnection_duration` is in seconds of `time`, a monotonic clock.

    The signing key and the epoch are random, so nothing of an earlier process is honoured.
    """

    def __init__(
        self,
        max_disconnection_duration: float = 120.0,
        max_events: int = 10_000,
        max_bytes: int = 16 << 20,
        time: Callable[[], float] = monotonic,
    ) -> None:
        self.max_disconnection_duration = max_disconnection_duration
        self.max_events = max_events
        self.max_bytes = max_bytes
        self._time = time
        self._epoch = secrets.token_urlsafe(6)
        self._key = secrets.token_bytes(32)
        self._position = 0
        self._bytes = 0
        self._records: deque[tuple[float, int, Record]] = deque()
        self._kept: OrderedDict[str, tuple[float, Kept]] = OrderedDict()

    def position(self) -> int:
        """The number of the newest record."""
        return self._position

    def head(self) -> str:
        """The offset of the newest record."""
        return self._offset(self._position)

    def _offset(self, position: int) -> str:
        return f"{self._epoch}-{position}"

    def append(self, record: Record) -> str:
        """Remember a broadcast, and forget the oldest ones above the bounds."""
        self._position += 1
        self._records.append((self._time(), self._position, record))
        self._bytes += record.wire.size
        oldest = self._time() - self.max_disconnection_duration
        while self._records and (
            len(self._records) > self.max_events or self._bytes > self.max_bytes or self._records[0][0] < oldest
        ):
            self._bytes -= self._records.popleft()[2].wire.size
        return self._offset(self._position)

    def after(self, offset: str, kept: Kept) -> list[Wire] | None:
        """What was sent after the offset to the rooms the connection was in at that time."""
        epoch, _, digits = offset.rpartition("-")
        if epoch != self._epoch or not (digits.isascii() and digits.isdigit() and len(digits) < 16):  # noqa: PLR2004
            return None
        start = int(digits)
        oldest = self._records[0][1] if self._records else self._position + 1
        if start > self._position or start < oldest - 1:
            return None
        return [
            with_offset(record.wire, self._offset(position))
            for _, position, record in self._records
            if position > start and self._concerns(record, position, kept)
        ]

    @staticmethod
    def _concerns(record: Record, position: int, kept: Kept) -> bool:
        sid = kept.claim.sid
        if record.namespace != kept.claim.namespace or sid in record.skip:
            return False
        if record.rooms is None:
            return True
        # joined after it was sent: this person could not see it then and must not see it now
        return any(room == sid or kept.rooms.get(room, position) < position for room in record.rooms)

    def sign(self, claim: Claim) -> str:
        """A private id that holds the claim, signed with the key of this process."""
        return private_id(json.dumps([claim.sid, claim.namespace, claim.offset, claim.identity]).encode(), self._key)

    def verify(self, pid: str) -> Claim | None:
        """The claim of a private id, None when this process did not sign it."""
        body = read_private_id(pid, self._key)
        return None if body is None else Claim(*json.loads(body))

    def keep(self, kept: Kept) -> None:
        """Remember a lost connection for the longest disconnection that is allowed."""
        self._expire()
        self._kept[kept.claim.sid] = (self._time(), kept)
        if len(self._kept) > self.max_events:
            self._kept.popitem(last=False)

    def take(self, claim: Claim) -> Kept | None:
        """Hand out what was kept, once: one private id never gives two connections."""
        self._expire()
        found = self._kept.pop(claim.sid, None)
        return None if found is None or found[1].claim != claim else found[1]

    def _expire(self) -> None:
        oldest = self._time() - self.max_disconnection_duration
        while self._kept:
            sid, (since, _) = next(iter(self._kept.items()))
            if since >= oldest:
                break
            del self._kept[sid]
