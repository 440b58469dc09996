"""Taking a number of codes from shelves before any code is chosen, so that "enough" is one fact.

Two deliveries that ask at the same moment stand in line for the shelves; each sees what the other
has left. What is missing is said exactly, with who has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import F, QuerySet, Sum

from coupons.demanding import EVERYBODY_ELSE, Demand
from coupons.models import Coupon, Promise, Reservation, Shelf, Standing
from coupons.moving import lock_shelves
from coupons.stock import Stock, stock_of

Wanted = Mapping[str | None, int]


@dataclass(frozen=True, slots=True)
class Share:
    """So many codes of a shelf for the messages from number `first` on."""

    shelf: int
    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Missing:
    """How many codes there are for how many messages."""

    usable: int
    required: int

    @property
    def missing(self) -> int:
        return max(0, self.required - self.usable)


@dataclass(frozen=True, slots=True)
class Shortage:
    """A coupon has too few codes for a delivery, and where the others are."""

    coupon: Coupon
    slot: int
    usable: int
    required: int
    segments: Mapping[str | None, Missing]
    stock: Stock
    outside_window: int
    restricted: int  # each for somebody who gets no message
    held: Mapping[str, int] = field(default_factory=dict)  # by delivery, the largest first

    @property
    def missing(self) -> int:
        """More than `required - usable` where codes are left in the segment of nobody."""
        return sum(each.missing for each in self.segments.values())


class NotEnough(Exception):
    """Some segment of a demand cannot be served from what is free."""

    def __init__(self, missing: Mapping[str | None, Missing]) -> None:
        super().__init__()
        self.missing = missing


def allot(
    demand: Demand, reservation: Reservation, ranges: Iterable[tuple[str | None, int, int]]
) -> list[Share]:
    """Promise codes for these numbers of messages, or raise NotEnough and promise none.

    Inside a short transaction; the shelves are locked already.
    """
    shelves = [shelf for shelf in demand.usable() if not shelf.is_restricted and shelf.free]
    free = {shelf.pk: shelf.free for shelf in shelves}
    shares: list[Share] = []
    missing: dict[str | None, Missing] = {}
    for segment, first, end in ranges:
        own = [shelf.pk for shelf in shelves if segment in (None, shelf.segment)]
        shares += take(own, free, first, end)
        served = sum(share.count for share in shares if first <= share.first < end)
        missing[segment] = Missing(served, end - first)
    if demand.coupon.assignment_mode == Coupon.AssignmentMode.BY_SEGMENT:
        common = [shelf.pk for shelf in shelves if shelf.segment == EVERYBODY_ELSE]
        for segment, first, end in ranges:
            more = take(common, free, first + missing[segment].usable, end)
            served = missing[segment].usable + sum(share.count for share in more)
            missing[segment] = Missing(served, end - first)
            shares += more
    if any(each.missing for each in missing.values()):
        raise NotEnough(missing)
    for shelf in shelves:
        if count := shelf.free - free[shelf.pk]:
            Shelf.objects.filter(pk=shelf.pk).update(free=F("free") - count)
            Promise.objects.create(reservation=reservation, shelf=shelf, remaining=count)
    return shares


def take(shelves: Collection[int], free: dict[int, int], first: int, end: int) -> list[Share]:
    """Codes of these shelves for the messages from `first` to before `end`, as far as they go."""
    shares = []
    for shelf in shelves:
        if count := min(free[shelf], end - first):
            shares.append(Share(shelf, first, count))
            free[shelf] -= count
            first += count
    return shares


def lock_usable(demands: Iterable[Demand]) -> None:
    lock_shelves(shelf.pk for demand in demands for shelf in demand.usable())


# --- who has what is missing ---


def is_coming_back(demand: Demand, missing: int) -> bool:
    """Do others who are at work have as many codes as are missing, which may yet come back?"""
    others = Reservation.objects.unfinished().filter(coupon=demand.coupon)
    for other in others.exclude(delivery=demand.delivery):
        missing -= promised_to(other)
        missing -= reserved_for(other)[: max(0, missing)].count()
        if missing <= 0:
            return True
    return False


def promised_to(reservation: Reservation) -> int:
    promises = Promise.objects.filter(reservation=reservation)
    return int(promises.aggregate(n=Sum("remaining", default=0))["n"])


def reserved_for(reservation: Reservation) -> QuerySet[Standing]:
    return Standing.objects.filter(reservation=reservation, status=Standing.Status.RESERVED)


def held_by(reservations: Iterable[Reservation]) -> dict[str, int]:
    """How many codes each delivery has reserved or was promised, the largest first."""
    held: dict[str, int] = {}
    for each in reservations:
        count = promised_to(each) + reserved_for(each).count()
        held[each.delivery] = held.get(each.delivery, 0) + count
    return dict(sorted(held.items(), key=lambda each: (-each[1], each[0])))


def shortage_of(
    demand: Demand, missing: Mapping[str | None, Missing], already: Mapping[str | None, int]
) -> Shortage:
    """What to tell about it. `already`: codes that messages of each segment have been given."""
    segments = {
        segment: Missing(
            each.usable + already.get(segment, 0), each.required + already.get(segment, 0)
        )
        for segment, each in missing.items()
    }
    for segment, count in already.items():
        segments.setdefault(segment, Missing(count, count))
    usable = {shelf.pk for shelf in demand.usable()}
    free = dict(
        Shelf.objects.filter(coupon=demand.coupon, is_proof=False).values_list("pk", "free")
    )
    restricted = Shelf.objects.filter(pk__in=usable, is_restricted=True)
    others = Reservation.objects.open().filter(coupon=demand.coupon)
    held = held_by(others.exclude(delivery=demand.delivery))
    return Shortage(
        coupon=demand.coupon,
        slot=demand.slot,
        usable=sum(each.usable for each in segments.values()),
        required=sum(each.required for each in segments.values()),
        segments=segments,
        stock=stock_of(demand.coupon),
        outside_window=sum(count for pk, count in free.items() if pk not in usable),
        restricted=sum(shelf.free for shelf in restricted),
        held={delivery: count for delivery, count in held.items() if count},
    )


def stock_before(demand: Demand) -> int:
    """How many codes anybody could be given at its moments."""
    return sum(shelf.free for shelf in demand.usable() if not shelf.is_restricted)
