"""The tables of the embedded log, step by step: a step makes one version of the one before.

A step is never changed once it was released: a new one is added.
"""

from __future__ import annotations

from typing import Final

MIGRATIONS: Final[tuple[str, ...]] = (
    # 1. One row a notification, one row for each room it is for: a broadcast to every tourist is one row of the latter.
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE notification (
        seq        INTEGER PRIMARY KEY,
        id         TEXT NOT NULL UNIQUE,
        type       TEXT NOT NULL,
        timestamp  INTEGER NOT NULL,   -- milliseconds of Unix time
        expires_at INTEGER,            -- the same; NULL never expires
        audience   TEXT NOT NULL,      -- JSON as in a request
        source     TEXT,
        body       BLOB NOT NULL       -- the envelope's JSON members after id, seq and cursor
    );
    CREATE TABLE notification_room (
        room TEXT NOT NULL,
        seq  INTEGER NOT NULL,
        PRIMARY KEY (room, seq)
    ) WITHOUT ROWID;
    CREATE TABLE idempotency (
        publisher   TEXT NOT NULL,
        key         TEXT NOT NULL,
        fingerprint BLOB NOT NULL,
        id          TEXT NOT NULL,
        seq         INTEGER NOT NULL,
        expires_at  INTEGER NOT NULL,  -- milliseconds of Unix time
        PRIMARY KEY (publisher, key)
    ) WITHOUT ROWID;
    CREATE INDEX idempotency_expiry ON idempotency (expires_at);
    """,
    # 2. Inbox, receipts, revocations. A room's entries are numbered, so that how many lie above a position is the
    # difference of two numbers and not a walk over a million. What expires would spoil that, were it not in lanes:
    # within a lane entries expire in the order they came, so that what is expired is its beginning.
    """
    CREATE TABLE entry (
        room       TEXT NOT NULL,
        seq        INTEGER NOT NULL,
        expires_at INTEGER,            -- as in notification
        shared     INTEGER NOT NULL,   -- 1: it is for other rooms, too
        lane       INTEGER NOT NULL,   -- 0: in none, and counted one by one
        ordinal    INTEGER NOT NULL,   -- the running number within the lane
        PRIMARY KEY (room, seq)
    ) WITHOUT ROWID;
    CREATE TABLE room_lane (
        room       TEXT NOT NULL,
        lane       INTEGER NOT NULL,
        expires_at INTEGER,            -- of the last entry; NULL: this lane's never expire
        ordinal    INTEGER NOT NULL,   -- of the last entry
        PRIMARY KEY (room, lane)
    ) WITHOUT ROWID;
    INSERT INTO entry
        SELECT room, seq, expires_at,
            count(*) OVER (PARTITION BY seq) > 1,
            expires_at IS NULL,
            row_number() OVER (PARTITION BY room, expires_at IS NULL ORDER BY seq)
        FROM notification_room JOIN notification USING (seq) ORDER BY room, seq;
    INSERT INTO room_lane SELECT room, lane, NULL, max(ordinal) FROM entry GROUP BY room, lane;
    DROP TABLE notification_room;
    ALTER TABLE entry RENAME TO notification_room;
    CREATE INDEX notification_room_lane ON notification_room (room, lane, seq, ordinal, expires_at);
    CREATE INDEX notification_room_expiry ON notification_room (room, lane, expires_at, seq, ordinal)
        WHERE expires_at IS NOT NULL;
    CREATE INDEX notification_type ON notification (type);
    CREATE TABLE notification_except (
        user TEXT NOT NULL,
        seq  INTEGER NOT NULL,
        PRIMARY KEY (user, seq)
    ) WITHOUT ROWID;
    INSERT INTO notification_except
        SELECT DISTINCT excepted.value, seq FROM notification, json_each(audience, '$.except.users') AS excepted;
    CREATE TABLE sight (
        user  TEXT NOT NULL,
        room  TEXT NOT NULL,           -- any but the personal one
        since INTEGER NOT NULL,        -- seq of the last notification before the first sight
        PRIMARY KEY (user, room)
    ) WITHOUT ROWID;
    CREATE INDEX sight_room ON sight (room, since);
    CREATE TABLE inbox (
        user        TEXT PRIMARY KEY,
        seen_to     INTEGER NOT NULL,  -- seq up to which all is seen, but for the rows of inbox_state
        read_to     INTEGER NOT NULL,
        archived_to INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE TABLE inbox_state (         -- only what differs from the watermarks
        user     TEXT NOT NULL,
        seq      INTEGER NOT NULL,
        seen     INTEGER NOT NULL,
        read     INTEGER NOT NULL,
        archived INTEGER NOT NULL,
        PRIMARY KEY (user, seq)
    ) WITHOUT ROWID;
    CREATE INDEX inbox_state_seq ON inbox_state (seq);
    CREATE TABLE delivery (
        user TEXT NOT NULL,
        kind INTEGER NOT NULL,         -- 0 handed to a connection, 1 acknowledged by a client
        low  INTEGER NOT NULL,         -- all that is the user's above it ...
        high INTEGER NOT NULL,         -- ... up to and including this seq
        PRIMARY KEY (user, kind, low)
    ) WITHOUT ROWID;
    CREATE TABLE revocation (
        user        TEXT PRIMARY KEY,
        before      REAL NOT NULL,     -- Unix seconds
        recorded_at REAL NOT NULL      -- the same
    ) WITHOUT ROWID;
    """,
    # 3. When each user was here, so that who never returns can be forgotten. Those of before count as seen today.
    """
    CREATE TABLE visit (
        user TEXT PRIMARY KEY,
        at   INTEGER NOT NULL          -- milliseconds of Unix time, to the day
    ) WITHOUT ROWID;
    INSERT INTO visit SELECT user, CAST(strftime('%s', 'now') AS INTEGER) * 1000 FROM (
        SELECT user FROM sight UNION SELECT user FROM inbox UNION SELECT user FROM inbox_state
        UNION SELECT user FROM delivery
    );
    """,
    # 4. `timestamp` is when an entry was taken, by the log's own clock: none before the one before it, none in the
    # future. `expires_at`, everywhere, is by that clock, and so are `visit.at` and `revocation.recorded_at`.
    """
    UPDATE notification SET timestamp = taken.at FROM (
        SELECT seq, min(max(timestamp) OVER (ORDER BY seq), CAST(strftime('%s', 'now') AS INTEGER) * 1000) AS at
        FROM notification
    ) AS taken WHERE taken.seq = notification.seq AND taken.at <> notification.timestamp;
    """,
    # 5. Entries have a kind, whose event stands in `type`; a priority to search by; and can be taken out of the middle
    # of the log, which leaves holes in the running numbers of lanes. A room that a user's arrivals name no longer is
    # marked before it is forgotten.
    """
    ALTER TABLE notification ADD COLUMN kind TEXT NOT NULL DEFAULT 'notification';
    ALTER TABLE notification ADD COLUMN priority TEXT NOT NULL DEFAULT 'normal';
    UPDATE notification SET priority = json_extract('{' || CAST(body AS TEXT) || '}', '$.priority')
        WHERE instr(body, CAST('"priority":"low"' AS BLOB)) OR instr(body, CAST('"priority":"high"' AS BLOB))
        OR instr(body, CAST('"priority":"critical"' AS BLOB));
    CREATE INDEX notification_priority ON notification (priority) WHERE priority <> 'normal';
    CREATE TABLE gone (
        room    TEXT NOT NULL,
        lane    INTEGER NOT NULL,
        ordinal INTEGER NOT NULL,      -- of an entry that was taken out, while some before it are left
        PRIMARY KEY (room, lane, ordinal)
    ) WITHOUT ROWID;
    ALTER TABLE room_lane ADD COLUMN holes INTEGER NOT NULL DEFAULT 0;  -- how many rows of gone it has
    ALTER TABLE sight ADD COLUMN missing_since INTEGER;  -- milliseconds of the log's clock; NULL: it is not missing
    DROP INDEX sight_room;
    CREATE INDEX sight_room ON sight (room, since, missing_since);
    CREATE INDEX sight_missing ON sight (missing_since) WHERE missing_since IS NOT NULL;
    """,
    # 6. When: the newest steps of what a row sums up (`broker.steps`), and up to which seq an inbox's speak.
    """
    ALTER TABLE delivery ADD COLUMN steps BLOB NOT NULL DEFAULT x'';
    ALTER TABLE inbox ADD COLUMN steps BLOB NOT NULL DEFAULT x'';
    ALTER TABLE inbox ADD COLUMN noted_to INTEGER NOT NULL DEFAULT 0;
    """,
    # 7. Who published an entry; NULL in those of before. No column of old rows is written: SQLite adds it at once.
    """
    ALTER TABLE notification ADD COLUMN publisher TEXT;
    """,
    # 8. Topics that users follow, whatever their tokens name.
    """
    CREATE TABLE follow (
        user      TEXT NOT NULL,
        room      TEXT NOT NULL,       -- the topic's
        seen_from INTEGER NOT NULL,    -- seq of the last notification before
        at        INTEGER NOT NULL,    -- milliseconds of Unix time
        backend   INTEGER NOT NULL,    -- 1: a backend had the user follow it
        PRIMARY KEY (user, room)
    ) WITHOUT ROWID;
    CREATE INDEX follow_room ON follow (room, user, seen_from);
    """,
    # 9. What takes the place of what. Word that a notification was changed or taken back has a position, and is in a
    # table of its own: so it is in no inbox, counter, page or search.
    """
    CREATE TABLE collapse (
        digest BLOB PRIMARY KEY,       -- of a collapse key and an audience
        seq    INTEGER NOT NULL,       -- of the newest notification with these
        thread TEXT NOT NULL           -- id of the first of those that took each other's place
    ) WITHOUT ROWID;
    CREATE INDEX collapse_seq ON collapse (seq);
    CREATE TABLE amendment (
        seq        INTEGER PRIMARY KEY,
        about      TEXT NOT NULL UNIQUE,  -- id of the notification that it speaks of
        kind       TEXT NOT NULL,         -- updated or removed
        type       TEXT NOT NULL,         -- the notification's
        timestamp  INTEGER NOT NULL,      -- as in notification, and so are the rest
        expires_at INTEGER,
        audience   TEXT NOT NULL,
        source     TEXT,
        publisher  TEXT,
        body       BLOB NOT NULL
    );
    CREATE TABLE amendment_room (
        room       TEXT NOT NULL,
        seq        INTEGER NOT NULL,
        expires_at INTEGER,
        PRIMARY KEY (room, seq)
    ) WITHOUT ROWID;
    CREATE TABLE history (
        number    INTEGER PRIMARY KEY,
        thread    TEXT NOT NULL,       -- as in collapse
        id        TEXT NOT NULL,       -- the notification that it happened to
        action    TEXT NOT NULL,
        at        INTEGER NOT NULL,    -- milliseconds of Unix time
        who       TEXT,                -- a publisher
        other     TEXT,                -- id of the notification that took its place
        seq       INTEGER NOT NULL,    -- where the log stood with it
        timestamp INTEGER NOT NULL,    -- when it was noted, by the log's own clock
        type      TEXT NOT NULL,       -- the notification as it was before, and so are the rest
        place     INTEGER NOT NULL,    -- its seq
        audience  TEXT NOT NULL,
        source    TEXT,
        publisher TEXT,
        body      BLOB NOT NULL
    );
    CREATE INDEX history_thread ON history (thread, number);
    CREATE INDEX history_id ON history (id, number);
    """,
    # 10. What is to be delivered later, and what became of what was. Times are milliseconds by the wall clock.
    """
    CREATE TABLE schedule (
        id           TEXT PRIMARY KEY,
        due          INTEGER NOT NULL,
        type         TEXT NOT NULL,
        collapse_key TEXT,
        place        BLOB,                 -- with a key, as in collapse
        scheduled_at INTEGER NOT NULL,
        by           TEXT NOT NULL,
        ttl          INTEGER,              -- milliseconds from the delivery
        revision     INTEGER NOT NULL,
        key          TEXT,                 -- the idempotency key that it came with
        notification BLOB NOT NULL         -- its members as JSON
    ) WITHOUT ROWID;
    CREATE INDEX schedule_due ON schedule (due, id);
    CREATE INDEX schedule_collapse ON schedule (collapse_key) WHERE collapse_key IS NOT NULL;
    CREATE UNIQUE INDEX schedule_place ON schedule (place) WHERE place IS NOT NULL;
    CREATE TABLE schedule_held (held INTEGER NOT NULL);  -- how many that are, which each one that comes asks
    INSERT INTO schedule_held VALUES (0);
    CREATE TRIGGER schedule_in AFTER INSERT ON schedule BEGIN UPDATE schedule_held SET held = held + 1; END;
    CREATE TRIGGER schedule_out AFTER DELETE ON schedule BEGIN UPDATE schedule_held SET held = held - 1; END;
    CREATE TABLE schedule_past (
        number       INTEGER PRIMARY KEY,  -- in the order in which they ended
        id           TEXT NOT NULL UNIQUE,
        ending       TEXT NOT NULL,
        scheduled_at INTEGER NOT NULL,
        by           TEXT NOT NULL,
        due          INTEGER NOT NULL,
        at           INTEGER NOT NULL,     -- when it was delivered or taken out
        ended_by     TEXT,
        seq          INTEGER,              -- of the stored entry that it became
        replaced_by  TEXT
    );
    CREATE UNIQUE INDEX schedule_past_seq ON schedule_past (seq) WHERE seq IS NOT NULL;
    CREATE INDEX schedule_past_at ON schedule_past (at, seq) WHERE seq IS NOT NULL;
    CREATE INDEX schedule_past_unstored ON schedule_past (number) WHERE seq IS NULL;
    """,
    # 11. What speaks of notifications of a type goes with them.
    """
    CREATE INDEX amendment_type ON amendment (type, seq);
    CREATE INDEX history_type ON history (type, number);
    """,
    # 12. Which entries an inbox puts together: those that have a group, for each room that they are for.
    """
    CREATE TABLE grouped (
        room TEXT NOT NULL,
        name TEXT NOT NULL,
        seq  INTEGER NOT NULL,
        PRIMARY KEY (room, name, seq)
    ) WITHOUT ROWID;
    CREATE INDEX grouped_seq ON grouped (seq, name);
    INSERT INTO grouped
        SELECT r.room, json_extract('{' || CAST(n.body AS TEXT) || '}', '$.group'), n.seq
        FROM notification AS n JOIN notification_room AS r ON r.seq = n.seq
        WHERE instr(n.body, CAST('"group":"' AS BLOB))
        AND json_type('{' || CAST(n.body AS TEXT) || '}', '$.group') = 'text';
    """,
    # 13. What users answered to notifications that offer actions.
    """
    CREATE TABLE answer (
        seq    INTEGER NOT NULL,       -- the notification's
        user   TEXT NOT NULL,
        action TEXT NOT NULL,
        at     INTEGER NOT NULL,       -- milliseconds of Unix time
        PRIMARY KEY (seq, user)
    ) WITHOUT ROWID;
    CREATE INDEX answer_user ON answer (user);
    """,
    # 14. What of an entry is said otherwise in which language; NULL where nothing is.
    """
    ALTER TABLE notification ADD COLUMN texts TEXT;  -- JSON as `Texts.dump` writes it
    ALTER TABLE amendment ADD COLUMN texts TEXT;
    """,
    # 15. What was said by what was scheduled and not delivered: in short, and for as long as retention keeps others.
    """
    ALTER TABLE schedule_past ADD COLUMN timestamp INTEGER;  -- when it ended, by the log's own clock
    ALTER TABLE schedule_past ADD COLUMN type TEXT;          -- NULL of what was delivered, and so are the rest
    ALTER TABLE schedule_past ADD COLUMN title TEXT;
    ALTER TABLE schedule_past ADD COLUMN message TEXT;
    ALTER TABLE schedule_past ADD COLUMN audience TEXT;      -- JSON as in a request
    CREATE INDEX schedule_past_type ON schedule_past (type, number) WHERE type IS NOT NULL;
    """,
    # 16. What a former version said otherwise in which language; NULL where nothing is.
    "ALTER TABLE history ADD COLUMN texts TEXT",
    # 17. What counts a group reads nothing else: when an entry expires, and whether it is for other rooms, too.
    """
    ALTER TABLE grouped RENAME TO grouped_before;
    DROP INDEX grouped_seq;
    CREATE TABLE grouped (
        room       TEXT NOT NULL,
        name       TEXT NOT NULL,
        seq        INTEGER NOT NULL,
        expires_at INTEGER,            -- as in notification_room
        shared     INTEGER NOT NULL,   -- the same
        PRIMARY KEY (room, name, seq)
    ) WITHOUT ROWID;
    INSERT INTO grouped SELECT g.room, g.name, g.seq, r.expires_at, r.shared
        FROM grouped_before AS g CROSS JOIN notification_room AS r ON r.room = g.room AND r.seq = g.seq;
    DROP TABLE grouped_before;
    CREATE INDEX grouped_seq ON grouped (seq, name);
    """,
)
