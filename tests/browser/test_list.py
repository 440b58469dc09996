"""The one list in the hands of somebody: typing, sorting, choosing, ticking, confirming."""

import re

import pytest
from django.urls import reverse

from accounts.models import User
from tests.browser.conftest import NARROW, choose_by_keys, sign_in
from tests.browser.waiting import expect
from tests.build import make_user

PEOPLE = "/people/"


@pytest.fixture
def people(administrator):
    for first, last, role in (
        ("Bob", "Ngo", "analyst"),
        ("Chloé", "Petit", "agent"),
        ("Dan", "Quist", "agent"),
    ):
        make_user(f"{first[0].lower()}@example.org", role=role, first_name=first, last_name=last)


def expect_names(page, *names):
    expect(page.locator("tbody th")).to_have_text(list(names))


def test_typing_narrows_and_the_address_keeps_it(open_page, people):
    page = open_page(PEOPLE)
    search = page.get_by_role("searchbox")

    search.click()
    page.keyboard.type("ngo", delay=60)
    expect(page.locator("tbody tr")).to_have_count(1)

    expect(search).to_be_focused()
    expect(search).to_have_value("ngo")
    expect(page.locator("#list-people-count")).to_have_text("1")
    page.wait_for_url(re.compile(r"/people/\?q=ngo$"))
    expect(page.locator(".chip")).to_contain_text("ngo")
    page.reload()
    expect_names(page, "Bob Ngo")


def test_a_filter_is_said_and_removed_and_back_brings_it_back(open_page, people):
    page = open_page(PEOPLE)

    page.get_by_label("Role", exact=True).select_option(label="Call centre agent")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator(".chip")).to_contain_text("Call centre agent")
    page.get_by_role("link", name="Remove the filter Role").click()
    expect(page.locator("tbody tr")).to_have_count(4)
    expect(page.get_by_label("Role", exact=True)).to_have_value("")
    page.go_back()

    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.get_by_label("Role", exact=True)).not_to_have_value("")


def test_sorting_keeps_the_search(open_page, people):
    page = open_page(f"{PEOPLE}?q=e")

    page.get_by_role("link", name="Name", exact=True).click()
    expect(page.get_by_role("columnheader", name="Name", exact=True)).to_have_attribute(
        "aria-sort", "descending"
    )
    expect(page.locator("tbody th").first).to_have_text("Dan Quist")
    page.get_by_role("searchbox").fill("@example")

    page.wait_for_url(re.compile(r"sort=-name"))
    expect(page.locator("tbody tr")).to_have_count(4)
    expect(page.locator("tbody th").first).to_have_text("Dan Quist")


def test_columns_are_chosen_at_once_and_remembered(open_page, people, administrator):
    page = open_page(PEOPLE)

    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Email address").uncheck()
    expect(page.get_by_role("columnheader", name="Email address")).to_have_count(0)
    page.get_by_label("Added").check()
    expect(page.get_by_role("columnheader", name="Added")).to_be_visible()
    page.get_by_role("button", name="Remember for me").click()

    page.wait_for_url(re.compile(r"/people/$"))
    expect(page.get_by_role("columnheader", name="Added")).to_be_visible()
    expect(page.get_by_role("columnheader", name="Email address")).to_have_count(0)
    administrator.refresh_from_db()
    assert "created_at" in administrator.list_columns["people"]
    assert "email" not in administrator.list_columns["people"]


def test_keys_move_tick_and_open(open_page, people):
    page = open_page(PEOPLE)
    expect(page.locator(".bulk-bar")).to_be_hidden()

    for key in "jjx":
        page.keyboard.press(key)
    expect(page.locator(".bulk-bar")).to_contain_text("1 selected")
    expect(page.locator(".list-tools")).to_be_hidden()
    page.keyboard.press("k")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Ada Morel")


def test_ticked_rows_are_confirmed_and_changed_together(open_page, people):
    page = open_page(PEOPLE)

    page.get_by_label("Select Bob Ngo").check()
    page.get_by_label("Select Dan Quist").check()
    page.get_by_role("button", name="Deactivate", exact=True).click()
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Dan Quist")
    expect(dialog.get_by_role("link", name="Cancel")).to_be_focused()
    dialog.get_by_role("button").click()

    expect(page.locator(".toast-item")).to_be_visible()
    assert set(User.objects.filter(is_active=False).values_list("last_name", flat=True)) == {
        "Ngo",
        "Quist",
    }


def test_rows_are_ticked_together_and_asked_about_one_by_one(open_page, people):
    page = open_page(PEOPLE)
    whole = page.get_by_label("Select all on this page")

    whole.check()
    expect(page.locator(".bulk-bar")).to_contain_text("4 selected")
    page.get_by_label("Select Bob Ngo").uncheck()
    assert whole.evaluate("box => box.indeterminate")
    page.get_by_role("button", name="Clear selection").click()
    expect(page.locator(".bulk-bar")).to_be_hidden()

    # the menu of a row asks in the dialog, which gives the focus back
    opener = page.get_by_role("button", name="Actions for Bob Ngo")
    choose_by_keys(page, opener, "Deactivate")
    dialog = page.locator("#dialog")
    expect(dialog).to_be_visible()
    expect(dialog).to_contain_text("Deactivate Bob Ngo?")
    page.keyboard.press("Escape")

    expect(dialog).to_be_hidden()
    expect(opener).to_be_focused()
    assert User.objects.filter(is_active=False).count() == 0


def test_rows_are_cards_on_a_small_screen(open_page, people):
    page = open_page("/")
    page.set_viewport_size(NARROW)
    open_page(PEOPLE)

    assert page.locator("tbody tr").first.evaluate("row => getComputedStyle(row).display") == "grid"
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Role", exact=True).select_option(label="Analyst")

    expect(page.locator("tbody tr")).to_have_count(1)


@pytest.fixture
def without_script(browser, browser_context_args):
    context = browser.new_context(**browser_context_args, java_script_enabled=False)
    yield context.new_page()
    context.close()


def test_all_of_it_works_without_script(without_script, live_server, people, administrator):
    page = without_script
    sign_in(page, live_server, administrator)
    page.goto(f"{live_server.url}{PEOPLE}")

    page.get_by_role("searchbox").fill("petit")
    page.get_by_role("button", name="Filter", exact=True).click()
    expect_names(page, "Chloé Petit")
    page.get_by_role("link", name="Last sign-in").click()
    expect(page.get_by_role("columnheader", name="Last sign-in")).to_have_attribute(
        "aria-sort", re.compile("ascending|descending")
    )
    expect_names(page, "Chloé Petit")
    page.get_by_label("Select Chloé Petit").check()
    page.get_by_role("button", name="Deactivate", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Deactivate")
    page.get_by_role("button", name="Deactivate").click()
    page.wait_for_url(f"{live_server.url}{reverse('accounts:person-list')}**")

    assert not User.objects.get(last_name="Petit").is_active


def test_the_focus_is_kept_when_rows_change(open_page, people):
    for number in range(25):
        make_user(f"n{number:02}@example.org", role="agent")
    page = open_page(f"{PEOPLE}?state=active&size=25")

    page.get_by_role("link", name="Name", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("sort=-name"))
    expect(page.get_by_role("link", name="Name", exact=True)).to_be_focused()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_role("link", name="Previous")).to_be_attached()

    expect(page.locator(".list-body")).to_be_focused()
    expect(page.locator("tbody tr").first).to_be_in_viewport()
    page.get_by_role("link", name="Remove the filter State").click()
    expect(page.locator(".chip")).to_have_count(0)
    expect(page.locator(".list-body")).to_be_focused()
