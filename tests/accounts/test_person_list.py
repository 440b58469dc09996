import pytest
from django.urls import reverse

from tests.build import make_role, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    person = make_user("boss@example.org", role="administrator", first_name="Ada", last_name="Zorn")
    client.force_login(person)
    return person


def names(answer):
    return [row.name for row in answer.context["list"].rows]


def test_people_are_listed_by_last_name_whatever_its_case(client, boss):
    make_user("b@example.org", first_name="Bob", last_name="abel")
    make_user("c@example.org", first_name="Carol", last_name="Brandt")

    assert names(client.get("/people/")) == ["Bob abel", "Carol Brandt", "Ada Zorn"]


def test_people_are_found_by_words_role_and_state(client, boss):
    make_user("bob@shop.example", role="agent", first_name="Bob", last_name="Abel")
    make_user("carol@shop.example", role="agent", first_name="Carol", is_active=False)

    assert names(client.get("/people/", {"q": "abel bob"})) == ["Bob Abel"]
    assert names(client.get("/people/", {"q": "Ábel"})) == ["Bob Abel"]
    assert names(client.get("/people/", {"q": "SHOP.example"})) == ["Carol", "Bob Abel"]
    assert names(client.get("/people/", {"role": "agent", "state": "active"})) == ["Bob Abel"]
    assert names(client.get("/people/", {"state": "inactive"})) == ["Carol"]
    assert names(client.get("/people/", {"role": "nothing", "state": "strange"})) == [
        "Carol",
        "Bob Abel",
        "Ada Zorn",
    ]


def test_the_list_costs_the_same_however_many_people_there_are(
    client, boss, django_assert_max_num_queries
):
    shared = make_role("Shared", "coupons.view_coupon")
    for n in range(30):
        make_user(f"{n}@example.org", role=shared)

    with django_assert_max_num_queries(10):
        client.get(reverse("accounts:person-list"))


def test_names_cannot_bring_markup_along(client, boss):
    make_user("x@example.org", first_name="<script>alert(1)</script>")

    assert "<script>alert(1)" not in client.get("/people/").content.decode()
