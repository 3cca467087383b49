"""The function that appends to a log in PostgreSQL. Text of the first migration: see `schema`."""

from __future__ import annotations

from typing import Final

from sio_server.broker.nodes import LEASE

# One call appends a batch: a node of its own beside the database's would hold the row of the log for the way of each
# statement. All arrays have a member for each notification, but for rooms and users, which have one for each pair of
# a notification's place (from 1) and a name. A key that is known gives the id and the position that it stands for, and
# a notification with it is not appended. A batch has no key twice.
#
# What has a place, by its collapse key, takes out whoever stands there. What is due is taken out of the schedule, where
# it still is there as it was; else it is missed, and not appended. A batch has no place twice.
#
# The bell is rung where another node may hear it: to ring it is a sixth of what a commit of one publish costs. A node
# that no row speaks of yet reads the log within a second all the same.
APPEND: Final = """
CREATE FUNCTION append_batch(
    moment bigint, key_ttl bigint, named text, channel text, node text,
    ids text[], types text[], lives bigint[], audiences text[], sources text[], publishers text[], bodies bytea[],
    priorities text[], wordings text[], stored boolean[],
    room_of int[], rooms text[], shared boolean[], except_of int[], excepted text[], group_of int[], group_rooms text[],
    group_names text[], key_of int[], key_publishers text[], keys text[], fingerprints bytea[],
    place_of int[], places bytea[], place_at bigint[], due_of int[], due_revisions bigint[], due_at bigint[],
    OUT epoch text, OUT before bigint, OUT token_before text, OUT passed_before bigint, OUT now_ bigint,
    OUT seqs bigint[],
    OUT known_of int[], OUT known_ids text[], OUT known_seqs bigint[], OUT known_fingerprints bytea[],
    OUT missed int[], OUT former_of int[], OUT former_ids text[], OUT former_seqs bigint[], OUT former_threads text[],
    OUT former_words bigint[]
) LANGUAGE plpgsql AS $$
DECLARE
    head log%ROWTYPE;
    last bigint;
    passed_to bigint;
    skipped boolean[] := array_fill(false, ARRAY[cardinality(ids)]);
    number int;
    taken_of int[];
    taken_scheduled bigint[];
    taken_by text[];
    taken_due bigint[];
    taken_keys text[];
    gone_seqs bigint[];                  -- of each notification: whose place it takes, and word of that one's changes
    gone_words bigint[];
BEGIN
    SELECT * INTO head FROM log FOR UPDATE;
    epoch := head.epoch; before := head.seq; token_before := head.token; passed_before := head.passed;
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
    IF cardinality(due_of) > 0 THEN
        WITH gone AS (
            DELETE FROM schedule AS s USING unnest(due_of, due_revisions) AS d (place, revision)
                WHERE s.id = ids[d.place] AND s.revision = d.revision
                RETURNING d.place, s.scheduled_at, s.by, s.due, s.key
        ) SELECT array_agg(g.place), array_agg(g.scheduled_at), array_agg(g.by), array_agg(g.due), array_agg(g.key)
            INTO taken_of, taken_scheduled, taken_by, taken_due, taken_keys FROM gone AS g;
        missed := ARRAY(SELECT unnest(due_of) EXCEPT SELECT unnest(taken_of));
        FOREACH number IN ARRAY missed LOOP
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
    IF cardinality(places) > 0 THEN
        SELECT array_agg(p.place), array_agg(n.id), array_agg(n.seq), array_agg(c.thread), array_agg(a.seq)
            INTO former_of, former_ids, former_seqs, former_threads, former_words
            FROM unnest(place_of, places) AS p (place, digest) JOIN collapse AS c ON c.digest = p.digest
            JOIN notification AS n ON n.seq = c.seq LEFT JOIN amendment AS a ON a.about = n.id
            WHERE NOT skipped[p.place] AND (n.expires_at IS NULL OR n.expires_at > now_);
        IF former_of IS NOT NULL THEN
            PERFORM note_history('replaced', now_, former_seqs, former_threads,
                ARRAY(SELECT p.at FROM unnest(former_of) WITH ORDINALITY AS f (place, turn)
                    JOIN unnest(place_of, place_at) AS p (place, at) ON p.place = f.place ORDER BY f.turn),
                ARRAY(SELECT publishers[f.place] FROM unnest(former_of) WITH ORDINALITY AS f (place, turn)
                    ORDER BY f.turn),
                ARRAY(SELECT ids[f.place] FROM unnest(former_of) WITH ORDINALITY AS f (place, turn) ORDER BY f.turn),
                ARRAY(SELECT seqs[f.place] FROM unnest(former_of) WITH ORDINALITY AS f (place, turn) ORDER BY f.turn));
            PERFORM take_out(former_seqs);
            PERFORM take_words(array_remove(former_words, NULL));
            gone_seqs := array_fill(NULL::bigint, ARRAY[cardinality(ids)]);
            gone_words := gone_seqs;
            FOR turn IN 1 .. cardinality(former_of) LOOP
                number := former_of[turn];
                gone_seqs[number] := former_seqs[turn];
                gone_words[number] := former_words[turn];
                bodies[number] := bodies[number] || convert_to(
                    format(',"replaces":"%s","thread":"%s"', former_ids[turn], former_threads[turn]), 'UTF8');
            END LOOP;
        END IF;
        INSERT INTO collapse (digest, seq, thread)
            SELECT p.digest, seqs[p.place], coalesce(f.thread, ids[p.place]) FROM unnest(place_of, places)
                AS p (place, digest)
                LEFT JOIN unnest(former_of, former_threads) AS f (place, thread) ON f.place = p.place
            WHERE NOT skipped[p.place]
            ON CONFLICT (digest) DO UPDATE SET seq = excluded.seq, thread = excluded.thread;
    END IF;
    IF last > head.seq THEN
        INSERT INTO notification
            (seq, id, type, taken, expires_at, audience, source, publisher, body, priority, texts, gone)
            SELECT n.seq, n.id, n.type, now_, now_ + n.life, n.audience, n.source, n.publisher, n.body, n.priority,
                n.texts, CASE WHEN n.former IS NOT NULL THEN array_remove(ARRAY[n.former, n.word], NULL) END
            FROM unnest(seqs, ids, types, lives, audiences, sources, publishers, bodies, priorities, wordings, stored,
                skipped, gone_seqs, gone_words)
                AS n (seq, id, type, life, audience, source, publisher, body, priority, texts, stored, skipped, former,
                    word)
            WHERE n.stored AND NOT n.skipped;
        INSERT INTO notification_room (room, seq, expires_at, shared)
            SELECT r.room, seqs[r.place], now_ + lives[r.place], r.shared
            FROM unnest(room_of, rooms, shared) AS r (place, room, shared)
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
    IF taken_of IS NOT NULL THEN
        INSERT INTO schedule_past (id, ending, scheduled_at, by, due, at, seq)
            SELECT ids[t.place], 'delivered', t.scheduled_at, t.by, t.due, d.at,
                CASE WHEN stored[t.place] THEN seqs[t.place] END
            FROM unnest(taken_of, taken_scheduled, taken_by, taken_due) AS t (place, scheduled_at, by, due)
            JOIN unnest(due_of, due_at) AS d (place, at) ON d.place = t.place ORDER BY t.place;
        UPDATE idempotency AS k SET seq = seqs[t.place]
            FROM unnest(taken_of, taken_by, taken_keys) AS t (place, publisher, key)
            WHERE k.publisher = t.publisher AND k.key = t.key AND k.id = ids[t.place];
        PERFORM forget_ends(cardinality(taken_of));
    END IF;
    UPDATE log SET seq = last, taken = now_, passed = passed_to,
        token = CASE WHEN last > head.seq THEN named ELSE head.token END;
    IF (last > head.seq OR passed_to > head.passed) AND EXISTS (
        SELECT 1 FROM node AS other WHERE other.name <> append_batch.node
            AND other.renewed > now() - make_interval(secs => @LEASE@)
    ) THEN
        PERFORM pg_notify(channel, 'log ' || node);
    END IF;
END
$$;
""".replace("@LEASE@", str(LEASE))
