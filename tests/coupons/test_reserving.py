"""Reserving codes for a delivery: all or none, the same again, and what is missing by number."""

import uuid
from datetime import datetime, timedelta

import pytest
from django.db import transaction

from coupons import recycling
from coupons.actions.coupons import set_status
from coupons.binding import ReservationLost
from coupons.checking import check
from coupons.demanding import Demand, Recipient, rows_of
from coupons.models import CodeEvent, Promise, Reservation, Shelf, Standing
from coupons.moving import moving
from coupons.obstacles import Insufficient, NotReservable
from coupons.reserving import Reserving, reserve
from coupons.stock import free_of, stock_of
from coupons.voiding import void
from tests.build import make_codes, make_coupon
from tests.coupons.conftest import CLOCK, PARIS, SOCCER, issue

pytestmark = pytest.mark.django_db
NAMES = uuid.UUID(int=7)
LATER = CLOCK + timedelta(hours=1)


def message_of(key, run=1):
    """What a delivery calls the message to somebody in one of its analyses."""
    return uuid.uuid5(NAMES, f"{key} {run}")


def people(*keys, run=1, **fields):
    fields.setdefault("channel", "email")
    fields.setdefault("target_mapping", "contact")
    return [
        Recipient(
            message=message_of(key, run),
            target_key=key,
            **{"address": f"{key.lower()}@example.org", **fields},
        )
        for key in keys
    ]


def numbered(count):
    return [f"C-{n}" for n in range(1, count + 1)]


def demand(coupon, recipients, *, delivery="DM1", **fields):
    fields.setdefault("valid_from", CLOCK)
    fields.setdefault("valid_until", CLOCK)
    return Demand(coupon=coupon, delivery=delivery, rows=rows_of(recipients), **fields)


def reserved(coupon, recipients, **fields):
    (result,) = reserve([demand(coupon, recipients, **fields)], by=None, at=CLOCK, patience=0)
    return result


def short(coupon, recipients, **fields):
    with pytest.raises(Insufficient) as refusal:
        reserved(coupon, recipients, **fields)
    (shortage,) = refusal.value.shortages
    return shortage


def codes_of(delivery="DM1"):
    """The code of each target."""
    standings = Standing.objects.filter(delivery=delivery, status="reserved")
    return {each.target_key: each.code.code for each in standings.select_related("code")}


def make_shelf(coupon, *codes, **columns):
    shelf = Shelf.objects.create(coupon=coupon, **columns)
    make_codes(coupon, *codes, shelf=shelf)
    return shelf


def test_each_message_gets_a_code_and_what_is_known_of_it_is_kept(soc):
    """AS-03."""
    result = reserved(soc, people("C-1", "C-2"))

    assert (result.required, result.usable, result.recycled) == (2, 8, 0)
    assert sorted(codes_of().values()) == ["2for1", "Trynow"]
    row = Standing.objects.get(target_key="C-1")
    assert (row.channel, row.address, row.slot) == ("email", "c-1@example.org", 1)
    assert (row.message, row.reserved_at) == (message_of("C-1"), CLOCK)
    assert stock_of(soc)["available"] == 6
    held = Reservation.objects.get()
    assert (held.state, held.wanted, held.expires_at) == ("held", 2, CLOCK + timedelta(days=7))
    assert [(e.before, e.after, e.message is None) for e in CodeEvent.objects.all()] == [
        ("available", "reserved", False)
    ] * 2
    assert check() == []


def test_too_few_codes_reserve_none_and_say_exactly_how_many_are_missing(soc):
    """AS-04."""
    shortage = short(soc, people(*numbered(10)))

    assert (shortage.usable, shortage.required, shortage.missing) == (8, 10, 2)
    assert (shortage.coupon, shortage.held, shortage.outside_window) == (soc, {}, 0)
    assert not Standing.objects.exists()
    assert free_of(soc) == 8
    assert Reservation.objects.get().state == "ended"
    assert check() == []


def test_after_a_refill_it_succeeds_and_again_everybody_keeps_their_code(soc):
    """AS-05."""
    short(soc, people(*numbered(10)))
    make_codes(soc, "Extra1", "Extra2")

    first = reserved(soc, people(*numbered(10)))
    codes = codes_of()
    again = reserved(soc, people(*numbered(10), run=2))

    assert (first.recycled, first.kept) == (0, 0)
    assert (again.recycled, again.kept) == (10, 10)
    assert len(codes) == 10
    assert codes_of() == codes
    assert Standing.objects.get(target_key="C-3").message == message_of("C-3", 2)
    assert [r.state for r in Reservation.objects.order_by("pk")] == ["ended", "ended", "held"]
    assert check() == []


def test_who_stays_keeps_their_code_and_the_others_give_theirs_back(soc):
    reserved(soc, people(*numbered(8)))
    codes = codes_of()

    result = reserved(soc, people("C-2", "C-9", "C-7", "C-8", run=2))

    assert (result.required, result.recycled, result.kept, result.usable) == (4, 8, 3, 8)
    now = codes_of()
    assert {key: now[key] for key in ("C-2", "C-7", "C-8")} == {
        key: codes[key] for key in ("C-2", "C-7", "C-8")
    }
    assert set(now) == {"C-2", "C-7", "C-8", "C-9"}
    assert free_of(soc) == 4
    assert check() == []


def test_a_new_address_is_kept_with_the_same_code(soc):
    reserved(soc, people("C-1"))
    code = codes_of()

    reserved(soc, people("C-1", run=2, address="new@example.org"))

    assert codes_of() == code
    assert Standing.objects.get().address == "new@example.org"


def test_two_messages_to_one_target_keep_apart(soc):
    two = [
        *people("C-1", address="home@example.org"),
        *[Recipient(message=uuid.uuid4(), target_mapping="contact", target_key="C-1",
                    address="work@example.org")],
    ]  # fmt: skip
    reserved(soc, two)
    by_address = dict(Standing.objects.values_list("address", "code__code"))

    again = [
        Recipient(message=uuid.uuid4(), target_mapping="contact", target_key="C-1", address=a)
        for a in ("work@example.org", "home@example.org")
    ]
    reserved(soc, again)

    assert dict(Standing.objects.values_list("address", "code__code")) == by_address
    assert set(Standing.objects.values_list("message", flat=True)) == {e.message for e in again}


def test_another_coupon_in_the_same_slot_gives_the_first_ones_codes_back(soc):
    other = make_coupon("CPN24", type="individual")
    make_codes(other, "Other1")
    reserved(soc, people("C-1"))

    reserved(other, people("C-1", run=2))

    assert codes_of() == {"C-1": "Other1"}
    assert free_of(soc) == 8
    assert check() == []


def test_what_another_delivery_has_is_named(soc):
    """AS-08."""
    reserved(soc, people(*numbered(5)))

    shortage = short(soc, people(*numbered(4)), delivery="DM2")

    assert (shortage.usable, shortage.required, shortage.missing) == (3, 4, 1)
    assert shortage.held == {"DM1": 5}
    assert len(codes_of("DM1")) == 5
    assert codes_of("DM2") == {}


def test_a_slot_that_is_short_leaves_the_others_with_nothing(soc):
    other = make_coupon("CPN24", type="individual")
    make_codes(other, "Other1")
    both = [
        demand(soc, people("C-1", "C-2"), slot=1),
        demand(other, people("C-1", "C-2"), slot=2),
    ]
    with pytest.raises(Insufficient) as refusal:
        reserve(both, by=None, at=CLOCK, patience=0)

    assert [(s.coupon, s.slot, s.missing) for s in refusal.value.shortages] == [(other, 2, 1)]
    assert not Standing.objects.exists()
    assert (free_of(soc), free_of(other)) == (8, 1)
    make_codes(other, "Other2")
    first, second = reserve(both, by=None, at=CLOCK, patience=0)
    assert (first.required, second.required) == (2, 2)
    assert Standing.objects.filter(message=message_of("C-1")).count() == 2
    assert check() == []


def test_two_slots_of_one_coupon_share_its_stock(soc):
    both = [demand(soc, people(*numbered(5)), slot=slot) for slot in (1, 2)]
    with pytest.raises(Insufficient) as refusal:
        reserve(both, by=None, at=CLOCK, patience=0)
    (shortage,) = refusal.value.shortages
    assert (shortage.slot, shortage.usable, shortage.missing) == (2, 3, 2)
    assert free_of(soc) == 8


# --- windows, segments, codes for one person ---


def test_codes_of_another_time_are_not_usable(soc):
    day = timedelta(days=1)
    make_shelf(soc, "Late", start_at=CLOCK + day)
    make_shelf(soc, "Over", end_at=CLOCK)
    make_shelf(soc, "Soon", end_at=CLOCK + day)

    shortage = short(soc, people(*numbered(10)))
    assert (shortage.usable, shortage.outside_window) == (9, 2)

    with_waves = short(soc, people(*numbered(9)), valid_until=CLOCK + day)
    assert (with_waves.usable, with_waves.missing, with_waves.outside_window) == (8, 1, 3)

    reserved(soc, people("C-1"))
    assert codes_of() == {"C-1": "Soon"}  # the first to end


def test_a_coupon_that_is_over_or_not_active_gives_nothing(soc):
    cases = [
        ({"valid_until": datetime(2026, 1, 29, tzinfo=PARIS)}, "after_end"),
        ({"valid_until": datetime(2026, 1, 28, 23, 59, 59, tzinfo=PARIS)}, None),
    ]
    for fields, obstacle in cases:
        if obstacle is None:
            assert reserved(soc, people("C-1"), **fields).required == 1
            continue
        with pytest.raises(NotReservable) as refusal:
            reserved(soc, people("C-1"), **fields)
        assert refusal.value.obstacle == obstacle
    set_status(soc, "suspended", version=None, by=None, at=CLOCK)
    with pytest.raises(NotReservable) as refusal:
        reserved(soc, people("C-1"))
    assert refusal.value.obstacle == "coupon_suspended"
    assert refusal.value.sentence == "This coupon is not active."
    assert (free_of(soc), Standing.objects.count()) == (8, 0)  # nor what the analysis before had
    with pytest.raises(NotReservable) as refusal:
        reserved(make_coupon("SPRING10"), people("C-1"), delivery="DM2")
    assert refusal.value.obstacle == "coupon_anonymous"


def test_each_gets_a_code_of_their_segment_or_of_everybody_elses():
    """CPN-088."""
    coupon = make_coupon(type="individual", assignment_mode="by_segment")
    make_shelf(coupon, "S1", "S2", segment="soccer")
    make_shelf(coupon, "T1", segment="tennis")
    make_shelf(coupon, "X1", segment="*")
    fans = [
        *people("C-1", "C-2", "C-3", segment="soccer"),
        *people("C-4", segment="tennis"),
    ]

    reserved(coupon, fans)
    codes = codes_of()
    assert codes["C-4"] == "T1"
    assert {codes["C-1"], codes["C-2"], codes["C-3"]} == {"S1", "S2", "X1"}
    recycling.give_back_delivery("DM1", reason="test", by=None, at=CLOCK)

    shortage = short(
        coupon, [*fans, *people("C-5", segment="tennis"), *people("C-6", segment="golf")]
    )
    assert {
        segment: (each.usable, each.required, each.missing)
        for segment, each in shortage.segments.items()
    } == {"golf": (1, 1, 0), "soccer": (2, 3, 1), "tennis": (1, 2, 1)}
    assert (shortage.usable, shortage.required, shortage.missing) == (4, 6, 2)
    assert check() == []


def test_a_sub_stock_is_kept_apart_when_it_is_asked_for():
    coupon = make_coupon(type="individual")
    make_shelf(coupon, "S1", segment="soccer")
    make_shelf(coupon, "T1", "T2", segment="tennis")

    shortage = short(coupon, people("C-1", "C-2", segment="soccer"))
    assert (shortage.usable, shortage.missing) == (1, 1)
    assert reserved(coupon, people("C-1", "C-2", "C-3")).required == 3


def test_a_code_for_one_person_goes_to_them_and_to_nobody_else(soc):
    """CPN-089."""
    shelf = Shelf.objects.create(coupon=soc, is_restricted=True)
    batch = soc.batches.first()
    soc.codes.bulk_create(
        soc.codes.model(
            coupon=soc, shelf=shelf, batch=batch, code=code, code_norm=code.upper(),
            restricted_to=key,
        )
        for code, key in (("Own3", "C-3"), ("Own99", "C-99"))
    )  # fmt: skip

    result = reserved(soc, people(*numbered(9)))

    assert (result.own, result.usable) == (1, 9)
    assert codes_of()["C-3"] == "Own3"
    assert set(codes_of().values()) == {*SOCCER, "Own3"}
    again = reserved(soc, people(*numbered(9), run=2))
    assert (again.kept, codes_of()["C-3"]) == (9, "Own3")
    shortage = short(soc, people(*numbered(10), run=3))
    assert (shortage.usable, shortage.missing, shortage.restricted) == (9, 1, 1)
    assert check() == []


# --- what ends on the way ---


def taken(reserving, until):
    """Take steps, each in a transaction, until something holds."""
    for_ever = iter(reserving.steps())
    while not until():
        with transaction.atomic():
            next(for_ever)
    return for_ever


def test_what_was_abandoned_half_way_is_given_back(soc):
    reserving = Reserving([demand(soc, people(*numbered(5)))], by=None, at=CLOCK)
    taken(reserving, lambda: Promise.objects.exists())
    assert free_of(soc) == 3
    reserving.abandon()
    assert (free_of(soc), Reservation.objects.get().state) == (8, "ended")
    assert check() == []


def test_the_later_of_two_analyses_of_a_delivery_wins(soc):
    first = Reserving([demand(soc, people(*numbered(5)))], by=None, at=CLOCK)
    rest = taken(first, lambda: Promise.objects.exists())

    second = reserved(soc, people(*numbered(4), run=2))
    with pytest.raises(ReservationLost), transaction.atomic():
        for _step in rest:
            pass
    first.abandon()

    assert second.reservation.pk != first.results[0].reservation.pk
    assert len(codes_of()) == 4
    assert free_of(soc) == 4
    assert check() == []


def test_codes_that_come_back_low_in_the_pool_are_found(soc):
    reserved(soc, people(*numbered(8)))
    recycling.give_back_messages(
        [message_of("C-1"), message_of("C-2")], reason="unsubscribed", by=None, at=CLOCK
    )
    assert reserved(soc, people("D-1", "D-2"), delivery="DM2").required == 2
    assert len(codes_of("DM2")) == 2
    assert len(codes_of("DM1")) == 6
    assert check() == []


def test_a_void_or_used_code_is_not_given(soc):
    issue("Trynow")
    with transaction.atomic(), moving("void", soc, by=None, at=CLOCK):
        void([soc.codes.get(code="Kickit").pk], at=CLOCK)
    shortage = short(soc, people(*numbered(8)))
    assert (shortage.usable, shortage.stock["void"], shortage.stock["issued"]) == (6, 1, 1)


def test_large_deliveries_are_bound_in_chunks(monkeypatch):
    monkeypatch.setattr("coupons.binding.CHUNK", 3)
    monkeypatch.setattr("coupons.recycling.CHUNK", 3)
    coupon = make_coupon(type="individual")
    make_codes(coupon, *(f"K{n}" for n in range(20)))
    reserved(coupon, people(*numbered(7), run=9), delivery="DM0")
    reserved(coupon, people(*numbered(10)))
    recycling.give_back_delivery("DM0", reason="cancelled", by=None, at=CLOCK)
    codes = codes_of()
    assert reserved(coupon, people(*numbered(10), run=2)).kept == 10
    assert codes_of() == codes
    reserved(coupon, people(*numbered(18), run=3))
    assert len(codes_of()) == 18
    assert {key: codes_of()[key] for key in codes} == codes
    assert check() == []
