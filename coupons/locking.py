"""Holding a code so that nobody else changes what becomes of it until the commit."""

from __future__ import annotations

from datetime import datetime

from django.db import IntegrityError, transaction

from coupons.finding import Found
from coupons.judging import Reason, Refused
from coupons.models import Code, Coupon, Standing
from coupons.moving import lock_shelves

LOCK = "SELECT * FROM coupons_standing WHERE code_id = %s FOR UPDATE"


def lock_standing(found: Found, *, at: datetime) -> None:
    """Lock the code's standing and read it again.

    A code in stock gets one only where it may be used as it is: it leaves the stock by that and is
    given to nobody else. Raises Refused when all that is left is promised.
    """
    code = found.code
    if code is None:
        return
    standing = next(iter(Standing.objects.raw(LOCK, [code.pk])), None)
    if standing is None:
        if not found.coupon.accept_unissued:
            return
        standing = touched(code, at=at)
    code.standing = standing


def touched(code: Code, *, at: datetime) -> Standing:
    """The standing of a code that was in stock a moment ago."""
    lock_shelves([code.shelf_id])
    begun = Standing(
        code=code,
        coupon_id=code.coupon_id,
        shelf_id=code.shelf_id,
        status=Standing.Status.AVAILABLE,
        changed_at=at,
    )
    try:
        with transaction.atomic():
            Standing.objects.bulk_create([begun], ignore_conflicts=True)
    except IntegrityError:
        raise Refused(Reason.ON_HOLD) from None
    return Standing.objects.select_for_update().get(code=code)


def mark_code_used(coupon: Coupon) -> None:
    """From the first use on the coupon's own code stays as it is."""
    if not coupon.is_code_frozen:
        Coupon.objects.filter(pk=coupon.pk, is_code_frozen=False).update(is_code_frozen=True)
        coupon.is_code_frozen = True
