"""The functions of a log in PostgreSQL: what takes the row of the log is one call, and holds it for no statement's way.

Text of the first migration: see `schema`.
"""

from __future__ import annotations

from typing import Final

from sio_server.broker.places import MAX_OF_THREAD
from sio_server.broker.postgres.appending import APPEND
from sio_server.broker.schedule import MAX_PAST

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

# What is noted of notifications before they change: an array has a member for each. Whoever calls it holds the row of
# the log. Of one thread the newest are kept.
_CHANGES: Final = f"""
CREATE FUNCTION note_history(
    action text, moment bigint, positions bigint[], threads text[], moments bigint[], whos text[], others text[],
    told bigint[]
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO history (thread, id, action, at, who, other, seq, taken, type, place, audience, source, publisher, body,
        texts)
        SELECT h.thread, n.id, note_history.action, h.at, h.who, h.other, h.told, moment, n.type, n.seq, n.audience,
            n.source, n.publisher, n.body, n.texts
        FROM unnest(positions, threads, moments, whos, others, told) AS h (place, thread, at, who, other, told)
        JOIN notification AS n ON n.seq = h.place ORDER BY h.told;
    IF note_history.action <> 'updated' THEN  -- that it was scheduled and delivered stays known for as long as this
        UPDATE schedule_past AS p SET seq = NULL, taken = moment, type = n.type, audience = n.audience
            FROM notification AS n WHERE n.seq = ANY(positions) AND p.seq = n.seq;
    END IF;
    DELETE FROM history AS h USING unnest(threads) AS t (thread) WHERE h.thread = t.thread AND h.number <= (
        SELECT o.number FROM history AS o WHERE o.thread = t.thread
            ORDER BY o.number DESC OFFSET {MAX_OF_THREAD} LIMIT 1);
END
$$;
-- Changes a notification that is still as it ``was``, or takes it back, and gives word of that the next position; gives
-- none where it is another one by now.
CREATE FUNCTION tell_change(
    moment bigint, named text, channel text, node text,
    identity text, was bytea, did text, happened_at bigint, by_whom text, of_thread text, kept_until bigint,
    now_body bytea, now_texts text, now_priority text, expires boolean, life bigint, regrouped boolean, now_group text,
    OUT epoch_ text, OUT told bigint
) LANGUAGE plpgsql AS $$
DECLARE
    head log%ROWTYPE;
    found_ notification%ROWTYPE;
    now_ bigint;
    ended bigint;
    within text[];
    gone_ bigint[];
BEGIN
    SELECT * INTO head FROM log FOR UPDATE;
    epoch_ := head.epoch;
    now_ := greatest(head.taken, moment);
    SELECT * INTO found_ FROM notification
        WHERE id = identity AND body = was AND (expires_at IS NULL OR expires_at > now_);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    told := head.seq + 1;
    ended := found_.expires_at;
    within := ARRAY(SELECT room FROM notification_room
        WHERE room IN (SELECT rooms_of(found_.audience)) AND seq = found_.seq);
    PERFORM note_history(did, now_, ARRAY[found_.seq], ARRAY[of_thread], ARRAY[happened_at], ARRAY[by_whom],
        ARRAY[NULL::text], ARRAY[told]);
    gone_ := ARRAY(SELECT seq FROM amendment WHERE about = identity);
    PERFORM take_words(gone_);
    IF did = 'retracted' THEN
        PERFORM take_out(ARRAY[found_.seq]);
        gone_ := found_.seq || gone_;
    ELSE
        IF expires THEN
            ended := now_ + life;
            UPDATE notification_room SET expires_at = ended WHERE room = ANY(within) AND seq = found_.seq;
        END IF;
        UPDATE notification SET body = now_body, texts = now_texts, priority = now_priority, expires_at = ended
            WHERE seq = found_.seq;
        IF regrouped THEN
            DELETE FROM grouped WHERE seq = found_.seq;
            INSERT INTO grouped (room, name, seq)
                SELECT room, now_group, found_.seq FROM unnest(within) AS room WHERE now_group IS NOT NULL;
        END IF;
    END IF;
    ended := least(ended, kept_until);
    INSERT INTO amendment (seq, about, kind, type, taken, expires_at, audience, source, publisher, body, texts, gone)
        VALUES (told, identity, CASE did WHEN 'retracted' THEN 'removed' ELSE did END, found_.type, now_, ended,
            found_.audience, found_.source, found_.publisher, now_body, now_texts, gone_);
    INSERT INTO amendment_room (room, seq, expires_at) SELECT room, told, ended FROM unnest(within) AS room;
    INSERT INTO mark (seq, token, taken) VALUES (told, named, now_);
    UPDATE log SET seq = told, taken = now_, token = named;
    PERFORM pg_notify(channel, 'log ' || node);
END
$$;
"""  # noqa: S608 - a number

# Times of the schedule are by the wall clock; ``now_`` is the log's own time.
_SCHEDULE: Final = f"""
-- Forgets the oldest ends of which no entry is in the log, where there are too many: more with each than come.
CREATE FUNCTION forget_ends(come int) RETURNS void LANGUAGE sql AS $$
    DELETE FROM schedule_past WHERE number = ANY(ARRAY(
        SELECT number FROM schedule_past
            WHERE seq IS NULL AND number <= (SELECT max(number) FROM schedule_past) - {MAX_PAST}
            ORDER BY number LIMIT 10 * come));
$$;
-- Takes some out that are not delivered, and notes what became of them; gives those that were there.
CREATE FUNCTION end_scheduled(
    names text[], ending text, ended_at bigint, by_whom text, successor text, now_ bigint
) RETURNS text[] LANGUAGE plpgsql AS $$
DECLARE
    ended text[];
BEGIN
    IF cardinality(names) > 1 THEN
        PERFORM 1 FROM log FOR UPDATE;  -- whoever takes several out does it alone, or two might wait for one another
    END IF;
    WITH gone AS (
        DELETE FROM schedule WHERE id = ANY(names) RETURNING *
    ), noted AS (
        INSERT INTO schedule_past (id, ending, scheduled_at, by, due, at, ended_by, replaced_by, taken, type, gist,
            audience)
            SELECT g.id, end_scheduled.ending, g.scheduled_at, g.by, g.due, ended_at, by_whom, successor, now_, g.type,
                g.gist, g.audience
            FROM gone AS g ORDER BY g.id
    ) SELECT array_agg(g.id ORDER BY g.id) INTO ended FROM gone AS g;
    PERFORM forget_ends(cardinality(ended));
    RETURN ended;
END
$$;
-- Keeps one until it is due. With a key or a place the row of the log is held: they are looked for, then taken.
-- Counting what waits reads an index of at most as many rows as may wait: 10 ms for a hundred thousand.
CREATE FUNCTION schedule_one(
    moment bigint, key_ttl bigint, most bigint,
    identity text, due_at bigint, event text, named_key text, named_place bytea, planned_at bigint, by_whom text,
    lives bigint, changed bigint, key_publisher text, idempotency_key text, given bytea, packed bytea, short bytea,
    meant text,
    OUT outcome text, OUT known_id text, OUT known_due bigint, OUT replaced text
) LANGUAGE plpgsql AS $$
DECLARE
    now_ bigint := moment;
    known idempotency%ROWTYPE;
    held bigint;
BEGIN
    IF idempotency_key IS NOT NULL OR named_place IS NOT NULL THEN
        SELECT greatest(taken, moment) INTO now_ FROM log FOR UPDATE;
    END IF;
    IF idempotency_key IS NOT NULL THEN
        SELECT * INTO known FROM idempotency AS k
            WHERE k.publisher = key_publisher AND k.key = idempotency_key AND k.expires_at > now_;
        IF FOUND THEN
            outcome := CASE WHEN known.fingerprint = given THEN 'known' ELSE 'mismatch' END;
            known_id := known.id;
            known_due := coalesce((SELECT due FROM schedule WHERE id = known.id),
                (SELECT due FROM schedule_past WHERE id = known.id));
            RETURN;
        END IF;
    END IF;
    SELECT id INTO replaced FROM schedule WHERE place = named_place;
    SELECT count(*) INTO held FROM (SELECT FROM schedule LIMIT most + 1) AS waiting;
    IF held - (replaced IS NOT NULL)::int >= most THEN
        outcome := 'full';
        RETURN;
    END IF;
    IF replaced IS NOT NULL THEN
        PERFORM end_scheduled(ARRAY[replaced], 'replaced', planned_at, by_whom, identity, now_);
    END IF;
    INSERT INTO schedule (id, due, type, collapse_key, place, scheduled_at, by, ttl, revision, key, notification, gist,
        audience)
        VALUES (identity, due_at, event, named_key, named_place, planned_at, by_whom, lives, changed, idempotency_key,
            packed, short, meant);
    IF idempotency_key IS NOT NULL THEN
        INSERT INTO idempotency (publisher, key, fingerprint, id, seq, expires_at)
            VALUES (key_publisher, idempotency_key, given, identity, 0, now_ + key_ttl)
            ON CONFLICT (publisher, key) DO UPDATE SET fingerprint = excluded.fingerprint, id = excluded.id,
                seq = excluded.seq, expires_at = excluded.expires_at;
    END IF;
    outcome := 'scheduled';
END
$$;
"""  # noqa: S608 - a number

FUNCTIONS: Final = f"{_ROOMS}\n{_REMOVAL}\n{_CHANGES}\n{_SCHEDULE}\n{APPEND}"
