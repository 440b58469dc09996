"""From when until when something can be used. Windows are half open: the end is no part of them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from coupons.models import Code, Coupon, Standing

MIDNIGHT = time(0, 0)


class Window(NamedTuple):
    start_at: datetime | None
    end_at: datetime | None

    def begins_after(self, at: datetime) -> bool:
        return self.start_at is not None and at < self.start_at

    def ends_before(self, at: datetime) -> bool:
        return self.end_at is not None and at >= self.end_at


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
    starts, ends = [coupon.start_at], [coupon.end_at]
    if code is not None:
        starts.append(code.shelf.start_at)
        ends.append(code.shelf.end_at)
    if standing is not None and standing.issued_at and coupon.validity_after_issue is not None:
        ends.append(standing.issued_at + coupon.validity_after_issue)
    return Window(max(given(starts), default=None), min(given(ends), default=None))


def given(moments: Iterable[datetime | None]) -> list[datetime]:
    return [moment for moment in moments if moment is not None]
