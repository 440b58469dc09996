"""Why codes of a coupon are not given out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from coupons.allotting import Shortage
from coupons.models import Coupon

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


class Obstacle(StrEnum):
    """Why a coupon cannot be given out at all, or not any more."""

    ANONYMOUS = "coupon_anonymous"
    NOT_ACTIVE = "coupon_suspended"
    ARCHIVED = "coupon_archived"
    AFTER_END = "after_end"
    CODES_MISSING = "codes_missing"


SENTENCES: Mapping[str, _StrOrPromise] = {
    Obstacle.ANONYMOUS: _("This coupon has one code for everybody: there is nothing to reserve."),
    Obstacle.NOT_ACTIVE: _("This coupon is not active."),
    Obstacle.ARCHIVED: _("This coupon is archived."),
    Obstacle.AFTER_END: _("This coupon ends before all messages have left."),
    Obstacle.CODES_MISSING: _("Some messages have lost their code: run the analysis again."),
}


class NotReservable(Exception):
    """Nothing can be reserved of this coupon, however many codes it has."""

    def __init__(self, coupon: Coupon, obstacle: Obstacle) -> None:
        super().__init__(obstacle.value)
        self.coupon = coupon
        self.obstacle = obstacle

    @property
    def sentence(self) -> str:
        return str(SENTENCES[self.obstacle])


class Insufficient(Exception):
    """There are too few codes; nothing is reserved. One shortage for each coupon that lacks any."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__("coupon_insufficient")
        self.shortages = list(shortages)


def obstacle_of(coupon: Coupon, *, until: datetime) -> Obstacle | None:
    if not coupon.is_individual:
        return Obstacle.ANONYMOUS
    if coupon.status == Coupon.Status.ARCHIVED:
        return Obstacle.ARCHIVED
    if coupon.status != Coupon.Status.ACTIVE:
        return Obstacle.NOT_ACTIVE
    if coupon.end_at is not None and until >= coupon.end_at:
        return Obstacle.AFTER_END
    return None
