"""What publishers have delivered later: taken in, changed, cancelled, and delivered once it is due.

There is one timer, to the next moment at which something is due. Due is what the wall clock says: where that is set
forward, what was passed over is due at once, so that the timer looks at the clock each second for as long as anything
is scheduled; where it is set back, what was delivered is scheduled no more, and what was not waits for its moment.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple

from sio_server.audience import Audience
from sio_server.auth import Publisher
from sio_server.broker import Booked, Broker, DueChanged, Scheduled
from sio_server.core.door import Door
from sio_server.core.drafts import Drafts
from sio_server.core.limits import Quota
from sio_server.core.traffic import Traffic
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.extras import MAX_AHEAD, Extras
from sio_server.logs import get_logger
from sio_server.notification import PublishRequest, written

# Those that are delivered with one query. Publishes that come meanwhile go into the same commits.
STEP: Final = 256

# Seconds between two looks at the clock while something is scheduled, and at the log while nothing is known to be:
# another node may have scheduled it, and what nodes tell one another may be lost.
LOOK: Final = 1.0
LOOK_ANEW: Final = 60.0

# Notifications that may be scheduled at once where nothing else is said: 100 MB where each has a KiB.
MAX_SCHEDULED: Final = 100_000

_MS: Final = 1000

logger = get_logger("schedule")


class Planned(NamedTuple):
    """The answer to a publish that was accepted and is delivered later; ``due`` in milliseconds of Unix time."""

    id: str
    type: str
    due: int
    duplicate: bool
    warnings: tuple[Text, ...]
    quota: Quota | None = None
    replaces: str | None = None

    @property
    def status(self) -> int:
        """The status of the answer over HTTP."""
        return 202

    def as_dict(self, locale: str) -> dict[str, Any]:
        """The answer as JSON, with warnings in ``locale``."""
        answer = {
            "status": "scheduled",
            "id": self.id,
            "type": self.type,
            "due": written(self.due),
            "duplicate": self.duplicate,
            "warnings": [warning.within(locale) for warning in self.warnings],
        }
        return answer if self.replaces is None else {**answer, "replaces": self.replaces}


class Standing(NamedTuple):
    """How many are scheduled, and for how many seconds the soonest of them has been due; 0 where none is."""

    held: int
    overdue: float


class Schedules:
    """The use cases of delivering later. ``most`` may be held at once; ``wall`` gives Unix seconds."""

    def __init__(
        self, broker: Broker, drafts: Drafts, door: Door, traffic: Traffic, *, most: int, wall: Callable[[], float]
    ) -> None:
        self._broker = broker
        self._drafts = drafts
        self._door = door
        self._traffic = traffic
        self._most = most
        self.wall = wall
        """May be set while the node runs."""
        self._soonest: int | None = None
        self._bell = asyncio.Event()
        self._booking: set[asyncio.Task[None]] = set()

    def hold_at_most(self, most: int) -> None:
        """Hold so many at once from now on; those that wait do so still."""
        self._most = most

    def now(self) -> int:
        """Milliseconds of Unix time."""
        return int(self.wall() * _MS)

    # -- scheduling -----------------------------------------------------------------------------------------------

    def due_of(self, extras: Extras) -> int | None:
        """When a publish with these members is due; None for now, also where its moment has passed.

        Raises `Refused` (``invalid_data``) for more than a year ahead.
        """
        now = self.now()
        due = extras.deliver_at if extras.deliver_in is None else now + extras.deliver_in * _MS
        if due is None or due <= now:
            return None
        if due > now + MAX_AHEAD * _MS:
            raise Refused.of_problems("invalid_data", (FieldProblem("deliver_at", _TOO_FAR),))
        return due

    def book(
        self,
        request: PublishRequest,
        publisher: Publisher,
        due: int,
        quota: Quota | None,
        settled: Callable[[Planned | Exception], None],
    ) -> str:
        """Do what `Node.submit` does for what is delivered later; raises as it does, at once for what is wrong."""
        began = time.monotonic()
        plan, warnings = self._drafts.plan(request, publisher, due, self.now())

        async def store() -> None:
            outcome: Planned | Exception
            try:
                booked = await self._broker.schedule(plan, most=self._most)
            except asyncio.CancelledError:
                settled(Refused("draining", retry_after=1))
                raise
            except Exception as error:  # noqa: BLE001 - it is handed over
                outcome = error
            else:
                self._traffic.publish(request.type, began, duplicate=booked.duplicate)
                publisher.use.last = time.time()
                publisher.use.published += 1
                outcome = _planned(plan, booked, warnings, quota)
            settled(outcome)

        task = asyncio.get_running_loop().create_task(store())
        self._booking.add(task)
        task.add_done_callback(self._booking.discard)
        return plan.notification.id

    async def finish(self) -> None:
        """Wait until what was accepted is on the disk."""
        if self._booking:
            await asyncio.wait(self._booking)

    # -- what is scheduled ----------------------------------------------------------------------------------------

    async def page(
        self, *, limit: int, after: str | None, event: str | None, collapse_key: str | None
    ) -> dict[str, Any]:
        """What is scheduled, the soonest first, as ``GET /v1/scheduled`` answers."""
        page = await self._broker.schedule_page(limit=limit, after=after, event=event, collapse_key=collapse_key)
        return {"items": [record_of(one) for one in page.items], "next_after": page.next_after}

    async def record(self, notification_id: str) -> dict[str, Any]:
        """One that is scheduled; raises `Refused` (``not_found``)."""
        found = await self._broker.scheduled(notification_id)
        if found is None:
            raise Refused("not_found")
        return record_of(found)

    async def find(self, notification_id: str, publisher: Publisher) -> Scheduled | None:
        """One that is scheduled and that this publisher may do something to; None where none of this id is.

        Raises `Refused` (``forbidden_scope``) for what the publisher could not publish.
        """
        found = await self._broker.scheduled(notification_id)
        if found is not None:
            check_scope(publisher, found.notification.type, found.notification.audience)
        return found

    async def cancel(self, notification_id: str, publisher: Publisher) -> dict[str, Any]:
        """Cancel one; a second time it is answered as the first.

        Raises `Refused`: ``not_found``, ``forbidden_scope``.
        """
        self._door.check()
        done = {"status": "ok", "id": notification_id, "cancelled": True}
        found = await self.find(notification_id, publisher)
        if found and await self._broker.cancel(notification_id, by=publisher.name, at=self.now()):
            return done
        fate = await self._broker.fate(notification_id)
        if fate is None or fate.ending != "cancelled":
            raise Refused("not_found")
        return done

    async def cancel_all(self, collapse_key: str, publisher: Publisher) -> dict[str, Any]:
        """Cancel all with a key. Raises `Refused` (``forbidden_scope``) where the publisher may not cancel one."""
        self._door.check()
        after = None
        while True:
            page = await self._broker.schedule_page(limit=STEP, after=after, collapse_key=collapse_key)
            for one in page.items:
                check_scope(publisher, one.notification.type, one.notification.audience)
            after = page.next_after
            if after is None:
                break
        gone = await self._broker.cancel_all(collapse_key, by=publisher.name, at=self.now())
        return {"status": "ok", "cancelled": len(gone)}

    async def change(
        self, notification_id: str, changes: Mapping[str, Any], publisher: Publisher, *, revision: int | None = None
    ) -> dict[str, Any]:
        """Change one in place; ``changes`` are members of a publish, None takes one out.

        With ``revision`` only one that was changed so often before. Raises `Refused`: ``not_found``,
        ``forbidden_scope``, ``invalid_data``, ``revision_mismatch``.
        """
        self._door.check()
        while True:
            found = await self.find(notification_id, publisher)
            if found is None:
                raise Refused("not_found")
            if revision not in (None, found.revision):
                raise Refused("revision_mismatch", extra={"revision": found.revision})
            changed = self._changed(found, changes)
            if await self._broker.reschedule(changed):
                return {**record_of(changed), "status": "scheduled", "revision": found.revision + 1}

    def _changed(self, found: Scheduled, changes: Mapping[str, Any]) -> Scheduled:
        moved = self.due_of(Extras(**{name: changes.get(name) for name in ("deliver_at", "deliver_in")}))
        if moved is None and any(changes.get(name) is not None for name in ("deliver_at", "deliver_in")):
            moved = self.now()  # its moment has passed: it is due at once
        due = found.due if moved is None else moved
        ttl = found.ttl
        if "ttl" in changes:
            ttl = None if changes["ttl"] is None else changes["ttl"] * _MS
        notification = self._drafts.changed(found.notification, changes)
        if ttl is not None or "ttl" in changes:
            notification = notification._replace(expires_at=None)
        made = replace(found, notification=notification, ttl=ttl, due=due).moved(due)
        if made.is_over(due):
            raise Refused.of_problems("invalid_data", (FieldProblem("deliver_at", _OVER),))
        return made

    async def standing(self) -> Standing:
        """How things stand with what is scheduled; raises `BrokerUnavailable`."""
        held, first = await self._broker.held(), await self._first()
        return Standing(held, 0.0 if first is None else max(0.0, self.wall() - first / _MS))

    # -- delivering -----------------------------------------------------------------------------------------------

    def heard(self, signal: DueChanged) -> None:
        """Hear that something else is due."""
        self._note(signal.due)
        if self._soonest == signal.due:
            self._bell.set()

    def look(self) -> None:
        """Look at the clock at once."""
        self._bell.set()

    async def run(self) -> None:
        """Deliver what is due, and what was due before this node started, until cancelled."""
        failed = ""
        self._soonest = 0
        while True:
            self._bell.clear()
            try:
                elsewhere = await self._deliver()
            except Exception as error:  # noqa: BLE001 - whatever it is, what is due later must not wait for ever
                self._soonest, elsewhere = 0, True
                code = error.kind.code if isinstance(error, Refused) else type(error).__qualname__
                if code != failed:
                    logger.warning("what is due cannot be delivered now", code=code)
                failed = code
            else:
                failed = ""
            await self._wait(elsewhere=elsewhere)

    async def _deliver(self) -> bool:
        """Deliver what is due, in steps, if anything is known to be; returns whether another node is at it."""
        while self._soonest is not None and self._soonest <= self.now():
            soonest, self._soonest = self._soonest, None  # what is scheduled while the log is asked is heard of
            if not soonest:
                self._note(await self._first())
                continue
            now = self.now()
            done = await self._broker.deliver_due(now, limit=STEP)
            self._note(done.soonest)
            if done.delivered:
                self._traffic.late((now - soonest) / _MS)
            if done.more and not done.delivered:
                return True
        return False

    async def _first(self) -> int | None:
        """When the soonest of all is due, as the log says; None where nothing is scheduled."""
        items = (await self._broker.schedule_page(limit=1)).items
        return items[0].due if items else None

    def _note(self, due: int | None) -> None:
        if due is not None and (self._soonest is None or due < self._soonest):
            self._soonest = due

    async def _wait(self, *, elsewhere: bool) -> None:
        """Wait until something may be due; a moment in any case where another node is at it."""
        soonest, seconds = self._soonest, LOOK_ANEW
        if elsewhere:
            seconds = LOOK
        elif soonest is not None:
            seconds = min(max(soonest / _MS - self.wall(), 0.0), LOOK)
        try:
            # not `asyncio.wait_for`, which in Python 3.11 loses a cancellation that comes with what it waits for
            async with asyncio.timeout(seconds):
                await self._bell.wait()
        except TimeoutError:
            if soonest is None:
                self._soonest = 0


def check_scope(publisher: Publisher, event: str, audience: Audience) -> None:
    """Raise `Refused` (``forbidden_scope``) for what this publisher could not publish."""
    publisher.scope.check_type(event)
    publisher.scope.check_audience(audience, stated=True)


def record_of(scheduled: Scheduled) -> dict[str, Any]:
    """One that is scheduled as others are shown it: as it will be delivered, were it when it is due."""
    notification = scheduled.notification
    return {
        "id": notification.id,
        **notification.members(),
        "audience": notification.audience.as_dict(),
        "source": notification.source,
        "publisher": notification.publisher,
        "due": written(scheduled.due),
        "scheduled_at": written(scheduled.scheduled_at),
        "by": scheduled.by,
    }


def _planned(plan: Scheduled, booked: Booked, warnings: tuple[Text, ...], quota: Quota | None) -> Planned:
    return Planned(booked.id, plan.notification.type, booked.due, booked.duplicate, warnings, quota, booked.replaces)


_TOO_FAR: Final = Text("More than a year ahead: schedule it later.", "A más de un año: prográmala más adelante.")
_OVER: Final = Text("It expires before that.", "Caduca antes de eso.")
