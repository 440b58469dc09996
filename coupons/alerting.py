"""Coupons that want somebody's attention: their codes run out, or their time does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from coupons.models import Coupon, CouponQuerySet
from coupons.reporting import is_low
from coupons.stock import Stock, stocks_of

SOON = timedelta(days=7)


def low(coupons: CouponQuerySet) -> Mapping[int, Stock]:
    """Those of them that are low, by key, with what is left; only those in use."""
    watched = list(
        coupons.filter(
            status=Coupon.Status.ACTIVE,
            type=Coupon.Type.INDIVIDUAL,
            low_stock_threshold__isnull=False,
        )
    )
    stocks = stocks_of([coupon.pk for coupon in watched])
    return {coupon.pk: stocks[coupon.pk] for coupon in watched if is_low(coupon, stocks[coupon.pk])}


def ending(coupons: CouponQuerySet, *, at: datetime) -> CouponQuerySet:
    """Those in use that end within a week."""
    return coupons.usable_at(at).filter(end_at__lte=at + SOON)
