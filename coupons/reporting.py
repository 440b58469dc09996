"""What became of a coupon, in figures: read from counts that are kept up to date, never by walking
over its codes. `coupons.tallying` says where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Count, QuerySet, Sum
from django.utils.translation import gettext_lazy as _

from coupons.models import Coupon, Redemption, Standing, Tally
from coupons.stock import Stock, stock_of
from coupons.tallying import count_again

MOST_ANOMALIES = 1_000
SEVERAL = 2  # reversals of one code that are more than a mistake at a till


@dataclass(frozen=True, slots=True)
class Money:
    """What was bought with a coupon, and what it cost, in one currency ("" where none was told)."""

    currency: str
    amount: Decimal
    discount: Decimal


@dataclass(frozen=True, slots=True)
class Numbers:
    """Codes that were assigned, those of them that were used, all uses, and what they brought."""

    assigned: int = 0
    redeemed: int = 0
    uses: int = 0
    reversals: int = 0
    money: tuple[Money, ...] = ()
    delay: timedelta | None = None  # from assignment to use, on average

    @property
    def rate(self) -> float | None:
        """The part of the assigned codes that was used, from 0 to 1; None without any."""
        return self.redeemed / self.assigned if self.assigned else None


@dataclass(frozen=True, slots=True)
class Figures(Numbers):
    """A coupon as a whole. The stock is that of now, whatever days are asked for."""

    stock: Stock = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Part(Numbers):
    """What has `name` in common: a channel, a segment, a store, a delivery; "" where none was."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Day(Numbers):
    """What was assigned on a day, and what was used on that day."""

    day: date = date.min


class AnomalyKind(StrEnum):
    """Something about a use that somebody should look at."""

    BEFORE_ASSIGNMENT = "before_assignment"
    BEFORE_START = "before_start"
    AFTER_END = "after_end"
    WHILE_VOID = "code_void"
    NEVER_ASSIGNED = "not_assigned"
    OTHER_HOLDER = "wrong_holder"
    IN_FUTURE = "redeemed_in_future"
    SEVERAL_REVERSALS = "several_reversals"


ANOMALY_LABELS = {
    AnomalyKind.BEFORE_ASSIGNMENT: _("Used before it was assigned"),
    AnomalyKind.BEFORE_START: _("Used before the start"),
    AnomalyKind.AFTER_END: _("Used after the end"),
    AnomalyKind.WHILE_VOID: _("Used while void"),
    AnomalyKind.NEVER_ASSIGNED: _("Used without having been assigned"),
    AnomalyKind.OTHER_HOLDER: _("Used by somebody else than its holder"),
    AnomalyKind.IN_FUTURE: _("Told with a date in the future"),
    AnomalyKind.SEVERAL_REVERSALS: _("Reversed several times"),
}


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One remarkable use, or a code that was given back `times` times. `redemption` has its code,
    store and customer."""

    kind: AnomalyKind
    redemption: Redemption
    times: int = 1

    @property
    def label(self) -> str:
        return str(ANOMALY_LABELS[self.kind])


def figures_of(coupon: Coupon, since: date | None = None, until: date | None = None) -> Figures:
    """A coupon as a whole, or from `since` to `until`, both included, in the coupon's time zone.

    With days, `assigned` and `redeemed` are about the codes that were assigned on them, and uses
    and money about the uses on them.
    """
    tallies = of_days(coupon, since, until)
    return Figures(**next(grouped(tallies, None))[1], stock=stock_of(coupon))


def by_channel(coupon: Coupon) -> list[Part]:
    """By the channel of the messages that the codes were sent with, the most assigned first."""
    return parts(coupon, "channel")


def by_segment(coupon: Coupon) -> list[Part]:
    return parts(coupon, "segment")


def by_store(coupon: Coupon) -> list[Part]:
    """Where the codes were used. Nothing is assigned in a store."""
    return parts(coupon, "store")


def by_delivery(coupon: Coupon) -> list[Part]:
    return parts(coupon, "delivery")


def by_day(coupon: Coupon, since: date | None = None, until: date | None = None) -> list[Day]:
    """The days on which anything happened, in their order."""
    days = [
        Day(**numbers, day=day) for day, numbers in grouped(of_days(coupon, since, until), "day")
    ]
    return sorted((each for each in days if happened(each)), key=lambda each: each.day)


def anomalies_of(coupon: Coupon, *, most: int = MOST_ANOMALIES) -> list[Anomaly]:
    """What is remarkable about its uses, the newest first; no more than `most` of them."""
    kinds = {kind.value: kind for kind in AnomalyKind}
    remarked = Redemption.objects.uses().filter(coupon=coupon).exclude(flags=[])
    remarked = remarked.exclude(flags__contains=["specimen_code"])
    found = [
        Anomaly(kinds[flag], redemption)
        for redemption in remarked.select_related("code").order_by("-pk")[:most]
        for flag in redemption.flags
        if flag in kinds
    ]
    found += reversed_often(coupon, most)
    return sorted(found, key=lambda each: each.redemption.pk, reverse=True)[:most]


def reversed_often(coupon: Coupon, most: int) -> Iterator[Anomaly]:
    reversals = Redemption.objects.filter(coupon=coupon, kind=Redemption.Kind.ROLL_BACK)
    codes = reversals.exclude(code=None).values("code").annotate(times=Count("pk"))
    for row in codes.filter(times__gte=SEVERAL).order_by("-times", "-code")[:most]:
        last = reversals.filter(code=row["code"]).select_related("code").order_by("-pk")[0]
        yield Anomaly(AnomalyKind.SEVERAL_REVERSALS, last, row["times"])


def unredeemed_of(coupon: Coupon) -> QuerySet[Standing]:
    """Codes that were assigned and never used since, as somebody may want to remind of them."""
    issued = Standing.objects.filter(coupon=coupon, status=Standing.Status.ISSUED)
    return issued.filter(redemption_count=0).select_related("code").order_by("pk")


def recompute(coupon: Coupon) -> None:
    """Count all figures again from codes and redemptions; meant for a job when there are many."""
    count_again(coupon)


# --- low stock ---


def low_below(coupon: Coupon, stock: Stock) -> int | None:
    """How many codes must be available for nobody to be told; None where nobody wants to know."""
    threshold = coupon.low_stock_threshold
    if threshold is None or not coupon.is_individual:
        return None
    if coupon.low_stock_unit == Coupon.ThresholdUnit.PERCENT:
        return -(-stock["total"] * threshold // 100)
    return threshold


def is_low(coupon: Coupon, stock: Stock) -> bool:
    """Are there fewer codes than somebody wants there to be? `stock` is that of the coupon."""
    wanted = low_below(coupon, stock)
    return wanted is not None and stock["available"] < wanted


def ends_soon(coupon: Coupon, *, at: datetime, within: timedelta) -> bool:
    return coupon.end_at is not None and at < coupon.end_at <= at + within


# --- how tallies become numbers ---


def of_days(coupon: Coupon, since: date | None, until: date | None) -> QuerySet[Tally]:
    tallies = Tally.objects.filter(coupon=coupon)
    if since is not None:
        tallies = tallies.filter(day__gte=since)
    return tallies if until is None else tallies.filter(day__lte=until)


def parts(coupon: Coupon, name: str) -> list[Part]:
    found = [
        Part(**numbers, name=value) for value, numbers in grouped(of_days(coupon, None, None), name)
    ]
    told = [each for each in found if happened(each)]
    return sorted(told, key=lambda each: (-each.assigned, -each.uses, each.name))


def happened(numbers: Numbers) -> bool:
    return bool(numbers.assigned or numbers.uses or numbers.reversals)


SUMS = {
    name: Sum(name, default=0)
    for name in ("assigned", "redeemed", "uses", "reversals", "delay", "delayed")
}


def grouped(tallies: QuerySet[Tally], name: str | None) -> Iterator[tuple[Any, dict[str, Any]]]:
    """The numbers of each value of a column, or of all together under None."""
    keys = [name] if name else []
    money: dict[Any, list[Money]] = {}
    sums = tallies.exclude(amount=0, discount=0).values(*keys, "currency")
    for row in sums.annotate(paid=Sum("amount"), saved=Sum("discount")).order_by("currency"):
        if row["paid"] or row["saved"]:
            money.setdefault(row[name] if name else None, []).append(
                Money(row["currency"], row["paid"], row["saved"])
            )
    rows = tallies.values(*keys).annotate(**SUMS) if keys else [tallies.aggregate(**SUMS)]
    for row in rows:
        value = row.pop(name) if name else None
        delay, delayed = row.pop("delay"), row.pop("delayed")
        row["money"] = tuple(money.get(value, ()))
        row["delay"] = timedelta(seconds=delay / delayed) if delayed > 0 else None
        yield value, row
