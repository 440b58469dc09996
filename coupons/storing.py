"""Writing many codes at once: what imports, generation and people's additions share.

The database counts what is written and refuses what it must (migration `0002_guards`). Two jobs may
write to one coupon at the same time: whoever is second finds its code taken.
"""

from __future__ import annotations

from datetime import datetime

from django.db.backends.utils import CursorWrapper
from psycopg import sql

# What `rows` must have, in any order; NULL stands for nothing in all but the first four.
COLUMNS = (
    "coupon_id",
    "batch_id",
    "code",
    "code_norm",
    "label",
    "segment",
    "start_at",
    "end_at",
    "max_redemptions",
    "restricted_to",
    "external_id",
    "attributes",
)

MAKE_SHELVES = sql.SQL(
    "INSERT INTO coupons_shelf (coupon_id, segment, start_at, end_at, is_restricted, is_proof) "
    "SELECT DISTINCT r.coupon_id, coalesce(r.segment, ''), r.start_at, r.end_at, "
    "coalesce(r.restricted_to, '') <> '', {is_proof} FROM ({rows}) r ORDER BY 1, 2, 3, 4, 5 "
    "ON CONFLICT DO NOTHING"
)
INSERT = sql.SQL(
    "INSERT INTO coupons_code (coupon_id, shelf_id, batch_id, code, code_norm, label, "
    "max_redemptions, restricted_to, external_id, attributes) "
    "SELECT r.coupon_id, s.id, r.batch_id, r.code, r.code_norm, coalesce(r.label, ''), "
    "r.max_redemptions, coalesce(r.restricted_to, ''), coalesce(r.external_id, ''), r.attributes "
    "FROM ({rows}) r JOIN coupons_shelf s ON s.coupon_id = r.coupon_id "
    "AND s.segment = coalesce(r.segment, '') "
    "AND coalesce(s.start_at, '-infinity') = coalesce(r.start_at, '-infinity') "
    "AND coalesce(s.end_at, 'infinity') = coalesce(r.end_at, 'infinity') "
    "AND s.is_restricted = (coalesce(r.restricted_to, '') <> '') AND s.is_proof = {is_proof} "
    # the option is asked for once, not for each row
    "WHERE NOT ((SELECT coupons_codes_are_unique_globally()) "
    "AND EXISTS (SELECT FROM coupons_coupon c "
    "WHERE c.code_norm = r.code_norm AND c.type = 'anonymous')) "
    "ORDER BY r.code_norm ON CONFLICT DO NOTHING RETURNING coupon_id, code_norm"
)


def store_codes(cursor: CursorWrapper, rows: sql.Composable, *, is_proof: bool = False) -> int:
    """Add the codes of `rows`, a SELECT of COLUMNS that is read twice, but for those taken.

    Returns how many were added; the cursor then holds (coupon_id, code_norm) of each. Texts are
    normalised and checked already, and `rows` has no code twice.
    """
    proof = sql.Literal(is_proof)
    cursor.execute(MAKE_SHELVES.format(rows=rows, is_proof=proof))
    cursor.execute(INSERT.format(rows=rows, is_proof=proof))
    return int(cursor.rowcount)


def row_of(
    *,
    coupon_id: int,
    batch_id: int,
    code: str,
    code_norm: str,
    label: str = "",
    segment: str = "",
    start_at: datetime | None = None,
    end_at: datetime | None = None,
    max_redemptions: int | None = None,
    restricted_to: str = "",
) -> sql.Composable:
    """One code as `store_codes` wants it."""
    return sql.SQL(
        "SELECT {}::bigint AS coupon_id, {}::bigint AS batch_id, {}::text AS code, "
        "{}::text AS code_norm, {}::text AS label, {}::text AS segment, "
        "{}::timestamptz AS start_at, {}::timestamptz AS end_at, {}::integer AS max_redemptions, "
        "{}::text AS restricted_to, NULL::text AS external_id, NULL::jsonb AS attributes"
    ).format(
        *map(
            sql.Literal,
            (
                coupon_id,
                batch_id,
                code,
                code_norm,
                label,
                segment,
                start_at,
                end_at,
                max_redemptions,
                restricted_to,
            ),
        )
    )
