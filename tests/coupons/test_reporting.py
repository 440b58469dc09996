"""What a coupon's figures say, literally; and that they are the same when counted again."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest

from coupons import reporting, tallying
from coupons.models import Redemption, Tally
from coupons.redeeming import roll_back
from coupons.reporting import AnomalyKind, Money
from tests.build import make_coupon
from tests.coupons.conftest import CLOCK, PARIS, issue, make_soc
from tests.coupons.test_redeeming import use

pytestmark = pytest.mark.django_db
TUESDAY = datetime(2026, 1, 27, 0, 30, tzinfo=PARIS)  # Monday still, in UTC
MONDAY_DAY, TUESDAY_DAY = date(2026, 1, 26), date(2026, 1, 27)


@pytest.fixture
def lived():
    """Three codes by mail and one by text message, two of them used, one of these given back."""
    coupon = make_soc()
    issue("Trynow", "2for1", "Teamfav", channel="email", delivery="DM1")
    issue("Kickit", channel="sms", delivery="DM2")
    sale = {"currency": "EUR", "discount": Decimal("2.00")}
    use("Trynow", amount=Decimal("20.00"), store="Lyon", at=TUESDAY, **sale)
    use("Kickit", amount=Decimal("30.50"), store="Paris", at=CLOCK + timedelta(hours=1), **sale)
    taken_back = use("2for1", amount=Decimal("99.00"), store="Lyon", at=TUESDAY, **sale)
    reverse(taken_back)
    return coupon


def reverse(redeemed, at=TUESDAY):
    roll_back(redeemed.redemption, reason="refund", source="test", by=None, at=at)


def test_figures_of_a_coupon(lived):
    figures = reporting.figures_of(lived)

    assert (figures.assigned, figures.redeemed, figures.rate) == (4, 2, 0.5)
    assert (figures.uses, figures.reversals) == (2, 1)
    assert figures.money == (Money("EUR", Decimal("50.50"), Decimal("4.00")),)
    # 14 and a half hours, and one
    assert figures.delay == timedelta(hours=7, minutes=45)
    assert figures.stock == {
        "total": 8,
        "available": 4,
        "reserved": 0,
        "issued": 2,
        "redeemed": 2,
        "void": 0,
    }


def test_parts(lived):
    channels = [(p.name, p.assigned, p.redeemed, p.uses) for p in reporting.by_channel(lived)]
    assert channels == [("email", 3, 1, 1), ("sms", 1, 1, 1)]
    stores = [(p.name, p.uses, p.reversals) for p in reporting.by_store(lived) if p.name]
    assert stores == [("Lyon", 1, 1), ("Paris", 1, 0)]
    deliveries = [(p.name, p.assigned) for p in reporting.by_delivery(lived)]
    assert deliveries == [("DM1", 3), ("DM2", 1)]
    assert [(p.name, p.assigned) for p in reporting.by_segment(lived)] == [("", 4)]


def test_days_are_those_of_the_coupons_zone(lived):
    days = [(d.day, d.assigned, d.uses, d.reversals) for d in reporting.by_day(lived)]
    assert days == [(MONDAY_DAY, 4, 1, 0), (TUESDAY_DAY, 0, 1, 1)]
    monday = reporting.figures_of(lived, since=MONDAY_DAY, until=MONDAY_DAY)
    assert (monday.assigned, monday.uses) == (4, 1)
    assert monday.money == (Money("EUR", Decimal("30.50"), Decimal("2.00")),)


def test_adding_up_and_counting_again_change_no_figure(lived):
    def all_of_them():
        return (
            reporting.figures_of(lived),
            reporting.by_day(lived),
            reporting.by_store(lived),
            reporting.by_channel(lived),
        )

    noted = all_of_them()
    tallying.add_up(lived.pk)
    assert all_of_them() == noted
    issue("Globall", channel="sms", delivery="DM2", at=CLOCK)
    assert tallying.add_up_all() == 1
    assert set(Tally.objects.values_list("is_sum", flat=True)) == {True}
    added_up = all_of_them()
    reporting.recompute(lived)
    assert all_of_them() == added_up
    assert [(each.name, each.assigned) for each in added_up[3]] == [("email", 3), ("sms", 2)]


def test_proofs_count_nowhere():
    coupon = make_soc()
    use("TEST-CPN23", offline=True)
    assert reporting.figures_of(coupon).uses == 0
    assert reporting.anomalies_of(coupon) == []


def test_anomalies(soc):
    issue("Trynow", at=CLOCK, target_key="C-1")
    issue("2for1", at=CLOCK)
    type(soc).objects.update(holder_only=True)
    use("Trynow", offline=True, customer_key="C-2", at=CLOCK)
    use("Globall", offline=True, at=CLOCK)
    for _ in range(2):
        reverse(use("2for1", customer_key="C-3", at=CLOCK), at=CLOCK)

    found = reporting.anomalies_of(soc)

    assert sorted(
        (each.kind.value, str(each.redemption.code and each.redemption.code.code), each.times)
        for each in found
    ) == [
        ("not_assigned", "Globall", 1),
        ("several_reversals", "2for1", 2),
        ("wrong_holder", "Trynow", 1),
    ]
    assert {each.label for each in found if each.kind == AnomalyKind.NEVER_ASSIGNED} == {
        "Used without having been assigned"
    }


def test_unredeemed_codes(lived):
    assert [each.code.code for each in reporting.unredeemed_of(lived)] == ["2for1", "Teamfav"]


@pytest.mark.parametrize(
    ("threshold", "unit", "is_low"),
    [(None, "codes", False), (8, "codes", False), (9, "codes", True), (100, "percent", False)],
)
def test_low_stock(threshold, unit, is_low):
    coupon = make_soc(low_stock_threshold=threshold, low_stock_unit=unit)
    assert reporting.is_low(coupon, reporting.figures_of(coupon).stock) is is_low


def test_half_of_the_stock_is_low_under_a_threshold_of_60_percent():
    coupon = make_soc(low_stock_threshold=60, low_stock_unit="percent")
    issue("Trynow", "2for1", "Teamfav", "Kickit")
    stock = reporting.figures_of(coupon).stock
    assert (reporting.low_below(coupon, stock), reporting.is_low(coupon, stock)) == (5, True)


def test_an_anonymous_coupon_has_figures_too():
    coupon = make_coupon("SPRING10")
    use("SPRING10", at=CLOCK)
    figures = reporting.figures_of(coupon)
    assert (figures.assigned, figures.rate, figures.uses) == (0, None, 1)
    assert Redemption.objects.count() == 1
