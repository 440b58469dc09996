"""Limits, each taken by one statement that finds room and fills it, and given back by another."""

from __future__ import annotations

import random

from django.db import connection, transaction
from django.db.models import F

from coupons.models import Coupon, CustomerUse

# Any row with room will do. Those that somebody is just writing are passed over at first, and
# waited for only when there is room nowhere else; then in one order for all, since rows that are
# full by the time they are locked stay locked.
TAKE_AT_ONCE = """
UPDATE coupons_couponuse SET used = used + 1 WHERE id = (
    SELECT id FROM coupons_couponuse
    WHERE coupon_id = %s AND (room IS NULL OR used < room)
    ORDER BY (slot + %s) %% 16 LIMIT 1 FOR UPDATE SKIP LOCKED
)
"""
TAKE_WAITING = """
UPDATE coupons_couponuse SET used = used + 1 WHERE id = (
    SELECT id FROM coupons_couponuse
    WHERE coupon_id = %s AND (room IS NULL OR used < room)
    ORDER BY slot LIMIT 1 FOR UPDATE
)
"""
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


class NoRoomAtOnce(Exception):
    """Wherever there may be room somebody is just writing."""


def take_total(coupon: Coupon) -> bool:
    """One use of the coupon; False when there is no room for it."""
    if coupon.total_limit is None:  # there is room in each, so none is locked in vain
        return changed(TAKE_AT_ONCE, coupon.pk, start()) or changed(TAKE_WAITING, coupon.pk)
    try:
        with transaction.atomic():
            if not changed(TAKE_AT_ONCE, coupon.pk, start()):
                raise NoRoomAtOnce
    except NoRoomAtOnce:  # and no lock is kept from having looked
        return changed(TAKE_WAITING, coupon.pk)
    return True


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
    return random.randrange(16)  # noqa: S311 (no secret)
