"""The weights grid in the hands of somebody: keys, refusals in place, and what follows a change."""

import re

import pytest

from catalog.models import Context, Offer
from catalog.shapes import ContextShape
from tests.browser.conftest import NARROW
from tests.browser.waiting import expect
from tests.catalog.making import make_offer, make_shop, publish

GRID = "/catalogue/shop/weights/?sort=-weight"


@pytest.fixture
def shop(administrator):
    """NYC with 9 and 5 (both x2), SOFA with 7."""
    shop = make_shop()
    two = (ContextShape(label="All", weight="9"), ContextShape(label="Some", weight="5"))
    offer = make_offer(shop, "NYC", contexts=two)
    make_offer(shop, "SOFA", category=None, contexts=(ContextShape(label="All", weight="7"),))
    publish(offer)
    return shop


def fields(page):
    return page.locator("[data-weight-cell] input[name=weight]")


def test_enter_saves_and_the_row_and_its_neighbours_follow(open_page, shop):
    page = open_page(GRID)
    first = fields(page).first
    expect(first).to_have_value("9")

    first.fill("12")
    first.press("Enter")

    rows = page.locator("tbody tr")
    expect(rows.nth(0).locator("[data-filled-by^=amount]")).to_have_text("24")
    expect(rows.nth(0)).to_contain_text("live: 9")
    for number in (0, 2):  # both weights of the offer
        expect(rows.nth(number).locator("[data-filled-by^=state]")).to_have_text("Being edited")
    expect(fields(page).first).to_be_focused()

    # The other weight was read at the version before: it knows the new one.
    fields(page).nth(2).fill("6")
    fields(page).nth(2).press("Enter")
    expect(rows.nth(2).locator("[data-filled-by^=amount]")).to_have_text("12")
    assert list(Context.objects.order_by("pk").values_list("weight", flat=True)) == ["12", "6", "7"]


def test_escape_undoes_arrows_go_up_and_down_and_a_refusal_stands_in_the_cell(open_page, shop):
    page = open_page(GRID)
    first, second = fields(page).nth(0), fields(page).nth(1)

    first.fill("99")
    expect(page.locator(".is-unsaved")).to_have_count(1)
    first.press("Escape")
    expect(first).to_have_value("9")
    expect(page.locator(".is-unsaved")).to_have_count(0)
    first.press("ArrowDown")
    expect(second).to_be_focused()
    second.press("ArrowUp")
    expect(first).to_be_focused()
    first.press("ArrowUp")
    expect(first).to_be_focused()
    assert Context.objects.get(label="Some").weight == "5"

    # a refusal stands in the cell, and keeps what was typed
    fields(page).first.fill("nine")
    fields(page).first.press("Enter")

    alert = page.locator("tbody tr").first.get_by_role("alert")
    expect(alert).to_contain_text(re.compile("nine"))
    expect(fields(page).first).to_have_value("nine")
    fields(page).first.press("Escape")
    expect(alert).to_have_count(0)
    expect(fields(page).first).to_have_value("9")
    assert Offer.objects.get(code="NYC").version == 1


def test_on_a_telephone_each_weight_is_a_card_with_a_field(open_page, page, shop):
    page.set_viewport_size(NARROW)
    open_page(GRID)

    fields(page).first.fill("12")
    fields(page).first.press("Enter")

    expect(page.locator("tbody tr").first).to_contain_text("24")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
