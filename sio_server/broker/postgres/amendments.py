"""Notifications that are changed or taken back, and what they were before.

What a change makes of a notification is worked out here, of what was read without any lock; one call then writes it,
if it still is what was read.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from sio_server.broker.amendments import Amended, Amendment, Amendments, Deed, Happened
from sio_server.broker.mending import Mended, mend, replaced_by
from sio_server.broker.places import story, thread_of
from sio_server.broker.postgres.batch import channel_of
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.parts import Parts
from sio_server.broker.postgres.rows import COLUMNS, entry_of
from sio_server.errors import Refused
from sio_server.notification import Entry, Position

_LIVING: Final = f"SELECT {COLUMNS}, taken FROM notification WHERE id = $1 AND (expires_at IS NULL OR expires_at > $2)"  # noqa: S608 - a constant
_STORED: Final = f"SELECT {COLUMNS} FROM notification WHERE id = $1"  # noqa: S608 - a constant

# What `_happened` takes: how it was, in the order of `COLUMNS`, and what happened.
_NOTED: Final = (
    "place, id, 'notification', type, audience, source, publisher, body, NULL::bigint, texts, "
    "action, at, who, other, seq"
)
_END: Final = f"SELECT {_NOTED} FROM history WHERE id = $1 ORDER BY number DESC LIMIT 1"  # noqa: S608 - a constant
_THREAD: Final = "SELECT thread FROM history WHERE id = $1 LIMIT 1"
_STORY: Final = f"SELECT {_NOTED} FROM history WHERE thread = $1 ORDER BY number"  # noqa: S608 - a constant

_TELL: Final = f"SELECT epoch_, told FROM tell_change({', '.join(f'${number}' for number in range(1, 19))})"  # noqa: S608 - numbers


class _End(NamedTuple):
    """How a notification left the log, and the position of that."""

    happened: Happened
    seq: int


class _Deed(NamedTuple):
    """What is done to a notification, when, and by whom."""

    action: Deed
    at: int
    by: str


class Amending(Parts):
    """`Amendments` on PostgreSQL."""

    async def amend(self, notification_id: str, amendment: Amendment) -> Amended:
        """See `Amendments.amend`."""
        while True:  # each other time another node, or another task, has changed it
            entry, taken = await self._living(notification_id)
            mended = mend(entry, amendment)
            told = await self._tell_change(entry, taken, _Deed("updated", amendment.at, amendment.by), mended)
            if told is not None:
                return Amended(mended.revision, told)

    async def retract(self, notification_id: str, *, by: str, at: int) -> Position:
        """See `Amendments.retract`."""
        while True:
            end = await self._end_of(notification_id)
            if end is not None and end.happened.action == "retracted":
                return Position(self._follower.head.epoch, end.seq)
            entry, taken = await self._living(notification_id)
            told = await self._tell_change(entry, taken, _Deed("retracted", at, by))
            if told is not None:
                return told

    async def _living(self, notification_id: str) -> tuple[Entry, int]:
        """A stored notification, and when it was taken; raises `Refused`."""
        now = self._milliseconds()
        row = await self._look(lambda connection: connection.fetchrow(_LIVING, notification_id, now))
        if row is not None:
            return entry_of(self._follower.head.epoch, row), row[-1]
        end = await self._end_of(notification_id)
        if end is not None and end.happened.action == "replaced":
            raise replaced_by(end.happened.other)
        raise Refused("not_found")

    async def _tell_change(
        self, entry: Entry, taken: int, deed: _Deed, mended: Mended | None = None
    ) -> Position | None:
        """Change it, or take it back, and give word of that; None where it is another one by now."""
        thread, kept_until = thread_of(entry.id, entry.body), self._ages.end(entry.event, taken)
        now, token, channel = self._milliseconds(), secrets.token_hex(8), channel_of(self._database.schema)
        body, texts, priority, expires, life, regrouped, group = (
            (b"", None, "", False, None, False, None) if mended is None else mended[1:]
        )
        wordings = None if texts is None else texts.dump()

        async def call(connection: Connection) -> Position | None:
            epoch, seq = await connection.fetchrow(
                _TELL,
                now,
                token,
                channel,
                self._database.node,
                entry.id,
                entry.body,
                *deed,
                thread,
                kept_until,
                body,
                wordings,
                priority,
                expires,
                life,
                regrouped,
                group,
            )
            return None if seq is None else Position(epoch, seq)

        return await self._give(call)

    async def _end_of(self, notification_id: str) -> _End | None:
        """How a notification left the log; None where it is there, or nothing is known of it."""
        row = await self._look(lambda connection: connection.fetchrow(_END, notification_id))
        if row is None or row[10] not in ("replaced", "retracted"):
            return None
        return _End(_happened(self._follower.head.epoch, row), row[14])

    async def past(self, notification_id: str) -> Happened | None:
        """See `Amendments.past`."""
        end = await self._end_of(notification_id)
        return None if end is None else end.happened

    async def history(self, notification_id: str) -> tuple[Happened, ...]:
        """See `Amendments.history`."""
        epoch = self._follower.head.epoch

        async def read(connection: Connection) -> tuple[Happened, ...]:
            row = await connection.fetchrow(_STORED, notification_id)
            newest = None if row is None else entry_of(epoch, row)
            if newest is not None:
                thread = thread_of(newest.id, newest.body)
            else:
                thread = await connection.fetchval(_THREAD, notification_id)
                if thread is None:
                    return ()
            noted = [_happened(epoch, row) for row in await connection.fetch(_STORY, thread)]
            if newest is None and noted[-1].other is not None:
                row = await connection.fetchrow(_STORED, noted[-1].other)
                newest = None if row is None else entry_of(epoch, row)
            return story(noted, newest)

        return await self._read(read)


def _happened(epoch: str, row: Sequence[Any]) -> Happened:
    action, at, who, other = row[10:14]
    return Happened(row[1], action, at, who, entry_of(epoch, row), other)


_: type[Amendments] = Amending
