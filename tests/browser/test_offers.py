"""An offer manager makes an offer and a fallback offer, a reviewer says yes: all by screens."""

import re

import pytest
from playwright.sync_api import expect

from catalog.models import Draft, Offer, Revision, Space
from tests.browser.conftest import NARROW, sign_in
from tests.build import make_attribute, make_contact, make_user
from tests.catalog.making import make_offer, make_shop

SHOP = "/catalogue/shop"


@pytest.fixture
def shop(the_built_in_roles):
    make_attribute("points", label="Points")
    for number in range(4):
        make_contact(f"C-{number}", points=number * 10, birth_date="1980-05-01")
    return make_shop()


def save(page, name="Save changes"):
    page.get_by_role("button", name=name).last.click()


def drag_in(page, space):
    """From the pane into the content, as a hand does it."""
    page.wait_for_load_state("networkidle")
    page.locator(f'[data-space="{space}"][draggable] strong').hover()
    page.mouse.down()
    box = page.locator("[data-drop-spaces]").bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 20, steps=4)
    page.mouse.move(box["x"] + 80, box["y"] + 20, steps=4)
    page.mouse.up()


def add_condition(page, scope):
    """Points is at least 10, put together with the builder."""
    scope.get_by_role("button", name="Add a condition").last.click()
    page.locator(".rule-option", has_text=re.compile("^Points")).first.click()
    row = scope.locator(".rule-row").last
    row.get_by_label("How it is compared").select_option(label="is at least")
    row.get_by_label("Value").fill("10")


def test_an_offer_is_made_submitted_reviewed_and_live(open_page, page, live_server, shop):
    manager = make_user("mia@example.org", role="offer_manager", first_name="Mia")
    reviewer = make_user("rita@example.org", role="offer_manager", first_name="Rita")

    open_page("/")
    sign_in(page, live_server, manager)
    page.goto(f"{live_server.url}{SHOP}/create-offer/")
    page.get_by_label("Label").fill("Autumn in Québec")
    expect(page.get_by_label("Code")).to_have_value("AUTUMN-IN-QUEBEC")
    page.get_by_label("Category").select_option("canada")
    page.get_by_role("button", name="Create the offer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Autumn in Québec")

    # what it says: one space is dragged, the other added by its button
    page.get_by_role("link", name="Choose the spaces").click()
    drag_in(page, "webHero")
    page.get_by_role("button", name="Add callCenter").click()
    page.locator('[name="content.*.en.title"]').fill("Red leaves, quiet lakes")
    expect(page.locator('[name="content.webHero.en.title"]')).to_have_count(1)
    save(page)
    expect(page.get_by_text("Autumn in Québec is saved.")).to_be_visible()

    # who gets it: a rule, and two weights, the second moved up
    page.get_by_role("navigation", name="Autumn in Québec").get_by_role(
        "link", name="Eligibility"
    ).click()
    add_condition(page, page.locator("#div_id_filter"))
    expect(page.locator("#div_id_filter .rule-side")).to_contain_text("fewer than 20")
    page.get_by_role("button", name="Add a weight").click()
    page.locator('[name="weight-0-label"]').fill("Standard")
    page.locator('[name="weight-0-weight"]').fill("9")
    page.get_by_role("button", name="Add a weight").click()
    page.locator('[name="weight-1-label"]').fill("On the hero")
    page.locator('[name="weight-1-weight"]').fill("20")
    page.locator('[name="weight-1-space"]').select_option("webHero")
    page.get_by_role("button", name="Move up").nth(1).click()
    save(page)

    expect(page.get_by_text("Fewer than 20 people can get it by these rules.")).to_be_visible()
    weights = page.locator(".weights-table tbody tr")
    expect(weights.nth(0)).to_contain_text("On the hero")
    expect(weights.nth(0)).to_contain_text("40")  # its category doubles it
    page.get_by_role("link", name="Submit for approval").click()
    page.get_by_role("dialog").get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("Waiting for approval").first).to_be_visible()

    # another person reviews it with the keyboard alone
    sign_in(page, live_server, reviewer)
    page.goto(f"{live_server.url}{SHOP}/offers/AUTUMN-IN-QUEBEC/")
    page.get_by_role("link", name="Review the content").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Review the content")
    page.keyboard.press("r")
    expect(page.get_by_label("Comment")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Review the eligibility")
    page.keyboard.press("a")
    expect(page.get_by_text("Live as it stands here")).to_be_visible()

    live = Revision.objects.current().get(kind="offer")
    assert live.body["content"] == {"title": "Red leaves, quiet lakes"}
    assert [one["label"] for one in live.body["contexts"]] == ["On the hero", "Standard"]
    assert live.body["filter"] == "contact.points >= 10"
    assert {one["space"] for one in live.body["representations"]} == {"webHero", "callCenter"}


def test_a_fallback_offer_survives_a_closed_tab(open_page, page, live_server, shop):
    open_page(f"{SHOP}/create-fallback-offer/")
    page.get_by_label("Label").fill("Welcome")
    page.get_by_role("button", name="Continue to the representations").click()
    drag_in(page, "webHero")
    expect(page.locator('[name="content.webHero.en.title"]')).to_have_count(1)
    with page.expect_response(lambda answer: answer.status == 204):
        page.locator('[name="content.*.en.title"]').fill("Make yourself at home")
        page.locator("h1").click()  # the field is left: what was typed is kept
    assert Draft.objects.get().data["shape"]["content"] == {"title": "Make yourself at home"}

    page.goto("about:blank")
    open_page(f"{SHOP}/fallback-offers/")
    page.get_by_role("link", name="Resume").click()
    expect(page.locator('[name="content.*.en.title"]')).to_have_value("Make yourself at home")
    page.get_by_role("button", name="Continue to the summary").last.click()
    expect(page.get_by_text("Still without a fallback offer:")).to_be_visible()
    page.get_by_label("webHero (nothing yet)").check()
    page.get_by_role("button", name="Save and approve").click()

    expect(page.get_by_text("Welcome is live (release 1).")).to_be_visible()
    offer = Offer.objects.get()
    assert offer.is_live
    assert Space.objects.get(fallback_offer=offer).name == "webHero"
    assert not Draft.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "offers/",
        "offers/NYC/",
        "offers/NYC/content/",
        "offers/NYC/eligibility/",
        "offers/NYC/approve/content/",
    ],
)
def test_pages_fit_a_telephone(open_page, page, shop, path):
    make_offer(shop)
    page.set_viewport_size(NARROW)
    open_page(f"{SHOP}/{path}")

    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
