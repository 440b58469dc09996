"""Choosing codes for messages, chunk by chunk, against what was promised.

Codes are looked for before the shelf is locked; once it is, they only have to be still there. So a
pool is locked for as long as a chunk takes to write, however many of its codes are given already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models.functions import Now
from psycopg import sql

from accounts.journal import Actor
from coupons.allotting import Share
from coupons.demanding import Demand
from coupons.models import Movement, Reservation
from coupons.moving import lock_shelves, moving

CHUNK = 2_500
NEAR = 100_000  # how far on, by number, other codes are looked for while the shelf is locked

FREE = """
SELECT c.id FROM coupons_code c
WHERE c.shelf_id = %(shelf)s AND c.id > %(after)s AND c.id <= %(until)s
  AND NOT EXISTS (SELECT FROM coupons_standing t WHERE t.code_id = c.id AND t.code_id > %(after)s)
ORDER BY c.id LIMIT %(count)s
"""
BIND = sql.SQL(
    "INSERT INTO coupons_standing (code_id, coupon_id, shelf_id, status, reservation_id, delivery,"
    " message, slot, channel, address, target_mapping, target_key, reserved_at, changed_at)"
    " SELECT k.id, %(coupon)s, %(shelf)s, 'reserved', %(reservation)s, %(delivery)s, a.message,"
    " %(slot)s, a.channel, a.address, a.target_mapping, a.target_key, %(at)s, %(at)s FROM ("
    "SELECT c.id, row_number() OVER (ORDER BY c.id) - 1 + %(first)s AS number"
    " FROM unnest(%(codes)s::bigint[]) AS u (id) JOIN coupons_code c ON c.id = u.id"
    " WHERE c.shelf_id = %(shelf)s"
    " AND NOT EXISTS (SELECT FROM coupons_standing t WHERE t.code_id = u.id"
    " AND t.code_id BETWEEN %(lowest)s AND %(highest)s)"
    ") k JOIN {table} a ON a.number = k.number WHERE a.number < %(end)s ORDER BY k.id"
)
LARGEST = 2**63 - 1


class ReservationLost(Exception):
    """It was ended meanwhile: by another analysis of the delivery, or because its worker was
    silent for too long and taken for dead."""


class Binder:
    """Binds the codes of one reservation, each call inside a transaction of its own."""

    def __init__(
        self, demand: Demand, reservation: Reservation, table: sql.Identifier, *, by: Actor
    ) -> None:
        self.demand = demand
        self.reservation = reservation
        self.table = table
        self.by = by
        self.after = 0  # codes up to here are given; what comes back among them is found at the end

    def bind(self, share: Share, *, at: datetime) -> int:
        """Give codes to some of the messages of a share, from its first on; says to how many."""
        wanted = min(share.count, CHUNK)
        codes = self.look(share.shelf, wanted)
        beat(self.reservation)
        lock_shelves([share.shelf])
        with moving(
            Movement.Kind.RESERVE,
            self.demand.coupon,
            by=self.by,
            at=at,
            reservation=self.reservation.pk,
            delivery=self.demand.delivery,
        ):
            bound = self.write(share, codes, share.first, at=at)
            if bound < wanted and codes:  # others were quicker: what follows is free, most likely
                until = codes[-1] + NEAR
                codes = free_codes(share.shelf, codes[-1], wanted - bound, until=until)
                bound += self.write(share, codes, share.first + bound, at=at)
        if codes:
            self.after = codes[-1]
        return bound

    def look(self, shelf: int, wanted: int) -> list[int]:
        """The next codes that seem to be free; nothing is locked meanwhile."""
        codes = free_codes(shelf, self.after, wanted)
        if not codes and self.after:
            self.after = 0
            codes = free_codes(shelf, 0, wanted)
        return codes

    def write(self, share: Share, codes: Sequence[int], first: int, *, at: datetime) -> int:
        if not codes:
            return 0
        values: dict[str, Any] = {
            "coupon": self.demand.coupon.pk,
            "shelf": share.shelf,
            "reservation": self.reservation.pk,
            "delivery": self.demand.delivery,
            "slot": self.demand.slot,
            "first": first,
            "end": share.first + share.count,
            "codes": list(codes),
            "lowest": codes[0],
            "highest": codes[-1],
            "at": at,
        }
        with connection.cursor() as cursor:
            cursor.execute(BIND.format(table=self.table), values)
            return int(cursor.rowcount)


def beat(reservation: Reservation, state: str = Reservation.State.BINDING) -> None:
    """Somebody is at it still; raises ReservationLost when it is not in this state any more."""
    this = Reservation.objects.filter(pk=reservation.pk, state=state)
    if not this.update(beat_at=Now()):
        raise ReservationLost


def free_codes(shelf: int, after: int, count: int, *, until: int = LARGEST) -> list[int]:
    values = {"shelf": shelf, "after": after, "until": until, "count": count}
    with connection.cursor() as cursor:
        cursor.execute(FREE, values)
        return [pk for (pk,) in cursor.fetchall()]
