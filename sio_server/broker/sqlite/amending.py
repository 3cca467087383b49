"""Changing notifications where they stand, and taking them back. Runs in the writer's thread.

Word of a change has a position of its own, in tables of its own: what counts, pages and searches does not meet it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import orjson

from sio_server.broker.ages import Ages
from sio_server.broker.amendments import Amended, Amendment
from sio_server.broker.sqlite import history
from sio_server.broker.sqlite.groups import note as note_group
from sio_server.broker.sqlite.history import Happening
from sio_server.broker.sqlite.pasts import end_of
from sio_server.broker.sqlite.removal import leave_lanes, note_reached, remove_some, remove_word
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.broker.sqlite.writer import Step
from sio_server.errors import Refused, Text
from sio_server.notification import Effect, Entry, Kind, Position, written
from sio_server.texts import Texts

# Members of the envelope that are null where there is nothing to say; the others are absent then.
_NULLS: Final = frozenset({"title", "link", "actor", "expires_at"})

_EVENTS: Final[Mapping[Kind, str]] = {"updated": "ns:updated", "removed": "ns:removed"}

_INSERT: Final = """
INSERT INTO amendment (seq, about, kind, type, timestamp, expires_at, audience, source, publisher, body, texts)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class _Found(NamedTuple):
    """A stored notification, and how often it was changed."""

    entry: Entry
    members: dict[str, Any]
    revision: int
    taken: int


def amend(step: Step, ages: Ages, notification_id: str, amendment: Amendment) -> Amended:
    """See `Amendments.amend`."""
    found = _find(step, notification_id)
    if amendment.revision not in (None, found.revision):
        raise Refused("revision_mismatch", _REVISION.format(found.revision), extra={"revision": found.revision})
    entry, revision = found.entry, found.revision + 1
    happening = Happening("updated", amendment.at, amendment.by, step.last_seq + 1)
    history.note(step.connection, entry.seq, history.thread_of(entry.id, entry.body), happening, now=step.now)
    expires_at = entry.expires_at
    members = {**found.members, **amendment.members, "revision": revision, "updated_at": written(amendment.at)}
    if "expires_at" in amendment.members:
        expires_at = _expire(step, entry, amendment)
        end = amendment.members["expires_at"]
        members["expires_at"] = None if end is None else written(end)
    body = orjson.dumps({name: value for name, value in members.items() if value is not None or name in _NULLS})[1:-1]
    texts = amendment.texts if amendment.rewords else entry.texts
    step.connection.execute(
        "UPDATE notification SET body = ?, texts = ?, priority = ?, expires_at = ? WHERE seq = ?",
        (body, _dumped(texts), members["priority"], expires_at, entry.seq),
    )
    if "group" in amendment.members:
        note_group(step.connection, entry.seq, entry.rooms, members["group"], expires_at)
    changed = entry._replace(body=body, texts=texts, expires_at=ages.until(entry.event, found.taken, expires_at))
    position = _tell(step, changed, "updated", body, (), changed=changed)
    return Amended(revision, position)


def retract(step: Step, ages: Ages, notification_id: str, *, by: str, at: int) -> Position:
    """See `Amendments.retract`."""
    end = end_of(step.connection, step.epoch, notification_id)
    if end is not None and end.happened.action == "retracted":
        return Position(step.epoch, end.seq)
    entry, _, _, taken = _find(step, notification_id)
    happening = Happening("retracted", at, by, step.last_seq + 1)
    history.note(step.connection, entry.seq, history.thread_of(entry.id, entry.body), happening, now=step.now)
    remove_some(step, [(entry.seq, entry.audience)])
    told = entry._replace(expires_at=ages.until(entry.event, taken, entry.expires_at))
    return _tell(step, told, "removed", b"", (entry.seq,))


def _find(step: Step, notification_id: str) -> _Found:
    row = step.connection.execute(
        f"SELECT {COLUMNS}, timestamp FROM notification WHERE id = ? AND (expires_at IS NULL OR expires_at > ?)",  # noqa: S608 - a constant
        (notification_id, step.now),
    ).fetchone()
    if row is None:
        end = end_of(step.connection, step.epoch, notification_id)
        if end is not None and end.happened.action == "replaced":
            raise Refused("replaced", _REPLACED.format(end.happened.other), extra={"replaced_by": end.happened.other})
        raise Refused("not_found")
    entry = entry_of(step.epoch, row[:-1])
    members = orjson.loads(b"{%b}" % entry.body)
    return _Found(entry, members, members.get("revision", 0), row[-1])


def _expire(step: Step, entry: Entry, amendment: Amendment) -> int | None:
    """Have a notification expire at another moment, by the log's own clock: it fits its lanes no longer."""
    end = amendment.members["expires_at"]
    expires_at = None if end is None else step.now + end - amendment.at
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


_REVISION: Final = Text(
    "It has been changed meanwhile: its revision is {0}. Look at it again, and send that revision.",
    "Ha cambiado entretanto: su revisión es {0}. Vuelve a mirarla y envía esa revisión.",
)
_REPLACED: Final = Text(
    "Another notification took its place: {0}. Change that one.",
    "Otra notificación ocupó su lugar: {0}. Cambia esa.",
)
