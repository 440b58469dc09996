"""Adding, changing, merging and finding people."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts.actions.granting import Stale
from accounts.models import JournalEntry
from contacts.actions import contacts as actions
from contacts.actions.refusing import KeyTaken, NotLinkable, NotMergeable
from contacts.facts import read_person
from contacts.models import AudienceMember, Contact
from contacts.searching import search
from tests.build import NOON, make_attribute, make_audience, make_contact, make_user

pytestmark = pytest.mark.django_db


def url(name, contact, *more):
    return reverse(f"contacts:contact-{name}", args=[contact.public_id, *more])


def test_a_contact_is_added_from_the_form_with_what_is_declared(client):
    make_attribute("tags", "list<string>")
    make_attribute("tier", "string", choices=[["gold", "Gold card"]])
    make_attribute("score", "double")
    client.force_login(make_user(role="administrator"))

    answer = client.post(
        reverse("contacts:contact-create"),
        {
            "key": "C-1",
            "first_name": " Alice ",
            "email": "Alice@Bücher.example",
            "phone": "+33 6 12 34 56 78",
            "birth_date": "2000-02-29",
            "timezone": "Europe/Paris",
            "tags": "new\r\n\r\nvip|gold\n",
            "tier": "gold",
            "score": "1.5",
        },
    )

    contact = Contact.objects.get()
    assert answer["Location"] == f"/contacts/{contact.public_id}/"
    assert contact.email == "Alice@Bücher.example"
    assert contact.email_normal == "alice@xn--bcher-kva.example"
    assert read_person(contact.pk) == {
        "key": "C-1",
        "first_name": "Alice",
        "email": "Alice@Bücher.example",
        "phone": "+33612345678",
        "birth_date": date(2000, 2, 29),
        "timezone": "Europe/Paris",
        "created_at": contact.created_at,
        "tags": ("new", "vip|gold"),
        "tier": "gold",
        "score": 1.5,
    }


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("key", ""),
        ("key", "a" * 121),
        ("key", "a\0b"),
        ("phone", "06 12 34 56 78"),
        ("phone", "hello"),
        ("birth_date", "29/02/2000"),
        ("birth_date", "2001-02-29"),
        ("timezone", "Mars/Olympus"),
        ("language", "French!"),
        ("points", "1.5"),
        ("points", "9223372036854775808"),
        ("score", "nan"),
        ("score", "1e300"),
        ("flag", "perhaps"),
        ("tier", "platinum"),
    ],
)
def test_what_cannot_be_stored_is_refused_beside_its_field(client, name, text):
    make_attribute("points", "int")
    make_attribute("score", "double")
    make_attribute("flag", "bool")
    make_attribute("tier", "string", choices=[["gold", "Gold card"]])
    client.force_login(make_user(role="administrator"))

    answer = client.post(reverse("contacts:contact-create"), {"key": "C-1", name: text})

    assert answer.status_code == 422
    assert set(answer.context["form"].errors) == {name}
    assert not Contact.objects.exists()


def test_a_malformed_address_is_kept_and_flagged(client):
    client.force_login(make_user(role="administrator"))

    client.post(reverse("contacts:contact-create"), {"key": "C-1", "email": "alice at home"})

    contact = Contact.objects.get()
    assert contact.email == "alice at home"
    page = client.get(contact.get_absolute_url()).content.decode()
    assert page.count("No mail can be sent to this address.") == 2  # once said, once shown


def test_a_key_is_used_once_for_each_kind():
    make_contact("C-1")
    make_contact("C-1", kind="visitor")

    with pytest.raises(KeyTaken):
        actions.create_contact({"key": "C-1"}, by=None, at=NOON)

    assert Contact.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": ""},
        {"phone": "0612345678"},
        {"birth_date": date(9999, 12, 31)},
        {"key": ""},
    ],
)
def test_the_database_refuses_what_is_neither_known_nor_missing(wrong):
    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.create(**{"key": "C-1", **wrong})


def test_only_visitors_are_linked():
    alice = make_contact("C-1")

    with pytest.raises(IntegrityError), transaction.atomic():
        Contact.objects.filter(pk=alice.pk).update(linked_contact=alice)
    with pytest.raises(NotLinkable):
        actions.link_visitor(alice, alice, by=None, at=NOON)


def test_a_stale_edit_is_refused_and_changes_nothing(client):
    client.force_login(make_user(role="administrator"))
    contact = make_contact("C-1", city="Lyon")
    actions.edit_contact(contact, {"city": "Lille"}, version=1, by=None, at=NOON)

    answer = client.post(url("edit", contact), {"key": "C-1", "city": "Nice", "version": "1"})

    assert answer.status_code == 422
    assert "Changed by the system" in answer.content.decode()
    assert read_person(contact.pk)["city"] == "Lille"


def test_of_edits_at_once_with_one_version_one_wins(transactional_db):
    contact = make_contact("C-1")

    def edit(number):
        try:
            return actions.edit_contact(
                contact, {"city": f"City {number}"}, version=1, by=None, at=NOON
            )
        except Stale:
            return False
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=8) as workers:
        won = list(workers.map(edit, range(8)))

    assert sum(won) == 1
    assert Contact.objects.get().version == 2


def test_the_journal_says_which_fields_changed_and_never_to_what():
    contact = make_contact("C-1", email="alice@example.org")

    actions.edit_contact(contact, {"email": "a@example.org"}, version=1, by=None, at=NOON)

    entry = JournalEntry.objects.get(verb="contact.changed")
    assert (entry.before, entry.after) == ({}, {"fields": ["email"]})
    assert entry.subject_key == str(contact.public_id)
    assert "C-1" not in entry.subject_label


def test_a_channel_is_closed_with_its_proof(client):
    client.force_login(make_user(role="administrator"))
    contact = make_contact("C-1")

    client.post(url("opt-outs", contact), {"sms_opt_out": "on", "proof": "Call 4711"})

    contact.refresh_from_db()
    assert (contact.sms_opt_out, contact.email_opt_out) == (True, False)
    change = contact.opt_out_changes.get()
    assert (change.channel, change.is_opted_out, change.proof) == ("sms", True, "Call 4711")
    assert change.by_name == "alice@example.org"


def test_two_contacts_become_one_field_by_field(client):
    make_attribute("points", "int")
    kept = make_contact("C-1", first_name="Alice", city="Lyon", points=3)
    other = make_contact("C-2", first_name="Alicia", city="Nice", email="a@example.org")
    visitor = make_contact("V-1", kind="visitor")
    actions.link_visitor(visitor, other, by=None, at=NOON)
    actions.change_opt_outs(
        other, {"sms_opt_out": True}, proof="STOP", source="person", by=None, at=NOON
    )
    other.refresh_from_db()
    both, one = make_audience("both"), make_audience("one")
    for audience, contact in ((both, kept), (both, other), (one, other)):
        AudienceMember.objects.create(audience=audience, contact=contact)
    client.force_login(make_user(role="administrator"))

    answer = client.post(
        url("merge-with", kept, other.public_id),
        {
            "version": kept.version,
            "other_version": other.version,
            "first_name": "kept",
            "city": "other",
            "email": "other",
            "points": "kept",
        },
    )

    assert answer["Location"] == kept.get_absolute_url()
    kept.refresh_from_db()
    assert list(Contact.objects.contacts()) == [kept]
    assert (kept.first_name, kept.city, kept.email_normal) == ("Alice", "Nice", "a@example.org")
    assert read_person(kept.pk)["points"] == 3
    assert kept.sms_opt_out is True
    assert list(kept.visitors.all()) == [visitor]
    assert list(Contact.objects.contacts().with_key("C-2")) == [kept]
    assert set(kept.memberships.values_list("audience__name", flat=True)) == {"both", "one"}
    assert list(kept.opt_out_changes.order_by("pk").values_list("source", flat=True)) == [
        "person",
        "merge",
    ]
    with pytest.raises(KeyTaken):
        actions.create_contact({"key": "C-2"}, by=None, at=NOON)


def test_a_contact_is_not_merged_with_itself_or_with_what_has_changed_meanwhile():
    kept, other = make_contact("C-1"), make_contact("C-2")

    with pytest.raises(NotMergeable):
        actions.merge_contacts(kept, kept, versions=(1, 1), take=[], by=None, at=NOON)
    with pytest.raises(Stale):
        actions.merge_contacts(kept, other, versions=(1, 2), take=[], by=None, at=NOON)

    assert Contact.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("c-1", ["C-1", "C-10"]),
        ("alice@", ["C-1"]),
        ("ALICE@EX", ["C-1"]),
        ("elodie", ["C-10"]),
        ("Élo", ["C-10"]),
        ("de la t", ["C-10"]),
        ("elodie de la", ["C-10"]),
        ("de la tour elo", ["C-10"]),
        ("martin elodie", []),
        ("+3361234", ["C-1"]),
        ("0033 6 12 34 56 78", ["C-1"]),
        ("06 12 34 56 78", ["C-1"]),
        ("345678", ["C-1"]),
        ("100%", ["100%_\\x"]),
        ("100%_\\", ["100%_\\x"]),
        ("100_", []),
        ("old-key", ["C-1"]),
        ("  ", ["100%_\\x", "C-1", "C-10"]),
    ],
)
def test_people_are_found_by_how_their_key_name_address_or_number_begins(text, found):
    alice = make_contact(
        "C-1",
        email="Alice@example.org",
        first_name="Alice",
        last_name="Martin",
        phone="+33612345678",
    )
    make_contact("C-10", first_name="Élodie", last_name="de La Tour")
    make_contact("100%_\\x")
    make_contact("C-1", kind="visitor")
    alice.aliases.create(key="old-key")

    people = search(Contact.objects.contacts(), text, kind="contact", personal=True)

    assert list(people.order_by("key").values_list("key", flat=True)) == found


def test_without_the_right_nothing_personal_is_shown_or_found(client):
    make_attribute("salary", "int", is_personal=True)
    make_attribute("points", "int")
    contact = make_contact(
        "C-1",
        first_name="Alice",
        last_name="Martin",
        email="alice@example.org",
        phone="+33612345678",
        city="Lyon",
        salary=31415,
        points=27182,
    )
    actions.change_opt_outs(
        contact, {"sms_opt_out": True}, proof="said Alice", source="person", by=None, at=NOON
    )
    client.force_login(
        make_user("reader@example.org", "contacts.view_contact", "contacts.change_contact")
    )
    secrets = ("Alice", "Martin", "alice@", "12345678", "Lyon", "31415", "31,415")

    columns = {"columns": "key,name,email,phone,city,country"}
    pages = [
        client.get(reverse("contacts:contact-list"), columns),
        client.get(contact.get_absolute_url()),
        client.get(url("edit", contact)),
        client.get(url("opt-outs", contact)),
        client.get(url("merge-with", contact, make_contact("C-2", city="Nice").public_id)),
    ]

    for page in pages:
        assert page.status_code == 200
        assert [secret for secret in secrets if secret in page.content.decode()] == []
    assert "27,182" in pages[1].content.decode()
    assert client.post(url("export", contact)).status_code == 403
    for text in ("Alice", "Martin", "alice@example.org", "+33612345678"):
        assert (
            "Nothing matches"
            in client.get(reverse("contacts:contact-list"), {"q": text}).content.decode()
        )


def test_whoever_may_not_see_personal_data_does_not_change_it_by_saving(client):
    contact = make_contact("C-1", email="alice@example.org", country="FR")
    client.force_login(
        make_user("reader@example.org", "contacts.view_contact", "contacts.change_contact")
    )

    client.post(url("edit", contact), {"key": "C-1", "country": "BE", "email": "", "version": "1"})

    contact.refresh_from_db()
    assert (contact.email, contact.country) == ("alice@example.org", "BE")


def test_the_list_costs_the_same_queries_however_many_there_are(client, django_assert_num_queries):
    client.force_login(make_user(role="administrator"))
    address = reverse("contacts:contact-list")
    make_contact("C-0", last_name="Martin")
    client.get(address)

    with django_assert_num_queries(6):
        client.get(address, {"q": "martin"})
    for number in range(1, 12):
        make_contact(f"C-{number}", last_name="Martin")
    with django_assert_num_queries(6):
        client.get(address, {"q": "martin"})


def test_a_visitor_is_linked_to_a_contact_by_key(client):
    client.force_login(make_user(role="administrator"))
    alice, visitor = make_contact("C-1"), make_contact("V-1", kind="visitor")

    client.post(url("link", visitor), {"contact": "C-1"})

    visitor.refresh_from_db()
    assert visitor.linked_contact == alice
    assert "V-1" in client.get(alice.get_absolute_url()).content.decode()
    assert "V-1" in client.get(reverse("contacts:visitor-list")).content.decode()
