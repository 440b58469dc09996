"""Keeping a use for a while: taken at once, and given back when it lapses."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from accounts.journal import Actor
from coupons.finding import Ambiguous, Found, find
from coupons.judging import Reason, Refused, judge, read_numbers
from coupons.locking import lock_standing, mark_code_used
from coupons.models import Coupon, Hold
from coupons.taking import give_customer, give_total, take_customer, take_total

SHORTEST, LONGEST, USUAL = timedelta(seconds=1), timedelta(days=7), timedelta(minutes=15)
AT_ONCE = 1_000


class HoldSpent(Exception):
    """What this name held was redeemed, or it holds another code."""


def hold(
    code: str,
    *,
    coupon_code: str = "",
    customer_key: str = "",
    lasting: timedelta = USUAL,
    source: str,
    name: str,
    by: Actor = None,
    at: datetime,
) -> Hold:
    """Keep a use, or keep it longer when `name` keeps it already. Raises Refused or HoldSpent."""
    try:
        found = find(code, coupon_code, by=by)
    except Ambiguous:
        raise Refused(Reason.AMBIGUOUS_CODE) from None
    if found is None:
        raise Refused(Reason.CODE_UNKNOWN)
    try:
        with transaction.atomic():
            return hold_locked(
                found, customer_key, expires_at=at + lasting, source=source, name=name, at=at
            )
    except IntegrityError:  # the same name, twice at the same moment
        raise HoldSpent from None


def hold_locked(
    found: Found, customer_key: str, *, expires_at: datetime, source: str, name: str, at: datetime
) -> Hold:
    lock_standing(found, at=at)
    row = Hold.objects.select_for_update().filter(source=source, name=name).first()
    if row and (row.coupon_id, row.code_id) != (found.coupon.pk, found.code and found.code.pk):
        raise HoldSpent
    if row and row.ended_at is None and row.expires_at > at:
        row.expires_at = expires_at
        row.save(update_fields=("expires_at",))
        return row
    if row and row.end == Hold.End.REDEEMED:
        raise HoldSpent
    if row and row.ended_at is None:
        give_back(row, Hold.End.LAPSED, at=at)
    check(found, customer_key, at=at)
    mark_code_used(found.coupon)
    if customer_key and not take_customer(found.coupon, customer_key):
        raise Refused(Reason.LIMIT_CUSTOMER)
    if not take_total(found.coupon):
        raise Refused(Reason.LIMIT_TOTAL)
    row = row or Hold(source=source, name=name, created_at=at)
    row.coupon, row.code, row.customer_key = found.coupon, found.code, customer_key
    row.expires_at, row.ended_at, row.end = expires_at, None, ""
    row.save()
    return row


def check(found: Found, customer_key: str, *, at: datetime) -> None:
    numbers = read_numbers(found, customer_key=customer_key, at=at)
    verdict = judge(found, numbers, customer_key=customer_key, redeemed_on=at, now=at)
    if verdict.reasons:
        raise Refused(verdict.reasons[0])


def live(found: Found, name: str, *, source: str, at: datetime) -> Hold | None:
    """The hold with this id or name, if it keeps a use of this code still."""
    holds = Hold.objects.live_at(at).filter(source=source)
    return holds.filter(named(name), coupon=found.coupon, code=found.code).first()


def named(name: str) -> Q:
    try:
        return Q(name=name) | Q(pk=uuid.UUID(name))
    except ValueError:
        return Q(name=name)


def end(row: Hold, how: Hold.End, *, at: datetime) -> bool:
    """End a hold that has not ended; says whether it did."""
    return bool(Hold.objects.filter(pk=row.pk, ended_at=None).update(ended_at=at, end=how))


def give_back(row: Hold, how: Hold.End, *, at: datetime) -> bool:
    """End a hold and give back what it took; says whether it did."""
    if not end(row, how, at=at):
        return False
    if row.customer_key:
        give_customer(row.coupon_id, row.customer_key)
    give_total(row.coupon_id)
    return True


def lapse(*, at: datetime, coupon: Coupon | None = None) -> int:
    """Give back what has been held for too long; says how many uses."""
    lapsed = Hold.objects.lapsed_at(at)
    if coupon is not None:
        lapsed = lapsed.filter(coupon=coupon)
    with transaction.atomic():
        rows = lapsed.order_by("pk").select_for_update(skip_locked=True)[:AT_ONCE]
        return sum(give_back(row, Hold.End.LAPSED, at=at) for row in rows)
