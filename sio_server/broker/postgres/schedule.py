"""What is to be delivered later: taking one out of the schedule and appending it is one call, among other publishes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from sio_server.audience import Audience
from sio_server.broker.log import Published
from sio_server.broker.packing import pack, unpack
from sio_server.broker.places import digest
from sio_server.broker.postgres.batch import Due
from sio_server.broker.postgres.database import Connection, Step
from sio_server.broker.postgres.parts import MS, Parts
from sio_server.broker.postgres.rows import changed
from sio_server.broker.schedule import (
    MAX_GIST,
    Booked,
    Ending,
    Fate,
    Gist,
    Round,
    Schedule,
    Scheduled,
    SchedulePage,
    place_after,
    too_many,
)
from sio_server.broker.settling import deliver_all
from sio_server.broker.signals import DueChanged
from sio_server.errors import Refused
from sio_server.notification import Notification

_COLUMNS: Final = "due, scheduled_at, by, ttl, revision, notification"
_SCHEDULE: Final = f"""
SELECT outcome, known_id, known_due, replaced FROM schedule_one({", ".join(f"${number}" for number in range(1, 19))})
"""  # noqa: S608 - numbers
_END: Final = "SELECT end_scheduled($1, $2, $3, $4, NULL, $5)"
_NAMED: Final = "SELECT coalesce(array_agg(id), '{}') FROM schedule WHERE collapse_key = $1"

# At most so many of those that are due, and one more, which says when the next one is.
_DUE: Final = f"""
(SELECT {_COLUMNS} FROM schedule WHERE due <= $1 ORDER BY due, id LIMIT $2)
UNION ALL
(SELECT due, NULL, NULL, NULL, NULL, NULL FROM schedule ORDER BY due, id OFFSET
    (SELECT count(*) FROM (SELECT FROM schedule WHERE due <= $1 ORDER BY due, id LIMIT $2) AS found) LIMIT 1)
"""  # noqa: S608 - a constant
_PAGE: Final = f"""
SELECT {_COLUMNS} FROM schedule WHERE (due, id) > ($1, $2) AND ($3::text IS NULL OR type = $3)
    AND ($4::text IS NULL OR collapse_key = $4) ORDER BY due, id LIMIT $5
"""  # noqa: S608 - a constant
_FATE: Final = (
    "SELECT id, ending, scheduled_at, by, due, at, ended_by, seq, replaced_by, type, gist, audience "
    "FROM schedule_past WHERE id = $1"
)
_RESCHEDULE: Final = (
    "UPDATE schedule SET due = $1, ttl = $2, notification = $3, gist = $4, audience = $5, revision = revision + 1 "
    "WHERE id = $6 AND revision = $7"
)


class Scheduling(Parts):
    """`Schedule` on PostgreSQL. By one node at a time, as long as its connection lasts: see `Database.alone`."""

    async def schedule(self, scheduled: Scheduled, *, most: int) -> Booked:
        """See `Schedule.schedule`."""
        made, now = scheduled.notification, self._milliseconds()
        arguments = (now, self._key_ttl * MS, most, *_members(scheduled))

        def tell(row: Sequence[Any]) -> None:
            if row[0] == "scheduled":
                self._signal(DueChanged(scheduled.due))

        outcome, known, due, replaced = await self._change(
            lambda step: step.connection.fetchrow(_SCHEDULE, *arguments), tell
        )
        if outcome == "mismatch":
            raise Refused("idempotency_mismatch")
        if outcome == "full":
            raise too_many(most)
        if outcome == "known":
            return Booked(known, scheduled.due if due is None else due, duplicate=True)
        return Booked(made.id, scheduled.due, replaces=replaced)

    def deliver(self, scheduled: Scheduled, at: int, settled: Callable[[Published | Exception], None]) -> None:
        """See `Schedule.deliver`."""
        self._ensure_open()
        self._writer.append(scheduled.at(at), settled, Due(scheduled.revision, at))

    async def deliver_due(self, now: int, *, limit: int) -> Round:
        """See `Schedule.deliver_due`."""
        self._ensure_open()

        async def deliver(connection: Connection) -> Round:
            rows = await connection.fetch(_DUE, now, limit)
            found = [_of_row(row) for row in rows if row[5] is not None]
            soonest = next((row[0] for row in rows if row[5] is None), None)
            delivered = await deliver_all(self.deliver, [one for one in found if not one.is_over(now)], now)
            over = [one.notification.id for one in found if one.is_over(now)]
            if over:
                await connection.execute(_END, over, "expired", now, None, self._milliseconds())
            return Round(delivered, len(found) == limit, soonest)

        return await self._database.alone("schedule", deliver) or Round(0, more=True, soonest=now)

    async def scheduled(self, notification_id: str) -> Scheduled | None:
        """See `Schedule.scheduled`."""
        query = f"SELECT {_COLUMNS} FROM schedule WHERE id = $1"  # noqa: S608 - a constant
        row = await self._look(lambda connection: connection.fetchrow(query, notification_id))
        return None if row is None else _of_row(row)

    async def schedule_page(
        self, *, limit: int, after: str | None = None, event: str | None = None, collapse_key: str | None = None
    ) -> SchedulePage:
        """See `Schedule.schedule_page`."""
        place = place_after(after)
        rows = await self._look(lambda connection: connection.fetch(_PAGE, *place, event, collapse_key, limit + 1))
        return SchedulePage.of([_of_row(row) for row in rows], limit)

    async def reschedule(self, scheduled: Scheduled) -> bool:
        """See `Schedule.reschedule`."""
        made = scheduled.notification
        members = (scheduled.due, scheduled.ttl, pack(made), gist_of(made), audience_of(made))

        async def change(step: Step) -> bool:
            tag = await step.connection.execute(_RESCHEDULE, *members, made.id, scheduled.revision)
            return changed(tag) > 0

        def tell(done: bool) -> None:  # noqa: FBT001 - what a change returns is its one argument
            if done:
                self._signal(DueChanged(scheduled.due))

        return await self._change(change, tell)

    async def cancel(self, notification_id: str, *, by: str, at: int) -> bool:
        """See `Schedule.cancel`."""
        return bool(await self._change(lambda step: _end(step, [notification_id], "cancelled", at=at, by=by)))

    async def cancel_all(self, collapse_key: str, *, by: str, at: int) -> tuple[str, ...]:
        """See `Schedule.cancel_all`."""

        async def change(step: Step) -> Sequence[str]:
            named = await step.connection.fetchval(_NAMED, collapse_key)
            return await _end(step, named, "cancelled", at=at, by=by)

        return tuple(await self._change(change))

    async def fate(self, notification_id: str) -> Fate | None:
        """See `Schedule.fate`."""
        row = await self._look(lambda connection: connection.fetchrow(_FATE, notification_id))
        if row is None:
            return None
        found = Fate(*row[:9])
        if row[10] is None:
            return found
        title, message = orjson.loads(row[10])
        return replace(found, gist=Gist(row[9], title, message, Audience.from_dict(orjson.loads(row[11]))))

    async def held(self) -> int:
        """See `Schedule.held`."""
        return int(await self._look(lambda connection: connection.fetchval("SELECT count(*) FROM schedule")))


async def _end(step: Step, names: Sequence[str], ending: Ending, *, at: int, by: str | None) -> Sequence[str]:
    """Take some out that are not delivered; gives those that were there."""
    return await step.connection.fetchval(_END, names, ending, at, by, step.now) or ()


def _members(scheduled: Scheduled) -> tuple[Any, ...]:
    """What `schedule_one` is told of one, after the time, the life of a key and how many may wait."""
    made = scheduled.notification
    key, collapse_key = made.idempotency, None if made.extras is None else made.extras.collapse_key
    return (
        made.id,
        scheduled.due,
        made.type,
        collapse_key,
        None if collapse_key is None else digest(collapse_key, made.audience),
        scheduled.scheduled_at,
        scheduled.by,
        scheduled.ttl,
        scheduled.revision,
        *((None, None, None) if key is None else (key.publisher, key.key, key.fingerprint)),
        pack(made),
        gist_of(made),
        audience_of(made),
    )


def _of_row(row: Sequence[Any]) -> Scheduled:
    due, scheduled_at, by, ttl, revision, packed = row
    return Scheduled(unpack(packed), due, scheduled_at, by, ttl, revision)


def gist_of(made: Notification) -> bytes:
    """What is remembered of what one said, should it not be delivered: its title, and its message in short."""
    return orjson.dumps([made.title, made.message[:MAX_GIST]])


def audience_of(made: Notification) -> str:
    """Whom one is for, as JSON."""
    return orjson.dumps(made.audience.as_dict()).decode()


_: type[Schedule] = Scheduling
