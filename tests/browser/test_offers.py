"""An offer manager writes a whole catalogue, a reviewer says yes: all by screens."""

import re

from catalog.models import Draft, Revision, Space
from catalog.shapes import CategoryShape, EnvironmentShape, SpaceShape
from tests.browser.conftest import NARROW, sign_in
from tests.browser.waiting import expect
from tests.build import make_attribute, make_contact, make_role, make_user
from tests.catalog.making import make_offer, make_shop, write

SHOP = "/catalogue/shop"


def save(page, name="Save changes"):
    page.get_by_role("button", name=name).last.click()


def drag_in(page, space):
    """From the pane into the content, as a hand does it."""
    page.locator("[data-content][data-ready]").wait_for()
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


def follow(page, *names):
    """Through the rail and the links of pages, as somebody does who knows no address."""
    for name in names:
        page.get_by_role("link", name=name, exact=True).first.click()


def create_space(page, label, channel):
    """A space that wants a title."""
    page.get_by_label("Label").fill(label)
    expect(page.get_by_label("Name", exact=True)).to_have_value(label.lower())
    page.get_by_label("Channel").select_option(channel)
    page.get_by_role("tab", name="Content fields").click()
    page.get_by_role("button", name="Add a field").click()
    row = page.locator('[data-rows="fields_"] tbody tr').last
    row.locator("select").select_option("title")
    row.get_by_role("checkbox").check()
    save(page, "Create the space")
    expect(page.get_by_text(f"{label} is created.")).to_be_visible()


def test_a_catalogue_is_written_from_nothing_and_goes_live(page, live_server, complaints):
    make_attribute("points", label="Points")
    for number in range(4):
        make_contact(f"C-{number}", points=number * 10, birth_date="1980-05-01")
    shop = write(None, EnvironmentShape(name="shop", label="Shop", timezone="Europe/Paris"))
    title = {"name": "title", "required": True}
    desk = {"name": "desk", "label": "Desk", "channel": "call_center", "fields": (title,)}
    write(None, SpaceShape.model_validate(desk), shop)
    write(None, CategoryShape(name="autumn", label="Autumn leaves", multiplier=2), shop)
    manager = make_user("mia@example.org", role="offer_manager", first_name="Mia", language="en")
    manager.roles.add(
        make_role("Space maker", "catalog.add_space")
    )  # else administrators make them
    reviewer = make_user("rita@example.org", role="offer_manager", first_name="Rita", language="en")

    # she begins with a second space
    sign_in(page, live_server, manager)
    page.goto(f"{live_server.url}{SHOP}/create-space/")
    create_space(page, "Hero", "web")

    follow(page, "Offers", "Create an offer")
    page.get_by_label("Label").fill("Cœur d’été")
    expect(page.get_by_label("Code")).to_have_value("COEUR-D-ETE")
    page.get_by_label("Label").fill("Autumn in Québec")
    expect(page.get_by_label("Code")).to_have_value("AUTUMN-IN-QUEBEC")
    page.get_by_label("Category").select_option(label="Autumn leaves")
    save(page, "Create the offer")
    expect(page.get_by_role("heading", level=1)).to_have_text("Autumn in Québec")

    # what it says: one space is dragged, the other added by its button
    follow(page, "Choose the spaces")
    drag_in(page, "hero")
    expect(page.get_by_role("button", name="Add Hero")).to_have_count(0)
    page.get_by_role("button", name="Add Desk").click()
    expect(page.get_by_role("button", name="Add Desk")).to_have_count(0)
    page.locator('[name="content.*.en.title"]').fill("Red leaves, quiet lakes")
    expect(page.locator('[name="content.hero.en.title"]')).to_have_count(1)
    save(page)
    expect(page.get_by_text("Autumn in Québec is saved.")).to_be_visible()

    # who gets it: a rule, and two weights, the second moved up
    page.get_by_role("navigation", name="Autumn in Québec").get_by_role(
        "link", name="Eligibility"
    ).click()
    add_condition(page, page.locator("#div_id_filter"))
    expect(page.locator("#div_id_filter .rule-side")).to_contain_text("75% of 4 people")
    page.get_by_role("button", name="Add a weight").click()
    page.locator('[name="weight-0-label"]').fill("Standard")
    page.locator('[name="weight-0-weight"]').fill("9")
    page.get_by_role("button", name="Add a weight").click()
    page.locator('[name="weight-1-label"]').fill("On the hero")
    page.locator('[name="weight-1-weight"]').fill("20")
    page.locator('[name="weight-1-space"]').select_option("hero")
    page.get_by_role("button", name="Move up").nth(1).click()
    save(page)

    expect(page.get_by_text("3 people can get it by these rules.")).to_be_visible()
    weights = page.locator(".weights-table tbody tr")
    expect(weights.nth(0)).to_contain_text("On the hero")
    expect(weights.nth(0)).to_contain_text("40")  # its category doubles it
    follow(page, "Submit for approval")
    page.get_by_role("dialog").get_by_role("button", name="Submit for approval").click()
    expect(page.get_by_text("Waiting for approval").first).to_be_visible()

    # another person reviews with the keyboard alone
    sign_in(page, live_server, reviewer)
    page.goto(f"{live_server.url}{SHOP}/offers/AUTUMN-IN-QUEBEC/approve/content/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Review the content")
    page.keyboard.press("r")
    expect(page.get_by_label("Comment")).to_be_focused()
    page.locator("h1").click()
    page.keyboard.press("a")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Review the eligibility")
    page.keyboard.press("a")
    expect(page.get_by_text("Live as it stands here")).to_be_visible()

    live = Revision.objects.current()
    offer = live.get(kind="offer").body
    assert offer["content"] == {"title": "Red leaves, quiet lakes"}
    assert [one["label"] for one in offer["contexts"]] == ["On the hero", "Standard"]
    assert offer["filter"] == "contact.points >= 10"
    assert {one["space"] for one in offer["representations"]} == {"hero", "desk"}
    assert live.get(kind="category").body["multiplier"] == 2
    assert complaints == []


def test_what_a_fallback_offer_says_is_kept_while_it_is_written(open_page, client, administrator):
    """The steps before and after are made without a browser in tests/catalog."""
    make_shop()
    client.force_login(administrator)
    first = client.post(f"{SHOP}/create-fallback-offer/", {"label": "Welcome", "code": ""})
    page = open_page(first["Location"])
    drag_in(page, "webHero")
    expect(page.locator('[name="content.webHero.en.title"]')).to_have_count(1)
    with page.expect_response(lambda answer: answer.status == 204):
        page.locator('[name="content.*.en.title"]').fill("Make yourself at home")
        page.locator("h1").click()  # the field is left: what was typed is kept
    assert Draft.objects.get().data["shape"]["content"] == {"title": "Make yourself at home"}

    open_page(first["Location"])
    expect(page.locator('[name="content.*.en.title"]')).to_have_value("Make yourself at home")
    expect(page.locator('[name="content.webHero.en.title"]')).to_have_count(1)


def test_pages_fit_a_telephone_and_letters_four_times_as_large(open_page, page, administrator):
    administrator.language = "fr"
    administrator.save(update_fields=["language"])
    shop = make_shop()
    make_offer(shop, label="Donaudampfschifffahrtselektrizitätenhauptbetriebswerk" * 2)
    Space.objects.filter(environment=shop).update(label="Startseite" * 8)
    widths = {}
    for path in ("", "NYC/", "NYC/content/", "NYC/eligibility/", "NYC/approve/content/"):
        page.set_viewport_size(NARROW)
        open_page(f"{SHOP}/offers/{path}")
        wide = page.evaluate("document.documentElement.scrollWidth")
        page.set_viewport_size({"width": 320, "height": 640})  # 1280 at 400 %
        widths[path] = wide, page.evaluate("document.documentElement.scrollWidth")

    assert set(widths.values()) == {(NARROW["width"], 320)}, widths
