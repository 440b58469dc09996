"""Between the analysis of a delivery and its start: whether what was reserved is still good."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from coupons.allotting import reserved_for
from coupons.models import Coupon, Reservation, Shelf
from coupons.obstacles import Obstacle, obstacle_of


@dataclass(frozen=True, slots=True)
class Hindrance:
    """A coupon that stands in the way of a delivery which was ready."""

    coupon: Coupon
    slot: int
    obstacle: Obstacle


def hindrances_of(
    delivery: str, *, slots: Collection[int], until: datetime | None = None
) -> list[Hindrance]:
    """What has changed since the analysis, for each of the slots that take codes of pools.

    The coupon is active and lasts, and every message still has a code that is good at its time.
    `until`: when the last message leaves, if that is later than the analysis thought.
    """
    held = Reservation.objects.of_delivery(delivery).filter(state=Reservation.State.HELD)
    found = {each.slot: each for each in held.select_related("coupon")}
    last = Reservation.objects.filter(delivery=delivery).select_related("coupon").order_by("-pk")
    hindrances = []
    for slot in sorted(slots):
        reservation = found.get(slot)
        if reservation is None:  # it has lapsed, or its worker was lost
            ended = last.filter(slot=slot).first()
            if ended is not None:
                hindrances.append(Hindrance(ended.coupon, slot, Obstacle.CODES_MISSING))
            continue
        moment = max(reservation.valid_until, until or reservation.valid_until)
        obstacle = obstacle_of(reservation.coupon, until=moment)
        if obstacle is None and not has_all_codes(reservation, until=moment):
            obstacle = Obstacle.CODES_MISSING
        if obstacle:
            hindrances.append(Hindrance(reservation.coupon, slot, obstacle))
    return hindrances


def has_all_codes(reservation: Reservation, *, until: datetime) -> bool:
    over = Shelf.objects.filter(coupon=reservation.coupon_id, end_at__lte=until)
    codes = reserved_for(reservation)
    return codes.exclude(shelf__in=over.values("pk")).count() == reservation.wanted


def keep(delivery: str) -> int:
    """Somebody has confirmed the delivery: its codes stay reserved until it is sent or stopped."""
    held = Reservation.objects.of_delivery(delivery).filter(state=Reservation.State.HELD)
    return held.update(expires_at=None)


class DateProblem(StrEnum):
    """What the dates of a delivery and of its coupon have to do with each other."""

    AFTER_END = "coupon_ends_before_contact"
    WAVE_AFTER_END = "coupon_ends_before_wave"
    BEFORE_START = "coupon_starts_after_contact"
    ENDS_EARLY = "coupon_ends_before_delivery"


ERRORS = {DateProblem.AFTER_END, DateProblem.WAVE_AFTER_END}


@dataclass(frozen=True, slots=True)
class DateRemark:
    """`wave` is counted from 1; `left` is how long the coupon lasts after the contact date."""

    problem: DateProblem
    wave: int | None = None
    left: timedelta | None = None

    @property
    def is_error(self) -> bool:
        return self.problem in ERRORS


def dates_of(
    coupon: Coupon,
    *,
    contact_at: datetime,
    waves: Collection[datetime] = (),
    valid_until: datetime | None = None,
) -> list[DateRemark]:
    """Errors first. `waves`: when each begins, the first of them included."""
    return sorted(
        remarks(coupon, contact_at, waves, valid_until), key=lambda each: not each.is_error
    )


def remarks(
    coupon: Coupon,
    contact_at: datetime,
    waves: Collection[datetime],
    valid_until: datetime | None,
) -> Iterator[DateRemark]:
    end_at = coupon.end_at
    if coupon.start_at is not None and contact_at < coupon.start_at:
        yield DateRemark(DateProblem.BEFORE_START)
    if end_at is None:
        return
    if contact_at >= end_at:
        yield DateRemark(DateProblem.AFTER_END)
        return
    for number, begins_at in enumerate(waves, start=1):
        if begins_at >= end_at:
            yield DateRemark(DateProblem.WAVE_AFTER_END, wave=number)
    if valid_until is not None and end_at < valid_until:
        yield DateRemark(DateProblem.ENDS_EARLY, left=end_at - contact_at)
