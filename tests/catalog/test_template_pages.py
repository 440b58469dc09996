"""What offers begin with, and where things of the catalogue are found."""

import pytest
from django.urls import reverse

from catalog.actions.templates import beginning
from catalog.models import OfferTemplate
from catalog.shapes import CategoryShape
from tests.build import make_label, make_user
from tests.catalog.making import make_offer, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada(client):
    user = make_user("ada@example.org", role="administrator", language="en", first_name="Ada")
    client.force_login(user)
    return user


def at(name, *args):
    return reverse(f"catalog:{name}", args=["shop", *args])


def said(answer):
    return answer.content.decode()


def form(**changes):
    return {"name": "Trips", "days_to_review": "5", "source": "NYC"} | changes


def test_a_template_takes_what_an_offer_says(client, ada, shop):
    make_offer(shop, "NYC", tags=("city",))

    answer = client.post(
        at("template-create"),
        form(reviewers=[str(ada.public_id)], reviewer_roles=["delivery_manager"]),
    )

    assert answer["Location"] == "/catalogue/shop/templates/"
    made = OfferTemplate.objects.get()
    shape = beginning(made, code="X", label="X")
    assert (shape.category, shape.tags, shape.content) == (
        "travel",
        ("city",),
        {"title": "Go to NYC"},
    )
    page = said(client.get(at("template-list")))
    assert "Ada, Delivery manager" in page


def test_an_edit_keeps_what_offers_begin_with(client, ada, shop):
    make_offer(shop, "NYC")
    client.post(at("template-create"), form())
    made = OfferTemplate.objects.get()

    client.post(
        at("template-edit", made.pk), form(source="", name="Journeys", version=made.version)
    )
    stale = client.post(at("template-edit", made.pk), form(source="-", version=made.version))

    made.refresh_from_db()
    assert (made.name, made.form["category"]) == ("Journeys", "travel")
    assert stale.status_code == 422
    client.post(at("template-edit", made.pk), form(source="-", version=made.version))
    made.refresh_from_db()
    assert made.form["category"] is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "Trips"}, "name"),
        ({"name": ""}, "name"),
        ({"source": "NOTHING"}, "source"),
        ({"days_to_review": "0"}, "days_to_review"),
        ({"reviewers": ["somebody"]}, "reviewers"),
    ],
)
def test_what_is_wrong_stands_at_its_field(client, ada, shop, changes, field):
    make_offer(shop, "NYC")
    client.post(at("template-create"), form())

    answer = client.post(at("template-create"), form(name="Other") | changes)

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert OfferTemplate.objects.count() == 1


def test_a_template_goes_and_offers_stay(client, ada, shop):
    client.post(at("template-create"), form(source="-"))
    made = OfferTemplate.objects.get()
    offer = make_offer(shop, "NYC", template=made)

    client.post(at("template-delete", made.pk))

    offer.refresh_from_db()
    assert offer.template is None


def test_a_template_of_what_somebody_may_not_see_is_not_there(client, ada, shop):
    make_label("secret")
    write(None, CategoryShape(name="vip", label="V", access_labels=("secret",)), shop)
    make_offer(shop, "DARK", category="vip")
    client.post(at("template-create"), form(source="DARK", name="Umbra"))
    made = OfferTemplate.objects.get()
    client.logout()
    client.force_login(make_user("olga@example.org", role="offer_manager", language="en"))

    assert "Umbra" not in said(client.get(at("template-list"))).split("<main")[1].split("</main")[0]
    assert client.get(at("template-edit", made.pk)).status_code == 404
    assert client.post(at("template-delete", made.pk)).status_code == 404


def found(client, words):
    hits = client.get(reverse("search"), {"q": words}).context["found"]
    return {source.label: [hit.url for hit in source.hits] for source in hits}


def test_the_search_finds_spaces_categories_and_filters(client, ada, shop):
    assert found(client, "hero")["Spaces"] == ["/catalogue/shop/spaces/webHero/"]
    assert found(client, "canada")["Categories"] == ["/catalogue/shop/categories/canada/"]
    assert found(client, "GROWN")["Predefined filters"] == ["/catalogue/shop/filters/grown/"]
    for urls in found(client, "hero").values():
        assert client.get(urls[0]).status_code == 200


def test_the_search_finds_nothing_that_somebody_may_not_see(client, shop):
    shop.access_labels.add(make_label("secret"))
    client.force_login(make_user("olga@example.org", role="offer_manager", language="en"))

    for words in ("hero", "canada", "grown"):
        assert not {"Spaces", "Categories", "Predefined filters"} & set(found(client, words))
