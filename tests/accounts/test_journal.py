import ast
import csv
import io
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
import structlog
from django.db import DatabaseError, IntegrityError, transaction
from django.urls import reverse
from django.utils import translation

from accounts import journal, running
from accounts.journal import VERBS, Difference, changes, record, sentence, wording
from accounts.models import JournalEntry
from contacts.models import Contact
from tests.build import NOON, make_key, make_label, make_role, make_user

ROOT = Path(__file__).parent.parent.parent


def write(verb="role.created", subject=None, *, by=None, at=NOON, **more):
    with transaction.atomic():
        return record(verb, subject or make_role("Till"), by=by, at=at, **more)


@pytest.mark.django_db(transaction=True)
def test_an_entry_belongs_in_a_transaction():
    role = make_role("Till")

    with pytest.raises(transaction.TransactionManagementError):
        record("role.created", role, by=None, at=NOON)

    assert not JournalEntry.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["password", "secret", "secret_hash", "token", "hash"])
def test_the_journal_keeps_no_secrets(name):
    with pytest.raises(ValueError, match="keeps no secrets"):
        write(after={name: "x"})

    assert not JournalEntry.objects.exists()


@pytest.mark.django_db
def test_an_entry_cannot_be_rewritten_even_in_the_database():
    entry = write()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        JournalEntry.objects.filter(pk=entry.pk).update(by_name="Somebody else")
    with pytest.raises(DatabaseError), transaction.atomic():
        entry.save(update_fields=["comment"])

    entry.refresh_from_db()
    assert entry.by_name == ""


@pytest.mark.django_db
def test_a_verb_without_a_sentence_is_refused():
    with pytest.raises(ValueError, match="VERBS"):
        write("role.painted")

    assert not JournalEntry.objects.exists()


def test_every_verb_that_is_written_anywhere_has_a_sentence():
    written = {
        node.args[0].value
        for path in ROOT.glob("[a-z]*/**/*.py")  # and not .venv
        if path.relative_to(ROOT).parts[0] != "tests" and "record(" in (text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "record"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }

    assert written <= set(VERBS)
    assert "person.invited" in written


def test_every_sentence_names_its_subject():
    for words in VERBS.values():
        with translation.override("en"):
            assert "%(subject)s" in str(words)


@pytest.mark.django_db
def test_a_sentence_is_read_after_who_did_it():
    assert sentence(write(subject=make_role("50 % off"))) == "created the role 50 % off"


@pytest.mark.django_db
def test_what_has_a_name_in_every_language_is_named_in_the_readers(client):
    visitor = Contact(kind="visitor", public_id=UUID("0a1b2c3d-0000-7000-8000-000000000000"))
    with translation.override("fr"):
        entry = write("contact.created", visitor)
    plain = write(subject=make_role("Shop"))

    assert (sentence(entry), plain.subject_labels) == ("added visitor 0a1b2c3d", None)
    with translation.override("fr"):
        assert sentence(entry) == "a ajouté visiteur 0a1b2c3d"
    client.force_login(make_user(role="administrator"))
    for language, word in (("en", "visitor"), ("fr", "visiteur")):
        asked = {"Accept-Language": language}
        page = client.get(reverse("accounts:journal-list"), {"q": word}, headers=asked)
        assert f"{word} 0a1b2c3d" in page.content.decode()


@pytest.mark.django_db
def test_a_verb_that_has_gone_out_of_use_is_shown_as_it_is():
    entry = JournalEntry(verb="role.painted", subject_label="Till")

    assert sentence(entry) == "role.painted"


@pytest.mark.django_db
def test_an_entry_says_from_where_it_came():
    alice, (key, _secret) = make_user("alice@example.org"), make_key()
    role = make_role("Till")

    by_command = write(subject=role, by=None)
    by_key = write(subject=role, by=key)
    with structlog.contextvars.bound_contextvars(request_id="request-1"):
        on_screen = write(subject=role, by=alice)
    with structlog.contextvars.bound_contextvars(task_id="task-1"):
        by_task = write(subject=role, by=None)

    entries = [by_command, by_key, on_screen, by_task]
    assert [entry.via for entry in entries] == ["command", "api", "screen", "system"]
    assert [entry.by_name for entry in entries] == ["", "Web shop", "alice@example.org", ""]
    assert on_screen.request_id == "request-1"


def test_only_what_differs_is_kept():
    was, became = changes({"name": "a", "weight": 1}, {"name": "b", "weight": 1, "new": None})

    assert (was, became) == ({"name": "a"}, {"name": "b"})


@pytest.mark.django_db
def test_the_page_lists_narrows_and_costs_the_same(client, django_assert_max_num_queries):
    boss = make_user("boss@example.org", role="administrator", first_name="Ada")
    bob = make_user("bob@example.org", first_name="Bob")
    client.force_login(boss)
    for n in range(20):
        write(by=bob, at=NOON + timedelta(days=n % 2), subject=make_role(f"Role {n}"))
    write("label.created", make_label("brand-a"), by=boss, comment="For the Café")
    url = reverse("accounts:journal-list")

    with django_assert_max_num_queries(12):
        assert client.get(url).context["list"].count == 21
    assert client.get(url, {"by": bob.public_id}).context["list"].count == 20
    assert client.get(url, {"verb": "label.created"}).context["list"].count == 1
    assert client.get(url, {"subject_type": "accounts.role"}).context["list"].count == 20
    assert client.get(url, {"q": "the cafe"}).context["list"].count == 1
    assert client.get(url, {"since": "2026-11-22"}).context["list"].count == 10
    assert client.get(url, {"until": "2026-11-21"}).context["list"].count == 11


@pytest.mark.django_db
def test_an_entry_s_page_shows_before_and_after(client):
    client.force_login(make_user("boss@example.org", role="administrator"))
    entry = write("role.changed", before={"name": "Till"}, after={"name": "Cash desk"})

    page = client.get(entry.get_absolute_url()).content.decode()

    assert '<del class="before">Till</del>' in page
    assert '<ins class="after">Cash desk</ins>' in page


@pytest.mark.django_db
def test_the_export_follows_the_filters_and_disarms_formulas(client):
    client.force_login(make_user("boss@example.org", role="administrator"))
    write(subject=make_role("=HYPERLINK(1)"), comment="+1")
    write("label.created", make_label("brand-a"))

    answer = client.get(reverse("accounts:journal-export"), {"verb": "role.created"})

    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [row["subject_label"] for row in rows] == ["'=HYPERLINK(1)"]
    assert rows[0]["comment"] == "'+1"


@pytest.mark.django_db
def test_old_entries_are_purged_in_batches(monkeypatch):
    monkeypatch.setattr(running, "BATCH", 2)
    role = make_role("Till")
    for days in range(7):
        write(subject=role, at=NOON - timedelta(days=days))

    purged = running.purge_journal(before=NOON - timedelta(days=1))

    assert purged == 5
    assert JournalEntry.objects.count() == 2


@pytest.mark.django_db
def test_the_link_to_the_export_moves_along_with_the_filters(client):
    client.force_login(make_user("boss@example.org", role="administrator"))
    write()

    fragment = client.get(
        reverse("accounts:journal-list"), {"q": "till"}, headers={"HX-Request": "true"}
    ).content.decode()

    assert 'id="journal-export" hx-swap-oob="true" href="/journal/export/?q=till"' in fragment


@pytest.mark.django_db
def test_of_a_changed_list_only_what_came_and_went_is_told(client):
    entry = write(
        "role.changed",
        before={"rights": ["catalog.publish", "coupons.view_coupon", "site.view_system"]},
        after={"rights": ["coupons.view_coupon", "accounts.view_journal", "site.view_system"]},
    )
    client.force_login(make_user(role="administrator"))

    page = client.get(entry.get_absolute_url()).content.decode()

    assert journal.differences(entry) == [
        Difference("rights", "Publish a release", "Read the journal", kept=2)
    ]
    assert "See coupons" not in page
    assert "2 others stay" in page


def test_moments_are_read_as_people_write_them():
    assert wording("2027-01-31T00:00:00Z") == "31 January 2027, 00:00"
    assert wording("2027-01-31T25:00:00Z") == "2027-01-31T25:00:00Z"
    assert wording("9999-12-31T23:59:59-14:00") == "9999-12-31T23:59:59-14:00"
    assert wording(["a", True, None]) == "a, yes, "


def test_codes_and_groups_of_facts_are_read_in_words():
    entry = JournalEntry(subject_type="contacts.attribute", after={"type": "bool", "label": "int"})
    caps = [{"limit": 3, "every": None, "per_person": True}, {"limit": 4, "spaces": ["a", "b"]}]

    assert [each.after for each in journal.differences(entry)] == ["Yes or no", "int"]
    assert wording(caps) == "limit: 3, per person: yes; limit: 4, spaces: a, b"


def test_facts_that_are_no_fields_are_said_in_words():
    entry = JournalEntry(
        subject_type="catalog.offer", before={}, after={"sides": ["content"], "changed": ["NYC"]}
    )
    with translation.override("fr"):
        told = [(each.name, each.after) for each in journal.differences(entry)]

    assert told == [("volets", "Contenu"), ("éléments modifiés", "NYC")]
