"""Using codes and giving uses back: what is allowed, what is counted, what is kept."""

from datetime import datetime, timedelta

import pytest
from django.db.models import Sum

from coupons import holding
from coupons.judging import Refused
from coupons.models import CodeEvent, Coupon, CouponUse, CustomerUse, Redemption, Standing
from coupons.redeeming import AlreadyReversed, Use, redeem, roll_back
from coupons.stock import free_of, stock_of
from offers_site.idempotency import OtherBody
from tests.build import make_codes, make_coupon
from tests.coupons.conftest import CLOCK, PARIS, issue, make_soc

pytestmark = pytest.mark.django_db
numbers = iter(range(1_000_000))


def use(code="Trynow", *, at=CLOCK, **fields):
    fields.setdefault("external_id", f"T-{next(numbers)}")
    return redeem(Use(code=code, source="till", **fields), by=None, at=at)


def why(code="Trynow", **fields):
    with pytest.raises(Refused) as refusal:
        use(code, **fields)
    return refusal.value.reason.value


def status_of(code):
    standing = Standing.objects.filter(code__code=code).first()
    return standing.status if standing else None


def reverse(redemption, **fields):
    fields.setdefault("reason", "refund")
    return roll_back(redemption, source="till", by=None, at=CLOCK, **fields)


def test_a_code_is_used_once(soc):
    issue("Trynow", delivery="DLV1", target_key="C-1")

    done = use("trynow", customer_key="C-9", order_id="O-7").redemption

    assert (done.coupon, done.code.code, done.redeemed_on) == (soc, "Trynow", CLOCK)
    assert (done.delivery, done.customer_key, done.order_id) == ("DLV1", "C-9", "O-7")
    assert status_of("Trynow") == "redeemed"
    assert why() == "already_redeemed"
    assert stock_of(soc)["redeemed"] == 1
    assert [e.after for e in CodeEvent.objects.order_by("number")] == [
        "reserved",
        "issued",
        "redeemed",
    ]


def test_told_again_it_is_the_same_use(soc):
    issue("Trynow")
    first = use(external_id="T-1", customer_key="C-1")

    again = use(external_id="T-1", customer_key="C-1")

    assert (again.is_replay, again.redemption) == (True, first.redemption)
    with pytest.raises(OtherBody):
        use(external_id="T-1", customer_key="C-2")
    assert Redemption.objects.count() == 1


def test_a_reversal_gives_everything_back_once(soc):
    Coupon.objects.update(max_redemptions_total=1, max_redemptions_per_customer=1)
    issue("Trynow", "2for1")
    first = use(customer_key="C-1").redemption
    assert why("2for1", customer_key="C-2") == "limit_total"

    reversal = reverse(first).redemption

    assert (reversal.kind, reversal.of, reversal.comment) == ("rollback", first, "refund")
    standing = Standing.objects.get(code__code="Trynow")
    assert (standing.status, standing.redemption_count) == ("issued", 0)
    assert (standing.redeemed_on, standing.status_before) == (None, "")
    with pytest.raises(AlreadyReversed):
        reverse(first)
    with pytest.raises(AlreadyReversed):
        reverse(reversal)
    assert use(customer_key="C-1").redemption != first


def test_a_reversal_told_again_is_a_replay(soc):
    issue("Trynow")
    first = use().redemption

    done = reverse(first, external_id="R-1")

    assert reverse(first, external_id="R-1").redemption == done.redemption
    with pytest.raises(OtherBody):
        reverse(first, external_id="R-1", reason="mistake")


def test_what_is_reversed_after_the_end_stays_unusable(soc):
    issue("Trynow")
    first = use().redemption
    later = datetime(2026, 2, 2, tzinfo=PARIS)

    roll_back(first, reason="refund", source="till", by=None, at=later)

    assert why(at=later) == "after_end"


def test_the_last_day_counts_in_full(soc):
    Coupon.objects.update(accept_unissued=True)
    end = datetime(2026, 1, 29, tzinfo=PARIS)

    assert why(at=end) == "after_end"
    assert use(at=end - timedelta(seconds=1)).redemption.redeemed_on.isoformat().startswith("2026")
    assert why("2for1", at=datetime(2026, 1, 24, 23, 59, tzinfo=PARIS)) == "before_start"


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        ("draft", "coupon_suspended"),
        ("suspended", "coupon_suspended"),
        ("archived", "coupon_archived"),
    ],
)
def test_only_an_active_coupon_is_used(soc, status, reason):
    issue("Trynow")
    Coupon.objects.update(status=status)

    assert why() == reason


def test_codes_that_cannot_be_used(soc):
    issue("Trynow", at=CLOCK + timedelta(hours=1))

    assert why("Nope") == why("") == why("A\x00") == "code_unknown"
    assert why("TEST-CPN23") == "specimen_code"
    assert why("2for1") == "not_assigned"
    assert why("Trynow") == "before_assignment"
    assert why("Trynow", redeemed_on=CLOCK + timedelta(minutes=6)) == "redeemed_in_future"
    assert why("Trynow", coupon_code="OTHER") == "code_unknown"
    assert Redemption.objects.count() == 0


def test_a_code_from_stock_is_used_where_the_pool_says_so_and_given_to_nobody_else(soc):
    Coupon.objects.update(accept_unissued=True)

    first = use("Trynow").redemption

    assert (stock_of(soc)["redeemed"], free_of(soc)) == (1, 7)
    reverse(first)
    assert (status_of("Trynow"), stock_of(soc)["available"], free_of(soc)) == ("available", 8, 7)


def test_only_the_holder_uses_it():
    make_soc(holder_only=True)
    issue("Trynow", target_key="C-1")

    assert why() == "customer_required"
    assert why(customer_key="C-2") == "wrong_holder"
    assert use(customer_key="C-1")


def test_a_code_lasts_a_while_after_it_was_sent():
    make_soc(validity_after_issue=timedelta(hours=2))
    issue("Trynow", "2for1")

    assert why("Trynow", at=CLOCK + timedelta(hours=2)) == "after_end"
    assert use("2for1", at=CLOCK + timedelta(hours=1, minutes=59))


def test_a_code_that_may_be_used_more_often():
    coupon = make_soc(max_redemptions_per_code=3, accept_unissued=True)
    dates = [CLOCK + timedelta(hours=n) for n in (3, 1, 2)]
    uses = [use(redeemed_on=on, at=CLOCK + timedelta(hours=4)).redemption for on in dates]

    standing = Standing.objects.get()
    assert (standing.status, standing.redemption_count) == ("redeemed", 3)
    assert (standing.redeemed_on, standing.last_redeemed_on) == (dates[1], dates[0])
    assert why(at=CLOCK + timedelta(hours=4)) == "already_redeemed"
    reverse(uses[1])

    standing.refresh_from_db()
    assert (standing.status, standing.redemption_count) == ("available", 2)
    assert (standing.redeemed_on, standing.last_redeemed_on) == (dates[2], dates[0])
    assert stock_of(coupon)["available"] == 8


def test_limits_of_a_customer():
    make_coupon("SPRING10", max_redemptions_per_customer=2)

    assert why("spring10") == "customer_required"
    first = use("SPRING10", customer_key="C-1").redemption
    use("SPRING10", customer_key="C-1")
    assert why("SPRING10", customer_key="C-1") == "limit_customer"
    use("SPRING10", customer_key="C-2")
    reverse(first)

    use("SPRING10", customer_key="C-1")
    assert dict(CustomerUse.objects.values_list("customer_key", "used")) == {"C-1": 2, "C-2": 1}


@pytest.mark.parametrize("limits", [{"max_redemptions_total": 5}, {"max_redemptions_per_code": 5}])
def test_limits_of_a_coupon_are_taken_to_the_last(limits):
    make_coupon("SPRING10", **limits)

    for _ in range(5):
        use("SPRING10")
    assert why("SPRING10") == "limit_total"

    Coupon.objects.update(max_redemptions_total=7, max_redemptions_per_code=None)
    use("SPRING10")
    use("SPRING10")
    assert why("SPRING10") == "limit_total"
    assert CouponUse.objects.aggregate(sum=Sum("used")) == {"sum": 7}


def test_a_lowered_limit_lets_nobody_through_until_enough_is_given_back():
    coupon = make_coupon("SPRING10")
    uses = [use("SPRING10").redemption for _ in range(6)]
    Coupon.objects.update(max_redemptions_total=4)

    for redemption in uses[:2]:
        assert why("SPRING10") == "limit_total"
        reverse(redemption)
    assert why("SPRING10") == "limit_total"
    reverse(uses[2])

    use("SPRING10")
    assert why("SPRING10") == "limit_total"
    assert coupon.uses.aggregate(sum=Sum("used"))["sum"] == 4


def test_several_active_coupons_with_the_code_are_ambiguous():
    sensitive = make_coupon("POOL1", type="individual", case_sensitive=True, accept_unissued=True)
    plain = make_coupon("POOL2", type="individual", accept_unissued=True)
    make_codes(sensitive, "abc")
    make_codes(plain, "ABC")

    assert why("abc") == "ambiguous_code"
    assert use("abc", coupon_code="pool1").redemption.coupon == sensitive
    assert use("aBc").redemption.coupon == plain
    assert why("ABC", coupon_code="POOL1") == "code_unknown"


# --- what has happened already, as files tell it ---


def test_a_file_of_uses(soc):
    """AS-31."""
    issue("Trynow", "2for1")
    night = datetime(2026, 2, 3, tzinfo=PARIS)

    def told(name, code, day, month=1):
        return use(
            code,
            external_id=name,
            redeemed_on=datetime(2026, month, day, tzinfo=PARIS),
            offline=True,
            at=night,
        )

    assert told("T1", "Trynow", 27).redemption.flags == []
    assert told("T1", "Trynow", 27).is_replay
    with pytest.raises(Refused, match="already_redeemed"):
        told("T2", "Trynow", 26)
    assert told("T3", "2for1", 2, month=2).redemption.flags == ["after_end"]
    with pytest.raises(Refused, match="code_unknown"):
        told("T4", "Nope", 27)
    assert told("T5", "Teamfav", 27).redemption.flags == ["not_assigned"]
    assert told("T6", "TEST-CPN23", 27).redemption.flags == ["specimen_code"]

    used_on = Standing.objects.filter(code__code="Trynow").values_list("redeemed_on", flat=True)
    assert list(used_on) == [datetime(2026, 1, 27, tzinfo=PARIS)]
    assert Redemption.objects.count() == 4
    assert stock_of(soc)["redeemed"] == 3


# --- holds ---


def hold(code="Trynow", name="basket-1", *, at=CLOCK, **fields):
    return holding.hold(code, source="till", name=name, at=at, **fields)


def test_a_hold_keeps_the_last_use_for_its_holder(soc):
    issue("Trynow")
    held = hold()

    assert why() == "on_hold"
    with pytest.raises(Refused, match="on_hold"):
        hold(name="basket-2")
    done = use(hold=str(held.pk)).redemption

    held.refresh_from_db()
    assert (done.hold, held.end) == (held, "redeemed")
    assert CouponUse.objects.aggregate(sum=Sum("used")) == {"sum": 1}


def test_a_hold_lapses_by_itself(soc):
    Coupon.objects.update(max_redemptions_total=1, max_redemptions_per_customer=1)
    issue("Trynow", "2for1")
    hold(customer_key="C-1")
    later = CLOCK + timedelta(minutes=15)

    assert why("2for1", customer_key="C-2") == "limit_total"
    assert use("2for1", customer_key="C-1", at=later)
    assert why(at=later, customer_key="C-1") == "limit_total"


def test_a_hold_asked_for_again_lasts_longer(soc):
    issue("Trynow")
    first = hold()

    again = hold(at=CLOCK + timedelta(minutes=10))

    assert (again.pk, again.expires_at) == (first.pk, CLOCK + timedelta(minutes=25))
    issue("2for1")
    with pytest.raises(holding.HoldSpent):
        hold("2for1")
    assert holding.lapse(at=CLOCK + timedelta(minutes=26)) == 1
    assert CouponUse.objects.aggregate(sum=Sum("used")) == {"sum": 0}
    assert use(at=CLOCK + timedelta(minutes=26))
