"""Environments in the hands of people: made once, edited in tabs, deleted when empty."""

import pytest
from django.urls import reverse

from catalog.models import Environment, Filter
from tests.build import NOON, make_label, make_user
from tests.catalog.making import make_offer, make_shop, now, publish

pytestmark = pytest.mark.django_db

FORM = {
    "label": "Horizons",
    "name": "horizons",
    "audience": "contacts",
    "timezone": "Europe/Paris",
    "language": "fr",
    "filter": 'contact.country == "FR"',
    "four_eyes": "on",
    "call_data-row": ["0", "1", "2"],
    "call_data-0-name": "page",
    "call_data-0-type": "string",
    "call_data-0-label": "Page",
    "call_data-0-choices": "home, travel",
    "call_data-1-name": "basket",
    "call_data-1-type": "double",
    "call_data-2-name": "",
    "call_data-2-type": "string",
    "samples-row": ["0"],
    "samples-0-name": "rich",
    "samples-0-label": "A full basket",
    "samples-0-call": "page = home\nbasket = 99,50",
}


def said(answer):
    return answer.content.decode()


def horizons():
    return Environment.objects.get(name="horizons")


def test_an_environment_is_made_with_all_it_says(client, ada):
    answer = client.post("/environments/create/", FORM)

    assert answer["Location"] == "/environments/horizons/"
    made = horizons()
    assert made.call_data == {
        "page": {"type": "string", "label": "Page", "choices": ["home", "travel"]},
        "basket": {"type": "double", "label": "", "choices": []},
    }
    assert made.samples == [
        {"name": "rich", "label": "A full basket", "data": {"page": "home", "basket": 99.5}}
    ]
    assert (made.four_eyes, made.is_sandbox, made.language) == (True, False, "fr")
    page = said(client.get("/environments/horizons/"))
    assert "created the environment" in page
    assert "Never live" in page


def test_making_it_again_changes_nothing_and_says_what_there_is(client, ada):
    client.post("/environments/create/", FORM)

    answer = client.post("/environments/create/", FORM | {"label": "Other"}, follow=True)

    assert "was there already and keeps what it says" in said(answer)
    assert horizons().label == "Horizons"
    assert Environment.objects.count() == 1


def test_one_for_other_people_is_not_taken_for_it(client, ada):
    client.post("/environments/create/", FORM)

    answer = client.post("/environments/create/", FORM | {"audience": "visitors"})

    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == ["audience"]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"name": "a b"}, "name", "letters"),
        ({"name": "create"}, "name", "cannot be a name"),
        ({"timezone": "Mars/Olympus"}, "timezone", "valid choice"),
        ({"filter": "contact.nothing"}, "filter", "nothing"),
        ({"call_data-1-name": "page"}, "call_data", "same name"),
        ({"call_data-1-name": "2x"}, "call_data", "Row 2, Name"),
        ({"call_data-1-choices": "1, 2"}, "call_data", "basket"),
        ({"samples-0-call": "page"}, "samples", "name = value"),
        ({"samples-0-call": "basket = much"}, "samples", "Row 1, basket: Write a number"),
        ({"samples-0-call": "colour = red"}, "samples", "colour"),
    ],
)
def test_what_is_wrong_stands_at_its_field(client, ada, changes, field, sentence):
    answer = client.post("/environments/create/", FORM | changes)

    assert answer.status_code == 422
    assert sentence in str(answer.context["form"].errors[field])
    assert not Environment.objects.exists()


def test_the_filter_may_ask_what_is_declared_in_the_same_form(client, ada):
    client.post("/environments/create/", FORM | {"filter": 'call.page == "home"'})

    assert horizons().filter == 'call.page == "home"'


def edit(**changes):
    fixed = ("name", "audience")
    data = {key: value for key, value in FORM.items() if key not in fixed}
    return data | {"version": horizons().version} | changes


def test_an_edit_keeps_what_is_fixed_and_refuses_what_is_older(client, ada):
    client.post("/environments/create/", FORM)
    old = edit(label="Second")
    address = "/environments/horizons/edit/"

    client.post(address, edit(label="First", name="other", audience="visitors"))
    answer = client.post(address, old)

    assert answer.status_code == 422
    assert (horizons().label, horizons().people) == ("First", "contacts")


def test_declared_call_data_say_what_asks_for_them(client, ada):
    shop = make_shop(call_data={"page": {"type": "string"}, "unused": {"type": "int"}})
    Filter.objects.filter(name="grown").update(rule='call.page == "home"')
    make_offer(shop, "NYC", content={"title": "For {{ call.page }}"})

    page = said(client.get("/environments/shop/edit/"))

    uses = page[page.index("What asks for it") :]
    assert uses.index("Grown") < uses.index("Nyc") < uses.index("call.unused")
    assert "nothing yet" in uses


def test_what_is_broken_is_named_with_the_way_to_it(client, ada):
    shop = make_shop()
    Filter.objects.filter(name="grown").update(rule="contact.gone == 1")
    Filter.objects.create(
        environment=shop, name="alone", label="Alone", rule="contact.gone == 2",
        created_at=NOON, changed_at=NOON,
    )  # fmt: skip

    page = said(client.get("/environments/shop/"))

    assert 'href="/catalogue/shop/categories/travel/"' in page
    assert "The predefined filter “grown” does not work here." in page
    assert 'href="/catalogue/shop/filters/grown/"' in page
    assert 'href="/catalogue/shop/filters/alone/"' in page


def test_only_what_is_empty_and_was_never_live_is_deleted(client, ada):
    shop = make_shop()
    client.post("/environments/create/", FORM)
    address = "/environments/shop/delete/"

    assert "It is not empty" in said(client.post(address, follow=True))
    publish(make_offer(shop))
    assert "It has been live" in said(client.post(address, follow=True))
    client.post("/environments/horizons/delete/")

    assert [each.name for each in Environment.objects.all()] == ["shop"]
    assert now(shop).release_number == 1


def test_an_environment_with_a_label_one_lacks_is_not_there(client):
    make_label("secret")
    make_shop(access_labels=("secret",))
    client.force_login(make_user("olga@example.org", role="offer_manager", language="en"))

    assert "Shop" not in said(client.get("/environments/")).split("<main")[1]
    for address in ("/environments/shop/", "/environments/shop/edit/", "/catalogue/shop/spaces/"):
        assert client.get(address).status_code == 404
    client.force_login(make_user("ada@example.org", role="administrator", language="en"))
    assert "Shop" in said(client.get("/environments/"))


def test_the_live_side_shows_what_is_live(client, ada):
    shop = make_shop()
    publish(make_offer(shop))
    Environment.objects.filter(name="shop").update(label="Changed")
    client.post(reverse("side-choose"), {"side": "live"})

    page = said(client.get("/environments/shop/"))

    main = page.split("<main")[1]
    assert ">Shop<" in main
    assert "Changed" not in main
    assert "Edit" not in main
