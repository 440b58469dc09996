from django.db import migrations

# A reversal, stored whole: what it is told is its row. That it is the only one is a constraint.
# Locks are taken in the order in which `coupons_redeem` takes them.
REVERSE = '''
CREATE FUNCTION coupons_reverse(told jsonb) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    made coupons_redemption := jsonb_populate_record(NULL::coupons_redemption, told);
    is_specimen boolean;
    was text;
    movement bigint;
BEGIN
    IF made.code_id IS NOT NULL THEN
        SELECT status INTO was FROM coupons_standing WHERE code_id = made.code_id FOR UPDATE;
    END IF;
    SELECT customer_key, 'specimen_code' = ANY (flags) INTO made.customer_key, is_specimen
        FROM coupons_redemption WHERE id = made.of_id;
    INSERT INTO coupons_redemption SELECT made.*;
    IF is_specimen THEN
        RETURN;
    END IF;
    IF made.customer_key <> '' THEN
        UPDATE coupons_customeruse SET used = used - 1
            WHERE coupon_id = made.coupon_id AND customer_key = made.customer_key AND used > 0;
    END IF;
    PERFORM coupons_give_total(made.coupon_id);
    IF was IS NULL THEN
        RETURN;
    END IF;
    IF was = 'redeemed' THEN
        INSERT INTO coupons_movement (kind, coupon_id, at, by_id, key_id, delivery, redemption, reason)
            VALUES ('roll_back', made.coupon_id, made.recorded_at, made.by_id, made.key_id, '',
                    made.id, '')
            RETURNING id INTO movement;
        PERFORM set_config('coupons.movement', movement::text, true);
    END IF;
    UPDATE coupons_standing t SET
        status = CASE WHEN was = 'redeemed' THEN t.status_before ELSE t.status END,
        status_before = CASE WHEN was = 'redeemed' THEN '' ELSE t.status_before END,
        redemption_count = t.redemption_count - 1,
        redeemed_on = u.first, last_redeemed_on = u.last,
        changed_at = made.recorded_at
        FROM (SELECT min(r.redeemed_on) AS first, max(r.redeemed_on) AS last
              FROM coupons_redemption r
              WHERE r.code_id = made.code_id AND r.kind = 'redeem'
                AND NOT EXISTS (SELECT FROM coupons_redemption b WHERE b.of_id = r.id)) u
        WHERE t.code_id = made.code_id;
    IF was = 'redeemed' THEN
        PERFORM set_config('coupons.movement', '', true);
    END IF;
END
$$;
'''

# First from where more was used than there is room for, since a limit was lowered.
GIVE = '''
CREATE FUNCTION coupons_give_total(coupon bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    UPDATE coupons_couponuse SET used = used - 1 WHERE id = (
        SELECT id FROM coupons_couponuse WHERE coupon_id = coupon AND used > 0
        ORDER BY (room IS NOT NULL AND used > room) DESC, used DESC, slot
        LIMIT 1 FOR NO KEY UPDATE
    );
END
$$;
'''

UNDO = '''
DROP FUNCTION coupons_reverse(jsonb);
DROP FUNCTION coupons_give_total(bigint);
'''


class Migration(migrations.Migration):

    dependencies = [('coupons', '0006_redeeming')]

    operations = [migrations.RunSQL('\n'.join([GIVE, REVERSE]), UNDO)]
