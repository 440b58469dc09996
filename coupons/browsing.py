"""Which codes of a pool a page shows, in an order that an index has: also of five million.

Nothing is counted here. How many there are is read from the stock where that can be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from coupons.models import Code, CodeQuerySet, Coupon, CouponQuerySet, Hold, Shelf, Standing
from coupons.normalising import folded, lookups, raised
from coupons.stock import stock_by_segment, stock_of
from coupons.windows import Window

MOST_FOUND = 20
SHORTEST = 2  # of what codes begin with
USED_UP = (Standing.Status.REDEEMED, Standing.Status.VOID)
# What is never stored, because it follows from other things.
DERIVED = {
    "expired": _("Expired"),
    "not_yet_valid": _("Not yet valid"),
    "partly_redeemed": _("Partly redeemed"),
    "on_hold": _("On hold"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the codes of a page have in common; nothing is anything."""

    status: str = ""
    segment: str | None = None
    batch: int | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """Codes, by what they are best put in order, and how many they are where that is known."""

    codes: CodeQuerySet
    order: str
    count: int | None = None


def choose(coupon: Coupon, wanted: Wanted, *, at: datetime) -> Chosen:
    """The codes that are wanted. By shelf where most of a pool may be among them, else by key."""
    shelves = list(Shelf.objects.filter(coupon=coupon))
    if wanted.segment is not None:
        shelves = [shelf for shelf in shelves if shelf.segment == wanted.segment]
    codes = Code.objects.filter(coupon=coupon).for_code_list()
    if wanted.batch is not None:
        codes = codes.filter(batch=wanted.batch)
    find = FINDERS.get(wanted.status, of_status if wanted.status else of_any)
    codes, order = find(coupon, codes, shelves, wanted.status, at)
    return Chosen(codes, "id" if wanted.batch is not None else order, counted(coupon, wanted))


def counted(coupon: Coupon, wanted: Wanted) -> int | None:
    if wanted.batch is not None or wanted.status in DERIVED:
        return None
    if wanted.segment is None:
        return stock_of(coupon)[wanted.status or "total"]
    return stock_by_segment(coupon).get(wanted.segment, {}).get(wanted.status or "total", 0)


Found = tuple[CodeQuerySet, str]
Finder = Callable[[Coupon, CodeQuerySet, list[Shelf], str, datetime], Found]


def on(codes: CodeQuerySet, shelves: list[Shelf]) -> CodeQuerySet:
    return codes.filter(shelf__in=[shelf.pk for shelf in shelves])


def of_any(
    coupon: Coupon, codes: CodeQuerySet, shelves: list[Shelf], status: str, at: datetime
) -> Found:
    return on(codes, shelves), "shelf"


def of_status(
    coupon: Coupon, codes: CodeQuerySet, shelves: list[Shelf], status: str, at: datetime
) -> Found:
    """Those that have something: their standings are in order already."""
    places = [shelf.pk for shelf in shelves]
    # Both by the standing, whose index has the coupon and the status together.
    return codes.filter(
        standing__coupon=coupon, standing__status=status, standing__shelf__in=places
    ), "id"


def of_available(
    coupon: Coupon, codes: CodeQuerySet, shelves: list[Shelf], status: str, at: datetime
) -> Found:
    """The newest first: codes are given away from the other end."""
    return on(codes, shelves).available(), "shelf"


def of_expired(
    coupon: Coupon, codes: CodeQuerySet, shelves: list[Shelf], status: str, at: datetime
) -> Found:
    unused = on(codes, shelves).exclude(standing__status__in=USED_UP)
    if Window(None, coupon.end_at).ends_before(at):
        return unused, "shelf"
    over = [shelf.pk for shelf in shelves if Window(None, shelf.end_at).ends_before(at)]
    if coupon.validity_after_issue is None:
        return unused.filter(shelf__in=over), "shelf"
    long_ago = at - coupon.validity_after_issue
    return unused.filter(Q(shelf__in=over) | Q(standing__issued_at__lte=long_ago)), "id"


def of_not_yet_valid(
    coupon: Coupon, codes: CodeQuerySet, shelves: list[Shelf], status: str, at: datetime
) -> Found:
    unused = on(codes, shelves).exclude(standing__status__in=USED_UP)
    if Window(coupon.start_at, None).begins_after(at):
        return unused, "shelf"
    later = [shelf.pk for shelf in shelves if Window(shelf.start_at, None).begins_after(at)]
    return unused.filter(shelf__in=later), "shelf"


def of_partly_redeemed(
    coupon: Coupon, codes: CodeQuerySet, shelves: list[Shelf], status: str, at: datetime
) -> Found:
    used = on(codes, shelves).filter(standing__coupon=coupon, standing__redeemed_on__isnull=False)
    return used.exclude(standing__status__in=USED_UP), "id"


def of_on_hold(
    coupon: Coupon, codes: CodeQuerySet, shelves: list[Shelf], status: str, at: datetime
) -> Found:
    held = Hold.objects.live_at(at).filter(coupon=coupon, code__isnull=False)
    return on(codes, shelves).filter(pk__in=held.values("code")), "id"


FINDERS: dict[str, Finder] = {
    "available": of_available,
    "expired": of_expired,
    "not_yet_valid": of_not_yet_valid,
    "partly_redeemed": of_partly_redeemed,
    "on_hold": of_on_hold,
}


# --- by what somebody has before them ---


def with_code(text: str, *, among: CouponQuerySet) -> list[Code]:
    """Codes of some coupons that read like this, at most MOST_FOUND."""
    forms = lookups(text)
    codes = Code.objects.select_related("coupon", "shelf", "standing", "batch")
    codes = codes.filter(code_norm__in=forms, coupon__in=among)
    found = codes.order_by("pk")[:MOST_FOUND] if forms else []
    return [code for code in found if code.code_norm == written(code, forms)]


def written(code: Code, forms: tuple[str, ...]) -> str:
    return forms[0] if code.coupon.case_sensitive else forms[-1]


def beginning_with(text: str, coupon: Coupon) -> list[Code]:
    """Codes of a pool that begin like this, in order, at most MOST_FOUND."""
    start = folded(text)
    if len(start) < SHORTEST or "\0" in start:
        return []
    start = start if coupon.case_sensitive else raised(start)
    codes = Code.objects.filter(coupon=coupon, code_norm__gte=start)
    codes = codes.filter(code_norm__lt=start + "\U0010ffff").for_code_list()
    return list(codes.order_by("code_norm")[:MOST_FOUND])
