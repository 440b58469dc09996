"""What stays of codes when deliveries and people go."""

from dataclasses import replace
from datetime import datetime

import pytest

from contacts.actions.contacts import erase_contact
from coupons.actions.codes import add_code
from coupons.actions.refusing import CodeTaken
from coupons.checking import check
from coupons.forgetting import forget_person
from coupons.issuing import detach
from coupons.models import Code, CustomerUse, Hold, Redemption, Shelf, Standing
from coupons.redeeming import roll_back
from coupons.reporting import figures_of
from coupons.stock import stock_of
from tests.build import make_contact, make_coupon
from tests.contacts.test_erasing import whole_database
from tests.coupons.conftest import CLOCK, PARIS
from tests.coupons.test_issuing import code_of, sent
from tests.coupons.test_redeeming import hold as keep
from tests.coupons.test_redeeming import use, why
from tests.coupons.test_reserving import message_of, people, reserved

pytestmark = pytest.mark.django_db


def test_a_purged_delivery_leaves_its_codes_as_they_were(soc):
    """AS-37."""
    reserved(soc, people("C-1", "C-2", "C-3"))
    sent("C-1", "C-2")
    one, two = code_of("C-1"), code_of("C-2")
    use(one, customer_key="C-1")
    before, figures = stock_of(soc), figures_of(soc)
    assert (before["issued"], before["redeemed"], before["reserved"]) == (1, 1, 1)

    messages = [message_of(key) for key in ("C-1", "C-2", "C-3")]
    assert detach(messages, by=None, at=CLOCK) == 2

    after = {**before, "reserved": 0, "available": before["available"] + 1}
    assert stock_of(soc) == after
    assert figures_of(soc) == replace(figures, stock=after)
    rows = Standing.objects.order_by("pk")
    assert {(r.message, r.address, r.delivery) for r in rows} == {(None, "", "DM1")}
    assert why(one) == "already_redeemed"
    assert use(two, customer_key="C-2").redemption.delivery == "DM1"
    with pytest.raises(CodeTaken) as refusal:
        add_code(soc, two, by=None, at=CLOCK)
    assert refusal.value.status == "redeemed"
    assert check() == []


def test_a_coupon_for_its_holders_knows_them_after_the_purge(soc):
    type(soc).objects.update(holder_only=True)
    reserved(soc, people("C-1"))
    sent("C-1")
    detach([message_of("C-1")], by=None, at=CLOCK)

    assert why(code_of(), customer_key="C-2") == "wrong_holder"
    assert use(code_of(), customer_key="C-1")


PERSONAL = ["Scheherazade", "scheherazade@example.org", "KEY-4711-X", "+33600114711"]


def test_no_coupon_names_somebody_who_was_erased(soc):
    """CPN-257: every table is looked through."""
    contact = make_contact("KEY-4711-X", email="scheherazade@example.org", phone="+33600114711")
    shelf = Shelf.objects.create(coupon=soc, is_restricted=True)
    Code.objects.create(
        coupon=soc, shelf=shelf, batch=soc.batches.get(), code="Own", code_norm="OWN",
        restricted_to="KEY-4711-X",
    )  # fmt: skip
    theirs = people("KEY-4711-X", address="Scheherazade@example.org")
    reserved(soc, [*theirs, *people("C-2")])
    reserved(make_limited(), people("KEY-4711-X", run=2, address="+33600114711"), delivery="DM2")
    sent("KEY-4711-X", "C-2")
    done = use("Own", customer_key="KEY-4711-X", comment="Scheherazade came herself",
               details={"mail": "scheherazade@example.org"})  # fmt: skip
    roll_back(done.redemption, reason="Scheherazade was not content", source="t", by=None, at=CLOCK)
    make_coupon("SPRING10", max_redemptions_per_customer=5)
    use("SPRING10", customer_key="KEY-4711-X")
    keep("SPRING10", customer_key="KEY-4711-X")
    names = {word for word in PERSONAL if word.lower() in whole_database().lower()}
    assert names == set(PERSONAL)
    before = (stock_of(soc), Redemption.objects.count(), figures_of(soc))

    proof = erase_contact(contact, by=None, at=CLOCK)

    dump = whole_database().lower()
    assert [word for word in PERSONAL if word.lower() in dump] == []
    assert (proof.removed["coupon_codes"], proof.removed["redemptions"]) == (2, 3)
    assert (stock_of(soc), Redemption.objects.count(), figures_of(soc)) == before
    other = Standing.objects.get(target_key="C-2")
    assert (other.address, other.status) == ("c-2@example.org", "issued")
    assert CustomerUse.objects.filter(used=2).count() == 1
    assert Hold.objects.get().customer_key.startswith("erased-")
    assert check() == []


def make_limited():
    coupon = make_coupon("CPN24", type="individual")
    add_code(coupon, "Other1", by=None, at=CLOCK)
    return coupon


def test_who_shares_an_address_stays(soc):
    reserved(soc, [*people("C-1", address="home@example.org"),
                   *people("C-2", address="home@example.org")])  # fmt: skip

    assert forget_person(["C-1", "home@example.org"]) == {"coupon_codes": 1, "redemptions": 0}

    assert Standing.objects.get(target_key="C-2").address == "home@example.org"


def test_keys_of_another_table_are_others_keys(soc):
    reserved(soc, people("C-1", target_mapping="crm_person"))
    assert forget_person(["C-1"]) == {"coupon_codes": 0, "redemptions": 0}
    assert forget_person(["c-1@example.org"]) == {"coupon_codes": 1, "redemptions": 0}
    row = Standing.objects.get()
    assert (row.address, row.target_key) == ("erased", "C-1")


def test_the_last_day_counts_in_full(soc):
    """AS-38."""
    reserved(soc, people("C-1", "C-2"))
    sent("C-1", "C-2")
    assert why(code_of("C-2"), at=datetime(2026, 1, 29, tzinfo=PARIS)) == "after_end"
    assert use(code_of(), at=datetime(2026, 1, 28, 23, 59, 59, tzinfo=PARIS))
