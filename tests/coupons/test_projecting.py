"""When a coupon runs out, by the pace of the last weeks."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils.timezone import now

from coupons.models import CouponUse, Tally
from coupons.projecting import exhaustion_of
from tests.build import make_codes, make_coupon, make_user

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
TODAY = date(2026, 3, 1)


def spend(coupon, days, until=TODAY, **counts):
    for back in days:
        day = until - timedelta(days=back)
        Tally.objects.create(coupon=coupon, day=day, **counts)


def stock(available):
    return {"available": available, "total": 9_999}


def told(coupon, available):
    found = exhaustion_of(coupon, stock(available), at=AT)
    return found and (found.day, found.what, found.days)


def test_the_pace_of_four_weeks_says_when_the_last_code_goes():
    coupon = make_coupon(type="individual")
    spend(coupon, range(1, 29), assigned=10)
    spend(coupon, range(29, 60), assigned=1_000)  # too long ago to count
    spend(coupon, [0], assigned=5_000)  # today is not over

    assert told(coupon, 95) == (date(2026, 3, 10), "codes", 28)
    assert told(coupon, 100) == (date(2026, 3, 10), "codes", 28)
    assert told(coupon, 101) == (date(2026, 3, 11), "codes", 28)


def test_codes_that_were_used_without_being_assigned_count_once():
    coupon = make_coupon(type="individual")
    spend(coupon, range(1, 9), assigned=1, uses=5, delayed=2)

    assert told(coupon, 8) == (date(2026, 3, 2), "codes", 8)


@pytest.mark.parametrize(
    ("days", "assigned", "columns"),
    [
        (range(1, 7), 10, {}),  # six days
        ([1, 28], 500, {}),  # two mailings
        (range(1, 9), 1, {}),  # eight codes
        (range(1, 29), 10, {"status": "suspended"}),
        (range(1, 29), 10, {"end_at": datetime(2026, 3, 10, 12, tzinfo=UTC)}),  # ends before
    ],
)
def test_little_is_no_pace(days, assigned, columns):
    coupon = make_coupon(type="individual", **columns)
    spend(coupon, days, assigned=assigned)

    assert told(coupon, 95) is None


def test_nothing_is_left_to_run_out_or_for_years():
    coupon = make_coupon(type="individual")
    assert told(coupon, 95) is None
    spend(coupon, range(1, 29), assigned=1)

    assert told(coupon, 0) is None
    assert told(coupon, 400) is None


def test_the_page_says_when_the_uses_of_an_anonymous_coupon_are_gone(client):
    coupon = make_coupon("SPRING10", max_redemptions_total=150)
    today = now().astimezone(ZoneInfo(coupon.timezone)).date()  # which may be tomorrow elsewhere
    spend(coupon, range(1, 15), until=today, uses=10)
    CouponUse.objects.filter(coupon=coupon, slot=0).update(used=140)
    client.force_login(make_user(role="administrator"))

    page = client.get(reverse("coupons:coupon-detail", args=["SPRING10"])).content.decode()

    assert "At the pace of the last 14 days, the last use is taken on" in page
    make_codes(make_coupon("EMPTY", type="individual"), "A1")
    other = client.get(reverse("coupons:coupon-detail", args=["EMPTY"])).content.decode()
    assert "At the pace" not in other
