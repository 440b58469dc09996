"""Numbers that would tell personal data: pages of offers say why there are none."""

from __future__ import annotations

import pytest

from accounts.rights import Right
from catalog.gates import gates_of
from catalog.populating import Population, population_of
from catalog.recap import recap
from catalog.shapes import ContextShape
from contacts.discretion import Figure
from contacts.rulecounting import Withheld
from tests.build import NOON, make_contact, make_role, make_user
from tests.catalog.making import fresh, make_offer, make_shop

pytestmark = pytest.mark.django_db
PERSONAL = 'contact.email == "ada@example.org"'
NUMBERS = "/catalogue/shop/offers/NYC/numbers/"


@pytest.fixture
def offer():
    make_contact("C-1", email="ada@example.org")
    return make_offer(make_shop(), category=None, filter=PERSONAL)


def somebody(*more):
    rights = [Right.VIEW_DESIGN_OFFER, Right.VIEW_AUDIENCE, *more]
    return make_user("some@example.org", role=make_role("Some", *rights))


def test_whoever_may_not_see_an_address_gets_no_number_of_it(client, offer):
    client.force_login(somebody())

    page = client.get(NUMBERS)

    text = page.content.decode()
    assert page.status_code == 200
    assert "personal data" in text
    assert "funnel-number" not in text
    with pytest.raises(Withheld):
        gates_of(fresh(offer), recap(fresh(offer)), somebody_again(), at=NOON)


def somebody_again():
    return make_user("again@example.org", role=make_role("Again", Right.VIEW_AUDIENCE))


def test_whoever_may_see_them_gets_it(client, offer):
    user = somebody(Right.VIEW_PERSONAL_DATA)
    client.force_login(user)

    found = gates_of(fresh(offer), recap(fresh(offer)), user, at=NOON)

    assert (found.all, found.left) == (Figure(1), Figure(1))
    text = client.get(NUMBERS).content.decode()
    assert "personal data" not in text
    assert "funnel-number" in text


@pytest.mark.parametrize(("more", "told"), [([], False), ([Right.VIEW_PERSONAL_DATA], True)])
def test_a_formula_of_personal_data_is_withheld_too(client, offer, more, told):
    make_offer(
        offer.environment,
        "AGED",
        category=None,
        contexts=(ContextShape(label="A", weight=f"{PERSONAL} ? 90 : 1"),),
    )
    client.force_login(somebody(*more))

    page = client.get("/catalogue/shop/offers/AGED/numbers/")

    assert page.status_code == 200
    assert ("90</strong>" in page.content.decode()) is told


def test_the_people_of_a_rule_are_withheld_where_it_is_edited(offer):
    asked = {"user": somebody_again(), "at": NOON, "zone": None}
    assert population_of(offer.environment, PERSONAL, **asked) == Population()
