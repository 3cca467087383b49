"""What is to be delivered later: it is kept until it is due, and then becomes an entry of the log. Protocols only.

When something is due says the wall clock, since that is what a publisher means by nine o'clock: a clock that is set has
no part in whether a notification is delivered twice or not at all, only in when. What is due is kept apart from the
log, and taking it out there and appending it is one transaction.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal, NamedTuple, Protocol, Self

from sio_server.audience import Audience
from sio_server.broker.log import Published
from sio_server.errors import Refused, Text
from sio_server.notification import Idempotency, Notification

Ending = Literal["delivered", "cancelled", "expired", "replaced"]

# Characters of a message that are remembered of one that was not delivered: enough to tell which one it was. All of a
# hundred thousand of them could be gigabytes.
MAX_GIST: Final = 500

# Those of whom no entry is in the log, whose end is remembered: as many as may be scheduled at once by default.
MAX_PAST: Final = 100_000


@dataclass(frozen=True, slots=True)
class Scheduled:
    """A notification that waits until it is due. All times are milliseconds of Unix time by the wall clock.

    ``notification`` is what was checked, as it is delivered when it is due. ``ttl`` is in milliseconds and counts from
    the delivery; None where it never expires, or at a moment that the publisher named. ``by`` scheduled it.
    ``revision`` says how often it was changed since.
    """

    notification: Notification
    due: int
    scheduled_at: int
    by: str
    ttl: int | None = None
    revision: int = 0

    def at(self, moment: int) -> Notification:
        """The notification as it is delivered at a moment, which its ``timestamp`` then is.

        It has no idempotency key: that was used when it was scheduled.
        """
        return self._timed(moment, None)

    def _timed(self, moment: int, idempotency: Idempotency | None) -> Notification:
        made = self.notification
        expires_at = made.expires_at if self.ttl is None else moment + self.ttl
        return made.changed(timestamp=moment, expires_at=expires_at, idempotency=idempotency)

    def is_over(self, moment: int) -> bool:
        """Whether it expired before it was delivered."""
        return self.ttl is None and self.notification.expires_at is not None and self.notification.expires_at <= moment

    def moved(self, due: int) -> Scheduled:
        """The same, due at another moment."""
        return replace(self, due=due, notification=self._timed(due, self.notification.idempotency))


class Booked(NamedTuple):
    """What became of scheduling one. A duplicate has the id and the moment that the first of its key got.

    ``replaces`` is the id of the one that it took the place of.
    """

    id: str
    due: int
    duplicate: bool = False
    replaces: str | None = None


class Round(NamedTuple):
    """What one call of `Schedule.deliver_due` did.

    ``more``: something that was due may be left. ``soonest`` is when the next one is due, None where there is none.
    """

    delivered: int
    more: bool
    soonest: int | None


@dataclass(frozen=True, slots=True)
class Gist:
    """What is remembered of what one said that was not delivered: not its data, and of a message `MAX_GIST` at most."""

    type: str
    title: str | None
    message: str
    audience: Audience


@dataclass(frozen=True, slots=True)
class Fate:
    """What became of one that was scheduled: when and by whom it was ended, and the ``seq`` that it got if any.

    ``gist`` is None of one that was delivered, and where an older version ended it.
    """

    id: str
    ending: Ending
    scheduled_at: int
    by: str
    due: int
    at: int
    ended_by: str | None = None
    seq: int | None = None
    replaced_by: str | None = None
    gist: Gist | None = None


@dataclass(frozen=True, slots=True)
class SchedulePage:
    """Some that are scheduled, the soonest first; ``next_after`` is the ``after`` of the next page."""

    items: tuple[Scheduled, ...]
    next_after: str | None

    @classmethod
    def of(cls, found: Sequence[Scheduled], limit: int) -> Self:
        """The page of what was found, which is one more than ``limit`` where another page follows."""
        items = tuple(found[:limit])
        last = items[-1] if len(found) > limit else None
        return cls(items, None if last is None else f"{last.due}.{last.notification.id}")


def place_after(after: str | None) -> tuple[int, str]:
    """When the last one of the page before is due, and its id; raises `Refused` (``invalid_request``)."""
    if after is None:
        return -1, ""
    found = _PLACE.fullmatch(after)
    if found is None:
        raise Refused("invalid_request", _NO_PLACE)
    return int(found[1]), found[2]


def too_many(most: int) -> Refused:
    """The refusal of one more than may wait."""
    return Refused("too_many_scheduled", _TOO_MANY.format(most), retry_after=_LATER)


_PLACE: Final = re.compile(r"(\d{1,15})\.([0-9a-f-]{36})", re.ASCII)

# Seconds after which a publisher may try again whose notification found no room: something is due by then, or not.
_LATER: Final = 60

_TOO_MANY: Final = Text(
    "{0} notifications are scheduled, which is the limit: cancel some, or raise the setting max_scheduled.",
    "Hay {0} notificaciones programadas, que es el límite: cancela algunas, o sube el ajuste max_scheduled.",
)
_NO_PLACE: Final = Text(
    "'after' is none of next_after: leave it out for the first page.",
    "'after' no es ningún next_after: omítelo para la primera página.",
)


class Schedule(Protocol):
    """Notifications that are delivered later.

    Every node calls `deliver_due` when something is due, and a broker lets one do it at a time: where all nodes are in
    one process, by a lock, where they are not, by a lease that ends with its node. Whatever the nodes do, one row is
    taken once, so that a lease which two believe to have costs time alone.
    """

    async def schedule(self, scheduled: Scheduled, *, most: int) -> Booked:
        """Keep a notification until it is due; durable when this returns, and `DueChanged` was heard by this node.

        With a ``collapse_key`` it takes the place of one that is scheduled with that key for the same audience. Its
        ``idempotency`` holds as in `Log.append`. Raises `Refused`: ``too_many_scheduled`` where ``most`` are held,
        ``idempotency_mismatch``.
        """

    def deliver(self, scheduled: Scheduled, at: int, settled: Callable[[Published | Exception], None]) -> None:
        """Take one out of the schedule and append it with its id, as one step: otherwise as `Log.append`.

        ``at`` is the moment that it is delivered at. Settled with `Refused` (``not_found``) where it is not there any
        more as it is given: it was delivered, cancelled or changed meanwhile.
        """

    async def deliver_due(self, now: int, *, limit: int) -> Round:
        """Deliver at most ``limit`` of those that are due at a moment of the wall clock, the soonest first.

        What expired before is taken out and not delivered. A call that finds another at the same work does nothing,
        and says that there may be more.
        """

    async def scheduled(self, notification_id: str) -> Scheduled | None:
        """One that waits; None where none of this id does."""

    async def schedule_page(
        self, *, limit: int, after: str | None = None, event: str | None = None, collapse_key: str | None = None
    ) -> SchedulePage:
        """At most ``limit`` of those that wait, of one type or key where it is given, the soonest first.

        Raises `Refused` (``invalid_request``) for an ``after`` that no page named.
        """

    async def reschedule(self, scheduled: Scheduled) -> bool:
        """Put a changed one in place of what has its id and ``revision``, which then is one more.

        Returns False where there is none: it was delivered, cancelled or changed meanwhile.
        """

    async def cancel(self, notification_id: str, *, by: str, at: int) -> bool:
        """Take one out of the schedule that is not to be delivered; returns whether it was there."""

    async def cancel_all(self, collapse_key: str, *, by: str, at: int) -> tuple[str, ...]:
        """Take all with this key out of the schedule; returns their ids."""

    async def fate(self, notification_id: str) -> Fate | None:
        """What became of one that was scheduled; None where it still is, never was, or is forgotten.

        Of what was delivered it is known for as long as that is in the log. Others, and of what was delivered those
        that were replaced or taken back since, are remembered for as long as a notification of that type and age would
        be kept (`Retention.retain`), the newest of them.
        """

    async def held(self) -> int:
        """How many wait."""
