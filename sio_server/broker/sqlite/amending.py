"""Changing notifications where they stand, and taking them back. Runs in the writer's thread.

Word of a change has a position of its own, in tables of its own: what counts, pages and searches does not meet it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import orjson

from sio_server.broker.ages import Ages
from sio_server.broker.amendments import Amended, Amendment
from sio_server.broker.mending import mend, replaced_by
from sio_server.broker.places import thread_of
from sio_server.broker.sqlite import history
from sio_server.broker.sqlite.groups import note as note_group
from sio_server.broker.sqlite.history import Happening
from sio_server.broker.sqlite.pasts import end_of
from sio_server.broker.sqlite.removal import leave_lanes, note_reached, remove_some, remove_word
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.broker.sqlite.writer import Step
from sio_server.errors import Refused
from sio_server.notification import Effect, Entry, Kind, Position
from sio_server.texts import Texts

_EVENTS: Final[Mapping[Kind, str]] = {"updated": "ns:updated", "removed": "ns:removed"}

_INSERT: Final = """
INSERT INTO amendment (seq, about, kind, type, timestamp, expires_at, audience, source, publisher, body, texts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


def amend(step: Step, ages: Ages, notification_id: str, amendment: Amendment) -> Amended:
    """See `Amendments.amend`."""
    entry, taken = _find(step, notification_id)
    mended = mend(entry, amendment)
    happening = Happening("updated", amendment.at, amendment.by, step.last_seq + 1)
    history.note(step.connection, entry.seq, thread_of(entry.id, entry.body), happening, now=step.now)
    expires_at = _expire(step, entry, mended.life) if mended.expires else entry.expires_at
    step.connection.execute(
        "UPDATE notification SET body = ?, texts = ?, priority = ?, expires_at = ? WHERE seq = ?",
        (mended.body, _dumped(mended.texts), mended.priority, expires_at, entry.seq),
    )
    if mended.regrouped:
        note_group(step.connection, entry.seq, entry.rooms, mended.group, expires_at)
    until = ages.until(entry.event, taken, expires_at)
    changed = entry._replace(body=mended.body, texts=mended.texts, expires_at=until)
    position = _tell(step, changed, "updated", mended.body, (), changed=changed)
    return Amended(mended.revision, position)


def retract(step: Step, ages: Ages, notification_id: str, *, by: str, at: int) -> Position:
    """See `Amendments.retract`."""
    end = end_of(step.connection, step.epoch, notification_id)
    if end is not None and end.happened.action == "retracted":
        return Position(step.epoch, end.seq)
    entry, taken = _find(step, notification_id)
    happening = Happening("retracted", at, by, step.last_seq + 1)
    history.note(step.connection, entry.seq, thread_of(entry.id, entry.body), happening, now=step.now)
    history.outlive(step.connection, entry.seq, now=step.now)
    remove_some(step, [(entry.seq, entry.audience)])
    told = entry._replace(expires_at=ages.until(entry.event, taken, entry.expires_at))
    return _tell(step, told, "removed", b"", (entry.seq,))


def _find(step: Step, notification_id: str) -> tuple[Entry, int]:
    """A stored notification, and when it was taken; raises `Refused`."""
    row = step.connection.execute(
        f"SELECT {COLUMNS}, timestamp FROM notification WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)",  # noqa: S608 - a constant
        (notification_id, step.now),
    ).fetchone()
    if row is None:
        end = end_of(step.connection, step.epoch, notification_id)
        if end is not None and end.happened.action == "replaced":
            raise replaced_by(end.happened.other)
        raise Refused("not_found")
    return entry_of(step.epoch, row[:-1]), row[-1]


def _expire(step: Step, entry: Entry, life: int | None) -> int | None:
    """Have a notification expire at another moment, by the log's own clock: it fits its lanes no longer."""
    expires_at = None if life is None else step.now + life
    leave_lanes(step, entry.seq, entry.audience.rooms(), expires_at)
    return expires_at


def _tell(
    step: Step, entry: Entry, kind: Kind, body: bytes, gone: tuple[int, ...], *, changed: Entry | None = None
) -> Position:
    """Give word of a change the next position, in place of earlier word about the same notification."""
    connection = step.connection
    earlier = connection.execute("SELECT seq FROM amendment WHERE about = ?", (entry.id,)).fetchone()
    if earlier is not None:
        remove_word(connection, earlier[0], entry.audience)
        gone = (*gone, earlier[0])
    audience, expires_at = entry.audience, entry.expires_at
    told = entry._replace(
        position=Position(step.epoch, step.last_seq + 1),
        kind=kind,
        event=_EVENTS[kind],
        body=body,
        texts=None if changed is None else changed.texts,
        effect=Effect(gone, changed),
    )
    packed = orjson.dumps(audience.as_dict()).decode()
    connection.execute(
        _INSERT,
        (
            told.seq,
            entry.id,
            kind,
            entry.event,
            step.now,
            expires_at,
            packed,
            entry.source,
            entry.publisher,
            body,
            _dumped(told.texts),
        ),
    )
    connection.executemany(
        "INSERT INTO amendment_room (room, seq, expires_at) VALUES (?, ?, ?)",
        [(room, told.seq, expires_at) for room in audience.rooms()],
    )
    note_reached(connection, told.seq)
    step.append(told)
    return told.position


def _dumped(texts: Texts | None) -> str | None:
    return None if texts is None else texts.dump()
