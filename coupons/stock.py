"""How many codes there are of which kind, from counts that the database keeps: exact at once."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from django.db import connection

from coupons.models import Coupon

STATUSES = ("available", "reserved", "issued", "redeemed", "void")
Stock = dict[str, int]  # `total`, and each of STATUSES

# A shelf's total counts once, its standings in sixteen rows.
STATEMENT = """
SELECT s.coupon_id, s.segment, sum(s.total), sum(s.free),
       sum(c.reserved), sum(c.issued), sum(c.redeemed), sum(c.void)
FROM coupons_shelf s
JOIN LATERAL (
    SELECT sum(reserved) AS reserved, sum(issued) AS issued, sum(redeemed) AS redeemed,
           sum(void) AS void
    FROM coupons_stockcount WHERE shelf_id = s.id
) c ON true
WHERE s.coupon_id = ANY(%s) GROUP BY 1, 2
"""


def stock_of(coupon: Coupon) -> Stock:
    """`total`, `available`, `reserved`, `issued`, `redeemed`, `void` of one coupon."""
    return stocks_of([coupon.pk])[coupon.pk]


def stocks_of(coupons: Collection[int]) -> Mapping[int, Stock]:
    """The same of several, by primary key, in one query; nothing but zeros where there are none."""
    found = {pk: dict.fromkeys(("total", *STATUSES), 0) for pk in coupons}
    for pk, _segment, stock, _free in counted(coupons):
        for name, number in stock.items():
            found[pk][name] += number
    return found


def stock_by_segment(coupon: Coupon) -> Mapping[str, Stock]:
    """The stock of each segment, by its name."""
    return {segment: stock for _pk, segment, stock, _free in counted([coupon.pk])}


def free_of(coupon: Coupon) -> int:
    """How many codes nobody has, holds or was promised, whatever their dates."""
    return sum(free for _pk, _segment, _stock, free in counted([coupon.pk]))


def counted(coupons: Collection[int]) -> list[tuple[int, str, Stock, int]]:
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, [list(coupons)])
        rows = cursor.fetchall()
    return [
        (pk, segment, {"total": int(total), **statuses(int(total), *map(int, counts))}, int(free))
        for pk, segment, total, free, *counts in rows
    ]


def statuses(total: int, reserved: int, issued: int, redeemed: int, void: int) -> Stock:
    counts = (total - reserved - issued - redeemed - void, reserved, issued, redeemed, void)
    return dict(zip(STATUSES, counts, strict=True))
