"""Declaring, relabelling, retiring and purging what is known of people."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.urls import reverse

from accounts.actions.granting import Stale
from accounts.models import JournalEntry
from contacts.actions import attributes as actions
from contacts.actions.refusing import NameTaken, StillUsed
from contacts.columns import known
from contacts.facts import read_person
from contacts.models import Attribute
from tests.build import NOON, make_attribute, make_audience, make_contact, make_user

pytestmark = pytest.mark.django_db


def declare(name="points", type_="int", **options):
    options.setdefault("label", name.capitalize())
    return actions.declare_attribute(name=name, type=type_, by=None, at=NOON, **options)


def columns_of_table():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = 'contacts_contact' AND column_name LIKE 'attr%'"
        )
        return dict(cursor.fetchall())


def test_an_attribute_is_declared_from_the_form(client):
    client.force_login(make_user(role="administrator"))

    answer = client.post(
        reverse("contacts:attribute-create"),
        {
            "name": "tier",
            "label": "Tier",
            "type": "string",
            "choices": "gold = Gold card\nsilver",
            "is_personal": "on",
            "description": "From the shop",
        },
    )

    assert answer["Location"] == "/attributes/"
    attribute = Attribute.objects.get()
    assert attribute.choices == [["gold", "Gold card"], ["silver", "silver"]]
    assert (attribute.type, attribute.is_personal) == ("string", True)
    assert columns_of_table() == {attribute.column: "text"}
    assert JournalEntry.objects.get().verb == "attribute.declared"


@pytest.mark.parametrize(
    "name", ["email", "created_at", "linked_contact", "in", "true", "create", "Tier", "1st", "a-b"]
)
def test_some_names_cannot_be_given(client, name):
    client.force_login(make_user(role="administrator"))

    answer = client.post(
        reverse("contacts:attribute-create"), {"name": name, "label": "X", "type": "int"}
    )

    assert answer.status_code == 422
    assert not Attribute.objects.exists()
    assert columns_of_table() == {}


@pytest.mark.parametrize(
    ("type_", "choices"),
    [("bool", "yes"), ("int", "one"), ("int", "01"), ("string", "a\na"), ("date", "2026-01-01")],
)
def test_choices_must_be_values_of_the_type(client, type_, choices):
    client.force_login(make_user(role="administrator"))

    answer = client.post(
        reverse("contacts:attribute-create"),
        {"name": "x", "label": "X", "type": type_, "choices": choices},
    )

    assert answer.status_code == 422
    assert not Attribute.objects.exists()


def test_a_name_is_given_once_and_a_refusal_leaves_no_column():
    declare("points")

    with pytest.raises(NameTaken):
        declare("points", "string")

    assert len(columns_of_table()) == 1


def test_a_stale_edit_of_an_attribute_is_refused():
    attribute = declare("points")
    new: dict[str, Any] = {"choices": [], "is_personal": False, "description": ""}
    new |= {"by": None, "at": NOON}
    actions.edit_attribute(attribute, version=1, label="Loyalty points", **new)

    with pytest.raises(Stale):
        actions.edit_attribute(attribute, version=1, label="Other", **new)

    attribute.refresh_from_db()
    assert attribute.label == "Loyalty points"


@pytest.mark.parametrize("act", [actions.retire_attribute, actions.purge_attribute])
def test_an_attribute_that_a_rule_asks_for_stays(act):
    attribute = make_attribute("points", "int")
    make_audience("rich", "contact.points > 10", label="Rich")

    with pytest.raises(StillUsed, match="Rich"):
        act(attribute, by=None, at=NOON)

    assert "points" in known()
    assert columns_of_table() == {attribute.column: "bigint"}


def test_a_restored_attribute_has_the_values_that_it_had():
    attribute = make_attribute("points", "int")
    contact = make_contact("C-1", points=3)
    actions.retire_attribute(attribute, by=None, at=NOON)

    actions.restore_attribute(attribute, by=None, at=NOON)

    assert read_person(contact.pk)["points"] == 3


def test_a_purged_attribute_is_gone_and_its_name_is_free():
    attribute = make_attribute("points", "int")
    contact = make_contact("C-1", points=3)

    column = attribute.column

    actions.purge_attribute(attribute, by=None, at=NOON)

    assert columns_of_table() == {}
    assert declare("points", "string").column != column
    assert "points" not in read_person(contact.pk)


def test_the_page_of_a_purge_says_how_many_lose_a_value(client):
    client.force_login(make_user(role="administrator"))
    make_attribute("points", "int")
    make_contact("C-1", points=3)
    make_contact("C-2")

    page = client.get(reverse("contacts:attribute-purge", args=["points"])).content.decode()

    assert "People who have a value" in page
    assert "<dd>1</dd>" in "".join(page.split())


@pytest.mark.django_db(transaction=True)
def test_attributes_declared_at_once_do_not_hinder_each_other_or_those_who_edit():
    def declare_one(number):
        try:
            return declare(f"attribute_{number}", "list<string>").pk
        finally:
            connection.close()

    def add(number):
        try:
            return make_contact(f"C-{number}").pk
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=12) as workers:
        declared = [workers.submit(declare_one, number) for number in range(6)]
        added = [workers.submit(add, number) for number in range(30)]
        pks = {each.result() for each in declared}
        people = {each.result() for each in added}

    assert (len(pks), len(people)) == (6, 30)
    assert columns_of_table() == {f"attr_{pk}": "ARRAY" for pk in pks}
    for attribute in Attribute.objects.all():
        actions.purge_attribute(attribute, by=None, at=NOON)
