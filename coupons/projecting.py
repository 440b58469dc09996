"""When a coupon runs out, if people go on as they did lately. Nothing is said of little history."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from django.db.models import Min, Sum

from coupons.models import Coupon, CouponUse, Tally
from coupons.stock import Stock

LOOKED_BACK = 28  # days: four of each weekday
SHORTEST = 7  # less is no pace
BUSY = 3  # days on which something happened: one mailing is no pace either
FEWEST = 10  # codes or uses
FARTHEST = 366  # days: after that it is a guess


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """On which day the last code or use would go, in the coupon's time zone."""

    day: date
    what: Literal["codes", "uses"]
    days: int  # over which the pace was taken


@dataclass(frozen=True, slots=True)
class Spent:
    """What a day took from the stock, and from the uses in all."""

    codes: int
    uses: int


def exhaustion_of(coupon: Coupon, stock: Stock | None, *, at: datetime) -> Exhaustion | None:
    """The first of what runs out before the coupon ends; three small queries at most."""
    if coupon.status != Coupon.Status.ACTIVE:
        return None
    zone = ZoneInfo(coupon.timezone)
    today = at.astimezone(zone).date()
    first = Tally.objects.filter(coupon=coupon).aggregate(day=Min("day"))["day"]
    if first is None:
        return None
    since = max(first, today - timedelta(days=LOOKED_BACK))
    spent = spent_between(coupon, since, today)
    found = []
    if stock is not None:
        codes = [each.codes for each in spent]
        found.append((when_gone(stock["available"], codes, since, today), "codes"))
    if coupon.total_limit is not None:
        left = coupon.total_limit - CouponUse.objects.used_of([coupon.pk])[coupon.pk]
        found.append((when_gone(left, [each.uses for each in spent], since, today), "uses"))
    days = [(day, what) for day, what in found if day is not None]
    if not days:
        return None
    day, what = min(days)
    if coupon.end_at is not None and day >= coupon.end_at.astimezone(zone).date():
        return None
    return Exhaustion(day, "codes" if what == "codes" else "uses", (today - since).days)


def spent_between(coupon: Coupon, since: date, until: date) -> list[Spent]:
    """Of each day of `since` to before `until` on which anything happened."""
    tallies = Tally.objects.filter(coupon=coupon, day__gte=since, day__lt=until)
    days = tallies.order_by().values("day")
    sums = days.values_list(Sum("assigned"), Sum("uses"), Sum("delayed"))
    once = coupon.max_redemptions_per_code == 1
    # a code that was used without having been assigned went out of the stock all the same
    return [Spent(assigned + (uses - later) * once, uses) for assigned, uses, later in sums]


def when_gone(left: int, spent: list[int], since: date, today: date) -> date | None:
    """The day on which as many are gone; None when there is too little to go by."""
    taken, days = sum(spent), (today - since).days
    busy = sum(number > 0 for number in spent)
    if left <= 0 or days < SHORTEST or busy < BUSY or taken < FEWEST:
        return None
    full = -(-left * days // taken) - 1  # whole days before the one on which the last goes
    return today + timedelta(days=full) if full <= FARTHEST else None
