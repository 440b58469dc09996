"""Telling whoever keeps a coupon that few codes are left, or that it ends soon: once a day each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from zoneinfo import ZoneInfo

import structlog
from django.conf import settings

from accounts import mailing
from accounts.models import User
from coupons import alerting
from coupons.models import Coupon, Told
from coupons.reporting import low_below

log = structlog.get_logger("overture.coupons")
BEFORE_TRYING_AGAIN = timedelta(minutes=30)
Facts = dict[str, Any]


def tell(*, at: datetime) -> int:
    """Mail all that is to be told today and was not yet; returns how many mails."""
    return sum(tell_of(coupon, kind, facts, at=at) for coupon, kind, facts in due(at))


def due(at: datetime) -> Iterator[tuple[Coupon, Told.Kind, Facts]]:
    coupons = Coupon.objects.select_related("owner", "created_by")
    low = alerting.low(coupons.usable_at(at))
    for coupon in coupons.filter(pk__in=low).order_by("pk"):
        stock = low[coupon.pk]
        yield (
            coupon,
            Told.Kind.LOW,
            {"available": stock["available"], "wanted": low_below(coupon, stock)},
        )
    for coupon in alerting.ending(coupons, at=at).order_by("pk"):
        yield coupon, Told.Kind.ENDING, {}


def tell_of(coupon: Coupon, kind: Told.Kind, facts: Facts, *, at: datetime) -> bool:
    """Mail whoever keeps a coupon, unless they were told today or somebody just does it.

    The day is claimed first and marked as told last: a worker that is lost in between, or a mail
    server that is away, leaves it to be tried again.
    """
    person = keeper_of(coupon)
    if person is None:
        return False
    day = at.astimezone(ZoneInfo(coupon.timezone)).date()
    Told.objects.bulk_create(
        [Told(coupon=coupon, kind=kind, day=day, claimed_until=at)], ignore_conflicts=True
    )
    untold = Told.objects.filter(coupon=coupon, kind=kind, day=day, sent_at=None)
    if not untold.filter(claimed_until__lte=at).update(claimed_until=at + BEFORE_TRYING_AGAIN):
        return False
    try:
        mail(person, coupon, kind, facts)
    except OSError:
        log.warning("coupons.not_mailed", coupon=coupon.pk, exc_info=True)
        return False
    untold.update(sent_at=at)
    return True


def keeper_of(coupon: Coupon) -> User | None:
    people = (coupon.owner, coupon.created_by)
    return next((person for person in people if person and person.is_active), None)


def mail(person: User, coupon: Coupon, kind: Told.Kind, facts: Facts) -> None:
    link = urljoin(f"{settings.BASE_URL}/", coupon.get_absolute_url().lstrip("/"))
    mailing.send(f"coupon_{kind.value}", person, {"coupon": coupon, "link": link, **facts})
