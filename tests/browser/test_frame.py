"""The frame: no page scrolls sideways, none complains, and all of it works from the keyboard."""

import re
from functools import partial
from pathlib import Path

import pytest
from django.urls import reverse
from django.utils.timezone import now

from jobs.actions import start_job
from tests.browser.conftest import NARROW, WIDE
from tests.browser.waiting import expect
from tests.build import make_key, make_label, make_user
from tests.catalog.making import make_offer, make_shop, publish

AUDIT = Path(__file__).with_name("audit.js").read_text()
LONG = "Import of contacts_2026_11_export_full_with_consents_and_preferences_final.csv"
PAGES = (
    "home",
    "search",
    "system",
    "accounts:person-list",
    "accounts:person-invite",
    "accounts:role-list",
    "accounts:role-create",
    "accounts:label-list",
    "accounts:label-create",
    "accounts:key-list",
    "accounts:key-create",
    "accounts:journal-list",
    "accounts:preferences",
    "accounts:password-change",
    "jobs:job-list",
)


@pytest.fixture
def frame_asks():
    return True


@pytest.fixture
def furnished(administrator):
    """A house in which every list has a row."""
    make_user("bob@example.org", role="analyst", first_name="Bob", last_name="Ngo")
    make_label("brand-a")
    make_key()
    for title in (LONG, "Export of people"):
        start_job(
            partial(str, title), task="jobs.tasks.none", by=administrator, at=now(), total=4_000_000
        )


def test_every_page_fits_and_can_be_read_out(open_page, furnished):
    wrong, sizes = [], [WIDE, NARROW]
    for name in PAGES:
        page = open_page(reverse(name))
        expect(page.locator(".running-job")).to_have_count(1)
        for size in sizes:
            page.set_viewport_size(size)
            found = page.evaluate(AUDIT)
            if page.evaluate("document.documentElement.scrollWidth") > size["width"]:
                found.append("too wide")
            wrong += [f"{name} at {size['width']}: {each}" for each in found]
        sizes.reverse()  # the next page opens at the size that this one has

    assert wrong == []


def test_what_is_chosen_in_the_frame_is_kept(open_page, administrator):
    page = open_page("/")
    background = "getComputedStyle(document.body).backgroundColor"
    rail = page.get_by_role("navigation", name="Main navigation")
    wide = rail.bounding_box()["width"]
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(background) == "rgb(20, 21, 24)"

    page.get_by_role("button", name="Narrow navigation").click()
    page.get_by_role("button", name="Theme").click()
    page.get_by_role("button", name="Light", exact=True).click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "light")
    assert page.evaluate(background) == "rgb(255, 255, 255)"
    assert rail.bounding_box()["width"] < wide / 3
    expect(rail.get_by_role("link", name="People")).to_be_visible()

    page.get_by_role("button", name="Language").click()
    page.get_by_role("button", name="Français").click()
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    administrator.refresh_from_db()
    assert (administrator.theme, administrator.language) == ("light", "fr")


def test_live_tints_the_bar_and_says_so(open_page):
    publish(make_offer(make_shop()))
    page = open_page("/catalogue/shop/offers/NYC/")
    expect(page.get_by_role("link", name="Edit").first).to_be_visible()

    page.get_by_role("button", name="Live", exact=True).click()

    expect(page.locator("body")).to_have_attribute("data-side", "live")
    expect(page.get_by_text("the catalogue cannot be edited here")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nyc")
    expect(page.get_by_role("link", name="Edit")).to_have_count(0)
    page.goto(page.url)
    expect(page.get_by_role("button", name="Live", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def test_the_rail_is_a_drawer_on_a_small_screen(open_page):
    page = open_page("/")
    page.set_viewport_size(NARROW)
    rail = page.locator("#rail")
    expect(rail).to_be_hidden()

    page.get_by_role("button", name="Open the navigation").click()
    expect(rail.get_by_role("link", name="People")).to_be_visible()
    page.keyboard.press("Escape")

    expect(rail).to_be_hidden()
    expect(page.get_by_role("button", name="Open the navigation")).to_be_focused()


def test_the_palette_finds_and_opens_by_keyboard(open_page, furnished):
    page = open_page("/")

    page.keyboard.press("/")
    palette = page.get_by_role("dialog", name="Search")
    expect(palette.get_by_role("option").first).to_have_text("Home")
    page.keyboard.type("bob")
    expect(palette.get_by_role("option")).to_have_count(1)
    expect(palette.get_by_role("option")).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Bob Ngo")


def test_the_keyboard_leads_around_the_frame(open_page):
    page = open_page("/")
    keys = page.keyboard

    # the first stop skips to the content
    keys.press("Tab")
    expect(page.locator(":focus")).to_have_text("Skip to the content")
    keys.press("Enter")
    expect(page.locator("main")).to_be_focused()

    # the palette gives the focus back
    opener = page.get_by_role("link", name="Search")
    opener.focus()
    keys.press("Control+k")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    keys.press("Escape")
    expect(opener).to_be_focused()

    # menus move by arrows, close by Escape, and give it back too
    opener = page.get_by_role("button", name="AM Menu of Ada Morel")
    opener.focus()
    keys.press("Enter")
    expect(page.get_by_role("link", name="Preferences")).to_be_focused()
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    expect(page.get_by_role("button", name="Sign out")).to_be_focused()
    keys.press("Escape")
    expect(opener).to_be_focused()

    # letters are explained, and go to pages
    keys.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    keys.press("Escape")
    keys.press("g")
    keys.press("p")
    page.wait_for_url(re.compile(r"/people/$"))
