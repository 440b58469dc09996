"""Numbers about people tell nothing personal to those who may not see personal data."""

import json

import pytest
from django.urls import reverse

from contacts.discretion import Figure
from contacts.models import Audience, Contact
from tests.build import make_attribute, make_audience, make_contact, make_user

pytestmark = pytest.mark.django_db

ADDRESS = 'contact.email == "ann@example.org"'
PARIS = 'contact.city == "Paris"'
CLOSED = "You may not see personal data, and these numbers could tell it"
NOBODY = "You may not see personal data: who these people are is not shown."


@pytest.fixture(scope="module", autouse=True)
def people(module_db):
    make_attribute("points")
    make_attribute("nickname", "string", is_personal=True)
    for n in range(30):
        city = "Paris" if n < 24 else "Lyon"
        make_contact(f"C-{n:02d}", city=city, points=n, email=f"c{n}@example.org")


@pytest.fixture
def marie(client):
    """She writes audiences and offers, and may not see personal data."""
    user = make_user("marie@example.org", role="offer_manager", language="en")
    client.force_login(user)
    return user


def ask(client, name, text, **body):
    answer = client.post(
        reverse(f"contacts:rule-{name}"),
        json.dumps({"text": text, **body}),
        content_type="application/json",
    )
    assert answer.status_code == 200, answer.content
    return answer.json() if answer["Content-Type"] == "application/json" else answer


@pytest.mark.parametrize(
    "rule",
    [
        ADDRESS,
        'contact.last_name.startsWith("A")',
        f"contact.points > 3 && !({ADDRESS})",
        f'contact.key == "C-01" && {PARIS}',
        'contact.key == "C-01" && contact.nickname == "Bob"',
        'filter("ann")',
        'contact.points > 3 ? contact.phone == "+33612345678" : true',
    ],
)
def test_whose_address_it_is_cannot_be_counted_out(client, marie, rule):
    make_audience("ann", ADDRESS)

    counted = ask(client, "count", rule)

    assert list(counted) == ["withheld"]
    assert counted["withheld"].startswith(CLOSED)
    assert NOBODY in ask(client, "sample", rule).content.decode()


@pytest.mark.parametrize("rule", [PARIS, "contact.points > 3"])
def test_what_stands_around_a_rule_is_asked_too(client, marie, rule):
    counted = ask(client, "count", rule, around=[ADDRESS])

    assert list(counted) == ["withheld"]


def test_other_personal_data_are_counted_roughly_and_nobody_is_shown(client, marie):
    lyon = ask(client, "count", 'contact.city == "Lyon"')
    paris = ask(client, "count", PARIS)

    assert lyon["count"] == {"number": 20, "about": False, "fewer": True}
    assert paris["count"] == {"number": 20, "about": True}
    assert (paris["parts"]["0"], paris["about"]) == ({"number": 20, "about": True}, False)
    assert NOBODY in ask(client, "sample", PARIS).content.decode()
    assert "C-01" not in ask(client, "sample", PARIS).content.decode()


def test_whether_an_address_is_known_may_be_asked_of_anybody(client, marie):
    counted = ask(client, "count", 'has(contact.email) && contact.key == "C-01"')

    assert counted["count"] == {"number": 1, "about": False}
    assert (
        "C-01"
        in ask(client, "sample", 'has(contact.email) && contact.key == "C-01"').content.decode()
    )


def test_whoever_sees_personal_data_is_told_everything(client):
    client.force_login(make_user("ada@example.org", role="administrator", language="en"))

    assert ask(client, "count", 'contact.email == "c3@example.org"')["count"]["number"] == 1
    assert "C-03" in ask(client, "sample", 'contact.email == "c3@example.org"').content.decode()


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (0, "fewer than 20"),
        (19, "fewer than 20"),
        (24, "about 20"),
        (96, "about 100"),
        (126, "about 130"),
        (12_431, "about 12,000"),
    ],
)
def test_a_rough_number_has_two_digits_and_hides_small_groups(number, told):
    assert str(Figure(number).rough) == told


# --- writing ---


def test_a_rule_on_an_address_is_not_written_without_the_right(client, marie):
    fields = {"name": "ann", "label": "Ann", "rule": ADDRESS}

    told = ask(client, "check", ADDRESS)
    answer = client.post(reverse("contacts:audience-create"), fields)

    sentence = "Only people who may see personal data can ask for “contact.email”."
    assert [(m["start"], m["end"], m["message"]) for m in told["mistakes"]] == [(0, 13, sentence)]
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Audience.objects.exists()


def test_an_age_may_be_written_without_the_right(client, marie):
    fields = {"name": "young", "label": "Young", "rule": "years(contact.birth_date) < 26"}

    assert client.post(reverse("contacts:audience-create"), fields).status_code == 302
    assert Audience.objects.get().rule == "years(contact.birth_date) < 26"


def test_a_rule_of_somebody_else_stays_when_only_its_label_is_changed(client, marie):
    audience = make_audience("ann", ADDRESS)
    address = reverse("contacts:audience-edit", args=["ann"])
    kept = {"label": "Only Ann", "rule": ADDRESS, "version": audience.version}

    assert client.post(address, kept).status_code == 302
    other = {**kept, "rule": ADDRESS.replace("ann", "bob"), "version": audience.version + 1}
    assert client.post(address, other).status_code == 422

    audience.refresh_from_db()
    assert (audience.label, audience.rule) == ("Only Ann", ADDRESS)


# --- audiences ---


def test_the_pages_of_audiences_tell_no_more_than_the_builder(client, marie):
    make_audience("ann", ADDRESS, last_count=1)
    make_audience("parisians", PARIS, last_count=24)
    make_audience("rich", "contact.points > 27", last_count=2)
    make_audience("chosen", last_count=3)

    pages = {
        name: client.get(reverse("contacts:audience-people", args=[name])).content.decode()
        for name in ("ann", "parisians", "rich")
    }
    rows = client.get(reverse("contacts:audience-list")).content.decode()
    of_contact = client.get(page_of("C-29")).content.decode()

    assert CLOSED in pages["ann"]
    assert "C-" not in pages["ann"]
    assert "about 20" in pages["parisians"]
    assert "C-" not in pages["parisians"]
    assert "C-28" in pages["rich"]
    assert ["about 20" in rows, ">2<" in rows, ">3<" in rows, ">24<" in rows, ">1<" in rows] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert ["Rich" in of_contact, "Parisians" in client.get(page_of("C-01")).content.decode()] == [
        True,
        False,
    ]


def page_of(key):
    return Contact.objects.get(key=key).get_absolute_url()
