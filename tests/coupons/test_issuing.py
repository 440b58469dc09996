"""Codes that leave with messages: once, the same at every attempt, and back only with proof."""

from datetime import datetime, timedelta

import pytest

from coupons import recycling
from coupons.actions.codes import void_codes
from coupons.actions.coupons import set_status
from coupons.actions.redemptions import hold
from coupons.checking import check
from coupons.confirming import hindrances_of
from coupons.issuing import codes_of, issue, specimens_of, take_back_refused
from coupons.models import CodeEvent, Standing
from coupons.reserving import reserve
from coupons.stock import free_of, stock_of
from tests.build import make_codes, make_coupon
from tests.coupons.conftest import CLOCK, PARIS, make_soc
from tests.coupons.test_redeeming import use, why
from tests.coupons.test_reserving import demand, message_of, numbered, people, reserved

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ONE = message_of("C-1")


def sent(*keys, slots=(1,), at=CLOCK):
    return issue([message_of(key) for key in keys], slots=slots, by=None, at=at)


def code_of(key="C-1"):
    return Standing.objects.get(target_key=key).code.code


def test_a_message_that_begins_to_be_sent_has_its_code_assigned(soc):
    reserved(soc, people("C-1", "C-2"))

    issued = sent("C-1")

    given = issued.codes[ONE][1]
    assert (given.code, given.coupon, given.slot) == (code_of(), soc.pk, 1)
    assert given.end_at == datetime(2026, 1, 29, tzinfo=PARIS)
    assert "Trynow" not in repr(issued)
    row = Standing.objects.get(message=ONE)
    assert (row.status, row.issued_at) == ("issued", CLOCK)
    assert stock_of(soc) == {
        "total": 8, "available": 6, "reserved": 1, "issued": 1, "redeemed": 0, "void": 0,
    }  # fmt: skip
    soc.refresh_from_db()
    assert soc.is_code_frozen
    assert check() == []


def test_every_attempt_carries_the_same_code(soc):
    """CPN-048."""
    reserved(soc, people("C-1"))
    first = sent("C-1")
    again = sent("C-1", at=CLOCK + HOUR)

    assert again.codes == first.codes
    assert Standing.objects.get().issued_at == CLOCK
    assert [e.after for e in CodeEvent.objects.order_by("number")] == ["reserved", "issued"]
    assert use(first.codes[ONE][1].code).redemption.message == ONE
    assert sent("C-1", at=CLOCK + HOUR).codes == first.codes  # used already: a copy is the same


def test_a_message_without_its_code_does_not_leave(soc):
    reserved(soc, people("C-1", "C-2", "C-3"))
    recycling.give_back_messages([message_of("C-2")], reason="left out", by=None, at=CLOCK)

    issued = sent("C-1", "C-2", "C-3")

    assert issued.refused == {message_of("C-2"): "codes_missing"}
    assert set(issued.codes) == {ONE, message_of("C-3")}
    assert free_of(soc) == 6


def test_a_message_whose_code_was_voided_is_not_sent_again(soc):
    reserved(soc, people("C-1"))
    sent("C-1")
    void_codes(soc, [Standing.objects.get().pk], reason="stolen", by=None, at=CLOCK)
    assert sent("C-1").refused == {ONE: "codes_missing"}


def test_messages_that_have_left_keep_their_codes_when_the_rest_is_analysed_again(soc):
    """AS-34."""
    reserved(soc, people("C-1", "C-2", "C-3"))
    sent("C-1", "C-2")
    void_codes(soc, [Standing.objects.get(message=ONE).pk], reason="lost", by=None, at=CLOCK)
    codes = {each.target_key: each.code.code for each in Standing.objects.all()}

    result = reserved(soc, people("C-1", "C-2", "C-3", "C-4"))

    assert (result.required, result.sent, result.kept) == (4, 1, 1)
    assert hindrances_of("DM1", slots=[1]) == []
    issued = sent("C-1", "C-2", "C-3", "C-4")
    assert issued.refused == {}
    assert issued.codes[message_of("C-2")][1].code == codes["C-2"]
    assert issued.codes[message_of("C-3")][1].code == codes["C-3"]
    assert issued.codes[ONE][1].code != codes["C-1"]
    assert stock_of(soc) == {
        "total": 8, "available": 3, "reserved": 0, "issued": 4, "redeemed": 0, "void": 1,
    }  # fmt: skip
    assert check() == []


def test_all_slots_or_none(soc):
    other = make_coupon("CPN24", type="individual")
    make_codes(other, "Other1", "Other2")
    both = [
        demand(soc, people("C-1", "C-2"), slot=1),
        demand(other, people("C-1", "C-2"), slot=2),
    ]
    reserve(both, by=None, at=CLOCK, patience=0)
    row = Standing.objects.get(message=message_of("C-2"), slot=2)
    set_status(other, "suspended", version=None, by=None, at=CLOCK)

    assert sent("C-1", slots=(1, 2)).refused == {ONE: "coupon_suspended"}
    assert set(Standing.objects.values_list("status", flat=True)) == {"reserved"}

    other.refresh_from_db()
    set_status(other, "active", version=None, by=None, at=CLOCK)
    issued = sent("C-1", "C-2", slots=(1, 2))
    assert issued.codes[message_of("C-2")][2].code == row.code.code
    assert {slot for slots in issued.codes.values() for slot in slots} == {1, 2}
    assert set(Standing.objects.values_list("status", flat=True)) == {"issued"}
    assert check() == []


def test_nothing_leaves_after_the_end(soc):
    reserved(soc, people("C-1"))
    over = datetime(2026, 1, 29, tzinfo=PARIS)
    assert sent("C-1", at=over).refused == {ONE: "after_end"}
    assert sent("C-1", at=over - timedelta(seconds=1)).refused == {}


def test_a_code_is_valid_for_a_time_after_it_was_assigned(db):
    coupon = make_soc(validity_after_issue=timedelta(hours=6))
    reserved(coupon, people("C-1"))

    given = sent("C-1").codes[ONE][1]

    assert given.end_at == CLOCK + 6 * HOUR
    assert codes_of([ONE])[ONE][1] == given
    assert why(given.code, at=CLOCK + 6 * HOUR) == "after_end"
    assert use(given.code, at=CLOCK + 6 * HOUR - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("policy", "back"), [("never", 0), ("if_never_attempted", 0), ("if_rejected", 1)]
)
def test_codes_of_refused_messages_come_back_where_the_coupon_says_so(db, policy, back):
    """AS-39."""
    coupon = make_soc(reuse_policy=policy)
    reserved(coupon, people("C-1", "C-2", "C-3"))
    sent("C-1", "C-2")

    assert take_back_refused([ONE], by=None, at=CLOCK) == back

    assert free_of(coupon) == 5 + back
    assert stock_of(coupon)["issued"] == 2 - back
    assert check() == []


def test_a_code_that_somebody_knows_does_not_come_back(db):
    coupon = make_soc(reuse_policy="if_rejected", max_redemptions_per_code=2)
    reserved(coupon, people("C-1", "C-2", "C-3"))
    sent("C-1", "C-2", "C-3")
    use(code_of("C-1"))
    hold(code_of("C-2"), source="till", name="H-1", by=None, at=CLOCK)

    refused = [message_of(key) for key in ("C-1", "C-2", "C-3")]
    assert take_back_refused(refused, by=None, at=CLOCK) == 1
    assert check() == []


def test_only_what_was_never_attempted_comes_back_when_a_delivery_is_cancelled(soc):
    """CPN-112."""
    reserved(soc, people(*numbered(5)))
    sent("C-1", "C-2")

    assert recycling.give_back_delivery("DM1", reason="cancelled", by=None, at=CLOCK) == 3

    assert stock_of(soc) == {
        "total": 8, "available": 6, "reserved": 0, "issued": 2, "redeemed": 0, "void": 0,
    }  # fmt: skip
    assert set(codes_of([ONE])) == {ONE}
    assert check() == []


def test_proofs_carry_the_specimen_and_use_up_nothing(soc):
    """AS-14."""
    given = specimens_of([soc])[1]
    assert given.code == "TEST-CPN23"
    assert why(given.code) == "specimen_code"
    assert free_of(soc) == 8
