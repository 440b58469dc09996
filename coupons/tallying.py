"""Adding up what the database notes of assignments and uses, and counting it all again."""

from __future__ import annotations

from django.db import connection, transaction

from coupons.models import Coupon, Tally

# Whoever adds up a coupon's rows and whoever counts them again wait for each other: both take rows
# away and put others in their place.
ONE_AT_A_TIME = "SELECT pg_advisory_xact_lock(7306003, %s)"
ALIKE = "coupon_id, day, delivery, channel, segment, store, currency"
COUNTS = ("assigned", "redeemed", "uses", "reversals", "amount", "discount", "delay", "delayed")
ADD_UP = f"""
WITH taken AS (
    DELETE FROM coupons_tally WHERE coupon_id = %s AND NOT is_sum RETURNING *
)
INSERT INTO coupons_tally AS t ({ALIKE}, is_sum, {", ".join(COUNTS)})
SELECT {ALIKE}, true, {", ".join(f"sum({name})" for name in COUNTS)} FROM taken
GROUP BY {ALIKE}
ON CONFLICT ({ALIKE}) WHERE is_sum DO UPDATE SET
    {", ".join(f"{name} = t.{name} + excluded.{name}" for name in COUNTS)}
"""  # noqa: S608 (our own words)
# The rows behind it, in one statement, which sees one moment: what others add meanwhile stays.
ASSIGNED = """
SELECT t.coupon_id, (t.issued_at AT TIME ZONE c.timezone)::date AS day, t.delivery, t.channel,
       s.segment, '' AS store, '' AS currency, count(*) AS assigned,
       count(*) FILTER (WHERE t.redemption_count > 0) AS redeemed,
       0 AS uses, 0 AS reversals, 0 AS amount, 0 AS discount, 0 AS delay, 0 AS delayed
FROM coupons_standing t JOIN coupons_shelf s ON s.id = t.shelf_id
JOIN coupons_coupon c ON c.id = t.coupon_id
WHERE t.issued_at IS NOT NULL AND NOT s.is_proof
  AND (%(coupon)s::bigint IS NULL OR t.coupon_id = %(coupon)s) GROUP BY 1, 2, 3, 4, 5
"""
USED = """
SELECT u.coupon_id, (u.redeemed_on AT TIME ZONE c.timezone)::date, u.delivery,
       coalesce(t.channel, ''), coalesce(s.segment, ''), u.store, u.currency, 0, 0,
       count(*) FILTER (WHERE b.id IS NULL), count(b.id),
       coalesce(sum(u.amount) FILTER (WHERE b.id IS NULL), 0),
       coalesce(sum(u.discount) FILTER (WHERE b.id IS NULL), 0),
       coalesce(sum(extract(epoch FROM u.redeemed_on - t.issued_at)::bigint)
                FILTER (WHERE b.id IS NULL), 0),
       count(*) FILTER (WHERE b.id IS NULL AND t.issued_at IS NOT NULL)
FROM coupons_redemption u JOIN coupons_coupon c ON c.id = u.coupon_id
LEFT JOIN coupons_redemption b ON b.of_id = u.id
LEFT JOIN coupons_code k ON k.id = u.code_id
LEFT JOIN coupons_shelf s ON s.id = k.shelf_id
LEFT JOIN coupons_standing t ON t.code_id = u.code_id
WHERE u.kind = 'redeem' AND NOT 'specimen_code' = ANY(u.flags) AND s.is_proof IS NOT true
  AND (%(coupon)s::bigint IS NULL OR u.coupon_id = %(coupon)s) GROUP BY 1, 2, 3, 4, 5, 6, 7
"""
COUNT_AGAIN = f"""
WITH gone AS (DELETE FROM coupons_tally WHERE coupon_id = %(coupon)s)
INSERT INTO coupons_tally ({ALIKE}, {", ".join(COUNTS)}) {ASSIGNED} UNION ALL {USED}
"""  # noqa: S608 (our own words)
# For `coupons.checking`; days and segments are left out, since codes may change their segment.
SUMS = ", ".join(f"sum({name})::numeric AS {name}" for name in COUNTS)
COUNTED = ", ".join(f"coalesce(e.{name}, 0)" for name in COUNTS)
TALLIED = ", ".join(f"coalesce(t.{name}, 0)" for name in COUNTS)
DIFFERENCES = f"""
SELECT s.id, 'figures', concat_ws('/', {COUNTED}), concat_ws('/', {TALLIED})
FROM coupons_coupon s
LEFT JOIN (SELECT coupon_id, {SUMS} FROM ({ASSIGNED} UNION ALL {USED}) b GROUP BY 1) e
    ON e.coupon_id = s.id
LEFT JOIN (SELECT coupon_id, {SUMS} FROM coupons_tally GROUP BY 1) t ON t.coupon_id = s.id
WHERE ({COUNTED}) <> ({TALLIED}) AND {{of_coupon}}
"""  # noqa: S608 (our own words)


def add_up(coupon_pk: int) -> None:
    """Put what was noted since the last time into one row for each day, store and so on."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, [coupon_pk])
        cursor.execute(ADD_UP, [coupon_pk])


def add_up_all() -> int:
    """The same for all coupons of which anything was noted; says how many."""
    noted = Tally.objects.filter(is_sum=False).order_by("coupon")
    pks = list(noted.values_list("coupon", flat=True).distinct())
    for pk in pks:
        add_up(pk)
    return len(pks)


def count_again(coupon: Coupon) -> None:
    """Forget what was added up and count the rows behind it, while others go on adding."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(ONE_AT_A_TIME, [coupon.pk])
        cursor.execute(COUNT_AGAIN, {"coupon": coupon.pk})
        cursor.execute(ADD_UP, [coupon.pk])
