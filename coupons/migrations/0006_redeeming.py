from django.db import migrations

# --- a use of a coupon, from any row with room: see `coupons.taking` ---

TAKE = '''
CREATE FUNCTION coupons_take_at_once(coupon bigint, start integer)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    UPDATE coupons_couponuse SET used = used + 1 WHERE id = (
        SELECT id FROM coupons_couponuse
        WHERE coupon_id = coupon AND (room IS NULL OR used < room)
        ORDER BY (slot + start) % 16 LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED
    );
    RETURN FOUND;
END
$$;

-- Rows that somebody is just writing are passed over at first, and waited for only when there is
-- room nowhere else; then in one order for all, since rows that are full by the time they are
-- locked stay locked.
CREATE FUNCTION coupons_take_total(coupon bigint, is_limited boolean, start integer)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT is_limited THEN  -- there is room in each, so none is locked in vain
        IF coupons_take_at_once(coupon, start) THEN
            RETURN true;
        END IF;
    ELSE
        BEGIN
            IF coupons_take_at_once(coupon, start) THEN
                RETURN true;
            END IF;
            RAISE EXCEPTION 'No room at once' USING ERRCODE = 'OV003';
        EXCEPTION WHEN SQLSTATE 'OV003' THEN
            NULL;  -- and no lock is kept from having looked
        END;
    END IF;
    UPDATE coupons_couponuse SET used = used + 1 WHERE id = (
        SELECT id FROM coupons_couponuse
        WHERE coupon_id = coupon AND (room IS NULL OR used < room)
        ORDER BY slot LIMIT 1 FOR NO KEY UPDATE
    );
    RETURN FOUND;
END
$$;
'''

# --- a use of a code, stored whole if all that it was judged by still holds ---

# What it is told: the `redemption` as its row; of a code the `standing`'s stamp (NULL: it was in
# stock) with its `shelf`, how often it may be used at `most`, how many uses others `held`; of the
# coupon whether it is `limited`, how often by each `customer`, whether its code is `fresh`.
# OV001: something has moved. OV002: a limit has no room any more; the message names it.
REDEEM = '''
CREATE FUNCTION coupons_moved() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Something has moved' USING ERRCODE = 'OV001';
END
$$;

CREATE FUNCTION coupons_redeem(told jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    made coupons_redemption := jsonb_populate_record(NULL::coupons_redemption, told -> 'redemption');
    most integer := told ->> 'most';
    held_by text := '';
    is_last boolean;
    movement bigint;
BEGIN
    IF 'specimen_code' = ANY (made.flags) THEN  -- it was nobody's, and counts nowhere
        INSERT INTO coupons_redemption SELECT made.*;
        RETURN;
    END IF;
    IF made.code_id IS NOT NULL THEN
        IF told ->> 'standing' IS NULL THEN
            PERFORM FROM coupons_shelf WHERE id = (told -> 'shelf')::bigint FOR NO KEY UPDATE;
            INSERT INTO coupons_standing (code_id, coupon_id, shelf_id, status, changed_at)
                SELECT id, coupon_id, shelf_id, 'available', made.recorded_at FROM coupons_code
                WHERE id = made.code_id AND shelf_id = (told -> 'shelf')::bigint
                ON CONFLICT DO NOTHING;
        ELSE
            PERFORM FROM coupons_standing t WHERE t.code_id = made.code_id
                AND t.ctid::text || t.xmin::text = told ->> 'standing' FOR UPDATE;
        END IF;
        IF NOT FOUND THEN
            PERFORM coupons_moved();
        END IF;
        IF most IS NOT NULL AND (told -> 'held')::bigint <> (
            SELECT count(*) FROM coupons_hold WHERE code_id = made.code_id AND ended_at IS NULL
               AND expires_at > made.recorded_at AND id IS DISTINCT FROM made.hold_id
        ) THEN
            PERFORM coupons_moved();
        END IF;
    END IF;
    IF made.hold_id IS NOT NULL THEN
        UPDATE coupons_hold SET ended_at = made.recorded_at, "end" = 'redeemed'
            WHERE id = made.hold_id AND ended_at IS NULL AND expires_at > made.recorded_at
            RETURNING customer_key INTO held_by;
        IF NOT FOUND THEN
            PERFORM coupons_moved();
        END IF;
    END IF;
    IF (told -> 'fresh')::boolean THEN
        UPDATE coupons_coupon SET is_code_frozen = true
            WHERE id = made.coupon_id AND NOT is_code_frozen;
    END IF;
    IF made.customer_key <> held_by THEN
        IF held_by <> '' THEN
            UPDATE coupons_customeruse SET used = used - 1
                WHERE coupon_id = made.coupon_id AND customer_key = held_by AND used > 0;
        END IF;
        IF made.customer_key <> '' THEN
            INSERT INTO coupons_customeruse AS c (coupon_id, customer_key, used)
                VALUES (made.coupon_id, made.customer_key, 1)
                ON CONFLICT (coupon_id, customer_key) DO UPDATE SET used = c.used + 1
                WHERE told ->> 'customer' IS NULL OR c.used < (told ->> 'customer')::integer;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'limit_customer' USING ERRCODE = 'OV002';
            END IF;
        END IF;
    END IF;
    IF made.hold_id IS NULL AND NOT coupons_take_total(
        made.coupon_id, (told -> 'limited')::boolean, (told -> 'start')::integer
    ) THEN
        RAISE EXCEPTION 'limit_total' USING ERRCODE = 'OV002';
    END IF;
    INSERT INTO coupons_redemption SELECT made.*;
    IF made.code_id IS NULL THEN
        RETURN;
    END IF;
    SELECT redemption_count + 1 >= most INTO is_last FROM coupons_standing
        WHERE code_id = made.code_id;
    IF is_last THEN
        INSERT INTO coupons_movement (kind, coupon_id, at, by_id, key_id, delivery, redemption, reason)
            VALUES ('redeem', made.coupon_id, made.recorded_at, made.by_id, made.key_id, '',
                    made.id, '')
            RETURNING id INTO movement;
        PERFORM set_config('coupons.movement', movement::text, true);
    END IF;
    UPDATE coupons_standing SET
        status = CASE WHEN is_last THEN 'redeemed' ELSE status END,
        status_before = CASE WHEN is_last THEN status ELSE status_before END,
        redemption_count = redemption_count + 1,
        redeemed_on = least(redeemed_on, made.redeemed_on),
        last_redeemed_on = greatest(last_redeemed_on, made.redeemed_on),
        changed_at = made.recorded_at
        WHERE code_id = made.code_id;
    IF is_last THEN
        PERFORM set_config('coupons.movement', '', true);
    END IF;
END
$$;
'''

UNDO = '''
DROP FUNCTION coupons_redeem(jsonb);
DROP FUNCTION coupons_moved();
DROP FUNCTION coupons_take_total(bigint, boolean, integer);
DROP FUNCTION coupons_take_at_once(bigint, integer);
'''


class Migration(migrations.Migration):

    dependencies = [('coupons', '0005_labels_of_folders')]

    operations = [migrations.RunSQL('\n'.join([TAKE, REDEEM]), UNDO)]
