"""The rows of the log: what one commit appends, and what is read back. Runs in the threads of `store`."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from sio_server.audience import Audience
from sio_server.broker.ages import Ages
from sio_server.broker.log import Former, Published
from sio_server.broker.places import digest
from sio_server.broker.sqlite import collapse
from sio_server.broker.sqlite.cuts import Cuts
from sio_server.broker.sqlite.lanes import Lanes
from sio_server.errors import Refused
from sio_server.notification import Entry, Notification, Position, in_place_of
from sio_server.texts import Texts

# What `entry_of` takes.
COLUMNS: Final = "seq, id, kind, type, audience, source, publisher, body, expires_at, texts"

# Where entries are, as `entry_of` takes them.
_NOTIFICATIONS: Final = f"SELECT {COLUMNS} FROM notification"  # noqa: S608 - a constant
AMENDMENTS: Final = (
    "SELECT seq, about, kind, 'ns:' || kind, audience, source, publisher, body, expires_at, texts FROM amendment"
)

# Forgotten idempotency keys that go with a commit that has new ones, and how many more for each of those. More than
# one, or they would never become fewer; few, as publishers wait. Other commits look once in so many notifications.
PURGE_STEP: Final = 10
PURGE_EACH: Final = 256
PURGE_FACTOR: Final = 2

# What is not an int, a str or a bytearray costs a search for an adapter that is not there, a hundredth of a publish
# each: so null is handed over as an empty text or as 0, which none of these is, and a body as a bytearray.
_NOTIFICATION: Final = (
    "INSERT INTO notification (seq, id, type, timestamp, expires_at, audience, source, publisher, body, priority, "
    "texts) VALUES (?, ?, ?, ?, nullif(?, 0), ?, nullif(?, ''), nullif(?, ''), ?, ?, nullif(?, ''))"
)
GROUPED: Final = "INSERT INTO grouped (room, name, seq, expires_at, shared) VALUES (?, ?, ?, ?, ?)"
_ROOM: Final = (
    "INSERT INTO notification_room (room, seq, expires_at, shared, lane, ordinal) VALUES (?, ?, nullif(?, 0), ?, ?, ?)"
)

# One look-up each: for a list of names SQLite would make a table first.
_LAST_SEQ: Final = (
    "SELECT (SELECT max(seq) FROM notification), "
    "(SELECT value FROM meta WHERE name = 'floor'), (SELECT value FROM meta WHERE name = 'reached')"
)

Outcome = Published | Refused


class Batch:
    """The rows of one commit. ``key_ttl`` and ``now`` are in milliseconds, ``now`` of the log's own clock."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        epoch: str,
        last_seq: int,
        now: int,
        *,
        key_ttl: int,
        ages: Ages,
        cuts: Cuts | None = None,
    ) -> None:
        self.connection = connection
        self.cuts = cuts or Cuts()
        self.last_seq = self._first_seq = self._written = last_seq
        self._epoch = epoch
        self._now = now
        self._key_ttl = key_ttl
        self._ages = ages
        self._notifications: list[tuple[Any, ...]] = []
        self._rooms: list[tuple[str, int, int, int, int, int]] = []
        self._lanes = Lanes(connection)
        self._excepted: list[tuple[str, int]] = []
        self._grouped: list[tuple[str, str, int, int | None, bool]] = []
        self._keys: dict[tuple[str, str], tuple[bytes, str, int]] = {}

    def add(self, notification: Notification) -> Outcome:
        """Give one notification its place, or find that it has one already."""
        earlier = self._earlier(notification)
        if earlier is not None:
            return earlier
        former = None
        if notification.persist:
            extras = notification.extras
            if extras is None or extras.collapse_key is None:
                self.last_seq += 1
                self._append(notification, self.last_seq)
            else:
                former = self._take_place(notification, extras.collapse_key)
        key = notification.idempotency
        if key is not None:
            self._keys[key.publisher, key.key] = (key.fingerprint, notification.id, self.last_seq)
        return Published(notification.id, Position(self._epoch, self.last_seq), False, former)  # noqa: FBT003 - by place, as one is made for each publish

    def _take_place(self, notification: Notification, key: str) -> Former | None:
        """Append a notification in the place of the one before with its key, if there is one: see `collapse`."""
        place = digest(key, notification.audience)
        if self._notifications and collapse.is_unwritten(self.connection, place, self._written):
            self._write()
        former = collapse.take_out(self, place, notification, now=self._now)
        self.last_seq += 1
        self._append(notification, self.last_seq, former)
        thread = notification.id if former is None else former.thread
        collapse.remember(self.connection, place, self.last_seq, thread)
        return former

    def _earlier(self, notification: Notification) -> Outcome | None:
        key = notification.idempotency
        if key is None:
            return None
        known = (
            self._keys.get((key.publisher, key.key))
            or self.connection.execute(
                "SELECT fingerprint, id, seq FROM idempotency WHERE publisher = ? AND key = ? AND expires_at > ?",
                (key.publisher, key.key, self._now),
            ).fetchone()
        )
        if known is None:
            return None
        fingerprint, identity, seq = known
        if fingerprint != key.fingerprint:
            return Refused("idempotency_mismatch")
        # one that was scheduled has no place until it is delivered
        return Published(identity, Position(self._epoch, seq or self.last_seq), duplicate=True)

    def _append(self, notification: Notification, seq: int, former: Former | None = None) -> None:
        audience, body = notification.audience, notification.body
        rooms = audience.rooms()
        group: int | None = self._ages.lanes(notification.type)
        if former is not None:
            body, group = in_place_of(body, former.id, former.thread), None
        expires_at = None if notification.expires_at is None else expiry(notification, self._now)
        self._notifications.append(
            (
                seq,
                notification.id,
                notification.type,
                self._now,
                expires_at or 0,
                orjson.dumps(audience.as_dict()).decode(),
                notification.source or "",
                notification.publisher or "",
                bytearray(body),
                notification.priority,
                "" if notification.texts is None else notification.texts.dump(),
            )
        )
        shared = 1 if len(rooms) > 1 else 0
        for room in rooms:
            self._rooms.append((room, seq, expires_at or 0, shared, *self._lanes.add(room, expires_at, group)))
        self._excepted.extend((user, seq) for user in audience.except_users)
        extras = notification.extras
        if extras is not None and extras.group is not None:
            self._grouped.extend((room, extras.group, seq, expires_at, len(rooms) > 1) for room in rooms)

    def insert(self) -> None:
        """Write all rows."""
        if self._notifications or self._keys:
            self._write()
            if self._keys:
                self._insert_keys()
            if self._keys or self.last_seq // PURGE_EACH != self._first_seq // PURGE_EACH:
                self._purge_keys()

    def _write(self) -> None:
        """Write the rows of notifications that wait."""
        many = self.connection.executemany
        many(_NOTIFICATION, self._notifications)
        many(_ROOM, self._rooms)
        self._lanes.insert()
        if self._excepted:
            many("INSERT INTO notification_except (user, seq) VALUES (?, ?)", self._excepted)
        if self._grouped:
            many(GROUPED, self._grouped)
        for rows in (self._notifications, self._rooms, self._excepted, self._grouped):
            rows.clear()
        self._written = self.last_seq

    def _insert_keys(self) -> None:
        self.connection.executemany(
            "INSERT OR REPLACE INTO idempotency (publisher, key, fingerprint, id, seq, expires_at) "
            "VALUES (?, ?, ?, ?, ?, ?)",
            [
                (publisher, key, fingerprint, identity, seq, self._now + self._key_ttl)
                for (publisher, key), (fingerprint, identity, seq) in self._keys.items()
            ],
        )

    def _purge_keys(self) -> None:
        purge_keys(self.connection, self._now, PURGE_STEP + PURGE_FACTOR * len(self._keys))


def purge_keys(connection: sqlite3.Connection, now: int, most: int) -> None:
    """Delete the idempotency keys that are over at a moment (milliseconds), the oldest first, at most so many."""
    connection.execute(
        "DELETE FROM idempotency WHERE (publisher, key) IN "
        "(SELECT publisher, key FROM idempotency WHERE expires_at <= ? ORDER BY expires_at LIMIT ?)",
        (now, most),
    )


def expiry(notification: Notification, now: int) -> int | None:
    """When a notification that is taken ``now`` expires by the log's own clock: what it says itself is the wall's."""
    expires_at = notification.expires_at
    return None if expires_at is None else now + expires_at - notification.timestamp


def entry_of(epoch: str, row: Sequence[Any]) -> Entry:
    """The entry in a row of `COLUMNS`."""
    seq, notification_id, kind, event, audience_json, source, publisher, body, expires_at, texts = row
    audience = Audience.from_dict(orjson.loads(audience_json))
    return Entry(
        Position(epoch, seq),
        kind,
        event,
        audience.rooms(),
        audience.except_rooms(),
        bytes(body),
        notification_id,
        audience,
        source,
        publisher,
        expires_at=expires_at,
        texts=None if texts is None else Texts.load(texts),
    )


def stored_entries(
    connection: sqlite3.Connection, epoch: str, seqs: Iterable[int], select: str = _NOTIFICATIONS
) -> dict[int, Entry]:
    """The stored entries with these positions, by position; what is not there any more is left out."""
    rows = connection.execute(
        f"{select} WHERE seq IN (SELECT value FROM json_each(?))",  # noqa: S608 - a constant
        (orjson.dumps(list(seqs)).decode(),),
    )
    return {row[0]: entry_of(epoch, row) for row in rows}


def floor(connection: sqlite3.Connection) -> int:
    """See `Log.floor`: what is recorded."""
    row = connection.execute("SELECT value FROM meta WHERE name = 'floor'").fetchone()
    return 0 if row is None else int(row[0])


def lowest(connection: sqlite3.Connection) -> int:
    """The position up to which nothing is left: what types with an age of their own keep may be below the floor."""
    row = connection.execute("SELECT min(seq) FROM notification").fetchone()
    return last_seq(connection) if row[0] is None else int(row[0]) - 1


def last_seq(connection: sqlite3.Connection) -> int:
    """The last position that was given. A log whose last entries went counts on from where it had got."""
    return max(int(value or 0) for value in connection.execute(_LAST_SEQ).fetchone())


def last_time(connection: sqlite3.Connection) -> float | None:
    """When the last entry was taken, in seconds of the log's own clock; None in an empty log."""
    row = connection.execute("SELECT timestamp FROM notification ORDER BY seq DESC LIMIT 1").fetchone()
    return None if row is None else row[0] / 1000
