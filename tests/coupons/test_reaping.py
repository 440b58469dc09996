"""Workers that are lost, and operators and deliveries that meet at one moment."""

import re
import threading
import uuid
from datetime import timedelta

import pytest
from django.db import connection, transaction

from coupons import recycling, tasks
from coupons.actions.coupons import create_coupon, propose_code
from coupons.actions.refusing import FieldRefused
from coupons.binding import ReservationLost
from coupons.checking import check
from coupons.demanding import Demand, Recipient, rows_of
from coupons.models import Coupon, Movement, Promise, Reservation, Standing
from coupons.obstacles import Insufficient
from coupons.reserving import Reserving, reserve
from coupons.stock import free_of
from tests.build import make_codes, make_coupon
from tests.coupons.conftest import CLOCK

DEAD = timedelta(minutes=5)


def ask(pool, delivery, need, **fields):
    people = [Recipient(message=uuid.uuid4(), target_key=f"C-{n}") for n in range(need)]
    return Demand(
        coupon=pool,
        delivery=delivery,
        rows=rows_of(people),
        valid_from=CLOCK,
        valid_until=CLOCK,
        **fields,
    )


def make_pool(count):
    pool = make_coupon("CPN30", type="individual")
    make_codes(pool, *(f"K{n}" for n in range(count)))
    return pool


def begun(reserving, until):
    """As far as its worker came."""
    steps = reserving.steps()
    while not until():
        with transaction.atomic():
            next(steps)
    return steps


@pytest.fixture
def small_chunks(monkeypatch):
    monkeypatch.setattr("coupons.binding.CHUNK", 4)
    monkeypatch.setattr("coupons.recycling.CHUNK", 4)


@pytest.mark.django_db
def test_what_a_lost_worker_has_left_comes_back(small_chunks):
    """AS-09, with a clock of our own."""
    pool = make_pool(20)
    lost = begun(
        Reserving([ask(pool, "A", 16)], by=None, at=CLOCK), lambda: Standing.objects.count() == 8
    )
    with pytest.raises(Insufficient) as refusal:
        reserve([ask(pool, "B", 10)], by=None, at=CLOCK, patience=0)
    (shortage,) = refusal.value.shortages
    assert (shortage.usable, shortage.missing, shortage.held) == (4, 6, {"A": 16})
    beat_at = Reservation.objects.get(delivery="A").beat_at

    assert recycling.reap(at=beat_at + timedelta(seconds=44)) == 0
    assert recycling.reap(at=beat_at + timedelta(seconds=46)) == 8

    assert (free_of(pool), Standing.objects.count()) == (20, 0)
    assert Reservation.objects.get(delivery="A").state == "ended"
    with pytest.raises(ReservationLost), transaction.atomic():
        for _step in lost:  # it was not dead after all
            pass
    assert free_of(pool) == 20
    (ready,) = reserve([ask(pool, "B", 10)], by=None, at=CLOCK, patience=0)
    assert ready.required == 10
    assert check() == []


@pytest.mark.django_db
def test_whoever_reaps_and_is_lost_is_followed_by_another(small_chunks):
    pool = make_pool(20)
    begun(Reserving([ask(pool, "A", 16)], by=None, at=CLOCK), lambda: Standing.objects.count() == 8)
    later = Reservation.objects.get().beat_at + DEAD
    reaping = recycling.reaping(at=later)
    for _step in range(3):  # promises, and a chunk of four
        with transaction.atomic():
            next(reaping)
    assert Reservation.objects.get().state == "ending"
    assert (Standing.objects.count(), free_of(pool)) == (4, 16)

    assert recycling.reap(at=Reservation.objects.get().beat_at + DEAD) == 4

    assert (Standing.objects.count(), free_of(pool)) == (0, 20)
    assert check() == []


@pytest.mark.django_db
def test_a_slot_whose_turn_it_is_not_is_not_taken_for_dead(small_chunks, monkeypatch):
    monkeypatch.setattr("coupons.reserving.BEAT", 0.0)
    pool = make_pool(40)
    both = Reserving([ask(pool, "A", 10), ask(pool, "A", 10, slot=2)], by=None, at=CLOCK)
    steps = begun(both, lambda: Standing.objects.filter(slot=1).count() == 4)
    Reservation.objects.update(beat_at=CLOCK)

    with transaction.atomic():
        next(steps)

    assert Standing.objects.filter(slot=2).count() == 0
    assert not Reservation.objects.filter(beat_at=CLOCK).exists()
    for _step in steps:
        pass
    assert set(Reservation.objects.values_list("state", flat=True)) == {"held"}
    assert check() == []


@pytest.mark.django_db
def test_promised_codes_that_are_not_there_stop_the_worker(monkeypatch):
    monkeypatch.setattr("coupons.reserving.MOST_MISSES", 2)
    pool = make_pool(2)
    pool.shelves.update(total=3, free=3)  # a defect
    with pytest.raises(RuntimeError):
        reserve([ask(pool, "A", 3)], by=None, at=CLOCK, patience=0)
    assert Standing.objects.count() == 0
    assert free_of(pool) == 3


@pytest.mark.django_db
def test_the_beat_reaps_lapses_and_adds_up(small_chunks):
    pool = make_pool(6)
    begun(Reserving([ask(pool, "A", 5)], by=None, at=CLOCK), lambda: Standing.objects.count() == 4)
    Reservation.objects.update(beat_at=CLOCK)
    assert tasks.reap_reservations() == 4
    (ready,) = reserve([ask(pool, "B", 6)], by=None, at=CLOCK, patience=0)
    Reservation.objects.filter(pk=ready.reservation.pk).update(expires_at=CLOCK)
    assert tasks.lapse_reservations() == 1
    assert tasks.add_up_coupons() == 0
    assert free_of(pool) == 6
    reasons = Movement.objects.filter(kind="recycle").values_list("reason", flat=True)
    assert set(reasons) == {"worker_lost", "not_confirmed"}
    moved = Movement.objects.filter(reason="worker_lost").first()
    assert moved is not None
    assert moved.why == "the worker was lost"


# --- at the same moment ---


def at_once(*calls):
    """What each gives or raises, begun together in threads."""
    gate, results = threading.Barrier(len(calls)), {}

    def run(number, call):
        try:
            gate.wait()
            results[number] = call()
        except Exception as error:  # noqa: BLE001 (they are what is looked at)
            results[number] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [results[number] for number in range(len(calls))]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("first", "second", "ready"), [(12, 8, 2), (15, 10, 1)])
def test_two_deliveries_at_one_pool(first, second, ready):
    """AS-08."""
    pool = make_pool(20)
    for _time in range(3):
        got = at_once(
            lambda: reserve([ask(pool, "A", first)], by=None, at=CLOCK),
            lambda: reserve([ask(pool, "B", second)], by=None, at=CLOCK),
        )

        short = [each for each in got if isinstance(each, Insufficient)]
        done = [each for each in got if isinstance(each, list)]
        assert (len(done), len(short)) == (ready, 2 - ready)
        need = sum(result.required for (result,) in done)
        assert (Standing.objects.count(), free_of(pool)) == (need, 20 - need)
        assert [each.shortages[0].usable for each in short] == [20 - need] * len(short)
        for delivery in "AB":
            recycling.give_back_delivery(delivery, reason="test", by=None, at=CLOCK)
    assert check() == []
    assert not Promise.objects.filter(remaining__gt=0).exists()


@pytest.mark.django_db(transaction=True)
def test_two_operators_save_with_the_code_that_was_proposed_to_them():
    """AS-01."""
    for number in range(15, 24, 2):
        make_coupon(f"CPN{number}")
    proposed = propose_code()

    def save():
        return create_coupon({"label": "Spring"}, by=None, at=CLOCK).code

    codes = at_once(save, save)

    assert len(set(codes)) == 2
    assert proposed in codes
    assert all(re.fullmatch(r"CPN\d+", code) for code in codes)
    with pytest.raises(FieldRefused) as refusal:
        create_coupon({"label": "Spring"}, code="cpn23", by=None, at=CLOCK)
    assert refusal.value.code == "coupon_code_taken"
    assert Coupon.objects.count() == 7
