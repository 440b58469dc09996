"""Limits, each taken by one statement that finds room and fills it, and given back by another."""

from __future__ import annotations

import random

from django.db import connection
from django.db.models import F

from coupons.models import Coupon, CustomerUse

TAKE_TOTAL = "SELECT coupons_take_total(%s, %s, %s)"
# First from where more was used than there is room for, since a limit was lowered.
GIVE_TOTAL = """
UPDATE coupons_couponuse SET used = used - 1 WHERE id = (
    SELECT id FROM coupons_couponuse WHERE coupon_id = %s AND used > 0
    ORDER BY (room IS NOT NULL AND used > room) DESC, used DESC, slot LIMIT 1 FOR UPDATE
)
"""
TAKE_CUSTOMER = """
INSERT INTO coupons_customeruse (coupon_id, customer_key, used) VALUES (%s, %s, 1)
ON CONFLICT (coupon_id, customer_key) DO UPDATE SET used = coupons_customeruse.used + 1
WHERE %s::integer IS NULL OR coupons_customeruse.used < %s
"""


def take_total(coupon: Coupon) -> bool:
    """One use of the coupon; False when there is no room for it."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_TOTAL, [coupon.pk, coupon.total_limit is not None, start()])
        return bool(cursor.fetchone()[0])


def give_total(coupon_pk: int) -> None:
    changed(GIVE_TOTAL, coupon_pk)


def take_customer(coupon: Coupon, customer_key: str) -> bool:
    """One use by this customer; False when they have had all of theirs."""
    most = coupon.max_redemptions_per_customer
    return changed(TAKE_CUSTOMER, coupon.pk, customer_key, most, most)


def give_customer(coupon_pk: int, customer_key: str) -> None:
    rows = CustomerUse.objects.filter(coupon_id=coupon_pk, customer_key=customer_key, used__gt=0)
    rows.update(used=F("used") - 1)


def changed(statement: str, *values: str | int | None) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return bool(cursor.rowcount)


def start() -> int:
    """Where to look for room first, so that not all look in the same place."""
    return random.randrange(16)  # noqa: S311 (no secret)
