"""The tree of categories under the hands: walked and moved by keys, dragged, opened and closed."""

import pytest

from catalog.models import Category
from catalog.shapes import CategoryShape
from tests.browser.waiting import expect
from tests.catalog.making import make_shop, write

TREE = "/catalogue/shop/categories/"


@pytest.fixture
def tree(open_page):
    shop = make_shop()
    for name in ("essentials", "banking"):
        write(None, CategoryShape(name=name, label=name.title()), shop)
    return open_page(TREE)


ORDER = """() => [...document.querySelectorAll("[data-branch]")].filter((row) => !row.hidden)
  .map((row) => `${row.ariaLevel} ${row.dataset.branch}`).join(", ")"""


def is_in_order(page, wanted):
    """Wait until the rows that are shown are these, each after its level."""
    page.wait_for_function(f"(wanted) => ({ORDER})() === wanted", arg=wanted)


def row(page, name):
    return page.locator(f'[data-branch="{name}"]')


def moved(page, name, wanted):
    is_in_order(page, wanted)
    expect(row(page, name)).to_be_focused()


def test_the_tree_is_walked_and_moved_by_keys(tree):
    row(tree, "travel").focus()
    for key, name in (
        ("ArrowRight", "canada"),
        ("ArrowLeft", "travel"),
        ("End", "banking"),
        ("ArrowUp", "essentials"),
        ("Home", "travel"),
    ):
        tree.keyboard.press(key)
        expect(row(tree, name)).to_be_focused()
    tree.keyboard.press("ArrowLeft")
    is_in_order(tree, "1 travel, 1 essentials, 1 banking")
    tree.keyboard.press("ArrowRight")

    tree.keyboard.press("End")
    tree.keyboard.press("Alt+ArrowUp")
    moved(tree, "banking", "1 travel, 2 canada, 1 banking, 1 essentials")
    tree.keyboard.press("Alt+ArrowRight")
    moved(tree, "banking", "1 travel, 2 canada, 2 banking, 1 essentials")
    tree.keyboard.press("Alt+ArrowUp")
    moved(tree, "banking", "1 travel, 2 banking, 2 canada, 1 essentials")
    tree.keyboard.press("Alt+ArrowLeft")
    moved(tree, "banking", "1 travel, 2 canada, 1 banking, 1 essentials")
    tree.reload()
    is_in_order(tree, "1 travel, 2 canada, 1 banking, 1 essentials")


def drag(page, name, other, share):
    """Take a category by its handle, and let it go at a share of another's height."""
    grip = row(page, name).locator("[data-grip]").bounding_box()
    there = row(page, other).bounding_box()
    page.mouse.move(grip["x"] + grip["width"] / 2, grip["y"] + grip["height"] / 2)
    page.mouse.down()
    page.mouse.move(there["x"] + 60, there["y"] + 2, steps=4)
    page.mouse.move(there["x"] + 60, there["y"] + there["height"] * share, steps=4)
    page.mouse.up()


def test_a_category_is_dragged_between_into_and_not_into_itself(tree):
    drag(tree, "banking", "travel", 0.1)
    moved(tree, "banking", "1 banking, 1 travel, 2 canada, 1 essentials")

    drag(tree, "banking", "essentials", 0.5)
    moved(tree, "banking", "1 travel, 2 canada, 1 essentials, 2 banking")
    assert Category.objects.get(name="banking").parent.name == "essentials"

    drag(tree, "travel", "canada", 0.5)  # below itself: nothing happens
    drag(tree, "canada", "essentials", 0.05)
    moved(tree, "canada", "1 travel, 1 canada, 1 essentials, 2 banking")
