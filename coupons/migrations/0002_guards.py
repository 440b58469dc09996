"""What keeps counts, shelves and the ledger in step with the codes, in the same statement.

Whoever writes to `coupons_code` and `coupons_standing`, by COPY, by sets or one by one, cannot make
them differ, move a code in a way that there is not, or leave out the ledger. Locks are always taken
in the order shelves, counts, each by key.
"""

from django.db import migrations

SEQUENCES = '''
CREATE SEQUENCE coupons_auto_code;
CREATE SEQUENCE coupons_event_number;
'''

# --- uniqueness across coupons: an option takes this index away, see coupons.indexing ---

EVERYWHERE = 'CREATE UNIQUE INDEX code_once_everywhere ON coupons_code (code_norm);'

# An anonymous coupon's code and codes of pools: writers of codes share a lock, and whoever gives an
# anonymous coupon its code holds it alone, so that one of two always sees the other.
CLAIMS = '''
CREATE FUNCTION coupons_codes_are_unique_globally() RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((SELECT codes_unique_globally FROM coupons_options), true)
$$;

CREATE FUNCTION coupons_claim_coupon_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7306002);
    IF coupons_codes_are_unique_globally()
       AND EXISTS (SELECT FROM coupons_code WHERE code_norm = NEW.code_norm) THEN
        RAISE EXCEPTION 'A code of a pool reads the same'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'code_once_everywhere';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER coupons_claim_on_insert BEFORE INSERT ON coupons_coupon
    FOR EACH ROW WHEN (NEW.type = 'anonymous') EXECUTE FUNCTION coupons_claim_coupon_code();
CREATE TRIGGER coupons_claim_on_update BEFORE UPDATE ON coupons_coupon FOR EACH ROW
    WHEN (NEW.type = 'anonymous' AND (OLD.type, OLD.code_norm) IS DISTINCT FROM (NEW.type, NEW.code_norm))
    EXECUTE FUNCTION coupons_claim_coupon_code();

CREATE FUNCTION coupons_keep_type() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT FROM coupons_shelf WHERE coupon_id = OLD.id AND total > 0) THEN
        RAISE EXCEPTION 'A coupon with codes stays individual'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'coupon_type_stays';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER coupons_type_stays BEFORE UPDATE ON coupons_coupon FOR EACH ROW
    WHEN (OLD.type <> NEW.type) EXECUTE FUNCTION coupons_keep_type();
'''

# --- codes: what stands on the shelves ---

CODES = '''
CREATE FUNCTION coupons_current_movement() RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
    movement bigint := nullif(current_setting('coupons.movement', true), '')::bigint;
BEGIN
    IF movement IS NULL THEN
        RAISE EXCEPTION 'Codes change their standing only inside a movement'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN movement;
END
$$;

CREATE FUNCTION coupons_shelf_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coupons_stockcount (shelf_id, shard)
        SELECT NEW.id, shard FROM generate_series(0, 15) AS shard;
    RETURN NULL;
END
$$;
CREATE TRIGGER coupons_shelf_is_counted AFTER INSERT ON coupons_shelf
    FOR EACH ROW EXECUTE FUNCTION coupons_shelf_added();

CREATE FUNCTION coupons_refuse_to_drop_shelf() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Codes stand on this shelf'
        USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'code_has_a_shelf';
END
$$;
CREATE TRIGGER coupons_shelf_with_codes_stays BEFORE DELETE ON coupons_shelf
    FOR EACH ROW WHEN (OLD.total > 0) EXECUTE FUNCTION coupons_refuse_to_drop_shelf();

CREATE FUNCTION coupons_codes_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    places bigint;
    found bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM added) THEN
        RETURN NULL;
    END IF;
    IF coupons_codes_are_unique_globally() THEN
        PERFORM pg_advisory_xact_lock_shared(7306002);
        IF EXISTS (SELECT FROM added a JOIN coupons_coupon c
                   ON c.code_norm = a.code_norm AND c.type = 'anonymous') THEN
            RAISE EXCEPTION 'An anonymous coupon has this code'
                USING ERRCODE = 'unique_violation', CONSTRAINT = 'code_once_everywhere';
        END IF;
    END IF;
    PERFORM FROM coupons_coupon WHERE id IN (SELECT coupon_id FROM added)
        ORDER BY id FOR SHARE;
    PERFORM FROM coupons_shelf WHERE id IN (SELECT shelf_id FROM added)
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE coupons_shelf s SET total = s.total + a.n, free = s.free + a.n
        FROM (SELECT shelf_id, coupon_id, count(*) AS n FROM added GROUP BY 1, 2) a
        WHERE s.id = a.shelf_id AND s.coupon_id = a.coupon_id
          AND EXISTS (SELECT FROM coupons_coupon c
                      WHERE c.id = s.coupon_id AND c.type = 'individual');
    GET DIAGNOSTICS found = ROW_COUNT;
    SELECT count(*) INTO places FROM (SELECT DISTINCT shelf_id, coupon_id FROM added) d;
    IF found <> places THEN
        RAISE EXCEPTION 'A code stands on no shelf of an individual coupon'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'code_has_a_shelf';
    END IF;
    PERFORM FROM coupons_batch WHERE id IN (SELECT batch_id FROM added)
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE coupons_batch b SET made = b.made + a.n
        FROM (SELECT batch_id, coupon_id, count(*) AS n FROM added GROUP BY 1, 2) a
        WHERE b.id = a.batch_id AND b.coupon_id = a.coupon_id;
    GET DIAGNOSTICS found = ROW_COUNT;
    SELECT count(*) INTO places FROM (SELECT DISTINCT batch_id, coupon_id FROM added) d;
    IF found <> places THEN
        RAISE EXCEPTION 'A code comes from no batch of its coupon'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'code_has_a_batch';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER coupons_codes_are_counted AFTER INSERT ON coupons_code
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION coupons_codes_added();

CREATE FUNCTION coupons_codes_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM removed) THEN
        RETURN NULL;
    END IF;
    PERFORM FROM coupons_shelf WHERE id IN (SELECT shelf_id FROM removed)
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE coupons_shelf s SET total = s.total - r.n, free = s.free - r.n
        FROM (SELECT shelf_id, count(*) AS n FROM removed GROUP BY 1) r WHERE s.id = r.shelf_id;
    INSERT INTO coupons_codeevent (code_number, number, movement_id, before, after)
        SELECT id, nextval('coupons_event_number'), coupons_current_movement(),
               'available', 'deleted' FROM removed;
    RETURN NULL;
END
$$;
CREATE TRIGGER coupons_codes_are_uncounted AFTER DELETE ON coupons_code
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION coupons_codes_removed();

-- Other dates or another segment: the code goes to another shelf, with its standing.
CREATE FUNCTION coupons_codes_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    missing bigint;
BEGIN
    PERFORM FROM coupons_shelf WHERE id IN (
        SELECT unnest(ARRAY[was, becomes]) FROM (
        SELECT id, max(coupon_id) AS coupon_id, max(was) AS was, max(becomes) AS becomes FROM (
            SELECT id, coupon_id, shelf_id AS was, NULL::bigint AS becomes FROM earlier
            UNION ALL SELECT id, coupon_id, NULL, shelf_id FROM later
        ) both_rows GROUP BY id HAVING max(was) <> max(becomes)
        ) moved
    ) ORDER BY id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    WITH moved AS MATERIALIZED (
        SELECT id, max(coupon_id) AS coupon_id, max(was) AS was, max(becomes) AS becomes FROM (
            SELECT id, coupon_id, shelf_id AS was, NULL::bigint AS becomes FROM earlier
            UNION ALL SELECT id, coupon_id, NULL, shelf_id FROM later
        ) both_rows GROUP BY id HAVING max(was) <> max(becomes)
    ), steps AS (
        SELECT m.was AS shelf, m.coupon_id, -1 AS n, t.code_id IS NULL AS is_free
            FROM moved m LEFT JOIN coupons_standing t ON t.code_id = m.id
        UNION ALL
        SELECT m.becomes, m.coupon_id, 1, t.code_id IS NULL
            FROM moved m LEFT JOIN coupons_standing t ON t.code_id = m.id
    ), sums AS (
        SELECT shelf, coupon_id, sum(n) AS total,
               coalesce(sum(n) FILTER (WHERE is_free), 0) AS free FROM steps GROUP BY 1, 2
    ), shifted AS (
        UPDATE coupons_shelf s SET total = s.total + d.total, free = s.free + d.free
            FROM sums d WHERE s.id = d.shelf AND s.coupon_id = d.coupon_id RETURNING s.id
    )
    SELECT (SELECT count(*) FROM sums) - (SELECT count(*) FROM shifted) INTO missing;
    IF missing <> 0 THEN
        RAISE EXCEPTION 'A code stands on no shelf of its coupon'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'code_has_a_shelf';
    END IF;
    UPDATE coupons_standing t SET shelf_id = l.shelf_id FROM later l
        WHERE t.code_id = l.id AND t.shelf_id <> l.shelf_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER coupons_codes_change_shelves AFTER UPDATE ON coupons_code
    REFERENCING OLD TABLE AS earlier NEW TABLE AS later
    FOR EACH STATEMENT EXECUTE FUNCTION coupons_codes_changed();

CREATE FUNCTION coupons_refuse_to_rewrite_code() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A code never changes'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'code_stays';
END
$$;
CREATE TRIGGER coupons_code_stays BEFORE UPDATE ON coupons_code FOR EACH ROW
    WHEN ((OLD.id, OLD.coupon_id, OLD.batch_id, OLD.code, OLD.code_norm)
          IS DISTINCT FROM (NEW.id, NEW.coupon_id, NEW.batch_id, NEW.code, NEW.code_norm))
    EXECUTE FUNCTION coupons_refuse_to_rewrite_code();
'''

# --- standings: the moves that there are, the counts, the ledger ---

STANDINGS = '''
CREATE FUNCTION coupons_refuse_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A code cannot go from % to %',
        coalesce(OLD.status, 'available'), coalesce(NEW.status, 'available')
        USING ERRCODE = 'check_violation', CONSTRAINT = 'standing_moves_as_it_may';
END
$$;
CREATE TRIGGER coupons_standing_begins BEFORE INSERT ON coupons_standing FOR EACH ROW
    WHEN (NEW.status NOT IN ('available', 'reserved', 'redeemed', 'void'))
    EXECUTE FUNCTION coupons_refuse_move();
CREATE TRIGGER coupons_standing_moves BEFORE UPDATE ON coupons_standing FOR EACH ROW
    WHEN (OLD.code_id <> NEW.code_id OR OLD.coupon_id <> NEW.coupon_id
          OR OLD.status <> NEW.status AND (OLD.status, NEW.status) NOT IN (
        ('available', 'redeemed'), ('available', 'void'),
        ('reserved', 'issued'), ('reserved', 'redeemed'), ('reserved', 'void'),
        ('issued', 'redeemed'), ('issued', 'void'),
        ('redeemed', 'available'), ('redeemed', 'reserved'), ('redeemed', 'issued')))
    EXECUTE FUNCTION coupons_refuse_move();
-- without a standing it is in stock again, and may be given to anybody
CREATE TRIGGER coupons_standing_ends BEFORE DELETE ON coupons_standing FOR EACH ROW
    WHEN (OLD.redemption_count > 0 OR OLD.status = 'redeemed'
          OR OLD.status = 'void' AND OLD.issued_at IS NOT NULL)
    EXECUTE FUNCTION coupons_refuse_move();

CREATE FUNCTION coupons_standings_added() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    places bigint;
    found bigint;
BEGIN
    IF NOT EXISTS (SELECT FROM added) THEN
        RETURN NULL;
    END IF;
    PERFORM FROM coupons_shelf WHERE id IN (SELECT shelf_id FROM added)
        ORDER BY id FOR NO KEY UPDATE;
    IF EXISTS (SELECT FROM added a JOIN coupons_code c ON c.id = a.code_id
               WHERE c.shelf_id <> a.shelf_id OR c.coupon_id <> a.coupon_id) THEN
        RAISE EXCEPTION 'A standing names another shelf than its code'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'standing_is_of_its_shelf';
    END IF;
    UPDATE coupons_promise p SET remaining = p.remaining - a.n
        FROM (SELECT reservation_id, shelf_id, count(*) AS n FROM added
              WHERE reservation_id IS NOT NULL GROUP BY 1, 2) a
        WHERE p.reservation_id = a.reservation_id AND p.shelf_id = a.shelf_id;
    GET DIAGNOSTICS found = ROW_COUNT;
    SELECT count(*) INTO places FROM (SELECT DISTINCT reservation_id, shelf_id FROM added
                                      WHERE reservation_id IS NOT NULL) d;
    IF found <> places THEN
        RAISE EXCEPTION 'A code is bound that nobody was promised'
            USING ERRCODE = 'foreign_key_violation', CONSTRAINT = 'standing_was_promised';
    END IF;
    UPDATE coupons_shelf s SET free = s.free - a.n
        FROM (SELECT shelf_id, count(*) AS n FROM added
              WHERE reservation_id IS NULL GROUP BY 1) a
        WHERE s.id = a.shelf_id;
    INSERT INTO coupons_codeevent (code_number, number, movement_id, before, after, message)
        SELECT code_id, nextval('coupons_event_number'), coupons_current_movement(),
               'available', status, message FROM added WHERE status <> 'available';
    PERFORM FROM coupons_stockcount c
        WHERE (c.shelf_id, c.shard) IN (SELECT shelf_id, code_id % 16 FROM added)
        ORDER BY c.shelf_id, c.shard FOR NO KEY UPDATE;
    UPDATE coupons_stockcount c SET
        touched = c.touched + d.touched, reserved = c.reserved + d.reserved,
        redeemed = c.redeemed + d.redeemed, void = c.void + d.void
    FROM (SELECT shelf_id, code_id % 16 AS shard,
              count(*) FILTER (WHERE status = 'available') AS touched,
              count(*) FILTER (WHERE status = 'reserved') AS reserved,
              count(*) FILTER (WHERE status = 'redeemed') AS redeemed,
              count(*) FILTER (WHERE status = 'void') AS void
          FROM added GROUP BY 1, 2) d
    WHERE c.shelf_id = d.shelf_id AND c.shard = d.shard;
    RETURN NULL;
END
$$;
CREATE TRIGGER coupons_standings_are_counted AFTER INSERT ON coupons_standing
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT
    EXECUTE FUNCTION coupons_standings_added();

-- No join of the two tables: their sizes are not known when the plan is made.
CREATE FUNCTION coupons_standings_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO coupons_codeevent (code_number, number, movement_id, before, after, message)
        SELECT code_id, nextval('coupons_event_number'), coupons_current_movement(),
               max(before), max(after), max(message)::uuid FROM (
            SELECT code_id, status AS before, NULL AS after, message::text FROM earlier
            UNION ALL SELECT code_id, NULL, status, message::text FROM later
        ) both_rows GROUP BY code_id HAVING max(before) <> max(after);
    PERFORM FROM coupons_stockcount c
        WHERE (c.shelf_id, c.shard) IN (SELECT shelf_id, code_id % 16 FROM earlier
                                        UNION SELECT shelf_id, code_id % 16 FROM later)
        ORDER BY c.shelf_id, c.shard FOR NO KEY UPDATE;
    UPDATE coupons_stockcount c SET
        touched = c.touched + d.touched, reserved = c.reserved + d.reserved,
        issued = c.issued + d.issued, redeemed = c.redeemed + d.redeemed, void = c.void + d.void
    FROM (SELECT shelf_id, shard,
              coalesce(sum(n) FILTER (WHERE status = 'available'), 0) AS touched,
              coalesce(sum(n) FILTER (WHERE status = 'reserved'), 0) AS reserved,
              coalesce(sum(n) FILTER (WHERE status = 'issued'), 0) AS issued,
              coalesce(sum(n) FILTER (WHERE status = 'redeemed'), 0) AS redeemed,
              coalesce(sum(n) FILTER (WHERE status = 'void'), 0) AS void
          FROM (SELECT shelf_id, code_id % 16 AS shard, status, -1 AS n FROM earlier
                UNION ALL SELECT shelf_id, code_id % 16, status, 1 FROM later) both_rows
          GROUP BY 1, 2) d
    WHERE c.shelf_id = d.shelf_id AND c.shard = d.shard
      AND (d.touched, d.reserved, d.issued, d.redeemed, d.void) <> (0, 0, 0, 0, 0);
    RETURN NULL;
END
$$;
CREATE TRIGGER coupons_standings_are_recounted AFTER UPDATE ON coupons_standing
    REFERENCING OLD TABLE AS earlier NEW TABLE AS later
    FOR EACH STATEMENT EXECUTE FUNCTION coupons_standings_changed();

CREATE FUNCTION coupons_standings_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM removed) THEN
        RETURN NULL;
    END IF;
    PERFORM FROM coupons_shelf WHERE id IN (SELECT shelf_id FROM removed)
        ORDER BY id FOR NO KEY UPDATE;
    UPDATE coupons_shelf s SET free = s.free + r.n
        FROM (SELECT shelf_id, count(*) AS n FROM removed GROUP BY 1) r WHERE s.id = r.shelf_id;
    INSERT INTO coupons_codeevent (code_number, number, movement_id, before, after, message)
        SELECT code_id, nextval('coupons_event_number'), coupons_current_movement(),
               status, 'available', message FROM removed WHERE status <> 'available';
    PERFORM FROM coupons_stockcount c
        WHERE (c.shelf_id, c.shard) IN (SELECT shelf_id, code_id % 16 FROM removed)
        ORDER BY c.shelf_id, c.shard FOR NO KEY UPDATE;
    UPDATE coupons_stockcount c SET
        touched = c.touched - d.touched, reserved = c.reserved - d.reserved,
        issued = c.issued - d.issued, void = c.void - d.void
    FROM (SELECT shelf_id, code_id % 16 AS shard,
              count(*) FILTER (WHERE status = 'available') AS touched,
              count(*) FILTER (WHERE status = 'reserved') AS reserved,
              count(*) FILTER (WHERE status = 'issued') AS issued,
              count(*) FILTER (WHERE status = 'void') AS void
          FROM removed GROUP BY 1, 2) d
    WHERE c.shelf_id = d.shelf_id AND c.shard = d.shard;
    RETURN NULL;
END
$$;
CREATE TRIGGER coupons_standings_are_uncounted AFTER DELETE ON coupons_standing
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT
    EXECUTE FUNCTION coupons_standings_removed();
'''

# --- room for uses, shared out over the rows that count them ---

USES = '''
CREATE FUNCTION coupons_total_limit(coupon coupons_coupon) RETURNS bigint LANGUAGE sql IMMUTABLE AS $$
    SELECT least(coupon.max_redemptions_total,
                 CASE WHEN coupon.type = 'anonymous' THEN coupon.max_redemptions_per_code END)
$$;

CREATE FUNCTION coupons_share_room() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted bigint := coupons_total_limit(NEW);
    spare bigint;
BEGIN
    INSERT INTO coupons_couponuse (coupon_id, slot)
        SELECT NEW.id, slot FROM generate_series(0, 15) AS slot ON CONFLICT DO NOTHING;
    PERFORM FROM coupons_couponuse WHERE coupon_id = NEW.id ORDER BY slot FOR NO KEY UPDATE;
    SELECT wanted - sum(used) INTO spare FROM coupons_couponuse WHERE coupon_id = NEW.id;
    IF wanted IS NULL THEN
        UPDATE coupons_couponuse SET room = NULL WHERE coupon_id = NEW.id;
    ELSIF spare >= 0 THEN
        UPDATE coupons_couponuse SET room = used + spare / 16 + (slot < spare % 16)::int
            WHERE coupon_id = NEW.id;
    ELSE  -- more were used than there is room for now: in all there is as much as was asked for
        UPDATE coupons_couponuse u SET room = greatest(0, least(u.used, wanted - b.before)) FROM (
            SELECT slot, sum(used) OVER (ORDER BY slot) - used AS before
            FROM coupons_couponuse WHERE coupon_id = NEW.id
        ) b WHERE u.coupon_id = NEW.id AND u.slot = b.slot;
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER coupons_room_is_made AFTER INSERT ON coupons_coupon
    FOR EACH ROW EXECUTE FUNCTION coupons_share_room();
CREATE TRIGGER coupons_room_is_shared AFTER UPDATE ON coupons_coupon FOR EACH ROW
    WHEN ((OLD.type, OLD.max_redemptions_total, OLD.max_redemptions_per_code)
          IS DISTINCT FROM (NEW.type, NEW.max_redemptions_total, NEW.max_redemptions_per_code))
    EXECUTE FUNCTION coupons_share_room();
'''

# --- what nobody rewrites ---

APPEND_ONLY = '''
CREATE FUNCTION coupons_refuse_to_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
$$;
CREATE TRIGGER coupons_movement_is_append_only BEFORE UPDATE OR DELETE ON coupons_movement
    FOR EACH STATEMENT EXECUTE FUNCTION coupons_refuse_to_rewrite();
CREATE TRIGGER coupons_event_is_append_only BEFORE UPDATE OR DELETE ON coupons_codeevent
    FOR EACH STATEMENT EXECUTE FUNCTION coupons_refuse_to_rewrite();
-- but for what says who the customer was, when somebody is erased
CREATE TRIGGER coupons_redemption_is_append_only BEFORE DELETE OR UPDATE OF id, kind, coupon_id,
    code_id, of_id, hold_id, source, external_id, request_hash, redeemed_on, recorded_at, order_id,
    store, channel, amount, discount, currency, flags, delivery, message, by_id, key_id
    ON coupons_redemption FOR EACH STATEMENT EXECUTE FUNCTION coupons_refuse_to_rewrite();
'''

UNDO = '''
DROP TRIGGER coupons_redemption_is_append_only ON coupons_redemption;
DROP TRIGGER coupons_event_is_append_only ON coupons_codeevent;
DROP TRIGGER coupons_movement_is_append_only ON coupons_movement;
DROP FUNCTION coupons_refuse_to_rewrite();
DROP TRIGGER coupons_room_is_shared ON coupons_coupon;
DROP TRIGGER coupons_room_is_made ON coupons_coupon;
DROP FUNCTION coupons_share_room();
DROP FUNCTION coupons_total_limit(coupons_coupon);
DROP TRIGGER coupons_standings_are_uncounted ON coupons_standing;
DROP TRIGGER coupons_standings_are_recounted ON coupons_standing;
DROP TRIGGER coupons_standings_are_counted ON coupons_standing;
DROP TRIGGER coupons_standing_ends ON coupons_standing;
DROP TRIGGER coupons_standing_moves ON coupons_standing;
DROP TRIGGER coupons_standing_begins ON coupons_standing;
DROP FUNCTION coupons_standings_removed();
DROP FUNCTION coupons_standings_changed();
DROP FUNCTION coupons_standings_added();
DROP FUNCTION coupons_refuse_move();
DROP TRIGGER coupons_code_stays ON coupons_code;
DROP TRIGGER coupons_codes_change_shelves ON coupons_code;
DROP TRIGGER coupons_codes_are_uncounted ON coupons_code;
DROP TRIGGER coupons_codes_are_counted ON coupons_code;
DROP TRIGGER coupons_shelf_with_codes_stays ON coupons_shelf;
DROP TRIGGER coupons_shelf_is_counted ON coupons_shelf;
DROP FUNCTION coupons_refuse_to_rewrite_code();
DROP FUNCTION coupons_codes_changed();
DROP FUNCTION coupons_codes_removed();
DROP FUNCTION coupons_codes_added();
DROP FUNCTION coupons_refuse_to_drop_shelf();
DROP FUNCTION coupons_shelf_added();
DROP FUNCTION coupons_current_movement();
DROP TRIGGER coupons_type_stays ON coupons_coupon;
DROP TRIGGER coupons_claim_on_update ON coupons_coupon;
DROP TRIGGER coupons_claim_on_insert ON coupons_coupon;
DROP FUNCTION coupons_keep_type();
DROP FUNCTION coupons_claim_coupon_code();
DROP FUNCTION coupons_codes_are_unique_globally();
DROP INDEX code_once_everywhere;
DROP SEQUENCE coupons_event_number;
DROP SEQUENCE coupons_auto_code;
'''


class Migration(migrations.Migration):

    dependencies = [('coupons', '0001_first_tables')]

    operations = [
        migrations.RunSQL('INSERT INTO coupons_options (id) VALUES (1)', migrations.RunSQL.noop),
        migrations.RunSQL(
            '\n'.join([SEQUENCES, EVERYWHERE, CLAIMS, CODES, STANDINGS, USES, APPEND_ONLY]), UNDO
        ),
    ]
