"""The pages of offers, as people use them."""

import pytest
from django.urls import reverse

from catalog.models import Offer
from tests.build import make_user
from tests.catalog.making import fresh, make_fallback_offer, make_offer, make_shop, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_shop()


@pytest.fixture
def manager(client):
    person = make_user("mia@example.org", role="offer_manager")
    client.force_login(person)
    return person


def url(name, *args):
    return reverse(f"catalog:{name}", args=["shop", *args])


def read(client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize(
    "page",
    [
        "offer-list",
        "fallback-offer-list",
        "offer-create",
        "fallback-offer-create",
    ],
)
def test_pages_of_an_environment_open(client, shop, manager, page):
    make_offer(shop)
    make_fallback_offer(shop)

    assert "<h1" in read(client, url(page))


@pytest.mark.parametrize(
    "page",
    [
        "offer-detail",
        "offer-numbers",
        "offer-journal",
        "offer-edit-content",
        "offer-edit-eligibility",
        "offer-edit-caps",
        "offer-edit-details",
        "offer-submit",
        "offer-compare",
        "offer-duplicate",
        "offer-delete",
    ],
)
def test_pages_of_an_offer_open(client, shop, manager, page):
    make_offer(shop)

    assert read(client, url(page, "NYC"))


@pytest.mark.parametrize("side", ["content", "eligibility"])
def test_review_pages_open(client, shop, manager, side):
    make_offer(shop)

    assert "Approve the" in read(client, url("offer-approve", "NYC", side))


def test_live_pages_open(client, shop, manager):
    publish(make_offer(shop))
    publish(make_fallback_offer(shop))
    client.post(reverse("side-choose"), {"side": "live"})

    assert "Nyc" in read(client, url("offer-list"))
    assert "Discover us" in read(client, url("fallback-offer-list"))
    assert "canada" not in read(client, url("offer-detail", "NYC"))
    assert "Discover us" in read(client, url("fallback-offer-detail", "BRAND"))


def test_fallback_pages_open(client, shop, manager):
    make_fallback_offer(shop)

    for page in ("fallback-offer-detail", "fallback-offer-edit"):
        assert "Discover us" in read(client, url(page, "BRAND"))


