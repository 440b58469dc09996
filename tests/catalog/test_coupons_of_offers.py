"""An offer hands out a coupon that is there, and that stays as long as it does."""

from __future__ import annotations

import pytest

from accounts.rights import BuiltIn
from catalog import releasing
from catalog.actions import approvals, releases
from catalog.actions.offers import delete_offers, edit_offer
from catalog.describing import offer_shape
from catalog.problems import NotAcceptable
from catalog.readiness import NotReady
from coupons.actions.coupons import delete_coupon, edit_coupon, set_status
from coupons.actions.refusing import StillUsed
from coupons.models import Coupon
from tests.build import NOON, make_coupon, make_label, make_role, make_user
from tests.catalog.making import CONTENT, edit, fresh, make_offer, make_shop, publish
from tests.catalog.packages import DESIGNED, applied, changed, exported, problems

pytestmark = pytest.mark.django_db


def with_coupon(code):
    offers = changed()["offers"]
    offers[0]["coupon"] = code
    return changed(offers=offers)


def accepted(offer, **values):
    offer = fresh(offer)
    shape = offer_shape(offer).model_copy(update=values)
    return edit_offer(offer, shape, version=offer.version, by=None, at=NOON)


# --- in packages ---


def test_a_package_names_a_coupon_and_exports_it():
    make_coupon("CPN1")
    applied(with_coupon("CPN1"), publish=True)
    assert '"coupon": "CPN1"' in exported()
    assert applied(with_coupon("CPN1"), publish=True).release is None


@pytest.mark.parametrize(
    ("status", "found"),
    [
        (None, [("offers[0].coupon", "unknown_coupon")]),
        ("archived", [("offers[0].coupon", "coupon_archived")]),
        ("suspended", []),
        ("draft", []),
    ],
)
def test_a_coupon_that_hands_out_nothing_is_named_with_its_path(status, found):
    if status:
        make_coupon("CPN1", status=status)
    assert problems(with_coupon("CPN1")) == found


def test_a_coupon_that_one_may_not_see_is_none():
    label = make_label("brand-a")
    make_coupon("CPN1").access_labels.add(label)
    DESIGNED.bring()
    manager = make_user("m@example.org", role=BuiltIn.OFFER_MANAGER)
    holder = make_user("h@example.org", role=BuiltIn.OFFER_MANAGER)
    holder.roles.add(make_role("Brand", labels=[label]))

    assert problems(with_coupon("CPN1"), by=manager) == [("offers[0].coupon", "unknown_coupon")]
    assert problems(with_coupon("CPN1"), by=holder) == []


# --- on pages ---


def test_the_form_offers_the_coupons_that_one_may_see(client):
    shop = make_shop()
    offer = make_offer(shop)
    make_coupon("CPN1", label="Summer <b>")
    make_coupon("GONE", status="archived")
    make_coupon("HUSH").access_labels.add(make_label("brand-a"))
    client.force_login(make_user("m@example.org", role=BuiltIn.OFFER_MANAGER))
    address = "/catalogue/shop/offers/NYC/details/"

    page = client.get(address).content.decode()
    assert '<option value="CPN1">Summer &lt;b&gt; · CPN1</option>' in page
    assert "GONE" not in page
    assert "HUSH" not in page

    given = {"label": "New York", "version": offer.version, "new_tags": "", "description": ""}
    for wrong in ("GONE", "HUSH", "NONE"):
        assert client.post(address, {**given, "coupon": wrong}).status_code == 422
    assert client.post(address, {**given, "coupon": "CPN1"}).status_code == 302
    assert fresh(offer).coupon == Coupon.objects.get(code="CPN1")


def test_a_coupon_that_one_may_not_see_stays_when_something_else_is_edited(client):
    offer = make_offer(make_shop())
    hidden = make_coupon("HUSH")
    hidden.access_labels.add(make_label("brand-a"))
    offer = edit(offer, coupon="HUSH")
    client.force_login(make_user("m@example.org", role=BuiltIn.OFFER_MANAGER))
    given = {"label": "Other", "version": offer.version, "new_tags": "", "coupon": "HUSH"}

    assert client.post("/catalogue/shop/offers/NYC/details/", given).status_code == 302

    assert (fresh(offer).label, fresh(offer).coupon) == ("Other", hidden)


# --- going live ---


def test_another_coupon_is_another_content():
    make_coupon("CPN1")
    offer = make_offer(make_shop())
    publish(offer)

    changed_offer = accepted(offer, coupon="CPN1")

    assert (changed_offer.content_state, changed_offer.eligibility_state) == ("editing", "live")
    publish(fresh(offer))
    assert releasing.live_bodies(offer.environment)["offer", "NYC"]["coupon"] == "CPN1"


def test_what_hands_out_an_archived_coupon_does_not_go_live():
    coupon = make_coupon("CPN1")
    offer = edit(make_offer(make_shop()), coupon="CPN1")
    Coupon.objects.filter(pk=coupon.pk).update(status="archived")

    with pytest.raises(NotAcceptable, match="archived"):
        accepted(offer, label="Other")
    with pytest.raises(NotReady, match="is archived"):
        approvals.approve(fresh(offer), CONTENT, by=None, at=NOON)


# --- going away ---


def take_away(coupon):
    return [
        lambda: delete_coupon(coupon, by=None, at=NOON),
        lambda: set_status(coupon, "archived", by=None, at=NOON),
        lambda: edit_coupon(coupon, {"code": "OTHER"}, version=None, by=None, at=NOON),
    ]


def test_a_coupon_stays_as_long_as_an_offer_hands_it_out():
    coupon = make_coupon("CPN1")
    shop = make_shop()
    offer = edit(make_offer(shop), coupon="CPN1")
    publish(offer)

    for act in take_away(coupon):
        with pytest.raises(StillUsed, match=r"^These offers hand out its codes: NYC\.$"):
            act()
    edit(offer, coupon=None)  # it is still live
    for act in take_away(coupon):
        with pytest.raises(StillUsed, match="NYC"):
            act()
    publish(fresh(offer))
    delete_coupon(coupon, by=None, at=NOON)
    assert not Coupon.objects.exists()
    releases.roll_back(shop, 1, by=None, at=NOON)  # which named it: it is gone there
    assert releasing.live_bodies(shop)["offer", "NYC"]["coupon"] == "CPN1"


def test_a_refusal_names_no_offer_that_is_hidden():
    coupon = make_coupon("CPN1")
    make_label("secret")
    shop = make_shop()
    publish(edit(make_offer(shop, "HUSH", access_labels=("secret",)), coupon="CPN1"))
    manager = make_user("m@example.org", role=BuiltIn.DELIVERY_MANAGER)

    with pytest.raises(StillUsed, match=r"^These offers hand out its codes: some that you may not"):
        delete_coupon(coupon, by=manager, at=NOON)
    edit(make_offer(shop, "OPEN"), coupon="CPN1")
    with pytest.raises(StillUsed, match=r": OPEN and 1 other\.$"):
        delete_coupon(coupon, by=manager, at=NOON)


def test_a_deleted_offer_lets_its_coupon_go():
    coupon = make_coupon("CPN1")
    offer = edit(make_offer(make_shop()), coupon="CPN1")
    publish(offer)
    delete_offers([fresh(offer)], by=None, at=NOON)
    assert set_status(coupon, "archived", by=None, at=NOON)


@pytest.mark.django_db(transaction=True)
def test_a_coupon_does_not_go_while_an_offer_takes_it_up(at_once):
    shop = make_shop()
    offer = make_offer(shop)
    for number in range(8):
        coupon = make_coupon(f"CPN{number}")

        took, went = at_once(
            lambda: accepted(offer, coupon=coupon.code),  # noqa: B023
            lambda: delete_coupon(coupon, by=None, at=NOON),  # noqa: B023
        )

        assert isinstance(took, NotAcceptable) != isinstance(went, StillUsed), (took, went)
        assert Coupon.objects.filter(pk=coupon.pk).exists() == isinstance(went, StillUsed)
