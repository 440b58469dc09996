"""The demo shop, where the script and the template tag do their work: in a real browser."""

import json
import re

import pytest

from contacts.actions.contacts import create_contact
from contacts.models import Contact
from decisioning import demo
from decisioning.models import Proposition
from offers_site.embedded.places import Places
from tests.browser.waiting import expect
from tests.build import NOON
from tests.decisioning.http import forget

OWN = "The first night outside is the longest"


@pytest.fixture
def shop(page, live_server, settings, complaints, tmp_path):
    settings.BASE_URL = live_server.url
    settings.PLACES = Places(tmp_path)
    forget()
    demo.open_shop(at=NOON)
    bruno = {"key": "C2", "first_name": "Bruno", "home_owner": True, "frequent_traveller": True}
    create_contact(bruno, by=None, at=NOON)
    yield f"{live_server.url}/shop/"
    forget()


def agree(page, said):
    page.click(f"[data-consent-is={said}]")


def window(page, code):
    return page.locator(f"#window [data-offer='{code}'] h2")


def test_from_visitor_to_customer_without_a_new_page(page, shop, complaints):
    page.goto(shop)
    expect(window(page, "WELCOME")).to_have_text("Ten per cent off your first order")
    assert not Contact.objects.filter(kind="visitor").exists()

    agree(page, "yes")
    page.locator("#window .refuse").click()  # "not for me": the next best takes its place
    expect(page.locator("#window [data-offer='WELCOME']")).to_have_count(0)
    visitor = Contact.objects.get(kind="visitor")
    page.select_option("#customer", "C2")

    expect(window(page, "ENGRAVED")).to_have_text("Bruno, your initials on the trolley")
    visitor.refresh_from_db()
    assert visitor.linked_contact.key == "C2"
    rejected = Proposition.objects.get(status=5)
    assert (rejected.contact, rejected.offer) == (visitor, "WELCOME")

    page.select_option("#customer", "")  # who signs out is still recognised by the browser
    expect(page.locator("#fact-person")).to_have_text("recognised by the browser")
    expect(window(page, "ENGRAVED")).to_be_visible()
    expect(page.locator("#card-1 [data-offer='PICNIC']")).to_have_count(1)

    page.click(".tabs [data-show=camp]")  # the page changes, and asks once for all its places
    expect(window(page, "TENT")).to_be_visible()
    page.goto(f"{shop}basket/")  # written by the server, for the same person
    expect(page.locator(".beside [data-offer='MUG']")).to_contain_text("An enamel mug")
    assert complaints == []


def test_who_refuses_is_shown_offers_and_leaves_nothing_behind(page, shop, complaints):
    page.goto(shop)
    agree(page, "no")
    expect(window(page, "WELCOME")).to_be_visible()
    page.goto(f"{shop}basket/")
    expect(page.locator(".beside [data-offer]")).to_have_count(1)
    page.goto(shop)
    expect(window(page, "WELCOME")).to_be_visible()

    assert "overture_visitor" not in {one["name"] for one in page.context.cookies()}
    assert not Contact.objects.filter(kind="visitor").exists()
    assert not Proposition.objects.exists()
    assert complaints == []

    # without an engine the shop says what it says
    page.context.add_cookies([{"name": "overture_shop_engine", "value": "away", "url": shop}])
    page.goto(shop)
    expect(page.locator("#backstage-line")).to_have_text("nobody answers")
    expect(page.locator("#window")).to_have_text(re.compile(OWN))
    expect(page.locator("#card-3")).to_contain_text("Ask us")


def test_a_person_who_leaves_takes_their_offers_along(page, shop):
    """With the engine gone in between, nobody sees what was meant for somebody else."""
    page.goto(shop)
    agree(page, "yes")
    page.select_option("#customer", "C2")
    expect(window(page, "ENGRAVED")).to_be_visible()
    page.route(re.compile("/api/v1/decisions"), lambda route: route.abort())

    page.select_option("#customer", "")

    expect(page.locator("#window")).to_have_text(re.compile(OWN))


def test_half_of_an_offer_in_sight_for_a_second_is_an_impression(page, shop):
    page.set_viewport_size({"width": 1280, "height": 560})  # the cards are below
    page.goto(shop)
    expect(window(page, "WELCOME")).to_be_visible()
    agree(page, "yes")

    with page.expect_response(re.compile("/status$")) as told:
        pass

    assert json.loads(told.value.text())["status"] == "presented"
    statuses = dict(Proposition.objects.values_list("space", "status"))
    assert statuses == {"shopHeroAnon": 1, "shopStripAnon": 0}
