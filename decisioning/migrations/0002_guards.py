"""What makes decisions exact: each function below is the whole of one statement.

What a function refuses it refuses by raising, so that nothing of the statement stays. Locks are
taken in one order everywhere: the person's clock, then caps by their words, each with its rows by
slot; only rows of caps that are passed over when somebody else holds them are outside that order.
"""

from django.db import migrations

# --- partitions: one a month, of each of the three tables ---

MONTHS = '''
CREATE FUNCTION decisioning_first_id(moment timestamptz) RETURNS uuid
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT (lpad(to_hex(greatest(floor(extract(epoch FROM moment) * 1000)::bigint, 0)), 12, '0')
            || '00000000000000000000')::uuid
$$;

-- The partitions of the month that holds a moment; says whether there was one to make.
CREATE FUNCTION decisioning_make_month(moment timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    month timestamptz := date_trunc('month', moment, 'UTC');
    since uuid := decisioning_first_id(month);
    until uuid := decisioning_first_id(date_trunc('month', month + interval '40 days', 'UTC'));
    parent text;
    part text;
BEGIN
    PERFORM pg_advisory_xact_lock(7306003);
    FOREACH parent IN ARRAY ARRAY['decisioning_interaction', 'decisioning_proposition',
                                  'decisioning_transition'] LOOP
        part := parent || to_char(month AT TIME ZONE 'UTC', '_YYYY_MM');
        IF to_regclass(part) IS NULL THEN
            -- made apart and then attached, which keeps nobody from writing
            EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL) WITH (fillfactor = 85)',
                           part, parent);
            EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                           parent, part, since, until);
        ELSIF parent = 'decisioning_interaction' THEN
            RETURN false;
        END IF;
    END LOOP;
    RETURN true;
END
$$;
'''

# --- people ---

PEOPLE = '''
ALTER TABLE decisioning_clock SET (fillfactor = 50);
ALTER TABLE decisioning_capuse SET (fillfactor = 80);
ALTER TABLE decisioning_captotaluse SET (fillfactor = 20);

-- Checked at once, and what hangs on people goes with them.
ALTER TABLE decisioning_clock ADD CONSTRAINT clock_is_somebody_s
    FOREIGN KEY (contact_id) REFERENCES contacts_contact ON DELETE CASCADE;
ALTER TABLE decisioning_capuse ADD CONSTRAINT cap_use_is_somebody_s
    FOREIGN KEY (contact_id) REFERENCES contacts_contact ON DELETE CASCADE;
ALTER TABLE decisioning_visitorlink
    ADD CONSTRAINT visitor_link_has_a_visitor
        FOREIGN KEY (visitor_id) REFERENCES contacts_contact ON DELETE CASCADE,
    ADD CONSTRAINT visitor_link_has_a_contact
        FOREIGN KEY (contact_id) REFERENCES contacts_contact ON DELETE CASCADE;

CREATE FUNCTION decisioning_raise_clock(person bigint) RETURNS bigint LANGUAGE sql AS $$
    INSERT INTO decisioning_clock AS c (contact_id, ticks) VALUES (person, 1)
        ON CONFLICT (contact_id) DO UPDATE SET ticks = c.ticks + 1 RETURNING ticks
$$;

-- A visitor is linked, linked to somebody else, or not linked any more after all.
CREATE FUNCTION decisioning_visitor_linked() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    former bigint;
    moment timestamptz := clock_timestamp();
BEGIN
    IF TG_OP = 'UPDATE' THEN
        former := OLD.linked_contact_id;
    END IF;
    PERFORM decisioning_raise_clock(person) FROM (
        SELECT DISTINCT person FROM unnest(ARRAY[NEW.id, former, NEW.linked_contact_id]) AS person
        WHERE person IS NOT NULL ORDER BY person
    ) AS concerned;
    IF NEW.linked_contact_id IS NULL THEN
        DELETE FROM decisioning_visitorlink WHERE visitor_id = NEW.id AND until > moment;
        RETURN NULL;
    END IF;
    UPDATE decisioning_visitorlink SET until = moment WHERE visitor_id = NEW.id AND until > moment;
    INSERT INTO decisioning_visitorlink (visitor_id, contact_id, since, until)
        SELECT NEW.id, NEW.linked_contact_id, coalesce(max(until), '1970-01-01 00:00+00'),
               '9999-01-01 00:00+00'
        FROM decisioning_visitorlink WHERE visitor_id = NEW.id;
    RETURN NULL;
END
$$;
CREATE TRIGGER decisioning_link_begins AFTER INSERT ON contacts_contact
    FOR EACH ROW WHEN (NEW.linked_contact_id IS NOT NULL)
    EXECUTE FUNCTION decisioning_visitor_linked();
CREATE TRIGGER decisioning_link_changes AFTER UPDATE OF linked_contact_id ON contacts_contact
    FOR EACH ROW WHEN (OLD.linked_contact_id IS DISTINCT FROM NEW.linked_contact_id)
    EXECUTE FUNCTION decisioning_visitor_linked();

-- Whoever is deleted, by erasure, purge or merge: what was decided for them stays as a number.
CREATE FUNCTION decisioning_people_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM removed) THEN
        RETURN NULL;
    END IF;
    UPDATE decisioning_proposition SET contact_id = NULL, destination_url = '', data = '{}'
        WHERE contact_id IN (SELECT id FROM removed);
    UPDATE decisioning_interaction SET contact_id = NULL, inputs = NULL, slots = '[]'
        WHERE contact_id IN (SELECT id FROM removed);
    RETURN NULL;
END
$$;
CREATE TRIGGER decisioning_people_leave AFTER DELETE ON contacts_contact
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT
    EXECUTE FUNCTION decisioning_people_deleted();
'''

# --- caps ---

CAPS = '''
-- Take uses of a cap that everybody shares, with all its rows in hand: its room is shared out anew,
-- by the limit that is given. With `must_fit` it says false where there is no room for them.
CREATE FUNCTION decisioning_settle(
    env bigint, told_cap text, told_space text, told_since timestamptz, told_until timestamptz,
    told_most integer, taken integer, must_fit boolean
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    which bigint;
    already bigint;
    spare bigint;
BEGIN
    INSERT INTO decisioning_captotal (environment_id, cap, space, since, until, most)
        VALUES (env, told_cap, told_space, told_since, told_until, told_most)
        ON CONFLICT (environment_id, cap, space, since) DO NOTHING;
    SELECT id INTO which FROM decisioning_captotal
        WHERE environment_id = env AND cap = told_cap AND space = told_space
          AND since = told_since FOR NO KEY UPDATE;
    INSERT INTO decisioning_captotaluse (total_id, slot, used, room)
        SELECT which, n, 0, 0 FROM generate_series(0, 15) AS n ON CONFLICT DO NOTHING;
    PERFORM FROM decisioning_captotaluse WHERE total_id = which ORDER BY slot FOR NO KEY UPDATE;
    SELECT sum(used) INTO already FROM decisioning_captotaluse WHERE total_id = which;
    IF must_fit AND already + taken > told_most THEN
        RETURN false;
    END IF;
    spare := greatest(told_most - already - taken, 0);
    UPDATE decisioning_captotaluse AS u SET used = n.used, room = n.used + n.spare FROM (
        SELECT slot, used + CASE WHEN slot = 0 THEN taken ELSE 0 END AS used,
               spare / 16 + CASE WHEN slot < spare % 16 THEN 1 ELSE 0 END AS spare
        FROM decisioning_captotaluse WHERE total_id = which
    ) AS n WHERE u.total_id = which AND u.slot = n.slot;
    UPDATE decisioning_captotal SET most = told_most, is_full = (already + taken >= told_most)
        WHERE id = which;
    RETURN true;
END
$$;

-- The same by one row that nobody else is writing to, where there is one with room.
CREATE FUNCTION decisioning_take(
    env bigint, told_cap text, told_space text, told_since timestamptz, told_until timestamptz,
    told_most integer, taken integer, must_fit boolean, start integer
) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE decisioning_captotaluse SET used = used + taken WHERE (total_id, slot) = (
        SELECT u.total_id, u.slot FROM decisioning_captotal t
        JOIN decisioning_captotaluse u ON u.total_id = t.id
        WHERE t.environment_id = env AND t.cap = told_cap AND t.space = told_space
          AND t.since = told_since AND t.most = told_most AND u.used + taken <= u.room
        ORDER BY (u.slot + start) % 16 LIMIT 1 FOR NO KEY UPDATE OF u SKIP LOCKED
    );
    RETURN FOUND OR decisioning_settle(env, told_cap, told_space, told_since, told_until,
                                       told_most, taken, must_fit);
END
$$;

-- Count on these caps, raising OV002 with the words of the first one that has no room.
CREATE FUNCTION decisioning_count(env bigint, person bigint, caps jsonb, start integer)
RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    wanted record;
BEGIN
    FOR wanted IN
        SELECT * FROM jsonb_to_recordset(caps) AS c(
            cap text, space text, since timestamptz, until timestamptz, most integer,
            taken integer, must_fit boolean, each_person boolean
        ) ORDER BY cap, space, since
    LOOP
        IF wanted.each_person THEN
            INSERT INTO decisioning_capuse AS c
                (contact_id, environment_id, cap, space, since, until, used)
                VALUES (person, env, wanted.cap, wanted.space, wanted.since, wanted.until,
                        wanted.taken)
                ON CONFLICT (contact_id, environment_id, cap, space, since)
                DO UPDATE SET used = c.used + excluded.used
                WHERE NOT wanted.must_fit OR c.used + excluded.used <= wanted.most;
            CONTINUE WHEN FOUND;
        ELSIF wanted.taken > 0 THEN
            CONTINUE WHEN decisioning_take(
                env, wanted.cap, wanted.space, wanted.since, wanted.until, wanted.most,
                wanted.taken, wanted.must_fit, start);
        ELSE
            -- it counts what becomes of propositions: there must be room, and none is taken yet
            CONTINUE WHEN NOT EXISTS (
                SELECT FROM decisioning_captotal t JOIN decisioning_captotaluse u
                    ON u.total_id = t.id
                WHERE t.environment_id = env AND t.cap = wanted.cap AND t.space = wanted.space
                  AND t.since = wanted.since
                HAVING sum(u.used) >= wanted.most
            );
        END IF;
        RAISE EXCEPTION 'A cap has no room'
            USING ERRCODE = 'OV002', DETAIL = jsonb_build_array(wanted.cap, wanted.space)::text;
    END LOOP;
END
$$;
'''

# --- what is written ---

WRITING = '''
-- A decision with its propositions: see `decisioning.recording`, which tells what `told` holds.
CREATE FUNCTION decisioning_record(told jsonb, inputs text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    env bigint := told ->> 'environment';
    whose bigint := told ->> 'contact';
    person bigint := told ->> 'person';
    expected bigint := told ->> 'ticks';
    moment timestamptz := told ->> 'at';
    name text := told ->> 'interaction';
BEGIN
    IF person IS NOT NULL THEN
        INSERT INTO decisioning_clock AS c (contact_id, ticks) VALUES (person, expected + 1)
            ON CONFLICT (contact_id) DO UPDATE SET ticks = c.ticks + 1 WHERE c.ticks = expected;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'Their history has moved' USING ERRCODE = 'OV001';
        END IF;
    END IF;
    IF told ? 'caps' THEN
        PERFORM decisioning_count(env, whose, told -> 'caps', (told -> 'start')::integer);
    END IF;
    INSERT INTO decisioning_interaction (id, environment_id, contact_id, at, release, seed,
            identification, deduplicate, ticks, slots, inputs)
        VALUES (name::uuid, env, whose, moment, (told -> 'release')::integer, told ->> 'seed',
            told ->> 'identification', (told -> 'deduplicate')::boolean, expected + 1,
            told -> 'slots', decisioning_record.inputs);
    INSERT INTO decisioning_proposition (id, interaction, environment_id, contact_id, at,
            changed_at, status, rank, weight, release, is_fallback, offer, space, channel, slot,
            category, category_path, context, identification, destination_url, data)
        SELECT p.id, name::uuid, env, whose, moment, moment, p.status, p.rank, p.weight,
            (told -> 'release')::integer, p.is_fallback, p.offer, p.space, p.channel, p.slot,
            p.category, p.category_path, p.context, told ->> 'identification', p.destination_url,
            p.data
        FROM jsonb_to_recordset(told -> 'propositions') AS p(
            id uuid, status smallint, rank smallint, weight numeric, is_fallback boolean,
            offer text, space text, channel text, slot text, category text, category_path text,
            context text, destination_url text, data jsonb
        );
    IF (SELECT release_number FROM catalog_environment WHERE id = env)
            IS DISTINCT FROM (told -> 'release')::integer THEN
        RAISE EXCEPTION 'The release has moved' USING ERRCODE = 'OV001';
    END IF;
END
$$;

-- A proposition goes on from one status to another: see `decisioning.statuses`.
CREATE FUNCTION decisioning_go_on(told jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    which uuid := told ->> 'proposition';
    moment timestamptz := told ->> 'at';
    whose bigint;
    env bigint;
    ticked bigint;
BEGIN
    UPDATE decisioning_proposition
        SET status = (told -> 'after')::smallint, changed_at = greatest(changed_at, moment),
            data = data || (told -> 'data')
        WHERE id = which AND status = (told -> 'before')::smallint
        RETURNING contact_id, environment_id INTO whose, env;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The proposition has moved' USING ERRCODE = 'OV001';
    END IF;
    SELECT decisioning_raise_clock(coalesce(linked_contact_id, id)) INTO ticked
        FROM contacts_contact WHERE id = whose;
    INSERT INTO decisioning_transition
            (proposition, number, at, ticks, before, after, source, by_name, comment)
        VALUES (which, (told -> 'number')::smallint, moment, ticked,
                (told -> 'before')::smallint, (told -> 'after')::smallint, told ->> 'source',
                told ->> 'by', told ->> 'comment')
        ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'The proposition has moved' USING ERRCODE = 'OV001';
    END IF;
    IF told ? 'caps' THEN
        PERFORM decisioning_count(env, whose, told -> 'caps', (told -> 'start')::integer);
    END IF;
END
$$;
'''

# From a little in the past, for what is told late; a beat task goes on.
BEGIN = '''
SELECT decisioning_make_month(month) FROM generate_series(
    date_trunc('month', now(), 'UTC') - interval '1 month', now() + interval '3 months',
    interval '1 month'
) AS month;
'''

UNDO = '''
DROP FUNCTION decisioning_go_on(jsonb);
DROP FUNCTION decisioning_record(jsonb, text);
DROP FUNCTION decisioning_count(bigint, bigint, jsonb, integer);
DROP FUNCTION decisioning_take(bigint, text, text, timestamptz, timestamptz, integer, integer, boolean, integer);
DROP FUNCTION decisioning_settle(bigint, text, text, timestamptz, timestamptz, integer, integer, boolean);
DROP TRIGGER decisioning_people_leave ON contacts_contact;
DROP FUNCTION decisioning_people_deleted();
DROP TRIGGER decisioning_link_changes ON contacts_contact;
DROP TRIGGER decisioning_link_begins ON contacts_contact;
DROP FUNCTION decisioning_visitor_linked();
DROP FUNCTION decisioning_raise_clock(bigint);
DROP FUNCTION decisioning_make_month(timestamptz);
DROP FUNCTION decisioning_first_id(timestamptz);
ALTER TABLE decisioning_clock DROP CONSTRAINT clock_is_somebody_s;
ALTER TABLE decisioning_capuse DROP CONSTRAINT cap_use_is_somebody_s;
ALTER TABLE decisioning_visitorlink DROP CONSTRAINT visitor_link_has_a_visitor,
    DROP CONSTRAINT visitor_link_has_a_contact;
'''


class Migration(migrations.Migration):

    dependencies = [('decisioning', '0001_first_tables')]

    operations = [
        migrations.RunSQL('\n'.join([MONTHS, PEOPLE, CAPS, WRITING, BEGIN]), UNDO),
    ]
