"""A call from the first letter of a name to the next best offer, without a mouse."""

import pytest

from decisioning.models import Proposition, Transition
from tests.browser.conftest import NARROW
from tests.browser.waiting import expect
from tests.decisioning.http import forget, open_bank


@pytest.fixture
def bank(transactional_db):
    yield open_bank()
    forget()


def focused(page):
    return page.evaluate("document.activeElement.id")


def test_a_call_by_keyboard(bank, open_page, administrator):
    page = open_page("/call-centre/")
    keys = page.keyboard

    keys.type("keller")
    expect(page.get_by_role("button", name="Bruno Keller")).to_be_visible()
    keys.press("Enter")
    first, second = page.locator("[data-card='1']"), page.locator("[data-card='2']")
    expect(first).to_contain_text("Platinum card")
    assert focused(page) == "offer-1"

    # said while reading: the focus stays where it is
    keys.press("p")
    expect(first.locator(".badge")).to_have_text("Presented")
    assert focused(page) == "offer-1"

    # a refusal asks why before it is noted, and can be taken back
    keys.press("r")
    expect(page.locator("#reason-1")).to_be_focused()
    keys.press("Escape")
    assert focused(page) == "offer-1"
    keys.press("r")
    keys.type("Too expensive")
    keys.press("Enter")

    # the next best offer is there, and the focus goes on to the next one that is open
    expect(page.locator("[data-card='4']")).to_contain_text("Next best offer")
    expect(first).to_contain_text("Too expensive")
    expect(second).to_be_focused()

    # what cannot follow is said, and nothing is sent
    keys.press("1")
    keys.press("p")
    expect(page.locator("#toasts")).to_contain_text("does not go to “Presented”")

    keys.press("2")
    keys.press("a")
    expect(second.locator(".badge")).to_have_text("Accepted")
    told = Transition.objects.order_by("at").values_list("after", "comment", "by_name")
    assert list(told) == [
        (1, "", "Ada Morel"),
        (5, "Too expensive", "Ada Morel"),
        (3, "", "Ada Morel"),
    ]
    assert Proposition.objects.get(offer="HOMEINS").status == 3

    # the page stands by itself, and fits a telephone
    page.set_viewport_size(NARROW)
    page.reload()
    expect(first).to_contain_text("Too expensive")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    # somebody else calls
    page.locator("body").press("s")
    keys.type("C6")
    expect(page.get_by_role("button", name="Farid Benali")).to_be_visible()
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Farid Benali")
