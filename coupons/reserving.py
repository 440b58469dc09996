"""Reserving codes for a delivery: all that its messages need, or none.

A number of codes is taken from the shelves first, in one short transaction; then codes are bound to
messages chunk by chunk. `steps` is one generator whose steps each want a transaction of their own,
so that the job of an analysis can take them; `reserve` takes them itself.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models.functions import Now
from psycopg import sql

from accounts.journal import Actor
from coupons import recycling
from coupons.allotting import (
    NotEnough,
    Share,
    Shortage,
    allot,
    is_coming_back,
    lock_usable,
    shortage_of,
    stock_before,
)
from coupons.binding import Binder, ReservationLost, beat
from coupons.demanding import (
    Demand,
    count_by_segment,
    count_rows,
    number_index,
    ranges,
    stage,
    unstage,
)
from coupons.models import Options, Reservation, Why
from coupons.obstacles import Insufficient, NotReservable, obstacle_of
from coupons.retagging import bind_own, changed, forget_statistics, leave_sent, take_over

PATIENCE = 60.0  # seconds for which codes that others may give back are waited for
SHORTEST_WAIT, LONGEST_WAIT = 0.05, 1.0
BEAT = 5.0  # seconds; a ninth of the silence after which a worker is taken for dead
MOST_MISSES = 50  # times that promised codes are looked for in vain
LEFT = sql.SQL(
    "CREATE TEMPORARY TABLE {left} AS SELECT (row_number() OVER (ORDER BY number) - 1)::integer"
    " AS number, message, channel, address, target_mapping, target_key, segment FROM {table} a"
    " WHERE NOT EXISTS (SELECT FROM coupons_standing t WHERE t.message = a.message"
    " AND t.slot = {slot} AND t.reservation_id = {reservation} AND t.status = 'reserved')"
)


@dataclass(slots=True)
class Reserved:
    """What a demand has got: `required` codes, of which `kept` are those that people had before.

    `recycled`: how many codes the analysis before had; `own`: how many were for one person only;
    `sent`: how many messages had left with theirs; `usable`: how many codes there were to choose
    from, those included that were kept.
    """

    reservation: Reservation
    required: int
    recycled: int = 0
    kept: int = 0
    own: int = 0
    sent: int = 0
    usable: int = 0

    @property
    def already(self) -> int:
        return self.kept + self.own


@dataclass(frozen=True, slots=True)
class Progress:
    """How many messages have got their code by this step."""

    bound: int = 0
    is_waiting: bool = False


def reserve(
    demands: Collection[Demand], *, by: Actor, at: datetime, patience: float = PATIENCE
) -> list[Reserved]:
    """Reserve a code in every slot for every message, or raise Insufficient or NotReservable.

    Takes its own transactions. When anything goes wrong on the way, all of it is given back.
    """
    reserving = Reserving(demands, by=by, at=at, patience=patience)
    try:
        in_transactions(reserving.steps())
    except (Insufficient, NotReservable):
        raise
    except BaseException:
        reserving.abandon()
        raise
    return reserving.results


def in_transactions(steps: Iterator[object]) -> None:
    try:
        while True:
            with transaction.atomic(durable=True):
                next(steps)
    except StopIteration:
        return


class Reserving:
    """Codes for all slots of one delivery.

    The job of an analysis takes the `steps`, each in a transaction that it opens and commits, and
    finds the `results` afterwards. When it fails it calls `abandon`; for one that is killed
    `recycling.reap` does. Made again, it takes over what the one before had.
    """

    def __init__(
        self,
        demands: Collection[Demand],
        *,
        by: Actor,
        at: datetime,
        patience: float = PATIENCE,
    ) -> None:
        if len({demand.delivery for demand in demands}) != 1:
            raise ValueError("Demands of one delivery, and at least one.")
        self.walks = [Walk(demand, by=by, at=at) for demand in sorted(demands, key=place)]
        self.by, self.at, self.patience = by, at, patience

    @property
    def results(self) -> list[Reserved]:
        return [walk.result for walk in self.walks]

    def steps(self) -> Iterator[Progress]:
        """Raises Insufficient or NotReservable, when nothing is reserved any more."""
        refusals = [each for walk in self.walks if (each := refusal_of(walk.demand))]
        if refusals:
            yield from self.give_back_before()
            raise refusals[0]
        for walk in self.walks:
            stage(walk.demand)
            yield Progress()
        self.begin()
        yield Progress()
        for walk in self.walks:
            yield from self.beating(walk.take_over())
        short = yield from self.promise()
        for walk in self.walks:
            yield from self.beating(walk.give_up() if short else walk.bind())
        for walk in self.walks:
            unstage(walk.demand)
        if short:
            yield Progress()
            raise Insufficient(short)
        self.hold()
        yield Progress()

    def give_back_before(self) -> Iterator[Progress]:
        """Whatever comes of an analysis, the codes of the one before are not kept for it."""
        for old in Reservation.objects.of_delivery(self.walks[0].demand.delivery):
            recycling.end(old)
            with suppress(ReservationLost):
                for _count in recycling.give_back(
                    old, reason=Why.ANALYSED_AGAIN, by=self.by, at=self.at
                ):
                    yield Progress()

    def begin(self) -> None:
        """From here on an earlier analysis of this delivery binds nothing any more."""
        delivery = self.walks[0].demand.delivery
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(7306004, hashtext(%s))", [delivery])
        olds = list(Reservation.objects.of_delivery(delivery))
        for old in olds:
            recycling.end(old)
        slots = {walk.demand.slot: walk for walk in self.walks}
        for old in olds:  # a slot that is no more is emptied by whichever walks first
            slots.get(old.slot, self.walks[0]).olds.append(old)
        for walk in self.walks:
            walk.begin()

    def beating(self, steps: Iterator[Progress]) -> Iterator[Progress]:
        """Those slots whose turn it is not are no less alive."""
        mine = [each for walk in self.walks for each in (*walk.olds, walk.result.reservation)]
        beaten = time.monotonic()
        for progress in steps:
            if time.monotonic() - beaten >= BEAT:
                unfinished = Reservation.objects.unfinished()
                unfinished.filter(pk__in=[each.pk for each in mine]).update(beat_at=Now())
                beaten = time.monotonic()
            yield progress

    def promise(self) -> Generator[Progress, None, list[Shortage]]:
        """Take the numbers of all demands from the shelves at once; or what is missing, and none.

        Codes with others who have not finished may come back: they are waited for, a while.
        """
        deadline, pause = time.monotonic() + self.patience, SHORTEST_WAIT
        while True:
            short = self.try_to_promise()
            yield Progress(is_waiting=bool(short))
            if not short:
                return []
            if time.monotonic() >= deadline or not may_come(short):
                return [shortage_of(walk.demand, e.missing, walk.already()) for walk, e in short]
            for _count in recycling.reaping(at=self.clock()):
                yield Progress(is_waiting=True)
            time.sleep(pause)
            pause = min(LONGEST_WAIT, pause * 1.5)

    def try_to_promise(self) -> list[tuple[Walk, NotEnough]]:
        short: list[tuple[Walk, NotEnough]] = []
        for walk in self.walks:
            beat(walk.result.reservation)
        lock_usable(walk.demand for walk in self.walks)
        with suppress(NotEnough), transaction.atomic():
            for walk in self.walks:
                try:
                    walk.allot()
                except NotEnough as refusal:
                    short.append((walk, refusal))
            if short:  # nothing of what others of the slots were promised is kept
                raise short[0][1]
        return short

    def hold(self) -> None:
        """All codes are bound: they are kept for as long as the delivery may wait."""
        options = Options.objects.filter(pk=1).first() or Options()
        expires_at = self.at + timedelta(days=float(options.days_kept_ready))
        for walk in self.walks:
            pk = walk.result.reservation.pk
            binding = Reservation.objects.filter(pk=pk, state=Reservation.State.BINDING)
            if not binding.update(state=Reservation.State.HELD, expires_at=expires_at):
                raise ReservationLost
            walk.result.reservation.refresh_from_db()

    def abandon(self) -> None:
        """Give back all that it has; takes its own transactions."""
        for walk in self.walks:
            if walk.has_begun:
                reservation = walk.result.reservation
                recycling.give_back_all(reservation, reason=Why.FAILED, by=self.by, at=self.at)

    def clock(self) -> datetime:
        """What silence is measured by."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT clock_timestamp()")
            moment: datetime = cursor.fetchone()[0]
            return moment


def may_come(short: Sequence[tuple[Walk, NotEnough]]) -> bool:
    return all(
        is_coming_back(walk.demand, sum(each.missing for each in error.missing.values()))
        for walk, error in short
    )


def place(demand: Demand) -> tuple[int, int]:
    """Pools are always locked in one order."""
    return demand.coupon.pk, demand.slot


def refusal_of(demand: Demand) -> NotReservable | None:
    """Why the coupon, as it is now, may not be given out at these moments."""
    demand.coupon.refresh_from_db()
    obstacle = obstacle_of(demand.coupon, until=demand.valid_until)
    return NotReservable(demand.coupon, obstacle) if obstacle else None


class Walk:
    """One demand on its way to codes."""

    def __init__(self, demand: Demand, *, by: Actor, at: datetime) -> None:
        self.demand, self.by, self.at = demand, by, at
        self.olds: list[Reservation] = []
        self.left: sql.Identifier = demand.table  # whoever needs a code still
        self.ranges: list[tuple[str | None, int, int]] = []
        self.shares: list[Share] = []

    @property
    def has_begun(self) -> bool:
        return hasattr(self, "result")

    def begin(self) -> None:
        demand = self.demand
        reservation = Reservation.objects.create(
            coupon=demand.coupon,
            delivery=demand.delivery,
            slot=demand.slot,
            wanted=count_rows(demand.table),
            valid_from=demand.valid_from,
            valid_until=demand.valid_until,
            created_at=self.at,
            beat_at=Now(),
        )
        self.result = Reserved(reservation, reservation.wanted)

    def take_over(self) -> Iterator[Progress]:
        """Leave people what they had, give back the rest, and hand out what is for one person."""
        demand, result = self.demand, self.result
        for old in self.olds:
            for kept, recycled in take_over(
                old, demand, result.reservation, by=self.by, at=self.at
            ):
                result.kept += kept
                result.recycled += kept + recycled
                yield Progress(kept)
        if Reservation.objects.filter(delivery=demand.delivery).count() > 1:
            self.leave_sent()
        for bound in bind_own(demand, result.reservation, by=self.by, at=self.at):
            result.own += bound
            yield Progress(bound)
        if result.already or result.sent:
            self.note_left()
        self.ranges = ranges(self.left)
        yield Progress()

    def leave_sent(self) -> None:
        self.result.sent = leave_sent(self.demand)
        if self.result.sent:
            wanted = self.result.required - self.result.sent
            Reservation.objects.filter(pk=self.result.reservation.pk).update(wanted=wanted)

    def note_left(self) -> None:
        self.left = self.demand.left
        forget_statistics()
        changed(
            LEFT.format(
                left=self.left,
                table=self.demand.table,
                slot=sql.Literal(self.demand.slot),
                reservation=sql.Literal(self.result.reservation.pk),
            )
        )
        number_index(self.left)

    def allot(self) -> None:
        """Promise codes to whoever is left, or raise NotEnough."""
        self.result.usable = stock_before(self.demand) + self.result.already
        self.shares = allot(self.demand, self.result.reservation, self.ranges)

    def already(self) -> dict[str | None, int]:
        """How many messages of each segment have a code."""
        left = {segment: end - first for segment, first, end in self.ranges}
        asked = count_by_segment(self.demand.table)
        return {segment: count - left.get(segment, 0) for segment, count in asked.items()}

    def bind(self) -> Iterator[Progress]:
        binder = Binder(self.demand, self.result.reservation, self.left, by=self.by)
        for share in self.shares:
            binder.after, misses = 0, 0
            while share.count:
                bound = binder.bind(share, at=self.at)
                misses = 0 if bound else misses + 1
                if misses > MOST_MISSES:
                    raise RuntimeError(f"shelf {share.shelf} lacks codes that it promised")
                share = Share(share.shelf, share.first + bound, share.count - bound)
                yield Progress(bound)

    def give_up(self) -> Iterator[Progress]:
        reservation, reason = self.result.reservation, Why.TOO_FEW
        with suppress(ReservationLost):
            recycling.end(reservation)
            for _count in recycling.give_back(reservation, reason=reason, by=self.by, at=self.at):
                yield Progress()
