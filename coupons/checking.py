"""Rebuilding every count and every standing from the ledger, and telling what differs.

Each comparison is one statement, so that it sees one moment however much is going on. Nothing is
mended here: a count that drifts is a defect, and its cause has to be found.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog
from django.db import connection, transaction

from coupons.models import Coupon
from coupons.tallying import DIFFERENCES

log = structlog.get_logger("overture.coupons")
MOST = 100  # of one kind; more of them tell nothing more


@dataclass(frozen=True, slots=True)
class Drift:
    """Something that is not as the rows behind it say. `subject` never is a code's text."""

    kind: str
    coupon: int
    subject: str
    expected: str
    found: str


# Each gives (coupon, subject, expected, found) of what differs; `of` narrows to one coupon.
CHECKS = {
    "shelf": """
        SELECT s.coupon_id, 'shelf ' || s.id, concat_ws('/', c.n, c.n - t.n - p.n),
               concat_ws('/', s.total, s.free)
        FROM coupons_shelf s,
             LATERAL (SELECT count(*) AS n FROM coupons_code WHERE shelf_id = s.id) c,
             LATERAL (SELECT coalesce(sum(reserved + issued + redeemed + void + touched), 0) AS n
                      FROM coupons_stockcount WHERE shelf_id = s.id) t,
             LATERAL (SELECT coalesce(sum(remaining), 0) AS n
                      FROM coupons_promise WHERE shelf_id = s.id) p
        WHERE (s.total, s.free) <> (c.n, c.n - t.n - p.n) AND {of}
    """,
    "stock": """
        SELECT s.coupon_id, 'shelf ' || c.shelf_id || ' part ' || c.shard,
               concat_ws('/', coalesce(r.touched, 0), coalesce(r.reserved, 0),
                         coalesce(r.issued, 0), coalesce(r.redeemed, 0), coalesce(r.void, 0)),
               concat_ws('/', c.touched, c.reserved, c.issued, c.redeemed, c.void)
        FROM coupons_stockcount c JOIN coupons_shelf s ON s.id = c.shelf_id
        LEFT JOIN (
            SELECT shelf_id, code_id %% 16 AS shard,
                   count(*) FILTER (WHERE status = 'available') AS touched,
                   count(*) FILTER (WHERE status = 'reserved') AS reserved,
                   count(*) FILTER (WHERE status = 'issued') AS issued,
                   count(*) FILTER (WHERE status = 'redeemed') AS redeemed,
                   count(*) FILTER (WHERE status = 'void') AS void
            FROM coupons_standing GROUP BY 1, 2
        ) r ON r.shelf_id = c.shelf_id AND r.shard = c.shard
        WHERE (c.touched, c.reserved, c.issued, c.redeemed, c.void)
              <> (coalesce(r.touched, 0), coalesce(r.reserved, 0), coalesce(r.issued, 0),
                  coalesce(r.redeemed, 0), coalesce(r.void, 0)) AND {of}
    """,
    "standing": """
        SELECT s.coupon_id, 'code ' || s.id, coalesce(e.after, 'available'),
               coalesce(t.status, 'available')
        FROM coupons_code s
        LEFT JOIN coupons_standing t ON t.code_id = s.id
        LEFT JOIN (SELECT DISTINCT ON (code_number) code_number, after FROM coupons_codeevent
                   ORDER BY code_number, number DESC) e ON e.code_number = s.id
        WHERE coalesce(e.after, 'available') <> coalesce(t.status, 'available') AND {of}
    """,
    "ledger": """
        SELECT m.coupon_id, 'code ' || e.code_number, e.expected, e.before FROM (
            SELECT code_number, movement_id, before,
                   lag(after, 1, 'available') OVER (PARTITION BY code_number ORDER BY number)
                       AS expected
            FROM coupons_codeevent
        ) e LEFT JOIN coupons_movement m ON m.id = e.movement_id
        LEFT JOIN coupons_coupon s ON s.id = m.coupon_id
        WHERE (e.expected <> e.before OR m.id IS NULL) AND {of_movement}
    """,
    "shelf of a standing": """
        SELECT s.coupon_id, 'code ' || s.id, s.shelf_id::text, t.shelf_id::text
        FROM coupons_code s JOIN coupons_standing t ON t.code_id = s.id
        WHERE (s.shelf_id, s.coupon_id) <> (t.shelf_id, t.coupon_id) AND {of}
    """,
    "uses of a code": """
        SELECT s.coupon_id, 'code ' || s.code_id,
               concat_ws('/', coalesce(r.n, 0), r.first, r.last),
               concat_ws('/', s.redemption_count, s.redeemed_on, s.last_redeemed_on)
        FROM coupons_standing s
        LEFT JOIN (
            SELECT u.code_id, count(*) AS n, min(u.redeemed_on) AS first,
                   max(u.redeemed_on) AS last
            FROM coupons_redemption u
            WHERE u.kind = 'redeem' AND u.code_id IS NOT NULL
              AND NOT EXISTS (SELECT FROM coupons_redemption b WHERE b.of_id = u.id)
            GROUP BY 1
        ) r ON r.code_id = s.code_id
        WHERE (s.redemption_count, s.redeemed_on, s.last_redeemed_on)
              IS DISTINCT FROM (coalesce(r.n, 0), r.first, r.last) AND {of}
    """,
    "uses of a coupon": """
        SELECT s.coupon_id, 'coupon ' || s.coupon_id, (coalesce(r.n, 0) + coalesce(h.n, 0))::text,
               s.used::text
        FROM (SELECT coupon_id, sum(used) AS used FROM coupons_couponuse GROUP BY 1) s
        LEFT JOIN (
            SELECT u.coupon_id, count(*) AS n FROM coupons_redemption u
            WHERE u.kind = 'redeem' AND NOT 'specimen_code' = ANY(u.flags)
              AND NOT EXISTS (SELECT FROM coupons_redemption b WHERE b.of_id = u.id)
            GROUP BY 1
        ) r ON r.coupon_id = s.coupon_id
        LEFT JOIN (SELECT coupon_id, count(*) AS n FROM coupons_hold
                   WHERE ended_at IS NULL GROUP BY 1) h ON h.coupon_id = s.coupon_id
        WHERE s.used <> coalesce(r.n, 0) + coalesce(h.n, 0) AND {of}
    """,
    "uses by a customer": """
        SELECT s.coupon_id, 'count ' || s.id, coalesce(r.n, 0)::text, s.used::text
        FROM coupons_customeruse s
        LEFT JOIN (
            SELECT coupon_id, customer_key, count(*) AS n FROM (
                SELECT u.coupon_id, u.customer_key FROM coupons_redemption u
                WHERE u.kind = 'redeem' AND u.customer_key <> ''
                  AND NOT 'specimen_code' = ANY(u.flags)
                  AND NOT EXISTS (SELECT FROM coupons_redemption b WHERE b.of_id = u.id)
                UNION ALL
                SELECT coupon_id, customer_key FROM coupons_hold
                WHERE ended_at IS NULL AND customer_key <> ''
            ) each_use GROUP BY 1, 2
        ) r ON r.coupon_id = s.coupon_id AND r.customer_key = s.customer_key
        WHERE s.used <> coalesce(r.n, 0) AND {of}
    """,
    "figures": DIFFERENCES,
    "room": """
        SELECT s.id, 'coupon ' || s.id, coupons_total_limit(s)::text, u.room::text
        FROM coupons_coupon s,
             LATERAL (SELECT sum(room) AS room, count(*) AS slots FROM coupons_couponuse
                      WHERE coupon_id = s.id) u
        WHERE (u.room IS DISTINCT FROM coupons_total_limit(s) OR u.slots <> 16) AND {of_coupon}
    """,
}


def check(coupon: Coupon | None = None) -> list[Drift]:
    """All that differs, of one coupon or of all."""
    pk = coupon.pk if coupon else None
    drifts = []
    for kind, statement in CHECKS.items():
        text = statement.format(
            of="(%(coupon)s::bigint IS NULL OR s.coupon_id = %(coupon)s)",
            of_coupon="(%(coupon)s::bigint IS NULL OR s.id = %(coupon)s)",
            of_movement="(%(coupon)s::bigint IS NULL OR m.coupon_id = %(coupon)s)",
        )
        with transaction.atomic(), connection.cursor() as cursor:
            if coupon is None:  # of all, no row is looked up by itself: a server that has not
                cursor.execute("SET LOCAL enable_nestloop = off")  # analysed yet would do so
            cursor.execute(f"{text} ORDER BY 1, 2 LIMIT {MOST}", {"coupon": pk})
            drifts += [Drift(kind, *row) for row in cursor.fetchall()]
            cursor.execute("SET LOCAL enable_nestloop = DEFAULT")
    return drifts


def check_and_tell() -> list[Drift]:
    """Check all coupons; what differs is an error in the log."""
    drifts = check()
    for drift in drifts:
        log.error(
            "coupons.drift",
            kind=drift.kind,
            coupon=drift.coupon,
            subject=drift.subject,
            expected=drift.expected,
            found=drift.found,
        )
    return drifts
