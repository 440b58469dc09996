"""What asks for an attribute or an audience keeps it, in design and in live."""

from datetime import timedelta

import pytest
from django.urls import reverse

from catalog.actions.offers import edit_offer
from catalog.describing import offer_shape, space_shape
from catalog.models import Category, Filter, Space
from catalog.problems import NotAcceptable
from catalog.shapes import ContextShape, FilterShape, PresentationRuleShape, RepresentationShape
from contacts.actions.attributes import purge_attribute, retire_attribute
from contacts.actions.audiences import delete_audience
from contacts.actions.refusing import StillUsed
from contacts.blocking import uses_of
from contacts.models import Attribute
from tests.build import NOON, make_attribute, make_audience, make_label, make_user
from tests.catalog.making import (
    edit,
    edit_category,
    fresh,
    make_offer,
    make_shop,
    make_template,
    offer_form,
    publish,
    write,
)

pytestmark = pytest.mark.django_db
ASKS = "contact.tier == 'gold'"


@pytest.fixture
def tier():
    return make_attribute("tier", "string")


def names(wanted, *, live=False, by=None):
    return [use.name for use in uses_of(wanted, by) if use.is_live == live and use.is_seen]


def accepted(offer, **values):
    offer = fresh(offer)
    shape = offer_shape(offer).model_copy(update=values)
    return edit_offer(offer, shape, version=offer.version, by=None, at=NOON)


def change_space(name, **values):
    space = Space.objects.select_related("environment").get(name=name)
    write(space, space_shape(space).model_copy(update=values), space.environment)


def test_everything_that_may_ask_is_found(tier):
    shop = make_shop()
    plain = (ContextShape(label="All", weight="9"),)
    make_offer(shop, "FILTER", filter=ASKS)
    make_offer(shop, "CONTEXT", contexts=(ContextShape(label="All", weight="9", filter=ASKS),))
    weight = f"{ASKS} ? 9 : 1"
    make_offer(shop, "WEIGHT", contexts=(ContextShape(label="All", weight=weight),))
    make_offer(shop, "CONTENT", contexts=plain, content={"title": "For {{ contact.tier }}"})
    words = {"fr": {"title": "{% if contact.tier %}Oui{% endif %}"}}
    make_offer(shop, "TRANSLATED", translations=words)
    in_hero = RepresentationShape(space="webHero", content={"title": "{{ contact.tier }}!"})
    make_offer(shop, "REPRESENTED", representations=(in_hero,))
    make_offer(shop, "SAYS", content={"title": "contact.tier"})
    make_offer(shop, "QUOTES", filter='contact.city == "contact.tier"')
    edit_category(Category.objects.get(name="canada"), filter=ASKS)
    write(None, FilterShape(name="golden", label="Golden", rule=ASKS), shop)
    write(None, PresentationRuleShape(name="R9", label="R9", recipients=ASKS), shop)
    change_space("webHero", store_on_proposition={"tier": "contact.tier"})
    change_space("callCenter", identification=("key", "tier"))
    form = offer_form(filter=ASKS).model_dump(mode="json")
    make_template(shop, name="Gold trips", form=form)

    found = names(tier)

    assert sorted(found) == [
        "CONTENT",
        "CONTEXT",
        "FILTER",
        "Gold trips",
        "R9",
        "REPRESENTED",
        "TRANSLATED",
        "WEIGHT",
        "callCenter",
        "canada",
        "golden",
        "webHero",
    ]
    assert names(tier, live=True) == []


@pytest.mark.parametrize("act", [retire_attribute, purge_attribute])
def test_what_an_offer_asks_for_stays_until_live_does_without_it(tier, act):
    offer = make_offer(make_shop(), filter=ASKS)
    with pytest.raises(StillUsed, match=r"^These ask for it: NYC \(Shop\)\. Change them first\.$"):
        act(tier, by=None, at=NOON)

    publish(offer)
    edit(offer, filter=None)
    with pytest.raises(StillUsed, match=r"^These ask for it in live: NYC \(Shop\)\. Change and"):
        act(tier, by=None, at=NOON)
    assert Attribute.objects.in_use().filter(name="tier").exists()

    publish(offer, at=NOON + timedelta(hours=1))
    act(tier, by=None, at=NOON)


def test_a_live_filter_that_nothing_asks_any_more_keeps_nothing(tier):
    shop = make_shop()
    grown = Filter.objects.get(name="grown")
    write(grown, FilterShape(name="grown", label="Grown", rule=ASKS), shop)
    offer = make_offer(shop, category=None, filter='filter("grown")')
    publish(offer)
    assert (names(tier), names(tier, live=True)) == (["grown"], ["NYC"])

    write(grown, FilterShape(name="grown", label="Grown", rule="true"), shop)
    publish(edit(offer, filter=None))

    assert names(tier, live=True) == []


def test_an_audience_that_live_asks_for_stays(tier, client):
    shop = make_shop()
    chosen, grown = make_audience("chosen"), make_audience("grown", "true")
    offer = make_offer(shop, filter='filter("chosen")')
    with pytest.raises(StillUsed, match=r"^These ask for it: NYC \(Shop\)\."):
        delete_audience(chosen, by=None, at=NOON)
    publish(offer)
    edit(offer, filter=None)
    with pytest.raises(StillUsed, match=r"^These ask for it in live: NYC \(Shop\)\."):
        delete_audience(chosen, by=None, at=NOON)

    client.force_login(make_user(role="administrator"))
    for page in ("audience-detail", "audience-edit"):
        shown = client.get(reverse(f"contacts:{page}", args=["chosen"])).content.decode()
        assert '<a href="/catalogue/shop/offers/NYC/">Nyc</a>' in shown

    delete_audience(grown, by=None, at=NOON)  # the shop has a filter of this name


def test_what_is_hidden_is_counted_and_not_named(tier, client):
    shop = make_shop()
    publish(make_offer(shop, filter=ASKS))
    person = make_user(
        "ada",
        "contacts.view_contact",
        "contacts.change_attribute",
        "catalog.view_design_offer",
        "catalog.view_live_offer",
    )
    client.force_login(person)
    address = reverse("contacts:attribute-purge", args=["tier"])
    seen = client.get(address).content.decode()
    offers = "/catalogue/shop/offers/NYC/"
    assert "NYC (Shop)" in seen
    assert f'<a href="{offers}">Nyc · Shop</a>' in seen

    shop.access_labels.add(make_label("secret"))
    hidden = client.get(address).content.decode()
    page = client.get(reverse("contacts:attribute-edit", args=["tier"])).content.decode()

    assert "These ask for it in live: some that you may not see." in hidden
    assert '<li class="faint">some that you may not see</li>' in page
    assert "NYC" not in hidden + page
    assert offers not in hidden + page


def test_the_page_of_an_attribute_names_what_asks_for_it(tier, client):
    publish(make_offer(make_shop(), filter=ASKS))
    make_audience("rich", ASKS, label="Rich")
    with pytest.raises(
        StillUsed, match=r"^These audiences ask for it: Rich\. .* in live: NYC \(Shop\)"
    ):
        retire_attribute(tier, by=None, at=NOON)
    client.force_login(make_user(role="administrator"))

    page = client.get(reverse("contacts:attribute-edit", args=["tier"])).content.decode()

    assert '<a href="/audiences/rich/">Rich</a>' in page
    assert '<a href="/catalogue/shop/offers/NYC/">Nyc</a> <span class="faint">Shop</span>' in page


@pytest.mark.django_db(transaction=True)
def test_an_attribute_does_not_go_while_an_offer_begins_to_ask_for_it(at_once):
    offer = make_offer(make_shop())
    for number in range(8):
        tier = make_attribute(f"tier{number}", "string")

        asked, went = at_once(
            lambda: accepted(offer, filter=f"contact.{tier.name} == 'gold'"),  # noqa: B023
            lambda: retire_attribute(tier, by=None, at=NOON),  # noqa: B023
        )

        assert isinstance(asked, NotAcceptable) != isinstance(went, StillUsed), (asked, went)
        tier.refresh_from_db()
        assert tier.is_retired != isinstance(went, StillUsed)
