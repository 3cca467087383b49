"""The functions of a log in PostgreSQL: what takes the row of the log is one call, and holds it for no statement's way.

Text of the first migration: see `schema`.
"""

from __future__ import annotations

from typing import Final

# Every room in which something for an audience may be, those of users who are for all anyway among them.
_ROOMS: Final = """
CREATE FUNCTION rooms_of(audience text) RETURNS SETOF text LANGUAGE sql IMMUTABLE ROWS 2 AS $$
    SELECT 'all' UNION ALL
    SELECT kind.prefix || name
    FROM (VALUES ('roles', 'role:'), ('users', 'user:'), ('topics', 'topic:')) AS kind (member, prefix),
        json_array_elements_text(audience::json -> kind.member) AS name
$$;
"""

# Taking entries out of the log with all that belongs to them. Whoever calls these holds the row of the log. All is
# found by an index, whatever the planner takes the number of rows for.
_REMOVAL: Final = """
CREATE FUNCTION take_out(positions bigint[]) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    number bigint;
BEGIN
    WITH gone AS (
        DELETE FROM notification WHERE seq = ANY(positions) RETURNING seq, audience
    ), gone_rooms AS (
        DELETE FROM notification_room AS r USING (SELECT rooms_of(audience) AS room, seq FROM gone) AS g
            WHERE r.room = g.room AND r.seq = g.seq
    ), gone_excepted AS (
        DELETE FROM notification_except AS x USING (
            SELECT json_array_elements_text(audience::json -> 'except' -> 'users') AS name, seq FROM gone
        ) AS g WHERE x.user_id = g.name AND x.seq = g.seq
    ) SELECT count(*) INTO number FROM gone;
    DELETE FROM inbox_state WHERE seq = ANY(positions);
    DELETE FROM collapse WHERE seq = ANY(positions);
    DELETE FROM schedule_past WHERE seq = ANY(positions);
    DELETE FROM grouped WHERE seq = ANY(positions);
    DELETE FROM answer WHERE seq = ANY(positions);
    RETURN number;
END
$$;
CREATE FUNCTION take_words(positions bigint[]) RETURNS bigint LANGUAGE plpgsql
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
DECLARE
    number bigint;
BEGIN
    WITH gone AS (
        DELETE FROM amendment WHERE seq = ANY(positions) RETURNING seq, audience
    ), gone_rooms AS (
        DELETE FROM amendment_room AS r USING (SELECT rooms_of(audience) AS room, seq FROM gone) AS g
            WHERE r.room = g.room AND r.seq = g.seq
    ) SELECT count(*) INTO number FROM gone;
    RETURN number;
END
$$;
-- A step of retention: notifications and word of changes, and up to where something may be missing from then on.
CREATE FUNCTION let_go(positions bigint[], words bigint[], cut bigint, OUT gone bigint, OUT floor_ bigint)
LANGUAGE plpgsql AS $$
BEGIN
    SELECT floor INTO floor_ FROM log FOR UPDATE;
    gone := take_out(positions);
    PERFORM take_words(words);
    IF cut > floor_ THEN
        UPDATE log SET floor = cut;
        floor_ := cut;
    END IF;
END
$$;
"""

# One call appends a batch: a node of its own beside the database's would hold the row of the log for the way of each
# statement. All arrays have a member for each notification, but for rooms and users, which have one for each pair of
# a notification's place (from 1) and a name. A key that is known gives the id and the position that it stands for, and
# a notification with it is not appended. A batch has no key twice.
_APPEND: Final = """
CREATE FUNCTION append_batch(
    moment bigint, key_ttl bigint, named text, channel text, node text,
    ids text[], types text[], lives bigint[], audiences text[], sources text[], publishers text[], bodies bytea[],
    priorities text[], wordings text[], stored boolean[],
    room_of int[], rooms text[], except_of int[], excepted text[], group_of int[], group_rooms text[],
    group_names text[], key_of int[], key_publishers text[], keys text[], fingerprints bytea[],
    OUT epoch text, OUT before bigint, OUT now_ bigint, OUT passed_before bigint, OUT seqs bigint[],
    OUT known_of int[], OUT known_ids text[], OUT known_seqs bigint[], OUT known_fingerprints bytea[]
) LANGUAGE plpgsql AS $$
DECLARE
    head log%ROWTYPE;
    last bigint;
    passed_to bigint;
    skipped boolean[] := array_fill(false, ARRAY[cardinality(ids)]);
    number int;
BEGIN
    SELECT * INTO head FROM log FOR UPDATE;
    epoch := head.epoch; before := head.seq; passed_before := head.passed;
    now_ := greatest(head.taken, moment);
    IF cardinality(keys) > 0 THEN
        SELECT array_agg(asked.place), array_agg(known.id), array_agg(known.seq), array_agg(known.fingerprint)
            INTO known_of, known_ids, known_seqs, known_fingerprints
            FROM unnest(key_of, key_publishers, keys) AS asked (place, publisher, key)
            JOIN idempotency AS known ON known.publisher = asked.publisher AND known.key = asked.key
            WHERE known.expires_at > now_;
        FOREACH number IN ARRAY coalesce(known_of, '{}') LOOP
            skipped[number] := true;
        END LOOP;
    END IF;
    last := head.seq; passed_to := head.passed;
    seqs := array_fill(0::bigint, ARRAY[cardinality(ids)]);
    FOR number IN 1 .. cardinality(ids) LOOP
        IF NOT skipped[number] THEN
            IF stored[number] THEN last := last + 1; ELSE passed_to := passed_to + 1; END IF;
        END IF;
        seqs[number] := last;
    END LOOP;
    IF last > head.seq THEN
        INSERT INTO notification
            (seq, id, type, taken, expires_at, audience, source, publisher, body, priority, texts)
            SELECT n.seq, n.id, n.type, now_, now_ + n.life, n.audience, n.source, n.publisher, n.body, n.priority,
                n.texts
            FROM unnest(seqs, ids, types, lives, audiences, sources, publishers, bodies, priorities, wordings, stored,
                skipped) AS n (seq, id, type, life, audience, source, publisher, body, priority, texts, stored, skipped)
            WHERE n.stored AND NOT n.skipped;
        INSERT INTO notification_room (room, seq, expires_at)
            SELECT r.room, seqs[r.place], now_ + lives[r.place] FROM unnest(room_of, rooms) AS r (place, room)
            WHERE stored[r.place] AND NOT skipped[r.place];
        IF cardinality(excepted) > 0 THEN
            INSERT INTO notification_except (user_id, seq)
                SELECT x.name, seqs[x.place] FROM unnest(except_of, excepted) AS x (place, name)
                WHERE stored[x.place] AND NOT skipped[x.place];
        END IF;
        IF cardinality(group_names) > 0 THEN
            INSERT INTO grouped (room, name, seq)
                SELECT g.room, g.name, seqs[g.place] FROM unnest(group_of, group_rooms, group_names)
                    AS g (place, room, name)
                WHERE stored[g.place] AND NOT skipped[g.place];
        END IF;
        INSERT INTO mark (seq, token, taken) VALUES (last, named, now_);
    END IF;
    IF passed_to > head.passed THEN
        INSERT INTO passing (number, seq, id, type, expires_at, audience, source, publisher, body, texts)
            SELECT head.passed + row_number() OVER (ORDER BY n.place), n.seq, n.id, n.type, now_ + n.life, n.audience,
                n.source, n.publisher, n.body, n.texts
            FROM unnest(seqs, ids, types, lives, audiences, sources, publishers, bodies, wordings, stored, skipped)
                WITH ORDINALITY
                AS n (seq, id, type, life, audience, source, publisher, body, texts, stored, skipped, place)
            WHERE NOT n.stored AND NOT n.skipped;
    END IF;
    IF cardinality(keys) > 0 THEN
        INSERT INTO idempotency (publisher, key, fingerprint, id, seq, expires_at)
            SELECT k.publisher, k.key, k.fingerprint, ids[k.place], seqs[k.place], now_ + key_ttl
            FROM unnest(key_of, key_publishers, keys, fingerprints) AS k (place, publisher, key, fingerprint)
            WHERE NOT skipped[k.place]
            ON CONFLICT (publisher, key) DO UPDATE SET fingerprint = excluded.fingerprint, id = excluded.id,
                seq = excluded.seq, expires_at = excluded.expires_at;
    END IF;
    UPDATE log SET seq = last, taken = now_, passed = passed_to,
        token = CASE WHEN last > head.seq THEN named ELSE head.token END;
    IF last > head.seq OR passed_to > head.passed THEN
        PERFORM pg_notify(channel, 'log ' || node);
    END IF;
END
$$;
"""

FUNCTIONS: Final = f"{_ROOMS}\n{_REMOVAL}\n{_APPEND}"
