"""What is to be delivered later, as the core sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from sio_server.broker.log import Published
from sio_server.broker.schedule import Booked, Fate, Round, Schedule, Scheduled, SchedulePage
from sio_server.broker.settling import deliver_all
from sio_server.broker.signals import DueChanged
from sio_server.broker.sqlite import schedule
from sio_server.broker.sqlite.parts import Parts
from sio_server.broker.sqlite.taking import Delivery, end


class Scheduling(Parts):
    """`Schedule` on SQLite: one process has the log, so that the lease is a lock of its nodes."""

    _key_ttl: int
    _delivering: asyncio.Lock

    async def schedule(self, scheduled: Scheduled, *, most: int) -> Booked:
        """See `Schedule.schedule`."""
        self._ensure_open()

        def tell(done: Booked) -> None:
            if not done.duplicate:
                self._nodes.signal(DueChanged(done.due))

        return await self._writer.change(
            lambda step: schedule.schedule(step, scheduled, most=most, key_ttl=self._key_ttl), tell
        )

    def deliver(self, scheduled: Scheduled, at: int, settled: Callable[[Published | Exception], None]) -> None:
        """See `Schedule.deliver`."""
        self._ensure_open()
        self._writer.deliver(Delivery(scheduled.at(at), scheduled.revision, at), settled)

    async def deliver_due(self, now: int, *, limit: int) -> Round:
        """See `Schedule.deliver_due`."""
        self._ensure_open()
        if self._delivering.locked():
            return Round(0, more=True, soonest=now)
        async with self._delivering:
            found, soonest = await self._read(lambda connection: schedule.due(connection, now, limit))
            over = [one for one in found if one.is_over(now)]
            delivered = await deliver_all(self.deliver, [one for one in found if not one.is_over(now)], now)
            if over:
                await self._writer.change(
                    lambda step: [
                        end(step.connection, one.notification.id, "expired", at=now, now=step.now) for one in over
                    ]
                )
        return Round(delivered, len(found) == limit, soonest)

    async def scheduled(self, notification_id: str) -> Scheduled | None:
        """See `Schedule.scheduled`."""
        return await self._read(lambda connection: schedule.scheduled(connection, notification_id))

    async def schedule_page(
        self, *, limit: int, after: str | None = None, event: str | None = None, collapse_key: str | None = None
    ) -> SchedulePage:
        """See `Schedule.schedule_page`."""
        return await self._read(
            lambda connection: schedule.page(
                connection, limit=limit, after=after, event=event, collapse_key=collapse_key
            )
        )

    async def reschedule(self, scheduled: Scheduled) -> bool:
        """See `Schedule.reschedule`."""
        self._ensure_open()

        def tell(changed: bool) -> None:  # noqa: FBT001 - what a change returns is its one argument
            if changed:
                self._nodes.signal(DueChanged(scheduled.due))

        return await self._writer.change(lambda step: schedule.reschedule(step, scheduled), tell)

    async def cancel(self, notification_id: str, *, by: str, at: int) -> bool:
        """See `Schedule.cancel`."""
        self._ensure_open()
        return await self._writer.change(
            lambda step: end(step.connection, notification_id, "cancelled", at=at, now=step.now, by=by)
        )

    async def cancel_all(self, collapse_key: str, *, by: str, at: int) -> tuple[str, ...]:
        """See `Schedule.cancel_all`."""
        self._ensure_open()
        return await self._writer.change(lambda step: schedule.cancel_all(step, collapse_key, by=by, at=at))

    async def fate(self, notification_id: str) -> Fate | None:
        """See `Schedule.fate`."""
        return await self._read(lambda connection: schedule.fate(connection, notification_id))

    async def held(self) -> int:
        """See `Schedule.held`."""
        return await self._read(schedule.held)


_: type[Schedule] = Scheduling
