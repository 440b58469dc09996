"""What the database keeps right whoever writes: counts, shelves, the ledger, uniqueness."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from psycopg import sql

from coupons.models import (
    Batch,
    CodeEvent,
    Coupon,
    CouponUse,
    Promise,
    Reservation,
    Shelf,
    Standing,
)
from coupons.moving import moving
from coupons.stock import stock_of
from coupons.storing import row_of, store_codes
from tests.build import NOON, make_codes, make_coupon

pytestmark = pytest.mark.django_db


def run(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.rowcount


def shelf_of(coupon):
    return tuple(Shelf.objects.filter(coupon=coupon).values_list("total", "free").get())


def void(code, status="void"):
    return Standing.objects.create(
        code=code,
        coupon_id=code.coupon_id,
        shelf_id=code.shelf_id,
        status=status,
        voided_at=NOON,
        changed_at=NOON,
    )


def test_codes_are_counted_as_they_come_and_go():
    coupon = make_coupon(type="individual")

    one, _two, _three = make_codes(coupon, "A", "B", "C")
    assert shelf_of(coupon) == (3, 3)
    with moving("delete", coupon, by=None, at=NOON):
        one.delete()

    assert shelf_of(coupon) == (2, 2)
    assert [(e.before, e.after) for e in CodeEvent.objects.all()] == [("available", "deleted")]


def test_every_move_is_counted_and_kept():
    coupon = make_coupon(type="individual")
    code, _other = make_codes(coupon, "A", "B")

    with moving("void", coupon, by=None, at=NOON, reason="misprint") as movement:
        void(code)
    assert stock_of(coupon) == {
        "total": 2,
        "available": 1,
        "reserved": 0,
        "issued": 0,
        "redeemed": 0,
        "void": 1,
    }
    assert shelf_of(coupon) == (2, 1)
    with moving("unvoid", coupon, by=None, at=NOON):
        Standing.objects.filter(code=code).delete()

    assert shelf_of(coupon) == (2, 2)
    assert stock_of(coupon)["void"] == 0
    kept = CodeEvent.objects.order_by("number").values_list("code_number", "before", "after")
    assert list(kept) == [(code.pk, "available", "void"), (code.pk, "void", "available")]
    assert {event.movement for event in CodeEvent.objects.order_by("number")[:1]} == {movement}


def test_nothing_moves_outside_a_movement():
    (code,) = make_codes(make_coupon(type="individual"), "A")

    with pytest.raises(IntegrityError, match="inside a movement"), transaction.atomic():
        void(code)


@pytest.mark.parametrize("after", ["issued", "reserved", "redeemed"])
def test_what_is_void_stays_so(after):
    coupon = make_coupon(type="individual")
    (code,) = make_codes(coupon, "A")
    with moving("void", coupon, by=None, at=NOON):
        void(code)
    refusal = pytest.raises(IntegrityError, match="cannot go from void")
    with moving(after, coupon, by=None, at=NOON), refusal, transaction.atomic():
        run("UPDATE coupons_standing SET status = %s", after)


def test_a_code_is_not_born_issued():
    coupon = make_coupon(type="individual")
    (code,) = make_codes(coupon, "A")
    refusal = pytest.raises(IntegrityError, match="from available to issued")
    with moving("issue", coupon, by=None, at=NOON), refusal, transaction.atomic():
        void(code, status="issued")


def test_a_code_with_a_standing_is_not_deleted():
    coupon = make_coupon(type="individual")
    (code,) = make_codes(coupon, "A")
    with moving("void", coupon, by=None, at=NOON):
        void(code)

    refusal = pytest.raises(IntegrityError, match="coupons_standing_code")
    run("SET CONSTRAINTS ALL IMMEDIATE")
    with moving("delete", coupon, by=None, at=NOON), refusal, transaction.atomic():
        run("DELETE FROM coupons_code")


def test_a_code_never_changes():
    make_codes(make_coupon(type="individual"), "A")

    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        run("UPDATE coupons_code SET code_norm = 'B'")


def test_other_dates_take_a_code_to_another_shelf_with_its_standing():
    coupon = make_coupon(type="individual")
    code, other = make_codes(coupon, "A", "B")
    with moving("void", coupon, by=None, at=NOON):
        void(code)
    shelf = Shelf.objects.create(coupon=coupon, segment="soccer")

    run("UPDATE coupons_code SET shelf_id = %s", shelf.pk)

    assert list(Shelf.objects.order_by("pk").values_list("total", "free")) == [(0, 0), (2, 1)]
    assert Standing.objects.get().shelf == shelf
    assert stock_of(coupon)["void"] == 1
    assert shelf.counts.get(shard=code.pk % 16).void == 1
    assert other.pk


def test_a_code_needs_a_shelf_and_a_batch_of_its_coupon():
    coupon, other = make_coupon("A1", type="individual"), make_coupon("A2", type="individual")
    (code,) = make_codes(coupon, "A")

    for column in ("shelf_id", "batch_id", "coupon_id"):
        values = {"coupon_id": coupon.pk, "shelf_id": code.shelf_id, "batch_id": code.batch_id}
        values[column] = other.pk + 1000
        with pytest.raises(IntegrityError), transaction.atomic():
            run(
                "INSERT INTO coupons_code (coupon_id, shelf_id, batch_id, code, code_norm)"
                " VALUES (%s, %s, %s, 'B', 'B')",
                *values.values(),
            )


def test_codes_are_unique_everywhere_with_those_of_anonymous_coupons():
    pool = make_coupon("POOL", type="individual")
    make_codes(pool, "A")
    make_coupon("SPRING10")

    for clash in (
        lambda: make_codes(make_coupon("POOL2", type="individual"), "A"),
        lambda: make_codes(pool, "SPRING10"),
        lambda: make_coupon("A"),
        lambda: Coupon.objects.filter(code="SPRING10").update(code="A", code_norm="A"),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            clash()


def test_the_ledger_and_redemptions_are_never_rewritten():
    coupon = make_coupon(type="individual")
    (code,) = make_codes(coupon, "A")
    with moving("void", coupon, by=None, at=NOON):
        void(code)

    for statement in (
        "UPDATE coupons_movement SET reason = 'x'",
        "DELETE FROM coupons_movement",
        "UPDATE coupons_codeevent SET after = 'issued'",
        "DELETE FROM coupons_codeevent",
        "DELETE FROM coupons_redemption",
        "UPDATE coupons_redemption SET redeemed_on = now()",
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            run(statement)


@pytest.mark.parametrize("limit", [0, 1, 5, 16, 17, 1000])
def test_room_is_shared_out_to_the_last_use(limit):
    coupon = make_coupon(max_redemptions_total=limit)

    rooms = CouponUse.objects.filter(coupon=coupon).values_list("room", flat=True)

    assert (len(rooms), sum(room or 0 for room in rooms)) == (16, limit)


def test_room_follows_the_limit_whatever_was_used():
    coupon = make_coupon(max_redemptions_total=100)
    uses = CouponUse.objects.filter(coupon=coupon)
    uses.update(used=3)  # 48 in all

    for limit, room in ((200, 200), (48, 48), (10, 10), (0, 0)):
        Coupon.objects.filter(pk=coupon.pk).update(max_redemptions_total=limit)
        assert sum(given or 0 for given in uses.values_list("room", flat=True)) == room
    Coupon.objects.filter(pk=coupon.pk).update(max_redemptions_total=None)

    assert set(uses.values_list("room", flat=True)) == {None}


def reserve(coupon, shelf, wanted):
    reservation = Reservation.objects.create(
        coupon=coupon,
        delivery="DLV1",
        wanted=wanted,
        valid_from=NOON,
        valid_until=NOON,
        created_at=NOON,
        beat_at=NOON,
    )
    Shelf.objects.filter(pk=shelf).update(free=F("free") - wanted)
    Promise.objects.create(reservation=reservation, shelf_id=shelf, remaining=wanted)
    return reservation


def bind(code, reservation):
    return Standing.objects.create(
        code=code,
        coupon_id=code.coupon_id,
        shelf_id=code.shelf_id,
        status="reserved",
        reservation=reservation,
        reserved_at=NOON,
        changed_at=NOON,
    )


def test_only_as_many_codes_are_bound_as_were_promised():
    coupon = make_coupon(type="individual")
    one, two, three = make_codes(coupon, "A", "B", "C")
    reservation = reserve(coupon, one.shelf_id, 2)

    with moving("reserve", coupon, by=None, at=NOON, reservation=reservation.pk):
        bind(one, reservation)
        bind(two, reservation)
        with pytest.raises(IntegrityError), transaction.atomic():
            bind(three, reservation)
    assert (shelf_of(coupon), reservation.promises.get().remaining) == ((3, 1), 0)
    with moving("recycle", coupon, by=None, at=NOON):
        run("DELETE FROM coupons_standing")

    assert shelf_of(coupon) == (3, 3)
    assert stock_of(coupon)["available"] == 3


def test_what_was_promised_is_not_taken_by_anybody_else():
    coupon = make_coupon(type="individual")
    (code,) = make_codes(coupon, "A")
    reserve(coupon, code.shelf_id, 1)

    refusal = pytest.raises(IntegrityError, match="shelf_has_what_it_says")
    with moving("void", coupon, by=None, at=NOON), refusal, transaction.atomic():
        void(code)


def test_codes_are_stored_on_the_shelves_of_their_dates_and_taken_ones_left_out():
    coupon = make_coupon(type="individual")
    make_coupon("SPRING10")
    make_codes(coupon, "A")
    batch = Batch.objects.create(coupon=coupon, origin="import", created_at=NOON)
    kinds: list[tuple[str, dict]] = [
        ("A", {}),
        ("B", {}),
        ("C", {"segment": "soccer", "end_at": NOON}),
    ]
    kinds += [("D", {"restricted_to": "C-1"}), ("SPRING10", {})]
    each = [
        row_of(coupon_id=coupon.pk, batch_id=batch.pk, code=code, code_norm=code, **more)
        for code, more in kinds
    ]

    with connection.cursor() as cursor:
        count = store_codes(cursor, sql.SQL(" UNION ALL ").join(each))
        made = cursor.fetchall()

    assert (count, sorted(made)) == (3, [(coupon.pk, "B"), (coupon.pk, "C"), (coupon.pk, "D")])
    shelves = Shelf.objects.order_by("pk").values_list("segment", "end_at", "is_restricted", "free")
    assert sorted(shelves, key=str) == [
        ("", None, False, 2),
        ("", None, True, 1),
        ("soccer", NOON, False, 1),
    ]
    batch.refresh_from_db()
    assert batch.made == 3
