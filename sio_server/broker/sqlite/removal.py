"""Taking entries out of the log, with all that belongs to them. Runs in the writer's thread.

At the oldest end that is a matter of deleting rows. In the middle it would make counters wrong, which are differences
of running numbers (see `lanes`): the numbers that are missing there are kept as holes, until all before them is gone,
too. Of the lane ``role:admin/1`` with the numbers 1 to 5, 3 is taken out and later the two oldest:

| entries left | table ``gone`` | how many that is |
|---|---|---|
| 1 2 3 4 5 | | 5 - 0 |
| 1 2 4 5 | 3 | 5 - 0 - 1 |
| 4 5 | | 5 - 3 |
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Protocol

import orjson

from sio_server.audience import Audience
from sio_server.broker.sqlite.cuts import NEVER, Cut, Cuts
from sio_server.broker.sqlite.lanes import NO_LANE


class Committing(Protocol):
    """A transaction that is under way, as `writer.Step` is."""

    @property
    def connection(self) -> sqlite3.Connection:
        """The connection that it is on."""

    @property
    def last_seq(self) -> int:
        """The last position that is given."""

    @property
    def cuts(self) -> Cuts:
        """Where it is noted what leaves the log."""


def remove_oldest(step: Committing, entries: Iterable[tuple[int, Audience]]) -> None:
    """Take out the oldest entries of the log: positions, and whom each was for."""
    rooms: dict[str, None] = {}
    cuts: list[Cut] = []
    for seq, audience in entries:
        _cut(step.connection, seq, audience.rooms(), cuts)
        _delete(step.connection, seq, audience)
        rooms.update(dict.fromkeys(audience.rooms()))
    for room in rooms:
        _tidy(step.connection, room)
    if cuts:
        step.cuts.note(step.connection, cuts)


def remove(step: Committing, seq: int) -> bool:
    """Take out an entry wherever it stands; returns whether it was there. Its position is never given again."""
    row = step.connection.execute("SELECT audience FROM notification WHERE seq = ?", (seq,)).fetchone()
    if row is None:
        return False
    remove_some(step, [(seq, Audience.from_dict(orjson.loads(row[0])))])
    return True


def remove_some(step: Committing, entries: Iterable[tuple[int, Audience]]) -> None:
    """Take out entries wherever they stand, the oldest first: positions, and whom each was for."""
    connection = step.connection
    rooms: dict[str, None] = {}
    cuts: list[Cut] = []
    for seq, audience in entries:
        for room in audience.rooms():
            _leave_hole(connection, room, seq)
            rooms[room] = None
        _cut(connection, seq, audience.rooms(), cuts)
        _delete(connection, seq, audience)
    for room in rooms:
        _tidy(connection, room)
    if cuts:
        step.cuts.note(connection, cuts)
    note_reached(connection, step.last_seq)


def take_from_room(step: Committing, room: str, seq: int) -> None:
    """Take an entry out of one of its rooms, and leave it in the others; its audience is the caller's to write."""
    _leave_hole(step.connection, room, seq)
    step.connection.execute("DELETE FROM notification_room WHERE room = ? AND seq = ?", (room, seq))
    step.connection.execute("DELETE FROM grouped WHERE seq = ? AND room = ?", (seq, room))
    _tidy(step.connection, room)
    step.cuts.note(step.connection, None)
    note_reached(step.connection, step.last_seq)


def note_reached(connection: sqlite3.Connection, last_seq: int) -> None:
    """Note how far the log has got, where its last entries are gone or no notifications: see `rows.last_seq`."""
    connection.execute("INSERT OR REPLACE INTO meta (name, value) VALUES ('reached', ?)", (str(last_seq),))


def remove_word(connection: sqlite3.Connection, seq: int, audience: Audience) -> None:
    """Take word of a change out of the log."""
    rooms = [(room, seq) for room in audience.rooms()]
    connection.executemany("DELETE FROM amendment_room WHERE room = ? AND seq = ?", rooms)
    connection.execute("DELETE FROM amendment WHERE seq = ?", (seq,))


def leave_lanes(step: Committing, seq: int, rooms: Iterable[str], expires_at: int | None) -> None:
    """Have an entry expire at another moment: it stays where it stands, in no lane, and is counted by itself."""
    connection = step.connection
    connection.execute("UPDATE grouped SET expires_at = ? WHERE seq = ?", (expires_at, seq))
    rooms, cuts = tuple(rooms), list[Cut]()
    _cut(connection, seq, rooms, cuts, becomes=NEVER if expires_at is None else expires_at)
    for room in rooms:
        _leave_hole(connection, room, seq)
        connection.execute(
            "UPDATE notification_room SET expires_at = ?, lane = ?, ordinal = 0 WHERE room = ? AND seq = ?",
            (expires_at, NO_LANE, room, seq),
        )
        connection.execute(
            "INSERT OR IGNORE INTO room_lane (room, lane, expires_at, ordinal) VALUES (?, ?, NULL, 0)", (room, NO_LANE)
        )
        _tidy(connection, room)
    if cuts:
        step.cuts.note(connection, cuts)
    note_reached(connection, step.last_seq)


def _cut(
    connection: sqlite3.Connection, seq: int, rooms: tuple[str, ...], cuts: list[Cut], *, becomes: int | None = None
) -> None:
    """Put what happens to an entry to these, before it does, where it is for several rooms."""
    if len(rooms) > 1:
        row = connection.execute(
            "SELECT expires_at FROM notification_room WHERE room = ? AND seq = ?", (rooms[0], seq)
        ).fetchone()
        cuts.append(Cut(seq, rooms, NEVER if row[0] is None else row[0], becomes))


def _leave_hole(connection: sqlite3.Connection, room: str, seq: int) -> None:
    place = connection.execute(
        "SELECT lane, ordinal FROM notification_room WHERE room = ? AND seq = ?", (room, seq)
    ).fetchone()
    if place[0] != NO_LANE:
        connection.execute("INSERT INTO gone (room, lane, ordinal) VALUES (?, ?, ?)", (room, *place))
        connection.execute("UPDATE room_lane SET holes = holes + 1 WHERE room = ? AND lane = ?", (room, place[0]))


def _delete(connection: sqlite3.Connection, seq: int, audience: Audience) -> None:
    many = connection.executemany
    many("DELETE FROM notification_room WHERE room = ? AND seq = ?", [(room, seq) for room in audience.rooms()])
    many("DELETE FROM notification_except WHERE user = ? AND seq = ?", [(user, seq) for user in audience.except_users])
    many("DELETE FROM inbox_state WHERE seq = ?", [(seq,)])
    many("DELETE FROM collapse WHERE seq = ?", [(seq,)])
    many("DELETE FROM schedule_past WHERE seq = ?", [(seq,)])
    many("DELETE FROM grouped WHERE seq = ?", [(seq,)])
    many("DELETE FROM answer WHERE seq = ?", [(seq,)])
    many("DELETE FROM notification WHERE seq = ?", [(seq,)])


def _tidy(connection: sqlite3.Connection, room: str) -> None:
    """Forget the lanes of a room that nothing is left in, and holes before all that is left in their lane."""
    execute = connection.execute
    if execute("SELECT 1 FROM notification_room WHERE room = ? LIMIT 1", (room,)).fetchone() is None:
        execute("DELETE FROM room_lane WHERE room = ?", (room,))
        execute("DELETE FROM gone WHERE room = ?", (room,))
        return
    for (lane,) in execute("SELECT lane FROM room_lane WHERE room = ? AND holes > 0", (room,)).fetchall():
        first = execute(
            "SELECT ordinal FROM notification_room INDEXED BY notification_room_lane "
            "WHERE room = ? AND lane = ? ORDER BY seq LIMIT 1",
            (room, lane),
        ).fetchone()
        before = "" if first is None else " AND ordinal < ?"
        passed = execute(
            f"DELETE FROM gone WHERE room = ? AND lane = ?{before}",  # noqa: S608 - a constant, above
            (room, lane, *(first or ())),
        ).rowcount
        execute("UPDATE room_lane SET holes = holes - ? WHERE room = ? AND lane = ?", (passed, room, lane))
