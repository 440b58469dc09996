"""A rule in the hands of a marketer: built by mouse, by keyboard, written, broken and mended."""

import re

import pytest

from contacts.models import Audience
from tests.browser.conftest import NARROW
from tests.browser.waiting import expect
from tests.build import make_attribute, make_audience, make_contact

CREATE = "/audiences/create/"
RULE = (
    'contact.points >= 10 && (contact.country == "FR" || contact.country == "BE")'
    ' && !(contact.city == "Paris" || contact.vip)'
)


@pytest.fixture
def people(transactional_db):
    make_attribute("points", label="Points")
    make_attribute("vip", "bool", label="VIP")
    for key, points, country, city, vip in (
        ("A-1", 5, "FR", "Lyon", None),
        ("A-2", 10, "FR", "Lyon", None),
        ("A-3", 20, "BE", "Mons", False),
        ("A-4", 30, "FR", "Paris", None),
        ("A-5", 40, "FR", "Metz", True),
        ("A-6", 50, "DE", "Bonn", None),
    ):
        make_contact(key, points=points, country=country, city=city, vip=vip)


@pytest.fixture
def builder(open_page, people):
    page = open_page(CREATE)
    page.get_by_label("Label").fill("Regulars")
    page.get_by_label("Name", exact=True).fill("regulars")
    return page


@pytest.fixture
def built(open_page, people):
    """The rule as somebody built it before."""
    make_audience("regulars", RULE)
    page = open_page("/audiences/regulars/edit/")
    expect_number(page, 2)
    return page


def rule_of(page):
    return page.locator("[data-rule]")


def pick(page, name):
    """In the list that opened, by typing a part of its name."""
    search = page.get_by_role("combobox", name="Search what a condition can be about")
    expect(search).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Enter")


def box(page, name):
    return rule_of(page).locator(f'[role=group][aria-label="{name}" i]')


def build_by_mouse(page):
    rule = rule_of(page)
    add(page, box(page, "The whole rule"), "Points", "is at least", "10")
    rule.get_by_role("button", name="Add a group").click()
    group = box(page, "group 2")
    add(page, group, "Country", "is", "FR")
    add(page, group, "Country", "is", "BE")
    rule.get_by_role("button", name="Add a group").last.click()
    group = box(page, "group 3")
    group.get_by_role("button", name="None", exact=True).click()
    add(page, group, "City", "is", "Paris")
    add(page, group, "VIP", "is yes")


def add(page, group, name, ask, value=None):
    group.get_by_role("button", name="Add a condition").last.click()
    page.locator(".rule-option", has_text=re.compile(f"^{name}")).first.click()
    row = group.locator(".rule-row").last
    row.get_by_label("How it is compared").select_option(label=ask)
    if value:
        row.get_by_label("Value").fill(value)


def expect_number(page, number):
    words = "1 person" if number == 1 else f"{number} people"
    expect(rule_of(page).locator("[data-total]")).to_have_text(words)


def test_a_rule_is_built_by_mouse_written_broken_mended_and_saved(builder):
    page = builder

    build_by_mouse(page)
    expect_number(page, 2)
    expect(rule_of(page).locator("[data-sentence]")).to_have_text(
        "Points is at least 10 and (country is “FR” or country is “BE”)"
        " and not (city is “Paris” or VIP: yes)."
    )
    rule_of(page).get_by_role("button", name="Text", exact=True).click()
    text = page.get_by_label("Rule", exact=True)
    expect(text).to_have_value(RULE)
    text.fill(RULE.replace("contact.points", "contact.poinst"))
    expect(page.locator("mark.rule-mistake")).to_have_text("contact.poinst")
    expect(page.locator("[data-mistake]")).to_contain_text("There is no “contact.poinst”.")
    expect(text).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name="Show the place").click()
    page.keyboard.type("contact.points")
    expect(page.locator("mark.rule-mistake")).to_have_count(0)
    rule_of(page).get_by_role("button", name="Builder", exact=True).click()
    expect(box(page, "condition 3.2")).to_be_visible()
    expect_number(page, 2)
    page.get_by_role("button", name="Save the audience").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Regulars")
    assert Audience.objects.get().rule == RULE
    expect(page.locator("main")).to_contain_text("A-2")
    expect(page.locator("main")).to_contain_text("A-3")
    expect(page.locator("main")).not_to_contain_text("A-4")


NAME_OF_FOCUS = """() => document.activeElement.getAttribute("aria-label")
    || document.activeElement.textContent.trim()"""


def go_to(page, name, key="Tab"):
    """Press Tab until the focus is on what has this name."""
    for _each in range(80):
        page.keyboard.press(key)
        if page.evaluate(NAME_OF_FOCUS) == name:
            return
    raise AssertionError(f"no way to {name}")


def add_by_keyboard(page, name, value=None):
    """Add a condition where the focus is; its usual question is asked already."""
    page.keyboard.press("Enter")
    pick(page, name)
    expect(page.locator("select.rule-ask:focus")).to_be_visible()
    if value:
        go_to(page, "Value")
        page.keyboard.type(value)


def test_the_same_rule_is_built_by_keyboard_alone(builder):
    page = builder

    go_to(page, "Add a condition")
    add_by_keyboard(page, "points", "10")
    go_to(page, "Add a group")
    page.keyboard.press("Enter")
    add_by_keyboard(page, "country", "FR")
    go_to(page, "Add a condition")
    add_by_keyboard(page, "country", "BE")
    go_to(page, "Add a group")
    go_to(page, "Add a group")
    page.keyboard.press("Enter")
    go_to(page, "None", key="Shift+Tab")
    page.keyboard.press("Enter")
    go_to(page, "Add a condition")
    add_by_keyboard(page, "city", "Paris")
    go_to(page, "Add a condition")
    add_by_keyboard(page, "VIP")
    expect_number(page, 2)
    page.keyboard.press("Control+Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text("Regulars")
    assert Audience.objects.get().rule == RULE


def test_a_number_opens_those_it_counts(built):
    page = built

    count = box(page, "condition 2.1").locator(".rule-count")
    expect(count).to_have_attribute("aria-label", re.compile("4 people left here"))
    count.click()

    dialog = page.get_by_role("dialog", name="Ten of those who are left after condition 2.1")
    expect(dialog.locator("[data-sample-total='4']")).to_be_visible()
    expect(dialog.locator("li")).to_have_count(4)
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()

    # nor does anything of it hang over a small screen
    page.set_viewport_size(NARROW)
    expect(box(page, "condition 3.2")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_conditions_move_by_drag_by_arrow_keys_and_by_their_menu(built):
    page = built

    grip = box(page, "condition 1").locator("[data-grip]")
    target = box(page, "condition 2.2").bounding_box()
    grip.scroll_into_view_if_needed()
    grip.hover()
    page.mouse.down()
    target = box(page, "condition 2.2").bounding_box()
    page.mouse.move(target["x"] + 40, target["y"] + 6, steps=8)
    page.mouse.up()
    moved = box(page, "condition 1.2")
    expect(moved).to_contain_text("Points")
    expect(moved.locator("[data-grip]")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(box(page, "condition 2")).to_contain_text("Points")
    page.keyboard.press("ArrowUp")

    expect(box(page, "condition 1")).to_contain_text("Points")
    expect_number(page, 2)
    rule_of(page).get_by_role("button", name="Undo").click()
    expect(box(page, "condition 2")).to_contain_text("Points")
    rule_of(page).get_by_role("button", name="Redo").click()
    expect(box(page, "condition 1")).to_contain_text("Points")

    # by its menu: duplicated, moved and removed
    def act(what, verb):
        rule_of(page).get_by_role("button", name=f"Actions for {what}", exact=True).click()
        page.locator(".menu:popover-open").get_by_role("button", name=verb).click()

    act("condition 1", "Duplicate")
    expect(box(page, "condition 2")).to_contain_text("Points")
    act("condition 2", "Move into the group beside it")
    expect(box(page, "condition 2.1")).to_contain_text("Points")
    act("condition 2.1", "Move out of its group")
    act("condition 3", "Remove")
    expect(box(page, "group 3")).to_be_visible()
    expect_number(page, 2)


def test_what_is_not_finished_is_kept_and_named(built):
    page = built
    box(page, "condition 1").get_by_label("Value").fill("many")

    expect(rule_of(page).locator(".invalid-feedback")).to_have_text("This value does not fit.")
    page.get_by_role("button", name="Save changes").click()

    expect(page.get_by_role("alert")).to_contain_text("Condition 1: This value does not fit.")
    expect(box(page, "condition 1").get_by_label("Value")).to_have_value("many")
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(box(page, "condition 1").get_by_label("Value")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("10")
    expect_number(page, 2)


def test_names_are_completed_while_writing(builder):
    page = builder
    rule_of(page).get_by_role("button", name="Text", exact=True).click()
    text = page.get_by_label("Rule", exact=True)

    text.press_sequentially("contact.poi")
    expect(page.locator("[data-offers] [role=option]")).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.type(" >= 10 && cou")
    expect(page.locator("[data-offers]")).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(text).to_have_value("contact.points >= 10 && contact.country")
    page.keyboard.type(' == "FR" && con')
    page.keyboard.press("Escape")
    expect(page.locator("[data-offers]")).to_be_hidden()


def test_a_rule_that_is_too_free_stays_written_and_says_why(builder):
    page = builder
    rule_of(page).get_by_role("button", name="Text", exact=True).click()
    text = page.get_by_label("Rule", exact=True)
    text.fill("contact.points >= 10 && contact.points % 20 == 0")

    expect(page.get_by_text("Part of this rule can only be written")).to_be_visible()
    expect_number(page, 2)
    rule_of(page).get_by_role("button", name="Builder", exact=True).click()
    expect(box(page, "condition 1")).to_contain_text("Points")
    expect(page.get_by_label("Written condition")).to_have_value("contact.points % 20 == 0")
    page.get_by_role("button", name="Save the audience").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Regulars")
    assert Audience.objects.get().rule == "contact.points >= 10 && contact.points % 20 == 0"


def test_unfinished_conditions_come_back_from_the_text(builder):
    page = builder
    add(page, box(page, "The whole rule"), "Points", "is at least", "10")
    add(page, box(page, "The whole rule"), "City", "is")

    rule_of(page).get_by_role("button", name="Text", exact=True).click()
    expect(page.get_by_label("Rule", exact=True)).to_have_value("contact.points >= 10")
    rule_of(page).get_by_role("button", name="Builder", exact=True).click()

    expect(box(page, "condition 2")).to_contain_text("City")


def test_without_the_server_nothing_is_lost(builder, complaints):
    page = builder
    add(page, box(page, "The whole rule"), "Points", "is at least", "10")
    expect_number(page, 5)
    page.route("**/rules/check/", lambda route: route.fulfill(status=502, body=""))

    box(page, "condition 1").get_by_label("Value").fill("20")
    expect(page.get_by_text("The server cannot be reached. Nothing is lost.")).to_be_visible()
    page.unroute("**/rules/check/")
    page.get_by_role("button", name="Try again").click()

    expect_number(page, 4)
    assert "502 (Bad Gateway)" in complaints.pop()
