"""Handing somebody their data, and forgetting them."""

import json

import pytest
from django.db import connection
from django.urls import reverse

from accounts.models import JournalEntry
from contacts.actions import contacts as actions
from contacts.actions.audiences import change_members
from contacts.models import Contact, ErasureProof
from tests.build import NOON, make_attribute, make_audience, make_contact, make_user
from transfers.models import Reject, Transfer

PERSONAL = (
    "KEY-4711-X",
    "old-key-4711",
    "Scheherazade",
    "Ottokar-Zeppelin",
    "scheherazade@",
    "+33698765432",
    "Quai des Orfèvres",
    "Trifouilly",
    "likes falconry",
    "call nine nine one",
    "visitor-8899",
)


def make_known_person():
    """Somebody who has left traces in every corner of the product."""
    make_attribute("hobby", "string", is_personal=True)
    make_attribute("notes", "list<string>")
    by = make_user("boss@example.org", role="administrator")
    contact = actions.create_contact(
        {
            "key": "KEY-4711-X",
            "first_name": "Scheherazade",
            "last_name": "Ottokar-Zeppelin",
            "email": "Scheherazade@example.org",
            "phone": "+33698765432",
        },
        by=by,
        at=NOON,
    )
    values = {"address1": "36 Quai des Orfèvres", "city": "Trifouilly", "hobby": "likes falconry"}
    actions.edit_contact(
        contact, {**values, "notes": ["likes falconry"]}, version=1, by=by, at=NOON
    )
    actions.change_opt_outs(
        contact,
        {"phone_opt_out": True},
        proof="call nine nine one",
        source="person",
        by=by,
        at=NOON,
    )
    other = make_contact("old-key-4711", city="Trifouilly")
    contact.refresh_from_db()
    versions = contact.version, other.version
    actions.merge_contacts(contact, other, versions=versions, take=["city"], by=by, at=NOON)
    visitor = make_contact("visitor-8899", kind="visitor", city="Trifouilly")
    actions.link_visitor(visitor, contact, by=by, at=NOON)
    audience = make_audience("vip")
    change_members(audience, ["KEY-4711-X"], replaces=True, by=by, at=NOON)
    contact.refresh_from_db()
    return contact, by


def whole_database() -> str:
    """Every value of every table, as a dump would hold it."""
    found = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            found += [f"{table}: {row}" for (row,) in cursor.fetchall()]
    return "\n".join(found)


@pytest.mark.django_db
def test_an_erased_person_leaves_no_personal_value_and_totals_stay(client):
    contact, by = make_known_person()
    make_contact("C-2", city="Lyon")
    before = whole_database()
    assert [value for value in PERSONAL if value not in before] == []
    journal = JournalEntry.objects.count()
    client.force_login(by)

    answer = client.post(
        reverse("contacts:contact-erase", args=[contact.public_id]), {"key": "KEY-4711-X"}
    )

    assert answer["Location"] == "/contacts/"
    dump = whole_database().lower()
    assert [value for value in PERSONAL if value.lower() in dump] == []
    assert Contact.objects.count() == 1
    assert JournalEntry.objects.count() == journal + 1
    proof = ErasureProof.objects.get()
    assert proof.key_hash == actions.hash_of("KEY-4711-X")
    assert proof.by == by
    assert proof.removed == {
        "visitors": 1,
        "former_keys": 1,
        "consent_changes": 1,
        "reject_lines": 0,
        "list_memberships": 1,
        "coupon_codes": 0,
        "redemptions": 0,
    }


@pytest.mark.django_db
def test_what_a_reject_report_shows_of_an_erased_person_is_blanked():
    contact = make_contact("C-1", email="scheherazade@example.org")
    transfer = Transfer.objects.create(
        direction="import", subject="contacts", file_name="a.csv", format="csv", created_at=NOON
    )
    for line, value in enumerate(["scheherazade@example.org", "somebody@else.example"], 2):
        Reject.objects.create(
            transfer=transfer, line=line, row=line, severity="error", code="x", value=value
        )

    proof = actions.erase_contact(contact, by=None, at=NOON)

    assert proof.removed["reject_lines"] == 1
    assert [reject.value for reject in Reject.objects.order_by("line")] == [
        "",
        "somebody@else.example",
    ]


@pytest.mark.django_db(transaction=True)
def test_erasing_wants_the_key_once_more(client):
    contact = make_contact("C-1")
    client.force_login(make_user(role="administrator"))

    answer = client.post(reverse("contacts:contact-erase", args=[contact.public_id]), {"key": "C"})

    assert answer.status_code == 422
    assert Contact.objects.exists()
    assert not ErasureProof.objects.exists()


@pytest.mark.django_db
def test_somebody_is_handed_all_that_is_stored_of_them(client):
    contact, by = make_known_person()
    client.force_login(by)

    answer = client.post(reverse("contacts:contact-export", args=[contact.public_id]))

    data = json.loads(answer.content)
    assert answer["Content-Disposition"].startswith('attachment; filename="person-')
    assert data["facts"]["email"] == "Scheherazade@example.org"
    assert data["attributes"]["hobby"] == {"label": "Hobby", "value": "likes falconry"}
    assert data["former_keys"] == ["old-key-4711"]
    assert data["lists"] == ["vip"]
    assert data["consent"][0]["proof"] == "call nine nine one"
    assert data["visitors"][0]["key"] == "visitor-8899"
    assert [value for value in PERSONAL if value not in answer.content.decode()] == [
        "scheherazade@"
    ]
    assert JournalEntry.objects.filter(verb="contact.exported").count() == 1
