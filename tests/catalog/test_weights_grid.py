"""The weights grid: what each weight comes to, and changing one, or many, where they stand."""

from datetime import timedelta
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest
from django.urls import reverse
from django.utils.timezone import now

from catalog.models import Category, Context, Offer
from catalog.shapes import CategoryShape, ContextShape
from tests.build import make_label, make_role, make_user
from tests.catalog.making import (
    make_offer,
    make_shop,
    offer_form,
    publish,
    states,
    write,
    write_all,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def shop_of_the_module(module_db):
    """travel (x2) > canada, and home without a multiplier."""
    shop = make_shop()
    write(None, CategoryShape(name="home", label="Home"), shop)
    return shop


def url(page, *args):
    return reverse(f"catalog:{page}", args=["shop", *args])


def grid(client, **asked):
    """(code, label, weight, multiplier, what it comes to, why it does not) of each line."""
    page = client.get(url("weight-grid"), asked).context["list"]
    return [
        (
            row.offer.code,
            row.label,
            row.weight,
            row.multiplier,
            None if row.amount is None else row.amount,
            row.why_not,
        )
        for row in page.rows
    ]


def weight_of(code, label="All"):
    return Context.objects.get(offer__code=code, label=label)


def save(client, code, weight, *, label="All", version=None, **options):
    line = weight_of(code, label)
    version = line.offer.version if version is None else version
    data = {"weight": weight, "version": version}
    return client.post(url("weight-edit", line.pk), data, **options)


HTMX = {"headers": {"HX-Request": "true"}}
PLAIN, TWICE = Decimal(1), Decimal(2)


def test_a_weight_times_the_multipliers_above_it_the_strongest_first(client, ada, shop):
    make_offer(shop, "NYC")
    make_offer(shop, "SOFA", category="home", contexts=(ContextShape(label="All", weight="12"),))
    make_offer(shop, "ROOT", category=None, contexts=(ContextShape(label="All", weight="0.5"),))

    assert grid(client) == [
        ("NYC", "All", "9", TWICE, Decimal(18), ""),
        ("SOFA", "All", "12", PLAIN, Decimal(12), ""),
        ("ROOT", "All", "0.5", PLAIN, Decimal("0.5"), ""),
    ]


def test_multipliers_of_nested_categories_cumulate_in_their_windows(client, ada, shop):
    make_offer(shop, "SNOW", category="canada")
    Category.objects.filter(name="canada").update(multiplier=Decimal("1.5"))
    assert grid(client)[0][3:5] == (3, 27)

    Category.objects.filter(name="travel").update(multiplier_end=now() - timedelta(days=1))
    assert grid(client)[0][3:5] == (Decimal("1.5"), Decimal("13.5"))


def test_what_does_not_count_today_comes_last_and_says_why(client, ada, shop):
    day = timedelta(days=1)
    make_offer(
        shop,
        "NYC",
        contexts=(
            ContextShape(label="Past", weight="1", end=now() - day),
            ContextShape(label="Soon", weight="1", start=now() + day),
            ContextShape(label="None", weight="0"),
            ContextShape(label="Formula", weight="1 + 1"),
            ContextShape(label="Now", weight="1", start=now() - day, end=now() + day),
        ),
    )
    make_offer(shop, "OFF", enabled=False)
    make_offer(shop, "LATE", category="home", start=now() + day)
    Category.objects.filter(name="canada").update(enabled=False)
    make_offer(shop, "SNOW", category="canada")

    found = {(code, label): (amount, why) for code, label, _w, _m, amount, why in grid(client)}

    assert found == {
        ("NYC", "Now"): (2, ""),
        ("NYC", "Past"): (None, "over"),
        ("NYC", "Soon"): (None, "not yet"),
        ("NYC", "None"): (None, "0 is never proposed"),
        ("NYC", "Formula"): (None, ""),
        ("OFF", "All"): (None, "the offer is disabled"),
        ("LATE", "All"): (None, "not yet"),
        ("SNOW", "All"): (None, "its category is disabled"),
    }
    assert grid(client)[0][:2] == ("NYC", "Now")


NARROWED = {
    "category=travel": {"NYC", "SNOW"},
    "category=canada": {"SNOW"},
    "category=nowhere": {"NYC", "SNOW", "SOFA"},
    "q=sof": {"SOFA"},
    "space=callCenter": {"NYC", "SNOW"},
    "counting=formula": {"SOFA"},
    "counting=number": {"NYC", "SNOW"},
    "amount_today=18": {"NYC"},
    "amount_today=x&sort=nothing": {"NYC", "SNOW", "SOFA"},
}


def test_the_grid_is_narrowed(client, ada, shop):
    make_offer(shop, "NYC")
    make_offer(shop, "SNOW", category="canada", contexts=(ContextShape(label="All", weight="7"),))
    make_offer(
        shop,
        "SOFA",
        category="home",
        contexts=(ContextShape(label="All", weight="1 + 1"),),
        representations=(),
    )

    found = {
        asked: {line[0] for line in grid(client, **dict(parse_qsl(asked)))} for asked in NARROWED
    }

    assert found == NARROWED


def test_it_is_sorted_by_its_columns(client, ada, shop):
    for code, weight in (("A", "9"), ("B", "10"), ("C", "2")):
        make_offer(shop, code, contexts=(ContextShape(label="All", weight=weight),))

    assert [line[0] for line in grid(client, sort="weight")] == ["C", "A", "B"]
    assert [line[0] for line in grid(client, sort="-offer")] == ["C", "B", "A"]


# --- one weight ---


def test_a_weight_is_saved_where_it_stands_and_asks_for_approval_again(client, ada, shop):
    offer = make_offer(shop, "NYC")
    publish(offer)
    assert states(offer) == ("live", "live")

    answer = save(client, "NYC", "12", **HTMX)

    assert answer.status_code == 200
    assert weight_of("NYC").weight == "12"
    assert states(offer) == ("live", "editing")
    page = answer.content.decode()
    assert "<strong>24</strong>" in page
    assert "Being edited" in page
    assert "live: 9" in page
    assert f'data-version="{Offer.objects.get().version}"' in page


def test_only_that_weight_changes(client, ada, shop):
    lines = (
        ContextShape(label="All", weight="9"),
        ContextShape(label="Grown", weight="20", filter='filter("grown")'),
    )
    make_offer(shop, "NYC", contexts=lines)

    save(client, "NYC", "21", label="Grown", **HTMX)

    kept = Context.objects.order_by("position").values_list("label", "weight", "filter")
    assert list(kept) == [("All", "9", ""), ("Grown", "21", 'filter("grown")')]


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("12,5", "12.5"), (" 7 ", "7"), ("1 + 2", "1 + 2"), ("9", "9")],
)
def test_what_may_be_written(client, ada, shop, typed, kept):
    make_offer(shop, "NYC")

    assert save(client, "NYC", typed, **HTMX).status_code == 200
    assert weight_of("NYC").weight == kept


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Enter a weight, such as 10."),
        ("ten", "ten"),
        ("1 +", "Character 4"),
        ("contact.shoe_size", "shoe_size"),
        ("'x'", "Expected: a whole number or a number."),
    ],
)
def test_what_is_no_weight_is_refused_in_its_cell(client, ada, shop, typed, told):
    make_offer(shop, "NYC")

    answer = save(client, "NYC", typed, **HTMX)

    assert answer.status_code == 422
    page = answer.content.decode()
    assert 'role="alert"' in page
    assert told in page
    assert weight_of("NYC").weight == "9"


def test_whoever_was_slower_is_told_who_was_first(client, ada, shop):
    make_offer(shop, "NYC")
    first = weight_of("NYC").offer.version
    save(client, "NYC", "12", **HTMX)

    answer = save(client, "NYC", "13", version=first, **HTMX)

    assert answer.status_code == 422
    assert "Changed by" in answer.content.decode()
    assert weight_of("NYC").weight == "12"


def test_a_weight_that_is_gone_is_not_found(client, ada, shop):
    make_offer(shop, "NYC")

    assert client.post(url("weight-edit", 999_999), {"weight": "1"}).status_code == 404


def test_without_script_it_is_a_form_that_leads_back(client, ada, shop):
    make_offer(shop, "NYC")

    answer = save(client, "NYC", "11")

    assert answer["Location"] == "/catalogue/shop/weights/"
    assert weight_of("NYC").weight == "11"
    assert save(client, "NYC", "x y")["Location"] == "/catalogue/shop/weights/"
    assert "NYC, All:" in client.get(url("weight-grid")).content.decode()


def test_names_are_not_weighed_without_the_right_to_see_them(client, shop):
    client.force_login(make_user("olga@example.org", role="offer_manager", language="en"))
    make_offer(shop, "NYC")

    answer = save(client, "NYC", "size(contact.last_name)", **HTMX)

    assert answer.status_code == 422
    assert weight_of("NYC").weight == "9"


# --- many ---


def change(client, how, amount, codes):
    rows = [weight_of(code).pk for code in codes]
    data = {"how": how, "amount": amount, "row": rows}
    return client.post(url("weights-change"), data, follow=True).content.decode()


def weights():
    return dict(Context.objects.order_by("offer__code").values_list("offer__code", "weight"))


@pytest.mark.parametrize(
    ("how", "amount", "result"),
    [
        ("times", "1.5", {"A": "13.5", "B": "4.5", "C": "9"}),
        ("plus", "-2.5", {"A": "6.5", "B": "0.5", "C": "9"}),
        ("set", "4", {"A": "4", "B": "4", "C": "9"}),
    ],
)
def test_many_weights_are_changed_together(client, ada, shop, how, amount, result):
    make_offer(shop, "A")
    make_offer(shop, "B", contexts=(ContextShape(label="All", weight="3"),))
    make_offer(shop, "C")

    page = change(client, how, amount, ["A", "B"])

    assert "2 weights are saved." in page
    assert weights() == result


def test_what_cannot_be_changed_is_named_and_the_others_are_changed(client, ada, shop):
    make_offer(shop, "A")
    make_offer(shop, "B", contexts=(ContextShape(label="All", weight="3"),))
    make_offer(shop, "F", contexts=(ContextShape(label="All", weight="1 + 1"),))

    page = change(client, "plus", "-3", ["A", "B", "F"])

    assert "1 weight is saved." in page
    assert "B, All: It would not be above 0." in page
    assert "F, All: It is a formula." in page
    assert weights() == {"A": "6", "B": "3", "F": "1 + 1"}


@pytest.mark.parametrize(
    ("how", "amount"), [("times", "0"), ("set", "-1"), ("times", "x"), ("", "1")]
)
def test_a_senseless_change_is_asked_again(client, ada, shop, how, amount):
    make_offer(shop, "A")
    data = {"how": how, "amount": amount, "row": [weight_of("A").pk]}

    assert client.post(url("weights-change"), data).status_code == 422
    assert weights() == {"A": "9"}


def test_the_question_names_the_weights(client, ada, shop):
    make_offer(shop, "A")

    page = client.get(url("weights-change"), {"row": [weight_of("A").pk, "x", "9" * 40]})

    assert "A · All (9)" in page.content.decode()


# --- who sees what ---


def test_labelled_offers_are_absent_and_cannot_be_changed(client, ada, shop):
    label = make_label("secret")
    make_offer(shop, "NYC")
    make_offer(shop, "DEAL").access_labels.add(label)
    hidden = weight_of("DEAL").pk
    assert {line[0] for line in grid(client)} == {"NYC", "DEAL"}

    client.force_login(make_user("olga@example.org", role="offer_manager", language="en"))

    assert [line[0] for line in grid(client)] == ["NYC"]
    assert client.post(url("weight-edit", hidden), {"weight": "1", "version": 1}).status_code == 404
    data = {"how": "set", "amount": "1", "row": [hidden]}
    assert (
        "Tick the weights first."
        in client.post(url("weights-change"), data, follow=True).content.decode()
    )
    assert weight_of("DEAL").weight == "9"


def test_whoever_may_only_look_gets_numbers_and_no_fields(client, shop):
    make_offer(shop, "NYC")
    role = make_role("Readers", "catalog.view_design_offer")
    client.force_login(make_user("rita@example.org", role=role, language="en"))

    page = client.get(url("weight-grid")).content.decode()

    assert "<code>9</code>" in page
    assert 'name="weight"' not in page
    assert client.post(url("weight-edit", weight_of("NYC").pk), {}).status_code == 403


def test_the_queries_do_not_grow_with_the_offers(client, ada, shop, django_assert_max_num_queries):
    categories = ("travel", "canada", "home") * 10
    write_all(shop, [offer_form(f"O{n}", category=name) for n, name in enumerate(categories)])
    client.get(url("weight-grid"))

    with django_assert_max_num_queries(18):
        page = client.get(url("weight-grid"))

    assert len(page.context["list"].rows) == 30
