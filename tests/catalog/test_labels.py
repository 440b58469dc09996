"""What carries a label that somebody lacks is nowhere: every page and call is tried."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.timezone import now as clock

from accounts.models import User
from accounts.rights import BuiltIn, Right
from catalog.actions import approvals, releases
from catalog.actions.offers import delete_offers
from catalog.actions.planned import plan_release
from catalog.describing import space_shape
from catalog.models import Category, Offer, OfferTemplate
from catalog.packages.planning import make_plan
from catalog.packages.reading import read
from catalog.shapes import CategoryShape, FilterShape
from offers_site.http import SIDE_KEY
from tests.accounts.test_rights_of_every_url import patterns, unrendered
from tests.build import NOON, bearer, make_key, make_label, make_role, make_user
from tests.catalog.making import (
    CONTENT,
    edit,
    fresh,
    make_fallback_offer,
    make_offer,
    make_shop,
    make_template,
    publish,
    space,
    write,
)
from tests.catalog.test_space_pages import edited

pytestmark = [pytest.mark.django_db, pytest.mark.slow]
# Each of these words stands in hidden things only, whatever they are called by.
SEARCHED, COMPARED = "?q=us", ("?before=0&after=1", "?before=1&after=2")
MARKS = ("HUSH", "Hush", "hush", "Psst")
HIDDEN = {"code": ("HUSH", "HUSHBRAND", "HUSHBELOW"), "name": ("hush", "hushbelow")}


@pytest.fixture(scope="module")
def shop(module_db):
    """What everybody sees, and beside it what `secret` hides: live, edited, planned, in reviews."""
    make_label("secret")
    shop = make_shop()
    secret = ("secret",)
    write(None, CategoryShape(name="hush", label="Hush", access_labels=secret), shop)
    below = CategoryShape(name="hushbelow", label="Hush below", parent="hush", filter="call.x == 1")
    write(None, below.model_copy(update={"filter": 'filter("grown")'}), shop)
    write(None, FilterShape(name="open", label="Open", rule='contact.city == "Paris"'), shop)
    hidden = {"content": {"title": "Psst"}, "filter": 'filter("open")'}
    offers = [
        make_offer(shop, "NYC"),
        make_offer(shop, "HUSH", access_labels=secret, **hidden),
        make_offer(shop, "HUSHBELOW", category="hushbelow", **hidden),
    ]
    brand = make_fallback_offer(shop)
    hush_brand = edit(
        write(
            None,
            type(brand_shape := shape_of(brand)).model_validate(
                {**brand_shape.model_dump(), "code": "HUSHBRAND", "label": "Hush brand"}
            ),
            shop,
        ),
        access_labels=secret,
    )
    publish(*offers, brand, hush_brand)
    hero = space("webHero")
    named = {"fallback_offer": "HUSHBRAND", "default_category": "hush"}
    hero = write(hero, space_shape(hero).model_copy(update=named), shop)
    releases.publish_design(shop, spaces=[hero], by=None, at=NOON)
    unnamed = {"fallback_offer": "BRAND", "default_category": None}
    hero = write(hero, space_shape(hero).model_copy(update=unnamed), shop)  # differs from live
    write(hero, space_shape(hero).model_copy(update=named), shop)
    edit(fresh(offers[1]), label="Hush again")  # differs from live
    later = make_offer(shop, "HUSHLATER", access_labels=secret, **hidden)
    approvals.approve(later, CONTENT, by=None, at=NOON)
    plan_release(
        shop, [later, fresh(offers[0])], moment=clock() + timedelta(days=1), by=None, at=clock()
    )
    gone = make_offer(shop, "HUSHGONE", access_labels=secret, **hidden)
    publish(gone)
    delete_offers([fresh(gone)], by=None, at=NOON)
    approvals.submit([fresh(offers[1])], by=None, at=NOON)
    form = {"category": "hush", "access_labels": ["secret"]}
    make_template(shop, name="Hush template", form=form)
    releases.switch([fresh(offers[2])], enabled=False, by=None, at=NOON)
    return shop


def shape_of(offer):
    from catalog.describing import fallback_offer_shape  # noqa: PLC0415 (only here)

    return fallback_offer_shape(fresh(offer))


@pytest.fixture
def outsider(client):
    """Somebody who may do everything, but for the label."""
    rights = [right for right in Right if right != Right.MANAGE_LABELS]
    user = make_user("out@example.org", role=make_role("All", *rights))
    client.force_login(user)
    return user


def addresses(shop, names, code, name):
    given = {
        "environment": shop.name,
        "code": code,
        "name": name,
        "side": "content",
        "number": 1,
        "pk": 1,
        "verb": "delete",
    }
    for address, wanted in patterns():
        if "job" in address or "import" in address:
            continue
        if address.startswith(names) and set(wanted) <= set(given):
            yield address, wanted, reverse(address, kwargs={each: given[each] for each in wanted})


def marks_in(text):
    return [mark for mark in MARKS if mark in text]


def shown_at(client, address):
    answer = client.get(address)
    text = b"".join(answer) if answer.streaming else answer.content
    return text.decode(errors="replace")


def shown_on_each_side(client, path, queries):
    """What a page says on its own, with each of the queries, and when something is searched."""
    for side in ("live", "design"):
        look_at(side, client.session)
        text = shown_at(client, path)
        yield side, path, text
        if client.session[SIDE_KEY] != side:
            return  # a page that writes leads to the design by itself
        searched = [SEARCHED] if text.count('name="q"') > 1 else []  # the frame has one
        for query in (*searched, *queries):
            yield side, path + query, shown_at(client, path + query)


def look_at(side, session):
    session[SIDE_KEY] = side
    session.save()


def test_no_page_of_the_catalogue_says_a_word_of_it(shop, outsider, client):
    names = ("catalog:", "home", "search", "accounts:journal-list", "accounts:journal-export")
    spaces, fallbacks = ("catalog:space",), ("catalog:fallback",)
    others = addresses(shop, names, "NYC", "travel")
    pages = [
        *(page for page in others if not page[0].startswith(spaces + fallbacks)),
        *addresses(shop, spaces, "NYC", "webHero"),
        *addresses(shop, fallbacks, "BRAND", "travel"),
    ]
    found, shown = {}, set()
    for address, _wanted, path in pages:
        compared = COMPARED if "release" in address else ()
        for side, asked, text in shown_on_each_side(client, path, compared):
            shown.add((side, address))
            if marks_in(text):
                found[side, asked] = marks_in(text)
    assert found == {}
    assert shown >= {("live", "catalog:offer-list"), ("design", "catalog:offer-list")}


def test_the_journal_tells_them_all_the_rest(shop, outsider, client):
    journal = client.get(reverse("accounts:journal-list") + "?q=Nyc").content.decode()
    exported = b"".join(client.get(reverse("accounts:journal-export")))

    assert "created the offer Nyc" in journal
    assert exported.count(b"offer.created") == 2  # it and its brand


def test_pages_of_hidden_things_do_not_exist(shop, outsider, client):
    found = {}
    for code, name in zip(HIDDEN["code"], (*HIDDEN["name"], "hush"), strict=True):
        for address, wanted, path in addresses(shop, "catalog:", code, name):
            about_category = "name" in wanted and "category" in address
            if "code" not in wanted and not about_category:
                continue
            for method in ("get", "post"):
                with unrendered():
                    status = getattr(client, method)(path, {"version": 1}).status_code
                if status not in {404, 405}:
                    found[address, method, code if "code" in wanted else name] = status
    assert found == {}
    assert Offer.objects.filter(code__startswith="HUSH").count() == 4
    assert Category.objects.filter(name__startswith="hush").count() == 2


@pytest.mark.parametrize("verb", ["submit", "approve-content", "delete", "disable", "duplicate"])
def test_many_at_once_do_not_reach_what_is_hidden(shop, outsider, client, verb):
    before = list(Offer.objects.order_by("pk").values_list("pk", "version", "content_state"))
    path = f"/catalogue/shop/many-offers/{verb}/"
    client.post(path, {"row": ["HUSH", "HUSHBELOW", "HUSHBRAND"]})
    after = list(Offer.objects.order_by("pk").values_list("pk", "version", "content_state"))
    assert after == before


def test_a_refused_deletion_names_nothing_that_is_hidden(shop, outsider, client):
    for path in ("spaces/webHero", "categories/travel", "filters/open", "filters/grown"):
        answer = client.post(f"/catalogue/shop/{path}/delete/", follow=True)
        assert marks_in(answer.content.decode()) == []
    assert Offer.objects.filter(code="HUSH").exists()


def test_programs_find_nothing_of_it_either(shop, outsider, client):
    _key, secret = make_key("catalog", "journal", created_by=outsider)
    found = {}
    wanted = ("api-1:list_", "api-1:read_", "api-1:compare_", "api-1:approve_", "api-1:disable_")
    for address, _names, path in addresses(shop, wanted, "NYC", "travel"):
        if "coupon" in address or "code" in address:
            continue
        for query in ("", SEARCHED, *COMPARED, "?side=live", "?side=live&release=2"):
            answer = client.get(path + query, headers=bearer(secret))
            if marks_in(answer.content.decode()):
                found[address, query] = marks_in(answer.content.decode())
    for rest in ("approvals", "disable", "enable"):
        path = f"/api/v1/environments/shop/offers/HUSH/{rest}"
        body = {"side": "content"} if rest == "approvals" else {}
        answer = client.post(path, body, content_type="application/json", headers=bearer(secret))
        assert answer.status_code == 404
    assert found == {}


def test_what_a_space_names_and_one_may_not_see_survives_ones_edits(shop, outsider, client):
    exported = client.get("/catalogue/shop/package/export/").content
    plan = make_plan(read(exported), by=outsider)
    page = client.get("/catalogue/shop/spaces/webHero/edit/")
    form = page.context["form"]
    sent = {name: form[name].value() for name in ("fallback_offer", "default_category", "version")}
    answer = client.post(
        "/catalogue/shop/spaces/webHero/edit/",
        edited("webHero", label="Hero") | sent | {"confirmed": "1"},
    )

    assert (plan.changes, answer.status_code) == ([], 302)
    hero = space("webHero")
    assert (hero.label, hero.fallback_offer.code) == ("Hero", "HUSHBRAND")
    assert hero.default_category.name == "hush"


def test_whoever_holds_the_label_finds_it_all(shop, client):
    holder = make_user("in@example.org", role=BuiltIn.OFFER_MANAGER)
    label = make_label("other")
    holder.roles.add(make_role("Secret", labels=[label, *label.__class__.objects.all()]))
    client.force_login(User.objects.get(pk=holder.pk))

    assert "HUSH" in client.get("/catalogue/shop/offers/").content.decode()
    assert "HUSH" in client.get("/catalogue/shop/releases/1/").content.decode()
    assert client.get("/catalogue/shop/offers/HUSH/").status_code == 200
    assert OfferTemplate.objects.count() == 1
