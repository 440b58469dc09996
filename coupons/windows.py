"""From when until when something can be used. Windows are half open: the end is no part of them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from coupons.models import Code, Coupon, Standing

MIDNIGHT = time(0, 0)
LASTING = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,9})s)?\Z")


class Window(NamedTuple):
    start_at: datetime | None
    end_at: datetime | None

    def begins_after(self, at: datetime) -> bool:
        return self.start_at is not None and at < self.start_at

    def ends_before(self, at: datetime) -> bool:
        return self.end_at is not None and at >= self.end_at


ALWAYS = Window(None, None)


def start_of(day: date, zone: str) -> datetime:
    """When a day begins there, also where that is not at midnight."""
    return datetime.combine(day, MIDNIGHT, ZoneInfo(zone))


def end_of(day: date, zone: str) -> datetime:
    """When a day has ended there, itself included: it may have 23 or 25 hours."""
    return start_of(day + timedelta(days=1), zone)


def last_day(end_at: datetime | None, zone: str) -> date | None:
    """The last day that counts in full, when something ends at its end."""
    if end_at is None:
        return None
    day = end_at.astimezone(ZoneInfo(zone)).date()
    return day - timedelta(days=1) if start_of(day, zone) == end_at else None


def effective(coupon: Coupon, code: Code | None = None, standing: Standing | None = None) -> Window:
    """What is left when the coupon's, the code's own, and the time since it was sent are heeded."""
    own = Window(code.shelf.start_at, code.shelf.end_at) if code is not None else ALWAYS
    return narrowed(coupon, own, standing.issued_at if standing is not None else None)


def narrowed(coupon: Coupon, own: Window, issued_at: datetime | None) -> Window:
    """The same of a code of which only this much was read."""
    ends = [coupon.end_at, own.end_at]
    if issued_at is not None and coupon.validity_after_issue is not None:
        ends.append(issued_at + coupon.validity_after_issue)
    starts = given([coupon.start_at, own.start_at])
    return Window(max(starts, default=None), min(given(ends), default=None))


def given(moments: Iterable[datetime | None]) -> list[datetime]:
    return [moment for moment in moments if moment is not None]


def read_lasting(value: str | int) -> timedelta:
    """`3d`, `72h`, `1d12h`, or seconds; anything else is a ValueError."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        value = int(value)
    if isinstance(value, int) and 0 < value < 10**9:
        return timedelta(seconds=value)
    found = LASTING.match(value) if isinstance(value, str) and value else None
    if found is None:
        raise ValueError(value)
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def lasting_in_words(lasting: timedelta | None) -> str | None:
    if lasting is None:
        return None
    seconds = int(lasting.total_seconds())
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = ((days, "d"), (hours, "h"), (minutes, "m"), (rest, "s"))
    return "".join(f"{number}{unit}" for number, unit in parts if number) or "0s"
