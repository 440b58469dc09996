"""Codes that leave: assigned as a message begins to be sent, and what comes back of refused ones.

All of it happens inside the caller's transaction, in which the message moves as well: a code is
assigned before anybody can know it, and never twice.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from accounts.journal import Actor
from coupons.locking import mark_code_used
from coupons.models import Coupon, Hold, Movement, Standing, Why
from coupons.moving import lock_shelves, moving
from coupons.obstacles import Obstacle, obstacle_of
from coupons.recycling import give_back_messages
from coupons.windows import Window, narrowed


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


class Row(NamedTuple):
    """What is read of a standing, its code and its shelf: there may be thousands at a time."""

    pk: int
    coupon: int
    status: str
    message: uuid.UUID
    slot: int
    issued_at: datetime | None
    code: str
    start_at: datetime | None
    end_at: datetime | None

    def window(self, coupon: Coupon, issued_at: datetime | None) -> Window:
        return narrowed(coupon, Window(self.start_at, self.end_at), issued_at)


READ = """
SELECT t.code_id, t.coupon_id, t.status, t.message, t.slot, t.issued_at, c.code, f.start_at,
       f.end_at
FROM coupons_standing t JOIN coupons_code c ON c.id = t.code_id
JOIN coupons_shelf f ON f.id = t.shelf_id
WHERE t.message = ANY(%s) ORDER BY t.code_id
"""
LOCK = f"{READ} FOR UPDATE OF t"
ISSUE = """
UPDATE coupons_standing SET status = 'issued', issued_at = %(at)s, changed_at = %(at)s
WHERE code_id = ANY(%(codes)s) AND status = 'reserved'
"""


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
    rows = read(messages, LOCK)
    coupons = Coupon.objects.in_bulk({row.coupon for row in rows})
    refused = refusals(messages, rows, slots, coupons, at=at)
    leaving = [row for row in rows if row.message not in refused]
    for pk, codes in by_coupon(leaving, Standing.Status.RESERVED):
        move(coupons[pk], codes, by=by, at=at)
    issued = Issued(refused=refused)
    for row in leaving:
        given = given_of(coupons[row.coupon], row, row.issued_at or at)
        issued.codes.setdefault(row.message, {})[row.slot] = given
    return issued


def read(messages: Collection[uuid.UUID], statement: str) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [list(messages)])
        return [Row(*values) for values in cursor.fetchall()]


def refusals(
    messages: Collection[uuid.UUID],
    rows: Iterable[Row],
    slots: Collection[int],
    coupons: Mapping[int, Coupon],
    *,
    at: datetime,
) -> dict[uuid.UUID, Obstacle]:
    """The messages that may not leave with these codes, and why."""
    told = {pk: obstacle_of(coupon, until=at) for pk, coupon in coupons.items()}
    found: dict[uuid.UUID, dict[int, Row]] = {message: {} for message in messages}
    for row in rows:
        found[row.message][row.slot] = row
    why = {
        message: refusal_of(theirs, slots, told, coupons, at=at)
        for message, theirs in found.items()
    }
    return {message: obstacle for message, obstacle in why.items() if obstacle}


def refusal_of(
    rows: Mapping[int, Row],
    slots: Collection[int],
    told: Mapping[int, Obstacle | None],
    coupons: Mapping[int, Coupon],
    *,
    at: datetime,
) -> Obstacle | None:
    if set(slots) - set(rows):
        return Obstacle.CODES_MISSING
    for row in rows.values():
        if obstacle := told[row.coupon]:
            return obstacle
        if row.status == Standing.Status.VOID:
            return Obstacle.CODES_MISSING
        if row.window(coupons[row.coupon], row.issued_at).ends_before(at):
            return Obstacle.AFTER_END
    return None


def move(coupon: Coupon, codes: Collection[int], *, by: Actor, at: datetime) -> None:
    mark_code_used(coupon)
    with moving(Movement.Kind.ISSUE, coupon, by=by, at=at), connection.cursor() as cursor:
        cursor.execute(ISSUE, {"codes": list(codes), "at": at})


def codes_of(messages: Collection[uuid.UUID]) -> dict[uuid.UUID, dict[int, Given]]:
    """The codes that messages have, whatever became of them: for previews, copies and archives."""
    found: dict[uuid.UUID, dict[int, Given]] = {}
    rows = read(messages, READ)
    coupons = Coupon.objects.in_bulk({row.coupon for row in rows})
    for row in rows:
        given = given_of(coupons[row.coupon], row, row.issued_at)
        found.setdefault(row.message, {})[row.slot] = given
    return found


def given_of(coupon: Coupon, row: Row, issued_at: datetime | None) -> Given:
    window = row.window(coupon, issued_at)
    return Given(row.slot, coupon.pk, row.code, window.start_at, window.end_at)


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
    coupons = Coupon.objects.filter(reuse_policy=Coupon.ReusePolicy.IF_REJECTED)
    theirs = Standing.objects.filter(message__in=messages, coupon__in=coupons.values("pk"))
    lock_shelves(theirs.order_by().values_list("shelf_id", flat=True).distinct())
    willing = set(theirs.values_list("coupon_id", flat=True))
    rows = [row for row in read(messages, LOCK) if row.coupon in willing]
    done = 0
    for coupon, codes in by_coupon(rows, Standing.Status.ISSUED):
        returnable = unknown_to_all(codes)
        with moving(Movement.Kind.RETURN, coupon, by=by, at=at, reason=Why.REFUSED):
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
    give_back_messages(messages, reason=Why.PURGED, by=by, at=at)
    rows = Standing.objects.filter(pk__in=[row.pk for row in read(messages, LOCK)])
    return rows.update(message=None, reservation=None, address="", changed_at=at)


def by_coupon(rows: Iterable[Row], status: str) -> Iterator[tuple[int, list[int]]]:
    chosen = [row for row in rows if row.status == status]
    for coupon in sorted({row.coupon for row in chosen}):
        yield coupon, [row.pk for row in chosen if row.coupon == coupon]
