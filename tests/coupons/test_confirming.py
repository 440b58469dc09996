"""What may have changed between an analysis and the start of a delivery."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction

from coupons import recycling
from coupons.actions.coupons import edit_coupon, set_status
from coupons.confirming import DateProblem, DateRemark, dates_of, hindrances_of, keep
from coupons.models import Reservation, Standing
from coupons.moving import moving
from coupons.voiding import void
from tests.coupons.conftest import CLOCK, PARIS
from tests.coupons.test_reserving import people, reserved

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def hindrances(**fields):
    found = hindrances_of("DM1", slots=[1], **fields)
    return [(each.coupon.code, each.slot, each.obstacle.value) for each in found]


@pytest.fixture
def ready(soc):
    reserved(soc, people("C-1", "C-2"))
    return soc


def test_nothing_hinders_what_has_not_changed(ready):
    assert hindrances() == []
    assert hindrances_of("DM1", slots=[]) == []


def test_a_suspended_coupon_hinders(ready):
    set_status(ready, "suspended", version=None, by=None, at=CLOCK)
    assert hindrances() == [("CPN23", 1, "coupon_suspended")]


def test_a_shortened_coupon_hinders(ready):
    edit_coupon(ready, {"end_at": CLOCK}, version=None, by=None, at=CLOCK)
    assert hindrances() == [("CPN23", 1, "after_end")]


def test_a_later_start_hinders_when_it_is_after_the_end(ready):
    assert hindrances(until=CLOCK + 2 * DAY) == []
    assert hindrances(until=CLOCK + 3 * DAY) == [("CPN23", 1, "after_end")]


def test_a_void_code_hinders_and_its_delivery_is_named(ready):
    code = Standing.objects.order_by("pk")[0].pk
    with transaction.atomic(), moving("void", ready, by=None, at=CLOCK):
        done = void([code], at=CLOCK)
    assert done.deliveries == {"DM1"}
    assert hindrances() == [("CPN23", 1, "codes_missing")]


def test_what_has_lapsed_hinders_until_it_is_analysed_again(ready):
    week = CLOCK + 7 * DAY
    assert recycling.take_warnings(at=week - 2 * DAY) == []
    (warned,) = recycling.take_warnings(at=week - DAY)
    assert (warned.delivery, recycling.take_warnings(at=week - DAY)) == ("DM1", [])
    assert recycling.lapse(at=week - timedelta(seconds=1)) == 0
    assert recycling.lapse(at=week) == 1

    assert Reservation.objects.get().state == "ended"
    assert not Standing.objects.exists()
    assert hindrances() == [("CPN23", 1, "codes_missing")]


def test_what_was_confirmed_does_not_lapse(ready):
    assert keep("DM1") == 1
    assert recycling.lapse(at=CLOCK + 100 * DAY) == 0
    assert Standing.objects.count() == 2


def at(day, hour=10):
    return datetime(2026, 1, day, hour, tzinfo=PARIS)


def test_waves_must_begin_before_the_end(soc):
    """AS-32."""
    three = [at(27), at(28), at(29)]
    assert dates_of(soc, contact_at=at(27), waves=three) == [
        DateRemark(DateProblem.WAVE_AFTER_END, wave=3)
    ]
    (warning,) = dates_of(soc, contact_at=at(27), waves=three[:2], valid_until=at(30))
    assert (warning.problem, warning.left, warning.is_error) == (
        "coupon_ends_before_delivery",
        timedelta(hours=38),
        False,
    )
    assert dates_of(soc, contact_at=at(29, 0))[0].problem == "coupon_ends_before_contact"
    (early,) = dates_of(soc, contact_at=at(24, 23))
    assert (early.problem, early.is_error) == ("coupon_starts_after_contact", False)
    assert dates_of(soc, contact_at=at(27), waves=three[:2], valid_until=at(28)) == []
