"""The tables of a log in PostgreSQL. Text of the first migration: see `schema`.

Times are milliseconds of Unix time by the log's own clock, unless a comment says otherwise. A room is ``all``,
``role:NAME``, ``user:NAME`` or ``topic:NAME``. Names sort by their bytes, as they do in Python and in SQLite.
"""

from __future__ import annotations

from typing import Final

# Where the log stands. Every append locks this row, and its commit lets go of it: so `seq` has no gap and is never
# given out of order, whichever node asks. It is written at each commit: room is left in its page, so that no index and
# no second page is written with it (PostgreSQL, "Heap-Only Tuples").
_LOG: Final = """
CREATE TABLE log (
    one     boolean PRIMARY KEY DEFAULT true CHECK (one),
    epoch   text   NOT NULL,
    secret  bytea  NOT NULL,
    seq     bigint NOT NULL DEFAULT 0,   -- the last position that was given
    taken   bigint NOT NULL DEFAULT 0,   -- when
    floor   bigint NOT NULL DEFAULT 0,   -- up to where retention may have cut something out
    passed  bigint NOT NULL DEFAULT 0,   -- the last number in passing
    token   text   NOT NULL DEFAULT ''   -- of the last commit that gave a position
) WITH (fillfactor = 10);
-- What the commit that gave a position called itself: a log that lost its end has another token there, or none.
CREATE TABLE mark (
    seq   bigint PRIMARY KEY,            -- the last position of the commit
    token text   NOT NULL,
    taken bigint NOT NULL                -- when
);
"""

_ENTRIES: Final = """
CREATE TABLE notification (
    seq        bigint PRIMARY KEY,
    id         text COLLATE "C" NOT NULL UNIQUE,
    type       text COLLATE "C" NOT NULL,
    taken      bigint NOT NULL,          -- when it was appended
    expires_at bigint,                   -- NULL never expires
    audience   text   NOT NULL,          -- JSON as in a request
    source     text,
    publisher  text,
    body       bytea  NOT NULL,          -- the envelope's JSON members after id, seq and cursor
    priority   text   NOT NULL,
    texts      text,                     -- what is said otherwise in other languages, as `Texts.dump` writes it
    gone       bigint[]                  -- the positions of what left the log for it
);
CREATE INDEX notification_type ON notification (type, seq);
CREATE INDEX notification_priority ON notification (priority, seq) WHERE priority <> 'normal';
CREATE INDEX notification_taken ON notification (taken, seq);
CREATE INDEX notification_expiry ON notification (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE notification_room (
    room       text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    expires_at bigint,
    shared     boolean NOT NULL,         -- the notification is in other rooms as well
    PRIMARY KEY (room, seq) INCLUDE (expires_at, shared)
);
CREATE INDEX notification_room_shared ON notification_room (room, seq) INCLUDE (expires_at) WHERE shared;
CREATE TABLE notification_except (
    user_id text COLLATE "C" NOT NULL,
    seq     bigint NOT NULL,
    PRIMARY KEY (user_id, seq)
);
CREATE TABLE grouped (
    room text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    seq  bigint NOT NULL,
    PRIMARY KEY (room, name, seq)
);
CREATE INDEX grouped_seq ON grouped (seq, name);
CREATE TABLE idempotency (
    publisher   text COLLATE "C" NOT NULL,
    key         text COLLATE "C" NOT NULL,
    fingerprint bytea  NOT NULL,
    id          text   NOT NULL,
    seq         bigint NOT NULL,         -- 0: scheduled, not delivered yet
    expires_at  bigint NOT NULL,
    PRIMARY KEY (publisher, key)
);
CREATE INDEX idempotency_expiry ON idempotency (expires_at);
-- What is not stored and goes to all nodes: kept for a minute, and not beyond a crash of the database.
CREATE UNLOGGED TABLE passing (
    number     bigint PRIMARY KEY,       -- in the order of appends, from log.passed
    seq        bigint NOT NULL,          -- of the last one that was stored before it
    id         text   NOT NULL,
    type       text   NOT NULL,
    expires_at bigint,
    audience   text   NOT NULL,
    source     text,
    publisher  text,
    body       bytea  NOT NULL,
    texts      text,
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX passing_at ON passing (at);
"""

# Word that a notification was changed or taken back has a position, and is in tables of its own: so it is in no inbox,
# counter, page or search.
_CHANGES: Final = """
CREATE TABLE collapse (
    digest bytea  PRIMARY KEY,           -- of a collapse key and an audience
    seq    bigint NOT NULL,              -- of the newest notification with these
    thread text   NOT NULL               -- id of the first of those that took each other's place
);
CREATE INDEX collapse_seq ON collapse (seq);
CREATE TABLE amendment (
    seq        bigint PRIMARY KEY,
    about      text COLLATE "C" NOT NULL UNIQUE,  -- id of the notification that it speaks of
    kind       text   NOT NULL,          -- updated or removed
    type       text   NOT NULL,          -- the notification's
    taken      bigint NOT NULL,          -- as in notification, and so are the rest
    expires_at bigint,
    audience   text   NOT NULL,
    source     text,
    publisher  text,
    body       bytea  NOT NULL,
    texts      text,
    gone       bigint[]
);
CREATE INDEX amendment_type ON amendment (type, seq);
CREATE TABLE amendment_room (
    room       text COLLATE "C" NOT NULL,
    seq        bigint NOT NULL,
    expires_at bigint,
    PRIMARY KEY (room, seq)
);
CREATE TABLE history (
    number    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thread    text COLLATE "C" NOT NULL, -- as in collapse
    id        text COLLATE "C" NOT NULL, -- the notification that it happened to
    action    text   NOT NULL,
    at        bigint NOT NULL,           -- by the wall clock
    who       text,                      -- a publisher
    other     text,                      -- id of the notification that took its place
    seq       bigint NOT NULL,           -- where the log stood with it
    taken     bigint NOT NULL,           -- when it was noted
    type      text   NOT NULL,           -- the notification as it was before, and so are the rest
    place     bigint NOT NULL,           -- its seq
    audience  text   NOT NULL,
    source    text,
    publisher text,
    body      bytea  NOT NULL,
    texts     text
);
CREATE INDEX history_thread ON history (thread, number);
CREATE INDEX history_id ON history (id, number);
CREATE INDEX history_type ON history (type, number);
"""

_PEOPLE: Final = """
CREATE TABLE sight (
    user_id       text COLLATE "C" NOT NULL,
    room          text COLLATE "C" NOT NULL,  -- any but the personal one
    since         bigint NOT NULL,       -- seq of the last notification before the first sight
    missing_since bigint,                -- NULL: it is not missing
    PRIMARY KEY (user_id, room)
);
CREATE INDEX sight_room ON sight (room, user_id, since, missing_since);
CREATE INDEX sight_missing ON sight (missing_since) WHERE missing_since IS NOT NULL;
CREATE TABLE follow (
    user_id   text COLLATE "C" NOT NULL,
    room      text COLLATE "C" NOT NULL, -- the topic's
    seen_from bigint  NOT NULL,          -- seq of the last notification before
    at        bigint  NOT NULL,          -- by the wall clock
    backend   boolean NOT NULL,          -- a backend had the user follow it
    PRIMARY KEY (user_id, room)
);
CREATE INDEX follow_room ON follow (room, user_id, seen_from);
CREATE TABLE visit (
    user_id text COLLATE "C" PRIMARY KEY,
    at      bigint NOT NULL
);
CREATE TABLE revocation (
    user_id     text COLLATE "C" PRIMARY KEY,
    before      double precision NOT NULL,    -- Unix seconds
    recorded_at double precision NOT NULL,    -- the same, by the log's own clock
    number      bigint NOT NULL               -- in the order in which they were written
);
CREATE SEQUENCE revocation_number;
CREATE INDEX revocation_order ON revocation (number);
CREATE TABLE once (
    name       text COLLATE "C" PRIMARY KEY,
    expires_at bigint NOT NULL
);
CREATE INDEX once_expiry ON once (expires_at);
"""

_INBOX: Final = """
CREATE TABLE inbox (
    user_id     text COLLATE "C" PRIMARY KEY,
    seen_to     bigint NOT NULL,         -- seq up to which all is seen, but for the rows of inbox_state
    read_to     bigint NOT NULL,
    archived_to bigint NOT NULL,
    steps       bytea  NOT NULL,         -- the newest marks, as `broker.steps` packs them
    noted_to    bigint NOT NULL          -- up to which seq these speak
);
CREATE TABLE inbox_state (               -- only what differs from the watermarks
    user_id  text COLLATE "C" NOT NULL,
    seq      bigint  NOT NULL,
    seen     boolean NOT NULL,
    read     boolean NOT NULL,
    archived boolean NOT NULL,
    PRIMARY KEY (user_id, seq)
);
CREATE INDEX inbox_state_seq ON inbox_state (seq);
CREATE TABLE delivery (
    user_id text COLLATE "C" NOT NULL,
    kind    smallint NOT NULL,           -- 0 handed to a connection, 1 acknowledged by a client
    low     bigint   NOT NULL,           -- all that is the user's above it ...
    high    bigint   NOT NULL,           -- ... up to and including this seq
    steps   bytea    NOT NULL,
    PRIMARY KEY (user_id, kind, low)
);
CREATE TABLE answer (
    seq     bigint NOT NULL,             -- the notification's
    user_id text COLLATE "C" NOT NULL,
    action  text   NOT NULL,
    at      bigint NOT NULL,             -- by the wall clock
    PRIMARY KEY (seq, user_id)
);
CREATE INDEX answer_user ON answer (user_id);
"""

# Times of the schedule are by the wall clock.
_SCHEDULE: Final = """
CREATE TABLE schedule (
    id           text COLLATE "C" PRIMARY KEY,
    due          bigint NOT NULL,
    type         text   NOT NULL,
    collapse_key text COLLATE "C",
    place        bytea,                  -- with a key, as in collapse
    scheduled_at bigint NOT NULL,
    by           text   NOT NULL,
    ttl          bigint,                 -- milliseconds from the delivery
    revision     bigint NOT NULL,
    key          text,                   -- the idempotency key that it came with
    notification bytea  NOT NULL,        -- its members as JSON
    gist         bytea  NOT NULL,        -- what is remembered of it should it not be delivered: see schedule_past
    audience     text   NOT NULL
);
CREATE INDEX schedule_due ON schedule (due, id);
CREATE INDEX schedule_collapse ON schedule (collapse_key) WHERE collapse_key IS NOT NULL;
CREATE UNIQUE INDEX schedule_place ON schedule (place) WHERE place IS NOT NULL;
CREATE TABLE schedule_past (
    number       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,  -- in the order in which they ended
    id           text COLLATE "C" NOT NULL UNIQUE,
    ending       text   NOT NULL,
    scheduled_at bigint NOT NULL,
    by           text   NOT NULL,
    due          bigint NOT NULL,
    at           bigint NOT NULL,        -- when it was delivered or taken out
    ended_by     text,
    seq          bigint,                 -- of the stored entry that it became
    replaced_by  text,
    taken        bigint,                 -- when it ended, by the log's own clock; NULL of what was delivered
    type         text COLLATE "C",       -- NULL of what was delivered, and so are the rest
    gist         bytea,                  -- its title and what it said in short, JSON
    audience     text                    -- JSON as in a request
);
CREATE INDEX schedule_past_type ON schedule_past (type, number) WHERE type IS NOT NULL;
CREATE UNIQUE INDEX schedule_past_seq ON schedule_past (seq) WHERE seq IS NOT NULL;
CREATE INDEX schedule_past_at ON schedule_past (at, seq) WHERE seq IS NOT NULL;
CREATE INDEX schedule_past_unstored ON schedule_past (number) WHERE seq IS NULL;
"""

# What speaks of living nodes is not kept beyond a crash of the database: each node writes its own again.
_NODES: Final = """
CREATE UNLOGGED TABLE node (
    name    text COLLATE "C" PRIMARY KEY,
    renewed timestamptz NOT NULL DEFAULT now(),  -- by the database's clock
    said    text NOT NULL DEFAULT '{}'   -- what the node says of itself, JSON
);
CREATE UNLOGGED TABLE connection (
    node    text COLLATE "C" NOT NULL,
    id      text COLLATE "C" NOT NULL,
    user_id text COLLATE "C",            -- NULL for who has no name
    rooms   text[] NOT NULL,
    since   bigint NOT NULL,             -- by the wall clock
    PRIMARY KEY (node, id)
);
CREATE INDEX connection_id ON connection (id);
CREATE INDEX connection_user ON connection (user_id) WHERE user_id IS NOT NULL;
-- What is too long for a NOTIFY (8,000 bytes): kept for a minute.
CREATE UNLOGGED TABLE signal (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    said   text NOT NULL,
    at     timestamptz NOT NULL DEFAULT now()
);
"""

TABLES: Final = f"{_LOG}\n{_ENTRIES}\n{_CHANGES}\n{_PEOPLE}\n{_INBOX}\n{_SCHEDULE}\n{_NODES}"
