"""Offers by spaces: where each stands, what it lacks, and how many are complete in each space."""

import pytest
from django.urls import reverse

from catalog.describing import space_shape
from catalog.models import Representation, Space
from catalog.shapes import ContentFieldShape, FieldOfSpace, RepresentationShape, SpaceShape
from tests.build import make_label, make_role, make_user
from tests.catalog.making import (
    make_fallback_offer,
    make_offer,
    make_shop,
    offer_form,
    publish,
    space,
    write,
    write_all,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def shop_of_the_module(module_db):
    """webHero asks for a title and a picture, callCenter for a title."""
    shop = make_shop()
    hero = space("webHero")
    shape = space_shape(Space.objects.for_space_list().get(pk=hero.pk))
    fields = tuple(FieldOfSpace(name=name, required=True) for name in ("title", "image_url"))
    write(hero, shape.model_copy(update={"fields": fields, "label": "Hero"}), shop)
    return shop


def url(page, *args):
    return reverse(f"catalog:{page}", args=["shop", *args])


def matrix(client, **asked):
    """By code, how the offer stands in callCenter and webHero."""
    page = client.get(url("offer-matrix"), asked).context["list"]
    return {
        row.code: tuple(row.cells[f"space-{name}"].state for name in ("callCenter", "webHero"))
        for row in page.rows
    }


def totals(client, **asked):
    """By space: how many there, complete, lacking something, with own words, not enabled."""
    found = client.get(url("offer-matrix"), asked).context["totals"]
    return {
        total.space.name: (total.there, total.complete, total.missing, total.own, total.off)
        for total, _addresses in found
    }


HERO, CALL = RepresentationShape(space="webHero"), RepresentationShape(space="callCenter")
PICTURE = {"image_url": "https://example.org/a.png"}


def make_all(shop):
    """Live and complete; without a picture; with one of its own there; nowhere; in one space."""
    full = make_offer(shop, "FULL", content={"title": "Go", **PICTURE})
    publish(full)
    make_offer(shop, "BARE")
    own = RepresentationShape(space="webHero", content=PICTURE)
    make_offer(shop, "OWN", representations=(own, CALL))
    make_offer(shop, "NOWHERE", representations=())
    make_offer(shop, "CALL", content={"title": "  "}, representations=(CALL,))


def test_each_offer_in_each_space(client, ada, shop):
    make_all(shop)

    assert matrix(client) == {
        "FULL": ("complete", "complete"),
        "BARE": ("off", "missing"),
        "OWN": ("off", "off"),
        "NOWHERE": ("nowhere", "nowhere"),
        "CALL": ("missing", "nowhere"),
    }


def test_what_is_missing_is_named_and_leads_to_its_place(client, ada, shop):
    make_offer(shop, "BARE")

    page = client.get(url("offer-matrix")).content.decode()

    assert "missing: Picture<" in page
    assert 'href="/catalogue/shop/offers/BARE/content/#content-in-webHero"' in page
    assert "1 of 2" in page
    content = client.get(url("offer-edit-content", "BARE")).content.decode()
    assert 'id="content-in-webHero"' in content


def test_figures_of_each_space(client, ada, shop):
    make_all(shop)
    make_fallback_offer(shop)

    assert totals(client) == {"callCenter": (4, 3, 1, 0, 3), "webHero": (4, 2, 2, 1, 3)}
    assert totals(client, kind="fallback") == {
        "callCenter": (0, 0, 0, 0, 0),
        "webHero": (1, 0, 1, 0, 1),
    }
    assert totals(client, q="own") == {"callCenter": (1, 1, 0, 0, 1), "webHero": (1, 1, 0, 1, 1)}


# A state, in any space or in one, and who is in it.
NARROWED = {
    ("missing", ""): {"BARE", "CALL"},
    ("missing", "webHero"): {"BARE"},
    ("complete", "webHero"): {"FULL", "OWN"},
    ("nowhere", ""): {"NOWHERE"},
    ("nowhere", "webHero"): {"NOWHERE", "CALL"},
    ("own", ""): {"OWN"},
    ("off", "callCenter"): {"BARE", "OWN", "CALL"},
    ("", "webHero"): {"FULL", "BARE", "OWN"},
    ("x", ""): {"FULL", "BARE", "OWN", "NOWHERE", "CALL"},
}


def test_the_matrix_is_narrowed(client, ada, shop):
    make_all(shop)

    found = {
        (state, space): set(matrix(client, state=state, space=space)) for state, space in NARROWED
    }

    assert found == NARROWED


@pytest.mark.parametrize(
    ("general", "own", "state"),
    [
        ({"title": "Go", **PICTURE}, {}, "off"),
        ({"title": "Go", "image_url": ""}, {}, "missing"),
        ({"title": "Go"}, {"image_url": " \n\t"}, "missing"),
        ({"title": " ", **PICTURE}, {"title": "There"}, "off"),
        ({}, {"title": "There", **PICTURE}, "off"),
    ],
)
def test_the_database_and_the_page_agree_on_what_is_missing(client, ada, shop, general, own, state):
    offer = make_offer(shop, "NYC", representations=(HERO,))
    type(offer).objects.update(content=general)
    Representation.objects.update(content=own)

    assert matrix(client)["NYC"] == ("nowhere", state)
    missing = 1 if state == "missing" else 0
    assert totals(client)["webHero"][:3] == (1, 1 - missing, missing)


def test_fields_of_ones_own_are_asked_by_their_names(client, ada, shop):
    write(None, ContentFieldShape(name="fine_print", label="Fine print"), shop)
    hero = Space.objects.for_space_list().get(name="webHero")
    fields = (FieldOfSpace(name="fine_print", required=True),)
    write(hero, space_shape(hero).model_copy(update={"fields": fields}), shop)
    make_offer(shop, "NYC")
    make_offer(shop, "SMALL", content={"title": "Go", "fine_print": "*"})

    assert matrix(client) == {"NYC": ("off", "missing"), "SMALL": ("off", "off")}
    assert totals(client)["webHero"][:3] == (2, 1, 1)
    assert "missing: Fine print<" in client.get(url("offer-matrix")).content.decode()


def test_labelled_offers_are_neither_shown_nor_counted(client, ada, shop):
    make_offer(shop, "NYC")
    make_offer(shop, "DEAL").access_labels.add(make_label("secret"))
    assert totals(client)["webHero"][0] == 2

    client.force_login(make_user("olga@example.org", role="offer_manager", language="en"))

    assert set(matrix(client)) == {"NYC"}
    assert totals(client)["webHero"][0] == 1


def test_whoever_may_only_look_is_led_to_the_preview(client, shop):
    make_offer(shop, "NYC")
    role = make_role("Readers", "catalog.view_design_offer")
    client.force_login(make_user("rita@example.org", role=role, language="en"))

    page = client.get(url("offer-matrix")).content.decode()

    assert "/offers/NYC/preview/" in page
    assert "/offers/NYC/content/" not in page


def test_the_queries_grow_neither_with_offers_nor_with_spaces(
    client, ada, shop, django_assert_max_num_queries
):
    write_all(shop, [offer_form(f"O{number}") for number in range(30)])
    names = [f"more{number}" for number in range(20)]
    write_all(shop, [SpaceShape(name=name, label=name, channel="web") for name in names])
    client.get(url("offer-matrix"))

    with django_assert_max_num_queries(18):
        page = client.get(url("offer-matrix"))

    assert len(page.context["list"].rows) == 30
