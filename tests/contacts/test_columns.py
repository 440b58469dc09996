"""Attributes as columns: what the database takes, and what it refuses."""

from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, connection, transaction

from contacts import columns
from contacts.audiences import matching
from contacts.facts import read_person
from contacts.vocabulary import check
from tests.build import NOON, make_attribute, make_audience, make_contact

pytestmark = pytest.mark.django_db

VALUES = {
    "bool": True,
    "int": -(2**63),
    "double": 0.1,
    "string": "naïve 😀",
    "date": date(1, 1, 2),
    "timestamp": datetime(9999, 12, 30, tzinfo=UTC),
    "list<string>": ("a|b", "c"),
    "list<int>": (1, 2**63 - 1),
}


@pytest.mark.parametrize(("type_", "value"), VALUES.items())
def test_a_value_of_each_type_comes_back_as_rules_want_it(type_, value):
    make_attribute("thing", type_)

    contact = make_contact("C-1", thing=value, first_name="Alice")

    assert read_person(contact.pk) == {
        "key": "C-1",
        "first_name": "Alice",
        "created_at": NOON,
        "thing": value,
    }


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        ("double", float("nan")),
        ("double", float("inf")),
        ("double", 1e101),
        ("double", 1e-101),
        ("string", ""),
        ("string", "a" * 501),
        ("list<string>", []),
        ("list<string>", ["a", None]),
        ("list<int>", [[1, 2], [3, 4]]),
        ("date", date(9999, 12, 31)),
        ("timestamp", datetime(1, 1, 1, 23, tzinfo=UTC)),
    ],
)
def test_the_database_refuses_what_rules_would_not_understand(type_, value):
    make_attribute("thing", type_)

    with pytest.raises(IntegrityError), transaction.atomic():
        make_contact("C-1", thing=value)


def test_a_retired_attribute_is_no_longer_known_but_keeps_its_values():
    attribute = make_attribute("points", "int")
    contact = make_contact("C-1", points=3)
    type(attribute).objects.update(retired_at=NOON)

    assert "points" not in columns.known()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {attribute.column} FROM contacts_contact")
        assert cursor.fetchone() == (3,)
    assert read_person(contact.pk) == {"key": "C-1", "created_at": NOON}


def test_a_rule_finds_the_contacts_for_whom_it_holds():
    make_attribute("points", "int")
    make_attribute("tags", "list<string>")
    alice = make_contact("C-1", points=30, birth_date=date(2001, 5, 1), tags=("new", "vip"))
    make_contact("C-2", points=3)
    make_contact("V-1", kind="visitor", points=30, tags=("vip",))
    make_audience("rich", "contact.points > 10")

    rule = check('filter("rich") && "vip" in contact.tags && years(contact.birth_date) < 26')
    found = matching(rule, at=NOON, zone="Europe/Paris")

    assert list(found) == [alice]
    assert found.count() == 1
    assert list(type(alice).objects.filter(pk__in=found.values("pk"))) == [alice]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("type_", "method"), [("string", "btree"), ("list<int>", "gin"), ("double", "btree")]
)
def test_an_index_is_made_beside_the_work_and_once(type_, method):
    attribute = make_attribute("thing", type_)

    columns.index(attribute)
    columns.index(attribute)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indexdef FROM pg_indexes WHERE indexname = %s", [f"{attribute.column}_index"]
        )
        ((definition,),) = cursor.fetchall()
        assert f"USING {method}" in definition
    columns.drop(attribute)


def test_the_table_is_waited_for_briefly_and_then_left_alone(monkeypatch):
    monkeypatch.setattr(columns, "ATTEMPTS", 2)
    monkeypatch.setattr(columns, "PATIENCE", "50ms")
    other = connection.copy()
    other.ensure_connection()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute("LOCK TABLE contacts_contact IN ACCESS SHARE MODE")
            with pytest.raises(columns.TableBusy):
                make_attribute("points", "int")
            cursor.execute("ROLLBACK")
    finally:
        other.close()

    make_attribute("others", "int")
