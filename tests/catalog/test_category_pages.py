"""The tree of categories: what is inherited, in which order, off and on, live."""

from datetime import timedelta

import pytest
from django.urls import reverse

from catalog.models import Category, Environment, Release, Revision
from catalog.shapes import CategoryShape
from tests.build import NOON, make_label, make_role, make_user
from tests.catalog.making import (
    category,
    make_offer,
    make_shop,
    publish,
    write,
    write_all,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def shop_of_the_module(module_db):
    """travel (x2, with a filter) > canada > ski, and essentials."""
    shop = make_shop()
    write(None, CategoryShape(name="ski", label="Ski", parent="canada", multiplier=1.5), shop)
    write(None, CategoryShape(name="essentials", label="Essentials", always_include=True), shop)
    return shop


def at(name, *args):
    return reverse(f"catalog:{name}", args=["shop", *args])


def said(answer):
    return answer.content.decode()


def tree(client):
    """(name, parent) of every category, in the order of the page."""
    branches = client.get(at("category-tree")).context["branches"]
    return [(each.name, each.parent) for each in branches]


def branch(client, name):
    (found,) = (
        each for each in client.get(at("category-tree")).context["branches"] if each.name == name
    )
    return found


START = [("travel", ""), ("canada", "travel"), ("ski", "canada"), ("essentials", "")]


def test_the_tree_says_what_is_inherited(client, ada, shop):
    make_offer(shop, "NYC")
    make_offer(shop, "SNOW", category="ski")
    Category.objects.filter(name="travel").update(
        start=NOON - timedelta(days=9), end=NOON + timedelta(days=9), themes=["summer"]
    )
    Category.objects.filter(name="ski").update(end=NOON + timedelta(days=30), themes=["snow"])

    ski, travel = branch(client, "ski"), branch(client, "travel")

    assert ski.window == (NOON - timedelta(days=9), NOON + timedelta(days=9))
    assert ski.inherits_window
    assert not travel.inherits_window
    assert (ski.themes, ski.inherited_themes) == (("snow",), ("summer",))
    assert (ski.multiplier, travel.multiplier) == (3, 2)
    assert (travel.offers, travel.offers_below, ski.offers_below) == (1, 2, 1)
    page = said(client.get(at("category-tree")))
    assert "×3<" in page
    assert "inherited" in page


@pytest.mark.parametrize(
    ("name", "to", "order"),
    [
        ("essentials", "up", [START[3], *START[:3]]),
        ("travel", "down", [START[3], *START[:3]]),
        ("travel", "up", START),
        ("essentials", "down", START),
        ("essentials", "in", [*START[:3], ("essentials", "travel")]),
        ("travel", "in", START),
        ("travel", "out", START),
        ("ski", "out", [START[0], START[1], ("ski", "travel"), START[3]]),
        ("canada", "out", [("travel", ""), ("canada", ""), ("ski", "canada"), START[3]]),
    ],
)
def test_a_step_moves_a_category(client, ada, shop, name, to, order):
    assert tree(client) == START

    client.post(at("category-move", name), {"to": to})

    assert tree(client) == order


def test_what_is_dropped_somewhere_stands_there_and_stays(client, ada, shop):
    data = {"parent": "", "position": "0", "version": category("ski").version}

    client.post(at("category-move", "ski"), data)
    again = client.post(at("category-move", "ski"), data, headers={"HX-Request": "true"})

    assert tree(client) == [("ski", ""), START[0], START[1], START[3]]
    assert "toast" in said(again)  # somebody has moved it since
    assert 'data-moved="ski"' in said(again)


@pytest.mark.parametrize(
    "data",
    [
        {"parent": "nowhere", "position": "0"},
        {"parent": "", "position": "x"},
        {"parent": ""},
        {},
        {"to": "up", "version": "x"},
    ],
)
def test_a_move_to_nowhere_is_refused(client, ada, shop, data):
    assert client.post(at("category-move", "ski"), data).status_code == 400
    assert tree(client) == START


def test_a_category_does_not_go_below_itself(client, ada, shop):
    answer = client.post(
        at("category-move", "travel"), {"parent": "ski", "position": "0"}, follow=True
    )

    assert "A category cannot stand below itself." in said(answer)
    assert tree(client) == START


def test_off_in_one_click_is_off_in_live_and_can_be_taken_back(client, ada, shop):
    publish(make_offer(shop, "NYC"))

    page = client.post(at("category-switch", "travel"), {"enabled": "no"}, follow=True)

    assert "Travel is disabled: release 2, from the next decision on." in said(page)
    assert ">Undo<" in said(page).replace("</svg>", ">").replace(">>", ">")
    live = Revision.objects.current().get(kind="category", name="travel")
    assert (live.body["enabled"], category("travel").enabled) == (False, False)
    assert "Off with Travel" in said(page)
    client.post(at("category-switch", "travel"), {"enabled": "yes"})
    live = Revision.objects.current().get(kind="category", name="travel")
    assert (live.body["enabled"], category("travel").enabled) == (True, True)
    assert Release.objects.count() == 3


def test_a_search_keeps_the_way_to_what_it_finds(client, ada, shop):
    found = client.get(at("category-tree"), {"q": "SKI"}).context["branches"]

    assert [each.name for each in found] == ["travel", "canada", "ski"]
    assert client.get(at("category-tree"), {"q": "ŠKI"}).context["branches"] == found
    assert "Nothing matches" in said(client.get(at("category-tree"), {"q": "moon"}))


def form(**changes):
    return {"label": "Moon", "name": "moon", "parent": "travel", "multiplier": "1"} | changes


def test_a_category_is_made_and_edited_with_dates_of_the_environment(client, ada, shop):
    data = form(start="2026-07-01T08:00", end="2026-09-01T00:00", themes="space, far  away")

    answer = client.post(at("category-create"), data)

    assert answer["Location"] == "/catalogue/shop/categories/moon/"
    moon = category("moon")
    assert moon.start.isoformat() == "2026-07-01T06:00:00+00:00"  # Europe/Paris
    assert moon.themes == ["space", "far away"]
    page = said(client.get(at("category-edit", "moon")))
    assert 'value="2026-07-01T08:00"' in page
    assert "Dates and times are those of Europe/Paris." in page
    edit = {key: value for key, value in data.items() if key != "name"}
    client.post(at("category-edit", "moon"), edit | {"version": 1, "multiplier": "2.5"})
    assert category("moon").multiplier == 2.5


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "travel", "parent": ""}, "name"),
        ({"name": "a b"}, "name"),
        ({"multiplier": "0"}, "multiplier"),
        ({"multiplier": "-1"}, "multiplier"),
        ({"start": "2026-07-02T00:00", "end": "2026-07-01T00:00"}, "end"),
        (
            {"multiplier_start": "2026-07-02T00:00", "multiplier_end": "2026-07-01T00:00"},
            "multiplier_end",
        ),
        ({"filter": "contact.nothing"}, "filter"),
        ({"filter": 'filter("nothing")'}, "filter"),
        ({"parent": "nowhere"}, "parent"),
        ({"label": ""}, "label"),
    ],
)
def test_what_is_wrong_stands_at_its_field(client, ada, shop, changes, field):
    answer = client.post(at("category-create"), form(**changes))

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


def test_a_rule_of_a_category_may_name_filters_and_call_data_of_its_environment(client, ada, shop):
    Environment.objects.filter(pk=shop.pk).update(call_data={"page": {"type": "string"}})
    rule = 'filter("grown") && call.page == "home"'

    client.post(at("category-create"), form(filter=rule))

    assert category("moon").filter == rule


def test_publishing_a_category_takes_those_above_along(client, ada, shop):
    answer = client.post(at("category-publish", "ski"), follow=True)

    assert "Published: release 1 is live." in said(answer)
    live = Revision.objects.current().filter(kind="category").values_list("name", flat=True)
    assert sorted(live) == ["canada", "ski", "travel"]


def test_the_live_tree_shows_what_is_live_with_its_offers_and_no_way_to_edit(client, ada, shop):
    publish(make_offer(shop, "NYC"))
    Category.objects.filter(name="travel").update(label="Journeys")
    client.post(reverse("side-choose"), {"side": "live"})

    page = client.get(at("category-tree"))
    detail = said(client.get(at("category-detail", "travel")))

    assert [(each.name, each.offers_below) for each in page.context["branches"]] == [("travel", 1)]
    assert "Journeys" not in said(page) + detail
    for word in ("Edit", "Create", "Delete", "Move up"):
        assert f"{word}</a>" not in said(page) + detail
    assert "Disable now" in said(page)


def test_a_category_in_use_is_not_deleted_and_says_why(client, ada, shop):
    answer = client.post(at("category-delete", "canada"), follow=True)

    assert "These categories stand below it: ski." in said(answer)
    client.post(at("category-delete", "ski"))
    assert not Category.objects.filter(name="ski").exists()


def test_what_somebody_may_not_see_is_in_no_tree_and_no_count(client, shop):
    make_label("secret")
    write(
        None,
        CategoryShape(name="vip", label="Hidden", parent="travel", access_labels=("secret",)),
        shop,
    )
    make_offer(shop, "DARK", category="vip")
    make_offer(shop, "NYC")
    client.force_login(make_user("olga@example.org", role="offer_manager", language="en"))

    page = client.get(at("category-tree"))

    assert "Hidden" not in said(page)
    assert next(e for e in page.context["branches"] if e.name == "travel").offers_below == 1
    for name in ("category-detail", "category-edit", "category-publish"):
        assert client.get(at(name, "vip")).status_code == 404
    for name in ("category-move", "category-switch"):
        assert client.post(at(name, "vip"), {"to": "up"}).status_code == 404


def test_the_tree_costs_the_same_however_large_it_is(
    client, ada, shop, django_assert_max_num_queries
):
    names = [f"c{number}" for number in range(30)]
    write_all(shop, [CategoryShape(name=name, label=name, parent="travel") for name in names])
    client.get(at("category-tree"))

    with django_assert_max_num_queries(20):
        assert client.get(at("category-tree")).context["number"] == 34


def test_somebody_who_only_looks_is_offered_nothing_to_change(client, shop):
    role = make_role("Reads", "catalog.view_design_category")
    client.force_login(make_user("rita@example.org", role=role, language="en"))

    page = said(client.get(at("category-tree")))

    assert "Travel" in page
    for word in ("Create a category", "Disable now", "Move up", "data-grip"):
        assert word not in page
    assert client.post(at("category-switch", "travel"), {"enabled": "no"}).status_code == 403
