"""Giving codes back that nobody was sent: of ended reservations, or of single messages."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Now

from accounts.journal import Actor
from coupons.allotting import reserved_for
from coupons.binding import ReservationLost, beat
from coupons.models import Hold, Movement, Promise, Reservation, Shelf, Standing, Why
from coupons.moving import lock_shelves, moving

log = structlog.get_logger("overture.coupons")
CHUNK = 2_500
# Arrays, not a parameter for each: thousands of them take longer to read than to do.
SHELVES = "SELECT DISTINCT shelf_id FROM coupons_standing WHERE code_id = ANY(%s)"
DELETE = """
DELETE FROM coupons_standing t
WHERE code_id = ANY(%(codes)s) AND status = 'reserved' AND redemption_count = 0
  AND (%(reservation)s::uuid IS NULL OR reservation_id = %(reservation)s)
  AND (%(messages)s::uuid[] IS NULL OR message = ANY(%(messages)s))
  AND NOT EXISTS (SELECT FROM coupons_hold h WHERE h.code_id = t.code_id AND h.ended_at IS NULL)
"""
SILENCE = timedelta(seconds=45)  # after which a worker is taken for dead


def end(reservation: Reservation) -> bool:
    """Nothing is bound to it from here on; its codes are to be given back. False: it has ended."""
    this = Reservation.objects.open().filter(pk=reservation.pk)
    return bool(this.update(state=Reservation.State.ENDING, expires_at=None, beat_at=Now()))


def give_back(reservation: Reservation, *, reason: str, by: Actor, at: datetime) -> Iterator[int]:
    """Give back what an ending reservation has, as steps that each want a transaction of their own.

    Each step says how many codes it gave back. Raises ReservationLost when somebody else does it.
    """
    give_promises_back(reservation)
    yield 0
    while True:
        beat(reservation, Reservation.State.ENDING)
        codes = reserved_codes(reservation)
        if not codes:
            break
        yield recycle(codes, reservation, reason=reason, by=by, at=at)
    if not reserved_for(reservation).filter(redemption_count=0).exists():
        ending = Reservation.objects.filter(pk=reservation.pk, state=Reservation.State.ENDING)
        ending.update(state=Reservation.State.ENDED, ended_at=at)
    yield 0


def give_promises_back(reservation: Reservation) -> None:
    beat(reservation, Reservation.State.ENDING)
    promises = Promise.objects.filter(reservation=reservation, remaining__gt=0)
    lock_shelves(promises.values_list("shelf", flat=True))
    for promise in promises:
        Shelf.objects.filter(pk=promise.shelf_id).update(free=F("free") + promise.remaining)
    promises.update(remaining=0)


def reserved_codes(reservation: Reservation, *, after: int = 0) -> list[int]:
    """The next of its codes that can be given back.

    What somebody has used stays with its message, and what somebody holds at a till does until
    then: whoever looks for silent reservations comes back for it.
    """
    codes = takeable(reserved_for(reservation)).filter(code__gt=after).order_by("code")
    return list(codes.values_list("code", flat=True)[:CHUNK])


def takeable(standings: QuerySet[Standing]) -> QuerySet[Standing]:
    is_held = Exists(Hold.objects.filter(code=OuterRef("code"), ended_at=None))
    return standings.filter(~is_held, status=Standing.Status.RESERVED, redemption_count=0)


def recycle(
    codes: Collection[int], reservation: Reservation, *, reason: str, by: Actor, at: datetime
) -> int:
    """Make codes of a reservation available again, those of them that are reserved still."""
    with moving(
        Movement.Kind.RECYCLE,
        reservation.coupon_id,
        by=by,
        at=at,
        reservation=reservation.pk,
        delivery=reservation.delivery,
        reason=reason,
    ):
        return delete_reserved(codes, reservation=reservation.pk)


def delete_reserved(
    codes: Collection[int],
    *,
    reservation: uuid.UUID | None = None,
    messages: Collection[uuid.UUID] | None = None,
) -> int:
    """Those of these codes that are reserved still, for this reservation or these messages."""
    chosen = list(codes)
    with connection.cursor() as cursor:
        cursor.execute(SHELVES, [chosen])
        lock_shelves(shelf for (shelf,) in cursor.fetchall())
        theirs = None if messages is None else list(messages)
        cursor.execute(DELETE, {"codes": chosen, "reservation": reservation, "messages": theirs})
        return int(cursor.rowcount)


def give_back_messages(
    messages: Collection[uuid.UUID], *, reason: str, by: Actor, at: datetime
) -> int:
    """Make the codes of messages that were never attempted available again, inside a transaction:
    of people who are left out at the last moment, or of a delivery that is cancelled half way.

    The caller holds the messages, so that nobody begins to send one meanwhile. Returns how many.
    """
    reserved = Standing.objects.filter(message__in=messages, status=Standing.Status.RESERVED)
    found = list(reserved.values_list("coupon", "code").order_by("coupon", "code"))
    done = 0
    for coupon in sorted({coupon for coupon, _code in found}):
        codes = [code for owner, code in found if owner == coupon]
        with moving(Movement.Kind.RECYCLE, coupon, by=by, at=at, reason=reason):
            done += delete_reserved(codes, messages=messages)
    return done


# --- all of it, in transactions of its own ---


def give_back_all(reservation: Reservation, *, reason: str, by: Actor, at: datetime) -> int:
    """End a reservation and give back what it has. Returns how many codes; not in a transaction."""
    if not end(reservation):
        return 0
    return finish(reservation, reason=reason, by=by, at=at)


def finish(reservation: Reservation, *, reason: str, by: Actor, at: datetime) -> int:
    return in_transactions(give_back(reservation, reason=reason, by=by, at=at))


def in_transactions(steps: Iterator[int]) -> int:
    done = 0
    try:
        while True:
            with transaction.atomic(durable=True):
                done += next(steps)
    except (StopIteration, ReservationLost):
        return done


def give_back_delivery(delivery: str, *, reason: str, by: Actor, at: datetime) -> int:
    """All codes that a delivery has reserved: it was cancelled, changed or deleted."""
    return sum(
        give_back_all(reservation, reason=reason, by=by, at=at)
        for reservation in Reservation.objects.of_delivery(delivery)
    )


def reap(*, at: datetime) -> int:
    """Give back what workers have left that were lost; returns how many codes."""
    return in_transactions(reaping(at=at))


def reaping(*, at: datetime) -> Iterator[int]:
    """The same as steps that each want a transaction of their own."""
    for reservation in list(Reservation.objects.silent_since(at - SILENCE).order_by("pk")):
        silent = Reservation.objects.unfinished().filter(
            pk=reservation.pk, beat_at=reservation.beat_at
        )
        if not silent.update(state=Reservation.State.ENDING, beat_at=Now()):
            continue
        log.warning("coupons.reservation_reaped", reservation=str(reservation.pk))
        yield 0
        with suppress(ReservationLost):
            yield from give_back(reservation, reason=Why.WORKER_LOST, by=None, at=at)


def lapse(*, at: datetime) -> int:
    """Give back what nobody has confirmed for too long; returns how many reservations."""
    lapsed = Reservation.objects.lapsed_at(at).order_by("pk")
    for reservation in lapsed:
        still = Reservation.objects.lapsed_at(at).filter(pk=reservation.pk)
        if still.update(state=Reservation.State.ENDING, beat_at=Now(), expires_at=None):
            finish(reservation, reason=Why.NOT_CONFIRMED, by=None, at=at)
    return len(lapsed)


def take_warnings(*, at: datetime, within: timedelta = timedelta(days=1)) -> list[Reservation]:
    """Reservations that lapse soon and of which nobody was told; each once."""
    soon = Reservation.objects.open().filter(
        state=Reservation.State.HELD, expires_at__lte=at + within, warned_at=None
    )
    return [
        each
        for each in soon.select_related("coupon")
        if soon.filter(pk=each.pk).update(warned_at=at)
    ]
