"""Contacts for programs."""

import pytest
from django.db import IntegrityError

from accounts.models import JournalEntry
from contacts.models import Contact
from tests.build import bearer, make_attribute, make_contact, make_key

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(client):
    _key, secret = make_key("contacts")

    def call(method, path, body=None):
        options = {} if body is None else {"data": body, "content_type": "application/json"}
        return getattr(client, method)(f"/api/v1/contacts{path}", headers=bearer(secret), **options)

    return call


def test_a_contact_is_added_then_changed_by_what_the_body_names(program):
    make_attribute("tags", "list<string>")
    make_attribute("score", "double")

    added = program("put", "/C-1", {"email": "a@example.org", "tags": ["new"], "score": 2})
    changed = program("put", "/C-1", {"email": None, "sms_opt_out": True, "tags": []})

    assert (added.status_code, changed.status_code) == (201, 200)
    assert added.json()["tags"] == ["new"]
    assert program("get", "/C-1").json() == {
        "key": "C-1",
        "email": None,
        "phone": None,
        "first_name": None,
        "last_name": None,
        "birth_date": None,
        "language": None,
        "timezone": None,
        "address1": None,
        "address2": None,
        "postcode": None,
        "city": None,
        "country": None,
        "created_at": added.json()["created_at"],
        "score": 2.0,
        "tags": None,
        "email_opt_out": False,
        "sms_opt_out": True,
        "phone_opt_out": False,
        "post_opt_out": False,
    }
    assert Contact.objects.get().opt_out_changes.get().source == "api"
    assert list(JournalEntry.objects.order_by("at", "id").values_list("verb", "via")) == [
        ("contact.created", "api"),
        ("contact.changed", "api"),
    ]


def test_everything_wrong_is_told_at_once_with_where_it_stands(program):
    make_attribute("points", "int")
    make_attribute("tier", "string", choices=[["gold", "Gold card"]])

    answer = program(
        "put",
        "/C-1",
        {
            "points": True,
            "tier": "tin",
            "phone": "12",
            "birth_date": "2026-02-30",
            "nobody/knows~this": 1,
            "key": "C-2",
            "sms_opt_out": None,
            "city": {"name": "Lyon"},
        },
    )

    assert answer.status_code == 422
    assert answer["Content-Type"] == "application/problem+json"
    assert {(each["pointer"], each["code"]) for each in answer.json()["errors"]} == {
        ("/points", "not_an_int"),
        ("/tier", "not_a_choice"),
        ("/phone", "phone_invalid"),
        ("/birth_date", "not_a_date"),
        ("/nobody~1knows~0this", "unknown_field"),
        ("/key", "key_differs"),
        ("/sms_opt_out", "required"),
        ("/city", "not_a_text"),
    }
    assert not Contact.objects.exists()


@pytest.mark.parametrize("body", ["", "[", "[]", "1", "[" * 100_000, '{"points": 1e999}'])
def test_a_body_that_is_no_contact_is_refused(program, client, body):
    make_attribute("points", "double")

    answer = program("put", "/C-1", body)

    assert answer.status_code in {400, 422}
    assert not Contact.objects.exists()


@pytest.mark.parametrize("key", ["%00", "a%00", "a" * 121, "%20a"])
def test_a_key_that_cannot_be_one_is_refused(program, key):
    assert program("put", f"/{key}", {}).status_code == 422
    assert program("get", f"/{key}").status_code == 404


def test_a_key_may_hold_what_addresses_are_made_of(program):
    assert program("put", "/a%2Fb%20c%3F%C3%A9", {"city": "Lyon"}).status_code == 201

    assert Contact.objects.get().key == "a/b c?é"
    assert program("get", "/a%2Fb%20c%3F%C3%A9").json()["city"] == "Lyon"


def test_contacts_are_listed_by_key_page_by_page(program, django_assert_max_num_queries):
    for number in (3, 1, 2):
        make_contact(f"C-{number}", city=f"City {number}")
    make_contact("C-0", kind="visitor")

    with django_assert_max_num_queries(5):
        first = program("get", "?limit=2").json()
    second = program("get", f"?limit=2&cursor={first['next']}").json()

    assert [each["city"] for each in first["results"]] == ["City 1", "City 2"]
    assert [each["key"] for each in second["results"]] == ["C-3"]
    assert second["next"] is None
    assert program("get", "?cursor=nonsense").status_code == 422


def test_a_former_key_finds_the_contact(program):
    contact = make_contact("C-1")
    contact.aliases.create(key="old")

    assert program("get", "/old").json()["key"] == "C-1"
    assert program("put", "/old", {"city": "Lyon"}).status_code == 200
    assert Contact.objects.get().city == "Lyon"
    with pytest.raises(IntegrityError):
        contact.aliases.create(key="old")
