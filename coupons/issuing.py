"""Codes that leave: assigned as a message begins to be sent, and what comes back of refused ones.

All of it happens inside the caller's transaction, in which the message moves as well: a code is
assigned before anybody can know it, and never twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from accounts.journal import Actor
from coupons.locking import mark_code_used
from coupons.models import Coupon, Hold, Movement, Standing
from coupons.moving import lock_shelves, moving
from coupons.recycling import give_back_messages
from coupons.reserving import Obstacle, obstacle_of
from coupons.windows import effective


@dataclass(frozen=True, slots=True)
class Given:
    """The code of a message in a slot, as it is written in the message."""

    slot: int
    coupon: int
    code: str
    start_at: datetime | None
    end_at: datetime | None  # with the time for which it is valid after it was assigned

    def __repr__(self) -> str:
        return f"Given(slot={self.slot}, coupon={self.coupon})"  # a code is no matter for logs


@dataclass(slots=True)
class Issued:
    """The codes of messages that may leave now, and why others may not.

    A message that was tried before has the same code as then. `refused` has every other message
    with its reason: an obstacle of its coupon, or that it has lost its code.
    """

    codes: dict[uuid.UUID, dict[int, Given]] = field(default_factory=dict)
    refused: dict[uuid.UUID, Obstacle] = field(default_factory=dict)


def issue(
    messages: Collection[uuid.UUID], *, slots: Collection[int], by: Actor, at: datetime
) -> Issued:
    """Assign the codes of messages that begin to be sent, of all `slots` or of none.

    Inside the transaction in which the messages move. Locks their standings, by code.
    """
    rows = locked(messages)
    coupons = Coupon.objects.in_bulk({row.coupon_id for row in rows})
    refused = refusals(messages, rows, slots, coupons, at=at)
    leaving = [row for row in rows if row.message not in refused]
    for pk, codes in by_coupon(leaving, Standing.Status.RESERVED):
        move(coupons[pk], codes, by=by, at=at)
    issued = Issued(refused=refused)
    for row in leaving:
        row.issued_at = row.issued_at or at
        if row.message is not None:
            given = given_of(coupons[row.coupon_id], row)
            issued.codes.setdefault(row.message, {})[row.slot] = given
    return issued


def refusals(
    messages: Collection[uuid.UUID],
    rows: Iterable[Standing],
    slots: Collection[int],
    coupons: Mapping[int, Coupon],
    *,
    at: datetime,
) -> dict[uuid.UUID, Obstacle]:
    """The messages that may not leave with these codes, and why."""
    told = {pk: obstacle_of(coupon, until=at) for pk, coupon in coupons.items()}
    found: dict[uuid.UUID, dict[int, Standing]] = {message: {} for message in messages}
    for row in rows:
        if row.message is not None:
            found[row.message][row.slot] = row
    why = {
        message: refusal_of(theirs, slots, told, coupons, at=at)
        for message, theirs in found.items()
    }
    return {message: obstacle for message, obstacle in why.items() if obstacle}


def refusal_of(
    standings: Mapping[int, Standing],
    slots: Collection[int],
    told: Mapping[int, Obstacle | None],
    coupons: Mapping[int, Coupon],
    *,
    at: datetime,
) -> Obstacle | None:
    if set(slots) - set(standings):
        return Obstacle.CODES_MISSING
    for row in standings.values():
        if obstacle := told[row.coupon_id]:
            return obstacle
        if row.status == Standing.Status.VOID:
            return Obstacle.CODES_MISSING
        if effective(coupons[row.coupon_id], row.code, row).ends_before(at):
            return Obstacle.AFTER_END
    return None


def move(coupon: Coupon, codes: Collection[int], *, by: Actor, at: datetime) -> None:
    mark_code_used(coupon)
    with moving(Movement.Kind.ISSUE, coupon, by=by, at=at):
        Standing.objects.filter(pk__in=codes, status=Standing.Status.RESERVED).update(
            status=Standing.Status.ISSUED, issued_at=at, changed_at=at
        )


def codes_of(messages: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[int, Given]]:
    """The codes that messages have, whatever became of them: for previews, copies and archives."""
    found: dict[uuid.UUID, dict[int, Given]] = {}
    rows = Standing.objects.filter(message__in=messages).select_related("code__shelf", "coupon")
    for row in rows:
        if row.message is not None:
            found.setdefault(row.message, {})[row.slot] = given_of(row.coupon, row)
    return found


def given_of(coupon: Coupon, row: Standing) -> Given:
    window = effective(coupon, row.code, row)
    return Given(row.slot, coupon.pk, row.code.code, window.start_at, window.end_at)


def specimens_of(coupons: Iterable[Coupon]) -> dict[int, Given]:
    """What proofs and seed addresses carry instead, by slot from 1 on: it uses up nothing."""
    return {
        slot: Given(slot, coupon.pk, coupon.specimen_code, coupon.start_at, coupon.end_at)
        for slot, coupon in enumerate(coupons, start=1)
    }


def take_back_refused(messages: Collection[uuid.UUID], *, by: Actor, at: datetime) -> int:
    """Make codes available again whose message was refused before any of its content had left.

    Only for coupons that say so. The caller has proof of every attempt of these messages: refused
    at the recipient's address, or taken out before anything was handed over. A lost connection, a
    late bounce or an unknown outcome is no such proof. Returns how many codes came back.
    """
    policy = {"coupon__reuse_policy": Coupon.ReusePolicy.IF_REJECTED}
    theirs = Standing.objects.filter(message__in=messages, **policy)
    lock_shelves(theirs.values_list("shelf_id", flat=True).distinct())
    done = 0
    for coupon, codes in by_coupon(locked(messages, **policy), Standing.Status.ISSUED):
        returnable = unknown_to_all(codes)
        with moving(Movement.Kind.RETURN, coupon, by=by, at=at, reason="refused"):
            done += returnable._raw_delete(returnable.db) or 0
    return done


def unknown_to_all(codes: Collection[int]) -> QuerySet[Standing]:
    """Those that were never used and that nobody holds."""
    is_held = Exists(Hold.objects.filter(code=OuterRef("code"), ended_at=None))
    issued = Standing.objects.filter(pk__in=codes, status=Standing.Status.ISSUED)
    return issued.filter(~is_held, redemption_count=0)


def detach(messages: Collection[uuid.UUID], *, by: Actor, at: datetime) -> int:
    """Forget whose messages these codes were, because the messages are purged.

    The codes stay what they are for ever: their status, when they were assigned and used, and the
    name of the delivery. Whoever alone may use one is known still. Those that were never sent go
    back to stock. Returns how many were detached.
    """
    give_back_messages(messages, reason="purged", by=by, at=at)
    rows = Standing.objects.filter(pk__in=[row.pk for row in locked(messages)])
    return rows.update(message=None, reservation=None, address="", changed_at=at)


def locked(messages: Collection[uuid.UUID], **of_which: object) -> list[Standing]:
    """The standings of messages, in the order in which everybody locks them."""
    rows = Standing.objects.select_for_update(of=("self",)).filter(message__in=messages, **of_which)
    return list(rows.select_related("code__shelf").order_by("pk"))


def by_coupon(rows: Iterable[Standing], status: str) -> Iterator[tuple[int, list[int]]]:
    chosen = [row for row in rows if row.status == status]
    for coupon in sorted({row.coupon_id for row in chosen}):
        yield coupon, [row.pk for row in chosen if row.coupon_id == coupon]
