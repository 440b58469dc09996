"""Leaving people the codes that they had: an analysis made again takes over what it finds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.db.models import F
from psycopg import sql

from accounts.journal import Actor
from coupons.binding import beat
from coupons.demanding import EVERYBODY_ELSE, Demand
from coupons.models import Coupon, Movement, Promise, Reservation, Shelf, Why
from coupons.moving import lock_shelves, moving
from coupons.recycling import give_back, recycle, reserved_codes

# A target is the same when its key is; of several messages to one target the address decides.
KEEP = sql.SQL(
    "UPDATE coupons_standing s SET reservation_id = {new}, message = p.message,"
    " channel = p.channel, address = p.address, changed_at = {at}"
    " FROM (SELECT DISTINCT ON (a.message) t.code_id, a.message, a.channel, a.address"
    " FROM coupons_standing t JOIN {table} a"
    " ON a.target_mapping = t.target_mapping AND a.target_key = t.target_key"
    " JOIN coupons_shelf f ON f.id = t.shelf_id"
    " WHERE t.code_id = ANY({codes}) AND t.reservation_id = {old} AND t.status = 'reserved'"
    " AND t.target_key <> '' AND t.shelf_id = ANY({shelves})"
    " AND (a.segment IS NULL OR f.segment = a.segment OR {others} AND f.segment = {everybody})"
    " AND NOT EXISTS (SELECT FROM coupons_standing o WHERE o.message = a.message"
    " AND o.slot = {slot} AND o.code_id <> t.code_id)"
    " ORDER BY a.message, a.address = t.address DESC, t.code_id) p"
    " WHERE s.code_id = p.code_id"
)
# Codes that are for one person only, with that person's message; nothing is locked yet.
OWN = sql.SQL(
    "CREATE TEMPORARY TABLE {own} AS SELECT (row_number() OVER (ORDER BY code_id) - 1)::integer"
    " AS number, * FROM (SELECT DISTINCT ON (code_id) * FROM ("
    "SELECT DISTINCT ON (a.message) c.id AS code_id, a.message, a.channel, a.address,"
    " a.target_mapping, a.target_key FROM {table} a"
    " JOIN coupons_code c ON c.coupon_id = {coupon} AND c.restricted_to = a.target_key"
    " AND c.restricted_to <> '' JOIN coupons_shelf f ON f.id = c.shelf_id"
    " WHERE c.shelf_id = ANY({shelves})"
    " AND (a.segment IS NULL OR f.segment = a.segment OR {others} AND f.segment = {everybody})"
    " AND NOT EXISTS (SELECT FROM coupons_standing t WHERE t.code_id = c.id)"
    " AND NOT EXISTS (SELECT FROM coupons_standing t WHERE t.message = a.message"
    " AND t.slot = {slot}) ORDER BY a.message, c.id) m ORDER BY code_id) u"
)
BIND_OWN = sql.SQL(
    "INSERT INTO coupons_standing (code_id, coupon_id, shelf_id, status, reservation_id, delivery,"
    " message, slot, channel, address, target_mapping, target_key, reserved_at, changed_at)"
    " SELECT c.id, c.coupon_id, c.shelf_id, 'reserved', {reservation}, {delivery}, o.message,"
    " {slot}, o.channel, o.address, o.target_mapping, o.target_key, {at}, {at}"
    " FROM {own} o JOIN coupons_code c ON c.id = o.code_id WHERE c.id = ANY({codes})"
    " ORDER BY c.id"
)
# As many as are there still, by shelf.
STILL_THERE = sql.SQL(
    "SELECT c.shelf_id, array_agg(c.id) FROM {own} o JOIN coupons_code c ON c.id = o.code_id"
    " WHERE o.number >= {first} AND o.number < {end} AND c.shelf_id = ANY({shelves})"
    " AND NOT EXISTS (SELECT FROM coupons_standing t WHERE t.code_id = c.id) GROUP BY 1"
)
# What was sent already: such a message has its code for ever, unless that was voided since.
SENT = sql.SQL(
    "DELETE FROM {table} a USING coupons_standing t WHERE t.message = a.message"
    " AND t.slot = {slot} AND t.status IN ('issued', 'redeemed')"
)
VOIDED = sql.SQL(
    "UPDATE coupons_standing t SET message = NULL FROM {table} a WHERE t.message = a.message"
    " AND t.slot = {slot} AND t.status = 'void'"
)
CHUNK = 2_500


def leave_sent(demand: Demand) -> int:
    """Ask nothing more for messages that were sent with their code; says how many."""
    slot = sql.Literal(demand.slot)
    forget_statistics()
    changed(VOIDED.format(table=demand.table, slot=slot))
    return changed(SENT.format(table=demand.table, slot=slot))


def take_over(
    old: Reservation, demand: Demand, new: Reservation, *, by: Actor, at: datetime
) -> Iterator[tuple[int, int]]:
    """Move what an ending reservation has to a new one where it serves the same people, and give
    back the rest, as steps that each want a transaction. Each says how many of which."""
    is_same = old.coupon_id == new.coupon_id and old.slot == new.slot
    if is_same:
        with connection.cursor() as cursor:
            cursor.execute(
                sql.SQL("CREATE INDEX ON {} (target_key, target_mapping)").format(demand.table)
            )
        shelves, after = [shelf.pk for shelf in demand.usable()], 0
        while codes := reserved_codes(old, after=after):
            beat(old, Reservation.State.ENDING)
            beat(new)
            kept = keep(codes, old, demand, new, shelves, at=at)
            yield kept, 0
            if kept < len(codes):  # in another transaction: shelves are locked before codes
                beat(old, Reservation.State.ENDING)
                yield 0, recycle(codes, old, reason=Why.ANALYSED_AGAIN, by=by, at=at)
            after = codes[-1]
    for count in give_back(old, reason=Why.ANALYSED_AGAIN, by=by, at=at):
        yield 0, count


def keep(
    codes: list[int],
    old: Reservation,
    demand: Demand,
    new: Reservation,
    shelves: list[int],
    *,
    at: datetime,
) -> int:
    return changed(
        KEEP.format(
            table=demand.table,
            new=sql.Literal(new.pk),
            old=sql.Literal(old.pk),
            at=sql.Literal(at),
            codes=sql.Literal(codes),
            shelves=sql.Literal(shelves),
            slot=sql.Literal(demand.slot),
            **segments(demand),
        )
    )


def bind_own(demand: Demand, new: Reservation, *, by: Actor, at: datetime) -> Iterator[int]:
    """Give people the codes that are theirs alone, as steps; each says how many."""
    shelves = [shelf.pk for shelf in demand.usable() if shelf.is_restricted and shelf.free]
    if not shelves:
        return
    found = changed(
        OWN.format(
            own=demand.own,
            table=demand.table,
            coupon=sql.Literal(demand.coupon.pk),
            shelves=sql.Literal(shelves),
            slot=sql.Literal(demand.slot),
            **segments(demand),
        )
    )
    for first in range(0, found, CHUNK):
        beat(new)
        lock_shelves(shelves)
        yield bind_own_chunk(demand, new, shelves, first, by=by, at=at)


def bind_own_chunk(
    demand: Demand, new: Reservation, shelves: list[int], first: int, *, by: Actor, at: datetime
) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            STILL_THERE.format(
                own=demand.own,
                first=sql.Literal(first),
                end=sql.Literal(first + CHUNK),
                shelves=sql.Literal(shelves),
            )
        )
        found = dict(cursor.fetchall())
    for shelf, codes in found.items():
        Shelf.objects.filter(pk=shelf).update(free=F("free") - len(codes))
        promise, _made = Promise.objects.get_or_create(
            reservation=new, shelf_id=shelf, defaults={"remaining": 0}
        )
        Promise.objects.filter(pk=promise.pk).update(remaining=F("remaining") + len(codes))
    with moving(
        Movement.Kind.RESERVE,
        demand.coupon,
        by=by,
        at=at,
        reservation=new.pk,
        delivery=demand.delivery,
    ):
        return changed(
            BIND_OWN.format(
                own=demand.own,
                reservation=sql.Literal(new.pk),
                delivery=sql.Literal(demand.delivery),
                slot=sql.Literal(demand.slot),
                at=sql.Literal(at),
                codes=sql.Literal([code for codes in found.values() for code in codes]),
            )
        )


def segments(demand: Demand) -> dict[str, sql.Composable]:
    mode = demand.coupon.assignment_mode
    return {
        "others": sql.Literal(mode == Coupon.AssignmentMode.BY_SEGMENT),
        "everybody": sql.Literal(EVERYBODY_ELSE),
    }


def forget_statistics() -> None:
    """Until the commit: they do not know what was written a moment ago, and loops are long."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")


def changed(statement: sql.Composable) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.rowcount)
