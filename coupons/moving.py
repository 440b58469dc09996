"""Moving codes: every change of standings happens inside a movement, which says why.

The database writes the ledger, the counts and the shelves itself (migration `0002_guards`). Whoever
takes available codes locks their shelves first, by `lock_shelves`, and then chooses them.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime

from django.db import connection, transaction

from accounts.journal import Actor
from accounts.models import ApiKey, User
from coupons.models import Batch, Coupon, Movement, Shelf
from jobs.models import Job

WRITTEN = [field.attname for field in Movement._meta.concrete_fields if not field.primary_key]
# Writes it down and names it at once: every redemption does so.
BEGIN = (
    f"INSERT INTO coupons_movement ({', '.join(WRITTEN)})"  # noqa: S608 (our own names)
    f" VALUES ({', '.join('%s' for _name in WRITTEN)})"
    " RETURNING id, set_config('coupons.movement', id::text, true)"
)


def begin_movement(
    kind: str,
    coupon: Coupon | int,
    *,
    by: Actor,
    at: datetime,
    job: Job | None = None,
    batch: Batch | None = None,
    reservation: uuid.UUID | None = None,
    delivery: str = "",
    redemption: uuid.UUID | None = None,
    reason: str = "",
) -> Movement:
    """Codes may move until the transaction ends, and this is why."""
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError("A movement of codes needs a transaction.")
    movement = Movement(
        kind=kind,
        coupon_id=coupon if isinstance(coupon, int) else coupon.pk,
        at=at,
        by=by if isinstance(by, User) else None,
        key=by if isinstance(by, ApiKey) else None,
        job=job,
        batch=batch,
        reservation=reservation,
        delivery=delivery,
        redemption=redemption,
        reason=reason,
    )
    with connection.cursor() as cursor:
        cursor.execute(BEGIN, [getattr(movement, name) for name in WRITTEN])
        (movement.pk, _named) = cursor.fetchone()
    return movement


def end_movement() -> None:
    """No code may move from here on."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('coupons.movement', '', true)")


@contextmanager
def moving(
    kind: str,
    coupon: Coupon | int,
    *,
    by: Actor,
    at: datetime,
    job: Job | None = None,
    batch: Batch | None = None,
    reservation: uuid.UUID | None = None,
    delivery: str = "",
    redemption: uuid.UUID | None = None,
    reason: str = "",
) -> Iterator[Movement]:
    """Inside this block, and inside a transaction, codes may move."""
    yield begin_movement(
        kind,
        coupon,
        by=by,
        at=at,
        job=job,
        batch=batch,
        reservation=reservation,
        delivery=delivery,
        redemption=redemption,
        reason=reason,
    )
    end_movement()


def lock_shelves(shelves: Iterable[int]) -> list[Shelf]:
    """Those shelves as they are now; nobody else takes anything from them until the commit."""
    wanted = Shelf.objects.filter(pk__in=list(shelves)).order_by("pk")
    return list(wanted.select_for_update(no_key=True))
